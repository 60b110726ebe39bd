//! What became of a request: answered, not sent, or in doubt.

use std::time::Duration;

use countersign_core::Transport as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::support::{
    Act, NOW, Server, admitted, answered, bearer, builder, get, in_doubt, not_sent, ok, post, send,
    transport, write,
};

const SHORT: Duration = Duration::from_secs(1);

#[tokio::test]
async fn every_status_is_an_answer_and_no_redirect_is_followed() {
    let elsewhere = Server::start(ok()).await;
    let transport = transport();
    for status in [200, 201, 204, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 429, 500] {
        let server = Server::start(write(&format!(
            "HTTP/1.1 {status} X\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            elsewhere.url("/")
        )))
        .await;
        let answer = answered(send(&transport, post(&server.url("/"), "x")).await);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("location"), Some(elsewhere.url("/").as_str()));
        assert_eq!(server.connections(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn an_answer_is_reported_as_it_came() {
    let server = Server::start(write(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nSet-Cookie: a=1\r\n\
         Set-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n4\r\nzip!\r\n0\r\nx: y\r\n\r\n",
    ))
    .await;
    let transport = transport();
    let answer = answered(send(&transport, get(&server.url("/"))).await);
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"notzip!"[..]));
    let headers: Vec<_> = answer.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(
        headers,
        [
            ("content-encoding", "gzip"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("transfer-encoding", "chunked"),
        ]
    );
    answered(send(&transport, get(&server.url("/"))).await);
    assert!(!String::from_utf8_lossy(&server.requests()[1]).contains("cookie"));
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_in_doubt_and_nothing_is_tried_again() {
    let get_and_post = |url: &str| [get(url), post(url, "x")];
    for (bytes, code) in [
        ("", "connection_lost"),
        ("HTTP/1.1 200", "connection_lost"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", "connection_lost"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "answer_incomplete"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no", "answer_incomplete"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "answer_incomplete"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "answer_malformed"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok", "answer_malformed"),
        ("HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "answer_malformed"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "answer_incomplete"),
    ] {
        let server = Server::start(write(bytes)).await;
        for (at, step) in get_and_post(&server.url("/")).into_iter().enumerate() {
            let sent = send(&transport(), step).await;
            assert_eq!(in_doubt(&sent), code, "{bytes:?}");
            assert_eq!((server.connections(), server.requests().len()), (at + 1, at + 1));
        }
    }
}

#[tokio::test]
async fn a_connection_closed_without_reading_is_not_tried_again() {
    let server = Server::start(Act::Slam).await;
    let transport = transport();
    for n in 1..=20 {
        let sent = send(&transport, get(&server.url("/"))).await;
        assert_eq!(in_doubt(&sent), "connection_lost");
        assert_eq!(server.connections(), n);
    }
}

#[tokio::test]
async fn no_connection_is_kept_for_a_second_request() {
    let transport = transport();
    // Both a server that would keep the connection and one that closes it between requests.
    for act in [ok(), write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")] {
        let server = Server::start(act).await;
        for n in 1..=20 {
            answered(send(&transport, post(&server.url("/"), "x")).await);
            assert_eq!((server.connections(), server.requests().len()), (n, n));
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_never_made_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(not_sent(&send(&transport(), get(&url)).await), "connect_failed");
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_name_that_leads_nowhere_is_not_sent() {
    let transport = builder().connect_timeout(Duration::from_secs(2)).build().unwrap();
    let sent = send(&transport, get("https://nowhere.invalid/")).await;
    assert_eq!(not_sent(&sent), "connect_failed");
}

/// Whether the time to connect or the whole time is the shorter one.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_connection_that_takes_too_long_is_not_sent() {
    let long = Duration::from_secs(5);
    for (connect, whole) in [(SHORT, long), (long, SHORT), (SHORT, SHORT)] {
        let transport = builder().connect_timeout(connect).timeout(whole).build().unwrap();
        // The server waits for the end of a head, and the client for the server's part of the handshake.
        let server = Server::start(ok()).await;
        let url = server.url("/").replace("http:", "https:");
        assert_eq!(not_sent(&send(&transport, post(&url, "x")).await), "connect_failed");
        assert_eq!((server.connections(), server.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn silence_is_in_doubt_when_the_time_is_up() {
    let transport = builder().timeout(SHORT).build().unwrap();
    for begun in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"] {
        let server = Server::start(Act::Stall(begun.as_bytes().to_vec())).await;
        let sent = send(&transport, post(&server.url("/"), "x")).await;
        assert_eq!(in_doubt(&sent), "timed_out");
        assert_eq!((server.connections(), server.requests().len()), (1, 1));
        server.closed(1).await;
    }
}

/// A client that follows redirects looks at the `location`, and fails over one that it cannot read.
#[tokio::test]
async fn no_location_makes_a_sent_request_unsent() {
    let transport = transport();
    for location in [
        "",
        "/",
        "//",
        "http://",
        "http://[",
        "http://a:99999/",
        "http:///",
        "a:80",
        "a://b",
        "x:",
        ":",
        "mailto:a@b",
        "unix:/a",
        "http://\u{e9}/",
        "\\",
        "?",
        "#",
        "file:///a",
        "http://%/",
        "x://%20/",
        "x://a b/",
        "data:,",
        "javascript:0",
        "http://1.2.3.4.5/",
        "x://[::1",
        "https://a.b:0/",
    ] {
        for (status, step) in [(302, get as fn(&str) -> _), (307, |url: &str| post(url, "x"))] {
            let head = format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\n");
            let server = Server::start(write(&format!("{head}content-length: 0\r\n\r\n"))).await;
            let answer = answered(send(&transport, step(&server.url("/"))).await);
            assert_eq!((answer.status, answer.header("location")), (status, Some(location)));
            assert_eq!((server.connections(), server.requests().len()), (1, 1));
        }
    }
}

/// Otherwise the effect could still come about after it was reported as in doubt.
#[tokio::test]
async fn a_request_that_is_given_up_half_written_is_not_written_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let transport = builder().timeout(SHORT).build().unwrap();
    let body = "x".repeat(30_000_000);
    let sent = send(&transport, post(&url, &body)).await;
    assert_eq!(in_doubt(&sent), "timed_out");
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut received = Vec::new();
    let read = stream.read_to_end(&mut received);
    tokio::time::timeout(Duration::from_secs(5), read).await.unwrap().ok();
    assert!(!received.is_empty() && received.len() < body.len(), "{}", received.len());
}

#[tokio::test]
async fn giving_up_waiting_closes_the_connection() {
    let server = Server::start(Act::Stall(Vec::new())).await;
    let transport = transport();
    let mut admitted = admitted(vec![get(&server.url("/"))]).await;
    let bearer = bearer(&admitted);
    let sending = transport.send(admitted.next(NOW).unwrap().unwrap(), Some(&bearer));
    assert!(tokio::time::timeout(SHORT, sending).await.is_err());
    server.closed(1).await;
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_in_doubt() {
    let transport = builder().answer_limit(1000).build().unwrap();
    let sized =
        |n: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {n}\r\n\r\n{}", "x".repeat(n));
    let chunked = |n: usize| {
        let chunk = format!("64\r\n{}\r\n", "x".repeat(100)).repeat(n / 100);
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n")
    };
    let endless = |n: usize| format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(n));
    for fits in [sized(1000), chunked(1000), endless(1000)] {
        let server = Server::start(write(&fits)).await;
        assert_eq!(answered(send(&transport, get(&server.url("/"))).await).body.len(), 1000);
    }
    let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1_000_000));
    for large in [sized(1001), chunked(1100), endless(1001), head] {
        let server = Server::start(write(&large)).await;
        let sent = send(&transport, get(&server.url("/"))).await;
        assert_eq!(in_doubt(&sent), "answer_too_large");
    }
    // Refused by what the server announces, before it is read.
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
    let server = Server::start(Act::Stall(announced.into())).await;
    let sent = send(&transport, get(&server.url("/"))).await;
    assert_eq!(in_doubt(&sent), "answer_too_large");
}
