//! Tickets at gates: admitted, or refused at each check.

use countersign_canon::Digest;
use countersign_ticket::{Caller, EVIDENCE_TYP, TICKET_TYP, Tier};
use serde_json::{Value, json};

use crate::cases::{Case, Cases};
use crate::world::{self, caller, caller_of, seal};
use crate::{Made, Source, forge, jwks, mutations};

pub(crate) fn file(source: &Source) -> Made<Value> {
    let good = seal(source, "main", world::mail(source, "mail")?, &caller()?, Tier::C, 60)?;
    let (good, prepared) = good.into_parts();
    let main = source.key("main");
    let mut cases = Cases { source, main, good, sealed: prepared.to_bytes(), made: Vec::new() };
    admitted(&mut cases)?;
    shape(&mut cases)?;
    headers(&mut cases)?;
    keys(&mut cases)?;
    spelling(&mut cases)?;
    claims(&mut cases)?;
    context(&mut cases)?;
    requests(&mut cases)?;

    let gates = world::gates(source);
    let mutated = cases.made.first().ok_or("no case")?;
    let mutations = mutations::of(source, &gates, mutated)?;
    let mut usual = mutated.clone();
    if let Some(usual) = usual.as_object_mut() {
        usual.retain(|key, _| matches!(key.as_str(), "gate" | "caller" | "now_ms" | "sealed"));
    }
    for case in cases.made.iter_mut().filter_map(Value::as_object_mut) {
        case.retain(|key, value| usual.get(key) != Some(value));
    }
    Ok(json!({
        "about": "Tickets. `code` is null if the gate would claim the effect, else its refusal. \
                  What a case does not have is as in `usual`. `mutations`: one byte of a case's \
                  ticket or request changed, and the refusal.",
        "usual": usual,
        "gates": gates,
        "cases": cases.made,
        "mutations": mutations,
    }))
}

fn admitted(cases: &mut Cases<'_>) -> Made<()> {
    let source = cases.source;
    let kim = caller()?;
    let sealed = seal(source, "main", world::mail(source, "mail")?, &kim, Tier::C, 60)?;
    cases.good("one request", &sealed, kim.clone())?;
    let sealed = seal(source, "main", world::note(source, "note")?, &kim, Tier::B, 60)?;
    cases.good("a local tool", &sealed, kim.clone())?;
    let lone = caller_of("t", "é😀", "a", "s")?;
    let sealed = seal(source, "main", world::ping(source, "ping")?, &lone, Tier::A, 300)?;
    cases.good("no credential, no chain, the longest lifetime", &sealed, lone)?;
    let sealed = seal(source, "main", world::plan(source, "plan")?, &kim, Tier::S, 1)?;
    cases.good("a plan, the shortest lifetime", &sealed, kim.clone())?;
    let sealed = seal(source, "old", world::mail(source, "old")?, &kim, Tier::C, 60)?;
    cases.good("signed with a retired key", &sealed, kim)?;
    cases.at("as early as clocks may differ", None, -30, 0)?;
    cases.at("in its last millisecond", None, 59, 999)
}

fn shape(cases: &mut Cases<'_>) -> Made<()> {
    let good = cases.good.as_compact().to_owned();
    let (signed, signature) = good.rsplit_once('.').ok_or("no signature")?;
    let (head, payload) = signed.split_once('.').ok_or("no payload")?;
    let long = |length: usize| json!({ "repeat": [["a", length]] });
    cases.ticket("longer than any ticket", "ticket_too_large", long(16 * 1024 + 1))?;
    cases.ticket("as long as the longest ticket", "ticket_malformed", long(16 * 1024))?;
    let spare = jwks::spare_bits;
    let plus = payload.replace(['-', '_'], "+");
    for (name, ticket) in [
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("one part", head.to_owned()),
        ("two parts", signed.to_owned()),
        ("no signature", format!("{signed}.")),
        ("a short signature", format!("{signed}.{}", forge::part(&[7; 63]))),
        ("a long signature", format!("{signed}.{}", forge::part(&[7; 65]))),
        ("padding behind the signature", format!("{good}==")),
        ("padding behind the header", format!("{head}=.{payload}.{signature}")),
        ("spare bits in the signature", format!("{signed}.{}", spare(signature))),
        ("a space in front", format!(" {good}")),
        ("a line feed behind", format!("{good}\n")),
        ("a line feed inside", format!("{signed}.\n{signature}")),
        ("a signature in base64", format!("{signed}.+{}", signature.get(1..).unwrap_or_default())),
        ("a percent sign", format!("{signed}.%{}", signature.get(1..).unwrap_or_default())),
        ("a header that is not base64url", format!("*{head}.{payload}.{signature}")),
    ] {
        cases.ticket(name, "ticket_malformed", ticket)?;
    }
    // Their signatures hold, so that only the spelling is wrong.
    for (name, payload) in [
        ("padding behind the payload", format!("{payload}=")),
        ("a payload that is not base64url", format!("{plus}+/")),
        ("a payload of nothing", String::new()),
        ("four parts", format!("{payload}.{payload}")),
    ] {
        let signed = format!("{head}.{payload}");
        let signature = countersign_ticket::Signer::sign(&cases.main, signed.as_bytes())?;
        let ticket = format!("{signed}.{}", forge::part(&signature));
        cases.ticket(name, "ticket_malformed", ticket)?;
    }
    // The payload is looked at last: until its signature holds it may be anything.
    cases.ticket("four parts", "bad_signature", format!("{good}.{signature}"))?;
    cases.ticket("no payload, no signature", "bad_signature", format!("{head}..{signature}"))
}

fn headers(cases: &mut Cases<'_>) -> Made<()> {
    use countersign_ticket::Signer as _;
    let kid = cases.main.key_id().to_string();
    let good = forge::header(&cases.main, TICKET_TYP);
    let member =
        |alg: &str, kid: &str, typ: &str| format!(r#"{{"alg":{alg},"kid":{kid},"typ":{typ}}}"#);
    let (eddsa, id, typ) = ("\"EdDSA\"", format!("\"{kid}\""), format!("\"{TICKET_TYP}\""));
    for (name, header) in [
        ("no algorithm", member("\"none\"", &id, &typ)),
        ("the algorithm in small letters", member("\"eddsa\"", &id, &typ)),
        ("another name of the algorithm", member("\"Ed25519\"", &id, &typ)),
        ("another algorithm", member("\"ES256\"", &id, &typ)),
        ("an algorithm that is no text", member("null", &id, &typ)),
        ("the type of evidence", member(eddsa, &id, &format!("\"{EVIDENCE_TYP}\""))),
        ("the type of every JWT", member(eddsa, &id, "\"JWT\"")),
        ("the type in capitals", member(eddsa, &id, &typ.to_uppercase())),
        ("no type", format!(r#"{{"alg":"EdDSA","kid":{id}}}"#)),
        ("no key id", format!(r#"{{"alg":"EdDSA","typ":{typ}}}"#)),
        ("a key id that is no text", member(eddsa, "1", &typ)),
        ("an empty key id", member(eddsa, "\"\"", &typ)),
        ("a key id with a slash", member(eddsa, "\"../key\"", &typ)),
        ("a long key id", member(eddsa, &format!("\"{}\"", "k".repeat(129)), &typ)),
        ("a critical extension", good.replacen('{', r#"{"crit":["x"],"#, 1)),
        ("a key in the header", good.replacen("\"kid\"", "\"jwk\":{},\"kid\"", 1)),
        ("another order", format!(r#"{{"typ":{typ},"alg":"EdDSA","kid":{id}}}"#)),
        ("white space in the header", good.replacen(':', ": ", 1)),
        ("a member of the header twice", good.replacen('{', r#"{"alg":"EdDSA","#, 1)),
        ("an escape in the header", good.replacen("EdDSA", "EdDS\\u0041", 1)),
        ("a header that is no object", "[]".to_owned()),
        ("a header that is no JSON", "EdDSA".to_owned()),
    ] {
        cases.header(&format!("header: {name}"), "ticket_malformed", &header)?;
    }
    // What a careless verifier takes: the public key as the secret of an HMAC.
    let (payload, _) = forge::payload(cases.good.as_compact())?;
    let header = member("\"HS256\"", &id, &typ);
    let signed = format!("{}.{}", forge::part(header.as_bytes()), forge::part(&payload));
    let hmac = hmac(cases.main.verifying_key().as_bytes(), signed.as_bytes());
    let ticket = format!("{signed}.{}", forge::part(hmac.as_bytes()));
    cases.ticket("header: an HMAC with the public key", "ticket_malformed", ticket)?;
    let none = member("\"none\"", &id, &typ);
    let none = format!("{}.{}.", forge::part(none.as_bytes()), forge::part(&payload));
    cases.ticket("header: no algorithm and no signature", "ticket_malformed", none)?;
    let unknown = member(eddsa, "\"another-key\"", &typ);
    cases.header("header: the id of no key", "unknown_key", &unknown)
}

/// HMAC-SHA-256 (RFC 2104) with a key of 32 bytes.
fn hmac(key: &[u8; 32], message: &[u8]) -> Digest {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Digest::of(&[&pad(0x36)[..], message].concat());
    Digest::of(&[&pad(0x5c)[..], inner.as_bytes()].concat())
}

fn keys(cases: &mut Cases<'_>) -> Made<()> {
    let source = cases.source;
    let (payload, _) = forge::payload(cases.good.as_compact())?;
    let signed = |key: &str| forge::ticket(&source.key(key), &payload);
    let good = cases.good.as_compact().to_owned();
    cases.ticket("signed by a stranger", "unknown_key", signed("stranger")?)?;
    cases.ticket("signed with a revoked key", "revoked_key", signed("lost")?)?;
    let case = cases.like_good("at a gate without keys", "unknown_key")?;
    cases.add(&Case { gate: "without keys", ..case });
    // Cheap checks first: what the signature is worth is not asked.
    let junk = forge::with_signature(&signed("lost")?, &[0; 64])?;
    cases.ticket("a revoked key and a bad signature", "revoked_key", junk)?;

    let header = forge::header(&cases.main, TICKET_TYP);
    let stranger = forge::sign(&source.key("stranger"), header.as_bytes(), &payload)?;
    cases.ticket("signed by a stranger under this key's id", "bad_signature", stranger)?;
    let zeros = forge::with_signature(&good, &[0; 64])?;
    cases.ticket("a signature of zeros", "bad_signature", zeros)?;
    cases.ticket("S + L for S", "bad_signature", forge::shifted(&good)?)?;
    let mut one = [0; 32];
    one[0] = 1;
    let mut other = [0xff; 32];
    (other[0], other[31]) = (0xee, 0x7f);
    let mut signed_one = one;
    signed_one[31] = 0x80;
    let seed = source.key_seed("main");
    for (name, r) in [
        ("R of small order, the equation holds", one),
        ("R of small order in another spelling", other),
        ("R of small order with the sign bit", signed_one),
    ] {
        cases.ticket(name, "bad_signature", forge::uncommitted(&seed, &good, &r)?)?;
    }
    let mut bytes = [0; 64];
    bytes[0] = 2;
    let no_point = forge::with_signature(&good, &bytes)?;
    cases.ticket("R is not on the curve", "bad_signature", no_point)?;
    let (head, rest) = good.split_once('.').ok_or("no payload")?;
    let (_, signature) = rest.split_once('.').ok_or("no signature")?;
    let empty = format!("{head}.{}.{signature}", forge::part(b"{}"));
    cases.ticket("another payload under the signature", "bad_signature", empty)
}

/// Signed payloads that say the same as a good one, or almost, in another spelling.
fn spelling(cases: &mut Cases<'_>) -> Made<()> {
    cases.payload("payload: a line feed behind", |text| format!("{text}\n"))?;
    cases.payload("payload: a space", |text| text.replacen(':', ": ", 1))?;
    cases.payload("payload: an escape that is not needed", |text| {
        text.replacen("\"jti\"", "\"\\u006ati\"", 1)
    })?;
    cases.payload("payload: a claim twice", |text| {
        text.replacen("\"tier\":\"C\"", "\"tier\":\"C\",\"tier\":\"C\"", 1)
    })?;
    cases.payload("payload: a claim twice, the second one worse", |text| {
        text.replacen("\"tier\":\"C\"", "\"tier\":\"C\",\"tier\":\"S\"", 1)
    })?;
    cases.payload("payload: a number in another spelling", |text| {
        text.replacen("\"epochs\":[0,", "\"epochs\":[0.0,", 1)
    })?;
    cases.payload("payload: another order", |text| {
        let inner = text.trim_start_matches('{').trim_end_matches('}').to_owned();
        let (rest, last) = inner.rsplit_once(',').unwrap_or_default();
        format!("{{{last},{rest}}}")
    })?;
    cases.payload("payload: cut short", |text| text.trim_end_matches('}').to_owned())?;
    cases.payload("payload: not an object", |_| "[]".to_owned())?;
    cases.payload("payload: no claims", |_| "{}".to_owned())?;
    cases.payload("payload: text", |_| "hello".to_owned())?;
    let ticket = forge::ticket(&cases.main, b"{\"a\":\"\xff\"}")?;
    cases.ticket("payload: not UTF-8", "ticket_malformed", ticket)
}

fn claims(cases: &mut Cases<'_>) -> Made<()> {
    let (_, good) = forge::payload(cases.good.as_compact())?;
    for name in good.keys() {
        let mut claims = good.clone();
        claims.remove(name);
        let ticket = forge::ticket(&cases.main, &forge::canonical(&claims.into())?)?;
        cases.ticket(&format!("claim {name}: missing"), "ticket_malformed", ticket)?;
        let case = format!("claim {name}: of another type");
        cases.claim(&case, "ticket_malformed", name, json!(true))?;
    }
    let act = |agents: &[&str]| {
        agents.iter().rev().fold(Value::Null, |inner, agent| {
            if inner.is_null() {
                json!({ "sub": agent })
            } else {
                json!({ "sub": agent, "act": inner })
            }
        })
    };
    let second = cases.source.second(0);
    let malformed = [
        ("extra", json!(null), "unknown"),
        ("nonce", json!("x"), "unknown"),
        ("cnf", json!(null), "null"),
        ("cnf", json!({}), "empty"),
        ("cnf", json!({ "jkt": "x", "kid": "y" }), "more than a thumbprint"),
        ("act", json!({}), "nobody"),
        ("act", json!({ "sub": "planner", "act": null }), "an actor of null"),
        ("act", json!({ "sub": "planner", "iss": "x" }), "an unknown member"),
        ("act", json!({ "sub": "planner", "act": { "sub": "" } }), "an empty name"),
        ("act", act(&["a", "b", "c", "d", "e", "f"]), "five agents that delegated"),
        ("aud", json!(["https://gate.example"]), "a list"),
        ("binding", json!("both"), "an unknown word"),
        ("tier", json!("D"), "an unknown word"),
        ("tier", json!("c"), "in small letters"),
        ("tool", json!("Mail_Send"), "in capitals"),
        ("tool", json!("t".repeat(65)), "too long"),
        ("approval", json!("0".repeat(63)), "too short"),
        ("arguments", json!("A".repeat(64)), "in capitals"),
        ("effect", json!("g".repeat(64)), "not hexadecimal"),
        ("effect_id", json!("0".repeat(31)), "too short"),
        ("effect_id", json!("A".repeat(32)), "in capitals"),
        ("epochs", json!([0, 0, 0]), "three"),
        ("epochs", json!([0, 0, 0, 0, 0]), "five"),
        ("epochs", json!([0, 0, 0, -1]), "negative"),
        ("epochs", json!([0, 0, 0, 4_294_967_296_u64]), "too large"),
        ("exp", serde_json::from_str(&format!("{}.5", second + 60))?, "half a second"),
        ("exp", json!(9_007_199_254_740_992_u64), "2^53"),
        ("exp", json!((second + 60).to_string()), "text"),
        ("iat", json!(second + 1), "another second than iat_ms"),
        ("iat_ms", json!(second * 1000 - 1), "another second than iat"),
        ("jti", json!("01234567-89ab-1def-8123-456789abcdef"), "a UUID of version 1"),
        ("jti", json!("01234567-89ab-4def-c123-456789abcdef"), "a UUID of another variant"),
        ("jti", json!("0123456789ab4def8123456789abcdef"), "without hyphens"),
        ("jti", json!("01234567-89AB-4DEF-8123-456789ABCDEF"), "in capitals"),
        ("policy", json!(""), "empty"),
        ("policy", json!("p".repeat(129)), "too long"),
        ("scopes", json!("mail.send"), "text"),
        ("scopes", json!([1]), "a number"),
        ("account", json!(1), "a number"),
        ("sid", json!("s\n1"), "a control character"),
        ("sub", json!("auth0|kim\u{200b}"), "an invisible character"),
        ("sub", json!("\u{202e}mik|0htua"), "a character that reorders"),
        ("sub", json!("é".repeat(129)), "258 bytes"),
        ("tenant", json!(""), "empty"),
    ];
    for (name, value, what) in malformed {
        cases.claim(&format!("claim {name}: {what}"), "ticket_malformed", name, value)?;
    }
    // For people; nothing is decided by them, and the effect digest binds what they name.
    for (name, value) in
        [("account", json!(null)), ("connection", json!("another")), ("scopes", json!(["z", "a"]))]
    {
        let ticket = forge::with(&cases.main, &cases.good, name, value)?;
        let case = cases.like_good(&format!("claim {name}: only for people"), "")?;
        cases.add(&Case { code: None, ticket: ticket.into(), ..case });
    }
    Ok(())
}

fn context(cases: &mut Cases<'_>) -> Made<()> {
    let second = cases.source.second(0);
    cases.at("a second too early", Some("not_yet_valid"), -31, 999)?;
    cases.at("expired this very second", Some("expired"), 60, 0)?;
    cases.at("expired long ago", Some("expired"), 1_000_000, 0)?;
    cases.claim("not before a later time", "not_yet_valid", "nbf", json!(second + 31))?;
    cases.claim("valid for 301 seconds", "lifetime_too_long", "exp", json!(second + 301))?;
    let ticket = forge::with(&cases.main, &cases.good, "exp", json!(second + 1000))?;
    let case = cases.like_good("valid for too long, and too early", "not_yet_valid")?;
    cases.add(&Case { ticket: ticket.into(), now_ms: (second - 31) * 1000, ..case });
    cases.claim("expired before it was issued", "expired", "exp", json!(0))?;

    for (name, code, gate) in [
        ("at a gate for another issuer", "wrong_issuer", "of another issuer"),
        ("at another gate", "wrong_audience", "of another name"),
        ("at a gate without tools", "unknown_tool", "without tools"),
        ("at a gate with a newer tool", "schema_changed", "with a newer tool"),
    ] {
        let case = cases.like_good(name, code)?;
        cases.add(&Case { gate, ..case });
    }
    cases.claim("another issuer", "wrong_issuer", "iss", json!("https://issuer.example."))?;
    cases.claim("an empty audience", "wrong_audience", "aud", json!(""))?;
    let chain = |caller: Caller, from: usize| {
        let chain = self::caller()?.chain().get(from..).unwrap_or_default().to_vec();
        Ok::<_, Box<dyn std::error::Error>>(caller.with_chain(chain)?)
    };
    for (name, by) in [
        ("another tenant", chain(caller_of("acme2", "auth0|kim", "planner", "s-1")?, 0)?),
        ("another user", chain(caller_of("acme", "auth0|lee", "planner", "s-1")?, 0)?),
        ("another agent", chain(caller_of("acme", "auth0|kim", "front-desk", "s-1")?, 0)?),
        ("another session", chain(caller_of("acme", "auth0|kim", "planner", "s-2")?, 0)?),
        ("a shorter chain", chain(caller()?, 1)?),
        ("no chain", chain(caller()?, 2)?),
    ] {
        let case = cases.like_good(&format!("used by {name}"), "wrong_caller")?;
        cases.add(&Case { caller: by, ..case });
    }
    cases.claim("with a confirmation", "unconfirmed", "cnf", json!({ "jkt": "any" }))
}

fn requests(cases: &mut Cases<'_>) -> Made<()> {
    let source = cases.source;
    let text = String::from_utf8(cases.sealed.clone())?;
    cases.sealed("sealed: nothing", "sealed_malformed", "")?;
    cases.sealed("sealed: white space", "sealed_malformed", format!("{text} "))?;
    let extra = text.replacen("\"tool\"", "\"thing\":1,\"tool\"", 1);
    cases.sealed("sealed: an unknown member", "sealed_malformed", extra)?;
    let twice = text.replacen("\"v\":1", "\"v\":1,\"v\":1", 1);
    cases.sealed("sealed: a member twice", "sealed_malformed", twice)?;
    cases.sealed("sealed: not UTF-8", "sealed_malformed", json!({ "hex": "ff" }))?;
    let note = String::from_utf8(world::note(source, "mail")?.to_bytes())?;
    cases.sealed("sealed: a request for another tool", "tool_mismatch", note.clone())?;
    let local = note.replacen("crm_note", "mail_send", 1);
    cases.sealed("sealed: the same as a local call", "effect_mismatch", local)?;
    for (name, code, from, to) in [
        (
            "another recipient in the arguments",
            "arguments_mismatch",
            "lee@example.com\\\"}",
            "eve@example.com\\\"}",
        ),
        ("another path", "effect_mismatch", "/v1/messages", "/v2/messages"),
        ("another query", "effect_mismatch", "notify=all", "notify=no"),
        ("another host", "effect_mismatch", "https://mail.", "https://nail."),
        ("without encryption", "effect_mismatch", "https://mail.", "http://mail."),
        ("another method", "effect_mismatch", "POST", "PUT"),
        ("another header", "effect_mismatch", "[\"accept\",", "[\"accept-x\","),
        ("another body", "effect_mismatch", "\"body\":\"ey", "\"body\":\"fy"),
        (
            "without the credential",
            "effect_mismatch",
            "\"credential\":true",
            "\"credential\":false",
        ),
        ("another account", "effect_mismatch", "\"kim@example", "\"eve@example"),
        ("another connection", "effect_mismatch", "google-oauth2", "google-oauth3"),
        ("another scope", "effect_mismatch", "\"mail.send\"", "\"mail.sendall\""),
        ("one scope less", "effect_mismatch", "\"mail.read\",", ""),
    ] {
        let changed = text.replacen(from, to, 1);
        if changed == text {
            return Err(format!("`{name}` changes nothing").into());
        }
        cases.sealed(&format!("sealed: {name}"), code, changed)?;
    }
    let other = String::from_utf8(world::mail(source, "another")?.to_bytes())?;
    cases.sealed("sealed: another effect id", "effect_mismatch", other)?;
    cases.claim("another effect id", "effect_mismatch", "effect_id", json!("0".repeat(32)))?;
    cases.claim("another binding", "effect_mismatch", "binding", json!("arguments"))?;
    cases.claim("another effect", "effect_mismatch", "effect", json!("0".repeat(64)))
}
