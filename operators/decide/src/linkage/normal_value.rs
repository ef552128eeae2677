//! Values in one spelling, so that what is written differently but means the same is equal.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The normalised text of a value: NFKC, lowercase, without apostrophes, every other run of characters that are neither
/// letters nor digits as one blank. Plain numbers keep their sign and point. Nothing if nothing is left.
pub(super) fn normal_value(value: &str) -> Option<String> {
    let lower: String = value.trim().nfkc().flat_map(char::to_lowercase).collect();
    if is_number(&lower) {
        return Some(lower);
    }
    let mut found = String::with_capacity(lower.len());
    let mut apart = false;
    for letter in lower.chars().filter(|letter| !matches!(letter, '\'' | '’')) {
        if letter.is_alphanumeric() || letter == '_' || is_combining_mark(letter) {
            if apart && !found.is_empty() {
                found.push(' ');
            }
            apart = false;
            found.push(letter);
        } else {
            apart = true;
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Whether a text is a plain number: digits, perhaps with a minus before and decimals behind.
pub(super) fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, decimals)) => digits(whole) && digits(decimals),
        None => digits(unsigned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_one() {
        let normal = |value| normal_value(value).unwrap_or_default();
        assert_eq!(normal(" 310/246-1501 "), normal("310-246 1501"));
        assert_eq!(normal("Arnie Morton's  of Chicago"), "arnie mortons of chicago");
        assert_eq!((normal("-3.50"), normal("3."), normal("Ａé")), ("-3.50".into(), "3".into(), "aé".into()));
        assert_eq!((normal_value(" -- "), normal_value("")), (None, None));
    }
}
