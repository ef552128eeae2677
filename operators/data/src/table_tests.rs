//! Tests of tables as features: raw values come back, statistics are those of the rows, and numbers and bags are right.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StringDictionaryBuilder,
};
use arrow::datatypes::{Float64Type, Int8Type};
use relata_schemas::{TokenBags, run_file};

use crate::feature_store::FeatureStore;
use crate::fields::{
    Field, FittedFields, NGrams, Record, RecordStore, RecordWriter, Value, category, date, number, text, vector,
};
use crate::index::Row;
use crate::sample_batch::SampleContent;

/// A table of these columns as a feature store, fitted on all rows.
pub(crate) fn table(columns: Vec<(&str, ArrayRef)>, fields: &[Field]) -> FeatureStore {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(run_file::FEATURES);
    write(&path, columns, fields).unwrap();
    let fitted = FittedFields::fit(fields, &RecordStore::open(&path, fields).unwrap(), None).unwrap();
    FeatureStore::open_table(&path, fitted).unwrap()
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, fields: &[Field]) -> crate::Result<()> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, of)| (name, of, true)))?;
    let mut writer = RecordWriter::create(path, "t", &batch.schema(), fields, Path::new(""))?;
    // In pieces, so that blocks are made of several.
    let half = batch.num_rows() / 2;
    writer.append(&batch.slice(0, half), 0)?;
    writer.append(&batch.slice(half, batch.num_rows() - half), half as u64)?;
    writer.finish()
}

pub(crate) fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn numbers(store: &FeatureStore, row: u32) -> Vec<f32> {
    let mut out = vec![f32::NAN; store.shape().len()];
    store.read(Row(row), &mut out).unwrap();
    out
}

#[test]
fn raw_values_come_back_block_by_block() {
    let rows = 20_000;
    let names: StringArray = (0..rows).map(|row| (row % 7 != 0).then(|| format!("name {row}"))).collect();
    let years: Int64Array = (0..rows as i64).map(|row| (row % 5 != 0).then_some(row)).collect();
    let fields = [text("name"), number("year")];
    let store = table(vec![("name", Arc::new(names)), ("year", Arc::new(years))], &fields);
    let (records, mut record) = (store.table().unwrap().records(), Record::default());
    assert_eq!(records.rows(), rows);
    for row in [0, 1, 8191, 8192, 9999, 10_001, 19_999] {
        records.read(Row(row), &mut record);
        let name = if row % 7 != 0 { Value::Text(format!("name {row}")) } else { Value::Null };
        let year = if row % 5 != 0 { Value::Number(row.into()) } else { Value::Null };
        assert_eq!(record.values, [name, year], "{row}");
    }
    let whole = store.scan(SampleContent::Bags).unwrap().map(|block| block.unwrap());
    assert_eq!(whole.map(|block| block.bags.len()).sum::<usize>(), rows);
}

#[test]
fn numbers_are_standardised_and_missing_ones_say_so() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(3.0), None, Some(f64::NAN)]));
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true, false]));
    let store = table(vec![("x", values), ("f", flags)], &[number("x"), number("f")]);
    assert_eq!(numbers(&store, 0), [-1.0, 0.0, 1.0]);
    assert_eq!(numbers(&store, 1), [1.0, 0.0, -1.0]);
    assert_eq!([numbers(&store, 2), numbers(&store, 3)], [[0.0, 1.0, 1.0], [0.0, 1.0, -1.0]]);
    let skewed: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 1e9]));
    let robust = table(vec![("x", skewed)], &[number("x").robust()]);
    assert!((numbers(&robust, 3)[0] - 1.349 / 2.0).abs() < 1e-6, "{:?}", numbers(&robust, 3));
    let constant: ArrayRef = Arc::new(Float64Array::from(vec![0.1; 3]));
    let constant = table(vec![("x", constant)], &[number("x")]);
    assert_eq!((numbers(&constant, 1), constant.table().unwrap().fitted().constant()), (vec![0.0], vec!["x"]));
}

#[test]
fn a_category_has_a_number_a_value_and_rare_values_share_some() {
    let cities = texts(&[Some("b"), Some("a"), Some("b"), None, Some("c")]);
    let store = table(vec![("city", cities.clone())], &[category("city")]);
    assert_eq!([numbers(&store, 0), numbers(&store, 1)], [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]);
    assert_eq!(numbers(&store, 3), [0.0, 0.0, 0.0, 1.0]);
    let few = table(vec![("city", cities)], &[category("city").at_most(1)]);
    assert_eq!((numbers(&few, 0)[..2].to_vec(), few.shape().len()), (vec![1.0, 0.0], 1 + 1 + 16));
    assert_eq!(numbers(&few, 1)[2..].iter().sum::<f32>(), 1.0);
    let mut dictionary = StringDictionaryBuilder::<Int8Type>::new();
    ["x", "y", "x"].into_iter().for_each(|value| dictionary.append_value(value));
    let encoded = table(vec![("c", Arc::new(dictionary.finish()))], &[category("c")]);
    assert_eq!(numbers(&encoded, 1), [0.0, 1.0, 0.0]);
}

#[test]
fn dates_and_vectors_become_numbers() {
    let born: ArrayRef = Arc::new(Date32Array::from(vec![Some(0), Some(2), None]));
    let rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].map(|row| Some(row.map(Some)));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows));
    let store = table(vec![("born", born), ("v", lists)], &[date("born"), vector("v")]);
    let first = numbers(&store, 0);
    assert_eq!((first.len(), first[0], first[7], &first[8..]), (1 + 6 + 1 + 2, -1.0, 0.0, &[1.0, 2.0][..]));
    assert_eq!(numbers(&store, 2)[..8], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    let written = texts(&[Some(" 1970-01-03T12:00:00 "), Some("1970-01-01"), Some("")]);
    let written = table(vec![("born", written)], &[date("born")]);
    assert_eq!(written.table().unwrap().fitted().fields[0].std(), 1.25 * 86_400_000.0);
}

#[test]
fn bags_weigh_rare_tokens_more_and_a_missing_text_has_its_own() {
    let names = texts(&[Some("ann lee"), Some("ann may"), None, Some("ann kim")]);
    let years: ArrayRef = Arc::new(Int64Array::from(vec![1967, 1968, 1969, 1970]));
    let fields = [text("name"), number("year").with_digits()];
    let store = table(vec![("name", names), ("year", years)], &fields);
    assert_eq!((store.shape().bags(), store.shape().numbers(), store.shape().len()), (2, 1, 1 + 64));
    let batch = store.scan(SampleContent::Bags).unwrap().next().unwrap().unwrap();
    let (tokens, weights) = batch.bags.bag(0);
    assert_eq!(tokens, NGrams::default().of("Ann Lee"));
    let weight = |word: &str| {
        let token = *NGrams::default().of(word).last().unwrap();
        weights[tokens.iter().position(|&other| other == token).unwrap()]
    };
    assert!(weight("lee") > 1.2 * weight("ann"));
    assert_eq!(batch.bags.bag(1).0, NGrams::default().of("1967"));
    assert_eq!(batch.bags.bag(4), (&[0][..], &[1.0][..]));
    assert!(batch.values[1..65].iter().all(|&number| number == 0.0), "n-grams are not numbers beside their bags");
    let hashed = numbers(&store, 0);
    assert!((hashed[1..].iter().map(|number| number * number).sum::<f32>() - 1.0).abs() < 1e-5);
    assert!(tokens.iter().all(|&token| (token as usize) < TokenBags::BUCKETS));
}

#[test]
fn statistics_are_read_back_and_damaged_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(run_file::FIELDS);
    let names = texts(&[Some("a"), None]);
    let store = table(vec![("name", names)], &[text("name")]);
    let fitted = store.table().unwrap().fitted();
    fitted.write(&path).unwrap();
    assert_eq!(&FittedFields::read(&path).unwrap(), fitted);
    let whole = std::fs::read_to_string(&path).unwrap();
    for (from, to) in [("\"text\"", "\"number\""), ("[0,", "["), ("{", "")] {
        std::fs::write(&path, whole.replacen(from, to, 2)).unwrap();
        assert!(FittedFields::read(&path).is_err(), "{from}");
    }
}

#[test]
fn a_damaged_store_of_raw_values_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(run_file::FEATURES);
    let fields = [text("name"), number("x")];
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    write(&path, vec![("name", texts(&[Some("a"), Some("b")])), ("x", numbers)], &fields).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in [0, 5, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(RecordStore::open(&path, &fields).is_err(), "{cut}");
    }
    // A byte in turn is another one: an error or other values, never a panic.
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, bytes).unwrap();
        if let Ok(store) = RecordStore::open(&path, &fields) {
            let mut record = Record::default();
            (0..store.rows()).for_each(|row| store.read(Row(row as u32), &mut record));
        }
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(RecordStore::open(&path, &[text("name")]).is_err());
    assert!(RecordStore::open(&path, &[text("name"), date("x")]).is_err());
}

#[test]
fn infinite_numbers_name_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, f64::INFINITY]));
    let error = write(&folder.path().join("x"), vec![("x", numbers)], &[number("x")]).unwrap_err().to_string();
    assert!(error.contains("column `x`, row 2") && error.contains("finite"), "{error}");
}

#[test]
fn a_text_may_be_read_by_static_embeddings() {
    let folder = tempfile::tempdir().unwrap();
    let files = crate::fields::model_fixture(folder.path(), "embeddings");
    let titles = || texts(&[Some("Old"), Some("old car"), None]);
    let fields = [text("title").model(&files.table, &files.tokenizer)];
    let store = table(vec![("title", titles())], &fields);
    assert_eq!((store.shape().numbers(), store.shape().bags(), store.shape().len()), (2, 0, 2));
    assert_eq!((numbers(&store, 0), numbers(&store, 2)), (vec![0.0, 1.0], vec![0.0, 0.0]));
    let path = folder.path().join(run_file::FIELDS);
    let fitted = store.table().unwrap().fitted();
    fitted.write(&path).unwrap();
    assert_eq!(&FittedFields::read(&path).unwrap(), fitted);
    // Another model is not the one that the run was made with.
    crate::fields::model_fixture(folder.path(), "embedding.weight");
    let error = FittedFields::read(&path).unwrap_err().to_string();
    assert!(error.contains("model.safetensors") && error.contains("found others"), "{error}");
    // A category is no text of words.
    assert_eq!(category("city").model("a", "b"), category("city"));
}
