//! Views of a run, drawn again from its plan.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use relata_data::index::Row;
use relata_data::source::session;
use relata_data::view::Views;
use relata_data::view::{contact_sheet, save_png};

use crate::error::{PipelineError, Result};
use crate::registries::VIEWS;
use crate::store::{Artifact, Run, training_rows};

impl Run {
    /// Draws training samples beside their views of one epoch, as the model sees them, and returns the picture's path
    /// (`plots/views.png` by default). At most 256 samples, evenly spaced; views have to be built in.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let sheet = Run::open("runs/digits")?.draw_views(16, 3, None).await?;
    /// println!("{}", sheet.display());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn draw_views(&self, samples: usize, epoch: u64, output: Option<&Path>) -> Result<PathBuf> {
        let plan = self.plan()?;
        let augment = VIEWS.read(&plan.views.view).map_err(|error| PipelineError::OwnViews { error })?;
        let views = Views::new(plan.views.count, augment, plan.training_seed());
        let data = self.samples()?;
        views.check(data.features.shape())?;
        let rows: Arc<Vec<Row>> = training_rows(&session(), &data, plan.train_on.as_deref()).await?;
        let step = (rows.len() / samples.max(1)).max(1);
        let shown: Vec<Row> = rows.iter().step_by(step).take(samples).copied().collect();
        let path = output.map_or_else(|| self.path(Artifact::ViewsPlot), Path::to_path_buf);
        save_png(&path, &contact_sheet(&data.features, &shown, &views, epoch)?)?;
        Ok(path)
    }
}
