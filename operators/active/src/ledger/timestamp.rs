//! Timestamps in microseconds since 1970 (UTC), and as RFC 3339 text.

use std::time::{SystemTime, UNIX_EPOCH};

use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use arrow::temporal_conversions::timestamp_us_to_datetime;

/// Moments that fit nanoseconds in 64 bits can be written and read; they end in the year 2262.
const LAST: i64 = i64::MAX / 1000;

/// Now.
pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as i64
}

/// Whether a moment can be written as text and read again.
pub(super) fn is_sound(moment: i64) -> bool {
    (-LAST..=LAST).contains(&moment)
}

/// A sound moment as RFC 3339 with microseconds, in UTC.
pub(super) fn text(moment: i64) -> String {
    let moment = timestamp_us_to_datetime(moment).expect("the ledger holds moments between the years 1677 and 2262");
    moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Reads RFC 3339; microseconds are kept.
pub(super) fn parse(text: &str) -> Option<i64> {
    string_to_timestamp_nanos(text).ok().map(|nanoseconds| nanoseconds.div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_rfc_3339() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(1_615_328_168_728_353), "2021-03-09T22:16:08.728353Z");
        assert_eq!(parse("2021-03-09T23:16:08.728353+01:00"), Some(1_615_328_168_728_353));
        assert_eq!(parse("yesterday"), None);
    }

    proptest! {
        #[test]
        fn every_sound_moment_comes_back(moment in -LAST..=LAST) {
            prop_assert_eq!(parse(&text(moment)), Some(moment));
        }
    }
}
