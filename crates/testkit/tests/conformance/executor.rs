//! Executors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_core::{Answer, Executor, Outgoing, Sent};
use countersign_testkit::conformance::executor::{self, Workshop};
use serde_json::Value;

use crate::{catches, passes};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    LetsPanicsThrough,
    CallsAPanicAFailure,
    CallsAFailureNotSent,
    RunsAgain,
    AddsArguments,
    TellsErrors,
    RunsAnything,
    WaitsForEver,
    SaysNotSentWhenLate,
    SendsRequests,
}

/// An executor that runs the tools of a workshop on threads of the runtime, but for its flaw.
#[derive(Debug)]
struct Threads {
    flaw: Flaw,
    timeout: Option<Duration>,
    tools: Workshop,
}

impl Threads {
    async fn run(&self, name: &str, arguments: Value) -> Sent {
        let started = catch_unwind(AssertUnwindSafe(|| self.tools.run(name, arguments)));
        let running = match started {
            Ok(running) => tokio::spawn(running),
            Err(panic) if self.flaw == Flaw::LetsPanicsThrough => std::panic::resume_unwind(panic),
            Err(_) => return self.panicked(),
        };
        let ended = match self.timeout {
            Some(limit) => tokio::time::timeout(limit, running).await,
            None => Ok(running.await),
        };
        match ended {
            Ok(Ok(Ok(value))) => {
                Sent::Answer(Answer::new(200, Vec::new(), value.to_string().into_bytes()))
            }
            Ok(Ok(Err(_))) if self.flaw == Flaw::CallsAFailureNotSent => Sent::NotSent("failed"),
            Ok(Ok(Err(text))) => {
                let body = if self.flaw == Flaw::TellsErrors { text } else { String::new() };
                Sent::Answer(Answer::new(500, Vec::new(), body.into_bytes()))
            }
            Ok(Err(_)) => self.panicked(),
            Err(_) if self.flaw == Flaw::SaysNotSentWhenLate => Sent::NotSent("timed_out"),
            Err(_) => Sent::InDoubt("timed_out"),
        }
    }

    fn panicked(&self) -> Sent {
        match self.flaw {
            Flaw::CallsAPanicAFailure => Sent::Answer(Answer::new(500, Vec::new(), Vec::new())),
            _ => Sent::InDoubt("panicked"),
        }
    }
}

#[async_trait]
impl Executor for Threads {
    async fn execute(&self, step: Outgoing<'_>) -> Sent {
        let Some((tool, arguments)) = step.call() else {
            if self.flaw == Flaw::SendsRequests {
                return self.run("workshop_echo", Value::Null).await;
            }
            return Sent::NotSent("not_a_call");
        };
        let known = Workshop::TOOLS.contains(&tool.as_str());
        if !known && self.flaw != Flaw::RunsAnything {
            return Sent::NotSent("no_such_tool");
        }
        let mut arguments: Value = serde_json::from_slice(arguments.as_bytes()).unwrap();
        if let (Flaw::AddsArguments, Some(object)) = (self.flaw, arguments.as_object_mut()) {
            object.insert("user".to_owned(), "auth0|u1".into());
        }
        let sent = self.run(tool.as_str(), arguments.clone()).await;
        match sent {
            Sent::Answer(answer) if self.flaw == Flaw::RunsAgain && answer.status == 500 => {
                self.run(tool.as_str(), arguments).await
            }
            sent => sent,
        }
    }
}

fn threads(flaw: Flaw, timeout: Option<Duration>) -> impl Fn(Workshop) -> Arc<dyn Executor> + Sync {
    move |tools| Arc::new(Threads { flaw, timeout, tools })
}

const LIMIT: Option<Duration> = Some(Duration::from_millis(100));

#[test]
fn an_executor_on_threads_conforms() {
    passes(async || executor::all(&threads(Flaw::None, LIMIT), LIMIT).await);
    passes(async || executor::all(&threads(Flaw::None, None), None).await);
}

#[test]
fn a_broken_executor_is_caught() {
    let panics = "Executor: a tool that panics is in doubt, and nobody else is hurt";
    let late = "Executor: a tool that does not end in time is in doubt";
    let flaws = [
        (Flaw::LetsPanicsThrough, panics),
        (Flaw::CallsAPanicAFailure, panics),
        (Flaw::CallsAFailureNotSent, "Executor: a call that failed has status 500"),
        (Flaw::RunsAgain, "Executor: a tool is run once"),
        (Flaw::AddsArguments, "Executor: a tool gets exactly the admitted arguments, once"),
        (Flaw::TellsErrors, "Executor: a tool's error goes no further"),
        (Flaw::RunsAnything, "Executor: what it does not have is not sent"),
        (Flaw::SaysNotSentWhenLate, late),
        (Flaw::SendsRequests, "Executor: what it does not have is not sent"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            executor::all(&threads(flaw, LIMIT), LIMIT).await;
        });
    }
    catches("WaitsForEver", late, async || {
        executor::all(&threads(Flaw::WaitsForEver, None), LIMIT).await;
    });
    catches("a limit that was not stated", late, async || {
        let make = threads(Flaw::None, Some(Duration::from_millis(10)));
        executor::is_in_doubt_when_the_time_runs_out(&make, None).await;
    });
}
