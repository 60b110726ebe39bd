//! How sending ends.

use core::error::Error;
use core::iter::successors;

use countersign_core::Answer;
use reqwest::Response;
use reqwest::header::HeaderValue;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    PlainHttp,
    NoTls,
    NoRuntime,
    Connect,
    TimedOut,
    Lost,
    Incomplete,
    Malformed,
    TooLarge,
}

impl Fault {
    /// The stable code, and whether it is proven that nothing was sent.
    pub(crate) const fn code(self) -> (&'static str, bool) {
        match self {
            Self::PlainHttp => ("plain_http_refused", true),
            Self::NoTls => ("tls_unavailable", true),
            Self::NoRuntime => ("no_runtime", true),
            Self::Connect => ("connect_failed", true),
            Self::TimedOut => ("timed_out", false),
            Self::Lost => ("connection_lost", false),
            Self::Incomplete => ("answer_incomplete", false),
            Self::Malformed => ("answer_malformed", false),
            Self::TooLarge => ("answer_too_large", false),
        }
    }

    /// An error of a request that was handed to the client. It is looked at and dropped, with the URL
    /// that it holds.
    ///
    /// Only what happened while connecting is known to have happened before the first byte. Errors of
    /// the builder are not: reqwest calls a `location` so, too, that it cannot read.
    pub(crate) fn sending(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Connect
        } else if error.is_builder() || error.is_redirect() {
            Self::Malformed
        } else {
            Self::of(error, Self::Lost)
        }
    }

    fn of(error: &reqwest::Error, otherwise: Self) -> Self {
        let chain = successors(error.source(), |&error| error.source());
        let http = chain.filter_map(|error| error.downcast_ref::<hyper::Error>());
        for error in http {
            if error.is_parse_too_large() {
                return Self::TooLarge;
            } else if error.is_parse() {
                return Self::Malformed;
            }
        }
        if error.is_timeout() { Self::TimedOut } else { otherwise }
    }
}

/// Reads an answer, at most `limit` bytes of body.
pub(crate) async fn read(mut answer: Response, limit: usize) -> Result<Answer, Fault> {
    let limit_u64 = u64::try_from(limit).unwrap_or(u64::MAX);
    if answer.content_length().is_some_and(|length| length > limit_u64) {
        return Err(Fault::TooLarge);
    }
    let status = answer.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
    let mut bytes = Vec::new();
    // Trailers are not part of what is reported.
    while let Some(data) =
        answer.chunk().await.map_err(|error| Fault::of(&error, Fault::Incomplete))?
    {
        if data.len() > limit.saturating_sub(bytes.len()) {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Answer::new(status, headers, bytes))
}
