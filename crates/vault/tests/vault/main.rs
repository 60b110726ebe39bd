//! The vault against an identity provider in memory.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]
#![expect(clippy::panic, reason = "helpers of tests may fail as tests do")]

mod cache;
mod config;
mod exchange;
mod failures;
mod keys;
mod scopes;
mod secrets;
mod support;
mod verifier;
