//! Image folder source: PNG and JPEG files, one subfolder per class.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, RecordBatch, StringArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use image::ImageReader;
use image::imageops::FilterType;
use rayon::prelude::*;
use relata_registry::{Description, Settings};
use relata_schemas::samples::LABEL;
use relata_schemas::{Element, FeatureShape};
use serde::{Deserialize, Serialize};

use super::block_table::{BlockReader, block_table};
use super::input_file::refuse_address;
use super::paths::{collect, entries, has_extension};
use super::source_trait::Source;
use crate::{DataError, Result, Session};

/// Decoded bytes per block, about.
const BLOCK_BYTES: usize = 16 << 20;
const EXTENSIONS: &[&str] = &["png", "jpg", "jpeg"];

/// A folder with one subfolder of PNG or JPEG files per class: columns `image` (a tensor of channels x height x width
/// bytes), `label` (the subfolder's name; null for images beside the subfolders) and `path` (relative to the folder).
/// Rows are sorted by path.
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
    /// Height and width that every image is scaled to.
    resize: Option<(u32, u32)>,
    grey: bool,
}

impl Settings for ImageFolder {
    const NAME: &'static str = "image_folder";
    const SUMMARY: &'static str = "PNG and JPEG files, one subfolder per class";
}

impl ImageFolder {
    /// Scales every image to this size (bilinear); needed unless all images have one size.
    ///
    /// ```
    /// use relata_data::source::{Source, image_folder};
    ///
    /// let source = image_folder("photos").resize(32, 64);
    /// assert_eq!(source.describe().to_string(), "image_folder grey=false path=photos resize=[32, 64]");
    /// ```
    pub fn resize(mut self, height: u32, width: u32) -> Self {
        self.resize = Some((height, width));
        self
    }

    /// One channel of brightness instead of red, green and blue.
    ///
    /// ```
    /// use relata_data::source::{Source, image_folder};
    ///
    /// assert_eq!(image_folder("photos").grey().describe()["grey"], true);
    /// ```
    pub fn grey(mut self) -> Self {
        self.grey = true;
        self
    }

    /// Every image with its class, sorted by path.
    fn list(&self) -> Result<Vec<(PathBuf, Option<String>)>> {
        refuse_address(&self.path)?;
        if !self.path.is_dir() {
            let hint = "Name the folder whose subfolders are the classes.".to_owned();
            return Err(DataError::Missing { path: self.path.clone(), hint });
        }
        let mut images = Vec::new();
        for entry in entries(&self.path)? {
            let Some(name) = entry.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
            if name.starts_with(['.', '_']) {
                continue;
            }
            if entry.is_dir() {
                let mut class = Vec::new();
                collect(&entry, EXTENSIONS, &mut class)?;
                images.extend(class.into_iter().map(|path| (path, Some(name.clone()))));
            } else if has_extension(&entry, EXTENSIONS) {
                images.push((entry, None));
            }
        }
        if images.is_empty() {
            let hint = "Put .png, .jpg or .jpeg files into one subfolder per class.".to_owned();
            return Err(DataError::Empty { what: format!("the image folder `{}`", self.path.display()), hint });
        }
        Ok(images)
    }
}

#[async_trait]
impl Source for ImageFolder {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        Ok(self.list()?.into_iter().map(|(path, _)| path).collect())
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        let files = self.list()?;
        let (height, width) = match self.resize {
            Some((0, _) | (_, 0)) => {
                let found = format!("{:?}", self.resize.unwrap_or_default());
                return Err(DataError::setting("image_folder", "resize", "at least 1 x 1", found));
            }
            Some(size) => size,
            None => {
                let (width, height) = open(&files[0].0)?.into_dimensions().map_err(undecoded(&files[0].0))?;
                (height, width)
            }
        };
        let channels = if self.grey { 1 } else { 3 };
        let shape = FeatureShape::image(channels, height as usize, width as usize, Element::U8);
        let schema = Arc::new(Schema::new(vec![
            shape.field("image"),
            Field::new(LABEL, DataType::Utf8, true),
            Field::new("path", DataType::Utf8, false),
        ]));
        let folder = self.clone();
        block_table(session, ImageBlocks { schema, folder, files, height, width, len: shape.len() })
    }

    fn fingerprint_content(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct ImageBlocks {
    schema: SchemaRef,
    folder: ImageFolder,
    files: Vec<(PathBuf, Option<String>)>,
    height: u32,
    width: u32,
    len: usize,
}

impl BlockReader for ImageBlocks {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn read(&self, emit: &mut dyn FnMut(RecordBatch) -> bool) -> Result<()> {
        for files in self.files.chunks((BLOCK_BYTES / self.len).clamp(1, 1024)) {
            let mut pixels = vec![0; files.len() * self.len];
            let decoded: Vec<Result<()>> = pixels
                .par_chunks_exact_mut(self.len)
                .zip(files)
                .map(|(out, (path, _))| self.decode(path, out))
                .collect();
            // Of several broken files the first by name is reported, whichever was decoded first.
            decoded.into_iter().collect::<Result<()>>()?;
            let item = Field::new("item", DataType::UInt8, false);
            let values = Arc::new(UInt8Array::from(pixels));
            let paths = files.iter().map(|(path, _)| {
                let relative = path.strip_prefix(&self.folder.path).unwrap_or(path);
                relative.to_string_lossy().into_owned()
            });
            let columns: Vec<ArrayRef> = vec![
                Arc::new(FixedSizeListArray::try_new(item.into(), self.len as i32, values, None)?),
                Arc::new(StringArray::from_iter(files.iter().map(|(_, label)| label.as_deref()))),
                Arc::new(StringArray::from_iter_values(paths)),
            ];
            if !emit(RecordBatch::try_new(self.schema.clone(), columns)?) {
                break;
            }
        }
        Ok(())
    }
}

impl ImageBlocks {
    /// Decodes one image into channels x height x width bytes.
    fn decode(&self, path: &Path, out: &mut [u8]) -> Result<()> {
        let mut picture = open(path)?.decode().map_err(undecoded(path))?;
        if (picture.height(), picture.width()) != (self.height, self.width) {
            if self.folder.resize.is_none() {
                return Err(DataError::Unreadable {
                    path: path.to_path_buf(),
                    expected: format!(
                        "an image of {} x {} pixels (height x width) like `{}`",
                        self.height,
                        self.width,
                        self.files[0].0.display()
                    ),
                    found: format!("{} x {}", picture.height(), picture.width()),
                    hint: "Bring all images to one size with `.resize(height, width)`.".to_owned(),
                });
            }
            picture = picture.resize_exact(self.width, self.height, FilterType::Triangle);
        }
        if self.folder.grey {
            out.copy_from_slice(picture.into_luma8().as_raw());
            return Ok(());
        }
        let interleaved = picture.into_rgb8();
        for (channel, plane) in out.chunks_exact_mut(self.len / 3).enumerate() {
            for (out, pixel) in plane.iter_mut().zip(interleaved.as_raw().chunks_exact(3)) {
                *out = pixel[channel];
            }
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<ImageReader<std::io::BufReader<std::fs::File>>> {
    ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(DataError::io(path))
}

fn undecoded(path: &Path) -> impl FnOnce(image::ImageError) -> DataError {
    move |error| DataError::Unreadable {
        path: path.to_path_buf(),
        expected: "a PNG or JPEG image".to_owned(),
        found: error.to_string(),
        hint: "Repair the file or move it out of the folder.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::compute::concat_batches;
    use arrow::datatypes::UInt8Type;
    use image::{GrayImage, Luma, Rgb, RgbImage};

    use crate::source::{read_error, session};

    use super::*;

    fn save(folder: &Path, name: &str, height: u32, width: u32, colour: [u8; 3]) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_pixel(width, height, Rgb(colour)).save(path).unwrap();
    }

    async fn read(source: ImageFolder) -> Result<RecordBatch> {
        let table = source.table(&session()).await?;
        let schema = Arc::new(table.schema().as_arrow().clone());
        let batches = table.collect().await.map_err(|e| read_error("images", e))?;
        Ok(concat_batches(&schema, &batches)?)
    }

    fn pixels(batch: &RecordBatch) -> Vec<u8> {
        batch["image"].as_fixed_size_list().values().as_primitive::<UInt8Type>().values().to_vec()
    }

    #[tokio::test]
    async fn classes_are_folders_and_pixels_are_planes() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), "dog/b.png", 1, 2, [1, 2, 3]);
        save(folder.path(), "cat/deep/z.PNG", 1, 2, [4, 5, 6]);
        save(folder.path(), "top.png", 1, 2, [7, 8, 9]);
        std::fs::write(folder.path().join("dog/notes.txt"), "no image").unwrap();
        let rows = read(image_folder(folder.path())).await.unwrap();
        assert_eq!(pixels(&rows), [4, 4, 5, 5, 6, 6, 1, 1, 2, 2, 3, 3, 7, 7, 8, 8, 9, 9]);
        let labels: Vec<_> = rows["label"].as_string::<i32>().iter().collect();
        assert_eq!(labels, [Some("cat"), Some("dog"), None]);
        assert_eq!(rows["path"].as_string::<i32>().value(0), "cat/deep/z.PNG");
        let shape = FeatureShape::of_field("images", rows.schema().field(0)).unwrap();
        assert_eq!(shape, FeatureShape::image(3, 1, 2, Element::U8));
    }

    #[tokio::test]
    async fn sizes_that_differ_need_resize() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), "a/1.png", 2, 2, [10; 3]);
        save(folder.path(), "a/2.png", 4, 6, [20; 3]);
        let error = read(image_folder(folder.path())).await.unwrap_err().to_string();
        assert!(error.contains("a/2.png") && error.contains("found 4 x 6") && error.contains("resize"), "{error}");
        let rows = read(image_folder(folder.path()).resize(1, 2).grey()).await.unwrap();
        assert_eq!(pixels(&rows), [10, 10, 20, 20]);
        let error = read(image_folder(folder.path()).resize(0, 2)).await.unwrap_err();
        assert!(matches!(error, DataError::Setting(_)), "{error}");
    }

    #[tokio::test]
    async fn grey_keeps_rows_and_columns() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        GrayImage::from_fn(3, 2, |x, y| Luma([(10 * y + x) as u8])).save(folder.path().join("a/g.png")).unwrap();
        let rows = read(image_folder(folder.path()).grey()).await.unwrap();
        assert_eq!(pixels(&rows), [0, 1, 2, 10, 11, 12]);
    }

    #[tokio::test]
    async fn what_does_not_decode_is_named() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), "a/1.png", 2, 2, [10; 3]);
        std::fs::write(folder.path().join("a/2.png"), "not an image").unwrap();
        let error = read(image_folder(folder.path())).await.unwrap_err();
        assert!(matches!(&error, DataError::Unreadable { path, .. } if path.ends_with("a/2.png")), "{error}");
        let error = read(image_folder(folder.path().join("none"))).await.unwrap_err();
        assert!(matches!(error, DataError::Missing { .. }), "{error}");
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(read(image_folder(empty.path())).await, Err(DataError::Empty { .. })));
    }
}
