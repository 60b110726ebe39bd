//! Bytes that changed, disks that are full, clocks that were set.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_core::{
    Digest, EffectId, Jti, Ledger, LedgerCall, LedgerEntry, LedgerFilter, LedgerState, RiskMemory,
    SessionId, TenantId, Tier, Timestamp, ToolName,
};
use countersign_ticket::{Claim, ClaimError, Epochs, Freeze, MAX_SKEW, ReplayGuard};
use pollster::block_on;

use super::sim::{Dice, Faults, SimDisk};
use super::world::{World, caller, key, open, settings};
use super::{Counting, SetClock};
use crate::codec::read_call;
use crate::frame::{Frame, Place};
use crate::record::CALL;
use crate::replay::{Bad, Visitor, frames, headers};
use crate::seal::Sealer;
use crate::state::KEPT;
use crate::store::{Settings, sealer_of};
use crate::{EmbeddedStore, Failure, OpenError};

const NOW: i64 = 1_800_000_000;

fn clock(seconds: i64) -> Arc<SetClock> {
    let clock = Arc::new(SetClock::default());
    clock.set(seconds);
    clock
}

fn effect(n: u32) -> EffectId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    EffectId::from_bytes(id)
}

fn ticket(n: u32) -> Jti {
    Jti::from_random(*effect(n).as_bytes())
}

fn claim(store: &EmbeddedStore, n: u32, at: i64) -> Result<(), ClaimError> {
    claim_of(store, n, at, at)
}

/// With a ticket that was issued at another time.
fn claim_of(store: &EmbeddedStore, n: u32, at: i64, issued: i64) -> Result<(), ClaimError> {
    let (caller, at) = (caller(), Timestamp::from_seconds(at));
    let issued = Timestamp::from_seconds(issued);
    let times = [issued, issued.plus_seconds(60), at];
    block_on(store.claim(&Claim::for_test(effect(n), ticket(n), &caller, Epochs::default(), times)))
}

#[test]
fn inv_03_of_a_newest_segment_that_became_zeros_no_ticket_is_admitted_again() {
    let clock = clock(NOW);
    let disk = Arc::new(SimDisk::default());
    let store = open(&disk, &clock).unwrap();
    let mut claimed = 0;
    let begun = loop {
        claim(&store, claimed, NOW).unwrap();
        claimed += 1;
        let files = disk.reopened().contents().into_iter();
        let begun = files.filter(|(name, bytes)| {
            crate::log::number(name).is_some() && bytes.iter().any(|byte| *byte != 0)
        });
        let begun: Vec<_> = begun.map(|(name, _)| name).collect();
        if begun.len() > 2 {
            break begun;
        }
    };
    // The process died, and of the newest segment nothing is left.
    let killed = Arc::new(disk.reopened());
    killed.meddle(&begun[begun.len() - 1], |bytes| bytes.fill(0));
    // Over further restarts, too.
    for _ in 0..2 {
        let store = open(&killed, &clock).unwrap();
        for n in 0..claimed {
            assert!(claim_of(&store, n, NOW, NOW - 1).is_err(), "{n} was admitted twice");
        }
    }
    // Two that are zeros were never made ready.
    let killed = Arc::new(disk.reopened());
    for name in &begun[begun.len() - 2..] {
        killed.meddle(name, |bytes| bytes.fill(0));
    }
    assert!(matches!(open(&killed, &clock), Err(OpenError::Damaged { .. })));
}

#[test]
fn inv_06_a_changed_byte_is_refused_or_changes_nothing_but_the_very_last_write() {
    // A store that was closed vouches for all of it.
    let mut world = World::new(400);
    for _ in 0..30 {
        world.step();
    }
    world.store = None;
    let clock = clock(world.now);
    let closed = world.disk.reopened();
    let (mut refused, mut equal) = (0, 0);
    for (name, contents) in closed.contents() {
        // Zeros behind the last frame are looked at too, but not every one of them.
        let end = contents.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        for at in 0..contents.len().min(end + 40) {
            let left = Arc::new(closed.reopened());
            left.meddle(&name, |bytes| bytes[at] ^= 1 << (at % 8));
            match open(&left, &clock) {
                Ok(store) => {
                    world.check_after_kill(&store);
                    assert!(at + 24 > end, "{name}, byte {at} of {end}");
                    equal += 1;
                }
                Err(OpenError::Damaged { .. } | OpenError::Format { .. }) => refused += 1,
                Err(other) => panic!("{name}, byte {at}: {other}"),
            }
        }
    }
    assert!(refused > 2_000 && equal > 20, "{refused} refused, {equal} of no consequence");
}

#[test]
fn a_full_disk_refuses_before_anything_is_spent_and_the_store_goes_on_when_there_is_room() {
    let disk = Arc::new(SimDisk::default());
    let store = open(&disk, &clock(NOW)).unwrap();
    disk.set(Faults { room: Some(0), ..Faults::default() });
    let (mut n, refused) = (0, loop_until_refused(&store));
    n += refused;
    assert_eq!(claim(&store, n, NOW), Err(ClaimError::Full));
    assert_eq!(store.last_failure(), Some(Failure::Full));
    let session = (TenantId::new("t").unwrap(), SessionId::new("s").unwrap());
    let swap = RiskMemory::swap(&store, &session.0, &session.1, 0, vec![1; 3000]);
    assert!(block_on(swap).is_err());
    let reading = block_on(Ledger::get(&store, effect(0))).unwrap();
    assert_eq!(reading.map(|entry| entry.state), Some(LedgerState::Claimed));
    disk.set(Faults::default());
    assert_eq!(claim(&store, n, NOW), Ok(()), "the refused claim spent nothing");
    assert_eq!(claim(&store, 0, NOW), Err(ClaimError::Spent));
    drop(store);
    let store = open(&Arc::new(disk.reopened()), &clock(NOW)).unwrap();
    for spent in 0..=n {
        assert_eq!(claim(&store, spent, NOW), Err(ClaimError::Spent), "{spent}");
    }
}

/// Claims until one is refused, and says which.
fn loop_until_refused(store: &EmbeddedStore) -> u32 {
    (0..1_000).find(|n| claim(store, *n, NOW).is_err()).unwrap()
}

#[test]
fn a_disk_that_cannot_be_written_is_told_when_the_store_is_opened() {
    // As a directory, or a whole file system, that is only to be read.
    let disk = Arc::new(SimDisk::default());
    drop(open(&disk, &clock(NOW)).unwrap());
    disk.set(Faults { fail_at: Some((0, true)), ..Faults::default() });
    assert!(matches!(open(&disk, &clock(NOW)), Err(OpenError::Io(_))));
    disk.set(Faults::default());
    open(&disk, &clock(NOW)).unwrap();
}

#[test]
fn inv_04_a_failed_disk_refuses_every_port() {
    let disk = Arc::new(SimDisk::default());
    let store = open(&disk, &clock(NOW)).unwrap();
    disk.set(Faults { syncs: true, ..Faults::default() });
    assert_eq!(claim(&store, 1, NOW), Err(ClaimError::Unavailable));
    disk.set(Faults::default());
    assert_eq!(claim(&store, 2, NOW), Err(ClaimError::Unavailable));
    assert_eq!(block_on(store.freeze(Freeze::All)), Err(ClaimError::Unavailable));
    assert_eq!(block_on(store.epochs(&caller())), Err(ClaimError::Unavailable));
    assert!(block_on(Ledger::get(&store, effect(1))).is_err());
    assert_eq!(store.last_failure(), Some(Failure::Broken));
    drop(store);
    let store = open(&Arc::new(disk.reopened()), &clock(NOW)).unwrap();
    assert_eq!(claim(&store, 3, NOW), Ok(()));
}

#[test]
fn a_clock_that_was_set_back_lets_nothing_in_twice_over_restarts_too() {
    let disk = Arc::new(SimDisk::default());
    let store = open(&disk, &clock(NOW)).unwrap();
    claim(&store, 1, NOW).unwrap();
    // An hour ahead, once.
    claim(&store, 2, NOW + 3600).unwrap();
    let held = Some(store);
    for reopened in [false, true] {
        let again = reopened.then(|| open(&Arc::new(disk.reopened()), &clock(NOW)).unwrap());
        let store = again.as_ref().or(held.as_ref()).unwrap();
        for behind in [MAX_SKEW + 1, 600, 3600] {
            let seen = claim(store, 100, NOW + 3600 - behind);
            assert_eq!(seen, Err(ClaimError::ClockBehind), "{behind} s behind");
        }
        assert_eq!(claim(store, 1, NOW + 3600), Err(ClaimError::Spent));
        assert_eq!(claim(store, 2, NOW + 3600 - MAX_SKEW), Err(ClaimError::Spent));
    }
    assert_eq!(claim(held.as_ref().unwrap(), 100, NOW + 3600 - MAX_SKEW), Ok(()));
}

#[test]
fn frames_of_any_contents_are_read_or_refused_and_what_is_read_once_is_read_again() {
    let (mut read, mut refused, mut unknown) = (0, 0, 0);
    for seed in 0..600 {
        let mut dice = Dice(seed);
        let disk = SimDisk::default();
        let disk = Arc::new(disk);
        let store = open(&disk, &clock(NOW)).unwrap();
        claim(&store, 1, NOW).unwrap();
        let last = store.engine().look(|inner| (inner.log.last(), inner.log.head().unwrap().end));
        let seed = store.engine().look(|inner| inner.log.head().unwrap().header.seed()).unwrap();
        let (mut sequence, mut at) = last.unwrap();
        let disk = Arc::new(disk.reopened());
        for _ in 0..dice.roll(6) {
            sequence += 1;
            let mut payload: Vec<u8> =
                (0..dice.roll(90)).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
            if dice.roll(2) == 0 {
                // Small numbers get further.
                for byte in &mut payload {
                    *byte %= 3;
                }
            }
            let kind = u8::try_from(1 + dice.roll(8)).unwrap();
            let version = u8::from(dice.roll(20) > 0);
            let behind = u32::try_from(dice.roll(3)).unwrap();
            let frame = Frame { sequence, behind, kind, version, payload: &[] };
            let mut bytes = Vec::new();
            frame.write(&[&payload], seed, &mut bytes);
            let start = usize::try_from(at).unwrap();
            disk.meddle("00000001.log", |all| {
                all[start..start + bytes.len()].copy_from_slice(&bytes);
            });
            at += u32::try_from(bytes.len()).unwrap();
        }
        match open(&disk, &clock(NOW)) {
            Ok(store) => {
                let seen = block_on(Ledger::list(&store, LedgerFilter::All, None, 100));
                drop(store);
                let store = open(&disk, &clock(NOW)).unwrap();
                assert_eq!(block_on(Ledger::list(&store, LedgerFilter::All, None, 100)), seen);
                assert_eq!(claim(&store, 1, NOW), Err(ClaimError::Spent));
                read += 1;
            }
            Err(OpenError::Damaged { .. }) => refused += 1,
            Err(OpenError::Record { .. }) => unknown += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(read > 50 && refused > 50 && unknown > 20, "{read}, {refused}, {unknown}");
}

#[test]
fn what_ended_is_forgotten_after_two_hours_and_not_before_and_memory_does_not_grow() {
    let disk = Arc::new(SimDisk::default());
    let store = open(&disk, &clock(NOW)).unwrap();
    let mut most = 0;
    for n in 0..6_000 {
        // Ten a minute: 1,200 within two hours.
        let now = NOW + i64::from(n) * 6;
        claim(&store, n, now).unwrap();
        if n >= 1_100 {
            let earlier = n - 1_100;
            assert_eq!(claim(&store, earlier, now), Err(ClaimError::Spent), "{earlier} at {n}");
        }
        most = most.max(store.usage().unwrap().effects);
    }
    assert!((1_200..1_600).contains(&most), "{most}");
    let usage = store.usage().unwrap();
    assert!(usage.bytes < 3 * usage.needed + 16 * 4096, "{usage:?}");
    assert!(disk.deleted() > 50, "{} segments deleted", disk.deleted());
    drop(store);
    let now = NOW + 6_000 * 6;
    let store = open(&disk, &clock(now)).unwrap();
    assert!(store.usage().unwrap().effects <= usize::try_from(KEPT / 6).unwrap() + 1);
    assert_eq!(claim(&store, 5_000, now), Err(ClaimError::Spent));
}

#[test]
fn a_full_ledger_takes_a_claim_as_soon_as_one_that_ended_is_old_enough_wherever_that_is() {
    let (disk, limit) = (Arc::new(SimDisk::default()), 3_000);
    let store = {
        let disk: Arc<dyn crate::disk::Disk> = Arc::<SimDisk>::clone(&disk);
        let settings = Settings { effects: limit, ..settings() };
        let entropy = Arc::new(Counting::default());
        EmbeddedStore::open_on(disk, &key(), clock(NOW), entropy, settings).unwrap()
    };
    // Ids all over, in no order.
    let mixed = |n: u32| n.wrapping_mul(0x9e37_79b1);
    let last = u32::try_from(limit).unwrap();
    for n in 0..last {
        claim(&store, mixed(n), NOW + i64::from(n)).unwrap();
    }
    let full = NOW + KEPT;
    assert_eq!(claim(&store, mixed(last), full), Err(ClaimError::Full), "none is old enough");
    for n in 1..100 {
        // One more of them is old enough every second: there is room for one more, and no more.
        assert_eq!(claim(&store, mixed(last + n), full + i64::from(n)), Ok(()), "{n}");
        assert_eq!(store.usage().unwrap().effects, limit);
        assert_eq!(claim(&store, mixed(last), full + i64::from(n)), Err(ClaimError::Full));
    }
}

/// The effects whose requests can be read from the files with the key.
#[derive(Debug)]
struct Requests(Sealer, BTreeSet<EffectId>);

impl Visitor for Requests {
    fn visit(&mut self, _: Place, frame: &Frame<'_>) -> Result<i64, Bad> {
        if let (CALL, Some((name, sealed))) = (frame.kind, frame.payload.split_first_chunk::<17>())
        {
            let plain = self.0.open(CALL, name, sealed).unwrap();
            let (_, call) = read_call(&plain).unwrap();
            if call.is_some_and(|call| !call.prepared.is_empty()) {
                let (effect, _) = name.split_first_chunk().unwrap();
                self.1.insert(EffectId::from_bytes(*effect));
            }
        }
        Ok(i64::MIN)
    }
    fn soon(&self, _: &Frame<'_>) {}
}

fn requests(disk: &SimDisk) -> BTreeSet<EffectId> {
    let found = headers(disk).unwrap();
    let sealer = sealer_of(&found, &key(), Arc::new(Counting::default())).unwrap();
    let mut requests = Requests(sealer, BTreeSet::new());
    frames(found, &mut requests).unwrap();
    requests.1
}

#[test]
fn inv_07_the_request_of_an_effect_that_ended_leaves_the_files_within_a_day_and_that_of_a_doubt_stays()
 {
    let disk = Arc::new(SimDisk::default());
    let open = |disk: &Arc<SimDisk>, now| {
        let disk: Arc<dyn crate::disk::Disk> = Arc::<SimDisk>::clone(disk);
        let settings = Settings { segment: 256 << 10, ..settings() };
        let entropy = Arc::new(Counting::seeded(u64::try_from(now).unwrap()));
        EmbeddedStore::open_on(disk, &key(), clock(now), entropy, settings).unwrap()
    };
    let mut store = open(&disk, NOW);
    let ended = |n| {
        let at = Timestamp::from_seconds(NOW);
        let (effect_id, jti) = (effect(n), ticket(n));
        let call = LedgerCall {
            tool: ToolName::new("t").unwrap(),
            effect: Digest::of(b""),
            approval: Digest::of(b""),
            tier: Tier::C,
            prepared: b"a request".to_vec(),
        };
        let (caller, expires, code) = (caller(), at.plus_seconds(60), None);
        let (generation, state, call) = (0, LedgerState::Entered, Some(call));
        LedgerEntry { effect_id, jti, generation, state, code, caller, expires, at, call }
    };
    let at = Timestamp::from_seconds(NOW);
    for (n, to) in [(1, LedgerState::Failed), (2, LedgerState::Unknown)] {
        block_on(store.enter(&ended(n))).unwrap();
        claim(&store, n, NOW).unwrap();
        block_on(store.advance(effect(n), ticket(n), to, Some("x"), at)).unwrap();
    }
    // A claim every ten minutes: all of it fits into one segment many times over.
    for n in 0..26 * 6 * 3 {
        let now = NOW + 600 + i64::from(n) * 600;
        claim(&store, 100 + n, now).unwrap();
        if n == 11 * 6 {
            assert_eq!(requests(&disk).len(), 2);
        }
        if n % 50 == 49 {
            drop(store);
            store = open(&disk, now);
        }
        if n >= 25 * 6 {
            assert_eq!(requests(&disk).into_iter().collect::<Vec<_>>(), [effect(2)], "{n}");
        }
    }
    assert!(store.usage().unwrap().bytes <= 4 * (256 << 10), "{:?}", store.usage());
    assert!(disk.deleted() >= 4, "{}", disk.deleted());
    let doubt = block_on(Ledger::get(&store, effect(2))).unwrap().unwrap();
    assert_eq!(doubt.call.unwrap().prepared, b"a request");
}
