//! Closed form: the exact optimum for kernels (Cabannes et al. 2023). No steps, no seed, one eigen-decomposition.

mod kernel;
mod safetensors;
mod settings;
mod solution;
mod solver;
mod view_graph;

pub use kernel::Kernel;
pub use settings::{ClosedForm, closed_form};
pub use solution::Solution;
pub use solver::Prepared;
pub use view_graph::ViewGraph;
