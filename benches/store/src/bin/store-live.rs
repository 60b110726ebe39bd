//! `store-live`: the embedded store with millions of live tickets: bytes of memory for each, how long
//! single claims take while it fills, and while as many are forgotten as are claimed, and how long it
//! takes to open.
//!
//! `store-live [--quick] <folder>`. A program of its own, because counting slows every allocation.

use std::alloc::System;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bench_work::random::Random;
use bench_work::report;
use bench_work::world::{caller, time};
use cap::Cap;
use countersign_core::{Clock, Entropy, EntropyError, Timestamp};
use countersign_store_embedded::{EmbeddedStore, Settings, StoreKey};
use countersign_ticket::{Claim, ClaimError, EffectId, Epochs, Jti, ReplayGuard as _};
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

fn open(folder: &Path) -> EmbeddedStore {
    let key = StoreKey::new(Zeroizing::new([7; 32]));
    let path = folder.join("live");
    // With room to spare: at the very limit a claim is refused until something is old enough.
    let mut settings = Settings::default();
    settings.effects = settings.effects / 2 * 3;
    EmbeddedStore::open_with(&path, &key, Arc::new(Stands), Arc::new(Random16), settings)
        .expect("a store")
}

/// Claims from one number to another, of which so many are made in the two hours that are remembered.
/// The times of all claims, in nanoseconds, sorted.
fn claim(store: &Arc<EmbeddedStore>, from: u64, to: u64, live: u64) -> Vec<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let next = Arc::new(AtomicU64::new(from));
    let tasks = (0..CALLERS).map(|_| {
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
    });
    let mut all = runtime.expect("a runtime").block_on(async {
        let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
        let mut all = Vec::new();
        for task in tasks {
            all.append(&mut task.await.expect("no panic"));
        }
        all
    });
    all.sort_unstable_by(f64::total_cmp);
    all
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let quick = args.iter().any(|arg| arg == "--quick");
    let folder = args.iter().find(|arg| !arg.starts_with("--")).expect("a folder");
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    let mut figures = Vec::new();
    let live = if quick { 200_000 } else { 10_000_000 };
    let before = COUNTED.allocated();
    let store = Arc::new(open(folder.path()));
    let quantiles = |name: &str, times: &[f64], figures: &mut Vec<(String, f64)>| {
        for (q, what) in [(0.5, "p50"), (0.99, "p99"), (0.9999, "p99.99"), (1.0, "max")] {
            let at = ((times.len() - 1) as f64 * q) as usize;
            figures.push((format!("{name}, ns: {what}"), times[at]));
        }
    };
    let start = Instant::now();
    let tenth = claim(&store, 0, live / 10, live);
    quantiles("claim with 256 callers, up to a tenth", &tenth, &mut figures);
    drop(tenth);
    drop(claim(&store, live / 10, live * 9 / 10, live));
    let last = claim(&store, live * 9 / 10, live, live);
    quantiles("claim with 256 callers, the last tenth", &last, &mut figures);
    drop(last);
    figures.push(("claims per second while it fills".to_owned(), {
        live as f64 / start.elapsed().as_secs_f64()
    }));
    let usage = store.usage().expect("a store");
    figures.push(("live tickets".to_owned(), usage.effects as f64));
    let memory = (COUNTED.allocated() - before) as f64;
    figures.push(("bytes of memory per live ticket".to_owned(), memory / usage.effects as f64));
    let start = Instant::now();
    let steady = claim(&store, live, live + live / 5, live);
    figures.push(("claims per second while as many are forgotten".to_owned(), {
        steady.len() as f64 / start.elapsed().as_secs_f64()
    }));
    quantiles("claim with 256 callers while as many are forgotten", &steady, &mut figures);
    drop(steady);
    let usage = store.usage().expect("a store");
    figures.push(("live tickets after a fifth more".to_owned(), usage.effects as f64));
    figures.push(("bytes of the log, by those that are needed".to_owned(), {
        usage.bytes as f64 / usage.needed as f64
    }));
    drop(store);
    let start = Instant::now();
    let store = open(folder.path());
    figures.push(("seconds to open".to_owned(), start.elapsed().as_secs_f64()));
    assert!(store.usage().expect("a store").effects as u64 >= live);
    for (name, value) in &figures {
        eprintln!("  {name}: {value:.1}");
    }
    println!("{}", report::json(&[], &figures));
}
