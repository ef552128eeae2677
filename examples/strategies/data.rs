//! The samples: digits, or clothes of Fashion-MNIST.

use clap::ValueEnum;
use relata::dsl::Read;
use relata::prelude::*;

/// Which samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Data {
    /// 1,797 handwritten digits of 8 x 8 pixels.
    Digits,
    /// Images of clothes, 28 x 28 pixels (Debian's package `dataset-fashion-mnist`).
    FashionMnist,
}

impl Data {
    pub fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::FashionMnist => "fashion-mnist",
        }
    }

    /// The samples and their views; of Fashion-MNIST so many training rows.
    pub fn samples(self, rows: usize) -> Pipeline<Read> {
        match self {
            Self::Digits => {
                let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
                let views = affine().with_rotation(15.0).with_scale(0.85, 1.15).with_translation(0.1);
                Pipeline::read(parquet(file).features("image")).views(2, views.then(noise(0.05)))
            }
            Self::FashionMnist => {
                let file = |name: &str| format!("/usr/share/datasets/fashion-mnist/{name}-ubyte.gz");
                let dataset = idx_splits([
                    ("train", file("train-images-idx3"), file("train-labels-idx1")),
                    ("test", file("t10k-images-idx3"), file("t10k-labels-idx1")),
                ]);
                // All samples are embedded after every round: of the test split a fifth is enough to measure on.
                let part = format!(
                    "SELECT * FROM (SELECT *, CAST(row_number() OVER () AS BIGINT) - 1 AS id FROM clothes)
                     WHERE (split = 'train' AND id < {rows}) OR (split = 'test' AND id % 5 = 0) ORDER BY id"
                );
                let dataset = sql(part).table("clothes", dataset);
                let views = crop(0.3).then(flip()).then(contrast(0.4)).then(brightness(0.4));
                Pipeline::read(dataset).views(2, views)
            }
        }
    }
}

/// Which digits are trained on: the exact optimum takes time with the cube of the rows, so that a part has to do.
pub fn part_of_digits(seed: u64) -> String {
    format!(
        "split = 'train' AND id IN
         (SELECT id FROM samples WHERE split = 'train' ORDER BY (id + 17) * {} % 1801 LIMIT 600)",
        7919 + seed
    )
}
