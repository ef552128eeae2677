//! Views (augmentations): random changes of a sample that keep what it is, the chains that they make, and the batches
//! of views that training draws.

mod augment;
mod batch;
mod checks;
mod combine;
mod contact_sheet;
mod corruptions;
mod draw;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
mod warp;
mod words;

pub use augment::{Augment, View};
pub use batch::Views;
pub use combine::AugmentExt;
pub use contact_sheet::{contact_sheet, save_png};
pub use corruptions::corruptions;

relata_registry::components! {
    /// Every built-in view.
    ///
    /// ```
    /// use relata_data::view::{Augment, VIEWS};
    /// use relata_registry::Description;
    ///
    /// let noise = VIEWS.read(&Description::new("noise").with("std", 0.05))?;
    /// assert_eq!(noise.describe().to_string(), "noise std=0.05");
    /// # Ok::<(), relata_registry::ReadError>(())
    /// ```
    pub static VIEWS: dyn Augment = "view" [
        abbreviate::Abbreviate,
        affine::Affine,
        blur::Blur,
        brightness::Brightness,
        chain::Chain,
        contrast::Contrast,
        crop::Crop,
        cutout::Cutout,
        drop_columns::DropColumns,
        drop_words::DropWords,
        dropout::Dropout,
        flip::Flip,
        identity::Identity,
        in_column::InColumn,
        jitter::Jitter,
        noise::Noise,
        resample::Resample,
        rotate::Rotate,
        shift::Shift,
        shuffle_words::ShuffleWords,
        sometimes::Sometimes,
        swap_columns::SwapColumns,
        typos::Typos,
    ]
}
