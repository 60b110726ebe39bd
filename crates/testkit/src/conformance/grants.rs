//! [`GrantStore`]: what agents may do.

use std::sync::Arc;

use countersign_core::{AgentId, Grant, GrantStore, Granted, TenantId, Tier};

use super::{done, holds, race, same};
use crate::fixtures::{NOW, tools};

fn tenant(name: &str) -> TenantId {
    done("GrantStore: the suite's names are valid", TenantId::new(name))
}

fn agent(name: &str) -> AgentId {
    done("GrantStore: the suite's names are valid", AgentId::new(name))
}

/// Grants that differ in tools, tier and end.
fn grant(agent: &str, which: usize) -> Granted {
    let grant = match which % 3 {
        0 => Grant::agent(agent).tools(["provider_write_note"]).up_to(Tier::S),
        1 => Grant::agent(agent).tools(["provider_*", "crm_note"]).up_to(Tier::B),
        _ => Grant::agent(agent).tools(["crm_note"]).until(NOW.plus_seconds(60)),
    };
    done("GrantStore: the suite's grants are valid", grant.expand(&tools()))
}

/// Runs every clause.
pub async fn all(store: Arc<dyn GrantStore>) {
    knows_no_stranger(store.as_ref()).await;
    gives_back_what_was_put(store.as_ref()).await;
    keeps_tenants_and_agents_apart(store.as_ref()).await;
    takes_away(store.as_ref()).await;
    brings_back_nothing_that_was_revoked(store.as_ref()).await;
    is_seen_at_once(store).await;
}

/// An agent without a grant is `None`, however much its name resembles one with a grant.
pub async fn knows_no_stranger(store: &dyn GrantStore) {
    let clause = "GrantStore: an agent without a grant has none";
    let acme = tenant("grants-stranger");
    done(clause, store.put(&acme, grant("Planner", 0)).await);
    for name in
        ["planner", "PLANNER", "Planner ", "Planner2", "Plan", "%", "*", "../Planner", "ｐlanner"]
    {
        same(clause, store.get(&acme, &agent(name)).await, Ok(None));
    }
    same(clause, store.get(&tenant("grants-nobody"), &agent("Planner")).await, Ok(None));
}

/// A grant comes back as it was put, and the newest stands.
pub async fn gives_back_what_was_put(store: &dyn GrantStore) {
    let clause = "GrantStore: get after put sees what was put";
    let acme = tenant("grants-put");
    for name in ["planner", "agent with spaces", "auth0|x", "a/b", "'; drop table grants; --", "é"]
    {
        for which in 0..3 {
            let granted = grant(name, which);
            done(clause, store.put(&acme, granted.clone()).await);
            let found = done(clause, store.get(&acme, &agent(name)).await);
            same(clause, found.as_ref(), Some(&granted));
            for tool in &tools() {
                for now in [NOW, NOW.plus_seconds(60)] {
                    let covers = found.as_ref().map(|g| g.covers(tool, now));
                    same(clause, covers, Some(granted.covers(tool, now)));
                }
            }
        }
    }
}

/// A grant is one tenant's and one agent's.
pub async fn keeps_tenants_and_agents_apart(store: &dyn GrantStore) {
    let clause = "GrantStore: tenants and agents are kept apart";
    // A store that joins the two names must not mix these up.
    let pairs =
        [("ga", "b:c"), ("ga:b", "c"), ("ga", "b"), ("gab", "c"), ("g", "ab:c"), ("ga:", "b:c")];
    for (n, (t, a)) in pairs.iter().enumerate() {
        done(clause, store.put(&tenant(t), grant(a, n)).await);
    }
    for (n, (t, a)) in pairs.iter().enumerate() {
        same(clause, store.get(&tenant(t), &agent(a)).await, Ok(Some(grant(a, n))));
    }
    for (n, (t, a)) in pairs.iter().enumerate() {
        same(clause, store.remove(&tenant(t), &agent(a)).await, Ok(true));
        for (m, (t, a)) in pairs.iter().enumerate().skip(n + 1) {
            same(clause, store.get(&tenant(t), &agent(a)).await, Ok(Some(grant(a, m))));
        }
    }
}

/// A grant that was removed is gone, and `remove` says whether there was one.
pub async fn takes_away(store: &dyn GrantStore) {
    let clause = "GrantStore: get after remove sees none";
    let (acme, planner) = (tenant("grants-remove"), agent("planner"));
    same(
        "GrantStore: remove says whether there was one",
        store.remove(&acme, &planner).await,
        Ok(false),
    );
    for which in 0..3 {
        done(clause, store.put(&acme, grant("planner", which)).await);
        let removed = store.remove(&acme, &planner).await;
        same("GrantStore: remove says whether there was one", removed, Ok(true));
        same(clause, store.get(&acme, &planner).await, Ok(None));
        let again = store.remove(&acme, &planner).await;
        same("GrantStore: remove says whether there was one", again, Ok(false));
    }
}

/// A seed is stored like a grant that was put, but for an agent whose grant was taken away.
pub async fn brings_back_nothing_that_was_revoked(store: &dyn GrantStore) {
    let clause = "GrantStore: a seed is stored in place of a former grant";
    let (acme, planner) = (tenant("grants-seed"), agent("planner"));
    for which in 0..3 {
        same(clause, store.seed(&acme, grant("planner", which)).await, Ok(true));
        same(clause, store.get(&acme, &planner).await, Ok(Some(grant("planner", which))));
    }
    let clause = "GrantStore: what was taken away is not seeded again";
    same(clause, store.remove(&acme, &planner).await, Ok(true));
    same(clause, store.seed(&acme, grant("planner", 0)).await, Ok(false));
    same(clause, store.get(&acme, &planner).await, Ok(None));
    done(clause, store.put(&acme, grant("planner", 1)).await);
    same(clause, store.get(&acme, &planner).await, Ok(Some(grant("planner", 1))));
    same(clause, store.seed(&acme, grant("planner", 2)).await, Ok(true));
}

/// Many at a time see their own writes at once, and of two writers' grants one, whole.
pub async fn is_seen_at_once(store: Arc<dyn GrantStore>) {
    let clause = "GrantStore: get after put sees what was put, also while others write";
    let results = race(64, |n| {
        let store = Arc::clone(&store);
        async move {
            let (acme, name) = (tenant("grants-race"), format!("agent-{n}"));
            for which in 0..6 {
                let granted = grant(&name, which);
                store.put(&acme, granted.clone()).await?;
                tokio::task::yield_now().await;
                if store.get(&acme, &agent(&name)).await? != Some(granted) {
                    return Ok(false);
                }
            }
            let removed = store.remove(&acme, &agent(&name)).await?;
            Ok::<bool, countersign_core::StoreError>(
                removed && store.get(&acme, &agent(&name)).await?.is_none(),
            )
        }
    });
    for result in results.await {
        same(clause, result, Ok(true));
    }
    let results = race(64, |n| {
        let store = Arc::clone(&store);
        async move {
            let acme = tenant("grants-shared");
            store.put(&acme, grant("shared", n)).await?;
            store.get(&acme, &agent("shared")).await
        }
    });
    for result in results.await {
        let found = done(clause, result);
        let whole = (0..3).any(|which| found == Some(grant("shared", which)));
        holds(clause, whole, format!("{found:?}, which nobody put"));
    }
}
