//! The exact optimum for kernels (Cabannes et al. 2023): no steps, no seed, one eigen-decomposition.

mod kernel;
mod prepared;
mod solve;
mod stored;

pub use kernel::Kernel;
pub use prepared::Prepared;
pub use solve::{ClosedForm, Solution, closed_form};
