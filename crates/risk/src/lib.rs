//! Risk of a tool call: severity times context gives a tier, with floors and hard denies.
//!
//! ```text
//! score2 = severity (1..5) * (2 + min(3, halves))        halves: x1.5 = 1, x2.0 = 2, x2.5 = 3
//! tier   = max(C <= 4 < B <= 8 < A <= 16 < S, floors)     a deny refuses whatever the tier
//! ```
//!
//! | signal | when | weight |
//! |---|---|---|
//! | `effect_floor` | the tool is not a read | floor B |
//! | `tool_floor` | the tool or the configuration sets one | that floor |
//! | `pii` | validated card numbers or IBANs in the content | x1.5 |
//! | `cross_service` | text that a read on another connection returned (evidence level L2) | x2.0 |
//! | `unnamed_sink` | untrusted text was read, and nobody named where this goes (L1) | x2.0 |
//! | `bulk_targets` | many recipients or targets in one call, or all | x2.5 |
//! | `bulk_velocity` | many different calls of one tool in a short time | x2.5 |
//! | `bulk_reads` | many private answers were read before something leaves | x2.5 |
//! | `hidden_characters` | an address holds what nobody sees | floor A |
//! | `not_scanned` | more than is scanned | floor A |
//! | `memory_sampled` | the session read too much to be compared whole | noted |
//! | `secret_in_arguments` | a live token would be sent | deny |
//!
//! `cross_service` and `unnamed_sink` are evidence of the same thing and count once.
//!
//! # Limits
//!
//! A finding can raise a tier; none is a barrier of its own, and a call without findings is not
//! thereby safe. Content is compared letter by letter: a paraphrase, a translation or an encoding
//! (base64, letters apart) of what was read is not recognised, nor is a token in such a form. What a
//! user pastes counts as the user's own words. A record that the agent wrote itself and reads back
//! from a trusted source names whom it names. Two accounts on one connection count as one service.
//! Calls with the very same arguments count once for `bulk_velocity`.
#![deny(clippy::arithmetic_side_effects)]

mod answer;
mod arguments;
mod catalog;
mod config;
mod detect;
mod explain;
mod grams;
mod memory;
mod pack;
mod policy;
pub mod scan;
mod score;
pub mod signal;
mod text;

pub use crate::catalog::{Catalog, CatalogError, CatalogTool, MAX_CATALOG};
pub use crate::config::{BulkLimits, ConfigError, PolicyConfig};
pub use crate::explain::explain;
pub use crate::policy::DefaultPolicy;
pub use crate::score::{MAX_HALVES, score_tier, score2};
