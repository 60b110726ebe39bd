//! Progress bars, for people who wait.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that ends sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar on standard error that appears when the work takes long.
///
/// None is drawn for programs, where standard error is not a terminal, and where results are written
/// to the same terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    wanted: bool,
    started: Instant,
    done: u64,
    total: Option<u64>,
    template: &'static str,
}

impl Progress {
    /// Of bytes read.
    pub(crate) fn bytes(total: Option<u64>, json: bool) -> Self {
        let template = match total {
            Some(_) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec}",
            None => "{spinner} {bytes} {bytes_per_sec}",
        };
        Self::new(total, template, json)
    }

    /// Of lines done, however many there will be.
    pub(crate) fn lines(json: bool) -> Self {
        Self::new(None, "{spinner} {human_pos} lines, {per_sec}", json)
    }

    fn new(total: Option<u64>, template: &'static str, json: bool) -> Self {
        let wanted = !json && io::stderr().is_terminal() && !io::stdout().is_terminal();
        Self { bar: None, wanted, started: Instant::now(), done: 0, total, template }
    }

    /// So much more is done.
    pub(crate) fn advance(&mut self, more: usize) {
        if !self.wanted {
            return;
        }
        self.done = self.done.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
        if self.bar.is_none() && self.started.elapsed() >= PATIENCE {
            let bar = ProgressBar::with_draw_target(self.total, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(self.template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
