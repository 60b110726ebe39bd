//! Invariant 3: once.

use std::sync::Arc;

use countersign::core::{Digest, Value};
use countersign::prelude::*;
use countersign::ticket::Freeze;
use countersign_testkit::servers::{Fault, When};

use crate::harness::{World, create, create_with, list, sealed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv_03_of_a_thousand_executions_of_one_ticket_one_is_sent() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let (ticket, prepared) = sealed(&cs, &me, &create()).await.into_parts();
    let (ticket, bytes) =
        (Arc::<str>::from(ticket.as_compact()), Arc::<[u8]>::from(prepared.to_bytes()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (cs, me) = (cs.clone(), me.clone());
        let (ticket, bytes) = (Arc::clone(&ticket), Arc::clone(&bytes));
        tasks.spawn(async move { cs.execute_bytes(&me, &ticket, &bytes).await });
    }
    let results = tasks.join_all().await;
    let committed = results.iter().filter(|r| r.is_ok()).count();
    let spent = results.iter().filter(|r| r.as_ref().is_err_and(|e| e.code() == "spent")).count();
    assert_eq!((committed, spent), (1, 999));
    assert_eq!(world.writes(), 1);
}

#[tokio::test]
async fn inv_03_an_answer_that_is_lost_is_unknown_and_nothing_is_sent_again() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    world.calendar.faults().when(When::method("POST"), 1, Fault::answer_lost());
    let done = cs.run(&me, &create()).await.unwrap();
    assert_eq!(done.ending, Ending::Unknown);
    assert_eq!(world.writes(), 1);
    assert_eq!(cs.reconcile(&me, done.effect_id).await.unwrap(), Ending::Committed);
    assert_eq!(world.writes(), 1, "reconciling reads");
    assert_eq!(world.calendar.events("ada@acme.example").len(), 1);
}

#[tokio::test]
async fn inv_03_a_request_that_never_arrived_reconciles_as_not_done() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    world.calendar.faults().when(When::method("POST"), 1, Fault::dropped());
    let done = cs.run(&me, &create()).await.unwrap();
    assert_eq!(done.ending, Ending::Unknown, "the client cannot tell");
    let early = cs.reconcile(&me, done.effect_id).await.unwrap();
    assert_eq!(early, Ending::Unknown, "it may still be on its way");
    world.clock.advance_seconds(121);
    assert_eq!(cs.reconcile(&me, done.effect_id).await.unwrap(), Ending::Failed);
    assert_eq!(world.calendar.events("ada@acme.example").len(), 0);
}

#[tokio::test]
async fn inv_03_a_freeze_stops_what_was_issued_before_it() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    for whose in [
        Freeze::All,
        Freeze::Tenant(me.tenant().clone()),
        Freeze::User(me.tenant().clone(), me.user().clone()),
        Freeze::Agent(me.tenant().clone(), me.agent().clone()),
    ] {
        let sealed = sealed(&cs, &me, &create()).await;
        cs.gate().guard().freeze(whose).await.unwrap();
        assert_eq!(cs.execute(&me, sealed).await.unwrap_err().code(), "frozen");
    }
    assert_eq!(world.writes(), 0);
    // What is issued after it works.
    assert_eq!(cs.run(&me, &create()).await.unwrap().ending, Ending::Committed);
}

#[tokio::test]
async fn inv_03_over_a_restart_a_spent_ticket_stays_spent_and_a_fresh_one_good() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let (ticket, prepared) = sealed(&cs, &me, &create()).await.into_parts();
    let (text, bytes) = (ticket.as_compact().to_owned(), prepared.to_bytes());
    let done = cs.execute_bytes(&me, &text, &bytes).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
    let fresh = sealed(&cs, &me, &create_with("Dinner")).await;
    drop(cs);
    world.clock.advance_seconds(1);
    let cs = world.approving().open().await.unwrap();
    let again = cs.execute_bytes(&me, &text, &bytes).await;
    assert_eq!(again.unwrap_err().code(), "spent");
    assert_eq!(cs.execute(&me, fresh).await.unwrap().ending, Ending::Committed);
    assert_eq!(world.writes(), 2);
}

#[tokio::test]
async fn inv_03_a_memory_that_forgets_refuses_older_tickets_after_a_restart() {
    let world = World::start().await;
    let cs = world.approving().in_memory().open().await.unwrap();
    let me = world.me(&cs).await;
    let sealed = sealed(&cs, &me, &create()).await;
    drop(cs);
    world.clock.advance_seconds(1);
    let cs = world.approving().in_memory().open().await.unwrap();
    assert_eq!(cs.execute(&me, sealed).await.unwrap_err().code(), "before_start");
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn inv_03_a_freeze_and_a_revoked_grant_outlive_the_process() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let sealed = sealed(&cs, &me, &create()).await;
    cs.gate().guard().freeze(Freeze::All).await.unwrap();
    drop(cs);
    let cs = world.approving().open().await.unwrap();
    assert_eq!(cs.execute(&me, sealed).await.unwrap_err().code(), "frozen");
    cs.grants().remove(me.tenant(), me.agent()).await.unwrap();
    drop(cs);
    // The program still names the grant; what was taken away stays away.
    let cs = world.approving().open().await.unwrap();
    assert_eq!(cs.run(&me, &create()).await.unwrap_err().code(), "unknown_agent");
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn a_second_pipeline_on_one_state_directory_is_refused() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let second = world.approving().open().await.unwrap_err();
    assert!(matches!(second, countersign::OpenError::Log(_) | countersign::OpenError::Store(_)));
    drop(cs);
    assert!(world.approving().open().await.is_ok(), "free again");
}

#[tokio::test]
async fn evidence_of_an_executed_call_names_what_was_sent() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let sealed = sealed(&cs, &me, &create()).await;
    let effect = sealed.prepared().digest();
    let done = cs.execute(&me, sealed).await.unwrap();
    let keys = countersign::KeyDir::open(world.dir.path().join("state/keys")).unwrap();
    let evidence = done.evidence.verify(&keys.ring().unwrap()).unwrap().value();
    let text =
        |key: &str| evidence.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    assert_eq!(text("authorised"), effect.to_hex());
    assert_eq!(text("executed"), effect.to_hex());
    assert_eq!(text("outcome"), "committed");
    assert_eq!(text("binding"), "wire");
    assert_eq!(evidence.get("dialled_elsewhere").and_then(Value::as_bool), Some(true));
    let body = evidence.pointer("/response/body").and_then(|v| v.as_str()).unwrap();
    assert!(body.parse::<Digest>().is_ok());
}

#[tokio::test]
async fn a_listing_goes_silently_and_brings_the_events() {
    let world = World::start().await;
    let nobody = Callback::new(|_| async { panic!("a read needs nobody") });
    let cs = world.bare().approver(nobody).open().await.unwrap();
    let me = world.me(&cs).await;
    let event = serde_json::json!({
        "summary": "Budget", "start": { "dateTime": "2027-03-01T08:00:00Z" },
        "end": { "dateTime": "2027-03-01T08:30:00Z" },
    });
    world.calendar.seed("ada@acme.example", &event).unwrap();
    let done = cs.run(&me, &list()).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
    assert!(done.result.to_canonical().as_str().contains("Budget"));
}

#[tokio::test]
async fn inv_06_a_doubt_is_looked_up_for_its_own_caller_and_under_a_grant() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    world.calendar.faults().when(When::method("POST"), 1, Fault::answer_lost());
    let done = cs.run(&me, &create()).await.unwrap();
    let other = crate::harness::somebody("auth0|eve", "planner", "s-42");
    assert_eq!(cs.reconcile(&other, done.effect_id).await.unwrap_err().code(), "wrong_caller");
}

/// A value that cannot be written as JSON.
struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[tokio::test]
async fn inv_06_a_local_tool_that_fails_or_returns_nonsense_is_not_called_undone() {
    let dir = tempfile::tempdir().unwrap();
    let tool = |name: &str| ToolSpec::new(name).severity(1).writes();
    let cs = Pipeline::builder()
        .state_dir(dir.path())
        .tool(tool("fails"), |_: serde::de::IgnoredAny| async { Err::<(), _>("timed out") })
        .tool(tool("panics"), |_: serde::de::IgnoredAny| async {
            if true { panic!("a bug") } else { Ok::<(), &str>(()) }
        })
        .tool(tool("odd"), |_: serde::de::IgnoredAny| async { Ok::<_, &str>(Unwritable) })
        .approver(Callback::new(|_| async { Decision::Approve }))
        .grant(Grant::agent("planner").tools(["*"]).up_to(Tier::B))
        .open()
        .await
        .unwrap();
    let me = crate::harness::somebody("auth0|ada", "planner", "s");
    for (name, ending) in
        [("fails", Ending::Unknown), ("panics", Ending::Unknown), ("odd", Ending::Committed)]
    {
        let done = cs.run(&me, &ToolCall::from_json(name, "{}").unwrap()).await.unwrap();
        assert_eq!(done.ending, ending, "{name}");
    }
}
