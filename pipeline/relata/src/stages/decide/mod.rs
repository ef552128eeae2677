//! Decide stage: which rows are the same entity, from the candidates, the answers, and what they make of each pair.

mod audit;
mod candidate_rules;
mod classes;
mod earlier_entities;
mod known_relations;
mod scored_pairs;
mod tables;

use relata_active::query_loop::QueryLoop;
use relata_active::strategy::ScoredCandidates;
use relata_data::index::{Row, TrainingRow};
use relata_decide::decision::{Decision, EntityDecision, warnings};
use relata_decide::entities::{Evidence, ScoredPair, confidence};
use relata_decide::evaluation::{Contingency, PairMeasures};
use relata_decide::log_odds::{log_odds, probability};

pub(super) use self::audit::Asked;
use self::audit::Audit;
use self::known_relations::KnownRelations;
use self::scored_pairs::ScoredPairs;
use self::tables::{write_entities, write_pairs};
use super::context::StageContext;
use super::evaluate::Measured;
use crate::error::Result;
use crate::store::{Run, write_linkage};

/// Log-odds by which the threshold is moved to see how stable a decision is: probabilities of 0.27 and 0.73.
const MOVED: f64 = 1.0;
/// What makes a pair at the threshold worth joining.
const AT_THRESHOLD: f64 = 1e-9;

impl StageContext<'_> {
    /// Decides about all rows by the embeddings of `run`, if that was asked for. Gives what there is to say about the
    /// decision.
    pub async fn decide(&self, run: &Run, asked: Option<&Asked<'_, '_>>) -> Result<Measured> {
        let Some(decision) = &self.spec.decide else { return Ok(vec![]) };
        self.unless_cancelled("decide")?;
        match decision {
            Decision::Entities(decision) => self.decide_entities(run, decision, asked).await,
            Decision::Classes(decision) => self.decide_classes(run, decision, asked).await,
        }
    }

    /// Decides which rows are the same entity; the table of entities is written last.
    async fn decide_entities(
        &self,
        run: &Run,
        decision: &EntityDecision,
        asked: Option<&Asked<'_, '_>>,
    ) -> Result<Measured> {
        let query_loop = asked.map(|asked| asked.query_loop);
        let scored = ScoredPairs::find(self, run, query_loop).await?;
        let rows = self.samples.ids.rows();
        let stage = self.reporter.stage("decide", rows as u64, "rows");
        let known = KnownRelations::read(run, &self.samples, query_loop, &self.rows)?;
        if known.contradictions > 0 {
            let text = format!("{} cannot-links contradict must-links and give way to them", known.contradictions);
            self.reporter.note("decide", &text);
        }
        let of_pairs = scored.known(|a, b| known.relation(a, b));
        let of_model = scored.linkage.scores(&of_pairs)?.log_odds;
        let probabilities: Vec<f64> = of_model.iter().map(|&log_odds| probability(log_odds)).collect();
        let kept = self.kept(&known);
        let evidence = self.evidence(decision, &scored, &of_model, (&known, &kept))?;
        let mut entities = decision.clustering()?.entities(&evidence)?;
        let by_model = (&scored, &probabilities[..]);
        let audit = match (asked.filter(|asked| asked.audits), decision.audit_questions()) {
            (Some(asked), Some(questions)) => {
                Some(Audit::ask(self, (asked, questions), by_model, (&known, &entities)).await?)
            }
            _ => None,
        };
        let threshold = match (&audit, decision.threshold_rule()) {
            (Some(audit), Some(rule)) => audit.threshold(self, rule)?,
            (None, Some(_)) => self.extension.as_ref().and_then(|earlier| earlier.threshold),
            _ => None,
        };
        if let Some(threshold) = threshold {
            let shifted: Vec<f64> = (0..of_model.len())
                .map(|pair| match of_pairs[pair] {
                    Some(_) => of_model[pair],
                    // Probabilities of certain pairs differ by less than their log-odds can tell.
                    None if probabilities[pair] >= threshold => {
                        (of_model[pair] - log_odds(threshold)).max(AT_THRESHOLD)
                    }
                    None => (of_model[pair] - log_odds(threshold)).min(-AT_THRESHOLD),
                })
                .collect();
            let evidence = self.evidence(decision, &scored, &shifted, (&known, &kept))?;
            entities = decision.clustering()?.entities(&evidence)?;
        }
        let mut audited: Measured =
            threshold.map(|threshold| ("decision.threshold".to_owned(), threshold)).into_iter().collect();
        if let Some(audit) = &audit {
            audited.extend(audit.judge(self, run, &entities)?);
        }
        // How sure it is follows from the probabilities, whatever the threshold.
        let confidence = confidence(&evidence, &entities)?;
        let mut metrics = summary(&scored, &probabilities, &of_pairs, &entities);
        metrics.push(("decision.stability".to_owned(), stability(decision, &evidence)?));
        metrics.extend(scored.linkage.agreement(&of_pairs)?.map(|share| ("decision.agreement".to_owned(), share)));
        metrics.extend(candidate_rules::write(run, &scored, &probabilities, known.must_links())?);
        metrics.extend(audited);
        write_linkage(run, &scored.linkage.model(&of_pairs)?)?;
        write_pairs(run, &self.samples, &scored, &probabilities, &of_pairs)?;
        let ids = self.entity_ids(&entities);
        write_entities(run, &self.samples, &evidence, (&entities, &ids), &confidence)?;
        let value = |name: &str| metrics.iter().find(|metric| metric.0 == name).map_or(0.0, |metric| metric.1);
        let found = format!(
            "are {} entities, {} of them of several rows; expected precision {:.3}, recall among candidates {:.3}",
            value("decision.entities"),
            value("decision.entities_of_several"),
            value("decision.expected_precision"),
            value("decision.expected_recall"),
        );
        stage.finish(rows as u64, &found);
        self.warn(&metrics);
        Ok(metrics)
    }

    /// Tells what is suspicious about a decision.
    pub(super) fn warn(&self, metrics: &Measured) {
        let measure = |name: &str| metrics.iter().find(|metric| metric.0 == name).map(|metric| metric.1);
        warnings(measure).iter().for_each(|warning| self.reporter.note("decide", warning));
    }

    /// The candidates for the questions of a round by the embeddings of `run`, most worth asking first; none if the pipeline
    /// has no candidates.
    pub async fn candidates(
        &self,
        run: &Run,
        query_loop: &QueryLoop<'_>,
        pairs: usize,
        round: u32,
    ) -> Result<Option<ScoredCandidates>> {
        if self.spec.entities().is_none() && self.spec.candidates.is_none() {
            return Ok(None);
        }
        let scored = ScoredPairs::find(self, run, Some(query_loop)).await?;
        let place = |row: Row| self.rows.binary_search(&row).ok().map(|place| TrainingRow(place as u32));
        let training: Vec<Option<(TrainingRow, TrainingRow)>> =
            scored.candidates.pairs().map(|(a, b)| Some((place(a)?, place(b)?))).collect();
        let known: Vec<Option<bool>> =
            training.iter().map(|pair| pair.and_then(|(a, b)| query_loop.relation(a, b))).collect();
        let scores = scored.linkage.scores(&known)?;
        // Where a run is extended, the old samples were asked about already.
        let first = self.extension.as_ref().map_or(0, |earlier| earlier.rows);
        let is_new = |place: TrainingRow| self.rows[place.index()].index() >= first;
        let open =
            |pair: usize| training[pair].is_some_and(|(a, b)| (is_new(a) || is_new(b)) && query_loop.is_open(a, b));
        let ranked = scored.linkage.questions(&scores, &open, pairs, round);
        let ranked = ranked.into_iter().filter_map(|pair| training[pair]).collect();
        let with_place = training.iter().zip(&scores.log_odds);
        let found =
            with_place.filter_map(|(pair, &log_odds)| Some((pair.as_ref().copied()?, probability(log_odds) as f32)));
        Ok(Some(ScoredCandidates { pairs: found.collect(), ranked }))
    }

    /// What the clustering goes by.
    fn evidence(
        &self,
        decision: &EntityDecision,
        scored: &ScoredPairs,
        log_odds: &[f64],
        (known, kept): (&KnownRelations, &[(u32, u32)]),
    ) -> Result<Evidence> {
        let pairs: Vec<_> = scored.candidates.pairs().zip(log_odds).collect();
        // Candidates that are not considered are as good as unseen: the model has not learned about such pairs.
        let considered = scored.linkage.considered().iter().map(|&pair| pairs[pair as usize]);
        let pairs = considered.map(|((a, b), &log_odds)| {
            let log_odds = if known.relation(a, b).is_some() { log_odds } else { self.as_decided(a, b, log_odds) };
            ScoredPair { a: a.0, b: b.0, log_odds }
        });
        let pairs = pairs.collect();
        let evidence =
            Evidence::new(self.samples.ids.rows(), pairs)?.with_must_links([known.must_links(), kept].concat())?;
        let evidence = evidence.with_cannot_links(known.cannot_links().to_vec())?;
        Ok(match &self.sources {
            Some(sources) if decision.is_one_to_one() => evidence.with_sources(sources.of_rows().to_vec())?,
            _ => evidence,
        })
    }
}

/// How much the entities depend on the threshold: F1 of the pairs within those of a lower one, against a higher one.
fn stability(decision: &EntityDecision, evidence: &Evidence) -> Result<f64> {
    let clustering = decision.clustering()?;
    let lower = clustering.entities(&evidence.moved(MOVED))?;
    let higher = clustering.entities(&evidence.moved(-MOVED))?;
    let higher: Vec<Option<u32>> = higher.into_iter().map(Some).collect();
    Ok(PairMeasures::of(&Contingency::of(&lower, &higher)?).f1().unwrap_or(1.0))
}

/// How many entities there are, and how right they are by the model's own probabilities: precision is the mean probability
/// of the pairs within entities that are candidates, recall the share of all candidates' probability that is within.
fn summary(scored: &ScoredPairs, probabilities: &[f64], known: &[Option<bool>], entities: &[u32]) -> Measured {
    let (mut inside, mut right, mut all) = (0u64, 0.0, 0.0);
    for ((a, b), probability) in scored.candidates.pairs().zip(probabilities) {
        all += probability;
        if entities[a.index()] == entities[b.index()] {
            inside += 1;
            right += probability;
        }
    }
    let mut sizes = vec![0u64; entities.len()];
    entities.iter().for_each(|&entity| sizes[entity as usize] += 1);
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
    let found = [
        ("decision.candidates", probabilities.len() as f64),
        ("decision.rows", entities.len() as f64),
        ("decision.known", known.iter().flatten().count() as f64),
        ("decision.entities", sizes.iter().filter(|&&size| size > 0).count() as f64),
        ("decision.entities_of_several", sizes.iter().filter(|&&size| size > 1).count() as f64),
        ("decision.largest_entity", sizes.iter().max().copied().unwrap_or_default() as f64),
        ("decision.expected_precision", share(right, inside as f64)),
        ("decision.expected_recall", share(right, all)),
    ];
    found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
