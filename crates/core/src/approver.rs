//! The ports for asking people, and for remembering what was asked.

use core::fmt::Debug;

use async_trait::async_trait;
use countersign_canon::Digest;
use countersign_ticket::{Approval, ApprovalMethod, Caller, Tier, Timestamp, ToolName};

use crate::connector::Rendered;
use crate::grant::StoreError;

/// What a person is asked.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a question is put whole or not at all")]
pub struct ApprovalRequest {
    /// The approval digest: what is approved.
    pub digest: Digest,
    /// Who asks, for whom.
    pub caller: Caller,
    /// The tool.
    pub tool: ToolName,
    /// The tier of the call.
    pub tier: Tier,
    /// Exactly what is to be shown.
    pub preview: Rendered,
    /// One sentence: why the call has this tier.
    pub why: String,
    /// When it was asked.
    pub asked: Timestamp,
}

impl ApprovalRequest {
    /// The evidence of consent by the caller's user, for an approver that showed the whole preview.
    pub fn consent(&self, channel: &str, at: Timestamp) -> Approval {
        Approval {
            digest: self.digest,
            by: self.caller.user().clone(),
            at,
            method: ApprovalMethod::Consent { channel: channel.to_owned() },
            renderer: self.preview.renderer.to_owned(),
            shown: self.preview.digest(),
            cut: 0,
        }
    }
}

/// What an approver says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must be thought about wherever one is read"
)]
pub enum Verdict {
    /// Approved, with the evidence.
    Approved(Box<Approval>),
    /// The person said no.
    Declined,
    /// Not decided yet. The reference finds the question again, in another process too.
    Pending(String),
    /// Could not ask. Means refuse.
    Unreachable,
}

/// Asks a person.
///
/// # Contract
/// * `strength` is what the evidence can satisfy, and never more than the evidence proves: the kernel
///   checks it again.
/// * Shows the preview's text as it is, or says in the evidence how much was cut.
/// * Anything but a clear yes is not `Approved`; not being able to ask is `Unreachable`.
/// * `ask` is called at most once for one digest. If the process dies before it heard the answer, the
///   question is polled with an empty reference, by its digest alone: an approver that cannot find it
///   again says `Unreachable`, and does not ask a second time.
#[async_trait]
pub trait Approver: Debug + Send + Sync + 'static {
    /// A short stable name, for the log and to find the approver of a pending question again.
    fn name(&self) -> &'static str;

    /// The highest tier its evidence satisfies.
    fn strength(&self) -> Tier;

    /// Asks.
    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict;

    /// Looks whether a pending question has been decided.
    async fn poll(&self, request: &ApprovalRequest, reference: &str, now: Timestamp) -> Verdict;
}

/// Keeps what is pending, as opaque bytes under an id, until it is taken or expires.
///
/// # Contract
/// * What `put` and `swap` stored is on the disk when they return, where there is one: a person is
///   about to be asked, or has answered.
/// * `take` gives a record out at most once, however many ask at the same time; `swap` replaces exactly
///   the bytes that it was told. Both are one atomic step.
/// * A record past its expiry is not given out. Nothing is evicted to make room: full is an error.
#[async_trait]
pub trait ApprovalStore: Debug + Send + Sync + 'static {
    /// Stores a record under a new id.
    ///
    /// # Errors
    /// [`StoreError`], also for an id that is in use.
    async fn put(&self, id: &str, record: Vec<u8>, expires: Timestamp) -> Result<(), StoreError>;

    /// Looks at a record.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn get(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces a record that still is `expected`; its expiry stays. Says whether it was.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn swap(
        &self,
        id: &str,
        expected: &[u8],
        record: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes a record out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `limit` ids and records in the order of their ids, from after an id on.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
}
