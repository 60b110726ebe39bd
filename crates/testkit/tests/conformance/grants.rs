//! Stores of grants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{AgentId, GrantStore, Granted, MemoryGrants, StoreError, TenantId};
use countersign_testkit::conformance::grants;

use crate::{catches, lock, passes};

#[test]
fn the_memory_store_conforms() {
    passes(async || grants::all(Arc::new(MemoryGrants::default())).await);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    JoinsNames,
    IgnoresCase,
    FindsByPrefix,
    KeepsTheFirst,
    NeverForgets,
    AlwaysSaysRemoved,
    WritesLater,
    SeedsWhatWasRevoked,
    NeverSeedsAgain,
}

#[derive(Debug)]
struct Flawed(Flaw, Arc<Mutex<HashMap<String, Option<Granted>>>>);

impl Flawed {
    fn key(&self, tenant: &TenantId, agent: &AgentId) -> String {
        match self.0 {
            Flaw::JoinsNames => format!("{tenant}:{agent}"),
            Flaw::IgnoresCase => format!("{tenant}\n{agent}").to_lowercase(),
            _ => format!("{tenant}\n{agent}"),
        }
    }
}

#[async_trait]
impl GrantStore for Flawed {
    async fn get(&self, tenant: &TenantId, agent: &AgentId) -> Result<Option<Granted>, StoreError> {
        let (map, key) = (lock(&self.1), self.key(tenant, agent));
        let near = |k: &&String| self.0 == Flaw::FindsByPrefix && key.starts_with(k.as_str());
        let key = map.keys().find(near).unwrap_or(&key);
        Ok(map.get(key).cloned().flatten())
    }
    async fn put(&self, tenant: &TenantId, grant: Granted) -> Result<(), StoreError> {
        let key = self.key(tenant, grant.agent());
        if self.0 == Flaw::WritesLater {
            let map = Arc::clone(&self.1);
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                lock(&map).insert(key, Some(grant));
            });
            return Ok(());
        }
        let mut map = lock(&self.1);
        if self.0 == Flaw::KeepsTheFirst {
            map.entry(key).or_insert(Some(grant));
        } else {
            map.insert(key, Some(grant));
        }
        Ok(())
    }
    async fn remove(&self, tenant: &TenantId, agent: &AgentId) -> Result<bool, StoreError> {
        let (mut map, key) = (lock(&self.1), self.key(tenant, agent));
        match self.0 {
            Flaw::NeverForgets => Ok(map.contains_key(&key)),
            Flaw::AlwaysSaysRemoved => {
                map.remove(&key);
                Ok(true)
            }
            _ => Ok(map.insert(key, None).flatten().is_some()),
        }
    }
    async fn seed(&self, tenant: &TenantId, grant: Granted) -> Result<bool, StoreError> {
        let (mut map, key) = (lock(&self.1), self.key(tenant, grant.agent()));
        let known = match map.get(&key) {
            Some(None) => self.0 != Flaw::SeedsWhatWasRevoked,
            Some(Some(_)) => self.0 == Flaw::NeverSeedsAgain,
            None => false,
        };
        if !known {
            map.insert(key, Some(grant));
        }
        Ok(!known)
    }
}

#[test]
fn a_broken_store_is_caught() {
    passes(async || grants::all(Arc::new(Flawed(Flaw::None, Arc::default()))).await);
    let flaws = [
        (Flaw::JoinsNames, "GrantStore: tenants and agents are kept apart"),
        (Flaw::IgnoresCase, "GrantStore: an agent without a grant has none"),
        (Flaw::FindsByPrefix, "GrantStore: an agent without a grant has none"),
        (Flaw::KeepsTheFirst, "GrantStore: get after put sees what was put"),
        (Flaw::NeverForgets, "GrantStore: get after remove sees none"),
        (Flaw::AlwaysSaysRemoved, "GrantStore: remove says whether there was one"),
        (Flaw::WritesLater, "GrantStore: get after put sees what was put"),
        (Flaw::SeedsWhatWasRevoked, "GrantStore: what was taken away is not seeded again"),
        (Flaw::NeverSeedsAgain, "GrantStore: a seed is stored in place of a former grant"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            grants::all(Arc::new(Flawed(flaw, Arc::default()))).await;
        });
    }
}
