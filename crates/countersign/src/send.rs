//! What is let out of an admitted request, step by step, and what it came to.

use std::sync::Arc;

use countersign_core::{
    Admitted, Answer, Binding, Connector, Effect, Ending, Executor as _, Interpretation,
    LedgerError, LedgerState, Scope, Sent, Value,
};
use countersign_ticket::{PlanError, Report};

use crate::pipeline::Pipeline;

/// What the steps came to.
pub(crate) struct Run {
    pub(crate) answers: Vec<Answer>,
    pub(crate) interpretation: Interpretation,
    /// What the credential could do; none if none was handed out.
    pub(crate) granted: Option<Vec<Scope>>,
    /// Whether it is proven that nothing was processed.
    pub(crate) released: bool,
    /// Whether the ledger let the first step out, or had nothing to let out.
    pub(crate) ours: bool,
}

impl Run {
    /// Nothing was sent.
    fn unsent(code: &'static str) -> Self {
        let interpretation = Interpretation::failed(code);
        Self { answers: Vec::new(), interpretation, granted: None, released: true, ours: true }
    }
}

impl Pipeline {
    /// Sends the steps in order, each once, but for those of which nothing was processed.
    pub(crate) async fn send(
        &self,
        admitted: &mut Admitted,
        connector: Option<&Arc<dyn Connector>>,
    ) -> Run {
        let inner = &*self.inner;
        let bearer = match (&inner.tokens, admitted.prepared().credential()) {
            (_, None) => None,
            (None, Some(_)) => return Run::unsent("no_token_source"),
            (Some(tokens), Some(_)) => match inner.load.in_time(tokens.bearer(admitted)).await {
                Ok(Ok(bearer)) => Some(bearer),
                Ok(Err(error)) => return Run::unsent(error.code()),
                Err(late) => return Run::unsent(late.code()),
            },
        };
        let granted = bearer.as_ref().map(|b| b.granted().to_vec());
        let stop = |answers: Vec<Answer>, interpretation: Interpretation| {
            let released = interpretation.ending == Ending::Failed
                && match answers.as_slice() {
                    [] => true,
                    // A credential that was refused, a limit: nobody looked at the rest.
                    [only] => interpretation.unprocessed || matches!(only.status, 401 | 429),
                    _ => false,
                };
            Run { answers, interpretation, granted, released, ours: true }
        };
        let (effect, jti) = (admitted.prepared().effect_id(), admitted.jti());
        let mut answers: Vec<Answer> = Vec::new();
        let mut not_sent = "not_sent";
        let mut dispatched = false;
        loop {
            let binding = admitted.prepared().binding();
            let sent = match admitted.next(inner.clock.now()) {
                Ok(None) | Err(PlanError::Ended) => break,
                Ok(Some(step)) => {
                    if !dispatched {
                        // Whoever holds the effect no longer, because it was declared to be in doubt
                        // meanwhile, sends nothing.
                        let (to, now) = (LedgerState::Dispatched, inner.clock.now());
                        if let Err(no) = inner.ledger.advance(effect, jti, to, None, now).await {
                            let ours = matches!(no, LedgerError::Store(_));
                            let code = if ours { "ledger_unavailable" } else { "fenced" };
                            return Run { ours, released: ours, ..Run::unsent(code) };
                        }
                        dispatched = true;
                    }
                    match binding {
                        Binding::Wire => inner.transport.send(step, bearer.as_ref()).await,
                        Binding::Arguments => inner.local.execute(step).await,
                    }
                }
                Err(error) => {
                    let code = match error {
                        PlanError::Attempts => not_sent,
                        PlanError::Expired => "expired",
                        _ => "plan_broken",
                    };
                    // Earlier steps of the plan may have done something already.
                    let interpretation = if answers.is_empty() {
                        Interpretation::failed(code)
                    } else {
                        Interpretation::unknown(code)
                    };
                    return stop(answers, interpretation);
                }
            };
            match sent {
                Sent::Answer(answer) => {
                    admitted.report(Report::Answered(answer.status, &answer.body));
                    answers.push(answer);
                }
                Sent::NotSent(code) => {
                    not_sent = code;
                    admitted.report(Report::NotSent);
                }
                Sent::InDoubt(code) => {
                    admitted.report(Report::InDoubt);
                    return stop(answers, Interpretation::unknown(code));
                }
            }
        }
        let interpretation = if let Some(connector) = connector {
            connector.interpret(admitted.prepared(), &answers)
        } else {
            let tool = inner.tools.get(admitted.prepared().tool());
            local_result(&answers, tool.is_some_and(|e| e.tool.effect() == Effect::Read))
        };
        stop(answers, interpretation)
    }
}

/// What a local tool's answer means. A tool that fails does not say what it did before, so unless it
/// only reads, its failure is a doubt.
fn local_result(answers: &[Answer], reads: bool) -> Interpretation {
    match answers.last() {
        // Done, also if what it returned is not I-JSON.
        Some(answer) if answer.status == 200 => Interpretation::committed(
            countersign_core::canon::parse(&answer.body).unwrap_or(Value::Null),
        ),
        Some(_) if reads => Interpretation::failed("tool_failed"),
        Some(_) => Interpretation::unknown("tool_failed"),
        None => Interpretation::failed("not_sent"),
    }
}
