//! CPU kernels of Relata's training, on plain slices.
#![deny(missing_docs)]

pub mod lanes;
pub mod level;
pub mod tile;
pub use level::Level;
/// x
pub mod exp {
    use crate::*;
    use rayon::prelude::*;
    /// c = a b with own tiles
    pub fn gemm(level: Level, m: usize, k: usize, n: usize, a: &[f32], b: &[f32], c: &mut [f32], chunk: usize) {
        let w = tile::columns(level);
        let panels = n.div_ceil(w);
        let mut packed = vec![0.0f32; panels * k * w];
        packed.par_chunks_mut(k * w).enumerate().for_each(|(p, out)| {
            for i in 0..k {
                for j in 0..w.min(n - p * w) {
                    out[i * w + j] = b[i * n + p * w + j];
                }
            }
        });
        c.par_chunks_mut(chunk * n).enumerate().for_each(|(i, c)| {
            let rows: Vec<usize> = (0..c.len() / n).map(|r| (i * chunk + r) * k).collect();
            for p in 0..panels {
                unsafe {
                    tile::forward(
                        level,
                        a,
                        &rows,
                        &[0],
                        k,
                        &packed[p * k * w..][..k * w],
                        c.as_mut_ptr().add(p * w),
                        n,
                        w.min(n - p * w),
                        false,
                    )
                };
            }
        });
    }
    /// c[k x n] = a^T[m x k] b[m x n]
    pub fn outer(level: Level, m: usize, k: usize, n: usize, a: &[f32], b: &[f32], c: &mut [f32], block: usize) {
        let w = tile::columns(level);
        let panels = n.div_ceil(w);
        let mut packed = vec![0.0f32; panels * m * w];
        packed.par_chunks_mut(m * w).enumerate().for_each(|(p, out)| {
            for i in 0..m {
                for j in 0..w.min(n - p * w) {
                    out[i * w + j] = b[i * n + p * w + j];
                }
            }
        });
        let rows: Vec<usize> = (0..m).map(|r| r * k).collect();
        let strip = k.div_ceil(8);
        c.par_chunks_mut(strip * n).enumerate().for_each(|(i, c)| {
            for from in (0..m).step_by(block) {
                let to = (from + block).min(m);
                for p in 0..panels {
                    unsafe {
                        tile::outer(
                            level,
                            a,
                            &rows[from..to],
                            i * strip,
                            c.len() / n,
                            &packed[p * m * w + from * w..],
                            c.as_mut_ptr().add(p * w),
                            n,
                            w.min(n - p * w),
                            from > 0,
                        )
                    };
                }
            }
        });
    }
}
