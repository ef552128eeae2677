//! Fuzzing on stable Rust: damaged files go into a parser, and none of them may make it panic or allocate without bound.
//!
//! A target starts from files that it wrote itself. `RELATA_FUZZ_CASES` says how many inputs each target tries (256 by
//! default), `RELATA_FUZZ_SEED` which ones (0 by default, so that every run tries the same). What fails is made smaller
//! and printed. `tests/nightly` tries a million.

pub mod allocations;
pub mod damage;

use std::env;
use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// The most bytes that a parser may allocate at once for one of these inputs, which are all of a few thousand bytes.
const MOST: usize = 64 << 20;

/// Tries a target on inputs of this strategy. Both of its answers are right, `Ok` and a typed error; a panic is not.
pub fn fuzz<T: Debug>(inputs: impl Strategy<Value = T>, target: impl Fn(T)) {
    fuzz_within(MOST, inputs, target);
}

/// The same with another bound on what is allocated at once, in bytes.
pub fn fuzz_within<T: Debug>(most: usize, inputs: impl Strategy<Value = T>, target: impl Fn(T)) {
    let setting = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let cases = setting("RELATA_FUZZ_CASES").unwrap_or(256) as u32;
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&setting("RELATA_FUZZ_SEED").unwrap_or(0).to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let outcome = TestRunner::new_with_rng(config, rng).run(&inputs, |input| {
        allocations::forget();
        target(input);
        match allocations::largest() {
            bytes if bytes > most => Err(TestCaseError::fail(format!("{bytes} bytes were allocated at once"))),
            _ => Ok(()),
        }
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
