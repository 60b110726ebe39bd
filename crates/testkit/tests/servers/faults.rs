//! Faults: what the client sees, what the server did, what the log says.

use std::time::Duration;

use countersign_testkit::servers::google_calendar;
use countersign_testkit::servers::probe::{self, Answer, Call, ProbeError};
use countersign_testkit::servers::{Evil, Fault, GoogleCalendar, Reply, RetryAfter, When};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const PATIENT: Duration = Duration::from_secs(10);

async fn insert(calendar: &GoogleCalendar, token: &str) -> Result<Answer, ProbeError> {
    probe::post_json(calendar.addr(), EVENTS_PATH, Some(token), &event("x", 9)).await
}

async fn an_event_appears(calendar: &GoogleCalendar) {
    let wait = async {
        while calendar.events(ADA).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENT, wait).await.unwrap();
}

/// Status, whether processed, and fault of the only request.
fn only(calendar: &GoogleCalendar) -> (Option<u16>, bool, Option<&'static str>) {
    let requests = calendar.requests();
    assert_eq!(requests.len(), 1);
    (requests[0].status, requests[0].processed, requests[0].fault)
}

#[tokio::test]
async fn a_lost_answer_leaves_the_effect() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().push(Fault::answer_lost());
    assert!(matches!(insert(&calendar, &token).await, Err(ProbeError::NoAnswer(_))));
    assert_eq!(calendar.events(ADA).len(), 1);
    assert_eq!(only(&calendar), (None, true, Some("answer_lost")));
    assert_eq!(insert(&calendar, &token).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_dropped_connection_leaves_none() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().push(Fault::dropped());
    assert!(matches!(insert(&calendar, &token).await, Err(ProbeError::NoAnswer(_))));
    assert!(calendar.events(ADA).is_empty());
    assert_eq!(only(&calendar), (None, false, Some("dropped")));
}

#[tokio::test]
async fn an_injected_answer_is_sent_instead_of_processing() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let reply = Reply::json(503, &json!({ "a": 1 })).header("x-edge", "down");
    calendar.faults().push(Fault::answer(reply));
    let answer = insert(&calendar, &token).await.unwrap();
    assert_eq!((answer.status, answer.header("x-edge")), (503, Some("down")));
    assert_eq!(answer.json().unwrap(), json!({ "a": 1 }));
    assert!(calendar.events(ADA).is_empty());
    assert_eq!(only(&calendar), (Some(503), false, Some("answer")));
}

#[tokio::test]
async fn an_html_page_and_a_bare_status_can_be_answered() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().push(Fault::html_502());
    calendar.faults().push(Fault::status(500));
    let html = insert(&calendar, &token).await.unwrap();
    assert_eq!((html.status, html.header("content-type")), (502, Some("text/html; charset=utf-8")));
    assert!(html.json().is_err());
    let bare = insert(&calendar, &token).await.unwrap();
    assert_eq!((bare.status, bare.body.len()), (500, 0));
}

#[tokio::test]
async fn a_redirect_is_shown_to_the_client_and_only_a_fool_follows() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let evil = Evil::start().await.unwrap();
    let there = format!("{}/collect?x=1", evil.url());
    calendar.faults().push(Fault::redirect(&there));
    let answer = insert(&calendar, &token).await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (307, Some(there.as_str())));
    assert_eq!(only(&calendar), (Some(307), false, Some("redirect")));
    assert!(evil.requests().is_empty() && evil.connections() == 0);
    assert!(!evil.has_seen(&token));

    probe::post_json(evil.addr(), "/collect?x=1", Some(&token), &event("x", 9)).await.unwrap();
    let seen = &evil.requests()[0].request;
    assert_eq!((seen.method.as_str(), seen.target().as_str()), ("POST", "/collect?x=1"));
    assert_eq!(seen.bearer(), Some(token.as_str()));
    assert!(evil.has_seen(&token) && evil.has_seen("dateTime") && evil.has_seen("collect?x"));
    assert!(!evil.has_seen("something else") && !evil.has_seen(""));
    evil.answer_with(Reply::json(200, &json!({ "access_token": "forged" })));
    let forged = probe::get_json(evil.addr(), "/", None).await.unwrap();
    assert_eq!(forged.json().unwrap()["access_token"], json!("forged"));
}

#[tokio::test]
async fn a_delayed_request_is_processed_after_its_client_has_left() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().push(Fault::delay(Duration::from_secs(2)));
    let hasty = Call::new("POST", EVENTS_PATH)
        .bearer(Some(&token))
        .json(&event("x", 9))
        .patience(Duration::from_millis(500));
    assert!(matches!(hasty.send(calendar.addr()).await, Err(ProbeError::Timeout)));
    assert!(calendar.events(ADA).is_empty(), "not yet");
    an_event_appears(&calendar).await;
    assert_eq!(only(&calendar), (Some(200), true, Some("delay")));
}

#[tokio::test]
async fn a_slow_answer_comes_after_the_effect() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().push(Fault::slow_answer(Duration::from_secs(60)));
    let hasty = Call::new("POST", EVENTS_PATH)
        .bearer(Some(&token))
        .json(&event("x", 9))
        .patience(Duration::from_millis(300));
    assert!(matches!(hasty.send(calendar.addr()).await, Err(ProbeError::Timeout)));
    // Long before the answer, which is a minute away.
    an_event_appears(&calendar).await;
    calendar.faults().push(Fault::slow_answer(Duration::from_millis(20)));
    assert_eq!(insert(&calendar, &token).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_delayed_fault_waits_and_then_strikes() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().push(Fault::status(500).after(Duration::from_millis(80)));
    let start = std::time::Instant::now();
    assert_eq!(insert(&calendar, &token).await.unwrap().status, 500);
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_its_content_length() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().next(3, Fault::truncated(10));
    match insert(&calendar, &token).await {
        Err(ProbeError::BrokenBody { status: 200, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(calendar.events(ADA).len(), 1);
    assert_eq!(only(&calendar), (Some(200), true, Some("truncated")));

    // On the wire: a complete head, ten bytes, and the end of the connection.
    let mut stream = TcpStream::connect(calendar.addr()).await.unwrap();
    let request =
        format!("GET {EVENTS_PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut raw = String::new();
    tokio::time::timeout(PATIENT, stream.read_to_string(&mut raw)).await.unwrap().unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(body.len(), 10);
    assert!(length > 100, "{length}");

    // Even an answer without a body can be cut short.
    let id = calendar.events(ADA)[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{EVENTS_PATH}/{id}?maxResults=1");
    assert!(matches!(
        probe::get_json(calendar.addr(), &path, Some(&token)).await,
        Err(ProbeError::BrokenBody { status: 400, .. })
    ));
}

#[tokio::test]
async fn rate_limits_come_in_googles_three_forms() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    calendar.faults().push(google_calendar::rate_limited_403());
    calendar.faults().push(google_calendar::rate_limited_429(RetryAfter::Seconds(3)));
    calendar.faults().push(google_calendar::backend_error());
    calendar.faults().push(google_calendar::error(403, "forbiddenForNonOrganizer", "No."));
    let slow_down = insert(&calendar, &token).await.unwrap();
    assert_google_error(&slow_down, 403, "userRateLimitExceeded");
    assert_eq!(slow_down.json().unwrap()["error"]["errors"][0]["domain"], json!("usageLimits"));
    assert!(slow_down.header("retry-after").is_none());
    let later = insert(&calendar, &token).await.unwrap();
    assert_google_error(&later, 429, "rateLimitExceeded");
    assert_eq!(later.header("retry-after"), Some("3"));
    assert_google_error(&insert(&calendar, &token).await.unwrap(), 503, "backendError");
    assert_google_error(&insert(&calendar, &token).await.unwrap(), 403, "forbiddenForNonOrganizer");
    let plain = Fault::rate_limited(RetryAfter::Seconds(1), &json!({ "error": "slow_down" }));
    calendar.faults().push(plain);
    let plain = insert(&calendar, &token).await.unwrap();
    assert_eq!((plain.status, plain.header("retry-after")), (429, Some("1")));
    assert!(calendar.events(ADA).is_empty());
}

#[tokio::test]
async fn faults_strike_only_what_they_match_and_as_often_as_told() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let faults = calendar.faults();
    faults.when(When::method("POST").path(EVENTS_PATH), 2, Fault::status(500));
    faults.when(When::any().path_prefix("/calendar/v3/calendars/ada"), 1, Fault::status(501));
    let marked = When::any().matching(|request| request.header("x-mark") == Some("yes"));
    faults.when(marked, 1, Fault::status(502));
    faults.when(When::method("GET").skip(2), 1, Fault::status(504));
    faults.when(When::any(), 0, Fault::status(599));
    assert_eq!(faults.pending(), 5);
    let get = async |path: &str, mark: &str| {
        let call = Call::new("GET", path).bearer(Some(&token)).header("x-mark", mark);
        call.send(calendar.addr()).await.unwrap().status
    };
    assert_eq!(get(EVENTS_PATH, "no").await, 200);
    assert_eq!(insert(&calendar, &token).await.unwrap().status, 500);
    assert_eq!(get("/calendar/v3/calendars/ada%40example.com/events", "no").await, 501);
    assert_eq!(get(EVENTS_PATH, "yes").await, 502);
    assert_eq!(insert(&calendar, &token).await.unwrap().status, 500);
    assert_eq!(get(EVENTS_PATH, "no").await, 200);
    assert_eq!(get(EVENTS_PATH, "no").await, 504);
    assert_eq!(get(EVENTS_PATH, "no").await, 200);
    assert_eq!(insert(&calendar, &token).await.unwrap().status, 200);
    assert_eq!(faults.pending(), 0);
    faults.push(Fault::status(500));
    faults.clear();
    assert_eq!(get(EVENTS_PATH, "no").await, 200);
}

#[tokio::test]
async fn auth0_fails_in_the_same_ways() {
    let tenant = tenant().await;
    tenant.faults().push(Fault::html_502());
    assert_eq!(exchange(&tenant, &[]).await.status, 502);
    assert!(tenant.tokens().minted().is_empty());
    tenant.faults().push(Fault::truncated(25));
    let params = good(&tenant);
    let pairs: Vec<(&str, &str)> = params.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let cut = probe::post_form(tenant.addr(), "/oauth/token", &pairs).await;
    assert!(matches!(cut, Err(ProbeError::BrokenBody { status: 200, .. })));
    tenant.faults().push(Fault::delay(Duration::from_millis(60)));
    let start = std::time::Instant::now();
    token_of(&exchange(&tenant, &[]).await);
    assert!(start.elapsed() >= Duration::from_millis(60));
}
