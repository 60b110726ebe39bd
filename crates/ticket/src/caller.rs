//! Who asks, and for whom.

use crate::id::{AgentId, InvalidId, SessionId, TenantId, UserId};
use crate::json::{Read, Reader, Write, member};

/// Longest chain of delegating agents: RFC 8693 `act` nesting as Auth0 limits it.
pub const MAX_CHAIN: usize = 4;

/// Who asks for whom: tenant, user, agent, session and the agents that delegated to this one.
///
/// An argument of every entry point, and compared with the ticket again at the gate. It is made from
/// a verified token by the crate that verified it; every constructor says `dangerous` because
/// nothing here can check where the names come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    tenant: TenantId,
    user: UserId,
    agent: AgentId,
    session: SessionId,
    chain: Vec<AgentId>,
}

getters!(Caller {
    /// The tenant.
    &tenant: &TenantId;
    /// The user for whom the agent acts.
    &user: &UserId;
    /// The agent that acts.
    &agent: &AgentId;
    /// The session.
    &session: &SessionId;
    /// The agents that delegated to this one, nearest first.
    &chain: &[AgentId];
});

impl Caller {
    /// Asserts who is calling. Call this only with values taken from a token whose signature,
    /// issuer, audience and times were verified, or in tests.
    pub fn dangerous_assert(
        tenant: TenantId,
        user: UserId,
        agent: AgentId,
        session: SessionId,
    ) -> Self {
        Self { tenant, user, agent, session, chain: Vec::new() }
    }

    /// Adds the delegating agents, nearest first (the nested `act` claims of RFC 8693 section 4.1).
    ///
    /// # Errors
    /// [`InvalidId`] for more than [`MAX_CHAIN`] of them.
    pub fn with_chain(mut self, chain: Vec<AgentId>) -> Result<Self, InvalidId> {
        if chain.len() > MAX_CHAIN {
            return Err(InvalidId {
                kind: "delegation chain",
                rule: "at most 4 delegating agents",
            });
        }
        self.chain = chain;
        Ok(self)
    }

    /// The same caller in another session.
    pub fn with_session(mut self, session: SessionId) -> Self {
        self.session = session;
        self
    }

    /// The agents, nearest first: the one that acts, then those that delegated to it.
    pub(crate) fn agents(&self) -> Agents {
        Agents([&self.agent].into_iter().chain(&self.chain).cloned().collect())
    }
}

/// Agents as the nested `act` claims of RFC 8693 section 4.1, nearest first and outermost.
pub(crate) struct Agents(pub(crate) Vec<AgentId>);

impl Write for Agents {
    fn write(&self, out: &mut String) {
        let outer = self.0.len().saturating_sub(1);
        out.push_str(&"{\"act\":".repeat(outer));
        out.push('{');
        for agent in self.0.iter().rev() {
            member(out, "sub", agent);
            out.push('}');
        }
    }
}

impl Read for Agents {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut agents = Vec::new();
        while reader.take("{\"act\":").is_some() {}
        reader.take("{")?;
        while agents.is_empty() || agents.len() <= MAX_CHAIN && reader.starts_with(",\"sub\"") {
            agents.insert(0, reader.member("sub")?);
            reader.take("}")?;
        }
        Some(Self(agents))
    }
}
