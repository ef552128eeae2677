//! The inputs that both sides read: plain little-endian numbers, and Fashion-MNIST.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, UInt8Array};
use arrow::datatypes::{DataType, Field};
use relata_data::feature_store::{FeatureStore, FeatureWriter};
use relata_schemas::{Element, FeatureShape};

use crate::Result;

/// Pixels of an image.
pub const PIXELS: usize = 28 * 28;

/// The 32-bit floats of a file.
pub fn floats(path: &Path) -> Result<Vec<f32>> {
    Ok(words(path)?.into_iter().map(f32::from_bits).collect())
}

/// The 32-bit words of a file.
pub fn words(path: &Path) -> Result<Vec<u32>> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

/// The training images of Fashion-MNIST (`images.u8`: one byte a pixel) as a feature store in the same folder.
pub fn images(folder: &Path) -> Result<FeatureStore> {
    let path = folder.join("images.arrow");
    let bytes = std::fs::read(folder.join("images.u8"))?;
    let item = Field::new("item", DataType::UInt8, false);
    let list = FixedSizeListArray::try_new(item.into(), PIXELS as i32, Arc::new(UInt8Array::from(bytes)), None)?;
    let mut writer = FeatureWriter::create(&path, FeatureShape::image(1, 28, 28, Element::U8))?;
    writer.append(&(Arc::new(list) as ArrayRef))?;
    writer.finish()?;
    Ok(FeatureStore::open(&path)?)
}
