//! What is kept in memory of the log: where everything is, and what has to be compared at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use countersign_core::{EffectId, LedgerState};
use countersign_ticket::Freeze;

use crate::compact::Compaction;
use crate::error::Failure;
use crate::frame::{Place, framed};
use crate::index::Index;
use crate::log::Log;
use crate::patch;
use crate::record::{CALL, DELETE, PATCH, PUT, STATE, StateRecord, Table, VERSION, Value};
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
    pub(crate) fn stands(&mut self, place: Place, record: &StateRecord) {
        self.state = place;
        self.status = record.state;
        self.generation = record.generation;
        self.at = u32::try_from(record.at.seconds().max(0)).unwrap_or(u32::MAX);
    }

    /// Forgets where its call was, if that was in a segment before this one.
    pub(crate) fn no_call_before(&mut self, oldest: u32) {
        if self.call.segment < oldest {
            self.call.segment = 0;
        }
    }

    /// Keeps where its call is.
    pub(crate) fn has(&mut self, place: Place, has_call: bool, length: usize) {
        self.call = place;
        self.has_call = has_call;
        self.call_bytes = u32::try_from(framed(length)).unwrap_or(u32::MAX);
    }

    /// Since when nobody has to find out about it any more, if that is so. What was claimed without
    /// being entered cannot be found out about.
    pub(crate) fn settled(&self) -> Option<u32> {
        (!self.status.is_open() || !self.has_call).then_some(self.at)
    }

    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.call_bytes).saturating_add(STATE_BYTES)
    }
}

/// What came to be settled before this, in seconds, may be forgotten. Both ends of time are where the
/// seconds that are kept of it end.
pub(crate) fn forgotten_before(newest: i64) -> u32 {
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

/// How many states are kept that are about to be followed by others: some hundred bytes each.
pub(crate) const UNDER_WAY: usize = 1024;

/// What is kept in memory of a value of a table, beside its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shelved {
    /// Where the whole of it was written last.
    pub(crate) place: Place,
    /// Where what changed since then is, in order.
    pub(crate) patches: Vec<Place>,
    /// What the first takes in the log, and what the others do.
    pub(crate) bytes: u32,
    pub(crate) patched: u32,
    pub(crate) version: u64,
    pub(crate) time: i64,
}

impl Shelved {
    /// Where this version of it was written: no other was written there.
    pub(crate) fn newest(&self) -> Place {
        self.patches.last().copied().unwrap_or(self.place)
    }

    /// How many bytes of changes may be written behind it.
    pub(crate) fn takes(&self) -> usize {
        if self.patches.len() < patch::MOST {
            self.bytes.saturating_sub(self.patched) as usize
        } else {
            0
        }
    }

    fn all_bytes(&self) -> u64 {
        u64::from(self.bytes).saturating_add(u64::from(self.patched))
    }
}

/// A change of what is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orphan {
    /// Nothing is there.
    Alone,
    /// Another version is.
    OfAnother,
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
    /// Where effects stand that somebody is about to take further, so that it need not be read back.
    under_way: HashMap<EffectId, (Place, StateRecord)>,
    counts: BTreeMap<Table, usize>,
    /// About how many bytes of the log are needed.
    pub(crate) live: u64,
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
            under_way: HashMap::new(),
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

    /// The state of an effect, which stands in the log at a place.
    pub(crate) fn state_at(
        &self,
        log: &Log,
        effect: EffectId,
        place: Place,
    ) -> Result<StateRecord, Failure> {
        // Nothing else is ever written at the same place.
        let known = self.under_way.get(&effect).filter(|(at, _)| *at == place);
        if let Some((_, record)) = known {
            return Ok(record.clone());
        }
        let record = log.source(place).ok_or(Failure::Damaged)?.read()?;
        StateRecord::of(&record).ok_or(Failure::Damaged)
    }

    /// Keeps where an effect stands, if it is about to be taken further. When there are too many, all are
    /// forgotten: they are read back when they are wanted.
    fn keep(&mut self, place: Place, record: &StateRecord) {
        use LedgerState::{Claimed, Dispatched, Entered};
        if !matches!(record.state, Entered | Claimed | Dispatched) {
            self.under_way.remove(&record.effect);
            return;
        }
        if self.under_way.len() >= UNDER_WAY {
            self.under_way.clear();
        }
        self.under_way.insert(record.effect, (place, record.clone()));
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
        // Of what was claimed without being entered nobody has more to say.
        if call.is_none_or(|(_, has_call)| has_call) {
            self.keep(place, record);
        }
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
    pub(crate) fn set_slot(&mut self, effect: EffectId, change: impl FnOnce(&mut Slot)) {
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

    /// Appends what changed of a value since the version before, which is there.
    pub(crate) fn patch_sealed(
        &mut self,
        log: &mut Log,
        changes: &Value<'_>,
        sealed: &[u8],
    ) -> Result<(), Failure> {
        let name = (changes.table, changes.name.to_vec());
        let before = self.values.get(&name).map(|shelved| shelved.version.checked_add(1));
        if before != Some(Some(changes.version)) {
            return Err(Failure::Damaged);
        }
        let place = log.append(PATCH, VERSION, &[sealed])?;
        self.set_patch(place, sealed.len(), changes).map_err(|_| Failure::Damaged)
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

    pub(crate) fn set_value(&mut self, place: Place, length: usize, value: &Value<'_>) {
        let bytes = u32::try_from(framed(length)).unwrap_or(u32::MAX);
        let (version, time) = (value.version, value.time);
        let shelved = Shelved { place, patches: Vec::new(), bytes, patched: 0, version, time };
        let name = (value.table, value.name.to_vec());
        let before = self.values.insert(name, shelved);
        if before.is_none() {
            let count = self.counts.entry(value.table).or_default();
            *count = count.saturating_add(1);
        }
        let before = before.map_or(0, |before| before.all_bytes());
        self.live = self.live.saturating_sub(before).saturating_add(u64::from(bytes));
    }

    /// Keeps where a change is, if what it changes is there and of the version before; otherwise says
    /// which version that is.
    pub(crate) fn set_patch(
        &mut self,
        place: Place,
        length: usize,
        changes: &Value<'_>,
    ) -> Result<(), Orphan> {
        let name = (changes.table, changes.name.to_vec());
        let shelved = self.values.get_mut(&name).ok_or(Orphan::Alone)?;
        if shelved.version.checked_add(1) != Some(changes.version) {
            return Err(Orphan::OfAnother);
        }
        let bytes = u32::try_from(framed(length)).unwrap_or(u32::MAX);
        shelved.patches.push(place);
        shelved.patched = shelved.patched.saturating_add(bytes);
        (shelved.version, shelved.time) = (changes.version, changes.time);
        self.live = self.live.saturating_add(u64::from(bytes));
        Ok(())
    }

    pub(crate) fn set_gone(&mut self, table: Table, name: &[u8]) {
        if let Some(before) = self.values.remove(&(table, name.to_vec())) {
            let count = self.counts.entry(table).or_default();
            *count = count.saturating_sub(1);
            self.live = self.live.saturating_sub(before.all_bytes());
        }
    }
}

/// What stands before a sealed call, and is sealed with it.
pub(crate) fn call_name(effect: EffectId, has_call: bool) -> [u8; 17] {
    let mut name = [u8::from(has_call); 17];
    name.iter_mut().zip(effect.as_bytes()).for_each(|(to, from)| *to = *from);
    name
}
