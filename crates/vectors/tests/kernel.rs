//! Every vector, through the kernel, from the committed files and from fresh ones.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_canon::{Digest, Error, ErrorKind, canonicalize, digest, require_canonical};
use countersign_ticket::{Prepared, Refusal, Timestamp, request_digest};
use countersign_vectors::judge::{self, list, text};
use countersign_vectors::{Source, bytes, files};
use serde_json::Value;

/// The committed file of that name, and two that were made just now.
fn each(name: &str) -> Vec<Value> {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors");
    let committed = std::fs::read_to_string(format!("{committed}/{name}")).unwrap();
    let fresh = |now| {
        let files = files(&Source::fresh(Timestamp::from_millis(now)).unwrap()).unwrap();
        files.into_iter().find(|(file, _)| *file == name).unwrap().1
    };
    let texts = [committed, fresh(1_799_999_999_999), fresh(4_102_444_800_000)];
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn member(value: &Value, key: &str) -> Vec<u8> {
    bytes(&value[key]).unwrap()
}

#[test]
fn the_committed_vectors_are_the_ones_that_are_made_today() {
    for (name, made) in files(&Source::fixed()).unwrap() {
        let path = format!("{}/../../docs/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
        let there = std::fs::read_to_string(path).unwrap();
        assert!(there == made, "docs/vectors/{name} differs; `cargo xtask vectors` writes it anew");
    }
}

#[test]
fn canonical_forms_and_refusals_are_the_kernels() {
    let of = |result: Result<_, Error>| result.map_err(|e| (e.kind().code(), e.offset()));
    let mut codes = BTreeSet::new();
    for file in each("canon.json") {
        for case in list(&file, "accepted").unwrap() {
            let (input, name) = (member(case, "input"), text(case, "name").unwrap());
            let canonical = canonicalize(&input).unwrap();
            assert_eq!(canonical.as_str(), text(case, "canonical").unwrap(), "{name}");
            assert_eq!(canonical.digest().to_hex(), text(case, "sha256").unwrap(), "{name}");
            assert_eq!(require_canonical(canonical.as_bytes()).unwrap(), canonical, "{name}");
        }
        for case in list(&file, "refused").unwrap() {
            let (input, name) = (member(case, "input"), text(case, "name").unwrap());
            let offset = usize::try_from(case["offset"].as_u64().unwrap()).unwrap();
            let expected = Err((text(case, "code").unwrap(), offset));
            assert_eq!(of(digest(&input).map(drop)), expected, "{name}");
            assert_eq!(of(require_canonical(&input).map(drop)), expected, "{name}");
            codes.insert(text(case, "code").unwrap().to_owned());
        }
        for case in list(&file, "not_canonical").unwrap() {
            let (input, name) = (member(case, "input"), text(case, "name").unwrap());
            assert!(canonicalize(&input).is_ok(), "{name}");
            let offset = usize::try_from(case["offset"].as_u64().unwrap()).unwrap();
            let expected = Err((text(case, "code").unwrap(), offset));
            assert_eq!(of(require_canonical(&input).map(drop)), expected, "{name}");
            codes.insert(text(case, "code").unwrap().to_owned());
        }
    }
    // Each kind but the one that stands for a defect.
    let kinds = [
        ErrorKind::Empty,
        ErrorKind::UnexpectedEnd,
        ErrorKind::UnexpectedByte,
        ErrorKind::TrailingBytes,
        ErrorKind::ByteOrderMark,
        ErrorKind::InvalidUtf8,
        ErrorKind::InvalidEscape,
        ErrorKind::ControlCharacter,
        ErrorKind::LoneSurrogate,
        ErrorKind::DuplicateKey,
        ErrorKind::NumberSyntax,
        ErrorKind::IntegerTooLarge,
        ErrorKind::NumberNotFinite,
        ErrorKind::TooDeep,
        ErrorKind::TooLarge,
        ErrorKind::NotCanonical,
    ];
    assert_eq!(codes, kinds.iter().map(|kind| kind.code().to_owned()).collect());
}

#[test]
fn sealed_requests_have_the_digests_of_their_vectors() {
    for file in each("effects.json") {
        for case in list(&file, "effects").unwrap() {
            let prepared = Prepared::from_bytes(&member(case, "sealed")).unwrap();
            assert_eq!(prepared.to_bytes(), member(case, "sealed"));
            assert_eq!(prepared.digest().to_hex(), text(case, "effect").unwrap());
            let arguments = prepared.arguments().digest().to_hex();
            assert_eq!(arguments, text(case, "arguments").unwrap());
            for sent in list(case, "sent").unwrap() {
                let expected = text(sent, "digest").unwrap();
                let Some(method) = sent.get("method").and_then(Value::as_str) else {
                    assert_eq!(expected, arguments);
                    continue;
                };
                let headers: Vec<(String, String)> =
                    serde_json::from_value(sent["headers"].clone()).unwrap();
                let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                let body = STANDARD.decode(text(sent, "body").unwrap()).unwrap();
                let url = text(sent, "url").unwrap();
                assert_eq!(request_digest(method, url, headers, &body).to_hex(), expected);
            }
        }
        for case in list(&file, "refused").unwrap() {
            let read = Prepared::from_bytes(&member(case, "sealed"));
            assert!(read.is_err(), "{}", text(case, "name").unwrap());
        }
    }
}

#[test]
fn gates_say_what_their_vectors_say() {
    let mut codes = BTreeSet::new();
    for file in each("tickets.json") {
        let gates = &file["gates"];
        let cases = judge::tickets(&file).unwrap();
        for case in &cases {
            let said = judge::ticket(gates, case).unwrap();
            assert_eq!(said, case["code"].as_str(), "{}", text(case, "name").unwrap());
            codes.extend(said);
        }
        for mutation in list(&file, "mutations").unwrap() {
            let of = text(mutation, "of").unwrap();
            let part = text(mutation, "part").unwrap();
            let case = cases.iter().find(|case| case["name"] == of).unwrap();
            let mut case = case.clone();
            let at = usize::try_from(mutation["at"].as_u64().unwrap()).unwrap();
            let mut changed = text(&case, part).unwrap().to_owned();
            changed.replace_range(at..=at, text(mutation, "to").unwrap());
            case[part] = changed.into();
            let said = judge::ticket(gates, &case).unwrap();
            assert_eq!(said, mutation["code"].as_str(), "{part} {at}");
            assert!(said.is_some(), "{part} {at}");
        }
    }
    // Each refusal that needs no guard.
    let guarded = Refusal::ALL.iter().position(|refusal| *refusal == Refusal::Spent).unwrap();
    assert_eq!(codes, Refusal::ALL[..guarded].iter().map(|refusal| refusal.code()).collect());
}

#[test]
fn inv_03_what_a_gate_admits_it_admits_once() {
    for file in each("tickets.json") {
        for case in judge::tickets(&file).unwrap().iter().filter(|case| case["code"].is_null()) {
            let gate = judge::gate(&file["gates"][text(case, "gate").unwrap()]).unwrap();
            let caller = judge::caller(&case["caller"]).unwrap();
            let admit = || {
                let (ticket, sealed, now) = judge::travelled(case).unwrap();
                let opened = gate.check(&ticket, &caller, now).unwrap().open(&sealed).unwrap();
                pollster::block_on(opened.admit(now)).map(drop)
            };
            let expected = match text(case, "name").unwrap() {
                "as early as clocks may differ" => Err(Refusal::ClockBehind),
                "claim epochs: only for the guard" => Err(Refusal::Frozen),
                _ => Ok(()),
            };
            assert_eq!(admit(), expected, "{}", text(case, "name").unwrap());
            assert!(admit().is_err());
        }
    }
}

#[test]
fn evidence_holds_or_not_as_its_vectors_say() {
    let mut words = BTreeSet::new();
    for file in each("evidence.json") {
        let keys = list(&file, "keys").unwrap();
        for case in list(&file, "cases").unwrap() {
            let said = judge::evidence(keys, case).unwrap();
            assert_eq!(said, case["code"].as_str(), "{}", text(case, "name").unwrap());
            words.extend(said);
            if let Some(sealed) = case.get("sealed") {
                let prepared = Prepared::from_bytes(&bytes(sealed).unwrap()).unwrap();
                assert_eq!(case["payload"]["authorised"], prepared.digest().to_hex());
            }
        }
    }
    assert_eq!(words, ["bad_signature", "malformed", "revoked_key", "unknown_key"].into());
}

#[test]
fn key_sets_are_taken_or_refused_as_their_vectors_say() {
    for file in each("jwks.json") {
        for key in list(&file, "keys").unwrap() {
            let said = judge::jwks(&member(key, "jwks")).unwrap();
            assert_eq!(said, Ok(vec![text(key, "kid").unwrap().to_owned()]));
        }
        for case in list(&file, "taken").unwrap() {
            let kids: Vec<String> = serde_json::from_value(case["kids"].clone()).unwrap();
            let name = text(case, "name").unwrap();
            assert_eq!(judge::jwks(&member(case, "jwks")).unwrap(), Ok(kids), "{name}");
        }
        for case in list(&file, "refused").unwrap() {
            let expected = Err(text(case, "code").unwrap());
            let name = text(case, "name").unwrap();
            assert_eq!(judge::jwks(&member(case, "jwks")).unwrap(), expected, "{name}");
        }
    }
}

#[test]
fn a_seed_repeats_its_documents_and_another_one_does_not() {
    let lines = |seed| countersign_vectors::documents::lines(200, seed).unwrap();
    assert_eq!(lines(1), lines(1));
    assert_ne!(Digest::of(lines(1).as_bytes()), Digest::of(lines(2).as_bytes()));
}
