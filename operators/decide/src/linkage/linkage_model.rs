//! Linkage model: what a linkage has learned of a table, to be kept and used for records that come later.

use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::answer_model::AnswerModel;
use super::comparison::LEVELS;
use super::pair_features::FeatureLayout;
use super::{Linkage, clipped};
use crate::error::{self, DecideError, Result};

/// What agreement means in each column of a table, and what answers have taught; made by [`Linkage::model`], used by
/// [`RecordLookup`](super::RecordLookup). It has no values of the table.
///
/// ```
/// use relata_decide::linkage::{Linkage, LinkageInput, LinkageModel, RecordColumn};
///
/// let names = ["Ann Miller", "Ann Miler", "Bob Stone", "Cy Young"].map(|name| Some(name.to_owned())).to_vec();
/// let columns = [RecordColumn { name: "name".into(), values: names }];
/// let (pairs, cosine) = ([(0, 1), (1, 2)], [0.9, 0.1]);
/// let (sources, one_per_source) = (None, false);
/// let input =
///     LinkageInput { columns: &columns, pairs: &pairs, cosine: &cosine, sources, one_per_source, seed: 0 };
/// let model = Linkage::fit(input)?.model(&[None, None])?;
/// let text = serde_json::to_string(&model).expect("numbers are finite");
/// assert_eq!(serde_json::from_str::<LinkageModel>(&text).expect("as it was written"), model);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkageModel {
    /// The columns that are compared.
    pub(super) columns: Vec<String>,
    /// None where no column says anything.
    pub(super) agreement: Option<Agreement>,
    /// What answers have taught, and the features that it goes by.
    pub(super) answers: Option<(FeatureLayout, AnswerModel)>,
}

impl Linkage {
    /// What was learned, with the answers of [`scores`](Self::scores).
    pub fn model(&self, known: &[Option<bool>]) -> Result<LinkageModel> {
        error::same_length("known pairs", self.pairs.len(), known.len())?;
        let considered: Vec<f64> = self.considered.iter().map(|&pair| clipped(&self.evidence, pair as usize)).collect();
        let answers = self.answer_model(known, &considered)?;
        let layout = || FeatureLayout::of(&self.columns, &self.compared, &self.swaps);
        Ok(LinkageModel {
            columns: self.columns.iter().map(|column| column.name.clone()).collect(),
            agreement: self.evidence.agreement().cloned(),
            answers: answers.map(|answers| (layout(), answers)),
        })
    }
}

impl LinkageModel {
    /// The names of the columns that are compared.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Refuses a model whose parts do not fit together.
    pub(super) fn check(&self) -> Result<()> {
        let columns = self.columns.len();
        let with_features = self.answers.as_ref().map_or(columns, |(features, _)| features.columns());
        error::same_length("columns with features", columns, with_features)?;
        let Some(agreement) = &self.agreement else { return Ok(()) };
        for levels in [&agreement.matches, &agreement.random, &agreement.related] {
            error::same_length("columns with levels", columns, levels.len())?;
            let positive = |levels: &[f64; LEVELS]| levels.iter().all(|level| level.is_finite() && *level >= 0.0);
            if let Some(at) = levels.iter().position(|levels| !positive(levels)) {
                return Err(DecideError::Levels { column: self.columns[at].clone() });
            }
        }
        Ok(())
    }
}
