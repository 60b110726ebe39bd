//! The listener that every server here is built on.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::fault::{Faults, Kind};
use super::log::Log;
use super::message::{Reply, Request};

/// Longest request body a server reads, in bytes. More is answered with 413.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// Locks a mutex whether or not a thread died holding it: a failed assertion in one test must not
/// turn into a second, misleading failure elsewhere.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The logic of one server: a function of a request and its own state. It runs to the end once
/// started, so a request is either processed or not, never half.
pub(crate) trait App: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Reply;
}

/// Everything a connection needs.
pub(crate) struct Shared {
    app: Arc<dyn App>,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

/// A listening socket on 127.0.0.1 and the task that serves it; stops when dropped.
pub(crate) struct Loopback {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loopback").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Loopback {
    /// Binds a free port and starts serving on the current tokio runtime.
    pub(crate) async fn start(app: Arc<dyn App>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            app,
            log: Log::default(),
            faults: Faults::default(),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { addr, shared, task: Some(task) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(crate) async fn stop(mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        if let Some(task) = self.task.take() {
            task.abort();
            // An error here only says that the task was aborted, which is the point.
            let _aborted = task.await;
        }
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropping the set aborts what it holds, so stopping this task closes every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                // Out of file descriptors, for instance: let some close.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // A lost optimisation is no reason to refuse a connection.
    let _unset = stream.set_nodelay(true);
    let service = service_fn(move |request| receive(request, Arc::clone(&shared)));
    // The error is either the client's disconnect or a connection dropped on purpose.
    let _ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct Hangup;

impl fmt::Display for Hangup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection closed on purpose")
    }
}

impl std::error::Error for Hangup {}

async fn receive(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Payload>, Hangup> {
    let (parts, body) = request.into_parts();
    let mut request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body: Bytes::new(),
    };
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => request.body = body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let id = shared.log.arrived(request);
            shared.log.answered(id, 413, false, Some("body_too_large"));
            return Ok(respond(Reply::empty(413), None));
        }
        Err(_) => {
            // The head still counts: whatever secrets it held have reached this server.
            let id = shared.log.arrived(request);
            shared.log.unanswered(id, false, "body_never_ended");
            return Err(Hangup);
        }
    }
    // A task of its own: a real server goes on with a request whose client has lost patience.
    tokio::spawn(run(request, shared)).await.unwrap_or(Err(Hangup))
}

async fn run(request: Request, shared: Arc<Shared>) -> Result<hyper::Response<Payload>, Hangup> {
    let fault = shared.faults.take(&request);
    let id = shared.log.arrived(request.clone());
    let label = fault.as_ref().map(super::Fault::label);
    if let Some(wait) = fault.as_ref().map(super::Fault::wait) {
        pause(wait).await;
        if shared.stopped.load(Ordering::SeqCst) {
            return Err(Hangup);
        }
    }
    match fault.map(super::Fault::into_kind) {
        None | Some(Kind::Pass) => {
            let reply = shared.app.answer(&request);
            shared.log.answered(id, reply.status, true, label);
            Ok(respond(reply, None))
        }
        Some(Kind::Answer(reply)) => {
            shared.log.answered(id, reply.status, false, label);
            Ok(respond(reply, None))
        }
        Some(Kind::DropBefore) => {
            shared.log.unanswered(id, false, label.unwrap_or_default());
            Err(Hangup)
        }
        Some(Kind::LoseAnswer) => {
            let _lost = shared.app.answer(&request);
            shared.log.unanswered(id, true, label.unwrap_or_default());
            Err(Hangup)
        }
        Some(Kind::SlowAnswer(wait)) => {
            let reply = shared.app.answer(&request);
            shared.log.answered(id, reply.status, true, label);
            pause(wait).await;
            Ok(respond(reply, None))
        }
        Some(Kind::Truncate(keep)) => {
            let reply = shared.app.answer(&request);
            shared.log.answered(id, reply.status, true, label);
            Ok(respond(reply, Some(keep)))
        }
    }
}

async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

fn respond(reply: Reply, keep: Option<usize>) -> hyper::Response<Payload> {
    let claimed = reply.body.len();
    let mut response = hyper::Response::new(Payload {
        data: Some(match keep {
            Some(keep) => reply.body.slice(..keep.min(claimed)),
            None => reply.body,
        }),
        cut: keep.is_some(),
        flushed: false,
    });
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value))
            && name != header::CONTENT_LENGTH
        {
            response.headers_mut().append(name, value);
        }
    }
    if let Some(keep) = keep {
        let claimed = claimed.max(keep.min(claimed).saturating_add(1));
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(claimed));
    }
    response
}

/// A body that may end before the length its header claims.
struct Payload {
    data: Option<Bytes>,
    cut: bool,
    flushed: bool,
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Hangup;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Hangup>>> {
        if let Some(data) = self.data.take()
            && !data.is_empty()
        {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if !self.cut {
            return Poll::Ready(None);
        }
        if !self.flushed {
            // One idle turn lets the connection flush what it has before the error closes it.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Hangup)))
    }

    fn is_end_stream(&self) -> bool {
        !self.cut && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        if self.cut {
            // Unknown, so that the claimed length in the header is believed.
            return SizeHint::default();
        }
        let left = self.data.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

/// The part of a handle that every server has.
macro_rules! loopback_handle {
    ($name:ident) => {
        impl $name {
            /// Address it listens on: 127.0.0.1 and a free port.
            pub fn addr(&self) -> std::net::SocketAddr {
                self.host.addr()
            }

            /// `http://127.0.0.1:port`, without a trailing slash.
            pub fn url(&self) -> String {
                format!("http://{}", self.host.addr())
            }

            /// Every request so far, in the order of arrival.
            pub fn requests(&self) -> Vec<$crate::servers::Recorded> {
                self.host.shared().log.all()
            }

            /// Forgets the requests so far.
            pub fn clear_requests(&self) {
                self.host.shared().log.clear();
            }

            /// Waits until at least `count` requests have arrived since the log was last cleared
            /// (arrived, not answered); false if `patience` ran out first.
            pub async fn wait_for_requests(
                &self,
                count: usize,
                patience: std::time::Duration,
            ) -> bool {
                let arrived = self.host.shared().log.reached(count);
                tokio::time::timeout(patience, arrived).await.is_ok()
            }

            /// Connections accepted so far, with or without a request.
            pub fn connections(&self) -> usize {
                self.host.connections()
            }

            /// The queue of faults to inject.
            pub fn faults(&self) -> &$crate::servers::Faults {
                &self.host.shared().faults
            }

            /// Stops listening, closes every connection and waits until that is done. Dropping the
            /// handle does the same without waiting.
            pub async fn stop(self) {
                self.host.stop().await;
            }
        }
    };
}
pub(crate) use loopback_handle;
