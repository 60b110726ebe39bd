//! Tests of the store from within: they need the disk in their hands.

mod damage;
mod engine;
mod power;
mod sessions;
pub(crate) mod sim;
mod under_way;
mod world;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use countersign_core::{Clock, Entropy, EntropyError, Timestamp};

/// Randomness that is the same every time, and never repeats.
#[derive(Debug, Default)]
pub(crate) struct Counting(AtomicU64);

impl Counting {
    /// Another sequence.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed << 20))
    }
}

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        let mut dice = sim::Dice(self.0.fetch_add(1, Ordering::SeqCst));
        for byte in buffer {
            *byte = u8::try_from(dice.roll(256)).unwrap();
        }
        Ok(())
    }
}

/// None.
#[derive(Debug)]
pub(crate) struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

/// A clock that is set.
#[derive(Debug, Default)]
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::SeqCst))
    }
}
