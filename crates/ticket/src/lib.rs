//! The security kernel of countersign: small enough to audit in an afternoon.
//!
//! What was approved is what executes, byte for byte, once. The types carry the argument:
//!
//! ```text
//! Prepared ── assess ──▶ Assessed ── evidence ──▶ Approved ── Issuer ──▶ Ticket + Prepared = Sealed
//!                                                                                   │
//!   transport ◀── Outgoing (one step, lent) ◀── Admitted (spent) ◀── Gate ◀─────────┘
//! ```
//!
//! * [`Prepared`] is the effect as bytes, with a [digest](Prepared::digest) that anybody can recompute.
//! * [`Assessed::approve`] makes an [`Approved`] only from evidence that fits the [`Tier`] and names
//!   this very call. [`Issuer::issue`] signs nothing else.
//! * [`Gate`] is the only way to an [`Admitted`]: signature, times, audience, caller, tool, arguments,
//!   effect; then the [`ReplayGuard`] claims the [`EffectId`]. A wrong payload cannot spend a ticket.
//! * [`Admitted`] lends [`Outgoing`] steps in order. Transports accept nothing else.
//!
//! No clock, no randomness, no file, no socket and no runtime here: time and ids are passed in.
//!
//! # What it does not do
//! It does not decide whether a call is wise, and it does not stop code that reaches the provider on
//! another way. An [`Admitted`] proves that a ticket was spent on these bytes, not that a transport
//! sent them: transports are trusted, and prove themselves in the conformance suite.

#[macro_use]
mod macros;

mod admitted;
mod approve;
mod caller;
mod effects;
mod evidence;
mod gate;
mod guard;
mod id;
mod json;
mod jws;
mod key;
mod memory;
mod prepared;
mod request;
mod sync;
mod ticket;
mod url;

pub use crate::admitted::{
    Admitted, Lent, MAX_ANSWER, MAX_ATTEMPTS, Outgoing, PlanError, Report, Request,
};
pub use crate::approve::{
    Approval, ApprovalMethod, Approved, Assessed, MAX_AUTH_AGE, Terms, Tier, Unfit,
};
pub use crate::caller::{Caller, MAX_CHAIN};
pub use crate::evidence::{EVIDENCE_TYP, Ending, Evidence, MAX_EVIDENCE, NotEvidence};
pub use crate::gate::{Checked, Gate, Opened, Refusal};
pub use crate::guard::{Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, MAX_SKEW, ReplayGuard};
pub use crate::id::{
    Account, AgentId, Connection, EffectId, InvalidId, Jti, KeyId, PolicyVersion, Scope, SessionId,
    TenantId, Timestamp, ToolName, UserId,
};
pub use crate::jws::MAX_TOKEN;
pub use crate::key::{KeyError, KeyRing, KeyState, MAX_KEYS, Signer, SigningKey, VerifyingKey};
pub use crate::memory::MemoryGuard;
pub use crate::prepared::{Binding, MAX_SEALED, Prepared, Selector};
pub use crate::request::{
    Alphabet, Hole, InvalidRequest, MAX_BODY, MAX_PAGES, MAX_STEPS, Method, Place, Step,
    request_digest,
};
pub use crate::ticket::{Claims, DEFAULT_LIFETIME, Issuer, Sealed, TICKET_TYP, Ticket};
pub use crate::url::MAX_URL;
