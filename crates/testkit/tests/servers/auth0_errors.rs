//! Token Vault: every row of the table of errors.

use countersign_testkit::servers::auth0::{self, Client, NotFound, RateLimit};
use countersign_testkit::servers::probe::{self, Call};
use countersign_testkit::servers::{Account, GoogleCalendar, RetryAfter};
use serde_json::json;

use super::*;

const NOT_FOUND: &str = "federated_connection_refresh_token_not_found";
const FLOW_FAILED: &str = "federated_connection_refresh_token_flow_failed";

#[tokio::test]
async fn invalid_client_for_unknown_wrong_or_missing_credentials() {
    let tenant = tenant().await;
    for changes in [
        &[("client_id", "nobody")][..],
        &[("client_secret", "wrong")],
        &[("client_secret", "")],
        &[("client_id", "cli_api")],
        &[("client_assertion", "e30.e30.")],
    ] {
        assert_oauth_error(&exchange(&tenant, changes).await, 401, "invalid_client");
    }
    let public_with_secret = [("client_id", "cli_spa"), ("client_secret", "x")];
    assert_oauth_error(&exchange(&tenant, &public_with_secret).await, 401, "invalid_client");
    assert!(tenant.tokens().minted().is_empty());
}

#[tokio::test]
async fn unauthorized_client_without_the_grant() {
    let tenant = tenant().await;
    let plain = [("client_id", "cli_plain"), ("client_secret", "s3cr3t-p")];
    let answer = exchange(&tenant, &plain).await;
    assert_oauth_error(&answer, 403, "unauthorized_client");
    assert_eq!(
        answer.json().unwrap()["error_description"],
        json!(format!("Grant type '{}' not allowed for the client.", auth0::GRANT_TOKEN_VAULT))
    );
    tenant.register(Client::public("cli_spa").token_vault());
    let public = [("client_id", "cli_spa"), ("client_secret", "")];
    assert_oauth_error(&exchange(&tenant, &public).await, 403, "unauthorized_client");
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault().without_token_vault());
    assert_oauth_error(&exchange(&tenant, &[]).await, 403, "unauthorized_client");
}

#[tokio::test]
async fn unauthorized_client_when_refresh_tokens_rotate_or_are_not_granted() {
    let tenant = tenant().await;
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault().rotating(0));
    assert_oauth_error(&exchange(&tenant, &[]).await, 403, "unauthorized_client");
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault().without_refresh_grant());
    assert_oauth_error(&exchange(&tenant, &[]).await, 403, "unauthorized_client");
}

#[tokio::test]
async fn invalid_grant_for_a_refresh_token_that_is_unknown_dead_or_anothers() {
    let tenant = tenant().await;
    let unknown = exchange(&tenant, &[("subject_token", "v1.nothing")]).await;
    assert_oauth_error(&unknown, 403, "invalid_grant");
    assert_eq!(
        unknown.json().unwrap()["error_description"],
        json!("Unknown or invalid refresh token.")
    );
    let dead = tenant.issue_refresh_token("cli_1", USER);
    assert!(tenant.revoke_refresh_token(&dead));
    assert!(!tenant.revoke_refresh_token("v1.nothing"));
    let anothers = tenant.issue_refresh_token("cli_plain", USER);
    for token in [&dead, &anothers] {
        let answer = exchange(&tenant, &[("subject_token", token)]).await;
        assert_oauth_error(&answer, 403, "invalid_grant");
    }
}

#[tokio::test]
async fn the_two_hundred_and_first_refresh_token_prunes_the_first() {
    let tenant = tenant().await;
    let first = tenant.issue_refresh_token("cli_1", USER);
    let second = tenant.issue_refresh_token("cli_1", USER);
    for _ in 0..198 {
        tenant.issue_refresh_token("cli_1", USER);
    }
    tenant.issue_refresh_token("cli_1", "auth0|someone-else");
    tenant.issue_refresh_token("cli_plain", USER);
    let mut params = with(good(&tenant), &[("subject_token", &first)]);
    assert_oauth_error(&post(&tenant, &params).await, 403, "invalid_grant");
    params = with(params, &[("subject_token", &second)]);
    assert_eq!(post(&tenant, &params).await.status, 200);
}

#[tokio::test]
async fn not_found_for_every_way_of_having_nothing_stored() {
    let tenant = tenant().await;
    let stranger = tenant.issue_refresh_token("cli_1", "auth0|stranger");
    let answer = exchange(&tenant, &[("subject_token", &stranger)]).await;
    assert_oauth_error(&answer, 401, NOT_FOUND);
    assert_eq!(
        answer.json().unwrap()["error_description"],
        json!("Federated connection Refresh Token not found.")
    );
    for changes in [&[("connection", "github")][..], &[("login_hint", "9999")]] {
        assert_oauth_error(&exchange(&tenant, changes).await, 401, NOT_FOUND);
    }
    tenant.set_connection_active("google-oauth2", false);
    assert_oauth_error(&exchange(&tenant, &[]).await, 401, NOT_FOUND);
    tenant.set_connection_active("google-oauth2", true);
    token_of(&exchange(&tenant, &[]).await);
    tenant.connect(USER, Account::google("1084", ADA).scopes([EVENTS]).without_offline_access());
    assert_oauth_error(&exchange(&tenant, &[]).await, 401, NOT_FOUND);
    assert_eq!(tenant.disconnect(USER, "google-oauth2"), 1);
    assert_oauth_error(&exchange(&tenant, &[]).await, 401, NOT_FOUND);
}

#[tokio::test]
async fn not_found_has_the_forms_seen_in_the_field() {
    let tenant = tenant().await;
    let wrong = [("connection", "github")];
    tenant.tune(|quirks| quirks.not_found = NotFound::Tokenset);
    assert_oauth_error(&exchange(&tenant, &wrong).await, 401, "tokenset_not_found");
    tenant.tune(|quirks| {
        quirks.not_found = NotFound::AccessDenied;
        quirks.not_found_status = 403;
    });
    let answer = exchange(&tenant, &wrong).await;
    assert_oauth_error(&answer, 403, "access_denied");
    assert!(answer.json().unwrap()["error_description"].as_str().unwrap().contains("tokenset"));
}

#[tokio::test]
async fn flow_failed_when_the_provider_refuses_to_refresh() {
    let tenant = tenant().await;
    tenant.connect(USER, Account::google("1084", ADA).scopes([EVENTS]).refused_by_provider());
    assert_oauth_error(&exchange(&tenant, &[]).await, 401, FLOW_FAILED);
    tenant.tune(|quirks| quirks.flow_failed_status = 403);
    assert_oauth_error(&exchange(&tenant, &[]).await, 403, FLOW_FAILED);
    tenant.connect(USER, Account::google("1084", ADA).scopes([EVENTS]));
    token_of(&exchange(&tenant, &[]).await);
}

#[tokio::test]
async fn a_revocation_at_the_provider_is_noticed_only_at_the_next_refresh() {
    let tenant = tenant().await;
    let calendar = GoogleCalendar::start(tenant.tokens()).await.unwrap();
    let token = token_of(&exchange(&tenant, &[]).await);
    tenant.revoke_at_provider(USER, "google-oauth2");
    let at_google = probe::get_json(calendar.addr(), EVENTS_PATH, Some(&token)).await.unwrap();
    assert_google_error(&at_google, 401, "authError");
    assert_eq!(token_of(&exchange(&tenant, &[]).await), token);
    tenant.expire_stored_tokens();
    assert_oauth_error(&exchange(&tenant, &[]).await, 401, FLOW_FAILED);
}

#[tokio::test]
async fn a_disconnected_account_leaves_the_provider_token_alive() {
    let tenant = tenant().await;
    let calendar = GoogleCalendar::start(tenant.tokens()).await.unwrap();
    let token = token_of(&exchange(&tenant, &[]).await);
    tenant.disconnect(USER, "google-oauth2");
    let at_google = probe::get_json(calendar.addr(), EVENTS_PATH, Some(&token)).await.unwrap();
    assert_eq!(at_google.status, 200);
}

#[tokio::test]
async fn mfa_required_carries_a_token_and_the_tuned_status() {
    let tenant = tenant().await;
    tenant.require_mfa(true);
    let answer = exchange(&tenant, &[]).await;
    assert_oauth_error(&answer, 403, "mfa_required");
    let body = answer.json().unwrap();
    let mfa_token = body["mfa_token"].as_str().unwrap();
    assert!(mfa_token.starts_with("Fe26.2**"));
    assert!(tenant.secrets().iter().any(|secret| secret == mfa_token));
    assert_eq!(body["mfa_requirements"]["challenge"][0]["type"], json!("otp"));
    tenant.tune(|quirks| quirks.mfa_status = 401);
    assert_oauth_error(&exchange(&tenant, &[]).await, 401, "mfa_required");
    // A client that is not allowed the grant learns that first.
    let plain = [("client_id", "cli_plain"), ("client_secret", "s3cr3t-p")];
    assert_oauth_error(&exchange(&tenant, &plain).await, 403, "unauthorized_client");
    tenant.require_mfa(false);
    token_of(&exchange(&tenant, &[]).await);
}

#[tokio::test]
async fn access_denied_when_policy_refuses() {
    let tenant = tenant().await;
    tenant.deny(Some("Not on a Sunday."));
    let answer = exchange(&tenant, &[]).await;
    assert_oauth_error(&answer, 403, "access_denied");
    assert_eq!(answer.json().unwrap()["error_description"], json!("Not on a Sunday."));
    tenant.deny(None);
    token_of(&exchange(&tenant, &[]).await);
}

#[tokio::test]
async fn invalid_request_for_each_missing_parameter() {
    let tenant = tenant().await;
    for name in [
        "grant_type",
        "client_id",
        "subject_token_type",
        "subject_token",
        "requested_token_type",
        "connection",
    ] {
        let answer = exchange(&tenant, &[(name, "")]).await;
        assert_oauth_error(&answer, 400, "invalid_request");
        let text = answer.json().unwrap().to_string();
        assert!(text.contains(name), "{text} does not name {name}");
    }
}

#[tokio::test]
async fn invalid_request_for_wrong_types_and_malformed_bodies() {
    let tenant = tenant().await;
    for changes in [
        &[("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")][..],
        &[("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")],
    ] {
        assert_oauth_error(&exchange(&tenant, changes).await, 400, "invalid_request");
    }
    let mut doubled = good(&tenant);
    doubled.push(("connection".to_owned(), "github".to_owned()));
    assert_oauth_error(&post(&tenant, &doubled).await, 400, "invalid_request");
    for (media_type, body) in [
        ("text/plain", "grant_type=x"),
        ("application/json", "{\"grant_type\":"),
        ("application/json", "[]"),
        ("application/json", "{\"grant_type\":1}"),
        ("application/x-www-form-urlencoded", "grant_type=%zz"),
        ("application/x-www-form-urlencoded", "grant_type=%ff"),
    ] {
        let call = Call::new("POST", "/oauth/token").body(media_type, body);
        assert_oauth_error(&call.send(tenant.addr()).await.unwrap(), 400, "invalid_request");
    }
    assert!(tenant.tokens().minted().is_empty());
}

#[tokio::test]
async fn other_grants_and_paths_are_not_served() {
    let tenant = tenant().await;
    let other = exchange(&tenant, &[("grant_type", "client_credentials")]).await;
    assert_oauth_error(&other, 403, "unsupported_grant_type");
    for (method, path) in [("GET", "/oauth/token"), ("POST", "/bc-authorize"), ("GET", "/")] {
        assert_eq!(Call::new(method, path).send(tenant.addr()).await.unwrap().status, 404);
    }
}

#[tokio::test]
async fn the_rate_limit_counts_down_refuses_and_recovers() {
    let tenant = tenant().await;
    tenant.set_rate_limit(RateLimit::new(2, 10));
    for remaining in ["1", "0"] {
        let answer = exchange(&tenant, &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("2"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(remaining));
        assert_eq!(answer.header("x-ratelimit-reset"), Some((NOW + 10).to_string().as_str()));
    }
    tenant.time().advance(4);
    let over = exchange(&tenant, &[]).await;
    assert_oauth_error(&over, 429, "too_many_requests");
    assert_eq!(over.json().unwrap()["error_description"], json!("Rate limit exceeded."));
    assert_eq!(over.header("retry-after"), Some("6"));
    assert_eq!(over.header("x-ratelimit-remaining"), Some("0"));
    tenant.time().advance(6);
    assert_eq!(exchange(&tenant, &[]).await.status, 200);
}

#[tokio::test]
async fn injected_errors_have_auth0s_shape_and_both_forms_of_retry_after() {
    let tenant = tenant().await;
    tenant.faults().push(auth0::rate_limited(RetryAfter::Seconds(7)));
    tenant.faults().push(auth0::rate_limited(RetryAfter::At(784_111_777)));
    tenant.faults().push(auth0::error(400, "use_dpop_nonce", "Nonce required."));
    let seconds = exchange(&tenant, &[]).await;
    assert_oauth_error(&seconds, 429, "too_many_requests");
    assert_eq!(seconds.header("retry-after"), Some("7"));
    let date = exchange(&tenant, &[]).await;
    assert_eq!(date.header("retry-after"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_oauth_error(&exchange(&tenant, &[]).await, 400, "use_dpop_nonce");
    assert_eq!(exchange(&tenant, &[]).await.status, 200);
}
