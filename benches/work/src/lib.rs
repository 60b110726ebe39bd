//! What is measured, and how: shared by the timed groups, the counted operations and criterion.
//!
//! * [`inputs`]: JSON texts with fixed seeds.
//! * [`world`]: an issuer, a gate, and any number of fresh tickets with their requests.
//! * [`sample`]: the interleaved sampler.
//! * [`report`]: a table for people, JSON for `cargo xtask bench`.
//!
//! Only public functions of the libraries are used: nothing here depends on how they work inside.

pub mod inputs;
pub mod random;
pub mod report;
pub mod sample;
pub mod world;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The result of a future that has nothing to wait for, without a runtime.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("in memory nothing waits"),
    }
}
