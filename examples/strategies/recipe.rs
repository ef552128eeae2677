//! The pipelines that are compared: one without questions that all others start from, and one that asks.

use std::path::PathBuf;

use clap::ValueEnum;
use relata::dsl::{Related, Trained};
use relata::prelude::*;

use crate::curve::NO_ANSWERS;

/// Which samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Data {
    /// 1,797 handwritten digits of 8 x 8 pixels.
    Digits,
    /// Images of clothes, 28 x 28 pixels (Debian's package `dataset-fashion-mnist`).
    FashionMnist,
}

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// A convolutional network, first trained without questions.
    Deep,
    /// The exact optimum of the spectral loss.
    ClosedForm,
}

impl Data {
    pub fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::FashionMnist => "fashion-mnist",
        }
    }
}

impl Model {
    pub fn name(self) -> &'static str {
        match self {
            Self::Deep => "deep",
            Self::ClosedForm => "closed-form",
        }
    }
}

/// Everything but strategy and seed.
pub struct Recipe {
    pub data: Data,
    pub model: Model,
    pub rows: usize,
    pub before: u64,
    pub epochs: u64,
    pub folder: PathBuf,
}

impl Recipe {
    /// Asks with a strategy and learns from the answers.
    pub async fn run(&self, name: &str, asking: AskConfig, seed: u64) -> relata::Result<Run> {
        let asking = asking.epochs(self.epochs).shared();
        let folder = self.folder.join(format!("{name}-{seed}"));
        let pipeline = match self.model {
            Model::ClosedForm => self.closed_form(name, asking, seed),
            Model::Deep => {
                // All strategies start from the same model, which knows no answer yet.
                let before = self.folder.join(format!("before-{seed}"));
                let fit = self.fit(seed, 3e-3).for_epochs(self.before);
                let start = self.deep(self.samples().relate(same_sample()), fit).write(before).run_async().await?;
                let fit = self.fit(seed, 1e-3).for_epochs(self.epochs).from_run(start.folder());
                let fit = fit.batches(Batches::mixed(0.25));
                self.deep(self.ask(self.samples().relate(same_sample()), name, asking), fit)
            }
        };
        measured(pipeline).write(folder).run_async().await
    }

    /// NeighbourGraph in the pixels are the prior. Answers correct it: a "no" cuts what the prior joins, a "yes" joins, each
    /// row with the same force however large its group is, and the graph is normalised by its degrees. A sparse graph of
    /// answers alone would outweigh everything that the kernel knows.
    fn closed_form(&self, name: &str, asking: AskConfig, seed: u64) -> Pipeline<Trained> {
        let prior = nearest(7).l2().either_way().tuned().weighted(1.0 / 3.0);
        let related = self.ask(self.samples().train_on(Self::part_of_digits(seed)).relate(prior), name, asking);
        let exact = closed_form(Kernel::Laplace { width: 0.5 }, 20).normalised();
        related.resolve(Policy::NegativesCut).solve(exact)
    }

    fn ask(&self, related: Pipeline<Related>, name: &str, asking: AskConfig) -> Pipeline<Related> {
        match name {
            NO_ANSWERS => related.ask(noisy(labels("label"), 0.0).with_passes(1.0), asking),
            _ => related.ask(labels("label"), asking),
        }
    }

    fn samples(&self) -> Pipeline<relata::dsl::Read> {
        match self.data {
            Data::Digits => {
                let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
                let views = affine().with_rotation(15.0).with_scale(0.85, 1.15).with_translation(0.1);
                Pipeline::read(parquet(file).features("image")).views(2, views.then(noise(0.05)))
            }
            Data::FashionMnist => {
                let file = |name: &str| format!("/usr/share/datasets/fashion-mnist/{name}-ubyte.gz");
                let dataset = idx_splits([
                    ("train", file("train-images-idx3"), file("train-labels-idx1")),
                    ("test", file("t10k-images-idx3"), file("t10k-labels-idx1")),
                ]);
                // All samples are embedded after every round: of the test split a fifth is enough to measure on.
                let part = format!(
                    "SELECT * FROM (SELECT *, CAST(row_number() OVER () AS BIGINT) - 1 AS id FROM clothes)
                     WHERE (split = 'train' AND id < {}) OR (split = 'test' AND id % 5 = 0) ORDER BY id",
                    self.rows
                );
                let dataset = sql(part).table("clothes", dataset);
                let views = crop(0.3).then(flip()).then(contrast(0.4)).then(brightness(0.4));
                Pipeline::read(dataset).views(2, views)
            }
        }
    }

    /// Which digits are trained on: the exact optimum takes time with the cube of the rows, so that a part has to do.
    fn part_of_digits(seed: u64) -> String {
        format!(
            "split = 'train' AND id IN
             (SELECT id FROM samples WHERE split = 'train' ORDER BY (id + 17) * {} % 1801 LIMIT 600)",
            7919 + seed
        )
    }

    fn fit(&self, seed: u64, rate: f64) -> Fit {
        Fit::epochs(1).optimiser(adamw(rate)).seed(seed).device(DeviceChoice::Cpu)
    }

    fn deep(&self, related: Pipeline<Related>, fit: Fit) -> Pipeline<Trained> {
        let (encoder, loss) = match self.data {
            Data::Digits => (convnet().with_channels([16, 32, 64]).with_strides([1, 2, 2]).project([128, 64]), 0.2),
            Data::FashionMnist => (convnet().project([256, 128]), 0.5),
        };
        related.train(encoder, nt_xent(loss), fit)
    }
}

fn measured(trained: Pipeline<Trained>) -> Pipeline<Trained> {
    trained.evaluate(known_probe("label")).evaluate(linear_probe("label")).evaluate(clustering("label").normalised())
}
