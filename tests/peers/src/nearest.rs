//! The exact 20 nearest of 60,000 rows for each of 10,000 queries, by Euclidean distance.

use std::convert::Infallible;
use std::path::Path;

use relata_graph::knn::{Metric, top_k};

use crate::{Done, Result, Work, data};

const WIDTH: usize = 128;
const NEIGHBOURS: usize = 20;

/// The search; its check is the mean distance to the last neighbour.
pub fn neighbours(folder: &Path) -> Result<Work> {
    let (rows, queries) = (data::floats(&folder.join("train.f32"))?, data::floats(&folder.join("test.f32"))?);
    Ok(Box::new(move || {
        let block = Ok::<_, Infallible>((0, rows.as_slice()));
        let Ok(found) = top_k(&queries, WIDTH, [block], NEIGHBOURS, Metric::L2);
        let last: f64 = found.iter().filter_map(|list| list.last()).map(|&(_, distance)| f64::from(distance)).sum();
        Ok(Done { units: found.len() as f64, check: last / found.len() as f64 })
    }))
}
