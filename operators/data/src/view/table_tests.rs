//! Tests of the views of tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

use super::*;
use crate::feature_store::FeatureStore;
use crate::fields::{Record, Value, number, text};
use crate::index::Row;
use crate::sample_batch::SampleContent;
use crate::seed;
use crate::table_tests::{table, texts};

fn people() -> FeatureStore {
    let names = texts(&[Some("Ann Marie Smith"), Some("Bob"), None, Some("東京 太郎")]);
    let cities = texts(&[Some("Paris"), Some("Rome"), Some("Oslo"), Some("Bern")]);
    let years: ArrayRef = Arc::new(Int64Array::from(vec![1967, 1985, 2001, 7]));
    let incomes: ArrayRef = Arc::new(Float64Array::from(vec![Some(10.0), Some(20.0), None, Some(40.0)]));
    let fields = [text("name"), text("city"), number("year").with_digits(), number("income")];
    table(vec![("name", names), ("city", cities), ("year", years), ("income", incomes)], &fields)
}

fn made(store: &FeatureStore, view: &dyn Augment, row: u32, seed: u64) -> Vec<Value> {
    let (mut record, mut scratch) = (Record::default(), vec![]);
    store.table().unwrap().records().read(Row(row), &mut record);
    view.apply(&mut View::of_record(&mut record, &mut scratch, store.shape(), store), &mut seed::stream(seed, &[]));
    record.values
}

fn name(values: &[Value]) -> &str {
    match &values[0] {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn words_are_dropped_shuffled_and_cut_short() {
    let store = people();
    for seed in 0..50 {
        let dropped = made(&store, &drop_words(0.7), 0, seed);
        let words: Vec<&str> = name(&dropped).split(' ').collect();
        assert!(!words.is_empty() && words.iter().all(|word| "Ann Marie Smith".contains(word)));
        let shuffled = made(&store, &shuffle_words(1.0), 0, seed);
        let mut words: Vec<&str> = name(&shuffled).split(' ').collect();
        words.sort_unstable();
        assert_eq!(words, ["Ann", "Marie", "Smith"]);
        let short = made(&store, &abbreviate(1.0), 3, seed);
        assert!(["東京 太郎", "東 太郎", "東京 太"].contains(&name(&short)), "{short:?}");
        assert!(made(&store, &drop_words(0.7), 2, seed)[0].is_null());
    }
    assert!((0..50).any(|seed| name(&made(&store, &shuffle_words(1.0), 0, seed)) == "Smith Ann Marie"));
}

#[test]
fn typos_change_few_letters_and_half_as_often_a_digit() {
    let store = people();
    let (mut lengths, mut years) = (vec![], 0);
    for seed in 0..2000 {
        let values = made(&store, &typos(0.4), 0, seed);
        lengths.push(name(&values).chars().count());
        years += usize::from(values[2] != Value::Number(1967.0));
        assert_eq!(values[3], Value::Number(10.0));
    }
    assert!(lengths.iter().all(|&length| length.abs_diff(15) <= 3));
    let unchanged = (0..2000).filter(|&seed| name(&made(&store, &typos(0.4), 0, seed)) == "Ann Marie Smith").count();
    // Four standard deviations around 1200; two of the errors may undo each other.
    assert!(unchanged.abs_diff(1200) < 100, "{unchanged}");
    // A digit that is typed twice or swapped with the same is no change.
    assert!((250..=440).contains(&years), "{years}");
}

#[test]
fn columns_are_swapped_and_dropped_but_one_is_left() {
    let store = people();
    let swapped = made(&store, &swap_columns(1.0), 0, 3);
    assert_eq!(swapped[..2], [Value::Text("Paris".into()), Value::Text("Ann Marie Smith".into())]);
    for seed in 0..20 {
        let left = made(&store, &drop_columns(1.0), 0, seed);
        assert_eq!(left.iter().filter(|value| !value.is_null()).count(), 1);
    }
    assert_eq!(made(&store, &drop_columns(0.0), 0, 1), made(&store, &identity(), 0, 1));
}

#[test]
fn jitter_moves_numbers_that_are_not_digits_and_resample_takes_values_of_other_rows() {
    let store = people();
    let moved: Vec<f64> = (0..4000)
        .map(|seed| match made(&store, &jitter(0.5), 0, seed)[..] {
            [_, _, Value::Number(1967.0), Value::Number(income)] => income - 10.0,
            ref other => panic!("{other:?}"),
        })
        .collect();
    let std = (moved.iter().map(|by| by * by).sum::<f64>() / moved.len() as f64).sqrt();
    let expected = 0.5 * (1400.0f64 / 9.0).sqrt();
    assert!((std / expected - 1.0).abs() < 0.05, "{std} {expected}");
    let others = [Value::Text("Rome".into()), Value::Text("Oslo".into()), Value::Text("Bern".into())];
    let taken = (0..100).filter(|&seed| others.contains(&made(&store, &resample(1.0), 0, seed)[1])).count();
    assert!((60..=90).contains(&taken), "{taken}");
}

#[test]
fn batches_of_tables_do_not_depend_on_threads_and_are_refused_by_views_of_numbers() {
    let store = people();
    let views = Views::new(3, corruptions(), 5);
    views.check(store.shape()).unwrap();
    let rows: Vec<Row> = (0..200).map(|row| Row(row % 4)).collect();
    let batch = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| views.batch(&store, &rows, 2, SampleContent::Bags)).unwrap()
    };
    let one = batch(1);
    assert_eq!((one.bags.len(), one.values.len()), (3 * 200 * 3, 3 * 200 * store.shape().len()));
    assert!(one == batch(2) && one == batch(5));
    let mut numbers = vec![];
    views.write_batch(&store, &rows, 2, &mut numbers).unwrap();
    assert!(numbers.len() == one.values.len() && numbers != one.values);
    assert!(crop(0.5).check(store.shape()).is_err());
    let words = table(vec![("t", texts(&[Some("a")]))], &[text("t")]);
    assert!(noise(0.1).check(words.shape()).is_err());
    assert!(matches!(made(&store, &noise(0.1), 0, 1)[2], Value::Number(year) if year != 1967.0));
    assert!(made(&store, &dropout(1.0), 0, 1).iter().all(Value::is_null));
}
