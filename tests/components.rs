//! Components in the documents: the README's table and the book's page against the registries.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use relata::registries::{
    Components, Description, ENCODERS, EVALUATIONS, Entry, LOSSES, OPTIMISERS, ORACLES, SOURCES, STRATEGIES, VIEWS,
};

/// Set, it has the documents written anew in place of compared.
const WRITE: &str = "RELATA_WRITE_DOCS";
/// The README's table is between these.
const MARKS: [&str; 2] = ["<!-- components:begin -->\n", "<!-- components:end -->"];

/// The beginning of the book's page.
const ABOUT: &str = "\
# Components

Everything that comes with Relata and that a plan can name, with the settings of each and their defaults. A setting
without a value is unset. [Extending](extending.md) shows how to write your own.

Most names are also functions of the prelude, whose methods change settings: `crop(0.8)`,
`clustering(\"label\").normalised()`. What holds others is made by a method: `.then(..)` makes a `chain`,
`.with_probability(..)` a `sometimes`, `.named(..)` an `annotator`, `.priced(..)` a `priced`, `.weighted(..)` a `weighted`.

<!-- Written by `RELATA_WRITE_DOCS=1 cargo test --release --workspace --test relata components`. -->
";

/// The components of one kind.
struct Kind {
    plural: &'static str,
    /// Where a pipeline names one.
    used: &'static str,
    rows: Vec<Row>,
}

/// What the documents say of a component.
struct Row {
    name: &'static str,
    settings: String,
    summary: &'static str,
}

impl Kind {
    fn of<T: ?Sized>(plural: &'static str, used: &'static str, registry: &Components<T>) -> Self {
        Self { plural, used, rows: registry.entries().map(Row::of).collect() }
    }
}

impl Row {
    fn of<T: ?Sized>(entry: &Entry<T>) -> Self {
        Self { name: entry.name, settings: settings(entry.defaults()), summary: entry.summary }
    }
}

fn kinds() -> [Kind; 8] {
    [
        Kind::of("views", "`.views(2, view)`", &VIEWS),
        Kind::of("sources", "`Pipeline::read(source)`", &SOURCES),
        Kind::of("oracles", "`.relate(oracle)` and `.ask(oracle, strategy.budget(units))`", &ORACLES),
        Kind::of("strategies", "`.ask(oracle, strategy.budget(units))`", &STRATEGIES),
        Kind::of("losses", "`.train(encoder, loss, fit)`", &LOSSES),
        Kind::of("encoders", "`.train(encoder, loss, fit)`", &ENCODERS),
        Kind::of("optimisers", "`Fit::epochs(20).optimiser(optimiser)`", &OPTIMISERS),
        Kind::of("evaluations", "`.evaluate(evaluation)`", &EVALUATIONS),
    ]
}

/// Names and defaults of settings as cells of a table have them.
fn settings(defaults: Option<Description>) -> String {
    let Some(defaults) = defaults else { return "those of what it holds".to_owned() };
    let of = |(name, value): (&String, _)| {
        let shown = Description::new("").with(name, value).to_string();
        match shown.split_once('=') {
            Some((_, value)) if !value.is_empty() => format!("`{name}` = {value}"),
            _ => format!("`{name}`"),
        }
    };
    defaults.values.iter().map(of).collect::<Vec<_>>().join(", ")
}

/// The rows of the README's table.
fn table() -> String {
    let mut text = "| kind | names |\n| --- | --- |\n".to_owned();
    for kind in kinds() {
        let names: Vec<String> = kind.rows.iter().map(|row| format!("`{}`", row.name)).collect();
        writeln!(text, "| {} | {} |", kind.plural, names.join(", ")).unwrap();
    }
    text
}

/// The book's page.
fn page() -> String {
    let mut text = ABOUT.to_owned();
    for kind in kinds() {
        let title = kind.plural[..1].to_uppercase() + &kind.plural[1..];
        write!(
            text,
            "\n## {title}\n\nUsed in {}.\n\n| name | settings | what it is |\n| --- | --- | --- |\n",
            kind.used
        )
        .unwrap();
        for Row { name, settings, summary } in &kind.rows {
            writeln!(text, "| `{name}` | {} | {} |", settings.replace('|', "\\|"), summary.replace('|', "\\|"))
                .unwrap();
        }
    }
    text
}

fn document(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Compares a document with what it should be, or writes it.
fn hold(path: &str, expected: &str) {
    let file = document(path);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&file, expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(found == expected, "{path} does not agree with the registries: set {WRITE}=1 to write it; {differs:?}");
}

#[test]
fn the_table_of_the_readme_is_that_of_the_registries() {
    let readme = std::fs::read_to_string(document("README.md")).unwrap();
    let (before, rest) = readme.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    hold("README.md", &[before, MARKS[0], &table(), MARKS[1], after].concat());
}

#[test]
fn the_page_of_the_book_is_that_of_the_registries() {
    hold("docs/book/src/components.md", &page());
}
