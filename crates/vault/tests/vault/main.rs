//! The vault against an identity provider in memory.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]
#![expect(clippy::panic, reason = "helpers of tests may fail as tests do")]

mod cache;
mod claims;
mod config;
mod exchange;
mod failures;
mod key_set;
mod keys;
mod scopes;
mod secrets;
mod support;
mod tokens;
mod verifier;
