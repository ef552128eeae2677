//! Book and README: their code is compiled, and run where it can, as doc tests.

macro_rules! chapters {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(#[doc = include_str!(concat!("../../../", $file))] pub mod $name {})*
    };
}

chapters! {
    readme = "README.md",
    quickstart = "docs/book/src/quickstart.md",
    your_data = "docs/book/src/your-data.md",
    relations = "docs/book/src/relations.md",
    asking_people = "docs/book/src/asking-people.md",
    sql = "docs/book/src/sql.md",
    tables = "docs/book/src/tables.md",
    model_export = "docs/book/src/model-export.md",
    components = "docs/book/src/components.md",
    extending = "docs/book/src/extending.md",
    how_it_works = "docs/book/src/how-it-works.md",
    few_answers = "docs/book/src/few-answers.md",
    profile = "docs/book/src/profile.md",
    glossary = "docs/GLOSSARY.md",
}
