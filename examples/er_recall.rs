//! scratch
use relata::prelude::*;

fn main() -> relata::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let epochs: u64 = args[3].parse().unwrap();
    let seed: u64 = args[4].parse().unwrap();
    let mut data = csv(&args[1]).id("id");
    if args.len() > 5 { data = data.without(args[5].split(',')); }
    let p = Pipeline::read(data)
        .views(2, corruptions())
        .relate(same_sample())
        .train(fields([256, 128]), nt_xent(0.1), Fit::epochs(epochs).batch(256).seed(seed).optimiser(adamw(3e-3)))
        .write(&args[2]).progress(bars());
    println!("{}", p.explain()?);
    p.run()?;
    Ok(())
}
