//! Unknown optimiser: one of somebody's own, as a plan describes it. It can be read, compared and embedded with, but not
//! trained with.

use burn::tensor::Device;
use relata_registry::{Description, ReadError};

use super::{OPTIMISERS, Optimise, OptimiserState, sgd};
use crate::error::{Result, TrainError};

/// The optimiser of a description. One that is not built in is known by its settings alone; the check refuses it.
pub(crate) fn optimiser_of(description: Description) -> Result<Box<dyn Optimise>, ReadError> {
    match OPTIMISERS.read(&description) {
        Err(ReadError::Unknown { .. }) => Ok(Box::new(UnknownOptimiser { description })),
        read => read,
    }
}

#[derive(Debug)]
struct UnknownOptimiser {
    description: Description,
}

impl Optimise for UnknownOptimiser {
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn check(&self) -> Result<()> {
        let expected = format!(
            "one of {}; to train with an optimiser of your own, run a pipeline from Rust",
            OPTIMISERS.names().join(", ")
        );
        Err(TrainError::setting("fit", "optimiser", expected, format!("`{}`", self.description.name)))
    }

    fn learning_rate(&self) -> f64 {
        self.description["learning_rate"].as_f64().unwrap_or_default()
    }

    /// That of another optimiser, which a model that only embeds never uses.
    fn state(&self, device: &Device) -> OptimiserState {
        sgd(1.0).state(device)
    }
}

#[cfg(test)]
mod tests {
    use crate::fit::Fit;

    #[test]
    fn a_fit_with_an_optimiser_of_ones_own_is_read_but_not_run() {
        let mut plan = serde_json::to_value(Fit::epochs(3)).unwrap();
        plan["optimiser"] = serde_json::json!({ "name": "mine", "learning_rate": 0.5 });
        let fit: Fit = serde_json::from_value(plan.clone()).unwrap();
        assert_eq!(serde_json::to_value(&fit).unwrap(), plan);
        assert_eq!(fit.optimiser_settings().learning_rate(), 0.5);
        let error = fit.check().unwrap_err().to_string();
        assert!(error.contains("`mine`") && error.contains("from Rust"), "{error}");
        plan["optimiser"] = serde_json::json!({ "name": "sgd", "rate": 0.5 });
        assert!(serde_json::from_value::<Fit>(plan).is_err());
    }
}
