//! Final checkpoint: the weights of a run that has been trained to its end, or the optimum that it was solved for.

use relata_data::sink::read_verified;
use relata_train::closed_form::Solution;
use relata_train::training::{Checkpoint, Checkpoints};

use crate::error::{PipelineError, Result};
use crate::store::{Artifact, Run, StoreError};

impl Run {
    /// The checkpoint of the last step, and the folder that it is in.
    pub(crate) fn final_checkpoint(&self) -> Result<(Checkpoints, Checkpoint)> {
        let checkpoints = Checkpoints::new(&self.path(Artifact::Checkpoints));
        let checkpoint = checkpoints.latest()?.filter(|checkpoint| checkpoint.step == checkpoint.total_steps);
        let checkpoint = checkpoint.ok_or_else(|| self.unfinished("model that is trained to its end"))?;
        Ok((checkpoints, checkpoint))
    }

    /// The optimum of a closed form.
    pub(crate) fn solution(&self) -> Result<Solution> {
        let path = self.path(Artifact::Solution);
        if !path.exists() {
            return Err(self.unfinished(Artifact::Solution.name()));
        }
        Ok(Solution::from_bytes(&read_verified(&path)?)?)
    }

    fn unfinished(&self, what: &str) -> PipelineError {
        StoreError::NotThere {
            folder: self.folder().to_path_buf(),
            what: what.to_owned(),
            hint: "The run has not come that far: run the pipeline again to finish it.".to_owned(),
        }
        .into()
    }
}
