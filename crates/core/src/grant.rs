//! What an agent may ever do.

use std::collections::BTreeSet;

use countersign_canon::{Digest, Object, Value};
use countersign_ticket::{AgentId, InvalidId, TenantId, Tier, Timestamp, ToolName};

use crate::stored;
use crate::tool::Tool;

/// A grant was refused when it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidGrant {
    /// The agent's name is malformed.
    #[error(transparent)]
    Agent(#[from] InvalidId),
    /// A pattern is not a tool name with at most one `*`, at its end.
    #[error("the pattern {0:?} is not a tool name, or one that ends in *")]
    Pattern(String),
    /// A pattern fits no tool that is registered: it would silently grant nothing now, and something
    /// unforeseen later.
    #[error("the pattern {0:?} fits no tool")]
    FitsNothing(String),
}

/// A grant as an operator writes it. Patterns are expanded when it is stored, so that a tool that is
/// added later is not granted by it.
#[derive(Debug, Clone)]
#[must_use]
pub struct Grant {
    agent: String,
    patterns: Vec<String>,
    up_to: Tier,
    expires: Option<Timestamp>,
}

impl Grant {
    /// Begins a grant for an agent: no tools, at most tier C.
    pub fn agent(agent: &str) -> Self {
        Self { agent: agent.to_owned(), patterns: Vec::new(), up_to: Tier::C, expires: None }
    }

    /// Adds tools: exact names, or a prefix and `*`.
    pub fn tools<'a>(mut self, patterns: impl IntoIterator<Item = &'a str>) -> Self {
        self.patterns.extend(patterns.into_iter().map(str::to_owned));
        self
    }

    /// The highest tier at which the agent may act.
    pub fn up_to(mut self, tier: Tier) -> Self {
        self.up_to = tier;
        self
    }

    /// When the grant ends.
    pub fn until(mut self, expires: Timestamp) -> Self {
        self.expires = Some(expires);
        self
    }

    /// Expands the patterns over the tools that are registered now. The connections and scopes of
    /// those tools are granted with them, and no others.
    ///
    /// # Errors
    /// [`InvalidGrant`].
    pub fn expand(&self, tools: &[Tool]) -> Result<Granted, InvalidGrant> {
        let agent = AgentId::new(&self.agent)?;
        let mut granted = BTreeSet::new();
        for pattern in &self.patterns {
            let (prefix, open) = match pattern.strip_suffix('*') {
                Some(prefix) => (prefix, true),
                None => (pattern.as_str(), false),
            };
            let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !prefix.chars().all(shape) || (prefix.is_empty() && !open) {
                return Err(InvalidGrant::Pattern(pattern.clone()));
            }
            let fits = |t: &&Tool| {
                let name = t.name().as_str();
                if open { name.starts_with(prefix) } else { name == prefix }
            };
            let before = granted.len();
            let mut any = false;
            for tool in tools.iter().filter(fits) {
                any = true;
                granted.insert((tool.name().clone(), tool.digest()));
            }
            if !any && granted.len() == before {
                return Err(InvalidGrant::FitsNothing(pattern.clone()));
            }
        }
        Ok(Granted { agent, tools: granted, up_to: self.up_to, expires: self.expires })
    }
}

/// Why a grant does not cover a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotGranted {
    /// No grant for this agent.
    #[error("the agent is unknown")]
    UnknownAgent,
    /// The grant has ended.
    #[error("the grant has ended")]
    Expired,
    /// The tool, with this definition, is not in the grant.
    #[error("the tool is not granted")]
    Tool,
    /// The call's tier is above the grant's.
    #[error("the call's tier is above the grant's")]
    Tier,
}

impl NotGranted {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownAgent => "unknown_agent",
            Self::Expired => "grant_expired",
            Self::Tool => "tool_not_granted",
            Self::Tier => "tier_not_granted",
        }
    }
}

/// A grant as it is stored: names and definitions of tools, no patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    agent: AgentId,
    tools: BTreeSet<(ToolName, Digest)>,
    up_to: Tier,
    expires: Option<Timestamp>,
}

impl Granted {
    /// For a store: the grant as JSON.
    pub fn to_value(&self) -> Value {
        let tool = |(name, digest): &(ToolName, Digest)| {
            Value::Array(vec![name.as_str().into(), digest.to_hex().into()])
        };
        Object::new()
            .with("agent", self.agent.as_str())
            .with("expires_ms", self.expires.map(|at| stored::integer(at.millis())))
            .with("tools", Value::Array(self.tools.iter().map(tool).collect()))
            .with("up_to", self.up_to.as_str())
            .into()
    }

    /// For a store: reads what [`Granted::to_value`] wrote.
    pub fn from_value(value: &Value) -> Option<Self> {
        let tools = value.get("tools")?.as_array()?.iter().map(|pair| match pair.as_array()? {
            [name, digest] => {
                Some((ToolName::new(name.as_str()?).ok()?, digest.as_str()?.parse().ok()?))
            }
            _ => None,
        });
        let expires = match value.get("expires_ms")? {
            Value::Null => None,
            at => Some(Timestamp::from_millis(at.as_i64()?)),
        };
        Some(Self {
            agent: AgentId::new(value.get("agent")?.as_str()?).ok()?,
            tools: tools.collect::<Option<_>>()?,
            up_to: Tier::parse(value.get("up_to")?.as_str()?)?,
            expires,
        })
    }

    /// The agent.
    pub fn agent(&self) -> &AgentId {
        &self.agent
    }
    /// The names of the granted tools.
    pub fn tools(&self) -> impl Iterator<Item = &ToolName> {
        self.tools.iter().map(|(name, _)| name)
    }
    /// The highest tier.
    pub fn up_to(&self) -> Tier {
        self.up_to
    }

    /// Whether the grant covers a tool now.
    ///
    /// # Errors
    /// [`NotGranted`].
    pub fn covers(&self, tool: &Tool, now: Timestamp) -> Result<(), NotGranted> {
        if self.expires.is_some_and(|end| now >= end) {
            return Err(NotGranted::Expired);
        }
        if !self.tools.contains(&(tool.name().clone(), tool.digest())) {
            return Err(NotGranted::Tool);
        }
        Ok(())
    }

    /// Whether the grant reaches up to a tier.
    ///
    /// # Errors
    /// [`NotGranted::Tier`].
    pub fn reaches(&self, tier: Tier) -> Result<(), NotGranted> {
        if tier > self.up_to { Err(NotGranted::Tier) } else { Ok(()) }
    }
}

/// A store could not be read or written. Whoever gets this refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store is unavailable")]
pub struct StoreError;

/// Keeps grants.
///
/// # Contract
/// `get` after a successful `put`, `seed` or `remove` sees it, and where there is a disk they are on it.
/// An agent without a grant is `None`, which means refuse; a store that cannot tell is an error, which
/// means refuse too. What was removed stays removed over a restart, until it is `put`.
#[async_trait::async_trait]
pub trait GrantStore: core::fmt::Debug + Send + Sync + 'static {
    /// The grant of an agent of a tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn get(&self, tenant: &TenantId, agent: &AgentId) -> Result<Option<Granted>, StoreError>;

    /// Stores a grant in place of the agent's former one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put(&self, tenant: &TenantId, grant: Granted) -> Result<(), StoreError>;

    /// Takes the grant away. Says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove(&self, tenant: &TenantId, agent: &AgentId) -> Result<bool, StoreError>;

    /// Stores a grant of the configuration's, in place of the agent's former one, unless the agent's
    /// grant was taken away since the last `put`: a program that is started anew with the same
    /// configuration must not bring back what was revoked. Says whether it was stored.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn seed(&self, tenant: &TenantId, grant: Granted) -> Result<bool, StoreError>;
}
