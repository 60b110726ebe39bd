//! A small HTTP/1.1 client: a naive agent, or an observer who takes nobody's word.
//!
//! Plain HTTP to loopback addresses only, one connection per call, redirects shown and not followed,
//! nothing retried, no header added but `host` and those for the body.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::form;

/// Longest answer body accepted, in bytes.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A call waits this long for its whole answer unless [`Call::patience`] says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// If the body is not one JSON value.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// First value of a header, if it is there and is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why no complete answer came.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProbeError {
    /// The address is not a loopback address.
    NotLoopback,
    /// Path, header or method can't be sent.
    BadRequest(http::Error),
    /// No connection.
    Connect(std::io::Error),
    /// The connection ended before the answer's head was complete.
    NoAnswer(hyper::Error),
    /// The head came, the body did not end as announced or was longer than [`MAX_ANSWER`].
    BrokenBody {
        /// Status that had arrived.
        status: u16,
        /// What was wrong with the body.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Patience ran out.
    Timeout,
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback => f.write_str("the probe talks to loopback addresses only"),
            Self::BadRequest(_) => f.write_str("the request can't be sent"),
            Self::Connect(_) => f.write_str("no connection"),
            Self::NoAnswer(_) => f.write_str("the connection ended without an answer"),
            Self::BrokenBody { status, .. } => write!(f, "broken body after status {status}"),
            Self::Timeout => f.write_str("no complete answer in time"),
        }
    }
}

impl std::error::Error for ProbeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::BadRequest(source) => Some(source),
            Self::Connect(source) => Some(source),
            Self::NoAnswer(source) => Some(source),
            Self::BrokenBody { source, .. } => {
                let source: &(dyn std::error::Error + 'static) = source.as_ref();
                Some(source)
            }
            Self::NotLoopback | Self::Timeout => None,
        }
    }
}

/// A request in the making, for what the shortcuts below don't cover.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Call {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    patience: Duration,
}

impl Call {
    /// A request for a path with its query, both already percent-encoded.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            patience: PATIENCE,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `Authorization: Bearer …`, if there is a token.
    pub fn bearer(self, token: Option<&str>) -> Self {
        match token {
            Some(token) => self.header("authorization", &format!("Bearer {token}")),
            None => self,
        }
    }

    /// A JSON body in compact form.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// A form body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.body("application/x-www-form-urlencoded", form::encode(pairs.iter().copied()))
    }

    /// Any body.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    /// How long to wait for the whole answer.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends it and waits for the whole answer.
    ///
    /// # Errors
    /// [`ProbeError`], if no complete answer came.
    pub async fn send(self, addr: SocketAddr) -> Result<Answer, ProbeError> {
        if !addr.ip().is_loopback() {
            return Err(ProbeError::NotLoopback);
        }
        let patience = self.patience;
        tokio::time::timeout(patience, self.exchange(addr))
            .await
            .unwrap_or(Err(ProbeError::Timeout))
    }

    async fn exchange(self, addr: SocketAddr) -> Result<Answer, ProbeError> {
        let mut request = http::Request::builder()
            .method(self.method.as_str())
            .uri(&self.target)
            .header("host", addr.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).map_err(ProbeError::BadRequest)?;

        let stream = TcpStream::connect(addr).await.map_err(ProbeError::Connect)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(ProbeError::NoAnswer)?;
        // Ends by itself when the sender is dropped; its error reaches us through the sender too.
        let driver = tokio::spawn(connection);
        let answer = async {
            let response = sender.send_request(request).await.map_err(ProbeError::NoAnswer)?;
            let (head, body) = response.into_parts();
            let status = head.status.as_u16();
            let body = Limited::new(body, MAX_ANSWER)
                .collect()
                .await
                .map_err(|source| ProbeError::BrokenBody { status, source })?
                .to_bytes();
            Ok(Answer { status, headers: head.headers, body })
        }
        .await;
        driver.abort();
        answer
    }
}

/// GET.
///
/// # Errors
/// [`ProbeError`], if no complete answer came. Any status is an answer.
pub async fn get_json(
    addr: SocketAddr,
    target: &str,
    bearer: Option<&str>,
) -> Result<Answer, ProbeError> {
    Call::new("GET", target).bearer(bearer).send(addr).await
}

/// POST with a JSON body.
///
/// # Errors
/// [`ProbeError`], if no complete answer came. Any status is an answer.
pub async fn post_json(
    addr: SocketAddr,
    target: &str,
    bearer: Option<&str>,
    body: &Value,
) -> Result<Answer, ProbeError> {
    Call::new("POST", target).bearer(bearer).json(body).send(addr).await
}

/// POST with a form body and without credentials other than those in the form.
///
/// # Errors
/// [`ProbeError`], if no complete answer came. Any status is an answer.
pub async fn post_form(
    addr: SocketAddr,
    target: &str,
    pairs: &[(&str, &str)],
) -> Result<Answer, ProbeError> {
    Call::new("POST", target).form(pairs).send(addr).await
}
