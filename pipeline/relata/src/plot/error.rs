//! Errors of plotting.

use relata_data::DataError;

/// What can go wrong between numbers and a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The picture could not be drawn.
    #[error("the picture `{title}` could not be drawn: {why}")]
    Draw {
        /// The title of the picture.
        title: String,
        /// The drawing library's words.
        why: String,
    },
    /// The picture could not be encoded.
    #[error("the picture could not be encoded as PNG: {0}")]
    Encode(#[from] image::ImageError),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] DataError),
}
