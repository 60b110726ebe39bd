//! The back channel.

use std::time::Duration;

use countersign_core::{Backchannel as _, BackchannelError, BackchannelRequest};
use countersign_http::{BACKCHANNEL_ANSWER, HttpBackchannel, HttpBackchannelBuilder, HttpError};

use crate::support::{Act, Server, ok, write};

const ORIGIN: &str = "https://tenant.eu.auth0.com";

fn channel(server: &Server) -> HttpBackchannel {
    builder(server).build().unwrap()
}

fn builder(server: &Server) -> HttpBackchannelBuilder {
    HttpBackchannel::builder()
        .origin(ORIGIN)
        .dangerous_dial("tenant.eu.auth0.com", server.address)
        .timeout(Duration::from_secs(1))
}

fn request(method: &'static str, url: &str, body: &str) -> BackchannelRequest {
    let mut headers = vec![("accept", "application/json".to_owned().into())];
    if !body.is_empty() {
        headers.push(("content-type", "application/x-www-form-urlencoded".to_owned().into()));
    }
    BackchannelRequest {
        method,
        url: url.to_owned(),
        headers,
        body: body.as_bytes().to_vec().into(),
    }
}

fn token(body: &str) -> BackchannelRequest {
    request("POST", &format!("{ORIGIN}/oauth/token"), body)
}

#[tokio::test]
async fn a_request_is_the_given_one_and_host_and_framing() {
    let server = Server::start(ok()).await;
    let channel = channel(&server);
    assert!(channel.dialled_elsewhere());
    let mut exchange = token("grant_type=x&client_secret=y");
    exchange.headers.push(("authorization", "Basic swordfish".to_owned().into()));
    let answer = channel.send(exchange).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
    channel.send(request("GET", &format!("{ORIGIN}/.well-known/jwks.json?a=b"), "")).await.unwrap();
    channel.send(token("")).await.unwrap();
    let sent: Vec<String> =
        server.requests().into_iter().map(|r| String::from_utf8(r).unwrap()).collect();
    assert_eq!(
        sent,
        [
            "POST /oauth/token HTTP/1.1\r\nhost: tenant.eu.auth0.com\r\n\
             accept: application/json\r\n\
             content-type: application/x-www-form-urlencoded\r\nauthorization: Basic swordfish\r\n\
             content-length: 28\r\n\r\ngrant_type=x&client_secret=y",
            "GET /.well-known/jwks.json?a=b HTTP/1.1\r\nhost: tenant.eu.auth0.com\r\n\
             accept: application/json\r\n\r\n",
            "POST /oauth/token HTTP/1.1\r\nhost: tenant.eu.auth0.com\r\n\
             accept: application/json\r\ncontent-length: 0\r\n\r\n",
        ]
    );
}

#[tokio::test]
async fn only_the_listed_origins_are_reached() {
    let server = Server::start(ok()).await;
    let plain = format!("http://{}", server.address);
    let channel = builder(&server).origin(&plain).build().unwrap();
    channel.send(request("GET", &format!("{ORIGIN}:443/a"), "")).await.unwrap();
    channel.send(request("GET", &format!("{plain}/a"), "")).await.unwrap();
    for url in [
        "https://auth0.com/",
        "https://evil.tenant.eu.auth0.com/",
        "https://tenant.eu.auth0.com.evil.example/",
        "https://tenant.eu.auth0.com:8443/",
        "http://tenant.eu.auth0.com/",
        "http://tenant.eu.auth0.com:443/",
        "http://127.0.0.1:1/",
        "https://169.254.169.254/latest/meta-data/",
    ] {
        let refused = channel.send(request("GET", url, "")).await;
        assert_eq!(refused, Err(BackchannelError::Origin), "{url}");
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_as_it_is_is_malformed() {
    let server = Server::start(ok()).await;
    let channel = channel(&server);
    let url = format!("{ORIGIN}/a");
    let with = |name, value: &str| {
        let mut request = token("a=b");
        request.headers.push((name, value.to_owned().into()));
        request
    };
    let bad = [
        request("PUT", &url, ""),
        request("get", &url, ""),
        request("GET", &url, "body"),
        request("GET", ORIGIN, ""),
        request("GET", "https://tenant.eu.auth0.com@evil.example/", ""),
        request("GET", "https://TENANT.eu.auth0.com/", ""),
        request("GET", "https://tenant.eu.auth0.com/a b", ""),
        request("GET", "https://tenant.eu.auth0.com/#a", ""),
        request("GET", "ftp://tenant.eu.auth0.com/", ""),
        request("GET", "", ""),
        with("host", "evil.example"),
        with("content-length", "1"),
        with("transfer-encoding", "chunked"),
        with("content-type", "twice"),
        with("Accept", "upper"),
        with("x a", "b"),
        with("", "b"),
        with("x-a", "b\r\nx-injected: c"),
        with("x-a", "\u{e9}"),
    ];
    for (at, request) in bad.into_iter().enumerate() {
        let refused = channel.send(request).await;
        assert_eq!(refused, Err(BackchannelError::Malformed), "case {at}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn redirects_are_answers_and_nothing_is_tried_again() {
    let elsewhere = Server::start(ok()).await;
    let location = elsewhere.url("/");
    let text = format!("HTTP/1.1 307 X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let server = Server::start(write(&text)).await;
    assert_eq!(channel(&server).send(token("a=b")).await.unwrap().status, 307);
    assert_eq!((server.connections(), elsewhere.connections()), (1, 0));

    for act in [write(""), write("HTTP/1.1 200 OK\r\n"), Act::Stall(Vec::new()), Act::Slam] {
        let server = Server::start(act).await;
        let lost = channel(&server).send(token("a=b")).await;
        assert_eq!(lost, Err(BackchannelError::Unreachable));
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn an_answer_beyond_one_mebibyte_is_too_large() {
    for (length, fits) in [(BACKCHANNEL_ANSWER, true), (BACKCHANNEL_ANSWER + 1, false)] {
        let body = "x".repeat(length);
        let server = Server::start(write(&format!("HTTP/1.1 200 OK\r\n\r\n{body}"))).await;
        let answer = channel(&server).send(token("a=b")).await;
        let length = fits.then_some(length).ok_or(BackchannelError::TooLarge);
        assert_eq!(answer.map(|answer| answer.body.len()), length);
    }
}

#[test]
fn a_channel_without_a_proper_origin_is_not_built() {
    let error = |origin: &str| HttpBackchannel::builder().origin(origin).build().unwrap_err();
    for origin in [
        "",
        "tenant.eu.auth0.com",
        "https://tenant.eu.auth0.com/",
        "https://tenant.eu.auth0.com/path",
        "https://tenant.eu.auth0.com?a",
        "https://user@tenant.eu.auth0.com",
        "https://Tenant.eu.auth0.com",
        "https://*.auth0.com",
        "http://tenant.eu.auth0.com",
        "http://localhost:3000",
    ] {
        assert_eq!(error(origin), HttpError::Origin, "{origin}");
    }
    assert_eq!(HttpBackchannel::builder().build().unwrap_err(), HttpError::NoOrigin);
}

#[tokio::test]
async fn nothing_of_a_request_is_printed() {
    let server = Server::start(ok()).await;
    let channel = channel(&server);
    let error = channel.send(request("GET", "https://swordfish.example/", "")).await.unwrap_err();
    let printed =
        format!("{channel:?} {:?} {:?} {error:?} {error}", builder(&server), token("swordfish"));
    assert!(!printed.contains("swordfish") && !printed.contains("auth0"), "{printed}");
}
