//! Bridges: answers that are doubted because each alone holds two big groups together.

use super::gallery::Gallery;
use super::pair_votes::VotesByPair;
use crate::store::Bridge;
use relata_data::index::SampleId;

/// Bridges shown, the worst ones.
const SHOWN: usize = 8;

/// The samples that are shown.
pub(super) fn ids(bridges: &[Bridge]) -> impl Iterator<Item = SampleId> + '_ {
    bridges.iter().take(SHOWN).flat_map(|bridge| [bridge.src, bridge.dst])
}

/// The two samples of each bridge with what was said about them.
pub(super) fn show(bridges: &[Bridge], gallery: &Gallery, votes: &VotesByPair) -> String {
    let one = |bridge: &Bridge| {
        let (src, dst) = (bridge.src, bridge.dst);
        format!(
            "<article class=\"question\"><h3>Answer {}</h3><div class=\"cards\">{}{}</div></article>",
            bridge.answer,
            gallery.card(src, "anchor", ""),
            gallery.card(dst, votes.class(src, dst), &votes.badge(src, dst)),
        )
    };
    let shown: String = bridges.iter().take(SHOWN).map(one).collect();
    let rest = match bridges.len().saturating_sub(SHOWN) {
        0 => String::new(),
        rest => format!("<p class=\"rest\">and {rest} more</p>"),
    };
    if shown.is_empty() { shown } else { format!("<div class=\"wall\">{shown}</div>{rest}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixture::asked;

    #[test]
    fn the_worst_bridges_are_shown_and_the_others_counted() {
        let (_folder, run) = asked(&[]);
        let bridges: Vec<Bridge> =
            (1..=10).map(|answer| Bridge { answer, src: SampleId(2 * answer), dst: SampleId(99) }).collect();
        let gallery = Gallery::open(&run, &BTreeSet::new()).unwrap();
        let html = show(&bridges, &gallery, &VotesByPair::new(vec![]));
        assert!(html.contains("Answer 1<") && html.contains("<small>16</small>") && html.contains("and 2 more"));
        assert_eq!((html.matches("<article").count(), ids(&bridges).count()), (8, 16));
        assert_eq!(show(&[], &gallery, &VotesByPair::new(vec![])), "");
    }
}
