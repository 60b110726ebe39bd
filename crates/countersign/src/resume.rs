//! Calls that wait, and how they go on.

use countersign_core::{
    Caller, LedgerState, NotGranted, RiskInput, Selector, StoreError, Timestamp, TokenError,
    ToolCall, ToolName, Verdict,
};
use countersign_ticket::Assessed;

use crate::asking::{Kept, PENDING_SECONDS};
use crate::error::{Error, Refused, Unavailable};
use crate::pending::{Handle, Interrupt, Record};
use crate::pipeline::{Authorization, Pipeline, Recognises, Stop, session_of};

/// How many records are looked at in one go.
const PAGE: usize = 100;

impl Pipeline {
    pub(crate) async fn wait_for_connection(
        &self,
        caller: &Caller,
        call: &ToolCall,
        effect: countersign_core::EffectId,
        error: &TokenError,
        selector: &Selector,
    ) -> Result<Handle, Unavailable> {
        let expires = self.inner.clock.now().plus_seconds(PENDING_SECONDS);
        let interrupt = Interrupt::Connect {
            reason: error.code().to_owned(),
            connection: selector.connection().to_string(),
            scopes: selector.scopes().iter().map(ToString::to_string).collect(),
        };
        let handle = Handle {
            id: self.random_id()?,
            effect_id: effect.to_string(),
            tool: call.tool().to_string(),
            interrupt,
            expires_ms: expires.millis(),
        };
        let record = Record { handle, caller: caller.clone(), call: call.clone(), asked: None };
        self.log_waiting(&record).await?;
        Ok(self.keep(record).await?.record.handle)
    }

    /// The calls of a caller that wait for a person or that a person approved and that did not run
    /// yet: for a program that was started anew and has lost its handles.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn pending(&self, caller: &Caller) -> Result<Vec<Handle>, Error> {
        let mut handles = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let (approvals, now) = (&self.inner.approvals, self.inner.clock.now());
            let page = approvals.list(after.as_deref(), PAGE, now).await?;
            let Some((last, _)) = page.last() else { return Ok(handles) };
            after = Some(last.clone());
            let records = page.iter().map(|(_, bytes)| {
                Record::from_bytes(bytes, countersign_approval::RENDERER).ok_or(StoreError)
            });
            for record in records {
                let record = record?;
                if record.caller == *caller {
                    handles.push(record.handle);
                }
            }
        }
    }

    /// Goes on with a call that waited, in any process that shares the stores.
    ///
    /// Nothing in the handle is believed: the record under its id is, and a handle that differs from
    /// it is refused. The call is judged again; an approval holds only if it still suffices. A call
    /// that was approved and not sent, because the process died or because it is proven that nothing
    /// was processed, gets another ticket; nobody is asked again.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn resume(&self, caller: &Caller, handle: &Handle) -> Result<Authorization, Error> {
        match self.resume_inner(caller, handle).await {
            Ok(authorization) => Ok(authorization),
            Err(Stop::Refused(refused)) => {
                if let Ok(tool) = ToolName::new(&handle.tool) {
                    self.record_refusal(caller, &tool, &refused).await?;
                }
                Ok(Authorization::Refused(refused))
            }
            Err(Stop::Connect(..)) => Ok(Authorization::Pending(Box::new(handle.clone()))),
            Err(Stop::Unavailable(unavailable)) => Err(unavailable.into()),
        }
    }

    async fn resume_inner(&self, caller: &Caller, handle: &Handle) -> Result<Authorization, Stop> {
        let inner = &*self.inner;
        let now = inner.clock.now();
        let bytes = inner.approvals.get(&handle.id, now).await?;
        let bytes = bytes.ok_or(Refused::new("pending_unknown"))?;
        let record = Record::from_bytes(&bytes, countersign_approval::RENDERER);
        let record = record.ok_or(StoreError)?;
        if record.handle != *handle {
            return Err(Refused::new("pending_tampered").into());
        }
        if record.caller != *caller {
            return Err(Refused::new("wrong_caller").into());
        }
        let Some(asked) = &record.asked else {
            return self.resume_connection(caller, handle, &record.call, now).await;
        };
        if let Some(approval) = asked.approval.clone() {
            self.may_be_tried(asked.assessed(), handle).await?;
            return self.approved(caller, Kept { record, bytes }, approval).await;
        }
        if inner.open.has(&handle.id) {
            // This very process is asking.
            return Ok(Authorization::Pending(Box::new(handle.clone())));
        }
        let approver = inner.approvers.iter().find(|a| a.name() == asked.approver);
        let approver = approver.ok_or(Refused::new("approver_unreachable"))?;
        let request = asked.request(caller, &record.call);
        let polling = approver.poll(&request, &asked.reference, now);
        match inner.load.in_time(polling).await.unwrap_or(Verdict::Unreachable) {
            Verdict::Pending(_) => Ok(Authorization::Pending(Box::new(handle.clone()))),
            // Could not ask now; the question stands, so that nobody is asked twice.
            Verdict::Unreachable => Err(Refused::new("approver_unreachable").into()),
            verdict => self.answered(caller, Kept { record, bytes }, verdict).await,
        }
    }

    /// Whether an approved effect may get another ticket: only the ledger knows what became of it.
    async fn may_be_tried(&self, assessed: &Assessed, handle: &Handle) -> Result<(), Stop> {
        let effect = assessed.prepared().effect_id();
        let state = self.inner.ledger.get(effect).await?.map(|entry| entry.state);
        match state {
            None | Some(LedgerState::Entered | LedgerState::Released) => Ok(()),
            Some(LedgerState::Claimed | LedgerState::Dispatched) => {
                Err(Refused::new("effect_under_way").into())
            }
            Some(LedgerState::Unknown) => Err(Refused::new("effect_in_doubt").into()),
            Some(LedgerState::Committed | LedgerState::Failed) => {
                self.inner.approvals.take(&handle.id, self.inner.clock.now()).await?;
                Err(Refused::new("pending_unknown").into())
            }
        }
    }

    /// A call that waited for an account is planned and judged anew, as the same effect. Whoever takes
    /// the record goes on with it; two that resume at once come to one call.
    async fn resume_connection(
        &self,
        caller: &Caller,
        handle: &Handle,
        call: &ToolCall,
        now: Timestamp,
    ) -> Result<Authorization, Stop> {
        let approvals = &self.inner.approvals;
        let effect = handle.effect_id.parse().map_err(|_| StoreError)?;
        let authorization = match self.authorize_effect(caller, call, effect).await {
            Ok(authorization) => authorization,
            Err(Error::Unavailable(unavailable)) => return Err(Stop::Unavailable(unavailable)),
            Err(error) => return Err(Refused::new(error.code()).into()),
        };
        match &authorization {
            Authorization::Pending(next) if matches!(next.interrupt, Interrupt::Connect { .. }) => {
                // Still not connected: the older handle stands.
                approvals.take(&next.id, now).await?;
                Ok(Authorization::Pending(Box::new(handle.clone())))
            }
            // Somebody else resumes it in this moment, and it is theirs to take.
            Authorization::Refused(no) if no.code() == "pending_unknown" => Ok(authorization),
            _ if approvals.take(&handle.id, now).await?.is_some() => Ok(authorization),
            Authorization::Pending(next) => {
                approvals.take(&next.id, now).await?;
                Err(Refused::new("pending_unknown").into())
            }
            _ => Err(Refused::new("pending_unknown").into()),
        }
    }

    /// Grant and policy as they are now: an approval never outlives them. What the framework said of
    /// the origin of the call's arguments counts as it did before.
    pub(crate) async fn still_holds(
        &self,
        caller: &Caller,
        call: &ToolCall,
        assessed: &Assessed,
    ) -> Result<(), Stop> {
        let inner = &*self.inner;
        let now = inner.clock.now();
        let (prepared, terms) = (assessed.prepared(), assessed.terms());
        let granted = inner.grants.get(caller.tenant(), caller.agent()).await?;
        let granted = granted.ok_or(Refused::new(NotGranted::UnknownAgent.code()))?;
        let entry = inner.tools.get(prepared.tool()).ok_or(Refused::new("unknown_tool"))?;
        granted.covers(&entry.tool, now).map_err(|no| Refused::new(no.code()))?;
        if entry.tool.digest() != terms.schema {
            return Err(Refused::new("schema_changed").into());
        }
        let (_, memory) = inner.sessions.load(caller.tenant(), &session_of(caller)).await?;
        let canary = Recognises(inner.tokens.as_deref());
        let input = RiskInput {
            tool: &entry.tool,
            prepared,
            caller,
            handles: call.handles(),
            memory: &memory,
            counted: true,
            agent_calls: inner.pace.before(caller, &entry.tool, prepared.arguments(), now),
            canary: &canary,
            now,
        };
        let assessment = inner.risk.assess(&input)?;
        if let Some(finding) = assessment.denied() {
            return Err(Refused::new(finding.signal).into());
        }
        if assessment.tier > terms.tier {
            return Err(Refused::new("approval_no_longer_suffices").into());
        }
        granted.reaches(terms.tier).map_err(|no| Refused::new(no.code()).into())
    }
}
