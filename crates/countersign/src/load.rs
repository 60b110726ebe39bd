//! How much is under way at a time, how long it may take, and how it ends.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_core::{EffectId, Jti, LedgerState, StoreError};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::error::Unavailable;
use crate::pipeline::Pipeline;

/// Most calls that are planned, judged or executed at a time, unless the builder says otherwise.
pub(crate) const IN_FLIGHT: usize = 256;
/// How long planning, judging or getting a credential may take, unless the builder says otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What is under way. A call that waits for a person is not.
#[derive(Debug)]
pub(crate) struct Load {
    most: usize,
    deadline: Duration,
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    closing: bool,
    /// Claimed and not ended, with the ticket that claimed.
    effects: HashMap<EffectId, Jti>,
}

impl Load {
    pub(crate) fn new(most: usize, deadline: Duration) -> Self {
        Self { most, deadline, state: Mutex::default(), ended: Notify::new() }
    }

    /// The counts are changed in one assignment each, so a panic leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one more in, or refuses with the reason. Nobody waits in line: a queue would only move the
    /// waiting to where it cannot be seen.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Permit, Unavailable> {
        let mut state = self.state();
        if state.closing {
            return Err(Unavailable::ShuttingDown);
        }
        if state.under_way >= self.most {
            return Err(Unavailable::Overloaded);
        }
        state.under_way += 1;
        Ok(Permit { load: Arc::clone(self), effect: None })
    }

    /// Waits no longer than the deadline. Only for what can be given up without a trace. Without a
    /// runtime there is nobody to look at a clock, and what is waited for has limits of its own.
    pub(crate) async fn in_time<T>(
        &self,
        future: impl Future<Output = T>,
    ) -> Result<T, Unavailable> {
        if Handle::try_current().is_err() {
            return Ok(future.await);
        }
        tokio::time::timeout(self.deadline, future).await.map_err(|_| Unavailable::Deadline)
    }
}

/// One that is under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    load: Arc<Load>,
    effect: Option<EffectId>,
}

impl Permit {
    /// It has claimed an effect.
    pub(crate) fn claimed(&mut self, effect: EffectId, jti: Jti) {
        self.effect = Some(effect);
        self.load.state().effects.insert(effect, jti);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.load.state();
        state.under_way = state.under_way.saturating_sub(1);
        if let Some(effect) = self.effect {
            state.effects.remove(&effect);
        }
        drop(state);
        self.load.ended.notify_waiters();
    }
}

/// How a pipeline ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Shutdown {
    /// Whether everything that was under way ended in time.
    pub finished: bool,
    /// What did not: marked as in doubt in the ledger, to be reconciled by the next process. What they
    /// are waiting for may still come about.
    pub in_doubt: Vec<EffectId>,
}

impl Pipeline {
    /// Ends gracefully: from now on calls are refused ([`Unavailable::ShuttingDown`]), those under way
    /// have `grace` to end, and what has not ended by then is marked as in doubt.
    ///
    /// # Errors
    /// [`Unavailable`]: something could not be marked. It is in doubt all the same when the ledger is
    /// next opened.
    pub async fn shutdown(&self, grace: Duration) -> Result<Shutdown, Unavailable> {
        let load = &self.inner.load;
        load.state().closing = true;
        let idle = async {
            loop {
                let ended = load.ended.notified();
                tokio::pin!(ended);
                // Registered before looking, so that none that ends meanwhile is missed.
                ended.as_mut().enable();
                if load.state().under_way == 0 {
                    return;
                }
                ended.await;
            }
        };
        let finished = tokio::time::timeout(grace, idle).await.is_ok();
        let left: Vec<_> = load.state().effects.iter().map(|(id, jti)| (*id, *jti)).collect();
        let now = self.inner.clock.now();
        let mut in_doubt = Vec::new();
        for (effect, jti) in left {
            let to = LedgerState::Unknown;
            match self.inner.ledger.advance(effect, jti, to, Some("shutdown"), now).await {
                Ok(()) => in_doubt.push(effect),
                Err(countersign_core::LedgerError::Store(StoreError)) => {
                    return Err(StoreError.into());
                }
                // It ended in this very moment.
                Err(_) => {}
            }
        }
        in_doubt.sort_unstable();
        Ok(Shutdown { finished, in_doubt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_makes_room_and_what_is_too_much_is_refused() {
        let load = Arc::new(Load::new(2, DEADLINE));
        let (first, second) = (load.enter().unwrap(), load.enter().unwrap());
        assert_eq!(load.enter().unwrap_err(), Unavailable::Overloaded);
        drop(first);
        let third = load.enter().unwrap();
        assert_eq!(load.enter().unwrap_err(), Unavailable::Overloaded);
        drop((second, third));
        load.state().closing = true;
        assert_eq!(load.enter().unwrap_err(), Unavailable::ShuttingDown);
        assert_eq!(load.state().under_way, 0);
    }
}
