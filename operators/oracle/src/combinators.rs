//! Combinators of oracles: one with other weights, another name or another price.

use crate::annotator::{Annotator, annotator};
use crate::oracle::Oracle;
use crate::priced::{Priced, priced};
use crate::weighted::{Weighted, weighted};

/// How an oracle is wrapped.
///
/// ```
/// use relata_oracle::{Oracle, OracleExt, labels, noisy};
///
/// let anna = noisy(labels("label"), 0.1).named("anna").priced(0.0, 2.0);
/// assert_eq!((anna.name().as_str(), anna.cost().of(3)), ("anna", 6.0));
/// ```
pub trait OracleExt: Oracle + Sized {
    /// The same relations with all weights, and the same answers with all confidences, multiplied by `factor` in (0, 1].
    ///
    /// ```
    /// use relata_oracle::{Oracle, OracleExt, nearest};
    ///
    /// assert_eq!(nearest(5).weighted(0.5).describe()["factor"], 0.5);
    /// ```
    fn weighted(self, factor: f32) -> Weighted<Self> {
        weighted(self, factor)
    }

    /// The same oracle as one annotator of this name; annotators of one oracle, such as those of a crowd, need
    /// different names.
    ///
    /// ```
    /// use relata_oracle::{Oracle, OracleExt, labels};
    ///
    /// assert_eq!(labels("label").named("anna").name(), "anna");
    /// ```
    fn named(self, name: impl Into<String>) -> Annotator<Self> {
        annotator(self, name)
    }

    /// The same oracle at another price, in the units of the budget.
    ///
    /// ```
    /// use relata_oracle::{Oracle, OracleExt, labels};
    ///
    /// // A question costs 1, and each of its candidates a half.
    /// assert_eq!(labels("label").priced(1.0, 0.5).cost().of(4), 3.0);
    /// ```
    fn priced(self, per_question: f64, per_candidate: f64) -> Priced<Self> {
        priced(self, per_question, per_candidate)
    }
}

impl<O: Oracle> OracleExt for O {}
