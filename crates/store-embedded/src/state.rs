//! What is kept in memory of the log: where everything is, and what has to be compared at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use countersign_core::{EffectId, LedgerState};
use countersign_ticket::Freeze;

use crate::compact::Compaction;
use crate::error::{Failure, OpenError};
use crate::frame::{Frame, Place, framed};
use crate::index::Index;
use crate::log::Log;
use crate::record::{
    CALL, CLOSED, DELETE, OLDEST, OPENED, PUT, STATE, StateRecord, Table, VERSION, Value,
    freeze_name,
};
use crate::replay::{Bad, Visitor};
use crate::seal::Sealer;

/// How long an entry is kept that nobody has to find out about any more, in seconds: longer than any
/// ticket (300 s) or pending call (an hour) for it lives.
pub(crate) const KEPT: i64 = 7200;

/// How many places of the index are looked at, at every change, for what may be forgotten.
const SWEEP: usize = 16;

/// What is kept in memory of an effect, beside its id: 28 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) state: Place,
    /// In segment 0, which is none, if there is no record of the call.
    call: Place,
    call_bytes: u32,
    /// Seconds since 1970.
    at: u32,
    pub(crate) status: LedgerState,
    pub(crate) generation: u8,
    has_call: bool,
}

impl Slot {
    /// Of an effect of which nothing is known.
    pub(crate) const NONE: Self = Self {
        state: Place { segment: 0, offset: 0 },
        call: Place { segment: 0, offset: 0 },
        call_bytes: 0,
        at: 0,
        status: LedgerState::Entered,
        generation: 0,
        has_call: false,
    };

    pub(crate) fn call(&self) -> Option<Place> {
        (self.call.segment != 0).then_some(self.call)
    }

    /// Keeps where its state is.
    fn stands(&mut self, place: Place, record: &StateRecord) {
        self.state = place;
        self.status = record.state;
        self.generation = record.generation;
        self.at = u32::try_from(record.at.seconds().max(0)).unwrap_or(u32::MAX);
    }

    /// Keeps where its call is.
    fn has(&mut self, place: Place, has_call: bool, length: usize) {
        self.call = place;
        self.has_call = has_call;
        self.call_bytes = u32::try_from(framed(length)).unwrap_or(u32::MAX);
    }

    /// Since when nobody has to find out about it any more, if that is so. What was claimed without
    /// being entered cannot be found out about.
    pub(crate) fn settled(&self) -> Option<u32> {
        (!self.status.is_open() || !self.has_call).then_some(self.at)
    }

    fn bytes(&self) -> u64 {
        u64::from(self.call_bytes).saturating_add(STATE_BYTES)
    }
}

/// What came to be settled before this, in seconds, may be forgotten. Both ends of time are where the
/// seconds that are kept of it end.
fn forgotten_before(newest: i64) -> u32 {
    let newest = newest.clamp(0, i64::from(u32::MAX));
    u32::try_from(newest.saturating_sub(KEPT)).unwrap_or(0)
}

#[cfg(test)]
impl Slot {
    pub(crate) fn at(&self) -> u32 {
        self.at
    }
    pub(crate) fn settled_at(at: u32) -> Self {
        Self { at, status: LedgerState::Committed, has_call: true, ..Self::NONE }
    }
    pub(crate) fn open_at(at: u32) -> Self {
        Self { at, status: LedgerState::Unknown, has_call: true, ..Self::NONE }
    }
}

/// About what a state takes in the log.
const STATE_BYTES: u64 = 80;

/// What is kept in memory of a value of a table, beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shelved {
    pub(crate) place: Place,
    pub(crate) bytes: u32,
    pub(crate) version: u64,
    pub(crate) time: i64,
}

/// The tables of an open store.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) effects: Index,
    pub(crate) values: BTreeMap<(Table, Vec<u8>), Shelved>,
    pub(crate) epochs: HashMap<Freeze, u32>,
    /// How many effects and values there may be.
    pub(crate) limits: Limits,
    pub(crate) compaction: Compaction,
    counts: BTreeMap<Table, usize>,
    /// About how many bytes of the log are needed.
    live: u64,
}

/// How many there may be at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) effects: usize,
    pub(crate) sessions: usize,
    pub(crate) approvals: usize,
}

impl State {
    pub(crate) fn new(sealer: Arc<Sealer>, limits: Limits) -> Self {
        Self {
            effects: Index::new(limits.effects, sealer.store()),
            sealer,
            values: BTreeMap::new(),
            epochs: HashMap::new(),
            limits,
            compaction: Compaction::default(),
            counts: BTreeMap::new(),
            live: 0,
        }
    }

    pub(crate) fn live(&self) -> u64 {
        self.live
    }

    pub(crate) fn count(&self, table: Table) -> usize {
        self.counts.get(&table).copied().unwrap_or(0)
    }

    /// Reads the state of an effect from the log.
    pub(crate) fn read_state(log: &Log, place: Place) -> Result<StateRecord, Failure> {
        let record = log.source(place).ok_or(Failure::Damaged)?.read()?;
        StateRecord::of(&record).ok_or(Failure::Damaged)
    }

    /// Appends a state, and keeps where it is.
    pub(crate) fn append_state(
        &mut self,
        log: &mut Log,
        record: &StateRecord,
    ) -> Result<(), Failure> {
        self.append_encoded(log, record, &record.encode(), None)
    }

    /// Appends a state that was encoded before, and before it its call, if there is one: both or none.
    pub(crate) fn append_encoded(
        &mut self,
        log: &mut Log,
        record: &StateRecord,
        encoded: &[u8],
        call: Option<(bool, &[u8])>,
    ) -> Result<(), Failure> {
        let sealed = call.map_or(0, |(_, sealed)| sealed.len().saturating_add(17));
        let before = if call.is_some() { framed(sealed) } else { 0 };
        log.room(framed(encoded.len()).saturating_add(before))?;
        let call = call.map(|(has_call, bytes)| {
            let name = call_name(record.effect, has_call);
            log.append(CALL, VERSION, &[&name, bytes]).map(|place| (place, has_call))
        });
        let call = call.transpose()?;
        let place = log.append(STATE, VERSION, &[encoded])?;
        log.touch(record.at.seconds());
        self.set_slot(record.effect, |slot| {
            if let Some((place, has_call)) = call {
                slot.has(place, has_call, sealed);
            }
            slot.stands(place, record);
        });
        Ok(())
    }

    /// Appends a call that is moved, and keeps where it is.
    pub(crate) fn append_call(
        &mut self,
        log: &mut Log,
        effect: EffectId,
        has_call: bool,
        sealed: &[u8],
    ) -> Result<(), Failure> {
        let name = call_name(effect, has_call);
        let place = log.append(CALL, VERSION, &[&name, sealed])?;
        self.set_call(effect, place, has_call, name.len().saturating_add(sealed.len()));
        Ok(())
    }

    /// Moves a slot, of which the bytes are counted.
    fn set_slot(&mut self, effect: EffectId, change: impl FnOnce(&mut Slot)) {
        let bytes = self.effects.change(effect, |slot| {
            let before = if *slot == Slot::NONE { 0 } else { slot.bytes() };
            change(slot);
            (before, slot.bytes())
        });
        let (before, after) = bytes.unwrap_or_default();
        self.live = self.live.saturating_sub(before).saturating_add(after);
    }

    pub(crate) fn set_call(
        &mut self,
        effect: EffectId,
        place: Place,
        has_call: bool,
        length: usize,
    ) {
        self.set_slot(effect, |slot| slot.has(place, has_call, length));
    }

    /// Forgets what is old enough, a few entries further on each time. Nothing has to be written: what
    /// is read again at the next start is old then too.
    pub(crate) fn sweep(&mut self, newest: i64) {
        let live = &mut self.live;
        let gone = |slot: &Slot| *live = live.saturating_sub(slot.bytes());
        self.effects.sweep(forgotten_before(newest), SWEEP, gone);
    }

    /// Makes room for one more effect, out of what is old enough.
    pub(crate) fn room_for_one(&mut self, newest: i64) -> Result<(), Failure> {
        if self.effects.len() >= self.limits.effects {
            let live = &mut self.live;
            let gone = |slot: &Slot| *live = live.saturating_sub(slot.bytes());
            self.effects.make_room(forgotten_before(newest), gone);
        }
        if self.effects.len() < self.limits.effects { Ok(()) } else { Err(Failure::TooMany) }
    }

    /// Seals and appends a value, and keeps where it is.
    pub(crate) fn put(&mut self, log: &mut Log, value: &Value<'_>) -> Result<(), Failure> {
        let sealed = self.sealer.seal(PUT, b"", value.encode())?;
        self.put_sealed(log, value, &sealed)
    }

    pub(crate) fn put_sealed(
        &mut self,
        log: &mut Log,
        value: &Value<'_>,
        sealed: &[u8],
    ) -> Result<(), Failure> {
        let place = log.append(PUT, VERSION, &[sealed])?;
        self.set_value(place, sealed.len(), value);
        Ok(())
    }

    /// Appends that a value is gone.
    pub(crate) fn delete(
        &mut self,
        log: &mut Log,
        table: Table,
        name: &[u8],
    ) -> Result<(), Failure> {
        let gone = Value { table, name, version: 0, time: 0, bytes: b"" };
        let sealed = self.sealer.seal(DELETE, b"", gone.encode())?;
        log.append(DELETE, VERSION, &[&sealed])?;
        self.set_gone(table, name);
        Ok(())
    }

    fn set_value(&mut self, place: Place, length: usize, value: &Value<'_>) {
        let bytes = u32::try_from(framed(length)).unwrap_or(u32::MAX);
        let shelved = Shelved { place, bytes, version: value.version, time: value.time };
        let name = (value.table, value.name.to_vec());
        let before = self.values.insert(name, shelved);
        if before.is_none() {
            let count = self.counts.entry(value.table).or_default();
            *count = count.saturating_add(1);
        }
        let before = before.map_or(0, |before| u64::from(before.bytes));
        self.live = self.live.saturating_sub(before).saturating_add(u64::from(bytes));
    }

    pub(crate) fn set_gone(&mut self, table: Table, name: &[u8]) {
        if let Some(before) = self.values.remove(&(table, name.to_vec())) {
            let count = self.counts.entry(table).or_default();
            *count = count.saturating_sub(1);
            self.live = self.live.saturating_sub(u64::from(before.bytes));
        }
    }
}

/// What stands before a sealed call, and is sealed with it.
pub(crate) fn call_name(effect: EffectId, has_call: bool) -> [u8; 17] {
    let mut name = [u8::from(has_call); 17];
    name.iter_mut().zip(effect.as_bytes()).for_each(|(to, from)| *to = *from);
    name
}

/// Builds the tables from the frames.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) state: State,
    oldest: u32,
    opened: Place,
    pub(crate) newest: i64,
    /// The last call, until it is seen whether its state follows, as it does.
    call: Option<(EffectId, Place, bool, usize)>,
    /// Whether the last frame closed the store.
    pub(crate) closed: bool,
}

impl Replay {
    pub(crate) fn new(state: State) -> Self {
        let opened = Place { segment: 0, offset: 0 };
        Self { state, oldest: 0, opened, newest: i64::MIN, call: None, closed: false }
    }

    fn settle_call(&mut self) {
        if let Some((effect, place, has_call, length)) = self.call.take() {
            self.state.set_call(effect, place, has_call, length);
        }
    }

    /// Says what time is in it; the least, if none.
    fn record(&mut self, place: Place, frame: &Frame<'_>) -> Option<i64> {
        self.closed = frame.kind == CLOSED;
        match frame.kind {
            STATE => {
                let record = StateRecord::decode(frame.payload)?;
                if record.state == LedgerState::Claimed {
                    self.newest = self.newest.max(record.at.seconds());
                }
                let call = self.call.take_if(|(effect, ..)| *effect == record.effect);
                self.settle_call();
                self.state.set_slot(record.effect, |slot| {
                    if let Some((_, place, has_call, length)) = call {
                        slot.has(place, has_call, length);
                    }
                    slot.stands(place, &record);
                });
                return Some(record.at.seconds());
            }
            CALL => {
                let (name, _) = frame.payload.split_first_chunk::<17>()?;
                let (effect, flag) = name.split_first_chunk::<16>()?;
                let has_call = match flag {
                    [0] => false,
                    [1] => true,
                    _ => return None,
                };
                let effect = EffectId::from_bytes(*effect);
                self.settle_call();
                self.call = Some((effect, place, has_call, frame.payload.len()));
            }
            PUT => {
                let plain = self.state.sealer.open(PUT, b"", frame.payload)?;
                let value = Value::decode(&plain)?;
                self.state.set_value(place, frame.payload.len(), &value);
                if value.table == Table::Epochs {
                    let (whose, epoch) = read_epoch(value.name, value.bytes)?;
                    self.state.epochs.insert(whose, epoch);
                }
            }
            DELETE => {
                let plain = self.state.sealer.open(DELETE, b"", frame.payload)?;
                let value = Value::decode(&plain)?;
                self.state.set_gone(value.table, value.name);
            }
            OPENED => self.opened = place,
            OLDEST => self.oldest = u32::from_le_bytes(frame.payload.try_into().ok()?),
            CLOSED => {}
            _ => return None,
        }
        Some(i64::MIN)
    }

    /// The tables, once all frames were seen, of which the first is in this segment. With a process
    /// that lives, only what is from before it is in doubt.
    pub(crate) fn end(mut self, first: u32, newest: i64, alive: bool) -> Result<State, OpenError> {
        self.settle_call();
        let oldest = self.oldest;
        if first > oldest.max(1) {
            return Err(OpenError::Damaged { segment: oldest.max(1), offset: 0 });
        }
        let opened = self.opened;
        let (state, newest) = (&mut self.state, self.newest.max(newest));
        // A segment that should be gone may be back, and what was moved out of it is there twice, or
        // was forgotten; a call whose state never came was not entered.
        let (before, first) = (forgotten_before(newest), oldest.max(1));
        let State { effects, live, .. } = state;
        effects.retain(
            |slot| {
                let old = slot.settled().is_some_and(|at| at < before);
                let keep = slot.state.segment >= first && !old;
                if slot.call.segment < oldest {
                    slot.call.segment = 0;
                }
                if !alive || slot.state < opened {
                    slot.status = slot.status.after_a_crash();
                }
                keep
            },
            |slot| *live = live.saturating_sub(slot.bytes()),
        );
        let stale = state.values.iter().filter(|(_, value)| value.place.segment < oldest);
        let stale: Vec<_> = stale.map(|(name, _)| name.clone()).collect();
        for (table, name) in stale {
            state.set_gone(table, &name);
        }
        Ok(self.state)
    }
}

impl Visitor for Replay {
    fn visit(&mut self, place: Place, frame: &Frame<'_>) -> Result<i64, Bad> {
        if frame.version != VERSION || !(STATE..=CLOSED).contains(&frame.kind) {
            return Err(Bad::Unknown);
        }
        self.record(place, frame).ok_or(Bad::Contents)
    }

    fn soon(&self, frame: &Frame<'_>) {
        if let (STATE, Some((effect, _))) = (frame.kind, frame.payload.split_first_chunk()) {
            self.state.effects.touch(EffectId::from_bytes(*effect));
        }
    }
}

/// Reads a counter that was frozen.
fn read_epoch(name: &[u8], value: &[u8]) -> Option<(Freeze, u32)> {
    use countersign_core::{AgentId, TenantId, UserId};
    let mut from = crate::codec::Reader::new(name);
    let kind = from.text()?;
    let whose = match kind {
        "all" => Freeze::All,
        "tenant" => Freeze::Tenant(TenantId::new(from.text()?).ok()?),
        "user" => Freeze::User(TenantId::new(from.text()?).ok()?, UserId::new(from.text()?).ok()?),
        "agent" => {
            Freeze::Agent(TenantId::new(from.text()?).ok()?, AgentId::new(from.text()?).ok()?)
        }
        _ => return None,
    };
    from.end()?;
    (freeze_name(&whose) == name).then_some(())?;
    Some((whose, u32::from_le_bytes(value.try_into().ok()?)))
}
