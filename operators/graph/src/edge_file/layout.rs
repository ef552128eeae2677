//! Layout of edge files, which columns mean what: the conventions of neighbouring tools.

use arrow::datatypes::{DataType, Schema};
use relata_schemas::SchemaError;
use relata_schemas::edges::{CONFIDENCE, DST, INFERRED, REL, ROUND, SRC, WEIGHT};

/// Every name of a column of ids, so that such columns can be read as text.
pub(super) const ID_COLUMNS: &[&str] = &[
    SRC,
    DST,
    "source",
    "target",
    "lhs",
    "rhs",
    "id_l",
    "id_r",
    "unique_id_l",
    "unique_id_r",
    "anchor",
    "positive",
    "negative",
];

const ENDS: [(&str, &str); 3] = [(SRC, DST), ("source", "target"), ("lhs", "rhs")];
const MATCHES: [(&str, &str); 2] = [("id_l", "id_r"), ("unique_id_l", "unique_id_r")];
const PROBABILITY: &str = "match_probability";

/// Where the weight of an edge comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Weight {
    /// The same for every row.
    Fixed(f32),
    /// A column of signed weights.
    Column(usize),
    /// A column of signed weights, each with the other sign.
    Negated(usize),
    /// A column of probabilities p that stand for 2 p - 1.
    Probability(usize),
}

/// The edges that one row stands for, and what else the row says; numbers are positions in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// Two columns of ids and the weight, for each edge of a row.
    pub(super) edges: Vec<(usize, usize, Weight)>,
    pub(super) rel: Option<usize>,
    pub(super) confidence: Option<usize>,
    pub(super) round: Option<usize>,
    pub(super) inferred: Option<usize>,
}

impl Layout {
    /// Recognises the convention by the names of the columns; `file` names it in the error.
    pub(super) fn of(file: &str, schema: &Schema) -> Result<Self, SchemaError> {
        let at = |name: &str| schema.index_of(name).ok();
        let ends = |(src, dst): &(&str, &str)| Some((at(src)?, at(dst)?));
        let weight = at(WEIGHT).map_or(Weight::Fixed(1.0), Weight::Column);
        let edges = if let Some((src, dst)) = ENDS.iter().find_map(ends) {
            vec![(src, dst, weight)]
        } else if let Some((src, dst)) = MATCHES.iter().find_map(ends) {
            vec![(src, dst, at(PROBABILITY).map_or(weight, Weight::Probability))]
        } else if let Some((anchor, positive)) = ends(&("anchor", "positive")) {
            let apart = at(WEIGHT).map_or(Weight::Fixed(-1.0), Weight::Negated);
            let negative = at("negative").map(|negative| (anchor, negative, apart));
            std::iter::once((anchor, positive, weight)).chain(negative).collect()
        } else {
            let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            return Err(SchemaError::column(
                file,
                SRC,
                "the columns src,dst[,weight][,rel] or source,target[,weight] or lhs,rhs[,rel] or \
                 id_l,id_r[,match_probability] or unique_id_l,unique_id_r[,match_probability] or \
                 anchor,positive[,negative][,weight]",
                format!("only the columns {}", names.join(", ")),
                "Rename the columns to one of these conventions; their order does not matter.",
            ));
        };
        // Other tools have columns of these names, too, which are something else if they are of another type.
        let of = |name: &str, is: fn(&DataType) -> bool| at(name).filter(|&at| is(schema.field(at).data_type()));
        let (round, inferred) = (of(ROUND, DataType::is_integer), of(INFERRED, |found| found == &DataType::Boolean));
        Ok(Self { edges, rel: at(REL), confidence: at(CONFIDENCE), round, inferred })
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    fn layout(columns: &str) -> Result<Layout, SchemaError> {
        let fields: Vec<_> = columns.split(',').map(|name| Field::new(name, DataType::Utf8, true)).collect();
        Layout::of("edges.csv", &Schema::new(fields))
    }

    #[test]
    fn conventions_are_known_by_their_columns() {
        use Weight::{Column, Fixed, Negated, Probability};
        for (columns, edges) in [
            ("dst,src", vec![(1, 0, Fixed(1.0))]),
            ("source,weight,target", vec![(0, 2, Column(1))]),
            ("lhs,rhs,rel", vec![(0, 1, Fixed(1.0))]),
            ("match_probability,unique_id_l,unique_id_r,weight", vec![(1, 2, Probability(0))]),
            ("id_l,id_r,weight", vec![(0, 1, Column(2))]),
            ("anchor,positive,weight", vec![(0, 1, Column(2))]),
            ("weight,anchor,positive,negative", vec![(1, 2, Column(0)), (1, 3, Negated(0))]),
            ("anchor,positive,negative", vec![(0, 1, Fixed(1.0)), (0, 2, Fixed(-1.0))]),
        ] {
            assert_eq!(layout(columns).unwrap().edges, edges, "{columns}");
        }
        assert_eq!(layout("lhs,rhs,rel").unwrap().rel, Some(2));
        assert_eq!(layout("src,dst,round,inferred").unwrap().round, None);
        let typed = [
            ("src", DataType::Int64),
            ("dst", DataType::Int64),
            ("round", DataType::Int64),
            ("inferred", DataType::Boolean),
        ];
        let typed = Schema::new(typed.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec());
        let found = Layout::of("edges.csv", &typed).unwrap();
        assert_eq!((found.round, found.inferred), (Some(2), Some(3)));
    }

    #[test]
    fn other_columns_are_listed() {
        let error = layout("from,to,anchor").unwrap_err();
        assert!(error.found.contains("from, to, anchor") && error.expected.contains("source,target"), "{error}");
    }
}
