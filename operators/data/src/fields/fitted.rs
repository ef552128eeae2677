//! Fitted fields: what was learned of every field from the training rows, so that new samples are read alike.

use std::collections::HashMap;
use std::hash::Hasher;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use relata_schemas::{FeatureShape, FieldShape};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use super::calendar;
use super::document_frequency::DocumentFrequency;
use super::field::{Field, FieldKind};
use super::ngrams::NGrams;
use super::record::{Record, Value, digits};
use super::record_store::RecordStore;
use super::static_model::StaticModel;
use crate::index::Row;
use crate::sink::{read_verified, write_sealed};
use crate::{DataError, RESTORE, Result};

/// Numbers that the n-grams of a text are hashed into.
pub(super) const HASHED: usize = 64;
/// Numbers that rare values of a category share.
pub(super) const RARE: usize = 16;
/// Rows that are looked at as one piece of work.
const PIECE: usize = 4096;
/// From the distance of the quartiles to the standard deviation of a normal distribution.
const QUARTILES_TO_STD: f64 = 1.349;

/// Every field with what was learned of it. A run keeps it as `fields.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedFields {
    /// The fields.
    pub fields: Vec<FittedField>,
    /// The number of rows that they were learned from, and the hash of their numbers.
    rows: (u64, u64),
    /// In how many texts each token occurs.
    pub(super) frequency: DocumentFrequency,
    /// The weight of each token, which follows from the frequencies.
    #[serde(skip)]
    pub(super) weights: Arc<Vec<f32>>,
    #[serde(skip)]
    pub(super) models: Models,
}

/// The models of static embeddings, one for each field that has one.
#[derive(Debug, Clone, Default)]
pub(super) struct Models(pub Vec<Option<Arc<StaticModel>>>);

/// Models follow from the fields, whose statistics hold their hash.
impl PartialEq for Models {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Models {
    fn open(fields: &[Field]) -> Result<Self> {
        let open = |field: &Field| field.model.as_ref().map(StaticModel::open).transpose();
        fields.iter().map(|field| Ok(open(field)?.map(Arc::new))).collect::<Result<_>>().map(Self)
    }
}

/// A field and what was learned of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedField {
    /// The field.
    pub field: Field,
    /// Statistics of the training rows.
    pub(super) statistics: Statistics,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Statistics {
    Text {},
    /// The width of a model's vectors, and the hash of its files.
    Model {
        width: usize,
        hash: u64,
    },
    /// What is taken away and divided by; whether a value may be missing.
    Number {
        mean: f64,
        std: f64,
        missing: bool,
    },
    /// The values that have a number of their own, the most frequent first, and whether there are more.
    Category {
        values: Vec<String>,
        rare: bool,
        missing: bool,
    },
    Vector {
        width: usize,
    },
    /// Whether a picture may be missing.
    Image {
        missing: bool,
    },
}

/// What is counted of one field.
#[derive(Default)]
struct Counts {
    numbers: Vec<f64>,
    missing: u64,
    values: HashMap<String, u64>,
}

impl FittedFields {
    /// Learns from these rows, or from all. Models of static embeddings are loaded; that may fail.
    pub fn fit(fields: &[Field], records: &RecordStore, rows: Option<&[Row]>) -> Result<Self> {
        let total = rows.map_or(records.rows(), <[Row]>::len);
        let pieces = (0..total.div_ceil(PIECE)).into_par_iter().map(|piece| {
            let mut counts: Vec<Counts> = fields.iter().map(|_| Counts::default()).collect();
            let (mut frequency, mut record, mut ngrams) =
                (DocumentFrequency::default(), Record::default(), NGrams::default());
            for at in piece * PIECE..total.min((piece + 1) * PIECE) {
                let row = rows.map_or(Row(at as u32), |rows| rows[at]);
                records.read(row, &mut record);
                for (place, ((field, value), counts)) in fields.iter().zip(&record.values).zip(&mut counts).enumerate()
                {
                    match field.is_image() {
                        true => counts.missing += u64::from(!records.has_picture(row, place)),
                        false => counts.add(field, value),
                    }
                    if field.has_bag() && !value.is_null() {
                        frequency.add(&mut tokens(value, &mut ngrams).to_vec());
                    }
                }
            }
            (counts, frequency)
        });
        // Pieces are joined in order, so that sums do not depend on threads.
        let pieces: Vec<_> = pieces.collect();
        let mut counts: Vec<Counts> = fields.iter().map(|_| Counts::default()).collect();
        let mut frequency = DocumentFrequency::default();
        for (piece, of_piece) in pieces {
            counts.iter_mut().zip(piece).for_each(|(counts, piece)| counts.merge(piece));
            frequency = frequency.merge(&of_piece);
        }
        let models = Models::open(fields)?;
        let fields = fields.iter().zip(counts).zip(&models.0).map(|((field, counts), model)| FittedField {
            field: field.clone(),
            statistics: counts.statistics(field.kind, records.width(&field.column), model.as_deref()),
        });
        let rows = match rows {
            Some(rows) => (rows.len() as u64, hash_of(rows.iter().copied())),
            None => (total as u64, hash_of((0..total).map(|row| Row(row as u32)))),
        };
        let (fields, weights) = (fields.collect(), Arc::new(frequency.weights()));
        Ok(Self { fields, rows, weights, frequency, models })
    }

    /// Whether they were learned from just these rows.
    pub(crate) fn is_of(&self, rows: &[Row]) -> bool {
        self.rows == (rows.len() as u64, hash_of(rows.iter().copied()))
    }

    /// Reads what [`write`](Self::write) wrote.
    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |found: String| DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "statistics of the fields".to_owned(),
            found,
            hint: RESTORE.to_owned(),
        };
        let text = read_verified(path)?;
        let mut fitted: Self = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        if !fitted.frequency.is_whole() || fitted.fields.iter().any(|field| !field.is_sound()) {
            return Err(unreadable("other statistics than those of its fields".to_owned()));
        }
        fitted.weights = Arc::new(fitted.frequency.weights());
        fitted.models = Models::open(&fitted.specs())?;
        for (field, model) in fitted.fields.iter().zip(&fitted.models.0) {
            if let (Statistics::Model { hash, .. }, Some(model), Some(files)) =
                (&field.statistics, model, &field.field.model)
                && model.hash() != *hash
            {
                return Err(DataError::Unreadable {
                    path: files.table.clone(),
                    expected: "the table and the tokenizer that the run was made with".to_owned(),
                    found: "others".to_owned(),
                    hint: "Bring the files back, or start a new run.".to_owned(),
                });
            }
        }
        Ok(fitted)
    }

    /// Writes it as JSON.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec(self).unwrap_or_else(|error| unreachable!("statistics are plain data: {error}"));
        write_sealed(path, &text)
    }

    /// The fields.
    pub fn specs(&self) -> Vec<Field> {
        self.fields.iter().map(|field| field.field.clone()).collect()
    }

    /// The shape of a sample: an image if there is no other field than one of pictures.
    pub fn shape(&self) -> FeatureShape {
        if let [FittedField { field: Field { kind: FieldKind::Image(image), .. }, .. }] = &self.fields[..] {
            return image.shape();
        }
        let shape = |fitted: &FittedField| FieldShape {
            name: fitted.field.column.clone(),
            numbers: fitted.numbers(),
            hashed: if fitted.field.kind == (FieldKind::Text {}) { HASHED } else { 0 },
            bag: fitted.field.has_bag(),
            image: match fitted.field.kind {
                FieldKind::Image(image) => image.shape().as_image(),
                _ => None,
            },
        };
        FeatureShape::table(self.fields.iter().map(shape).collect())
    }

    /// The places of the columns of text among the fields.
    pub(crate) fn text_columns(&self) -> Vec<usize> {
        let texts = self.fields.iter().enumerate().filter(|(_, fitted)| fitted.field.is_text());
        texts.map(|(at, _)| at).collect()
    }

    /// Columns that say nothing: the same value, or none, in every training row.
    pub fn constant(&self) -> Vec<&str> {
        let constant = self.fields.iter().filter(|fitted| match &fitted.statistics {
            Statistics::Number { std, missing, .. } => *std == 0.0 && !missing,
            Statistics::Category { values, rare, missing } => values.len() < 2 && !rare && !missing,
            Statistics::Text {} | Statistics::Model { .. } | Statistics::Vector { .. } | Statistics::Image { .. } => {
                false
            }
        });
        constant.map(|fitted| fitted.field.column.as_str()).collect()
    }
}

fn hash_of(rows: impl Iterator<Item = Row>) -> u64 {
    let mut hasher = XxHash64::default();
    rows.for_each(|row| hasher.write_u32(row.0));
    hasher.finish()
}

impl FittedField {
    /// How many numbers stand for a value.
    pub(super) fn numbers(&self) -> usize {
        match &self.statistics {
            Statistics::Text {} => 0,
            Statistics::Model { width, .. } => *width,
            Statistics::Number { missing, .. } => {
                let circles = if self.field.kind == (FieldKind::Date {}) { calendar::NUMBERS } else { 0 };
                1 + circles + usize::from(*missing)
            }
            Statistics::Category { values, rare, .. } => values.len() + 1 + if *rare { RARE } else { 0 },
            Statistics::Vector { width } => *width,
            Statistics::Image { missing } => self.pixels() + usize::from(*missing),
        }
    }

    /// How many numbers the pixels of a picture are; 0 for other fields.
    pub(crate) fn pixels(&self) -> usize {
        match self.field.kind {
            FieldKind::Image(image) => image.shape().len(),
            _ => 0,
        }
    }

    /// The standard deviation of a number or a date (in milliseconds); 0 for others.
    pub(crate) fn std(&self) -> f64 {
        match self.statistics {
            Statistics::Number { std, .. } => std,
            _ => 0.0,
        }
    }

    fn is_sound(&self) -> bool {
        match (&self.field.kind, &self.statistics) {
            (FieldKind::Text {}, Statistics::Text {}) | (FieldKind::Category { .. }, Statistics::Category { .. }) => {
                true
            }
            (FieldKind::Number { .. } | FieldKind::Date {}, Statistics::Number { mean, std, .. }) => {
                mean.is_finite() && std.is_finite() && *std >= 0.0
            }
            (FieldKind::StaticText {}, Statistics::Model { .. }) => self.field.model.is_some(),
            (FieldKind::Vector {}, Statistics::Vector { width }) => (1..1 << 24).contains(width),
            (FieldKind::Image(image), Statistics::Image { .. }) => {
                let (height, width) = image.size.unwrap_or_default();
                (1..1 << 28).contains(&(u64::from(height) * u64::from(width)))
            }
            _ => false,
        }
    }
}

/// The tokens of a text, or of a number's digits.
pub(super) fn tokens<'a>(value: &Value, ngrams: &'a mut NGrams) -> &'a [u32] {
    match value {
        Value::Text(text) => ngrams.of(text),
        Value::Number(number) => ngrams.of(&digits(*number)),
        Value::Null | Value::Date(_) | Value::Vector(_) | Value::Image(_) => &[],
    }
}

impl Counts {
    fn add(&mut self, field: &Field, value: &Value) {
        match value {
            Value::Null => self.missing += 1,
            Value::Number(number) => self.numbers.push(*number),
            Value::Date(date) => self.numbers.push(*date as f64),
            Value::Text(text) if matches!(field.kind, FieldKind::Category { .. }) => match self.values.get_mut(text) {
                Some(count) => *count += 1,
                None => drop(self.values.insert(text.clone(), 1)),
            },
            Value::Text(_) | Value::Vector(_) | Value::Image(_) => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.numbers.extend(other.numbers);
        self.missing += other.missing;
        other.values.into_iter().for_each(|(value, count)| *self.values.entry(value).or_default() += count);
    }

    fn mean_and_std(&self) -> (f64, f64) {
        let many = self.numbers.len().max(1) as f64;
        let mean = self.numbers.iter().sum::<f64>() / many;
        let variance = self.numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / many;
        // What is left of a constant by rounding is no spread.
        (mean, if variance.sqrt() > 1e-12 * mean.abs() { variance.sqrt() } else { 0.0 })
    }

    fn statistics(mut self, kind: FieldKind, width: usize, model: Option<&StaticModel>) -> Statistics {
        match kind {
            FieldKind::Text {} => Statistics::Text {},
            FieldKind::StaticText {} => match model {
                Some(model) => Statistics::Model { width: model.width(), hash: model.hash() },
                None => Statistics::Text {},
            },
            FieldKind::Vector {} => Statistics::Vector { width },
            FieldKind::Image(_) => Statistics::Image { missing: self.missing > 0 },
            FieldKind::Category { values: most } => {
                let rare = self.values.len() > most;
                let mut values: Vec<(String, u64)> = self.values.into_iter().collect();
                values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                values.truncate(most);
                let values = values.into_iter().map(|(value, _)| value).collect();
                Statistics::Category { values, rare, missing: self.missing > 0 }
            }
            FieldKind::Number { robust: true, .. } => {
                let (_, usual) = self.mean_and_std();
                self.numbers.sort_unstable_by(f64::total_cmp);
                let at = |share: f64| match self.numbers.len() {
                    0 => 0.0,
                    many => self.numbers[((many - 1) as f64 * share).round() as usize],
                };
                let std = (at(0.75) - at(0.25)) / QUARTILES_TO_STD;
                // Where half of the numbers are one number, quartiles know no spread.
                let std = if std > 0.0 { std } else { usual };
                Statistics::Number { mean: at(0.5), std, missing: self.missing > 0 }
            }
            FieldKind::Number { .. } | FieldKind::Date {} => {
                let (mean, std) = self.mean_and_std();
                Statistics::Number { mean, std, missing: self.missing > 0 }
            }
        }
    }
}
