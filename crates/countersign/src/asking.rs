//! Asking a person: what is kept of the question, and what comes of the answer.

use countersign_core::{
    Approval, ApprovalRequest, Caller, EffectId, RecordKind, Tier, Timestamp, ToolCall, Verdict,
    stored::integer,
};
use countersign_ticket::{Assessed, Sealed};

use crate::error::{Refused, Unavailable};

use crate::pending::{Asked, Handle, Interrupt, Record, approve_handle};
use crate::pipeline::{Authorization, Judged, Pipeline, Stop};

/// How long a call waits for a person, in seconds.
pub(crate) const PENDING_SECONDS: i64 = 3600;

/// A record and the bytes as which it is kept: what is replaced only if it still is that.
pub(crate) struct Kept {
    pub(crate) record: Record,
    pub(crate) bytes: Vec<u8>,
}

impl Pipeline {
    /// Asks whoever the tier demands, and issues the ticket or keeps what is pending.
    ///
    /// The question is kept before it is put and the answer before it is acted on, so that whatever
    /// dies in between, the person is not asked about this effect again.
    pub(crate) async fn ask(
        &self,
        caller: &Caller,
        call: &ToolCall,
        judged: Judged,
    ) -> Result<Authorization, Stop> {
        let inner = &*self.inner;
        let Judged { assessed, preview, assessment } = judged;
        let tier = assessment.tier;
        if tier == Tier::C {
            let approved = assessed.silently().map_err(|u| Refused::new(u.code()))?;
            return Ok(permitted(self.issue(approved, None).await?));
        }
        let approver = countersign_approval::select(&inner.approvers, tier)
            .ok_or_else(|| Refused::with_detail("no_approver_for_tier", format!("tier {tier}")))?;
        let now = inner.clock.now();
        let asked = Asked {
            assessed,
            approver: approver.name().to_owned(),
            reference: String::new(),
            preview,
            why: countersign_risk::explain(&assessment),
            at: now,
            approval: None,
        };
        let request = asked.request(caller, call);
        let handle = approve_handle(&asked.assessed, now.plus_seconds(PENDING_SECONDS));
        let record =
            Record { handle, caller: caller.clone(), call: call.clone(), asked: Some(asked) };
        let id = record.handle.id.clone();
        let kept = match self.keep(record).await {
            Ok(kept) => kept,
            // The effect was put to the person before: by somebody who resumed it in this moment, or
            // by a process that died.
            Err(no) if inner.approvals.get(&id, now).await?.is_none() => {
                return Err(Stop::Unavailable(no));
            }
            Err(_) => return Err(Refused::new("pending_unknown").into()),
        };
        if let Some(verdict) = self.put_to(approver, request, now, &id).await {
            return self.answered(caller, kept, verdict).await;
        }
        self.log_waiting(&kept.record).await?;
        Ok(Authorization::Pending(Box::new(kept.record.handle)))
    }

    /// What comes of an answer to a question that is kept.
    pub(crate) async fn answered(
        &self,
        caller: &Caller,
        mut kept: Kept,
        verdict: Verdict,
    ) -> Result<Authorization, Stop> {
        let inner = &*self.inner;
        let id = kept.record.handle.id.clone();
        match verdict {
            Verdict::Approved(approval) => {
                if let Some(asked) = &mut kept.record.asked {
                    asked.approval = Some(*approval.clone());
                }
                // Whoever is told of the same answer at the same time finds it noted.
                let kept = self.replace(kept).await?;
                self.approved(caller, kept, *approval).await
            }
            Verdict::Declined => {
                inner.approvals.take(&id, inner.clock.now()).await?;
                Err(Refused::new("declined").into())
            }
            Verdict::Unreachable => {
                inner.approvals.take(&id, inner.clock.now()).await?;
                Err(Refused::new("approver_unreachable").into())
            }
            Verdict::Pending(reference) => {
                if let Some(asked) = &mut kept.record.asked {
                    asked.reference = reference;
                }
                let kept = self.replace(kept).await?;
                self.log_waiting(&kept.record).await?;
                Ok(Authorization::Pending(Box::new(kept.record.handle)))
            }
        }
    }

    /// A ticket for a question that was answered with yes, if everything else still holds.
    pub(crate) async fn approved(
        &self,
        caller: &Caller,
        kept: Kept,
        approval: Approval,
    ) -> Result<Authorization, Stop> {
        let inner = &*self.inner;
        let Record { handle, call, asked, .. } = kept.record;
        let id = handle.id;
        let asked = asked.ok_or(Refused::new("pending_unknown"))?;
        // Asking takes a person's time; what held before may hold no more.
        let sealed = match self.still_holds(caller, &call, &asked.assessed).await {
            Ok(()) => match asked.assessed.approve(approval, inner.clock.now()) {
                Ok(approved) => self.issue(approved, None).await,
                Err(unfit) => Err(Refused::new(unfit.code()).into()),
            },
            Err(stop) => Err(stop),
        };
        match sealed {
            Ok(sealed) => Ok(permitted(sealed)),
            Err(stop) => {
                // Nobody waits until it holds again. What only failed for now can be tried again: the
                // approval is kept and not spent.
                if matches!(stop, Stop::Refused(_)) {
                    inner.approvals.take(&id, inner.clock.now()).await?;
                }
                Err(stop)
            }
        }
    }

    /// Keeps what waits for a person.
    pub(crate) async fn keep(&self, record: Record) -> Result<Kept, Unavailable> {
        let approvals = &self.inner.approvals;
        let bytes = record.to_bytes().ok_or(countersign_core::StoreError)?;
        let expires = Timestamp::from_millis(record.handle.expires_ms);
        // Looking lets the store forget what has expired, before it says that it is full.
        approvals.get(&record.handle.id, self.inner.clock.now()).await?;
        approvals.put(&record.handle.id, bytes.clone(), expires).await?;
        Ok(Kept { record, bytes })
    }

    /// Replaces what is kept, unless it has become something else meanwhile.
    async fn replace(&self, kept: Kept) -> Result<Kept, Stop> {
        let bytes = kept.record.to_bytes().ok_or(countersign_core::StoreError)?;
        let (id, now) = (&kept.record.handle.id, self.inner.clock.now());
        if self.inner.approvals.swap(id, &kept.bytes, bytes.clone(), now).await? {
            return Ok(Kept { record: kept.record, bytes });
        }
        Err(Refused::new("pending_unknown").into())
    }

    pub(crate) async fn log_waiting(&self, record: &Record) -> Result<(), Unavailable> {
        let (decision, tier) = match &record.handle.interrupt {
            Interrupt::Approve { tier, .. } => ("waits_for_approval", Tier::parse(tier)),
            Interrupt::Connect { .. } => ("waits_for_connection", None),
        };
        let journal = &self.inner.journal;
        let fields = journal
            .about(&record.caller)
            .with("decision", decision)
            .with("effect_id", record.handle.effect_id.as_str())
            .with("expires_ms", integer(record.handle.expires_ms))
            .with("tier", tier.map(Tier::as_str))
            .with("tool", record.handle.tool.as_str());
        journal.write(RecordKind::Decision, tier, fields).await
    }

    /// The handle of an effect that a person approved and that may be tried again.
    pub(crate) async fn approved_handle(&self, effect: EffectId) -> Option<Handle> {
        let (id, now) = (effect.to_string(), self.inner.clock.now());
        let bytes = self.inner.approvals.get(&id, now).await.ok()??;
        let record = Record::from_bytes(&bytes, countersign_approval::RENDERER)?;
        Some(record.handle)
    }

    /// An effect ended, so the approval of it is spent.
    pub(crate) async fn forget_approval(&self, effect: EffectId) {
        // Kept too long it does no harm: the ledger gives the effect no further ticket.
        let _ = self.inner.approvals.take(&effect.to_string(), self.inner.clock.now()).await;
    }
}

impl Asked {
    pub(crate) fn request(&self, caller: &Caller, call: &ToolCall) -> ApprovalRequest {
        ApprovalRequest {
            digest: self.assessed.approval_digest(),
            caller: caller.clone(),
            tool: call.tool().clone(),
            tier: self.assessed.terms().tier,
            preview: self.preview.clone(),
            why: self.why.clone(),
            asked: self.at,
        }
    }

    pub(crate) fn assessed(&self) -> &Assessed {
        &self.assessed
    }
}

pub(crate) fn permitted(sealed: Sealed) -> Authorization {
    Authorization::Permitted(Box::new(sealed))
}
