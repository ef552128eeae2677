//! Image folder source: pictures in one of the usual layouts of folders.

mod label_file;
mod listing;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::{Description, Settings};
use relata_schemas::samples::{LABEL, SPLIT};
use serde::{Deserialize, Serialize};

use self::listing::{Listing, Picture};
use super::block_table::{BlockReader, block_table};
use super::source_trait::Source;
use crate::fields::{Field, FieldKind, ImageSettings, image};
use crate::{Result, Session};

/// Pictures per block.
const BLOCK: usize = 8192;
/// The column of pictures.
const PATH: &str = "path";

/// A folder of pictures (PNG, JPEG, WebP, TIFF, BMP, GIF): columns `label`, `split` (if there are splits) and `path`
/// (relative to the folder, and the features). Rows are sorted by path. The layout is found by looking:
///
/// - `class/..`: the label is the first folder; null for pictures beside the folders.
/// - `train/class/..` and `test/class/..` (also `val`, `validation`, `dev` and the like): the first folder is the split,
///   the second the label.
/// - `labels.csv` or `metadata.csv` in a folder: lines `file,label` about the pictures in it, also a column `split`.
///
/// Links are followed. A picture is decoded when a batch needs it, see [`image()`].
///
/// ```
/// use relata_data::source::{Dataset, image_folder};
///
/// let dataset = Dataset::from(image_folder("photos").resize(64, 64).grey());
/// assert_eq!(dataset.name(), "photos");
/// ```
pub fn image_folder(path: impl Into<PathBuf>) -> ImageFolder {
    ImageFolder { path: path.into(), ..ImageFolder::default() }
}

/// Images in folders as a source; see [`image_folder`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageFolder {
    path: PathBuf,
    image: ImageSettings,
    /// What is in the folder, once somebody has asked: a million files take seconds to list.
    #[serde(skip)]
    listing: Arc<OnceLock<Arc<Listing>>>,
}

impl Settings for ImageFolder {
    const NAME: &'static str = "image_folder";
    const SUMMARY: &'static str = "pictures in folders, one per class";
}

impl ImageFolder {
    /// Scales every picture to this size (bilinear), whatever its proportions; needed unless all have one size.
    ///
    /// ```
    /// use relata_data::source::{Source, image_folder};
    ///
    /// let source = image_folder("photos").resize(32, 64);
    /// assert_eq!(source.describe().to_string(), "image_folder image=(size=[32, 64]) path=photos");
    /// ```
    pub fn resize(self, height: u32, width: u32) -> Self {
        self.with(|image| image.resize(height, width))
    }

    /// Scales every picture so that it covers this size, and cuts off what is beyond: proportions stay.
    ///
    /// ```
    /// use relata_data::source::{Source, image_folder};
    ///
    /// assert_eq!(image_folder("photos").resize_and_crop(64, 64).describe()["image"]["crop"], true);
    /// ```
    pub fn resize_and_crop(self, height: u32, width: u32) -> Self {
        self.with(|image| image.resize_and_crop(height, width))
    }

    /// One channel of brightness instead of red, green and blue.
    ///
    /// ```
    /// use relata_data::source::{Source, image_folder};
    ///
    /// assert_eq!(image_folder("photos").grey().describe()["image"]["grey"], true);
    /// ```
    pub fn grey(self) -> Self {
        self.with(Field::grey)
    }

    /// How many bytes of decoded pixels may be kept on disk; see [`Field::cache`].
    ///
    /// ```
    /// use relata_data::source::{Source, image_folder};
    ///
    /// assert_eq!(image_folder("photos").cache(1 << 30).describe()["image"]["cache"], 1 << 30);
    /// ```
    pub fn cache(self, bytes: u64) -> Self {
        self.with(|image| image.cache(bytes))
    }

    /// The share of pictures that may be unreadable; more end the run [default: 0.01].
    ///
    /// ```
    /// use relata_data::source::{Source, image_folder};
    ///
    /// assert_eq!(image_folder("photos").skip_at_most(0.1).describe()["image"]["skip"], 0.1);
    /// ```
    pub fn skip_at_most(self, share: f64) -> Self {
        self.with(|image| image.skip_at_most(share))
    }

    fn with(self, change: impl FnOnce(Field) -> Field) -> Self {
        match change(self.field()).kind {
            FieldKind::Image(image) => Self { image, ..self },
            _ => self,
        }
    }

    /// The pictures that were there when it was first asked.
    fn listing(&self) -> Result<Arc<Listing>> {
        if let Some(listing) = self.listing.get() {
            return Ok(listing.clone());
        }
        let listing = Arc::new(Listing::of(&self.path)?);
        Ok(self.listing.get_or_init(|| listing).clone())
    }

    fn field(&self) -> Field {
        Field { kind: FieldKind::Image(self.image), ..image(PATH) }
    }
}

#[async_trait]
impl Source for ImageFolder {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        Ok(self.listing()?.pictures.iter().map(|picture| self.path.join(&picture.path)).collect())
    }

    fn fields(&self) -> Vec<Field> {
        vec![self.field()]
    }

    fn notes(&self) -> Result<Vec<String>> {
        let listing = self.listing()?;
        let passed = listing.passed_over().map(|passed| format!("passed over {passed}"));
        let unlabelled = (listing.unlabelled > 0).then(|| format!("{} pictures without a label", listing.unlabelled));
        Ok(passed.into_iter().chain(unlabelled).collect())
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        let listing = self.listing()?;
        let column = |name: &str, nullable: bool| ArrowField::new(name, DataType::Utf8, nullable);
        let mut columns = vec![column(LABEL, true)];
        columns.extend(listing.splits.then(|| column(SPLIT, true)));
        columns.push(column(PATH, false));
        block_table(session, Pictures { schema: Arc::new(Schema::new(columns)), listing })
    }

    fn fingerprint_content(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct Pictures {
    schema: SchemaRef,
    listing: Arc<Listing>,
}

impl BlockReader for Pictures {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn read(&self, emit: &mut dyn FnMut(RecordBatch) -> bool) -> Result<()> {
        for pictures in self.listing.pictures.chunks(BLOCK) {
            let texts = |text: fn(&Picture) -> Option<&str>| -> ArrayRef {
                Arc::new(pictures.iter().map(text).collect::<StringArray>())
            };
            let mut columns = vec![texts(|one| one.label.as_deref())];
            columns.extend(self.listing.splits.then(|| texts(|one| one.split.as_deref())));
            columns.push(texts(|one| Some(&one.path)));
            if !emit(RecordBatch::try_new(self.schema.clone(), columns)?) {
                break;
            }
        }
        Ok(())
    }
}
