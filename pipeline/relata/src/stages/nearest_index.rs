//! Index stage: where there are many embeddings, an index by which their nearest rows are found.

use relata_data::seed::Purpose;
use relata_graph::knn::InvertedFile;

use super::context::StageContext;
use super::round_embeddings::all_unit_embeddings;
use crate::error::Result;
use crate::store::{Run, nearest_index};

/// Rows up to which every search is exact.
const EXACT: usize = 50_000;

impl StageContext<'_> {
    /// Writes the index of the run, unless it is there or the rows are few. That of a run that is extended grows.
    pub fn index(&self, earlier: Option<&Run>) -> Result<()> {
        let rows = self.samples.ids.rows();
        if rows <= EXACT || nearest_index(&self.run.embeddings())?.is_some() {
            return Ok(());
        }
        self.unless_cancelled("index")?;
        let stage = self.reporter.stage("index", rows as u64, "rows");
        let (values, width) = all_unit_embeddings(&self.samples, &self.run)?;
        let all: Vec<u32> = (0..rows as u32).collect();
        let earlier = earlier.map(|run| nearest_index(&run.embeddings())).transpose()?.flatten();
        let index = match earlier.filter(|earlier| earlier.width() == width && earlier.len() < rows) {
            Some(earlier) => earlier.grown(&values, &all[earlier.len()..]),
            None => {
                let mut rng = Purpose::NearestRows.stream(self.spec.seed(), &[rows as u64]);
                InvertedFile::build(&values, width, &all, &mut rng)
            }
        };
        self.run.write_nearest_index(&index, &values)?;
        stage.finish(rows as u64, "by their nearest centroids");
        Ok(())
    }
}
