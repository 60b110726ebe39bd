//! The server, the tool, and the two ways to reach it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use countersign::core::{
    Answer, Caller, ClientSecret, Connection, Connector, EffectId, Ending, Grant, Interpretation,
    Method, PlanError, Planned, Prepared, Preview, Reconciled, Scope, Seen, Selector, SessionId,
    Step, Tier, Tool, ToolCall, ToolSpec, Value,
};
use countersign::{Pipeline, TokenVault};
use countersign_testkit::servers::{Account, Auth0, auth0};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const HOST: &str = "api.bench.example";
const URL: &str = "https://api.bench.example/v1/search";
const TOKEN: &str = "a-token-that-lives-for-an-hour-and-has-a-usual-length-of-some-sixty-letters";
const DOMAIN: &str = "bench.eu.auth0.com";
const SECRET: &str = "a-client-secret-of-the-bench-and-of-nobody-else";
const AUDIENCE: &str = "https://api.bench.example";
const USER: &str = "auth0|ada";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n{\"found\":true}";

/// Both ways.
#[derive(Clone)]
pub(crate) struct World {
    cs: Pipeline,
    me: Caller,
    call: ToolCall,
    client: reqwest::Client,
    address: SocketAddr,
    body: Vec<u8>,
    _auth0: Arc<Auth0>,
}

impl World {
    /// On the embedded store, or with all that is durable in memory.
    pub(crate) async fn open(folder: &Path, in_memory: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        let arguments = format!(r#"{{"text":"{}"}}"#, "0123456789abcdef".repeat(255));
        let call = ToolCall::from_json("bench_search", &arguments).expect("a call");
        let auth0 = Auth0::builder().domain(DOMAIN).start().await.expect("a server");
        auth0.register(auth0::Client::custom_api("cli_1", SECRET, AUDIENCE).token_vault());
        auth0.connect(USER, Account::new("bench", "1084", "ada@acme.example").scopes(["search"]));
        let vault = TokenVault::new(DOMAIN, "cli_1", ClientSecret::new(SECRET.to_owned()));
        let vault = vault.and_then(|vault| vault.with_audience(AUDIENCE)).expect("a vault");
        let builder = Pipeline::builder();
        let builder = if in_memory { builder.in_memory() } else { builder };
        let cs = builder
            .state_dir(folder.join(if in_memory { "memory" } else { "state" }))
            .connector(Search::new())
            .vault(vault)
            .dangerous_dial(DOMAIN, auth0.addr())
            .grant(Grant::agent("planner").tools(["bench_search"]).up_to(Tier::C))
            .dangerous_dial(HOST, address)
            .open()
            .await
            .expect("a pipeline");
        // The vault has the token in its cache from the first call on.
        let access =
            auth0.issue_access_token(USER, AUDIENCE).azp("planner").sign().expect("signed");
        let me = cs.caller(access).session("s").verify().await.expect("a caller");
        // What `countersign-http` does not do is switched off here, too.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(std::time::Duration::from_secs(10))
            .tcp_nodelay(true)
            .build()
            .expect("a client");
        let body = call.arguments().as_bytes().to_vec();
        Self { cs, me, call, client, address, body, _auth0: Arc::new(auth0) }
    }

    pub(crate) async fn bare(&self) {
        let request = self
            .client
            .post(format!("http://{}/v1/search", self.address))
            .header("host", HOST)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(self.body.clone());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.bytes().await.expect("a body").len(), 14);
    }

    /// Two calls a session: what a session did makes no call stricter here.
    pub(crate) async fn call(&self, number: usize) {
        let me = Caller::dangerous_assert(
            self.me.tenant().clone(),
            self.me.user().clone(),
            self.me.agent().clone(),
            SessionId::new(&format!("s-{}", number / 2)).expect("a session"),
        );
        let done = Box::pin(self.cs.run(&me, &self.call)).await.expect("done");
        assert_eq!((done.ending, done.logged), (Ending::Committed, true));
    }
}

/// Reads a request and answers at once.
async fn serve(stream: TcpStream) {
    let _unset = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        if stream.get_mut().write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

/// A read that carries its question in a body.
#[derive(Debug)]
struct Search {
    tool: Tool,
}

impl Search {
    fn new() -> Self {
        let tool = ToolSpec::new("bench_search")
            .severity(1)
            .reads()
            .connection("bench", ["search"])
            .confined_to("https://api.bench.example/v1/")
            .role("text", countersign::core::Role::Plain);
        Self { tool: tool.register().expect("a tool") }
    }
}

impl Connector for Search {
    fn tools(&self) -> Vec<Tool> {
        vec![self.tool.clone()]
    }

    fn plan(&self, call: &ToolCall, effect: EffectId, _: &Seen) -> Result<Planned, PlanError> {
        let step = Step::new(Method::Post, URL)?
            .header("accept", "application/json")?
            .header("content-type", "application/json")?
            .body(call.arguments().as_bytes().to_vec())?;
        let connection = Connection::new("bench").expect("a connection");
        let selector = Selector::new(connection, vec![Scope::new("search").expect("a scope")]);
        let (tool, arguments) = (call.tool().clone(), call.resolved());
        let prepared = Prepared::wire(effect, tool, arguments, Some(selector), vec![step])?;
        Ok(Planned::Ready(prepared))
    }

    fn preview(&self, _: &Prepared) -> Preview {
        Preview::new("Search")
    }

    fn interpret(&self, _: &Prepared, answers: &[Answer]) -> Interpretation {
        match answers.last() {
            Some(answer) if answer.status == 200 => Interpretation::committed(
                countersign::canon::parse(&answer.body).unwrap_or(Value::Null),
            ),
            _ => Interpretation::failed("not_answered"),
        }
    }

    fn reconcile(&self, _: &Prepared, _: &Seen) -> Reconciled {
        Reconciled::Absent
    }
}
