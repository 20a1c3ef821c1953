//! Samples of one figure, and rows of them side by side.

use std::io::{self, Write};
use std::time::Duration;

/// What was measured for one rival, in milliseconds (or whatever unit its table names).
pub(crate) struct Samples {
    name: String,
    values: Vec<f64>,
}

impl Samples {
    /// No samples yet.
    pub(crate) fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), values: Vec::new() }
    }

    /// Adds one.
    pub(crate) fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// Adds one, in milliseconds.
    pub(crate) fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1e3);
    }

    fn at(&self, share: f64) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index into a few thousand samples"
        )]
        let index = (share * (sorted.len() - 1) as f64).round() as usize;
        sorted[index]
    }
}

/// Prints one row a rival; the first is the one that the others are compared with.
pub(crate) fn print(title: &str, unit: &str, rows: &[Samples]) {
    say(&format!("\n{title} ({unit}, {} samples each)", rows[0].values.len()));
    say(&format!(
        "  {:<22}{:>10}{:>10}{:>10}{:>12}{:>9}",
        "", "min", "median", "p99", "difference", "ratio"
    ));
    let base = rows[0].at(0.5);
    for row in rows {
        let median = row.at(0.5);
        say(&format!(
            "  {:<22}{:>10.3}{:>10.3}{:>10.3}{:>+12.3}{:>8.2}x",
            row.name,
            row.at(0.0),
            median,
            row.at(0.99),
            median - base,
            median / base
        ));
    }
}

/// Writes one line to stdout.
pub(crate) fn say(line: &str) {
    writeln!(io::stdout(), "{line}").expect("stdout is open");
}
