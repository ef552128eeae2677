//! The probes of ten classes in 128 dimensions, linear and by neighbours: 60,000 rows to learn from, 10,000 to measure on.

use std::path::Path;

use relata::evaluate::{Classes, Split, Vectors, knn, linear_probe};

use crate::{Done, Result, Work, data};

const WIDTH: usize = 128;

/// Standardising, fitting and measuring; its check is the final loss.
pub fn linear(folder: &Path) -> Result<Work> {
    let split = split(folder)?;
    Ok(Box::new(move || {
        let result = linear_probe("label").fit(&split)?;
        Ok(Done { units: split.train.rows() as f64, check: result.loss })
    }))
}

/// Standardising and classifying by the 20 nearest rows; its check is the accuracy.
pub fn by_neighbours(folder: &Path) -> Result<Work> {
    let split = split(folder)?;
    Ok(Box::new(move || {
        let accuracy = knn("label").accuracy(&split)?;
        Ok(Done { units: split.test.rows() as f64, check: accuracy })
    }))
}

fn split(folder: &Path) -> Result<Split> {
    let side = |name: &str| -> Result<Vectors> {
        let values = data::floats(&folder.join(format!("{name}.f32")))?;
        let classes = data::words(&folder.join(format!("{name}.u32")))?;
        let mut builder = Vectors::builder(WIDTH)?;
        for (row, &class) in values.chunks_exact(WIDTH).zip(&classes) {
            builder.push(row, class)?;
        }
        Ok(builder.finish()?)
    };
    let classes = Classes::new((0..10).map(|class: u32| class.to_string()).collect());
    Ok(Split { train: side("train")?, test: side("test")?, classes })
}
