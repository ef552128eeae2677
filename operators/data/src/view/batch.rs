//! Batches of views: every sample several times, each time changed at random, in parallel and reproducibly.

use std::cell::RefCell;
use std::sync::Arc;

use rayon::prelude::*;
use relata_registry::Description;
use relata_schemas::FeatureShape;

use super::augment::{Augment, View};
use super::checks;
use crate::Result;
use crate::feature_store::FeatureStore;
use crate::fields::{TableFeatures, first_error};
use crate::index::Row;
use crate::sample_batch::{SampleBatch, SampleContent};
use crate::seed::{Purpose, Rng};

/// Views that a thread makes at least before it looks for more: they take microseconds each.
const MIN_PER_JOB: usize = 16;

thread_local! {
    /// Room for steps that cannot work in place, kept from batch to batch.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// How many views of a sample there are, and how one is made. Cloning is cheap.
#[derive(Clone)]
pub struct Views {
    count: usize,
    augment: Arc<dyn Augment>,
    seed: u64,
}

impl Views {
    /// `count` views (at least one, see [`Views::check`]) of every sample, each an independent draw of `augment`.
    ///
    /// ```
    /// use relata_data::view::{Views, noise};
    ///
    /// let views = Views::new(2, noise(0.05), 7);
    /// assert_eq!(views.describe().to_string(), "views count=2 view=(noise std=0.05)");
    /// ```
    pub fn new(count: usize, augment: impl Augment + 'static, seed: u64) -> Self {
        Self { count, augment: Arc::new(augment), seed }
    }

    /// The same views drawn from another seed.
    pub fn reseeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Views of a sample.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Refuses shapes and settings that make no sense, before any work starts.
    pub fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::setting("views", "count", self.count >= 1, "at least 1", self.count)?;
        self.augment.check(shape)
    }

    /// The number of views and how they are made, for the plan.
    pub fn describe(&self) -> Description {
        Description::new("views").with("count", self.count).with("view", self.augment.describe())
    }

    /// Makes the views of these rows (each below `store.rows()`): `out` becomes `[count * rows.len(), width]`, first
    /// the first view of every row, then the second view of every row, and so on. A view depends on the seed, the
    /// epoch, its row and its number alone, not on the batch, on threads, or on what was in `out`.
    ///
    /// A picture that cannot be read any more is an error.
    pub fn write_batch(&self, store: &FeatureStore, rows: &[Row], epoch: u64, out: &mut Vec<f32>) -> Result<()> {
        if let Some(table) = store.table() {
            *out = self.of_table(store, table, rows, epoch, SampleContent::Numbers)?.values;
            return Ok(());
        }
        let shape = store.shape();
        let width = shape.len();
        out.resize(self.count * rows.len() * width, 0.0);
        let jobs = out.par_chunks_exact_mut(width).with_min_len(MIN_PER_JOB).enumerate();
        let made = jobs.map(|(at, values)| {
            let (number, row) = (at / rows.len(), rows[at % rows.len()]);
            store.read(row, values)?;
            // Taken rather than borrowed: a view of the user's own may make other views on this thread.
            let mut scratch = SCRATCH.take();
            let mut view = View::new(values, &mut scratch, shape, store);
            self.augment.apply(&mut view, &mut self.stream(epoch, row, number));
            view.finish();
            SCRATCH.set(scratch);
            Ok(())
        });
        first_error(made.collect())
    }

    /// The same views as a batch for a model, with bags of tokens where they are asked for.
    pub fn batch(&self, store: &FeatureStore, rows: &[Row], epoch: u64, content: SampleContent) -> Result<SampleBatch> {
        if let Some(table) = store.table() {
            return self.of_table(store, table, rows, epoch, content);
        }
        let mut values = Vec::new();
        self.write_batch(store, rows, epoch, &mut values)?;
        Ok(values.into())
    }

    fn of_table(
        &self,
        store: &FeatureStore,
        table: &TableFeatures,
        rows: &[Row],
        epoch: u64,
        content: SampleContent,
    ) -> Result<SampleBatch> {
        table.encoded(self.count * rows.len(), content, |at, record| {
            let (number, row) = (at / rows.len(), rows[at % rows.len()]);
            table.record(row, record)?;
            let mut scratch = SCRATCH.take();
            let mut view = View::of_record(record, &mut scratch, table.shape(), store);
            self.augment.apply(&mut view, &mut self.stream(epoch, row, number));
            view.finish();
            SCRATCH.set(scratch);
            Ok(())
        })
    }

    fn stream(&self, epoch: u64, row: Row, number: usize) -> Rng {
        Purpose::Views.stream(self.seed, &[epoch, row.0.into(), number as u64])
    }
}

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} seed={}", self.describe(), self.seed)
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::super::*;
    use super::*;

    fn dataset() -> FeatureStore {
        let shape = FeatureShape::image(1, 6, 5, Element::F32);
        let values: Vec<f32> = (0..shape.len() * 40).map(|v| ((v * 53) % 97) as f32 / 96.0).collect();
        fixture::store(&shape, &values)
    }

    fn everything() -> impl Augment {
        crop(0.3)
            .then(flip())
            .then(rotate(20.0))
            .then(shift(1))
            .then(contrast(0.4))
            .then(brightness(0.4))
            .then(blur(1.0).with_probability(0.5))
            .then(cutout(0.3))
            .then(noise(0.05))
            .then(resample(0.1))
            .then(dropout(0.1))
    }

    #[test]
    fn batches_do_not_depend_on_the_number_of_threads() {
        let store = dataset();
        let views = Views::new(3, everything(), 11);
        views.check(store.shape()).unwrap();
        let rows: Vec<Row> = (0..40).rev().map(Row).collect();
        let batch = |threads: usize| {
            let mut out = vec![f32::NAN; 17];
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| views.write_batch(&store, &rows, 2, &mut out)).unwrap();
            out
        };
        let one = batch(1);
        assert_eq!(one.len(), 3 * 40 * 30);
        assert!(one == batch(2) && one == batch(5));
    }

    #[test]
    fn a_view_depends_on_seed_epoch_row_and_number_alone() {
        let store = dataset();
        let views = |seed: u64, epoch: u64, rows: &[Row]| {
            let mut out = vec![];
            Views::new(2, everything(), seed).write_batch(&store, rows, epoch, &mut out).unwrap();
            out
        };
        let alone = views(1, 0, &[Row(7)]);
        let among = views(1, 0, &[3, 7, 9].map(Row));
        assert_eq!(alone[..30], among[30..60]);
        assert_eq!(alone[30..], among[120..150]);
        assert_ne!(alone[..30], alone[30..]);
        assert_ne!(alone, views(2, 0, &[Row(7)]));
        assert_ne!(alone, views(1, 1, &[Row(7)]));
    }

    #[test]
    fn identity_gives_the_rows_once_per_view_and_no_rows_give_nothing() {
        let store = dataset();
        let mut out = vec![];
        Views::new(2, identity(), 0).write_batch(&store, &[Row(5), Row(1)], 0, &mut out).unwrap();
        for (at, values) in out.chunks(30).enumerate() {
            let mut row = [0.0; 30];
            store.read([Row(5), Row(1), Row(5), Row(1)][at], &mut row).unwrap();
            assert_eq!(values, row);
        }
        Views::new(2, identity(), 0).write_batch(&store, &[], 0, &mut out).unwrap();
        assert!(out.is_empty());
    }

    #[test]
    fn no_views_are_refused() {
        assert!(Views::new(0, identity(), 0).check(&FeatureShape::vector(3)).is_err());
        assert!(Views::new(1, flip(), 0).check(&FeatureShape::vector(3)).is_err());
        assert_eq!(Views::new(2, flip(), 0).describe()["view"]["name"], "flip");
    }
}
