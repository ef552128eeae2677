//! What a person sees of a stage that takes time: a bar with its rate on a terminal, and a line when it is done.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// Shows stages on standard error, or nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub quiet: bool,
}

/// A running stage.
pub(crate) struct Stage {
    name: &'static str,
    unit: &'static str,
    bar: ProgressBar,
    start: Instant,
    quiet: bool,
}

impl Screen {
    /// Starts a stage of `total` units; 0 if unknown.
    pub fn stage(self, name: &'static str, total: u64, unit: &'static str) -> Stage {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new(total) };
        let template = match total {
            0 => "{prefix:>10} {spinner} {human_pos} {per_sec} {msg}",
            _ => "{prefix:>10} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name);
        bar.enable_steady_tick(Duration::from_millis(200));
        Stage { name, unit, bar, start: Instant::now(), quiet: self.quiet }
    }

    /// Says that a stage was found done.
    pub fn found(self, name: &str) {
        if !self.quiet {
            eprintln!("{name:>10} done before");
        }
    }
}

impl Stage {
    /// Moves the bar; `message` stands beside it.
    pub fn at(&self, done: u64, message: String) {
        self.bar.set_position(done);
        self.bar.set_message(message);
    }

    /// Ends the stage with a line that gives its rate.
    pub fn finish(self, done: u64, message: &str) {
        self.bar.finish_and_clear();
        if !self.quiet {
            let time = self.start.elapsed();
            let rate = HumanCount((done as f64 / time.as_secs_f64().max(1e-9)) as u64);
            let (name, unit) = (self.name, self.unit);
            let time = if time.as_secs() < 60 {
                format!("{:.1} s", time.as_secs_f64())
            } else {
                HumanDuration(time).to_string()
            };
            eprintln!("{name:>10} {} {unit} in {time} ({rate} {unit}/s) {message}", HumanCount(done));
        }
    }
}
