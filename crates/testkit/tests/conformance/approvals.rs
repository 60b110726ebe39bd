//! Stores of what is pending.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{ApprovalStore, MemoryApprovals, StoreError, Timestamp};
use countersign_testkit::conformance::approvals;

use crate::{catches, lock, passes};

#[test]
fn the_memory_store_conforms() {
    passes(async || {
        approvals::all(Arc::new(MemoryApprovals::default())).await;
        let capacity = Some(MemoryApprovals::CAPACITY);
        approvals::is_full_and_says_so(&MemoryApprovals::default(), capacity).await;
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    LooksThenTakes,
    GivesOutTwice,
    GivesOutWhatExpired,
    Overwrites,
    PutsInARace,
    Evicts,
    TakesAtALook,
    IgnoresCase,
    TrimsIds,
    NormalizesPaths,
    StoresText,
    SlidesExpiry,
    SwapsAnything,
    SwapsInARace,
    SwapProlongs,
    ListsWhatExpired,
    ListsOnePage,
}

#[derive(Debug)]
struct Flawed {
    flaw: Flaw,
    capacity: Option<usize>,
    map: Mutex<BTreeMap<String, (Vec<u8>, Timestamp)>>,
}

impl Flawed {
    fn new(flaw: Flaw, capacity: Option<usize>) -> Self {
        Self { flaw, capacity, map: Mutex::default() }
    }

    fn key(&self, id: &str) -> String {
        match self.flaw {
            Flaw::IgnoresCase => id.to_lowercase(),
            Flaw::TrimsIds => id.trim_end().to_owned(),
            Flaw::NormalizesPaths => id.rsplit('/').next().unwrap_or(id).to_owned(),
            _ => id.to_owned(),
        }
    }
}

#[async_trait]
impl ApprovalStore for Flawed {
    async fn put(&self, id: &str, record: Vec<u8>, expires: Timestamp) -> Result<(), StoreError> {
        let id = self.key(id);
        let used = lock(&self.map).contains_key(&id);
        if used && self.flaw == Flaw::SlidesExpiry {
            lock(&self.map).entry(id).and_modify(|(_, old)| *old = (*old).max(expires));
            return Err(StoreError);
        }
        if used && self.flaw != Flaw::Overwrites {
            return Err(StoreError);
        }
        if self.flaw == Flaw::PutsInARace {
            tokio::task::yield_now().await;
        }
        let mut map = lock(&self.map);
        if self.flaw != Flaw::PutsInARace && self.flaw != Flaw::Overwrites && map.contains_key(&id)
        {
            return Err(StoreError);
        }
        if self.capacity.is_some_and(|capacity| map.len() >= capacity) {
            if self.flaw != Flaw::Evicts {
                return Err(StoreError);
            }
            let some = map.keys().next().cloned();
            some.map(|some| map.remove(&some));
        }
        let record = match self.flaw {
            Flaw::StoresText => String::from_utf8_lossy(&record).into_owned().into_bytes(),
            _ => record,
        };
        map.insert(id, (record, expires));
        Ok(())
    }

    async fn get(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        if self.flaw == Flaw::TakesAtALook {
            return self.take(id, now).await;
        }
        let map = lock(&self.map);
        let alive = |expires: Timestamp| now < expires || self.flaw == Flaw::GivesOutWhatExpired;
        Ok(map.get(&self.key(id)).filter(|(_, e)| alive(*e)).map(|(record, _)| record.clone()))
    }

    async fn swap(
        &self,
        id: &str,
        expected: &[u8],
        record: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = self.key(id);
        let found = lock(&self.map).get(&id).cloned();
        if self.flaw == Flaw::SwapsInARace {
            tokio::task::yield_now().await;
        }
        let mut map = lock(&self.map);
        let found = if self.flaw == Flaw::SwapsInARace { found } else { map.get(&id).cloned() };
        let Some((old, expires)) = found.filter(|(_, expires)| now < *expires) else {
            return Ok(false);
        };
        if old != expected && self.flaw != Flaw::SwapsAnything {
            return Ok(false);
        }
        let longer = i64::from(self.flaw == Flaw::SwapProlongs);
        map.insert(id, (record, expires.plus_seconds(longer)));
        Ok(true)
    }

    async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let map = lock(&self.map);
        let alive = |expires: Timestamp| now < expires || self.flaw == Flaw::ListsWhatExpired;
        let after = after.filter(|_| self.flaw != Flaw::ListsOnePage);
        let listed = map.iter().filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
        let listed = listed.filter(|(_, (_, expires))| alive(*expires));
        let listed = listed.map(|(id, (record, _))| (id.clone(), record.clone()));
        // One that begins anew for ever would never end.
        let limit = if self.flaw == Flaw::ListsOnePage { limit.saturating_add(1) } else { limit };
        Ok(listed.take(limit).collect())
    }

    async fn take(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let id = self.key(id);
        let found = lock(&self.map).get(&id).cloned();
        if self.flaw == Flaw::LooksThenTakes {
            tokio::task::yield_now().await;
        }
        let removed = match self.flaw {
            Flaw::GivesOutTwice => found,
            Flaw::LooksThenTakes => {
                lock(&self.map).remove(&id);
                found
            }
            _ => lock(&self.map).remove(&id),
        };
        let alive = |expires: Timestamp| now < expires || self.flaw == Flaw::GivesOutWhatExpired;
        Ok(removed.filter(|(_, expires)| alive(*expires)).map(|(record, _)| record))
    }
}

#[test]
fn a_broken_store_is_caught() {
    passes(async || {
        approvals::all(Arc::new(Flawed::new(Flaw::None, None))).await;
        approvals::is_full_and_says_so(&Flawed::new(Flaw::None, None), None).await;
    });
    let flaws = [
        (Flaw::LooksThenTakes, "ApprovalStore: of a thousand takers at a time"),
        (Flaw::GivesOutTwice, "ApprovalStore: take gives a record out at most once"),
        (Flaw::GivesOutWhatExpired, "ApprovalStore: a record past its expiry is not given out"),
        (Flaw::Overwrites, "ApprovalStore: an id in use is refused"),
        (Flaw::PutsInARace, "ApprovalStore: of a hundred that store under one id"),
        (Flaw::TakesAtALook, "ApprovalStore: a record comes back byte for byte"),
        (Flaw::IgnoresCase, "ApprovalStore: an id names one record"),
        (Flaw::TrimsIds, "ApprovalStore: an id names one record"),
        (Flaw::NormalizesPaths, "ApprovalStore: an id names one record"),
        (Flaw::StoresText, "ApprovalStore: a record comes back byte for byte"),
        (Flaw::SlidesExpiry, "ApprovalStore: a refused put changes nothing"),
        (Flaw::SwapsAnything, "ApprovalStore: swap replaces exactly the record it was told"),
        (Flaw::SwapsInARace, "ApprovalStore: of a hundred that swap one record, one does"),
        (Flaw::SwapProlongs, "ApprovalStore: swap replaces exactly the record it was told"),
        (Flaw::ListsWhatExpired, "ApprovalStore: what is pending is listed page by page"),
        (Flaw::ListsOnePage, "ApprovalStore: what is pending is listed page by page"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            approvals::all(Arc::new(Flawed::new(flaw, None))).await;
        });
    }
    catches("Evicts", "ApprovalStore: full is an error", async || {
        approvals::is_full_and_says_so(&Flawed::new(Flaw::Evicts, Some(100)), Some(100)).await;
    });
    catches("Evicts unasked", "ApprovalStore: nothing is evicted", async || {
        approvals::is_full_and_says_so(&Flawed::new(Flaw::Evicts, Some(100)), None).await;
    });
}
