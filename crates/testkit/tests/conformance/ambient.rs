//! Clocks and randomness.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::{Clock, Entropy, EntropyError, Timestamp};
use countersign_testkit::clock::{NoEntropy, TestEntropy, VirtualClock};
use countersign_testkit::conformance::{clock, entropy};
use countersign_testkit::fixtures::NOW;

use crate::{catches, passes};

#[test]
fn the_clocks_of_the_testkit_conform() {
    passes(async || {
        clock::all(Arc::new(VirtualClock::starting(NOW)), NOW, NOW).await;
        let (early, late) = (Timestamp::from_seconds(1_735_689_600), NOW.plus_seconds(1 << 30));
        clock::all(Arc::new(Flawed(Tick::Right, AtomicI64::new(0))), early, late).await;
    });
}

#[test]
fn the_virtual_clock_is_moved_by_its_test_alone() {
    let clock = VirtualClock::starting(NOW);
    let same = clock.clone();
    same.advance_seconds(90);
    assert_eq!(clock.now(), NOW.plus_seconds(90));
    clock.advance_seconds(-100);
    assert_eq!(same.now(), NOW.plus_seconds(-10));
    same.set(Timestamp::from_millis(1));
    assert_eq!(clock.now(), Timestamp::from_millis(1));
}

#[test]
fn the_entropy_of_the_testkit_conforms() {
    for seed in [0, 1, u64::MAX] {
        passes(async || entropy::all(Arc::new(TestEntropy::new(seed))).await);
    }
    entropy::refuses_when_there_is_none(&NoEntropy);
}

#[test]
fn test_entropy_repeats_for_a_seed_and_differs_between_seeds() {
    let draw = |seed| {
        let (source, mut bytes) = (TestEntropy::new(seed), [0; 80]);
        source.fill(&mut bytes).unwrap();
        let copy = source.clone();
        let mut next = [0; 80];
        copy.fill(&mut next).unwrap();
        assert_ne!(bytes, next, "clones share the place they are at");
        bytes
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tick {
    Right,
    Seconds,
    Backwards,
    PerThread,
}

#[derive(Debug)]
struct Flawed(Tick, AtomicI64);

impl Clock for Flawed {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let millis = i64::try_from(since.as_millis()).unwrap();
        Timestamp::from_millis(match self.0 {
            Tick::Right => millis,
            Tick::Seconds => millis / 1_000,
            Tick::Backwards if self.1.fetch_add(1, Ordering::SeqCst) % 1_000 == 999 => millis - 5,
            Tick::Backwards => millis,
            Tick::PerThread => {
                let main = std::thread::current().name().is_some_and(|n| n.starts_with("tokio"));
                if main { millis - 60_000 } else { millis }
            }
        })
    }
}

#[test]
fn a_broken_clock_is_caught() {
    let flaws = [
        (Tick::Seconds, "Clock: the time is milliseconds since 1970"),
        (Tick::Backwards, "Clock: the time does not go back by itself"),
        (Tick::PerThread, "Clock: every task reads the same clock"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            let clock = Arc::new(Flawed(flaw, AtomicI64::new(0)));
            let (early, late) = (Timestamp::from_seconds(1_735_689_600), NOW.plus_seconds(1 << 30));
            clock::all(clock, early, late).await;
        });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dice {
    Constant,
    LeavesTheTail,
    LeavesShortBuffers,
    FirstBlockOnly,
    RepeatsPerBuffer,
    Ascii,
    ShortCycle,
    Racy,
    SaysNothing,
}

#[derive(Debug)]
struct Loaded(Dice, TestEntropy, AtomicI64);

impl Entropy for Loaded {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        let whole = buffer.len();
        match self.0 {
            Dice::Constant => buffer.fill(4),
            Dice::LeavesTheTail => self.1.fill(&mut buffer[..whole / 8 * 8])?,
            Dice::LeavesShortBuffers if whole < 4 => {}
            Dice::LeavesShortBuffers => self.1.fill(buffer)?,
            Dice::FirstBlockOnly => self.1.fill(&mut buffer[..whole.min(1_024)])?,
            Dice::RepeatsPerBuffer => {
                let mut block = [0; 64];
                self.1.fill(&mut block)?;
                buffer.iter_mut().zip(block.iter().cycle()).for_each(|(to, from)| *to = *from);
            }
            Dice::Ascii => {
                self.1.fill(buffer)?;
                for byte in buffer {
                    *byte &= 0x7f;
                }
            }
            Dice::ShortCycle => {
                let n = self.2.fetch_add(1, Ordering::SeqCst) % 5_000;
                TestEntropy::new(n.unsigned_abs()).fill(buffer)?;
            }
            Dice::Racy => {
                let n = self.2.load(Ordering::SeqCst);
                std::thread::yield_now();
                self.2.store(n + 1, Ordering::SeqCst);
                TestEntropy::new(n.unsigned_abs()).fill(buffer)?;
            }
            Dice::SaysNothing => buffer.fill(0),
        }
        Ok(())
    }
}

#[test]
fn broken_entropy_is_caught() {
    let filled = "Entropy: every byte of a buffer is filled";
    let twice = "Entropy: no sixteen bytes come twice";
    let flaws = [
        (Dice::Constant, twice),
        (Dice::LeavesTheTail, filled),
        (Dice::LeavesShortBuffers, filled),
        (Dice::FirstBlockOnly, filled),
        (Dice::RepeatsPerBuffer, twice),
        (Dice::Ascii, "Entropy: no value of a byte is preferred"),
        (Dice::ShortCycle, twice),
        (Dice::Racy, "Entropy: no two tasks get the same bytes"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            let dice = Loaded(flaw, TestEntropy::new(1), AtomicI64::new(0));
            entropy::all(Arc::new(dice)).await;
        });
    }
    catches("SaysNothing", "Entropy: no randomness is an error", async || {
        let dice = Loaded(Dice::SaysNothing, TestEntropy::new(1), AtomicI64::new(0));
        entropy::refuses_when_there_is_none(&dice);
    });
}
