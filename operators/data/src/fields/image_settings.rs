//! Image settings: how pictures become pixels.

use relata_schemas::{Element, FeatureShape};
use serde::{Deserialize, Serialize};

/// Decoded pixels that are kept on disk, in bytes.
const CACHE: u64 = 8 << 30;
/// The share of pictures that may be unreadable.
const SKIPPED: f64 = 0.01;

/// How pictures become pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageSettings {
    /// Height and width that every picture is brought to; none if all have one size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<(u32, u32)>,
    /// Whether what is not of these proportions is cropped instead of stretched.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub crop: bool,
    /// One channel of brightness instead of red, green and blue.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub grey: bool,
    /// Bytes of decoded pixels that may be kept on disk, if other than 8 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<u64>,
    /// The share of pictures that may be unreadable, if other than 0.01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<f64>,
}

impl ImageSettings {
    /// Bytes of decoded pixels that may be kept on disk.
    pub(crate) fn cache_bytes(&self) -> u64 {
        self.cache.unwrap_or(CACHE)
    }

    /// The shape of a picture, whose size is known.
    pub(crate) fn shape(&self) -> FeatureShape {
        let (height, width) = self.size.unwrap_or_default();
        FeatureShape::image(if self.grey { 1 } else { 3 }, height as usize, width as usize, Element::U8)
    }

    /// The share of pictures that may be unreadable.
    pub(crate) fn skipped_share(&self) -> f64 {
        self.skip.unwrap_or(SKIPPED)
    }
}
