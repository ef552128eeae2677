//! Picture column: the pixels of one column of encoded pictures, decoded when they are read.

use std::path::PathBuf;

use super::decode::{Decoder, Undecoded};
use super::picture_array::read_picture;
use super::pixel_cache::PixelCache;
use crate::fields::image_settings::ImageSettings;
use crate::fields::record_store::{Encoded, RecordStore};
use crate::index::Row;
use crate::{DataError, Result};

/// A column of pictures and how it becomes pixels.
#[derive(Debug)]
pub(crate) struct PictureColumn {
    /// The place of its field among the fields.
    pub field: usize,
    decoder: Decoder,
    cache: Option<PixelCache>,
}

impl PictureColumn {
    /// A column whose pictures become images of the size in the settings.
    pub fn new(field: usize, settings: ImageSettings, cache: Option<PixelCache>) -> Self {
        Self { field, decoder: Decoder::new(settings), cache }
    }

    /// The numbers of a picture.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.decoder.shape().len()
    }

    /// Reads the picture of a row as numbers in [0, 1]; false if there is none.
    pub fn read(&self, records: &RecordStore, row: Row, out: &mut [f32]) -> Result<bool> {
        let encoded = records.encoded(row, self.field);
        if matches!(encoded, Encoded::None) {
            return Ok(false);
        }
        let mut pixels = vec![0; out.len()];
        if !self.cache.as_ref().is_some_and(|cache| cache.read(row, &mut pixels)) {
            self.decode(records, row, encoded, &mut pixels)?;
            if let Some(cache) = &self.cache {
                cache.write(row, &pixels);
            }
        }
        for (out, &byte) in out.iter_mut().zip(&pixels) {
            *out = f32::from(byte) * (1.0 / 255.0);
        }
        Ok(true)
    }

    fn decode(&self, records: &RecordStore, row: Row, encoded: Encoded<'_>, out: &mut [u8]) -> Result<()> {
        let (path, decoded) = match encoded {
            Encoded::Path(path) => {
                let bytes = read_picture(records.folder(), path)?;
                (records.folder().join(path), self.decoder.decode(&bytes, out))
            }
            Encoded::Bytes(bytes) => (PathBuf::from(format!("row {row}")), self.decoder.decode(bytes, out)),
            Encoded::None => return Ok(()),
        };
        decoded.map_err(|error| DataError::Unreadable {
            path,
            expected: "the picture as it was when the dataset was read".to_owned(),
            found: match error {
                Undecoded::Unreadable(found) => found,
                Undecoded::OtherSize(height, width) => format!("{height} x {width} pixels"),
            },
            hint: "Bring the file back, or start a new run.".to_owned(),
        })
    }
}
