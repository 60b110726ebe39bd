//! Texts with known contents, made by a generator: for the tests and for the tables in
//! `docs/scanning.md`. Deterministic.

pub mod personal;
pub mod prose;
pub mod random;
pub mod secrets;
pub mod wilson;
