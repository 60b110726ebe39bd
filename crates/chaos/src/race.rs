//! The race: four processes want to use one ticket through one gate process, a thousand times.
//!
//! The gate process holds the embedded store and a pipeline with one local tool that counts how often it
//! runs. The others have nothing but ticket and sealed request, and a socket.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use countersign::core::{
    AgentId, Caller, Clock, Grant, SessionId, TenantId, Tier, ToolCall, ToolSpec, UserId,
};
use countersign::{Authorization, Error, Pipeline, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Failure;
use crate::store::Store;

/// Processes that race.
const RACERS: u64 = 4;
/// Connections of each.
const CONNECTIONS: u64 = 8;
/// Attempts of all together in one round.
pub const ATTEMPTS: u64 = 1_000;

fn caller(session: &str) -> Result<Caller, Failure> {
    Ok(Caller::dangerous_assert(
        TenantId::new("default")?,
        UserId::new("auth0|ada")?,
        AgentId::new("concierge")?,
        SessionId::new(session)?,
    ))
}

/// The gate process: prints its port, makes a ticket for each line of its standard input, and serves.
///
/// # Errors
/// If it cannot.
pub async fn gate(state: &Path) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let store = Store::open(&state.join("store"), &clock)?;
    let opened = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&opened);
    let cs = Pipeline::builder()
        .state_dir(state)
        .tool(ToolSpec::new("door_open").severity(1).reads(), move |_: Value| {
            let number = count.fetch_add(1, Ordering::SeqCst);
            async move { Ok::<u64, String>(number) }
        })
        .grant(Grant::agent("concierge").tools(["door_open"]).up_to(Tier::C))
        .ledger(store.ledger)
        .approvals(store.approvals)
        .sessions(store.sessions)
        .grants(store.grants)
        .subjects(store.subjects)
        .open()
        .await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    let door = cs.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(door.clone(), stream));
        }
    });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(session) = lines.next_line().await? {
        let call = ToolCall::from_json("door_open", json!({ "door": session }).to_string())?;
        let authorized = Box::pin(cs.authorize(&caller(&session)?, &call)).await?;
        let Authorization::Permitted(sealed) = authorized else {
            return Err(format!("no ticket: {authorized:?}").into());
        };
        let (ticket, prepared) = sealed.into_parts();
        let line = json!({
            "session": session,
            "ticket": ticket.as_compact(),
            "sealed": String::from_utf8(prepared.to_bytes())?,
            "opened": opened.load(Ordering::SeqCst),
        });
        println!("{line}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

async fn serve(cs: Pipeline, stream: TcpStream) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let line: Value = serde_json::from_str(&line)?;
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
        let me = caller(text("session"))?;
        let sealed = text("sealed").as_bytes();
        let answer = match Box::pin(cs.execute_bytes(&me, text("ticket"), sealed)).await {
            Ok(_) => "admitted",
            Err(Error::Refused(no)) => no.code(),
            Err(error) => return Err(error.into()),
        };
        write.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}

/// A process that races: tries each line of its standard input so many times over several connections,
/// and prints how the attempts ended.
///
/// # Errors
/// If it cannot.
pub async fn racer(port: u16, attempts: u64) -> Result<(), Failure> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        connections.push((BufReader::new(read).lines(), write));
    }
    println!("ready");
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let line: Arc<str> = format!("{line}\n").into();
        let mut tasks = Vec::new();
        for (at, connection) in (0..).zip(connections.drain(..)) {
            // What does not divide goes to the first ones.
            let share = attempts / CONNECTIONS + u64::from(at < attempts % CONNECTIONS);
            tasks.push(tokio::spawn(attempt(connection, Arc::clone(&line), share)));
        }
        let mut ended: BTreeMap<String, u64> = BTreeMap::new();
        for task in tasks {
            let (connection, answers) = task.await??;
            connections.push(connection);
            for answer in answers {
                *ended.entry(answer).or_default() += 1;
            }
        }
        println!("{}", json!(ended));
    }
    Ok(())
}

type Connection = (Lines<BufReader<OwnedReadHalf>>, OwnedWriteHalf);

async fn attempt(
    mut connection: Connection,
    line: Arc<str>,
    times: u64,
) -> Result<(Connection, Vec<String>), Failure> {
    let mut answers = Vec::new();
    for _ in 0..times {
        connection.1.write_all(line.as_bytes()).await?;
        answers.push(connection.0.next_line().await?.ok_or("the gate is gone")?);
    }
    Ok((connection, answers))
}

/// A process that is spoken to by lines.
struct Other {
    _process: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Other {
    async fn start(args: &[&str]) -> Result<(Self, String), Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let to = process.stdin.take().ok_or("its input")?;
        let from = process.stdout.take().ok_or("its output")?;
        let mut other = Self { _process: process, to, from: BufReader::new(from).lines() };
        let first = other.hear().await?;
        Ok((other, first))
    }

    async fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.to.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(self.to.flush().await?)
    }

    async fn hear(&mut self) -> Result<String, Failure> {
        Ok(self.from.next_line().await?.ok_or("a process ended too early")?)
    }
}

/// Runs so many rounds and reports. In each, exactly one attempt has to be admitted, and all others
/// refused as spent.
///
/// # Errors
/// If the race could not be run.
pub async fn run(rounds: u64, json: bool) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let folder = tempfile::tempdir()?;
    let state = folder.path().to_str().ok_or("the folder's name")?;
    let (mut gate, port) = Other::start(&["gate", state]).await?;
    let mut racers = Vec::new();
    for _ in 0..RACERS {
        let share = (ATTEMPTS / RACERS).to_string();
        racers.push(Other::start(&["racer", &port, &share]).await?.0);
    }
    let (mut attempts, mut admitted, mut wrong) = (0, 0, Vec::new());
    for round in 1..=rounds {
        gate.say(&format!("round-{round}")).await?;
        let line = gate.hear().await?;
        for racer in &mut racers {
            racer.say(&line).await?;
        }
        let mut ended: BTreeMap<String, u64> = BTreeMap::new();
        for racer in &mut racers {
            let counts: BTreeMap<String, u64> = serde_json::from_str(&racer.hear().await?)?;
            for (answer, count) in counts {
                *ended.entry(answer).or_default() += count;
            }
        }
        attempts += ended.values().sum::<u64>();
        let won = ended.get("admitted").copied().unwrap_or(0);
        admitted += won;
        let spent = ended.get("spent").copied().unwrap_or(0);
        if won != 1 || spent != ATTEMPTS - 1 {
            wrong.push(format!("round {round}: {ended:?}"));
        }
    }
    gate.say("at-the-end").await?;
    let line: Value = serde_json::from_str(&gate.hear().await?)?;
    let opened = line.get("opened").and_then(Value::as_u64).unwrap_or(0);
    if opened != admitted {
        wrong.push(format!("{admitted} were admitted and the tool ran {opened} times"));
    }
    let seconds = began.elapsed().as_secs();
    if json {
        let object = json!({
            "rounds": rounds, "attempts": attempts, "admitted": admitted, "executed": opened,
            "wrong": wrong, "seconds": seconds,
        });
        println!("{object}");
    } else {
        println!("rounds             {rounds:>8}");
        println!("attempts           {attempts:>8}  from {RACERS} processes");
        println!("admitted           {admitted:>8}");
        println!("executed           {opened:>8}");
        for line in wrong.iter().take(10) {
            println!("  - {line}");
        }
        println!("{seconds} s");
    }
    let sound = wrong.is_empty() && admitted == rounds;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
