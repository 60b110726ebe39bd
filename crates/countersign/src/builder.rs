//! Puts a pipeline together.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_audit::JsonlLog;
use countersign_core::{
    ApprovalStore, Approver, AuditSink, CallerVerifier, Clock, Connector, Entropy, Grant,
    GrantStore, InvalidGrant, InvalidTool, Ledger, MemoryApprovals, MemoryGrants, MemoryLedger,
    MemorySessions, MemorySubjects, RiskMemory, RiskPolicy, SubjectCredentials, TenantId,
    TokenSource, Tool, ToolSpec, Transport,
};
use countersign_http::HttpTransport;
use countersign_store_embedded::EmbeddedStore;
use countersign_ticket::{Gate, Issuer, KeyRing, ReplayGuard, Signer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ambient::{SystemClock, SystemEntropy};
use crate::journal::Journal;
use crate::keyfile::{KeyDir, KeyFileError, secret_file};
use crate::load::{DEADLINE, IN_FLIGHT, Load};
use crate::local::LocalTools;
use crate::pipeline::{Entry, Inner, Pipeline};
use crate::store::{self, state_dir};

/// Most effects the in-memory ledger remembers at a time.
const LEDGER_CAPACITY: usize = 1_000_000;

/// How long an approver may think that answers at once, unless the builder says otherwise.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// A pipeline cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A tool's declaration.
    #[error(transparent)]
    Tool(#[from] InvalidTool),
    /// A grant.
    #[error(transparent)]
    Grant(#[from] InvalidGrant),
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The log.
    #[error("the log: {0}")]
    Log(#[from] countersign_audit::OpenError),
    /// The HTTP client.
    #[error(transparent)]
    Http(#[from] countersign_http::HttpError),
    /// The embedded store.
    #[error(transparent)]
    Store(#[from] countersign_store_embedded::OpenError),
    /// A store that was given, or that had just been opened.
    #[error(transparent)]
    Port(#[from] countersign_core::StoreError),
    /// A name or a lifetime.
    #[error(transparent)]
    Name(#[from] countersign_core::InvalidId),
    /// The token vault.
    #[cfg(feature = "vault")]
    #[error("the token vault: {0}")]
    Vault(#[from] countersign_vault::ConfigError),
    /// Neither a state directory is set nor `COUNTERSIGN_HOME`, `XDG_STATE_HOME` or `HOME`.
    #[error("set a state directory, or COUNTERSIGN_HOME")]
    NoStateDir,
    /// Two approvers have one name, so a pending question could find the wrong one.
    #[error("two approvers are named {0}")]
    TwoApprovers(&'static str),
}

/// Puts a pipeline together. What is not given is embedded: keys, log and store in a state directory
/// of this machine, which one process has at a time.
#[must_use]
pub struct PipelineBuilder {
    state_dir: Option<PathBuf>,
    tenant: String,
    issuer: String,
    audience: String,
    lifetime: i64,
    in_flight: usize,
    deadline: Duration,
    patience: Duration,
    in_memory: bool,
    local: LocalToolList,
    connectors: Vec<Arc<dyn Connector>>,
    approvers: Vec<Arc<dyn Approver>>,
    grants: Vec<Grant>,
    dials: Vec<(String, SocketAddr)>,
    ports: Ports,
    #[cfg(feature = "vault")]
    vault: Option<countersign_vault::TokenVaultConfig>,
}

type AddTool = Box<dyn FnOnce(&mut LocalTools, countersign_core::ToolName) + Send>;
type LocalToolList = Vec<(ToolSpec, AddTool)>;

#[derive(Default)]
struct Ports {
    transport: Option<Arc<dyn Transport>>,
    tokens: Option<Arc<dyn TokenSource>>,
    verifier: Option<Arc<dyn CallerVerifier>>,
    subjects: Option<Arc<dyn SubjectCredentials>>,
    grants: Option<Arc<dyn GrantStore>>,
    approvals: Option<Arc<dyn ApprovalStore>>,
    sessions: Option<Arc<dyn RiskMemory>>,
    risk: Option<Arc<dyn RiskPolicy>>,
    audit: Option<Arc<dyn AuditSink>>,
    ledger: Option<Arc<dyn Ledger>>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    signer: Option<Arc<dyn Signer>>,
}

impl fmt::Debug for PipelineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineBuilder")
            .field("state_dir", &self.state_dir)
            .field("connectors", &self.connectors)
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    /// Begins a pipeline.
    pub fn builder() -> PipelineBuilder {
        PipelineBuilder {
            state_dir: None,
            tenant: "default".to_owned(),
            issuer: "countersign".to_owned(),
            audience: "countersign-gate".to_owned(),
            lifetime: countersign_ticket::DEFAULT_LIFETIME,
            in_flight: IN_FLIGHT,
            deadline: DEADLINE,
            patience: PATIENCE,
            in_memory: false,
            local: Vec::new(),
            connectors: Vec::new(),
            approvers: Vec::new(),
            grants: Vec::new(),
            dials: Vec::new(),
            ports: Ports::default(),
            #[cfg(feature = "vault")]
            vault: None,
        }
    }
}

macro_rules! port {
    ($(#[$doc:meta])* $name:ident: $port:ident) => {
        $(#[$doc])*
        pub fn $name(mut self, port: Arc<dyn $port>) -> Self {
            self.ports.$name = Some(port);
            self
        }
    };
}

impl PipelineBuilder {
    /// Where keys and log are kept. Default: `$COUNTERSIGN_HOME`, else
    /// `$XDG_STATE_HOME/countersign`, else `$HOME/.local/state/countersign`.
    pub fn state_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(dir.into());
        self
    }

    /// The tenant whose grants these are. Default: `default`.
    pub fn tenant(mut self, tenant: &str) -> Self {
        tenant.clone_into(&mut self.tenant);
        self
    }

    /// Names of issuer and gate in the tickets (`iss`, `aud`).
    pub fn names(mut self, issuer: &str, audience: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        audience.clone_into(&mut self.audience);
        self
    }

    /// Lifetime of tickets in seconds: 1 to 300, by default 60.
    pub fn ticket_lifetime(mut self, seconds: i64) -> Self {
        self.lifetime = seconds;
        self
    }

    /// Most calls that are planned, judged or executed at a time; a call that waits for a person is
    /// not counted. One more is refused at once ([`Unavailable::Overloaded`]). By default 256.
    ///
    /// [`Unavailable::Overloaded`]: crate::Unavailable::Overloaded
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most;
        self
    }

    /// How long planning and judging a call may take, and how long getting its credential may; then it
    /// is refused before anything was let out. By default 30 seconds. Requests have the transport's own
    /// time-out.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long a call waits for an approver that answers at once; by default a quarter of an hour. Then
    /// it comes back as pending. The question stands: the answer is noted when it comes, within an hour
    /// of the question, and [`Pipeline::resume`] finds it. The same holds for a call whose future was
    /// dropped, of which [`Pipeline::pending`] gives the handle.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Adds a connector and its tools.
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.connectors.push(Arc::new(connector));
        self
    }

    /// Adds a local tool: a closure that gets the arguments as a type and returns a value or an
    /// error. What it returns goes to the agent; the text of its error goes nowhere.
    ///
    /// Give the type `#[serde(deny_unknown_fields)]`: an argument that the closure does not read is
    /// one that was approved for nothing.
    pub fn tool<A, R, E, F, Fut>(mut self, spec: ToolSpec, body: F) -> Self
    where
        A: DeserializeOwned + 'static,
        R: Serialize + 'static,
        E: fmt::Display + 'static,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.local.push((spec, Box::new(move |tools, name| tools.add(name, body))));
        self
    }

    /// Adds an approver.
    pub fn approver(mut self, approver: impl Approver) -> Self {
        self.approvers.push(Arc::new(approver));
        self
    }

    /// Adds a grant. Its patterns are expanded over the tools of this pipeline when it opens.
    pub fn grant(mut self, grant: Grant) -> Self {
        self.grants.push(grant);
        self
    }

    /// Connects Auth0: the token vault for provider tokens, and the verifier of callers.
    #[cfg(feature = "vault")]
    pub fn vault(mut self, vault: countersign_vault::TokenVaultConfig) -> Self {
        self.vault = Some(vault);
        self
    }

    /// **For tests.** Dials another address, on loopback and in plain HTTP, for requests to a host.
    /// The sealed request stays as it is. Receipts and log record that this was so.
    pub fn dangerous_dial(mut self, host: &str, address: SocketAddr) -> Self {
        self.dials.push((host.to_owned(), address));
        self
    }

    port!(
        /// Sends requests. Default: `countersign-http`, without redirects, retries or proxies.
        transport: Transport
    );
    port!(
        /// Hands out credentials. Default: the vault.
        tokens: TokenSource
    );
    port!(
        /// Verifies callers. Default: the vault's tenant.
        verifier: CallerVerifier
    );
    port!(
        /// The users' own tokens. Default: the embedded store.
        subjects: SubjectCredentials
    );
    port!(
        /// Keeps grants. Default: the embedded store.
        grants: GrantStore
    );
    port!(
        /// Keeps what waits for a person. Default: the embedded store.
        approvals: ApprovalStore
    );
    port!(
        /// Keeps the memory of sessions. Default: the embedded store.
        sessions: RiskMemory
    );
    port!(
        /// Judges calls. Default: `DefaultPolicy` with its defaults.
        risk: RiskPolicy
    );
    port!(
        /// The log. Default: a hash-chained file `audit.jsonl` in the state directory.
        audit: AuditSink
    );
    port!(
        /// The ledger of effects, whose claim is the replay guard. Default: the embedded store.
        ledger: Ledger
    );
    port!(
        /// Tells the time.
        clock: Clock
    );
    port!(
        /// Gives randomness.
        entropy: Entropy
    );
    port!(
        /// Signs tickets and evidence. Default: a key made on first use, in a file of mode 0600.
        signer: Signer
    );

    /// Keeps everything in memory that is durable otherwise: for tests, and for a process that may
    /// forget. Tickets issued before its start are then refused, and what was pending must be asked
    /// again. Keys and log stay in the state directory.
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// Opens the pipeline: registers tools, expands grants, opens keys and log.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(self) -> Result<Pipeline, OpenError> {
        let clock = self.ports.clock.clone().unwrap_or_else(|| Arc::new(SystemClock::default()));
        let entropy =
            self.ports.entropy.clone().unwrap_or_else(|| Arc::new(SystemEntropy::default()));
        let dir = state_dir(self.state_dir.clone()).ok_or(OpenError::NoStateDir)?;
        let keys = KeyDir::open(dir.join("keys"))?;
        let (signer, ring) = self.keys(&keys, entropy.as_ref())?;
        let audit: Arc<dyn AuditSink> = match &self.ports.audit {
            Some(audit) => Arc::clone(audit),
            None => Arc::new(JsonlLog::open(dir.join("audit.jsonl"))?),
        };
        let pseudonyms = secret_file(&dir.join("keys"), "pseudonyms.secret", entropy.as_ref())?;
        let journal = Journal::new(audit, Arc::clone(&clock), Arc::clone(&entropy), pseudonyms);

        let mut local = LocalTools::default();
        let mut tools: BTreeMap<_, Entry> = BTreeMap::new();
        let mut add = |tool: Tool, connector: Option<Arc<dyn Connector>>| {
            let name = tool.name().clone();
            match tools.insert(name.clone(), Entry { tool, connector }) {
                None => Ok(name),
                Some(_) => Err(InvalidTool::Repeated(name.to_string())),
            }
        };
        for connector in &self.connectors {
            for tool in connector.tools() {
                add(tool, Some(Arc::clone(connector)))?;
            }
        }
        for (spec, into) in self.local {
            let name = add(spec.register()?, None)?;
            into(&mut local, name);
        }
        let registered: Vec<Tool> = tools.values().map(|e| e.tool.clone()).collect();
        let stores = self.ports.stores(self.in_memory, &dir, &clock, &entropy)?;
        let store = Arc::clone(&stores.grants);
        let tenant = TenantId::new(&self.tenant)?;
        for grant in &self.grants {
            let granted = grant.expand(&registered)?;
            let agent = granted.agent().clone();
            if !store.seed(&tenant, granted).await? {
                tracing::warn!(%agent, "the agent's grant was taken away and is not given again");
            }
        }
        for (at, approver) in self.approvers.iter().enumerate() {
            if self.approvers.iter().skip(at + 1).any(|other| other.name() == approver.name()) {
                return Err(OpenError::TwoApprovers(approver.name()));
            }
        }

        let subjects = Arc::clone(&stores.subjects);
        #[cfg_attr(not(feature = "vault"), expect(unused_mut, reason = "the vault fills them in"))]
        let (mut tokens, mut verifier) = (self.ports.tokens, self.ports.verifier);
        #[cfg(feature = "vault")]
        if let Some(config) = self.vault {
            let back = backchannel(&config, &self.dials)?;
            let (subjects, clock) = (Arc::clone(&subjects), Arc::clone(&clock));
            if let (None, Some(audience)) = (&verifier, config.audience()) {
                let ours =
                    countersign_vault::AccessTokenVerifier::builder(config.domain(), audience);
                let ours = ours.backchannel(Arc::clone(&back)).tenant(tenant.clone()).build()?;
                verifier = Some(Arc::new(ours));
            }
            let vault = countersign_vault::TokenVault::new(config, back, subjects, clock);
            tokens = tokens.or_else(|| Some(Arc::new(vault)));
        }
        let transport: Arc<dyn Transport> = if let Some(transport) = self.ports.transport {
            transport
        } else {
            let mut http = HttpTransport::builder();
            for (host, address) in &self.dials {
                http = http.dangerous_dial(host, *address);
            }
            Arc::new(http.build()?)
        };

        let ledger = stores.ledger;
        let digests = tools.iter().map(|(name, e)| (name.clone(), e.tool.digest())).collect();
        let guard: Arc<dyn ReplayGuard> = Arc::<dyn Ledger>::clone(&ledger);
        let gate = Gate::new(&self.issuer, &self.audience, ring, digests, guard);
        let issuer = Issuer::new(&self.issuer, &self.audience, Arc::clone(&signer));
        Ok(Pipeline {
            inner: Arc::new(Inner {
                tools,
                local,
                transport,
                tokens,
                subjects,
                verifier,
                approvers: self.approvers,
                grants: store,
                approvals: stores.approvals,
                sessions: stores.sessions,
                risk: match self.ports.risk {
                    Some(risk) => risk,
                    None => Arc::new(countersign_risk::DefaultPolicy::default()),
                },
                pace: countersign_risk::Pace::default(),
                journal,
                clock,
                entropy,
                signer,
                issuer: issuer.with_lifetime(self.lifetime)?,
                gate,
                ledger,
                load: Arc::new(Load::new(self.in_flight, self.deadline)),
                patience: self.patience,
                open: Arc::default(),
            }),
        })
    }

    /// The signing key and the ring of all that verify.
    fn keys(
        &self,
        keys: &KeyDir,
        entropy: &dyn Entropy,
    ) -> Result<(Arc<dyn Signer>, KeyRing), OpenError> {
        if let Some(signer) = &self.ports.signer {
            return Ok((Arc::clone(signer), KeyRing::of(signer.as_ref())));
        }
        let signer = if let Some(signer) = keys.active()? {
            signer
        } else {
            let id = keys.rotate(entropy)?;
            keys.active()?.ok_or_else(|| KeyFileError::Unknown(id.to_string()))?
        };
        Ok((Arc::new(signer), keys.ring()?))
    }
}

/// The durable ports.
struct Stores {
    ledger: Arc<dyn Ledger>,
    grants: Arc<dyn GrantStore>,
    approvals: Arc<dyn ApprovalStore>,
    sessions: Arc<dyn RiskMemory>,
    subjects: Arc<dyn SubjectCredentials>,
}

impl Ports {
    /// What is given, and of the rest the embedded store's, which is opened if anything is missing.
    fn stores(
        &self,
        in_memory: bool,
        dir: &Path,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
    ) -> Result<Stores, OpenError> {
        if let (Some(ledger), Some(grants), Some(approvals), Some(sessions), Some(subjects)) =
            (&self.ledger, &self.grants, &self.approvals, &self.sessions, &self.subjects)
        {
            return Ok(Stores {
                ledger: Arc::clone(ledger),
                grants: Arc::clone(grants),
                approvals: Arc::clone(approvals),
                sessions: Arc::clone(sessions),
                subjects: Arc::clone(subjects),
            });
        }
        let rest = if in_memory {
            Stores {
                ledger: Arc::new(MemoryLedger::new(LEDGER_CAPACITY, clock.now())),
                grants: Arc::new(MemoryGrants::default()),
                approvals: Arc::new(MemoryApprovals::default()),
                sessions: Arc::new(MemorySessions::default()),
                subjects: Arc::new(MemorySubjects::default()),
            }
        } else {
            let store = Arc::new(store::open(dir, Arc::clone(clock), Arc::clone(entropy))?);
            Stores {
                ledger: Arc::<EmbeddedStore>::clone(&store),
                grants: Arc::<EmbeddedStore>::clone(&store),
                approvals: Arc::<EmbeddedStore>::clone(&store),
                sessions: Arc::<EmbeddedStore>::clone(&store),
                subjects: store,
            }
        };
        Ok(Stores {
            ledger: self.ledger.clone().unwrap_or(rest.ledger),
            grants: self.grants.clone().unwrap_or(rest.grants),
            approvals: self.approvals.clone().unwrap_or(rest.approvals),
            sessions: self.sessions.clone().unwrap_or(rest.sessions),
            subjects: self.subjects.clone().unwrap_or(rest.subjects),
        })
    }
}

/// The back channel to the tenant, and to nowhere else.
#[cfg(feature = "vault")]
fn backchannel(
    config: &countersign_vault::TokenVaultConfig,
    dials: &[(String, SocketAddr)],
) -> Result<Arc<dyn countersign_core::Backchannel>, OpenError> {
    let mut http = countersign_http::HttpBackchannel::builder().origin(&config.origin());
    for (host, address) in dials {
        http = http.dangerous_dial(host, *address);
    }
    Ok(Arc::new(http.build()?))
}
