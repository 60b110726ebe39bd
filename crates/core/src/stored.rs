//! How the shared words are written down by stores: one spelling for every store.

use countersign_canon::{Number, Object, Value};
use countersign_ticket::{AgentId, Caller, SessionId, TenantId, Timestamp, UserId};

use crate::ledger::{LedgerCall, LedgerEntry, LedgerState};

/// An integer as JSON; one beyond 2^53 is null, which no reader takes for a number.
pub fn integer(n: i64) -> Value {
    Number::try_from(n).map_or(Value::Null, Value::Number)
}

/// A caller as JSON.
pub fn caller(caller: &Caller) -> Value {
    let chain = caller.chain().iter().map(|agent| agent.as_str().into()).collect();
    Object::new()
        .with("agent", caller.agent().as_str())
        .with("chain", Value::Array(chain))
        .with("session", caller.session().as_str())
        .with("tenant", caller.tenant().as_str())
        .with("user", caller.user().as_str())
        .into()
}

/// The caller that [`caller`] wrote. Only for what a store of ours kept: whoever can write there can
/// name any caller.
pub fn dangerous_read_caller(value: &Value) -> Option<Caller> {
    let of = |key: &str| value.get(key).and_then(Value::as_str);
    let chain = value.get("chain")?.as_array()?.iter();
    let chain = chain.map(|agent| AgentId::new(agent.as_str()?).ok());
    let caller = Caller::dangerous_assert(
        TenantId::new(of("tenant")?).ok()?,
        UserId::new(of("user")?).ok()?,
        AgentId::new(of("agent")?).ok()?,
        SessionId::new(of("session")?).ok()?,
    );
    caller.with_chain(chain.collect::<Option<_>>()?).ok()
}

impl LedgerEntry {
    /// For a store: the entry as JSON, the sealed request as text.
    pub fn to_value(&self) -> Value {
        let call = self.call.as_ref().map(|call| {
            Object::new()
                .with("approval", call.approval.to_hex())
                .with("effect", call.effect.to_hex())
                // The sealed request is canonical JSON, so it is text.
                .with("prepared", String::from_utf8_lossy(&call.prepared).as_ref())
                .with("tier", call.tier.as_str())
                .with("tool", call.tool.as_str())
        });
        Object::new()
            .with("at_ms", integer(self.at.millis()))
            .with("call", call)
            .with("caller", caller(&self.caller))
            .with("code", self.code.as_deref())
            .with("effect_id", self.effect_id.to_string())
            .with("expires_ms", integer(self.expires.millis()))
            .with("generation", self.generation)
            .with("jti", self.jti.to_string())
            .with("state", self.state.as_str())
            .into()
    }

    /// For a store: reads what [`LedgerEntry::to_value`] wrote.
    pub fn from_value(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let time = |key: &str| Some(Timestamp::from_millis(value.get(key)?.as_i64()?));
        let call = match value.get("call")? {
            Value::Null => None,
            call => {
                let text = |key: &str| call.get(key).and_then(Value::as_str);
                Some(LedgerCall {
                    tool: countersign_ticket::ToolName::new(text("tool")?).ok()?,
                    effect: text("effect")?.parse().ok()?,
                    approval: text("approval")?.parse().ok()?,
                    tier: countersign_ticket::Tier::parse(text("tier")?)?,
                    prepared: text("prepared")?.as_bytes().to_vec(),
                })
            }
        };
        Some(Self {
            effect_id: text("effect_id")?.parse().ok()?,
            jti: text("jti")?.parse().ok()?,
            generation: u32::try_from(value.get("generation")?.as_i64()?).ok()?,
            state: LedgerState::parse(text("state")?)?,
            code: match value.get("code")? {
                Value::Null => None,
                code => Some(code.as_str()?.to_owned()),
            },
            caller: dangerous_read_caller(value.get("caller")?)?,
            expires: time("expires_ms")?,
            at: time("at_ms")?,
            call,
        })
    }
}
