//! The refresh grant.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_testkit::servers::auth0::{Client, GRANT_REFRESH};
use countersign_testkit::servers::probe::Answer;
use countersign_testkit::servers::{Auth0, probe};
use serde_json::{Value, json};

use super::*;

const ME: &str = "https://acme.eu.auth0.com/me/";

async fn refresh(tenant: &Auth0, token: &str, more: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("grant_type", GRANT_REFRESH),
        ("client_id", "cli_1"),
        ("client_secret", "s3cr3t"),
        ("refresh_token", token),
    ];
    pairs.extend_from_slice(more);
    probe::post_form(tenant.addr(), "/oauth/token", &pairs).await.unwrap()
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_refresh_gives_an_access_token_for_the_audience_of_the_login() {
    let tenant = tenant().await;
    let scopes = ["openid", "read:calendar"];
    let token = tenant.issue_refresh_token_for("cli_1", USER, Some(API), &scopes);
    let body = refresh(&tenant, &token, &[]).await.json().unwrap();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("Bearer"), &json!(86_400), &json!("openid read:calendar"))
    );
    assert!(body.get("refresh_token").is_none());
    let access = claims(body["access_token"].as_str().unwrap());
    assert_eq!((&access["aud"], &access["azp"]), (&json!(API), &json!("cli_1")));
    assert_eq!((&access["sub"], &access["scope"]), (&json!(USER), &json!("openid read:calendar")));
    assert_eq!(claims(body["id_token"].as_str().unwrap())["aud"], json!("cli_1"));
    // The token is good as a subject.
    let access_token = body["access_token"].as_str().unwrap();
    token_of(&exchange_access_token(&tenant, access_token).await);
    // And it can be used again, for less.
    let less = refresh(&tenant, &token, &[("scope", "read:calendar admin")]).await.json().unwrap();
    assert_eq!(less["scope"], json!("read:calendar"));
    assert!(less.get("id_token").is_none());
}

#[tokio::test]
async fn without_an_audience_the_access_token_is_opaque() {
    let tenant = tenant().await;
    let token = tenant.issue_refresh_token("cli_1", USER);
    let access = token_of(&refresh(&tenant, &token, &[]).await);
    assert!(!access.contains('.'), "{access}");
    assert!(tenant.secrets().contains(&access));
    assert_oauth_error(&exchange_access_token(&tenant, &access).await, 401, "invalid_grant");
}

#[tokio::test]
async fn an_audience_is_honoured_by_policy_and_silently_ignored_otherwise() {
    let tenant = tenant().await;
    let token = tenant.issue_refresh_token_for("cli_1", USER, Some(API), &["openid"]);
    let ask = [("audience", ME), ("scope", "openid read:me:connected_accounts")];
    let ignored = refresh(&tenant, &token, &ask).await.json().unwrap();
    assert_eq!(claims(ignored["access_token"].as_str().unwrap())["aud"], json!(API));
    assert_eq!(ignored["scope"], json!("openid"));
    let scopes = ["read:me:connected_accounts"];
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault().policy(ME, scopes));
    let honoured = refresh(&tenant, &token, &ask).await.json().unwrap();
    assert_eq!(claims(honoured["access_token"].as_str().unwrap())["aud"], json!(ME));
    assert_eq!(honoured["scope"], json!("openid read:me:connected_accounts"));
}

#[tokio::test]
async fn rotation_replaces_the_token_and_reuse_kills_the_family() {
    let tenant = tenant().await;
    tenant.register(Client::new("cli_1", "s3cr3t").rotating(0));
    let first = tenant.issue_refresh_token("cli_1", USER);
    let bystander = tenant.issue_refresh_token("cli_1", USER);
    let next =
        |answer: &Answer| answer.json().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let second = next(&refresh(&tenant, &first, &[]).await);
    let third = next(&refresh(&tenant, &second, &[]).await);
    assert_ne!(first, second);
    assert_oauth_error(&refresh(&tenant, &second, &[]).await, 403, "invalid_grant");
    assert_oauth_error(&refresh(&tenant, &third, &[]).await, 403, "invalid_grant");
    assert_eq!(refresh(&tenant, &bystander, &[]).await.status, 200);
}

#[tokio::test]
async fn leeway_spares_the_token_replaced_last_and_only_that() {
    let tenant = tenant().await;
    tenant.register(Client::new("cli_1", "s3cr3t").rotating(10));
    let next =
        |answer: &Answer| answer.json().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let first = tenant.issue_refresh_token("cli_1", USER);
    let second = next(&refresh(&tenant, &first, &[]).await);
    tenant.time().advance(9);
    assert_eq!(refresh(&tenant, &first, &[]).await.status, 200);
    let third = next(&refresh(&tenant, &second, &[]).await);
    tenant.time().advance(1);
    assert_oauth_error(&refresh(&tenant, &first, &[]).await, 403, "invalid_grant");
    assert_oauth_error(&refresh(&tenant, &third, &[]).await, 403, "invalid_grant");
}

#[tokio::test]
async fn leeway_does_not_reach_back_two_generations() {
    let tenant = tenant().await;
    tenant.register(Client::new("cli_1", "s3cr3t").rotating(10));
    let next =
        |answer: &Answer| answer.json().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let first = tenant.issue_refresh_token("cli_1", USER);
    let second = next(&refresh(&tenant, &first, &[]).await);
    let third = next(&refresh(&tenant, &second, &[]).await);
    assert_oauth_error(&refresh(&tenant, &first, &[]).await, 403, "invalid_grant");
    assert_oauth_error(&refresh(&tenant, &third, &[]).await, 403, "invalid_grant");
}

#[tokio::test]
async fn the_refresh_grant_has_the_same_errors() {
    let tenant = tenant().await;
    let token = tenant.issue_refresh_token("cli_1", USER);
    assert_oauth_error(&refresh(&tenant, "v1.nothing", &[]).await, 403, "invalid_grant");
    assert_oauth_error(&refresh(&tenant, "", &[]).await, 400, "invalid_request");
    tenant.require_mfa(true);
    assert_oauth_error(&refresh(&tenant, &token, &[]).await, 403, "mfa_required");
    tenant.register(Client::new("cli_1", "s3cr3t").without_refresh_grant());
    assert_oauth_error(&refresh(&tenant, &token, &[]).await, 403, "unauthorized_client");
}
