//! Two random views of every image of a batch: crop, flip, contrast and brightness.

use std::path::Path;

use relata::prelude::{AugmentExt, brightness, contrast, crop, flip};
use relata_data::index::Row;
use relata_data::view::Views;

use crate::{Done, Result, Work, data};

/// Images in a batch.
const BATCH: usize = 256;
/// Batches in a repetition.
const BATCHES: usize = 100;

/// The views that the Fashion-MNIST example trains on.
pub fn two_views() -> Views {
    Views::new(2, crop(0.3).then(flip()).then(contrast(0.4)).then(brightness(0.4)), 0)
}

/// Batches of views, one after the other.
pub fn batches(folder: &Path) -> Result<Work> {
    in_batches(folder, BATCH)
}

/// The views of one image after those of the other.
pub fn one_by_one(folder: &Path) -> Result<Work> {
    in_batches(folder, 1)
}

fn in_batches(folder: &Path, batch: usize) -> Result<Work> {
    let store = data::images(folder)?;
    let views = two_views();
    views.check(store.shape())?;
    let mut epoch = 0;
    let mut values = Vec::new();
    Ok(Box::new(move || {
        let mut sum = 0.0;
        for first in (0..BATCHES * BATCH).step_by(batch) {
            let rows: Vec<Row> = (first as u32..(first + batch) as u32).map(Row).collect();
            views.write_batch(&store, &rows, epoch, &mut values).expect("rows of the store");
            sum += f64::from(values[data::PIXELS / 2]);
        }
        epoch += 1;
        Ok(Done { units: (2 * BATCH * BATCHES) as f64, check: sum * batch as f64 / (BATCHES * BATCH) as f64 })
    }))
}
