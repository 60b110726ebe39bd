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
//! | `irreversible` | it destroys for good what others use, or changes authority (F1) | floor S |
//! | `money_limit` | money from its currency's limit on, at once or in pieces (F1) | floor S |
//! | `secret_in_arguments` | a secret or a live token would be sent (F2) | deny |
//! | `trifecta` | private data, text by outsiders and an unnamed sink have met (F3) | floor A or S |
//! | `flagged_argument` | an argument comes out of a text with instructions to an agent (F5) | one tier up |
//! | `after_instructions` | such a text was read, and the request does not spell the call out | one tier up |
//! | `unasked_action` | text by outsiders was read, and the request asks for nothing of the kind | one tier up |
//! | `schema`, `changed_tool` | the arguments violate the schema; the definition changed (F6) | floor A |
//! | `hidden_characters` | an address holds what nobody sees (F6) | floor A |
//! | `pii` | personal data in the content, or text of a private record that holds some | x1.5 |
//! | `cross_service` | text (L2) or a value (L3) that a read on another connection returned | x2.0 |
//! | `unnamed_sink` | nobody named where it goes (L1), or outsiders wrote it (L3) | x2.0 |
//! | `carried_address` | the content holds an address that only outsiders' text holds | x2.0 |
//! | `unnamed_url` | a read of an address that nobody named | floor B |
//! | `bulk_targets` | many recipients or targets in one call, or all, or (destructive) none | x2.5 |
//! | `bulk_velocity` | many different calls of one kind in a short time, in a session or of an agent | x2.5 |
//! | `bulk_repeats` | the very same call again and again | x2.5 |
//! | `bulk_reads` | many private answers were read before something leaves | x2.5 |
//! | `not_scanned` | more than is scanned | floor A |
//! | `first_seen`, `memory_sampled`, `consent` | | noted |
//!
//! The multipliers can be set ([`Multipliers`]). `cross_service`, `unnamed_sink` and `carried_address`
//! are evidence of the same thing and count once. Several that raise, raise by one tier together. A
//! tool that nobody described (F4) is declared by [`infer`](mod@infer).
//!
//! # Limits
//!
//! A finding can raise a tier; none is a barrier of its own, and a call without findings is not
//! thereby safe. Content is compared letter by letter: a paraphrase, a translation or an encoding other
//! than base64 of what was read is not recognised. What a user pastes counts as the user's own words.
//! What the request asks for is told by English, German, French and Spanish words. A record that the agent wrote itself and reads
//! back from a trusted source names whom it names. Two accounts on one connection count as one service.
#![deny(clippy::arithmetic_side_effects)]

mod answer;
mod arguments;
mod catalog;
mod config;
mod detect;
mod essence;
mod explain;
mod flag;
mod foreign;
mod hash;
pub mod infer;
mod intent;
mod memory;
mod pace;
mod policy;
pub mod scan;
mod score;
mod seen;
pub mod signal;
mod text;
mod words;

pub use crate::catalog::{Catalog, CatalogError, CatalogTool, MAX_CATALOG};
pub use crate::config::{BulkLimits, ConfigError, Consent, Multiplier, Multipliers, PolicyConfig};
pub use crate::explain::{arithmetic, explain, table};
pub use crate::pace::Pace;
pub use crate::policy::DefaultPolicy;
pub use crate::score::{MAX_HALVES, score_tier, score2};
