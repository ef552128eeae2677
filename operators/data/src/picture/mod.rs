//! Pictures (image files): decoding them into pixels when a batch needs them, and drawing samples that are images.

mod decode;
mod drawing;
mod picture_array;
mod picture_column;
mod pixel_cache;

pub(crate) use self::decode::{Decoder, Undecoded};
pub use self::drawing::{enlarged, picture, pixels, png};
pub(crate) use self::picture_array::PictureArray;
pub(crate) use self::picture_column::PictureColumn;
pub(crate) use self::pixel_cache::PixelCache;
