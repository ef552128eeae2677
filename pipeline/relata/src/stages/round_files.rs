//! Round files: what the last round made becomes the run's, and what nobody needs any more goes.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use relata_data::DataError;
use relata_data::sink::{AtomicFile, ParquetSink, verify};
use relata_schemas::metrics::METRICS;
use relata_train::training::MetricRow;

use super::context::StageContext;
use super::draw::{draw_embeddings_and_neighbourhoods, draw_metrics};
use crate::error::Result;
use crate::store::{Artifact, Run, metrics_batch};

/// What a finished run has of its last round.
const RESULTS: [Artifact; 9] = [
    Artifact::Edges,
    Artifact::Memberships,
    Artifact::Separations,
    Artifact::Conflicts,
    Artifact::OracleAccuracy,
    Artifact::Adjacency,
    Artifact::GraphSettings,
    Artifact::Embeddings,
    Artifact::Solution,
];
/// Bytes of a file that are in memory while it is copied.
const BUFFER: usize = 1 << 20;

/// Rounds before the last two are only remembered by their measurements.
pub(super) fn forget(context: &StageContext<'_>, number: u32) -> Result<()> {
    if number < 3 {
        return Ok(());
    }
    let old = context.run.round(number - 2);
    for name in RESULTS {
        let path = old.path(name);
        if path.exists() {
            std::fs::remove_file(&path).map_err(DataError::io(&path))?;
        }
    }
    let checkpoints = old.path(Artifact::Checkpoints);
    if checkpoints.exists() {
        std::fs::remove_dir_all(&checkpoints).map_err(DataError::io(&checkpoints))?;
    }
    Ok(())
}

/// Copies the last round's results to the run folder.
pub(super) fn copy_results(context: &StageContext<'_>, last: u32) -> Result<()> {
    let from = context.run.round(last);
    RESULTS.into_iter().try_for_each(|name| copy(&from, &context.run, name))?;
    for folder in [Artifact::Checkpoints, Artifact::Plots] {
        let Ok(files) = std::fs::read_dir(from.path(folder)) else { continue };
        for file in files {
            let path = file.map_err(DataError::io(from.path(folder)))?.path();
            if let Some(name) = path.file_name() {
                copy(&from, &context.run, Path::new(folder.name()).join(name))?;
            }
        }
    }
    Ok(())
}

/// Draws, and writes the metrics of all rounds and what was measured after them; they come last and mark the run as done.
pub(super) fn finish(context: &StageContext<'_>, rounds: u32, after: &[MetricRow]) -> Result<()> {
    let measured: Vec<(u32, Vec<MetricRow>)> = (0..=rounds)
        .map(|number| (number, context.run.round(number)))
        .filter(|(_, run)| run.is_finished())
        .map(|(number, run)| Ok((number, run.metrics()?)))
        .collect::<Result<_>>()?;
    draw_metrics(&context.run, &measured)?;
    draw_embeddings_and_neighbourhoods(&context.run, &context.samples.columns, context.coloured_by())?;
    let mut sink = ParquetSink::sealed(&context.run.path(Artifact::Metrics), METRICS.schema())?;
    for number in 0..=rounds {
        let run = context.run.round(number);
        if run.is_finished() {
            for batch in run.read(Artifact::Metrics)? {
                let batch = batch.with_schema(METRICS.schema()).map_err(DataError::from)?;
                sink.write(&batch)?;
            }
        }
    }
    if !after.is_empty() {
        sink.write(&metrics_batch(after, rounds)?)?;
    }
    sink.finish()?;
    Ok(())
}

/// Copies a file, if it is there, a piece at a time; it appears whole.
pub(super) fn copy(from: &Run, to: &Run, artifact: impl AsRef<Path>) -> Result<()> {
    let (source, target) = (from.path(&artifact), to.path(&artifact));
    if !source.exists() {
        return Ok(());
    }
    verify(&source)?;
    let mut reader = BufReader::with_capacity(BUFFER, File::open(&source).map_err(DataError::io(&source))?);
    // Pictures are drawn anew, also by their owner.
    let of_plots = artifact.as_ref().starts_with(Artifact::Plots);
    let mut file = if of_plots { AtomicFile::create(&target)? } else { AtomicFile::sealed(&target)? };
    io::copy(&mut reader, &mut file).map_err(DataError::io(&target))?;
    Ok(file.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_takes_the_place_of_what_was_there_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| Run::at(folder.path().join(name)));
        let content: Vec<u8> = (0..3 * BUFFER + 7).map(|at| (at % 251) as u8).collect();
        for (run, bytes) in [(&from, &content[..]), (&to, b"before")] {
            std::fs::create_dir_all(run.path(Artifact::Plots)).unwrap();
            std::fs::write(run.path("plots/a.png"), bytes).unwrap();
        }
        copy(&from, &to, "plots/a.png").unwrap();
        copy(&from, &to, "plots/missing.png").unwrap();
        assert!(std::fs::read(to.path("plots/a.png")).unwrap() == content);
        assert_eq!(std::fs::read_dir(to.path(Artifact::Plots)).unwrap().count(), 1);
    }
}
