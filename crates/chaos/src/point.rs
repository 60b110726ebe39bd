//! The named points at which a process is killed: both sides of every port of the pipeline.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};

use crate::notebook::Notebook;

/// What is passed on the way of a call, in the order in which a call passes it. Each has two points:
/// before the port is called, and after it returned, when its answer is not yet used.
pub const PLACES: [&str; 19] = [
    "tokens.ready",
    "sessions.swap",
    "approvals.put",
    "approver.ask",
    "approvals.swap",
    "approver.poll",
    "approvals.take",
    "audit.decision",
    "audit.intent",
    "ledger.enter",
    "ledger.claim",
    "tokens.bearer",
    "ledger.dispatched",
    "transport.send",
    "ledger.committed",
    "ledger.failed",
    "ledger.unknown",
    "ledger.released",
    "audit.outcome",
];

/// Which side of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a place has two sides")]
pub enum Side {
    /// Nothing was done yet.
    Before,
    /// It was done, and nobody has heard of it.
    After,
}

/// A point: the index of its place, and the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    place: usize,
    side: Side,
}

impl Point {
    /// Every point.
    pub fn all() -> impl Iterator<Item = Self> {
        let both = [Side::Before, Side::After];
        (0..PLACES.len()).flat_map(move |place| both.map(|side| Self { place, side }))
    }

    /// The point of a name as it is printed.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|point| point.to_string() == name)
    }

    fn slot(self) -> usize {
        self.place.saturating_mul(2).saturating_add(usize::from(self.side == Side::After))
    }
}

impl core::fmt::Display for Point {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let side = match self.side {
            Side::Before => "before",
            Side::After => "after",
        };
        write!(f, "{side} {}", PLACES.get(self.place).unwrap_or(&"nothing"))
    }
}

/// Kills this process when a point is passed for the n-th time.
#[derive(Debug)]
pub struct Trap {
    target: Option<(Point, u32)>,
    passed: [AtomicU32; PLACES.len() * 2],
    notebook: Notebook,
}

impl Trap {
    /// A trap at a point, or none.
    pub fn new(target: Option<(Point, u32)>, notebook: Notebook) -> Self {
        Self { target, passed: [const { AtomicU32::new(0) }; PLACES.len() * 2], notebook }
    }

    /// Passes a point. Does not return if it is the one.
    pub fn pass(&self, place: &str, side: Side) {
        let Some(at) = PLACES.iter().position(|one| *one == place) else {
            // A place that is not in the list could never be chosen: a mistake of the harness.
            eprintln!("chaos: no place is named {place}");
            std::process::abort();
        };
        let point = Point { place: at, side };
        let Some(counter) = self.passed.get(point.slot()) else { return };
        let passed = counter.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        if self.target == Some((point, passed)) {
            self.notebook.note("killed", &point.to_string());
            die();
        }
    }
}

/// SIGKILL to this very process: no destructor, no flush, no handler.
pub fn die() -> ExitCode {
    let _sent = kill_process(getpid(), Signal::KILL);
    // The signal is delivered before the call returns; a system that refuses it is no place for this.
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<String> =
            Point::all().map(|point| point.to_string()).collect();
        assert_eq!(names.len(), PLACES.len() * 2);
        for point in Point::all() {
            assert_eq!(Point::parse(&point.to_string()), Some(point));
        }
        assert_eq!(Point::parse("before nothing"), None);
    }
}
