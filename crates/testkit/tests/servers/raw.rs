//! The server of raw bytes.

use std::time::Duration;

use countersign_testkit::servers::probe::{self, Call, ProbeError};
use countersign_testkit::servers::{Raw, Then, http_answer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn raw_plays_its_script_and_repeats_the_last_entry() {
    let script =
        [Then::http(201, &[("x-a", "1")], b"one"), Then::Close, Then::http(200, &[], b"two")];
    let server = Raw::start(script).await.unwrap();
    let first = probe::get_json(server.addr(), "/a", None).await.unwrap();
    assert_eq!((first.status, first.header("x-a"), &first.body[..]), (201, Some("1"), &b"one"[..]));
    let second = probe::get_json(server.addr(), "/b", None).await;
    assert!(matches!(second, Err(ProbeError::NoAnswer(_))), "{second:?}");
    for _ in 0..2 {
        assert_eq!(probe::get_json(server.addr(), "/c", None).await.unwrap().body, "two");
    }
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn raw_keeps_every_byte_also_behind_the_first_request() {
    let server = Raw::start([Then::Answer(http_answer(200, &[], b""))]).await.unwrap();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let request = b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\n\0\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = [0; 17];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 Said");
    assert!(!server.settled(Duration::from_millis(5)).await, "the connection is open");
    stream.write_all(b"and more").await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(server.settled(PATIENT).await);
    assert_eq!(server.received(), [[&request[..], b"and more"].concat()]);
}

#[tokio::test]
async fn raw_can_be_silent_endless_or_gone_at_once() {
    let pause = Duration::from_millis(1);
    let endless = Then::Endless("HTTP/1.1 200 OK\r\n".into(), "x: y\r\n".into(), pause);
    for then in [Then::Silence, endless] {
        let server = Raw::start([then]).await.unwrap();
        let call = Call::new("GET", "/").patience(Duration::from_millis(50));
        let answer = call.send(server.addr()).await;
        assert!(matches!(answer, Err(ProbeError::Timeout)), "{answer:?}");
        assert_eq!(server.connections(), 1);
    }
    let server = Raw::start([]).await.unwrap();
    assert!(Call::new("GET", "/").send(server.addr()).await.is_err());
    assert_eq!(server.received(), [b""]);
}
