//! One suite for each port: its contract as tests that anybody's implementation can run.
//!
//! A suite is a module with one function per clause, and `all`, which runs them. A function returns
//! if the clause holds and panics if it does not, with a message that begins with the port and the
//! clause. Where implementations may rightly differ (a guard that forgets at a restart, a store
//! without a bound) the difference is a parameter, and both sides of it are tested: nothing is skipped.
//!
//! ```
//! use countersign_core::MemoryGrants;
//! use countersign_testkit::conformance;
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
//! # async fn main() {
//! conformance::grants::all(Arc::new(MemoryGrants::default())).await;
//! # }
//! ```
//!
//! # What is needed
//! A multi-threaded tokio runtime: races are run on its threads. A port is given as an `Arc` where it
//! is used from many tasks, as a reference where it is not, and as a closure or a small trait where a
//! fresh instance is needed. Names (tenants, users, agents, sessions, ids) are the suites' own, so a
//! store may hold other things, but two suites must not use one instance at the same time.
//!
//! # What is not shown
//! A suite looks from outside. It finds what goes wrong, not what could: a race that loses once in a
//! million, or a token in a log that is not written through `tracing`, passes.
#![expect(clippy::missing_panics_doc, reason = "suites panic when a contract is broken: see above")]

pub mod approvals;
pub mod approver;
pub mod audit;
pub mod backchannel;
pub mod clock;
pub mod connector;
pub mod entropy;
pub mod executor;
pub mod grants;
pub mod guard;
pub mod ledger;
mod overhear;
pub mod risk;
pub mod sessions;
pub mod signer;
pub mod subjects;
pub mod tokens;
pub mod transport;
pub mod verifier;
mod wire;

use std::fmt::{Debug, Display};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Barrier;

/// What a transport or a back channel does with a request that has no header at all, not even the ones
/// (`accept`, `user-agent`) that an ordinary HTTP client would then add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it sends the request or it does not")]
pub enum Bare {
    /// Sends it as bare as it is.
    IsSent,
    /// Refuses it, for it could not be sent exactly.
    IsRefused,
}

/// How long a suite waits for something that takes no time.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long something may take that must not wait until a time-out of half a minute.
const SOON: Duration = Duration::from_secs(5);

/// A clause is broken: `clause` says which, `seen` what was seen instead.
#[track_caller]
#[expect(clippy::panic, reason = "a conformance suite says so when a contract is broken")]
fn broken(clause: &str, seen: impl Display) -> ! {
    panic!("{clause}: {seen}")
}

/// The clause holds if this is true.
#[track_caller]
fn holds(clause: &str, ok: bool, seen: impl Display) {
    if !ok {
        broken(clause, seen);
    }
}

/// The clause holds if the two are the same.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "as for `assert_eq`, what is seen is a temporary"
)]
fn same<T: PartialEq + Debug>(clause: &str, seen: T, due: T) {
    if seen != due {
        broken(clause, format!("{seen:?} and not {due:?}"));
    }
}

/// The clause needs this to succeed.
#[track_caller]
fn done<T, E: Debug>(clause: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => broken(clause, format!("refused with {error:?}")),
    }
}

/// Runs `count` tasks that start at the same moment, and gives what they return, in order.
async fn race<T, F>(count: usize, make: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let flavor = Handle::current().runtime_flavor();
    same("a race needs a multi-threaded runtime", flavor, RuntimeFlavor::MultiThread);
    let start = Arc::new(Barrier::new(count));
    let tasks = (0..count).map(|n| {
        let (start, task) = (Arc::clone(&start), make(n));
        tokio::spawn(async move {
            start.wait().await;
            task.await
        })
    });
    let mut results = Vec::with_capacity(count);
    for task in tasks.collect::<Vec<_>>() {
        results.push(done("a task of a race ends without a panic", task.await));
    }
    results
}

/// A result that comes in time.
async fn in_time<T>(clause: &str, limit: Duration, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(limit, future).await {
        Ok(value) => value,
        Err(_) => broken(clause, format!("nothing within {limit:?}")),
    }
}

/// A stable code: `[a-z0-9_]{1,64}`. Nothing that came from outside fits into one by accident.
fn is_code(text: &str) -> bool {
    let letter = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(letter)
}

/// No secret is in a text, neither as it is nor in part.
#[track_caller]
fn hides(clause: &str, text: &str, secrets: &[&str]) {
    for secret in secrets {
        // A part of a secret that is long enough to be no accident.
        let tell = secret.get(secret.len().saturating_sub(12)..).unwrap_or(secret);
        if text.contains(tell) {
            broken(clause, format!("the end of a secret is in {text:?}"));
        }
    }
}
