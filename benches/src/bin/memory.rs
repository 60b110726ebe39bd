//! `memory`: bytes per ticket of the guard in memory, as the allocator counts them.
//!
//! A program of its own, because counting slows every allocation.

use std::alloc::System;

use bench_work::random::Random;
use bench_work::world::{caller, time};
use bench_work::{now, report};
use cap::Cap;
use countersign_ticket::{Claim, EffectId, Epochs, Jti, MemoryGuard, ReplayGuard as _};

#[global_allocator]
static COUNTED: Cap<System> = Cap::new(System, usize::MAX);

/// Most tickets alive.
const MOST: u64 = 4_000_000;
/// Where it is looked at.
const STEP: u64 = 25_000;
/// Tickets from which on the worst is looked for: below, tables that are almost empty count.
const ENOUGH: u64 = 250_000;

fn main() {
    let caller = caller();
    let before = COUNTED.allocated();
    let guard = MemoryGuard::new(16_000_000, time());
    let mut figures = Vec::new();
    let mut worst = 0.0_f64;
    for number in 1..=MOST {
        let key = Random::new(number).bytes();
        let times = [time(), time().plus_seconds(60), time()];
        let (effect, jti) = (EffectId::from_bytes(key), Jti::from_random(key));
        let claim = Claim::for_test(effect, jti, &caller, Epochs::default(), times);
        now(guard.claim(&claim)).expect("a new key");
        if number % STEP == 0 {
            let each = (COUNTED.allocated() - before) as f64 / number as f64;
            if number >= ENOUGH {
                worst = worst.max(each);
            }
            for (at, name) in [(100_000, "100k"), (1_000_000, "1m"), (4_000_000, "4m")] {
                if number == at {
                    figures.push((format!("bytes per ticket at {name}"), each));
                }
            }
        }
    }
    figures.push(("bytes per ticket, worst from 250k to 4m".to_owned(), worst));
    for (name, value) in &figures {
        eprintln!("  {name}: {value:.1}");
    }
    println!("{}", report::json(&[], &figures));
}
