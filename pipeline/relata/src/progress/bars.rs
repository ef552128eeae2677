//! Progress bars on standard error: a bar with its rate on a terminal, and a line when a stage is done.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use super::observer::{Progress, Stage};
use crate::store::Score;

/// Progress bars.
#[derive(Debug, Default)]
pub struct Bars(Mutex<Option<(ProgressBar, Instant)>>);

/// Bars on standard error: `.progress(bars())`. Where that is no terminal there is a line for each stage.
///
/// ```
/// use relata::prelude::*;
///
/// let related = Pipeline::read(csv("digits.csv")).relate(same_label("label"));
/// let pipeline = related.solve(closed_form(Kernel::Linear, 8)).write("runs/digits").progress(bars());
/// ```
pub fn bars() -> Bars {
    Bars::default()
}

impl Bars {
    /// The bar of the stage that runs, and when it began. A panic while it was drawn has left it as it was.
    fn with<T>(&self, act: impl FnOnce(&mut Option<(ProgressBar, Instant)>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Bars {
    fn started(&self, stage: &Stage) {
        let bar = ProgressBar::new(stage.total.unwrap_or_default());
        let template = match stage.total {
            None => "{prefix:>10} {spinner} {human_pos} {per_sec} {msg}",
            Some(_) => "{prefix:>10} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(stage.name);
        bar.enable_steady_tick(Duration::from_millis(200));
        self.with(|current| *current = Some((bar, Instant::now())));
    }

    fn advanced(&self, _: &Stage, done: u64, message: &str) {
        self.with(|current| {
            if let Some((bar, _)) = current {
                bar.set_position(done);
                bar.set_message(message.to_owned());
            }
        });
    }

    fn finished(&self, stage: &Stage, done: u64, message: &str) {
        let Some((bar, start)) = self.with(Option::take) else { return };
        bar.finish_and_clear();
        let (Stage { name, unit, .. }, time) = (stage, start.elapsed());
        let rate = HumanCount((done as f64 / time.as_secs_f64().max(1e-9)) as u64);
        let time = match time.as_secs() < 60 {
            true => format!("{:.1} s", time.as_secs_f64()),
            false => HumanDuration(time).to_string(),
        };
        eprintln!("{name:>10} {} {unit} in {time} ({rate} {unit}/s) {message}", HumanCount(done));
    }

    fn found(&self, stage: &'static str) {
        eprintln!("{stage:>10} done before");
    }

    fn noted(&self, stage: &'static str, message: &str) {
        eprintln!("{stage:>10} {message}");
    }

    fn summarised(&self, scores: &[Score]) {
        let width = scores.iter().map(|score| score.name.len()).max().unwrap_or_default();
        for (at, Score { name, value, raw }) in scores.iter().enumerate() {
            let title = if at == 0 { "measured" } else { "" };
            let raw = raw.map(|raw| format!(" (raw features {raw:.4})")).unwrap_or_default();
            eprintln!("{title:>10} {name:<width$} {value:.4}{raw}");
        }
    }
}
