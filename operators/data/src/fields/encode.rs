//! Encoding of records: raw values as numbers and as bags of tokens.

use relata_schemas::TokenBags;

use super::calendar;
use super::field::FieldKind;
use super::fitted::{FittedField, FittedFields, HASHED, RARE, Statistics, tokens};
use super::ngrams::NGrams;
use super::record::{Record, Value};

impl FittedFields {
    /// Writes the numbers of a record, as many as [`shape`](Self::shape) says; those that n-grams are hashed into stay 0
    /// unless `hashed`.
    pub(crate) fn write_numbers(&self, record: &Record, hashed: bool, ngrams: &mut NGrams, out: &mut [f32]) {
        out.fill(0.0);
        let mut rest = out;
        for ((fitted, value), model) in self.fields.iter().zip(&record.values).zip(&self.models.0) {
            let (own, after) = rest.split_at_mut(fitted.numbers());
            match (model, value) {
                (Some(model), Value::Text(text)) => model.encode(text, own),
                _ => fitted.write(value, own),
            }
            rest = after;
        }
        let texts =
            self.fields.iter().zip(&record.values).filter(|(fitted, _)| fitted.field.kind == (FieldKind::Text {}));
        for (own, (_, value)) in rest.chunks_exact_mut(HASHED).zip(texts) {
            if hashed {
                self.hash(tokens(value, ngrams), own);
            }
        }
    }

    /// Adds the bags of a record.
    pub(crate) fn push_bags(&self, record: &Record, ngrams: &mut NGrams, bags: &mut TokenBags) {
        for (_, value) in self.fields.iter().zip(&record.values).filter(|(fitted, _)| fitted.field.has_bag()) {
            bags.push(tokens(value, ngrams), |token| self.weights[token as usize]);
        }
    }

    /// Adds up tokens by their weight, each with a sign, in a vector of length 1 (Weinberger et al. 2009, "Feature
    /// Hashing for Large Scale Multitask Learning").
    fn hash(&self, tokens: &[u32], out: &mut [f32]) {
        for &token in tokens {
            let sign = if (token as usize / HASHED).is_multiple_of(2) { 1.0 } else { -1.0 };
            out[token as usize % HASHED] += sign * self.weights[token as usize];
        }
        let norm = out.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        out.iter_mut().for_each(|number| *number /= norm);
    }
}

impl FittedField {
    fn write(&self, value: &Value, out: &mut [f32]) {
        match (&self.statistics, value) {
            (Statistics::Number { mean, std, .. }, Value::Number(number)) => out[0] = standard(*number, *mean, *std),
            (Statistics::Number { mean, std, .. }, Value::Date(date)) => {
                out[0] = standard(*date as f64, *mean, *std);
                out[1..=calendar::NUMBERS].copy_from_slice(&calendar::circles(*date));
            }
            (Statistics::Number { missing: true, .. } | Statistics::Image { missing: true }, Value::Null) => {
                if let Some(missing) = out.last_mut() {
                    *missing = 1.0;
                }
            }
            (Statistics::Category { values, rare, .. }, value) => match value {
                Value::Text(text) => match values.iter().position(|value| value == text) {
                    Some(at) => out[at] = 1.0,
                    // A value that training has not seen is that of no other, unless rare ones share numbers.
                    None if *rare => out[values.len() + 1 + (hash_of(text) as usize % RARE)] = 1.0,
                    None => {}
                },
                _ => out[values.len()] = 1.0,
            },
            (Statistics::Vector { .. }, Value::Vector(numbers)) => out.copy_from_slice(numbers),
            (Statistics::Image { .. }, Value::Image(pixels)) => out[..pixels.len()].copy_from_slice(pixels),
            _ => {}
        }
    }
}

/// Standardised; a value that was constant is 0. Huge values stay finite.
fn standard(value: f64, mean: f64, std: f64) -> f32 {
    if std > 0.0 { ((value - mean) / std).clamp(-1e6, 1e6) as f32 } else { 0.0 }
}

fn hash_of(text: &str) -> u64 {
    twox_hash::XxHash64::oneshot(0, text.as_bytes())
}
