//! Calendar features of a date: its place in the year, the week and the day, as points on circles.

use std::f64::consts::TAU;

const DAY: f64 = 86_400_000.0;
const WEEK: f64 = 7.0 * DAY;
/// A year of 365.2425 days, as in the Gregorian calendar. Its place is off by a day and a half at most.
const YEAR: f64 = 365.2425 * DAY;

/// How many numbers there are.
pub(super) const NUMBERS: usize = 6;

/// Sine and cosine of the place in the year, the week and the day of milliseconds since 1970.
pub(super) fn circles(milliseconds: i64) -> [f32; NUMBERS] {
    let at = milliseconds as f64;
    let [year, week, day] = [YEAR, WEEK, DAY].map(|period| (TAU * at.rem_euclid(period) / period).sin_cos());
    [year.0, year.1, week.0, week.1, day.0, day.1].map(|number| number as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_a_week_and_a_year_apart_are_at_the_same_place() {
        let close = |a: &[f32], b: &[f32], by: f32| a.iter().zip(b).all(|(a, b)| (a - b).abs() < by);
        // 1970-01-01, a week later, and a day in 2024 at the same place in the year; also before 1970.
        let (first, week, year) = (circles(0), circles(WEEK as i64), circles((54.0 * YEAR) as i64));
        assert!(close(&first[2..], &week[2..], 1e-6) && close(&first[..2], &year[..2], 1e-6));
        assert!(!close(&first, &circles(DAY as i64 / 2), 0.1));
        assert!(close(&circles(-WEEK as i64)[2..], &first[2..], 1e-6));
    }
}
