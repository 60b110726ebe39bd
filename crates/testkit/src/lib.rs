//! Conformance suites, a virtual clock and loopback servers that behave like Auth0 and the providers
//!
//! | module | what |
//! |---|---|
//! | [`conformance`] | one suite for each port: what its contract says, as tests that anybody's implementation can run |
//! | [`fixtures`] | a caller, a tool, a prepared effect, and the way through a real gate to an `Admitted` |
//! | [`clock`] | time that stands still, randomness that repeats |
//! | [`servers`] | Auth0, Google Calendar, a stranger, and raw bytes, on loopback |

pub mod clock;
pub mod conformance;
pub mod fixtures;
pub mod servers;
