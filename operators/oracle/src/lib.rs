//! Oracles: whoever can say that samples are related. Passive oracles state their relations unasked, active ones
//! answer questions; some do both.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
mod combinators;
mod cost;
mod duplicates;
mod error;
#[cfg(test)]
mod fixture;
mod map_answers;
mod name_question;
#[cfg(test)]
mod nearest_duplicates;
mod neighbour_lists;
mod notes;
mod oracle;
mod question;
mod record;

pub use answer::Answer;
pub use combinators::OracleExt;
pub use cost::Cost;
pub use error::{OracleError, Result};
pub use name_question::{NameQuestion, most_frequent_name};
pub use notes::Notes;
pub use oracle::{Context, Oracle, check_inner};
pub use question::Question;
pub use record::Record;
pub use relata_graph::{Conflict, RelationCounts, Relations};
pub use relata_registry::Description;

relata_registry::components! {
    /// The oracles of this crate. Other crates join theirs with [`parts`](relata_registry::Registry::parts); a wrapper
    /// reads the oracle that it wraps through the registry that reads it.
    ///
    /// ```
    /// use relata_oracle::{ORACLES, Oracle, OracleExt, labels};
    ///
    /// let description = labels("label").weighted(0.5).describe();
    /// let again = ORACLES.read(&description)?;
    /// assert_eq!((again.describe(), again.name()), (description, "labels(label)".to_owned()));
    /// # Ok::<(), relata_registry::ReadError>(())
    /// ```
    pub static ORACLES: dyn Oracle = "oracle" [
        annotator::Annotator,
        edges::EdgeFile,
        mix::Mix,
        nearest::Nearest,
        noisy::Noisy,
        priced::Priced,
        rule::Rule,
        same_sample::SameSample,
        same_value::SameValue,
        weighted::Weighted,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_oracle_comes_back_from_its_description() {
        let oracles: Vec<Box<dyn Oracle>> = vec![
            Box::new(edges("pairs.csv")),
            Box::new(edges("pairs.csv").signs("verdict").weights("score").ignoring(["status"]).source_separator("-")),
            Box::new(edges("t.json").id_field("Id").probabilities_as_weights().skip_unknown().skip_self()),
            Box::new(same_sample()),
            Box::new(labels("label")),
            Box::new(same_label("label").rows(7).signed()),
            Box::new(same_value("a % 2").per_class(3)),
            Box::new(nearest(5).l2().either_way().tuned().embeddings("e.parquet").exact_up_to(9)),
            Box::new(rule("city", "a.city = b.city").negative()),
            Box::new(mix(same_sample(), same_label("label").weighted(0.5), 0.25)),
            Box::new(noisy(labels("label"), 0.1).with_errors(0.2, 0.3).with_passes(0.4).named("ann").priced(1.0, 2.0)),
        ];
        for oracle in oracles {
            // As it comes back from the file of the plan.
            let json = serde_json::to_string(&oracle.describe()).unwrap();
            let again = ORACLES.read(&serde_json::from_str(&json).unwrap()).unwrap();
            assert_eq!(again.describe(), oracle.describe());
            assert_eq!((again.name(), again.files()), (oracle.name(), oracle.files()));
            assert_eq!((again.cost(), again.annotators()), (oracle.cost(), oracle.annotators()));
        }
    }

    #[test]
    fn wrappers_delegate_what_they_do_not_change() {
        let wrapped = noisy(edges("pairs.csv").weighted(0.5).named("ann"), 0.1).priced(0.0, 1.0);
        assert_eq!(wrapped.files(), edges("pairs.csv").files());
        assert_eq!(wrapped.name(), "ann");
        assert!(noisy(edges("pairs.csv").weighted(2.0), 0.1).check().is_err());
        let mixed = mix(edges("a.csv"), edges("b.csv").weighted(2.0), 0.5);
        assert_eq!(mixed.files().len(), 2);
        assert!(mixed.check().is_err());
    }
}
