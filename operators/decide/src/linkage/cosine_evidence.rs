//! Log-odds by cosine alone, for records without columns, such as pictures.

/// At this cosine, a match is as likely as not.
const EVEN: f64 = 0.9;

/// What one unit of cosine adds to the log-odds.
const SLOPE: f64 = 20.0;

/// `20 (cosine - 0.9)`: a logistic curve where there is no answer to fit one to. Answers refit it, as they do any other
/// log-odds.
pub(super) fn by_cosine(cosine: f32) -> f64 {
    SLOPE * (f64::from(cosine) - EVEN)
}
