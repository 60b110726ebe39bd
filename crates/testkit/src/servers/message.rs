//! What crosses the wire.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use super::form::BadEncoding;

/// A request as it arrived, nothing decoded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// Method, as sent.
    pub method: String,
    /// Path, still percent-encoded, without the query.
    pub path: String,
    /// Query, still percent-encoded, without the `?`. `Some("")` for a bare `?`.
    pub query: Option<String>,
    /// Headers. Names are lower case; several values of one name keep their order.
    pub headers: HeaderMap,
    /// The body's exact bytes.
    pub body: Bytes,
}

impl Request {
    /// Path and query as in the request line.
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// First value of a header, if it is there and is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of `Authorization: Bearer …`. The scheme is matched without regard to case
    /// (RFC 9110 section 11.1).
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// If the body is not one JSON value.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The body as `application/x-www-form-urlencoded` pairs, in order, duplicates kept.
    ///
    /// # Errors
    /// If an escape is malformed or the decoded text is not UTF-8.
    pub fn form(&self) -> Result<Vec<(String, String)>, BadEncoding> {
        super::form::parse(&self.body)
    }

    /// Media type of the body: `content-type` without parameters, lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// An answer. `content-length` and `date` are added when it is sent; a `content-length` set by hand
/// is dropped (to lie about the length use [`Fault::truncated`](super::Fault::truncated)).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// Status code, 200 to 999.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A JSON answer in compact form, `application/json; charset=utf-8`.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json; charset=utf-8", body.to_string())
    }

    /// An HTML answer.
    pub fn html(status: u16, body: impl Into<Bytes>) -> Self {
        Self::bytes(status, "text/html; charset=utf-8", body)
    }

    /// An answer of any media type.
    pub fn bytes(status: u16, media_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            body: body.into(),
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
