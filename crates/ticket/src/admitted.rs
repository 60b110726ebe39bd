//! The proof, as a type, that a ticket passed every check and is now spent.

use countersign_canon::{Canonical, Digest, Limits, canonicalize_with};

use crate::id::{EffectId, Jti, Timestamp, ToolName};
use crate::macros::ensure;
use crate::prepared::{Binding, Prepared};
use crate::request::{Filled, InvalidRequest, Step, request_digest};
use crate::ticket::Claims;

/// How often a step may be tried again when it is proven that nothing was processed.
pub const MAX_ATTEMPTS: u8 = 3;
/// Longest answer that is read for the holes of a later step.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// No step is lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The ticket expired before the plan was through.
    #[error("the ticket expired before the plan was through")]
    Expired,
    /// A step was lent and what became of it was never reported.
    #[error("a step is still out")]
    StillOut,
    /// The last step is in doubt, or was answered with a failure: nothing may follow it.
    #[error("the plan has ended")]
    Ended,
    /// The step was tried too often.
    #[error("tried too often")]
    Attempts,
    /// An earlier answer does not fill a hole of this step.
    #[error(transparent)]
    Hole(#[from] InvalidRequest),
}

/// What became of a step.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way for a request to end")]
pub enum Report<'a> {
    /// The provider answered with this status and body.
    Answered(u16, &'a [u8]),
    /// It is proven that nothing was processed.
    NotSent,
    /// The request may or may not have been processed.
    InDoubt,
}

/// What was lent: step, digest of the bytes, and what holes were filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lent {
    /// Index of the step in the plan.
    pub step: usize,
    /// Digest of the request as it goes out ([`request_digest`]), or of the arguments.
    pub digest: Digest,
    /// Pointer and text of every hole that was filled.
    pub spliced: Vec<(String, String)>,
}

/// A ticket passed every check and is spent; this owns the request it was for, and lends it out step
/// by step. Made only by the gate, cannot be copied.
///
/// ```compile_fail
/// # fn take(admitted: countersign_ticket::Admitted) {
/// let twice = admitted.clone();
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the ticket is spent; send what it permits or report why not"]
pub struct Admitted {
    claims: Claims,
    prepared: Prepared,
    next: usize,
    page: u16,
    attempts: u8,
    /// What stands in the way of lending.
    ready: Result<(), PlanError>,
    answer: Option<Canonical>,
    lent: Vec<Lent>,
}

getters!(Admitted {
    /// The verified claims.
    &claims: &Claims;
    /// The admitted effect.
    &prepared: &Prepared;
    /// What was lent so far, oldest first.
    &lent: &[Lent];
});

impl Admitted {
    pub(crate) fn new(claims: Claims, prepared: Prepared) -> Self {
        Self {
            claims,
            prepared,
            next: 0,
            page: 0,
            attempts: 0,
            ready: Ok(()),
            answer: None,
            lent: Vec::new(),
        }
    }

    /// The ticket.
    pub fn jti(&self) -> Jti {
        self.claims.jti
    }

    /// Lends the next step, or `None` when the plan is through.
    ///
    /// # Errors
    /// [`PlanError`]. Nothing was lent.
    pub fn next(&mut self, now: Timestamp) -> Result<Option<Outgoing<'_>>, PlanError> {
        self.ready?;
        while self.listing_ended() {
            self.advance();
        }
        let filled = match (self.prepared.binding(), self.prepared.steps().get(self.next)) {
            (Binding::Wire, Some(step)) => Some(step.fill(self.answer.as_ref())?),
            (Binding::Arguments, _) if self.next == 0 => None,
            _ => return Ok(None),
        };
        ensure(now.seconds() < self.claims.expires.seconds(), PlanError::Expired)?;
        ensure(self.attempts < MAX_ATTEMPTS, PlanError::Attempts)?;
        let outgoing = Outgoing { prepared: &self.prepared, filled, jti: self.claims.jti };
        let spliced = outgoing.filled.as_ref().map_or_else(Vec::new, |f| f.spliced.clone());
        self.lent.push(Lent { step: self.next, digest: outgoing.digest(), spliced });
        self.attempts = self.attempts.saturating_add(1);
        self.ready = Err(PlanError::StillOut);
        Ok(Some(outgoing))
    }

    /// Says what became of the step that is out. Only a success lets the next one go; only a step
    /// of which nothing was processed can be lent again.
    pub fn report(&mut self, report: Report<'_>) {
        if self.ready != Err(PlanError::StillOut) {
            return;
        }
        self.ready = match report {
            Report::NotSent => Ok(()),
            Report::Answered(200..=299, body) => {
                self.attempts = 0;
                self.page = self.page.saturating_add(1);
                if self.step().is_none_or(|step| self.page >= step.pages) {
                    self.advance();
                }
                // An answer that is not JSON fills no hole; the step that needs one says so.
                let holes = self.step().is_some_and(|step| !step.holes.is_empty());
                self.answer = holes.then(|| read(body)).flatten();
                Ok(())
            }
            Report::Answered(..) | Report::InDoubt => Err(PlanError::Ended),
        };
    }

    fn step(&self) -> Option<&Step> {
        self.prepared.steps().get(self.next)
    }

    fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
        self.page = 0;
    }

    /// Whether the step to come is the further pages of a listing that has no more of them.
    fn listing_ended(&self) -> bool {
        let ended = |step: &Step| self.answer.as_ref().is_some_and(|a| step.exhausted(a));
        self.step().is_some_and(|step| step.pages > 1 && ended(step))
    }
}

fn read(body: &[u8]) -> Option<Canonical> {
    let limits = Limits::DEFAULT.with_max_bytes(MAX_ANSWER);
    canonicalize_with(body, limits).ok()
}

/// One step on its way out: the only thing that a transport or an executor accepts, lent only by an
/// [`Admitted`], used up by sending. Cannot be copied, and ends before the next is lent.
#[derive(Debug)]
#[must_use]
pub struct Outgoing<'a> {
    prepared: &'a Prepared,
    /// The step's bytes; none for a local call.
    filled: Option<Filled<'a>>,
    jti: Jti,
}

getters!(Outgoing<'_> {
    /// The ticket this goes out under.
    jti: Jti;
});

/// An HTTP request to send: exactly these bytes, and the credential if `credential` says so.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the parts of an HTTP request")]
#[non_exhaustive]
pub struct Request<'a> {
    pub method: &'static str,
    pub url: &'a str,
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
    /// Whether the credential goes with it.
    pub credential: bool,
}

impl Outgoing<'_> {
    /// The HTTP request; none for a local call.
    pub fn request(&self) -> Option<Request<'_>> {
        self.filled.as_ref().map(|filled| Request {
            method: filled.step.method.as_str(),
            url: &filled.url,
            headers: &filled.step.headers,
            body: &filled.body,
            credential: filled.step.credential,
        })
    }

    /// Tool and canonical arguments of a local call; none for an HTTP request.
    pub fn call(&self) -> Option<(&ToolName, &Canonical)> {
        self.filled.is_none().then(|| (self.prepared.tool(), self.prepared.arguments()))
    }

    /// The effect this belongs to.
    pub fn effect_id(&self) -> EffectId {
        self.prepared.effect_id()
    }

    /// The digest of the request as it goes out, or of the arguments of a local call.
    pub fn digest(&self) -> Digest {
        match self.request() {
            Some(Request { method, url, headers, body, .. }) => {
                let headers = headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
                request_digest(method, url, headers, body)
            }
            None => self.prepared.arguments().digest(),
        }
    }
}
