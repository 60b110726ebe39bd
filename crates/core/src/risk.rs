//! The ports for judging risk, and what a judgement says.

use core::fmt::Debug;
use core::ops::Range;

use async_trait::async_trait;
use countersign_canon::{Canonical, Object, Value};
use countersign_ticket::{Caller, PolicyVersion, Prepared, SessionId, TenantId, Tier, Timestamp};

use crate::call::ValueHandle;
use crate::grant::StoreError;
use crate::tool::Tool;

/// What a finding does to the judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "each way to weigh must be shown wherever one is shown"
)]
pub enum Weight {
    /// Adds halves to the multiplier: 1 is x0.5 more, 2 is x1.0 more, 3 is x1.5 more.
    Halves(u8),
    /// The tier is one above what score and fixed floors give. Several raise no further than one.
    Raise,
    /// The tier is at least this.
    Floor(Tier),
    /// The call is refused whatever the score.
    Deny,
    /// Only noted.
    Note,
}

/// One thing that was found about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a finding explains itself whole or not at all")]
pub struct Finding {
    /// A stable code, for example `bulk_targets`.
    pub signal: &'static str,
    /// Its id in OWASP's LLM or Agentic top ten, for example `LLM02`.
    pub owasp: &'static str,
    /// RFC 6901 pointer of the argument, empty for the call as a whole.
    pub path: String,
    /// Where in the string at `path`, in bytes. None for the whole of it.
    pub span: Option<Range<usize>>,
    /// The earlier step of the session that it was seen at: the first call is step 1.
    pub step: Option<u32>,
    /// What was seen, redacted: never a secret, never a value that is private.
    pub evidence: String,
    /// What it does.
    pub weight: Weight,
}

impl Finding {
    /// About the call as a whole.
    pub fn new(
        signal: &'static str,
        owasp: &'static str,
        evidence: impl Into<String>,
        weight: Weight,
    ) -> Self {
        let (path, evidence) = (String::new(), evidence.into());
        Self { signal, owasp, path, span: None, step: None, evidence, weight }
    }

    /// About the argument at this RFC 6901 pointer.
    #[must_use]
    pub fn at(mut self, path: String) -> Self {
        self.path = path;
        self
    }

    /// About this part of the argument's string, in bytes.
    #[must_use]
    pub fn span(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// Seen at this earlier step.
    #[must_use]
    pub fn step(mut self, step: u32) -> Self {
        self.step = Some(step);
        self
    }
}

/// A judgement of one call, which explains itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by any policy, whole")]
pub struct Assessment {
    /// The tier: the strictest of score and floors.
    pub tier: Tier,
    /// The tier of the tool's severity and fixed floors alone.
    pub own_tier: Tier,
    /// Severity times multiplier, in halves.
    pub score2: u16,
    /// The tool's severity, 1 to 5.
    pub severity: u8,
    /// Everything found.
    pub findings: Vec<Finding>,
    /// The version of the policy.
    pub policy: PolicyVersion,
}

impl Assessment {
    /// The first finding that denies.
    pub fn denied(&self) -> Option<&Finding> {
        self.findings.iter().find(|f| f.weight == Weight::Deny)
    }

    /// The judgement as JSON, for logs and tools.
    pub fn to_value(&self) -> Value {
        // Offsets are far below 2^53.
        let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let span =
            |s: &Range<usize>| Value::Array(vec![offset(s.start).into(), offset(s.end).into()]);
        let finding = |f: &Finding| {
            let (kind, weight) = match f.weight {
                Weight::Halves(n) => ("halves", Value::from(n)),
                Weight::Raise => ("raise", 1u8.into()),
                Weight::Floor(tier) => ("floor", tier.as_str().into()),
                Weight::Deny => ("deny", true.into()),
                Weight::Note => ("note", true.into()),
            };
            Object::new()
                .with("signal", f.signal)
                .with("owasp", f.owasp)
                .with("path", f.path.as_str())
                .with("span", f.span.as_ref().map(span))
                .with("step", f.step)
                .with("evidence", f.evidence.as_str())
                .with(kind, weight)
                .into()
        };
        Object::new()
            .with("tier", self.tier.as_str())
            .with("own_tier", self.own_tier.as_str())
            .with("score2", self.score2)
            .with("severity", self.severity)
            .with("policy", self.policy.as_str())
            .with("denied", self.denied().map(|f| f.signal))
            .with("signals", Value::Array(self.findings.iter().map(finding).collect()))
            .into()
    }
}

/// What a policy looks at.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "stated whole by whoever asks for a judgement")]
pub struct RiskInput<'a> {
    /// The tool.
    pub tool: &'a Tool,
    /// The effect, resolved.
    pub prepared: &'a Prepared,
    /// Who asks.
    pub caller: &'a Caller,
    /// What a framework that follows values says about where arguments came from. Empty where nobody
    /// follows them.
    pub handles: &'a [ValueHandle],
    /// The session's memory, as the same policy wrote it; empty at first.
    pub memory: &'a [u8],
    /// Whether the memory counts this very call as attempted already: it was judged before, and is
    /// judged again before it runs.
    pub counted: bool,
    /// How many different calls of the same kind the same agent attempted for the same user in other
    /// sessions within a short time, as far as whoever asks counts them. 0 where nobody does.
    pub agent_calls: u32,
    /// Whether a text contains a live token that was handed out.
    pub canary: &'a dyn Canary,
    /// The time.
    pub now: Timestamp,
}

/// Recognises tokens that were handed out.
pub trait Canary: Debug + Send + Sync {
    /// Whether the text contains one: what RFC 6750 section 2.1 calls a `b64token`, without spaces.
    fn recognises(&self, text: &str) -> bool;
}

/// Something a session did or read, for its memory.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A call was attempted: counted before its answer is known.
    Attempted(&'a Tool, &'a Canonical),
    /// A call of a tool returned this text.
    Returned(&'a Tool, &'a str),
    /// The agent read a text that did not come through a tool of ours.
    Observed(Source, &'a str),
}

/// Where a text came from that the agent read on another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "trust is judged case by case")]
pub enum Source {
    /// The user's own words.
    User,
    /// Anything else.
    Untrusted,
}

/// A policy could not judge, which means refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RiskError {
    /// The session's memory is not what this policy wrote.
    #[error("the session's memory cannot be read")]
    Memory,
    /// The session's memory was written by an older version of this policy, which is not read.
    #[error("the session's memory is of version {0}, which is no longer read")]
    OldMemory(u32),
    /// A detector failed.
    #[error("a detector failed")]
    Detector,
}

/// Judges calls. Pure and synchronous.
///
/// # Contract
/// Total (every call gets a tier), deterministic, monotone (one more finding never lowers the tier),
/// and floors and denies win over the score.
pub trait RiskPolicy: Debug + Send + Sync + 'static {
    /// The version, a claim of every ticket. It changes whenever a judgement could.
    fn version(&self) -> PolicyVersion;

    /// Judges a call.
    ///
    /// # Errors
    /// [`RiskError`], which means refuse.
    fn assess(&self, input: &RiskInput<'_>) -> Result<Assessment, RiskError>;

    /// Judges a call and counts it as attempted, in one: what [`RiskPolicy::assess`] says, and what
    /// [`RiskPolicy::remember`] makes of [`Event::Attempted`] with the arguments of `prepared`.
    ///
    /// # Errors
    /// [`RiskError`], which means refuse.
    fn attempt(&self, input: &RiskInput<'_>) -> Result<(Assessment, Vec<u8>), RiskError>;

    /// The session's memory after an event.
    ///
    /// # Errors
    /// [`RiskError::Memory`].
    fn remember(
        &self,
        memory: &[u8],
        event: Event<'_>,
        now: Timestamp,
    ) -> Result<Vec<u8>, RiskError>;
}

/// Keeps the memory of sessions.
///
/// # Contract
/// `swap` stores only if the version is still the one that `load` gave, in one atomic step; versions
/// never repeat for one session. A session never seen is version 0 and empty.
#[async_trait]
pub trait RiskMemory: Debug + Send + Sync + 'static {
    /// Version and bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn load(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<(u64, Vec<u8>), StoreError>;

    /// Replaces the bytes if the version is still this one. Says whether it was.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn swap(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        version: u64,
        memory: Vec<u8>,
    ) -> Result<bool, StoreError>;
}
