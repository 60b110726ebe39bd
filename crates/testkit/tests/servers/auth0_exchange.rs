//! Token Vault: what a successful exchange gives.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_testkit::servers::auth0::{
    self, AuthMethod, Client, Downscoping, LoginHint, ScopeForm,
};
use countersign_testkit::servers::probe::Call;
use countersign_testkit::servers::{Account, Auth0, GoogleCalendar};
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn an_exchange_answers_in_the_documented_form() {
    let tenant = tenant().await;
    let answer = exchange(&tenant, &[]).await;
    let token = token_of(&answer);
    assert!(token.starts_with("ya29.") && token.len() > 40, "{token}");
    assert_eq!(
        answer.json().unwrap(),
        json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 1377,
            "scope": format!("openid {EVENTS}"),
            "issued_token_type": auth0::REQUESTED_FEDERATED,
        })
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(tenant.tokens().minted(), [token]);
}

#[tokio::test]
async fn the_provider_accepts_what_the_vault_hands_out() {
    let tenant = tenant().await;
    let calendar = GoogleCalendar::start(tenant.tokens()).await.unwrap();
    let token = token_of(&exchange(&tenant, &[]).await);
    let created =
        probe::post_json(calendar.addr(), EVENTS_PATH, Some(&token), &event("x", 9)).await;
    assert_eq!(created.unwrap().status, 200);
    assert_eq!(calendar.events(ADA).len(), 1);

    tenant.time().advance(1377);
    let late = probe::get_json(calendar.addr(), EVENTS_PATH, Some(&token)).await.unwrap();
    assert_google_error(&late, 401, "authError");
}

#[tokio::test]
async fn a_json_body_does_the_same_as_a_form() {
    let tenant = tenant().await;
    let body: Value = good(&tenant)
        .into_iter()
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    let answer = probe::post_json(tenant.addr(), "/oauth/token", None, &body).await.unwrap();
    assert!(tenant.tokens().valid(&token_of(&answer)).is_some());
}

async fn basic(tenant: &Auth0, credentials: &str, changes: &[(&str, &str)]) -> Answer {
    let params = with(with(good(tenant), &[("client_id", ""), ("client_secret", "")]), changes);
    let pairs: Vec<(&str, &str)> = params.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let header = format!("Basic {}", STANDARD.encode(credentials));
    Call::new("POST", "/oauth/token")
        .header("authorization", &header)
        .form(&pairs)
        .send(tenant.addr())
        .await
        .unwrap()
}

#[tokio::test]
async fn basic_credentials_are_accepted_encoded_or_plain() {
    let tenant = tenant().await;
    token_of(&basic(&tenant, "cli_1:s3cr3t", &[]).await);
    token_of(&basic(&tenant, "cli_1:s3cr3t", &[("client_id", "cli_1")]).await);
    tenant.register(Client::new("cli_1", "a+b%2F:c").token_vault());
    token_of(&basic(&tenant, "cli_1:a%2Bb%252F%3Ac", &[]).await);
    token_of(&basic(&tenant, "cli_1:a+b%2F:c", &[]).await);
    let wrong = basic(&tenant, "cli_1:nope", &[]).await;
    assert_oauth_error(&wrong, 401, "invalid_client");
    assert!(wrong.header("www-authenticate").is_some_and(|value| value.starts_with("Basic ")));
}

#[tokio::test]
async fn a_client_bound_to_one_authentication_method_is_refused_with_the_other() {
    let tenant = tenant().await;
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault().auth_method(AuthMethod::Basic));
    assert_oauth_error(&exchange(&tenant, &[]).await, 401, "invalid_client");
    token_of(&basic(&tenant, "cli_1:s3cr3t", &[]).await);
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault().auth_method(AuthMethod::Post));
    token_of(&exchange(&tenant, &[]).await);
    assert_oauth_error(&basic(&tenant, "cli_1:s3cr3t", &[]).await, 401, "invalid_client");
}

#[tokio::test]
async fn two_authentication_methods_at_once_are_an_invalid_request() {
    let tenant = tenant().await;
    let both = basic(&tenant, "cli_1:s3cr3t", &[("client_secret", "s3cr3t")]).await;
    assert_oauth_error(&both, 400, "invalid_request");
    let two_ids = basic(&tenant, "cli_1:s3cr3t", &[("client_id", "cli_api")]).await;
    assert_oauth_error(&two_ids, 400, "invalid_request");
}

#[tokio::test]
async fn expires_in_is_what_is_left_and_a_stale_token_is_replaced() {
    let tenant = tenant().await;
    let first = exchange(&tenant, &[]).await;
    tenant.time().advance(1000);
    let second = exchange(&tenant, &[]).await;
    assert_eq!(token_of(&first), token_of(&second));
    assert_eq!(second.json().unwrap()["expires_in"], json!(377));
    tenant.time().advance(377);
    let third = exchange(&tenant, &[]).await;
    assert_ne!(token_of(&first), token_of(&third));
    assert_eq!(third.json().unwrap()["expires_in"], json!(1377));
    tenant.tune(|quirks| quirks.always_refresh = true);
    assert_ne!(token_of(&third), token_of(&exchange(&tenant, &[]).await));
}

#[tokio::test]
async fn scopes_come_separated_as_the_account_says() {
    let tenant = tenant().await;
    for (form, expected) in [
        (ScopeForm::Spaces, Some("a b")),
        (ScopeForm::Commas, Some("a,b")),
        (ScopeForm::Empty, Some("")),
        (ScopeForm::Absent, None),
    ] {
        tenant.connect(USER, Account::google("1084", ADA).scopes(["a", "b"]).scope_form(form));
        let body = exchange(&tenant, &[]).await.json().unwrap();
        assert_eq!(body.get("scope").and_then(Value::as_str), expected, "{form:?}");
    }
}

#[tokio::test]
async fn scope_is_ignored_narrowed_or_refused_as_tuned() {
    let tenant = tenant().await;
    let ask = [("scope", "openid")];
    let all = token_of(&exchange(&tenant, &ask).await);
    assert_eq!(tenant.tokens().lookup(&all).unwrap().scopes.len(), 2);

    tenant.tune(|quirks| quirks.downscoping = Downscoping::Narrows);
    let answer = exchange(&tenant, &ask).await;
    let narrow = token_of(&answer);
    assert_ne!(narrow, all);
    assert_eq!(answer.json().unwrap()["scope"], json!("openid"));
    let scopes = tenant.tokens().lookup(&narrow).unwrap().scopes;
    assert_eq!(scopes, BTreeSet::from(["openid".to_owned()]));
    assert_eq!(token_of(&exchange(&tenant, &[]).await), all);
    assert_oauth_error(&exchange(&tenant, &[("scope", "openid mail")]).await, 400, "invalid_scope");

    tenant.tune(|quirks| quirks.downscoping = Downscoping::Refused);
    assert_oauth_error(&exchange(&tenant, &ask).await, 400, "invalid_scope");
    token_of(&exchange(&tenant, &[]).await);
}

#[tokio::test]
async fn login_hint_picks_one_of_several_accounts() {
    let tenant = tenant().await;
    tenant.connect(USER, Account::google("2000", "ada@work.example").scopes([EVENTS]));
    let account = |answer: &Answer| tenant.tokens().lookup(&token_of(answer)).unwrap().account;
    assert_eq!(account(&exchange(&tenant, &[("login_hint", "1084")]).await), ADA);
    let work = [("login_hint", "2000")];
    assert_eq!(account(&exchange(&tenant, &work).await), "ada@work.example");
    assert_eq!(account(&exchange(&tenant, &[]).await), ADA);
    let by_mail = [("login_hint", "ada@work.example")];
    let refused = exchange(&tenant, &by_mail).await;
    assert_oauth_error(&refused, 401, "federated_connection_refresh_token_not_found");
    tenant.tune(|quirks| quirks.login_hint = LoginHint::ProviderIdOrEmail);
    assert_eq!(account(&exchange(&tenant, &by_mail).await), "ada@work.example");
    tenant.tune(|quirks| quirks.login_hint = LoginHint::Ignored);
    assert_eq!(account(&exchange(&tenant, &work).await), ADA);
}

#[tokio::test]
async fn users_do_not_share_accounts() {
    let tenant = tenant().await;
    tenant.connect("auth0|u2", Account::google("77", "bob@example.com").scopes([EVENTS]));
    let bobs = tenant.issue_refresh_token("cli_1", "auth0|u2");
    let token = token_of(&exchange(&tenant, &[("subject_token", &bobs)]).await);
    assert_eq!(tenant.tokens().lookup(&token).unwrap().account, "bob@example.com");
}

#[tokio::test]
async fn every_secret_is_listed_and_provider_tokens_can_be_marked() {
    let tenant = tenant().await;
    tenant.tokens().set_prefix("ya29.CANARY-");
    let params = good(&tenant);
    let token = token_of(&post(&tenant, &params).await);
    assert!(token.starts_with("ya29.CANARY-"), "{token}");
    let access = tenant.issue_access_token(USER, API).sign().unwrap();
    let secrets = tenant.secrets();
    for secret in [token.as_str(), "s3cr3t", "s3cr3t-a", &access, &params[4].1] {
        assert!(secrets.iter().any(|known| known == secret), "{secret} is missing");
    }
    tenant.tokens().clear();
    assert!(tenant.tokens().lookup(&token).is_none());
    assert_eq!(tenant.tokens().minted(), [token]);
}

#[tokio::test]
async fn a_reset_tenant_knows_nobody() {
    let tenant = tenant().await;
    tenant.require_mfa(true);
    tenant.rotate_keys();
    let params = good(&tenant);
    tenant.reset();
    assert!(tenant.requests().is_empty());
    assert_oauth_error(&post(&tenant, &params).await, 401, "invalid_client");
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault());
    assert_oauth_error(&post(&tenant, &params).await, 403, "invalid_grant");
    assert_eq!(tenant.jwks()["keys"].as_array().unwrap().len(), 1);
}
