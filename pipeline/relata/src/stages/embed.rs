//! Embed stage: the vectors of all samples.

use relata_data::sink::AtomicFile;

use super::context::StageContext;
use super::model::Embedder;
use crate::error::Result;
use crate::store::Run;

impl StageContext<'_> {
    /// Embeds all samples into the table of `run`.
    pub fn embed(&self, run: &Run, model: &Embedder) -> Result<()> {
        if run.embeddings().exists() {
            self.reporter.found("embed");
            return Ok(());
        }
        self.unless_cancelled("embed")?;
        let stage = self.reporter.stage("embed", self.samples.ids.rows() as u64, "rows");
        let rows =
            model.write(&self.samples, AtomicFile::sealed(&run.embeddings())?, &mut |rows| stage.at(rows, ""))?;
        stage.finish(rows, &format!("of {} dimensions", model.width()));
        Ok(())
    }
}
