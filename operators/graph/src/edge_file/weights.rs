//! Weights of the rows of an edge file: signs times strengths, and where the two contradict each other.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use relata_schemas::SchemaError;
use relata_schemas::edges::check_weight;

use super::cells::{Cells, is_missing};
use super::layout::{Layout, Signs, Strength};
use super::settings::EdgeFile;
use super::words::{WORDS, Word, word};
use crate::error::Result;

/// Reads the weights of rows, batch by batch, and remembers what the weights beside signs are.
#[derive(Debug, Default)]
pub(super) struct Weights {
    /// A row that is a negative by its sign and has a weight above 0: `weight` holds no signs, or contradicts.
    plain: Option<(u64, f64)>,
    /// A row with a weight below 0: `weight` holds signs.
    signed: Option<u64>,
}

impl Weights {
    /// The weight of each row; none where nobody knows.
    pub(super) fn read(
        &mut self,
        cells: &Cells,
        batch: &RecordBatch,
        layout: &Layout,
        settings: &EdgeFile,
    ) -> Result<Vec<Option<f32>>> {
        let column = |at: usize| (batch.column(at), batch.schema_ref().field(at).name().as_str());
        let rows = batch.num_rows();
        let signs = layout.signs.map(|signs| read_signs(cells, batch, signs)).transpose()?;
        let needed = |row: usize| signs.as_ref().is_none_or(|signs| signs[row].is_some());
        let strengths = match layout.strength {
            Strength::One => vec![1.0; rows],
            Strength::Weight(at) => {
                let numbers = cells.numbers(column(at), needed)?;
                for row in (0..rows).filter(|&row| needed(row)) {
                    check_weight(&cells.file, column(at).1, numbers[row] as f32)
                        .map_err(|error| cells.at(row, error))?;
                }
                numbers
            }
            Strength::Probability(at) => of_probabilities(cells.fractions(column(at), needed)?, settings),
            Strength::LogOdds(at) => {
                let numbers = cells.numbers(column(at), needed)?;
                if let Some(row) = (0..rows).find(|&row| numbers[row].is_nan() && needed(row)) {
                    let hint = "Correct the value or drop the row.";
                    return Err(cells.wrong(column(at).1, row, "the base 2 logarithm of odds", "NaN", hint));
                }
                of_probabilities(numbers.into_iter().map(|w| 1.0 / (1.0 + (-w).exp2())).collect(), settings)
            }
        };
        let Some(signs) = signs else {
            return Ok(strengths.into_iter().map(|weight| Some(weight as f32).filter(|w| *w != 0.0)).collect());
        };
        let name = |at: Option<usize>| at.map(|at| column(at).1).unwrap_or_default();
        let sign_name = name(layout.signs.map(|signs| signs.at));
        let (strength_name, holds) = (name(layout.strength.column()), Holds::of(layout.strength, settings));
        let mut weights = Vec::with_capacity(rows);
        for (row, (&strength, sign)) in strengths.iter().zip(signs).enumerate() {
            if let Some(sign) = sign {
                self.refuse_contradiction(cells, row, (sign, sign_name), (strength, strength_name), holds)?;
            }
            let weight = sign.map(|sign| (sign * strength.abs()) as f32);
            weights.push(weight.filter(|weight| *weight != 0.0));
        }
        Ok(weights)
    }

    /// Refuses a sign beside a strength of the other sign.
    fn refuse_contradiction(
        &mut self,
        cells: &Cells,
        row: usize,
        (sign, sign_name): (f64, &str),
        (strength, name): (f64, &str),
        holds: Holds,
    ) -> Result<()> {
        let wrong = |sign: f64, strength: f64, more: String| -> SchemaError {
            let alike = if sign > 0.0 { "alike" } else { "not alike" };
            let expected = format!("the same sign as in column `{name}`");
            let found = format!("{alike} beside the weight {strength} by `{name}`{more}");
            let option = match holds {
                Holds::Signs => ", or take the probability for a plain weight: `.probabilities_as_weights()`",
                Holds::MaybeSigns | Holds::NoSigns => "",
            };
            let hint = format!("Correct the row, or leave a column out: `.ignoring([\"{name}\"])`{option}.");
            SchemaError::column(&cells.file, sign_name, expected, found, hint)
        };
        match holds {
            Holds::NoSigns => return Ok(()),
            Holds::Signs if sign * strength < 0.0 => return Err(cells.at(row, wrong(sign, strength, String::new()))),
            Holds::Signs => return Ok(()),
            Holds::MaybeSigns if strength < 0.0 && sign > 0.0 => {
                return Err(cells.at(row, wrong(sign, strength, String::new())));
            }
            Holds::MaybeSigns if strength < 0.0 => {
                self.signed.get_or_insert(cells.row + row as u64);
            }
            Holds::MaybeSigns if sign < 0.0 => {
                self.plain.get_or_insert((cells.row + row as u64, strength));
            }
            Holds::MaybeSigns => {}
        }
        match (self.signed, self.plain) {
            (Some(signed), Some((plain, strength))) => {
                let more = format!(", which has a weight below 0 in row {signed} and so holds signs");
                Err(wrong(-1.0, strength, more).at_row(plain).into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether a column of strengths says which pairs are alike.
#[derive(Debug, Clone, Copy)]
enum Holds {
    Signs,
    /// If one of its numbers is below 0.
    MaybeSigns,
    NoSigns,
}

impl Holds {
    fn of(strength: Strength, settings: &EdgeFile) -> Self {
        match strength {
            Strength::Weight(_) => Self::MaybeSigns,
            Strength::Probability(_) | Strength::LogOdds(_) if !settings.takes_probabilities_as_weights() => {
                Self::Signs
            }
            Strength::One | Strength::Probability(_) | Strength::LogOdds(_) => Self::NoSigns,
        }
    }
}

/// The weights that probabilities stand for.
fn of_probabilities(probabilities: Vec<f64>, settings: &EdgeFile) -> Vec<f64> {
    match settings.takes_probabilities_as_weights() {
        true => probabilities,
        false => probabilities.into_iter().map(|p| 2.0 * p - 1.0).collect(),
    }
}

/// The sign of each row: 1 or -1, between if it is a probability, none where nobody knows.
fn read_signs(cells: &Cells, batch: &RecordBatch, signs: Signs) -> Result<Vec<Option<f64>>> {
    let (column, schema) = (batch.column(signs.at), batch.schema_ref());
    let name = schema.field(signs.at).name();
    let texts = cast(column, &DataType::Utf8)?;
    let read = texts.as_string::<i32>().iter().enumerate().map(|(row, text)| match text {
        None if is_missing(column, row) || column.as_any_dictionary_opt().is_some() => Ok(None),
        None => Err(cells.missing((column, name), row, WORDS)),
        Some(text) => match word(text, signs.fractions) {
            Some(Word::Sign(sign)) => Ok(Some(sign)),
            Some(Word::Unsure) => Ok(None),
            None => {
                let hint = format!(
                    "Write one of these words; or, if the column holds signed weights, say `.weights(\"{name}\")`; or, \
                     if it says nothing about the pair, `.ignoring([\"{name}\"])`."
                );
                Err(cells.wrong(name, row, WORDS, format!("`{text}`"), hint))
            }
        },
    });
    read.collect()
}
