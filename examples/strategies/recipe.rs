//! The pipelines that are compared: one without questions that all others start from, and one that asks.

use std::path::PathBuf;

use clap::ValueEnum;
use relata::dsl::{Related, Trained};
use relata::prelude::*;

use crate::NO_ANSWERS;
use crate::data::{Data, part_of_digits};

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// A convolutional network, first trained without questions.
    Deep,
    /// The exact optimum of the spectral loss.
    ClosedForm,
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
    pub cancel: Cancel,
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
                let start = self.deep(self.data.samples(self.rows).relate(same_sample()), fit).write(before);
                let start = start.cancel_with(self.cancel.clone()).run_async().await?;
                let fit = self.fit(seed, 1e-3).for_epochs(self.epochs).from_run(start.folder());
                let fit = fit.batches(Batches::mixed(0.25));
                self.deep(self.ask(self.data.samples(self.rows).relate(same_sample()), name, asking), fit)
            }
        };
        measured(pipeline).write(folder).cancel_with(self.cancel.clone()).run_async().await
    }

    /// Neighbours in the pixels are the prior. Answers correct it: a "no" cuts what the prior joins, a "yes" joins, each
    /// row with the same force however large its group is, and the graph is normalised by its degrees. A sparse graph of
    /// answers alone would outweigh everything that the kernel knows.
    fn closed_form(&self, name: &str, asking: AskConfig, seed: u64) -> Pipeline<Trained> {
        let prior = nearest(7).l2().either_way().tuned().weighted(1.0 / 3.0);
        let related = self.ask(self.data.samples(self.rows).train_on(part_of_digits(seed)).relate(prior), name, asking);
        let exact = closed_form(Kernel::Laplace { width: 0.5 }, 20).normalised();
        related.resolve(Policy::NegativesCut).solve(exact)
    }

    fn ask(&self, related: Pipeline<Related>, name: &str, asking: AskConfig) -> Pipeline<Related> {
        match name {
            NO_ANSWERS => related.ask(noisy(labels("label"), 0.0).with_passes(1.0), asking),
            _ => related.ask(labels("label"), asking),
        }
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
