//! Looking into text, through its public face.
#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        dead_code,
        unreachable_pub,
        reason = "generators of test texts, shared with an example"
    )
)]

#[cfg(test)]
#[path = "../policy/common.rs"]
mod common;
#[cfg(test)]
#[path = "../generate/mod.rs"]
mod generate;
#[cfg(test)]
mod instructions;
#[cfg(test)]
mod personal;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod secrets;
