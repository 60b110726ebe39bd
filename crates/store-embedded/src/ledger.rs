//! The ledger, and the replay guard that it is.

use async_trait::async_trait;
use countersign_core::{
    Caller, EffectId, Jti, Ledger, LedgerCall, LedgerEntry, LedgerError, LedgerFilter, LedgerState,
    MAX_GENERATIONS, StoreError, Timestamp,
};
use countersign_ticket::{Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, MAX_SKEW, ReplayGuard};

use crate::codec::{read_call, write_call};
use crate::engine::Inner;
use crate::error::Failure;
use crate::log::{Log, Source};
use crate::record::{CALL, MAX_CODE, StateRecord, Table, Value, freeze_name};
use crate::seal::Sealer;
use crate::state::{Slot, State, call_name};
use crate::store::EmbeddedStore;

/// The reason of a doubt that a dead process left behind.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// How many entries are looked at while others are kept waiting, when entries are listed.
const PAGE: usize = 4096;

impl From<Failure> for ClaimError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full | Failure::TooMany => Self::Full,
            _ => Self::Unavailable,
        }
    }
}

/// Whether there is a call, and who asked for it, sealed.
type SealedCall = (bool, Vec<u8>);

/// Seals who claims, and what was entered to be done.
fn seal_call(
    sealer: &Sealer,
    claim: &Claim<'_>,
    call: Option<&LedgerCall>,
) -> Result<Vec<u8>, Failure> {
    let name = call_name(claim.effect_id(), call.is_some());
    sealer.seal(CALL, &name, write_call(claim.caller(), call))
}

/// What a claim writes of an effect that was not entered.
struct Stranger {
    record: StateRecord,
    encoded: Vec<u8>,
    sealed: Vec<u8>,
}

impl Stranger {
    fn of(sealer: &Sealer, claim: &Claim<'_>) -> Result<Self, Failure> {
        let record = claimed(claim, 0, Vec::new());
        let sealed = seal_call(sealer, claim, None)?;
        Ok(Self { encoded: record.encode(), record, sealed })
    }
}

/// Where an effect stands once it is claimed that was so often before, by those tickets.
fn claimed(claim: &Claim<'_>, generation: u8, older: Vec<Jti>) -> StateRecord {
    StateRecord {
        effect: claim.effect_id(),
        jti: claim.jti(),
        holds: true,
        older,
        state: LedgerState::Claimed,
        generation: generation.saturating_add(1),
        code: None,
        at: claim.now(),
        expires: claim.expires(),
    }
}

/// Refuses unless a rule holds.
fn ensure<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}

impl State {
    pub(crate) fn epochs_of(&self, caller: &Caller) -> Epochs {
        if self.epochs.is_empty() {
            return Epochs::default();
        }
        let [all, tenant, user, agent] =
            Freeze::of(caller).map(|whose| self.epochs.get(&whose).copied().unwrap_or(0));
        Epochs { all, tenant, user, agent }
    }

    /// Claims. What is to be written is made beforehand, for an effect that was not entered.
    fn claim(
        &mut self,
        log: &mut Log,
        claim: &Claim<'_>,
        stranger: Option<Stranger>,
    ) -> Result<(), ClaimError> {
        let now = claim.now().seconds();
        let newest = log.newest().max(now);
        // What is too old is forgotten by the newest time seen; under a clock that went back, a ticket
        // that was forgotten would be young again.
        ensure(newest <= now.saturating_add(MAX_SKEW), ClaimError::ClockBehind)?;
        // A ticket from the future would be younger than a tail that is yet to be cut off.
        ensure(claim.issued_at() <= claim.now(), ClaimError::ClockBehind)?;
        // With a tail that was cut off, its claim may be lost.
        ensure(claim.issued_at().millis() >= log.cut(), ClaimError::BeforeStart)?;
        let furthest = newest.saturating_add(MAX_LIFETIME + MAX_SKEW);
        ensure(claim.expires().seconds() <= furthest, ClaimError::TooFarAhead)?;
        ensure(self.epochs_of(claim.caller()) == claim.epochs(), ClaimError::Frozen)?;
        if let Some(slot) = self.effects.get(claim.effect_id()).copied() {
            let (generation, older, call) = self.claim_again(log, &slot, claim)?;
            self.write(log, &claimed(claim, generation, older), call.as_ref())?;
        } else {
            self.room_for_one(newest)?;
            let Stranger { record, encoded, sealed } = match stranger {
                Some(stranger) => stranger,
                None => Stranger::of(&self.sealer, claim)?,
            };
            self.append_encoded(log, &record, &encoded, Some((false, &sealed)))?;
        }
        log.claimed(now);
        Ok(())
    }

    /// The generation, the tickets that claimed before, and the call, if it has to be written anew: what
    /// was entered for another ticket is the same effect, as the gate compared its digest.
    fn claim_again(
        &self,
        log: &Log,
        slot: &Slot,
        claim: &Claim<'_>,
    ) -> Result<(u8, Vec<Jti>, Option<SealedCall>), ClaimError> {
        let more = u32::from(slot.generation) < MAX_GENERATIONS;
        ensure(slot.status.can_be_claimed() && more, ClaimError::Spent)?;
        let record = self.state_at(log, claim.effect_id(), slot.state)?;
        ensure(!record.spent(claim.jti()), ClaimError::Spent)?;
        let older = record.all_spent();
        if record.jti == claim.jti() {
            return Ok((slot.generation, older, None));
        }
        let (caller, call) = match slot.call() {
            None => return Err(Failure::Damaged.into()),
            Some(place) => {
                let source = log.source(place).ok_or(Failure::Damaged)?;
                read_sealed_call(&self.sealer, source)?
            }
        };
        if caller == *claim.caller() {
            return Ok((slot.generation, older, None));
        }
        let sealed = seal_call(&self.sealer, claim, call.as_ref())?;
        Ok((slot.generation, older, Some((call.is_some(), sealed))))
    }

    /// Appends a state, and before it its call, both or none.
    fn write(
        &mut self,
        log: &mut Log,
        record: &StateRecord,
        call: Option<&SealedCall>,
    ) -> Result<(), Failure> {
        let call = call.map(|(has_call, sealed)| (*has_call, sealed.as_slice()));
        self.append_encoded(log, record, &record.encode(), call)
    }

    fn enter(
        &mut self,
        log: &mut Log,
        entry: &LedgerEntry,
        sealed: Vec<u8>,
    ) -> Result<(), Failure> {
        let id = entry.effect_id;
        let (generation, older) = match self.effects.get(id).copied() {
            Some(slot) if !slot.status.can_be_claimed() => return Ok(()),
            Some(slot) => (slot.generation, self.state_at(log, id, slot.state)?.all_spent()),
            None => {
                self.room_for_one(log.newest())?;
                (0, Vec::new())
            }
        };
        // Released: until the claim it stays what it is, but for the ticket.
        let state = if generation == 0 { LedgerState::Entered } else { LedgerState::Released };
        let record = StateRecord {
            effect: id,
            jti: entry.jti,
            // A ticket that claimed before is dead; entering it anew changes nothing of that.
            holds: false,
            older,
            state,
            generation,
            code: None,
            at: entry.at,
            expires: entry.expires,
        };
        self.write(log, &record, Some(&(entry.call.is_some(), sealed)))
    }

    fn advance(
        &mut self,
        log: &mut Log,
        (effect, jti): (EffectId, Jti),
        to: LedgerState,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let slot = self.effects.get(effect).copied().ok_or(LedgerError::Fenced)?;
        let mut record = self.state_at(log, effect, slot.state)?;
        ensure(record.jti == jti && record.spent(jti), LedgerError::Fenced)?;
        ensure(slot.status.leads_to(to), LedgerError::NotAllowed(slot.status))?;
        ensure(code.is_none_or(|code| code.len() <= MAX_CODE), Failure::TooLarge)?;
        record.state = to;
        record.code = code.map(str::to_owned);
        record.at = now;
        Ok(self.append_state(log, &record)?)
    }
}

/// Reads and opens who asked for what.
fn read_sealed_call(
    sealer: &Sealer,
    source: Source,
) -> Result<(Caller, Option<LedgerCall>), Failure> {
    let record = source.read()?;
    let (name, sealed) = record.payload.split_first_chunk::<17>().ok_or(Failure::Damaged)?;
    let plain = sealer.open(CALL, name, sealed).filter(|_| record.kind == CALL);
    plain.and_then(|plain| read_call(&plain)).ok_or(Failure::Damaged)
}

/// Where an entry can be read, as it stood at one moment.
#[derive(Debug)]
pub(crate) struct Found {
    status: LedgerState,
    state: Source,
    call: Source,
}

impl Found {
    pub(crate) fn of(log: &Log, slot: &Slot) -> Option<Self> {
        let (state, call) = (log.source(slot.state)?, log.source(slot.call()?)?);
        Some(Self { status: slot.status, state, call })
    }

    pub(crate) fn read(self, sealer: &Sealer) -> Result<LedgerEntry, Failure> {
        let record = StateRecord::of(&self.state.read()?).ok_or(Failure::Damaged)?;
        let (caller, call) = read_sealed_call(sealer, self.call)?;
        let interrupted = (record.state != self.status).then(|| INTERRUPTED.to_owned());
        Ok(LedgerEntry {
            effect_id: record.effect,
            jti: record.jti,
            generation: u32::from(record.generation),
            state: self.status,
            code: interrupted.or(record.code),
            caller,
            expires: record.expires,
            at: record.at,
            call,
        })
    }
}

/// Entries of a state in the order of their ids, each with where it can be read; and from where to go
/// on, if there may be more.
pub(crate) fn page(
    state: &State,
    log: &Log,
    filter: LedgerFilter,
    after: Option<EffectId>,
    limit: usize,
) -> (Vec<Option<Found>>, Option<EffectId>) {
    let (mut found, mut last, mut seen) = (Vec::new(), None, 0usize);
    let first = after.map_or(0, |after| state.effects.shard_of(after));
    let shards = (first..).map_while(|shard| state.effects.sorted(shard, after));
    for (effect, slot) in shards.flatten() {
        if seen >= PAGE || found.len() >= limit {
            return (found, last);
        }
        seen = seen.saturating_add(1);
        last = Some(effect);
        if filter.takes(slot.status) {
            found.push(Found::of(log, &slot));
        }
    }
    (found, None)
}

#[async_trait]
impl ReplayGuard for EmbeddedStore {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        // Sealed and encoded while nobody is kept waiting.
        let id = claim.effect_id();
        let known = self.engine().look(|inner| inner.tables.effects.get(id).is_some())?;
        let stranger = if known { None } else { Some(Stranger::of(self.sealer(), claim)?) };
        let ((), commit) = self.engine().commit(|log, state| state.claim(log, claim, stranger))?;
        Ok(commit.await?)
    }

    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        Ok(self.engine().look(|inner| inner.tables.epochs_of(caller))?)
    }

    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        let (epoch, commit) = self.engine().commit(|log, state| {
            let epoch = state.epochs.get(&whose).copied().unwrap_or(0);
            let epoch = epoch.checked_add(1).ok_or(ClaimError::Unavailable)?;
            let (name, value) = (freeze_name(&whose), epoch.to_le_bytes());
            let table = Table::Epochs;
            let value = Value { table, name: &name, version: 0, time: 0, bytes: &value };
            state.put(log, &value)?;
            state.epochs.insert(whose, epoch);
            Ok::<_, ClaimError>(epoch)
        })?;
        commit.await?;
        Ok(epoch)
    }
}

#[async_trait]
impl Ledger for EmbeddedStore {
    async fn enter(&self, entry: &LedgerEntry) -> Result<(), StoreError> {
        let plain = write_call(&entry.caller, entry.call.as_ref());
        let name = call_name(entry.effect_id, entry.call.is_some());
        let sealed = self.sealer().seal(CALL, &name, plain)?;
        Ok(self.engine().later(|log, state| state.enter(log, entry, sealed))?)
    }

    async fn advance(
        &self,
        effect: EffectId,
        jti: Jti,
        to: LedgerState,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.engine().change(|log, state| state.advance(log, (effect, jti), to, code, now))
    }

    async fn get(&self, effect: EffectId) -> Result<Option<LedgerEntry>, StoreError> {
        let found = |inner: &Inner<State>| {
            let slot = inner.tables.effects.get(effect);
            slot.map(|slot| Found::of(&inner.log, slot).ok_or(Failure::Damaged))
        };
        let Some(found) = self.engine().look(found)? else { return Ok(None) };
        Ok(Some(found?.read(self.sealer())?))
    }

    async fn list(
        &self,
        filter: LedgerFilter,
        after: Option<EffectId>,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let (mut entries, mut after) = (Vec::new(), after);
        loop {
            let left = limit.saturating_sub(entries.len());
            let look = |inner: &Inner<State>| page(&inner.tables, &inner.log, filter, after, left);
            let (found, next) = self.engine().look(look)?;
            for found in found {
                entries.push(found.ok_or(Failure::Damaged)?.read(self.sealer())?);
            }
            if next.is_none() || entries.len() >= limit {
                return Ok(entries);
            }
            after = next;
        }
    }
}

impl From<Failure> for LedgerError {
    fn from(failure: Failure) -> Self {
        Self::Store(failure.into())
    }
}

impl From<Failure> for StoreError {
    fn from(_: Failure) -> Self {
        Self
    }
}
