//! A pipeline in a state directory, with a trap around every port.

use std::path::Path;
use std::sync::Arc;

use countersign::audit::JsonlLog;
use countersign::connectors::GoogleCalendar;
use countersign::core::{
    AgentId, ApprovalStore, Approver, AuditSink, Caller, ClientSecret, Clock, Grant, Ledger,
    RiskMemory, SessionId, SubjectCredentials, TenantId, Tier, Timestamp, TokenSource, Transport,
    UserId,
};
use countersign::http::HttpBackchannel;
use countersign::risk::{DefaultPolicy, PolicyConfig};
use countersign::vault::TokenVault;
use countersign::{Pipeline, PipelineBuilder, SystemClock};

use crate::Failure;
use crate::broken::{BrokenApprover, BrokenLedger, BrokenLog, Fault};
use crate::notebook::Notebook;
use crate::outside::{Fixed, Flaky, Outside};
use crate::person::Person;
use crate::point::Trap;
use crate::ports::Trapped;
use crate::provider::{AGENT, AUDIENCE, CLIENT, DOMAIN, USER};
use crate::store::Store;
use crate::target::{Credential, Target};

/// The system's clock, ahead by some seconds.
#[derive(Debug, Clone, Copy)]
struct Ahead(i64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock::default().now().plus_seconds(self.0)
    }
}

/// A pipeline and the one user.
#[derive(Debug)]
pub struct World {
    /// The pipeline.
    pub cs: Pipeline,
}

/// How a world is opened.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a child knows all of it")]
pub struct Opening<'a> {
    /// The state directory.
    pub state: &'a Path,
    /// What outlives the child.
    pub notebook: &'a Notebook,
    /// The provider.
    pub target: &'a Target,
    /// Where to die.
    pub trap: &'a Arc<Trap>,
    /// What is broken on purpose.
    pub fault: Option<Fault>,
    /// How far ahead the clock is, in seconds.
    pub ahead: i64,
    /// Whether credentials sometimes cannot be had.
    pub flaky: bool,
}

impl World {
    /// Opens the pipeline.
    ///
    /// # Errors
    /// If it does not open, which after a crash it has to.
    pub async fn open(opening: &Opening<'_>) -> Result<Self, Failure> {
        let Opening { state, notebook, target, trap, fault, ahead, flaky } = *opening;
        let clock: Arc<dyn Clock> = Arc::new(Ahead(ahead));
        let store = Store::open(&state.join("store"), &clock)?;
        let ledger = BrokenLedger::around(store.ledger, fault);
        let log: Arc<dyn AuditSink> = Arc::new(JsonlLog::open(state.join("audit.jsonl"))?);
        let person: Arc<dyn Approver> = Arc::new(Person::new(notebook.clone()));
        let transport: Arc<dyn Transport> = Arc::new(Outside::new(target.calendar)?);

        let (mut builder, tokens) = credential(target, &store.subjects, &clock)?;
        let tokens = if flaky { Arc::new(Flaky(tokens)) } else { tokens };
        builder = builder
            .approver(Trapped::<dyn Approver>::new(trap, BrokenApprover::around(person, fault)))
            .ledger(Arc::new(Trapped::<dyn Ledger>::new(trap, ledger)))
            .approvals(Arc::new(Trapped::<dyn ApprovalStore>::new(trap, store.approvals)))
            .sessions(Arc::new(Trapped::<dyn RiskMemory>::new(trap, store.sessions)))
            .audit(Arc::new(Trapped::<dyn AuditSink>::new(trap, BrokenLog::around(log, fault))))
            .tokens(Arc::new(Trapped::<dyn TokenSource>::new(trap, tokens)))
            .transport(Arc::new(Trapped::<dyn Transport>::new(trap, transport)))
            .grants(store.grants)
            .subjects(store.subjects);
        Self::start(builder.state_dir(state).clock(clock), target).await
    }

    /// Opens a pipeline without traps, whose tickets live as long as they may.
    ///
    /// # Errors
    /// If it does not open.
    pub async fn plain(
        state: &Path,
        target: &Target,
        clock: Arc<dyn Clock>,
        approver: impl Approver,
    ) -> Result<Self, Failure> {
        let store = Store::open(&state.join("store"), &clock)?;
        let (builder, tokens) = credential(target, &store.subjects, &clock)?;
        let builder = builder
            .approver(approver)
            .ledger(store.ledger)
            .approvals(store.approvals)
            .sessions(store.sessions)
            .grants(store.grants)
            .subjects(store.subjects)
            .tokens(tokens)
            .transport(Arc::new(Outside::new(target.calendar)?))
            .ticket_lifetime(300);
        Self::start(builder.state_dir(state).clock(clock), target).await
    }

    async fn start(builder: PipelineBuilder, target: &Target) -> Result<Self, Failure> {
        // One agent does all of it, at a pace that no person's agent has, and in few sessions.
        let mut policy = PolicyConfig::default();
        policy.limits.agent_velocity = 10_000;
        policy.limits.velocity_seconds = 1;
        policy.limits.private_reads = 1_000_000;
        let builder = builder
            .risk(Arc::new(DefaultPolicy::new(policy)?))
            .connector(GoogleCalendar::new())
            .grant(Grant::agent(AGENT).tools(["google_calendar_*"]).up_to(Tier::B));
        let cs = Box::pin(builder.open()).await?;
        if let Credential::Vault { access_token, .. } = &target.credential {
            // Verified once; what is kept of it serves the user's other sessions too.
            let _me = cs.caller(access_token.clone()).session("start").verify().await?;
        }
        Ok(Self { cs })
    }

    /// The user, through the agent, in a session.
    ///
    /// # Errors
    /// If the session's name is malformed.
    pub fn caller(&self, session: &str) -> Result<Caller, Failure> {
        Ok(Caller::dangerous_assert(
            TenantId::new("default")?,
            UserId::new(USER)?,
            AgentId::new(AGENT)?,
            SessionId::new(session)?,
        ))
    }
}

/// A pipeline's beginning, and where its bearers come from.
fn credential(
    target: &Target,
    subjects: &Arc<dyn SubjectCredentials>,
    clock: &Arc<dyn Clock>,
) -> Result<(PipelineBuilder, Arc<dyn TokenSource>), Failure> {
    let builder = Pipeline::builder();
    let auth0 = match &target.credential {
        Credential::Fixed(token) => return Ok((builder, Arc::new(Fixed::new(token)))),
        Credential::Vault { auth0, .. } => *auth0,
    };
    let secret = ClientSecret::new(CLIENT.1.to_owned());
    let config = countersign::TokenVault::new(DOMAIN, CLIENT.0, secret)?.with_audience(AUDIENCE)?;
    let back = HttpBackchannel::builder().origin(&config.origin()).dangerous_dial(DOMAIN, auth0);
    let (back, subjects) = (Arc::new(back.build()?), Arc::clone(subjects));
    let builder = builder.vault(config.clone()).dangerous_dial(DOMAIN, auth0);
    Ok((builder, Arc::new(TokenVault::new(config, back, subjects, Arc::clone(clock)))))
}
