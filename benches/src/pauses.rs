//! How long a single claim may take while old tickets expire: no pause may grow with their number.
//!
//! The clock is advanced so that old tickets expire all the time. The very same claims are made
//! several times over, and of each claim the fastest time counts: what the machine does now and then
//! disappears, what the guard does at that claim stays.

use std::time::Instant;

use bench_work::world::time;

use crate::Run;
use crate::guard::{Once, Ours, Plain, key};

/// A ticket's lifetime here, in seconds.
const LIFETIME: u32 = 300;

/// Sees how many are alive, and forgets what the map itself does not.
trait Kept: Once {
    fn live(&self) -> usize;
    fn forget(&self, now: i64);
}

impl Kept for Ours {
    fn live(&self) -> usize {
        self.0.len()
    }
    fn forget(&self, _: i64) {}
}

impl Kept for Plain {
    fn live(&self) -> usize {
        self.lock().expect("nobody panics").len()
    }
    fn forget(&self, now: i64) {
        self.lock().expect("nobody panics").retain(|_, expires| *expires > now);
    }
}

/// How often a map that does not forget by itself is swept, in seconds.
const SWEEP: i64 = 30;

pub(crate) fn run(run: &mut Run) {
    eprintln!("\npauses: single claims while old tickets expire, in nanoseconds");
    let sizes: &[(u64, &str)] =
        if run.quick { &[(100_000, "100k"), (1_000_000, "1m")] } else { &SIZES };
    for (live, name) in sizes {
        measure(run, &format!("guard {name}"), *live, Ours::new);
    }
    measure(run, "mutex_hashmap 1m", 1_000_000, Plain::default);
}

const SIZES: [(u64, &str); 3] = [(100_000, "100k"), (1_000_000, "1m"), (4_000_000, "4m")];

/// Runs of the same claims.
const TIMES: usize = 3;

fn measure<G: Kept>(run: &mut Run, name: &str, live: u64, new: impl Fn() -> G) {
    // A ticket must be remembered for its lifetime and the skew, so at least this many are alive.
    let rate = live / (u64::from(LIFETIME) + 30);
    let (warm, count) = (rate * 480, rate * 300);
    let mut fastest: Vec<u32> = Vec::new();
    let mut raw: Vec<u32> = Vec::new();
    let mut alive = 0;
    for _ in 0..TIMES {
        let guard = new();
        for number in 0..warm {
            claim(&guard, rate, number);
        }
        raw = (warm..warm + count).map(|number| claim(&guard, rate, number)).collect();
        if fastest.is_empty() {
            fastest.clone_from(&raw);
        }
        for (best, took) in fastest.iter_mut().zip(&raw) {
            *best = (*best).min(*took);
        }
        alive = guard.live();
    }
    run.figure(format!("{name}: alive"), alive as f64);
    let mean = raw.iter().map(|n| f64::from(*n)).sum::<f64>() / raw.len() as f64;
    run.figure(format!("{name}: mean"), mean);
    for (word, times) in [("", &mut raw), (" repeatable", &mut fastest)] {
        times.sort_unstable();
        let at = |q: f64| f64::from(times[(q * (times.len() - 1) as f64).round() as usize]);
        run.figure(format!("{name}: p99.99{word}"), at(0.9999));
        run.figure(format!("{name}: max{word}"), at(1.0));
    }
}

/// One claim of a ticket issued just now, with the time it took, that of reading the clock included.
fn claim<G: Kept>(guard: &G, rate: u64, number: u64) -> u32 {
    let passed = i64::try_from(number / rate).expect("seconds");
    let now = time().plus_seconds(passed);
    let key = key(number);
    let start = Instant::now();
    if number.is_multiple_of(rate) && passed % SWEEP == 0 {
        guard.forget(now.seconds());
    }
    assert!(guard.claim(key, now.plus_seconds(LIFETIME.into()), now), "a new key");
    u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX)
}
