//! The pipeline: the order of the steps, and nothing else.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    ApprovalStore, Approver, Assessment, Caller, CallerVerifier, Canary, Clock, Connector, Effect,
    EffectId, Entropy, Event, GrantStore, Jti, Ledger, Method, NotGranted, Planned, Prepared,
    Preview, RecordKind, RiskInput, RiskMemory, RiskPolicy, Seen, Selector, SessionId, Source,
    StoreError, SubjectCredentials, Timestamp, TokenError, TokenSource, Tool, ToolCall, ToolName,
    Transport, Value,
};
use countersign_ticket::{Approved, Assessed, Gate, Issuer, Sealed, Signer, Terms};

use crate::error::{Error, Refused, Unavailable};
use crate::execute::Done;
use crate::journal::Journal;
use crate::late::Open;
use crate::load::Load;
use crate::local::LocalTools;
use crate::pending::Handle;

/// Most rounds of reads that a plan may ask for, and most reads in one round.
const MAX_ROUNDS: usize = 4;
const MAX_READS: usize = 8;
/// How often a session's memory is read again because another call of the session was faster.
const SWAPS: usize = 64;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What `authorize` and `resume` come to.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "each of the three must be handled")]
pub enum Authorization {
    /// Permitted: the ticket and the sealed request, good for one execution.
    Permitted(Box<Sealed>),
    /// A person has to do something first.
    Pending(Box<Handle>),
    /// Refused.
    Refused(Refused),
}

/// A tool and what makes its requests.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) tool: Tool,
    pub(crate) connector: Option<Arc<dyn Connector>>,
}

/// Everything between an agent framework and the APIs. Cheap to clone; made by
/// [`Pipeline::builder`](crate::PipelineBuilder).
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) tools: BTreeMap<ToolName, Entry>,
    pub(crate) local: LocalTools,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) tokens: Option<Arc<dyn TokenSource>>,
    pub(crate) subjects: Arc<dyn SubjectCredentials>,
    pub(crate) verifier: Option<Arc<dyn CallerVerifier>>,
    pub(crate) approvers: Vec<Arc<dyn Approver>>,
    pub(crate) grants: Arc<dyn GrantStore>,
    pub(crate) approvals: Arc<dyn ApprovalStore>,
    pub(crate) sessions: Arc<dyn RiskMemory>,
    pub(crate) risk: Arc<dyn RiskPolicy>,
    pub(crate) pace: countersign_risk::Pace,
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) issuer: Issuer,
    pub(crate) gate: Gate,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) load: Arc<Load>,
    pub(crate) patience: Duration,
    pub(crate) open: Arc<Open>,
}

/// Why a call did not come to a ticket.
pub(crate) enum Stop {
    Refused(Refused),
    Connect(TokenError, Selector),
    Unavailable(Unavailable),
}

impl<E: Into<Unavailable>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// A call that was planned and judged, before anybody was asked.
pub(crate) struct Judged {
    pub(crate) assessed: Assessed,
    pub(crate) preview: countersign_core::Rendered,
    pub(crate) assessment: Assessment,
}

/// The calls that a call came from: its reads carry its effect id as their parent.
pub(crate) type Parent = Option<EffectId>;

impl Pipeline {
    /// The registered tools.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.inner.tools.values().map(|entry| &entry.tool)
    }

    /// The ledger: what became of every effect.
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.inner.ledger
    }

    /// The grants: to give, change and take away while the pipeline runs.
    pub fn grants(&self) -> &Arc<dyn GrantStore> {
        &self.inner.grants
    }

    /// The gate, for whoever stands before it in another process or freezes by epoch.
    pub fn gate(&self) -> &Gate {
        &self.inner.gate
    }

    /// Decides about a call: plans it to the last byte, judges it, and asks whoever its tier demands.
    ///
    /// # Errors
    /// [`Error::Unavailable`]. Whatever is returned, no effect took place, but for the reads that the
    /// plan needed.
    pub async fn authorize(
        &self,
        caller: &Caller,
        call: &ToolCall,
    ) -> Result<Authorization, Error> {
        let effect = EffectId::from_bytes(self.random()?);
        self.authorize_effect(caller, call, effect).await
    }

    /// The same for an effect that has its name already: a call that waited for an account.
    pub(crate) async fn authorize_effect(
        &self,
        caller: &Caller,
        call: &ToolCall,
        effect: EffectId,
    ) -> Result<Authorization, Error> {
        let permit = self.inner.load.enter()?;
        let judged = self.inner.load.in_time(self.judge(caller, call, effect, None)).await?;
        // While a person thinks, others may go on.
        drop(permit);
        let stop = match judged {
            Ok(judged) => match self.ask(caller, call, judged).await {
                Ok(authorization) => return Ok(authorization),
                Err(stop) => stop,
            },
            Err(stop) => stop,
        };
        match stop {
            Stop::Refused(refused) => {
                self.record_refusal(caller, call.tool(), &refused).await?;
                Ok(Authorization::Refused(refused))
            }
            Stop::Connect(error, selector) => {
                let handle =
                    self.wait_for_connection(caller, call, effect, &error, &selector).await?;
                Ok(Authorization::Pending(Box::new(handle)))
            }
            Stop::Unavailable(unavailable) => Err(unavailable.into()),
        }
    }

    /// A ticket for a read that a call needs first: silent or not at all.
    pub(crate) async fn authorize_read(
        &self,
        caller: &Caller,
        call: &ToolCall,
        parent: EffectId,
    ) -> Result<Sealed, Stop> {
        let effect = EffectId::from_bytes(self.random()?);
        let judged = self.judge(caller, call, effect, Some(parent)).await?;
        let approved = judged.assessed.silently().map_err(|_| Refused::new("read_not_silent"))?;
        self.issue(approved, Some(parent)).await
    }

    /// Grant, plan, readiness of the credential, risk: everything before a person is asked.
    fn judge<'a>(
        &'a self,
        caller: &'a Caller,
        call: &'a ToolCall,
        effect: EffectId,
        parent: Parent,
    ) -> BoxFuture<'a, Result<Judged, Stop>> {
        Box::pin(async move {
            let inner = &*self.inner;
            let now = inner.clock.now();
            // Before the grant is read: whoever takes the grant away and then freezes stops this too.
            let epochs = inner.gate.guard().epochs(caller).await.map_err(|_| StoreError)?;
            let granted = inner.grants.get(caller.tenant(), caller.agent()).await?;
            let granted = granted.ok_or(Refused::new(NotGranted::UnknownAgent.code()))?;
            let entry = inner.tools.get(call.tool()).ok_or(Refused::new("unknown_tool"))?;
            // A read that a granted call needs comes with the grant for that call: its answer goes
            // into the plan, not to the agent. It is a read of the same connector (see `read`).
            if parent.is_none() {
                granted.covers(&entry.tool, now).map_err(|no| Refused::new(no.code()))?;
            }

            let prepared = self.plan(caller, entry, call, effect, parent).await?;
            if let Some(selector) = prepared.credential() {
                self.ready(caller, selector).await?;
            }
            let assessment = self.assess(caller, entry, call, &prepared, now).await?;
            if let Some(finding) = assessment.denied() {
                let detail = format!("{}: {}", finding.path, finding.evidence);
                return Err(Refused::with_detail(finding.signal, detail).into());
            }
            granted.reaches(assessment.tier).map_err(|no| Refused::new(no.code()))?;
            let raw = match &entry.connector {
                Some(connector) => connector.preview(&prepared),
                None => local_preview(&entry.tool, &prepared),
            };
            let preview = countersign_approval::render(&raw, &prepared, caller, assessment.tier);
            let terms = Terms {
                schema: entry.tool.digest(),
                tier: assessment.tier,
                policy: assessment.policy.clone(),
                epochs,
                preview: preview.digest(),
            };
            let assessed = Assessed::new(prepared, caller.clone(), terms);
            Ok(Judged { assessed, preview, assessment })
        })
    }

    /// Resolves a call to bytes. The reads it needs are calls of their own.
    async fn plan(
        &self,
        caller: &Caller,
        entry: &Entry,
        call: &ToolCall,
        effect: EffectId,
        parent: Parent,
    ) -> Result<Prepared, Stop> {
        let Some(connector) = &entry.connector else {
            if !self.inner.local.fits(call.tool(), call.arguments()) {
                return Err(Refused::new("invalid_arguments").into());
            }
            let prepared = Prepared::local(effect, call.tool().clone(), call.arguments().clone());
            return Ok(prepared);
        };
        let mut seen = Seen::nothing();
        let mut call = call.clone();
        for _ in 0..MAX_ROUNDS {
            let planned = connector.plan(&call, effect, &seen);
            match planned.map_err(|e| Refused::with_detail(e.kind, e.message))? {
                Planned::Ready(prepared) => {
                    let ours = prepared.effect_id() == effect
                        && *prepared.arguments() == call.resolved()
                        && within(&entry.tool, &prepared);
                    let strays = Err(Refused::new("connector_strays").into());
                    return if ours { Ok(prepared) } else { strays };
                }
                // Pins are added; what the agent asked stays what it is.
                Planned::Pinned(pinned)
                    if pinned.tool() == call.tool() && pinned.arguments() == call.arguments() =>
                {
                    call = pinned;
                }

                // A read that needs reads of its own could go on for ever.
                Planned::Needs(reads) if parent.is_none() && reads.len() <= MAX_READS => {
                    for read in reads {
                        let answer = self.read(caller, connector, &read, effect).await?;
                        seen.add(read, answer);
                    }
                }
                Planned::Pinned(_) | Planned::Needs(_) => break,
            }
        }
        Err(Refused::new("plan_needs_too_much").into())
    }

    async fn ready(&self, caller: &Caller, selector: &Selector) -> Result<(), Stop> {
        let Some(tokens) = &self.inner.tokens else {
            return Err(Refused::new("no_token_source").into());
        };
        match tokens.ready(caller, selector).await {
            Ok(()) => Ok(()),
            Err(
                error @ (TokenError::NotConnected
                | TokenError::ReconnectRequired
                | TokenError::LoginRequired
                | TokenError::ScopeMissing
                | TokenError::StepUpRequired),
            ) => Err(Stop::Connect(error, selector.clone())),
            Err(TokenError::Transient | TokenError::RateLimited { .. }) => {
                Err(Stop::Unavailable(Unavailable::IdentityProvider))
            }
            Err(error) => Err(Refused::new(error.code()).into()),
        }
    }

    /// Judges, and counts the attempt in the session's memory before anything is returned.
    async fn assess(
        &self,
        caller: &Caller,
        entry: &Entry,
        call: &ToolCall,
        prepared: &Prepared,
        now: Timestamp,
    ) -> Result<Assessment, Stop> {
        let inner = &*self.inner;
        let (tenant, session) = (caller.tenant(), &session_of(caller));
        let canary = Recognises(inner.tokens.as_deref());
        let agent_calls = inner.pace.attempt(caller, &entry.tool, prepared.arguments(), now);
        for _ in 0..SWAPS {
            let (version, memory) = inner.sessions.load(tenant, session).await?;
            let input = RiskInput {
                tool: &entry.tool,
                prepared,
                caller,
                handles: call.handles(),
                memory: &memory,
                counted: false,
                agent_calls,
                canary: &canary,
                now,
            };
            let (assessment, memory) = inner.risk.attempt(&input)?;
            if inner.sessions.swap(tenant, session, version, memory).await? {
                return Ok(assessment);
            }
        }
        Err(Stop::Unavailable(Unavailable::Busy))
    }

    pub(crate) async fn issue(&self, approved: Approved, parent: Parent) -> Result<Sealed, Stop> {
        let inner = &*self.inner;
        let jti = Jti::from_random(self.random()?);
        let assessed = approved.assessed();
        let (caller, tier) = (assessed.caller(), assessed.terms().tier);
        let fields = inner
            .journal
            .about(caller)
            .with("approval", approved.digest().to_hex())
            .with("approved", approved.approval().map(|a| inner.journal.about_approval(caller, a)))
            .with("decision", "permitted")
            .with("effect", assessed.effect().to_hex())
            .with("effect_id", assessed.prepared().effect_id().to_string())
            .with("jti", jti.to_string())
            .with("parent", parent.map(|p| p.to_string()))
            .with("policy", assessed.terms().policy.as_str())
            .with("tier", tier.as_str())
            .with("tool", assessed.prepared().tool().as_str());
        inner.journal.write(RecordKind::Decision, Some(tier), fields).await?;
        let sealed = inner.issuer.issue(approved, jti, inner.clock.now());
        Ok(sealed.map_err(|_| Unavailable::Signer)?)
    }

    pub(crate) async fn record_refusal(
        &self,
        caller: &Caller,
        tool: &ToolName,
        refused: &Refused,
    ) -> Result<(), Unavailable> {
        tracing::info!(code = refused.code(), "refused");
        let fields = self
            .inner
            .journal
            .about(caller)
            .with("code", refused.code())
            .with("decision", "refused")
            .with("tool", tool.as_str());
        self.inner.journal.write(RecordKind::Decision, None, fields).await
    }

    /// Tells the session's memory what the agent read on a way that bypasses the pipeline, or what the
    /// user said. Judgements of later calls take it into account.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn observe(&self, caller: &Caller, source: Source, text: &str) -> Result<(), Error> {
        Ok(self.remember(caller, Event::Observed(source, text)).await?)
    }

    pub(crate) async fn remember(
        &self,
        caller: &Caller,
        event: Event<'_>,
    ) -> Result<(), Unavailable> {
        let inner = &*self.inner;
        let (tenant, session) = (caller.tenant(), &session_of(caller));
        for _ in 0..SWAPS {
            let (version, memory) = inner.sessions.load(tenant, session).await?;
            let memory = inner.risk.remember(&memory, event, inner.clock.now())?;
            if inner.sessions.swap(tenant, session, version, memory).await? {
                return Ok(());
            }
        }
        Err(Unavailable::Busy)
    }

    /// Authorises and executes in one go. Waits for an approver that answers at once; a call that has
    /// to wait comes back as [`Error::Interrupted`].
    ///
    /// # Errors
    /// [`Error`]: no effect took place.
    pub async fn run(&self, caller: &Caller, call: &ToolCall) -> Result<Done, Error> {
        match self.authorize(caller, call).await? {
            Authorization::Permitted(sealed) => self.execute(caller, *sealed).await,
            Authorization::Pending(handle) => Err(Error::Interrupted(handle)),
            Authorization::Refused(refused) => Err(refused.into()),
        }
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Unavailable> {
        let mut bytes = [0u8; N];
        self.inner.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn random_id(&self) -> Result<String, Unavailable> {
        Ok(EffectId::from_bytes(self.random()?).to_string())
    }
}

/// Whether a plan stays within what its tool declares: the tool itself, its connection and scopes,
/// the places its credential may be sent to, and for a read no method that changes something.
fn within(tool: &Tool, prepared: &Prepared) -> bool {
    let credential = prepared.credential().is_none_or(|selector| {
        tool.connection() == Some(selector.connection())
            && selector.scopes().iter().all(|scope| tool.scopes().contains(scope))
    });
    let mut bearing = prepared.steps().iter().filter(|step| step.carries_credential());
    let changes = |method: Method| matches!(method, Method::Put | Method::Patch | Method::Delete);
    *prepared.tool() == *tool.name()
        && credential
        && bearing.all(|step| tool.confines(step.url()))
        && (tool.effect() != Effect::Read || !prepared.steps().iter().any(|s| changes(s.method())))
}

/// What a person sees of a local tool: its name, and every argument with its declared role.
fn local_preview(tool: &Tool, prepared: &Prepared) -> Preview {
    let preview = Preview::new(&format!("Call the local tool {}", tool.name()));
    let arguments = prepared.arguments().value();
    let Some(object) = arguments.as_object() else { return preview };
    object.iter().fold(preview, |preview, (key, value)| match tool.roles().get(key) {
        Some(role) => preview.line(&format!("{key} ({})", role.as_str()), as_text(value)),
        // The name is the agent's to choose, so it is shown as a value and not as a label.
        None => preview.line("undeclared argument", format!("{key}: {}", as_text(value))),
    })
}

/// Lets the risk engine ask for live tokens without seeing them.
#[derive(Debug)]
pub(crate) struct Recognises<'a>(pub(crate) Option<&'a dyn TokenSource>);

impl Canary for Recognises<'_> {
    fn recognises(&self, text: &str) -> bool {
        self.0.is_some_and(|tokens| tokens.recognises(text))
    }
}

/// Under which name a session's memory is kept: a session is one user's, whatever it is called, so
/// that another user's words name nothing in it. The agents of a user share what a session has read.
pub(crate) fn session_of(caller: &Caller) -> SessionId {
    let names = [caller.user().as_str(), caller.session().as_str()];
    let digest = Value::Array(names.map(Value::from).to_vec()).to_canonical().digest();
    // 64 hex digits are a session's name.
    SessionId::new(&digest.to_hex()).unwrap_or_else(|_| caller.session().clone())
}

/// Results of tools as text, for the session's memory.
pub(crate) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_canonical().as_str().to_owned(), str::to_owned)
}
