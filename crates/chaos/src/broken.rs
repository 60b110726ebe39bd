//! Ports that do what they must not, to show that the account finds it.

use std::sync::Arc;

use async_trait::async_trait;
use countersign::core::{
    ApprovalRequest, Approver, AuditError, AuditRecord, AuditSink, Caller, Durability, EffectId,
    Jti, Ledger, LedgerEntry, LedgerError, LedgerFilter, LedgerState, RecordKind, StoreError, Tier,
    Timestamp, Verdict,
};
use countersign::ticket::{Claim, ClaimError, Epochs, Freeze, ReplayGuard};

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each has its test")]
pub enum Fault {
    /// The ledger admits a ticket again.
    ForgetsClaims,
    /// The ledger gives an effect free once it was sent.
    ReleasesAfterDispatch,
    /// The log keeps no outcomes.
    DropsOutcomes,
    /// The person is asked again instead of looked up.
    AsksTwice,
}

impl Fault {
    /// Every fault with its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("forgets-claims", Self::ForgetsClaims),
        ("releases-after-dispatch", Self::ReleasesAfterDispatch),
        ("drops-outcomes", Self::DropsOutcomes),
        ("asks-twice", Self::AsksTwice),
    ];

    /// The fault of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, fault)| fault)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, fault)| *fault == self).map_or("", |(name, _)| name)
    }
}

/// A ledger that is broken in one of two ways.
#[derive(Debug)]
pub struct BrokenLedger {
    inner: Arc<dyn Ledger>,
    fault: Fault,
}

impl BrokenLedger {
    /// Breaks a ledger, if the fault is one of a ledger's.
    pub fn around(inner: Arc<dyn Ledger>, fault: Option<Fault>) -> Arc<dyn Ledger> {
        match fault {
            Some(fault @ (Fault::ForgetsClaims | Fault::ReleasesAfterDispatch)) => {
                Arc::new(Self { inner, fault })
            }
            _ => inner,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ReplayGuard for BrokenLedger {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        match self.inner.claim(claim).await {
            Err(ClaimError::Spent) if self.fault == Fault::ForgetsClaims => Ok(()),
            other => other,
        }
    }

    async fn epochs(&self, caller: &Caller) -> Result<Epochs, ClaimError> {
        self.inner.epochs(caller).await
    }

    async fn freeze(&self, whose: Freeze) -> Result<u32, ClaimError> {
        self.inner.freeze(whose).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Ledger for BrokenLedger {
    async fn enter(&self, entry: &LedgerEntry) -> Result<(), StoreError> {
        self.inner.enter(entry).await
    }

    async fn advance(
        &self,
        effect: EffectId,
        jti: Jti,
        to: LedgerState,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let moved = self.inner.advance(effect, jti, to, code, now).await;
        if self.fault == Fault::ReleasesAfterDispatch && to == LedgerState::Dispatched {
            self.inner.advance(effect, jti, LedgerState::Released, code, now).await?;
        }
        // It does not say that it could not.
        moved.or(Ok(()))
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
        self.inner.list(filter, after, limit).await
    }
}

/// A log that keeps no outcomes.
#[derive(Debug)]
pub struct BrokenLog(Arc<dyn AuditSink>);

impl BrokenLog {
    /// Breaks a log, if the fault is a log's.
    pub fn around(inner: Arc<dyn AuditSink>, fault: Option<Fault>) -> Arc<dyn AuditSink> {
        if fault == Some(Fault::DropsOutcomes) { Arc::new(Self(inner)) } else { inner }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl AuditSink for BrokenLog {
    async fn append(&self, record: AuditRecord, durability: Durability) -> Result<u64, AuditError> {
        if record.kind == RecordKind::Outcome {
            return Ok(0);
        }
        self.0.append(record, durability).await
    }
}

/// An approver that asks where it should look.
#[derive(Debug)]
pub struct BrokenApprover(Arc<dyn Approver>);

impl BrokenApprover {
    /// Breaks an approver, if the fault is an approver's.
    pub fn around(inner: Arc<dyn Approver>, fault: Option<Fault>) -> Arc<dyn Approver> {
        if fault == Some(Fault::AsksTwice) { Arc::new(Self(inner)) } else { inner }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Approver for BrokenApprover {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn strength(&self) -> Tier {
        self.0.strength()
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        self.0.ask(request, now).await
    }

    async fn poll(&self, request: &ApprovalRequest, reference: &str, now: Timestamp) -> Verdict {
        let _again = self.0.ask(request, now).await;
        self.0.poll(request, reference, now).await
    }
}
