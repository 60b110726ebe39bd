//! The loopback servers behave as their documentation says.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; a failure here is a failed test"
)]

mod auth0_errors;
mod auth0_exchange;
mod auth0_keys;
mod auth0_refresh;
mod calendar_access;
mod calendar_list;
mod calendar_mail;
mod calendar_write;
mod faults;
mod plumbing;
mod raw;

use countersign_testkit::servers::auth0::{self, Client};
use countersign_testkit::servers::probe::{self, Answer};
use countersign_testkit::servers::{Account, Auth0, GoogleCalendar, TestTime};
use serde_json::{Value, json};

const NOW: i64 = 1_790_000_000;
const USER: &str = "auth0|u1";
const API: &str = "https://api.example";
const ADA: &str = "ada@example.com";
const EVENTS: &str = "https://www.googleapis.com/auth/calendar.events";
const EVENTS_PATH: &str = "/calendar/v3/calendars/primary/events";

/// A tenant at a fixed time with four clients and one connected Google account.
async fn tenant() -> Auth0 {
    let tenant = Auth0::builder().time(TestTime::fixed(NOW)).start().await.unwrap();
    tenant.register(Client::new("cli_1", "s3cr3t").token_vault());
    tenant.register(Client::new("cli_plain", "s3cr3t-p"));
    tenant.register(Client::public("cli_spa"));
    tenant.register(Client::custom_api("cli_api", "s3cr3t-a", API));
    tenant.connect(USER, Account::google("1084", ADA).scopes(["openid", EVENTS]).expires_in(1377));
    tenant
}

/// The parameters of a good exchange of a fresh refresh token.
fn good(tenant: &Auth0) -> Vec<(String, String)> {
    [
        ("grant_type", auth0::GRANT_TOKEN_VAULT),
        ("client_id", "cli_1"),
        ("client_secret", "s3cr3t"),
        ("subject_token_type", auth0::SUBJECT_REFRESH_TOKEN),
        ("subject_token", &tenant.issue_refresh_token("cli_1", USER)),
        ("requested_token_type", auth0::REQUESTED_FEDERATED),
        ("connection", "google-oauth2"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Replaces, adds or (with an empty value) removes parameters.
fn with(mut params: Vec<(String, String)>, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    for (name, value) in changes {
        params.retain(|(old, _)| old != name);
        if !value.is_empty() {
            params.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    params
}

async fn post(tenant: &Auth0, params: &[(String, String)]) -> Answer {
    let pairs: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    probe::post_form(tenant.addr(), "/oauth/token", &pairs).await.unwrap()
}

/// A good exchange but for these changes.
async fn exchange(tenant: &Auth0, changes: &[(&str, &str)]) -> Answer {
    post(tenant, &with(good(tenant), changes)).await
}

/// An exchange of an access token by the Custom API Client.
async fn exchange_access_token(tenant: &Auth0, token: &str) -> Answer {
    let changes = [
        ("client_id", "cli_api"),
        ("client_secret", "s3cr3t-a"),
        ("subject_token_type", auth0::SUBJECT_ACCESS_TOKEN),
        ("subject_token", token),
    ];
    exchange(tenant, &changes).await
}

fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().unwrap()["access_token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_oauth_error(answer: &Answer, status: u16, error: &str) {
    let body = answer.json().unwrap();
    assert_eq!((answer.status, body["error"].as_str()), (status, Some(error)), "{body}");
    assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert!(body.get("access_token").is_none(), "{body}");
}

#[track_caller]
fn assert_google_error(answer: &Answer, status: u16, reason: &str) {
    let body = answer.json().unwrap();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(body["error"]["code"], json!(status), "{body}");
    assert_eq!(body["error"]["errors"][0]["reason"], json!(reason), "{body}");
}

/// A calendar at a fixed time and a token for Ada's account with these scopes.
async fn calendar(scopes: &[&str]) -> (GoogleCalendar, String) {
    let tokens = countersign_testkit::servers::TokenTable::new(TestTime::fixed(NOW));
    let token = tokens.mint("google-oauth2", ADA, scopes.iter().copied(), 3599);
    (GoogleCalendar::start(tokens).await.unwrap(), token)
}

fn event(summary: &str, hour: u8) -> Value {
    json!({
        "summary": summary,
        "start": { "dateTime": format!("2026-11-21T{hour:02}:00:00Z") },
        "end": { "dateTime": format!("2026-11-21T{hour:02}:30:00Z") },
    })
}
