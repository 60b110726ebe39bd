//! [`Clock`]: the time.

use std::sync::Arc;

use countersign_core::{Clock, Timestamp};

use super::{holds, race};

/// Runs every clause. `earliest` and `latest` are bounds of what the clock may say; for a system's
/// clock, the time of the build and some years from then.
pub async fn all(clock: Arc<dyn Clock>, earliest: Timestamp, latest: Timestamp) {
    lies_within(clock.as_ref(), earliest, latest);
    does_not_go_back(clock.as_ref());
    is_one_time_for_all(clock).await;
}

/// The time is milliseconds since 1970, so that a clock that counts anything else is far off.
pub fn lies_within(clock: &dyn Clock, earliest: Timestamp, latest: Timestamp) {
    let now = clock.now();
    let clause = "Clock: the time is milliseconds since 1970-01-01T00:00:00Z";
    holds(clause, earliest <= now && now <= latest, format!("{now:?}"));
}

/// Read again and again, with nobody setting it, the time does not go back.
pub fn does_not_go_back(clock: &dyn Clock) {
    let mut last = clock.now();
    for _ in 0..100_000 {
        let now = clock.now();
        holds(
            "Clock: the time does not go back by itself",
            last <= now,
            format!("{last:?}, {now:?}"),
        );
        last = now;
    }
}

/// Whoever reads it between two readings reads a time between them.
pub async fn is_one_time_for_all(clock: Arc<dyn Clock>) {
    let before = clock.now();
    let results = race(100, |_| {
        let clock = Arc::clone(&clock);
        async move { clock.now() }
    });
    let results = results.await;
    let after = clock.now();
    for now in results {
        let clause = "Clock: every task reads the same clock";
        holds(clause, before <= now && now <= after, format!("{now:?} in {before:?} to {after:?}"));
    }
}
