//! Tokens at hand and exchanges under way.
//!
//! One exchange per key at a time, without an async runtime: the first caller makes a future that
//! everybody waits for, and whoever is polled drives it on. If all of them give up, it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::{
    AccessToken, Account, Caller, Connection, Scope, Selector, TenantId, Timestamp, TokenError,
    UserId,
};
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::exchange::Kind;

/// How far back a clock may have gone, in seconds: two threads that read it at once may come here in
/// the other order. Well below the margin at the end of a token's life.
pub(crate) const TOLERANCE: i64 = 10;

/// Everything that makes two exchanges different, but the tenant's domain and the client: a cache
/// belongs to one [`TokenVault`](crate::TokenVault), which has one of each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) connection: Connection,
    pub(crate) account: Option<Account>,
    /// Sorted, as a selector has them.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) kind: Kind,
}

impl Key {
    pub(crate) fn new(caller: &Caller, selector: &Selector, kind: Kind) -> Self {
        Self {
            tenant: caller.tenant().clone(),
            user: caller.user().clone(),
            connection: selector.connection().clone(),
            account: selector.account().cloned(),
            scopes: selector.scopes().to_vec(),
            kind,
        }
    }
}

/// A token at hand. Zeroised when the last holder lets go.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) token: AccessToken,
    pub(crate) granted: Vec<Scope>,
    /// When it was asked for.
    pub(crate) from: Timestamp,
    /// From when on it is not handed out again.
    pub(crate) until: Timestamp,
}

impl Held {
    /// A clock that was set back tells nothing about the token's age, so it does not count.
    fn usable(&self, now: Timestamp) -> bool {
        self.from <= now.plus_seconds(TOLERANCE) && now < self.until
    }
}

pub(crate) type Outcome = Result<Arc<Held>, TokenError>;
pub(crate) type Flight = Shared<BoxFuture<'static, Outcome>>;

#[derive(Debug)]
enum Slot {
    Held(Arc<Held>),
    /// Weak, so that an exchange nobody waits for any more is dropped.
    Flying(u64, WeakShared<BoxFuture<'static, Outcome>>),
}

/// What a caller finds.
pub(crate) enum Found {
    Held(Arc<Held>),
    /// An exchange to wait for.
    Flying(Flight),
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<Key, Slot>,
    flights: u64,
}

#[derive(Debug)]
pub(crate) struct Cache {
    state: Mutex<State>,
    capacity: usize,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token at hand, or the exchange under way, or the one that `start` makes. `start` gets the
    /// number to [`settle`](Self::settle) with, and must not run anything.
    pub(crate) fn enter(
        &self,
        key: &Key,
        now: Timestamp,
        start: impl FnOnce(u64) -> Flight,
    ) -> Result<Found, TokenError> {
        let mut state = self.lock();
        match state.slots.get(key) {
            Some(Slot::Held(held)) if held.usable(now) => {
                return Ok(Found::Held(Arc::clone(held)));
            }
            Some(Slot::Flying(_, flight)) => {
                if let Some(flight) = flight.upgrade() {
                    return Ok(Found::Flying(flight));
                }
            }
            Some(Slot::Held(_)) | None => {}
        }
        state.slots.remove(key);
        state.make_room(self.capacity, now)?;
        state.flights = state.flights.wrapping_add(1);
        let number = state.flights;
        let flight = start(number);
        if let Some(weak) = flight.downgrade() {
            state.slots.insert(key.clone(), Slot::Flying(number, weak));
        }
        Ok(Found::Flying(flight))
    }

    /// Ends an exchange. A token for which [`forget`](Self::forget) was called meanwhile is dropped:
    /// it may have been asked for before the account was disconnected.
    pub(crate) fn settle(
        &self,
        key: &Key,
        number: u64,
        outcome: Outcome,
        now: Timestamp,
    ) -> Outcome {
        let mut state = self.lock();
        let ours = matches!(state.slots.get(key), Some(Slot::Flying(n, _)) if *n == number);
        if ours {
            state.slots.remove(key);
        }
        let held = outcome?;
        if !ours {
            return Err(TokenError::Transient);
        }
        if held.usable(now) {
            state.slots.insert(key.clone(), Slot::Held(Arc::clone(&held)));
        }
        Ok(held)
    }

    /// Drops everything that a key picks out, and lets go of the exchanges under way for it.
    pub(crate) fn forget(&self, whose: impl Fn(&Key) -> bool) -> usize {
        let mut state = self.lock();
        let before = state.slots.len();
        state.slots.retain(|key, _| !whose(key));
        before.saturating_sub(state.slots.len())
    }
}

impl State {
    /// Makes room for one more: drops what is of no use, then the token that ends soonest. Exchanges
    /// under way are never dropped.
    fn make_room(&mut self, capacity: usize, now: Timestamp) -> Result<(), TokenError> {
        if self.slots.len() < capacity {
            return Ok(());
        }
        self.slots.retain(|_, slot| match slot {
            Slot::Held(held) => held.usable(now),
            Slot::Flying(_, flight) => flight.upgrade().is_some(),
        });
        if self.slots.len() < capacity {
            return Ok(());
        }
        let ends = |(key, slot): (&Key, &Slot)| match slot {
            Slot::Held(held) => Some((held.until, key.clone())),
            Slot::Flying(..) => None,
        };
        let soonest = self.slots.iter().filter_map(ends).min_by_key(|(until, _)| *until);
        match soonest {
            Some((_, key)) => {
                self.slots.remove(&key);
                Ok(())
            }
            None => Err(TokenError::RateLimited { retry_after: Some(1) }),
        }
    }
}
