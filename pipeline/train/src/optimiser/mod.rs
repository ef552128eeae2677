//! Optimisers and what goes with them: learning-rate schedules and gradient clipping.
//!
//! An optimiser is one file and one line of [`OPTIMISERS`].

mod fused_step;
mod gradient_clipping;
mod optimise;
mod schedule;
mod state;
mod unknown;

pub(crate) use gradient_clipping::clip_to_norm;
pub use optimise::Optimise;
pub use schedule::Schedule;
pub use state::OptimiserState;
pub(crate) use unknown::optimiser_of;

relata_registry::components! {
    /// Every optimiser, by name.
    pub static OPTIMISERS: dyn Optimise = "optimiser" [
        adamw::AdamW,
        sgd::Sgd,
        lars::Lars,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_optimiser_is_read_back_from_its_description() {
        let all: [Box<dyn Optimise>; 3] =
            [Box::new(adamw(0.2)), Box::new(sgd(0.2).with_momentum(0.5)), Box::new(lars(0.2).with_weight_decay(0.01))];
        assert_eq!(all.len(), OPTIMISERS.names().len());
        for optimiser in all {
            optimiser.check().unwrap();
            let back = OPTIMISERS.read(&optimiser.describe()).unwrap();
            assert_eq!((back.describe(), back.learning_rate()), (optimiser.describe(), 0.2));
        }
        let unknown = adamw(0.2).describe().with("beta", 1);
        assert!(OPTIMISERS.read(&unknown).is_err());
        assert!(sgd(-1.0).check().is_err() && adamw(0.1).with_momentum(1.0).check().is_err());
    }
}
