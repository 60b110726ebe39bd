//! The replay guard for one process: sharded, in time slices, bounded, never evicting.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};

use crate::caller::Caller;
use crate::guard::{Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, MAX_SKEW, ReplayGuard};
use crate::id::{EffectId, Timestamp};
use crate::macros::ensure;

const SHARDS: usize = 64;
/// Length of a slice, in seconds.
const SLICE: i64 = 120;
/// Slices kept. An effect claimed in a slice is remembered for at least `(SLICES - 1) * SLICE`
/// seconds, which must cover the longest lifetime and the skew at both of its ends.
const SLICES: i64 = 4;
const _: () = assert!((SLICES - 1) * SLICE >= MAX_LIFETIME + 2 * MAX_SKEW);

/// A [`ReplayGuard`] in memory. It forgets at a restart, so it refuses tickets issued before its
/// start.
///
/// An effect is looked up by its id in every live slice, whatever the expiry of the ticket at hand,
/// so that a second ticket for the same effect is refused too, for at least six minutes after the
/// first was claimed; who issues tickets over a longer time for one effect needs a durable guard.
///
/// Sharded by effect. Time, epochs and effects of a claim are those of one moment, also for a thread
/// that was halted on its way: everything is compared while the effect's shard is locked, and a
/// freeze waits for the claims that read the epochs before it.
#[derive(Debug)]
pub struct MemoryGuard {
    capacity: usize,
    started: Timestamp,
    epochs: RwLock<HashMap<Freeze, u32>>,
    shards: Vec<Mutex<Shard>>,
    /// How many effects are remembered in all shards, and the newest time by which something was
    /// claimed or forgotten in any of them, in seconds.
    live: AtomicUsize,
    newest: AtomicI64,
}

#[derive(Debug)]
struct Shard {
    /// The newest time by which something was claimed or forgotten here, in seconds.
    newest: i64,
    /// The claimed effects of each slice, newest last.
    slices: VecDeque<HashSet<EffectId>>,
}

impl Shard {
    /// Moves on to a time, forgets what is too old by then, and says how many effects that were.
    fn advance(&mut self, newest: i64) -> usize {
        let passed = newest.div_euclid(SLICE).saturating_sub(self.newest.div_euclid(SLICE));
        let mut forgotten = 0usize;
        for _ in 0..passed.min(SLICES) {
            forgotten = forgotten.saturating_add(self.slices.pop_front().map_or(0, |s| s.len()));
            self.slices.push_back(HashSet::new());
        }
        self.newest = self.newest.max(newest);
        forgotten
    }
}

impl MemoryGuard {
    /// A guard that remembers at most `capacity` claims at a time, started now.
    ///
    /// Where the clock may have been set back across the restart, pass a time as much later.
    pub fn new(capacity: usize, started: Timestamp) -> Self {
        let newest = started.seconds();
        let slices = || (0..SLICES).map(|_| HashSet::new()).collect();
        Self {
            capacity,
            started,
            epochs: RwLock::default(),
            shards: (0..SHARDS).map(|_| Mutex::new(Shard { newest, slices: slices() })).collect(),
            live: AtomicUsize::new(0),
            newest: AtomicI64::new(newest),
        }
    }

    /// How many claims are remembered, when what is too old has been forgotten.
    pub fn len(&self) -> usize {
        // What cannot be forgotten is still counted.
        let _swept = self.sweep(self.newest.load(Ordering::SeqCst));
        self.live.load(Ordering::SeqCst)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what is too old in every shard: for a guard that is full while some shards are idle.
    fn sweep(&self, newest: i64) -> Result<(), ClaimError> {
        for shard in &self.shards {
            // Poisoned: a thread panicked over it, and nobody knows what it is worth.
            let forgotten = shard.lock().map_err(|_| ClaimError::Unavailable)?.advance(newest);
            self.live.fetch_sub(forgotten, Ordering::SeqCst);
        }
        Ok(())
    }

    /// One try, under the lock of the effect's shard.
    fn claim_once(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        let now = claim.now.seconds();
        let epochs = self.epochs.read().map_err(|_| ClaimError::Unavailable)?;
        let at = usize::from(claim.effect_id.as_bytes()[0]) % SHARDS;
        let shard = self.shards.get(at).ok_or(ClaimError::Unavailable)?;
        let mut shard = shard.lock().map_err(|_| ClaimError::Unavailable)?;
        let newest = self.newest.load(Ordering::SeqCst).max(shard.newest).max(now);
        // What is too old is forgotten by the newest time seen; under a clock that went back, a
        // ticket that was forgotten would be young again.
        ensure(newest <= now.saturating_add(MAX_SKEW), ClaimError::ClockBehind)?;
        // A ticket from the future would, after a restart, be younger than the new guard.
        ensure(claim.issued_at <= claim.now, ClaimError::ClockBehind)?;
        ensure(claim.issued_at >= self.started, ClaimError::BeforeStart)?;
        let furthest = newest.saturating_add(MAX_LIFETIME + MAX_SKEW);
        ensure(claim.expires.seconds() <= furthest, ClaimError::TooFarAhead)?;
        ensure(epochs_of(&epochs, claim.caller) == claim.epochs, ClaimError::Frozen)?;
        let forgotten = shard.advance(newest);
        self.live.fetch_sub(forgotten, Ordering::SeqCst);
        self.newest.fetch_max(newest, Ordering::SeqCst);
        let known = shard.slices.iter().any(|slice| slice.contains(&claim.effect_id));
        ensure(!known, ClaimError::Spent)?;
        let slice = shard.slices.back_mut().ok_or(ClaimError::Unavailable)?;
        let more = |live: usize| (live < self.capacity).then(|| live.saturating_add(1));
        let reserved = self.live.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        reserved.map_err(|_| ClaimError::Full)?;
        slice.insert(claim.effect_id);
        Ok(())
    }
}

fn epochs_of(epochs: &HashMap<Freeze, u32>, caller: &Caller) -> Epochs {
    let of = |whose: Freeze| epochs.get(&whose).copied().unwrap_or(0);
    let [all, tenant, user, agent] = Freeze::of(caller).map(of);
    Epochs { all, tenant, user, agent }
}

#[async_trait::async_trait]
impl ReplayGuard for MemoryGuard {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        match self.claim_once(claim) {
            Err(ClaimError::Full) => {
                self.sweep(self.newest.load(Ordering::SeqCst))?;
                self.claim_once(claim)
            }
            decided => decided,
        }
    }

    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        let epochs = self.epochs.read().map_err(|_| ClaimError::Unavailable)?;
        Ok(epochs_of(&epochs, caller))
    }

    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        let mut epochs = self.epochs.write().map_err(|_| ClaimError::Unavailable)?;
        let epoch = epochs.entry(whose).or_default();
        *epoch = epoch.checked_add(1).ok_or(ClaimError::Unavailable)?;
        Ok(*epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AgentId, Jti, SessionId, TenantId, UserId};

    #[test]
    fn inv_04_a_guard_over_which_a_thread_panicked_refuses() {
        let guard = MemoryGuard::new(10, Timestamp::from_seconds(0));
        let panicked = std::thread::scope(|scope| {
            let panic = || {
                let _epochs = guard.epochs.write();
                let _shards: Vec<_> = guard.shards.iter().map(Mutex::lock).collect();
                panic!("while the state is held");
            };
            scope.spawn(panic).join()
        });
        assert!(panicked.is_err());
        let caller = Caller::dangerous_assert(
            TenantId::new("t").unwrap(),
            UserId::new("u").unwrap(),
            AgentId::new("a").unwrap(),
            SessionId::new("s").unwrap(),
        );
        let (id, jti) = (EffectId::from_bytes([1; 16]), Jti::from_random([1; 16]));
        let times = [0, 60, 1].map(Timestamp::from_seconds);
        let claim = Claim::for_test(id, jti, &caller, Epochs::default(), times);
        assert_eq!(pollster::block_on(guard.claim(&claim)), Err(ClaimError::Unavailable));
        assert_eq!(pollster::block_on(guard.freeze(Freeze::All)), Err(ClaimError::Unavailable));
        assert_eq!(pollster::block_on(guard.epochs(&caller)), Err(ClaimError::Unavailable));
        assert!(guard.is_empty());

        // Of one shard alone: what would be claimed there is refused.
        let guard = MemoryGuard::new(10, Timestamp::from_seconds(0));
        let panicked = std::thread::scope(|scope| {
            let panic = || {
                let _shard = guard.shards[1].lock();
                panic!("while one shard is held");
            };
            scope.spawn(panic).join()
        });
        assert!(panicked.is_err());
        assert_eq!(pollster::block_on(guard.claim(&claim)), Err(ClaimError::Unavailable));
    }

    #[test]
    fn inv_04_an_epoch_that_has_run_out_is_not_started_again() {
        let guard = MemoryGuard::new(10, Timestamp::from_seconds(0));
        guard.epochs.write().unwrap().insert(Freeze::All, u32::MAX);
        assert_eq!(pollster::block_on(guard.freeze(Freeze::All)), Err(ClaimError::Unavailable));
        assert_eq!(guard.epochs.read().unwrap().get(&Freeze::All), Some(&u32::MAX));
    }
}
