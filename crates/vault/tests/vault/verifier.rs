//! Attacks on the verifier of access tokens, and what an honest token says.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_core::{
    AccessToken, Caller, CallerVerifier as _, NotVerified, Object, SessionId, TenantId, Timestamp,
    Value, canon,
};
use countersign_vault::{AccessTokenVerifier, AccessTokenVerifierBuilder};
use futures_util::future::{join, join_all};
use pollster::FutureExt as _;
use ring::signature::{
    KeyPair as _, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use ring::{hmac, rand};

use crate::keys::{TEST_ONLY_RSA_1, TEST_ONLY_RSA_2, WEAK_MODULUS, WEAK_TOKEN};
use crate::support::*;

const AUDIENCE: &str = "https://api.example";

fn key(text: &str) -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap()
}

fn one() -> RsaKeyPair {
    key(TEST_ONLY_RSA_1)
}

fn two() -> RsaKeyPair {
    key(TEST_ONLY_RSA_2)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn jwk(kid: &str, key: &RsaKeyPair) -> String {
    let parts: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
    let (n, e) = (encode(parts.n), encode(parts.e));
    format!(r#"{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{kid}","n":"{n}","e":"{e}"}}"#)
}

fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// Publishes both keys, as a tenant does: the current one and the next.
fn published() -> Arc<Provider> {
    Provider::new(|_| json(200, &set(&[jwk("k1", &one()), jwk("k2", &two())])))
}

const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#;

fn now() -> u32 {
    u32::try_from(NOW).unwrap()
}

fn claims() -> Object {
    Object::new()
        .with("iss", "https://acme.eu.auth0.com/")
        .with("sub", "auth0|u1")
        .with("aud", AUDIENCE)
        .with("iat", now() - 60)
        .with("exp", now() + 3_600)
        .with("azp", "cli_agent")
        .with("scope", "openid read:calendar")
}

fn text(claims: Object) -> String {
    Value::from(claims).to_canonical().as_str().to_owned()
}

fn sign_with(key: &RsaKeyPair, header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(payload));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", encode(signature))
}

fn sign(header: &str, payload: &str) -> String {
    sign_with(&one(), header, payload)
}

fn honest(claims: Object) -> String {
    sign(HEADER, &text(claims))
}

fn verifier(provider: Arc<Provider>) -> AccessTokenVerifier {
    build(provider, |builder| builder)
}

fn build(
    provider: Arc<Provider>,
    configure: impl FnOnce(AccessTokenVerifierBuilder) -> AccessTokenVerifierBuilder,
) -> AccessTokenVerifier {
    let builder = AccessTokenVerifier::builder(DOMAIN, AUDIENCE).backchannel(provider);
    configure(builder).build().unwrap()
}

fn at(verifier: &AccessTokenVerifier, token: &str, seconds: i64) -> Result<Caller, NotVerified> {
    let session = SessionId::new("s-1").unwrap();
    let token = AccessToken::new(token.to_owned());
    verifier.verify(&token, session, Timestamp::from_seconds(seconds)).block_on()
}

fn verify(token: &str) -> Result<Caller, NotVerified> {
    at(&verifier(published()), token, NOW)
}

#[test]
fn an_honest_token_names_user_agent_tenant_and_session() {
    let caller = verify(&honest(claims())).unwrap();
    assert_eq!(caller.user().as_str(), "auth0|u1");
    assert_eq!(caller.agent().as_str(), "cli_agent");
    assert_eq!(caller.tenant().as_str(), DOMAIN);
    assert_eq!(caller.session().as_str(), "s-1");
    assert!(caller.chain().is_empty());
}

#[test]
fn both_profiles_of_access_tokens_are_read() {
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
        let header = format!(r#"{{"alg":"RS256","typ":"{typ}","kid":"k1"}}"#);
        assert!(verify(&sign(&header, &text(claims()))).is_ok(), "{typ}");
    }
    let mut rfc9068 = claims().with("client_id", "cli_agent").with("jti", "j-1");
    rfc9068.remove("azp");
    assert_eq!(verify(&honest(rfc9068)).unwrap().agent().as_str(), "cli_agent");
    let audiences =
        Value::Array(vec!["https://acme.eu.auth0.com/userinfo".into(), AUDIENCE.into()]);
    assert!(verify(&honest(claims().with("aud", audiences))).is_ok());
}

#[test]
fn no_other_algorithm_is_accepted_whatever_it_is_signed_with() {
    let public = one().public_key().as_ref().to_vec();
    let public_pem = format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
        STANDARD.encode(&public)
    );
    let payload = text(claims());
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"k1"}}"#);
        let unsigned = format!("{}.{}.", encode(&header), encode(&payload));
        assert_eq!(verify(&unsigned), Err(NotVerified::Malformed), "{alg}");
        assert_eq!(verify(&sign(&header, &payload)), Err(NotVerified::Malformed), "{alg}");
    }
    for secret in [public.as_slice(), public_pem.as_bytes(), b""] {
        let header = r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#;
        let signed = format!("{}.{}", encode(header), encode(&payload));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let token = format!("{signed}.{}", encode(tag));
        assert_eq!(verify(&token), Err(NotVerified::Malformed));
        // The same under the name of the right algorithm.
        let signed = format!("{}.{}", encode(HEADER), encode(&payload));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        assert_eq!(verify(&format!("{signed}.{}", encode(tag))), Err(NotVerified::Signature));
    }
    for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 "] {
        let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"k1"}}"#);
        assert_eq!(verify(&sign(&header, &payload)), Err(NotVerified::Malformed), "{alg}");
    }
    for header in [
        r#"{"typ":"JWT","kid":"k1"}"#,
        r#"{"alg":["RS256"],"typ":"JWT","kid":"k1"}"#,
        r#"{"alg":null,"typ":"JWT","kid":"k1"}"#,
    ] {
        assert_eq!(verify(&sign(header, &payload)), Err(NotVerified::Malformed), "{header}");
    }
}

#[test]
fn a_signature_of_another_key_scheme_or_text_does_not_hold() {
    let payload = text(claims());
    let wrong = NotVerified::Signature;
    assert_eq!(verify(&sign_with(&two(), HEADER, &payload)), Err(wrong));
    // PSS under the name RS256.
    let signed = format!("{}.{}", encode(HEADER), encode(&payload));
    let mut signature = vec![0; one().public().modulus_len()];
    let random = rand::SystemRandom::new();
    one().sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    assert_eq!(verify(&format!("{signed}.{}", encode(&signature))), Err(wrong));
    // Empty, zero, cut, lengthened.
    for signature in [vec![], vec![0; 256], vec![0; 255], vec![0xff; 257]] {
        assert_eq!(verify(&format!("{signed}.{}", encode(signature))), Err(wrong));
    }
    let honest = sign(HEADER, &payload);
    let (head, tail) = honest.rsplit_once('.').unwrap();
    let longer = [URL_SAFE_NO_PAD.decode(tail).unwrap(), vec![0]].concat();
    assert_eq!(verify(&format!("{head}.{}", encode(longer))), Err(wrong));
    // Another payload under the old signature.
    let other = text(claims().with("sub", "auth0|admin"));
    assert_eq!(verify(&format!("{}.{}.{tail}", encode(HEADER), encode(other))), Err(wrong));
}

#[test]
fn every_flipped_bit_of_a_token_is_noticed() {
    let honest = honest(claims());
    let verifier = verifier(published());
    assert!(at(&verifier, &honest, NOW).is_ok());
    for position in 0..honest.len() {
        for bit in [0, 1, 5] {
            let mut bytes = honest.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(at(&verifier, &changed, NOW).is_err(), "bit {bit} of {position}");
        }
    }
}

#[test]
fn keys_that_the_token_brings_along_are_not_used() {
    let stranger = two();
    let jwk = jwk("evil", &stranger);
    let provider = Provider::new(|_| json(200, &set(&[self::jwk("k1", &one())])));
    for header in [
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"evil","jwk":{jwk}}}"#),
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"k1","jwk":{jwk}}}"#),
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","jku":"https://evil.example/keys"}"#.to_owned(),
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","x5u":"https://evil.example/cert"}"#.to_owned(),
        r#"{"alg":"RS256","typ":"JWT","kid":"../../k1"}"#.to_owned(),
    ] {
        let token = sign_with(&stranger, &header, &text(claims()));
        let verifier = verifier(Arc::clone(&provider));
        assert_eq!(at(&verifier, &token, NOW), Err(NotVerified::Signature), "{header}");
    }
    let asked = provider.seen();
    assert!(asked.iter().all(|s| s.url == "https://acme.eu.auth0.com/.well-known/jwks.json"));
    assert!(asked.iter().all(|s| s.method == "GET" && s.form.is_empty()));
}

#[test]
fn critical_extensions_are_refused_because_none_is_understood() {
    for extension in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
    ] {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"k1",{extension}}}"#);
        let token = sign(&header, &text(claims()));
        assert_eq!(verify(&token), Err(NotVerified::Malformed), "{extension}");
    }
}

#[test]
fn duplicate_members_are_refused_in_header_and_claims() {
    for header in [
        r#"{"alg":"none","alg":"RS256","typ":"JWT","kid":"k1"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","kid":"k1"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","\u0061lg":"RS256"}"#,
    ] {
        let token = sign(header, &text(claims()));
        assert_eq!(verify(&token), Err(NotVerified::Malformed), "{header}");
    }
    let plain = text(claims());
    for double in [
        r#""sub":"auth0|admin""#,
        r#""s\u0075b":"auth0|admin""#,
        r#""aud":"https://api.example""#,
        r#""exp":1790009999"#,
        r#""x":{"a":1,"a":2}"#,
    ] {
        let payload = format!("{},{double}}}", plain.trim_end_matches('}'));
        assert_eq!(verify(&sign(HEADER, &payload)), Err(NotVerified::Malformed), "{double}");
    }
}

#[test]
fn texts_that_are_not_a_compact_jws_are_refused() {
    let honest = honest(claims());
    let opaque = ["", "opaque", "v1.Mabc", "kLc3pT.9", "a.b.c.d.e", "eyJ.x.y.z.w"];
    for token in opaque {
        assert_eq!(verify(token), Err(NotVerified::Opaque), "{token}");
    }
    let (head, signature) = honest.rsplit_once('.').unwrap();
    let malformed = [
        format!("{honest}.x"),
        format!("{honest}....x"),
        format!("{honest}."),
        format!("{honest}="),
        format!("{honest}\n"),
        format!(" {honest}"),
        format!("{honest} trailing"),
        format!("{honest}\0"),
        format!("{head}.{signature}AAA"),
        format!("{}.{signature}", head.replace('.', "=.")),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "ü.ü.ü".to_owned(),
        format!("{}.{}", "A".repeat(20_000), "x.y"),
        sign("[]", &text(claims())),
        sign("{}", &text(claims())),
        sign(&format!("{HEADER} {{}}"), &text(claims())),
        sign(HEADER, "[]"),
        sign(HEADER, "{}{}"),
        sign(HEADER, "\"text\""),
        sign(HEADER, ""),
        sign(r#"{"alg":"RS256","typ":"JWT"}"#, &text(claims())),
        sign(r#"{"alg":"RS256","typ":"JWT","kid":""}"#, &text(claims())),
        sign(r#"{"alg":"RS256","typ":"JWT","kid":7}"#, &text(claims())),
        sign(
            &format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}"}}"#, "k".repeat(257)),
            &text(claims()),
        ),
    ];
    for token in malformed {
        assert_eq!(verify(&token), Err(NotVerified::Malformed), "{token:.100}");
    }
}

#[test]
fn a_base64_spelling_with_other_trailing_bits_is_refused() {
    let honest = honest(claims());
    // 256 bytes end in a character of which four bits are free.
    let last = honest.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let other = alphabet.as_bytes()[at + 1] as char;
    let changed = format!("{}{other}", &honest[..honest.len() - 1]);
    assert_eq!(verify(&changed), Err(NotVerified::Malformed));
}

#[test]
fn tokens_of_other_issuers_audiences_and_kinds_are_not_for_us() {
    let list = |values: &[&str]| Value::from(values);
    let with = |name: &str, value: Value| honest(claims().with(name, value));
    let without = |name: &str| {
        let mut claims = claims();
        claims.remove(name);
        honest(claims)
    };
    let typ = |typ: &str| sign(&format!(r#"{{"alg":"RS256","kid":"k1"{typ}}}"#), &text(claims()));
    let cases = [
        with("iss", "https://acme.eu.auth0.com".into()),
        with("iss", "https://ACME.eu.auth0.com/".into()),
        with("iss", "http://acme.eu.auth0.com/".into()),
        with("iss", "https://acme.eu.auth0.com//".into()),
        with("iss", "https://evil.example/".into()),
        with("iss", list(&["https://acme.eu.auth0.com/"])),
        without("iss"),
        with("aud", "https://api.example/".into()),
        with("aud", "https://api.exampl".into()),
        with("aud", "https://API.example".into()),
        with("aud", "cli_agent".into()),
        with("aud", list(&["https://acme.eu.auth0.com/userinfo"])),
        with("aud", list(&[])),
        with("aud", Value::Array(vec![list(&[AUDIENCE])])),
        with("aud", Value::Array(vec![AUDIENCE.into(), 7u8.into()])),
        with("aud", Object::new().with(AUDIENCE, true).into()),
        with("aud", Value::Null),
        without("aud"),
        // ID tokens.
        with("nonce", "n-1".into()),
        with("nonce", Value::Null),
        with("at_hash", "x".into()),
        with("c_hash", "x".into()),
        // Bound to a key, presented without proof.
        with("cnf", Object::new().with("jkt", "x").into()),
        with("cnf", Object::new().with("x5t#S256", "x").into()),
        // Other JWTs that the same keys sign.
        typ(r#","typ":"logout+jwt""#),
        typ(r#","typ":"dpop+jwt""#),
        typ(r#","typ":"oauth-id-jag+jwt""#),
        typ(r#","typ":"token-vault-req+jwt""#),
        typ(r#","typ":null"#),
        typ(""),
    ];
    for (number, token) in cases.iter().enumerate() {
        assert_eq!(verify(token), Err(NotVerified::NotForUs), "case {number}");
    }
}

#[test]
fn a_bound_token_passes_only_where_the_proof_was_checked() {
    let token = honest(claims().with("cnf", Object::new().with("jkt", "x")));
    let verifier = build(published(), AccessTokenVerifierBuilder::sender_constraint_is_checked);
    assert!(at(&verifier, &token, NOW).is_ok());
}

#[test]
fn times_are_required_and_held_to_the_second() {
    let base = NOW;
    let with = |name: &str, seconds: i64| {
        let seconds = u32::try_from(seconds).unwrap();
        honest(claims().with(name, seconds))
    };
    let cases = [
        (with("exp", base + 1), Ok(())),
        (with("exp", base), Err(NotVerified::Time)),
        (with("exp", base - 1), Err(NotVerified::Time)),
        (with("exp", 0), Err(NotVerified::Time)),
        (with("iat", base + 30), Ok(())),
        (with("iat", base + 31), Err(NotVerified::Time)),
        (with("nbf", base + 30), Ok(())),
        (with("nbf", base + 31), Err(NotVerified::Time)),
        (with("nbf", base - 1_000), Ok(())),
    ];
    for (number, (token, expected)) in cases.iter().enumerate() {
        assert_eq!(verify(token).map(drop), *expected, "case {number}");
    }
    for name in ["exp", "iat"] {
        let mut lacking = claims();
        lacking.remove(name);
        assert_eq!(verify(&honest(lacking)), Err(NotVerified::Malformed), "{name}");
    }
    for name in ["exp", "iat", "nbf"] {
        for odd in ["\"1790003600\"", "1790003600.5", "null", "true", "1e300", "[1790003600]"] {
            let odd = canon::parse(odd.as_bytes()).unwrap();
            let token = honest(claims().with(name, odd.clone()));
            assert_eq!(verify(&token), Err(NotVerified::Malformed), "{name} {odd:?}");
        }
    }
}

#[test]
fn a_client_that_acts_for_itself_is_not_a_user() {
    let list = Value::Array(vec!["client-credentials".into()]);
    let cases = [
        claims().with("gty", "client-credentials"),
        claims().with("gty", "refresh_token client-credentials"),
        claims().with("gty", list),
        claims().with("gty", 7),
        claims().with("sub", "cli_agent@clients"),
        claims().with("sub", "cli_agent@clients").with("gty", "client-credentials"),
        claims().with("sub_profile", "ai_agent"),
        claims().with("sub_profile", "service"),
        claims().with("sub_profile", ""),
        claims().with("sub_profile", Value::Null),
        claims().with("sub", ""),
        claims().with("sub", Value::Null),
        claims().with("sub", 7),
        claims().with("sub", "auth0|u1\nadmin"),
        claims().with("sub", "auth0|\u{202e}1u"),
        claims().with("sub", "a".repeat(257)),
    ];
    for (number, claims) in cases.into_iter().enumerate() {
        assert_eq!(verify(&honest(claims)), Err(NotVerified::NoCaller), "case {number}");
    }
    for gty in ["password", "refresh_token", ""] {
        assert!(verify(&honest(claims().with("gty", gty))).is_ok(), "{gty}");
    }
    assert!(verify(&honest(claims().with("sub_profile", "user"))).is_ok());
}

#[test]
fn without_an_agent_there_is_no_caller() {
    let without = || {
        let mut claims = claims();
        claims.remove("azp");
        claims
    };
    let cases = [
        without(),
        without().with("client_id", ""),
        without().with("azp", Value::Null),
        without().with("azp", "line\nfeed"),
        claims().with("client_id", "another"),
    ];
    for (number, claims) in cases.into_iter().enumerate() {
        assert_eq!(verify(&honest(claims)), Err(NotVerified::NoCaller), "case {number}");
    }
    assert!(verify(&honest(claims().with("client_id", "cli_agent"))).is_ok());
}

/// `act` claims nested in this order, the first one outermost.
fn act(agents: &[&str]) -> Value {
    let nest = |inner: Option<Object>, agent: &&str| {
        let act = Object::new().with("sub", *agent);
        Some(match inner {
            Some(inner) => act.with("act", inner),
            None => act,
        })
    };
    agents.iter().rev().fold(None, nest).into()
}

#[test]
fn the_outermost_actor_is_the_agent_and_the_others_are_the_chain_newest_first() {
    let caller = verify(&honest(claims().with("act", act(&["svc_b"])))).unwrap();
    assert_eq!((caller.agent().as_str(), caller.chain().len()), ("svc_b", 0));
    let deepest = ["e", "d", "c", "b", "a"];
    let caller = verify(&honest(claims().with("act", act(&deepest)))).unwrap();
    assert_eq!(caller.agent().as_str(), "e");
    let chain: Vec<_> = caller.chain().iter().map(countersign_core::AgentId::as_str).collect();
    assert_eq!(chain, ["d", "c", "b", "a"]);
    // Custom members beside the actor decide nothing.
    let custom = Object::new().with("sub", "svc_b").with("iss", "x").with("role", "admin");
    assert!(verify(&honest(claims().with("act", custom))).is_ok());
}

#[test]
fn chains_that_are_too_deep_cyclic_or_malformed_are_refused() {
    let hollow = Object::new().with("act", act(&["svc_a"]));
    let cases = [
        act(&["f", "e", "d", "c", "b", "a"]),
        act(&["a"; 2]),
        act(&["a", "b", "a"]),
        act(&["c", "b", "a", "b"]),
        act(&[""]),
        act(&["line\nfeed"]),
        Value::Null,
        "svc_b".into(),
        Value::Array(vec![act(&["svc_b"])]),
        Object::new().into(),
        hollow.into(),
        Object::new().with("sub", "svc_b").with("act", Value::Null).into(),
        Object::new().with("sub", "svc_b").with("act", "svc_a").into(),
        Object::new().with("sub", 7).into(),
    ];
    for (number, act) in cases.into_iter().enumerate() {
        let token = honest(claims().with("act", act));
        assert_eq!(verify(&token), Err(NotVerified::Malformed), "case {number}");
    }
}

#[test]
fn the_tenant_is_fixed_or_the_organization() {
    let fixed = build(published(), |b| b.tenant(TenantId::new("acme").unwrap()));
    let token = honest(claims().with("org_id", "org_1"));
    assert_eq!(at(&fixed, &token, NOW).unwrap().tenant().as_str(), "acme");
    let by_org = build(published(), AccessTokenVerifierBuilder::tenant_from_organization);
    assert_eq!(at(&by_org, &token, NOW).unwrap().tenant().as_str(), "org_1");
    for without in [claims(), claims().with("org_id", ""), claims().with("org_id", 7)] {
        assert_eq!(at(&by_org, &honest(without), NOW), Err(NotVerified::NotForUs));
    }
}

#[test]
fn keys_are_fetched_once_in_ten_minutes() {
    let provider = published();
    let verifier = verifier(Arc::clone(&provider));
    let token = honest(claims());
    for seconds in [0, 1, 599] {
        assert!(at(&verifier, &token, NOW + seconds).is_ok());
    }
    assert_eq!(provider.count(), 1);
    assert!(at(&verifier, &token, NOW + 600).is_ok());
    assert_eq!(provider.count(), 2);
    // A clock that was set back says nothing about their age.
    assert!(at(&verifier, &token, NOW + 590).is_ok());
    assert_eq!(provider.count(), 2);
    assert!(at(&verifier, &token, NOW + 589).is_ok());
    assert_eq!(provider.count(), 3);
}

#[test]
fn many_at_once_fetch_the_keys_once() {
    let provider = published();
    let verifier = verifier(Arc::clone(&provider));
    provider.hold();
    let token = AccessToken::new(honest(claims()));
    let session = || SessionId::new("s-1").unwrap();
    let now = Timestamp::from_seconds(NOW);
    let all = join_all((0..200).map(|_| verifier.verify(&token, session(), now)));
    let (results, ()) = join(all, async { provider.release() }).block_on();
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(provider.count(), 1);
}

#[test]
fn made_up_key_ids_cause_one_fetch_per_cool_down() {
    let provider = published();
    let verifier = verifier(Arc::clone(&provider));
    let mut number = 0;
    let mut made_up = |seconds: i64| {
        number += 1;
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"made-up-{number}"}}"#);
        let token = sign(&header, &text(claims()));
        assert_eq!(at(&verifier, &token, NOW + seconds), Err(NotVerified::Signature));
        provider.count()
    };
    assert_eq!((0..20).map(&mut made_up).max(), Some(1), "the first fetch was just now");
    assert_eq!(made_up(29), 1);
    assert_eq!(made_up(30), 2);
    assert_eq!((31..60).map(&mut made_up).max(), Some(2));
    assert_eq!(made_up(60), 3);
    // Meanwhile honest tokens pass.
    assert!(at(&verifier, &honest(claims()), NOW + 61).is_ok());
    assert_eq!(provider.count(), 3);
}

#[test]
fn a_rotated_key_is_found_and_a_withdrawn_one_refused() {
    let mut fetches = 0;
    let provider = Provider::new(move |_| {
        fetches += 1;
        let key = if fetches == 1 { jwk("k1", &one()) } else { jwk("k2", &two()) };
        json(200, &set(&[key]))
    });
    let verifier = verifier(provider);
    let header = r#"{"alg":"RS256","typ":"JWT","kid":"k2"}"#;
    let rotated = sign_with(&two(), header, &text(claims()));
    assert!(at(&verifier, &honest(claims()), NOW).is_ok());
    assert_eq!(at(&verifier, &rotated, NOW + 1), Err(NotVerified::Signature));
    assert!(at(&verifier, &rotated, NOW + 31).is_ok());
    assert_eq!(at(&verifier, &honest(claims()), NOW + 32), Err(NotVerified::Signature));
}

#[test]
fn without_keys_every_token_is_refused_and_the_next_fetch_is_soon() {
    let good = || json(200, &set(&[jwk("k1", &one())]));
    let unreachable = || Err(countersign_core::BackchannelError::Unreachable);
    let broken: Vec<fn() -> Result<countersign_core::Answer, countersign_core::BackchannelError>> = vec![
        || Err(countersign_core::BackchannelError::Unreachable),
        || json(500, r#"{"keys":[]}"#),
        || json(302, ""),
        || json(200, "<html>"),
        || json(200, "[]"),
        || json(200, r#"{"keys":{}}"#),
        || json(200, r#"{"keys":[],"keys":[]}"#),
        || json(200, &format!(r#"{{"keys":[{}]}}"#, ["{}"; 33].join(","))),
    ];
    for (number, answer) in broken.iter().enumerate() {
        let provider = Provider::queue([answer(), good()]);
        let verifier = verifier(Arc::clone(&provider));
        let token = honest(claims());
        assert_eq!(at(&verifier, &token, NOW), Err(NotVerified::Keys), "case {number}");
        assert_eq!(at(&verifier, &token, NOW + 1), Err(NotVerified::Keys));
        assert_eq!(provider.count(), 1);
        assert!(at(&verifier, &token, NOW + 2).is_ok());
    }
    // Keys that have grown old are not used on when no new ones can be had.
    let verifier = verifier(Provider::queue([good(), unreachable()]));
    assert!(at(&verifier, &honest(claims()), NOW).is_ok());
    assert_eq!(at(&verifier, &honest(claims()), NOW + 600), Err(NotVerified::Keys));
}

#[test]
fn keys_of_another_kind_size_or_use_never_verify() {
    let good = jwk("k1", &one());
    let change = |from: &str, to: &str| {
        assert!(good.contains(from));
        good.replace(from, to)
    };
    for key in [
        change(r#""kty":"RSA""#, r#""kty":"oct","k":"c2VjcmV0""#),
        change(r#""kty":"RSA""#, r#""kty":"EC""#),
        change(r#""kty":"RSA","#, ""),
        change(r#""use":"sig""#, r#""use":"enc""#),
        change(r#""alg":"RS256""#, r#""alg":"RS512""#),
        change(r#""kid":"k1","#, ""),
        change(r#""kid":"k1""#, r#""kid":"k1","d":"AQAB""#),
        change(r#""e":"AQAB""#, r#""e":"AQ""#),
        change(r#""e":"AQAB""#, r#""e":"""#),
        change(r#""n":""#, r#""n":"AA"#),
    ] {
        let verifier =
            verifier(Provider::new(move |_| json(200, &set(std::slice::from_ref(&key)))));
        assert_eq!(at(&verifier, &honest(claims()), NOW), Err(NotVerified::Signature));
    }
    // What is left out does not spoil the rest; `use` and `alg` are optional.
    let bare = good.replace(r#""use":"sig","alg":"RS256","#, "");
    let mixed = set(&[r#"{"kty":"EC","kid":"k1"}"#.to_owned(), "7".to_owned(), bare]);
    let verifier = verifier(Provider::new(move |_| json(200, &mixed)));
    assert!(at(&verifier, &honest(claims()), NOW).is_ok());
}

#[test]
fn a_key_of_1024_bits_is_refused_though_its_signature_is_right() {
    let (signed, signature) = WEAK_TOKEN.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    RsaPublicKeyComponents { n: decode(WEAK_MODULUS), e: vec![1, 0, 1] }
        .verify(
            &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            signed.as_bytes(),
            &decode(signature),
        )
        .unwrap();
    let key = format!(r#"{{"kty":"RSA","kid":"weak","n":"{WEAK_MODULUS}","e":"AQAB"}}"#);
    let provider = Provider::new(move |_| json(200, &set(std::slice::from_ref(&key))));
    assert_eq!(at(&verifier(provider), WEAK_TOKEN, NOW), Err(NotVerified::Signature));
}

#[test]
fn an_error_repeats_nothing_of_the_token() {
    let token = honest(claims().with("iss", "https://evil.example/"));
    let error = verify(&token).unwrap_err();
    for shown in [format!("{error:?}"), error.to_string()] {
        assert!(!shown.contains("evil") && !shown.contains(&token[..20]), "{shown}");
    }
}
