//! Retrieval: whether the nearest rows of a row are of its class: recall at k, and mean average precision at R. Every row
//! is searched for among all others (leave one out), so classes need not be known to a training side.

use relata_graph::knn::{Metric, top_k};
use relata_registry::{Description, Settings};
use relata_schemas::samples::LABEL;
use serde::{Deserialize, Serialize};

use super::error::{EvaluateError, Result};
use super::evaluation::Evaluation;
use super::split::Split;
use super::vectors::{Block, block_rows};

/// Rows that are searched for in one pass over all rows.
const QUERIES: usize = 1024;
/// The neighbours that recall is measured at.
const AT: [usize; 3] = [1, 5, 10];
/// Of a larger class so many rows are looked for.
const LARGEST: usize = 1000;

/// Settings of retrieval; see [`retrieval`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retrieval {
    label: String,
}

/// Searches for every labelled row, of training and test rows, among all others by cosine similarity. `retrieval.recall@k`
/// is the share of rows that have one of their class among the k nearest, for k of 1, 5 and 10. `retrieval.map@r` is the
/// mean average precision at R (Musgrave, Belongie, Lim 2020, "A Metric Learning Reality Check"): of a row whose class has
/// R other rows, the mean over the R nearest of the precision so far where one is of the class, else 0. Rows that are
/// alone in their class are candidates only. R is 1000 at most.
///
/// ```
/// use relata::prelude::*;
///
/// assert_eq!(retrieval("person").describe().to_string(), "retrieval label=person");
/// ```
pub fn retrieval(label: impl Into<String>) -> Retrieval {
    Retrieval { label: label.into() }
}

impl Default for Retrieval {
    fn default() -> Self {
        retrieval(LABEL)
    }
}

impl Settings for Retrieval {
    const NAME: &'static str = "retrieval";
    const SUMMARY: &'static str = "whether the nearest rows are of the same class: recall@k and MAP@R";
}

impl Evaluation for Retrieval {
    fn label(&self) -> &str {
        &self.label
    }

    fn measure(&self, split: &Split) -> Result<Vec<(String, f64)>> {
        super::linear_probe::check_widths(split)?;
        let width = split.train.width();
        // The rows of both sides, one after the other; a class is 4 bytes.
        let rows = |step: usize| {
            let after = split.train.rows();
            let test = split
                .test
                .blocks(step)
                .map(move |block| block.map(|block| Block { first_row: block.first_row + after, ..block }));
            split.train.blocks(step).chain(test)
        };
        let mut classes = Vec::new();
        for block in rows(block_rows(width)) {
            classes.extend(block?.classes);
        }
        let mut sizes = vec![0usize; split.classes.count()];
        classes.iter().for_each(|&class| sizes[class as usize] += 1);
        let deepest = sizes.iter().map(|size| size.saturating_sub(1).min(LARGEST)).max().unwrap_or_default();
        let mut found = Found::default();
        for queries in rows(QUERIES) {
            let queries = queries?;
            let blocks = rows(block_rows(width)).map(|block| block.map(|block| (block.first_row, block.values)));
            // One more than is looked at: a row is its own nearest.
            let nearest = top_k(&queries.values, width, blocks, deepest.max(AT[2]) + 1, Metric::Cosine)?;
            for ((row, &class), nearest) in (queries.first_row..).zip(&queries.classes).zip(nearest) {
                let others = (sizes[class as usize] - 1).min(LARGEST);
                if others > 0 {
                    let hits = nearest.iter().filter(|(other, _)| *other != row);
                    found.add(hits.map(|(other, _)| classes[*other as usize] == class), others);
                }
            }
        }
        found.shares()
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// Sums over the rows that were searched for.
#[derive(Default)]
struct Found {
    rows: u64,
    within: [u64; AT.len()],
    precision: f64,
}

impl Found {
    /// Takes in a row, given whether each of its neighbours is of its class, the nearest first, and how many could be.
    fn add(&mut self, hits: impl Iterator<Item = bool>, others: usize) {
        let (mut right, mut precision, mut first) = (0, 0.0, usize::MAX);
        for (rank, _) in hits.enumerate().filter(|(_, hit)| *hit) {
            first = first.min(rank);
            right += 1;
            if rank < others {
                precision += f64::from(right) / (rank + 1) as f64;
            }
        }
        self.rows += 1;
        self.within.iter_mut().zip(AT).for_each(|(within, k)| *within += u64::from(first < k));
        self.precision += precision / others as f64;
    }

    fn shares(&self) -> Result<Vec<(String, f64)>> {
        if self.rows == 0 {
            return Err(EvaluateError::TooFewRows { measure: "retrieval within a class", expected: 2, found: 1 });
        }
        let rows = self.rows as f64;
        let recalls = AT.iter().zip(self.within);
        let recalls = recalls.map(|(k, within)| (format!("retrieval.recall@{k}"), within as f64 / rows));
        Ok(recalls.chain([("retrieval.map@r".to_owned(), self.precision / rows)]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::classes::Classes;
    use super::super::fixture::split;
    use super::super::vectors::Vectors;
    use super::*;

    fn vectors(rows: &[(f32, u32)]) -> Vectors {
        let mut builder = Vectors::builder(2).unwrap();
        rows.iter().for_each(|(angle, class)| builder.push(&[angle.cos(), angle.sin()], *class).unwrap());
        builder.finish().unwrap()
    }

    #[test]
    fn recall_and_precision_are_those_of_hand() {
        // On a circle: class 0 at 0, 0.1 and 0.3; class 1 at 0.2; class 2 at 2 and 2.1, of both sides; class 3 alone.
        let train = vectors(&[(0.0, 0), (0.1, 0), (0.21, 1), (2.0, 2)]);
        let test = vectors(&[(0.3, 0), (2.1, 2), (4.0, 3)]);
        let classes = Classes::new(["0", "1", "2", "3"].map(String::from).into());
        let found = retrieval("label").measure(&Split { train, test, classes }).unwrap();
        let value = |name: &str| found.iter().find(|(found, _)| found == name).unwrap().1;
        // Nearest of 0.0: 0.1 (right), 0.21; of 0.1: 0.0 (right), 0.21; of 0.3: 0.21, then 0.1 (right); both of class 2.
        assert_eq!((value("retrieval.recall@1"), value("retrieval.recall@5")), (4.0 / 5.0, 1.0));
        let expected = (0.5 + 0.5 + 0.25 + 1.0 + 1.0) / 5.0;
        assert!((value("retrieval.map@r") - expected).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn separate_blobs_are_found_and_mixed_ones_are_not() {
        let at_r = |spread: f32| retrieval("label").measure(&split(4, 80, 3, spread)).unwrap()[3].1;
        assert!(at_r(0.01) > 0.99 && at_r(5.0) < 0.7);
    }
}
