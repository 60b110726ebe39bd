//! A server that keeps the bytes it is sent and answers with the bytes it is given.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::http::lock;

/// Most bytes kept of one connection.
const MAX_KEPT: usize = 8 * 1024 * 1024;

/// What to do with one connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Then {
    /// Reads one request, answers with these bytes, and leaves the connection open: whatever else
    /// the client writes on it is kept too.
    Answer(Bytes),
    /// Reads one request, answers with these bytes and closes.
    AnswerAndClose(Bytes),
    /// Reads one request, answers with the first bytes, and with the second again and again, after a
    /// pause each time, until the client goes away.
    Endless(Bytes, Bytes, Duration),
    /// Reads one request and closes without an answer.
    Close,
    /// Reads one request and says nothing for as long as the client waits.
    Silence,
    /// Closes without reading.
    CloseAtOnce,
}

impl Then {
    /// An HTTP/1.1 answer with `content-length`, on a connection that may be used again.
    pub fn http(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        Self::Answer(http_answer(status, headers, body))
    }
}

/// The bytes of an HTTP/1.1 answer with `content-length`.
pub fn http_answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Bytes {
    let line = |all: String, (name, value): &(&str, &str)| all + name + ": " + value + "\r\n";
    let headers = headers.iter().fold(String::new(), line);
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat().into()
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Then>,
    received: Vec<Vec<u8>>,
    open: usize,
}

/// Keeps what each connection was sent, byte for byte, and plays a script: the first connection meets
/// the first entry, and so on; the last entry holds for all further connections.
#[derive(Debug)]
pub struct Raw {
    addr: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Raw {
    /// Starts on a free port of 127.0.0.1. An empty script closes every connection at once.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(script: impl IntoIterator<Item = Then>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let script = script.into_iter().collect();
        let state = Arc::new(Mutex::new(State { script, ..State::default() }));
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { addr, state, task })
    }

    /// Address it listens on: 127.0.0.1 and a free port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        lock(&self.state).received.len()
    }

    /// What each connection has sent so far, in the order in which they were accepted.
    pub fn received(&self) -> Vec<Vec<u8>> {
        lock(&self.state).received.clone()
    }

    /// Waits until no connection is open; false if patience ran out first.
    pub async fn settled(&self, patience: Duration) -> bool {
        let end = Instant::now().checked_add(patience);
        while lock(&self.state).open > 0 {
            if end.is_none_or(|end| Instant::now() >= end) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        true
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (at, then) = {
                    let mut state = lock(&state);
                    state.received.push(Vec::new());
                    state.open = state.open.saturating_add(1);
                    let then = match state.script.len() {
                        0 | 1 => state.script.front().cloned(),
                        _ => state.script.pop_front(),
                    };
                    (state.received.len().saturating_sub(1), then)
                };
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let _closed_by_the_client = serve(stream, at, then, &state).await;
                    let mut state = lock(&state);
                    state.open = state.open.saturating_sub(1);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    at: usize,
    then: Option<Then>,
    state: &Mutex<State>,
) -> io::Result<()> {
    let Some(then) = then else { return Ok(()) };
    if matches!(then, Then::CloseAtOnce) {
        return Ok(());
    }
    while !is_whole(&kept(state, at)) {
        read(&mut stream, at, state).await?;
    }
    match then {
        Then::Answer(bytes) => {
            stream.write_all(&bytes).await?;
            loop {
                read(&mut stream, at, state).await?;
            }
        }
        Then::AnswerAndClose(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Then::Endless(first, again, pause) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
                tokio::time::sleep(pause).await;
            }
        }
        Then::Silence => loop {
            read(&mut stream, at, state).await?;
        },
        Then::Close | Then::CloseAtOnce => stream.shutdown().await,
    }
}

fn kept(state: &Mutex<State>, at: usize) -> Vec<u8> {
    lock(state).received.get(at).cloned().unwrap_or_default()
}

async fn read(stream: &mut TcpStream, at: usize, state: &Mutex<State>) -> io::Result<()> {
    let mut buffer = vec![0u8; 64 * 1024];
    let n = stream.read(&mut buffer).await?;
    buffer.truncate(n);
    let mut state = lock(state);
    match state.received.get_mut(at) {
        Some(kept) if n > 0 && kept.len() < MAX_KEPT => {
            kept.extend_from_slice(&buffer);
            Ok(())
        }
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Whether the bytes hold a head and as much body as it announces.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(0);
    bytes.len() >= end.saturating_add(4).saturating_add(length)
}
