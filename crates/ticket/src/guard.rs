//! Once: the port that remembers which effects were claimed.

use core::fmt::Debug;

use crate::caller::Caller;
use crate::id::{AgentId, EffectId, Jti, TenantId, Timestamp, UserId};

/// Longest ticket lifetime, in seconds.
pub const MAX_LIFETIME: i64 = 300;
/// How far clocks may disagree, in seconds.
pub const MAX_SKEW: i64 = 30;

/// Counters that freeze at a stroke everything issued before: for all, for a tenant, for a user, for
/// an agent. A ticket carries the four that held when it was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a fifth scope must be compared wherever these are")]
#[expect(missing_docs, reason = "each is the epoch of what it is named after")]
pub struct Epochs {
    pub all: u32,
    pub tenant: u32,
    pub user: u32,
    pub agent: u32,
}

/// Whose tickets to freeze.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one for each field of Epochs")]
pub enum Freeze {
    /// Everybody's.
    All,
    /// A tenant's.
    Tenant(TenantId),
    /// A user's.
    User(TenantId, UserId),
    /// An agent's.
    Agent(TenantId, AgentId),
}

impl Freeze {
    /// The four counters that count for a caller, in the order of [`Epochs`]' fields.
    pub fn of(caller: &Caller) -> [Self; 4] {
        let tenant = caller.tenant();
        [
            Self::All,
            Self::Tenant(tenant.clone()),
            Self::User(tenant.clone(), caller.user().clone()),
            Self::Agent(tenant.clone(), caller.agent().clone()),
        ]
    }
}

/// What is claimed: made only by the gate, after every other check.
#[derive(Debug)]
pub struct Claim<'a> {
    pub(crate) effect_id: EffectId,
    pub(crate) jti: Jti,
    pub(crate) caller: &'a Caller,
    pub(crate) epochs: Epochs,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) now: Timestamp,
}

impl<'a> Claim<'a> {
    /// A claim for the conformance suites of guards. Claiming admits nothing: only a gate does.
    pub fn for_test(
        effect_id: EffectId,
        jti: Jti,
        caller: &'a Caller,
        epochs: Epochs,
        [issued_at, expires, now]: [Timestamp; 3],
    ) -> Self {
        Self { effect_id, jti, caller, epochs, issued_at, expires, now }
    }
}

getters!(Claim<'_> {
    /// The guard's key.
    effect_id: EffectId;
    /// The ticket.
    jti: Jti;
    /// Whose ticket it is.
    &caller: &Caller;
    /// The epochs in the ticket.
    epochs: Epochs;
    /// When the ticket was issued.
    issued_at: Timestamp;
    /// When it expires.
    expires: Timestamp;
    /// The time of the claim.
    now: Timestamp;
});

errors! {
    /// A claim was refused, or could not be decided, which is the same.
    pub enum ClaimError {
        /// The effect was claimed before.
        Spent = "already spent",
        /// One of the epochs moved on since the ticket was issued.
        Frozen = "frozen since it was issued",
        /// The guard holds as many live tickets as it may.
        Full = "the replay guard is full",
        /// The clock stands behind what this guard has already seen, or behind the issuer's.
        ClockBehind = "the clock stands behind",
        /// Issued before this guard, which forgets at a restart, was started.
        BeforeStart = "issued before the replay guard was started",
        /// The expiry lies further ahead than the guard remembers.
        TooFarAhead = "the expiry lies too far ahead",
        /// The store could not be reached or written.
        Unavailable = "the replay guard is unavailable",
    }
}

/// Remembers claimed effects, as far as its store reaches.
///
/// # Contract
/// * `claim` succeeds at most once for one [`EffectId`] until the ticket's expiry plus skew, across
///   threads, and across processes and restarts where the store is shared and durable. A guard that
///   forgets refuses tickets issued before its start ([`ClaimError::BeforeStart`]) and, as they would
///   outlive a restart, tickets issued after the time of the claim ([`ClaimError::ClockBehind`]).
/// * The epochs are compared inside the same atomic step as the claim.
/// * Nothing is ever evicted to make room: full means [`ClaimError::Full`].
/// * A refused claim spends nothing; all that a guard may learn from it is what time it is. Any doubt
///   is an error, never `Ok`.
#[async_trait::async_trait]
pub trait ReplayGuard: Debug + Send + Sync + 'static {
    /// Claims an effect.
    ///
    /// # Errors
    /// [`ClaimError`].
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError>;

    /// The epochs that hold for a caller now.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`].
    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError>;

    /// Freezes: adds one to a counter and returns it.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`], also when the counter has run out.
    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError>;
}
