//! The machine's clock and randomness, by the suites that every implementation runs.

use std::sync::Arc;

use countersign::core::Timestamp;
use countersign::{SystemClock, SystemEntropy};
use countersign_testkit::conformance;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_systems_clock_conforms() {
    // From the year in which this was written on, and not a century.
    let (earliest, latest) = (1_767_225_600, 4_100_000_000);
    let clock = Arc::new(SystemClock::default());
    let (earliest, latest) = (Timestamp::from_seconds(earliest), Timestamp::from_seconds(latest));
    conformance::clock::all(clock, earliest, latest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_systems_entropy_conforms() {
    conformance::entropy::all(Arc::new(SystemEntropy::default())).await;
}
