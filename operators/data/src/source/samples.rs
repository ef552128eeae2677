//! Samples: a dataset as it lies in a run folder: ids, features, and a table of all other columns.

use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::datatypes::{DataType, UInt64Type};
use relata_schemas::run_file;
use relata_schemas::samples::ID;

use crate::feature_store::FeatureStore;
use crate::fields::FittedFields;
use crate::id_index::IdIndex;
use crate::index::{Row, SampleId};
use crate::{DataError, ParquetFile, RESTORE, Result};

/// Columns that are not shown to whoever is asked about relations, unless they are asked for: they may hold the answer
/// (the path of an image often names its class), or say nothing.
pub const KEPT_BACK: [&str; 5] = ["id", "source_id", "label", "split", "path"];

/// The schema metadata that says that `source_id` holds the user's own ids.
pub(super) const TEXT_IDS: &str = "relata.text_ids";

/// The samples of a run.
#[derive(Debug, Clone)]
pub struct Samples {
    /// Ids in row order.
    pub ids: IdIndex,
    /// One row of features per sample.
    pub features: FeatureStore,
    /// The Parquet file of the ids and of all columns that are not features; of a table, of all columns.
    pub samples_path: PathBuf,
    /// The columns of that file, `id` first.
    pub columns: Vec<String>,
    /// Whether the dataset's ids are text: the column `source_id`, beside the numbers that stand for it in `id`.
    pub text_ids: bool,
}

impl Samples {
    /// The feature store of a run folder.
    pub fn features_path(folder: &Path) -> PathBuf {
        folder.join(run_file::FEATURES)
    }

    /// The statistics of the fields of a table, in a run folder.
    pub fn fields_path(folder: &Path) -> PathBuf {
        folder.join(run_file::FIELDS)
    }

    /// Learns the statistics of the fields from these rows only, and writes them into the folder, unless that was done.
    /// Vectors and images have none.
    pub fn fit(&mut self, folder: &Path, rows: &[Row]) -> Result<()> {
        let Some(table) = self.features.raw().filter(|table| !table.fitted().is_of(rows)) else { return Ok(()) };
        let fitted = FittedFields::fit(&table.fitted().specs(), table.records(), Some(rows))?;
        fitted.write(&Self::fields_path(folder))?;
        self.features = FeatureStore::of_table(&Self::features_path(folder), table.refitted(fitted));
        Ok(())
    }

    /// How many samples of a run folder were left out because their picture could not be read; `skipped.parquet` lists
    /// them.
    pub fn skipped(folder: &Path) -> Result<u64> {
        let path = folder.join(run_file::SKIPPED);
        if path.is_file() { Ok(ParquetFile::open(&path)?.group_rows().sum()) } else { Ok(0) }
    }

    /// The table of samples of a run folder.
    pub fn samples_path(folder: &Path) -> PathBuf {
        folder.join(run_file::SAMPLES)
    }

    /// Loads what [`ingest`](super::ingest()) wrote.
    pub fn open(folder: &Path) -> Result<Self> {
        let samples_path = Self::samples_path(folder);
        let features_path = Self::features_path(folder);
        for path in [&samples_path, &features_path] {
            if !path.is_file() {
                let hint = "The folder holds no dataset yet: run the pipeline first.".to_owned();
                return Err(DataError::Missing { path: path.clone(), hint });
            }
        }
        let fields_path = Self::fields_path(folder);
        let features = match fields_path.is_file() {
            true => FeatureStore::open_table(&features_path, FittedFields::read(&fields_path)?)?,
            false => FeatureStore::open(&features_path)?,
        };
        let unreadable = |expected: &str, found: String| DataError::Unreadable {
            path: samples_path.clone(),
            expected: expected.to_owned(),
            found,
            hint: RESTORE.to_owned(),
        };
        let file = ParquetFile::open(&samples_path)?;
        let schema = file.schema().clone();
        if !schema.field_with_name(ID).is_ok_and(|field| field.data_type() == &DataType::UInt64) {
            return Err(unreadable("a column `id` of UInt64", schema.to_string()));
        }
        let mut by_row = Vec::with_capacity(features.rows());
        for batch in file.batches([schema.index_of(ID)?], 8192)? {
            by_row.extend_from_slice(SampleId::slice(batch?.column(0).as_primitive::<UInt64Type>().values()));
        }
        if by_row.len() != features.rows() {
            let expected = format!("{} rows, as in `{}`", features.rows(), features_path.display());
            return Err(unreadable(&expected, by_row.len().to_string()));
        }
        Ok(Self {
            ids: IdIndex::new(by_row, &samples_path.display().to_string(), ID)?,
            features,
            columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
            text_ids: schema.metadata().contains_key(TEXT_IDS),
            samples_path,
        })
    }
}
