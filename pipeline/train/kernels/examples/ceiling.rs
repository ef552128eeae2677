//! scratch
use relata_kernels::{Level, exp};
fn now() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse::<f64>().unwrap()
        / 1e9
}
fn best(mut f: impl FnMut()) -> f64 {
    f();
    let mut b = f64::MAX;
    for _ in 0..60 {
        let t = std::time::Instant::now();
        f();
        b = b.min(t.elapsed().as_secs_f64());
    }
    b
}
#[target_feature(enable = "avx2,fma")]
unsafe fn peak(n: usize) -> f32 {
    use std::arch::x86_64::*;
    let mut s = [_mm256_set1_ps(0.5); 12];
    let a = _mm256_set1_ps(0.999);
    let b = _mm256_set1_ps(0.001);
    for _ in 0..n {
        for x in &mut s {
            *x = _mm256_fmadd_ps(*x, a, b);
        }
    }
    let mut t = s[0];
    for x in &s[1..] {
        t = _mm256_add_ps(t, *x);
    }
    unsafe { std::mem::transmute::<__m256, [f32; 8]>(t)[0] }
}
fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
    use faer::{Accum, MatMut, MatRef, Par};
    println!(
        "peak {:.0}",
        100000.0 * 12.0 * 16.0
            / 1e9
            / best(|| {
                std::hint::black_box(unsafe { peak(100000) });
            })
    );
    for (m, k, n) in
        [(1024usize, 1024usize, 1024usize), (1024, 784, 512), (1024, 512, 512), (512, 512, 128), (8192, 288, 64)]
    {
        let a: Vec<f32> = (0..m * k).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5).collect();
        let b: Vec<f32> = (0..k * n).map(|i| ((i * 104729) % 1000) as f32 / 1000.0 - 0.5).collect();
        let d: Vec<f32> = (0..m * n).map(|i| ((i * 104729) % 1000) as f32 / 1000.0 - 0.5).collect();
        let mut c = vec![0.0f32; m * n];
        let mut e = vec![0.0f32; k * n];
        let g = 2.0 * (m * k * n) as f64 / 1e9;
        print!("{m}x{k}x{n}: ");
        for chunk in [48, 96, 192, 512] {
            print!("own{chunk} {:.0} ", g / best(|| exp::gemm(Level::best(), m, k, n, &a, &b, &mut c, chunk)));
        }
        print!(
            "| faer {:.0} ",
            g / best(|| faer::linalg::matmul::matmul(
                MatMut::from_row_major_slice_mut(&mut c, m, n),
                Accum::Replace,
                MatRef::from_row_major_slice(&a, m, k),
                MatRef::from_row_major_slice(&b, k, n),
                1.0f32,
                Par::Seq
            ))
        );
        print!(
            "gemm {:.0} ",
            g / best(|| unsafe {
                gemm::gemm(
                    m,
                    n,
                    k,
                    c.as_mut_ptr(),
                    1,
                    n as isize,
                    false,
                    a.as_ptr(),
                    1,
                    k as isize,
                    b.as_ptr(),
                    1,
                    n as isize,
                    0.0f32,
                    1.0f32,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                )
            })
        );
        for block in [64, 128, 256, 512] {
            print!("| outer{block} {:.0} ", g / best(|| exp::outer(Level::best(), m, k, n, &a, &d, &mut e, block)));
        }
        print!(
            "faerT {:.0} ",
            g / best(|| faer::linalg::matmul::matmul(
                MatMut::from_row_major_slice_mut(&mut e, k, n),
                Accum::Replace,
                MatRef::from_row_major_slice(&a, m, k).transpose(),
                MatRef::from_row_major_slice(&d, m, n),
                1.0f32,
                Par::Seq
            ))
        );
        println!(
            "gemmT {:.0} ",
            g / best(|| unsafe {
                gemm::gemm(
                    k,
                    n,
                    m,
                    e.as_mut_ptr(),
                    1,
                    n as isize,
                    false,
                    a.as_ptr(),
                    k as isize,
                    1,
                    d.as_ptr(),
                    1,
                    n as isize,
                    0.0f32,
                    1.0f32,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                )
            })
        );
    }
}
