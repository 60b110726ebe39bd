//! [`Backchannel`]: to the identity provider and to nobody else.
//!
//! The channel under test is built by a closure, with one origin, for a server on loopback: what is
//! meant for that origin has to go to an address, in the clear ([`Dial`]).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{Answer, Backchannel, BackchannelError, BackchannelRequest};
use zeroize::Zeroizing;

use super::overhear::overhear;
use super::wire::{Written, nobody, raw};
use super::{Bare, PATIENCE, SOON, done, hides, holds, in_time, same};
use crate::servers::{Evil, Raw, Then, http_answer};

/// The host of the only origin.
const HOST: &str = "tenant.auth.example";

/// How the channel under test is to be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dial {
    /// The only origin that may be reached.
    pub origin: &'static str,
    /// Its host, which is dialled elsewhere.
    pub host: &'static str,
    /// Where to: HTTP/1.1 in the clear.
    pub address: SocketAddr,
    /// How long it may wait, for a connection and in all.
    pub timeout: Duration,
}

impl Dial {
    fn to(address: SocketAddr) -> Self {
        let timeout = Duration::from_secs(30);
        Self { origin: "https://tenant.auth.example", host: HOST, address, timeout }
    }
}

/// Builds the channel under test.
pub type Make<'a> = &'a (dyn Fn(Dial) -> Arc<dyn Backchannel> + Sync);

/// Runs every clause. `limit` is the longest body of an answer that the channel reads, in bytes.
pub async fn all(make: Make<'_>, limit: usize, bare: Bare) {
    sends_what_it_is_given(make).await;
    adds_nothing_to_a_bare_request(make, bare).await;
    reaches_its_origins_alone(make).await;
    follows_no_redirect(make).await;
    lets_no_header_break_out(make).await;
    tries_nothing_again(make).await;
    is_bounded_in_size(make, limit).await;
    is_bounded_in_time(make).await;
    says_nothing_of_what_it_sends(make).await;
}

/// A request with these headers, and `accept` unless it is among them.
fn request(
    method: &'static str,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> BackchannelRequest {
    let mut request = bare_request(method, path, headers, body);
    if !headers.iter().any(|(name, _)| *name == "accept") {
        request.headers.push(("accept", Zeroizing::new("application/json".to_owned())));
    }
    request
}

fn bare_request(
    method: &'static str,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> BackchannelRequest {
    let secret = |value: &str| Zeroizing::new(value.to_owned());
    BackchannelRequest {
        method,
        url: format!("https://{HOST}{path}"),
        headers: headers.iter().map(|(name, value)| (*name, secret(value))).collect(),
        body: Zeroizing::new(body.to_vec()),
    }
}

fn exchange() -> BackchannelRequest {
    let form =
        [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
    request("POST", "/oauth/token", &form, b"grant_type=x&client_secret=form-secret-4b1d9e")
}

async fn send(
    channel: &dyn Backchannel,
    request: BackchannelRequest,
) -> Result<Answer, BackchannelError> {
    in_time("Backchannel: sending is bounded in time", PATIENCE, channel.send(request)).await
}

async fn met(clause: &str, server: &Raw, times: usize) {
    tokio::time::sleep(Duration::from_millis(2)).await;
    same(clause, server.connections(), times);
}

/// Method, path, headers and body are those given; only host and framing are added. The answer comes
/// back as it is, whatever its status.
pub async fn sends_what_it_is_given(make: Make<'_>) {
    let exact = "Backchannel: exactly the given request is sent";
    let added = "Backchannel: nothing is added but host and framing";
    let bearer = [("authorization", "Basic Y2xpOnMzY3JldA=="), ("x-request", "1")];
    let requests = [
        || request("GET", "/.well-known/jwks.json?a=%20&b", &[], b""),
        || request("GET", "/", &[("accept", "*/*")], b""),
        exchange,
        || request("POST", "/bc-authorize", &[], b""),
        || request("POST", "/bc-authorize", &[], b"\0\r\n\r\nGET / HTTP/1.1\r\n\xff"),
    ];
    for status in [200, 400, 401, 403, 429, 503] {
        for make_request in requests {
            let server = raw([Then::http(status, &[("x-said", "1")], b"{\"a\":\"\xff\"}")]).await;
            let channel = make(Dial::to(server.addr()));
            let mut given = make_request();
            given.headers.extend(bearer.map(|(n, v)| (n, Zeroizing::new(v.to_owned()))));
            let line = given.url.strip_prefix("https://tenant.auth.example").unwrap_or_default();
            let line = format!("{} {line} HTTP/1.1", given.method);
            let headers: Vec<(String, String)> =
                given.headers.iter().map(|(n, v)| ((*n).to_owned(), v.to_string())).collect();
            let body = given.body.to_vec();
            let answer = done(exact, send(channel.as_ref(), given).await);
            let clause = "Backchannel: the answer is given as it is";
            same(clause, (answer.status, answer.header("x-said")), (status, Some("1")));
            holds(clause, answer.body == b"{\"a\":\"\xff\"}", "another body");
            met("Backchannel: a request goes out once", &server, 1).await;
            for received in server.received() {
                let mut written = Written::read(exact, &received);
                same(added, written.take(added, "host").as_deref(), Some(HOST));
                match written.take(added, "content-length") {
                    Some(length) => same(added, length, body.len().to_string()),
                    None => holds(added, body.is_empty(), "a body without a length"),
                }
                same(exact, &written.line, &line);
                same(added, &written.headers, &headers);
                holds(exact, written.body == body, "another body");
            }
        }
    }
}

/// A request without a header gets none.
pub async fn adds_nothing_to_a_bare_request(make: Make<'_>, bare: Bare) {
    let added = "Backchannel: nothing is added but host and framing";
    let clause = "Backchannel: a request that it could not send exactly is refused";
    for method in ["GET", "POST"] {
        let server = raw([Then::http(200, &[], b"{}")]).await;
        let channel = make(Dial::to(server.addr()));
        let sent = send(channel.as_ref(), bare_request(method, "/", &[], b"")).await;
        let status = sent.map(|answer| answer.status);
        match bare {
            Bare::IsSent => same(added, status, Ok(200)),
            Bare::IsRefused => same(clause, status, Err(BackchannelError::Malformed)),
        }
        met(clause, &server, usize::from(bare == Bare::IsSent)).await;
        for received in server.received() {
            let mut written = Written::read(added, &received);
            written.take(added, "host");
            written.take(added, "content-length");
            same(added, written.headers, Vec::new());
        }
    }
}

/// Every other origin is refused before anything is dialled: another host, scheme or port, a name
/// that begins or ends like the origin's, and a URL that one parser reads as the origin and another
/// as a stranger.
pub async fn reaches_its_origins_alone(make: Make<'_>) {
    let clause = "Backchannel: only the origins on the list are reached";
    let evil = done("the suite can listen on loopback", Evil::start().await);
    let server = raw([Then::http(200, &[], b"{}")]).await;
    let channel = make(Dial::to(server.addr()));
    let at = evil.addr();
    let strangers = [
        format!("http://{at}/"),
        format!("https://{at}/"),
        format!("http://{HOST}/"),
        format!("https://{HOST}:444/"),
        format!("https://{HOST}:80/"),
        format!("https://x.{HOST}/"),
        format!("https://{HOST}.evil.example/"),
        format!("https://evil{HOST}/"),
        format!("https://evil.example/{HOST}/"),
        format!("https://{HOST}@{at}/"),
        format!("http://{HOST}@{at}/"),
        format!("https://{HOST}:443@{at}/"),
        format!("http://{at}#@{HOST}/"),
        format!("http://{at}\\@{HOST}/"),
        format!("https://{at}?https://{HOST}/"),
        format!("https://{HOST}\\.{at}/"),
        format!("https://{HOST}%2f{at}/"),
        format!("https://{HOST}\t.evil.example/"),
        format!("//{at}/"),
        "/oauth/token".to_owned(),
        String::new(),
        "file:///etc/passwd".to_owned(),
        "https://".to_owned(),
    ];
    for url in strangers {
        for method in ["GET", "POST"] {
            let mut stray = request(method, "/", &[], b"");
            stray.url.clone_from(&url);
            let sent = send(channel.as_ref(), stray).await;
            let refused = [Err(BackchannelError::Origin), Err(BackchannelError::Malformed)];
            holds(clause, refused.contains(&sent.map(|_| ())), &url);
        }
    }
    met(clause, &server, 0).await;
    same(clause, evil.connections(), 0);
    let sent = send(channel.as_ref(), exchange()).await;
    holds("Backchannel: the origin on the list is reached", sent.is_ok(), format!("{sent:?}"));
}

/// A redirect is an answer like any other, wherever it points.
pub async fn follows_no_redirect(make: Make<'_>) {
    let clause = "Backchannel: no redirect is followed";
    let evil = done("the suite can listen on loopback", Evil::start().await);
    let elsewhere =
        [format!("{}/steal", evil.url()), format!("https://{HOST}/again"), "/again".to_owned()];
    for status in [301, 302, 303, 307, 308] {
        for location in &elsewhere {
            let server = raw([Then::http(status, &[("location", location)], b"")]).await;
            let channel = make(Dial::to(server.addr()));
            let sent = send(channel.as_ref(), exchange()).await;
            met(clause, &server, 1).await;
            same(clause, evil.connections(), 0);
            let answer = sent.ok().map(|answer| answer.status);
            same(clause, answer, Some(status));
        }
    }
}

/// A header that would end its line, a method that is none of ours, and a header that says where the
/// message goes or ends are refused before anything is sent.
pub async fn lets_no_header_break_out(make: Make<'_>) {
    let clause = "Backchannel: a malformed request is refused";
    let server = raw([Then::http(200, &[], b"{}")]).await;
    let channel = make(Dial::to(server.addr()));
    let bad = [
        request("POST", "/oauth/token", &[("x-a", "1\r\nx-injected: 1")], b""),
        request("POST", "/oauth/token", &[("x-a", "1\n")], b""),
        request("POST", "/oauth/token", &[("x-a: 1\r\nx-b", "1")], b""),
        request("POST", "/oauth/token", &[("", "1")], b""),
        request("POST", "/oauth/token", &[("host", "evil.example")], b""),
        request("POST", "/oauth/token", &[("content-length", "1")], b"ab"),
        request("POST", "/oauth/token", &[("transfer-encoding", "chunked")], b"ab"),
        request("POST /evil HTTP/1.1\r\nx:", "/oauth/token", &[], b""),
        request("DELETE", "/oauth/token", &[], b""),
    ];
    for request in bad {
        let sent = send(channel.as_ref(), request).await;
        same(clause, sent.map(|answer| answer.status), Err(BackchannelError::Malformed));
    }
    met(clause, &server, 0).await;
}

/// A server that answers nothing whole is [`BackchannelError::Unreachable`], after one request.
pub async fn tries_nothing_again(make: Make<'_>) {
    let clause = "Backchannel: without a whole answer there is none, and nothing is tried again";
    let scripts = [
        Then::Close,
        Then::CloseAtOnce,
        Then::AnswerAndClose("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}".into()),
        Then::AnswerAndClose("HTTP/1.1 200 OK\r\ncontent-le".into()),
        Then::AnswerAndClose("<html>502</html>\r\n\r\n".into()),
    ];
    for then in scripts {
        let server = raw([then]).await;
        let channel = make(Dial::to(server.addr()));
        let sent = send(channel.as_ref(), exchange()).await;
        same(clause, sent.map(|answer| answer.status), Err(BackchannelError::Unreachable));
        met(clause, &server, 1).await;
    }
    let channel = make(Dial::to(nobody().await));
    let sent = send(channel.as_ref(), exchange()).await;
    same(clause, sent.map(|answer| answer.status), Err(BackchannelError::Unreachable));
}

/// An answer longer than the limit is [`BackchannelError::TooLarge`] as soon as that is known.
pub async fn is_bounded_in_size(make: Make<'_>, limit: usize) {
    let clause = "Backchannel: the answer is bounded in size";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", limit + 1);
    let large = [
        Then::Answer(http_answer(200, &[], &vec![b'x'; limit + 1])),
        Then::Answer(announced.into()),
        Then::Endless(chunked.into(), chunk.into(), Duration::ZERO),
    ];
    for then in large {
        let server = raw([then]).await;
        let channel = make(Dial::to(server.addr()));
        let sent = in_time(clause, SOON, send(channel.as_ref(), exchange())).await;
        same(clause, sent.map(|answer| answer.status), Err(BackchannelError::TooLarge));
    }
    let server = raw([Then::Answer(http_answer(200, &[], &vec![b'x'; limit]))]).await;
    let channel = make(Dial::to(server.addr()));
    let sent = send(channel.as_ref(), exchange()).await;
    let clause = "Backchannel: an answer of the limit's length is an answer";
    same(clause, sent.map(|answer| answer.body.len()), Ok(limit));
}

/// A server that says nothing, or a little now and then, does not hold the sender up.
pub async fn is_bounded_in_time(make: Make<'_>) {
    let clause = "Backchannel: sending is bounded in time";
    let (limit, pause) = (Duration::from_millis(300), Duration::from_millis(20));
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    for then in [Then::Silence, Then::Endless(head.into(), "x".into(), pause)] {
        let server = raw([then]).await;
        let channel = make(Dial { timeout: limit, ..Dial::to(server.addr()) });
        let sent = in_time(clause, limit * 10, send(channel.as_ref(), exchange())).await;
        same(clause, sent.map(|answer| answer.status), Err(BackchannelError::Unreachable));
        met("Backchannel: a request goes out once", &server, 1).await;
    }
}

/// However it ends, no part of URL, headers, request or answer is in what is printed or logged.
pub async fn says_nothing_of_what_it_sends(make: Make<'_>) {
    let clause = "Backchannel: no part of a request or an answer is printed or logged";
    let secrets = [
        "header-secret-91ffab02",
        "form-secret-4b1d9e",
        "query-secret-77c0de11",
        "answer-secret-5e5e0001",
        "/oauth/private-path-8d7c6b",
    ];
    let ask = || {
        let headers = [("authorization", "Basic header-secret-91ffab02")];
        let path = "/oauth/private-path-8d7c6b?key=query-secret-77c0de11";
        request("POST", path, &headers, b"client_secret=form-secret-4b1d9e")
    };
    let answer = Then::http(200, &[], b"{\"access_token\":\"answer-secret-5e5e0001\"}");
    let refusal = Then::http(401, &[], b"{\"error\":\"answer-secret-5e5e0001\"}");
    for then in
        [answer, refusal, Then::Close, Then::Silence, Then::AnswerAndClose("x\r\n\r\n".into())]
    {
        let server = raw([then]).await;
        let channel = make(Dial { timeout: Duration::from_millis(300), ..Dial::to(server.addr()) });
        let (told, heard) = overhear(async {
            let asked = ask();
            let shown = format!("{asked:?} {asked:#?}");
            let sent = send(channel.as_ref(), asked).await;
            let error = sent.as_ref().err().map(ToString::to_string);
            let mut stray = ask();
            stray.url = stray.url.replace(HOST, "evil.example");
            let refused = send(channel.as_ref(), stray).await;
            format!("{shown} {sent:?} {error:?} {refused:?} {channel:?} {channel:#?}")
        })
        .await;
        hides(clause, &told, &secrets);
        hides(clause, &heard, &secrets);
    }
}
