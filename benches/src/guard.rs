//! The replay guard in memory, with a million tickets alive, and maps that are used for the same.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bench_work::now;
use bench_work::random::Random;
use bench_work::sample::Group;
use bench_work::world::{caller, time};
use countersign_ticket::{
    Caller, Claim, ClaimError, EffectId, Epochs, Jti, MemoryGuard, ReplayGuard as _, Timestamp,
};
use dashmap::DashMap;

use crate::Run;

/// Tickets alive when the clock starts.
const LIVE: u64 = 1_000_000;

/// A key that looks random, and is another for every number.
pub(crate) fn key(number: u64) -> [u8; 16] {
    Random::new(number).bytes()
}

/// Something that takes a key once.
pub(crate) trait Once: Sync {
    /// Whether the key is new.
    fn claim(&self, key: [u8; 16], expires: Timestamp, now: Timestamp) -> bool;
}

/// Ours, with who asks: the guard compares the epochs of every claim.
#[derive(Debug)]
pub(crate) struct Ours(pub(crate) MemoryGuard, pub(crate) Caller);

impl Ours {
    pub(crate) fn new() -> Self {
        Self(MemoryGuard::new(16_000_000, time()), caller())
    }
}

impl Once for Ours {
    fn claim(&self, key: [u8; 16], expires: Timestamp, at: Timestamp) -> bool {
        let jti = Jti::from_random(key);
        let times = [at, expires, at];
        let claim =
            Claim::for_test(EffectId::from_bytes(key), jti, &self.1, Epochs::default(), times);
        match now(self.0.claim(&claim)) {
            Ok(()) => true,
            Err(ClaimError::Spent) => false,
            Err(other) => panic!("{other}"),
        }
    }
}

pub(crate) type Plain = Mutex<HashMap<[u8; 16], i64>>;

impl Once for Plain {
    fn claim(&self, key: [u8; 16], expires: Timestamp, _: Timestamp) -> bool {
        let mut map = self.lock().expect("nobody panics");
        map.insert(key, expires.seconds()).is_none()
    }
}

impl Once for DashMap<[u8; 16], i64> {
    fn claim(&self, key: [u8; 16], expires: Timestamp, _: Timestamp) -> bool {
        self.insert(key, expires.seconds()).is_none()
    }
}

impl Once for moka::sync::Cache<[u8; 16], ()> {
    fn claim(&self, key: [u8; 16], _: Timestamp, _: Timestamp) -> bool {
        // `or_insert` lets two threads have the same key; only this form is exact.
        self.entry(key).or_insert_with(|| ()).is_fresh()
    }
}

type Guards = Vec<(&'static str, &'static str, Arc<dyn Once + Send>)>;

fn guards() -> Guards {
    let cache = moka::sync::Cache::builder().time_to_live(Duration::from_secs(300)).build();
    vec![
        ("countersign MemoryGuard", "compares times and epochs, bounded", Arc::new(Ours::new())),
        ("std Mutex<HashMap>", "never forgets, unbounded", Arc::new(Plain::default())),
        ("dashmap", "never forgets, unbounded", Arc::new(DashMap::<[u8; 16], i64>::default())),
        ("moka, 300 s to live", "a cache: with a capacity it evicts live keys", Arc::new(cache)),
    ]
}

pub(crate) fn run(run: &mut Run) {
    let guards = guards();
    let expires = time().plus_seconds(60);
    for (name, _, guard) in &guards {
        for number in 0..LIVE {
            assert!(guard.claim(key(number), expires, time()), "{name}");
        }
    }
    for (threads, word) in [(1, "one thread"), (2, "two threads")] {
        let about = format!("claims of new keys with {LIVE} and more alive, {word}");
        let mut group = Group::new(format!("guard fresh, {threads}"), about);
        for (name, note, guard) in &guards {
            let mut next = 0;
            group.timed(*name, note, move |count| {
                let took = claims(guard.as_ref(), threads, count, next, true);
                next += threads * count;
                took
            });
        }
        run.group(group);

        let about = format!("claims of keys that were claimed, with {LIVE} and more alive, {word}");
        let mut group = Group::new(format!("guard duplicate, {threads}"), about);
        for (name, note, guard) in &guards {
            group.timed(*name, note, move |count| claims(guard.as_ref(), threads, count, 0, false));
        }
        run.group(group);
    }
    contested(run);
}

/// Keys that two threads want at the same time.
const CONTESTED: u64 = 200_000;

/// Both threads claim the same keys in the same order: how many of them both got.
fn contested(run: &mut Run) {
    let or_insert =
        |cache: &moka::sync::Cache<[u8; 16], ()>, key| cache.entry(key).or_insert(()).is_fresh();
    let (ours, cache) = (Ours::new(), moka::sync::Cache::builder().build());
    let (expires, at) = (time().plus_seconds(60), time());
    let twice = admitted_twice(|key| ours.claim(key, expires, at));
    run.figure("contested keys admitted twice: countersign MemoryGuard", twice as f64);
    let twice = admitted_twice(|key| or_insert(&cache, key));
    run.figure("contested keys admitted twice: moka or_insert", twice as f64);
    run.figure("contested keys", CONTESTED as f64);
}

fn admitted_twice(claim: impl Fn([u8; 16]) -> bool + Sync) -> u64 {
    const BATCH: u64 = 1_000;
    let start = Barrier::new(2);
    let one = || {
        let mut admitted = 0;
        for number in 0..CONTESTED {
            // Together again and again, or one thread runs ahead and nothing is contested.
            if number.is_multiple_of(BATCH) {
                start.wait();
            }
            admitted += u64::from(claim(key(number)));
        }
        admitted
    };
    let admitted = thread::scope(|scope| {
        let other = scope.spawn(one);
        one() + other.join().expect("no claim fails")
    });
    admitted.checked_sub(CONTESTED).expect("each key is admitted once at least")
}

/// Claims on some threads at once; the time of one claim is the time of the slowest thread divided by
/// the claims of all, times their number for the caller who divides by `count`.
fn claims(guard: &dyn Once, threads: u64, count: u64, first: u64, fresh: bool) -> Duration {
    let expires = time().plus_seconds(60);
    let batches: Vec<Vec<_>> = (0..threads)
        .map(|thread| {
            // New numbers above all that were used; old ones spread over the first million.
            let number = |n: u64| {
                let at = thread + n * threads;
                if fresh { (1 << 40) * threads + first + at } else { at * 7919 % LIVE }
            };
            (0..count).map(|n| key(number(n))).collect()
        })
        .collect();
    let start = Barrier::new(batches.len());
    let run = |batch: Vec<[u8; 16]>| {
        start.wait();
        let start = Instant::now();
        for key in batch {
            assert_eq!(black_box(guard.claim(key, expires, time())), fresh);
        }
        start.elapsed()
    };
    let slowest = if threads == 1 {
        batches.into_iter().map(run).max()
    } else {
        thread::scope(|scope| {
            let handles: Vec<_> =
                batches.into_iter().map(|batch| scope.spawn(|| run(batch))).collect();
            handles.into_iter().map(|handle| handle.join().expect("no claim fails")).max()
        })
    };
    slowest.expect("a thread") / threads as u32
}
