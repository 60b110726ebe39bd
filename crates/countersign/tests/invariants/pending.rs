//! Calls that wait: handles are believed in nothing, and an approval holds for one call, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign::core::{ApprovalRequest, GrantStore, MemoryApprovals, MemoryGrants};
use countersign::prelude::*;
use countersign::risk::{DefaultPolicy, PolicyConfig};
use countersign::{Interrupt, PipelineBuilder};
use countersign_testkit::servers::Account;

use crate::harness::{EVENTS_SCOPE, USER, World, create, refused, somebody};

/// A person who answers later: yes, once the flag is set.
pub(crate) fn later(says_yes: &Arc<AtomicBool>) -> Callback {
    let says_yes = Arc::clone(says_yes);
    Callback::with_poll(
        |_: ApprovalRequest| async { Decision::Later("q-1".into()) },
        move |_: ApprovalRequest, _| {
            let yes = says_yes.load(Ordering::SeqCst);
            async move { if yes { Decision::Approve } else { Decision::Later("q-1".into()) } }
        },
    )
}

fn waiting(world: &World, says_yes: &Arc<AtomicBool>) -> (PipelineBuilder, Arc<MemoryApprovals>) {
    let store = Arc::new(MemoryApprovals::default());
    (world.bare().approver(later(says_yes)).approvals(Arc::<MemoryApprovals>::clone(&store)), store)
}

pub(crate) fn pending(authorization: Authorization) -> Handle {
    match authorization {
        Authorization::Pending(handle) => *handle,
        other => panic!("does not wait: {other:?}"),
    }
}

#[tokio::test]
async fn a_call_that_waited_goes_on_in_another_pipeline_and_once() {
    let world = World::start().await;
    let yes = Arc::new(AtomicBool::new(false));
    let (builder, store) = waiting(&world, &yes);
    let cs = builder.open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    assert_eq!(pending(cs.resume(&me, &handle).await.unwrap()), handle, "not decided yet");

    // It is kept as JSON and comes back in another process, which shares the store.
    let kept = serde_json::to_string(&handle).unwrap();
    drop(cs);
    yes.store(true, Ordering::SeqCst);
    let cs = world.bare().approver(later(&yes)).approvals(store).open().await.unwrap();
    let handle: Handle = serde_json::from_str(&kept).unwrap();
    let (first, second) = tokio::join!(cs.resume(&me, &handle), cs.resume(&me, &handle));
    // The user's token has to be there in this process too.
    let me = world.me(&cs).await;
    let mut committed = 0;
    for authorization in [first.unwrap(), second.unwrap()] {
        match authorization {
            Authorization::Permitted(sealed) => match cs.execute(&me, *sealed).await {
                Ok(done) => committed += u8::from(done.ending == Ending::Committed),
                Err(no) => assert_eq!(no.code(), "spent"),
            },
            Authorization::Refused(no) => assert_eq!(no.code(), "pending_unknown"),
            other @ Authorization::Pending(_) => panic!("{other:?}"),
        }
    }
    assert_eq!(committed, 1, "one approval, one effect, however many tickets");
    assert_eq!(refused(cs.resume(&me, &handle).await.unwrap()), "pending_unknown");
    assert_eq!(world.writes(), 1);
}

#[tokio::test]
async fn a_handle_that_was_edited_in_any_field_is_refused_and_the_real_one_still_works() {
    let world = World::start().await;
    let yes = Arc::new(AtomicBool::new(true));
    let (builder, _) = waiting(&world, &yes);
    let cs = builder.open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    let other = || "0".repeat(32);
    let edits: [fn(&mut Handle, String); 5] = [
        |h, other| h.effect_id = other,
        |h, _| h.tool = "google_calendar_delete_event".into(),
        |h, _| h.expires_ms += 1,
        |h, _| {
            h.interrupt =
                serde_json::from_str(r#"{"kind":"approve","tier":"C","digest":""}"#).unwrap();
        },
        |h, _| {
            let text = r#"{"kind":"connect","reason":"x","connection":"x","scopes":[]}"#;
            h.interrupt = serde_json::from_str(text).unwrap();
        },
    ];
    for edit in edits {
        let mut edited = handle.clone();
        edit(&mut edited, other());
        assert_eq!(refused(cs.resume(&me, &edited).await.unwrap()), "pending_tampered");
    }
    let mut unknown = handle.clone();
    unknown.id = other();
    assert_eq!(refused(cs.resume(&me, &unknown).await.unwrap()), "pending_unknown");
    assert!(matches!(cs.resume(&me, &handle).await.unwrap(), Authorization::Permitted(_)));
}

#[tokio::test]
async fn a_handle_is_nothing_worth_for_another_caller() {
    let world = World::start().await;
    let yes = Arc::new(AtomicBool::new(true));
    let (builder, _) = waiting(&world, &yes);
    let cs = builder.open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    for other in [
        somebody("auth0|eve", "planner", "s-42"),
        somebody(USER, "other", "s-42"),
        somebody(USER, "planner", "s-43"),
    ] {
        assert_eq!(refused(cs.resume(&other, &handle).await.unwrap()), "wrong_caller");
    }
}

#[tokio::test]
async fn what_waits_ends() {
    let world = World::start().await;
    let yes = Arc::new(AtomicBool::new(true));
    let (builder, _) = waiting(&world, &yes);
    let cs = builder.open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    world.clock.advance_seconds(3601);
    assert_eq!(refused(cs.resume(&me, &handle).await.unwrap()), "pending_unknown");
}

#[tokio::test]
async fn inv_09_a_stricter_policy_makes_an_older_approval_insufficient() {
    let world = World::start().await;
    let yes = Arc::new(AtomicBool::new(false));
    let (builder, store) = waiting(&world, &yes);
    let cs = builder.open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    drop(cs);
    let mut config = PolicyConfig::default();
    config.tool_floors.insert("google_calendar_*".to_owned(), Tier::A);
    let strict = Arc::new(DefaultPolicy::new(config).unwrap());
    yes.store(true, Ordering::SeqCst);
    let cs = world.bare().approver(later(&yes)).approvals(store).risk(strict).open().await.unwrap();
    let answer = cs.resume(&me, &handle).await.unwrap();
    assert_eq!(refused(answer), "approval_no_longer_suffices");
}

/// What a framework said of the origin of an argument counts when the approval is used, too: otherwise
/// waiting for a person, and a restart, would wash it off.
#[tokio::test]
async fn inv_09_where_an_argument_came_from_is_not_forgotten_while_a_person_thinks() {
    use countersign::core::{Connection, Returns, Trust, ValueHandle};

    let label = Returns { trust: Trust::Untrusted, private: true };
    let connection = Some(Connection::new("slack").unwrap());
    let handle = ValueHandle { path: "/summary".to_owned(), connection, label, step: None };
    for (call, suffices) in [(create(), true), (create().with_handles(vec![handle]), false)] {
        let world = World::start().await;
        let yes = Arc::new(AtomicBool::new(false));
        let (builder, store) = waiting(&world, &yes);
        let lax = PolicyConfig::from_json(br#"{"multipliers":{"cross_service":1.0}}"#).unwrap();
        let lax = Arc::new(DefaultPolicy::new(lax).unwrap());
        let cs = builder.risk(lax).open().await.unwrap();
        let me = world.me(&cs).await;
        let waits = pending(cs.authorize(&me, &call).await.unwrap());
        drop(cs);
        let strict = PolicyConfig::from_json(br#"{"multipliers":{"cross_service":2.5}}"#).unwrap();
        let strict = Arc::new(DefaultPolicy::new(strict).unwrap());
        yes.store(true, Ordering::SeqCst);
        let builder = world.bare().approver(later(&yes)).approvals(store).risk(strict);
        let cs = builder.open().await.unwrap();
        let answer = cs.resume(&me, &waits).await.unwrap();
        if suffices {
            assert!(matches!(answer, Authorization::Permitted(_)), "{answer:?}");
        } else {
            assert_eq!(refused(answer), "approval_no_longer_suffices");
        }
    }
}

#[tokio::test]
async fn connecting_the_account_comes_before_asking_a_person() {
    let world = World::start().await;
    world.auth0.disconnect(USER, "google-oauth2");
    let nobody =
        Callback::new(|_| async { panic!("nobody may be asked before the account is there") });
    let cs = world.bare().approver(nobody).open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    let Interrupt::Connect { reason, connection, scopes } = &handle.interrupt else { panic!() };
    assert_eq!((reason.as_str(), connection.as_str()), ("not_connected", "google-oauth2"));
    assert_eq!(scopes, &[EVENTS_SCOPE]);
    assert_eq!(pending(cs.resume(&me, &handle).await.unwrap()), handle, "still not connected");
    drop(cs);

    world.auth0.connect(USER, Account::google("1084", "ada@acme.example").scopes([EVENTS_SCOPE]));
    let store = Arc::new(MemoryApprovals::default());
    let cs = world.approving().approvals(store).open().await.unwrap();
    let me = world.me(&cs).await;
    assert_eq!(cs.run(&me, &create()).await.unwrap().ending, Ending::Committed);
}

#[tokio::test]
async fn two_that_resume_one_call_at_once_come_to_one_effect() {
    let world = World::start().await;
    world.auth0.disconnect(USER, "google-oauth2");
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    world.auth0.connect(USER, Account::google("1084", "ada@acme.example").scopes([EVENTS_SCOPE]));
    let resume = || cs.resume(&me, &handle);
    let (a, b, c) = tokio::join!(resume(), resume(), resume());
    for authorization in [a.unwrap(), b.unwrap(), c.unwrap()] {
        match authorization {
            Authorization::Permitted(sealed) => {
                assert_eq!(sealed.prepared().effect_id().to_string(), handle.effect_id);
                _ = cs.execute(&me, *sealed).await;
            }
            Authorization::Refused(no) => assert_eq!(no.code(), "pending_unknown"),
            Authorization::Pending(_) => panic!("the account is there"),
        }
    }
    assert_eq!(world.writes(), 1);
}

#[tokio::test]
async fn inv_09_an_approval_that_took_its_time_does_not_outlive_the_grant() {
    let world = World::start().await;
    let grants = Arc::new(MemoryGrants::default());
    let taken = Arc::<MemoryGrants>::clone(&grants);
    // While the person thinks, the operator takes the grant away.
    let person = Callback::new(move |request: ApprovalRequest| {
        let grants = Arc::clone(&taken);
        async move {
            let (tenant, agent) = (request.caller.tenant(), request.caller.agent());
            grants.remove(tenant, agent).await.unwrap();
            Decision::Approve
        }
    });
    let cs = world.bare().approver(person).grants(grants).open().await.unwrap();
    let me = world.me(&cs).await;
    assert_eq!(refused(cs.authorize(&me, &create()).await.unwrap()), "unknown_agent");
}

#[tokio::test]
async fn a_call_that_waited_for_an_account_goes_on_when_it_is_connected() {
    let world = World::start().await;
    world.auth0.disconnect(USER, "google-oauth2");
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    world.auth0.connect(USER, Account::google("1084", "ada@acme.example").scopes([EVENTS_SCOPE]));
    let Authorization::Permitted(sealed) = cs.resume(&me, &handle).await.unwrap() else { panic!() };
    assert_eq!(cs.execute(&me, *sealed).await.unwrap().ending, Ending::Committed);
    assert_eq!(refused(cs.resume(&me, &handle).await.unwrap()), "pending_unknown", "only once");
}

/// A person who thinks until the gate is opened, and how often somebody was asked.
fn thinking(
    decision: Decision,
) -> (Callback, Arc<tokio::sync::Notify>, Arc<std::sync::atomic::AtomicUsize>) {
    let (go, asked) = (Arc::new(tokio::sync::Notify::new()), Arc::default());
    let (gate, count) = (Arc::clone(&go), Arc::<std::sync::atomic::AtomicUsize>::clone(&asked));
    let person = Callback::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        let (gate, decision) = (Arc::clone(&gate), decision.clone());
        async move {
            gate.notified().await;
            decision
        }
    });
    (person, go, asked)
}

#[tokio::test]
async fn an_answer_that_comes_late_is_kept_and_nobody_is_asked_again() {
    let world = World::start().await;
    let (person, go, asked) = thinking(Decision::Approve);
    let builder = world.bare().approver(person).patience(std::time::Duration::from_millis(50));
    let cs = builder.open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    assert_eq!(pending(cs.resume(&me, &handle).await.unwrap()), handle, "still thinking");
    go.notify_one();
    let sealed = loop {
        match cs.resume(&me, &handle).await.unwrap() {
            Authorization::Permitted(sealed) => break *sealed,
            Authorization::Pending(_) => tokio::task::yield_now().await,
            Authorization::Refused(no) => panic!("{no:?}"),
        }
    };
    assert_eq!(cs.execute(&me, sealed).await.unwrap().ending, Ending::Committed);
    assert_eq!((asked.load(Ordering::SeqCst), world.writes()), (1, 1));
    assert_eq!(refused(cs.resume(&me, &handle).await.unwrap()), "pending_unknown");
}

#[tokio::test]
async fn a_no_that_comes_late_is_a_no() {
    let world = World::start().await;
    let (person, go, _) = thinking(Decision::Decline);
    let builder = world.bare().approver(person).patience(std::time::Duration::from_millis(50));
    let cs = builder.open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    go.notify_one();
    let code = loop {
        match cs.resume(&me, &handle).await.unwrap() {
            Authorization::Refused(no) => break no.code(),
            Authorization::Pending(_) => tokio::task::yield_now().await,
            Authorization::Permitted(_) => panic!("nobody said yes"),
        }
    };
    assert_eq!((code, world.writes()), ("pending_unknown", 0));
    assert!(cs.pending(&me).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_call_whose_future_was_dropped_while_a_person_thought_is_found_and_goes_on() {
    let world = World::start().await;
    let (person, go, asked) = thinking(Decision::Approve);
    let cs = world.bare().approver(person).open().await.unwrap();
    let me = world.me(&cs).await;
    let given_up = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(given_up, cs.authorize(&me, &create())).await.is_err());
    let handles = cs.pending(&me).await.unwrap();
    let [handle] = handles.as_slice() else { panic!("{handles:?}") };
    go.notify_one();
    let sealed = loop {
        match cs.resume(&me, handle).await.unwrap() {
            Authorization::Permitted(sealed) => break *sealed,
            Authorization::Pending(_) => tokio::task::yield_now().await,
            Authorization::Refused(no) => panic!("{no:?}"),
        }
    };
    assert_eq!(cs.execute(&me, sealed).await.unwrap().ending, Ending::Committed);
    assert_eq!((asked.load(Ordering::SeqCst), world.writes()), (1, 1));
}

/// Each call alone looks fine, and so does each session.
#[tokio::test]
async fn a_burst_over_many_sessions_of_one_agent_is_stepped_up() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let mut refusals = Vec::new();
    for n in 0..12 {
        let token = world.access_token();
        let me = cs.caller(token).session(&format!("s-{n}")).verify().await.unwrap();
        let call = crate::harness::create_with(&format!("Meeting number {n}"));
        if let Authorization::Refused(no) = cs.authorize(&me, &call).await.unwrap() {
            refusals.push((n, no.code()));
        }
    }
    assert_eq!(refusals, [(11, "no_approver_for_tier")], "the person here can only consent");
}
