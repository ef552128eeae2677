//! Exact comparison: 1 if two values are equal, 0 if they are not.

/// Whether two values are equal, as 1 or 0; nothing if one of them is missing.
///
/// ```
/// use relata_decide::comparator::exact;
///
/// assert_eq!(exact(Some("Rome"), Some("Rome")), Some(1.0));
/// assert_eq!(exact(Some(&1999), Some(&2000)), Some(0.0));
/// assert_eq!(exact(None, Some("Rome")), None);
/// ```
pub fn exact<T: PartialEq + ?Sized>(a: Option<&T>, b: Option<&T>) -> Option<f64> {
    Some(f64::from(u8::from(a? == b?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_compared_as_they_are() {
        assert_eq!(exact(Some("ä"), Some("a\u{308}")), Some(0.0));
        assert_eq!(exact(Some(""), Some("")), Some(1.0));
        assert_eq!(exact::<str>(None, None), None);
    }
}
