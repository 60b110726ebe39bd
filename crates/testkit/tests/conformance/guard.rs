//! Guards.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{Caller, TenantId, Timestamp};
use countersign_testkit::conformance::guard::{self, Guards, Reach};
use countersign_ticket::{
    Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, MAX_SKEW, MemoryGuard, ReplayGuard,
};

use crate::{catches, lock, passes};

struct Memory;

#[async_trait]
impl Guards for Memory {
    async fn fresh(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        Arc::new(MemoryGuard::new(2_000, started))
    }
    async fn again(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        self.fresh(started).await
    }
    fn reach(&self) -> Reach {
        Reach::Process
    }
    fn capacity(&self) -> Option<usize> {
        Some(2_000)
    }
}

#[test]
fn the_memory_guard_conforms() {
    passes(async || guard::all(&Memory).await);
}

/// What can be wrong with a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    Forgets,
    ForgetsAtExpiry,
    ChecksThenActs,
    KnowsTicketsOnly,
    KnowsHalfTheId,
    SpendsWhenItRefuses,
    IgnoresEpochs,
    AcceptsEpochsAhead,
    FreezesAcrossTenants,
    FreezesEverybody,
    LosesFreezes,
    FreezesLater,
    BelievesAnyClock,
    BelievesAnyExpiry,
    BelievesWhatCameBefore,
    BelievesTheFuture,
    ForgetsAtRestart,
    Evicts,
    FillsUpWithRefusals,
    Overflows,
}

#[derive(Debug, Default)]
struct Store {
    claimed: HashMap<Vec<u8>, i64>,
    order: VecDeque<Vec<u8>>,
    refused: usize,
    epochs: HashMap<Freeze, u32>,
    newest: Option<i64>,
}

/// A guard that forgets nothing, but for its flaw.
#[derive(Debug)]
struct Simple {
    store: Arc<Mutex<Store>>,
    flaw: Flaw,
    reach: Reach,
    started: Timestamp,
}

const ROOM: usize = 3_000;

impl Simple {
    fn key(&self, whose: Freeze) -> Freeze {
        let Ok(one) = TenantId::new("one") else { return whose };
        match (self.flaw, whose) {
            (Flaw::FreezesEverybody, _) => Freeze::All,
            (Flaw::FreezesAcrossTenants, Freeze::User(_, user)) => Freeze::User(one, user),
            (Flaw::FreezesAcrossTenants, Freeze::Agent(_, agent)) => Freeze::Agent(one, agent),
            (_, whose) => whose,
        }
    }

    fn hold(&self, store: &Store, caller: &Caller) -> Epochs {
        let [all, tenant, user, agent] = Freeze::of(caller)
            .map(|whose| store.epochs.get(&self.key(whose)).copied().unwrap_or_default());
        Epochs { all, tenant, user, agent }
    }

    fn check(&self, store: &mut Store, claim: &Claim<'_>) -> Result<(), ClaimError> {
        let now = claim.now().seconds();
        let newest = store.newest.map_or(now, |newest| newest.max(now));
        store.newest = Some(newest);
        let behind = if self.flaw == Flaw::Overflows {
            claim.now().millis() + MAX_SKEW * 1_000 < newest.saturating_mul(1_000)
        } else {
            now.saturating_add(MAX_SKEW) < newest
        };
        if behind && self.flaw != Flaw::BelievesAnyClock {
            return Err(ClaimError::ClockBehind);
        }
        let forgets = self.reach == Reach::Process && self.flaw != Flaw::BelievesWhatCameBefore;
        if forgets && claim.issued_at() < self.started {
            return Err(ClaimError::BeforeStart);
        }
        let ahead = self.reach == Reach::Process && claim.issued_at() > claim.now();
        if ahead && self.flaw != Flaw::BelievesTheFuture {
            return Err(ClaimError::ClockBehind);
        }
        let latest = newest.saturating_add(MAX_LIFETIME + MAX_SKEW);
        if claim.expires().seconds() > latest && self.flaw != Flaw::BelievesAnyExpiry {
            return Err(ClaimError::TooFarAhead);
        }
        let (hold, have) = (self.hold(store, claim.caller()), claim.epochs());
        let right = match self.flaw {
            Flaw::IgnoresEpochs => true,
            Flaw::AcceptsEpochsAhead => {
                have.all >= hold.all
                    && have.tenant >= hold.tenant
                    && have.user >= hold.user
                    && have.agent >= hold.agent
            }
            _ => have == hold,
        };
        if !right {
            return Err(ClaimError::Frozen);
        }
        if self.reach == Reach::Process && store.claimed.len() + store.refused >= ROOM {
            if self.flaw != Flaw::Evicts {
                return Err(ClaimError::Full);
            }
            if let Some(oldest) = store.order.pop_front() {
                store.claimed.remove(&oldest);
            }
        }
        if store.claimed.contains_key(&self.id(claim)) {
            return Err(ClaimError::Spent);
        }
        Ok(())
    }

    fn id(&self, claim: &Claim<'_>) -> Vec<u8> {
        match self.flaw {
            Flaw::KnowsTicketsOnly => claim.jti().to_string().into_bytes(),
            Flaw::KnowsHalfTheId => claim.effect_id().as_bytes()[..8].to_vec(),
            _ => claim.effect_id().as_bytes().to_vec(),
        }
    }

    fn insert(&self, store: &mut Store, claim: &Claim<'_>) {
        store.claimed.insert(self.id(claim), claim.expires().seconds());
        store.order.push_back(self.id(claim));
    }
}

#[async_trait]
impl ReplayGuard for Simple {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        let checked = {
            let mut store = lock(&self.store);
            if self.flaw == Flaw::ForgetsAtExpiry {
                let now = claim.now().seconds();
                store.claimed.retain(|_, expires| now < *expires);
            }
            let checked = self.check(&mut store, claim);
            match (checked, self.flaw) {
                (Ok(()), Flaw::Forgets | Flaw::ChecksThenActs) => {}
                (Ok(()), _) | (Err(ClaimError::Frozen), Flaw::SpendsWhenItRefuses) => {
                    self.insert(&mut store, claim);
                }
                (Err(_), Flaw::FillsUpWithRefusals) => store.refused += 1,
                (Err(_), _) => {}
            }
            checked
        };
        if checked.is_ok() && self.flaw == Flaw::ChecksThenActs {
            tokio::task::yield_now().await;
            self.insert(&mut lock(&self.store), claim);
        }
        checked
    }

    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        Ok(self.hold(&lock(&self.store), caller))
    }

    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        let whose = self.key(whose);
        let before = lock(&self.store).epochs.get(&whose).copied().unwrap_or_default();
        if self.flaw == Flaw::LosesFreezes {
            tokio::task::yield_now().await;
            lock(&self.store).epochs.insert(whose, before + 1);
            return Ok(before + 1);
        }
        if self.flaw == Flaw::FreezesLater {
            let store = Arc::clone(&self.store);
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                *lock(&store).epochs.entry(whose).or_default() += 1;
            });
            return Ok(before + 1);
        }
        let mut store = lock(&self.store);
        let epoch = store.epochs.entry(whose).or_default();
        *epoch += 1;
        Ok(*epoch)
    }
}

#[derive(Debug)]
struct Simples(Flaw, Reach, Mutex<Arc<Mutex<Store>>>);

impl Simples {
    fn new(flaw: Flaw, reach: Reach) -> Self {
        Self(flaw, reach, Mutex::default())
    }

    fn guard(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        let store = Arc::clone(&lock(&self.2));
        Arc::new(Simple { store, flaw: self.0, reach: self.1, started })
    }
}

#[async_trait]
impl Guards for Simples {
    async fn fresh(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        *lock(&self.2) = Arc::default();
        self.guard(started)
    }
    async fn again(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        if self.1 == Reach::Process || self.0 == Flaw::ForgetsAtRestart {
            return self.fresh(started).await;
        }
        self.guard(started)
    }
    fn reach(&self) -> Reach {
        self.1
    }
    fn capacity(&self) -> Option<usize> {
        (self.1 == Reach::Process).then_some(ROOM)
    }
}

#[test]
fn guards_of_every_reach_conform() {
    for reach in [Reach::Process, Reach::Restarts, Reach::Shared] {
        passes(async move || guard::all(&Simples::new(Flaw::None, reach)).await);
    }
}

#[test]
fn a_broken_guard_is_caught() {
    let flaws = [
        (Flaw::Forgets, "ReplayGuard: an effect is claimed at most once"),
        (Flaw::ForgetsAtExpiry, "ReplayGuard: a second ticket for an effect is refused until"),
        (Flaw::ChecksThenActs, "ReplayGuard: of a thousand claims of one effect"),
        (Flaw::KnowsTicketsOnly, "ReplayGuard: a second ticket for an effect is refused until"),
        (Flaw::KnowsHalfTheId, "ReplayGuard: effects are told apart by all 128 bits"),
        (Flaw::SpendsWhenItRefuses, "ReplayGuard: a refused claim changes nothing"),
        (Flaw::IgnoresEpochs, "ReplayGuard: a claim with other epochs"),
        (Flaw::AcceptsEpochsAhead, "ReplayGuard: a claim with other epochs"),
        (Flaw::FreezesAcrossTenants, "ReplayGuard: a freeze freezes exactly those"),
        (Flaw::FreezesEverybody, "ReplayGuard: the epochs are those that were frozen to"),
        (Flaw::LosesFreezes, "ReplayGuard: a freeze adds one and returns the counter"),
        (Flaw::BelievesAnyClock, "ReplayGuard: a clock that went back is refused"),
        (Flaw::BelievesAnyExpiry, "ReplayGuard: a refused claim changes nothing"),
        (Flaw::BelievesWhatCameBefore, "ReplayGuard: a guard that forgets refuses"),
        (Flaw::Evicts, "ReplayGuard: full is an error"),
        (Flaw::BelievesTheFuture, "ReplayGuard: no ticket is claimed both before and after"),
        (Flaw::Overflows, "attempt to"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            guard::all(&Simples::new(flaw, Reach::Process)).await;
        });
    }
}

#[test]
fn a_guard_that_breaks_one_clause_is_caught_by_that_clause() {
    let late = "ReplayGuard: nothing issued before a freeze goes through after it";
    catches("FreezesLater", late, async || {
        let guards = Simples::new(Flaw::FreezesLater, Reach::Process);
        guard::lets_nothing_through_after_a_freeze(&guards).await;
    });
    let refused = "ReplayGuard: a refused claim changes nothing";
    catches("FillsUpWithRefusals", refused, async || {
        let guards = Simples::new(Flaw::FillsUpWithRefusals, Reach::Process);
        guard::changes_nothing_when_it_refuses(&guards).await;
    });
    let far = "ReplayGuard: an expiry further ahead";
    catches("BelievesAnyExpiry", far, async || {
        let guards = Simples::new(Flaw::BelievesAnyExpiry, Reach::Process);
        guard::refuses_what_expires_too_late(&guards).await;
    });
    for reach in [Reach::Restarts, Reach::Shared] {
        let known = "ReplayGuard: what was claimed and frozen is known after a restart";
        catches("ForgetsAtRestart", known, async move || {
            let guards = Simples::new(Flaw::ForgetsAtRestart, reach);
            guard::knows_what_came_before_its_start(&guards).await;
        });
    }
    let shared = "ReplayGuard: of a thousand claims of one effect";
    catches("a store that is not shared", shared, async || {
        let guards = Simples::new(Flaw::ForgetsAtRestart, Reach::Shared);
        guard::lets_one_of_a_thousand_through(&guards).await;
    });
}
