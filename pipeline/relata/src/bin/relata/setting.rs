//! Setting on the command line: `--set NAME=VALUE`.

/// The name and the value of an argument.
pub fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("expected a setting and its value, for example tau=0.1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_pairs() {
        assert_eq!(setting("tau=0.1").unwrap(), ("tau".to_owned(), "0.1".to_owned()));
        assert!(setting("tau").is_err() && setting("=1").is_err());
    }
}
