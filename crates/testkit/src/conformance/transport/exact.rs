use countersign_core::{Method, Sent, Step, Transport};

use super::super::wire::{Written, raw};
use super::super::{Bare, PATIENCE, broken, done, holds, same};
use super::{Dial, Make, Planned, TOKEN, met, not_sent, plan, send};
use crate::fixtures::{HOST, note, prepared, step};
use crate::servers::{Evil, Then};

const EXACT: &str = "Transport: exactly the sealed method, URL, headers and body are sent";
const ADDED: &str = "Transport: nothing is added but host, framing and the bearer's authorization";
const ONCE: &str = "Transport: one request goes out once, on a connection of its own";

/// What came on one connection is the planned request, and nothing but what may be added.
#[track_caller]
pub(super) fn is_exact(received: &[u8], planned: &Planned, token: &str) {
    let mut written = Written::read(EXACT, received);
    let clause = "Transport: host is the sealed URL's authority";
    same(clause, written.take(ADDED, "host").as_deref(), Some(HOST));
    let authorization = planned.credential.then(|| format!("Bearer {token}"));
    let clause = "Transport: the bearer goes with a step that carries the credential, and no other";
    same(clause, written.take(ADDED, "authorization"), authorization);
    let clause = "Transport: the body is framed by its length";
    match written.take(ADDED, "content-length") {
        Some(length) => same(clause, length, planned.body.len().to_string()),
        None => holds(clause, planned.body.is_empty(), "a body without a length"),
    }
    same(EXACT, written.line.as_str(), planned.line.as_str());
    same(ADDED, &written.headers, &planned.headers);
    holds(EXACT, written.body == planned.body, "another body");
}

fn with(step: Step, headers: &[(&str, &str)], body: &[u8]) -> Step {
    let valid = "the suite's requests are valid";
    let step = headers.iter().fold(step, |step, (n, v)| done(valid, step.header(n, v)));
    if body.is_empty() { step } else { done(valid, step.body(body.to_vec())) }
}

/// Requests of every method and shape.
fn requests() -> Vec<Step> {
    let large = (0..=255u8).cycle().take(1_000_000).collect::<Vec<u8>>();
    let smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: evil.example\r\n\r\n";
    let order = [
        ("z-last-letter-first", "1"),
        ("content-type", "application/json; charset=utf-8"),
        ("accept", "*/*"),
        ("user-agent", "agent/1 (of the plan; not of the transport)"),
        ("a-first-letter-last", "a, b;  c=\"d\\e\""),
        ("if-match", "\"etag\""),
    ];
    vec![
        plan(Method::Get, "/"),
        plan(Method::Get, "/v1/notes?q=a%20b&x=&y=%2F%3F&&=?"),
        plan(Method::Get, "/a!$&()*+,;=:@-._~/%E2%82%AC/b%2Fc/"),
        with(step(Method::Get, "/v1/notes"), &order, b""),
        plan(Method::Post, "/v1/notes"),
        with(step(Method::Post, "/v1/notes"), &order, br#"{"text":"hello"}"#),
        with(plan(Method::Post, "/v1/notes"), &[], smuggled),
        with(plan(Method::Post, "/v1/upload"), &[("content-type", "image/png")], &large),
        with(plan(Method::Put, "/v1/notes/1"), &[("accept-encoding", "identity")], b"\0\r\n\xff"),
        plan(Method::Put, "/v1/notes/1"),
        with(plan(Method::Patch, "/v1/notes/1?a=1"), &[("if-match", "\"1\"")], b"{}"),
        plan(Method::Delete, "/v1/notes/1"),
        with(plan(Method::Delete, "/v1/notes/1"), &[], b"{\"reason\":1}"),
        note(),
    ]
}

/// Method, URL, headers and their order, and body are those that were sealed.
pub async fn sends_exactly_the_sealed_bytes(make: Make<'_>) {
    for step in requests() {
        let server = raw([Then::http(200, &[], b"{}")]).await;
        let transport = make(Dial::to(server.addr()));
        let (sent, planned) = send(transport.as_ref(), prepared(step)).await;
        holds("Transport: an answer is an answer", is(&sent, 200, b"{}"), format!("{sent:?}"));
        drop(transport);
        holds(ONCE, server.settled(PATIENCE).await, "the connection stayed open");
        met(ONCE, &server, 1).await;
        for received in server.received() {
            is_exact(&received, &planned, TOKEN);
        }
    }
}

/// A request without a header gets none.
pub async fn adds_nothing_to_a_bare_request(make: Make<'_>, bare: Bare) {
    for step in
        [step(Method::Get, "/"), step(Method::Post, "/v1/notes"), step(Method::Delete, "/a")]
    {
        let server = raw([Then::http(200, &[], b"{}")]).await;
        let transport = make(Dial::to(server.addr()));
        let (sent, planned) = send(transport.as_ref(), prepared(step)).await;
        match bare {
            Bare::IsSent => {
                holds(
                    "Transport: an answer is an answer",
                    is(&sent, 200, b"{}"),
                    format!("{sent:?}"),
                );
                met(ONCE, &server, 1).await;
            }
            Bare::IsRefused => {
                let clause = "Transport: a request that it could not send exactly is not sent";
                not_sent(clause, &sent);
                met(clause, &server, 0).await;
            }
        }
        for received in server.received() {
            is_exact(&received, &planned, TOKEN);
        }
    }
}

/// No cookie, no cached answer, no kept connection, and nothing learned from an answer changes the
/// next request.
pub async fn keeps_nothing_between_requests(make: Make<'_>) {
    let tempting = [
        ("set-cookie", "session=1; Path=/"),
        ("cache-control", "public, max-age=3600, immutable"),
        ("etag", "\"cached\""),
        ("connection", "keep-alive"),
        ("keep-alive", "timeout=60"),
        ("alt-svc", "h2=\":443\"; ma=3600"),
        ("accept-ch", "sec-ch-ua"),
    ];
    for step in [plan(Method::Get, "/v1/notes"), note()] {
        let server = raw([Then::http(200, &tempting, b"{}")]).await;
        let transport = make(Dial::to(server.addr()));
        let mut plans = Vec::new();
        for _ in 0..3 {
            let (sent, planned) = send(transport.as_ref(), prepared(step.clone())).await;
            holds(ONCE, is(&sent, 200, b"{}"), format!("{sent:?}"));
            plans.push(planned);
        }
        met(ONCE, &server, 3).await;
        for (received, planned) in server.received().iter().zip(&plans) {
            is_exact(received, planned, TOKEN);
        }
    }
}

fn is(sent: &Sent, status: u16, body: &[u8]) -> bool {
    matches!(sent, Sent::Answer(answer) if answer.status == status && answer.body == body)
}

/// Every status is an answer, with its headers in order under lower-case names and its body as it is;
/// none makes the transport try again.
pub async fn gives_the_answer_as_it_is(make: Make<'_>) {
    let clause = "Transport: the answer is given as it is";
    let again = "Transport: nothing is tried again";
    let headers = [
        ("Content-Type", "application/json"),
        ("WWW-Authenticate", "Bearer error=\"invalid_token\""),
        ("Proxy-Authenticate", "Basic realm=\"proxy\""),
        ("Retry-After", "0"),
        ("X-Repeated", "1"),
        ("X-Repeated", "2"),
    ];
    let body = b"{\"bytes\":\"\xff\0\"}";
    for status in [200, 201, 202, 400, 401, 403, 404, 407, 408, 409, 410, 412, 413, 421, 425, 429]
        .into_iter()
        .chain([500, 501, 502, 503, 504, 511, 599])
    {
        let server = raw([Then::http(status, &headers, body)]).await;
        let transport = make(Dial::to(server.addr()));
        let (sent, _) = send(transport.as_ref(), prepared(note())).await;
        let Sent::Answer(answer) = sent else { broken(clause, format!("{status}: {sent:?}")) };
        same(clause, answer.status, status);
        holds(clause, answer.body == body, "another body");
        let due = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let seen = answer.headers.iter().filter(|(name, _)| due.iter().any(|(n, _)| n == name));
        same(clause, seen.cloned().collect::<Vec<_>>(), due.to_vec());
        met(again, &server, 1).await;
    }
    for status in ["204 No Content", "304 Not Modified"] {
        let server = raw([Then::Answer(format!("HTTP/1.1 {status}\r\n\r\n").into())]).await;
        let transport = make(Dial::to(server.addr()));
        let (sent, _) = send(transport.as_ref(), prepared(note())).await;
        let code = status.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
        holds(clause, is(&sent, code, b""), format!("{status}: {sent:?}"));
        met(again, &server, 1).await;
    }
}

/// A redirect is an answer like any other, wherever it points.
pub async fn follows_no_redirect(make: Make<'_>) {
    let clause = "Transport: no redirect is followed";
    let evil = done("the suite can listen on loopback", Evil::start().await);
    let elsewhere = [
        format!("{}/steal", evil.url()),
        format!("//{}/steal", evil.addr()),
        format!("https://{HOST}/elsewhere"),
        "/elsewhere".to_owned(),
    ];
    for status in [300, 301, 302, 303, 305, 307, 308] {
        for location in &elsewhere {
            for step in [note(), plan(Method::Get, "/v1/notes")] {
                let server = raw([Then::http(status, &[("location", location)], b"")]).await;
                let transport: std::sync::Arc<dyn Transport> = make(Dial::to(server.addr()));
                let (sent, _) = send(transport.as_ref(), prepared(step)).await;
                let told = |sent: &Sent| match sent {
                    Sent::Answer(answer) => answer.header("location") == Some(location),
                    Sent::NotSent(_) | Sent::InDoubt(_) => false,
                };
                met(clause, &server, 1).await;
                same(clause, evil.connections(), 0);
                holds(clause, is(&sent, status, b"") && told(&sent), format!("{sent:?}"));
            }
        }
    }
}
