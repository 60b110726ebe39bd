//! One request and one answer on one connection.

use core::future::poll_fn;
use core::pin::pin;

use bytes::Bytes;
use countersign_core::Answer;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::client::Stream;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    PlainHttp,
    NoTls,
    NoRuntime,
    Connect,
    Closed,
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
            Self::Closed => ("connection_closed", true),
            Self::TimedOut => ("timed_out", false),
            Self::Lost => ("connection_lost", false),
            Self::Incomplete => ("answer_incomplete", false),
            Self::Malformed => ("answer_malformed", false),
            Self::TooLarge => ("answer_too_large", false),
        }
    }

    /// An error of the connection, from when bytes may have left. It is looked at and dropped.
    fn of(error: &hyper::Error, otherwise: Self) -> Self {
        if error.is_parse_too_large() {
            Self::TooLarge
        } else if error.is_parse() {
            Self::Malformed
        } else {
            otherwise
        }
    }
}

/// Writes the request and reads the answer, at most `limit` bytes of body.
pub(crate) async fn exchange(
    stream: Box<dyn Stream>,
    request: http::Request<Bytes>,
    limit: usize,
) -> Result<Answer, Fault> {
    // This prepares buffers; it reads and writes nothing.
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| Fault::Closed)?;
    let talk = async {
        let answer = sender.try_send_request(request.map(Full::new)).await;
        let answer = answer.map_err(|mut error| match error.take_message() {
            // The request comes back only if the connection has not begun to encode it.
            Some(_) => Fault::Closed,
            None => Fault::of(error.error(), Fault::Lost),
        })?;
        read(answer, limit).await
    };

    // The connection is driven here and not by a task of its own: with this future it is gone.
    let (mut connection, mut talk) = (pin!(connection), pin!(talk));
    let mut open = true;
    poll_fn(|context| {
        if open && connection.as_mut().poll(context).is_ready() {
            open = false;
        }
        talk.as_mut().poll(context)
    })
    .await
}

async fn read(answer: http::Response<Incoming>, limit: usize) -> Result<Answer, Fault> {
    let (head, mut body) = answer.into_parts();
    let limit_u64 = u64::try_from(limit).unwrap_or(u64::MAX);
    if body.size_hint().lower() > limit_u64 {
        return Err(Fault::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Fault::of(&error, Fault::Incomplete))?;
        // Trailers are not part of what is reported.
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit.saturating_sub(bytes.len()) {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
    Ok(Answer::new(head.status.as_u16(), headers, bytes))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, duplex};

    use super::*;

    fn request() -> http::Request<Bytes> {
        http::Request::new(Bytes::from_static(b"body"))
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_before_the_first_byte_is_proven_unsent() {
        let (ours, theirs) = duplex(1024);
        drop(theirs);
        let fault = exchange(Box::new(ours), request(), 10).await.map(drop);
        assert_eq!(fault, Err(Fault::Closed));
        assert_eq!(Fault::Closed.code(), ("connection_closed", true));
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_after_the_first_byte_is_not() {
        let (ours, mut theirs) = duplex(1);
        let server = async move {
            theirs.read_u8().await.unwrap();
        };
        let (fault, ()) = tokio::join!(exchange(Box::new(ours), request(), 10), server);
        assert_eq!(fault.map(drop), Err(Fault::Lost));
        assert_eq!(Fault::Lost.code(), ("connection_lost", false));
    }
}
