//! Exact bytes.

use countersign_core::{Alphabet, Hole, Method, Place, Step, Transport as _};
use countersign_ticket::Report;

use crate::support::{
    Act, NOW, Server, TOKEN, admitted, answered, bearer, builder, get, not_sent, ok, post, send,
    step, transport,
};

#[tokio::test]
async fn a_request_is_what_was_planned_and_host_and_framing_and_credential() {
    let (transport, server) = (transport(), Server::start(ok()).await);
    let host = server.address;
    let auth = format!("authorization: Bearer {TOKEN}\r\n");
    let step = |method, path: &str| step(method, &server.url(path));
    let json = |step: Step| step.header("content-type", "application/json").unwrap();
    let cases = [
        (
            get(&server.url("/calendar/v3/users/me/calendarList?maxResults=2&q=%C3%A9")),
            format!(
                "GET /calendar/v3/users/me/calendarList?maxResults=2&q=%C3%A9 HTTP/1.1\r\n\
                 host: {host}\r\naccept: text/plain\r\n{auth}\r\n"
            ),
        ),
        (
            json(post(&server.url("/events"), r#"{"a":1}"#)).header("x-z", "last").unwrap(),
            format!(
                "POST /events HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n\
                 content-type: application/json\r\n\
                 x-z: last\r\n{auth}content-length: 7\r\n\r\n{{\"a\":1}}"
            ),
        ),
        (
            post(&server.url("/empty"), ""),
            format!(
                "POST /empty HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n\
                 {auth}content-length: 0\r\n\r\n"
            ),
        ),
        (
            step(Method::Put, "/put").body(vec![b'x']).unwrap(),
            format!(
                "PUT /put HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n\
                 {auth}content-length: 1\r\n\r\nx"
            ),
        ),
        (
            json(step(Method::Patch, "/p")).body(b"{}".to_vec()).unwrap(),
            format!(
                "PATCH /p HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n\
                 content-type: application/json\r\n\
                 {auth}content-length: 2\r\n\r\n{{}}"
            ),
        ),
        (
            step(Method::Patch, "/p"),
            format!(
                "PATCH /p HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n\
                 {auth}content-length: 0\r\n\r\n"
            ),
        ),
        (
            step(Method::Delete, "/d").body(b"x".to_vec()).unwrap(),
            format!(
                "DELETE /d HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n\
                 {auth}content-length: 1\r\n\r\nx"
            ),
        ),
        (
            step(Method::Delete, "/events/1"),
            format!(
                "DELETE /events/1 HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n{auth}\r\n"
            ),
        ),
    ];
    for (at, (step, expected)) in cases.into_iter().enumerate() {
        let answer = answered(send(&transport, step).await);
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
        assert_eq!(String::from_utf8(server.requests()[at].clone()).unwrap(), expected);
    }
}

#[tokio::test]
async fn planned_user_agent_and_accept_are_sent_once() {
    let server = Server::start(ok()).await;
    let step = Step::new(Method::Get, &server.url("/"))
        .and_then(|s| s.header("user-agent", "countersign"))
        .and_then(|s| s.header("accept", "application/vnd.github+json"))
        .unwrap();
    answered(send(&transport(), step).await);
    assert_eq!(
        server.request(),
        format!(
            "GET / HTTP/1.1\r\nhost: {}\r\nuser-agent: countersign\r\n\
             accept: application/vnd.github+json\r\nauthorization: Bearer {TOKEN}\r\n\r\n",
            server.address
        )
    );
}

#[tokio::test]
async fn a_step_that_plans_no_header_is_sent_without_one() {
    let server = Server::start(ok()).await;
    let bare = Step::new(Method::Get, &server.url("/")).unwrap().without_credential();
    answered(send(&transport(), bare).await);
    assert_eq!(server.request(), format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", server.address));
}

#[tokio::test]
async fn many_headers_keep_their_order() {
    let server = Server::start(ok()).await;
    let names: Vec<String> = (0..60).map(|n| format!("x-{}", (n * 37) % 61)).collect();
    let step = names.iter().fold(get(&server.url("/")), |step, n| step.header(n, "v").unwrap());
    answered(send(&transport(), step).await);
    let request = server.request();
    let sent = request.lines().filter_map(|line| line.strip_suffix(": v"));
    assert!(sent.eq(names.iter().map(String::as_str)), "{request}");
}

#[tokio::test]
async fn a_large_body_arrives_as_it_is() {
    let server = Server::start(ok()).await;
    let body: Vec<u8> =
        (0..3_000_000u32).map(|n| n.to_le_bytes()[usize::from(n % 7 == 0)]).collect();
    let step = step(Method::Post, &server.url("/upload")).body(body.clone()).unwrap();
    answered(send(&transport(), step).await);
    assert!(server.requests()[0].ends_with(&body));
}

#[tokio::test]
async fn a_step_without_credential_is_sent_without_one() {
    let server = Server::start(ok()).await;
    let step = get(&server.url("/public")).without_credential();
    answered(send(&transport(), step).await);
    let expected =
        format!("GET /public HTTP/1.1\r\nhost: {}\r\naccept: text/plain\r\n\r\n", server.address);
    assert_eq!(server.request(), expected);
}

#[tokio::test]
async fn a_host_that_is_dialled_elsewhere_gets_the_same_bytes() {
    let server = Server::start(ok()).await;
    let transport = builder().dangerous_dial("www.googleapis.com", server.address).build().unwrap();
    assert!(transport.dialled_elsewhere());
    let url = "https://www.googleapis.com/calendar/v3/calendars/primary/events?sendUpdates=all";
    let step = post(url, "{}").header("content-type", "application/json").unwrap();
    answered(send(&transport, step).await);
    assert_eq!(
        server.request(),
        format!(
            "POST /calendar/v3/calendars/primary/events?sendUpdates=all HTTP/1.1\r\n\
             host: www.googleapis.com\r\naccept: text/plain\r\ncontent-type: application/json\r\n\
             authorization: Bearer {TOKEN}\r\ncontent-length: 2\r\n\r\n{{}}"
        )
    );
}

/// `.invalid` is never found (RFC 6761), so nothing but the override can lead anywhere.
#[tokio::test]
async fn only_the_named_host_is_dialled_elsewhere() {
    let (one, two) = (Server::start(ok()).await, Server::start(ok()).await);
    let transport = builder()
        .dangerous_dial("one.invalid", one.address)
        .dangerous_dial("two.invalid", two.address)
        .build()
        .unwrap();
    for (url, host) in [
        ("https://one.invalid/a", "one.invalid"),
        ("https://one.invalid:8443/a?b=c", "one.invalid:8443"),
        ("https://two.invalid/a", "two.invalid"),
    ] {
        answered(send(&transport, get(url)).await);
        let server = if host.starts_with("one") { &one } else { &two };
        let request = String::from_utf8(server.requests().pop().unwrap()).unwrap();
        let line = url.split_once(host).unwrap().1;
        assert!(
            request.starts_with(&format!("GET {line} HTTP/1.1\r\nhost: {host}\r\n")),
            "{request}"
        );
    }
    let code = if cfg!(feature = "rustls") { "connect_failed" } else { "tls_unavailable" };
    for url in [
        "https://x.one.invalid/",
        "https://one.invalid.example.invalid/",
        "https://invalid/",
        "https://three.invalid/",
    ] {
        assert_eq!(not_sent(&send(&transport, get(url)).await), code, "{url}");
    }
    answered(send(&transport, get(&two.url("/"))).await);
    assert_eq!((one.connections(), two.connections()), (2, 2));
}

#[tokio::test]
async fn nothing_is_dialled_elsewhere_unless_it_was_asked_for() {
    assert!(!transport().dialled_elsewhere());
}

#[tokio::test]
async fn a_filled_hole_is_sent_as_it_was_filled() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"id\":\"d-42\"}";
    let server = Server::start(Act::Keep(answer.to_vec())).await;
    // The literal must be a URL by itself, so the hole stands behind a prefix.
    let literal = server.url("/drafts/x/send");
    let hole = Hole::new(Place::Url, literal.len() - 5, "/id", Alphabet::Unreserved, 64);
    let steps =
        vec![post(&server.url("/drafts"), "{}"), post(&literal, "").holes(vec![hole]).unwrap()];
    let mut admitted = admitted(steps).await;
    let (transport, bearer) = (transport(), bearer(&admitted));
    let sent = transport.send(admitted.next(NOW).unwrap().unwrap(), Some(&bearer)).await;
    let answer = answered(sent);
    admitted.report(Report::Answered(answer.status, &answer.body));
    answered(transport.send(admitted.next(NOW).unwrap().unwrap(), Some(&bearer)).await);
    let request = String::from_utf8(server.requests()[1].clone()).unwrap();
    assert!(request.starts_with("POST /drafts/xd-42/send HTTP/1.1\r\n"), "{request}");
}
