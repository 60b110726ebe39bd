//! What the kernel promises, attacked.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod common;
mod ed25519;
mod evidence;
mod gate_model;
mod ids;
mod keys;
mod once;
mod once_model;
mod one_byte;
mod order;
mod plan;
mod plan_model;
mod random;
mod refusals;
mod requests;
mod secrets;
mod tiers;
mod urls;
mod vector;
mod written;
