//! Invariant 5: log before effect. Invariant 12: determinism. Invariant 13: a refusal is no oracle.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use countersign::core::{
    Approval, ApprovalMethod, ApprovalRequest, Approver, Durability, RecordKind, Timestamp, Verdict,
};
use countersign::prelude::*;
use countersign::risk::{DefaultPolicy, PolicyConfig};
use countersign::ticket::{SigningKey, Ticket};
use countersign_testkit::clock::{TestEntropy, VirtualClock};

use crate::harness::{Log, World, at, create, sealed, somebody};

#[tokio::test]
async fn inv_05_the_intent_is_written_before_the_request_leaves() {
    let world = World::start().await;
    let log = Arc::new(Log::default());
    let cs = world.approving().audit(Arc::<Log>::clone(&log)).open().await.unwrap();
    let me = world.me(&cs).await;
    let done = cs.run(&me, &create()).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
    assert!(done.logged);
    assert_eq!(log.kinds(), ["decision", "intent", "outcome"]);
}

#[tokio::test]
async fn inv_05_without_a_record_of_the_intent_nothing_happens_and_nothing_is_spent() {
    let world = World::start().await;
    let log = Arc::new(Log::default());
    let cs = world.approving().audit(Arc::<Log>::clone(&log)).open().await.unwrap();
    let me = world.me(&cs).await;
    let (ticket, prepared) = sealed(&cs, &me, &create()).await.into_parts();
    let bytes = prepared.to_bytes();
    // The decision was written; the next record, the intent, cannot be.
    log.fails_from.store(2, Ordering::SeqCst);
    let error = cs.execute_bytes(&me, ticket.as_compact(), &bytes).await.unwrap_err();
    assert_eq!(error.code(), "log_unwritable");
    assert_eq!(world.writes(), 0);
    // The disk has room again: the same ticket still works, once.
    log.fails_from.store(0, Ordering::SeqCst);
    let done = cs.execute_bytes(&me, ticket.as_compact(), &bytes).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
}

#[tokio::test]
async fn inv_05_an_outcome_that_cannot_be_written_is_told_and_not_hidden() {
    let world = World::start().await;
    let log = Arc::new(Log::default());
    log.fails_from.store(3, Ordering::SeqCst);
    let cs = world.approving().audit(Arc::<Log>::clone(&log)).open().await.unwrap();
    let me = world.me(&cs).await;
    let done = cs.run(&me, &create()).await.unwrap();
    assert_eq!(done.ending, Ending::Committed, "the effect took place");
    assert!(!done.logged);
    assert_eq!(log.kinds(), ["decision", "intent"], "the intent is there to be found");
}

/// Evidence of a fresh step-up authentication, as a verified token of the identity provider gives it.
#[derive(Debug)]
struct SteppedUp;

#[async_trait]
impl Approver for SteppedUp {
    fn name(&self) -> &'static str {
        "stepped_up"
    }
    fn strength(&self) -> Tier {
        Tier::A
    }
    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        let method = ApprovalMethod::StepUp {
            issuer: "https://acme.eu.auth0.com/".to_owned(),
            acr: "http://schemas.openid.net/pape/policies/2007/06/multi-factor".to_owned(),
            auth_time: now,
        };
        Verdict::Approved(Box::new(Approval { method, ..request.consent("step_up", now) }))
    }
    async fn poll(&self, request: &ApprovalRequest, _: &str, now: Timestamp) -> Verdict {
        self.ask(request, now).await
    }
}

fn floor(tier: Tier) -> Arc<DefaultPolicy> {
    let mut config = PolicyConfig::default();
    config.tool_floors.insert("google_calendar_create_event".to_owned(), tier);
    Arc::new(DefaultPolicy::new(config).unwrap())
}

#[tokio::test]
async fn inv_05_for_tier_a_the_log_is_on_the_disk_first() {
    let world = World::start().await;
    let log = Arc::new(Log::default());
    let cs = world
        .approving()
        .approver(SteppedUp)
        .risk(floor(Tier::A))
        .audit(Arc::<Log>::clone(&log))
        .open()
        .await
        .unwrap();
    let me = world.me(&cs).await;
    let done = cs.run(&me, &create()).await.unwrap();
    assert_eq!(done.ending, Ending::Committed, "{:?}", done.code);
    let records = log.records.lock().unwrap();
    let (_, durability) = records.iter().find(|(r, _)| r.kind == RecordKind::Intent).unwrap();
    assert_eq!(*durability, Durability::Durable);
}

#[tokio::test]
async fn inv_12_the_same_inputs_give_the_same_ticket() {
    let mut tickets = Vec::new();
    for _ in 0..2 {
        let world = World::start().await;
        let cs = Pipeline::builder()
            .state_dir(world.dir.path().join("state"))
            .tool(ToolSpec::new("note").severity(1).writes(), |_: serde::de::IgnoredAny| async {
                Ok::<_, std::convert::Infallible>(())
            })
            .approver(Callback::new(|_: ApprovalRequest| async { Decision::Approve }))
            .grant(Grant::agent("planner").tools(["note"]).up_to(Tier::B))
            .clock(Arc::new(VirtualClock::starting(at(1_800_000_000))))
            .entropy(Arc::new(TestEntropy::new(7)))
            .signer(Arc::new(SigningKey::from_seed(&[9; 32].into())))
            .open()
            .await
            .unwrap();
        let me = somebody("auth0|ada", "planner", "s-1");
        let call = ToolCall::from_json("note", r#"{"b":1,"a":"x"}"#).unwrap();
        let sealed = sealed(&cs, &me, &call).await;
        tickets.push((sealed.ticket().as_compact().to_owned(), sealed.prepared().to_bytes()));
    }
    assert_eq!(tickets[0], tickets[1]);
}

#[tokio::test]
async fn inv_13_the_agent_gets_a_code_and_nothing_to_probe_with() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let mut told = Vec::new();
    for arguments in [
        r#"{"summary":"a","start":{"date":"2027-01-01"},"end":{"date":"2027-01-02"},"colour":1}"#,
        r#"{"summary":"a","start":{"date":"2027-01-01"}}"#,
        r#"{"start":{"date":"tomorrow-SECRET"},"end":{"date":"2027-01-02"}}"#,
    ] {
        let call = ToolCall::from_json("google_calendar_create_event", arguments).unwrap();
        let Authorization::Refused(no) = cs.authorize(&me, &call).await.unwrap() else { panic!() };
        assert!(!no.for_agent().contains("SECRET"));
        assert!(!format!("{no:?} {no}").contains("SECRET"));
        told.push(no.for_agent());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "every refusal of one code reads alike");
}

#[tokio::test]
async fn inv_13_garbage_at_the_gate_is_not_written_line_by_line() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let (ticket, prepared) = sealed(&cs, &me, &create()).await.into_parts();
    let before = world.log().len();
    let bytes = prepared.to_bytes();
    for n in 0..50 {
        let garbage = [ticket.as_compact().replace('.', "!"), "x".repeat(n), "a.b.c".to_owned()];
        for garbage in garbage {
            assert!(cs.execute_bytes(&me, &garbage, &bytes).await.is_err());
        }
        let mut forged = ticket.as_compact().to_owned();
        forged.pop();
        forged.push(if n % 2 == 0 { 'A' } else { 'Q' });
        if Ticket::from_compact(forged.clone()).as_compact() != ticket.as_compact() {
            assert!(cs.execute_bytes(&me, &forged, &bytes).await.is_err());
        }
    }
    assert_eq!(world.log().len(), before);
    let done = cs.execute_bytes(&me, ticket.as_compact(), &bytes).await.unwrap();
    assert_eq!(done.ending, Ending::Committed, "and the real one still works");
}
