//! A session with a policy, as the tests drive it.

use countersign_canon::{Canonical, canonicalize};
use countersign_core::{
    AgentId, Assessment, Caller, Canary, EffectId, Event, Prepared, RiskError, RiskInput,
    RiskPolicy, SessionId, Source, TenantId, Tier, Timestamp, Tool, ToolName, UserId,
};
use countersign_risk::DefaultPolicy;

/// Undoes percent escapes from left to right, as a source of tokens does.
fn unescaped(text: &str) -> String {
    let Some((before, rest)) = text.split_once('%') else { return text.to_owned() };
    let byte = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let (c, rest) = byte.map_or(('%', rest), |byte| (char::from(byte), &rest[2..]));
    format!("{before}{c}{}", unescaped(rest))
}

/// Recognises one text as a live token; the empty text is none.
#[derive(Debug)]
pub(crate) struct Live(pub &'static str);

impl Canary for Live {
    fn recognises(&self, text: &str) -> bool {
        !self.0.is_empty() && (text.contains(self.0) || unescaped(text).contains(self.0))
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    pub policy: DefaultPolicy,
    pub memory: Vec<u8>,
    pub live: &'static str,
    /// Whether the next call is counted in the memory already.
    pub counted: bool,
    /// Calls by the same agent in other sessions.
    pub agent_calls: u32,
    now: i64,
}

pub(crate) fn canon(json: &str) -> Canonical {
    canonicalize(json.as_bytes()).unwrap()
}

pub(crate) fn local(tool: &str, arguments: &Canonical) -> Prepared {
    let tool = ToolName::new(tool).unwrap();
    Prepared::local(EffectId::from_bytes([7; 16]), tool, arguments.clone())
}

pub(crate) fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("t").unwrap(),
        UserId::new("u").unwrap(),
        AgentId::new("a").unwrap(),
        SessionId::new("s").unwrap(),
    )
}

pub(crate) fn tier(assessment: &Assessment) -> Tier {
    assessment.tier
}

impl Session {
    pub(crate) fn new() -> Self {
        Self::with(DefaultPolicy::default())
    }

    pub(crate) fn with(policy: DefaultPolicy) -> Self {
        Self {
            policy,
            memory: Vec::new(),
            live: "",
            counted: false,
            agent_calls: 0,
            now: 1_900_000_000,
        }
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += seconds;
    }

    pub(crate) fn judge(&self, tool: &Tool, prepared: &Prepared) -> Result<Assessment, RiskError> {
        self.policy.assess(&RiskInput {
            tool,
            prepared,
            caller: &caller(),
            handles: &[],
            memory: &self.memory,
            counted: self.counted,
            agent_calls: self.agent_calls,
            canary: &Live(self.live),
            now: Timestamp::from_seconds(self.now),
        })
    }

    pub(crate) fn try_assess(&self, tool: &Tool, arguments: &str) -> Result<Assessment, RiskError> {
        self.judge(tool, &local(tool.name().as_str(), &canon(arguments)))
    }

    pub(crate) fn assess(&mut self, tool: &Tool, arguments: &str) -> Assessment {
        self.try_assess(tool, arguments).unwrap()
    }

    pub(crate) fn tier(&mut self, tool: &Tool, arguments: &str) -> Tier {
        self.assess(tool, arguments).tier
    }

    pub(crate) fn finds(&mut self, tool: &Tool, arguments: &str, signal: &str) -> bool {
        self.assess(tool, arguments).findings.iter().any(|f| f.signal == signal)
    }

    pub(crate) fn event(&mut self, event: Event<'_>) {
        let now = Timestamp::from_seconds(self.now);
        self.memory = self.policy.remember(&self.memory, event, now).unwrap();
    }

    pub(crate) fn attempt(&mut self, tool: &Tool, arguments: &str) {
        self.event(Event::Attempted(tool, &canon(arguments)));
    }

    pub(crate) fn returned(&mut self, tool: &Tool, text: &str) {
        self.event(Event::Returned(tool, text));
    }

    pub(crate) fn observe(&mut self, source: Source, text: &str) {
        self.event(Event::Observed(source, text));
    }
}
