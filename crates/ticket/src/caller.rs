//! Who asks, and for whom.

use std::iter::successors;

use countersign_canon::{Object, Value};

use crate::id::{AgentId, InvalidId, SessionId, TenantId, UserId};
use crate::json::Json;

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

    /// Adds the claims that name the caller: `tenant`, `sub`, `sid`, and the RFC 8693 `act` with the
    /// acting agent outermost.
    pub(crate) fn add_to(&self, claims: Object) -> Object {
        let agents = self.chain.iter().rev().chain([&self.agent]);
        let act = agents.fold(None, |inner: Option<Object>, agent| {
            let act = Object::new().with("sub", agent.to_json());
            Some(if let Some(inner) = inner { act.with("act", inner) } else { act })
        });
        claims
            .with("act", act)
            .with("sid", self.session.to_json())
            .with("sub", self.user.to_json())
            .with("tenant", self.tenant.to_json())
    }

    /// Reads the claims back. What else they may hold is for the reader of the whole to find out.
    pub(crate) fn read_from(claims: &Object) -> Option<Self> {
        let acts = successors(claims.get("act"), |act: &&Value| act.get("act"));
        let mut agents = acts.map(|act| AgentId::from_json(act.get("sub")?));
        let caller = Self::dangerous_assert(
            Json::from_json(claims.get("tenant")?)?,
            Json::from_json(claims.get("sub")?)?,
            agents.next()??,
            Json::from_json(claims.get("sid")?)?,
        );
        caller.with_chain(agents.collect::<Option<_>>()?).ok()
    }
}
