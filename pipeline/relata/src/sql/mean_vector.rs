//! Mean of vectors: the aggregate function `mean_vector(vectors)`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type, UInt64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, TypeSignature, Volatility,
};

const NAME: &str = "mean_vector";

/// The aggregate function. Its argument is a column of vectors of one length (FixedSizeList of numbers), its result such
/// a vector of 32-bit floats. Rows without a vector do not count; without any row the mean is null. Sums are in 64 bits.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MeanVector(Signature);

impl MeanVector {
    /// The function.
    pub fn new() -> Self {
        Self(Signature::new(TypeSignature::UserDefined, Volatility::Immutable))
    }
}

impl AggregateUDFImpl for MeanVector {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [DataType::FixedSizeList(item, width)] if *width > 0 && item.data_type().is_numeric() => {
                let item = item.as_ref().clone().with_data_type(DataType::Float32);
                Ok(vec![DataType::FixedSizeList(item.into(), *width)])
            }
            _ => {
                let found: Vec<String> = types.iter().map(ToString::to_string).collect();
                let expected =
                    "takes one column of vectors of one length, such as `embedding` (FixedSizeList of numbers)";
                Err(DataFusionError::Plan(format!("{NAME} {expected}, but was given {}", found.join(", "))))
            }
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [DataType::FixedSizeList(_, width)] => Ok(vectors(DataType::Float32, *width)),
            _ => Err(DataFusionError::Internal(format!("{NAME} has types that were not coerced: {types:?}"))),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let sums = vectors(DataType::Float64, width(args.return_field.data_type())? as i32);
        let count = Field::new(format_state_name(args.name, "count"), DataType::UInt64, false);
        Ok(vec![count.into(), Field::new(format_state_name(args.name, "sums"), sums, false).into()])
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single(Sums::new(width(args.return_field.data_type())?))))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Sums::new(width(args.return_field.data_type())?)))
    }
}

fn vectors(number: DataType, width: i32) -> DataType {
    DataType::FixedSizeList(Field::new("item", number, false).into(), width)
}

fn width(vectors: &DataType) -> Result<usize> {
    match vectors {
        DataType::FixedSizeList(_, width) => Ok(*width as usize),
        other => Err(DataFusionError::Internal(format!("{NAME} of {other}"))),
    }
}

/// The vectors of every group so far.
#[derive(Debug)]
struct Sums {
    width: usize,
    counts: Vec<u64>,
    sums: Vec<f64>,
}

impl Sums {
    fn new(width: usize) -> Self {
        Self { width, counts: vec![], sums: vec![] }
    }

    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
        self.sums.resize(groups * self.width, 0.0);
    }

    /// Adds the vectors of a batch to their groups.
    fn add(
        &mut self,
        list: &FixedSizeListArray,
        group: impl Fn(usize) -> usize,
        take: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let values = list.values().as_primitive::<Float32Type>();
        let nulls = values.nulls().filter(|nulls| nulls.null_count() > 0);
        let first = list.value_offset(0) as usize;
        for (row, numbers) in values.values()[first..].chunks_exact(self.width).take(list.len()).enumerate() {
            if list.is_null(row) || !take(row) {
                continue;
            }
            if nulls.is_some_and(|nulls| nulls.slice(first + row * self.width, self.width).null_count() > 0) {
                let hint = "a vector has a number that is null; drop its row, for instance";
                return Err(DataFusionError::Execution(format!("{NAME}: {hint}")));
            }
            let group = group(row);
            self.counts[group] += 1;
            let sums = &mut self.sums[group * self.width..][..self.width];
            sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += f64::from(*number));
        }
        Ok(())
    }

    /// Adds what other accumulators have gathered.
    fn merge(&mut self, states: &[ArrayRef], group: impl Fn(usize) -> usize) {
        let counts = states[0].as_primitive::<UInt64Type>().values();
        let list = states[1].as_fixed_size_list();
        let values = &list.values().as_primitive::<Float64Type>().values()[list.value_offset(0) as usize..];
        for (row, (count, numbers)) in counts.iter().zip(values.chunks_exact(self.width)).enumerate() {
            let group = group(row);
            self.counts[group] += count;
            let sums = &mut self.sums[group * self.width..][..self.width];
            sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        }
    }

    /// Takes counts and sums out.
    fn take(&mut self, emit: EmitTo) -> (Vec<u64>, Vec<f64>) {
        let numbers = match emit {
            EmitTo::All => EmitTo::All,
            EmitTo::First(groups) => EmitTo::First(groups * self.width),
        };
        (emit.take_needed(&mut self.counts), numbers.take_needed(&mut self.sums))
    }

    fn means(&mut self, emit: EmitTo) -> Result<FixedSizeListArray> {
        let (counts, sums) = self.take(emit);
        let means = sums.chunks_exact(self.width).zip(&counts);
        // A group without a vector has some number, which its null hides.
        let means = means.flat_map(|(sums, &count)| sums.iter().map(move |sum| (sum / count.max(1) as f64) as f32));
        let nulls = NullBuffer::from_iter(counts.iter().map(|&count| count > 0));
        let item = Field::new("item", DataType::Float32, false);
        let means = Arc::new(Float32Array::from_iter_values(means));
        Ok(FixedSizeListArray::try_new(item.into(), self.width as i32, means, Some(nulls))?)
    }

    fn states(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (counts, sums) = self.take(emit);
        let item = Field::new("item", DataType::Float64, false);
        let sums = Arc::new(Float64Array::from(sums));
        let sums = FixedSizeListArray::try_new(item.into(), self.width as i32, sums, None)?;
        Ok(vec![Arc::new(UInt64Array::from(counts)), Arc::new(sums)])
    }
}

/// Whether a filter lets a row through.
fn passes(filter: Option<&BooleanArray>) -> impl Fn(usize) -> bool {
    move |row| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl GroupsAccumulator for Sums {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.resize(total);
        self.add(values[0].as_fixed_size_list(), |row| groups[row], passes(filter))
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(self.means(emit)?))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.states(emit)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.resize(total);
        self.merge(states, |row| groups[row]);
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut each = Self::new(self.width);
        each.resize(values[0].len());
        each.add(values[0].as_fixed_size_list(), |row| row, passes(filter))?;
        each.states(EmitTo::All)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + 8 * (self.counts.capacity() + self.sums.capacity())
    }
}

/// All rows as one group.
#[derive(Debug)]
struct Single(Sums);

impl Accumulator for Single {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.resize(1);
        self.0.add(values[0].as_fixed_size_list(), |_| 0, |_| true)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.resize(1);
        Ok(ScalarValue::FixedSizeList(Arc::new(self.0.means(EmitTo::All)?)))
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.resize(1);
        self.0.states(EmitTo::All)?.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.resize(1);
        self.0.merge(states, |_| 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::query;
    use super::super::session::session;
    use super::*;
    use crate::fixture;

    async fn means(rows: &[(u64, [f32; 2])], text: &str) -> std::result::Result<Vec<Option<Vec<f32>>>, String> {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        fixture::embeddings(&run, rows);
        let session = session(&[run]).await.unwrap();
        let frame = query(&session, text).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let vector = |list: &FixedSizeListArray, row| {
            (!list.is_null(row)).then(|| list.value(row).as_primitive::<Float32Type>().values().to_vec())
        };
        let lists = batches.iter().map(|batch| batch["mean"].as_fixed_size_list());
        Ok(lists.flat_map(|list| (0..list.len()).map(|row| vector(list, row)).collect::<Vec<_>>()).collect())
    }

    #[tokio::test]
    async fn means_of_groups_of_all_and_of_none() {
        let rows: Vec<(u64, [f32; 2])> = (0..20_000).map(|id| (id, [id as f32, (id % 2) as f32])).collect();
        for (text, expected) in [
            (
                "SELECT mean_vector(embedding) AS mean FROM embeddings GROUP BY id % 2 ORDER BY id % 2",
                vec![Some(vec![9999.0, 0.0]), Some(vec![10_000.0, 1.0])],
            ),
            ("SELECT mean_vector(embedding) AS mean FROM embeddings", vec![Some(vec![9999.5, 0.5])]),
            ("SELECT mean_vector(embedding) FILTER (WHERE id < 2) AS mean FROM embeddings", vec![Some(vec![0.5, 0.5])]),
            ("SELECT mean_vector(embedding) AS mean FROM embeddings WHERE id > 20000", vec![None]),
        ] {
            assert_eq!(means(&rows, text).await.unwrap(), expected, "{text}");
        }
        // So many groups that the first stage gives up gathering them.
        let text = "SELECT mean_vector(embedding) AS mean FROM embeddings GROUP BY id ORDER BY id";
        let all = means(&rows, text).await.unwrap();
        assert!(
            all.len() == rows.len() && all.iter().zip(&rows).all(|(mean, row)| mean.as_deref() == Some(&row.1[..]))
        );
    }

    #[tokio::test]
    async fn other_columns_are_refused() {
        let error = means(&[(0, [1.0, 2.0])], "SELECT mean_vector(id) AS mean FROM embeddings").await.unwrap_err();
        assert!(error.contains("vectors of one length") && error.contains("UInt64"), "{error}");
    }
}
