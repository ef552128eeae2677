//! Extended samples: those of a run, and after them those of another dataset, read by what was learned of the first.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt64Array, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{Field, UInt64Type};
use relata_schemas::samples::{ID, SOURCE_ID};
use relata_schemas::skipped::SKIPPED;
use relata_schemas::{SchemaError, run_file};

use super::dataset::Dataset;
use super::ingest::OpenDataset;
use super::samples::Samples;
use crate::id_index::IdIndex;
use crate::sink::ParquetSink;
use crate::{DataError, ParquetFile, Result, Session};

/// Writes the samples of the run in `from`, and after them those of `dataset`, into `folder`, and gives them.
///
/// Columns are found by their names; those that the run does not have are left out, and what the new samples lack is null.
/// Numbers of the old samples stay. New ids are those of the dataset; where the run's ids are row numbers and the dataset
/// has none, numbering goes on. Refused: ids that are there already, and samples of another shape.
pub async fn extend(
    from: &Path,
    dataset: &Dataset,
    session: &Session,
    folder: &Path,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Samples> {
    let old = Samples::open(from)?;
    let temporary = tempfile::tempdir_in(folder).map_err(DataError::io(folder))?;
    let mut open = OpenDataset::open(dataset, session).await?;
    let has_ids = dataset.asked_id().is_some() || open.columns().any(|column| column == ID);
    if let Some(raw) = old.features.raw() {
        open = open.fitted(raw.fitted().clone());
    }
    let new = open.write(temporary.path(), progress).await?;
    let expected = format!("{} each, like those of the run", old.features.shape());
    if new.features.shape() != old.features.shape() {
        return Err(DataError::setting(dataset.name(), "features", expected, new.features.shape().to_string()));
    }
    if new.text_ids != old.text_ids && (has_ids || old.text_ids) {
        let kind = |text| if text { "text" } else { "whole numbers" };
        let expected = format!("{}, like those of the run: name the column with `.id(..)`", kind(old.text_ids));
        return Err(DataError::setting(dataset.name(), "id", expected, kind(new.text_ids)));
    }
    if !has_ids && !old.text_ids && matches!(old.ids, IdIndex::Any { .. }) {
        let expected = "a column of ids, since the run has some: name it with `.id(..)`";
        return Err(DataError::setting(dataset.name(), "id", expected, "none"));
    }
    let first = if old.text_ids || !has_ids { next_id(&old) } else { 0 };
    old.features.join(&new.features, &Samples::features_path(folder))?;
    if let Some(raw) = old.features.raw() {
        raw.fitted().write(&Samples::fields_path(folder))?;
    }
    join_skipped([from, temporary.path()], folder)?;
    join_tables(&old, &new, (dataset, first), &Samples::samples_path(folder))?;
    Samples::open(folder)
}

/// Writes the list of samples that were left out of either dataset, if there are any: those of the run first.
fn join_skipped(of: [&Path; 2], folder: &Path) -> Result<()> {
    let lists = of.map(|folder| folder.join(run_file::SKIPPED));
    if !lists.iter().any(|list| list.is_file()) {
        return Ok(());
    }
    let mut sink = ParquetSink::sealed(&folder.join(run_file::SKIPPED), SKIPPED.schema())?;
    for list in lists.iter().filter(|list| list.is_file()) {
        for batch in ParquetFile::open(list)?.all_batches()? {
            sink.write(&batch?.with_schema(SKIPPED.schema())?)?;
        }
    }
    sink.finish().map(|_| ())
}

/// The number after the largest id.
fn next_id(samples: &Samples) -> u64 {
    let rows = samples.ids.rows() as u32;
    (0..rows).map(|row| samples.ids.id(crate::index::Row(row)).0.saturating_add(1)).max().unwrap_or_default()
}

/// Writes the table of samples; the ids of new ones are moved by `first`.
fn join_tables(old: &Samples, new: &Samples, (dataset, first): (&Dataset, u64), path: &Path) -> Result<()> {
    let before = ParquetFile::open(&old.samples_path)?;
    let schema = before.schema().clone();
    let mut sink = ParquetSink::sealed(path, schema.clone())?;
    // Text ids by the rows where they came first; other ids are compared when the table is opened.
    let mut texts: HashMap<String, u64> = HashMap::new();
    let mut row = 0;
    let mut unique = |batch: &RecordBatch| -> Result<()> {
        let Some(column) = batch.column_by_name(SOURCE_ID).filter(|_| old.text_ids) else { return Ok(()) };
        for id in column.as_string::<i32>().iter().flatten() {
            if let Some(first) = texts.insert(id.to_owned(), row) {
                let (table, column) = (dataset.name(), dataset.asked_id().unwrap_or(SOURCE_ID).to_owned());
                return Err(DataError::DuplicateId { table, column, id: id.to_owned(), first, second: row });
            }
            row += 1;
        }
        Ok(())
    };
    for batch in before.all_batches()? {
        let batch = batch?;
        unique(&batch)?;
        sink.write(&batch)?;
    }
    for batch in ParquetFile::open(&new.samples_path)?.all_batches()? {
        let batch = batch?;
        unique(&batch)?;
        let columns = schema.fields().iter().map(|field| column(&batch, field, dataset, first));
        sink.write(&RecordBatch::try_new(schema.clone(), columns.collect::<Result<_>>()?)?)?;
    }
    sink.finish().map(|_| ())
}

/// Values as the run has them; one that cannot be is an error.
fn converted(found: &ArrayRef, field: &Field, dataset: &Dataset) -> Result<ArrayRef> {
    let refuse = |what: String| {
        let hint = "Correct the value, or leave the row out.";
        SchemaError::column(dataset.name(), field.name(), format!("{}, as in the run", field.data_type()), what, hint)
    };
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let cast = cast_with_options(found, field.data_type(), &strict).map_err(|error| refuse(error.to_string()))?;
    if found.data_type().is_floating() && field.data_type().is_integer() {
        // Decimals would be cut off.
        let back = cast_with_options(&cast, found.data_type(), &strict)?;
        if &back != found {
            return Err(refuse("a number with decimals".to_owned()).into());
        }
    }
    Ok(cast)
}

/// A column of the run, of new samples.
fn column(batch: &RecordBatch, field: &Field, dataset: &Dataset, first: u64) -> Result<ArrayRef> {
    let found = match batch.column_by_name(field.name()) {
        Some(found) if field.name() == ID => {
            let too_large = |id: u64| {
                let expected = format!("at most {}, so that ids of all samples are different", u64::MAX - first);
                DataError::setting(dataset.name(), "id", expected, id)
            };
            let ids = found.as_primitive::<UInt64Type>().values().iter();
            let moved = ids.map(|&id| id.checked_add(first).ok_or_else(|| too_large(id)));
            return Ok(Arc::new(UInt64Array::from(moved.collect::<Result<Vec<u64>>>()?)));
        }
        Some(found) => converted(found, field, dataset)?,
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    if found.null_count() > 0 && !field.is_nullable() {
        let hint = "Add the column to the new samples, or fill its gaps.";
        let expected = "a value in each row, as in the run that is extended";
        return Err(SchemaError::column(dataset.name(), field.name(), expected, "null", hint).into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Row, SampleId};
    use crate::source::{csv, ingest, session};

    async fn extended(old: &str, new: &str, id: Option<&str>) -> Result<(Samples, Vec<String>)> {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        let dataset = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let dataset: Dataset = csv(path);
            id.map_or(dataset.clone(), |id| dataset.id(id))
        };
        std::fs::create_dir_all(&from).unwrap();
        std::fs::create_dir_all(&to).unwrap();
        ingest(&dataset("old.csv", old), &session(), &from, &mut |_| {}).await?;
        let samples = extend(&from, &dataset("new.csv", new), &session(), &to, &mut |_| {}).await?;
        let table = samples.features.table().map(|table| table.records().clone());
        let mut names = Vec::new();
        for row in 0..table.as_ref().map_or(0, |table| table.rows()) {
            let mut record = crate::fields::Record::default();
            table.iter().for_each(|table| table.read(Row(row as u32), &mut record));
            names.push(format!("{:?}", record.values[0]));
        }
        Ok((samples, names))
    }

    #[tokio::test]
    async fn new_rows_come_after_the_old_ones_by_their_columns_names() {
        let old = "key,name,city\na,ann miller,oslo\nb,bob stone,rome\n";
        let (samples, names) = extended(old, "city,key,name,more\nlima,c,cy young,1\n", Some("key")).await.unwrap();
        assert_eq!((samples.ids.rows(), samples.ids.id(Row(2)), names.len()), (3, SampleId(2), 3));
        assert!(names[0].contains("ann") && names[2].contains("cy"), "{names:?}");
        assert!(!samples.columns.contains(&"more".to_owned()));
        let again = extended(old, "key,name,city\nb,bo,rome\n", Some("key")).await.unwrap_err().to_string();
        assert!(again.contains("has the id b twice"), "{again}");
        let (samples, _) = extended("name,city\nann,oslo\nbob,rome\n", "name,city\ncy,lima\n", None).await.unwrap();
        assert_eq!(samples.ids.id(Row(2)), SampleId(2));
        let (samples, _) =
            extended("id,name,city\n5,ann,oslo\n9,bob,rome\n", "id,name,city\n7,cy,lima\n", None).await.unwrap();
        assert_eq!(samples.ids.row(SampleId(7)), Some(Row(2)));
        let unnamed = extended("id,name,city\n5,ann,oslo\n9,bob,rome\n", "name,city\ncy,lima\n", None).await;
        assert!(unnamed.unwrap_err().to_string().contains("since the run has some"));
        let cut = extended("id,name,n\n5,ann x,1\n9,bob y,2\n", "id,name,n\n7,cy z,1.5\n", None).await;
        assert!(cut.unwrap_err().to_string().contains("decimals"));
        let twice = extended("id,name,city\n5,ann,oslo\n9,bob,rome\n", "id,name,city\n5,cy,lima\n", None).await;
        assert!(twice.unwrap_err().to_string().contains("has the id 5 twice"));
    }

    #[tokio::test]
    async fn vectors_are_joined_and_other_shapes_refused() {
        let (samples, _) = extended("id,x,y\n1,0.5,2\n2,1.5,3\n", "id,y,x\n3,9,8\n", None).await.unwrap();
        assert_eq!(samples.ids.rows(), 3);
        let mut row = vec![0.0; samples.features.shape().len()];
        samples.features.read(Row(2), &mut row).unwrap();
        assert!(extended("id,x,y\n1,0.5,2\n2,1.5,3\n", "id,x\n3,9\n", None).await.is_err());
    }
}
