//! Scored pairs: the candidates of a run, compared, with the probability that each is the same entity.

use relata_active::query_loop::QueryLoop;
use relata_data::index::{Row, TrainingRow};
use relata_decide::candidates::{CandidateContext, CandidatePairs, Candidates, Sources};
use relata_decide::decision::EntityDecision;
use relata_decide::linkage::{Linkage, LinkageInput};
use relata_decide::records::record_columns;

use super::super::context::StageContext;
use crate::error::Result;
use crate::store::{Run, nearest_index};

/// Blocks of equal values that were left out, of which so many are named.
const NAMED: usize = 3;

/// Candidate pairs and the model that scores them.
pub(in crate::stages) struct ScoredPairs {
    pub candidates: CandidatePairs,
    pub linkage: Linkage,
    /// The candidate rules that go by embeddings, as bits.
    pub rules_of_embeddings: u32,
    /// Those that go by values.
    pub rules_of_values: u32,
}

impl ScoredPairs {
    /// Finds the candidates by the embeddings of `run`, with those that were asked about, and compares them.
    pub async fn find(context: &StageContext<'_>, run: &Run, query_loop: Option<&QueryLoop<'_>>) -> Result<Self> {
        let StageContext { spec, session, samples, sources, reporter, .. } = context;
        let stage = reporter.stage("compare", None, "pairs");
        let (embeddings, width) = super::super::round_embeddings::all_unit_embeddings(&context.samples, run)?;
        let rules = spec.candidates.clone().unwrap_or_else(Candidates::default);
        let row = |place: TrainingRow| context.rows[place.index()];
        let asked = query_loop.map(|query_loop| query_loop.asked().map(|(a, b)| (row(a), row(b))).collect());
        let asked: Vec<(Row, Row)> = asked.unwrap_or_default();
        let (sources_of, seed) = (sources.as_ref(), spec.seed());
        let columns = record_columns(samples);
        let index = nearest_index(&run.embeddings())?.map(|index| index.grown(&embeddings, &[]));
        let about = CandidateContext {
            session,
            samples,
            records: &columns,
            embeddings: &embeddings,
            width,
            index: index.as_ref(),
            sources: sources_of,
            asked: &asked,
            seed,
        };
        let candidates = rules.find(&about).await?;
        for cut in candidates.cut_blocks().iter().take(NAMED) {
            let text = format!("{}: `{}` is left out, since {} rows share it", cut.rule, cut.value, cut.rows);
            reporter.note("compare", &text);
        }
        let pairs: Vec<(u32, u32)> = candidates.pairs().map(|(a, b)| (a.0, b.0)).collect();
        let vector = |row: u32| &embeddings[row as usize * width..][..width];
        let cosine = |&(a, b): &(u32, u32)| vector(a).iter().zip(vector(b)).map(|(x, y)| x * y).sum::<f32>();
        let cosine: Vec<f32> = pairs.iter().map(cosine).collect();
        drop((embeddings, index));
        let linkage = Linkage::fit(LinkageInput {
            columns: &columns,
            pairs: &pairs,
            cosine: &cosine,
            sources: sources_of.map(Sources::of_rows),
            one_per_source: spec.entities().is_some_and(EntityDecision::is_one_to_one),
            seed,
        })?;
        let found =
            candidates.counts().iter().map(|count| format!("{} {}", count.pairs, count.rule)).collect::<Vec<_>>();
        stage.finish(pairs.len() as u64, &format!("of {}", found.join(", ")));
        let (rules_of_embeddings, rules_of_values) = rules.kinds();
        Ok(Self { candidates, linkage, rules_of_embeddings, rules_of_values })
    }

    /// The known relation of each candidate pair.
    pub fn known(&self, relation: impl Fn(Row, Row) -> Option<bool>) -> Vec<Option<bool>> {
        self.candidates.pairs().map(|(a, b)| relation(a, b)).collect()
    }
}
