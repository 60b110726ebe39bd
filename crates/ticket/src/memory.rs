//! The replay guard for one process: sharded, forgetting in slices of time, bounded, never evicting.

use std::collections::HashMap;
use std::sync::Arc;

use crate::caller::Caller;
use crate::effects::{Effect, Effects, Key, SLICES};
use crate::guard::{Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, MAX_SKEW, ReplayGuard};
use crate::id::{AgentId, TenantId, Timestamp, UserId};
use crate::macros::ensure;
use crate::sync::{AtomicI64, AtomicUsize, Mutex, MutexGuard, Ordering, RwLock, SHARD};

/// Length of a slice, in seconds.
const SLICE: i64 = 120;
/// An effect is remembered for at least `(SLICES - 1) * SLICE` seconds, which must cover the longest
/// lifetime and the skew at both of its ends.
const _: () = assert!((SLICES as i64 - 1) * SLICE >= MAX_LIFETIME + 2 * MAX_SKEW);

/// A [`ReplayGuard`] in memory. It forgets at a restart, so it refuses tickets issued before its
/// start.
///
/// An effect is looked up by its id, whatever the expiry of the ticket at hand, so that a second
/// ticket for the same effect is refused too, for at least six minutes after the first was claimed;
/// who issues tickets over a longer time for one effect needs a durable guard.
///
/// Sharded by effect. Time, epochs and effects of a claim are those of one moment, also for a thread
/// that was halted on its way: everything is compared while the effect's shard is locked, and a
/// freeze has been to every shard when it returns.
#[derive(Debug)]
pub struct MemoryGuard {
    capacity: usize,
    started: Timestamp,
    epochs: RwLock<Arc<Frozen>>,
    shards: Vec<Alone<Mutex<Shard>>>,
    key: Key,
    /// How many effects are remembered in all shards, and the newest time by which something was
    /// claimed or forgotten in any of them, in seconds.
    live: Alone<AtomicUsize>,
    newest: AtomicI64,
    /// The shard that is next to be searched for what is too old, and the newest slice for which
    /// that was done in all of them.
    next: AtomicUsize,
    clean: AtomicI64,
}

/// The counters of [`Freeze`]; those that are not there are zero.
#[derive(Debug, Clone, Default)]
struct Frozen {
    all: u32,
    tenants: HashMap<TenantId, Tenant>,
}

#[derive(Debug, Clone, Default)]
struct Tenant {
    epoch: u32,
    users: HashMap<UserId, u32>,
    agents: HashMap<AgentId, u32>,
}

impl Frozen {
    fn of(&self, caller: &Caller) -> Epochs {
        let Some(tenant) = self.tenants.get(caller.tenant()) else {
            return Epochs { all: self.all, ..Epochs::default() };
        };
        let user = tenant.users.get(caller.user()).copied().unwrap_or(0);
        let agent = tenant.agents.get(caller.agent()).copied().unwrap_or(0);
        Epochs { all: self.all, tenant: tenant.epoch, user, agent }
    }

    fn counter(&mut self, whose: Freeze) -> &mut u32 {
        let tenants = &mut self.tenants;
        match whose {
            Freeze::All => &mut self.all,
            Freeze::Tenant(t) => &mut tenants.entry(t).or_default().epoch,
            Freeze::User(t, user) => tenants.entry(t).or_default().users.entry(user).or_default(),
            Freeze::Agent(t, a) => tenants.entry(t).or_default().agents.entry(a).or_default(),
        }
    }
}

/// Alone in its line of memory, or what lies beside it would wait for what is done to it.
#[derive(Debug)]
#[repr(align(64))]
struct Alone<T>(T);

#[derive(Debug)]
struct Shard {
    epochs: Arc<Frozen>,
    effects: Effects,
}

impl MemoryGuard {
    /// A guard that remembers at most `capacity` claims at a time, started now.
    ///
    /// Where the clock may have been set back across the restart, pass a time as much later.
    pub fn new(capacity: usize, started: Timestamp) -> Self {
        let shards = (capacity / SHARD).clamp(1, 1 << 16).next_power_of_two();
        let epochs = Arc::<Frozen>::default();
        let shard = || Shard { epochs: Arc::clone(&epochs), effects: Effects::default() };
        Self {
            capacity,
            started,
            shards: (0..shards).map(|_| Alone(Mutex::new(shard()))).collect(),
            epochs: RwLock::new(epochs),
            key: Key::random(),
            live: Alone(AtomicUsize::new(0)),
            newest: AtomicI64::new(started.seconds()),
            next: AtomicUsize::new(0),
            clean: AtomicI64::new(-1),
        }
    }

    /// How many claims are remembered, when what is too old has been forgotten.
    pub fn len(&self) -> usize {
        // What cannot be forgotten is still counted.
        while self.reclaim() == Ok(true) {}
        self.live.0.load(Ordering::SeqCst)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what is too old in the next shard that has any, and says whether one had: for a guard
    /// that is full while some shards are idle.
    fn reclaim(&self) -> Result<bool, ClaimError> {
        let slice = self.slice(self.newest.load(Ordering::SeqCst));
        if self.clean.load(Ordering::SeqCst) >= i64::from(slice) {
            return Ok(false);
        }
        // Every shard, whichever of them others are searching meanwhile: by an earlier time, perhaps.
        let first = self.next.load(Ordering::SeqCst);
        for number in (0..self.shards.len()).map(|passed| first.wrapping_add(passed)) {
            let forgotten = self.forget(&mut *self.shard(number)?, slice);
            if forgotten > 0 {
                self.next.store(number.wrapping_add(1), Ordering::SeqCst);
                return Ok(true);
            }
        }
        self.clean.fetch_max(slice.into(), Ordering::SeqCst);
        Ok(false)
    }

    /// One try, under the lock of the effect's shard.
    fn claim_once(&self, claim: &Claim<'_>, effect: Effect) -> Result<(), ClaimError> {
        let now = claim.now.seconds();
        let [_, low, high, ..] = effect.to_le_bytes();
        let mut shard = self.shard(u16::from_le_bytes([low, high]).into())?;
        let seen = self.newest.load(Ordering::SeqCst);
        let newest = seen.max(now);
        // What is too old is forgotten by the newest time seen; under a clock that went back, a
        // ticket that was forgotten would be young again.
        ensure(newest <= now.saturating_add(MAX_SKEW), ClaimError::ClockBehind)?;
        // A ticket from the future would, after a restart, be younger than the new guard.
        ensure(claim.issued_at <= claim.now, ClaimError::ClockBehind)?;
        ensure(claim.issued_at >= self.started, ClaimError::BeforeStart)?;
        let furthest = newest.saturating_add(MAX_LIFETIME + MAX_SKEW);
        ensure(claim.expires.seconds() <= furthest, ClaimError::TooFarAhead)?;
        ensure(shard.epochs.of(claim.caller) == claim.epochs, ClaimError::Frozen)?;
        if newest > seen {
            self.newest.fetch_max(newest, Ordering::SeqCst);
        }
        self.forget(&mut shard, self.slice(newest));
        let more = |live: usize| (live < self.capacity).then(|| live.saturating_add(1));
        let order = Ordering::SeqCst;
        let room = || self.live.0.fetch_update(order, order, more).is_ok();
        ensure(shard.effects.claim(effect, room).ok_or(ClaimError::Spent)?, ClaimError::Full)
    }

    /// The number of the slice that a time is in; the guard was started in slice 0.
    fn slice(&self, time: i64) -> u32 {
        let first = self.started.seconds().div_euclid(SLICE);
        u32::try_from(time.div_euclid(SLICE).saturating_sub(first)).unwrap_or(u32::MAX)
    }

    /// Moves a shard on to a slice, and says how many effects it has forgotten by that.
    fn forget(&self, shard: &mut Shard, slice: u32) -> usize {
        let forgotten = shard.effects.advance(slice);
        if forgotten > 0 {
            self.live.0.fetch_sub(forgotten, Ordering::SeqCst);
        }
        forgotten
    }

    /// Locks a shard. Poisoned: a thread panicked over it, and nobody knows what it is worth.
    fn shard(&self, number: usize) -> Result<MutexGuard<'_, Shard>, ClaimError> {
        let shard = self.shards.get(number & self.shards.len().saturating_sub(1));
        shard.ok_or(ClaimError::Unavailable)?.0.lock().map_err(|_| ClaimError::Unavailable)
    }
}

#[async_trait::async_trait]
impl ReplayGuard for MemoryGuard {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        // Whoever made it.
        let room = || self.live.0.load(Ordering::SeqCst) < self.capacity;
        let effect = self.key.effect(claim.effect_id);
        loop {
            match self.claim_once(claim, effect) {
                Err(ClaimError::Full) if self.reclaim()? || room() => {}
                decided => return decided,
            }
        }
    }

    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        let epochs = self.epochs.read().map_err(|_| ClaimError::Unavailable)?;
        Ok(epochs.of(caller))
    }

    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        let mut epochs = self.epochs.write().map_err(|_| ClaimError::Unavailable)?;
        let mut frozen = (**epochs).clone();
        let counter = frozen.counter(whose);
        let epoch = counter.checked_add(1).ok_or(ClaimError::Unavailable)?;
        *counter = epoch;
        *epochs = Arc::new(frozen);
        // Nothing is claimed in a shard that is poisoned.
        for mut shard in (0..self.shards.len()).filter_map(|number| self.shard(number).ok()) {
            shard.epochs = Arc::clone(&epochs);
        }
        Ok(epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EffectId, Jti, SessionId};

    #[test]
    fn inv_04_a_guard_over_which_a_thread_panicked_refuses() {
        let guard = MemoryGuard::new(10, Timestamp::from_seconds(0));
        let panicked = std::thread::scope(|scope| {
            let panic = || {
                let _epochs = guard.epochs.write();
                let _shards: Vec<_> = guard.shards.iter().map(|shard| shard.0.lock()).collect();
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
                let _shard = guard.shards[0].0.lock();
                panic!("while one shard is held");
            };
            scope.spawn(panic).join()
        });
        assert!(panicked.is_err());
        assert_eq!(pollster::block_on(guard.claim(&claim)), Err(ClaimError::Unavailable));
    }

    #[test]
    fn what_is_too_old_is_not_counted_and_makes_room_also_where_nobody_claims() {
        let capacity = 4 * SHARD;
        let caller = Caller::dangerous_assert(
            TenantId::new("t").unwrap(),
            UserId::new("u").unwrap(),
            AgentId::new("a").unwrap(),
            SessionId::new("s").unwrap(),
        );
        let guard = MemoryGuard::new(capacity, Timestamp::from_seconds(0));
        assert!(guard.shards.len() > 1 && guard.is_empty());
        // Ids that belong into one shard.
        let mut next = 0u64;
        let mut in_shard = |wanted: usize| loop {
            next += 1;
            let mut bytes = [7; 16];
            bytes[..8].copy_from_slice(&next.to_le_bytes());
            let id = EffectId::from_bytes(bytes);
            let [_, low, high, ..] = guard.key.effect(id).to_le_bytes();
            if usize::from(u16::from_le_bytes([low, high])) % guard.shards.len() == wanted {
                return id;
            }
        };
        let claim = |id: EffectId, now: i64| {
            let times = [now, now + 60, now].map(Timestamp::from_seconds);
            let jti = Jti::from_random(*id.as_bytes());
            let claim = Claim::for_test(id, jti, &caller, Epochs::default(), times);
            pollster::block_on(guard.claim(&claim))
        };
        for _ in 0..capacity {
            assert_eq!(claim(in_shard(0), 0), Ok(()));
        }
        assert_eq!((guard.len(), guard.is_empty()), (capacity, false));
        assert_eq!(claim(in_shard(1), 0), Err(ClaimError::Full));
        // The shard in which it is claimed has nothing to forget, and in the other nothing is claimed.
        assert_eq!(claim(in_shard(1), i64::from(SLICES) * SLICE), Ok(()));
        assert_eq!((guard.len(), guard.is_empty()), (1, false));
    }

    #[test]
    fn inv_04_an_epoch_that_has_run_out_is_not_started_again() {
        let guard = MemoryGuard::new(10, Timestamp::from_seconds(0));
        Arc::make_mut(&mut guard.epochs.write().unwrap()).all = u32::MAX;
        assert_eq!(pollster::block_on(guard.freeze(Freeze::All)), Err(ClaimError::Unavailable));
        assert_eq!(guard.epochs.read().unwrap().all, u32::MAX);
    }
}
