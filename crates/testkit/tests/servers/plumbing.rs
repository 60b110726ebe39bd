//! The log, starting and stopping, the probe, encodings, the clock.

use std::time::Duration;

use countersign_testkit::servers::probe::{self, Call, ProbeError};
use countersign_testkit::servers::{Auth0, Evil, Fault, MAX_BODY, TestTime, form};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::*;

const PATIENT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_log_keeps_requests_whole_and_in_order() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let body = r#"{ "summary":"exact bytes" }"#;
    Call::new("POST", "/calendar/v3/calendars/primary/events?sendUpdates=none")
        .bearer(Some(&token))
        .header("x-twice", "1")
        .header("x-twice", "2")
        .body("application/json", body)
        .send(calendar.addr())
        .await
        .unwrap();
    probe::get_json(calendar.addr(), "/nowhere", None).await.unwrap();
    let log = calendar.requests();
    assert_eq!(log.len(), 2);
    let first = &log[0].request;
    assert_eq!(first.method, "POST");
    assert_eq!(first.target(), "/calendar/v3/calendars/primary/events?sendUpdates=none");
    assert_eq!(
        (first.path.as_str(), first.query.as_deref()),
        (EVENTS_PATH, Some("sendUpdates=none"))
    );
    assert_eq!(first.body, body.as_bytes());
    assert_eq!(first.bearer(), Some(token.as_str()));
    assert_eq!(first.headers.get_all("x-twice").iter().count(), 2);
    assert_eq!(first.media_type().as_deref(), Some("application/json"));
    assert_eq!(first.json().unwrap()["summary"], json!("exact bytes"));
    assert_eq!((log[0].status, log[0].processed, log[0].fault), (Some(400), true, None));
    assert_eq!((log[1].request.target().as_str(), log[1].status), ("/nowhere", Some(404)));
    calendar.clear_requests();
    assert!(calendar.requests().is_empty());
    assert_eq!(calendar.connections(), 2);
}

#[tokio::test]
async fn arrivals_can_be_awaited() {
    let evil = Evil::start().await.unwrap();
    assert!(!evil.wait_for_requests(1, Duration::from_millis(30)).await);
    let addr = evil.addr();
    let visitor = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        probe::get_json(addr, "/", None).await.map(|answer| answer.status)
    });
    assert!(evil.wait_for_requests(1, PATIENT).await);
    assert_eq!(visitor.await.unwrap().unwrap(), 200);
}

#[tokio::test]
async fn a_dropped_or_stopped_server_accepts_nothing() {
    let evil = Evil::start().await.unwrap();
    let addr = evil.addr();
    assert_eq!(probe::get_json(addr, "/", None).await.unwrap().status, 200);
    evil.stop().await;
    assert!(matches!(probe::get_json(addr, "/", None).await, Err(ProbeError::Connect(_))));

    let evil = Evil::start().await.unwrap();
    let addr = evil.addr();
    let mut open = TcpStream::connect(addr).await.unwrap();
    open.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    drop(evil);
    tokio::time::timeout(PATIENT, async {
        while TcpStream::connect(addr).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_request_delayed_beyond_the_servers_life_is_not_processed() {
    let tenant = tenant().await;
    let tokens = tenant.tokens();
    tenant.faults().push(Fault::delay(Duration::from_secs(1)));
    let (addr, params) = (tenant.addr(), good(&tenant));
    let call = tokio::spawn(async move {
        let pairs: Vec<(&str, &str)> =
            params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        probe::post_form(addr, "/oauth/token", &pairs).await
    });
    assert!(tenant.wait_for_requests(1, PATIENT).await);
    tenant.stop().await;
    assert!(matches!(call.await.unwrap(), Err(ProbeError::NoAnswer(_))));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(tokens.minted().is_empty());
}

#[tokio::test]
async fn servers_do_not_share_ports_or_state() {
    let (one, two) = (Auth0::start().await.unwrap(), Auth0::start().await.unwrap());
    assert_ne!(one.addr(), two.addr());
    assert!(one.addr().ip().is_loopback());
    assert_eq!(one.url(), format!("http://{}", one.addr()));
    probe::get_json(one.addr(), "/x", None).await.unwrap();
    assert_eq!((one.requests().len(), two.requests().len()), (1, 0));
    assert_ne!(one.issue_refresh_token("c", "u"), two.issue_refresh_token("c", "u"));
}

#[tokio::test]
async fn an_oversized_body_is_refused_and_an_unfinished_one_is_logged() {
    let evil = Evil::start().await.unwrap();
    let exact = Call::new("POST", "/").body("text/plain", vec![b'x'; MAX_BODY]);
    assert_eq!(exact.send(evil.addr()).await.unwrap().status, 200);
    evil.clear_requests();

    let mut stream = TcpStream::connect(evil.addr()).await.unwrap();
    let head = format!("POST /big HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", MAX_BODY + 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    // It may close the connection before it has read everything.
    let _sent = stream.write_all(&vec![b'x'; MAX_BODY + 1]).await;
    assert!(evil.wait_for_requests(1, PATIENT).await);

    let mut stream = TcpStream::connect(evil.addr()).await.unwrap();
    let head =
        "POST /cut HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t0k\r\ncontent-length: 9\r\n\r\nab";
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    assert!(evil.wait_for_requests(2, PATIENT).await);
    let faults = async || {
        let log = evil.requests();
        (log[0].fault, log[1].fault)
    };
    tokio::time::timeout(PATIENT, async {
        while faults().await != (Some("body_too_large"), Some("body_never_ended")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert!(evil.has_seen("t0k"));
}

#[tokio::test]
async fn the_probe_talks_to_loopback_only_and_tells_failures_apart() {
    let far = "192.0.2.1:80".parse().unwrap();
    assert!(matches!(probe::get_json(far, "/", None).await, Err(ProbeError::NotLoopback)));
    let evil = Evil::start().await.unwrap();
    let bad = Call::new("GET", "/").header("x", "a\nb").send(evil.addr()).await;
    assert!(matches!(bad, Err(ProbeError::BadRequest(_))));
    assert_eq!(evil.connections(), 0);
    for error in [ProbeError::NotLoopback, ProbeError::Timeout] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn forms_round_trip_and_malformed_ones_are_refused() {
    let pairs = [("a b", "1+1=2"), ("é", "%"), ("empty", ""), ("a b", "again")];
    let text = form::encode(pairs);
    assert_eq!(text, "a%20b=1%2B1%3D2&%C3%A9=%25&empty=&a%20b=again");
    let parsed = form::parse(text.as_bytes()).unwrap();
    assert_eq!(parsed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>(), pairs);
    assert_eq!(
        form::parse(b"a+b=c&&d").unwrap(),
        [("a b".into(), "c".into()), ("d".into(), String::new())]
    );
    for bad in ["a=%", "a=%1", "a=%g0", "%ff=1"] {
        assert_eq!(form::parse(bad.as_bytes()), Err(form::BadEncoding), "{bad}");
    }
    assert_eq!(form::encode_component("a/b@c~"), "a%2Fb%40c~");
    assert_eq!(form::decode_component("a%2Fb+c").unwrap(), "a/b+c");
}

#[test]
fn a_fixed_clock_moves_only_when_told_and_clones_share_it() {
    let time = TestTime::fixed(NOW);
    let same = time.clone();
    same.advance(5);
    assert_eq!(time.now(), NOW + 5);
    time.set(7);
    assert_eq!(same.now(), 7);
    let system = TestTime::default();
    let before = system.now();
    assert!(before > NOW - 100_000_000);
    system.advance(3600);
    assert!(system.now() >= before + 3600);
}
