//! Raw servers, and admitted effects from a real gate.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::canon::canonicalize;
use countersign_core::{
    AccessToken, Admitted, Answer, Bearer, Caller, Connection, Digest, EffectId, Jti, Method,
    PolicyVersion, Prepared, Selector, Sent, Step, Tier, Timestamp, ToolName, Transport,
};
use countersign_http::{HttpTransport, HttpTransportBuilder};
use countersign_ticket::{Assessed, Epochs, Gate, Issuer, KeyRing, MemoryGuard, SigningKey, Terms};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_760_000_000);
pub(crate) const TOKEN: &str = "ya29.swordfish";

/// What a server does with a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes this and closes.
    Write(Vec<u8>),
    /// Writes this and waits for the next request on the same connection.
    Keep(Vec<u8>),
    /// Writes this and then nothing, without closing.
    Stall(Vec<u8>),
    /// Closes without reading.
    Slam,
}

pub(crate) fn ok() -> Act {
    Act::Keep(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec())
}

pub(crate) fn write(text: &str) -> Act {
    Act::Write(text.as_bytes().to_vec())
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Vec<u8>>>,
    connections: AtomicUsize,
    closed: AtomicUsize,
}

impl Server {
    pub(crate) async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, act.clone(), Arc::clone(&shared)));
            }
        });
        Self { address, seen }
    }

    /// The same behind TLS.
    #[cfg(feature = "rustls")]
    pub(crate) async fn start_tls(act: Act, config: Arc<rustls::ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            let acceptor = tokio_rustls::TlsAcceptor::from(config);
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, act, shared) = (acceptor.clone(), act.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, act, shared).await;
                    }
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.seen.requests.lock().unwrap().clone()
    }
    /// The only request, as text.
    pub(crate) fn request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1);
        String::from_utf8(requests[0].clone()).unwrap()
    }
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
    /// Waits until so many connections were closed by the other side.
    pub(crate) async fn closed(&self, count: usize) {
        let closed = async {
            while self.seen.closed.load(Ordering::SeqCst) < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), closed).await.unwrap();
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, act: Act, seen: Arc<Seen>) {
    if matches!(act, Act::Slam) {
        return;
    }
    while let Some(request) = read(&mut stream).await {
        seen.requests.lock().unwrap().push(request);
        match &act {
            Act::Write(bytes) => {
                stream.write_all(bytes).await.ok();
                stream.flush().await.ok();
                return;
            }
            Act::Keep(bytes) | Act::Stall(bytes) => {
                stream.write_all(bytes).await.ok();
                stream.flush().await.ok();
            }
            Act::Slam => return,
        }
    }
    seen.closed.fetch_add(1, Ordering::SeqCst);
}

/// Head and body of one request, as they came.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes.clone()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |n| n.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    bytes.extend(body);
    Some(bytes)
}

/// A step that plans a header of which clients have one of their own.
pub(crate) fn step(method: Method, url: &str) -> Step {
    Step::new(method, url).unwrap().header("accept", "text/plain").unwrap()
}

pub(crate) fn get(url: &str) -> Step {
    step(Method::Get, url)
}

pub(crate) fn post(url: &str, body: &str) -> Step {
    step(Method::Post, url).body(body.as_bytes().to_vec()).unwrap()
}

/// What a real gate admits.
pub(crate) async fn admitted(steps: Vec<Step>) -> Admitted {
    let id = EffectId::from_bytes([unique(); 16]);
    let selector = Selector::new(Connection::new("google-oauth2").unwrap(), Vec::new());
    let (tool, arguments) = (ToolName::new("t").unwrap(), canonicalize(b"{}").unwrap());
    admit(Prepared::wire(id, tool, arguments, Some(selector), steps).unwrap()).await
}

pub(crate) async fn admitted_call() -> Admitted {
    let id = EffectId::from_bytes([unique(); 16]);
    let arguments = canonicalize(b"{}").unwrap();
    admit(Prepared::local(id, ToolName::new("t").unwrap(), arguments)).await
}

async fn admit(prepared: Prepared) -> Admitted {
    let tool = prepared.tool().clone();
    let caller = Caller::dangerous_assert(
        "tenant".try_into().unwrap(),
        "auth0|u1".try_into().unwrap(),
        "agent".try_into().unwrap(),
        "session".try_into().unwrap(),
    );
    let schema = Digest::of(b"schema");
    let terms = Terms {
        schema,
        tier: Tier::C,
        policy: PolicyVersion::new("1").unwrap(),
        epochs: Epochs::default(),
        preview: Digest::of(b"preview"),
    };
    let approved = Assessed::new(prepared, caller.clone(), terms).silently().unwrap();
    let signer = Arc::new(SigningKey::from_seed(&[7; 32].into()));
    let keys = KeyRing::of(signer.as_ref());
    let issuer = Issuer::new("issuer", "gate", signer);
    let sealed = issuer.issue(approved, Jti::from_random([unique(); 16]), NOW).unwrap();
    let guard = Arc::new(MemoryGuard::new(10, NOW));
    let gate = Gate::new("issuer", "gate", keys, BTreeMap::from([(tool, schema)]), guard);
    gate.admit(sealed, &caller, NOW).await.unwrap()
}

fn unique() -> u8 {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

pub(crate) fn bearer(admitted: &Admitted) -> Bearer {
    Bearer::new(admitted, AccessToken::new(TOKEN.to_owned()), Vec::new())
}

pub(crate) fn builder() -> HttpTransportBuilder {
    HttpTransport::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(10))
}

pub(crate) fn transport() -> HttpTransport {
    builder().build().unwrap()
}

/// Admits one step and sends it with its credential.
pub(crate) async fn send(transport: &HttpTransport, step: Step) -> Sent {
    let mut admitted = admitted(vec![step]).await;
    let bearer = bearer(&admitted);
    let outgoing = admitted.next(NOW).unwrap().unwrap();
    transport.send(outgoing, Some(&bearer)).await
}

pub(crate) fn answered(sent: Sent) -> Answer {
    match sent {
        Sent::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn not_sent(sent: &Sent) -> &'static str {
    match sent {
        Sent::NotSent(code) => code,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn in_doubt(sent: &Sent) -> &'static str {
    match sent {
        Sent::InDoubt(code) => code,
        other => panic!("{other:?}"),
    }
}
