//! From a sealed request to an outcome: gate, credential, transport, interpretation, evidence.

use std::sync::Arc;

use countersign_core::{
    Answer, Caller, Connector, Digest, Effect, EffectId, Ending, Event, LedgerCall, LedgerEntry,
    LedgerState, Prepared, RecordKind, Scope, StoreError, Tier, Timestamp, ToolCall, Value,
    stored::integer,
};
use countersign_ticket::{Admitted, Checked, Claims, Evidence, Opened, Refusal, Sealed, Ticket};

use crate::error::{Error, Refused, Unavailable};
use crate::finish::to_its_end;
use crate::load::Permit;
use crate::pending::Handle;
use crate::pipeline::{BoxFuture, Pipeline, Stop, as_text};
use crate::send::Run;

/// How a call ended that passed the gate.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Done {
    /// Committed, failed, or unknown: then the effect may have taken place and must not be repeated,
    /// and [`Pipeline::reconcile`] asks the provider about it.
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
    /// Whether it is proven that nothing of it was processed. The same approved effect may then be
    /// tried again: if a person approved it, with this handle ([`Pipeline::resume`]) and without asking
    /// again; otherwise by calling again.
    pub released: bool,
    /// The handle to try it again with, if it was released and a person approved it.
    pub again: Option<Handle>,
}

impl Pipeline {
    /// Executes a sealed request, once. The ticket may have travelled through the agent; whatever
    /// was changed on the way is found here, before anything is spent.
    ///
    /// Within a tokio runtime it goes on to its end, also if this future is dropped meanwhile.
    ///
    /// # Errors
    /// [`Error::Refused`] and [`Error::Unavailable`]: no effect took place. From the moment the
    /// request may have left, the answer is `Ok` with an [`Ending`].
    pub async fn execute(&self, caller: &Caller, sealed: Sealed) -> Result<Done, Error> {
        let permit = self.inner.load.enter()?;
        let (pipeline, caller) = (self.clone(), caller.clone());
        let (ticket, prepared) = sealed.into_parts();
        let effect = prepared.effect_id();
        let whole = async move { pipeline.execute_inner(&caller, ticket, prepared, permit).await };
        match to_its_end(whole).await {
            Some(done) => done,
            None => self.fell(effect).await,
        }
    }

    /// The task that executed fell over: code of a connector or of a port panicked. What became of the
    /// effect, nobody knows; the ledger knows whether anything could have.
    async fn fell(&self, effect: EffectId) -> Result<Done, Error> {
        tracing::error!(code = "panicked", "a call panicked");
        let now = self.inner.clock.now();
        let entry = self.inner.ledger.get(effect).await?;
        let Some(entry) = entry.filter(|e| e.state != LedgerState::Entered) else {
            return Err(StoreError.into());
        };
        if entry.state.is_open() {
            let (to, code) = (LedgerState::Unknown, Some("panicked"));
            // Already in doubt, or ended after all.
            let _ = self.inner.ledger.advance(effect, entry.jti, to, code, now).await;
        }
        Ok(Done {
            ending: Ending::Unknown,
            code: Some("panicked"),
            result: Value::Null,
            effect_id: effect,
            evidence: Evidence::from_compact(String::new()),
            logged: false,
            released: false,
            again: None,
        })
    }

    async fn execute_inner(
        &self,
        caller: &Caller,
        ticket: Ticket,
        prepared: Prepared,
        mut permit: Permit,
    ) -> Result<Done, Error> {
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
        match self.admit(opened).await? {
            Ok(admitted) => {
                permit.claimed(claims.effect_id, claims.jti);
                Ok(self.carry_out(caller, admitted).await)
            }
            Err(refusal) => Err(self.turned_away(caller, refusal, Some(&claims)).await?.into()),
        }
    }

    /// Log, ledger, claim: in this order, so that whatever was claimed is known to both.
    async fn admit(&self, opened: Opened<'_>) -> Result<Result<Admitted, Refusal>, Unavailable> {
        self.log_intent(opened.claims()).await?;
        let entry = entry(opened.claims(), opened.prepared(), self.inner.clock.now());
        self.inner.ledger.enter(&entry).await?;
        Ok(opened.admit(self.inner.clock.now()).await)
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
        let ticket = Ticket::from_compact(ticket.to_owned());
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
        let mut run = self.send(&mut admitted, connector.as_ref()).await;
        let interpretation = &mut run.interpretation;
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
        let last = run.answers.last().map(|a| (a.status, Digest::of(&a.body)));
        let elsewhere = inner.transport.dialled_elsewhere();
        let logged = self.log_outcome(&admitted, &run, last, elsewhere).await;
        self.close(&admitted, &run, logged).await;
        let (ending, now) = (run.interpretation.ending, inner.clock.now());
        let evidence =
            Evidence::executed(inner.signer.as_ref(), &admitted, ending, last, elsewhere, now);
        // Without a signature the outcome stands all the same; the evidence is then empty and
        // verifies for nobody.
        let evidence = evidence.unwrap_or_else(|_| Evidence::from_compact(String::new()));
        let effect_id = admitted.prepared().effect_id();
        let again = match admitted.claims().tier {
            Tier::C => None,
            Tier::B | Tier::A | Tier::S if run.released => self.approved_handle(effect_id).await,
            Tier::B | Tier::A | Tier::S => {
                if ending != Ending::Unknown {
                    self.forget_approval(effect_id).await;
                }
                None
            }
        };
        Done {
            ending,
            code: run.interpretation.code,
            result: run.interpretation.result,
            effect_id,
            evidence,
            logged,
            released: run.released,
            again,
        }
    }

    async fn log_outcome(
        &self,
        admitted: &Admitted,
        run: &Run,
        last: Option<(u16, Digest)>,
        elsewhere: bool,
    ) -> bool {
        let inner = &*self.inner;
        let fields = inner
            .journal
            .about_ticket(admitted.claims())
            .with("code", run.interpretation.code)
            .with("dialled_elsewhere", elsewhere)
            .with("outcome", run.interpretation.ending.as_str())
            .with("released", run.released)
            .with("requests", lent(admitted))
            .with("response", last.map(|(_, body)| body.to_hex()))
            .with("scopes_granted", run.granted.as_deref().map(scopes))
            .with("scopes_requested", admitted.prepared().credential().map(|c| scopes(c.scopes())))
            .with("status", last.map(|(status, _)| integer(i64::from(status))));
        let tier = admitted.claims().tier;
        inner.journal.write(RecordKind::Outcome, Some(tier), fields).await.is_ok()
    }

    /// Tells the ledger how it ended. What the log does not have stays open there, so that it is found
    /// again.
    async fn close(&self, admitted: &Admitted, run: &Run, logged: bool) {
        if !run.ours {
            return;
        }
        let (to, code) = match run.interpretation.ending {
            _ if !logged => (LedgerState::Unknown, Some("outcome_not_logged")),
            _ if run.released => (LedgerState::Released, run.interpretation.code),
            ending => (ending.into(), run.interpretation.code),
        };
        let (effect, now) = (admitted.prepared().effect_id(), self.inner.clock.now());
        let closed = self.inner.ledger.advance(effect, admitted.jti(), to, code, now).await;
        if closed.is_err() {
            tracing::error!(
                code = "ledger_unwritable",
                "the ledger does not know how a call ended"
            );
        }
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
            let (pipeline, caller) = (self.clone(), caller.clone());
            let connector = Arc::clone(connector);
            let whole =
                async move { pipeline.read_inner(&caller, &connector, sealed, parent).await };
            // Whoever needed it may give up: it is claimed, so somebody has to say how it ended.
            to_its_end(whole).await.unwrap_or_else(|| Err(Refused::new("panicked").into()))
        })
    }

    async fn read_inner(
        &self,
        caller: &Caller,
        connector: &Arc<dyn Connector>,
        sealed: Sealed,
        parent: EffectId,
    ) -> Result<Answer, Stop> {
        let (ticket, prepared) = sealed.into_parts();
        let now = self.inner.clock.now();
        let opened = self.inner.gate.check(&ticket, caller, now);
        let opened = opened.and_then(|checked| checked.open_prepared(prepared));
        let opened = opened.map_err(|refusal| Refused::new(refusal.code()))?;
        let claims = opened.claims().clone();
        let mut admitted = match self.admit(opened).await? {
            Ok(admitted) => admitted,
            Err(no) => return Err(self.turned_away(caller, no, Some(&claims)).await?.into()),
        };
        let mut run = self.send(&mut admitted, Some(connector)).await;
        let interpretation = &run.interpretation;
        let fields = self
            .inner
            .journal
            .about_ticket(admitted.claims())
            .with("code", interpretation.code)
            .with("outcome", interpretation.ending.as_str())
            .with("parent", parent.to_string());
        let logged = self.inner.journal.write(RecordKind::Outcome, None, fields).await;
        self.close(&admitted, &run, logged.is_ok()).await;
        logged?;
        let code = run.interpretation.code.unwrap_or("read_failed");
        run.answers.pop().ok_or_else(|| Stop::Refused(Refused::new(code)))
    }
}

/// What the ledger keeps of a call, from before it is claimed.
fn entry(claims: &Claims, prepared: &Prepared, now: Timestamp) -> LedgerEntry {
    LedgerEntry {
        effect_id: claims.effect_id,
        jti: claims.jti,
        generation: 0,
        state: LedgerState::Entered,
        code: None,
        caller: claims.caller.clone(),
        expires: claims.expires,
        at: now,
        call: Some(LedgerCall {
            tool: claims.tool.clone(),
            effect: claims.effect,
            approval: claims.approval,
            tier: claims.tier,
            prepared: prepared.to_bytes(),
        }),
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
