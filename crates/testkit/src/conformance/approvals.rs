//! [`ApprovalStore`]: what is pending.

use std::sync::Arc;

use countersign_core::{ApprovalStore, StoreError, Timestamp};

use super::{done, holds, race, same};
use crate::fixtures::NOW;

const LATER: Timestamp = NOW.plus_seconds(3_600);

/// Runs every clause but [`is_full_and_says_so`], which needs a store of its own.
pub async fn all(store: Arc<dyn ApprovalStore>) {
    gives_back_what_was_put(store.as_ref()).await;
    takes_a_record_out_once(store.as_ref()).await;
    forgets_what_has_expired(store.as_ref()).await;
    refuses_an_id_in_use(store.as_ref()).await;
    tells_ids_apart(store.as_ref()).await;
    swaps_exactly_what_it_was_told(store.as_ref()).await;
    lists_page_by_page(store.as_ref()).await;
    lets_one_of_a_hundred_swap(Arc::clone(&store)).await;
    gives_a_record_to_one_of_a_thousand(Arc::clone(&store)).await;
    lets_one_of_a_hundred_have_an_id(store).await;
}

/// Records are opaque bytes and come back as they were put; looking does not take.
pub async fn gives_back_what_was_put(store: &dyn ApprovalStore) {
    let clause = "ApprovalStore: a record comes back byte for byte";
    let long = (0..=255u8).cycle().take(300_000).collect::<Vec<u8>>();
    let records = [vec![], vec![0], b"{\"a\":1}".to_vec(), vec![0xff; 1_000], long];
    for (n, record) in records.into_iter().enumerate() {
        let id = format!("approvals-bytes-{n}");
        same("ApprovalStore: an unknown id has no record", store.get(&id, NOW).await, Ok(None));
        done(clause, store.put(&id, record.clone(), LATER).await);
        for _ in 0..3 {
            let seen = done(clause, store.get(&id, NOW).await);
            holds(clause, seen.as_ref() == Some(&record), format!("record {n} by get"));
        }
        let seen = done(clause, store.take(&id, NOW).await);
        holds(clause, seen == Some(record), format!("record {n} by take"));
    }
}

/// A record that was taken is gone.
pub async fn takes_a_record_out_once(store: &dyn ApprovalStore) {
    let clause = "ApprovalStore: take gives a record out at most once";
    same(clause, store.take("approvals-nothing", NOW).await, Ok(None));
    done(clause, store.put("approvals-once", b"x".to_vec(), LATER).await);
    same(clause, store.take("approvals-once", NOW).await, Ok(Some(b"x".to_vec())));
    for _ in 0..3 {
        same(clause, store.take("approvals-once", NOW).await, Ok(None));
        same(clause, store.get("approvals-once", NOW).await, Ok(None));
    }
}

/// A record is replaced only if it still is the one that was expected, keeps its expiry, and what
/// expired or was taken is not replaced.
pub async fn swaps_exactly_what_it_was_told(store: &dyn ApprovalStore) {
    let clause = "ApprovalStore: swap replaces exactly the record it was told";
    let id = "approvals-swap";
    let new = || b"new".to_vec();
    same(clause, store.swap(id, b"", new(), NOW).await, Ok(false));
    done(clause, store.put(id, b"old".to_vec(), LATER).await);
    same(clause, store.swap(id, b"other", new(), NOW).await, Ok(false));
    same(clause, store.get(id, NOW).await, Ok(Some(b"old".to_vec())));
    same(clause, store.swap(id, b"old", new(), NOW).await, Ok(true));
    same(clause, store.swap(id, b"old", b"newer".to_vec(), NOW).await, Ok(false));
    same(clause, store.get(id, NOW).await, Ok(Some(new())));
    same(clause, store.swap(id, b"new", b"newer".to_vec(), LATER).await, Ok(false));
    same("ApprovalStore: a swapped record keeps its expiry", store.get(id, LATER).await, Ok(None));
    done(clause, store.put("approvals-swap-2", b"old".to_vec(), LATER).await);
    same(clause, store.take("approvals-swap-2", NOW).await, Ok(Some(b"old".to_vec())));
    same(clause, store.swap("approvals-swap-2", b"old", new(), NOW).await, Ok(false));
}

/// All that is pending is listed, in the order of the ids, page by page; what expired is not.
pub async fn lists_page_by_page(store: &dyn ApprovalStore) {
    let clause = "ApprovalStore: what is pending is listed page by page";
    let prefix = "approvals-list-";
    let mut due = Vec::new();
    for n in 0..10u8 {
        let (id, record) = (format!("{prefix}{n}"), vec![n]);
        let expires = if n == 5 { NOW.plus_seconds(1) } else { LATER };
        done(clause, store.put(&id, record.clone(), expires).await);
        if n != 5 {
            due.push((id, record));
        }
    }
    let now = NOW.plus_seconds(2);
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = done(clause, store.list(after.as_deref(), 3, now).await);
        holds(clause, page.len() <= 3, "a page is longer than asked for");
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        seen.extend(page.into_iter().filter(|(id, _)| id.starts_with(prefix)));
    }
    same(clause, seen, due);
    for n in 0..10u8 {
        done(clause, store.take(&format!("{prefix}{n}"), now).await);
    }
}

/// Of many that replace one record at the same moment, one does.
pub async fn lets_one_of_a_hundred_swap(store: Arc<dyn ApprovalStore>) {
    let clause = "ApprovalStore: of a hundred that swap one record, one does";
    let id = "approvals-swap-race";
    done(clause, store.put(id, b"old".to_vec(), LATER).await);
    let swaps = race(100, |n| {
        let store = Arc::clone(&store);
        async move { store.swap(id, b"old", vec![u8::try_from(n).unwrap_or(0)], NOW).await }
    });
    let won = swaps.await.into_iter().filter(|swapped| *swapped == Ok(true)).count();
    same(clause, won, 1);
}

/// A record past its expiry is not given out; one before it is.
pub async fn forgets_what_has_expired(store: &dyn ApprovalStore) {
    let clause = "ApprovalStore: a record past its expiry is not given out";
    let just = |millis| Timestamp::from_millis(LATER.millis().saturating_add(millis));
    for (n, after) in [1, 1_000, 86_400_000].into_iter().enumerate() {
        let (looked, taken) = (format!("approvals-old-get-{n}"), format!("approvals-old-take-{n}"));
        for id in [&looked, &taken] {
            done(clause, store.put(id, b"x".to_vec(), LATER).await);
            let seen = store.get(id, just(-1)).await;
            same("ApprovalStore: a record is kept until it expires", seen, Ok(Some(b"x".to_vec())));
        }
        same(clause, store.take(&taken, just(after)).await, Ok(None));
        same(clause, store.get(&looked, just(after)).await, Ok(None));
        same(clause, store.take(&looked, just(after)).await, Ok(None));
    }
    // It was never alive.
    done(clause, store.put("approvals-dead", b"x".to_vec(), NOW.plus_seconds(-1)).await);
    same(clause, store.get("approvals-dead", NOW).await, Ok(None));
    same(clause, store.take("approvals-dead", NOW).await, Ok(None));
}

/// An id that is in use is an error, and what stands under it stays.
pub async fn refuses_an_id_in_use(store: &dyn ApprovalStore) {
    let clause = "ApprovalStore: an id in use is refused";
    done(clause, store.put("approvals-used", b"first".to_vec(), LATER).await);
    for record in [b"second".to_vec(), b"first".to_vec(), vec![]] {
        let seen = store.put("approvals-used", record, LATER.plus_seconds(60)).await;
        same(clause, seen, Err(StoreError));
    }
    let seen = store.get("approvals-used", NOW).await;
    same("ApprovalStore: a refused put changes nothing", seen, Ok(Some(b"first".to_vec())));
    let seen = store.take("approvals-used", LATER.plus_seconds(1)).await;
    same("ApprovalStore: a refused put changes nothing", seen, Ok(None));
}

/// An id is one text: whatever resembles it, or leads to its file or key on another way, is another
/// id, or is refused.
pub async fn tells_ids_apart(store: &dyn ApprovalStore) {
    let clause = "ApprovalStore: an id names one record";
    let ids = [
        "approvals-id",
        "APPROVALS-ID",
        "approvals-id ",
        "approvals-id/",
        "./approvals-id",
        "x/../approvals-id",
        "approvals-id\0",
        "approvals-id\n",
        "approvals%2Did",
        "approvals_id",
        "approvals-i",
        "*",
        "%",
        "",
        "../../etc/passwd",
        "é",
        "e\u{301}",
    ];
    let mut held = Vec::new();
    for id in ids {
        if store.put(id, id.as_bytes().to_vec(), LATER).await.is_ok() {
            held.push(id);
        }
    }
    holds(clause, held.contains(&"approvals-id"), "an ordinary id was refused");
    for id in ids {
        let due = held.contains(&id).then(|| id.as_bytes().to_vec());
        let seen = store.get(id, NOW).await;
        // A store may say that it cannot hold such an id, at any time.
        holds(
            clause,
            seen == Ok(due.clone()) || (due.is_none() && seen.is_err()),
            format!("{id:?}"),
        );
    }
    for id in &held {
        let seen = store.take(id, NOW).await;
        same(clause, seen, Ok(Some(id.as_bytes().to_vec())));
    }
}

/// Of a thousand that take one record at the same time exactly one gets it.
pub async fn gives_a_record_to_one_of_a_thousand(store: Arc<dyn ApprovalStore>) {
    let clause = "ApprovalStore: of a thousand takers at a time exactly one gets the record";
    for round in 0..5 {
        let id = format!("approvals-race-{round}");
        done(clause, store.put(&id, b"x".to_vec(), LATER).await);
        let results = race(1_000, |_| {
            let (store, id) = (Arc::clone(&store), id.clone());
            async move { store.take(&id, NOW).await }
        });
        let taken = results.await.into_iter().map(|r| done(clause, r));
        same(clause, taken.flatten().count(), 1);
    }
}

/// Of a hundred that store under one id at the same time exactly one does.
pub async fn lets_one_of_a_hundred_have_an_id(store: Arc<dyn ApprovalStore>) {
    let clause = "ApprovalStore: of a hundred that store under one id exactly one does";
    for round in 0..5 {
        let id = format!("approvals-put-race-{round}");
        let results = race(100, |n| {
            let (store, id) = (Arc::clone(&store), id.clone());
            async move { store.put(&id, n.to_string().into_bytes(), LATER).await.ok().map(|()| n) }
        });
        let stored: Vec<usize> = results.await.into_iter().flatten().collect();
        same(clause, stored.len(), 1);
        let due = stored.first().map(|n| n.to_string().into_bytes());
        same(clause, store.take(&id, NOW).await, Ok(due));
    }
}

/// An empty store holds what it says it holds; then `put` is an error and nothing was evicted. Taking
/// one out makes room for one. `capacity` is none for a store without a bound.
pub async fn is_full_and_says_so(store: &dyn ApprovalStore, capacity: Option<usize>) {
    let clause = "ApprovalStore: nothing is evicted to make room";
    let ids: Vec<String> =
        (0..capacity.unwrap_or(5_000)).map(|n| format!("approvals-full-{n}")).collect();
    for id in &ids {
        let seen = store.put(id, id.clone().into_bytes(), LATER).await;
        done("ApprovalStore: as many records fit as are stated", seen);
    }
    if capacity.is_some() {
        for n in 0..10 {
            let seen = store.put(&format!("approvals-over-{n}"), b"x".to_vec(), LATER).await;
            same("ApprovalStore: full is an error", seen, Err(StoreError));
        }
    }
    let (first, rest) = done(clause, ids.split_first().ok_or("a capacity of at least one"));
    same(clause, store.take(first, NOW).await, Ok(Some(first.clone().into_bytes())));
    let seen = store.put("approvals-room", b"x".to_vec(), LATER).await;
    done("ApprovalStore: taking a record makes room", seen);
    for id in rest {
        same(clause, store.take(id, NOW).await, Ok(Some(id.clone().into_bytes())));
    }
}
