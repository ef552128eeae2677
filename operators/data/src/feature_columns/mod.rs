//! Feature columns: from the columns that hold the features to rows of one shape and one number type.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, OffsetSizeTrait, RecordBatch, UInt8Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type, Schema};
use relata_schemas::features::first_not_finite;
use relata_schemas::samples::{LABEL, SPLIT};
use relata_schemas::{Element, FeatureShape, SchemaError};
use serde_json::{Value, json};

use crate::Result;
use crate::nested_lists::{flatten, leaf};

/// Rows that are interleaved at a time, so that the tile stays in the cache.
const TILE: usize = 32;

/// Arrow's extension type of tensors, and the keys of a field's metadata that say so.
const TENSOR: &str = "arrow.fixed_shape_tensor";
const EXTENSION_TYPE_NAME_KEY: &str = "ARROW:extension:name";
const EXTENSION_TYPE_METADATA_KEY: &str = "ARROW:extension:metadata";

/// The chosen columns. Bytes in lists and tensors stay bytes; every other number becomes a 32-bit float.
pub(crate) struct FeatureColumns {
    table: String,
    /// Positions in the table.
    pub(crate) columns: Vec<usize>,
    names: Vec<String>,
    list: bool,
    shape: Option<FeatureShape>,
    images: Option<Images>,
}

/// Numbers that are asked to be images.
#[derive(Clone, Copy)]
struct Images {
    dims: [usize; 3],
    /// Whether they are whole numbers, which stand for bytes.
    bytes: bool,
}

impl FeatureColumns {
    /// Finds the columns: those asked for, else the only tensor or fixed-size list of numbers, else the only list of
    /// numbers, else all numeric columns but the id, `label` and `split`.
    pub(crate) fn choose(table: &str, schema: &Schema, asked: &[String], id: Option<usize>) -> Result<Self> {
        let columns = match asked {
            [] => guess(table, schema, id)?,
            asked => asked.iter().map(|name| position(table, schema, name)).collect::<Result<_>>()?,
        };
        let names: Vec<String> = columns.iter().map(|&at| schema.field(at).name().clone()).collect();
        let list = columns.len() == 1 && is_list(schema.field(columns[0]).data_type());
        if !list && let Some(&at) = columns.iter().find(|&&at| !is_number(schema.field(at).data_type())) {
            let expected = match asked.len() {
                0 | 1 => "a tensor, a list of numbers of one length, or a number",
                _ => "a number: several columns make up the vector",
            };
            let field = schema.field(at);
            let hint = "Name other columns with `.features(..)` or `.feature_columns([..])`.";
            return Err(SchemaError::column(table, field.name(), expected, field.data_type().to_string(), hint).into());
        }
        let shape = match list {
            true => fixed_shape(table, schema.field(columns[0]))?,
            false => Some(FeatureShape::vector(columns.len())),
        };
        Ok(Self { table: table.to_owned(), columns, names, list, shape, images: None })
    }

    /// The numbers as images of (channels, height, width); whole numbers are bytes.
    pub(crate) fn into_images(self, schema: &Schema, dims: [usize; 3]) -> Result<Self> {
        let whole = |&at: &usize| {
            let data_type = schema.field(at).data_type();
            leaf(data_type).map_or(data_type, |(of, _)| of).is_integer()
        };
        let bytes = self.columns.iter().all(whole);
        if dims.contains(&0) {
            return Err(crate::DataError::setting(self.table, "shape", "at least 1 x 1 x 1", format!("{dims:?}")));
        }
        Ok(Self { images: Some(Images { dims, bytes }), ..self })
    }

    /// The features of a batch and their shape, which is the same for all batches.
    pub(crate) fn convert(&mut self, batch: &RecordBatch, first_row: u64) -> Result<(FeatureShape, ArrayRef)> {
        let (shape, features) = match self.list {
            true => self.convert_list(batch.column(self.columns[0]), first_row)?,
            false => self.convert_numbers(batch, first_row)?,
        };
        let Some(Images { dims: [channels, height, width], bytes }) = self.images else { return Ok((shape, features)) };
        let len = shape.len();
        if channels.checked_mul(height).and_then(|plane| plane.checked_mul(width)) != Some(len) {
            let expected =
                format!("{channels} x {height} x {width} numbers, as `.shape([{channels}, {height}, {width}])` says");
            let hint = "Name the shape that the numbers have, or other columns with `.feature_columns([..])`.";
            let name = if self.list { &self.names[0] } else { "features" };
            return Err(SchemaError::column(&self.table, name, expected, len.to_string(), hint).into());
        }
        if !bytes || shape.element == Element::U8 {
            return Ok((FeatureShape::image(channels, height, width, shape.element), features));
        }
        let floats = features.as_fixed_size_list().values().as_primitive::<Float32Type>().values();
        if let Some(at) = floats.iter().position(|number| !(0.0..=255.0).contains(number)) {
            let column = if self.list { 0 } else { at % len };
            let hint = "Cast the column to floats, which are taken as they are.";
            let row = first_row + (at / len) as u64;
            return Err(self.wrong(column, row, "a byte of an image, 0 to 255", floats[at].to_string(), hint));
        }
        let pixels = UInt8Array::from_iter_values(floats.iter().map(|&number| number as u8));
        let item = Field::new("item", DataType::UInt8, false);
        let list = FixedSizeListArray::try_new(item.into(), len as i32, Arc::new(pixels), None)?;
        Ok((FeatureShape::image(channels, height, width, Element::U8), Arc::new(list)))
    }

    /// Lists of lists as images of one channel, lists of these as images of several.
    fn convert_nested(&mut self, column: &ArrayRef, depth: usize, first_row: u64) -> Result<(FeatureShape, ArrayRef)> {
        let hint = "Cut or pad the lists to one shape, or lay them out flat.";
        if depth > 3 {
            let (expected, found) = ("lists nested at most 3 deep: channels, height, width", depth.to_string());
            return Err(self.wrong(0, first_row, expected, found, hint));
        }
        let known = self.shape.as_ref().map(|shape| shape.dims[3 - depth..].to_vec());
        let (flat, dims) = flatten(column, known.as_deref())
            .map_err(|uneven| self.wrong(0, first_row + uneven.row as u64, &uneven.expected, uneven.found, hint))?;
        let (FeatureShape { element, .. }, features) = self.convert_list(&flat, first_row)?;
        let shape = match dims[..] {
            [channels, height, width] => FeatureShape::image(channels, height, width, element),
            _ => FeatureShape::image(1, dims[0], *dims.last().unwrap_or(&1), element),
        };
        self.shape = Some(shape.clone());
        Ok((shape, features))
    }

    fn convert_list(&mut self, column: &ArrayRef, first_row: u64) -> Result<(FeatureShape, ArrayRef)> {
        if let Some((_, depth @ 2..)) = leaf(column.data_type()) {
            return self.convert_nested(column, depth, first_row);
        }
        self.refuse_null(0, column, 1, first_row)?;
        let (width, values) = match column.data_type() {
            DataType::FixedSizeList(_, width) => (*width as usize, column.as_fixed_size_list().values().clone()),
            DataType::LargeList(_) => self.one_width::<i64>(column, first_row)?,
            _ => self.one_width::<i32>(column, first_row)?,
        };
        self.refuse_null(0, &values, width, first_row)?;
        let element = element(values.data_type());
        let values = cast(&values, &element.data_type())?;
        if element == Element::F32 {
            self.refuse_not_finite(0, values.as_primitive::<Float32Type>().values(), width, first_row)?;
        }
        let shape = self.shape.get_or_insert_with(|| FeatureShape { dims: vec![width], element, fields: vec![] });
        let item = Field::new("item", element.data_type(), false);
        Ok((shape.clone(), Arc::new(FixedSizeListArray::try_new(item.into(), width as i32, values, None)?)))
    }

    /// The values of a list column whose rows are all as long as the first row of the table.
    fn one_width<O: OffsetSizeTrait>(&self, column: &ArrayRef, first_row: u64) -> Result<(usize, ArrayRef)> {
        let list = column.as_list::<O>();
        let offsets = list.value_offsets();
        let width = match &self.shape {
            Some(shape) => shape.len(),
            None => (offsets[1] - offsets[0]).as_usize(),
        };
        for (row, ends) in offsets.windows(2).enumerate() {
            let found = (ends[1] - ends[0]).as_usize();
            if found != width || width == 0 {
                let expected = format!("{} numbers, as in row 0", width.max(1));
                return Err(self.wrong(
                    0,
                    first_row + row as u64,
                    &expected,
                    found.to_string(),
                    "Cut or pad the vectors to one length.",
                ));
            }
        }
        let start = offsets[0].as_usize();
        Ok((width, list.values().slice(start, offsets[list.len()].as_usize() - start)))
    }

    fn convert_numbers(&self, batch: &RecordBatch, first_row: u64) -> Result<(FeatureShape, ArrayRef)> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (nth, &at) in self.columns.iter().enumerate() {
            let numbers = cast(batch.column(at), &DataType::Float32)?;
            self.refuse_null(nth, &numbers, 1, first_row)?;
            self.refuse_not_finite(nth, numbers.as_primitive::<Float32Type>().values(), 1, first_row)?;
            columns.push(numbers);
        }
        let columns: Vec<&[f32]> = columns.iter().map(|c| &c.as_primitive::<Float32Type>().values()[..]).collect();
        let width = columns.len();
        let mut rows = vec![0.0; batch.num_rows() * width];
        for (tile, out) in rows.chunks_mut(TILE * width).enumerate() {
            for (at, column) in columns.iter().enumerate() {
                for (row, &value) in out.chunks_exact_mut(width).zip(&column[tile * TILE..]) {
                    row[at] = value;
                }
            }
        }
        let item = Field::new("item", DataType::Float32, false);
        let values = Arc::new(Float32Array::from(rows));
        let list = FixedSizeListArray::try_new(item.into(), width as i32, values, None)?;
        Ok((FeatureShape::vector(width), Arc::new(list)))
    }

    fn refuse_null(&self, column: usize, values: &ArrayRef, width: usize, first_row: u64) -> Result<()> {
        if values.null_count() == 0 {
            return Ok(());
        }
        let at = (0..values.len()).find(|&at| values.is_null(at)).unwrap_or_default();
        let hint = "Fill the value in or drop the row.";
        Err(self.wrong(column, first_row + (at / width) as u64, "a number", "null".to_owned(), hint))
    }

    fn refuse_not_finite(&self, column: usize, values: &[f32], width: usize, first_row: u64) -> Result<()> {
        let Some(at) = first_not_finite(values) else { return Ok(()) };
        let hint = "Fill the value in, scale it, or drop the row.";
        let row = first_row + (at / width) as u64;
        Err(self.wrong(column, row, "a finite 32-bit number", values[at].to_string(), hint))
    }

    fn wrong(&self, column: usize, row: u64, expected: &str, found: String, hint: &str) -> crate::DataError {
        SchemaError::column(&self.table, &self.names[column], expected, found, hint).at_row(row).into()
    }
}

/// The position of a column, or an error that lists the columns there are.
pub(crate) fn position(table: &str, schema: &Schema, name: &str) -> Result<usize> {
    schema.index_of(name).map_err(|_| {
        let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let found = format!("only the columns {}", names.join(", "));
        SchemaError::column(
            table,
            name,
            "a column of this name",
            found,
            "Check the spelling, upper and lower case too.",
        )
        .into()
    })
}

fn guess(table: &str, schema: &Schema, id: Option<usize>) -> Result<Vec<usize>> {
    let fields = || schema.fields().iter().enumerate().filter(|&(at, _)| Some(at) != id);
    let of = |wanted: &dyn Fn(&Field) -> bool| -> Vec<usize> {
        fields().filter(|(_, field)| wanted(field)).map(|(at, _)| at).collect()
    };
    let fixed = of(&|field| matches!(field.data_type(), DataType::FixedSizeList(..)) && is_list(field.data_type()));
    let lists = if fixed.is_empty() { of(&|field| is_list(field.data_type())) } else { fixed };
    let names = |columns: &[usize]| -> String {
        let names: Vec<_> = columns.iter().map(|&at| schema.field(at).name().as_str()).collect();
        names.join(", ")
    };
    match lists.len() {
        0 => {}
        1 => return Ok(lists),
        _ => {
            let hint = "Name one of them with `.features(..)`.";
            let found = format!("{} of them: {}", lists.len(), names(&lists));
            return Err(SchemaError::column(table, "features", "one column of vectors or tensors", found, hint).into());
        }
    }
    let numbers = of(&|field| is_number(field.data_type()) && ![LABEL, SPLIT].contains(&field.name().as_str()));
    if numbers.is_empty() {
        let all: Vec<usize> = fields().map(|(at, _)| at).collect();
        let expected = "a column of vectors or tensors, or numeric columns besides the id, `label` and `split`";
        let hint = "Add the features, or name them with `.features(..)` or `.feature_columns([..])`.";
        return Err(SchemaError::column(table, "features", expected, format!("only {}", names(&all)), hint).into());
    }
    Ok(numbers)
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => values.is_numeric(),
        other => other.is_numeric(),
    }
}

pub(crate) fn is_list(data_type: &DataType) -> bool {
    leaf(data_type).is_some()
}

fn element(data_type: &DataType) -> Element {
    if data_type == &DataType::UInt8 { Element::U8 } else { Element::F32 }
}

/// The shape that a fixed-size list declares. The field is rebuilt in its strictest form first, because writers differ
/// in the nullability of the items and in the optional keys of the tensor metadata.
fn fixed_shape(table: &str, field: &Field) -> Result<Option<FeatureShape>> {
    let DataType::FixedSizeList(item, width) = field.data_type() else { return Ok(None) };
    if !item.data_type().is_numeric() {
        return Ok(None);
    }
    let item = Field::new("item", element(item.data_type()).data_type(), false);
    let mut strict = Field::new(field.name(), DataType::FixedSizeList(item.into(), *width), false);
    if field.extension_type_name() == Some(TENSOR) {
        let text = field.extension_type_metadata().unwrap_or_default();
        let wrong = |expected: &str| {
            let hint = "Write the tensors as channels x height x width in row-major order.";
            SchemaError::column(table, field.name(), expected, text, hint)
        };
        let metadata: Value = serde_json::from_str(text).unwrap_or_default();
        let order = metadata["permutation"].as_array().or(metadata["permutations"].as_array());
        if order.is_some_and(|order| order.iter().enumerate().any(|(at, axis)| axis.as_u64() != Some(at as u64))) {
            return Err(wrong("a tensor without a permutation of its axes").into());
        }
        let dims: Option<Vec<u64>> =
            metadata["shape"].as_array().and_then(|dims| dims.iter().map(Value::as_u64).collect());
        if dims.and_then(|dims| dims.into_iter().try_fold(1, u64::checked_mul)) != Some(*width as u64) {
            return Err(wrong(&format!("tensor metadata with the shape of {width} numbers")).into());
        }
        let shape = json!({ "shape": metadata["shape"] }).to_string();
        strict.set_metadata(HashMap::from([
            (EXTENSION_TYPE_NAME_KEY.to_owned(), TENSOR.to_owned()),
            (EXTENSION_TYPE_METADATA_KEY.to_owned(), shape),
        ]));
    }
    Ok(Some(FeatureShape::of_field(table, &strict)?))
}
