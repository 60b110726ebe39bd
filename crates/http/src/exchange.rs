//! One request and its answer, and how sending ends.

use core::future::{Future as _, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;

use countersign_core::Answer;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Whole;

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

    /// Why writing or reading failed.
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

/// Writes a request and reads its answer, at most `limit` bytes of body. The connection is driven here
/// and by nobody else: when this is dropped it is closed, and nothing more of the request is written. A
/// layer that wants a `farewell` before that gets one, if it can be said without waiting.
pub(crate) async fn exchange<S>(
    stream: S,
    request: Request<Whole>,
    limit: usize,
    farewell: bool,
) -> Result<Answer, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| Fault::of(&error, Fault::Lost))?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async move {
        let answer = sender.send_request(request).await;
        read(answer.map_err(|error| Fault::of(&error, Fault::Lost))?, limit).await
    });
    let mut ended = false;
    let answer = poll_fn(|context| {
        // Twice: once the head is read, the body is asked for.
        for _ in 0..2 {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            // Why it ended is told to whoever waits for the answer.
            ended = ended || connection.as_mut().poll(context).is_ready();
        }
        match answer.as_mut().poll(context) {
            Poll::Pending if ended => Poll::Ready(Err(Fault::Lost)),
            answer => answer,
        }
    });
    let answer = answer.await?;
    if farewell && !ended {
        poll_fn(|context| Poll::Ready(connection.as_mut().poll(context).is_ready())).await;
    }
    Ok(answer)
}

async fn read(answer: Response<Incoming>, limit: usize) -> Result<Answer, Fault> {
    let (head, mut body) = answer.into_parts();
    let limit_u64 = u64::try_from(limit).unwrap_or(u64::MAX);
    let announced = body.size_hint().exact();
    if announced.is_some_and(|length| length > limit_u64) {
        return Err(Fault::TooLarge);
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| Fault::of(&error, Fault::Incomplete))?;
        // Trailers are not part of what is reported.
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit.saturating_sub(bytes.len()) {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Answer::new(head.status.as_u16(), headers, bytes))
}
