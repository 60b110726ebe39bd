//! Connectors: from a tool call to the exact HTTP request, and from the answer to its meaning.
//!
//! One provider, one feature. No HTTP client is compiled: a connector makes bytes, and whoever holds
//! an admitted ticket sends them.
//!
//! | feature | connector | tools |
//! |---|---|---|
#![cfg_attr(
    feature = "google-calendar",
    doc = "| `google-calendar` | [`GoogleCalendar`] | list, get, create, patch and delete events |"
)]
#![cfg_attr(
    not(feature = "google-calendar"),
    doc = "| `google-calendar` | `GoogleCalendar` | list, get, create, patch and delete events |"
)]
//!
//! # Writing one
//!
//! A connector implements [`Connector`](countersign_core::Connector). What makes it a good one:
//!
//! * **Arguments are a type.** A serde struct with `deny_unknown_fields`, read by
//!   [`ToolCall::parse`](countersign_core::ToolCall::parse) from the canonical bytes, then checked
//!   field by field. The JSON Schema of the tool accepts what the struct accepts.
//! * **The provider decides nothing.** Whatever has a default at the provider is sent explicitly;
//!   an endpoint that interprets free text is not offered, because no ticket can bind its effect.
//! * **Every header is planned**, `user-agent` and `accept` included: a transport adds none.
//! * **URLs are built as text**, one percent-encoded segment at a time, from a fixed origin. A value
//!   never adds a segment.
//! * **A repeat is recognisable.** The id of what is created derives from the
//!   [`EffectId`](countersign_core::EffectId), so that a second attempt collides with the first.
//!   A change of something that exists is tied to the version that was read (`if-match`); the version
//!   comes in as a [`Pinned`](countersign_core::Planned::Pinned) fact, and the reading is a call of
//!   its own with its own ticket.
//! * **The preview reads the wire**: it parses the URL and body that will be sent, and shows raw
//!   what it does not know. Nothing hides by being new.
//! * **In doubt means unknown.** Only an answer that proves the effect is `Committed`, only one that
//!   proves that nothing changed is `Failed`; and `reconcile` asks the provider by the derived id or
//!   the pinned version.

#[cfg(feature = "google-calendar")]
mod encode;
#[cfg(feature = "google-calendar")]
mod google_calendar;
#[cfg(feature = "google-calendar")]
mod moment;

#[cfg(feature = "google-calendar")]
pub use crate::google_calendar::GoogleCalendar;

/// The `user-agent` of every request. It changes with releases that may change requests, not with
/// patches, so that a patch release seals the same bytes.
#[cfg(feature = "google-calendar")]
pub(crate) const USER_AGENT: &str =
    concat!("countersign/", env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
