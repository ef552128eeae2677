//! Round records: what was written down about each round of questions, and why the last one was the last.

use relata_active::query_loop::{Round, StopReason};
use relata_data::index::SampleId;
use relata_data::sink::{read_verified, write_sealed};
use serde::{Deserialize, Serialize};

use super::artifact::Artifact;
use super::error::{Result, StoreError};
use super::run::Run;

/// A round of questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundRecord {
    /// What it came to.
    #[serde(flatten)]
    pub round: Round,
    /// What was doubted after it, the worst first.
    #[serde(default)]
    pub bridges: Vec<Bridge>,
}

/// A "yes" that alone holds two big sides of a component together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// The answer's row in the ledger.
    pub answer: u64,
    /// A sample of one side.
    pub src: SampleId,
    /// A sample of the other side.
    pub dst: SampleId,
}

impl RoundRecord {
    /// Reads the record of a round's own run.
    pub(crate) fn read(run: &Run) -> Result<Self> {
        let path = run.existing(Artifact::RoundRecord)?;
        let text = read_verified(&path)?;
        serde_json::from_slice(&text).map_err(|error| StoreError::corrupt(path, error))
    }

    /// Writes the record down, which marks the round as answered.
    pub(crate) fn write(&self, run: &Run) -> Result<()> {
        let path = run.path(Artifact::RoundRecord);
        let text = serde_json::to_vec_pretty(self).map_err(|error| StoreError::corrupt(&path, error))?;
        Ok(write_sealed(&path, &text)?)
    }
}

impl Run {
    /// The rounds of questions that were answered, in order; none if the run asks nothing.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// for record in Run::open("runs/asked")?.rounds()? {
    ///     println!("round {}: {} questions", record.round.round, record.round.questions);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rounds(&self) -> Result<Vec<RoundRecord>> {
        let rounds = (1u32..).map(|number| self.round(number));
        rounds
            .take_while(|round| round.path(Artifact::RoundRecord).is_file())
            .map(|round| RoundRecord::read(&round))
            .collect()
    }

    /// Why no more was asked; none if the run asks nothing, or has not come to an end of it.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// if let Some(reason) = Run::open("runs/asked")?.stopped()? {
    ///     println!("{reason}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stopped(&self) -> Result<Option<StopReason>> {
        Ok(self.rounds()?.last().and_then(|record| record.round.stop))
    }
}

#[cfg(test)]
mod tests {
    use relata_active::query_loop::RoundProgress;

    use super::*;

    #[test]
    fn rounds_come_back_with_their_bridges_and_the_last_one_says_why_it_was_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::at(folder.path());
        assert_eq!((run.rounds().unwrap(), run.stopped().unwrap()), (vec![], None));
        let record = |round, stop| RoundRecord {
            round: Round {
                round,
                questions: 2,
                spent: 0.1 + 0.2,
                progress: RoundProgress::default(),
                implied: (3, u64::MAX),
                components: 1,
                stop,
            },
            bridges: vec![Bridge { answer: 7, src: SampleId(1), dst: SampleId(u64::MAX) }],
        };
        let records = [record(1, None), record(2, Some(StopReason::Implied(0.75)))];
        for (record, number) in records.iter().zip(1..) {
            record.write(&run.round(number)).unwrap();
        }
        assert_eq!(run.rounds().unwrap(), records);
        assert_eq!(run.stopped().unwrap(), Some(StopReason::Implied(0.75)));

        // Rounds of before bridges were written down have none.
        let path = run.round(1).path(Artifact::RoundRecord);
        let mut old: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        old.as_object_mut().unwrap().remove("bridges");
        // As it was written then, without a checksum.
        std::fs::remove_file(path.with_file_name("checksums")).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, old.to_string()).unwrap();
        assert!(run.rounds().unwrap()[0].bridges.is_empty());
        std::fs::write(&path, "{").unwrap();
        let error = run.stopped().unwrap_err().to_string();
        assert!(error.contains("rounds/1/round.json"), "{error}");
    }
}
