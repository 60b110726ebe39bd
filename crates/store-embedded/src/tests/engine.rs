//! The engine alone, with frames that mean nothing.

use core::future::Future;
use core::task::{Context, Poll, Waker};
use std::pin::pin;
use std::sync::Arc;

use super::sim::{Dice, Faults, SECTOR, SimDisk};
use crate::blank::is_blank;
use crate::disk::Disk;
use crate::engine::{Engine, Tables};
use crate::error::{Failure, OpenError};
use crate::frame::{Frame, Header, Place};
use crate::log::{Found, Log, number};
use crate::replay::{Bad, Visitor, frames, headers};

const SIZE: u32 = 4096;

fn header(size: u32) -> Header {
    let number = 1;
    Header { store: [7; 16], number, first: 1, oldest: 1, size, check: [9; 16], cut: 0, newest: 0 }
}

/// Keeps the payloads.
#[derive(Debug, Default)]
struct Seen(Vec<Vec<u8>>);

impl Visitor for Seen {
    fn visit(&mut self, _: Place, frame: &Frame<'_>) -> Result<i64, Bad> {
        self.0.push(frame.payload.to_vec());
        Ok(i64::MIN)
    }
    fn soon(&self, _: &Frame<'_>) {}
}

impl Tables for Seen {
    fn tend(&mut self, _: &mut Log) -> Result<Option<u32>, Failure> {
        Ok(None)
    }
}

fn read(disk: &SimDisk) -> Result<(Seen, Found), OpenError> {
    let mut seen = Seen::default();
    let found = frames(headers(disk)?, &mut seen)?;
    Ok((seen, found))
}

fn create(disk: &Arc<SimDisk>, size: u32) -> Engine<Seen> {
    let disk: Arc<dyn Disk> = Arc::<SimDisk>::clone(disk);
    Engine::new(Log::create(disk, header(size)).unwrap(), Seen::default(), 100)
}

fn open(disk: SimDisk) -> (Engine<Seen>, Vec<Vec<u8>>, Arc<SimDisk>) {
    let (seen, found) = read(&disk).unwrap();
    let disk = Arc::new(disk);
    let log = Log::resume(Arc::<SimDisk>::clone(&disk), found, 1).unwrap();
    (Engine::new(log, Seen::default(), 100), seen.0, disk)
}

fn append(engine: &Engine<Seen>, payload: &[u8]) -> Result<(), Failure> {
    engine.change(|log, _| log.append(1, 1, &[payload]).map(|_| ()))
}

fn claim(engine: &Engine<Seen>, payload: &[u8]) -> Result<(), Failure> {
    let ((), commit) = engine.commit(|log, _| log.append(1, 1, &[payload]).map(|_| ()))?;
    pollster::block_on(commit)
}

/// Payloads of several lengths, each different.
fn payload(n: usize) -> Vec<u8> {
    let mut payload = format!("{n}:").into_bytes();
    payload.resize(8 + n * 89 % 600, b'x');
    payload
}

#[test]
fn inv_03_what_was_waited_for_is_there_after_every_power_cut() {
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, SIZE);
    // After how many operations how many payloads were appended, and were on the disk.
    let mut acknowledged = vec![(disk.ops(), 0)];
    for n in 0..120 {
        if n % 3 == 0 {
            claim(&engine, &payload(n)).unwrap();
            acknowledged.push((disk.ops(), n + 1));
        } else {
            append(&engine, &payload(n)).unwrap();
        }
    }
    let mut dice = Dice(1);
    let (mut cuts, mut torn) = (0, 0);
    for after in acknowledged[0].0..=disk.ops() {
        let due = acknowledged.iter().rev().find(|(ops, _)| *ops <= after).unwrap().1;
        for left in disk.power_cuts(after, 64, &mut dice) {
            let (seen, found) = read(&left).unwrap_or_else(|error| panic!("{after}: {error}"));
            assert!(seen.0.len() >= due, "{after}: {} of {due}", seen.0.len());
            for (n, seen) in seen.0.iter().enumerate() {
                assert_eq!(*seen, payload(n), "{after}");
            }
            cuts += 1;
            torn += usize::from(found.torn);
            // And once more: what was cut off stays cut off, and what comes after it stays too.
            let (engine, before, disk) = open(left);
            for n in 100..103 {
                claim(&engine, &payload(n)).unwrap();
            }
            let (_, seen, _) = open(disk.reopened());
            assert_eq!(seen.len(), before.len() + 3, "{after}");
            assert_eq!(seen[..before.len()], before);
            assert_eq!(seen[before.len() + 2], payload(102));
        }
    }
    assert!(cuts > 2_000 && torn > 100, "{cuts} power cuts, {torn} with a torn tail");
}

#[test]
fn a_store_that_was_killed_while_it_was_made_is_made_anew() {
    let disk = Arc::new(SimDisk::default());
    drop(create(&disk, SIZE));
    for after in 0..disk.ops() {
        for left in disk.power_cuts(after, 300, &mut Dice(2)) {
            if crate::replay::exists(&left).unwrap() {
                assert_eq!(read(&left).unwrap().0.0.len(), 0);
            } else {
                assert!(left.contents().keys().all(|name| is_blank(name)));
            }
        }
    }
}

#[test]
fn a_changed_byte_is_damage_or_changes_nothing_that_was_vouched_for() {
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, 2048);
    for n in 0..12 {
        claim(&engine, &payload(n % 5)).unwrap();
    }
    let (all, _) = read(&disk).unwrap();
    let (mut refused, mut cut) = (0, 0);
    for (name, contents) in disk.contents() {
        for at in 0..contents.len() {
            let other = disk.reopened();
            other.meddle(&name, |bytes| bytes[at] ^= 0x40);
            match read(&other) {
                // A frame vouches for those before it, so that only the last can be taken for a tail.
                Ok((seen, found)) if seen.0.len() < all.0.len() => {
                    assert_eq!(seen.0.len(), all.0.len() - 1, "{name}, byte {at}");
                    assert_eq!(seen.0[..], all.0[..seen.0.len()]);
                    assert!(found.torn);
                    cut += 1;
                }
                Ok((seen, _)) => assert_eq!(seen.0, all.0, "{name}, byte {at}"),
                Err(OpenError::Damaged { .. } | OpenError::Format { .. }) => refused += 1,
                Err(other) => panic!("{name}, byte {at}: {other}"),
            }
        }
    }
    assert!(refused > 1_000 && cut > 20, "{refused} refused, {cut} cut");
}

#[test]
fn a_file_that_was_cut_short_is_damage() {
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, 2048);
    for n in 0..12 {
        claim(&engine, &payload(n)).unwrap();
    }
    let names: Vec<String> = disk.contents().into_keys().collect();
    assert!(names.len() > 2, "{names:?}");
    let begun = |name: &&String| disk.contents()[*name].iter().any(|byte| *byte != 0);
    for name in names.iter().filter(|name| number(name).is_some()).filter(begun) {
        for length in [0, 1, 511, 512, 513, 1024, 2047] {
            let other = disk.reopened();
            other.meddle(name, |bytes| bytes.truncate(length));
            let seen = read(&other).map(|(seen, _)| seen);
            assert!(matches!(seen, Err(OpenError::Damaged { .. })), "{name}, {length}");
        }
    }
}

#[test]
fn a_full_disk_is_told_before_anything_is_promised_and_the_store_goes_on_when_there_is_room() {
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, SIZE);
    disk.set(Faults { room: Some(0), ..Faults::default() });
    let mut fitted = 0;
    let failure = loop {
        match claim(&engine, &payload(fitted)) {
            Ok(()) => fitted += 1,
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure, Failure::Full);
    assert_eq!(append(&engine, &payload(fitted)), Err(Failure::Full));
    assert_eq!(read(&disk).unwrap().0.0.len(), fitted);
    assert!(disk.contents().keys().all(|name| number(name).is_some()), "nothing half is left");
    disk.set(Faults::default());
    claim(&engine, &payload(fitted)).unwrap();
    assert_eq!(read(&disk).unwrap().0.0.len(), fitted + 1);
}

#[test]
fn a_disk_that_fails_once_is_not_believed_again_until_the_store_is_opened_anew() {
    // After a failed sync the kernel may have dropped the pages, and the next one succeeds.
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, SIZE);
    claim(&engine, b"first").unwrap();
    disk.set(Faults { syncs: true, ..Faults::default() });
    assert_eq!(claim(&engine, b"second"), Err(Failure::Broken));
    disk.set(Faults::default());
    assert_eq!(claim(&engine, b"third"), Err(Failure::Broken));
    assert_eq!(append(&engine, b"third"), Err(Failure::Broken));
    let (engine, seen, _) = open(disk.reopened());
    assert!(seen.starts_with(&[b"first".to_vec()]) && seen.len() <= 2);
    claim(&engine, b"third").unwrap();
}

#[test]
fn whatever_operation_fails_what_was_acknowledged_is_there() {
    for forever in [false, true] {
        for at in 0..120 {
            let disk = Arc::new(SimDisk::default());
            let engine = create(&disk, SIZE);
            disk.set(Faults { fail_at: Some((at, forever)), ..Faults::default() });
            let mut acknowledged = Vec::new();
            for n in 0..30 {
                if claim(&engine, &payload(n)).is_ok() {
                    acknowledged.push(payload(n));
                }
            }
            disk.set(Faults::default());
            let (_, seen, _) = open(disk.reopened());
            let mut left = seen.iter();
            let all = acknowledged.iter().all(|one| left.any(|seen| seen == one));
            assert!(
                all,
                "{at}, {forever}: {} acknowledged, {} there",
                acknowledged.len(),
                seen.len()
            );
        }
    }
}

#[test]
fn whoever_waits_commits_for_all_and_leaves_no_one_behind_when_dropped() {
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, 64 << 10);
    let begin = |n: usize| {
        let ((), commit) = engine
            .commit(|log, _| log.append(1, 1, &[&payload(n)]).map(|_| ()))
            .map_err(|failure: Failure| failure)
            .unwrap();
        commit
    };
    let before = disk.ops();
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(begin(0));
    let mut second = Box::pin(begin(1));
    let mut third = Box::pin(begin(2));
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    // The one that would have been next goes away.
    drop(first);
    assert_eq!(second.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    // One write and one sync, for all three.
    assert_eq!(disk.ops(), before + 2);
    assert_eq!(third.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    assert_eq!(disk.ops(), before + 2);
    assert_eq!(read(&disk).unwrap().0.0.len(), 3);
}

#[test]
fn more_callers_than_may_wait_are_refused_before_anything_is_appended() {
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, 64 << 10);
    let begin = || engine.commit(|log, _| log.append(1, 1, &[b"x"]).map(|_| ()));
    let mut waiting: Vec<_> = (0..100).map(|_| begin().unwrap().1).collect();
    assert_eq!(begin().map(|_| ()), Err(Failure::Overloaded));
    let last = engine.look(|inner| inner.log.last()).unwrap();
    assert_eq!(last, 100);
    waiting.pop();
    assert_eq!(pollster::block_on(pin!(begin().unwrap().1)), Ok(()));
}

#[test]
fn a_hundred_threads_that_wait_are_all_served() {
    let disk = Arc::new(SimDisk::default());
    let engine = create(&disk, 1 << 20);
    std::thread::scope(|scope| {
        for thread in 0..50 {
            let engine = &engine;
            scope.spawn(move || {
                for n in 0..20 {
                    claim(engine, format!("{thread}.{n}").as_bytes()).unwrap();
                }
            });
        }
    });
    assert_eq!(read(&disk).unwrap().0.0.len(), 1_000);
}

#[test]
fn a_frame_at_the_end_of_a_sector_is_whole_or_not_there() {
    // Payloads that end right at, before and behind the end of a sector.
    for length in SECTOR - 40..SECTOR + 40 {
        let disk = Arc::new(SimDisk::default());
        let engine = create(&disk, SIZE);
        let before = disk.ops();
        append(&engine, &vec![1; length]).unwrap();
        append(&engine, b"last").unwrap();
        for after in before..=disk.ops() {
            for left in disk.power_cuts(after, 64, &mut Dice(3)) {
                let (seen, _) = read(&left).unwrap();
                let due = [vec![1; length], b"last".to_vec()];
                assert!(due.starts_with(&seen.0), "{length}");
            }
        }
    }
}
