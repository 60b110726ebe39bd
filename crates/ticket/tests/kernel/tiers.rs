//! Which evidence satisfies which tier.

use countersign_canon::Digest;
use countersign_ticket::{
    AgentId, Approval, ApprovalMethod, Assessed, Caller, MAX_AUTH_AGE, SessionId, TenantId, Tier,
    Timestamp, Unfit, UserId,
};

use crate::common::{approval, assessed, at, prepared, silent, terms};

fn consent() -> ApprovalMethod {
    ApprovalMethod::Consent { channel: "terminal".to_owned() }
}

fn step_up(auth_time: Timestamp) -> ApprovalMethod {
    let (issuer, acr) = ("https://idp.example/".to_owned(), "mfa".to_owned());
    ApprovalMethod::StepUp { issuer, acr, auth_time }
}

fn out_of_band(auth_time: Timestamp) -> ApprovalMethod {
    let issuer = "https://idp.example/".to_owned();
    ApprovalMethod::OutOfBand { issuer, acr: String::new(), auth_time }
}

fn methods() -> [ApprovalMethod; 3] {
    [consent(), step_up(at(0)), out_of_band(at(0))]
}

fn judge(tier: Tier, change: impl FnOnce(&mut Approval)) -> Result<(), Unfit> {
    let assessed = assessed(prepared(1), tier);
    let method = if tier == Tier::S { out_of_band(at(0)) } else { step_up(at(0)) };
    let mut approval = approval(&assessed, method, at(0));
    change(&mut approval);
    assessed.approve(approval, at(1)).map(drop)
}

#[test]
fn what_was_approved_shows_the_evidence_it_stands_on() {
    let assessed = assessed(prepared(1), Tier::B);
    let evidence = approval(&assessed, consent(), at(0));
    let approved = assessed.approve(evidence.clone(), at(1)).unwrap();
    assert_eq!(approved.approval(), Some(&evidence));
    assert_eq!(silent(prepared(1)).approval(), None);
}

#[test]
fn inv_09_exactly_the_fitting_pairs_of_tier_and_method_pass() {
    for tier in Tier::ALL {
        for method in methods() {
            let assessed = assessed(prepared(1), tier);
            let (have, approval) = (method.strength(), approval(&assessed, method, at(0)));
            let fits = matches!(
                (tier, approval.method.name()),
                (Tier::C | Tier::B, _)
                    | (Tier::A, "step_up" | "out_of_band")
                    | (Tier::S, "out_of_band")
            );
            let expected = if fits { Ok(()) } else { Err(Unfit::TooWeak { need: tier, have }) };
            assert_eq!(assessed.approve(approval, at(1)).map(drop), expected, "{tier} {have}");
        }
        let silent = assessed(prepared(1), tier).silently().map(drop);
        let weak = Err(Unfit::TooWeak { need: tier, have: Tier::C });
        assert_eq!(silent, if tier == Tier::C { Ok(()) } else { weak });
    }
}

#[test]
fn inv_09_an_approval_fits_one_digest_one_preview_and_one_person() {
    for tier in Tier::ALL {
        assert_eq!(judge(tier, |_| {}), Ok(()));
        let other = judge(tier, |a| a.digest = Digest::of(b"another effect"));
        assert_eq!(other, Err(Unfit::OtherDigest));
        let other = judge(tier, |a| a.shown = Digest::of(b"another preview"));
        assert_eq!(other, Err(Unfit::OtherPreview));
        let other = judge(tier, |a| a.by = UserId::new("auth0|lee").unwrap());
        assert_eq!(other, Err(Unfit::OtherPerson));
        assert_eq!(judge(tier, |a| a.at = at(1).plus_seconds(31)), Err(Unfit::NotFresh));
        assert_eq!(judge(tier, |a| a.at = at(1).plus_seconds(30)), Ok(()));
    }
}

#[test]
fn a_step_up_is_fresh_for_five_minutes_to_the_millisecond_and_not_before() {
    let now = at(1_000);
    let judge = |method: ApprovalMethod| {
        let assessed = assessed(prepared(1), Tier::A);
        let approval = approval(&assessed, method, now);
        assessed.approve(approval, now).map(drop)
    };
    let oldest = now.plus_seconds(-MAX_AUTH_AGE);
    assert_eq!(judge(step_up(oldest)), Ok(()));
    let stale = Timestamp::from_millis(oldest.millis() - 1);
    assert_eq!(judge(step_up(stale)), Err(Unfit::NotFresh));
    assert_eq!(judge(step_up(now.plus_seconds(30))), Ok(()));
    for method in [step_up(now.plus_seconds(31)), out_of_band(now.plus_seconds(31))] {
        assert_eq!(judge(method), Err(Unfit::NotFresh));
    }
    let nameless = ApprovalMethod::StepUp {
        issuer: "https://idp.example/".to_owned(),
        acr: String::new(),
        auth_time: now,
    };
    assert_eq!(judge(nameless), Err(Unfit::NotFresh));
}

#[test]
fn inv_09_the_approval_digest_covers_every_part_of_what_is_approved() {
    let caller = |tenant: &str, user: &str, agent: &str, session: &str, chain: &[&str]| {
        Caller::dangerous_assert(
            TenantId::new(tenant).unwrap(),
            UserId::new(user).unwrap(),
            AgentId::new(agent).unwrap(),
            SessionId::new(session).unwrap(),
        )
        .with_chain(chain.iter().map(|a| AgentId::new(a).unwrap()).collect())
        .unwrap()
    };
    let base = caller("t", "u", "a", "s", &["x", "y"]);
    let mut all = vec![
        Assessed::new(prepared(1), base.clone(), terms(Tier::B)),
        Assessed::new(prepared(2), base.clone(), terms(Tier::B)),
        Assessed::new(prepared(1), caller("T", "u", "a", "s", &["x", "y"]), terms(Tier::B)),
        Assessed::new(prepared(1), caller("t", "U", "a", "s", &["x", "y"]), terms(Tier::B)),
        Assessed::new(prepared(1), caller("t", "u", "A", "s", &["x", "y"]), terms(Tier::B)),
        Assessed::new(prepared(1), caller("t", "u", "a", "S", &["x", "y"]), terms(Tier::B)),
        Assessed::new(prepared(1), caller("t", "u", "a", "s", &["y", "x"]), terms(Tier::B)),
        Assessed::new(prepared(1), caller("t", "u", "a", "s", &["x"]), terms(Tier::B)),
        Assessed::new(prepared(1), base.clone(), terms(Tier::A)),
    ];
    let mut other = terms(Tier::B);
    other.schema = Digest::of(b"another definition");
    all.push(Assessed::new(prepared(1), base.clone(), other));
    let mut other = terms(Tier::B);
    other.preview = Digest::of(b"another preview");
    all.push(Assessed::new(prepared(1), base, other));
    let digests: std::collections::HashSet<_> =
        all.iter().map(|a| *a.approval_digest().as_bytes()).collect();
    assert_eq!(digests.len(), all.len());
}

#[test]
fn codes_of_misfits_are_stable() {
    let misfits = [
        Unfit::TooWeak { need: Tier::S, have: Tier::B },
        Unfit::OtherDigest,
        Unfit::OtherPreview,
        Unfit::OtherPerson,
        Unfit::NotFresh,
    ];
    let codes = [
        "approval_too_weak",
        "approval_other_digest",
        "approval_other_preview",
        "approval_other_person",
        "approval_not_fresh",
    ];
    assert_eq!(misfits.map(Unfit::code), codes);
    assert!(Tier::C < Tier::B && Tier::B < Tier::A && Tier::A < Tier::S);
}
