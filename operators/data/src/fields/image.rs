//! Image field: a column of pictures, as files or as their bytes, and how they become pixels.

use std::path::PathBuf;

use super::field::{Field, FieldKind};
use super::image_settings::ImageSettings;

/// A column of pictures (PNG, JPEG, WebP, TIFF, BMP or GIF): paths of files, their bytes, or both as Hugging Face writes
/// them (`{bytes, path}`). Paths are relative to the folder of the table, unless another is named
/// ([`Field::in_folder`]). If it is the only field, a sample is an image; beside others it is a part of a table's row.
///
/// A picture is decoded when a batch needs it. It is turned upright (EXIF), the first of an animation is taken, and
/// transparent parts are white. What cannot be read is left out and listed in `skipped.parquet`.
///
/// ```
/// use relata_data::fields::image;
///
/// assert_eq!(image("photo").resize(32, 64).grey().to_string(), "image(photo, 32 x 64, grey)");
/// ```
pub fn image(column: impl Into<String>) -> Field {
    Field::new(column, FieldKind::Image(ImageSettings::default()))
}

impl Field {
    /// Scales every picture to this size (bilinear), whatever its proportions; needed unless all have one size.
    ///
    /// ```
    /// use relata_data::fields::image;
    ///
    /// assert_eq!(image("photo").resize(32, 64).to_string(), "image(photo, 32 x 64)");
    /// ```
    pub fn resize(self, height: u32, width: u32) -> Self {
        self.with_image(|image| (image.size, image.crop) = (Some((height, width)), false))
    }

    /// Scales every picture so that it covers this size, and cuts off what is beyond: proportions stay.
    ///
    /// ```
    /// use relata_data::fields::image;
    ///
    /// assert_eq!(image("photo").resize_and_crop(64, 64).to_string(), "image(photo, 64 x 64, cropped)");
    /// ```
    pub fn resize_and_crop(self, height: u32, width: u32) -> Self {
        self.with_image(|image| (image.size, image.crop) = (Some((height, width)), true))
    }

    /// One channel of brightness instead of red, green and blue.
    ///
    /// ```
    /// use relata_data::fields::image;
    ///
    /// assert_eq!(image("photo").grey().to_string(), "image(photo, grey)");
    /// ```
    pub fn grey(self) -> Self {
        self.with_image(|image| image.grey = true)
    }

    /// The folder that paths in the column are relative to.
    ///
    /// ```
    /// use relata_data::fields::image;
    ///
    /// assert_eq!(image("photo").in_folder("photos").to_string(), "image(photo, in photos)");
    /// ```
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// How many bytes of decoded pixels may be kept in a temporary file in the run, at most half of what is free on the
    /// disk [default: 8 GiB]. Pictures that have no room are decoded whenever they are read.
    ///
    /// ```
    /// use relata_data::fields::{FieldKind, image};
    ///
    /// let FieldKind::Image(settings) = image("photo").cache(1 << 30).kind else { panic!("an image") };
    /// assert_eq!(settings.cache, Some(1 << 30));
    /// ```
    pub fn cache(self, bytes: u64) -> Self {
        self.with_image(|image| image.cache = Some(bytes))
    }

    /// The share of pictures that may be unreadable; more end the run [default: 0.01].
    ///
    /// ```
    /// use relata_data::fields::{FieldKind, image};
    ///
    /// let FieldKind::Image(settings) = image("photo").skip_at_most(0.1).kind else { panic!("an image") };
    /// assert_eq!(settings.skip, Some(0.1));
    /// ```
    pub fn skip_at_most(self, share: f64) -> Self {
        self.with_image(|image| image.skip = Some(share))
    }

    fn with_image(mut self, change: impl FnOnce(&mut ImageSettings)) -> Self {
        if let FieldKind::Image(image) = &mut self.kind {
            change(image);
        }
        self
    }
}
