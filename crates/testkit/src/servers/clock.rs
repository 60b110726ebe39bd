//! The time the servers live in.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use super::http::lock;

/// Unix time shared by the servers of one test: the system's, or a value that only the test moves.
/// Clones are the same clock. It rules what servers compare (token lifetimes, rate windows, time
/// stamps), not how long an injected delay takes, and not the `date` header.
#[derive(Clone, Debug)]
pub struct TestTime {
    mode: Arc<Mutex<Mode>>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    System { ahead: i64 },
    Fixed(i64),
}

impl Default for TestTime {
    fn default() -> Self {
        Self::system()
    }
}

impl TestTime {
    /// The system's time.
    pub fn system() -> Self {
        Self { mode: Arc::new(Mutex::new(Mode::System { ahead: 0 })) }
    }

    /// A time, in Unix seconds, that stands still until moved.
    pub fn fixed(unix: i64) -> Self {
        Self { mode: Arc::new(Mutex::new(Mode::Fixed(unix))) }
    }

    /// Unix seconds.
    pub fn now(&self) -> i64 {
        match *lock(&self.mode) {
            Mode::Fixed(unix) => unix,
            Mode::System { ahead } => system_seconds().saturating_add(ahead),
        }
    }

    /// Moves the clock, backwards if negative.
    pub fn advance(&self, seconds: i64) {
        let mut mode = lock(&self.mode);
        *mode = match *mode {
            Mode::Fixed(unix) => Mode::Fixed(unix.saturating_add(seconds)),
            Mode::System { ahead } => Mode::System { ahead: ahead.saturating_add(seconds) },
        };
    }

    /// Makes it a fixed time.
    pub fn set(&self, unix: i64) {
        *lock(&self.mode) = Mode::Fixed(unix);
    }
}

fn system_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
