//! Where results go: files that appear whole or not at all.

mod atomic_file;
mod contact_sheet;
mod parquet;
mod picture;

pub use atomic_file::{AtomicFile, write_atomically};
pub use contact_sheet::{contact_sheet, save_png};
pub use parquet::ParquetSink;
pub use picture::{enlarged, picture, pixels, png};
