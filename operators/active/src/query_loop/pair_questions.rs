//! Pair questions: pairs that are asked about once, apart from the rounds of a loop, such as those of an audit.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use relata_data::DataError;
use relata_data::index::SampleId;
use relata_oracle::{Context, Oracle, Question};

use super::missing_answers::{all_answered, ask_missing};
use crate::error::Result;
use crate::ledger::Ledger;

/// Asks an oracle whether each pair is related, as questions of a strategy and a round, and keeps the answers in the ledger
/// of `folder`. Nothing follows from them. What the ledger has already is not asked again, so that it goes on after an
/// interruption. Gives what most annotators said of each pair; nothing where all passed, or said as often yes as no.
pub async fn ask_pairs(
    folder: &Path,
    oracle: &dyn Oracle,
    context: &Context<'_>,
    pairs: &[(SampleId, SampleId)],
    (strategy, round): (&str, u32),
) -> Result<Vec<Option<bool>>> {
    std::fs::create_dir_all(folder).map_err(DataError::io(folder))?;
    let ledger = Ledger::open(folder)?;
    let there = ledger.questions_of(round)?;
    let there: HashSet<(SampleId, SampleId)> =
        there.iter().flat_map(|question| question.candidates.iter().map(|&other| (question.anchor, other))).collect();
    let question = |(number, &(anchor, candidate)): (u64, &(SampleId, SampleId))| Question {
        question: number,
        round,
        anchor,
        candidates: vec![candidate],
        strategy: strategy.to_owned(),
        priority: 1.0,
    };
    let new = pairs.iter().filter(|pair| !there.contains(pair));
    ledger.ask(&(ledger.next_question()?..).zip(new).map(question).collect::<Vec<_>>())?;
    if let Some(failure) = ask_missing(&ledger, oracle, context, round).await? {
        return Err(failure.into());
    }
    all_answered(&ledger, oracle, round)?;
    let mut votes: HashMap<(SampleId, SampleId), i64> = HashMap::new();
    for entry in ledger.since(0)? {
        let vote = entry.answer.related.map_or(0, |related| if related { 1 } else { -1 });
        let sign = if entry.undoes.is_some() { -1 } else { 1 };
        *votes.entry((entry.answer.anchor, entry.answer.candidate)).or_default() += sign * vote;
    }
    let said = |pair| votes.get(pair).copied().filter(|&votes| votes != 0).map(|votes| votes > 0);
    Ok(pairs.iter().map(said).collect())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Trial;
    use super::*;

    #[tokio::test]
    async fn answers_come_back_in_order_and_are_kept() {
        let trial = Trial::new(&[0, 0, 1, 1]).await;
        let (oracle, folder) = (trial.truth("truth"), tempfile::tempdir().unwrap());
        let pairs = [(0, 1), (1, 2), (3, 2)].map(|(a, b)| (SampleId(a), SampleId(b)));
        let audit = folder.path().join("audit");
        for _ in 0..2 {
            let found = ask_pairs(&audit, &oracle, &trial.context(), &pairs, ("audit", 1)).await.unwrap();
            assert_eq!(found, [Some(true), Some(false), Some(true)]);
            assert_eq!(Ledger::open(&audit).unwrap().since(0).unwrap().len(), 3);
        }
        // Other pairs of the same round are asked about, too.
        let more = [(0, 1), (2, 0)].map(|(a, b)| (SampleId(a), SampleId(b)));
        let found = ask_pairs(&audit, &oracle, &trial.context(), &more, ("audit", 1)).await.unwrap();
        assert_eq!(found, [Some(true), Some(false)]);
        // An oracle that fails loses nothing of what it said.
        let failing = trial.truth("failing").failing_after(1);
        assert!(ask_pairs(&audit, &failing, &trial.context(), &pairs, ("audit", 2)).await.is_err());
        let found = ask_pairs(&audit, &oracle, &trial.context(), &pairs, ("audit", 2)).await.unwrap();
        assert_eq!(found, [Some(true), Some(false), Some(true)]);
    }
}
