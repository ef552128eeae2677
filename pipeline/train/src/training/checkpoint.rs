//! Checkpoints: weights, optimiser and position, complete on disk before the pointer `latest.json` moves to them.

use std::hash::Hasher;
use std::path::{Path, PathBuf};

use relata_data::DataError;
use relata_data::sink::write_sealed;
use relata_kernels::Isa;
use relata_schemas::run_file;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use super::metrics::MetricRow;
use crate::error::{Result, TrainError};
use crate::learner::{Learner, LearnerState};

/// The position that a checkpoint stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Steps taken; batches, views and learning rate are functions of the step and the plan's seed.
    pub step: u64,
    /// Steps of the whole run.
    pub total_steps: u64,
    /// Everything measured so far.
    pub metrics: Vec<MetricRow>,
    /// The vector instructions of the machine that it was trained on; sums end in other bits by others.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Low ranks that the collapse detector has seen in a row.
    pub low_ranks: u32,
    weights: String,
    weights_hash: u64,
    optimiser: String,
    optimiser_hash: u64,
}

/// The folder of a run's checkpoints; it keeps the latest.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// The checkpoints in `folder`, which need not exist yet.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// The checkpoints of the run in `folder`.
    pub fn of_run(folder: &Path) -> Self {
        Self::new(&folder.join("checkpoints"))
    }

    /// The pointer to the latest checkpoint.
    pub fn latest_path(&self) -> PathBuf {
        self.folder.join(run_file::LATEST_CHECKPOINT)
    }

    /// Where the latest checkpoint's weights are.
    pub fn weights_path(&self, checkpoint: &Checkpoint) -> PathBuf {
        self.folder.join(&checkpoint.weights)
    }

    /// Writes a checkpoint and removes older ones.
    pub fn write(
        &self,
        learner: &dyn Learner,
        step: u64,
        total_steps: u64,
        metrics: &[MetricRow],
        low_ranks: u32,
    ) -> Result<PathBuf> {
        let LearnerState { weights, optimiser } = learner.save()?;
        let checkpoint = Checkpoint {
            step,
            total_steps,
            metrics: metrics.to_vec(),
            instructions: Some(Isa::best().name().to_owned()),
            low_ranks,
            weights: format!("step-{step:08}.safetensors"),
            weights_hash: hash(&weights),
            optimiser: format!("step-{step:08}.optimiser"),
            optimiser_hash: hash(&optimiser),
        };
        write_sealed(&self.folder.join(&checkpoint.weights), &weights)?;
        write_sealed(&self.folder.join(&checkpoint.optimiser), &optimiser)?;
        let latest = self.latest_path();
        let wrong =
            |error: serde_json::Error| TrainError::Checkpoint { path: latest.clone(), found: error.to_string() };
        write_sealed(&latest, &serde_json::to_vec(&checkpoint).map_err(wrong)?)?;
        self.remove_others(&checkpoint)?;
        Ok(latest)
    }

    /// What to say where training goes on by other vector instructions than before: the result is as good, but not the
    /// same bits as without the interruption.
    pub fn other_instructions(&self, checkpoint: &Checkpoint) -> Option<String> {
        let (before, now) = (checkpoint.instructions.as_deref()?, Isa::best().name());
        (before != now).then(|| {
            format!("was trained with {before} instructions so far, and goes on with {now}: the bits are not those of one machine")
        })
    }

    /// The latest checkpoint, if there is one.
    pub fn latest(&self) -> Result<Option<Checkpoint>> {
        let path = self.latest_path();
        match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataError::io(&path)(error).into()),
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(checkpoint) => Ok(Some(checkpoint)),
                Err(error) => Err(TrainError::Checkpoint { path, found: error.to_string() }),
            },
        }
    }

    /// Loads a checkpoint into a learner; the optimiser only if training goes on.
    pub fn load(&self, checkpoint: &Checkpoint, learner: &mut dyn Learner, goes_on: bool) -> Result<()> {
        let weights = self.weights(checkpoint)?;
        let optimiser = if goes_on { Some(self.read(&checkpoint.optimiser, checkpoint.optimiser_hash)?) } else { None };
        let path = self.weights_path(checkpoint);
        let loaded = learner.load(weights, optimiser);
        loaded.map_err(|error| TrainError::Checkpoint { path, found: error.to_string() })
    }

    /// The weights of a checkpoint, in the safetensors format.
    pub fn weights(&self, checkpoint: &Checkpoint) -> Result<Vec<u8>> {
        self.read(&checkpoint.weights, checkpoint.weights_hash)
    }

    fn read(&self, name: &str, expected: u64) -> Result<Vec<u8>> {
        let path = self.folder.join(name);
        let bytes = std::fs::read(&path).map_err(DataError::io(&path))?;
        if hash(&bytes) != expected {
            return Err(TrainError::Checkpoint { path, found: "its content is not what was written".to_owned() });
        }
        Ok(bytes)
    }

    fn remove_others(&self, kept: &Checkpoint) -> Result<()> {
        for entry in std::fs::read_dir(&self.folder).map_err(DataError::io(&self.folder))? {
            let path = entry.map_err(DataError::io(&self.folder))?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let old = name.starts_with("step-") && name != kept.weights && name != kept.optimiser;
            if old {
                std::fs::remove_file(&path).map_err(DataError::io(&path))?;
            }
        }
        Ok(())
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_vector_instructions_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        let text = |instructions: &str| {
            let latest = format!(
                r#"{{"step": 3, "total_steps": 9, "metrics": [], "low_ranks": 0, {instructions} "weights": "w",
                    "weights_hash": 1, "optimiser": "o", "optimiser_hash": 2}}"#
            );
            std::fs::write(checkpoints.latest_path(), latest).unwrap();
            checkpoints.other_instructions(&checkpoints.latest().unwrap().unwrap())
        };
        assert!(text(r#""instructions": "NEON","#).unwrap().contains("NEON"));
        assert_eq!(text(&format!(r#""instructions": "{}","#, Isa::best().name())), None);
        assert_eq!(text(""), None, "of an earlier version");
    }
}
