//! Reference of all tables: every table and column that SQL shows, with its documentation, as Markdown for the book.

use std::fmt::Write;

use crate::computed::COMPUTED;
use crate::{
    Table, answers, audit, candidate_rules, classes, conflicts, edges, embeddings, entities, memberships, metrics,
    oracle_accuracy, pairs, questions, samples, separations, skipped,
};

/// Every table that is kept in a run.
pub const TABLES: &[&Table] = &[
    &samples::SAMPLES,
    &skipped::SKIPPED,
    &edges::EDGES,
    &memberships::MEMBERSHIPS,
    &separations::SEPARATIONS,
    &conflicts::CONFLICTS,
    &oracle_accuracy::ORACLE_ACCURACY,
    &questions::QUESTIONS,
    &answers::ANSWERS,
    &embeddings::EMBEDDINGS,
    &pairs::PAIRS,
    &candidate_rules::CANDIDATE_RULES,
    &entities::ENTITIES,
    &audit::AUDIT,
    &classes::CLASSES,
    &metrics::METRICS,
];

/// What a column means, if the table is one of Relata's: `docs("edges", "weight")`.
pub fn column_docs(table: &str, column: &str) -> Option<&'static str> {
    let kept = TABLES.iter().filter(|kept| kept.name == table).flat_map(|kept| kept.columns);
    let computed = COMPUTED.iter().filter(|computed| function(computed.name) == table);
    let computed = computed.flat_map(|computed| computed.columns).map(|column| (column.name, column.docs));
    kept.map(|column| (column.name, column.docs)).chain(computed).find(|(name, _)| *name == column).map(|found| found.1)
}

/// What a row of a table is, if the table is one of Relata's.
pub fn table_docs(table: &str) -> Option<&'static str> {
    let kept = TABLES.iter().find(|kept| kept.name == table).map(|kept| kept.docs);
    kept.or_else(|| COMPUTED.iter().find(|computed| function(computed.name) == table).map(|computed| computed.docs))
}

/// `nearest` of `nearest(table, k)`.
fn function(name: &str) -> &str {
    name.split('(').next().unwrap_or(name)
}

/// All tables with all columns, as a chapter of the book.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Tables and columns\n\nEvery run folder is a set of tables. Those of the first part are files of the run; those of the second are\ncomputed when a query asks for them.\n\n## Tables of a run\n",
    );
    for table in TABLES {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n### `{}`\n\n{}\n\n| column | type | meaning |\n| --- | --- | --- |",
            table.name,
            sentence(table.docs)
        );
        for column in table.columns {
            let null = if column.nullable { ", may be null" } else { "" };
            let _ = writeln!(text, "| `{}` | {}{null} | {} |", column.name, (column.data_type)(), column.docs);
        }
    }
    text.push_str("\n## Computed tables\n");
    for table in COMPUTED {
        let _ = writeln!(text, "\n### `{}`\n\n{}", table.name, sentence(table.docs));
        if !table.columns.is_empty() {
            text.push_str("\n| column | meaning |\n| --- | --- |\n");
        }
        for column in table.columns {
            let _ = writeln!(text, "| `{}` | {} |", column.name, column.docs);
        }
    }
    text
}

fn sentence(docs: &str) -> String {
    let mut letters = docs.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_tables_are_found_by_name() {
        assert_eq!(column_docs("edges", "src"), Some("the smaller id of the pair"));
        assert_eq!(column_docs("nearest", "rank"), Some("1 for the nearest"));
        assert_eq!(column_docs("edges", "colour"), None);
        assert!(table_docs("scores").is_some());
    }

    #[test]
    fn the_page_of_the_book_is_this_reference() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/book/src/tables.md");
        if std::env::var_os("RELATA_WRITE_DOCS").is_some() {
            std::fs::write(page, markdown()).unwrap();
        }
        let found = std::fs::read_to_string(page).unwrap_or_default();
        assert!(found == markdown(), "write it again: RELATA_WRITE_DOCS=1 cargo test -p relata-schemas reference");
    }
}
