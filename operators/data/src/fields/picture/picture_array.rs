//! Picture array: a batch's column of pictures, whether it holds paths, bytes, or both as Hugging Face writes them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray, LargeBinaryBuilder, LargeStringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use relata_schemas::SchemaError;

use crate::Result;
use crate::fields::convert::is_text;
use crate::input_file::read_whole;
use crate::object_store::is_address;

/// The members of a struct of pictures.
const BYTES: &str = "bytes";
const PATH: &str = "path";

/// The pictures of a batch.
pub(crate) struct PictureArray {
    folder: PathBuf,
    bytes: Option<LargeBinaryArray>,
    paths: Option<LargeStringArray>,
}

impl PictureArray {
    /// Whether a column is a struct of the bytes and the path of a picture.
    pub fn is_struct(data_type: &DataType) -> bool {
        let DataType::Struct(members) = data_type else { return false };
        members.iter().any(|member| member.name() == BYTES && is_binary(member.data_type()))
            && members.iter().all(|member| [BYTES, PATH].contains(&member.name().as_str()))
    }

    /// Whether a column holds bytes that may be those of pictures.
    pub fn is_binary(data_type: &DataType) -> bool {
        is_binary(data_type)
    }

    /// The type in which a column is kept: paths as text, everything else as bytes. Refuses columns of other types.
    pub fn kept_type(table: &str, column: &Field) -> Result<DataType> {
        match column.data_type() {
            text if is_text(text) => Ok(DataType::LargeUtf8),
            other if is_binary(other) || Self::is_struct(other) => Ok(DataType::LargeBinary),
            other => {
                let expected = "paths of pictures, their bytes, or a struct of `bytes` and `path`";
                let hint =
                    "Name a column of pictures in `image(..)`; a list of numbers is an image with `.shape([..])`.";
                Err(SchemaError::column(table, column.name(), expected, other.to_string(), hint).into())
            }
        }
    }

    /// The pictures of a column; paths are relative to `folder`.
    pub fn new(column: &ArrayRef, folder: &Path) -> Result<Self> {
        let folder = folder.to_path_buf();
        let text =
            |array: &ArrayRef| -> Result<_> { Ok(cast(array, &DataType::LargeUtf8)?.as_string::<i64>().clone()) };
        let binary =
            |array: &ArrayRef| -> Result<_> { Ok(cast(array, &DataType::LargeBinary)?.as_binary::<i64>().clone()) };
        match column.data_type() {
            data_type if is_text(data_type) => Ok(Self { folder, bytes: None, paths: Some(text(column)?) }),
            DataType::Struct(_) => {
                // A row that is null has null members once its own nulls are theirs, too.
                let members = column.as_struct();
                let member = |name| {
                    let member = members.column_by_name(name)?;
                    Some(arrow::compute::nullif(member, &arrow::compute::is_null(column).ok()?))
                };
                let bytes = member(BYTES).transpose()?.map(|array| binary(&array)).transpose()?;
                let paths = member(PATH).transpose()?.map(|array| text(&array)).transpose()?;
                Ok(Self { folder, bytes, paths })
            }
            _ => Ok(Self { folder, bytes: Some(binary(column)?), paths: None }),
        }
    }

    /// The path of the picture in a row, if it has one.
    pub fn path(&self, row: usize) -> Option<&str> {
        self.paths.as_ref().filter(|paths| paths.is_valid(row)).map(|paths| paths.value(row))
    }

    /// The encoded picture in a row, none if there is none; or why its file cannot be read.
    pub fn bytes(&self, row: usize) -> Result<Option<Cow<'_, [u8]>>, String> {
        if let Some(bytes) = self.bytes.as_ref().filter(|bytes| bytes.is_valid(row)) {
            return Ok(Some(bytes.value(row).into()));
        }
        let Some(path) = self.path(row).filter(|path| !path.trim().is_empty()) else { return Ok(None) };
        let bytes = read_picture(&self.folder, path).map_err(|error| error.to_string())?;
        Ok(Some(bytes.into()))
    }

    /// The column as it is kept: of the rows to keep, paths where there are only paths, else bytes; null in the others.
    pub fn kept(self, keep: &[bool]) -> Result<ArrayRef> {
        match (&self.bytes, &self.paths) {
            (None, Some(paths)) => Ok(Arc::new(paths.clone())),
            (Some(bytes), None) => Ok(Arc::new(bytes.clone())),
            (Some(bytes), Some(_)) if (0..bytes.len()).all(|row| bytes.is_valid(row) || self.path(row).is_none()) => {
                Ok(Arc::new(bytes.clone()))
            }
            _ => {
                let mut all = LargeBinaryBuilder::new();
                for (row, &keep) in keep.iter().enumerate() {
                    all.append_option(if keep { self.bytes(row).unwrap_or_default() } else { None });
                }
                Ok(Arc::new(all.finish()))
            }
        }
    }
}

/// The file of a picture, whose path is relative to the folder, or an address.
pub(crate) fn read_picture(folder: &Path, path: &str) -> Result<Vec<u8>> {
    read_whole(&if is_address(Path::new(path)) { path.into() } else { folder.join(path) })
}

fn is_binary(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_))
}
