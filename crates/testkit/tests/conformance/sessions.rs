//! Memories of sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{MemorySessions, RiskMemory, SessionId, StoreError, TenantId};
use countersign_testkit::conformance::sessions;

use crate::{catches, lock, passes};

#[test]
fn the_memory_store_conforms() {
    passes(async || sessions::all(Arc::new(MemorySessions::default())).await);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    ComparesThenSwaps,
    NeverCompares,
    AcceptsOlderVersions,
    HashesForAVersion,
    DeletesWhatIsEmpty,
    IgnoresTenants,
    JoinsNames,
    BeginsAtOne,
    Truncates,
}

#[derive(Debug)]
struct Flawed(Flaw, Mutex<HashMap<String, (u64, Vec<u8>)>>);

impl Flawed {
    fn key(&self, tenant: &TenantId, session: &SessionId) -> String {
        match self.0 {
            Flaw::IgnoresTenants => session.to_string(),
            Flaw::JoinsNames => format!("{tenant}:{session}"),
            _ => format!("{tenant}\n{session}"),
        }
    }

    fn find(&self, key: &str) -> (u64, Vec<u8>) {
        let none = (u64::from(self.0 == Flaw::BeginsAtOne), Vec::new());
        lock(&self.1).get(key).cloned().unwrap_or(none)
    }
}

#[async_trait]
impl RiskMemory for Flawed {
    async fn load(&self, t: &TenantId, s: &SessionId) -> Result<(u64, Vec<u8>), StoreError> {
        Ok(self.find(&self.key(t, s)))
    }

    async fn swap(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        version: u64,
        mut memory: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let key = self.key(tenant, session);
        if self.0 == Flaw::ComparesThenSwaps {
            if self.find(&key).0 != version {
                return Ok(false);
            }
            tokio::task::yield_now().await;
        }
        let mut map = lock(&self.1);
        let none = (u64::from(self.0 == Flaw::BeginsAtOne), Vec::new());
        let now = map.get(&key).cloned().unwrap_or(none).0;
        let right = match self.0 {
            Flaw::ComparesThenSwaps | Flaw::NeverCompares => true,
            Flaw::AcceptsOlderVersions => version <= now,
            _ => version == now,
        };
        if !right {
            return Ok(false);
        }
        if self.0 == Flaw::Truncates {
            memory.truncate(65_536);
        }
        if self.0 == Flaw::DeletesWhatIsEmpty && memory.is_empty() {
            map.remove(&key);
            return Ok(true);
        }
        let next = match self.0 {
            Flaw::HashesForAVersion => 1 + memory.iter().map(|b| u64::from(*b)).sum::<u64>(),
            _ => now + 1,
        };
        map.insert(key, (next, memory));
        Ok(true)
    }
}

#[test]
fn a_broken_store_is_caught() {
    passes(async || sessions::all(Arc::new(Flawed(Flaw::None, Mutex::default()))).await);
    let stale = "RiskMemory: swap stores only if the version is still the one";
    let versions = "RiskMemory: versions never repeat for one session";
    let flaws = [
        (Flaw::ComparesThenSwaps, "RiskMemory: no update is lost under contention"),
        (Flaw::NeverCompares, "RiskMemory: a version that was never given is not swapped"),
        (Flaw::AcceptsOlderVersions, stale),
        (Flaw::HashesForAVersion, versions),
        (Flaw::DeletesWhatIsEmpty, versions),
        (Flaw::IgnoresTenants, "RiskMemory: "),
        (Flaw::JoinsNames, "RiskMemory: tenants and sessions are kept apart"),
        (Flaw::BeginsAtOne, "RiskMemory: a session never seen is version 0 and empty"),
        (Flaw::Truncates, "RiskMemory: the bytes come back as they were stored"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            sessions::all(Arc::new(Flawed(flaw, Mutex::default()))).await;
        });
    }
    let race = "RiskMemory: of a thousand that swap one version exactly one does";
    catches("ComparesThenSwaps", race, async || {
        let memory = Flawed(Flaw::ComparesThenSwaps, Mutex::default());
        sessions::lets_one_of_a_thousand_swap(Arc::new(memory)).await;
    });
    let apart = "RiskMemory: tenants and sessions are kept apart";
    catches("IgnoresTenants", apart, async || {
        let memory = Flawed(Flaw::IgnoresTenants, Mutex::default());
        sessions::keeps_tenants_and_sessions_apart(&memory).await;
    });
}
