//! Losses by name and textual settings, for the command line.

use super::{Denominator, GraphLoss, Reduction, barlow_twins, nt_xent, spectral_contrastive, vicreg};
use crate::{Result, SettingError};

/// The names that [`named`] knows.
pub const LOSS_NAMES: [&str; 4] = ["vicreg", "spectral_contrastive", "nt_xent", "barlow_twins"];

/// A loss by its name, with settings such as `("tau", "0.1")`.
pub fn named(name: &str, settings: &[(String, String)]) -> Result<Box<dyn GraphLoss>> {
    let unknown = |key: &str, known: &str| Err(SettingError::new(name, "--set", format!("one of {known}"), key));
    let loss: Box<dyn GraphLoss> = match name {
        "vicreg" => {
            let mut loss = vicreg();
            for (key, value) in settings {
                let value = number(name, key, value)?;
                loss = match key.as_str() {
                    "sim" => loss.with_sim(value),
                    "var" => loss.with_var(value),
                    "cov" => loss.with_cov(value),
                    "rep" => loss.with_rep(value),
                    _ => return unknown(key, "sim, var, cov, rep"),
                };
            }
            Box::new(loss)
        }
        "spectral_contrastive" => match settings.first() {
            None => Box::new(spectral_contrastive()),
            Some((key, _)) => return unknown(key, "(it has no settings)"),
        },
        "nt_xent" => {
            let mut loss = nt_xent(0.5);
            for (key, value) in settings {
                loss = match key.as_str() {
                    "tau" => loss.with_tau(number(name, key, value)?),
                    "denominator" => loss.with_denominator(choice::<Denominator>(
                        name,
                        key,
                        value,
                        "exclude_other_positives, all_others or known_negatives",
                    )?),
                    "reduction" => {
                        loss.with_reduction(choice::<Reduction>(name, key, value, "per_edge or per_anchor")?)
                    }
                    _ => return unknown(key, "tau, denominator, reduction"),
                };
            }
            Box::new(loss)
        }
        "barlow_twins" => {
            let mut loss = barlow_twins();
            for (key, value) in settings {
                loss = match key.as_str() {
                    "lambda" => loss.with_lambda(number(name, key, value)?),
                    _ => return unknown(key, "lambda"),
                };
            }
            Box::new(loss)
        }
        _ => return Err(SettingError::new("--loss", "loss", LOSS_NAMES.join(", "), name)),
    };
    loss.check()?;
    Ok(loss)
}

fn number(loss: &str, key: &str, value: &str) -> Result<f64> {
    value.parse().map_err(|_| SettingError::new(loss, key, "a number", value))
}

fn choice<T: serde::de::DeserializeOwned>(loss: &str, key: &str, value: &str, expected: &str) -> Result<T> {
    serde_json::from_value(value.into()).map_err(|_| SettingError::new(loss, key, expected, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str, value: &str) -> [(String, String); 1] {
        [(key.to_owned(), value.to_owned())]
    }

    #[test]
    fn settings_reach_the_loss() {
        let loss = named("nt_xent", &set("denominator", "all_others")).unwrap();
        assert_eq!(loss.describe()["denominator"], "all_others");
        assert_eq!(named("vicreg", &set("cov", "2")).unwrap().describe()["cov"], 2.0);
    }

    #[test]
    fn unknown_names_keys_and_values_say_what_is_allowed() {
        let message = |name, key, value| named(name, &set(key, value)).err().unwrap().to_string();
        assert!(message("vigreg", "sim", "1").contains("vicreg, spectral_contrastive"));
        assert!(message("vicreg", "tau", "1").contains("sim, var, cov, rep"));
        assert!(message("nt_xent", "tau", "hot").contains("a number"));
        assert!(message("nt_xent", "tau", "-1").contains("above 0"));
    }
}
