//! Answers that come when nobody waits for them any more.
//!
//! A call waits for a person, but not for ever, and whoever made it may go away. The question stands all
//! the same: what the person says is noted with it, and found by whoever resumes the call.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::{ApprovalRequest, Approver, Timestamp, Verdict};
use tokio::runtime::Handle;

use crate::error::{Refused, Unavailable};
use crate::finish::to_its_end;
use crate::pending::Record;
use crate::pipeline::Pipeline;

/// The questions that this process is putting to somebody, by the ids of their records.
#[derive(Debug, Default)]
pub(crate) struct Open(Mutex<HashSet<String>>);

impl Open {
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}

/// One question that is being put, until this is dropped.
struct Put(Arc<Open>, String);

impl Put {
    fn new(open: &Arc<Open>, id: &str) -> Self {
        open.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        Self(Arc::clone(open), id.to_owned())
    }
}

impl Drop for Put {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Says, when it is dropped, that nobody waits any more.
struct Waits(Arc<AtomicBool>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Pipeline {
    /// Puts a question that is kept, and waits for the answer, but not for ever: none, if it is still
    /// open then. The answer is then noted when it comes.
    pub(crate) async fn put_to(
        &self,
        approver: &Arc<dyn Approver>,
        request: ApprovalRequest,
        now: Timestamp,
        id: &str,
    ) -> Option<Verdict> {
        let approver = Arc::clone(approver);
        // Without a runtime there is nobody to look at a clock, nor to go on later.
        if Handle::try_current().is_err() {
            return Some(approver.ask(&request, now).await);
        }
        let put = Put::new(&self.inner.open, id);
        let waiting = Arc::new(AtomicBool::new(true));
        let (pipeline, waited_for) = (self.clone(), Arc::clone(&waiting));
        let whole = to_its_end(async move {
            let Put(_, id) = &put;
            let verdict = approver.ask(&request, now).await;
            if !waited_for.load(Ordering::Acquire) {
                pipeline.note_late(id, &verdict).await;
            }
            verdict
        });
        // Dropped before the question is, which goes on then.
        let in_time = tokio::time::timeout(self.inner.patience, whole);
        tokio::pin!(in_time);
        let waits = Waits(waiting);
        let answered = in_time.as_mut().await;
        if answered.is_ok() {
            // A panic of the approver's is no answer.
            return answered.ok().map(|verdict| verdict.unwrap_or(Verdict::Unreachable));
        }
        drop(waits);
        None
    }

    /// Notes an answer with its question.
    async fn note_late(&self, id: &str, verdict: &Verdict) {
        if self.try_note(id, verdict).await.is_err() {
            tracing::error!(code = "answer_unwritable", "a late answer could not be kept");
        }
    }

    async fn try_note(&self, id: &str, verdict: &Verdict) -> Result<(), Unavailable> {
        let (approvals, now) = (&self.inner.approvals, self.inner.clock.now());
        // It has expired, or somebody else knows the answer already.
        let Some(bytes) = approvals.get(id, now).await? else { return Ok(()) };
        let record = Record::from_bytes(&bytes, countersign_approval::RENDERER);
        let mut record = record.ok_or(countersign_core::StoreError)?;
        let Some(asked) = record.asked.as_mut().filter(|asked| asked.approval.is_none()) else {
            return Ok(());
        };
        let code = match verdict {
            Verdict::Approved(approval) => {
                asked.approval = Some((**approval).clone());
                None
            }
            Verdict::Pending(reference) => {
                asked.reference.clone_from(reference);
                None
            }
            Verdict::Declined => Some("declined"),
            Verdict::Unreachable => Some("approver_unreachable"),
        };
        if let Some(code) = code {
            approvals.take(id, now).await?;
            let (caller, tool) = (&record.caller, record.call.tool());
            return self.record_refusal(caller, tool, &Refused::new(code)).await;
        }
        let noted = record.to_bytes().ok_or(countersign_core::StoreError)?;
        approvals.swap(id, &bytes, noted, now).await?;
        Ok(())
    }
}
