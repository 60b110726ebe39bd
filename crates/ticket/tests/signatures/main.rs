//! Which signatures the kernel accepts: exactly those of `verify_strict`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod points;
mod speccheck;
mod strict;
mod torsion;
mod wycheproof;
