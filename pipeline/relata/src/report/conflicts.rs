//! Conflicts: the worst contradictions, each with the answers that lead to it.

use std::collections::BTreeMap;

use relata_data::index::SampleId;
use serde::Deserialize;

use super::gallery::Gallery;
use super::html::{escaped, number};
use super::pair_votes::VotesByPair;
use crate::audit::Audit;
use crate::error::Result;

/// Contradictions shown.
const SHOWN: usize = 8;
/// Links shown of a chain of answers.
const LINKS: usize = 8;

/// A pair about which two answers or derivations contradict each other.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct ConflictPair {
    src: SampleId,
    dst: SampleId,
    positive: String,
    negative: String,
    kept: f64,
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Link {
    sequence: u64,
    anchor: SampleId,
    candidate: SampleId,
}

/// The contradictions that are shown.
pub(super) struct Conflicts {
    worst: Vec<ConflictPair>,
    links: BTreeMap<u64, Link>,
    /// How many there are in all.
    pub count: u64,
}

/// The worst contradictions of a run: those among answers before those that other oracles take part in; first those that
/// the policy could not decide, then those of the shortest derivation, which are the plainest.
pub(super) async fn worst(audit: &Audit) -> Result<Conflicts> {
    let query = format!(
        "SELECT src, dst, positive, negative, CAST(kept AS DOUBLE) AS kept FROM conflicts
         ORDER BY positive NOT LIKE 'answer%' OR negative NOT LIKE 'answer%', abs(kept), character_length(positive) + character_length(negative), src, dst LIMIT {SHOWN}"
    );
    let worst: Vec<ConflictPair> = audit.rows(&query).await?;
    let named = worst.iter().flat_map(|conflict| [&conflict.positive, &conflict.negative]);
    let mut sequences: Vec<String> = named.flat_map(|side| answers(side)).map(|number| number.to_string()).collect();
    sequences.push("0".to_owned());
    let query = format!("SELECT sequence, anchor, candidate FROM answers WHERE sequence IN ({})", sequences.join(", "));
    let links: Vec<Link> = audit.rows(&query).await?;
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    let count: Vec<Count> = audit.rows("SELECT count(*) AS count FROM conflicts").await?;
    let links = links.into_iter().map(|link| (link.sequence, link)).collect();
    Ok(Conflicts { worst, links, count: count.first().map_or(0, |found| found.count) })
}

impl Conflicts {
    /// The samples that are shown.
    pub fn ids(&self) -> impl Iterator<Item = SampleId> + '_ {
        let ends = self.worst.iter().flat_map(|conflict| [conflict.src, conflict.dst]);
        ends.chain(self.links.values().flat_map(|link| [link.anchor, link.candidate]))
    }

    /// One contradiction below the other.
    pub fn show(&self, gallery: &Gallery, votes: &VotesByPair) -> String {
        let one = |conflict: &ConflictPair| {
            let (class, kept) = match conflict.kept {
                kept if kept > 0.0 => ("yes", "kept as alike".to_owned()),
                kept if kept < 0.0 => ("no", "kept as different".to_owned()),
                _ => ("torn", "left open".to_owned()),
            };
            let weight = match conflict.kept.abs() {
                weight if weight > 0.0 && weight < 1.0 => format!(", weight {}", number(weight)),
                _ => String::new(),
            };
            let pair = gallery.card(conflict.src, class, "")
                + "<b class=\"against\">?</b>"
                + &gallery.card(conflict.dst, class, "");
            let side = |mark: &str, word: &str, side: &str, class: &str| {
                let chain = self.chain(side, gallery, votes);
                format!(
                    "<div class=\"side\"><p class=\"{class}\">{mark} {word} <span>{}</span></p>{chain}</div>",
                    escaped(&self.named(side))
                )
            };
            format!(
                "<article class=\"conflict\"><div class=\"pair\"><div class=\"cards\">{pair}</div>\
                 <p class=\"kept {class}\">{kept}{weight}</p></div>{}{}</article>",
                side("✓", "alike, say", &conflict.positive, "yes"),
                side("✗", "different, say", &conflict.negative, "no"),
            )
        };
        self.worst.iter().map(one).collect()
    }

    /// Who takes a side; numbers that are in no row of the ledger stand for what was known from the start.
    fn named(&self, side: &str) -> String {
        let numbers = answers(side);
        let name = |number: &u64| match self.links.contains_key(number) {
            true => number.to_string(),
            false => "known from the start".to_owned(),
        };
        match &numbers[..] {
            [] => side.to_owned(),
            [number] if self.links.contains_key(number) => format!("answer {number}"),
            [_] => "what was known from the start".to_owned(),
            many => format!("answers {}", many.iter().map(name).collect::<Vec<_>>().join(" → ")),
        }
    }

    /// The samples along the answers that a derivation names.
    fn chain(&self, side: &str, gallery: &Gallery, votes: &VotesByPair) -> String {
        let numbers = answers(side);
        let mut html = String::new();
        let mut end = None;
        for (at, number) in numbers.iter().enumerate().take(LINKS) {
            // What was known from the start is in no row of the ledger.
            let Some(link) = self.links.get(number) else {
                end = None;
                html += "<b class=\"link\">known</b>";
                continue;
            };
            // A chain goes on where the link before ended; its first link ends where the next one goes on.
            let next = numbers.get(at + 1).and_then(|number| self.links.get(number));
            let goes_on = |id: SampleId| next.is_some_and(|next| [next.anchor, next.candidate].contains(&id));
            let turned = match end {
                Some(end) if [link.anchor, link.candidate].contains(&end) => end == link.candidate,
                _ => goes_on(link.anchor) && !goes_on(link.candidate),
            };
            let (from, to) = if turned { (link.candidate, link.anchor) } else { (link.anchor, link.candidate) };
            if end != Some(from) {
                html += &gallery.card(from, "small", "");
            }
            let class = votes.class(from, to);
            html += &format!("<b class=\"link {class}\">{}</b>", votes.badge(from, to));
            html += &gallery.card(to, "small", "");
            end = Some(to);
        }
        if numbers.len() > LINKS {
            html += &format!("<p class=\"rest\">and {} more</p>", numbers.len() - LINKS);
        }
        if html.is_empty() { html } else { format!("<div class=\"cards\">{html}</div>") }
    }
}

/// The numbers in `answer 12` and `answers 3 > 5 > 9`; none in anything else.
fn answers(side: &str) -> Vec<u64> {
    let list = side.strip_prefix("answers ").or(side.strip_prefix("answer ")).unwrap_or_default();
    list.split(" > ").map(str::parse).collect::<Result<_, _>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixture::{answer, asked, conflicts};

    #[test]
    fn only_answers_have_numbers() {
        assert_eq!(answers("answers 3 > 5 > 18446744073709551615"), [3, 5, u64::MAX]);
        assert_eq!((answers("answer 12"), answers("closure"), answers("answers of a b")), (vec![12], vec![], vec![]));
    }

    #[tokio::test]
    async fn undecided_and_plain_contradictions_come_first_with_their_chains() {
        let (_folder, run) = asked(&[(1, 10, &[11]), (2, 12, &[11]), (3, 10, &[12])]);
        let said = [
            answer(1, 10, 11, Some(true), "ann"),
            answer(2, 12, 11, Some(true), "ann"),
            answer(3, 10, 12, Some(false), "bob"),
        ];
        run.ledger().unwrap().record(&said).unwrap();
        conflicts(
            &run,
            &[
                (1, 2, "rule(<x>)", "groups", 0.5),
                (10, 12, "answers 1 > 2", "answer 3", -1.0),
                (7, 8, "answer 1", "answers 18446744073709551615 > 2", 0.0),
            ],
        );
        let audit = Audit::open(&run).await.unwrap();
        let found = worst(&audit).await.unwrap();
        let order: Vec<_> = found.worst.iter().map(|conflict| (conflict.src.0, conflict.dst.0)).collect();
        assert_eq!((order, found.count), (vec![(7, 8), (10, 12), (1, 2)], 3));
        let gallery = Gallery::open(&run, &BTreeSet::new()).unwrap();
        let votes = VotesByPair::new(audit.votes().await.unwrap());
        // 10 is like 11, 11 is like 12: the second answer is read from its other end.
        let shown = |side: &str| -> Vec<String> {
            let chain = found.chain(side, &gallery, &votes);
            chain.split("<small>").skip(1).map(|rest| rest[..2].to_owned()).collect()
        };
        assert_eq!(shown("answers 1 > 2"), ["10", "11", "12"]);
        assert_eq!(shown("answers 1 > 3"), ["11", "10", "12"]);
        assert_eq!(shown("answers 1"), ["10", "11"]);
        let html = found.show(&gallery, &votes);
        assert!(html.contains("left open") && html.contains("kept as different") && html.contains(", weight 0.5"));
        assert!(html.contains("rule(&lt;x&gt;)") && html.contains(">known</b>"), "{html}");
        assert!(html.contains("answers known from the start → 2") && html.contains("answers 1 → 2"), "{html}");
    }
}
