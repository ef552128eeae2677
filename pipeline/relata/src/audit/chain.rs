//! Chain of statements: which answers and statements, one after the other, imply that two samples are the same, or that they
//! are not.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};

use relata_data::index::SampleId;
use serde::{Deserialize, Serialize};

use super::audited::Audit;
use crate::error::Result;

/// Answers that nobody took back, the statements whose weight is whole and that are no guess, and the groups.
const ANSWERS: &str = "SELECT anchor AS src, candidate AS dst, related, annotator AS said_by, question
    FROM standing WHERE related IS NOT NULL ORDER BY sequence";
const EDGES: &str = "SELECT src, dst, weight > 0 AS related, rel AS said_by, CAST(NULL AS BIGINT UNSIGNED) AS question
    FROM edges WHERE abs(weight) >= 1 AND rel <> 'nearest' ORDER BY src, dst";
const GROUPS: &str = "SELECT id, \"group\", rel, exclusive FROM memberships WHERE weight >= 1 AND rel <> 'nearest'
    ORDER BY rel, \"group\", id";

/// One step of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLink {
    /// The sample nearer to the first one of the chain.
    pub src: SampleId,
    /// The other one.
    pub dst: SampleId,
    /// Whether they are said to be the same.
    pub related: bool,
    /// Who says so: an annotator, or the name of a relation.
    pub said_by: String,
    /// The question that was answered so, if it is an answer.
    pub question: Option<u64>,
}

#[derive(Deserialize)]
struct Member {
    id: u64,
    group: u64,
    rel: String,
    exclusive: bool,
}

impl Audit {
    /// The shortest chain of answers and statements that implies whether two samples are the same: links that say "the same",
    /// and at most one that says "not the same"; nothing where nothing is implied. Of contradictions it shows that they are the
    /// same, as a decision does.
    ///
    /// ```no_run
    /// use relata::audit::Audit;
    /// use relata::data::index::SampleId;
    /// use relata::prelude::*;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let audit = Audit::open(&Run::open("runs/people")?).await?;
    /// for link in audit.chain(SampleId(17), SampleId(42)).await?.unwrap_or_default() {
    ///     println!("{} {} {}: {}", link.src, if link.related { "=" } else { "/=" }, link.dst, link.said_by);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn chain(&self, a: SampleId, b: SampleId) -> Result<Option<Vec<ChainLink>>> {
        let mut links: Vec<ChainLink> = self.rows(ANSWERS).await?;
        links.extend(self.rows::<ChainLink>(EDGES).await?);
        Ok(chain(&links, &self.rows::<Member>(GROUPS).await?, (a, b)))
    }
}

/// Samples that are said to be the same, and the ways to them.
struct Reached {
    /// The link by which each sample was reached, from the start.
    by: HashMap<SampleId, Option<ChainLink>>,
}

impl Reached {
    fn from(start: SampleId, near: &HashMap<SampleId, Vec<ChainLink>>, groups: &Groups<'_>) -> Self {
        let mut by = HashMap::from([(start, None)]);
        let mut next = VecDeque::from([start]);
        while let Some(sample) = next.pop_front() {
            let explicit = near.get(&sample).into_iter().flatten().cloned();
            for link in explicit.chain(groups.beside(sample)) {
                if let Entry::Vacant(place) = by.entry(link.dst) {
                    next.push_back(link.dst);
                    place.insert(Some(link));
                }
            }
        }
        Self { by }
    }

    /// The way to a sample.
    fn way(&self, mut to: SampleId) -> Vec<ChainLink> {
        let mut way = Vec::new();
        while let Some(Some(link)) = self.by.get(&to) {
            to = link.src;
            way.push(link.clone());
        }
        way.reverse();
        way
    }
}

/// The groups of each sample, and the samples of each group.
struct Groups<'a> {
    of: HashMap<u64, Vec<&'a Member>>,
    members: BTreeMap<(&'a str, u64), Vec<u64>>,
}

impl<'a> Groups<'a> {
    fn new(all: &'a [Member]) -> Self {
        let (mut of, mut members): (HashMap<u64, Vec<&Member>>, BTreeMap<_, Vec<u64>>) = Default::default();
        for member in all {
            of.entry(member.id).or_default().push(member);
            members.entry((&*member.rel, member.group)).or_default().push(member.id);
        }
        Self { of, members }
    }

    fn of(&self, sample: SampleId) -> impl Iterator<Item = &'a Member> {
        self.of.get(&sample.0).into_iter().flatten().copied()
    }

    fn beside(&self, sample: SampleId) -> impl Iterator<Item = ChainLink> {
        self.of(sample).flat_map(move |own| {
            let others = self.members.get(&(&*own.rel, own.group)).into_iter().flatten();
            others.filter(move |&&id| id != sample.0).map(move |&id| link(sample, SampleId(id), true, &own.rel))
        })
    }

    /// That two samples are in different groups of a relation whose groups are apart.
    fn apart(&self, a: SampleId, b: SampleId) -> Option<ChainLink> {
        let mut pairs = self.of(a).flat_map(|own| self.of(b).map(move |other| (own, other)));
        let apart = pairs.find(|(own, other)| own.exclusive && own.rel == other.rel && own.group != other.group);
        apart.map(|(own, _)| link(a, b, false, &own.rel))
    }
}

fn link(src: SampleId, dst: SampleId, related: bool, said_by: &str) -> ChainLink {
    ChainLink { src, dst, related, said_by: said_by.to_owned(), question: None }
}

fn chain(links: &[ChainLink], members: &[Member], (a, b): (SampleId, SampleId)) -> Option<Vec<ChainLink>> {
    let turned = |link: &ChainLink| ChainLink { src: link.dst, dst: link.src, ..link.clone() };
    let both = || links.iter().flat_map(|link| [link.clone(), turned(link)]);
    let mut near: HashMap<SampleId, Vec<ChainLink>> = HashMap::new();
    both().filter(|link| link.related).for_each(|link| near.entry(link.src).or_default().push(link));
    let groups = Groups::new(members);
    let from_a = Reached::from(a, &near, &groups);
    if from_a.by.contains_key(&b) {
        return Some(from_a.way(b));
    }
    let from_b = Reached::from(b, &near, &groups);
    let joined = |link: ChainLink| {
        let mut way = from_a.way(link.src);
        let back: Vec<ChainLink> = from_b.way(link.dst).iter().rev().map(turned).collect();
        way.push(link);
        way.extend(back);
        way
    };
    let explicit = both().filter(|link| !link.related);
    let explicit = explicit.filter(|link| from_a.by.contains_key(&link.src) && from_b.by.contains_key(&link.dst));
    let mut explicit: Vec<Vec<ChainLink>> = explicit.map(joined).collect();
    explicit.sort_by_key(Vec::len);
    // Of groups those of the two samples themselves, or else of those that they are said to be the same as.
    let exclusive = |reached: &Reached| {
        let mut found: Vec<SampleId> = reached.by.keys().copied().collect();
        found.retain(|&sample| groups.of(sample).any(|member| member.exclusive));
        found.sort_by_key(|&sample| (reached.way(sample).len(), sample));
        found.truncate(1);
        found
    };
    let by_groups = || {
        let (x, y) = (*exclusive(&from_a).first()?, *exclusive(&from_b).first()?);
        groups.apart(x, y).map(joined)
    };
    explicit.into_iter().next().or_else(by_groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(src: u64, dst: u64, related: bool, question: u64) -> ChainLink {
        ChainLink {
            src: SampleId(src),
            dst: SampleId(dst),
            related,
            said_by: "ada".to_owned(),
            question: Some(question),
        }
    }

    fn member(id: u64, group: u64) -> Member {
        Member { id, group, rel: "label".to_owned(), exclusive: true }
    }

    fn shown(links: &[ChainLink], members: &[Member], a: u64, b: u64) -> Option<Vec<String>> {
        let text = |link: &ChainLink| {
            let sign = if link.related { "=" } else { "/=" };
            format!("{} {sign} {} {}", link.src, link.dst, link.said_by)
        };
        chain(links, members, (SampleId(a), SampleId(b))).map(|links| links.iter().map(text).collect())
    }

    #[test]
    fn a_chain_is_the_shortest_and_has_one_no_at_most() {
        let links = [answer(1, 2, true, 1), answer(2, 3, true, 2), answer(5, 3, false, 3), answer(6, 5, true, 4)];
        assert_eq!(shown(&links, &[], 1, 3).unwrap(), ["1 = 2 ada", "2 = 3 ada"]);
        assert_eq!(shown(&links, &[], 1, 6).unwrap(), ["1 = 2 ada", "2 = 3 ada", "3 /= 5 ada", "5 = 6 ada"]);
        assert_eq!(shown(&links, &[], 1, 9), None);
        let direct = [&links[..], &[answer(1, 3, true, 5)]].concat();
        assert_eq!(shown(&direct, &[], 3, 1).unwrap(), ["3 = 1 ada"]);
    }

    #[test]
    fn groups_join_and_separate() {
        let members = [member(1, 7), member(2, 7), member(3, 8), member(4, 8)];
        let links = [answer(9, 1, true, 1)];
        assert_eq!(shown(&links, &members, 9, 2).unwrap(), ["9 = 1 ada", "1 = 2 label"]);
        assert_eq!(shown(&links, &members, 1, 4).unwrap(), ["1 /= 4 label"]);
        assert_eq!(shown(&links, &members, 9, 4).unwrap(), ["9 = 1 ada", "1 /= 4 label"]);
    }
}
