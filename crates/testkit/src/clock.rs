//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use countersign_core::{Clock, Entropy, EntropyError, Timestamp};

/// A virtual clock. Clones share the time.
#[derive(Debug, Clone)]
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    /// A clock that stands at a time.
    pub fn starting(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.millis())))
    }

    /// Moves it, backwards too.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1000), Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Deterministic bytes for tests: SHA-256 of a seed and a counter. Never for anything real.
#[derive(Debug, Clone)]
pub struct TestEntropy {
    seed: u64,
    counter: Arc<AtomicI64>,
}

impl TestEntropy {
    /// Bytes that follow from a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: Arc::default() }
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in buffer.chunks_mut(32) {
            let n = self.counter.fetch_add(1, Ordering::SeqCst);
            let text = format!("countersign-test-entropy {} {n}", self.seed);
            let block = countersign_core::Digest::of(text.as_bytes());
            for (to, from) in chunk.iter_mut().zip(block.as_bytes()) {
                *to = *from;
            }
        }
        Ok(())
    }
}

/// Randomness that cannot be had.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}
