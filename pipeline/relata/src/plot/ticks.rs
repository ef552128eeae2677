//! Ticks of an axis: where its labels go, and how they read.

/// Round numbers (steps of 1, 2 or 5 times a power of ten) in `low..=high`, about `count` of them.
pub(super) fn between(low: f64, high: f64, count: usize) -> Vec<f64> {
    let rough = (high - low) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|number| number as f64 * step).collect()
}

/// A number as short as it can be: 0.05, 20, 2.5k, 1.2M, 3e-7.
pub(super) fn label(value: f64) -> String {
    let size = value.abs();
    let short = |value: f64, digits: usize| {
        let text = format!("{value:.digits$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    match size {
        _ if size < 1e-12 => "0".to_owned(),
        _ if !(1e-3..1e10).contains(&size) => {
            let power = size.log10().floor() as i32;
            format!("{}e{power}", short(value / 10f64.powi(power), 2))
        }
        _ if size >= 1e6 => format!("{}M", short(value / 1e6, 2)),
        _ if size >= 1e3 => format!("{}k", short(value / 1e3, 2)),
        _ => short(value, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(between(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(
            between(-0.3, 0.26, 6).iter().map(|x| label(*x)).collect::<Vec<_>>(),
            ["-0.3", "-0.2", "-0.1", "0", "0.1", "0.2"]
        );
    }

    #[test]
    fn labels_are_short() {
        let labels = [0.05, 20.0, 2500.0, 1.25e6, 3e-7, -0.5, 100.0].map(label);
        assert_eq!(labels, ["0.05", "20", "2.5k", "1.25M", "3e-7", "-0.5", "100"]);
    }
}
