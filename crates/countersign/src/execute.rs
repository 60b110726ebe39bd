//! From a sealed request to an outcome: gate, credential, transport, interpretation, evidence.

use std::sync::Arc;

use countersign_core::{
    Answer, Binding, Caller, Connector, Digest, EffectId, Ending, Event, Executor as _,
    Interpretation, Prepared, Reconciled, RecordKind, Scope, Seen, Sent, ToolCall, Value,
};
use countersign_ticket::{Admitted, Checked, Claims, Evidence, PlanError, Refusal, Report, Sealed};

use crate::error::{Error, Refused, Unavailable};
use crate::journal::integer;
use crate::pipeline::{BoxFuture, Pipeline, Stop, as_text};

/// How a call ended that passed the gate.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Done {
    /// Committed, failed, or unknown: then the effect may have taken place and must not be repeated.
    pub ending: Ending,
    /// A stable code of the reason, unless committed.
    pub code: Option<&'static str>,
    /// What the agent gets.
    pub result: Value,
    /// The effect.
    pub effect_id: EffectId,
    /// Signed evidence of it.
    pub evidence: Evidence,
    /// Whether the log has the outcome. The intent it has in any case.
    pub logged: bool,
    /// What is needed to find out, if the ending is unknown.
    pub doubt: Option<Doubt>,
}

/// An effect that is in doubt: what [`Pipeline::reconcile`] needs to ask the provider.
#[derive(Debug)]
pub struct Doubt {
    prepared: Prepared,
}

/// What the steps came to.
struct Run {
    answers: Vec<Answer>,
    interpretation: Interpretation,
    /// What the credential could do; none if none was handed out.
    granted: Option<Vec<Scope>>,
}

impl Pipeline {
    /// Executes a sealed request, once. The ticket may have travelled through the agent; whatever
    /// was changed on the way is found here, before anything is spent.
    ///
    /// # Errors
    /// [`Error::Refused`] and [`Error::Unavailable`]: no effect took place. From the moment the
    /// request may have left, the answer is `Ok` with an [`Ending`].
    pub async fn execute(&self, caller: &Caller, sealed: Sealed) -> Result<Done, Error> {
        let (ticket, prepared) = sealed.into_parts();
        let now = self.inner.clock.now();
        let checked = match self.inner.gate.check(&ticket, caller, now) {
            Ok(checked) => checked,
            Err(refusal) => return Err(self.turned_away(caller, refusal, None).await?.into()),
        };
        let claims = checked.claims().clone();
        let opened = match checked.open_prepared(prepared) {
            Ok(opened) => opened,
            Err(refusal) => {
                return Err(self.turned_away(caller, refusal, Some(&claims)).await?.into());
            }
        };
        self.log_intent(&claims).await?;
        let admitted = match opened.admit(self.inner.clock.now()).await {
            Ok(admitted) => admitted,
            Err(refusal) => {
                return Err(self.turned_away(caller, refusal, Some(&claims)).await?.into());
            }
        };
        Ok(self.carry_out(caller, admitted).await)
    }

    /// The same for the bytes of a request that travelled ([`Prepared::to_bytes`]).
    ///
    /// # Errors
    /// As [`Pipeline::execute`].
    pub async fn execute_bytes(
        &self,
        caller: &Caller,
        ticket: &str,
        sealed: &[u8],
    ) -> Result<Done, Error> {
        let ticket = countersign_ticket::Ticket::from_compact(ticket.to_owned());
        // Signature first: unauthenticated bytes are not parsed.
        let checked = self.inner.gate.check(&ticket, caller, self.inner.clock.now());
        let claims = match checked.as_ref().map(Checked::claims) {
            Ok(claims) => claims.clone(),
            Err(refusal) => return Err(self.turned_away(caller, *refusal, None).await?.into()),
        };
        if let Ok(prepared) = Prepared::from_bytes(sealed) {
            return self.execute(caller, Sealed::new(ticket, prepared)).await;
        }
        Err(self.turned_away(caller, Refusal::SealedMalformed, Some(&claims)).await?.into())
    }

    async fn log_intent(&self, claims: &Claims) -> Result<(), Unavailable> {
        let fields = self.inner.journal.about_ticket(claims);
        self.inner.journal.write(RecordKind::Intent, Some(claims.tier), fields).await
    }

    /// A refusal of the gate. What was not authenticated is counted and not written line by line.
    async fn turned_away(
        &self,
        caller: &Caller,
        refusal: Refusal,
        claims: Option<&Claims>,
    ) -> Result<Refused, Unavailable> {
        let unauthenticated = matches!(
            refusal,
            Refusal::TicketTooLarge
                | Refusal::TicketMalformed
                | Refusal::UnknownKey
                | Refusal::RevokedKey
                | Refusal::BadSignature
        );
        tracing::info!(code = refusal.code(), "refused at the gate");
        if !unauthenticated {
            let about = match claims {
                Some(claims) => self.inner.journal.about_ticket(claims),
                None => self.inner.journal.about(caller),
            };
            let fields = about.with("code", refusal.code()).with("outcome", "refused");
            self.inner.journal.write(RecordKind::Outcome, claims.map(|c| c.tier), fields).await?;
        }
        Ok(Refused::new(refusal.code()))
    }

    /// From here on the ticket is spent, and every way out is an ending.
    async fn carry_out(&self, caller: &Caller, mut admitted: Admitted) -> Done {
        let inner = &*self.inner;
        let connector =
            inner.tools.get(admitted.prepared().tool()).and_then(|e| e.connector.clone());
        let Run { answers, mut interpretation, granted } =
            self.send(&mut admitted, connector.as_ref()).await;
        let mut text = as_text(&interpretation.result);
        if inner.tokens.as_ref().is_some_and(|tokens| tokens.recognises(&text)) {
            // A provider's answer that holds a live token does not reach the agent.
            interpretation.result = Value::Null;
            interpretation.code = Some("token_in_result");
            text.clear();
        }
        if let Some(entry) = inner.tools.get(admitted.prepared().tool()) {
            // The effect has happened or not by now; a memory that cannot be written makes the next
            // call's judgement unavailable, which refuses it.
            let event = Event::Returned(&entry.tool, &text);
            if self.remember(caller, event).await.is_err() {
                tracing::error!(code = "memory_unwritable", "the session's memory was not written");
            }
        }
        let last = answers.last().map(|a| (a.status, Digest::of(&a.body)));
        let elsewhere = inner.transport.dialled_elsewhere();
        let ending = interpretation.ending;
        let lent = admitted.lent().iter().map(|l| l.digest.to_hex().into()).collect();
        let fields = inner
            .journal
            .about_ticket(admitted.claims())
            .with("code", interpretation.code)
            .with("dialled_elsewhere", elsewhere)
            .with("outcome", ending.as_str())
            .with("requests", Value::Array(lent))
            .with("response", last.map(|(_, body)| body.to_hex()))
            .with("scopes_granted", granted.as_deref().map(scopes))
            .with("scopes_requested", admitted.prepared().credential().map(|c| scopes(c.scopes())))
            .with("status", last.map(|(status, _)| integer(i64::from(status))));
        let tier = admitted.claims().tier;
        let logged = inner.journal.write(RecordKind::Outcome, Some(tier), fields).await.is_ok();
        let now = inner.clock.now();
        let evidence =
            Evidence::executed(inner.signer.as_ref(), &admitted, ending, last, elsewhere, now);
        // Without a signature the outcome stands all the same; the evidence is then empty and
        // verifies for nobody.
        let evidence = evidence.unwrap_or_else(|_| Evidence::from_compact(String::new()));
        let prepared = admitted.prepared().clone();
        Done {
            ending,
            code: interpretation.code,
            result: interpretation.result,
            effect_id: prepared.effect_id(),
            evidence,
            logged,
            doubt: (ending == Ending::Unknown).then_some(Doubt { prepared }),
        }
    }

    /// Sends the steps in order, each once, but for those of which nothing was processed.
    async fn send(&self, admitted: &mut Admitted, connector: Option<&Arc<dyn Connector>>) -> Run {
        let inner = &*self.inner;
        let failed = |code| Run {
            answers: Vec::new(),
            interpretation: Interpretation::failed(code),
            granted: None,
        };
        let bearer = match (&inner.tokens, admitted.prepared().credential()) {
            (_, None) => None,
            (None, Some(_)) => return failed("no_token_source"),
            (Some(tokens), Some(_)) => match tokens.bearer(admitted).await {
                Ok(bearer) => Some(bearer),
                Err(error) => return failed(error.code()),
            },
        };
        let granted = bearer.as_ref().map(|b| b.granted().to_vec());
        let stop = |answers, interpretation| Run { answers, interpretation, granted };
        let mut answers: Vec<Answer> = Vec::new();
        let mut not_sent = "not_sent";
        loop {
            let binding = admitted.prepared().binding();
            let sent = match admitted.next(inner.clock.now()) {
                Ok(None) | Err(PlanError::Ended) => break,
                Ok(Some(step)) => match binding {
                    Binding::Wire => inner.transport.send(step, bearer.as_ref()).await,
                    Binding::Arguments => inner.local.execute(step).await,
                },
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
        let interpretation = match connector {
            Some(connector) => connector.interpret(admitted.prepared(), &answers),
            None => local_result(&answers),
        };
        stop(answers, interpretation)
    }

    /// One read that a plan or a reconciliation needs: a call of its own, with its own ticket and
    /// record, of the same connector, and silent or not at all.
    pub(crate) fn read<'a>(
        &'a self,
        caller: &'a Caller,
        connector: &'a Arc<dyn Connector>,
        call: &'a ToolCall,
        parent: EffectId,
    ) -> BoxFuture<'a, Result<Answer, Stop>> {
        Box::pin(async move {
            let entry = self.inner.tools.get(call.tool());
            let same =
                entry.and_then(|e| e.connector.as_ref()).is_some_and(|c| Arc::ptr_eq(c, connector));
            let reads = entry.is_some_and(|e| e.tool.effect() == countersign_core::Effect::Read);
            if !same || !reads {
                return Err(Refused::new("connector_strays").into());
            }
            let sealed = self.authorize_read(caller, call, parent).await?;
            let (ticket, prepared) = sealed.into_parts();
            let now = self.inner.clock.now();
            let opened = self.inner.gate.check(&ticket, caller, now);
            let opened = opened.and_then(|checked| checked.open_prepared(prepared));
            let opened = opened.map_err(|refusal| Refused::new(refusal.code()))?;
            self.log_intent(opened.claims()).await?;
            let admitted = opened.admit(now).await;
            let mut admitted = admitted.map_err(|refusal| Refused::new(refusal.code()))?;
            let Run { mut answers, interpretation, .. } =
                self.send(&mut admitted, Some(connector)).await;
            let fields = self
                .inner
                .journal
                .about_ticket(admitted.claims())
                .with("code", interpretation.code)
                .with("outcome", interpretation.ending.as_str())
                .with("parent", parent.to_string());
            self.inner.journal.write(RecordKind::Outcome, None, fields).await?;
            let code = interpretation.code.unwrap_or("read_failed");
            answers.pop().ok_or_else(|| Stop::Refused(Refused::new(code)))
        })
    }

    /// Asks the provider what became of an effect that is in doubt. Reads only; nothing is sent again.
    ///
    /// # Errors
    /// [`Error`]: it could not be asked now. The effect stays in doubt.
    pub async fn reconcile(&self, caller: &Caller, doubt: &Doubt) -> Result<Ending, Error> {
        let prepared = &doubt.prepared;
        let entry = self.inner.tools.get(prepared.tool());
        let Some(connector) = entry.and_then(|e| e.connector.as_ref()) else {
            return Ok(Ending::Unknown);
        };
        let mut seen = Seen::nothing();
        for _ in 0..4 {
            let ending = match connector.reconcile(prepared, &seen) {
                Reconciled::Committed => Ending::Committed,
                Reconciled::Absent => Ending::Failed,
                Reconciled::InDoubt => Ending::Unknown,
                Reconciled::Needs(reads) => {
                    for read in reads {
                        let answer =
                            self.read(caller, connector, &read, prepared.effect_id()).await;
                        let answer = answer.map_err(|stop| match stop {
                            Stop::Refused(refused) => Error::from(refused),
                            Stop::Connect(error, _) => Refused::new(error.code()).into(),
                            Stop::Unavailable(unavailable) => unavailable.into(),
                        })?;
                        seen.add(read, answer);
                    }
                    continue;
                }
            };
            let fields = self
                .inner
                .journal
                .about(caller)
                .with("effect_id", prepared.effect_id().to_string())
                .with("outcome", ending.as_str())
                .with("reconciled", true)
                .with("tool", prepared.tool().as_str());
            self.inner.journal.write(RecordKind::Outcome, None, fields).await?;
            return Ok(ending);
        }
        Ok(Ending::Unknown)
    }
}

/// What a local tool's answer means: what it returned, or that it failed. A tool that fails says
/// nothing about what it did before, so its failure is its own word for "not done".
fn local_result(answers: &[Answer]) -> Interpretation {
    match answers.last() {
        Some(answer) if answer.status == 200 => {
            match countersign_core::canon::parse(&answer.body) {
                Ok(value) => Interpretation::committed(value),
                // Done, but what it returned is not I-JSON.
                Err(_) => Interpretation::committed(Value::Null),
            }
        }
        Some(_) => Interpretation::failed("tool_failed"),
        None => Interpretation::failed("not_sent"),
    }
}

fn scopes(scopes: &[Scope]) -> Value {
    Value::Array(scopes.iter().map(|s| s.as_str().into()).collect())
}
