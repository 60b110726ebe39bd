//! Every suite passes for the implementations there are, and fails for ones that are broken.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::match_same_arms,
    clippy::assigning_clones,
    reason = "helpers of tests, where a failure is a failed test, and flaws that are told apart"
)]

mod ambient;
mod approvals;
mod approver;
mod audit;
mod backchannel;
mod connector;
mod executor;
mod grants;
mod guard;
mod ledger;
mod risk;
mod sessions;
mod signer;
mod subjects;
mod tokens;
mod transport;
mod verifier;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Builder, Runtime};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a suite that must pass.
fn passes(suite: impl AsyncFnOnce()) {
    runtime().block_on(suite());
}

/// Runs a suite that must fail, and fail with this clause.
#[track_caller]
fn catches(flaw: &str, clause: &str, suite: impl AsyncFnOnce() + Send + 'static) {
    // A thread of its own, for a suite that panics.
    let thread = std::thread::spawn(move || runtime().block_on(suite()));
    let Err(said) = thread.join() else { panic!("the suite let {flaw} pass") };
    let said = match said.downcast::<String>() {
        Ok(said) => *said,
        Err(said) => (*said.downcast::<&str>().unwrap()).to_owned(),
    };
    assert!(said.starts_with(clause), "{flaw}: expected {clause:?}, got {said:?}");
}
