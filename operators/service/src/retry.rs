//! Retries with exponential backoff: what is sent again, and when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::RngExt;
use relata_data::seed::Purpose;

const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A service that wants to be left alone for longer fails at once.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// How often a batch is sent again, and the first pause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    pub(crate) times: u32,
    pub(crate) pause: Duration,
}

impl RetryPolicy {
    /// The pause after so many failures requests in a row (from 1): exponential, of which a half is jitter, so that
    /// requests that failed together do not come back together.
    pub(crate) fn pause(&self, failures: u32, seed: u64, question: u64) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let pause = self.pause.saturating_mul(1 << doublings.min(20)).min(LONGEST_PAUSE);
        let jitter: f64 = Purpose::RetryJitter.stream(seed, &[question, failures.into()]).random();
        pause.mul_f64(0.5 + 0.5 * jitter)
    }
}

/// Whether a request is worth repeating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RetryDecision {
    /// No: it would fail in the same way.
    Never,
    /// After a pause.
    Later,
    /// After the time that the service asked for.
    After(Duration),
}

impl RetryDecision {
    /// After a response with this status, which is no success, and this `Retry-After`.
    pub(crate) fn after_status(status: u16, retry_after: Option<&str>) -> Self {
        if !matches!(status, 408 | 425 | 429 | 500..=599) {
            return Self::Never;
        }
        match retry_after.and_then(|value| parse_retry_after(value, SystemTime::now())) {
            Some(wait) if wait > LONGEST_WAIT => Self::Never,
            Some(wait) => Self::After(wait),
            None => Self::Later,
        }
    }
}

/// The waiting time of a `Retry-After` header: seconds, or a date such as `Wed, 21 Oct 2015 07:28:00 GMT` (RFC 9110).
fn parse_retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let parts: Vec<&str> = header.split_ascii_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = parts[..] else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = 1 + months.iter().position(|name| *name == month)? as u64;
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let mut clock = time.split(':').map(|part| part.parse::<u64>().ok());
    let (Some(hours), Some(minutes), Some(seconds), None) = (clock.next()?, clock.next()?, clock.next()?, clock.next())
    else {
        return None;
    };
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    // Days since 1970 of the Gregorian calendar, counting years from March, so that a leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let date = UNIX_EPOCH + Duration::from_secs((days - 719_468) * 86_400 + hours * 3600 + minutes * 60 + seconds);
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_jitter_and_repeat() {
        let retry = RetryPolicy { times: 9, pause: Duration::from_millis(100) };
        assert_eq!(retry.pause(0, 7, 1), Duration::ZERO);
        for failures in 1..40 {
            let full = Duration::from_millis(100 << (failures - 1).min(20)).min(LONGEST_PAUSE);
            let pause = retry.pause(failures, 7, 1);
            assert!(full / 2 <= pause && pause <= full, "{failures}: {pause:?}");
            assert_eq!(retry.pause(failures, 7, 1), pause);
            assert_ne!(retry.pause(failures, 7, 2), pause);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_480);
        let cases = [
            ("120", Some(120)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(0)),
            ("Wed, 21 Oct 2015 07:29:30 GMT", Some(90)),
            ("Mon, 29 Feb 2016 07:28:00 GMT", Some(131 * 86_400)),
            ("Tue, 01 Mar 2016 07:28:00 GMT", Some(132 * 86_400)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 01 Jan 0000 00:00:00 GMT", None),
            ("soon", None),
            ("-1", None),
        ];
        for (header, seconds) in cases {
            assert_eq!(parse_retry_after(header, now), seconds.map(Duration::from_secs), "{header}");
        }
    }

    #[test]
    fn only_what_may_pass_is_repeated() {
        for status in [301, 400, 401, 403, 404, 422] {
            assert_eq!(RetryDecision::after_status(status, Some("1")), RetryDecision::Never);
        }
        for status in [408, 425, 429, 500, 502, 503, 529] {
            assert_eq!(RetryDecision::after_status(status, None), RetryDecision::Later);
            assert_eq!(RetryDecision::after_status(status, Some("3")), RetryDecision::After(Duration::from_secs(3)));
            assert_eq!(RetryDecision::after_status(status, Some("3600")), RetryDecision::Never);
        }
    }
}
