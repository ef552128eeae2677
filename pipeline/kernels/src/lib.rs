//! CPU kernels of Relata's training, on plain slices: layers of a convolution or a linear map with batch norm, a
//! residual and ReLU, forward and backward; sums over edges; softmax; optimisers.
//!
//! Results have the same bits on any number of threads: sums are split by sizes alone and merged in order. Every kernel
//! is compiled for each [`Isa`] and chosen at run time.
#![warn(missing_debug_implementations)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
// Plain loops over indices of equally long slices are what the compiler vectorises best.
#![allow(clippy::needless_range_loop)]

mod backward;
pub mod batch_norm;
pub mod batch_norm_gradient;
mod border_regions;
pub mod contrast;
mod disjoint_slices;
mod edge_ops;
pub mod embedding_bag;
mod forward;
mod geometry;
mod im2col;
mod input_gradient;
mod isa;
mod malloc_retention;
mod matmul;
mod microkernel;
mod moments;
pub mod optimiser;
mod packing;
mod partition;
mod simd;
pub mod softmax;
mod uninit;

pub use backward::backward;
pub use edge_ops::EdgeOps;
pub use forward::{Epilogue, forward};
pub use geometry::{ConvGeometry, FilterLayout};
pub use isa::Isa;
pub use malloc_retention::MallocRetention;
pub use moments::ChannelMoments;
