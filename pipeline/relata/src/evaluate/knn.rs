//! Weighted k-nearest-neighbour classification, as in Wu et al. 2018 (instance discrimination): standardised features,
//! cosine similarity, votes of exp(similarity / temperature).

use relata_registry::{Description, Settings};
use relata_schemas::samples::LABEL;
use serde::{Deserialize, Serialize};

use super::error::{EvaluateError, Result};
use super::evaluation::Evaluation;
use super::linear_probe::{check_classes, check_widths};
use super::split::Split;
use super::standardiser::Standardiser;
use super::vectors::block_rows;
use relata_graph::knn::{Metric, top_k};

/// Test rows that are searched for in one pass over the training rows.
const QUERIES: usize = 2048;

/// Settings of the classifier; see [`knn`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knn {
    label: String,
    k: usize,
    temperature: f64,
}

/// Classifies by the 20 nearest training rows, weighted with temperature 0.07.
///
/// ```
/// use relata::prelude::*;
///
/// assert_eq!(knn("label").describe().to_string(), "knn k=20 label=label temperature=0.07");
/// ```
pub fn knn(label: impl Into<String>) -> Knn {
    Knn { label: label.into(), k: 20, temperature: 0.07 }
}

impl Knn {
    /// The neighbours that vote, at least 1; all training rows if there are fewer.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(knn("label").with_k(5).describe()["k"], 5);
    /// ```
    pub fn with_k(mut self, k: usize) -> Self {
        self.k = k.max(1);
        self
    }

    /// The temperature of the votes, above 0; smaller gives the nearest neighbours more weight.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(knn("label").with_temperature(0.5).describe()["temperature"], 0.5);
    /// ```
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.temperature = temperature;
        self
    }

    /// The share of test rows whose class gets the most votes; of equal votes the lower class number wins.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use relata::evaluate::{knn, split_reader};
    ///
    /// let split = split_reader("label").read(Path::new("runs/digits/embeddings.parquet"))?;
    /// println!("{:.3}", knn("label").accuracy(&split)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn accuracy(&self, split: &Split) -> Result<f64> {
        check_widths(split)?;
        if split.test.rows() == 0 {
            return Err(EvaluateError::TooFewRows { measure: "kNN accuracy", expected: 1, found: 0 });
        }
        let standardiser = Standardiser::fit(&split.train)?;
        let width = split.train.width();
        let mut votes = vec![0.0; split.train.class_counts().len()];
        let mut correct = 0u64;
        for queries in split.test.blocks(QUERIES) {
            let mut queries = queries?;
            standardiser.apply(&mut queries.values);
            let blocks = split.train.blocks(block_rows(width)).map(|block| {
                let mut block = block?;
                standardiser.apply(&mut block.values);
                Ok::<_, EvaluateError>((block.first_row, block.values))
            });
            let nearest = top_k(&queries.values, width, blocks, self.k, Metric::Cosine)?;
            for (nearest, class) in nearest.iter().zip(&queries.classes) {
                votes.fill(0.0);
                for &(row, similarity) in nearest {
                    // Relative to the largest possible similarity, so that a small temperature cannot overflow.
                    votes[split.train.class(row)? as usize] += ((f64::from(similarity) - 1.0) / self.temperature).exp();
                }
                let best =
                    (1..votes.len()).fold(0, |best, class| if votes[class] > votes[best] { class } else { best });
                correct += u64::from(best == *class as usize);
            }
        }
        Ok(correct as f64 / split.test.rows() as f64)
    }
}

impl Default for Knn {
    fn default() -> Self {
        knn(LABEL)
    }
}

impl Settings for Knn {
    const NAME: &'static str = "knn";
    const SUMMARY: &'static str = "how well the nearest training rows tell the class";
}

impl Evaluation for Knn {
    fn label(&self) -> &str {
        &self.label
    }

    fn measure(&self, split: &Split) -> Result<Vec<(String, f64)>> {
        check_classes(split, &self.label)?;
        Ok(vec![("knn.test".to_owned(), self.accuracy(split)?)])
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::split;
    use super::*;

    fn naive(split: &Split, k: usize, temperature: f64) -> f64 {
        let standardiser = Standardiser::fit(&split.train).unwrap();
        let width = split.train.width();
        let unit = |vectors: &crate::evaluate::Vectors| {
            let mut block = vectors.blocks(10_000).next().unwrap().unwrap();
            standardiser.apply(&mut block.values);
            let rows = block.values.chunks(width).map(|row| {
                let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
                row.iter().map(|x| f64::from(*x) / norm).collect::<Vec<f64>>()
            });
            (rows.collect::<Vec<_>>(), block.classes)
        };
        let ((train, train_classes), (test, test_classes)) = (unit(&split.train), unit(&split.test));
        let hits = test.iter().zip(test_classes).filter(|(query, class)| {
            let similarity = |row: &Vec<f64>| row.iter().zip(*query).map(|(a, b)| a * b).sum::<f64>();
            let mut all: Vec<(f64, u32)> = train.iter().map(similarity).zip(train_classes.iter().copied()).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut votes = [0.0; 4];
            all.iter()
                .take(k)
                .for_each(|(similarity, class)| votes[*class as usize] += (similarity / temperature).exp());
            (0..4).max_by(|a, b| votes[*a].total_cmp(&votes[*b])).unwrap() == *class as usize
        });
        hits.count() as f64 / test.len() as f64
    }

    #[test]
    fn agrees_with_the_naive_classifier() {
        let split = split(4, 400, 3, 2.0);
        for (k, temperature) in [(1, 0.07), (20, 0.07), (50, 1.0), (1000, 0.07)] {
            let accuracy = knn("label").with_k(k).with_temperature(temperature).accuracy(&split).unwrap();
            assert_eq!(accuracy, naive(&split, k, temperature), "k = {k}");
            assert!(
                (0.5..1.0).contains(&accuracy) || k == 1000,
                "the test is to be neither trivial nor hopeless: {accuracy}"
            );
        }
    }
}
