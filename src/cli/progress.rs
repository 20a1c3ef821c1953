//! Progress bars: on stderr, only on a terminal, gone when the work is done.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{Output, printable};
use crate::runner::Progress;

/// A bar for one piece of work, or nothing where bars are not wanted.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    /// Shows that `work` has begun.
    pub(super) fn start(out: &Output, work: &str) -> Self {
        let bar = out.progress().then(|| {
            let bar = ProgressBar::new_spinner().with_message(printable(work));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self(bar)
    }

    /// Shows how far it is.
    pub(super) fn advance(&self, progress: Progress) {
        let Some(bar) = &self.0 else { return };
        if let Some(total) = progress.total.filter(|_| bar.length().is_none()) {
            bar.set_length(total as u64);
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
        bar.set_position(progress.done as u64);
    }

    /// Shows that the work goes on with something else.
    pub(super) fn say(&self, work: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(printable(work));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
