//! Local tools: closures that the gate guards like any provider's API.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use countersign_core::{Answer, Canonical, Executor, Outgoing, Sent, ToolName};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Running = Pin<Box<dyn Future<Output = Result<Vec<u8>, ()>> + Send>>;

/// A closure and the check that arguments fit it, without calling it.
struct Body {
    fits: fn(&Canonical) -> bool,
    run: Box<Run>,
}

type Run = dyn Fn(&Canonical) -> Option<Running> + Send + Sync;

/// The closures of a pipeline, by tool. Gets the canonical arguments of an admitted call and nothing
/// else.
#[derive(Default)]
pub(crate) struct LocalTools(BTreeMap<ToolName, Body>);

impl LocalTools {
    pub(crate) fn add<A, R, E, F, Fut>(&mut self, name: ToolName, body: F)
    where
        A: DeserializeOwned,
        R: Serialize,
        E: fmt::Display,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        let run = move |arguments: &Canonical| -> Option<Running> {
            let running = body(parse(arguments)?);
            Some(Box::pin(async move {
                // The tool's own error may hold anything, so its text goes no further than here.
                let value = running.await.map_err(|_| ())?;
                // It is done, whether or not its value can be written.
                Ok(serde_json::to_vec(&value).unwrap_or_else(|_| b"null".to_vec()))
            }))
        };
        let fits = |arguments: &Canonical| parse::<A>(arguments).is_some();
        self.0.insert(name, Body { fits, run: Box::new(run) });
    }

    /// Whether the arguments are ones that the tool takes: asked before anybody is.
    pub(crate) fn fits(&self, tool: &ToolName, arguments: &Canonical) -> bool {
        let fits = |body: &Body| catch_unwind(AssertUnwindSafe(|| (body.fits)(arguments)));
        self.0.get(tool).is_some_and(|body| fits(body).unwrap_or(false))
    }
}

fn parse<A: DeserializeOwned>(arguments: &Canonical) -> Option<A> {
    serde_json::from_slice(arguments.as_bytes()).ok()
}

impl fmt::Debug for LocalTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[async_trait]
impl Executor for LocalTools {
    async fn execute(&self, step: Outgoing<'_>) -> Sent {
        let Some((tool, arguments)) = step.call() else { return Sent::NotSent("not_a_local_call") };
        let Some(body) = self.0.get(tool) else { return Sent::NotSent("no_such_tool") };
        let running = match catch_unwind(AssertUnwindSafe(|| (body.run)(arguments))) {
            Ok(Some(running)) => running,
            Ok(None) => return Sent::NotSent("arguments_do_not_fit"),
            Err(_) => return Sent::InDoubt("tool_panicked"),
        };
        match (Caught { running }).await {
            Some(Ok(body)) => Sent::Answer(Answer::new(200, Vec::new(), body)),
            Some(Err(())) => Sent::Answer(Answer::new(500, Vec::new(), Vec::new())),
            None => Sent::InDoubt("tool_panicked"),
        }
    }
}

/// A future that ends with `None` where the inner one panics.
struct Caught {
    running: Running,
}

impl Future for Caught {
    type Output = Option<Result<Vec<u8>, ()>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Sound to assert: after a panic the future is never polled again.
        match catch_unwind(AssertUnwindSafe(|| self.running.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(Some(result)),
            Err(_) => Poll::Ready(None),
        }
    }
}
