//! The shape of a sample's features: a vector, or an image of channels x height x width
//! (`arrow.fixed_shape_tensor` over a FixedSizeList of Float32 or UInt8).

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field};
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY, ExtensionType, FixedShapeTensor};

use crate::SchemaError;

/// The number type of the features; UInt8 stands for 0..=255 and is scaled to [0, 1] when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// 32-bit floats, taken as they are.
    F32,
    /// Bytes, scaled by 1/255.
    U8,
}

impl Element {
    /// Bytes per number.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::U8 => 1,
        }
    }

    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::F32 => DataType::Float32,
            Self::U8 => DataType::UInt8,
        }
    }
}

/// How a column of a table enters a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldShape {
    /// The column.
    pub name: String,
    /// Numbers that stand for its value.
    pub numbers: usize,
    /// Numbers that its n-grams are hashed into, for encoders that read numbers only.
    pub hashed: usize,
    /// Whether its n-grams are a bag of tokens.
    pub bag: bool,
    /// (channels, height, width) of a picture, whose pixels come first among its numbers.
    pub image: Option<(usize, usize, usize)>,
}

/// Dimensions and number type of one sample's features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureShape {
    /// `[d]` for a vector, `[channels, height, width]` for an image; every dimension is above 0.
    pub dims: Vec<usize>,
    /// The stored number type.
    pub element: Element,
    /// The columns of a table that a sample is made of; none if it is a vector or an image. A sample's numbers are those
    /// of every column one after another, then what the n-grams of every text are hashed into.
    pub fields: Vec<FieldShape>,
}

impl FeatureShape {
    /// A vector of `width` floats.
    ///
    /// ```
    /// use relata_schemas::FeatureShape;
    ///
    /// assert_eq!(FeatureShape::vector(64).len(), 64);
    /// ```
    pub fn vector(width: usize) -> Self {
        Self { dims: vec![width], element: Element::F32, fields: vec![] }
    }

    /// An image.
    ///
    /// ```
    /// use relata_schemas::{Element, FeatureShape};
    ///
    /// let shape = FeatureShape::image(1, 28, 28, Element::U8);
    /// assert_eq!((shape.len(), shape.as_image()), (784, Some((1, 28, 28))));
    /// ```
    pub fn image(channels: usize, height: usize, width: usize, element: Element) -> Self {
        Self { dims: vec![channels, height, width], element, fields: vec![] }
    }

    /// A row of a table.
    ///
    /// ```
    /// use relata_schemas::{FeatureShape, FieldShape};
    ///
    /// let name = FieldShape { name: "name".into(), numbers: 0, hashed: 64, bag: true, image: None };
    /// let age = FieldShape { name: "age".into(), numbers: 1, hashed: 0, bag: true, image: None };
    /// let shape = FeatureShape::table(vec![name, age]);
    /// assert_eq!((shape.len(), shape.numbers(), shape.bags()), (65, 1, 2));
    /// ```
    pub fn table(fields: Vec<FieldShape>) -> Self {
        let width = fields.iter().map(|field| field.numbers + field.hashed).sum();
        Self { dims: vec![width], element: Element::F32, fields }
    }

    /// Whether a sample is a row of a table, whose columns are known one by one.
    pub fn is_table(&self) -> bool {
        !self.fields.is_empty()
    }

    /// How many of a sample's numbers are not n-grams; they come first.
    pub fn numbers(&self) -> usize {
        if self.is_table() { self.fields.iter().map(|field| field.numbers).sum() } else { self.len() }
    }

    /// How many bags of tokens a sample has.
    pub fn bags(&self) -> usize {
        self.fields.iter().filter(|field| field.bag).count()
    }

    /// How many numbers a sample has.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// `(channels, height, width)` if the sample is an image.
    pub fn as_image(&self) -> Option<(usize, usize, usize)> {
        match self.dims[..] {
            [c, h, w] => Some((c, h, w)),
            _ => None,
        }
    }

    /// Reads the shape off a column: a fixed-shape tensor, or a plain FixedSizeList as a vector.
    /// A tensor of two dimensions is an image of one channel. `table` names the source in errors.
    pub fn of_field(table: &str, field: &Field) -> Result<Self, SchemaError> {
        let wrong = |found: String| {
            SchemaError::column(
                table,
                field.name(),
                "a FixedSizeList of Float32 or UInt8, or an arrow.fixed_shape_tensor over one",
                found,
                "Store the features as vectors of one length.",
            )
        };
        let (item, len) = match field.data_type() {
            DataType::FixedSizeList(item, len) if *len > 0 => (item, *len as usize),
            other => return Err(wrong(other.to_string())),
        };
        let element = match item.data_type() {
            DataType::Float32 => Element::F32,
            DataType::UInt8 => Element::U8,
            other => return Err(wrong(format!("a FixedSizeList of {other}"))),
        };
        let dims = match field.extension_type_name() {
            Some(FixedShapeTensor::NAME) => {
                tensor_dims(field).ok_or_else(|| wrong("tensor metadata without a shape".to_owned()))?
            }
            _ => vec![len],
        };
        let dims = match dims[..] {
            [h, w] => vec![1, h, w],
            _ => dims,
        };
        let shape = Self { dims, element, fields: vec![] };
        // Dimensions from a file may be so large that their product wraps around.
        let product = shape.dims.iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim));
        if product != Some(len) || !matches!(shape.dims.len(), 1 | 3) {
            return Err(wrong(format!("tensor dimensions {:?} over {len} numbers", shape.dims)));
        }
        Ok(shape)
    }

    /// The field that carries this shape: a FixedSizeList, marked as a fixed-shape tensor if it is an image.
    pub fn field(&self, name: &str) -> Field {
        let item = Field::new("item", self.element.data_type(), false);
        let field = Field::new(name, DataType::FixedSizeList(item.into(), self.len() as i32), false);
        if self.as_image().is_none() {
            return field;
        }
        // Written by hand: arrow's own writer adds a null that its reader then refuses.
        let shape = format!("{{\"shape\":{:?}}}", self.dims);
        field.with_metadata(HashMap::from([
            (EXTENSION_TYPE_NAME_KEY.to_owned(), FixedShapeTensor::NAME.to_owned()),
            (EXTENSION_TYPE_METADATA_KEY.to_owned(), shape),
        ]))
    }
}

impl std::fmt::Display for FeatureShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_table() {
            let names: Vec<_> = self.fields.iter().map(|field| field.name.as_str()).collect();
            return write!(f, "{} columns ({})", names.len(), names.join(", "));
        }
        let dims: Vec<_> = self.dims.iter().map(usize::to_string).collect();
        write!(f, "{} {}", dims.join(" x "), self.element.data_type())
    }
}

/// The `shape` array in the field's `arrow.fixed_shape_tensor` metadata, which arrow does not hand out.
fn tensor_dims(field: &Field) -> Option<Vec<usize>> {
    let metadata = field.extension_type_metadata()?;
    let list = metadata.split_once("\"shape\"")?.1.split_once('[')?.1.split_once(']')?.0;
    list.split(',').map(|dim| dim.trim().parse().ok()).collect()
}

/// Position of the first NaN or infinity.
pub fn first_not_finite(values: &[f32]) -> Option<usize> {
    values.iter().position(|v| !v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_survives_the_field_it_writes() {
        for shape in [FeatureShape::vector(7), FeatureShape::image(3, 4, 5, Element::U8)] {
            assert_eq!(FeatureShape::of_field("t", &shape.field("x")).unwrap(), shape);
        }
    }

    #[test]
    fn other_types_are_refused_with_what_was_found() {
        let error = FeatureShape::of_field("t", &Field::new("x", DataType::Utf8, false)).unwrap_err();
        assert_eq!((error.column.as_str(), error.found.as_str()), ("x", "Utf8"));
        let wrapping = format!("{{\"shape\":[{0},{0},4]}}", (1_u64 << 63) + 1);
        let metadata = [(EXTENSION_TYPE_NAME_KEY, FixedShapeTensor::NAME), (EXTENSION_TYPE_METADATA_KEY, &wrapping)];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let field = FeatureShape::vector(4).field("x").with_metadata(HashMap::from(metadata));
        assert!(FeatureShape::of_field("t", &field).unwrap_err().found.contains("over 4 numbers"));
    }
}
