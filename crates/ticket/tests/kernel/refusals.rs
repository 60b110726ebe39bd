//! Codes, and tickets that are almost tickets.

use std::collections::BTreeSet;

use countersign_canon::{Object, Value};
use countersign_ticket::{EVIDENCE_TYP, MAX_TOKEN, Prepared, Refusal, TICKET_TYP, Ticket};

use crate::common::{World, arguments, at, caller, effect, forge, header, prepared, reissue, tool};

#[test]
fn codes_are_unique_and_stable() {
    let codes: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
    let pinned = [
        "ticket_too_large",
        "ticket_malformed",
        "unknown_key",
        "revoked_key",
        "bad_signature",
        "not_yet_valid",
        "expired",
        "lifetime_too_long",
        "wrong_issuer",
        "wrong_audience",
        "wrong_caller",
        "unconfirmed",
        "unknown_tool",
        "schema_changed",
        "sealed_malformed",
        "tool_mismatch",
        "arguments_mismatch",
        "effect_mismatch",
        "spent",
        "frozen",
        "guard_full",
        "clock_behind",
        "before_start",
        "guard_unavailable",
    ];
    assert_eq!(codes, pinned);
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    let texts: BTreeSet<_> = Refusal::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), codes.len());
}

fn check(world: &World, text: &str, now: i64) -> Result<(), Refusal> {
    world.gate.check(&Ticket::from_compact(text.to_owned()), &caller(), at(now)).map(drop)
}

#[test]
fn times_are_checked_to_the_second_with_thirty_seconds_of_skew() {
    let world = World::new();
    let text = world.seal(prepared(1), 1, at(100)).ticket().as_compact().to_owned();
    assert_eq!(check(&world, &text, 69), Err(Refusal::NotYetValid));
    for now in [70, 100, 159] {
        assert_eq!(check(&world, &text, now), Ok(()));
    }
    assert_eq!(check(&world, &text, 160), Err(Refusal::Expired));

    let longest = world.issuer.clone().with_lifetime(300).unwrap();
    let sealed = longest.issue(crate::common::silent(prepared(1)), super::common::jti(1), at(100));
    assert_eq!(check(&world, sealed.unwrap().ticket().as_compact(), 399), Ok(()));
    for bad in [i64::MIN, -1, 0, 301, i64::MAX] {
        assert!(world.issuer.clone().with_lifetime(bad).is_err());
    }
    let number = |s: i64| Value::Number(at(s).seconds().try_into().unwrap());
    let longer = reissue(&world, &text, |claims| drop(claims.insert("exp", number(401))));
    assert_eq!(check(&world, &longer, 100), Err(Refusal::LifetimeTooLong));
}

#[test]
fn a_signed_payload_with_other_claims_than_a_tickets_is_malformed() {
    let world = World::new();
    let text = world.seal(prepared(1), 1, at(1)).ticket().as_compact().to_owned();
    let peeked = Ticket::from_compact(text.clone()).dangerous_peek();
    let Some(Value::Object(claims)) = peeked.map(|(_, claims)| claims.value()) else {
        panic!("not a ticket")
    };
    assert_eq!(check(&world, &reissue(&world, &text, |_| {}), 1), Ok(()));

    // Each claim is needed, and each has one type.
    for key in claims.keys().map(str::to_owned) {
        let without = reissue(&world, &text, |claims| drop(claims.remove(&key)));
        assert_eq!(check(&world, &without, 1), Err(Refusal::TicketMalformed), "without {key}");
        for other in [Value::Bool(true), Value::from(7), Value::from(Object::new()), "".into()] {
            let text = reissue(&world, &text, |claims| drop(claims.insert(key.as_str(), other)));
            // Issuer and audience are any text: another one is another issuer's.
            let expected = match check(&world, &text, 1) {
                Err(Refusal::WrongIssuer) => "iss",
                Err(Refusal::WrongAudience) => "aud",
                Err(Refusal::TicketMalformed) => continue,
                // The year 1970: long over, and long valid.
                Err(Refusal::Expired) => "exp",
                Ok(()) if key == "nbf" => continue,
                // For people; the effect's digest binds them.
                Ok(()) if matches!(key.as_str(), "account" | "connection") => continue,
                other => panic!("{key}: {other:?}"),
            };
            assert_eq!(key, expected);
        }
    }
    let more: [(&str, Value); 8] = [
        ("extra", Value::Null),
        ("cnf", Value::Null),
        ("cnf", Object::new().into()),
        ("cnf", Object::new().with("jkt", "x").with("jwk", "y").into()),
        ("iat_ms", Value::from(5)),
        ("jti", "00000000-0000-4000-8000-00000000000".into()),
        ("epochs", Value::Array(vec![Value::from(0); 5])),
        ("epochs", Value::Array(vec![Value::from(-1); 4])),
    ];
    for (key, value) in more {
        let text = reissue(&world, &text, |claims| drop(claims.insert(key, value)));
        assert_eq!(check(&world, &text, 1), Err(Refusal::TicketMalformed), "{key}");
    }
}

#[test]
fn an_act_claim_of_another_shape_is_malformed() {
    let world = World::new();
    let text = world.seal(prepared(1), 1, at(1)).ticket().as_compact().to_owned();
    let act = |inner: Option<Object>| {
        let object = Object::new().with("sub", "a");
        inner.map_or(object.clone(), |inner| object.with("act", inner))
    };
    let deep = (0..6).fold(None, |inner, _| Some(act(inner))).unwrap();
    let bad = [
        deep,
        Object::new(),
        act(None).with("iss", "x"),
        act(Some(Object::new())),
        Object::new().with("sub", "planner").with("act", Value::Null),
        Object::new().with("sub", "plan\u{202e}ner"),
    ];
    for bad in bad {
        let text = reissue(&world, &text, |claims| drop(claims.insert("act", bad.clone())));
        assert_eq!(check(&world, &text, 1), Err(Refusal::TicketMalformed), "{bad:?}");
    }
    let five = (0..5).fold(None, |inner, _| Some(act(inner))).unwrap();
    let text = reissue(&world, &text, |claims| drop(claims.insert("act", five)));
    assert_eq!(check(&world, &text, 1), Err(Refusal::WrongCaller));
}

#[test]
fn another_spelling_of_a_signed_ticket_is_malformed() {
    let world = World::new();
    let text = world.seal(prepared(1), 1, at(1)).ticket().as_compact().to_owned();
    let peeked = Ticket::from_compact(text).dangerous_peek();
    let payload = peeked.unwrap().1;
    let header = header(&world.key, TICKET_TYP);
    let id = header.split('"').nth(7).unwrap();
    let good = forge(&world.key, &header, payload.as_bytes());
    assert_eq!(check(&world, &good, 1), Ok(()));
    let headers = [
        header.replace(r#""alg":"EdDSA""#, r#""alg":"none""#),
        header.replace(r#""alg":"EdDSA""#, r#""alg":"HS256""#),
        header.replace(r#""alg":"EdDSA""#, r#""alg":"Ed25519""#),
        header.replace(r#""alg":"EdDSA","#, ""),
        header.replace(TICKET_TYP, EVIDENCE_TYP),
        header.replace(TICKET_TYP, "JWT"),
        header.replace(TICKET_TYP, &TICKET_TYP.to_uppercase()),
        header.replace(r#""kid""#, r#""jwk":{},"kid""#),
        header.replace(r#""kid""#, r#""crit":["x"],"kid""#),
        header.replace(':', ": "),
        format!(r#"{{"kid":"{id}","alg":"EdDSA","typ":"{TICKET_TYP}"}}"#),
        header.replace(id, "../../x"),
        "[]".to_owned(),
        String::new(),
    ];
    for header in headers {
        let text = forge(&world.key, &header, payload.as_bytes());
        assert_eq!(check(&world, &text, 1), Err(Refusal::TicketMalformed), "{header}");
    }
    let spaced = payload.as_str().replacen(':', ": ", 1);
    let twice = payload.as_str().replacen('{', r#"{"aud":"https://countersign.example/gate","#, 1);
    let float = payload.as_str().replacen("61,", "61.0,", 1);
    for payload in [spaced.as_str(), &twice, &float, "", "null", "[]", "{}"] {
        let text = forge(&world.key, &header, payload.as_bytes());
        assert_eq!(check(&world, &text, 1), Err(Refusal::TicketMalformed), "{payload}");
    }
    let texts = [
        format!("{good}."),
        format!(".{good}"),
        format!("{good}="),
        good.replacen('.', "..", 1),
        good.replace('.', ""),
        good.rsplit_once('.').unwrap().0.to_owned(),
        format!("{}.", good.rsplit_once('.').unwrap().0),
        format!(" {good}"),
        format!("{good}\n"),
        String::new(),
        "..".to_owned(),
    ];
    for text in texts {
        let refused = check(&world, &text, 1);
        let known = [Refusal::TicketMalformed, Refusal::BadSignature];
        assert!(refused.is_err_and(|refusal| known.contains(&refusal)), "{text}");
    }
}

#[test]
fn spare_bits_of_base64url_give_no_second_spelling() {
    let world = World::new();
    let text = world.seal(prepared(1), 1, at(1)).ticket().as_compact().to_owned();
    // 64 bytes are 86 characters of which the last has four spare bits.
    let (head, last) = text.split_at(text.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for other in alphabet.chars().filter(|c| !last.contains(*c)) {
        assert!(check(&world, &format!("{head}{other}"), 1).is_err());
    }
}

#[test]
fn a_ticket_above_the_limit_is_refused_before_anything_else_is_read() {
    let world = World::new();
    let long = "x".repeat(MAX_TOKEN + 1);
    assert_eq!(check(&world, &long, 1), Err(Refusal::TicketTooLarge));
    assert_eq!(check(&world, &long[1..], 1), Err(Refusal::TicketMalformed));
    assert!(Ticket::from_compact(long).dangerous_peek().is_none());
}

#[test]
fn evidence_is_no_ticket() {
    let world = World::new();
    let admitted = world.admitted(prepared(1));
    let evidence = countersign_ticket::Evidence::executed(
        world.key.as_ref(),
        &admitted,
        countersign_ticket::Ending::Committed,
        None,
        false,
        at(2),
    );
    let text = evidence.unwrap().as_compact().to_owned();
    assert_eq!(check(&world, &text, 1), Err(Refusal::TicketMalformed));
}

#[test]
fn a_binding_that_is_not_the_requests_is_refused() {
    let world = World::new();
    let local = Prepared::local(effect(1), tool(), arguments());
    let sealed = world.seal(local, 1, at(1));
    let text = sealed.ticket().as_compact();
    let other = reissue(&world, text, |claims| drop(claims.insert("binding", "wire")));
    let bytes = sealed.prepared().to_bytes();
    let refused = world.travelled(&other, &bytes, &caller(), at(1)).map(drop);
    assert_eq!(refused, Err(Refusal::EffectMismatch));
    // The guard's key is the effect id of the claims: it must be the request's.
    let id = effect(9).to_string();
    let other = reissue(&world, text, |claims| drop(claims.insert("effect_id", id)));
    let refused = world.travelled(&other, &bytes, &caller(), at(1)).map(drop);
    assert_eq!(refused, Err(Refusal::EffectMismatch));
    assert!(world.travelled(text, &bytes, &caller(), at(1)).is_ok());
}
