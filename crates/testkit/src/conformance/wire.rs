//! One HTTP/1.1 request, read off the bytes that a server received.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::{broken, done, holds};
use crate::servers::{Raw, Then};

/// A request line, headers in order, and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Written {
    /// Reads everything that came on one connection: exactly one request, and nothing behind it.
    #[track_caller]
    pub(super) fn read(clause: &str, bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let Some((head, body)) = end.and_then(|end| bytes.split_at_checked(end)) else {
            broken(clause, format!("{} bytes without a complete head", bytes.len()))
        };
        let head = done(clause, std::str::from_utf8(head));
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let headers = lines.map(|line| match line.split_once(':') {
            Some((name, value)) => (name.to_owned(), value.trim().to_owned()),
            None => broken(clause, format!("a header without a colon: {line:?}")),
        });
        let headers = headers.collect();
        let body = body.get(4..).unwrap_or_default().to_vec();
        Self { line, headers, body }
    }

    /// Takes out the only header of a name.
    #[track_caller]
    pub(super) fn take(&mut self, clause: &str, name: &str) -> Option<String> {
        let named = |(n, _): &(String, String)| n.eq_ignore_ascii_case(name);
        let at = self.headers.iter().position(named)?;
        let (_, value) = self.headers.remove(at);
        holds(clause, !self.headers.iter().any(named), format!("two headers {name}"));
        Some(value)
    }
}

/// A server with a script.
pub(super) async fn raw(script: impl IntoIterator<Item = Then>) -> Raw {
    done("the suite can listen on loopback", Raw::start(script).await)
}

/// An address that nobody listens on.
pub(super) async fn nobody() -> SocketAddr {
    let listener = done("the suite can listen on loopback", TcpListener::bind("127.0.0.1:0").await);
    done("the suite can listen on loopback", listener.local_addr())
}
