//! Asking through a function of the application's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{NOW, request};
use countersign_approval::{Callback, Decision};
use countersign_core::{ApprovalMethod, ApprovalRequest, Approver, Preview, Tier, Verdict};
use pollster::block_on;

fn note(tier: Tier) -> ApprovalRequest {
    request(&Preview::new("Write a note"), tier)
}

fn says(decision: Decision) -> Verdict {
    let callback = Callback::new(move |_| {
        let decision = decision.clone();
        async move { decision }
    });
    block_on(callback.ask(&note(Tier::B), NOW))
}

#[test]
fn each_decision_is_the_verdict_it_says() {
    assert_eq!(says(Decision::Decline), Verdict::Declined);
    assert_eq!(says(Decision::Unreachable), Verdict::Unreachable);
    let Verdict::Approved(approval) = says(Decision::Approve) else { panic!() };
    let request = note(Tier::B);
    assert_eq!((approval.digest, approval.shown), (request.digest, request.preview.digest()));
    assert_eq!(&approval.by, request.caller.user());
    assert_eq!(approval.method, ApprovalMethod::Consent { channel: "callback".to_owned() });
}

#[test]
fn inv_04_later_without_a_way_to_look_is_unreachable() {
    assert_eq!(says(Decision::Later("ref".to_owned())), Verdict::Unreachable);
    let callback = Callback::new(|_| async { Decision::Approve });
    assert_eq!(block_on(callback.poll(&note(Tier::B), "ref", NOW)), Verdict::Unreachable);
}

#[test]
fn a_pending_question_is_found_by_its_reference() {
    let callback = Callback::with_poll(
        |_| async { Decision::Later("ref-1".to_owned()) },
        |request: ApprovalRequest, reference| async move {
            assert_eq!(request.tool.as_str(), "note");
            match reference.as_str() {
                "ref-1" => Decision::Approve,
                "ref-2" => Decision::Later(reference),
                _ => Decision::Unreachable,
            }
        },
    );
    let request = note(Tier::B);
    let asked = block_on(callback.ask(&request, NOW));
    assert_eq!(asked, Verdict::Pending("ref-1".to_owned()));
    let poll = |reference| block_on(callback.poll(&request, reference, NOW));
    assert!(matches!(poll("ref-1"), Verdict::Approved(_)));
    assert_eq!(poll("ref-2"), Verdict::Pending("ref-2".to_owned()));
    assert_eq!(poll("else"), Verdict::Unreachable);
}

fn breaks() -> Decision {
    panic!("as intended")
}

/// Approves, and panics when it is dropped.
struct PanicsOnDrop;

impl Future for PanicsOnDrop {
    type Output = Decision;

    fn poll(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Decision> {
        std::task::Poll::Ready(Decision::Approve)
    }
}

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("as intended");
    }
}

#[test]
fn inv_04_a_panic_is_unreachable_wherever_it_happens() {
    let request = note(Tier::B);
    let before = Callback::new(|_| {
        let decision = breaks();
        async move { decision }
    });
    assert_eq!(block_on(before.ask(&request, NOW)), Verdict::Unreachable);
    let inside = Callback::new(|_| async { breaks() });
    assert_eq!(block_on(inside.ask(&request, NOW)), Verdict::Unreachable);
    assert_eq!(block_on(inside.ask(&request, NOW)), Verdict::Unreachable, "and again");
    let later = |_| async { Decision::Later(String::new()) };
    let looking = Callback::with_poll(later, |_, _| async { breaks() });
    assert_eq!(block_on(looking.poll(&request, "x", NOW)), Verdict::Unreachable);
    let dropping = Callback::new(|_| PanicsOnDrop);
    assert_eq!(block_on(dropping.ask(&request, NOW)), Verdict::Unreachable);
}

#[test]
fn a_tier_that_consent_cannot_satisfy_is_not_asked() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let callback = Callback::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Decision::Approve }
    });
    for tier in [Tier::A, Tier::S] {
        assert_eq!(block_on(callback.ask(&note(tier), NOW)), Verdict::Unreachable);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert!(matches!(block_on(callback.ask(&note(Tier::B), NOW)), Verdict::Approved(_)));
}

#[test]
fn a_named_callback_names_its_channel() {
    let callback = Callback::new(|_| async { Decision::Approve }).named("chat");
    assert_eq!((callback.name(), callback.strength()), ("chat", Tier::B));
    let Verdict::Approved(approval) = block_on(callback.ask(&note(Tier::B), NOW)) else { panic!() };
    assert_eq!(approval.method, ApprovalMethod::Consent { channel: "chat".to_owned() });
    assert_eq!(format!("{callback:?}"), "Callback { name: \"chat\", .. }");
}
