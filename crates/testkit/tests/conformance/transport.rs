//! Transports.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign_core::{Answer, Bearer, Outgoing, Sent, Transport};
use countersign_http::HttpTransport;
use countersign_testkit::conformance::Bare;
use countersign_testkit::conformance::transport::{self, Dial};
use countersign_testkit::servers::Evil;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{catches, lock, passes};

fn http(dial: Dial) -> Arc<dyn Transport> {
    let transport = HttpTransport::builder()
        .dangerous_dial(dial.host, dial.address)
        .connect_timeout(dial.timeout)
        .timeout(dial.timeout)
        .answer_limit(dial.answer)
        .build();
    Arc::new(transport.unwrap())
}

#[test]
fn the_http_transport_conforms() {
    passes(async || transport::all(&http, Bare::IsSent).await);
}

/// The variables are those of this test run as a process of its own: a program cannot safely set its
/// own.
#[test]
fn the_http_transport_uses_no_proxy_of_the_environment() {
    const CHILD: &str = "COUNTERSIGN_TESTKIT_BEHIND_A_PROXY";
    if std::env::var_os(CHILD).is_some() {
        return passes(async || transport::sends_exactly_the_sealed_bytes(&http).await);
    }
    passes(async || {
        let evil = Evil::start().await.unwrap();
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
        child
            .env(CHILD, "1")
            .args(["--exact", "transport::the_http_transport_uses_no_proxy_of_the_environment"]);
        for name in ["http_proxy", "https_proxy", "all_proxy"] {
            child.env(name, evil.url()).env(name.to_uppercase(), evil.url());
        }
        child.env_remove("no_proxy").env_remove("NO_PROXY");
        let output = child.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        assert_eq!(evil.connections(), 0);
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    FollowsRedirects,
    TriesAgain,
    TriesAgainWhenBusy,
    AddsUserAgent,
    AddsConnectionClose,
    SortsHeaders,
    DecodesPaths,
    DropsQueries,
    TrimsBodies,
    SendsNoLength,
    KeepsCookies,
    Caches,
    SendsAnyBearer,
    SendsWithoutBearer,
    SendsBearerAlways,
    SaysNotSentWhenLost,
    CallsAHalfAnAnswer,
    WaitsForEver,
    ReadsEverything,
    TellsUrls,
    PrintsTokens,
    LogsPaths,
    HidesThatItDials,
    SendsLocalCalls,
    PassesLineBreaks,
    LosesHeadersOfAnswers,
}

/// A transport of some hundred lines, but for its flaw.
struct Flawed {
    flaw: Flaw,
    dial: Dial,
    cookie: Mutex<Option<String>>,
    cached: Mutex<Option<Answer>>,
    last: Mutex<String>,
}

impl fmt::Debug for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flaw {
            Flaw::PrintsTokens => write!(f, "Flawed {{ last: {:?} }}", lock(&self.last)),
            _ => f.write_str("Flawed"),
        }
    }
}

/// Why there is no answer.
enum Lost {
    Refused,
    Cut(Vec<u8>),
    TooLarge,
}

impl Flawed {
    async fn exchange(&self, bytes: &[u8]) -> Result<Vec<u8>, Lost> {
        let stream = TcpStream::connect(self.dial.address).await;
        let mut stream = stream.map_err(|_| Lost::Refused)?;
        let mut got = Vec::new();
        stream.write_all(bytes).await.map_err(|_| Lost::Cut(Vec::new()))?;
        let mut buffer = vec![0; 65_536];
        loop {
            if whole(&got) {
                return Ok(got);
            }
            let limit = self.dial.answer + 1_000;
            if self.flaw != Flaw::ReadsEverything && (got.len() > limit || announced(&got) > limit)
            {
                return Err(Lost::TooLarge);
            }
            match stream.read(&mut buffer).await {
                Ok(n) if n > 0 => got.extend_from_slice(&buffer[..n]),
                _ => return Err(Lost::Cut(got)),
            }
        }
    }

    fn bytes(&self, step: &Outgoing<'_>, bearer: Option<&Bearer>) -> Result<Vec<u8>, &'static str> {
        let Some(request) = step.request() else {
            if self.flaw == Flaw::SendsLocalCalls {
                return Ok(b"POST /call HTTP/1.1\r\n\r\n".to_vec());
            }
            return Err("not_a_request");
        };
        let url = request.url.strip_prefix("https://").unwrap_or_default();
        let (host, path) = url.split_once('/').unwrap_or_default();
        let mut path = path.to_owned();
        match self.flaw {
            Flaw::DecodesPaths => path = path.replace("%2F", "/"),
            Flaw::DropsQueries => path.truncate(path.find('?').unwrap_or(path.len())),
            _ => {}
        }
        let mut headers = request.headers.to_vec();
        if self.flaw == Flaw::SortsHeaders {
            headers.sort();
        }
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        add("host", host);
        match self.flaw {
            Flaw::AddsUserAgent => add("user-agent", "flawed/1"),
            Flaw::AddsConnectionClose => add("connection", "close"),
            _ => {}
        }
        if let Some(cookie) = lock(&self.cookie).as_deref() {
            add("cookie", cookie);
        }
        let authorization = match bearer {
            None if request.credential && self.flaw != Flaw::SendsWithoutBearer => {
                return Err("credential_missing");
            }
            None => None,
            Some(bearer) => match bearer.authorization(step) {
                Ok(value) => Some(value.to_string()),
                Err(_) if self.flaw == Flaw::SendsAnyBearer => Some("Bearer ?".to_owned()),
                Err(_) if self.flaw == Flaw::SendsBearerAlways => Some("Bearer ?".to_owned()),
                Err(_) if request.credential => return Err("wrong_ticket"),
                Err(_) => None,
            },
        };
        if let Some(value) = authorization {
            value.clone_into(&mut lock(&self.last));
            let clean = value.bytes().all(|b| (b' '..=b'~').contains(&b));
            if !clean && self.flaw != Flaw::PassesLineBreaks {
                return Err("credential_malformed");
            }
            add("authorization", &value);
        }
        let body = match self.flaw {
            Flaw::TrimsBodies => request.body.trim_ascii(),
            _ => request.body,
        };
        if !body.is_empty() && self.flaw != Flaw::SendsNoLength {
            add("content-length", &body.len().to_string());
        }
        let mut text = format!("{} /{path} HTTP/1.1\r\n", request.method);
        for (name, value) in headers {
            text.extend([&name, ": ", &value, "\r\n"]);
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        Ok(bytes)
    }
}

fn head(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&bytes[..end]).into_owned(), end + 4))
}

fn announced(bytes: &[u8]) -> usize {
    let Some((head, _)) = head(bytes) else { return 0 };
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut named = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    named.next().map_or(0, |(_, n)| n.trim().parse().unwrap_or(usize::MAX))
}

fn whole(bytes: &[u8]) -> bool {
    let Some((head, end)) = head(bytes) else { return false };
    let two = head.to_ascii_lowercase().matches("content-length").count() > 1;
    let framed = head.to_ascii_lowercase().contains("content-length");
    let empty = [" 204 ", " 304 "].iter().any(|status| head.contains(status));
    head.starts_with("HTTP/1.1 ")
        && !head.starts_with("HTTP/1.1 1")
        && !two
        && (framed || empty)
        && bytes.len() >= end.saturating_add(announced(bytes))
}

fn read(bytes: &[u8]) -> Option<Answer> {
    let (head, end) = head(bytes)?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
    Some(Answer::new(status, headers.collect(), bytes[end..].to_vec()))
}

#[async_trait]
impl Transport for Flawed {
    async fn send(&self, step: Outgoing<'_>, bearer: Option<&Bearer>) -> Sent {
        let bytes = match self.bytes(&step, bearer) {
            Ok(bytes) => bytes,
            Err(code) => return Sent::NotSent(code),
        };
        if let Some(answer) = lock(&self.cached).clone() {
            return Sent::Answer(answer);
        }
        if self.flaw == Flaw::LogsPaths {
            tracing::info!(url = step.request().map(|r| r.url), "sending");
        }
        let mut limit = self.dial.timeout;
        if self.flaw == Flaw::WaitsForEver {
            limit = Duration::from_secs(3_600);
        }
        let mut tries = 0;
        let result = loop {
            tries += 1;
            let Ok(result) = tokio::time::timeout(limit, self.exchange(&bytes)).await else {
                return Sent::InDoubt("timed_out");
            };
            let again = match &result {
                Err(_) => self.flaw == Flaw::TriesAgain,
                Ok(got) => {
                    let status = read(got).map_or(0, |answer| answer.status);
                    (self.flaw == Flaw::TriesAgainWhenBusy && matches!(status, 429 | 503))
                        || (self.flaw == Flaw::FollowsRedirects && (301..=308).contains(&status))
                }
            };
            if !again || tries == 2 {
                break result;
            }
        };
        match result {
            Ok(got) => {
                let Some(mut answer) = read(&got) else { return Sent::InDoubt("malformed") };
                if answer.body.len() > self.dial.answer && self.flaw != Flaw::ReadsEverything {
                    return Sent::InDoubt("too_large");
                }
                if self.flaw == Flaw::KeepsCookies {
                    *lock(&self.cookie) = answer.header("set-cookie").map(str::to_owned);
                }
                if self.flaw == Flaw::Caches {
                    *lock(&self.cached) = answer.header("cache-control").map(|_| answer.clone());
                }
                if self.flaw == Flaw::LosesHeadersOfAnswers {
                    answer.headers.dedup_by(|a, b| a.0 == b.0);
                }
                Sent::Answer(answer)
            }
            Err(Lost::Refused) if self.flaw == Flaw::TellsUrls => {
                let url = step.request().map_or("", |request| request.url);
                Sent::NotSent(Box::leak(format!("no connection for {url}").into_boxed_str()))
            }
            Err(Lost::Refused) => Sent::NotSent("connect_failed"),
            Err(Lost::Cut(got)) => match read(&got) {
                Some(answer) if self.flaw == Flaw::CallsAHalfAnAnswer => Sent::Answer(answer),
                _ if self.flaw == Flaw::SaysNotSentWhenLost => Sent::NotSent("lost"),
                _ => Sent::InDoubt("lost"),
            },
            Err(Lost::TooLarge) => Sent::InDoubt("too_large"),
        }
    }

    fn dialled_elsewhere(&self) -> bool {
        self.flaw != Flaw::HidesThatItDials
    }
}

fn flawed(flaw: Flaw) -> impl Fn(Dial) -> Arc<dyn Transport> + Sync {
    move |dial| {
        let last = Mutex::default();
        Arc::new(Flawed { flaw, dial, cookie: Mutex::default(), cached: Mutex::default(), last })
    }
}

#[test]
fn a_transport_on_bare_sockets_conforms() {
    passes(async || transport::all(&flawed(Flaw::None), Bare::IsSent).await);
}

#[test]
fn a_broken_transport_is_caught() {
    let added = "Transport: nothing is added but host, framing and the bearer's authorization";
    let exact = "Transport: exactly the sealed method, URL, headers and body are sent";
    let flaws = [
        (Flaw::TriesAgain, "Transport: nothing is tried again"),
        (Flaw::TriesAgainWhenBusy, "Transport: nothing is tried again"),
        (Flaw::AddsUserAgent, added),
        (Flaw::AddsConnectionClose, added),
        (Flaw::SortsHeaders, added),
        (Flaw::DecodesPaths, exact),
        (Flaw::DropsQueries, exact),
        (Flaw::TrimsBodies, "Transport: the body is framed by its length"),
        (Flaw::SendsNoLength, "Transport: the body is framed by its length"),
        (Flaw::KeepsCookies, added),
        (Flaw::Caches, "Transport: one request goes out once, on a connection of its own"),
        (Flaw::SendsAnyBearer, "Transport: a bearer of another ticket is refused"),
        (Flaw::SendsWithoutBearer, "Transport: a step that carries the credential is not sent"),
        (Flaw::SaysNotSentWhenLost, "Transport: without a whole answer it is in doubt"),
        (Flaw::CallsAHalfAnAnswer, "Transport: without a whole answer it is in doubt"),
        (Flaw::WaitsForEver, "Transport: sending is bounded in time"),
        (Flaw::TellsUrls, "Transport: what went wrong is told by a stable code"),
        (Flaw::PrintsTokens, "Transport: no part of a URL and no secret"),
        (Flaw::LogsPaths, "Transport: no part of a URL and no secret"),
        (Flaw::HidesThatItDials, "Transport: an overridden address is stated"),
        (Flaw::SendsLocalCalls, "Transport: a local call is not sent"),
        (Flaw::PassesLineBreaks, "Transport: a token cannot break out of its header"),
        (Flaw::LosesHeadersOfAnswers, "Transport: the answer is given as it is"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            transport::all(&flawed(flaw), Bare::IsSent).await;
        });
    }
    catches("FollowsRedirects", "Transport: no redirect is followed", async || {
        transport::follows_no_redirect(&flawed(Flaw::FollowsRedirects)).await;
    });
    catches("AddsUserAgent", added, async || {
        transport::adds_nothing_to_a_bare_request(&flawed(Flaw::AddsUserAgent), Bare::IsSent).await;
    });
    let bare = "Transport: a request that it could not send exactly is not sent";
    catches("a transport that sends what it should refuse", bare, async || {
        transport::adds_nothing_to_a_bare_request(&flawed(Flaw::None), Bare::IsRefused).await;
    });
    let without = "Transport: the bearer goes with a step that carries the credential";
    catches("SendsBearerAlways", without, async || {
        let make = flawed(Flaw::SendsBearerAlways);
        transport::sends_without_a_credential_where_none_is_planned(&make).await;
    });
    catches("ReadsEverything", "Transport: ", async || {
        transport::is_bounded_in_size(&flawed(Flaw::ReadsEverything)).await;
    });
}
