//! Every port of the pipeline with a trap on both sides of it.

use std::sync::Arc;

use async_trait::async_trait;
use countersign::core::{
    Admitted, ApprovalRequest, ApprovalStore, Approver, AuditError, AuditRecord, AuditSink, Bearer,
    Caller, Durability, EffectId, Jti, Ledger, LedgerEntry, LedgerError, LedgerFilter, LedgerState,
    Outgoing, RecordKind, RiskMemory, Selector, Sent, SessionId, StoreError, TenantId, Tier,
    Timestamp, TokenError, TokenSource, Transport, Verdict,
};
use countersign::ticket::{Claim, ClaimError, Epochs, Freeze, ReplayGuard};

use crate::point::{Side, Trap};

/// A port, and the trap around it.
#[derive(Debug)]
pub struct Trapped<T: ?Sized> {
    trap: Arc<Trap>,
    inner: Arc<T>,
}

impl<T: ?Sized> Trapped<T> {
    /// Puts the trap around a port.
    pub fn new(trap: &Arc<Trap>, inner: Arc<T>) -> Self {
        Self { trap: Arc::clone(trap), inner }
    }

    async fn around<R>(&self, place: &str, work: impl Future<Output = R>) -> R {
        self.trap.pass(place, Side::Before);
        let result = work.await;
        self.trap.pass(place, Side::After);
        result
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl RiskMemory for Trapped<dyn RiskMemory> {
    async fn load(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<(u64, Vec<u8>), StoreError> {
        self.inner.load(tenant, session).await
    }

    async fn swap(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        version: u64,
        memory: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let swap = self.inner.swap(tenant, session, version, memory);
        self.around("sessions.swap", swap).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ApprovalStore for Trapped<dyn ApprovalStore> {
    async fn put(&self, id: &str, record: Vec<u8>, expires: Timestamp) -> Result<(), StoreError> {
        self.around("approvals.put", self.inner.put(id, record, expires)).await
    }

    async fn get(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(id, now).await
    }

    async fn swap(
        &self,
        id: &str,
        expected: &[u8],
        record: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.around("approvals.swap", self.inner.swap(id, expected, record, now)).await
    }

    async fn take(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.around("approvals.take", self.inner.take(id, now)).await
    }

    async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.list(after, limit, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Approver for Trapped<dyn Approver> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn strength(&self) -> Tier {
        self.inner.strength()
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        self.around("approver.ask", self.inner.ask(request, now)).await
    }

    async fn poll(&self, request: &ApprovalRequest, reference: &str, now: Timestamp) -> Verdict {
        self.around("approver.poll", self.inner.poll(request, reference, now)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl AuditSink for Trapped<dyn AuditSink> {
    async fn append(&self, record: AuditRecord, durability: Durability) -> Result<u64, AuditError> {
        let place = match record.kind {
            RecordKind::Intent => "audit.intent",
            RecordKind::Outcome => "audit.outcome",
            _ => "audit.decision",
        };
        self.around(place, self.inner.append(record, durability)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ReplayGuard for Trapped<dyn Ledger> {
    async fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        self.around("ledger.claim", self.inner.claim(claim)).await
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
impl Ledger for Trapped<dyn Ledger> {
    async fn enter(&self, entry: &LedgerEntry) -> Result<(), StoreError> {
        self.around("ledger.enter", self.inner.enter(entry)).await
    }

    async fn advance(
        &self,
        effect: EffectId,
        jti: Jti,
        to: LedgerState,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let advance = self.inner.advance(effect, jti, to, code, now);
        match to {
            LedgerState::Dispatched => self.around("ledger.dispatched", advance).await,
            LedgerState::Committed => self.around("ledger.committed", advance).await,
            LedgerState::Failed => self.around("ledger.failed", advance).await,
            LedgerState::Unknown => self.around("ledger.unknown", advance).await,
            LedgerState::Released => self.around("ledger.released", advance).await,
            LedgerState::Entered | LedgerState::Claimed => advance.await,
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
        self.inner.list(filter, after, limit).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl TokenSource for Trapped<dyn TokenSource> {
    async fn ready(&self, caller: &Caller, selector: &Selector) -> Result<(), TokenError> {
        self.around("tokens.ready", self.inner.ready(caller, selector)).await
    }

    async fn bearer(&self, admitted: &Admitted) -> Result<Bearer, TokenError> {
        self.around("tokens.bearer", self.inner.bearer(admitted)).await
    }

    fn recognises(&self, text: &str) -> bool {
        self.inner.recognises(text)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Transport for Trapped<dyn Transport> {
    async fn send(&self, step: Outgoing<'_>, bearer: Option<&Bearer>) -> Sent {
        self.around("transport.send", self.inner.send(step, bearer)).await
    }

    fn dialled_elsewhere(&self) -> bool {
        self.inner.dialled_elsewhere()
    }
}
