//! [`RiskMemory`]: what sessions have read and done.

use std::collections::HashSet;
use std::sync::Arc;

use countersign_core::{RiskMemory, SessionId, StoreError, TenantId};

use super::{done, holds, race, same};

fn names(tenant: &str, session: &str) -> (TenantId, SessionId) {
    let valid = "RiskMemory: the suite's names are valid";
    (done(valid, TenantId::new(tenant)), done(valid, SessionId::new(session)))
}

/// Runs every clause.
pub async fn all(memory: Arc<dyn RiskMemory>) {
    begins_at_nothing(memory.as_ref()).await;
    gives_back_what_was_stored(memory.as_ref()).await;
    swaps_only_the_version_that_was_loaded(memory.as_ref()).await;
    never_repeats_a_version(memory.as_ref()).await;
    keeps_tenants_and_sessions_apart(memory.as_ref()).await;
    loses_no_update_of_a_hundred(Arc::clone(&memory)).await;
    lets_one_of_a_thousand_swap(memory).await;
}

/// A session never seen is version 0 and empty, and stays so when it is only looked at.
pub async fn begins_at_nothing(memory: &dyn RiskMemory) {
    let clause = "RiskMemory: a session never seen is version 0 and empty";
    let (tenant, session) = names("sessions-new", "s");
    for _ in 0..3 {
        same(clause, memory.load(&tenant, &session).await, Ok((0, Vec::new())));
    }
    for version in [1, 2, u64::MAX] {
        let seen = memory.swap(&tenant, &session, version, b"x".to_vec()).await;
        holds(
            "RiskMemory: a version that was never given is not swapped",
            seen != Ok(true),
            version,
        );
        same(clause, memory.load(&tenant, &session).await, Ok((0, Vec::new())));
    }
}

/// The bytes are opaque and come back as they were stored.
pub async fn gives_back_what_was_stored(memory: &dyn RiskMemory) {
    let clause = "RiskMemory: the bytes come back as they were stored";
    let (tenant, session) = names("sessions-bytes", "s");
    let long = (0..=255u8).cycle().take(400_000).collect::<Vec<u8>>();
    for bytes in [vec![0], b"{}".to_vec(), vec![], vec![0xff; 3], long, vec![]] {
        let (version, _) = done(clause, memory.load(&tenant, &session).await);
        same(clause, memory.swap(&tenant, &session, version, bytes.clone()).await, Ok(true));
        let (_, seen) = done(clause, memory.load(&tenant, &session).await);
        holds(clause, seen == bytes, format!("{} bytes for {}", seen.len(), bytes.len()));
    }
}

/// `swap` with any other version than the last one changes nothing and says so.
pub async fn swaps_only_the_version_that_was_loaded(memory: &dyn RiskMemory) {
    let clause = "RiskMemory: swap stores only if the version is still the one that was loaded";
    let (tenant, session) = names("sessions-stale", "s");
    let mut old = Vec::new();
    for n in 0..5u8 {
        let (version, _) = done(clause, memory.load(&tenant, &session).await);
        same(clause, memory.swap(&tenant, &session, version, vec![n]).await, Ok(true));
        old.push(version);
        let (now, _) = done(clause, memory.load(&tenant, &session).await);
        for stale in old.iter().copied().chain([now.wrapping_add(1), u64::MAX]) {
            let seen = memory.swap(&tenant, &session, stale, b"stale".to_vec()).await;
            same(clause, (stale, seen), (stale, Ok(false)));
        }
        same(clause, memory.load(&tenant, &session).await, Ok((now, vec![n])));
    }
}

/// Storing the same bytes, or none, is a new version too: a version never comes back.
pub async fn never_repeats_a_version(memory: &dyn RiskMemory) {
    let clause = "RiskMemory: versions never repeat for one session";
    let (tenant, session) = names("sessions-versions", "s");
    let mut seen = HashSet::from([0]);
    for n in 0..100u8 {
        let (version, _) = done(clause, memory.load(&tenant, &session).await);
        let bytes = if n % 3 == 0 { Vec::new() } else { b"same".to_vec() };
        same(clause, memory.swap(&tenant, &session, version, bytes).await, Ok(true));
        let (version, _) = done(clause, memory.load(&tenant, &session).await);
        holds(clause, seen.insert(version), format!("{version} again after {n} swaps"));
    }
}

/// A session is one tenant's, and a version is one session's.
pub async fn keeps_tenants_and_sessions_apart(memory: &dyn RiskMemory) {
    let clause = "RiskMemory: tenants and sessions are kept apart";
    // A store that joins the two names must not mix these up.
    let pairs =
        [("ra", "b:c"), ("ra:b", "c"), ("ra", "b"), ("rab", "c"), ("r", "ab:c"), ("ra", "B")];
    for (t, s) in pairs {
        let (tenant, session) = names(t, s);
        same(clause, memory.load(&tenant, &session).await, Ok((0, Vec::new())));
        let bytes = format!("{t} {s}").into_bytes();
        same(clause, memory.swap(&tenant, &session, 0, bytes).await, Ok(true));
    }
    for (t, s) in pairs {
        let (tenant, session) = names(t, s);
        let (_, seen) = done(clause, memory.load(&tenant, &session).await);
        same(clause, seen, format!("{t} {s}").into_bytes());
    }
}

/// A hundred tasks that each add one, ten times, by load and swap, add a thousand.
pub async fn loses_no_update_of_a_hundred(memory: Arc<dyn RiskMemory>) {
    let clause = "RiskMemory: no update is lost under contention";
    let (tenant, session) = names("sessions-race", "counter");
    let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).parse::<u64>().unwrap_or(0);
    let results = race(100, |_| {
        let (memory, tenant, session) = (Arc::clone(&memory), tenant.clone(), session.clone());
        async move {
            for _ in 0..10 {
                loop {
                    let (version, bytes) = memory.load(&tenant, &session).await?;
                    tokio::task::yield_now().await;
                    let next = read(&bytes).saturating_add(1).to_string().into_bytes();
                    if memory.swap(&tenant, &session, version, next).await? {
                        break;
                    }
                }
            }
            Ok::<(), StoreError>(())
        }
    });
    for result in results.await {
        done(clause, result);
    }
    let (_, bytes) = done(clause, memory.load(&tenant, &session).await);
    same(clause, read(&bytes), 1_000);
}

/// Of a thousand that swap one version at the same time exactly one does, and its bytes stand.
pub async fn lets_one_of_a_thousand_swap(memory: Arc<dyn RiskMemory>) {
    let clause = "RiskMemory: of a thousand that swap one version exactly one does";
    let (tenant, session) = names("sessions-race", "one");
    for _ in 0..5 {
        let (version, _) = done(clause, memory.load(&tenant, &session).await);
        let results = race(1_000, |n| {
            let (memory, tenant, session) = (Arc::clone(&memory), tenant.clone(), session.clone());
            async move {
                let bytes = n.to_string().into_bytes();
                memory.swap(&tenant, &session, version, bytes.clone()).await.map(|ok| (ok, bytes))
            }
        });
        let results = results.await.into_iter().map(|result| done(clause, result));
        let swapped: Vec<Vec<u8>> = results.filter(|(ok, _)| *ok).map(|(_, b)| b).collect();
        same(clause, swapped.len(), 1);
        let (_, bytes) = done(clause, memory.load(&tenant, &session).await);
        same(clause, Some(&bytes), swapped.first());
    }
}
