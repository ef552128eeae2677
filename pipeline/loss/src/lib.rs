//! Graph losses: every loss sees a batch of embeddings and the signed, weighted edges among them.
//!
//! A loss is one file and one line of [`LOSSES`]. Its settings are the fields of its struct, which plans and the
//! command line read and write.
//!
//! ```
//! use relata_loss::LOSSES;
//!
//! let loss = LOSSES.parse("nt_xent", &[("tau".into(), "0.1".into())])?;
//! loss.check().unwrap();
//! assert_eq!(loss.describe().to_string(), "nt_xent denominator=exclude_other_positives reduction=per_edge tau=0.1");
//! assert_eq!(LOSSES.read(&loss.describe())?.describe(), loss.describe());
//! # Ok::<(), relata_registry::ReadError>(())
//! ```
#![warn(missing_debug_implementations)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod contrast;
mod cpu_tensor;
mod edge_ops;
mod error;
mod graph_loss;
mod score;
mod signed_edges;

pub use error::{Result, SettingError};
pub use graph_loss::{GraphLoss, LossValue};
pub use score::{Score, score};

relata_registry::components! {
    /// Every loss, by name.
    pub static LOSSES: dyn GraphLoss = "loss" [
        vicreg::Vicreg,
        spectral_contrastive::SpectralContrastive,
        nt_xent::NtXent,
        barlow_twins::BarlowTwins,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str, value: &str) -> [(String, String); 1] {
        [(key.to_owned(), value.to_owned())]
    }

    #[test]
    fn settings_reach_the_loss_and_come_back_from_its_description() {
        for (name, key, value) in [
            ("nt_xent", "denominator", "all_others"),
            ("nt_xent", "tau", "0.1"),
            ("vicreg", "cov", "2"),
            ("barlow_twins", "lambda", "0"),
        ] {
            let loss = LOSSES.parse(name, &set(key, value)).unwrap();
            let default = LOSSES.parse(name, &[]).unwrap();
            assert_ne!(loss.describe(), default.describe());
            assert_eq!(LOSSES.read(&loss.describe()).unwrap().describe(), loss.describe());
            loss.check().unwrap();
        }
        assert_eq!(LOSSES.parse("vicreg", &set("cov", "2")).unwrap().describe()["cov"], 2.0);
    }

    #[test]
    fn every_loss_checks_out_with_its_defaults() {
        for entry in LOSSES.entries() {
            let loss = LOSSES.read(&entry.defaults().unwrap()).unwrap();
            loss.check().unwrap();
            assert_eq!(loss.describe().name, entry.name);
        }
    }

    #[test]
    fn unknown_names_keys_and_values_say_what_is_allowed() {
        let message = |name, key, value| LOSSES.parse(name, &set(key, value)).err().unwrap().to_string();
        assert!(message("vigreg", "sim", "1").contains("vicreg, spectral_contrastive"));
        assert!(message("vicreg", "tau", "1").contains("cov, rep, sim, var"));
        assert!(message("spectral_contrastive", "tau", "1").contains("no settings"));
        assert!(message("nt_xent", "tau", "hot").contains("expected f64"));
        let cold = LOSSES.parse("nt_xent", &set("tau", "-1")).unwrap();
        assert!(cold.check().unwrap_err().to_string().contains("above 0"));
    }
}
