//! The key ring and JWK sets.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_ticket::{
    KeyError, KeyId, KeyRing, KeyState, MAX_KEYS, MemoryGuard, Refusal, Signer as _, VerifyingKey,
};

use crate::common::{World, at, caller, gate, key, prepared};

fn jwk(members: &str) -> String {
    format!(r#"{{"keys":[{{{members}}}]}}"#)
}

fn x(seed: u8) -> String {
    URL_SAFE_NO_PAD.encode(key(seed).verifying_key().as_bytes())
}

#[test]
fn rotation_goes_from_active_to_retired_to_revoked_and_never_back() {
    let world = World::new();
    let id = world.key.key_id().clone();
    let mut ring = KeyRing::of(world.key.as_ref());
    let admit = |ring: &KeyRing, n: u8| {
        let gate = gate(ring.clone(), Arc::<MemoryGuard>::clone(&world.guard));
        let sealed = world.seal(prepared(n), n, at(1));
        pollster::block_on(gate.admit(sealed, &caller(), at(1))).map(drop)
    };
    assert_eq!(admit(&ring, 1), Ok(()));
    ring.set_state(&id, KeyState::Retired).unwrap();
    assert_eq!(admit(&ring, 2), Ok(()));
    ring.set_state(&id, KeyState::Revoked).unwrap();
    assert_eq!(admit(&ring, 3), Err(Refusal::RevokedKey));

    for back in [KeyState::Active, KeyState::Retired] {
        assert_eq!(ring.set_state(&id, back), Err(KeyError::Taken));
        assert_eq!(ring.add(id.clone(), world.key.verifying_key(), back), Err(KeyError::Taken));
    }
    assert_eq!(ring.set_state(&id, KeyState::Revoked), Ok(()));
    assert_eq!(admit(&ring, 3), Err(Refusal::RevokedKey));
}

#[test]
fn a_revoked_key_does_not_live_on_under_another_id() {
    let mut ring = KeyRing::of(key(1).as_ref());
    let other = KeyId::new("other").unwrap();
    let again = ring.add(other.clone(), key(1).verifying_key(), KeyState::Active);
    assert_eq!(again, Err(KeyError::Taken));
    ring.set_state(key(1).key_id(), KeyState::Revoked).unwrap();
    let again = ring.add(other, key(1).verifying_key(), KeyState::Active);
    assert_eq!(again, Err(KeyError::Taken));
}

#[test]
fn an_id_names_one_key_and_a_ring_holds_64() {
    let mut ring = KeyRing::of(key(0).as_ref());
    let id = key(0).key_id().clone();
    let stolen = ring.add(id.clone(), key(1).verifying_key(), KeyState::Active);
    assert_eq!(stolen, Err(KeyError::Taken));
    assert_eq!(ring.get(&id), Some((&key(0).verifying_key(), KeyState::Active)));
    for seed in 1..64 {
        let key = key(seed);
        ring.add(key.key_id().clone(), key.verifying_key(), KeyState::Active).unwrap();
    }
    assert_eq!(ring.iter().count(), MAX_KEYS);
    let more = key(64);
    let full = ring.add(more.key_id().clone(), more.verifying_key(), KeyState::Active);
    assert_eq!(full, Err(KeyError::Full));
    // A full ring still lets a key be revoked.
    assert_eq!(ring.set_state(&id, KeyState::Revoked), Ok(()));
    assert_eq!(ring.set_state(more.key_id(), KeyState::Revoked), Err(KeyError::Unknown));
}

#[test]
fn jwks_go_there_and_back_without_the_revoked_keys() {
    let mut ring = KeyRing::of(key(1).as_ref());
    for seed in [2, 3] {
        let key = key(seed);
        ring.add(key.key_id().clone(), key.verifying_key(), KeyState::Active).unwrap();
    }
    ring.set_state(key(2).key_id(), KeyState::Retired).unwrap();
    ring.set_state(key(3).key_id(), KeyState::Revoked).unwrap();
    let read = KeyRing::from_jwks(ring.to_jwks().as_bytes()).unwrap();
    let mut ids: Vec<_> = read.iter().map(|(id, key, state)| (id.clone(), *key, state)).collect();
    let mut expected: Vec<_> = [1, 2]
        .map(|seed| (key(seed).key_id().clone(), key(seed).verifying_key(), KeyState::Active))
        .to_vec();
    ids.sort_by(|a, b| a.0.cmp(&b.0));
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(ids, expected);
}

#[test]
fn a_jwks_that_is_not_ours_is_refused() {
    let good = format!(r#""crv":"Ed25519","kty":"OKP","x":"{}""#, x(1));
    assert!(KeyRing::from_jwks(jwk(&good).as_bytes()).is_ok());
    let with = |more: &str| jwk(&format!("{good},{more}"));
    let replaced = |from: &str, to: &str| jwk(&good.replace(from, to));
    let short = URL_SAFE_NO_PAD.encode([9; 31]);
    let long = URL_SAFE_NO_PAD.encode([9; 33]);
    let padded = format!("{}=", x(1));
    let sets = [
        with(r#""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#),
        with(r#""d":null"#),
        with(r#""alg":"ES256""#),
        with(r#""alg":"none""#),
        with(r#""alg":5"#),
        with(r#""use":"enc""#),
        with(r#""kid":5"#),
        with(r#""kid":null"#),
        with(r#""kid":"""#),
        with(r#""kid":"a b""#),
        with(r#""kty":"OKP""#),
        replaced("OKP", "EC"),
        replaced("OKP", "oct"),
        replaced("Ed25519", "Ed448"),
        replaced("Ed25519", "X25519"),
        replaced(r#""kty":"OKP","#, ""),
        replaced(r#""crv":"Ed25519","#, ""),
        replaced(&x(1), &short),
        replaced(&x(1), &long),
        replaced(&x(1), &padded),
        replaced(&x(1), ""),
        r#"{"keys":{}}"#.to_owned(),
        r#"{"keys":[5]}"#.to_owned(),
        r#"{"keys":[],"keys":[]}"#.to_owned(),
        "[]".to_owned(),
        String::new(),
    ];
    for set in sets {
        assert_eq!(KeyRing::from_jwks(set.as_bytes()).unwrap_err(), KeyError::Jwks, "{set}");
    }
}

#[test]
fn a_jwks_with_a_repeated_id_or_key_is_refused() {
    let one =
        |kid: &str, x: &str| format!(r#"{{"crv":"Ed25519","kid":"{kid}","kty":"OKP","x":"{x}"}}"#);
    let set = |a: String, b: String| format!(r#"{{"keys":[{a},{b}]}}"#);
    let (first, second) = (x(1), x(2));
    let sets = [
        set(one("a", &first), one("a", &second)),
        set(one("a", &first), one("a", &first)),
        set(one("a", &first), one("b", &first)),
    ];
    for set in sets {
        assert_eq!(KeyRing::from_jwks(set.as_bytes()).unwrap_err(), KeyError::Taken, "{set}");
    }
    let fine = set(one("a", &first), one("b", &second));
    assert_eq!(KeyRing::from_jwks(fine.as_bytes()).unwrap().iter().count(), 2);
}

/// Every point of small order, in every encoding that decompresses (canonical or not).
fn small_order() -> Vec<[u8; 32]> {
    let edge = |first: u8, last: u8| {
        let mut bytes = [0xff; 32];
        bytes[0] = first;
        bytes[31] = last;
        bytes
    };
    let low = |first: u8, last: u8| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes[31] = last;
        bytes
    };
    let order_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let mut points = vec![
        low(1, 0),
        low(1, 0x80),
        low(0, 0),
        low(0, 0x80),
        edge(0xec, 0x7f),
        edge(0xec, 0xff),
        edge(0xed, 0x7f),
        edge(0xed, 0xff),
        edge(0xee, 0x7f),
        edge(0xee, 0xff),
    ];
    for point in order_8 {
        let mut negative = point;
        negative[31] |= 0x80;
        points.extend([point, negative]);
    }
    points
}

#[test]
fn keys_of_small_order_are_refused_in_every_encoding() {
    for bytes in small_order() {
        assert_eq!(VerifyingKey::from_bytes(&bytes), Err(KeyError::Weak), "{bytes:02x?}");
        let x = URL_SAFE_NO_PAD.encode(bytes);
        let set = jwk(&format!(r#""crv":"Ed25519","kty":"OKP","x":"{x}""#));
        assert_eq!(KeyRing::from_jwks(set.as_bytes()).unwrap_err(), KeyError::Weak);
    }
}

#[test]
fn bytes_that_are_no_point_are_refused() {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    assert_eq!(VerifyingKey::from_bytes(&bytes), Err(KeyError::Weak));
}

#[test]
fn the_thumbprint_is_that_of_rfc_8037_appendix_a_3() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let set = jwk(&format!(r#""crv":"Ed25519","kty":"OKP","x":"{x}""#));
    let ring = KeyRing::from_jwks(set.as_bytes()).unwrap();
    let ids: Vec<_> = ring.iter().map(|(id, ..)| id.as_str().to_owned()).collect();
    assert_eq!(ids, ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]);
}

#[test]
fn an_empty_ring_accepts_nothing() {
    let world = World::new();
    let gate = gate(KeyRing::new(), Arc::<MemoryGuard>::clone(&world.guard));
    let sealed = world.seal(prepared(1), 1, at(1));
    let admitted = pollster::block_on(gate.admit(sealed, &caller(), at(1)));
    assert_eq!(admitted.map(drop), Err(Refusal::UnknownKey));
}
