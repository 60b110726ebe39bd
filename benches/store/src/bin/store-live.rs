//! `store-live`: the embedded store with millions of live tickets: bytes of memory for each, how long
//! single claims take while it fills, and while as many are forgotten as are claimed, and how long it
//! takes to open.
//!
//! `store-live [--quick] [--live <number>] <folder>`. A program of its own, because counting slows every
//! allocation. Beside the times of claims stand those of the bare disk, which is written and synced in
//! turns with it, by as many callers and for as long.

use std::alloc::System;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bench_work::random::Random;
use bench_work::report;
use bench_work::world::{caller, time};
use cap::Cap;
use countersign_core::{Clock, Entropy, EntropyError, Timestamp};
use countersign_store_embedded::{EmbeddedStore, Settings, StoreKey};
use countersign_ticket::{Claim, ClaimError, EffectId, Epochs, Jti, ReplayGuard as _};
use stores::{Durable as _, Grouped, Raw};
use zeroize::Zeroizing;

#[global_allocator]
static COUNTED: Cap<System> = Cap::new(System, usize::MAX);

/// Callers at a time: as many as fill it fast.
const CALLERS: u64 = 256;

#[derive(Debug)]
struct Stands;

impl Clock for Stands {
    fn now(&self) -> Timestamp {
        time()
    }
}

#[derive(Debug)]
struct Random16;

impl Entropy for Random16 {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(buffer).map_err(|_| EntropyError)
    }
}

/// Bytes that a claim writes, as `store` finds them out.
const RECORD: usize = 224;

fn open(folder: &Path, live: u64) -> EmbeddedStore {
    let key = StoreKey::new(Zeroizing::new([7; 32]));
    let path = folder.join("live");
    let mut settings = Settings::default();
    // What is old enough is forgotten a little later, unless the room is needed.
    settings.effects = settings.effects.max(live as usize / 2 * 3);
    EmbeddedStore::open_with(&path, &key, Arc::new(Stands), Arc::new(Random16), settings)
        .expect("a store")
}

/// Claims from one number to another, of which so many are made in the two hours that are remembered.
/// The times of all claims, in nanoseconds.
fn claim(store: &Arc<EmbeddedStore>, from: u64, to: u64, live: u64) -> Vec<f64> {
    let next = Arc::new(AtomicU64::new(from));
    callers(|| {
        let (store, next) = (Arc::clone(store), Arc::clone(&next));
        async move {
            let caller = caller();
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= to {
                    return times;
                }
                let key = Random::new(number).bytes();
                let (effect, jti) = (EffectId::from_bytes(key), Jti::from_random(key));
                // A caller that was halted for long has a clock that stands behind, and looks again.
                let start = loop {
                    let at = next.load(Ordering::SeqCst) * 7_200 / live;
                    let at = time().plus_seconds(at.cast_signed());
                    let at = [at, at.plus_seconds(60), at];
                    let claim = Claim::for_test(effect, jti, &caller, Epochs::default(), at);
                    let start = Instant::now();
                    match store.claim(&claim).await {
                        Ok(()) => break start,
                        Err(ClaimError::ClockBehind) => {}
                        Err(other) => panic!("{other}"),
                    }
                };
                times.push(start.elapsed().as_nanos() as f64);
            }
        }
    })
}

/// As many callers append to the bare disk and sync, for so long.
fn bare(disk: &Arc<Grouped<Raw>>, length: Duration) -> Vec<f64> {
    let end = Instant::now() + length;
    callers(|| {
        let disk = Arc::clone(disk);
        async move {
            let mut times = Vec::new();
            loop {
                let start = Instant::now();
                if start >= end {
                    return times;
                }
                Arc::clone(&disk).claim([1; 16]).await;
                times.push(start.elapsed().as_nanos() as f64);
            }
        }
    })
}

fn callers<F: Future<Output = Vec<f64>> + Send + 'static>(caller: impl Fn() -> F) -> Vec<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    runtime.expect("a runtime").block_on(async {
        let tasks: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(caller())).collect();
        let mut all = Vec::new();
        for task in tasks {
            all.append(&mut task.await.expect("no panic"));
        }
        all
    })
}

/// Claims from one number to another, in turns with the bare disk. The times of both, and how long the
/// claims took in all.
fn beside(
    store: &Arc<EmbeddedStore>,
    disk: &Arc<Grouped<Raw>>,
    [from, to, live]: [u64; 3],
) -> ([Vec<f64>; 2], Duration) {
    let (mut ours, mut theirs, mut took) = (Vec::new(), Vec::new(), Duration::ZERO);
    let turn = ((to - from) / 10).max(1);
    for begin in (from..to).step_by(turn as usize) {
        let start = Instant::now();
        ours.append(&mut claim(store, begin, (begin + turn).min(to), live));
        let length = start.elapsed();
        took += length;
        theirs.append(&mut bare(disk, length));
    }
    ours.sort_unstable_by(f64::total_cmp);
    theirs.sort_unstable_by(f64::total_cmp);
    ([ours, theirs], took)
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (mut live, mut folder) = (10_000_000, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => live = 200_000,
            "--live" => live = args.next().and_then(|n| n.parse().ok()).expect("a number"),
            path => folder = Some(path.to_owned()),
        }
    }
    let folder = tempfile::tempdir_in(folder.expect("a folder")).expect("a folder");
    let mut figures = Vec::new();
    let disk = Arc::new(Grouped::new(Raw::new(folder.path(), RECORD)));
    let before = COUNTED.allocated();
    let store = Arc::new(open(folder.path(), live));
    let quantiles = |name: &str, times: &[Vec<f64>; 2], figures: &mut Vec<(String, f64)>| {
        for (of, times) in ["claim", "bare disk"].into_iter().zip(times) {
            for (q, what) in [(0.5, "p50"), (0.99, "p99"), (0.9999, "p99.99"), (1.0, "max")] {
                let at = ((times.len() - 1) as f64 * q) as usize;
                figures.push((format!("{name}, ms: {of}, {what}"), times[at] / 1e6));
            }
        }
    };
    let mut filling = Duration::ZERO;
    let (tenth, took) = beside(&store, &disk, [0, live / 10, live]);
    filling += took;
    quantiles("up to a tenth", &tenth, &mut figures);
    drop(tenth);
    let start = Instant::now();
    drop(claim(&store, live / 10, live * 9 / 10, live));
    filling += start.elapsed();
    let (last, took) = beside(&store, &disk, [live * 9 / 10, live, live]);
    filling += took;
    quantiles("the last tenth", &last, &mut figures);
    drop(last);
    let rate = live as f64 / filling.as_secs_f64();
    figures.push(("claims per second while it fills".to_owned(), rate));
    let usage = store.usage().expect("a store");
    figures.push(("live tickets".to_owned(), usage.effects as f64));
    let memory = (COUNTED.allocated() - before) as f64;
    figures.push(("bytes of memory per live ticket".to_owned(), memory / usage.effects as f64));
    let (steady, took) = beside(&store, &disk, [live, live + live / 5, live]);
    let rate = (live / 5) as f64 / took.as_secs_f64();
    figures.push(("claims per second while as many are forgotten".to_owned(), rate));
    quantiles("while as many are forgotten", &steady, &mut figures);
    drop(steady);
    let usage = store.usage().expect("a store");
    figures.push(("live tickets after a fifth more".to_owned(), usage.effects as f64));
    figures.push(("bytes of the log, by those that are needed".to_owned(), {
        usage.bytes as f64 / usage.needed as f64
    }));
    drop(store);
    let start = Instant::now();
    let store = open(folder.path(), live);
    figures.push(("seconds to open".to_owned(), start.elapsed().as_secs_f64()));
    assert!(store.usage().expect("a store").effects as u64 >= live);
    for (name, value) in &figures {
        eprintln!("  {name}: {value:.2}");
    }
    println!("{}", report::json(&[], &figures));
}
