//! Registries of everything that a plan can name: sources, views, oracles, strategies, encoders, losses, optimisers and
//! evaluations, those of all crates together.

use relata_oracle::Oracle;
use relata_registry::Registry;

pub use relata_active::strategy::STRATEGIES;
pub use relata_data::source::SOURCES;
pub use relata_data::view::VIEWS;
pub use relata_registry::{Component, Description, Entry, ReadError, Registry as Components, Settings};
pub use relata_train::encoder::ENCODERS;
pub use relata_train::loss::LOSSES;
pub use relata_train::optimiser::OPTIMISERS;

pub use crate::evaluate::EVALUATIONS;

/// The oracles of each crate.
static ORACLE_ENTRIES: [&[Entry<dyn Oracle>]; 4] = [
    relata_oracle::ORACLES.parts()[0],
    relata_active::oracle::ORACLES.parts()[0],
    relata_annotate::ORACLES.parts()[0],
    relata_service::ORACLES.parts()[0],
];

/// Every oracle: those that state relations, those that answer, and those that hold others.
pub static ORACLES: Registry<dyn Oracle> = Registry::new("oracle", &ORACLE_ENTRIES);

#[cfg(test)]
mod tests {
    use relata_active::oracle::crowd;
    use relata_annotate::person;
    use relata_oracle::{OracleExt, labels, noisy};

    use super::*;

    #[test]
    fn oracles_of_all_crates_hold_each_other() {
        let oracle = crowd([
            Box::new(noisy(labels("label"), 0.1).named("ann")) as Box<dyn Oracle>,
            Box::new(person("127.0.0.1:0").page("left")),
        ]);
        let again = ORACLES.read(&oracle.describe()).unwrap();
        assert_eq!(again.describe(), oracle.describe());
        assert_eq!(again.annotators(), oracle.annotators());
    }
}
