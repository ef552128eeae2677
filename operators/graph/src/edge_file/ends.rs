//! Ends of edges: the columns of ids, and the pairs of them that a row relates.

use relata_schemas::SchemaError;
use relata_schemas::edges::{DST, SRC};

use super::columns::Columns;

const PAIRS: [(&str, &str); 6] = [
    (SRC, DST),
    ("source", "target"),
    ("lhs", "rhs"),
    ("id_l", "id_r"),
    ("unique_id_l", "unique_id_r"),
    ("anchor", "positive"),
];
const ANCHOR: &str = "anchor";
const NEGATIVE: &str = "negative";
/// The sources of the ids, where those are unique only within a source.
const SOURCES: [&str; 2] = ["source_dataset_l", "source_dataset_r"];

/// A column of ids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct End {
    pub(super) id: usize,
    /// The column of the sources of these ids.
    pub(super) source: Option<usize>,
    /// Whether a row may have no id here.
    pub(super) optional: bool,
}

/// An edge that a row stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) src: End,
    pub(super) dst: End,
    /// Whether it is a negative where the row's own answer is positive.
    pub(super) apart: bool,
}

impl Edge {
    /// An edge between two columns of ids.
    pub(super) fn between(src: usize, dst: usize, apart: bool) -> Self {
        let end = |id| End { id, source: None, optional: false };
        Self { src: end(src), dst: end(dst), apart }
    }

    /// The positions of its columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> + use<> {
        let ends = [self.src, self.dst];
        ends.into_iter().flat_map(|end| [Some(end.id), end.source]).flatten()
    }
}

/// The edges of a row, by the names of the columns.
pub(super) fn edges(columns: &Columns<'_>) -> Result<Vec<Edge>, SchemaError> {
    let both = |(src, dst): &(&str, &str)| Some((columns.at(src)?, columns.at(dst)?));
    let Some((src, dst)) = PAIRS.iter().find_map(both) else {
        return Err(columns.wrong(
            SRC,
            "the columns src,dst[,weight][,label][,rel] or source,target[,weight][,label] or lhs,rhs[,rel] or \
             id_l,id_r[,match_probability] or unique_id_l,unique_id_r[,match_probability] or \
             anchor,positive[,negative][,negative_1,..][,weight]",
            columns.listed(),
            "Rename the columns to one of these conventions; their order does not matter.",
        ));
    };
    let mut edges = vec![Edge::between(src, dst, false)];
    if columns.name(src) == ANCHOR {
        edges.extend(negatives(columns).into_iter().map(|(at, optional)| {
            let edge = Edge::between(src, at, true);
            Edge { dst: End { optional, ..edge.dst }, ..edge }
        }));
    }
    let sources = columns.any_of(&SOURCES);
    match (sources.first(), columns.settings.separator()) {
        (None, None) => Ok(edges),
        (Some(_), Some(_)) if sources.len() == 2 && edges.len() == 1 => {
            let [left, right] = SOURCES.map(|name| sources.iter().copied().find(|&at| columns.is_one_of(at, &[name])));
            edges[0].src.source = left;
            edges[0].dst.source = right;
            Ok(edges)
        }
        (first, _) => Err(wrong_sources(columns, first.map_or(SOURCES[0], |&at| columns.name(at)), &sources)),
    }
}

fn wrong_sources(columns: &Columns<'_>, column: &str, found: &[usize]) -> SchemaError {
    if columns.settings.separator().is_some() {
        let expected = "the columns source_dataset_l and source_dataset_r beside one pair of ids, as \
                        `.source_separator(..)` asks for";
        let hint = "Write both columns, or leave `.source_separator(..)` out.";
        return columns.wrong(column, expected, columns.listed(), hint);
    }
    let names: Vec<_> = found.iter().map(|&at| format!("\"{}\"", columns.name(at))).collect();
    let hint = format!(
        "Give the dataset one column of ids that are unique over all sources, such as `source || '-' || id`, and say \
         `.source_separator(\"-\")`; or, where ids are unique as they are, leave the sources out: `.ignoring([{}])`.",
        names.join(", ")
    );
    let expected = "ids that are unique over all sources";
    columns.wrong(column, expected, "ids of several sources, which may use the same id for two samples", hint)
}

/// The columns `negative`, `negative_1`, `negative_2` and so on, and whether a row may leave them blank: numbered ones
/// may, since rows have different numbers of negatives.
fn negatives(columns: &Columns<'_>) -> Vec<(usize, bool)> {
    let number = |name: &str| name.strip_prefix(NEGATIVE)?.strip_prefix('_')?.parse::<u32>().ok();
    let mut numbered: Vec<_> = columns.all().filter_map(|at| Some((number(columns.name(at))?, at))).collect();
    numbered.sort_unstable();
    let plain = columns.at(NEGATIVE).map(|at| (at, false));
    plain.into_iter().chain(numbered.into_iter().map(|(_, at)| (at, true))).collect()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::super::settings::{self, EdgeFile};
    use super::*;

    fn ends(names: &str, settings: &EdgeFile) -> Result<Vec<Edge>, SchemaError> {
        let fields: Vec<_> = names.split(',').map(|name| Field::new(name, DataType::Utf8, true)).collect();
        edges(&Columns { file: "edges.csv", schema: &Schema::new(fields), settings })
    }

    #[test]
    fn conventions_are_known_by_their_columns() {
        for (columns, expected) in [
            ("dst,src", vec![(1, 0, false)]),
            ("source,weight,target", vec![(0, 2, false)]),
            ("lhs,rhs,rel", vec![(0, 1, false)]),
            ("match_probability,unique_id_l,unique_id_r,weight", vec![(1, 2, false)]),
            ("id_l,id_r,weight", vec![(0, 1, false)]),
            ("anchor,positive,weight", vec![(0, 1, false)]),
            ("weight,anchor,positive,negative", vec![(1, 2, false), (1, 3, true)]),
            (
                "negative_10,anchor,positive,negative_2,negative",
                vec![(1, 2, false), (1, 4, true), (1, 3, true), (1, 0, true)],
            ),
        ] {
            let found = ends(columns, &EdgeFile::default()).unwrap();
            let found: Vec<_> = found.iter().map(|edge| (edge.src.id, edge.dst.id, edge.apart)).collect();
            assert_eq!(found, expected, "{columns}");
        }
        let optional = ends("anchor,positive,negative,negative_1", &EdgeFile::default()).unwrap();
        assert_eq!(optional.iter().map(|edge| edge.dst.optional).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn other_columns_are_listed() {
        let error = ends("from,to,anchor", &EdgeFile::default()).unwrap_err();
        assert!(error.found.contains("from, to, anchor") && error.expected.contains("source,target"), "{error}");
    }

    #[test]
    fn sources_need_a_separator_or_are_to_be_ignored() {
        let columns = "source_dataset_l,unique_id_l,source_dataset_r,unique_id_r";
        let error = ends(columns, &EdgeFile::default()).unwrap_err();
        assert_eq!(error.column, "source_dataset_l");
        for part in [".source_separator(\"-\")", ".ignoring([\"source_dataset_l\", \"source_dataset_r\"])"] {
            assert!(error.hint.contains(part), "{error}");
        }
        let separated = ends(columns, &settings::edges("e.csv").source_separator("-")).unwrap();
        assert_eq!((separated[0].src.source, separated[0].dst.source), (Some(0), Some(2)));
        let ignored = settings::edges("e.csv").ignoring(["source_dataset_l", "source_dataset_r"]);
        assert_eq!(ends(columns, &ignored).unwrap(), [Edge::between(1, 3, false)]);
        for columns in ["src,dst", "id_l,id_r,source_dataset_l"] {
            let error = ends(columns, &settings::edges("e.csv").source_separator("-")).unwrap_err();
            assert!(error.hint.contains("Write both columns"), "{error}");
        }
    }
}
