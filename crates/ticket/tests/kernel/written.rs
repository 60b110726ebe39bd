//! What the kernel writes is canonical JSON, and what it digests is what anybody would write down.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_canon::{Canonical, Digest, canonicalize, require_canonical};
use countersign_ticket::{
    Account, AgentId, Alphabet, Assessed, Caller, Connection, EffectId, Ending, Epochs, Evidence,
    Gate, Hole, Issuer, Jti, KeyRing, MemoryGuard, Method, Place, PolicyVersion, Prepared, Report,
    Scope, Selector, SessionId, SigningKey, Step, TenantId, Terms, Tier, Timestamp, ToolName,
    UserId, request_digest,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::key;

/// Any text that an identifier may be, with much that has to be escaped or ordered with care.
fn printable() -> impl Strategy<Value = String> {
    let odd =
        select(vec!['"', '\\', '/', '\u{7f}', '\u{e9}', '\u{ffee}', '😀', '{', '[', ',', ' ']);
    let character = prop_oneof![2 => odd, 1 => any::<char>()];
    let text = prop::collection::vec(character, 1..12).prop_map(String::from_iter);
    text.prop_map(|text| {
        let ok = |c: &char| UserId::new(&c.to_string()).is_ok();
        let text: String = text.chars().filter(ok).collect();
        if text.is_empty() { "{".to_owned() } else { text }
    })
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn text(value: &Value) -> Canonical {
    canonicalize(value.to_string().as_bytes()).unwrap()
}

fn hex(digest: Digest) -> Value {
    Value::from(digest.to_hex())
}

#[derive(Debug, Clone)]
struct Hollow {
    body: bool,
    at: prop::sample::Index,
    pointer: String,
    alphabet: Alphabet,
    max: u16,
}

prop_compose! {
    fn hollow()(
        body: bool,
        at in any::<prop::sample::Index>(),
        pointer in "/[ -~\u{e9}😀\n\"\\\\]{0,8}",
        alphabet in select(Alphabet::ALL.to_vec()),
        max in 1u16..,
    ) -> Hollow {
        Hollow { body, at, pointer, alphabet, max }
    }
}

/// A step and what stands for it in the effect's digest, and in the form that travels.
fn step(
    method: Method,
    path: &str,
    headers: &BTreeMap<String, String>,
    body: Vec<u8>,
    credential: bool,
    hollows: &[Hollow],
) -> (Step, Value, Value) {
    let url = format!("https://mail.example.com/v1/{path}");
    let mut step = Step::new(method, &url).unwrap();
    for (name, value) in headers {
        step = step.header(name, value).unwrap();
    }
    let body = if method == Method::Get { Vec::new() } else { body };
    let mut holes: Vec<_> = hollows
        .iter()
        .map(|hollow| {
            let origin = "https://mail.example.com".len() + 1;
            let (place, offset) = if hollow.body {
                (Place::Body, hollow.at.index(body.len() + 1))
            } else {
                (Place::Url, origin + hollow.at.index(url.len() - origin + 1))
            };
            (place, offset, hollow)
        })
        .collect();
    holes.sort_by_key(|(place, offset, _)| (*place, *offset));
    let made = holes.iter().map(|(place, offset, hollow)| {
        Hole::new(*place, *offset, &hollow.pointer, hollow.alphabet, hollow.max)
    });
    let mut step = step.body(body.clone()).unwrap().holes(made.collect()).unwrap();
    let pages = if method == Method::Get && !holes.is_empty() { 7 } else { 1 };
    step = step.pages(pages).unwrap();
    if !credential {
        step = step.without_credential();
    }
    let holes: Vec<_> = holes
        .iter()
        .map(|(place, offset, hollow)| {
            json!({
                "pointer": hollow.pointer, "offset": offset, "max": hollow.max,
                "in": place.as_str(), "alphabet": hollow.alphabet.as_str(),
            })
        })
        .collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| json!([name, value])).collect();
    let written = |body: Value| {
        json!({
            "url": url, "pages": pages, "method": method.as_str(), "holes": holes,
            "headers": headers, "credential": credential, "body": body,
        })
    };
    let digested = written(hex(Digest::of(&body)));
    (step, digested, written(STANDARD.encode(&body).into()))
}

prop_compose! {
    fn any_step(first: bool)(
        method in select(Method::ALL.to_vec()),
        path in "[a-z~]{1,5}(\\?[a-z]=([A-Z]|%2F){0,3}x)?",
        headers in prop::collection::btree_map("x-[a-z]{1,8}", "[!-~]([ -~]{0,8}[!-~])?", 0..3),
        body in prop::collection::vec(any::<u8>(), 0..40),
        credential: bool,
        hollows in prop::collection::vec(hollow(), 0..4),
    ) -> (Step, Value, Value) {
        // No hole in an escape.
        let hollows: Vec<_> = hollows.into_iter().filter(|h| h.body || !path.contains('%')).collect();
        let hollows = if first { &[][..] } else { &hollows };
        step(method, &path, &headers, body, credential, hollows)
    }
}

/// An effect, what its digest is made of, and the form that travels.
fn prepared() -> impl Strategy<Value = (Prepared, Value, Value)> {
    let scopes = prop::collection::vec("[!#-Z^-~]{1,6}", 0..4);
    let steps = (any_step(true), prop::collection::vec(any_step(false), 0..3));
    let selector = ("[A-Za-z0-9._-]{1,9}", prop::option::of(printable()), scopes);
    (any::<[u8; 16]>(), "[a-z0-9_]{1,9}", json_value(), steps, selector, any::<bool>()).prop_map(
        |(id, tool, arguments, (first, mut rest), (connection, account, scopes), local)| {
            let arguments = text(&arguments);
            let (effect, tool) = (EffectId::from_bytes(id), ToolName::new(&tool).unwrap());
            let (id, name) = (effect.to_string(), tool.as_str().to_owned());
            let travelling = |more: Value| {
                let mut all = json!({
                    "v": 1, "type": "countersign-prepared", "tool": name, "effect_id": id,
                    "arguments": arguments.as_str(),
                });
                all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                all
            };
            if local {
                let prepared = Prepared::local(effect, tool, arguments.clone());
                let digested = json!({
                    "v": 1, "type": "countersign-effect", "effect_id": id, "binding": "arguments",
                    "arguments": hex(arguments.digest()),
                });
                return (prepared, digested, travelling(json!({ "binding": "arguments" })));
            }
            rest.insert(0, first);
            let mut selector = Selector::new(
                Connection::new(&connection).unwrap(),
                scopes.iter().map(|s| Scope::new(s).unwrap()).collect(),
            );
            if let Some(account) = &account {
                selector = selector.with_account(Account::new(account).unwrap());
            }
            let sorted: std::collections::BTreeSet<_> = scopes.iter().collect();
            let credential =
                json!({ "scopes": sorted, "connection": connection, "account": account });
            let steps: Vec<_> = rest.iter().map(|(step, ..)| step.clone()).collect();
            let prepared =
                Prepared::wire(effect, tool, arguments.clone(), Some(selector), steps).unwrap();
            let of = |part: fn(&(Step, Value, Value)) -> &Value| rest.iter().map(part).collect();
            let (digested, travelled): (Vec<_>, Vec<_>) = (of(|s| &s.1), of(|s| &s.2));
            let digested = json!({
                "v": 1, "type": "countersign-effect", "effect_id": id, "binding": "wire",
                "credential": credential, "steps": digested,
            });
            let more = json!({ "binding": "wire", "credential": credential, "steps": travelled });
            (prepared, digested, travelling(more))
        },
    )
}

proptest! {
    #[test]
    fn a_request_travels_and_is_digested_as_the_canonical_form_of_what_it_is(
        (prepared, digested, travelling) in prepared()
    ) {
        let bytes = prepared.to_bytes();
        prop_assert_eq!(&bytes, &text(&travelling).into_bytes());
        prop_assert!(require_canonical(&bytes).is_ok());
        prop_assert_eq!(&Prepared::from_bytes(&bytes).unwrap(), &prepared);
        prop_assert_eq!(prepared.digest(), text(&digested).digest());
    }

    #[test]
    fn tickets_and_evidence_are_canonical_whoever_asks_for_whatever(
        (prepared, ..) in prepared(),
        names in (printable(), printable(), printable(), printable(), printable()),
        chain in prop::collection::vec(printable(), 0..=4),
        (issuer, audience, code) in any::<(String, String, String)>(),
        (all, tenant, user, agent) in any::<(u32, u32, u32, u32)>(),
        tier in select(Tier::ALL.to_vec()),
        now in prop_oneof![0i64..1 << 50, -5000i64..5000],
        lifetime in 1i64..=300,
        (jti, response, elsewhere) in any::<([u8; 16], Option<u16>, bool)>(),
    ) {
        let caller = Caller::dangerous_assert(
            TenantId::new(&names.0).unwrap(),
            UserId::new(&names.1).unwrap(),
            AgentId::new(&names.2).unwrap(),
            SessionId::new(&names.3).unwrap(),
        );
        let agents = chain.iter().map(|agent| AgentId::new(agent).unwrap()).collect();
        let caller = caller.with_chain(agents).unwrap();
        let terms = Terms {
            schema: Digest::of(b"schema"),
            tier,
            policy: PolicyVersion::new(&names.4).unwrap(),
            epochs: Epochs { all, tenant, user, agent },
            preview: Digest::of(b"preview"),
        };
        let assessed = Assessed::new(prepared.clone(), caller.clone(), terms.clone());
        let approval = json!({
            "v": 1, "type": "countersign-approval", "tool": prepared.tool().as_str(),
            "tier": tier.as_str(), "schema": hex(terms.schema), "preview": hex(terms.preview),
            "effect_id": prepared.effect_id().to_string(), "effect": hex(prepared.digest()),
            "arguments": hex(prepared.arguments().digest()),
            "caller": {
                "user": names.1, "tenant": names.0, "session": names.3, "chain": chain,
                "agent": names.2,
            },
        });
        prop_assert_eq!(assessed.approval_digest(), text(&approval).digest());

        let now = Timestamp::from_millis(now);
        let terms = Terms { tier: Tier::C, epochs: Epochs::default(), ..terms };
        let assessed = Assessed::new(prepared.clone(), caller.clone(), terms.clone());
        let key = key(3);
        let ring = KeyRing::of(key.as_ref());
        let makes = Issuer::new(&issuer, &audience, Arc::<SigningKey>::clone(&key));
        let makes = makes.with_lifetime(lifetime).unwrap();
        let approved = assessed.silently().unwrap();
        let jti = Jti::from_random(jti);
        let sealed = makes.issue(approved, jti, now).unwrap();
        let compact = sealed.ticket().as_compact();
        if compact.len() > 16_000 {
            return Ok(());
        }
        let (header, payload) = sealed.ticket().dangerous_peek().unwrap();
        prop_assert_eq!(header.pointer("/typ"), Some("\"countersign-ticket+jwt\""));
        let mut act = Value::Null;
        for agent in chain.iter().rev().chain([&names.2]) {
            act = if act.is_null() { json!({ "sub": agent }) } else { json!({ "sub": agent, "act": act }) };
        }
        let said: Value = serde_json::from_str(payload.as_str()).unwrap();
        prop_assert_eq!(&said["act"], &act);
        prop_assert_eq!(&said["iss"], &issuer);
        prop_assert_eq!(&said["aud"], &audience);
        prop_assert_eq!(&said["sub"], &names.1);
        prop_assert_eq!(&said["policy"], &names.4);
        prop_assert_eq!(&said["iat_ms"], now.millis());
        prop_assert_eq!(&said["iat"], now.seconds());
        prop_assert_eq!(&said["exp"], now.seconds() + lifetime);
        prop_assert_eq!(said.as_object().unwrap().len(), 25);

        let guard = Arc::new(MemoryGuard::new(9, now));
        let tools = BTreeMap::from([(prepared.tool().clone(), terms.schema)]);
        let gate = Gate::new(&issuer, &audience, ring.clone(), tools, guard);
        let checked = gate.check(sealed.ticket(), &caller, now).unwrap();
        prop_assert_eq!(&checked.claims().caller, &caller);
        prop_assert_eq!(checked.claims().issued_at, now);
        prop_assert_eq!(checked.claims().jti, jti);
        let refused = Evidence::refused(key.as_ref(), checked.claims(), &code, now).unwrap();
        let said = refused.verify(&ring).unwrap();
        let said = said.text_at("/code");
        prop_assert_eq!(said.as_deref(), Some(code.as_str()));

        let opened = checked.open(&sealed.prepared().to_bytes()).unwrap();
        let mut admitted = pollster::block_on(opened.admit(now)).unwrap();
        let outgoing = admitted.next(now).unwrap().unwrap();
        if let Some(request) = outgoing.request() {
            let headers: Vec<_> = request.headers.iter().map(|(n, v)| json!([n, v])).collect();
            let written = json!({
                "v": 1, "type": "countersign-request", "url": request.url,
                "method": request.method, "headers": headers,
                "body": hex(Digest::of(request.body)),
            });
            prop_assert_eq!(outgoing.digest(), text(&written).digest());
            let pairs = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let again = request_digest(request.method, request.url, pairs, request.body);
            prop_assert_eq!(outgoing.digest(), again);
        }
        admitted.report(Report::Answered(200, b"{}"));
        let response = response.map(|status| (status, Digest::of(b"{}")));
        let ending = Ending::Unknown;
        let evidence =
            Evidence::executed(key.as_ref(), &admitted, ending, response, elsewhere, now).unwrap();
        prop_assert!(evidence.verify(&ring).is_ok());
    }

    /// Whatever method, URL, headers a transport names: what is digested is canonical.
    #[test]
    fn any_text_in_a_request_is_digested_as_canonical_json_writes_it(
        method: String, url: String, headers: Vec<(String, String)>, body: Vec<u8>,
    ) {
        let pairs = headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let digest = request_digest(&method, &url, pairs, &body);
        let headers: Vec<_> = headers.iter().map(|(n, v)| json!([n, v])).collect();
        let written = json!({
            "v": 1, "type": "countersign-request", "url": url, "method": method,
            "headers": headers, "body": hex(Digest::of(&body)),
        });
        prop_assert_eq!(digest, text(&written).digest());
    }
}
