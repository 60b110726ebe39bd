//! The invariants of the pipeline, each as a test named after it, over real HTTP on loopback.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod ambient;
mod canary;
mod closed;
mod harness;
mod keys;
mod ledger;
mod once;
mod operations;
mod order;
mod pending;
mod scope;
mod wire;
