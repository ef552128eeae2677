//! Tokens: the secret that people beyond this machine need.

use std::hash::{BuildHasher, RandomState};

use relata_oracle::{OracleError, Result};

use crate::name::ORACLE;

/// The fewest characters that a token may have.
const SHORTEST: usize = 8;

/// A secret; neither shown when it is debugged nor part of a plan.
#[derive(Clone)]
pub struct AccessToken(String);

impl AccessToken {
    /// A token of one's own: at least 8 letters, digits, `-`, `_` or `.`, which [`AccessToken::check`] ensures.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A token of 128 random bits.
    pub fn generate() -> Self {
        // The keys of a RandomState are drawn from the system's entropy, and its hash is a pseudo-random function.
        let state = RandomState::new();
        Self(format!("{:016x}{:016x}", state.hash_one(0u64), state.hash_one(1u64)))
    }

    /// The token of one person, which is known to whoever knows this one and the name, and to nobody else.
    pub(crate) fn of_person(&self, name: &str) -> Self {
        let digest =
            ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.0.as_bytes()), name.as_bytes());
        Self(digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The secret itself, for the link that people are given.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Refuses a token that is too short, or does not fit into a link and a cookie as it is.
    pub fn check(&self) -> Result<()> {
        let fits = self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !fits || self.0.len() < SHORTEST {
            let expected = format!("at least {SHORTEST} letters, digits, `-`, `_` or `.`");
            let found =
                if fits { format!("{} characters long", self.0.len()) } else { "of other characters".to_owned() };
            return Err(OracleError::setting(ORACLE, "token", expected, found));
        }
        Ok(())
    }

    /// Whether this is the secret; how long that takes does not tell how much of it is right.
    pub(crate) fn is(&self, given: &str) -> bool {
        let (ours, given) = (self.0.as_bytes(), given.as_bytes());
        ours.len() == given.len() && ours.iter().zip(given).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_tokens_are_sound_and_never_alike() {
        let tokens = [AccessToken::generate(), AccessToken::generate()];
        assert_ne!(tokens[0].reveal(), tokens[1].reveal());
        for token in &tokens {
            token.check().unwrap();
            assert_eq!(token.reveal().len(), 32);
        }
    }

    #[test]
    fn only_the_whole_secret_is_accepted() {
        let token = AccessToken::new("correct-horse");
        assert!(token.is("correct-horse"));
        for wrong in ["", "correct", "correct-hors_", "correct-horse ", "CORRECT-HORSE"] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("horse"));
    }

    #[test]
    fn tokens_that_are_short_or_do_not_fit_a_cookie_are_refused() {
        for wrong in ["", "seven77", "with space", "semi;colon", "a&b=c&d=e", "ünïcödé-töken"] {
            let error = AccessToken::new(wrong).check().unwrap_err().to_string();
            assert!(error.contains("`token` must be at least 8"), "{error}");
            assert!(wrong.is_empty() || !error.contains(wrong), "the secret is told: {error}");
        }
    }
}
