//! Issuer and gate in two processes; the ticket travels through the agent.
//!
//! The strongest form: what decides and what executes run outside the agent, so that even code in the
//! agent's process cannot reach keys, tokens or the provider. This program starts itself twice more:
//!
//! ```text
//!   issuer process            agent (this process)               gate process
//!   plans, asks, signs  ──▶   carries ticket + sealed request ──▶  checks every byte,
//!   has the signing key       can read both, can change neither    claims once, executes
//! ```
//!
//! The gate has only the public key (a JWK set). The agent hands over the ticket unchanged, a second
//! time, and with one byte of the request changed.
//!
//! ```sh
//! cargo run --example two_phase
//! ```

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use countersign::core::{AgentId, ApprovalRequest, Clock, SessionId, TenantId, Tool, UserId};
use countersign::prelude::*;
use countersign::ticket::{Gate, KeyRing, MemoryGuard, Report, Ticket};
use countersign::{KeyDir, SystemClock};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn tool() -> ToolSpec {
    ToolSpec::new("door_open").description("Opens a door").severity(3).writes()
}

fn caller() -> Result<Caller, Failure> {
    Ok(Caller::dangerous_assert(
        TenantId::new("default")?,
        UserId::new("auth0|ada")?,
        AgentId::new("concierge")?,
        SessionId::new("s-7")?,
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    match std::env::args().nth(1).as_deref() {
        Some("issuer") => issuer(&std::env::args().nth(2).ok_or("a state directory")?).await,
        Some("gate") => gate(&std::env::args().nth(2).ok_or("a JWK set")?).await,
        _ => agent(),
    }
}

/// Process 1: plans, asks the person, signs. Prints one line: ticket and sealed request.
async fn issuer(state: &str) -> Result<(), Failure> {
    let cs = Pipeline::builder()
        .state_dir(state)
        .names("issuer.example", "gate.example")
        .tool(tool(), |_: serde::de::IgnoredAny| async {
            Err::<(), _>("the issuer executes nothing")
        })
        .approver(Callback::new(|_: ApprovalRequest| async { Decision::Approve }))
        .grant(Grant::agent("concierge").tools(["door_open"]).up_to(Tier::B))
        .open()
        .await?;
    let call = ToolCall::from_json("door_open", r#"{"door":"front"}"#)?;
    let Authorization::Permitted(sealed) = cs.authorize(&caller()?, &call).await? else {
        return Err("not permitted".into());
    };
    let (ticket, prepared) = sealed.into_parts();
    let sealed = String::from_utf8(prepared.to_bytes())?;
    println!("{}", json!({ "ticket": ticket.as_compact(), "sealed": sealed }));
    Ok(())
}

/// Process 2: reads such lines, checks them, and opens the door at most once for each ticket.
async fn gate(jwks: &str) -> Result<(), Failure> {
    let clock = SystemClock::default();
    let registered: Tool = tool().register()?;
    let tools = BTreeMap::from([(registered.name().clone(), registered.digest())]);
    // It forgets at a restart, so it refuses tickets from before its start.
    let guard = Arc::new(MemoryGuard::new(100_000, clock.now()));
    let keys = KeyRing::from_jwks(jwks.as_bytes())?;
    let gate = Gate::new("issuer.example", "gate.example", keys, tools, guard);
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let text = |key| line.get(key).and_then(Value::as_str).unwrap_or_default();
        let ticket = Ticket::from_compact(text("ticket").to_owned());
        let sealed = text("sealed");
        println!("{}", admit(&gate, &ticket, sealed.as_bytes(), clock).await?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

async fn admit(
    gate: &Gate,
    ticket: &Ticket,
    sealed: &[u8],
    clock: SystemClock,
) -> Result<String, Failure> {
    let opened =
        gate.check(ticket, &caller()?, clock.now()).and_then(|checked| checked.open(sealed));
    let admitted = match opened {
        Ok(opened) => opened.admit(clock.now()).await,
        Err(refusal) => Err(refusal),
    };
    let mut admitted = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return Ok(format!("refused: {}", refusal.code())),
    };
    // Only an admitted ticket lends a step, and only the step says which door.
    let step = admitted.next(clock.now())?.ok_or("a step")?;
    let (tool, arguments) = step.call().ok_or("a local call")?;
    let done = format!("{tool} {}", arguments.as_str());
    admitted.report(Report::Answered(200, b"{}"));
    Ok(done)
}

/// This process: the agent. It can read what it carries, and change neither part of it.
fn agent() -> Result<(), Failure> {
    let state = tempfile::tempdir()?;
    let me = std::env::current_exe()?;
    // Made once by whoever installs the two: a key for the issuer, its public half for the gate.
    let keys = KeyDir::open(state.path().join("keys"))?;
    keys.rotate(&countersign::SystemEntropy::default())?;
    let jwks = keys.ring()?.to_jwks();

    let mut gate = Command::new(&me)
        .args(["gate", &jwks])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut to_gate = gate.stdin.take().ok_or("the gate's input")?;
    let mut from_gate =
        std::io::BufReader::new(gate.stdout.take().ok_or("the gate's output")?).lines();
    from_gate.next().ok_or("the gate did not start")??;

    let issued = Command::new(&me).arg("issuer").arg(state.path()).output()?;
    if !issued.status.success() {
        return Err(String::from_utf8_lossy(&issued.stderr).into_owned().into());
    }
    let permitted = String::from_utf8(issued.stdout)?;
    let permitted = permitted.trim();

    let mut ask = |what: &str, line: &str| -> Result<String, Failure> {
        writeln!(to_gate, "{line}")?;
        let answer = from_gate.next().ok_or("the gate is gone")??;
        println!("{what:<34} -> {answer}");
        Ok(answer)
    };
    let changed = ask("one word of the request changed", &permitted.replace("front", "vault"))?;
    let once = ask("unchanged", permitted)?;
    let twice = ask("unchanged, a second time", permitted)?;
    drop(to_gate);
    gate.wait()?;

    assert_eq!(changed, "refused: arguments_mismatch");
    assert_eq!(once, r#"door_open {"door":"front"}"#);
    assert_eq!(twice, "refused: spent");
    Ok(())
}
