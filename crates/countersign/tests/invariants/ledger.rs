//! Invariant 6: no doubt is hidden; and nobody is asked twice for one effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::core::{
    ApprovalRequest, ApprovalStore, Ledger, LedgerFilter, LedgerState, MemoryApprovals,
    MemoryLedger,
};
use countersign::prelude::*;
use countersign::{PipelineBuilder, Recovery};
use countersign_testkit::servers::{Fault, GoogleCalendar, When};

use crate::harness::{World, create, create_with, list, refused, sealed};

/// Stores that outlive a pipeline, and a person who is counted.
struct Kept {
    ledger: Arc<MemoryLedger>,
    approvals: Arc<MemoryApprovals>,
    asked: Arc<AtomicUsize>,
}

impl Kept {
    fn new(world: &World) -> Self {
        let now = countersign::core::Clock::now(&world.clock);
        Self {
            ledger: Arc::new(MemoryLedger::new(1_000, now)),
            approvals: Arc::default(),
            asked: Arc::default(),
        }
    }

    fn pipeline(&self, world: &World) -> PipelineBuilder {
        let asked = Arc::clone(&self.asked);
        let person = Callback::new(move |_: ApprovalRequest| {
            asked.fetch_add(1, Ordering::SeqCst);
            async { Decision::Approve }
        });
        world
            .bare()
            .approver(person)
            .ledger(Arc::<MemoryLedger>::clone(&self.ledger))
            .approvals(Arc::<MemoryApprovals>::clone(&self.approvals))
    }

    async fn state(&self, done: &Done) -> LedgerState {
        self.ledger.get(done.effect_id).await.unwrap().unwrap().state
    }

    /// What a process that dies leaves in doubt.
    async fn crash(&self) {
        for entry in self.ledger.list(LedgerFilter::Open, None, 100).await.unwrap() {
            let to = entry.state.after_a_crash();
            if to != entry.state {
                let (id, jti) = (entry.effect_id, entry.jti);
                self.ledger.advance(id, jti, to, None, entry.at).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn inv_06_every_ending_is_in_the_ledger() {
    let world = World::start().await;
    let kept = Kept::new(&world);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    let faults = world.calendar.faults();
    let cases = [
        (None, LedgerState::Committed),
        (Some(Fault::status(429)), LedgerState::Released),
        (Some(Fault::status(401)), LedgerState::Released),
        (Some(Fault::status(403)), LedgerState::Failed),
        (Some(Fault::status(503)), LedgerState::Unknown),
        (Some(Fault::answer_lost()), LedgerState::Unknown),
    ];
    for (n, (fault, due)) in cases.into_iter().enumerate() {
        if let Some(fault) = fault {
            faults.when(When::method("POST"), 1, fault);
        }
        let done = cs.run(&me, &create()).await.unwrap();
        assert_eq!(kept.state(&done).await, due, "case {n}");
        assert_eq!(done.released, due == LedgerState::Released, "case {n}");
        assert_eq!(done.again.is_some(), done.released, "case {n}");
        let waits = kept.approvals.get(&done.effect_id.to_string(), done_at(&world)).await.unwrap();
        let over = matches!(due, LedgerState::Committed | LedgerState::Failed);
        assert_eq!(waits.is_none(), over, "an approval is kept until the effect has ended");
        faults.clear();
    }
    let done = cs.run(&me, &list()).await.unwrap();
    assert_eq!(kept.state(&done).await, LedgerState::Committed);
}

fn done_at(world: &World) -> countersign::core::Timestamp {
    countersign::core::Clock::now(&world.clock)
}

#[tokio::test]
async fn inv_06_what_was_released_is_tried_again_and_nobody_is_asked_again() {
    let world = World::start().await;
    let kept = Kept::new(&world);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    world.calendar.faults().when(When::method("POST"), 2, Fault::status(429));
    let first = cs.run(&me, &create()).await.unwrap();
    let mut again = first.again.expect("a rate limit releases");
    // Also after a restart; the second try meets the limit again, the third goes through.
    drop(cs);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    let mut endings = Vec::new();
    for _ in 0..2 {
        let Authorization::Permitted(sealed) = cs.resume(&me, &again).await.unwrap() else {
            panic!("what was approved is permitted")
        };
        assert_eq!(sealed.prepared().effect_id(), first.effect_id, "the same effect");
        let done = cs.execute(&me, *sealed).await.unwrap();
        endings.push(done.ending);
        if let Some(next) = done.again {
            again = next;
        }
    }
    assert_eq!(endings, [Ending::Failed, Ending::Committed]);
    assert_eq!(kept.asked.load(Ordering::SeqCst), 1, "asked once");
    assert_eq!(world.calendar.events("ada@acme.example").len(), 1);
    assert_eq!(refused(cs.resume(&me, &again).await.unwrap()), "pending_unknown", "it is over");
}

#[tokio::test]
async fn inv_06_an_approval_outlives_the_process_that_was_told_of_it() {
    let world = World::start().await;
    let kept = Kept::new(&world);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    // Approved, and the process dies with the ticket.
    let lost = sealed(&cs, &me, &create()).await.prepared().effect_id();
    drop(cs);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    let pending = cs.pending(&me).await.unwrap();
    let [handle] = pending.as_slice() else { panic!("{pending:?}") };
    assert_eq!(handle.effect_id, lost.to_string());
    let other = crate::harness::somebody("auth0|eve", "planner", "s-42");
    assert_eq!(cs.pending(&other).await.unwrap(), []);
    let Authorization::Permitted(sealed) = cs.resume(&me, handle).await.unwrap() else { panic!() };
    assert_eq!(cs.execute(&me, *sealed).await.unwrap().ending, Ending::Committed);
    assert_eq!(kept.asked.load(Ordering::SeqCst), 1, "asked once");
    assert_eq!(cs.pending(&me).await.unwrap(), [], "nothing waits any more");
}

#[tokio::test]
async fn inv_06_an_approved_effect_gets_no_ticket_while_it_is_in_doubt_or_over() {
    let world = World::start().await;
    let kept = Kept::new(&world);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    world.calendar.faults().when(When::method("POST"), 1, Fault::dropped());
    let done = cs.run(&me, &create()).await.unwrap();
    assert_eq!(done.ending, Ending::Unknown);
    let [handle] = cs.pending(&me).await.unwrap().try_into().unwrap();
    assert_eq!(refused(cs.resume(&me, &handle).await.unwrap()), "effect_in_doubt");
    // The provider knows of nothing, and two minutes are over: it can be tried again, unasked.
    world.clock.advance_seconds(121);
    assert_eq!(cs.reconcile(&me, done.effect_id).await.unwrap(), Ending::Failed);
    assert_eq!(kept.state(&done).await, LedgerState::Released);
    let Authorization::Permitted(sealed) = cs.resume(&me, &handle).await.unwrap() else { panic!() };
    assert_eq!(cs.execute(&me, *sealed).await.unwrap().ending, Ending::Committed);
    assert_eq!(kept.asked.load(Ordering::SeqCst), 1);
    assert_eq!(refused(cs.resume(&me, &handle).await.unwrap()), "pending_unknown");
    assert_eq!(world.calendar.events("ada@acme.example").len(), 1);
}

#[tokio::test]
async fn inv_06_recovery_finds_out_and_leaves_visible_what_nobody_can_tell() {
    let world = World::start().await;
    let kept = Kept::new(&world);
    let tool = ToolSpec::new("note").severity(1).writes();
    let cs = kept.pipeline(&world).grant(Grant::agent("planner").tools(["*"]).up_to(Tier::S));
    let cs = cs.tool(tool, |_: serde::de::IgnoredAny| async { Err::<(), _>("?") });
    let cs = cs.open().await.unwrap();
    let me = world.me(&cs).await;
    let faults = world.calendar.faults();
    let run = async |fault: Option<Fault>, call: &ToolCall| {
        if let Some(fault) = fault {
            faults.when(When::method("POST"), 1, fault);
        }
        let done = cs.run(&me, call).await.unwrap();
        faults.clear();
        assert_eq!(done.ending, Ending::Unknown);
        done.effect_id
    };
    let arrived = run(Some(Fault::answer_lost()), &create_with("arrived")).await;
    let lost = run(Some(Fault::dropped()), &create_with("lost")).await;
    let local = run(None, &ToolCall::from_json("note", "{}").unwrap()).await;
    kept.crash().await;
    let first = cs.recover().await.unwrap();
    assert_eq!((first.committed, first.released), (vec![arrived], vec![]));
    let mut why: Vec<_> = first.in_doubt.iter().map(|d| (d.effect_id, d.why)).collect();
    why.sort_unstable();
    let mut due = vec![(lost, "may_be_on_its_way"), (local, "local_tool")];
    due.sort_unstable();
    assert_eq!(why, due);
    world.clock.advance_seconds(121);
    let second = cs.recover().await.unwrap();
    assert_eq!((second.committed, second.released), (vec![], vec![lost]));
    assert_eq!(second.in_doubt.len(), 1);
    assert_eq!(world.calendar.events("ada@acme.example").len(), 1, "recovery reads");
    let log = world.log();
    assert_eq!(log.matches(r#""reconciled":true"#).count(), 5, "{log}");
}

#[tokio::test]
async fn inv_06_a_recovery_that_cannot_ask_tells_of_what_was_in_doubt_and_of_nothing_it_did_itself()
{
    let mut world = World::start().await;
    let kept = Kept::new(&world);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    let mut lost = Vec::new();
    for _ in 0..8 {
        world.calendar.faults().when(When::method("POST"), 1, Fault::dropped());
        let done = cs.run(&me, &create()).await.unwrap();
        assert_eq!(done.ending, Ending::Unknown);
        lost.push(done.effect_id);
    }
    lost.sort_unstable();
    world.clock.advance_seconds(121);
    let cannot_tell = async |cs: &Pipeline| {
        let recovery = cs.recover().await.unwrap();
        assert_eq!((recovery.committed, recovery.released), (vec![], vec![]));
        let in_doubt: Vec<_> = recovery.in_doubt.iter().map(|doubt| doubt.effect_id).collect();
        assert_eq!(in_doubt, lost);
    };
    // The answers get lost; nobody is there.
    world.calendar.faults().when(When::method("GET"), 1_000, Fault::dropped());
    cannot_tell(&cs).await;
    let other = GoogleCalendar::start(world.auth0.tokens()).await.unwrap();
    std::mem::replace(&mut world.calendar, other).stop().await;
    cannot_tell(&cs).await;
    // And when somebody is again, they are found never to have been made.
    drop(cs);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let mut recovery = cs.recover().await.unwrap();
    recovery.released.sort_unstable();
    assert_eq!((recovery.committed, recovery.released), (vec![], lost.clone()));
    assert_eq!(recovery.in_doubt, vec![]);
}

#[tokio::test]
async fn inv_06_a_call_goes_on_when_nobody_waits_for_it_any_more() {
    let world = World::start().await;
    let kept = Kept::new(&world);
    let cs = kept.pipeline(&world).open().await.unwrap();
    let me = world.me(&cs).await;
    world.calendar.faults().when(When::method("POST"), 1, Fault::delay(Duration::from_millis(150)));
    let sealed = sealed(&cs, &me, &create()).await;
    let effect = sealed.prepared().effect_id();
    let waited = tokio::time::timeout(Duration::from_millis(50), cs.execute(&me, sealed)).await;
    assert!(waited.is_err(), "given up");
    for _ in 0..500 {
        let entry = kept.ledger.get(effect).await.unwrap();
        if entry.is_some_and(|e| e.state == LedgerState::Committed) {
            assert_eq!(world.calendar.events("ada@acme.example").len(), 1);
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not go on to its end");
}

#[tokio::test]
async fn more_than_may_be_under_way_is_refused_with_the_reason() {
    let world = World::start().await;
    let cs = world.approving().in_flight(2).open().await.unwrap();
    let me = world.me(&cs).await;
    let mut tickets = Vec::new();
    for _ in 0..3 {
        tickets.push(sealed(&cs, &me, &create()).await);
    }
    world.calendar.faults().when(When::method("POST"), 2, Fault::delay(Duration::from_millis(300)));
    let results = tokio::join!(
        cs.execute(&me, tickets.remove(0)),
        cs.execute(&me, tickets.remove(0)),
        cs.execute(&me, tickets.remove(0)),
    );
    let codes =
        [results.0, results.1, results.2].map(|r| r.map_err(|e| e.code()).map(|d| d.ending));
    assert_eq!(codes, [Ok(Ending::Committed), Ok(Ending::Committed), Err("overloaded")]);
    assert_eq!(
        cs.run(&me, &create()).await.unwrap().ending,
        Ending::Committed,
        "there is room again"
    );
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_before_anything_is_let_out() {
    let world = World::start().await;
    let cs = world.approving().deadline(Duration::from_millis(100)).open().await.unwrap();
    let me = world.me(&cs).await;
    world.auth0.faults().next(1_000, Fault::delay(Duration::from_secs(5)));
    let ended = cs.run(&me, &create()).await;
    let code = match &ended {
        Ok(done) => done.code.unwrap(),
        Err(error) => error.code(),
    };
    assert_eq!(code, "deadline");
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn inv_06_a_shutdown_ends_what_is_under_way_or_marks_it() {
    let world = World::start().await;
    for (slow, grace, finished) in [(100, 5_000, true), (700, 50, false)] {
        let kept = Kept::new(&world);
        let cs = kept.pipeline(&world).open().await.unwrap();
        let me = world.me(&cs).await;
        let slow = Fault::delay(Duration::from_millis(slow));
        world.calendar.faults().when(When::method("POST"), 1, slow);
        let sealed = sealed(&cs, &me, &create()).await;
        let effect = sealed.prepared().effect_id();
        let running = tokio::spawn({
            let (cs, me) = (cs.clone(), me.clone());
            async move { cs.execute(&me, sealed).await.unwrap() }
        });
        for _ in 0..500 {
            let entry = kept.ledger.get(effect).await.unwrap();
            if entry.is_some_and(|e| e.state == LedgerState::Dispatched) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let end = cs.shutdown(Duration::from_millis(grace)).await.unwrap();
        assert_eq!(end.finished, finished);
        assert_eq!(end.in_doubt, if finished { vec![] } else { vec![effect] });
        let state = kept.ledger.get(effect).await.unwrap().unwrap().state;
        let due = if finished { LedgerState::Committed } else { LedgerState::Unknown };
        assert_eq!(state, due);
        assert_eq!(cs.run(&me, &create()).await.unwrap_err().code(), "shutting_down");
        // What it was waiting for came about after all.
        assert_eq!(running.await.unwrap().ending, Ending::Committed);
        let state = kept.ledger.get(effect).await.unwrap().unwrap().state;
        assert_eq!(state, LedgerState::Committed);
    }
}

#[tokio::test]
async fn an_empty_recovery_says_so() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    assert_eq!(cs.recover().await.unwrap(), Recovery::default());
}
