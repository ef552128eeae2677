//! JSON numbers: those that JSON does not have (NaN and the infinities) are written as text, not as null.

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, FieldRef, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder};

/// Writes `"NaN"`, `"Infinity"` and `"-Infinity"` where a column has such numbers, and everything else as usual.
#[derive(Debug)]
pub(super) struct JsonNumbers;

impl EncoderFactory for JsonNumbers {
    fn make_default_encoder<'a>(
        &self,
        _: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        Ok(match array.data_type() {
            DataType::Float32 => of_column(array.as_primitive::<Float32Type>()),
            DataType::Float64 => of_column(array.as_primitive::<Float64Type>()),
            _ => None,
        })
    }
}

/// Nothing for a column in which every number is one of JSON's.
fn of_column<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>) -> Option<NullableEncoder<'_>>
where
    T::Native: Into<f64> + serde::Serialize,
{
    let has_others = column.iter().flatten().any(|number| !number.into().is_finite());
    has_others.then(|| NullableEncoder::new(Box::new(Column(column)), column.nulls().cloned()))
}

struct Column<'a, T: ArrowPrimitiveType>(&'a PrimitiveArray<T>);

impl<T: ArrowPrimitiveType> Encoder for Column<'_, T>
where
    T::Native: Into<f64> + serde::Serialize,
{
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let number = self.0.value(row);
        match number.into() {
            finite if finite.is_finite() => {
                // Writing to memory cannot fail, and neither can a number that is finite.
                let _ = serde_json::to_writer(out, &number);
            }
            nan if nan.is_nan() => out.extend_from_slice(br#""NaN""#),
            positive if positive > 0.0 => out.extend_from_slice(br#""Infinity""#),
            _ => out.extend_from_slice(br#""-Infinity""#),
        }
    }
}
