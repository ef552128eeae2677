//! Questions: a few of them, with what was answered.

use std::collections::BTreeSet;

use relata_data::index::SampleId;
use serde::Deserialize;

use super::gallery::Gallery;
use super::html::escaped;
use super::pair_votes::VotesByPair;
use crate::audit::Audit;
use crate::error::Result;

/// Questions shown, about.
const SHOWN: usize = 12;
/// Candidates shown of each.
const CANDIDATES: usize = 12;

/// The questions of each round in the order in which they were asked.
const QUESTIONS: &str = "
SELECT question, round, anchor, candidates, strategy, rank FROM (
  SELECT *, row_number() OVER (PARTITION BY round ORDER BY priority DESC, question) AS rank FROM questions
) WHERE rank <= 12 ORDER BY round, rank";

/// A question that is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Shown {
    question: u64,
    round: u32,
    anchor: SampleId,
    candidates: Vec<SampleId>,
    strategy: String,
    rank: usize,
}

/// The first questions of each round, or of some rounds if there are many.
pub(super) async fn sample(audit: &Audit) -> Result<Vec<Shown>> {
    let mut questions: Vec<Shown> = audit.rows(QUESTIONS).await?;
    let rounds: Vec<u32> = questions.iter().map(|q| q.round).collect::<BTreeSet<_>>().into_iter().collect();
    let (each, step) = (SHOWN / rounds.len().max(1), rounds.len().div_ceil(SHOWN).max(1));
    let kept: BTreeSet<u32> = rounds.into_iter().step_by(step).collect();
    questions.retain(|question| question.rank <= each.max(1) && kept.contains(&question.round));
    Ok(questions)
}

/// The samples that the questions are about, as far as they are shown.
pub(super) fn ids(questions: &[Shown]) -> impl Iterator<Item = SampleId> + '_ {
    questions.iter().flat_map(|q| q.candidates.iter().take(CANDIDATES).copied().chain([q.anchor]))
}

/// The questions side by side.
pub(super) fn show(questions: &[Shown], gallery: &Gallery, votes: &VotesByPair) -> String {
    let one = |question: &Shown| {
        let anchor = question.anchor;
        let candidate = |&id: &SampleId| gallery.card(id, votes.class(anchor, id), &votes.badge(anchor, id));
        let candidates: String = question.candidates.iter().take(CANDIDATES).map(candidate).collect();
        let rest = match question.candidates.len().saturating_sub(CANDIDATES) {
            0 => String::new(),
            rest => format!("<p class=\"rest\">and {rest} more</p>"),
        };
        format!(
            "<article class=\"question\"><h3>Round {} <span>question {}, {}</span></h3><div class=\"cards\">{}\
             {candidates}{rest}</div></article>",
            question.round,
            question.question,
            escaped(&question.strategy),
            gallery.card(anchor, "anchor", "<span class=\"badge\">is like …?</span>"),
        )
    };
    let shown: String = questions.iter().map(one).collect();
    if shown.is_empty() { shown } else { format!("<div class=\"wall\">{shown}</div>") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{asked, question};

    #[tokio::test]
    async fn the_most_useful_questions_of_evenly_spread_rounds_are_shown() {
        let (_folder, run) = asked(&[]);
        let ledger = run.ledger().unwrap();
        for number in 1..=60 {
            let mut question = question(number, 1000 + number, &[number]);
            (question.round, question.priority) = (1 + (number as u32 - 1) / 2, number as f32);
            ledger.ask(&[question]).unwrap();
        }
        let shown = sample(&Audit::open(&run).await.unwrap()).await.unwrap();
        let found: Vec<_> = shown.iter().map(|q| (q.round, q.question)).collect();
        assert_eq!(found, (0..10).map(|at| (1 + 3 * at, u64::from(2 + 6 * at))).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn few_rounds_show_several_questions_each_and_long_ones_are_cut() {
        let many: Vec<u64> = (100..120).collect();
        let (_folder, run) = asked(&[(1, 1, &many), (2, 2, &[3]), (3, 4, &[5])]);
        let shown = sample(&Audit::open(&run).await.unwrap()).await.unwrap();
        assert_eq!(shown.iter().map(|q| q.question).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(ids(&shown).count(), CANDIDATES + 1 + 4);
        let html = show(&shown, &Gallery::open(&run, &BTreeSet::new()).unwrap(), &VotesByPair::new(vec![]));
        assert!(html.contains("and 8 more") && html.contains("question 2, fixture") && html.contains("no answer"));
        assert_eq!(html.matches("<article").count(), 3);
    }
}
