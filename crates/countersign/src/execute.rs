//! From a sealed request to an outcome: gate, credential, transport, interpretation, evidence.

use std::sync::Arc;

use countersign_core::{
    Answer, Binding, Caller, Connector, Digest, Effect, EffectId, Ending, Event, Executor as _,
    Interpretation, NotGranted, Prepared, Reconciled, RecordKind, Scope, Seen, Sent, Timestamp,
    ToolCall, Value,
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
    caller: Caller,
    since: Timestamp,
}

/// How long a request that was lost may still be on its way, in seconds: twice the transport's
/// time-out. Until then the provider's not knowing of it proves nothing.
const ON_ITS_WAY: i64 = 120;

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
    /// Not to be cancelled: if the future is dropped after the request left, the log has the intent
    /// and no outcome, and what became of it has to be looked up at the provider. Give it a task of
    /// its own where the waiting side may go away.
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
        // Also where a token is cut over several members of an answer.
        let found = |text: &str| inner.tokens.as_ref().is_some_and(|t| t.recognises(text));
        if found(&text) || found(&leaves(&interpretation.result)) {
            // A provider's answer that holds a live token does not reach the agent.
            interpretation.result = Value::Null;
            interpretation.code = Some("token_in_result");
            text.clear();
        }
        if let Some(entry) = inner.tools.get(admitted.prepared().tool()) {
            let event = Event::Returned(&entry.tool, &text);
            if self.remember(caller, event).await.is_err() {
                // What the session does not know of, the agent does not get: later calls would be
                // judged as if it had not been read.
                tracing::error!(code = "memory_unwritable", "the session's memory was not written");
                interpretation.result = Value::Null;
                interpretation.code = Some("memory_unwritable");
            }
        }
        let last = answers.last().map(|a| (a.status, Digest::of(&a.body)));
        let elsewhere = inner.transport.dialled_elsewhere();
        let ending = interpretation.ending;
        let lent = lent(&admitted);
        let fields = inner
            .journal
            .about_ticket(admitted.claims())
            .with("code", interpretation.code)
            .with("dialled_elsewhere", elsewhere)
            .with("outcome", ending.as_str())
            .with("requests", lent)
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
            doubt: (ending == Ending::Unknown).then(|| Doubt {
                prepared,
                caller: caller.clone(),
                since: now,
            }),
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
        let interpretation = if let Some(connector) = connector {
            connector.interpret(admitted.prepared(), &answers)
        } else {
            let tool = inner.tools.get(admitted.prepared().tool());
            local_result(&answers, tool.is_some_and(|e| e.tool.effect() == Effect::Read))
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
            let reads = entry.is_some_and(|e| e.tool.effect() == Effect::Read);
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
            let claims = opened.claims().clone();
            let mut admitted = match opened.admit(self.inner.clock.now()).await {
                Ok(admitted) => admitted,
                Err(no) => return Err(self.turned_away(caller, no, Some(&claims)).await?.into()),
            };
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
    /// A request that was lost may still arrive: for two minutes after it was sent, the provider's
    /// not knowing of it leaves the answer [`Ending::Unknown`].
    ///
    /// # Errors
    /// [`Error`]: it could not be asked now. The effect stays in doubt.
    pub async fn reconcile(&self, caller: &Caller, doubt: &Doubt) -> Result<Ending, Error> {
        let prepared = &doubt.prepared;
        if *caller != doubt.caller {
            return Err(Refused::new("wrong_caller").into());
        }
        let Some(entry) = self.inner.tools.get(prepared.tool()) else {
            return Ok(Ending::Unknown);
        };
        let Some(connector) = &entry.connector else { return Ok(Ending::Unknown) };
        let now = self.inner.clock.now();
        let granted = self.inner.grants.get(caller.tenant(), caller.agent()).await?;
        let granted = granted.ok_or(Refused::new(NotGranted::UnknownAgent.code()))?;
        granted.covers(&entry.tool, now).map_err(|no| Refused::new(no.code()))?;
        let mut seen = Seen::nothing();
        for _ in 0..4 {
            let ending = match connector.reconcile(prepared, &seen) {
                Reconciled::Committed => Ending::Committed,
                Reconciled::Absent if now < doubt.since.plus_seconds(ON_ITS_WAY) => Ending::Unknown,
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

/// The digests of what was lent out; of very many, one digest over them, so that a record stays small.
fn lent(admitted: &Admitted) -> Value {
    let digests: Vec<String> = admitted.lent().iter().map(|l| l.digest.to_hex()).collect();
    if digests.len() <= 64 {
        return Value::Array(digests.into_iter().map(Value::from).collect());
    }
    Digest::of(digests.concat().as_bytes()).to_hex().into()
}

/// Every text of a value, joined.
fn leaves(value: &Value) -> String {
    let mut text = String::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::String(leaf) => text.push_str(leaf),
            Value::Array(items) => open.extend(items.iter().rev()),
            Value::Object(object) => {
                let members: Vec<&Value> = object.iter().map(|(_, value)| value).collect();
                open.extend(members.into_iter().rev());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    text
}

fn scopes(scopes: &[Scope]) -> Value {
    Value::Array(scopes.iter().map(|s| s.as_str().into()).collect())
}
