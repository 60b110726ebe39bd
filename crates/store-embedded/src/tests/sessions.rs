//! The memory of sessions, which is written as what changed of it.

use std::sync::Arc;

use countersign_core::{RiskMemory, SessionId, TenantId};
use pollster::block_on;

use super::sim::SimDisk;
use super::world::{key, open};
use super::{Counting, SetClock};
use crate::frame::{Frame, Place};
use crate::patch::MOST;
use crate::record::{PATCH, PUT};
use crate::replay::{Bad, Visitor, frames, headers};
use crate::store::Settings;
use crate::{EmbeddedStore, Failure};

const NOW: i64 = 1_800_000_000;

fn clock(seconds: i64) -> Arc<SetClock> {
    let clock = Arc::new(SetClock::default());
    clock.set(seconds);
    clock
}

fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

fn session(n: usize) -> SessionId {
    SessionId::new(&format!("s-{n}")).unwrap()
}

fn load(store: &EmbeddedStore, n: usize) -> (u64, Vec<u8>) {
    block_on(store.load(&tenant(), &session(n))).unwrap()
}

fn swap(store: &EmbeddedStore, n: usize, version: u64, memory: &[u8]) -> bool {
    let (tenant, session) = (tenant(), session(n));
    block_on(RiskMemory::swap(store, &tenant, &session, version, memory.to_vec())).unwrap()
}

/// What a step of a session changes: something at the beginning, and a little more at the end.
fn after_a_step(memory: &mut Vec<u8>, step: u64) {
    memory[..8].copy_from_slice(&step.to_le_bytes());
    memory.extend([u8::try_from(step % 251).unwrap(); 60]);
}

/// Frames of values and of changes, and how long the longest are.
#[derive(Default)]
struct Written {
    whole: usize,
    changes: usize,
    longest_change: usize,
}

impl Visitor for Written {
    fn visit(&mut self, _: Place, frame: &Frame<'_>) -> Result<i64, Bad> {
        match frame.kind {
            PUT => self.whole += 1,
            PATCH => {
                self.changes += 1;
                self.longest_change = self.longest_change.max(frame.payload.len());
            }
            _ => {}
        }
        Ok(i64::MIN)
    }

    fn soon(&self, _: &Frame<'_>) {}
}

fn written(disk: &SimDisk) -> Written {
    let mut written = Written::default();
    frames(headers(&disk.reopened()).unwrap(), &mut written).unwrap();
    written
}

#[test]
fn a_long_memory_that_changes_in_few_places_is_written_as_these() {
    let disk = Arc::new(SimDisk::default());
    let open = || {
        let settings = Settings { segment: 4 << 20, ..Settings::default() };
        let entropy = Arc::new(Counting::default());
        let disk: Arc<dyn crate::disk::Disk> = Arc::<SimDisk>::clone(&disk);
        EmbeddedStore::open_on(disk, &key(), clock(NOW), entropy, settings).unwrap()
    };
    let store = open();
    let mut memory = vec![1; 20_000];
    assert!(swap(&store, 0, 0, &memory));
    let steps = 3 * MOST as u64;
    for step in 1..=steps {
        after_a_step(&mut memory, step);
        assert!(swap(&store, 0, step, &memory));
        assert_eq!(load(&store, 0), (step + 1, memory.clone()));
        assert!(!swap(&store, 0, step, b"of a version before"));
    }
    let seen = written(&disk);
    // The first, and after so many changes once more.
    assert_eq!((seen.whole, seen.changes), (3, usize::try_from(steps).unwrap() - 2));
    assert!(seen.longest_change < 250, "{} bytes", seen.longest_change);
    // Another process reads it out of these, and goes on.
    drop(store);
    let store = open();
    assert_eq!(load(&store, 0), (steps + 1, memory.clone()));
    after_a_step(&mut memory, 0);
    assert!(swap(&store, 0, steps + 1, &memory));
    assert_eq!(load(&store, 0), (steps + 2, memory.clone()));
    // What is another is written whole, and so is what is so short that its changes are longer.
    let before = written(&disk);
    memory = vec![9; 20_000];
    assert!(swap(&store, 0, steps + 2, &memory) && swap(&store, 0, steps + 3, b""));
    let after = written(&disk);
    assert_eq!((after.whole - before.whole, after.changes), (2, before.changes));
    assert_eq!(load(&store, 0), (steps + 4, Vec::new()));
}

#[test]
fn changes_whose_memory_was_moved_are_no_damage_and_change_nothing_twice() {
    let (disk, clock) = (Arc::new(SimDisk::default()), clock(NOW));
    let mut store = open(&disk, &clock).unwrap();
    let mut memories = vec![vec![1; 1_200]; 4];
    let mut version = 0;
    for round in 0..300u64 {
        for (n, memory) in memories.iter_mut().enumerate() {
            memory.truncate(1_400);
            after_a_step(memory, round);
            assert!(swap(&store, n, version, memory), "round {round}");
        }
        version += 1;
        if round % 61 == 60 {
            drop(store);
            store = open(&disk, &clock).unwrap();
        }
        for (n, memory) in memories.iter().enumerate() {
            assert_eq!(load(&store, n), (version, memory.clone()), "round {round}, session {n}");
        }
    }
    // Four segments' worth are needed, and space was made all the time.
    assert!(disk.deleted() > 20, "{} segments deleted", disk.deleted());
    assert!(store.usage().unwrap().bytes < 20 * 4096, "{:?}", store.usage());
}

#[test]
fn changes_do_not_make_more_of_a_memory_than_could_be_written_as_a_whole() {
    let disk = Arc::new(SimDisk::default());
    let store = open(&disk, &clock(NOW)).unwrap();
    let mut memory = vec![1; 3_000];
    assert!(swap(&store, 0, 0, &memory));
    let mut version = 1;
    loop {
        let longer = [&memory[..], &[2; 90]].concat();
        let (tenant, session) = (tenant(), session(0));
        let swapped = RiskMemory::swap(&store, &tenant, &session, version, longer.clone());
        if block_on(swapped).is_err() {
            break;
        }
        (memory, version) = (longer, version + 1);
        assert!(memory.len() < 4096, "no segment holds so much");
    }
    assert_eq!(store.last_failure(), Some(Failure::TooLarge));
    assert_eq!(load(&store, 0), (version, memory));
}
