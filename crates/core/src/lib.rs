//! Shared words and ports of countersign.
//!
//! The engines (risk, approval, vault, connectors, audit) depend on this crate and not on each other;
//! only the `countersign` crate knows the order of the steps. Ports are small, object-safe and
//! `Debug + Send + Sync + 'static`; each states its contract, and each has one conformance suite in
//! `countersign-testkit` that every implementation runs.
//!
//! The kernel's words ([`Prepared`], [`Caller`], [`Tier`], …) are re-exported here, so that an engine
//! needs one dependency. No async runtime and no HTTP stack is compiled for a user of this crate.

mod ambient;
mod approver;
mod audit;
mod call;
mod connector;
mod grant;
mod ledger;
mod memory;
mod memory_ledger;
mod risk;
mod secret;
pub mod stored;
mod tool;
mod transport;
mod verify;

pub use countersign_canon::{self as canon, Canonical, Digest, Object, Value};
pub use countersign_ticket::{
    Account, Admitted, AgentId, Alphabet, Approval, ApprovalMethod, Binding, Caller, Connection,
    EffectId, Ending, Hole, InvalidId, InvalidRequest, Jti, KeyId, MAX_CHAIN, Method, Outgoing,
    Place, PolicyVersion, Prepared, Request, Scope, Selector, SessionId, Step, TenantId, Tier,
    Timestamp, ToolName, UserId, request_digest,
};

pub use crate::ambient::{Clock, Entropy, EntropyError};
pub use crate::approver::{ApprovalRequest, ApprovalStore, Approver, Verdict};
pub use crate::audit::{AuditError, AuditRecord, AuditSink, Durability, RecordKind};
pub use crate::call::{InvalidCall, ToolCall, ValueHandle};
pub use crate::connector::{
    Connector, Interpretation, PlanError, Planned, Preview, Reconciled, Rendered, Seen,
};
pub use crate::grant::{Grant, GrantStore, Granted, InvalidGrant, NotGranted, StoreError};
pub use crate::ledger::{
    Ledger, LedgerCall, LedgerEntry, LedgerError, LedgerFilter, LedgerState, MAX_GENERATIONS,
};
pub use crate::memory::{MemoryApprovals, MemoryGrants, MemorySessions, MemorySubjects};
pub use crate::memory_ledger::MemoryLedger;
pub use crate::risk::{
    Assessment, Canary, Event, Finding, RiskError, RiskInput, RiskMemory, RiskPolicy, Source,
    Weight,
};
pub use crate::secret::{AccessToken, ClientSecret, RefreshToken, SubjectToken};
pub use crate::tool::{Effect, InvalidTool, Returns, Role, Tool, ToolSpec, Trust};
pub use crate::transport::{
    Answer, Backchannel, BackchannelError, BackchannelRequest, Bearer, Executor, Sent,
    SubjectCredentials, TokenError, TokenSource, Transport, WrongTicket,
};
pub use crate::verify::{CallerVerifier, NotVerified};
