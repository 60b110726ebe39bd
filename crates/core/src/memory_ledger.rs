//! The ledger in memory: for tests, for examples, and for one process that may forget.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use countersign_ticket::{
    Caller, Claim, ClaimError, EffectId, Epochs, Freeze, Jti, MAX_LIFETIME, MAX_SKEW, ReplayGuard,
    Timestamp,
};

use crate::grant::StoreError;
use crate::ledger::{Ledger, LedgerEntry, LedgerError, LedgerFilter, LedgerState, MAX_GENERATIONS};

/// How long an entry is kept that nobody has to find out about any more, in seconds: longer than any
/// ticket (300 s) or pending call (an hour) for it lives.
const KEPT: i64 = 7200;

/// A [`Ledger`] in memory. It forgets at a restart, so it refuses tickets issued before its start.
#[derive(Debug)]
pub struct MemoryLedger {
    capacity: usize,
    started: Timestamp,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The newest time by which something was claimed, in seconds.
    newest: i64,
    epochs: HashMap<Freeze, u32>,
    entries: BTreeMap<EffectId, Kept>,
    /// What may be forgotten, and when, unless it has moved on since.
    old: VecDeque<(i64, EffectId)>,
}

#[derive(Debug)]
struct Kept {
    entry: LedgerEntry,
    /// Every ticket that claimed it.
    spent: Vec<Jti>,
}

impl Kept {
    /// Whether nobody has to find out about it any more. What was claimed without being entered cannot
    /// be found out about.
    fn may_be_forgotten(&self) -> bool {
        !self.entry.state.is_open() || self.entry.call.is_none()
    }
}

impl State {
    fn of(&self, caller: &Caller) -> Epochs {
        let [all, tenant, user, agent] =
            Freeze::of(caller).map(|whose| self.epochs.get(&whose).copied().unwrap_or(0));
        Epochs { all, tenant, user, agent }
    }

    /// Moves on to a time, and forgets what is too old by then.
    fn advance(&mut self, now: i64) {
        self.newest = self.newest.max(now);
        while let Some((at, id)) = self.old.front().copied()
            && at.saturating_add(KEPT) < self.newest
        {
            self.old.pop_front();
            let since = self.entries.get(&id).filter(|kept| kept.may_be_forgotten());
            if since.is_some_and(|kept| kept.entry.at.seconds() <= at) {
                self.entries.remove(&id);
            }
        }
    }

    /// An entry as it is now, to be forgotten later if it may be.
    fn keep(&mut self, kept: Kept) {
        if kept.may_be_forgotten() {
            self.old.push_back((kept.entry.at.seconds(), kept.entry.effect_id));
        }
        self.entries.insert(kept.entry.effect_id, kept);
    }
}

impl MemoryLedger {
    /// A ledger of at most `capacity` entries, started now.
    ///
    /// Where the clock may have been set back across the restart, pass a time as much later.
    pub fn new(capacity: usize, started: Timestamp) -> Self {
        let state = State {
            newest: started.seconds(),
            epochs: HashMap::new(),
            entries: BTreeMap::new(),
            old: VecDeque::new(),
        };
        Self { capacity, started, state: Mutex::new(state) }
    }

    /// A thread that panicked over the entries leaves nobody knowing what they are worth.
    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state.lock().map_err(|_| StoreError)
    }

    fn claim_now(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        let mut state = self.state().map_err(|_| ClaimError::Unavailable)?;
        let now = claim.now().seconds();
        let newest = state.newest.max(now);
        // What is too old is forgotten by the newest time seen; under a clock that went back, a ticket
        // that was forgotten would be young again.
        ensure(newest <= now.saturating_add(MAX_SKEW), ClaimError::ClockBehind)?;
        // A ticket from the future would, after a restart, be younger than the new ledger.
        ensure(claim.issued_at() <= claim.now(), ClaimError::ClockBehind)?;
        ensure(claim.issued_at() >= self.started, ClaimError::BeforeStart)?;
        let furthest = newest.saturating_add(MAX_LIFETIME + MAX_SKEW);
        ensure(claim.expires().seconds() <= furthest, ClaimError::TooFarAhead)?;
        ensure(state.of(claim.caller()) == claim.epochs(), ClaimError::Frozen)?;
        state.advance(newest);
        let id = claim.effect_id();
        // What was entered for another ticket is the same effect: the gate compared the digest.
        let (generation, mut spent, call) = match state.entries.get(&id) {
            Some(kept) => {
                let free = kept.entry.state.can_be_claimed()
                    && !kept.spent.contains(&claim.jti())
                    && kept.entry.generation < MAX_GENERATIONS;
                ensure(free, ClaimError::Spent)?;
                (kept.entry.generation, kept.spent.clone(), kept.entry.call.clone())
            }
            None if state.entries.len() >= self.capacity => return Err(ClaimError::Full),
            None => (0, Vec::new(), None),
        };
        let entry = LedgerEntry {
            effect_id: id,
            jti: claim.jti(),
            generation: generation.saturating_add(1),
            state: LedgerState::Claimed,
            code: None,
            caller: claim.caller().clone(),
            expires: claim.expires(),
            at: claim.now(),
            call,
        };
        spent.push(claim.jti());
        state.keep(Kept { entry, spent });
        Ok(())
    }
}

fn ensure<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}

#[async_trait]
impl ReplayGuard for MemoryLedger {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        self.claim_now(claim)
    }

    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        self.state().map(|state| state.of(caller)).map_err(|_| ClaimError::Unavailable)
    }

    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        let mut state = self.state().map_err(|_| ClaimError::Unavailable)?;
        let epoch = state.epochs.entry(whose).or_default();
        *epoch = epoch.checked_add(1).ok_or(ClaimError::Unavailable)?;
        Ok(*epoch)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn enter(&self, entry: &LedgerEntry) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let (generation, spent) = match state.entries.get(&entry.effect_id) {
            Some(kept) if !kept.entry.state.can_be_claimed() => return Ok(()),
            // Released: until the claim it stays what it is, but for the ticket.
            Some(kept) => (kept.entry.generation, kept.spent.clone()),
            None if state.entries.len() >= self.capacity => return Err(StoreError),
            None => (0, Vec::new()),
        };
        let to = if generation == 0 { LedgerState::Entered } else { LedgerState::Released };
        let entry = LedgerEntry { state: to, generation, code: None, ..entry.clone() };
        state.keep(Kept { entry, spent });
        Ok(())
    }

    async fn advance(
        &self,
        effect: EffectId,
        jti: Jti,
        to: LedgerState,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let mut state = self.state()?;
        let kept = state.entries.get(&effect).ok_or(LedgerError::Fenced)?;
        ensure(kept.entry.jti == jti && kept.spent.contains(&jti), LedgerError::Fenced)?;
        ensure(kept.entry.state.leads_to(to), LedgerError::NotAllowed(kept.entry.state))?;
        let mut entry = kept.entry.clone();
        let spent = kept.spent.clone();
        entry.state = to;
        entry.code = code.map(str::to_owned);
        entry.at = now;
        if !to.is_open()
            && to != LedgerState::Released
            && let Some(call) = &mut entry.call
        {
            call.prepared = Vec::new();
        }
        state.keep(Kept { entry, spent });
        Ok(())
    }

    async fn get(&self, effect: EffectId) -> Result<Option<LedgerEntry>, StoreError> {
        Ok(self.state()?.entries.get(&effect).map(|kept| kept.entry.clone()))
    }

    async fn list(
        &self,
        filter: LedgerFilter,
        after: Option<EffectId>,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        use core::ops::Bound::{Excluded, Unbounded};
        let state = self.state()?;
        let from = after.map_or(Unbounded, Excluded);
        let entries = state.entries.range((from, Unbounded)).map(|(_, kept)| &kept.entry);
        Ok(entries.filter(|entry| filter.takes(entry.state)).take(limit).cloned().collect())
    }
}
