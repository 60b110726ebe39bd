//! The port that remembers what became of every effect.

use core::fmt::Debug;

use async_trait::async_trait;
use countersign_canon::Digest;
use countersign_ticket::{Caller, EffectId, Ending, Jti, ReplayGuard, Tier, Timestamp, ToolName};

use crate::grant::StoreError;

/// Most tickets that may ever claim one effect. Each but the last must have been released.
pub const MAX_GENERATIONS: u32 = 16;

/// Where an effect stands.
///
/// ```text
/// entered -> claimed -> dispatched -> committed | failed | unknown
///               |            |                              |
///               |            +--------> released <----------+   proven: nothing was processed
///               +---> failed | unknown | released                unknown -> committed | failed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new state must be thought about wherever one is read"
)]
pub enum LedgerState {
    /// A ticket for it is about to be claimed. Nothing was.
    Entered,
    /// A ticket was claimed; nothing was let out yet, as far as is known.
    Claimed,
    /// The first request may have left.
    Dispatched,
    /// It took place.
    Committed,
    /// It ended without taking place, or took place in part and will not go on.
    Failed,
    /// It may or may not have taken place. It is never sent again by itself.
    Unknown,
    /// It is proven that nothing of it was processed: a new ticket may claim it.
    Released,
}

impl LedgerState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Entered,
        Self::Claimed,
        Self::Dispatched,
        Self::Committed,
        Self::Failed,
        Self::Unknown,
        Self::Released,
    ];

    /// `entered`, `claimed`, `dispatched`, `committed`, `failed`, `unknown` or `released`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Claimed => "claimed",
            Self::Dispatched => "dispatched",
            Self::Committed => "committed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Released => "released",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether an entry in this state may move on to that one by [`Ledger::advance`]. Only a claim
    /// leads to [`LedgerState::Claimed`].
    pub const fn leads_to(self, to: Self) -> bool {
        use LedgerState::{Claimed, Committed, Dispatched, Failed, Released, Unknown};
        matches!(
            (self, to),
            (Claimed, Dispatched | Failed | Unknown | Released)
                | (Dispatched, Committed | Failed | Unknown | Released)
                | (Unknown, Committed | Failed | Released)
        )
    }

    /// Whether a ticket may claim an effect in this state.
    pub const fn can_be_claimed(self) -> bool {
        matches!(self, Self::Entered | Self::Released)
    }

    /// Whether what became of it is still to be found out.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Claimed | Self::Dispatched | Self::Unknown)
    }

    /// What an entry left in this state by a process that died is from then on: nobody knows how far
    /// the process came, as only the claim is waited for.
    #[must_use]
    pub const fn after_a_crash(self) -> Self {
        match self {
            Self::Claimed | Self::Dispatched => Self::Unknown,
            other => other,
        }
    }
}

impl From<Ending> for LedgerState {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Committed => Self::Committed,
            Ending::Failed => Self::Failed,
            Ending::Unknown => Self::Unknown,
        }
    }
}

/// What is known of one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an entry is written whole")]
pub struct LedgerEntry {
    /// The effect: the key.
    pub effect_id: EffectId,
    /// The ticket that is about to claim it, or that claimed it last. It is the fencing token: only
    /// who holds this ticket may move the entry on.
    pub jti: Jti,
    /// How often it was claimed. Every claim but the last was released.
    pub generation: u32,
    /// Where it stands.
    pub state: LedgerState,
    /// A stable code of the reason, unless committed.
    pub code: Option<String>,
    /// Who asked, for whom.
    pub caller: Caller,
    /// When the ticket expires.
    pub expires: Timestamp,
    /// When it came to this state.
    pub at: Timestamp,
    /// What is to be done; none for an effect that was claimed without having been entered.
    pub call: Option<LedgerCall>,
}

/// What an effect is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an entry is written whole")]
pub struct LedgerCall {
    /// The tool.
    pub tool: ToolName,
    /// Digest of the effect.
    pub effect: Digest,
    /// The approval digest.
    pub approval: Digest,
    /// The tier.
    pub tier: Tier,
    /// The sealed request ([`Prepared::to_bytes`](countersign_ticket::Prepared::to_bytes)), for
    /// reconciliation. May be empty once the effect has ended.
    pub prepared: Vec<u8>,
}

/// Which entries to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new selection must be implemented by every ledger")]
pub enum LedgerFilter {
    /// All that are remembered.
    All,
    /// Those of which it is still to be found out what became of them.
    Open,
    /// Those in doubt.
    Unknown,
}

impl LedgerFilter {
    /// Whether an entry in a state is among them.
    pub const fn takes(self, state: LedgerState) -> bool {
        match self {
            Self::All => true,
            Self::Open => state.is_open(),
            Self::Unknown => matches!(state, LedgerState::Unknown),
        }
    }
}

/// An entry was not moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Another ticket holds the effect, or none does.
    #[error("another ticket holds the effect")]
    Fenced,
    /// The entry's state does not lead there.
    #[error("the effect is {} already", .0.as_str())]
    NotAllowed(LedgerState),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Remembers every effect by its [`EffectId`]. Its claim *is* the replay guard's, so that the two cannot
/// disagree.
///
/// # Contract
/// * As [`ReplayGuard`], but for one thing: an effect that was **released** may be claimed once more, by
///   a ticket that never claimed it. Every ticket that ever claimed it stays dead, and after
///   [`MAX_GENERATIONS`] claims the effect does.
/// * Only the claim must be on the disk when it returns. What was entered before it is then there too.
///   Everything else has been handed to the operating system: it survives the death of the process, and
///   may be lost with the machine's power.
/// * An entry found claimed or dispatched after a crash is [`LedgerState::Unknown`].
/// * `advance` compares ticket and state and moves the entry in one atomic step. Two that hold the
///   same ticket cannot both move it out of one state.
/// * An entry in doubt is kept until it is reconciled. One that ended is kept for at least two hours,
///   which is longer than any ticket or pending call for it lives.
#[async_trait]
pub trait Ledger: ReplayGuard {
    /// Enters an effect that a ticket is about to claim. Does nothing if the effect is claimed already:
    /// the claim that follows will say so.
    ///
    /// Of the entry, `state` and `generation` are the ledger's to set.
    ///
    /// # Errors
    /// [`StoreError`], which means refuse.
    async fn enter(&self, entry: &LedgerEntry) -> Result<(), StoreError>;

    /// Moves an entry on, for whoever holds the ticket that claimed it.
    ///
    /// # Errors
    /// [`LedgerError`]: nothing was moved.
    async fn advance(
        &self,
        effect: EffectId,
        jti: Jti,
        to: LedgerState,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError>;

    /// What is known of an effect.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn get(&self, effect: EffectId) -> Result<Option<LedgerEntry>, StoreError>;

    /// At most `limit` entries in the order of their ids, from after an id on.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        filter: LedgerFilter,
        after: Option<EffectId>,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError>;
}
