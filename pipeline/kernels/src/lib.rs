//! CPU kernels of Relata's training, on plain slices: layers of a convolution or a linear map with batch norm, a residual
//! and ReLU, forward and backward; sums over edges; softmax; optimisers.
//!
//! Results have the same bits on any number of threads: sums are split by sizes alone and merged in order. Every kernel
//! is compiled for each [`Level`] and chosen at run time.
#![cfg_attr(test, allow(clippy::unwrap_used))]
// Plain loops over indices of equally long slices are what the compiler vectorises best.
#![allow(clippy::needless_range_loop)]

mod backward;
mod geometry;
mod input_gradient;
mod kept_memory;
mod lanes;
mod level;
mod linear_map;
mod matrix;
mod moments;
pub mod norm;
pub mod norm_gradient;
pub mod optimiser;
mod pairs;
mod panels;
mod regions;
mod shared_mut;
pub mod softmax;
mod split;
mod tile;
mod windows;

pub use backward::backward;
pub use geometry::{Geometry, Layout};
pub use kept_memory::KeptMemory;
pub use level::Level;
pub use linear_map::{Finish, forward};
pub use moments::Moments;
pub use pairs::Pairs;
