//! The replay guard for one process: in time slices, bounded, never evicting.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::caller::Caller;
use crate::guard::{Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, MAX_SKEW, ReplayGuard};
use crate::id::{EffectId, Timestamp};
use crate::macros::ensure;

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
/// One lock holds everything: the time, the epochs and the effects of a claim are those of one
/// moment, also for a thread that was halted on its way. A claim holds it for well under a
/// microsecond, a hundredth of what the signature before it takes.
#[derive(Debug)]
pub struct MemoryGuard {
    capacity: usize,
    started: Timestamp,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    epochs: HashMap<Freeze, u32>,
    /// The newest time by which something was claimed or forgotten, in seconds.
    newest: i64,
    /// The claimed effects of each slice, newest last.
    slices: VecDeque<HashSet<EffectId>>,
}

impl State {
    fn epochs_of(&self, caller: &Caller) -> Epochs {
        let [all, tenant, user, agent] =
            Freeze::of(caller).map(|whose| self.epochs.get(&whose).copied().unwrap_or(0));
        Epochs { all, tenant, user, agent }
    }

    /// Moves on to a time that is not before the newest, and forgets what is too old by then.
    fn advance(&mut self, newest: i64) {
        let passed = newest.div_euclid(SLICE).saturating_sub(self.newest.div_euclid(SLICE));
        for _ in 0..passed.min(SLICES) {
            self.slices.pop_front();
            self.slices.push_back(HashSet::new());
        }
        self.newest = newest;
    }

    fn len(&self) -> usize {
        self.slices.iter().map(HashSet::len).sum()
    }
}

impl MemoryGuard {
    /// A guard that remembers at most `capacity` claims at a time, started now.
    ///
    /// Where the clock may have been set back across the restart, pass a time as much later.
    pub fn new(capacity: usize, started: Timestamp) -> Self {
        let slices = (0..SLICES).map(|_| HashSet::new()).collect();
        let state = State { epochs: HashMap::new(), newest: started.seconds(), slices };
        Self { capacity, started, state: Mutex::new(state) }
    }

    /// How many claims are remembered.
    pub fn len(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The state, unless a thread panicked over it: then nobody knows what it is worth.
    fn lock(&self) -> Result<MutexGuard<'_, State>, ClaimError> {
        self.state.lock().map_err(|_| ClaimError::Unavailable)
    }
}

#[async_trait::async_trait]
impl ReplayGuard for MemoryGuard {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        let mut state = self.lock()?;
        let now = claim.now.seconds();
        let newest = state.newest.max(now);
        // What is too old is forgotten by the newest time seen; under a clock that went back, a
        // ticket that was forgotten would be young again.
        ensure(newest <= now.saturating_add(MAX_SKEW), ClaimError::ClockBehind)?;
        // A ticket from the future would, after a restart, be younger than the new guard.
        ensure(claim.issued_at <= claim.now, ClaimError::ClockBehind)?;
        ensure(claim.issued_at >= self.started, ClaimError::BeforeStart)?;
        let furthest = newest.saturating_add(MAX_LIFETIME + MAX_SKEW);
        ensure(claim.expires.seconds() <= furthest, ClaimError::TooFarAhead)?;
        ensure(state.epochs_of(claim.caller) == claim.epochs, ClaimError::Frozen)?;
        state.advance(newest);
        let known = state.slices.iter().any(|slice| slice.contains(&claim.effect_id));
        ensure(!known, ClaimError::Spent)?;
        ensure(state.len() < self.capacity, ClaimError::Full)?;
        state.slices.back_mut().ok_or(ClaimError::Unavailable)?.insert(claim.effect_id);
        Ok(())
    }

    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        Ok(self.lock()?.epochs_of(caller))
    }

    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        let mut state = self.lock()?;
        let epoch = state.epochs.entry(whose).or_default();
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
                let _state = guard.lock();
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
    }

    #[test]
    fn inv_04_an_epoch_that_has_run_out_is_not_started_again() {
        let guard = MemoryGuard::new(10, Timestamp::from_seconds(0));
        guard.lock().unwrap().epochs.insert(Freeze::All, u32::MAX);
        assert_eq!(pollster::block_on(guard.freeze(Freeze::All)), Err(ClaimError::Unavailable));
        assert_eq!(guard.lock().unwrap().epochs.get(&Freeze::All), Some(&u32::MAX));
    }
}
