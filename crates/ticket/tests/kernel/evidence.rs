//! Evidence: signed, verified offline, spoilt by any change.

use countersign_canon::{Digest, Value};
use countersign_ticket::{
    Alphabet, Ending, Evidence, Hole, KeyRing, KeyState, MAX_ATTEMPTS, MAX_EVIDENCE, MAX_PAGES,
    Method, NotEvidence, Place, Refusal, Report, Signer as _, Step,
};

use crate::common::{World, at, key, prepared, wire};

fn executed(world: &World) -> Evidence {
    let mut admitted = world.admitted(prepared(1));
    let _ = admitted.next(at(2)).unwrap();
    admitted.report(Report::Answered(200, b"{}"));
    let response = Some((200, Digest::of(b"{}")));
    let key = world.key.as_ref();
    Evidence::executed(key, &admitted, Ending::Committed, response, false, at(3)).unwrap()
}

#[test]
fn evidence_of_an_execution_says_what_was_authorised_and_what_was_lent() {
    let world = World::new();
    let said = executed(&world).verify(&KeyRing::of(world.key.as_ref())).unwrap().value();
    let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let digest = prepared(1).digest().to_hex();
    assert_eq!((text("/authorised"), text("/executed")), (digest.clone(), digest));
    assert_eq!(
        (text("/kind"), text("/outcome"), text("/tier")),
        ("executed".into(), "committed".into(), "C".into())
    );
    assert_eq!(text("/response/body"), Digest::of(b"{}").to_hex());
    assert_eq!(said.get("dialled_elsewhere"), Some(&Value::Bool(false)));
    let mut again = World::new().admitted(prepared(1));
    let lent = again.next(at(2)).unwrap().unwrap().digest();
    assert_eq!(text("/requests/0/digest"), lent.to_hex());
}

#[test]
fn evidence_of_a_refusal_says_why() {
    let world = World::new();
    let sealed = world.seal(prepared(1), 1, at(1));
    let checked = world.gate.check(sealed.ticket(), &crate::common::caller(), at(1)).unwrap();
    let code = Refusal::EffectMismatch.code();
    let evidence = Evidence::refused(world.key.as_ref(), checked.claims(), code, at(2)).unwrap();
    let said = evidence.verify(&KeyRing::of(world.key.as_ref())).unwrap().value();
    assert_eq!(said.get("code").and_then(Value::as_str), Some("effect_mismatch"));
    assert_eq!(said.get("kind").and_then(Value::as_str), Some("refused"));
}

#[test]
fn any_changed_character_spoils_evidence() {
    let world = World::new();
    let ring = KeyRing::of(world.key.as_ref());
    let evidence = executed(&world);
    let text = evidence.as_compact();
    for index in 0..text.len() {
        for other in "Ab0_.".chars() {
            let changed = format!("{}{other}{}", &text[..index], &text[index + 1..]);
            let verified = Evidence::from_compact(changed.clone()).verify(&ring);
            assert!(changed == text || verified.is_err(), "{changed}");
        }
    }
    assert!(evidence.verify(&ring).is_ok());
}

#[test]
fn evidence_needs_a_known_key_that_was_not_revoked() {
    let world = World::new();
    let evidence = executed(&world);
    assert_eq!(evidence.verify(&KeyRing::of(key(9).as_ref())), Err(NotEvidence::UnknownKey));
    let mut ring = KeyRing::of(world.key.as_ref());
    ring.set_state(world.key.key_id(), KeyState::Retired).unwrap();
    assert!(evidence.verify(&ring).is_ok());
    ring.set_state(world.key.key_id(), KeyState::Revoked).unwrap();
    assert_eq!(evidence.verify(&ring), Err(NotEvidence::RevokedKey));
    let (signed, _) = evidence.as_compact().rsplit_once('.').unwrap();
    let forged = Evidence::from_compact(format!("{signed}.{}", "A".repeat(86)));
    let ring = KeyRing::of(world.key.as_ref());
    assert_eq!(forged.verify(&ring), Err(NotEvidence::BadSignature));
}

#[test]
fn a_ticket_is_no_evidence_and_neither_is_what_is_too_long() {
    let world = World::new();
    let ring = KeyRing::of(world.key.as_ref());
    let sealed = world.seal(prepared(1), 1, at(1));
    for text in
        [sealed.ticket().as_compact().to_owned(), "x".repeat(MAX_EVIDENCE + 1), String::new()]
    {
        assert_eq!(Evidence::from_compact(text).verify(&ring), Err(NotEvidence::Malformed));
    }
}

#[test]
fn evidence_of_the_longest_listing_still_verifies() {
    let world = World::new();
    let url = "https://mail.example.com/v1/messages?page=";
    let first = Step::new(Method::Get, "https://mail.example.com/v1/messages").unwrap();
    let hole = Hole::new(Place::Url, url.len(), "/next", Alphabet::Digits, 5);
    let more = Step::new(Method::Get, url).unwrap().holes(vec![hole]).unwrap();
    let more = more.pages(MAX_PAGES).unwrap();
    let mut steps = vec![first];
    steps.extend(vec![more; 15]);
    let mut admitted = world.admitted(wire(1, steps));
    let mut attempts = 0usize;
    while let Some(_outgoing) = admitted.next(at(2)).unwrap() {
        attempts += 1;
        let last = attempts.is_multiple_of(usize::from(MAX_ATTEMPTS));
        admitted.report(if last {
            Report::Answered(200, br#"{"next":"7"}"#)
        } else {
            Report::NotSent
        });
    }
    assert_eq!(admitted.lent().len(), 3 * (1 + 15 * 100));
    let key = world.key.as_ref();
    let evidence =
        Evidence::executed(key, &admitted, Ending::Committed, None, false, at(3)).unwrap();
    let said = evidence.verify(&KeyRing::of(key)).unwrap().value();
    let requests = said.get("requests").and_then(Value::as_array).unwrap();
    assert_eq!(requests.len(), admitted.lent().len());
}
