//! Layout of edge files, which columns mean what: the conventions of neighbouring tools.

use arrow::datatypes::{DataType, Schema};
use relata_schemas::SchemaError;
use relata_schemas::edges::{CONFIDENCE, INFERRED, REL, ROUND, WEIGHT};

use super::columns::Columns;
use super::ends::{Edge, edges};
use super::settings::EdgeFile;
use super::suspects::is_suspect;

/// Columns that say whether a pair is alike, in words.
const SIGNS: &[&str] = &["label", "match", "is_match", "matched", SCORE];
/// The one of them that may hold probabilities.
const SCORE: &str = "clerical_match_score";
const PROBABILITIES: &[&str] = &["match_probability", "probability", "p"];
/// The base 2 logarithm of the odds.
const LOG_ODDS: &str = "match_weight";
/// Columns that are known, but not always used.
const KNOWN: &[&str] = &[WEIGHT, LOG_ODDS, REL, CONFIDENCE, ROUND, INFERRED];

/// Where the strength of an edge comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Strength {
    /// The same for every row.
    One,
    /// A column of weights.
    Weight(usize),
    /// A column of probabilities.
    Probability(usize),
    /// A column of base 2 logarithms of odds.
    LogOdds(usize),
}

impl Strength {
    /// The column that holds it.
    pub(super) fn column(self) -> Option<usize> {
        match self {
            Self::One => None,
            Self::Weight(at) | Self::Probability(at) | Self::LogOdds(at) => Some(at),
        }
    }
}

/// A column of signs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Signs {
    pub(super) at: usize,
    /// Whether numbers between 0 and 1 are probabilities.
    pub(super) fractions: bool,
}

/// The edges that one row stands for, and what else the row says; numbers are positions in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) edges: Vec<Edge>,
    pub(super) signs: Option<Signs>,
    pub(super) strength: Strength,
    pub(super) rel: Option<usize>,
    pub(super) confidence: Option<usize>,
    pub(super) round: Option<usize>,
    pub(super) inferred: Option<usize>,
}

impl Layout {
    /// Recognises the convention by the names of the columns; `file` names it in the error.
    pub(super) fn of(file: &str, schema: &Schema, settings: &EdgeFile) -> Result<Self, SchemaError> {
        let columns = Columns { file, schema, settings };
        let edges = edges(&columns)?;
        let ends: Vec<usize> = edges.iter().flat_map(Edge::columns).collect();
        let signs = signs(&columns, &ends)?;
        let strength = strength(&columns, signs, &ends)?;
        // Other tools have columns of these names, too, which are something else if they are of another type.
        let of = |name: &str, is: fn(&DataType) -> bool| columns.at(name).filter(|&at| is(columns.data_type(at)));
        let unless_named = |name: &str| columns.at(name).filter(|at| !named(&columns, *at));
        let layout = Self {
            edges,
            signs,
            strength,
            rel: unless_named(REL),
            confidence: unless_named(CONFIDENCE),
            round: of(ROUND, DataType::is_integer),
            inferred: of(INFERRED, |found| found == &DataType::Boolean),
        };
        layout.refuse_answers_about_triplets(&columns)?;
        layout.refuse_suspects(&columns)?;
        Ok(layout)
    }

    /// The positions of all columns that are read.
    pub(super) fn columns(&self) -> Vec<usize> {
        let signs = self.signs.map(|signs| signs.at);
        let optional = [signs, self.strength.column(), self.rel, self.confidence, self.round, self.inferred];
        self.edges.iter().flat_map(Edge::columns).chain(optional.into_iter().flatten()).collect()
    }

    /// A row with negatives says itself what is alike and what is not.
    fn refuse_answers_about_triplets(&self, columns: &Columns<'_>) -> Result<(), SchemaError> {
        let answer = match self.strength {
            Strength::One | Strength::Weight(_) => self.signs.map(|signs| signs.at),
            Strength::Probability(at) | Strength::LogOdds(at) => Some(at),
        };
        let Some(at) = answer.filter(|_| self.edges.iter().any(|edge| edge.apart)) else { return Ok(()) };
        let name = columns.name(at);
        let expected = "no column that says whether a pair is alike, beside columns of negatives";
        let hint = format!("Write one pair a row as `src,dst,{name}`, or leave it out: `.ignoring([\"{name}\"])`.");
        Err(columns.wrong(name, expected, "this column", hint))
    }

    fn refuse_suspects(&self, columns: &Columns<'_>) -> Result<(), SchemaError> {
        let used = self.columns();
        let known = [KNOWN, SIGNS, PROBABILITIES].concat();
        let mut unused = columns.all().filter(|at| !used.contains(at) && !columns.is_one_of(*at, &known));
        let suspect = unused.find(|&at| is_suspect(columns.schema.field(at), columns.schema));
        let Some(at) = suspect else { return Ok(()) };
        let name = columns.name(at);
        let expected = "a column of a known name, since this one might say which pairs are alike, or how much";
        let found = format!("a column of {} whose meaning is not known", columns.data_type(at));
        let hint = format!(
            "Say what it is: `.signs(\"{name}\")` if it says which pairs are alike, `.weights(\"{name}\")` if it holds \
             weights in [-1, 1], `.ignoring([\"{name}\"])` if it is nothing of the kind; or rename it to \
             `match_probability` if it holds probabilities."
        );
        Err(columns.wrong(name, expected, found, hint))
    }
}

/// Whether a setting says what a column is.
fn named(columns: &Columns<'_>, at: usize) -> bool {
    let name = Some(columns.name(at));
    [columns.settings.named_signs(), columns.settings.named_weights()].contains(&name)
}

/// The column of signs.
fn signs(columns: &Columns<'_>, ends: &[usize]) -> Result<Option<Signs>, SchemaError> {
    let signs = |at| Signs { at, fractions: columns.is_one_of(at, &[SCORE]) };
    if let Some(name) = columns.settings.named_signs() {
        return Ok(Some(signs(columns.named(name, "signs")?)));
    }
    let mut found = columns.any_of(SIGNS);
    found.retain(|at| !named(columns, *at) && !ends.contains(at));
    if found.len() > 1 {
        let first = columns.name(found[0]);
        let hint =
            format!("Say which of them it is: `.signs(\"{first}\")`; or leave the others out: `.ignoring([..])`.");
        let expected = "one column that says which pairs are alike";
        return Err(columns.wrong(first, expected, columns.quoted(&found), hint));
    }
    Ok(found.first().map(|&at| signs(at)))
}

/// The column of the strength.
fn strength(columns: &Columns<'_>, signs: Option<Signs>, ends: &[usize]) -> Result<Strength, SchemaError> {
    if let Some(name) = columns.settings.named_weights() {
        return Ok(Strength::Weight(columns.named(name, "weights")?));
    }
    let find = |names: &[&str]| {
        let mut found = columns.any_of(names);
        found.retain(|at| signs.is_none_or(|signs| signs.at != *at) && !ends.contains(at));
        found
    };
    let probabilities = find(PROBABILITIES);
    // splink writes both, and they say the same.
    let log_odds = if probabilities.is_empty() { find(&[LOG_ODDS]) } else { vec![] };
    let weights = find(&[WEIGHT]);
    let all = [weights.as_slice(), &probabilities, &log_odds].concat();
    if all.len() > 1 {
        let first = columns.name(all[0]);
        let hint =
            format!("Say which of them counts by leaving the others out: `.ignoring([\"{}\"])`.", columns.name(all[1]));
        return Err(columns.wrong(first, "one column of weights or of probabilities", columns.quoted(&all), hint));
    }
    let of = |found: &[usize], strength: fn(usize) -> Strength| found.first().map(|&at| strength(at));
    let found = of(&weights, Strength::Weight).or(of(&probabilities, Strength::Probability));
    Ok(found.or(of(&log_odds, Strength::LogOdds)).unwrap_or(Strength::One))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::super::settings::edges;
    use super::*;

    fn layout_as(columns: &str, settings: &EdgeFile) -> Result<Layout, SchemaError> {
        let fields: Vec<_> = columns.split(',').map(|name| Field::new(name, DataType::Utf8, true)).collect();
        Layout::of("edges.csv", &Schema::new(fields), settings)
    }

    fn layout(columns: &str) -> Result<Layout, SchemaError> {
        layout_as(columns, &EdgeFile::default())
    }

    #[test]
    fn signs_and_strengths_are_known_by_their_names() {
        use Strength::{LogOdds, One, Probability, Weight};
        let signs = |at, fractions| Some(Signs { at, fractions });
        for (columns, found, strength) in [
            ("src,dst", None, One),
            ("source,weight,target", None, Weight(1)),
            ("src,dst,Label", signs(2, false), One),
            ("id_l,id_r,is_match,weight", signs(2, false), Weight(3)),
            ("unique_id_l,unique_id_r,clerical_match_score", signs(2, true), One),
            ("unique_id_l,unique_id_r,match_weight,match_probability", None, Probability(3)),
            ("unique_id_l,unique_id_r,match_weight", None, LogOdds(2)),
            ("src,dst,p", None, Probability(2)),
            ("src,dst,probability,matched", signs(3, false), Probability(2)),
            ("anchor,positive,match", signs(2, false), One),
            ("anchor,positive,negative,weight", None, Weight(3)),
        ] {
            let layout = layout(columns).unwrap();
            assert_eq!((layout.signs, layout.strength), (found, strength), "{columns}");
        }
        let named = edges("e.csv").signs("verdict").weights("score").ignoring(["status"]);
        let layout = layout_as("src,dst,verdict,score,status,label,weight", &named).unwrap();
        assert_eq!((layout.signs, layout.strength), (signs(2, false), Weight(3)));
    }

    #[test]
    fn optional_columns_have_their_types() {
        assert_eq!(layout("lhs,rhs,rel").unwrap().rel, Some(2));
        assert_eq!(layout("src,dst,round,inferred").unwrap().round, None);
        let typed = [
            ("src", DataType::Int64),
            ("dst", DataType::Int64),
            ("round", DataType::Int64),
            ("inferred", DataType::Boolean),
        ];
        let typed = Schema::new(typed.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec());
        let found = Layout::of("edges.csv", &typed, &EdgeFile::default()).unwrap();
        assert_eq!((found.round, found.inferred), (Some(2), Some(3)));
    }

    #[test]
    fn what_is_not_understood_is_named_with_what_to_do() {
        for (columns, column, found, hint) in [
            ("src,dst,label,match", "label", "`label` and `match`", ".signs(\"label\")"),
            ("src,dst,weight,match_probability", "weight", "`weight` and `match_probability`", ".ignoring([\"match"),
            ("src,dst,verdict", "verdict", "meaning is not known", ".signs(\"verdict\")"),
            ("src,dst,score", "score", "meaning is not known", ".weights(\"score\")"),
            ("anchor,positive,negative,label", "label", "this column", "src,dst,label"),
            ("anchor,positive,negative_1,p", "p", "this column", ".ignoring([\"p\"])"),
        ] {
            let error = layout(columns).unwrap_err();
            assert_eq!((error.table.as_str(), error.column.as_str()), ("edges.csv", column), "{error}");
            assert!(error.found.contains(found) && error.hint.contains(hint), "{error}");
        }
        let error = layout_as("src,dst", &edges("e.csv").signs("verdict")).unwrap_err();
        assert!(error.expected.contains(".signs(..)") && error.found.contains("src, dst"), "{error}");
        layout_as("src,dst,verdict", &edges("e.csv").ignoring(["verdict"])).unwrap();
    }
}
