//! Key ids, and key sets that are taken or refused.

use countersign_ticket::{KeyRing, MAX_KEYS, Signer as _};
use serde_json::{Value, json};

use crate::forge::part;
use crate::{Made, Source, bytes};

/// Points with which every message verifies, and second spellings of points, as hexadecimal digits.
const WEAK: &[(&str, &str)] = &[
    ("order 1", "0100000000000000000000000000000000000000000000000000000000000000"),
    ("order 1, sign bit set", "0100000000000000000000000000000000000000000000000000000000000080"),
    ("order 1, y + p", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("order 2, sign bit set", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ("order 4", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("order 4, the other", "0000000000000000000000000000000000000000000000000000000000000080"),
    ("order 4, y + p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ("order 8, the second", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    ("order 8, the third", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ("order 8, the fourth", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    ("y = 3, y + p", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("not on the curve", "0200000000000000000000000000000000000000000000000000000000000000"),
];

pub(crate) fn file(source: &Source) -> Made<Value> {
    let keys = ["main", "old", "lost", "stranger"].map(|name| {
        let key = source.key(name);
        json!({
            "name": name,
            "seed_hex": bytes::hex(&source.key_seed(name)),
            "x": part(key.verifying_key().as_bytes()),
            "kid": key.key_id().as_str(),
            "jwks": KeyRing::of(&key).to_jwks(),
        })
    });
    let x = |name: &str| part(source.key(name).verifying_key().as_bytes());
    let kid = |name: &str| source.key(name).key_id().to_string();
    let jwk = |more: Value| {
        let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x("main") });
        if let (Some(jwk), Value::Object(more)) = (jwk.as_object_mut(), more) {
            jwk.extend(more);
            jwk.retain(|_, value| !value.is_null());
        }
        jwk
    };
    let set = |keys: Vec<Value>| json!({ "keys": keys }).to_string();
    let one = |more: Value| set(vec![jwk(more)]);

    let taken = [
        ("no key", set(vec![]), vec![]),
        ("the least that a key may have", one(json!({})), vec![kid("main")]),
        ("a name of its own", one(json!({ "kid": "2026-11.key_1" })), vec!["2026-11.key_1".into()]),
        (
            "members that are not used",
            one(json!({ "alg": "EdDSA", "use": "sig", "key_ops": ["verify"], "x5t": "x" })),
            vec![kid("main")],
        ),
        (
            "two keys, and white space",
            format!(" {} ", set(vec![jwk(json!({})), jwk(json!({ "x": x("old") }))])),
            {
                let mut kids = vec![kid("main"), kid("old")];
                kids.sort();
                kids
            },
        ),
    ];
    let many = |count: usize| {
        let key = |n: usize| jwk(json!({ "x": x(&format!("key {n}")) }));
        set((0..count).map(key).collect())
    };
    let mut refused = vec![
        ("nothing".to_owned(), String::new(), "jwks"),
        ("not an object".into(), "[]".into(), "jwks"),
        ("no list of keys".into(), r#"{"keys":{}}"#.into(), "jwks"),
        ("keys twice".into(), r#"{"keys":[],"keys":[]}"#.into(), "jwks"),
        ("a key that is no object".into(), r#"{"keys":["x"]}"#.into(), "jwks"),
        ("another key type".into(), one(json!({ "kty": "EC" })), "jwks"),
        ("another curve".into(), one(json!({ "crv": "X25519" })), "jwks"),
        ("another algorithm".into(), one(json!({ "alg": "ES256" })), "jwks"),
        ("another use".into(), one(json!({ "use": "enc" })), "jwks"),
        ("a private key".into(), one(json!({ "d": x("main") })), "jwks"),
        ("no public key".into(), one(json!({ "x": null })), "jwks"),
        ("a short public key".into(), one(json!({ "x": part(&[1; 31]) })), "jwks"),
        ("padding".into(), one(json!({ "x": format!("{}=", x("main")) })), "jwks"),
        ("spare bits".into(), one(json!({ "x": spare_bits(&x("main")) })), "jwks"),
        ("a key id that is no name".into(), one(json!({ "kid": "a b" })), "jwks"),
        ("a key id that is no text".into(), one(json!({ "kid": 1 })), "jwks"),
        ("a key twice".into(), set(vec![jwk(json!({})), jwk(json!({}))]), "taken"),
        (
            "a key under two ids".into(),
            set(vec![jwk(json!({})), jwk(json!({ "kid": "other" }))]),
            "taken",
        ),
        (
            "an id of two keys".into(),
            set(vec![jwk(json!({ "kid": "a" })), jwk(json!({ "kid": "a", "x": x("old") }))]),
            "taken",
        ),
        ("one key too many".into(), many(MAX_KEYS + 1), "full"),
    ];
    for (name, hex) in WEAK {
        let key = bytes::read(&json!({ "hex": hex }))?;
        refused.push((format!("weak: {name}"), one(json!({ "x": part(&key) })), "weak"));
    }
    Ok(json!({
        "about": "Key ids (RFC 7638) and key sets. The seeds are public: trust none of these keys. \
                  `taken`: a set, and its key ids in ascending order. `refused`: jwks (not a set \
                  of ours), weak (not a usable point), taken (a key or an id twice), full.",
        "keys": keys,
        "taken": taken.map(|(name, jwks, kids)| json!({ "name": name, "jwks": jwks, "kids": kids })),
        "refused": refused
            .into_iter()
            .map(|(name, jwks, code)| json!({ "name": name, "jwks": jwks, "code": code }))
            .collect::<Vec<_>>(),
    }))
}

/// The last character with a bit set that stands for nothing.
pub(crate) fn spare_bits(base64url: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = base64url.to_owned();
    let last = text.pop().and_then(|last| ALPHABET.find(last)).unwrap_or_default();
    text.extend(ALPHABET.chars().nth(last ^ 1));
    text
}
