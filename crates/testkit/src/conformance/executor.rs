//! [`Executor`]: local tools.
//!
//! The executor under test is built by a closure that registers the tools of a [`Workshop`].

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_core::{Executor, Outgoing, Sent, canon};
use serde_json::Value;

use super::{PATIENCE, broken, done, holds, in_time, is_code, same};
use crate::fixtures::{NOW, admit, local, note, prepared};

/// What a tool returns in the end.
pub type Running = Pin<Box<dyn Future<Output = Result<Value, String>> + Send>>;

/// Tools that keep what they are given, and end in every way in which a tool can end.
#[derive(Debug, Clone, Default)]
pub struct Workshop(Arc<Mutex<Vec<(String, Value)>>>);

const SECRET: &str = "error-text-of-the-tool-39ab77";

impl Workshop {
    /// The names of its tools, to be registered all.
    pub const TOOLS: [&'static str; 5] = [
        "workshop_echo",
        "workshop_fails",
        "workshop_panics",
        "workshop_panics_later",
        "workshop_hangs",
    ];

    /// Runs one of its tools on the arguments that the executor got.
    #[expect(clippy::panic, reason = "tools that panic are what an executor has to survive")]
    pub fn run(&self, tool: &str, arguments: Value) -> Running {
        let call = (tool.to_owned(), arguments.clone());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        match tool {
            "workshop_fails" => Box::pin(async { Err(SECRET.to_owned()) }),
            "workshop_panics" => panic!("{SECRET}"),
            "workshop_panics_later" => Box::pin(async {
                tokio::task::yield_now().await;
                panic!("{SECRET}")
            }),
            "workshop_hangs" => Box::pin(std::future::pending()),
            _ => Box::pin(async { Ok(arguments) }),
        }
    }

    fn calls(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Builds the executor under test.
pub type Make<'a> = &'a (dyn Fn(Workshop) -> Arc<dyn Executor> + Sync);

/// Runs every clause. `timeout` is how long the executor lets a tool run, if it has a limit.
pub async fn all(make: Make<'_>, timeout: Option<Duration>) {
    gives_a_tool_its_arguments_and_nothing_else(make).await;
    tells_a_failure_from_an_answer(make).await;
    is_in_doubt_after_a_panic(make).await;
    is_in_doubt_when_the_time_runs_out(make, timeout).await;
    runs_only_what_it_has(make).await;
}

async fn execute(executor: &dyn Executor, tool: &str, json: &str) -> Sent {
    let mut admitted = admit(local(tool, json)).await;
    let step = done("the suite's call has a step", admitted.next(NOW));
    let step = done("the suite's call has a step", step.ok_or("none"));
    run(executor, step).await
}

async fn run(executor: &dyn Executor, step: Outgoing<'_>) -> Sent {
    // A panic that comes through is the executor's failure, not the suite's.
    let mut running = executor.execute(step);
    let caught = std::future::poll_fn(|context| {
        let poll = AssertUnwindSafe(|| running.as_mut().poll(context));
        match std::panic::catch_unwind(poll) {
            Ok(poll) => poll.map(Ok),
            Err(_) => std::task::Poll::Ready(Err("a panic came through")),
        }
    });
    let clause = "Executor: a tool that panics is in doubt, and nobody else is hurt";
    let sent = done(clause, in_time("Executor: executing ends", PATIENCE, caught).await);
    if let Sent::NotSent(code) | Sent::InDoubt(code) = sent {
        holds("Executor: what went wrong is told by a stable code", is_code(code), code);
    }
    holds(
        "Executor: a tool's error goes no further",
        !format!("{sent:?}").contains(SECRET),
        "it does",
    );
    sent
}

/// A tool is run once, on the canonical arguments that were admitted.
pub async fn gives_a_tool_its_arguments_and_nothing_else(make: Make<'_>) {
    let clause = "Executor: a tool gets exactly the admitted arguments, once";
    let workshop = Workshop::default();
    let executor = make(workshop.clone());
    for json in [
        "{}",
        r#"{"text":"hello"}"#,
        r#"{"b":[1,-0.5,1e21,true,null,"é\u0000\n"],"a":{"nested":{"":""}},"9":9007199254740991}"#,
    ] {
        let sent = execute(executor.as_ref(), "workshop_echo", json).await;
        let due: Value = done(clause, serde_json::from_str(json));
        let due_digest = done(clause, canon::digest(json.as_bytes()));
        let calls = workshop.calls();
        same(clause, calls.len(), 1);
        for (tool, arguments) in calls {
            same(clause, tool.as_str(), "workshop_echo");
            let text = done(clause, serde_json::to_vec(&arguments));
            same(clause, done(clause, canon::digest(&text)), due_digest);
        }
        let Sent::Answer(answer) = sent else { broken(clause, format!("{sent:?}")) };
        same("Executor: a call that returned has status 200", answer.status, 200);
        let body: Value = done(
            "Executor: what a tool returned is the body",
            serde_json::from_slice(&answer.body),
        );
        same("Executor: what a tool returned is the body", body, due);
    }
}

/// A tool that fails has run: status 500, not `NotSent`; it is not run again.
pub async fn tells_a_failure_from_an_answer(make: Make<'_>) {
    let clause = "Executor: a call that failed has status 500";
    let workshop = Workshop::default();
    let executor = make(workshop.clone());
    let sent = execute(executor.as_ref(), "workshop_fails", "{}").await;
    let Sent::Answer(answer) = sent else { broken(clause, format!("{sent:?}")) };
    same(clause, answer.status, 500);
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    holds("Executor: a tool's error goes no further", !body.contains(SECRET), "it is in the body");
    same("Executor: a tool is run once", workshop.calls().len(), 1);
}

/// A tool that panics, at once or later, is in doubt; the executor goes on.
pub async fn is_in_doubt_after_a_panic(make: Make<'_>) {
    let clause = "Executor: a tool that panics is in doubt, and nobody else is hurt";
    let workshop = Workshop::default();
    let executor = make(workshop.clone());
    for tool in ["workshop_panics", "workshop_panics_later"] {
        for _ in 0..2 {
            let sent = execute(executor.as_ref(), tool, "{}").await;
            holds(clause, matches!(sent, Sent::InDoubt(_)), format!("{tool}: {sent:?}"));
            same("Executor: a tool is run once", workshop.calls().len(), 1);
        }
    }
    let sent = execute(executor.as_ref(), "workshop_echo", "{}").await;
    holds(clause, matches!(sent, Sent::Answer(_)), format!("afterwards: {sent:?}"));
}

/// A tool that never ends is in doubt when the executor's time is up; an executor without a limit
/// stops when it is dropped, and others run meanwhile.
pub async fn is_in_doubt_when_the_time_runs_out(make: Make<'_>, timeout: Option<Duration>) {
    let clause = "Executor: a tool that does not end in time is in doubt";
    let workshop = Workshop::default();
    let executor = make(workshop.clone());
    if let Some(limit) = timeout {
        let hangs = execute(executor.as_ref(), "workshop_hangs", "{}");
        let sent = in_time(clause, limit.saturating_mul(20), hangs).await;
        holds(clause, matches!(sent, Sent::InDoubt(_)), format!("{sent:?}"));
    } else {
        let hangs = execute(executor.as_ref(), "workshop_hangs", "{}");
        let ended = tokio::time::timeout(Duration::from_millis(50), hangs).await;
        holds(clause, ended.is_err(), format!("it did not run: {ended:?}"));
    }
    same("Executor: a tool is run once", workshop.calls().len(), 1);
    let sent = execute(executor.as_ref(), "workshop_echo", "{}").await;
    holds(clause, matches!(sent, Sent::Answer(_)), format!("afterwards: {sent:?}"));
}

/// A tool that it does not have, and an HTTP request, are not sent; nothing else is run in their
/// place.
pub async fn runs_only_what_it_has(make: Make<'_>) {
    let clause = "Executor: what it does not have is not sent";
    let workshop = Workshop::default();
    let executor = make(workshop.clone());
    for tool in ["workshop_ech", "workshop_echoo", "crm_note"] {
        let sent = execute(executor.as_ref(), tool, "{}").await;
        holds(clause, matches!(sent, Sent::NotSent(_)), format!("{tool}: {sent:?}"));
    }
    let mut admitted = admit(prepared(note())).await;
    let step = done("the suite's plan has a step", admitted.next(NOW));
    let step = done("the suite's plan has a step", step.ok_or("none"));
    let sent = run(executor.as_ref(), step).await;
    holds(clause, matches!(sent, Sent::NotSent(_)), format!("a request: {sent:?}"));
    same(clause, workshop.calls().len(), 0);
}
