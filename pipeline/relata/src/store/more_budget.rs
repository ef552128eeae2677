//! More budget: a run that has spent its budget goes on where it was when its pipeline has a larger one.

use relata_active::query_loop::StopReason;
use relata_data::DataError;

use super::artifact::Artifact;
use super::error::Result;
use super::plan::Plan;
use super::round_record::RoundRecord;
use super::run::Run;

impl Run {
    /// Whether the new plan differs from the old one only by more budget, and the run can make use of it: it is not done, or
    /// has stopped because the budget was spent. Such a run is opened again. Its answers and all its rounds stay.
    pub(super) fn takes_more_budget(&self, old: &Plan, new: &Plan) -> Result<bool> {
        let (Some(before), Some(after)) = (&old.ask, &new.ask) else { return Ok(false) };
        let mut raised = old.clone();
        raised.ask.iter_mut().for_each(|ask| ask.config.budget = after.config.budget);
        if after.config.budget <= before.config.budget || !raised.difference(new).is_empty() {
            return Ok(false);
        }
        match self.stopped()? {
            Some(StopReason::Budget) => self.open_again().map(|()| true),
            Some(_) => Ok(false),
            None => Ok(!self.is_finished()),
        }
    }

    /// Makes the last round one after which it goes on. Whatever step is the last to be done, the run can be started again.
    fn open_again(&self) -> Result<()> {
        let remove = |run: &Self, artifact: Artifact| -> Result<()> {
            let path = run.path(artifact);
            match path.exists() {
                true => Ok(std::fs::remove_file(&path).map_err(DataError::io(&path))?),
                false => Ok(()),
            }
        };
        if let Some(mut record) = self.rounds()?.pop() {
            let last = self.round(record.round.round);
            if record.round.questions == 0 {
                // Nothing was asked in it, nor learned: it is asked anew.
                remove(&last, Artifact::RoundRecord)?;
            } else {
                record.round.stop = None;
                RoundRecord::write(&record, &last)?;
            }
        }
        // It is of embeddings that will change, perhaps to others of the same length.
        remove(self, Artifact::NearestIndex)?;
        remove(self, Artifact::Metrics)
    }
}
