//! Record lookup: the rows of a table that are the same entity as a record that comes later, and how likely.

use std::sync::Arc;

use super::agreement::Agreement;
use super::clipped;
use super::compared_pairs::ComparedColumn;
use super::considered_pairs::considered_pairs;
use super::evidence::Evidence;
use super::input::RecordColumn;
use super::linkage_model::LinkageModel;
use super::pair_features::PairFeatures;
use super::rivals::Rivals;
use super::swaps::Swaps;
use super::value_column::{ValueColumn, Words};
use crate::error::{self, DecideError, Result};

/// A row that may be the same entity as a record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordMatch {
    /// The row.
    pub row: u32,
    /// The log-odds that both are the same entity.
    pub log_odds: f64,
    /// Why, before any answer: see [`Linkage::contributions`](super::Linkage::contributions).
    pub terms: Vec<(String, f64)>,
}

/// A table and its [`LinkageModel`], ready to score pairs of its rows with records that come later, by the same comparisons,
/// value frequencies and models as its own pairs. Candidates compete for the record; that one has duplicates in the table
/// already is nothing against it, since the record may be one more of them.
///
/// ```
/// use relata_decide::linkage::{Linkage, LinkageInput, RecordColumn, RecordLookup};
///
/// let column = |name: &str, values: &[&str]| RecordColumn {
///     name: name.into(),
///     values: values.iter().map(|&value| Some(value.to_owned())).collect(),
/// };
/// let names = ["Ann Miller", "Ann Miler", "Bob Stone", "Cy Young", "Di Foster", "Ed Kovac", "Flo Brandt", "Gus Ito"];
/// let cities = ["Rome", "Rome", "Oslo", "Rome", "Oslo", "Lima", "Lima", "Oslo"];
/// let columns = [column("name", &names), column("city", &cities)];
/// let (pairs, cosine) = ([(0, 1), (0, 3), (1, 2)], [0.9, 0.3, 0.1]);
/// let (sources, one_per_source) = (None, false);
/// let input =
///     LinkageInput { columns: &columns, pairs: &pairs, cosine: &cosine, sources, one_per_source, seed: 0 };
/// let model = Linkage::fit(input)?.model(&[None, None, None])?;
///
/// let lookup = RecordLookup::new(&columns, model, 8)?;
/// let bob = [Some("bob stone".to_owned()), Some("oslo".to_owned())];
/// let found = lookup.matches(&bob, &[(2, 0.95), (4, 0.4)])?;
/// assert!(found[0].row == 2 && found[0].log_odds > found[1].log_odds);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug)]
pub struct RecordLookup {
    model: LinkageModel,
    columns: Vec<LookupColumn>,
    words: Arc<Words>,
    rows: usize,
}

/// A column, whose values are found by their text.
#[derive(Debug)]
struct LookupColumn {
    column: ValueColumn,
    /// The numbers of the values, in the order of their texts.
    by_text: Vec<u32>,
    /// Which of the columns that a record has.
    position: usize,
}

impl RecordLookup {
    /// The rows of a table, `rows` many, by the columns that the model was fitted to, found by their names.
    pub fn new(columns: &[RecordColumn], model: LinkageModel, rows: usize) -> Result<Self> {
        model.check()?;
        let mut words = Words::default();
        let mut found = Vec::new();
        for name in &model.columns {
            let position = columns.iter().position(|column| column.name == *name);
            let position = position.ok_or_else(|| DecideError::NoColumn { name: name.clone() })?;
            let column = ValueColumn::new(name, &columns[position].values, &mut words);
            error::same_length("values of a column", rows, column.of_row.len())?;
            let mut by_text: Vec<u32> = (0..column.values.len() as u32).collect();
            by_text.sort_unstable_by(|&a, &b| column.values[a as usize].text.cmp(&column.values[b as usize].text));
            found.push(LookupColumn { column, by_text, position });
        }
        Ok(Self { model, columns: found, words: Arc::new(words), rows })
    }

    /// How likely each candidate, a row and the cosine of its embedding with that of the record, is the same entity as the
    /// record, in the order of the candidates. The values of the record are in the order of the columns.
    pub fn matches(&self, record: &[Option<String>], candidates: &[(u32, f32)]) -> Result<Vec<RecordMatch>> {
        let rows: Vec<u32> = candidates.iter().map(|candidate| candidate.0).collect();
        if let Some(&row) = rows.iter().find(|&&row| row as usize >= self.rows) {
            return Err(DecideError::Pair { a: row, b: row, rows: self.rows });
        }
        if candidates.is_empty() {
            return Ok(vec![]);
        }
        let cosine: Vec<f32> = candidates.iter().map(|candidate| candidate.1).collect();
        let mut words = Words::after(self.words.clone());
        let beside = |of: &LookupColumn, words: &mut Words| {
            let value = record.get(of.position).and_then(Option::as_deref);
            of.column.beside(value, &rows, words, |text| of.place(text))
        };
        let columns: Vec<ValueColumn> = self.columns.iter().map(|column| beside(column, &mut words)).collect();
        let pairs: Vec<(u32, u32)> = (1..=rows.len() as u32).map(|row| (0, row)).collect();
        let compared: Vec<ComparedColumn> =
            columns.iter().map(|column| ComparedColumn::new(column, &words, &pairs)).collect();
        let swaps = Swaps::find(&columns, &words, &compared, &pairs);
        let evidence = self.evidence(&cosine, &pairs, (&columns, &compared, &swaps));
        let mut log_odds: Vec<f64> = (0..pairs.len()).map(|pair| clipped(&evidence, pair)).collect();
        if let Some((layout, answers)) = &self.model.answers {
            let considered = considered_pairs(rows.len() + 1, &pairs, evidence.log_odds(), &cosine);
            let before: Vec<f64> = considered.iter().map(|&pair| log_odds[pair as usize]).collect();
            let rivals = Rivals::new(rows.len() + 1, &pairs, evidence.log_odds());
            let (of_pairs, evidence) = ((&pairs[..], &cosine[..]), (&evidence, &rivals));
            let features = PairFeatures::new(of_pairs, &columns, &compared, &swaps, evidence, layout, &considered)?;
            let (learned, _) = answers.scores(&features, &before)?;
            considered.iter().zip(learned).for_each(|(&pair, learned)| log_odds[pair as usize] = learned);
        }
        let found = rows.iter().zip(log_odds).enumerate().map(|(pair, (&row, log_odds))| {
            let terms = evidence.terms(pair, &columns, pairs[pair]);
            let terms = terms.into_iter().map(|(name, term)| (name.to_owned(), term)).collect();
            RecordMatch { row, log_odds, terms }
        });
        Ok(found.collect())
    }

    fn evidence(
        &self,
        cosine: &[f32],
        pairs: &[(u32, u32)],
        (columns, compared, swaps): (&[ValueColumn], &[ComparedColumn], &Swaps),
    ) -> Evidence {
        let rows = pairs.len() + 1;
        let by_columns =
            |agreement: &Agreement| Evidence::by(agreement.clone(), (rows, pairs), columns, compared, swaps);
        self.model.agreement.as_ref().map_or_else(|| Evidence::by_cosine(rows, cosine), by_columns)
    }
}

impl LookupColumn {
    /// The number of a value.
    fn place(&self, text: &str) -> Option<u32> {
        let found = self.by_text.binary_search_by(|&value| (*self.column.values[value as usize].text).cmp(text));
        found.ok().map(|at| self.by_text[at])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Linkage, LinkageInput};
    use super::*;

    fn columns() -> [RecordColumn; 3] {
        let first = ["ann", "bob", "cleo", "dora", "emil", "frieda", "gustav", "hanna", "ida", "jonas"];
        let last = ["miller", "stone", "young", "foster", "kovac", "brandt", "ito", "lopez", "meyer", "nowak"];
        let row = |of: &dyn Fn(usize) -> String| (0..60).map(|row| Some(of(row))).collect::<Vec<_>>();
        let person = |row: usize| if row >= 50 { row - 50 } else { row };
        let name = row(&|row| {
            let name = format!("{} {}", first[person(row) % 10], last[person(row) / 5 % 10]);
            // Rows from 50 on are those of 0 to 9, with a typing error.
            if row >= 50 { name.replacen('n', "m", 1) } else { name }
        });
        let year = row(&|row| (1950 + person(row)).to_string());
        let mut city = row(&|row| ["rome", "oslo", "lima", "cork"][person(row) % 4].to_owned());
        city[3] = None;
        let column = |name: &str, values| RecordColumn { name: name.to_owned(), values };
        [column("name", name), column("year", year), column("city", city)]
    }

    /// All pairs.
    fn pairs() -> (Vec<(u32, u32)>, Vec<f32>) {
        let pairs: Vec<(u32, u32)> = (0..60u32).flat_map(|a| (a + 1..60).map(move |b| (a, b))).collect();
        let cosine = pairs.iter().map(|&(a, b)| if b == a + 50 { 0.95 } else { 0.2 }).collect();
        (pairs, cosine)
    }

    /// A record like row 59 is looked up in a table without that row by a model of the whole table.
    #[test]
    fn a_record_scores_as_it_would_as_a_row_of_the_table() {
        let (columns, (pairs, cosine)) = (columns(), pairs());
        let input = LinkageInput {
            columns: &columns,
            pairs: &pairs,
            cosine: &cosine,
            sources: None,
            one_per_source: false,
            seed: 3,
        };
        let linkage = Linkage::fit(input).unwrap();
        let answer = |&(a, b): &(u32, u32)| (b >= 40 && b != 59 && a % 3 == 0).then_some(b == a + 50);
        let answered: Vec<Option<bool>> = pairs.iter().map(answer).collect();
        for known in [vec![None; pairs.len()], answered] {
            let model = linkage.model(&known).unwrap();
            let text = serde_json::to_string(&model).unwrap();
            let model = serde_json::from_str(&text).unwrap();
            let mut without = columns.clone();
            without.iter_mut().for_each(|column| column.values.truncate(59));
            let lookup = RecordLookup::new(&without, model, 59).unwrap();
            let record: Vec<Option<String>> = columns.iter().map(|column| column.values[59].clone()).collect();
            let candidates: Vec<(u32, f32)> = (0..59).map(|row| (row, if row == 9 { 0.95 } else { 0.2 })).collect();
            let found = lookup.matches(&record, &candidates).unwrap();
            let before = |terms: &[(&str, f64)]| {
                terms.iter().filter(|term| term.0 != "competition").map(|term| term.1).sum::<f64>()
            };
            for found in &found {
                let at = pairs.binary_search(&(found.row, 59)).unwrap();
                let terms: Vec<(&str, f64)> = found.terms.iter().map(|(name, term)| (&**name, *term)).collect();
                let (expected, there) = (before(&linkage.contributions(at)), before(&terms));
                assert!((expected - there).abs() < 0.02 * (1.0 + expected.abs()), "{}: {expected} {there}", found.row);
            }
            let best = found.iter().max_by(|a, b| a.log_odds.total_cmp(&b.log_odds)).unwrap();
            assert!(best.row == 9 && best.log_odds > 0.0, "{best:?}");
        }
    }

    #[test]
    fn a_record_of_new_values_or_none_is_scored_too() {
        let (columns, (pairs, cosine)) = (columns(), pairs());
        let (sources, one_per_source) = (None, false);
        let input =
            LinkageInput { columns: &columns, pairs: &pairs, cosine: &cosine, sources, one_per_source, seed: 3 };
        let model = Linkage::fit(input).unwrap().model(&vec![None; pairs.len()]).unwrap();
        let lookup = RecordLookup::new(&columns, model.clone(), 60).unwrap();
        let found = lookup.matches(&[Some("zoë quist".to_owned()), None, Some("bergen".to_owned())], &[(1, 0.1)]);
        assert!(found.unwrap()[0].log_odds < 0.0);
        assert!(lookup.matches(&[None, None, None], &[(1, 0.1), (2, 0.1)]).unwrap()[0].log_odds.is_finite());
        assert_eq!(lookup.matches(&[None, None, None], &[]).unwrap(), []);
        assert!(lookup.matches(&[None, None, None], &[(60, 0.1)]).is_err());
        let other = RecordLookup::new(&columns[..2], model, 60);
        assert!(matches!(other, Err(DecideError::NoColumn { name }) if name == "city"));
    }
}
