//! Ingest stage: the dataset into the folder of the run, as a table of samples and a feature store.

use relata_data::Session;
use relata_data::index::Row;
use relata_data::source::{OpenDataset, Samples};

use super::spec::Spec;
use crate::error::Result;
use crate::progress::Reporter;
use crate::store::{Artifact, Run};

/// Reads the dataset, unless an earlier run of the pipeline has done so.
pub(super) async fn ingest(spec: &Spec, run: &Run, session: &Session, reporter: &Reporter) -> Result<Samples> {
    let samples = if [Artifact::Samples, Artifact::Features].iter().all(|part| run.path(part).exists()) {
        reporter.found("read");
        run.samples()?
    } else {
        // A label that is not there is found before anything is read.
        let dataset = OpenDataset::open(&spec.dataset, session).await?.leaving_out(spec.columns_read());
        let columns: Vec<String> = dataset.columns().map(str::to_owned).collect();
        spec.check_labels(&columns)?;
        for note in dataset.notes()? {
            reporter.note("read", &note);
        }
        if let Some(features) = dataset.features_in_words()? {
            reporter.note("read", &features);
        }
        let stage = reporter.stage("read", None, "rows");
        let samples = dataset.write(run.folder(), &mut |rows| stage.at(rows, "")).await?;
        stage.finish(samples.ids.rows() as u64, &format!("of {}", samples.features.shape()));
        tell_skipped(run, reporter)?;
        samples
    };
    // A column that has become a feature is no label any more.
    spec.check_labels(&samples.columns)?;
    Ok(samples)
}

/// Says how many samples were left out, if any were.
pub(super) fn tell_skipped(run: &Run, reporter: &Reporter) -> Result<()> {
    let skipped = Samples::skipped(run.folder())?;
    if skipped > 0 {
        let listed = format!("`{}` lists them with the reason", run.path(Artifact::Skipped).display());
        reporter.note("read", &format!("left out {skipped} samples whose picture could not be read; {listed}"));
    }
    Ok(())
}

/// Learns the statistics of a table's fields from the training rows.
pub(super) fn fit_fields(samples: &mut Samples, run: &Run, rows: &[Row], reporter: &Reporter) -> Result<()> {
    samples.fit(run.folder(), rows)?;
    let constant = samples.features.table().map(|table| table.fitted().constant()).unwrap_or_default();
    if !constant.is_empty() {
        let columns = constant.join(", ");
        reporter.note("read", &format!("the same value in every training row, which tells nothing apart: {columns}"));
    }
    Ok(())
}
