//! What is refused before a connection is made, and what is never printed.

use std::fmt::Write as _;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign_core::{AccessToken, Bearer, Sent, Transport as _};
use countersign_http::{HttpError, HttpTransport, MAX_TIMEOUT};

use crate::support::{
    NOW, Server, TOKEN, admitted, admitted_call, bearer, builder, get, not_sent, ok, send,
    transport,
};

#[tokio::test]
async fn plain_http_goes_to_loopback_literals_alone() {
    let server = Server::start(ok()).await;
    let port = server.address.port();
    let transport = builder().dangerous_dial("example.com", server.address).build().unwrap();
    for host in ["example.com", "localhost", "10.0.0.1", "0.0.0.0", "[::]"] {
        let sent = send(&transport, get(&format!("http://{host}:{port}/"))).await;
        assert_eq!(not_sent(&sent), "plain_http_refused", "{host}");
    }
    assert_eq!(not_sent(&send(&transport, get("http://example.com/")).await), "plain_http_refused");
    assert_eq!(server.connections(), 0);
}

#[cfg(not(feature = "rustls"))]
#[tokio::test]
async fn without_tls_https_is_not_sent() {
    let sent = send(&transport(), get("https://www.googleapis.com/")).await;
    assert_eq!(not_sent(&sent), "tls_unavailable");
}

#[tokio::test]
async fn a_credential_is_needed_and_has_to_be_this_tickets() {
    let server = Server::start(ok()).await;
    let transport = transport();
    let (mut one, other) =
        (admitted(vec![get(&server.url("/"))]).await, admitted(vec![get(&server.url("/"))]).await);
    let sent = transport.send(one.next(NOW).unwrap().unwrap(), None).await;
    assert_eq!(not_sent(&sent), "credential_missing");
    one.report(countersign_ticket::Report::NotSent);
    let sent = transport.send(one.next(NOW).unwrap().unwrap(), Some(&bearer(&other))).await;
    assert_eq!(not_sent(&sent), "wrong_ticket");
    one.report(countersign_ticket::Report::NotSent);
    for token in ["a\r\nx-injected: 1", "caf\u{e9}", "a\0"] {
        let mut fresh = admitted(vec![get(&server.url("/"))]).await;
        let bearer = Bearer::new(&fresh, AccessToken::new(token.to_owned()), Vec::new());
        let sent = transport.send(fresh.next(NOW).unwrap().unwrap(), Some(&bearer)).await;
        assert_eq!(not_sent(&sent), "credential_malformed");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_local_call_is_not_sent() {
    let mut admitted = admitted_call().await;
    let sent = transport().send(admitted.next(NOW).unwrap().unwrap(), None).await;
    assert_eq!(not_sent(&sent), "not_a_request");
}

#[test]
fn without_a_runtime_nothing_is_sent() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut admitted = runtime.block_on(admitted(vec![get("http://127.0.0.1:9/")]));
    let (transport, bearer) = (transport(), bearer(&admitted));
    let sending = transport.send(admitted.next(NOW).unwrap().unwrap(), Some(&bearer));
    let polled = pin!(sending).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(sent) = polled else { panic!("pending") };
    assert_eq!(not_sent(&sent), "no_runtime");
}

#[tokio::test]
async fn the_credential_and_the_url_are_never_printed() {
    let lost = Server::start(crate::support::write("HTTP/1.1 200")).await;
    let transport = builder().dangerous_dial("secret.example", lost.address).build().unwrap();
    let mut printed = format!("{transport:?} {:#?} {:?}", transport, builder());
    for url in [lost.url("/path-swordfish"), "http://127.0.0.1:1/path-swordfish".to_owned()] {
        let mut admitted = admitted(vec![get(&url)]).await;
        let bearer = bearer(&admitted);
        let sent = transport.send(admitted.next(NOW).unwrap().unwrap(), Some(&bearer)).await;
        assert!(!matches!(sent, Sent::Answer(_)));
        write!(printed, "{sent:?} {bearer:?}").unwrap();
    }
    assert!(printed.contains("connection_lost") && printed.contains("connect_failed"));
    for secret in [TOKEN, "swordfish", "secret.example", "Bearer y"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn a_transport_that_makes_no_sense_is_not_built() {
    let loopback = "127.0.0.1:80".parse().unwrap();
    let error = |builder: countersign_http::HttpTransportBuilder| builder.build().unwrap_err();
    let b = HttpTransport::builder;
    for timeout in [Duration::ZERO, MAX_TIMEOUT + Duration::from_nanos(1), Duration::MAX] {
        assert_eq!(error(b().timeout(timeout)), HttpError::Timeout);
        assert_eq!(error(b().connect_timeout(timeout)), HttpError::Timeout);
    }
    assert_eq!(error(b().answer_limit(0)), HttpError::Limit);
    for address in ["10.0.0.1:80", "0.0.0.0:80", "[::]:80", "[::ffff:127.0.0.1]:80", "8.8.8.8:1"] {
        let dialled = b().dangerous_dial("a.example", address.parse().unwrap());
        assert_eq!(error(dialled), HttpError::NotLoopback, "{address}");
    }
    for host in ["", "A.example", "a.example:443", "https://a.example", "a..example", "127.0.0.1"] {
        assert_eq!(error(b().dangerous_dial(host, loopback)), HttpError::Host, "{host}");
    }
    #[cfg(feature = "rustls")]
    for roots in [vec![], vec![b"not a certificate".to_vec()]] {
        assert_eq!(error(b().trust_only(roots)), HttpError::Roots);
    }
    assert_eq!(HttpError::Roots.code(), "no_roots");
}
