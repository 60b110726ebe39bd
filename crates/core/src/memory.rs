//! The durable ports in memory: for tests, for examples, and for one process that may forget.

use core::ops::Bound::{Excluded, Unbounded};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_ticket::{AgentId, Caller, SessionId, TenantId, Timestamp, UserId};

use crate::approver::ApprovalStore;
use crate::grant::{GrantStore, Granted, StoreError};
use crate::risk::RiskMemory;
use crate::secret::SubjectToken;
use crate::transport::{SubjectCredentials, TokenError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A [`GrantStore`] in memory. Of an agent whose grant was taken away, it keeps that it was.
#[derive(Debug, Default)]
pub struct MemoryGrants(Mutex<HashMap<(TenantId, AgentId), Option<Granted>>>);

#[async_trait]
impl GrantStore for MemoryGrants {
    async fn get(&self, tenant: &TenantId, agent: &AgentId) -> Result<Option<Granted>, StoreError> {
        Ok(lock(&self.0).get(&(tenant.clone(), agent.clone())).cloned().flatten())
    }
    async fn put(&self, tenant: &TenantId, grant: Granted) -> Result<(), StoreError> {
        lock(&self.0).insert((tenant.clone(), grant.agent().clone()), Some(grant));
        Ok(())
    }
    async fn remove(&self, tenant: &TenantId, agent: &AgentId) -> Result<bool, StoreError> {
        let former = lock(&self.0).insert((tenant.clone(), agent.clone()), None);
        Ok(former.flatten().is_some())
    }
    async fn seed(&self, tenant: &TenantId, grant: Granted) -> Result<bool, StoreError> {
        let mut map = lock(&self.0);
        let key = (tenant.clone(), grant.agent().clone());
        if matches!(map.get(&key), Some(None)) {
            return Ok(false);
        }
        map.insert(key, Some(grant));
        Ok(true)
    }
}

/// An [`ApprovalStore`] in memory, of at most [`MemoryApprovals::CAPACITY`] records.
#[derive(Debug, Default)]
pub struct MemoryApprovals(Mutex<BTreeMap<String, (Vec<u8>, Timestamp)>>);

impl MemoryApprovals {
    /// Most records at a time.
    pub const CAPACITY: usize = 10_000;
}

#[async_trait]
impl ApprovalStore for MemoryApprovals {
    async fn put(&self, id: &str, record: Vec<u8>, expires: Timestamp) -> Result<(), StoreError> {
        let mut map = lock(&self.0);
        if map.len() >= Self::CAPACITY || map.contains_key(id) {
            return Err(StoreError);
        }
        map.insert(id.to_owned(), (record, expires));
        Ok(())
    }
    async fn get(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let mut map = lock(&self.0);
        map.retain(|_, (_, expires)| now < *expires);
        Ok(map.get(id).map(|(record, _)| record.clone()))
    }
    async fn swap(
        &self,
        id: &str,
        expected: &[u8],
        record: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut map = lock(&self.0);
        map.retain(|_, (_, expires)| now < *expires);
        match map.get_mut(id) {
            Some((kept, _)) if kept == expected => *kept = record,
            _ => return Ok(false),
        }
        Ok(true)
    }
    async fn take(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let mut map = lock(&self.0);
        map.retain(|_, (_, expires)| now < *expires);
        Ok(map.remove(id).map(|(record, _)| record))
    }
    async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut map = lock(&self.0);
        map.retain(|_, (_, expires)| now < *expires);
        let rest = map.range::<str, _>((after.map_or(Unbounded, Excluded), Unbounded));
        Ok(rest.take(limit).map(|(id, (record, _))| (id.clone(), record.clone())).collect())
    }
}

/// Version and bytes of each session.
type Sessions = HashMap<(TenantId, SessionId), (u64, Vec<u8>)>;

/// A [`RiskMemory`] in memory.
#[derive(Debug, Default)]
pub struct MemorySessions(Mutex<Sessions>);

#[async_trait]
impl RiskMemory for MemorySessions {
    async fn load(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<(u64, Vec<u8>), StoreError> {
        Ok(lock(&self.0).get(&(tenant.clone(), session.clone())).cloned().unwrap_or_default())
    }
    async fn swap(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        version: u64,
        memory: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let mut map = lock(&self.0);
        let entry = map.entry((tenant.clone(), session.clone())).or_default();
        if entry.0 != version {
            return Ok(false);
        }
        *entry = (version.checked_add(1).ok_or(StoreError)?, memory);
        Ok(true)
    }
}

/// [`SubjectCredentials`] in memory.
#[derive(Debug, Default)]
pub struct MemorySubjects(Mutex<HashMap<(TenantId, UserId), SubjectToken>>);

#[async_trait]
impl SubjectCredentials for MemorySubjects {
    async fn subject(&self, caller: &Caller) -> Result<SubjectToken, TokenError> {
        let key = (caller.tenant().clone(), caller.user().clone());
        lock(&self.0).get(&key).cloned().ok_or(TokenError::LoginRequired)
    }
    async fn remember(&self, caller: &Caller, token: SubjectToken) -> Result<(), TokenError> {
        let key = (caller.tenant().clone(), caller.user().clone());
        lock(&self.0).insert(key, token);
        Ok(())
    }
}
