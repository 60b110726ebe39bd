//! What became of an effect: looked up in the ledger, and where that is in doubt at the provider.

use countersign_core::{
    Caller, EffectId, Ending, LedgerEntry, LedgerFilter, LedgerState, NotGranted, Prepared,
    Reconciled, RecordKind, Seen, ToolName,
};

use crate::error::{Error, Refused, Unavailable};
use crate::pipeline::{Pipeline, Stop};

/// How long a request that was lost may still be on its way, in seconds: twice the transport's
/// time-out. Until then the provider's not knowing of it proves nothing.
const ON_ITS_WAY: i64 = 120;
/// Most rounds of reads that a reconciliation may ask for.
const MAX_ROUNDS: usize = 4;
/// How many entries are looked at in one go.
const PAGE: usize = 100;

/// What [`Pipeline::recover`] found out about the effects that were in doubt. A read that was lost, also one
/// of an earlier recovery, did nothing: it is settled in log and ledger, and not told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Recovery {
    /// They took place.
    pub committed: Vec<EffectId>,
    /// They did not, and a new ticket may be had for them ([`Pipeline::pending`]).
    pub released: Vec<EffectId>,
    /// Nobody can tell yet, or ever. They are never sent again by themselves.
    pub in_doubt: Vec<InDoubt>,
}

/// An effect that stays in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InDoubt {
    /// The effect.
    pub effect_id: EffectId,
    /// The tool, if it is known.
    pub tool: Option<ToolName>,
    /// A stable code: why nobody can tell.
    pub why: &'static str,
}

impl InDoubt {
    /// An effect, its tool, and a stable code for why nobody can tell.
    pub fn new(effect_id: EffectId, tool: Option<ToolName>, why: &'static str) -> Self {
        Self { effect_id, tool, why }
    }
}

/// What asking about one effect came to.
enum Found {
    Ended(Ending),
    InDoubt(&'static str),
}

impl Pipeline {
    /// What became of an effect. Where the ledger is in doubt, the provider is asked: by reads only;
    /// nothing is sent again.
    ///
    /// A request that was lost may still arrive: for two minutes after it was sent, the provider's
    /// not knowing of it leaves the answer [`Ending::Unknown`].
    ///
    /// # Errors
    /// [`Error`]: it could not be asked now, or is none of this caller's. The effect stays in doubt.
    pub async fn reconcile(&self, caller: &Caller, effect: EffectId) -> Result<Ending, Error> {
        let entry = self.inner.ledger.get(effect).await?;
        let entry = entry.ok_or(Refused::new("effect_unknown"))?;
        if entry.caller != *caller {
            return Err(Refused::new("wrong_caller").into());
        }
        match entry.state {
            LedgerState::Committed => Ok(Ending::Committed),
            LedgerState::Failed | LedgerState::Released | LedgerState::Entered => {
                Ok(Ending::Failed)
            }
            LedgerState::Claimed | LedgerState::Dispatched => Ok(Ending::Unknown),
            LedgerState::Unknown => match self.settle(&entry).await? {
                Found::Ended(ending) => Ok(ending),
                Found::InDoubt(_) => Ok(Ending::Unknown),
            },
        }
    }

    /// Looks up everything that is in doubt: what an earlier process was doing when it died, what was
    /// lost on the way. To be called after [`open`](crate::PipelineBuilder::open), and again later for
    /// what could not be decided yet. Reads only; nothing is sent again.
    ///
    /// Whoever made a call is asked for by the ledger's record: the reads are made for that caller,
    /// with that caller's account and under the grant of today.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the ledger, the log or another store fails. What was decided until then
    /// is in the ledger.
    pub async fn recover(&self) -> Result<Recovery, Error> {
        let mut recovery = Recovery::default();
        let mut after = None;
        loop {
            let page = self.inner.ledger.list(LedgerFilter::Unknown, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.effect_id);
            for entry in &page {
                let effect_id = entry.effect_id;
                let found = match self.settle(entry).await {
                    Ok(found) => found,
                    Err(Error::Unavailable(Unavailable::IdentityProvider)) => {
                        Found::InDoubt(Unavailable::IdentityProvider.code())
                    }
                    Err(error @ Error::Unavailable(_)) => return Err(error),
                    Err(Error::Refused(refused)) => Found::InDoubt(refused.code()),
                    // A read waits for nobody.
                    Err(Error::Interrupted(_)) => Found::InDoubt("interrupted"),
                };
                match found {
                    Found::Ended(_) if self.reads(entry) => {}
                    Found::Ended(Ending::Committed) => recovery.committed.push(effect_id),
                    Found::Ended(_) => recovery.released.push(effect_id),
                    Found::InDoubt(why) => {
                        let tool = entry.call.as_ref().map(|call| call.tool.clone());
                        recovery.in_doubt.push(InDoubt::new(effect_id, tool, why));
                    }
                }
            }
        }
        Ok(recovery)
    }

    /// Whether an effect is known to be a read.
    fn reads(&self, entry: &LedgerEntry) -> bool {
        let tool = entry.call.as_ref().and_then(|call| self.inner.tools.get(&call.tool));
        tool.is_some_and(|tool| tool.tool.effect() == countersign_core::Effect::Read)
    }

    /// Asks the provider about an effect that is in doubt, and tells log and ledger.
    async fn settle(&self, entry: &LedgerEntry) -> Result<Found, Error> {
        let inner = &*self.inner;
        let Some(call) = &entry.call else { return Ok(Found::InDoubt("not_entered")) };
        let Ok(prepared) = Prepared::from_bytes(&call.prepared) else {
            return Ok(Found::InDoubt("request_unreadable"));
        };
        if prepared.digest() != call.effect {
            return Ok(Found::InDoubt("request_unreadable"));
        }
        let Some(tool) = inner.tools.get(prepared.tool()) else {
            return Ok(Found::InDoubt("unknown_tool"));
        };
        let reads = tool.tool.effect() == countersign_core::Effect::Read;
        let Some(connector) = &tool.connector else {
            // Nobody can ask a local tool what it did; one that only reads did nothing.
            let done =
                if reads { Found::Ended(Ending::Failed) } else { Found::InDoubt("local_tool") };
            return self.note(entry, done).await;
        };
        let now = inner.clock.now();
        let caller = &entry.caller;
        let granted = inner.grants.get(caller.tenant(), caller.agent()).await?;
        let granted = granted.ok_or(Refused::new(NotGranted::UnknownAgent.code()))?;
        granted.covers(&tool.tool, now).map_err(|no| Refused::new(no.code()))?;
        let mut seen = Seen::nothing();
        for _ in 0..MAX_ROUNDS {
            let found = match connector.reconcile(&prepared, &seen) {
                Reconciled::Committed => Found::Ended(Ending::Committed),
                Reconciled::Absent if !reads && now < entry.at.plus_seconds(ON_ITS_WAY) => {
                    Found::InDoubt("may_be_on_its_way")
                }
                Reconciled::Absent => Found::Ended(Ending::Failed),
                Reconciled::InDoubt => Found::InDoubt("provider_cannot_tell"),
                Reconciled::Needs(reads) => {
                    for read in reads {
                        let answer =
                            self.read(caller, connector, &read, prepared.effect_id()).await;
                        let answer = answer.map_err(|stop| match stop {
                            Stop::Refused(refused) => Error::from(refused),
                            Stop::Connect(error, _) => Refused::new(error.code()).into(),
                            Stop::Unavailable(unavailable) => unavailable.into(),
                        })?;
                        seen.add(read, answer);
                    }
                    continue;
                }
            };
            return self.note(entry, found).await;
        }
        Ok(Found::InDoubt("provider_cannot_tell"))
    }

    /// Log first, then the ledger: what is settled there is in the log.
    async fn note(&self, entry: &LedgerEntry, found: Found) -> Result<Found, Error> {
        let inner = &*self.inner;
        let (ending, code) = match &found {
            Found::Ended(ending) => (*ending, None),
            Found::InDoubt(why) => (Ending::Unknown, Some(*why)),
        };
        let fields = inner
            .journal
            .about(&entry.caller)
            .with("code", code)
            .with("effect_id", entry.effect_id.to_string())
            .with("jti", entry.jti.to_string())
            .with("outcome", ending.as_str())
            .with("reconciled", true)
            .with("tool", entry.call.as_ref().map(|call| call.tool.as_str()));
        inner.journal.write(RecordKind::Outcome, None, fields).await?;
        let to = match ending {
            Ending::Committed => LedgerState::Committed,
            // Proven not to have been processed, so the approval of it is not spent.
            Ending::Failed => LedgerState::Released,
            Ending::Unknown => return Ok(found),
        };
        let now = inner.clock.now();
        match inner.ledger.advance(entry.effect_id, entry.jti, to, Some("reconciled"), now).await {
            Ok(()) => {}
            Err(countersign_core::LedgerError::Store(error)) => return Err(error.into()),
            // Somebody else asked at the same time.
            Err(_) => return Ok(Found::InDoubt("settled_meanwhile")),
        }
        if to == LedgerState::Committed {
            self.forget_approval(entry.effect_id).await;
        }
        Ok(found)
    }
}
