//! Random work on a store, beside a model of what it should then hold: a list of changes, in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::{
    AgentId, ApprovalStore, Caller, Clock, Digest, EffectId, Grant, GrantStore, Granted, Jti,
    Ledger, LedgerCall, LedgerEntry, LedgerFilter, LedgerState, RiskMemory, SessionId, TenantId,
    Tier, Timestamp, ToolName, UserId,
};
use countersign_ticket::{Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, ReplayGuard};
use pollster::block_on;

use super::sim::{Dice, SimDisk};
use super::{Counting, SetClock};
use crate::disk::Disk;
use crate::ledger::INTERRUPTED;
use crate::state::KEPT;
use crate::store::{EmbeddedStore, Settings};
use crate::{OpenError, StoreKey};

/// What is known under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    Effect { state: LedgerState, generation: u32, jti: Jti, code: Option<String>, at: i64 },
    Text(String),
}

impl Known {
    /// What it is once the process has ended.
    fn after(self) -> Self {
        match self {
            Self::Effect { state, generation, jti, at, .. } if state != state.after_a_crash() => {
                let (state, code) = (state.after_a_crash(), Some(INTERRUPTED.to_owned()));
                Self::Effect { state, generation, jti, code, at }
            }
            other => other,
        }
    }

    fn may_be_forgotten(&self, newest: i64) -> bool {
        matches!(self, Self::Effect { state, at, .. } if !state.is_open() && at + KEPT < newest)
    }
}

pub(super) type Snapshot = BTreeMap<String, Known>;

/// One change, in the order in which they were made.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// How many operations the disk had seen before it, and when it was acknowledged as durable.
    issued: usize,
    acknowledged: Option<usize>,
    /// Whether it is only handed to the operating system with what comes next.
    later: bool,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Set(String, Option<Known>),
    /// The process ended, and another opened the store.
    Reopened,
    Claimed(i64),
}

/// A store with its model.
#[derive(Debug)]
pub(super) struct World {
    pub(super) disk: Arc<SimDisk>,
    pub(super) store: Option<EmbeddedStore>,
    pub(super) changes: Vec<Change>,
    pub(super) dice: Dice,
    pub(super) now: i64,
    clock: Arc<SetClock>,
    /// What is known now.
    pub(super) known: Snapshot,
    /// Every ticket that claimed, and how many operations there were when that was acknowledged.
    pub(super) spent: Vec<(EffectId, Jti, i64, usize)>,
    drawn: u8,
    count: u32,
    newest: i64,
}

pub(super) fn settings() -> Settings {
    Settings { segment: 4096, effects: 50_000, ..Settings::default() }
}

pub(super) fn key() -> StoreKey {
    StoreKey::new([7; 32].into())
}

pub(super) fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("acme").unwrap(),
        UserId::new("auth0|ada").unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s-1").unwrap(),
    )
}

/// Opens the store on a disk as another process, with randomness of its own.
pub(super) fn open(disk: &Arc<SimDisk>, clock: &Arc<SetClock>) -> Result<EmbeddedStore, OpenError> {
    let disk: Arc<dyn Disk> = Arc::<SimDisk>::clone(disk);
    let entropy = Arc::new(Counting::seeded(clock.now().millis().unsigned_abs()));
    EmbeddedStore::open_on(disk, &key(), Arc::<SetClock>::clone(clock), entropy, settings())
}

/// A long request, to be found again.
pub(super) fn prepared(effect: EffectId) -> Vec<u8> {
    effect.to_string().repeat(5).into_bytes()
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let clock = Arc::new(SetClock::default());
        let now = 1_800_000_000;
        clock.set(now);
        let disk = Arc::new(SimDisk::default());
        let store = Some(open(&disk, &clock).unwrap());
        Self {
            disk,
            store,
            changes: Vec::new(),
            dice: Dice(seed),
            now,
            clock,
            known: Snapshot::new(),
            spent: Vec::new(),
            drawn: 0,
            count: 0,
            newest: i64::MIN,
        }
    }

    fn store(&self) -> &EmbeddedStore {
        self.store.as_ref().unwrap()
    }

    fn bytes(&mut self) -> [u8; 16] {
        core::array::from_fn(|_| u8::try_from(self.dice.roll(256)).unwrap())
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_seconds(self.now)
    }

    fn note(&mut self, issued: usize, durable: bool, what: What) {
        let acknowledged = durable.then(|| self.disk.ops());
        if let What::Set(name, known) = &what {
            match known.clone() {
                Some(known) => self.known.insert(name.clone(), known),
                None => self.known.remove(name),
            };
        }
        if let What::Claimed(at) = what {
            self.newest = self.newest.max(at);
        }
        self.changes.push(Change { issued, acknowledged, later: false, what });
    }

    fn epochs(&self) -> Epochs {
        Epochs { all: self.count, ..Epochs::default() }
    }

    /// An effect that is known, if there is one.
    fn some_effect(&mut self) -> Option<(EffectId, Known)> {
        let effects = self.known.iter().filter_map(|(name, known)| {
            Some((name.strip_prefix("effect ")?.parse().ok()?, known.clone()))
        });
        let effects: Vec<_> = effects.collect();
        let at = self.dice.roll(effects.len());
        effects.get(at).cloned()
    }

    fn enter(&mut self, effect: EffectId, jti: Jti) {
        let entry = LedgerEntry {
            effect_id: effect,
            jti,
            generation: 0,
            state: LedgerState::Entered,
            code: None,
            caller: caller(),
            expires: self.at().plus_seconds(60),
            at: self.at(),
            call: Some(LedgerCall {
                tool: ToolName::new("a_tool").unwrap(),
                effect: Digest::of(b"1"),
                approval: Digest::of(b"2"),
                tier: Tier::B,
                prepared: prepared(effect),
            }),
        };
        let issued = self.disk.ops();
        block_on(self.store().enter(&entry)).unwrap();
        let (state, generation) = match self.known.get(&format!("effect {effect}")) {
            Some(Known::Effect { state, .. }) if !state.can_be_claimed() => return,
            Some(Known::Effect { generation, .. }) if *generation > 0 => {
                (LedgerState::Released, *generation)
            }
            _ => (LedgerState::Entered, 0),
        };
        let known = Known::Effect { state, generation, jti, code: None, at: self.now };
        self.note(issued, false, What::Set(format!("effect {effect}"), Some(known)));
        self.changes.last_mut().unwrap().later = true;
    }

    fn claim(&mut self, effect: EffectId, jti: Jti) {
        let (caller, epochs, at) = (caller(), self.epochs(), self.at());
        let times = [at, at.plus_seconds(MAX_LIFETIME), at];
        let issued = self.disk.ops();
        let name = format!("effect {effect}");
        let before = self.known.get(&name).cloned();
        let spent = self.spent.iter().any(|(of, one, ..)| (*of, *one) == (effect, jti));
        let generation = match before {
            Some(Known::Effect { state, generation, .. }) if state.can_be_claimed() && !spent => {
                Some(generation)
            }
            None => Some(0),
            _ => None,
        };
        let claimed =
            block_on(self.store().claim(&Claim::for_test(effect, jti, &caller, epochs, times)));
        match generation.filter(|generation| *generation < 16) {
            None => assert_eq!(claimed, Err(ClaimError::Spent)),
            Some(generation) => {
                assert_eq!(claimed, Ok(()));
                let (state, generation) = (LedgerState::Claimed, generation + 1);
                let known = Known::Effect { state, generation, jti, code: None, at: self.now };
                self.note(issued, true, What::Claimed(self.now));
                self.note(issued, true, What::Set(name, Some(known)));
                self.spent.push((effect, jti, self.now, self.disk.ops()));
            }
        }
    }

    fn advance(&mut self, some: (EffectId, Known)) {
        let to = LedgerState::ALL[self.dice.roll(LedgerState::ALL.len())];
        self.advance_to(some, to);
    }

    fn advance_to(&mut self, (effect, known): (EffectId, Known), to: LedgerState) {
        let Known::Effect { state, generation, jti, .. } = known else { return };
        let code = (self.dice.roll(2) == 0).then(|| format!("code_{}", self.dice.roll(9)));
        let (issued, at) = (self.disk.ops(), self.at());
        let moved = block_on(self.store().advance(effect, jti, to, code.as_deref(), at));
        assert_eq!(moved.is_ok(), state.leads_to(to), "{state:?} to {to:?}: {moved:?}");
        if moved.is_ok() {
            let known = Known::Effect { state: to, generation, jti, code, at: self.now };
            self.note(issued, false, What::Set(format!("effect {effect}"), Some(known)));
        }
    }

    fn shelve(&mut self) {
        let (n, text) = (self.dice.roll(4), format!("{:?}", self.bytes()));
        let issued = self.disk.ops();
        let (tenant, agent) =
            (TenantId::new("acme").unwrap(), AgentId::new(&format!("agent-{n}")).unwrap());
        let store = self.store.as_ref().unwrap();
        match self.dice.roll(6) {
            0 => {
                let (name, id) = (format!("approval {n}"), n.to_string());
                let expires = Timestamp::from_seconds(i64::from(u32::MAX));
                let put = block_on(ApprovalStore::put(store, &id, text.clone().into(), expires));
                assert_eq!(put.is_ok(), !self.known.contains_key(&name));
                if put.is_ok() {
                    self.note(issued, true, What::Set(name, Some(Known::Text(text))));
                }
            }
            1 => {
                let (name, id) = (format!("approval {n}"), n.to_string());
                let taken = block_on(store.take(&id, self.at())).unwrap();
                let taken = taken.map(|bytes| Known::Text(String::from_utf8(bytes).unwrap()));
                assert_eq!(taken.as_ref(), self.known.get(&name));
                self.note(issued, true, What::Set(name, None));
            }
            2 => {
                let grant = grant(&agent);
                block_on(GrantStore::put(store, &tenant, grant)).unwrap();
                let known = Known::Text("granted".to_owned());
                self.note(issued, true, What::Set(format!("grant {n}"), Some(known)));
            }
            3 => {
                let name = format!("grant {n}");
                let was = block_on(store.remove(&tenant, &agent)).unwrap();
                assert_eq!(was, self.known.contains_key(&name));
                self.note(issued, true, What::Set(name, None));
            }
            _ => {
                let (name, session) =
                    (format!("session {n}"), SessionId::new(&format!("s-{n}")).unwrap());
                let (version, before) = block_on(store.load(&tenant, &session)).unwrap();
                let before = (version > 0).then(|| Known::Text(String::from_utf8(before).unwrap()));
                assert_eq!(before.as_ref(), self.known.get(&name));
                let text = match before {
                    Some(Known::Text(before)) if self.dice.roll(4) > 0 => {
                        changed(&mut self.dice, before)
                    }
                    _ => text.repeat(1 + n),
                };
                let swap = RiskMemory::swap(store, &tenant, &session, version, text.clone().into());
                assert_eq!(block_on(swap), Ok(true));
                self.note(issued, false, What::Set(name, Some(Known::Text(text))));
            }
        }
    }

    pub(super) fn reopen(&mut self) {
        self.store = None;
        let issued = self.disk.ops();
        self.store = Some(open(&self.disk, &self.clock).unwrap());
        for known in self.known.values_mut() {
            *known = known.clone().after();
        }
        self.note(issued, true, What::Reopened);
    }

    /// Does something.
    pub(super) fn step(&mut self) {
        // What may be forgotten, may not be counted upon.
        let newest = self.newest;
        let some = self.some_effect().filter(|(_, known)| !known.may_be_forgotten(newest));
        match (self.dice.roll(20), some) {
            (0..=4, _) | (_, None) => {
                let (effect, jti) = (EffectId::from_bytes(self.bytes()), self.bytes());
                let jti = Jti::from_random(jti);
                let how = self.dice.roll(6);
                if how > 0 {
                    self.enter(effect, jti);
                }
                if how > 1 {
                    self.claim(effect, jti);
                }
            }
            (5..=9, Some(some)) => self.advance(some),
            // Somebody finds out about many.
            (10, _) if self.dice.roll(4) == 0 => {
                let open = self.known.clone().into_iter().filter(
                    |(_, known)| matches!(known, Known::Effect { state, .. } if state.is_open()),
                );
                for (name, known) in open.collect::<Vec<_>>() {
                    let effect = name.strip_prefix("effect ").unwrap().parse().unwrap();
                    self.advance_to((effect, known), LedgerState::Failed);
                }
            }
            (11, Some((effect, _))) => {
                let jti = Jti::from_random(self.bytes());
                self.enter(effect, jti);
                self.claim(effect, jti);
            }
            (12, Some((effect, _))) => {
                let jti = Jti::from_random(self.bytes());
                self.claim(effect, jti);
            }
            (13, Some((effect, Known::Effect { jti, .. }))) => self.claim(effect, jti),
            (14, _) => {
                let issued = self.disk.ops();
                self.count = block_on(self.store().freeze(Freeze::All)).unwrap();
                let known = Known::Text(self.count.to_string());
                self.note(issued, true, What::Set("epoch".to_owned(), Some(known)));
            }
            (15, _) if self.dice.roll(4) == 0 => {
                self.drawn += 1;
                self.now += if self.drawn.is_multiple_of(2) { KEPT + 60 } else { 3600 };
                self.clock.set(self.now);
            }
            (16, _) if self.dice.roll(4) == 0 => self.reopen(),
            _ => self.shelve(),
        }
    }

    /// What is known after so many changes, and the newest time of a claim among them.
    fn known_after(&self, changes: usize) -> (Snapshot, i64) {
        let (mut known, mut newest) = (Snapshot::new(), i64::MIN);
        for change in &self.changes[..changes] {
            match &change.what {
                What::Set(name, Some(to)) => drop(known.insert(name.clone(), to.clone())),
                What::Set(name, None) => drop(known.remove(name)),
                What::Claimed(at) => newest = newest.max(*at),
                What::Reopened => known.values_mut().for_each(|one| *one = one.clone().after()),
            }
        }
        (known, newest)
    }

    /// Checks a store that was opened after the power went, at so many operations: it holds what was
    /// known after some of the changes, in order: at least all that were acknowledged, and none that had
    /// not begun.
    pub(super) fn check_after_power_cut(&self, store: &EmbeddedStore, ops: usize) {
        let seen = observe(store);
        let least = self.changes.iter().rposition(|c| c.acknowledged.is_some_and(|at| at <= ops));
        let least = least.map_or(0, |at| at + 1);
        let most = self.changes.iter().take_while(|change| change.issued < ops).count().max(least);
        let fits = (least..=most).any(|changes| {
            let (known, newest) = self.known_after(changes);
            let known = known.into_iter().map(|(name, known)| (name, known.after())).collect();
            fits(&seen, &known, newest)
        });
        if !fits {
            let (known, _) = self.known_after(least);
            panic!("after {ops}, {least} to {most} changes:\nseen {seen:#?}\nknown {known:#?}");
        }
    }

    /// Checks a store that was opened after the process was killed: nothing is missing, but for what was
    /// entered last and not claimed.
    pub(super) fn check_after_kill(&self, store: &EmbeddedStore) {
        let seen = observe(store);
        let most = self.changes.len();
        let least = self.changes.iter().rposition(|change| !change.later).map_or(0, |at| at + 1);
        let known = |changes| {
            let (known, newest) = self.known_after(changes);
            let known = known.into_iter().map(|(name, known)| (name, known.after()));
            (known.collect::<Snapshot>(), newest)
        };
        let fits = (least..=most).any(|changes| {
            let (known, newest) = known(changes);
            fits(&seen, &known, newest)
        });
        assert!(fits, "seen {seen:#?}\nknown {:#?}", known(most).0);
    }

    /// Checks the store as it is.
    pub(super) fn check(&self) {
        let seen = observe(self.store());
        let (known, newest) = self.known_after(self.changes.len());
        assert!(fits(&seen, &known, newest), "seen {seen:#?}\nknown {known:#?}");
        assert_eq!(known, self.known);
    }
}

fn fits(seen: &Snapshot, known: &Snapshot, newest: i64) -> bool {
    let missing = known.iter().all(|(name, known)| match seen.get(name) {
        Some(seen) => seen == known,
        None => known.may_be_forgotten(newest),
    });
    missing && seen.keys().all(|name| known.contains_key(name))
}

/// A text in which little is different, longer or shorter.
fn changed(dice: &mut Dice, before: String) -> String {
    let mut text = before.into_bytes();
    let at = dice.roll(text.len());
    text.iter_mut().skip(at).take(dice.roll(9)).for_each(|byte| *byte = b'.');
    if text.len() > 900 || dice.roll(4) == 0 {
        text.truncate(dice.roll(text.len() + 1));
    } else if dice.roll(2) == 0 {
        text.extend(format!("{}", dice.roll(1_000_000)).bytes());
    }
    String::from_utf8(text).unwrap()
}

fn grant(agent: &AgentId) -> Granted {
    Grant::agent(agent.as_str()).up_to(Tier::B).expand(&[]).unwrap()
}

/// Everything that a store holds.
fn observe(store: &EmbeddedStore) -> Snapshot {
    let mut seen = Snapshot::new();
    let entries = block_on(Ledger::list(store, LedgerFilter::All, None, usize::MAX)).unwrap();
    for entry in entries {
        let call = entry.call.as_ref().map(|call| call.prepared.clone());
        if let Some(request) = call.filter(|_| entry.state.is_open()) {
            assert_eq!(request, prepared(entry.effect_id));
        }
        assert_eq!(entry.caller, caller());
        let LedgerEntry { state, generation, jti, code, .. } = entry;
        let at = entry.at.seconds();
        let known = Known::Effect { state, generation, jti, code, at };
        seen.insert(format!("effect {}", entry.effect_id), known);
    }
    let at = Timestamp::from_seconds(0);
    for (id, record) in block_on(ApprovalStore::list(store, None, 100, at)).unwrap() {
        seen.insert(format!("approval {id}"), Known::Text(String::from_utf8(record).unwrap()));
    }
    let tenant = TenantId::new("acme").unwrap();
    for n in 0..4 {
        let agent = AgentId::new(&format!("agent-{n}")).unwrap();
        if let Some(granted) = block_on(GrantStore::get(store, &tenant, &agent)).unwrap() {
            assert_eq!(granted, grant(&agent));
            seen.insert(format!("grant {n}"), Known::Text("granted".to_owned()));
        }
        let session = SessionId::new(&format!("s-{n}")).unwrap();
        let (version, memory) = block_on(store.load(&tenant, &session)).unwrap();
        if version > 0 {
            let text = String::from_utf8(memory).unwrap();
            seen.insert(format!("session {n}"), Known::Text(text));
        }
    }
    let epochs = block_on(store.epochs(&caller())).unwrap();
    if epochs.all > 0 {
        seen.insert("epoch".to_owned(), Known::Text(epochs.all.to_string()));
    }
    seen
}
