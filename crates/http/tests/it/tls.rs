//! TLS, by a root that only these tests trust.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{
    Act, Server, TOKEN, answered, builder, in_doubt, not_sent, ok, post, send, transport, write,
};

const ROOT: &[u8] = include_bytes!("tls/ca.der");
const LOOPBACK: (&[u8], &[u8]) =
    (include_bytes!("tls/loopback.der"), include_bytes!("tls/loopback.key.der"));
const OTHER: (&[u8], &[u8]) =
    (include_bytes!("tls/other.der"), include_bytes!("tls/other.key.der"));

async fn server(act: Act, (certificate, key): (&'static [u8], &'static [u8])) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate)],
            PrivateKeyDer::try_from(key).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Server::start_tls(act, Arc::new(config)).await
}

fn trusting() -> countersign_http::HttpTransport {
    builder().trust_only(vec![ROOT.to_vec()]).build().unwrap()
}

fn url(server: &Server) -> String {
    format!("https://{}/a", server.address)
}

#[tokio::test]
async fn behind_tls_the_bytes_are_the_same() {
    let server = server(ok(), LOOPBACK).await;
    let answer = answered(send(&trusting(), post(&url(&server), "x")).await);
    assert_eq!(answer.body, b"ok");
    assert_eq!(
        server.request(),
        format!(
            "POST /a HTTP/1.1\r\nhost: {}\r\naccept: text/plain\r\nauthorization: Bearer {TOKEN}\r\n\
             content-length: 1\r\n\r\nx",
            server.address
        )
    );
    assert!(rustls::crypto::CryptoProvider::get_default().is_none(), "nothing was installed");
}

#[tokio::test]
async fn an_unknown_root_or_another_name_is_not_sent() {
    for (transport, identity) in [(transport(), LOOPBACK), (trusting(), OTHER)] {
        let server = server(ok(), identity).await;
        let sent = send(&transport, post(&url(&server), "x")).await;
        assert_eq!(not_sent(&sent), "connect_failed");
        assert_eq!((server.connections(), server.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_handshake_that_fails_or_never_ends_is_not_sent() {
    let transport = builder()
        .trust_only(vec![ROOT.to_vec()])
        .connect_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    for act in [ok(), Act::Slam] {
        let plain = Server::start(act).await;
        let start = Instant::now();
        assert_eq!(not_sent(&send(&transport, post(&url(&plain), "x")).await), "connect_failed");
        assert!(start.elapsed() < Duration::from_secs(3));
        assert_eq!(plain.connections(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_without_notice_is_in_doubt() {
    // Without a length the answer ends with the connection; TLS says whether the server ended it.
    let server = server(write("HTTP/1.1 200 OK\r\n\r\nhalf"), LOOPBACK).await;
    let sent = send(&trusting(), post(&url(&server), "x")).await;
    assert_eq!(in_doubt(&sent), "answer_incomplete");
}
