//! Fields: the columns of a table as the features of a sample. A field says how a column is read (text, number,
//! category, date, vector, image); its raw values are kept in the run, and become numbers and bags of tokens when a batch is
//! made, so that views change what a person would see: a letter, a word, a date.

mod calendar;
mod choice;
mod convert;
mod document_frequency;
mod encode;
mod field;
mod fitted;
mod image;
mod image_settings;
mod join_records;
mod ngrams;
pub(crate) mod picture;
mod record;
mod record_store;
mod static_model;
mod table_features;
mod text_hashing;

pub use choice::{FieldChoice, LeftOut, choose_fields};
pub use field::{Field, FieldKind, category, date, number, text, vector};
pub use fitted::{FittedField, FittedFields};
pub use image::image;
pub use image_settings::ImageSettings;
pub(crate) use join_records::join_records;
pub use record::{Record, Value};
pub use record_store::{RecordStore, RecordWriter};
pub use static_model::ModelFiles;
pub use table_features::TableFeatures;
pub(crate) use table_features::first_error;
pub use text_hashing::TextHashing;

pub(crate) use choice::asked_fields;
#[cfg(test)]
pub(crate) use ngrams::NGrams;
pub(crate) use record::digits;
#[cfg(test)]
pub(crate) use static_model::tests::write as model_fixture;
