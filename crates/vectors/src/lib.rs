//! Test vectors of the formats, made by the kernel itself
//!
//! `docs/vectors` holds what this crate writes: positive and negative cases for canonical JSON,
//! digests, tickets, evidence and key sets, each with everything that a verifier in another language
//! needs to decide it (keys, gate, caller, time). [`files`] makes them from a [`Source`]: the fixed
//! one gives the committed files to the byte, a fresh one gives new keys, ids and times every time.
//!
//! What is expected of a case is written down by hand where the case is made; [`judge`] asks the
//! kernel, and the tests compare the two. Only the answers to single changed bytes are taken from
//! the kernel, and compared with the verifiers in `docs/verify`.
//!
//! `cargo xtask vectors` writes the files anew; `cargo xtask test --only formats` compares them.

mod bytes;
mod canon;
mod cases;
pub mod documents;
mod effects;
mod evidence;
mod forge;
pub mod judge;
mod jwks;
mod mutations;
mod source;
mod tickets;
mod world;

use std::error::Error;

pub use bytes::read as bytes;
pub use source::Source;

/// Nothing here recovers from an error: a vector that cannot be made is a mistake in this crate.
pub type Made<T> = Result<T, Box<dyn Error>>;

/// The name of each file, and its text.
///
/// # Errors
/// If the kernel refuses what the vectors are made of.
pub fn files(source: &Source) -> Made<Vec<(&'static str, String)>> {
    let made = [
        ("canon.json", canon::file()?),
        ("effects.json", effects::file(source)?),
        ("tickets.json", tickets::file(source)?),
        ("evidence.json", evidence::file(source)?),
        ("jwks.json", jwks::file(source)?),
    ];
    made.into_iter()
        .map(|(name, value)| {
            let mut text = serde_json::to_string_pretty(&value)?;
            text.push('\n');
            Ok((name, text))
        })
        .collect()
}
