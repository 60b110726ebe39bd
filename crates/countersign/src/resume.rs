//! Calls that wait: what is kept of them, and how they go on.

use countersign_core::{
    ApprovalRequest, Caller, EffectId, NotGranted, RecordKind, RiskInput, Selector, StoreError,
    Tier, Timestamp, TokenError, ToolCall, ToolName, Verdict,
};
use countersign_ticket::Assessed;

use crate::error::{Error, Refused, Unavailable};
use crate::journal::integer;
use crate::pending::{Handle, Interrupt, Record};
use crate::pipeline::{
    Authorization, PENDING_SECONDS, Pipeline, Recognises, Stop, permitted, session_of,
};

impl Pipeline {
    pub(crate) async fn wait_for_connection(
        &self,
        caller: &Caller,
        call: &ToolCall,
        effect: EffectId,
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
        self.keep(record).await
    }

    /// Keeps what waits for a person, after the log knows of it.
    pub(crate) async fn keep(&self, record: Record) -> Result<Handle, Unavailable> {
        let inner = &*self.inner;
        let (decision, tier) = match &record.handle.interrupt {
            Interrupt::Approve { tier, .. } => ("waits_for_approval", Tier::parse(tier)),
            Interrupt::Connect { .. } => ("waits_for_connection", None),
        };
        let fields = inner
            .journal
            .about(&record.caller)
            .with("decision", decision)
            .with("effect_id", record.handle.effect_id.as_str())
            .with("expires_ms", integer(record.handle.expires_ms))
            .with("tier", tier.map(Tier::as_str))
            .with("tool", record.handle.tool.as_str());
        inner.journal.write(RecordKind::Decision, tier, fields).await?;
        let bytes = record.to_bytes().ok_or(StoreError)?;
        let expires = Timestamp::from_millis(record.handle.expires_ms);
        // Looking lets the store forget what has expired, before it says that it is full.
        inner.approvals.get(&record.handle.id, inner.clock.now()).await?;
        inner.approvals.put(&record.handle.id, bytes, expires).await?;
        Ok(record.handle)
    }

    /// Goes on with a call that waited, in any process that shares the stores.
    ///
    /// Nothing in the handle is believed: the record under its id is, and a handle that differs from
    /// it is refused. The call is judged again; an approval holds only if it still suffices.
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
        let Some(asked) = record.asked else {
            return self.resume_connection(caller, handle, &record.call, now).await;
        };
        let approver = inner.approvers.iter().find(|a| a.name() == asked.approver);
        let approver = approver.ok_or(Refused::new("approver_unreachable"))?;
        let request = ApprovalRequest {
            digest: asked.assessed.approval_digest(),
            caller: caller.clone(),
            tool: record.call.tool().clone(),
            tier: asked.assessed.terms().tier,
            preview: asked.preview,
            why: asked.why,
            asked: asked.at,
        };
        let verdict = approver.poll(&request, &asked.reference, now).await;
        let approval = match verdict {
            Verdict::Pending(_) => return Ok(Authorization::Pending(Box::new(handle.clone()))),
            // Could not ask now; the question stands, so that nobody is asked twice.
            Verdict::Unreachable => return Err(Refused::new("approver_unreachable").into()),
            Verdict::Declined => {
                inner.approvals.take(&handle.id, now).await?;
                return Err(Refused::new("declined").into());
            }
            Verdict::Approved(approval) => approval,
        };
        if let Err(stop) = self.still_holds(caller, &asked.assessed).await {
            if matches!(stop, Stop::Refused(_)) {
                // Nobody waits until it holds again.
                inner.approvals.take(&handle.id, now).await?;
            }
            return Err(stop);
        }
        let approved = asked.assessed.approve(*approval, inner.clock.now());
        let approved = approved.map_err(|u| Refused::new(u.code()))?;
        // Whoever takes the record gets the ticket; a second resume finds nothing.
        if inner.approvals.take(&handle.id, now).await?.is_none() {
            return Err(Refused::new("pending_unknown").into());
        }
        match self.issue(approved, None).await {
            Ok(sealed) => Ok(permitted(sealed)),
            Err(stop) => {
                // No ticket came of it, so the approval is not spent: nobody is asked twice.
                let expires = Timestamp::from_millis(handle.expires_ms);
                inner.approvals.put(&handle.id, bytes, expires).await?;
                Err(stop)
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
            _ if approvals.take(&handle.id, now).await?.is_some() => Ok(authorization),
            Authorization::Pending(next) => {
                approvals.take(&next.id, now).await?;
                Err(Refused::new("pending_unknown").into())
            }
            _ => Err(Refused::new("pending_unknown").into()),
        }
    }

    /// Grant and policy as they are now: an approval never outlives them.
    pub(crate) async fn still_holds(
        &self,
        caller: &Caller,
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
            // A framework passes handles with a call; what waited is judged without them.
            handles: &[],
            memory: &memory,
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
