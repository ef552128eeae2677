//! Ingestion: a dataset is streamed once into a feature store and a table of its other columns.

mod picture_check;
mod skipped;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use futures::future::BoxFuture;

use self::picture_check::PictureCheck;
use self::writer::Writer;
use super::dataset::Dataset;
use super::read_error::read_error;
use super::sample_ids::SampleIds;
use super::samples::Samples;
use super::session::in_file_order;
use crate::feature_columns::{is_list, position};
use crate::fields::picture::PictureArray;
use crate::fields::{Field, FieldChoice, FieldKind, FittedFields, asked_fields, choose_fields, image};
use crate::object_store::is_address;
use crate::{DataError, Result, Session};

/// The feature bytes that one batch may have, about.
const BATCH_BYTES: usize = 64 << 20;
const BATCH_ROWS: usize = 8192;
/// A picture's encoded bytes, about.
const PICTURE_BYTES: usize = 128 << 10;
/// What columns of pictures are called.
const PICTURES: [&str; 8] = ["image", "img", "photo", "picture", "png", "jpg", "jpeg", "webp"];

/// Reads a dataset once and writes it into `folder`: [`OpenDataset::open`], then [`OpenDataset::write`].
pub async fn ingest(
    dataset: &Dataset,
    session: &Session,
    folder: &Path,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Samples> {
    OpenDataset::open(dataset, session).await?.write(folder, progress).await
}

/// A dataset whose files are found and whose columns are known, while no row of it is read yet.
///
/// ```
/// use relata_data::source::{Dataset, OpenDataset, csv, session};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("t.csv");
/// std::fs::write(&path, "id,x,y,label\n7,1,2,0\n3,3,4,1\n").expect("room for a file");
/// let dataset = Dataset::from(csv(&path));
/// let open = OpenDataset::open(&dataset, &session()).await?;
/// assert_eq!(open.columns().collect::<Vec<_>>(), ["id", "x", "y", "label"]);
/// let samples = open.write(folder.path(), &mut |_| {}).await?;
/// let columns = ["id", "x", "y", "label"].map(str::to_owned);
/// assert_eq!((&samples.columns[..], samples.features.rows()), (&columns[..], 2));
/// # Ok::<_, relata_data::DataError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OpenDataset<'a> {
    dataset: &'a Dataset,
    schema: SchemaRef,
    /// Columns that are read elsewhere, each with the reason why it is no feature.
    used: Vec<(String, String)>,
    fitted: Option<FittedFields>,
    /// Starts to read.
    start: BoxFuture<'static, DataFusionResult<Vec<SendableRecordBatchStream>>>,
}

impl fmt::Debug for OpenDataset<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenDataset({:?})", self.dataset)
    }
}

impl<'a> OpenDataset<'a> {
    /// Plans how to read a dataset, rows in the order of the source.
    pub async fn open(dataset: &'a Dataset, session: &Session) -> Result<Self> {
        let frame = dataset.source().table(&in_file_order(session)).await?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let (mut state, plan) = frame.into_parts();
        *state.config_mut() = state.config().clone().with_batch_size(batch_rows(&schema));
        let start = crate::query::stream_partitions(DataFrame::new(state, plan));
        Ok(Self { dataset, schema, used: vec![], fitted: None, start })
    }

    /// The columns of the source.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.schema.fields().iter().map(|field| field.name().as_str())
    }

    /// What to tell about the files of the source, such as those that are passed over.
    pub fn notes(&self) -> Result<Vec<String>> {
        self.dataset.source().notes()
    }

    /// Leaves columns out where the features are found by their types: those that an oracle or an evaluation reads, each
    /// with a reason.
    pub fn leaving_out(mut self, used: Vec<(String, String)>) -> Self {
        self.used = used;
        self
    }

    /// Reads the same fields as those of a model, whose statistics are taken; columns are found by their names.
    pub fn fitted(mut self, fitted: FittedFields) -> Self {
        self.fitted = Some(fitted);
        self
    }

    /// Which columns become features and how; none if the features are one column of vectors or images, or columns of
    /// numbers that were asked for as they are.
    pub fn choice(&self) -> Result<Option<FieldChoice>> {
        let (table, schema) = (self.dataset.name(), &self.schema);
        match self.fitted.as_ref().map(FittedFields::specs).as_deref() {
            // A column of pictures is found as it always is, and its pictures become as large as those of the model.
            Some([Field { kind: FieldKind::Image(image), .. }]) => Ok(self.own_choice(&table)?.map(|mut choice| {
                if let [Field { kind: FieldKind::Image(own), .. }] = &mut choice.fields[..] {
                    (own.size, own.crop, own.grey) = (image.size, image.crop, image.grey);
                }
                choice
            })),
            Some(fields) => asked_fields(&table, schema, fields).map(Some),
            None => self.own_choice(&table),
        }
    }

    /// Which columns become features and which do not, in words; nothing where the dataset names columns that are taken as
    /// they are.
    pub fn features_in_words(&self) -> Result<Option<String>> {
        if let Some(choice) = self.choice()? {
            return Ok(Some(choice.to_string()));
        }
        let lists = self.lists();
        if !self.dataset.asked_features().is_empty() || lists.is_empty() {
            return Ok(None);
        }
        let others: Vec<&str> = self.columns().filter(|column| !lists.contains(column)).collect();
        let remedy = "to use others beside it, name all by `.features([..])`; `.without([..])` leaves it out";
        Ok(Some(format!("features: {} alone; not used: {} ({remedy})", lists.join(", "), others.join(", "))))
    }

    /// The columns of lists that are not unwanted: one of them is the features.
    fn lists(&self) -> Vec<&str> {
        let fields = self.schema.fields().iter().filter(|field| is_list(field.data_type()));
        fields
            .map(|field| field.name().as_str())
            .filter(|name| !self.dataset.unwanted().iter().any(|no| no == name))
            .collect()
    }

    /// The choice that the dataset asks for, or that follows from its columns.
    fn own_choice(&self, table: &str) -> Result<Option<FieldChoice>> {
        let schema = &self.schema;
        self.check_asked()?;
        if !self.dataset.asked_fields().is_empty() {
            return asked_fields(table, schema, self.dataset.asked_fields()).map(Some);
        }
        if !self.dataset.asked_features().is_empty() || self.dataset.asked_shape().is_some() {
            return Ok(None);
        }
        let mut pictures = self.dataset.source().fields();
        pictures.extend(if pictures.is_empty() { picture_field(schema) } else { None });
        if !pictures.is_empty() {
            let mut choice = asked_fields(table, schema, &pictures)?;
            choice.left_out.iter_mut().for_each(|column| column.reason = "beside the pictures".to_owned());
            return Ok(Some(choice));
        }
        if !self.lists().is_empty() {
            return Ok(None);
        }
        let ids = SampleIds::choose(table, schema, self.dataset.asked_id())?;
        let mut used = self.used.clone();
        for column in self.dataset.unwanted() {
            position(table, schema, column)?;
            used.push((column.clone(), "not wanted".to_owned()));
        }
        choose_fields(table, schema, ids.column, &used).map(Some)
    }

    /// Refuses to leave columns out where all features are named, and features that are named twice.
    fn check_asked(&self) -> Result<()> {
        let (fields, features) = (self.dataset.asked_fields(), self.dataset.asked_features());
        let refuse = |setting: &str, expected: &str, found: String| -> Result<()> {
            Err(DataError::setting(self.dataset.name(), setting, expected, found))
        };
        if let (Some(shape), [_, ..]) = (self.dataset.asked_shape(), fields) {
            let expected =
                "not given beside fields: a picture in a file has a shape of its own, see `image(..).resize(..)`";
            return refuse("shape", expected, format!("{shape:?}"));
        }
        if !fields.is_empty() && !features.is_empty() {
            let found = format!("{} beside {} fields", features.join(", "), fields.len());
            return refuse("features", "fields, or columns that are taken as they are, not both", found);
        }
        let named = !fields.is_empty() || !features.is_empty() || !self.lists().is_empty();
        match (named, self.dataset.unwanted()) {
            (true, [_, ..]) => {
                let expected = "for features that are found by their types, not for named ones or a column of vectors";
                refuse("without", expected, self.dataset.unwanted().join(", "))
            }
            _ => Ok(()),
        }
    }

    /// Reads all rows, or as many as the dataset's limit allows, and writes `features.arrow` and `samples.parquet` into
    /// `folder`; `progress` is told the rows read so far. Memory holds a few batches and the ids.
    ///
    /// The table of samples has `id` first, then `source_id` if the ids are text (they are numbered from 0 in order of
    /// appearance), then every other column that is not a feature, as it is. Which columns are the features and the id is
    /// told at [`Dataset`]. Vectors become 32-bit floats, but bytes in tensors and lists stay bytes; of a table, raw values
    /// are kept, all columns stay in the table of samples, and `fields.json` has the statistics of all rows. Refused, with
    /// file, column and row: nulls, NaN and infinite numbers in vectors, vectors of several lengths, values that are not
    /// what their field asks for, ids that are negative, missing or come twice; and a dataset without rows. Nothing
    /// appears in the folder unless all went well.
    pub async fn write(self, folder: &Path, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Samples> {
        let choice = self.choice()?;
        let Self { dataset, mut schema, start, fitted, .. } = self;
        let fitted_to = fitted.is_some();
        // Pictures have no statistics, and the column may have another name.
        let fitted = fitted.filter(|fitted| fitted.shape().is_table());
        let table = dataset.name();
        let limit = dataset.asked_limit().map_or(u64::MAX, |limit| limit as u64);
        let parts = start.await.map_err(|error| read_error(&table, error))?;
        let mut batches = futures::stream::iter(parts).flatten();

        let fields = choice.as_ref().map(|choice| &choice.fields[..]).unwrap_or_default();
        let paths = folder_of_paths(dataset, fields, fitted_to)?;
        let mut pictures = PictureCheck::new(&table, &schema, fields, &paths, folder)?;
        if let Some(pictures) = &pictures {
            schema = pictures.schema().clone();
        }

        let mut writer: Option<Writer> = None;
        let mut rows = 0;
        while rows < limit
            && let Some(batch) = batches.next().await
        {
            let batch = batch.map_err(|error| read_error(&table, error))?;
            let batch = batch.slice(0, batch.num_rows().min((limit - rows) as usize));
            let first_row = rows;
            rows += batch.num_rows() as u64;
            let batch = match &mut pictures {
                Some(pictures) => pictures.keep(&batch, first_row)?,
                None => batch,
            };
            if batch.num_rows() == 0 {
                continue;
            }
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(Writer::create(&table, dataset, &schema, choice.as_ref(), (folder, &paths))?),
            };
            writer.write(&batch)?;
            progress(rows);
        }
        let pictures = pictures.map(|pictures| pictures.finish(folder)).transpose()?;
        match writer {
            Some(writer) => writer.finish(folder, fitted, pictures),
            None => {
                let hint = "Check the file, the query or the limit.".to_owned();
                Err(DataError::Empty { what: format!("the dataset `{table}`"), hint })
            }
        }
    }
}

/// The only column that is one of pictures by its type, or by its type and its name.
fn picture_field(schema: &Schema) -> Option<Field> {
    let is_picture = |field: &&FieldRef| {
        let named = PICTURES.contains(&field.name().to_ascii_lowercase().as_str());
        PictureArray::is_struct(field.data_type()) || (named && PictureArray::is_binary(field.data_type()))
    };
    let mut pictures = schema.fields().iter().filter(is_picture);
    let first = pictures.next()?;
    pictures.next().is_none().then(|| image(first.name()))
}

/// The folder that the paths of pictures are relative to: the one that is named, or else that of the table. Pictures that
/// a model is to read lie elsewhere than those that it was trained on.
fn folder_of_paths(dataset: &Dataset, fields: &[Field], fitted: bool) -> Result<PathBuf> {
    let fields = if fitted { dataset.asked_fields() } else { fields };
    let mut named = fields.iter().filter_map(|field| field.folder.as_ref());
    let folder = match (named.next(), named.next()) {
        (Some(first), Some(second)) if first != second => {
            let found = format!("`{}` and `{}`", first.display(), second.display());
            return Err(DataError::setting(dataset.name(), "in_folder", "one folder for all columns", found));
        }
        (Some(folder), _) => folder.clone(),
        (None, _) => dataset.source().folder(),
    };
    if folder.as_os_str().is_empty() {
        return std::env::current_dir().map_err(DataError::io(&folder));
    }
    if is_address(&folder) {
        return Ok(folder);
    }
    std::path::absolute(&folder).map_err(DataError::io(&folder))
}

/// Fewer rows per batch where a row is large.
fn batch_rows(schema: &Schema) -> usize {
    let width = |field: &FieldRef| match field.data_type() {
        DataType::FixedSizeList(item, len) => *len as usize * item.data_type().primitive_width().unwrap_or(8),
        other if PictureArray::is_binary(other) || PictureArray::is_struct(other) => PICTURE_BYTES,
        _ => 8,
    };
    let row: usize = schema.fields().iter().map(width).sum();
    (BATCH_BYTES / row.max(1)).clamp(16, BATCH_ROWS)
}
