//! Pictures of a field: files that are decoded into pixels when a batch needs them.

mod decode;
mod picture_array;
mod picture_column;
mod pixel_cache;

pub(crate) use self::decode::{Decoder, Undecoded};
pub(crate) use self::picture_array::PictureArray;
pub(crate) use self::picture_column::PictureColumn;
pub(crate) use self::pixel_cache::PixelCache;
