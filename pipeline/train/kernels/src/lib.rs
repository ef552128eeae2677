//! CPU kernels of Relata's training, on plain slices.
#![deny(missing_docs)]
