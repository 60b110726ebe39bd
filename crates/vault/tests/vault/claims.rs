//! What the claims of an access token must say, and what is read from them.

use countersign_core::{NotVerified, Object, TenantId, Value, canon};
use countersign_vault::AccessTokenVerifierBuilder;

use crate::support::*;
use crate::tokens::*;

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
fn an_error_repeats_nothing_of_the_token() {
    let token = honest(claims().with("iss", "https://evil.example/"));
    let error = verify(&token).unwrap_err();
    for shown in [format!("{error:?}"), error.to_string()] {
        assert!(!shown.contains("evil") && !shown.contains(&token[..20]), "{shown}");
    }
}
