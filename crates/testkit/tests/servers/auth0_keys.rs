//! Access tokens: honest ones verify against the published keys, forged ones buy nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_testkit::servers::{Auth0, SigningKey, TokenBuilder, probe};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

use super::*;

fn part(token: &str, index: usize) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()
}

fn json_part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&part(token, index)).unwrap()
}

async fn published(tenant: &Auth0) -> Vec<Value> {
    let answer = probe::get_json(tenant.addr(), "/.well-known/jwks.json", None).await.unwrap();
    answer.json().unwrap()["keys"].as_array().unwrap().clone()
}

/// Verifies with nothing but the published keys, as a stranger would.
fn verifies(token: &str, keys: &[Value]) -> bool {
    let kid = json_part(token, 0)["kid"].clone();
    let Some(key) = keys.iter().find(|key| key["kid"] == kid) else { return false };
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let message = token.rsplit_once('.').unwrap().0;
    RsaPublicKeyComponents { n: number("n"), e: number("e") }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &part(token, 2))
        .is_ok()
}

#[tokio::test]
async fn an_honest_token_has_auth0s_claims_and_verifies() {
    let tenant = tenant().await;
    let token = tenant
        .issue_access_token(USER, API)
        .azp("planner")
        .scope("openid read:calendar")
        .act(json!({ "sub": "planner" }))
        .claim("org_id", json!("org_1"))
        .sign()
        .unwrap();
    assert_eq!(json_part(&token, 0), json!({ "alg": "RS256", "typ": "JWT", "kid": "test-only-1" }));
    assert_eq!(
        json_part(&token, 1),
        json!({
            "iss": "https://acme.eu.auth0.com/", "sub": USER, "aud": API, "azp": "planner",
            "scope": "openid read:calendar", "act": { "sub": "planner" }, "org_id": "org_1",
            "iat": NOW, "exp": NOW + 86_400,
        })
    );
    let keys = published(&tenant).await;
    assert_eq!(keys.len(), 1);
    assert_eq!(
        (&keys[0]["kty"], &keys[0]["use"], &keys[0]["alg"], &keys[0]["e"]),
        (&json!("RSA"), &json!("sig"), &json!("RS256"), &json!("AQAB"))
    );
    assert!(verifies(&token, &keys));
    let broken = tenant.issue_access_token(USER, API).with_broken_signature().sign().unwrap();
    assert!(!verifies(&broken, &keys));
}

#[tokio::test]
async fn domain_and_issuer_can_be_chosen() {
    let tenant = Auth0::builder().domain("login.example").start().await.unwrap();
    assert_eq!(tenant.issuer(), "https://login.example/");
    let path = "/.well-known/openid-configuration";
    let read = async || probe::get_json(tenant.addr(), path, None).await.unwrap().json().unwrap();
    let metadata = read().await;
    assert_eq!(metadata["issuer"], json!("https://login.example/"));
    assert_eq!(metadata["token_endpoint"], json!("https://login.example/oauth/token"));
    assert_eq!(metadata["jwks_uri"], json!("https://login.example/.well-known/jwks.json"));
    tenant.set_issuer("https://other.example/");
    assert_eq!(read().await["issuer"], json!("https://other.example/"));
    let token = tenant.issue_access_token(USER, API).sign().unwrap();
    assert_eq!(json_part(&token, 1)["iss"], json!("https://other.example/"));
}

#[tokio::test]
async fn the_custom_api_client_exchanges_an_access_token_for_its_api() {
    let tenant = tenant().await;
    let single = tenant.issue_access_token(USER, API).sign().unwrap();
    token_of(&exchange_access_token(&tenant, &single).await);
    let userinfo = "https://acme.eu.auth0.com/userinfo";
    let several = tenant.issue_access_token(USER, "").audiences(&[API, userinfo]).sign().unwrap();
    let token = token_of(&exchange_access_token(&tenant, &several).await);
    assert_eq!(tenant.tokens().lookup(&token).unwrap().account, ADA);
}

#[tokio::test]
async fn an_access_token_is_refused_from_any_other_client_or_for_another_api() {
    let tenant = tenant().await;
    let token = tenant.issue_access_token(USER, API).sign().unwrap();
    let access = auth0::SUBJECT_ACCESS_TOKEN;
    let changes = [("subject_token_type", access), ("subject_token", token.as_str())];
    assert_oauth_error(&exchange(&tenant, &changes).await, 403, "unauthorized_client");

    let elsewhere = tenant.issue_access_token(USER, "https://other-api.example").sign().unwrap();
    let answer = exchange_access_token(&tenant, &elsewhere).await;
    assert_oauth_error(&answer, 403, "unauthorized_client");
    let prefix = tenant.issue_access_token(USER, "https://api.example/").sign().unwrap();
    assert_oauth_error(&exchange_access_token(&tenant, &prefix).await, 403, "unauthorized_client");
    let none = tenant.issue_access_token(USER, "").audiences(&[]).sign().unwrap();
    assert_oauth_error(&exchange_access_token(&tenant, &none).await, 403, "unauthorized_client");

    // Nor may the Custom API Client use refresh tokens.
    let refresh = tenant.issue_refresh_token("cli_api", USER);
    let changes =
        [("client_id", "cli_api"), ("client_secret", "s3cr3t-a"), ("subject_token", &refresh)];
    assert_oauth_error(&exchange(&tenant, &changes).await, 403, "unauthorized_client");
}

#[tokio::test]
async fn a_forged_or_stale_access_token_is_refused() {
    let tenant = tenant().await;
    let fresh = || tenant.issue_access_token(USER, API);
    let secret = tenant.public_key_der(SigningKey::First);
    let modulus = tenant.jwks()["keys"][0]["n"].as_str().unwrap().to_owned();
    let forgeries: Vec<(&str, TokenBuilder)> = vec![
        ("alg none", fresh().alg_none()),
        ("HS256 with the public key", fresh().hs256(&secret)),
        ("HS256 with the modulus", fresh().hs256(modulus.as_bytes())),
        ("alg PS256 claimed", fresh().header("alg", json!("PS256"))),
        ("critical extension", fresh().header("crit", json!(["x"]))),
        ("unknown kid", fresh().kid("test-only-9")),
        ("unpublished kid and key", fresh().kid("test-only-2").signed_by(SigningKey::Second)),
        ("known kid, other key", fresh().signed_by(SigningKey::Second)),
        ("no kid", fresh().without_header("kid")),
        ("broken signature", fresh().with_broken_signature()),
        ("wrong issuer", fresh().issuer("https://evil.example/")),
        ("issuer without slash", fresh().issuer("https://acme.eu.auth0.com")),
        ("no issuer", fresh().without("iss")),
        ("expired this second", fresh().expires_at(NOW)),
        ("no exp", fresh().without("exp")),
        ("exp not a number", fresh().claim("exp", json!("later"))),
        ("not yet valid", fresh().claim("nbf", json!(NOW + 60))),
        ("no aud", fresh().without("aud")),
        ("no sub", fresh().without("sub")),
        ("a machine's token", fresh().claim("gty", json!("client-credentials"))),
    ];
    for (what, builder) in forgeries {
        let answer = exchange_access_token(&tenant, &builder.sign().unwrap()).await;
        assert_eq!(answer.status, 401, "{what}");
        assert_oauth_error(&answer, 401, "invalid_grant");
    }
    let honest = fresh().sign().unwrap();
    let claims = honest.split('.').nth(1).unwrap();
    let swapped = honest.replace(
        claims,
        &URL_SAFE_NO_PAD.encode(json!({ "sub": "auth0|victim", "aud": API }).to_string()),
    );
    for token in ["opaque", "a.b.c.d.e", "..", &swapped, &honest[..honest.len() - 4]] {
        assert_oauth_error(&exchange_access_token(&tenant, token).await, 401, "invalid_grant");
    }
    assert!(tenant.tokens().minted().is_empty());
    token_of(&exchange_access_token(&tenant, &honest).await);
    let last_second = fresh().expires_at(NOW + 1).sign().unwrap();
    token_of(&exchange_access_token(&tenant, &last_second).await);
}

#[tokio::test]
async fn rotation_publishes_both_keys_and_a_withdrawn_key_is_not_believed() {
    let tenant = tenant().await;
    let old = tenant.issue_access_token(USER, API).sign().unwrap();
    let before = published(&tenant).await;
    tenant.rotate_keys();
    let new = tenant.issue_access_token(USER, API).sign().unwrap();
    assert_eq!(json_part(&new, 0)["kid"], json!("test-only-2"));
    assert!(!verifies(&new, &before), "a cached key set can't verify the new key");
    let after = published(&tenant).await;
    assert_eq!(after.len(), 2);
    assert!(verifies(&new, &after) && verifies(&old, &after));
    assert_ne!(after[0]["n"], after[1]["n"]);

    tenant.publish_keys(&[SigningKey::Second]);
    assert_oauth_error(&exchange_access_token(&tenant, &old).await, 401, "invalid_grant");
    token_of(&exchange_access_token(&tenant, &new).await);
}
