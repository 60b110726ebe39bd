//! Ledgers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{
    Caller, EffectId, Jti, Ledger, LedgerEntry, LedgerError, LedgerFilter, LedgerState,
    MemoryLedger, StoreError, Timestamp,
};
use countersign_testkit::conformance::guard::{self, Guards, Reach};
use countersign_testkit::conformance::ledger::{self, Ledgers};
use countersign_testkit::fixtures::NOW;
use countersign_ticket::{Claim, ClaimError, Epochs, Freeze, ReplayGuard};

use crate::{catches, lock, passes};

struct Memory;

#[async_trait]
impl Guards for Memory {
    async fn fresh(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        Arc::new(MemoryLedger::new(2_000, started))
    }
    async fn again(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        Guards::fresh(self, started).await
    }
    fn reach(&self) -> Reach {
        Reach::Process
    }
    fn capacity(&self) -> Option<usize> {
        Some(2_000)
    }
}

#[async_trait]
impl Ledgers for Memory {
    async fn fresh(&self, started: Timestamp) -> Arc<dyn Ledger> {
        Arc::new(MemoryLedger::new(2_000, started))
    }
    async fn again(&self, started: Timestamp) -> Arc<dyn Ledger> {
        Ledgers::fresh(self, started).await
    }
    fn reach(&self) -> Reach {
        Reach::Process
    }
}

#[test]
fn the_memory_ledger_conforms_as_guard_and_as_ledger() {
    passes(async || {
        guard::all(&Memory).await;
        ledger::all(&Memory).await;
    });
}

/// What is over is forgotten after two hours and makes room; what is in doubt never is.
#[test]
fn the_memory_ledger_forgets_what_ended_and_no_doubt() {
    passes(async || {
        let ledger = MemoryLedger::new(3, NOW);
        let caller = countersign_testkit::fixtures::caller();
        let claim = async |id: u8, at: Timestamp| {
            let (id, jti) = (EffectId::from_bytes([id; 16]), Jti::from_random([id; 16]));
            let times = [at, at.plus_seconds(60), at];
            let claim = Claim::for_test(id, jti, &caller, Epochs::default(), times);
            ledger.claim(&claim).await
        };
        let enter = async |id: u8| {
            let call = countersign_core::LedgerCall {
                tool: countersign_core::ToolName::new("note").unwrap(),
                effect: countersign_core::Digest::of(b"effect"),
                approval: countersign_core::Digest::of(b"approval"),
                tier: countersign_core::Tier::C,
                prepared: Vec::new(),
            };
            let entry = LedgerEntry {
                effect_id: EffectId::from_bytes([id; 16]),
                jti: Jti::from_random([id; 16]),
                generation: 0,
                state: LedgerState::Entered,
                code: None,
                caller: caller.clone(),
                expires: NOW.plus_seconds(60),
                at: NOW,
                call: Some(call),
            };
            ledger.enter(&entry).await
        };
        let end = async |id: u8, to| {
            let (id, jti) = (EffectId::from_bytes([id; 16]), Jti::from_random([id; 16]));
            ledger.advance(id, jti, to, None, NOW).await.unwrap();
        };
        for id in 1..=3 {
            enter(id).await.unwrap();
            claim(id, NOW).await.unwrap();
        }
        end(1, LedgerState::Dispatched).await;
        end(2, LedgerState::Unknown).await;
        end(3, LedgerState::Failed).await;
        assert_eq!(enter(4).await, Err(StoreError));
        assert_eq!(claim(4, NOW.plus_seconds(7_200)).await, Err(ClaimError::Full));
        claim(4, NOW.plus_seconds(7_201)).await.unwrap();
        let later = NOW.plus_seconds(365 * 86_400);
        claim(5, later).await.unwrap();
        let left = ledger.list(LedgerFilter::All, None, 10).await.unwrap();
        let left: Vec<_> = left.iter().map(|e| (e.effect_id.as_bytes()[0], e.state)).collect();
        let due =
            [(1, LedgerState::Dispatched), (2, LedgerState::Unknown), (5, LedgerState::Claimed)];
        assert_eq!(left, due);
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    NoFence,
    MovesAnyway,
    NeverReleases,
    RevivesTickets,
    ListsEverything,
    HidesDoubt,
    LosesPayload,
    OverwritesClaims,
}

/// A ledger whose memory outlives it, with a flaw.
#[derive(Debug)]
struct Flawed {
    flaw: Flaw,
    inner: Arc<MemoryLedger>,
}

#[async_trait]
impl ReplayGuard for Flawed {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        if self.flaw == Flaw::NeverReleases
            && let Ok(Some(entry)) = self.inner.get(claim.effect_id()).await
            && entry.state == LedgerState::Released
        {
            return Err(ClaimError::Spent);
        }
        if self.flaw == Flaw::RevivesTickets
            && let Ok(Some(entry)) = self.inner.get(claim.effect_id()).await
            && entry.state == LedgerState::Released
        {
            let jti = countersign_testkit::fixtures::jti();
            let times = [claim.issued_at(), claim.expires(), claim.now()];
            let other =
                Claim::for_test(claim.effect_id(), jti, claim.caller(), claim.epochs(), times);
            return self.inner.claim(&other).await;
        }
        self.inner.claim(claim).await
    }
    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        self.inner.epochs(caller).await
    }
    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        self.inner.freeze(whose).await
    }
}

#[async_trait]
impl Ledger for Flawed {
    async fn enter(&self, entry: &LedgerEntry) -> Result<(), StoreError> {
        let mut entry = entry.clone();
        if self.flaw == Flaw::LosesPayload
            && let Some(call) = &mut entry.call
        {
            call.prepared.clear();
        }
        let known = self.inner.get(entry.effect_id).await?;
        if self.flaw == Flaw::OverwritesClaims
            && let Some(known) = known.filter(|known| known.state == LedgerState::Claimed)
        {
            let released = LedgerState::Released;
            let _ = self.inner.advance(known.effect_id, known.jti, released, None, entry.at).await;
        }
        self.inner.enter(&entry).await
    }
    async fn advance(
        &self,
        effect: EffectId,
        jti: Jti,
        to: LedgerState,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let known = self.inner.get(effect).await?;
        let jti = match &known {
            Some(entry) if self.flaw == Flaw::NoFence => entry.jti,
            _ => jti,
        };
        match self.inner.advance(effect, jti, to, code, now).await {
            Err(LedgerError::NotAllowed(_)) if self.flaw == Flaw::MovesAnyway => Ok(()),
            moved => moved,
        }
    }
    async fn get(&self, effect: EffectId) -> Result<Option<LedgerEntry>, StoreError> {
        self.inner.get(effect).await
    }
    async fn list(
        &self,
        filter: LedgerFilter,
        after: Option<EffectId>,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let all = self.flaw == Flaw::ListsEverything;
        self.inner.list(if all { LedgerFilter::All } else { filter }, after, limit).await
    }
}

struct Flaws(Flaw, Mutex<Option<Arc<MemoryLedger>>>);

#[async_trait]
impl Ledgers for Flaws {
    async fn fresh(&self, started: Timestamp) -> Arc<dyn Ledger> {
        let inner = Arc::new(MemoryLedger::new(2_000, started));
        *lock(&self.1) = Some(Arc::clone(&inner));
        Arc::new(Flawed { flaw: self.0, inner })
    }
    async fn again(&self, _: Timestamp) -> Arc<dyn Ledger> {
        let inner = lock(&self.1).clone().unwrap();
        for entry in inner.list(LedgerFilter::Open, None, 1_000).await.unwrap() {
            let (id, jti) = (entry.effect_id, entry.jti);
            if self.0 != Flaw::HidesDoubt && entry.state != LedgerState::Unknown {
                inner.advance(id, jti, LedgerState::Unknown, None, entry.at).await.unwrap();
            }
        }
        Arc::new(Flawed { flaw: self.0, inner })
    }
    fn reach(&self) -> Reach {
        Reach::Restarts
    }
}

#[test]
fn a_broken_ledger_is_caught() {
    passes(async || ledger::all(&Flaws(Flaw::None, Mutex::default())).await);
    let flaws = [
        (Flaw::NoFence, "Ledger: only the ticket that claimed moves the entry"),
        (Flaw::MovesAnyway, "Ledger: an entry moves along the allowed states alone"),
        (Flaw::NeverReleases, "Ledger: only the ticket that claimed moves the entry"),
        (Flaw::RevivesTickets, "Ledger: only the ticket that claimed moves the entry"),
        (Flaw::ListsEverything, "Ledger: entries are listed in order, page by page, by state"),
        (Flaw::HidesDoubt, "Ledger: what was under way when the process died is in doubt"),
        (Flaw::LosesPayload, "Ledger: an entry comes back as it was written"),
        (Flaw::OverwritesClaims, "Ledger: entering a claimed effect changes nothing"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            ledger::all(&Flaws(flaw, Mutex::default())).await;
        });
    }
    let dead = "Ledger: a ticket that claimed once never claims again";
    catches("RevivesTickets", dead, async || {
        ledger::keeps_every_ticket_dead_that_claimed(&Flaws(
            Flaw::RevivesTickets,
            Mutex::default(),
        ))
        .await;
    });
}
