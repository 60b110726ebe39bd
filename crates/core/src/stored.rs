//! How the shared words are written down by stores: one spelling for every store.

use countersign_canon::{Number, Object, Value};
use countersign_ticket::{
    AgentId, Approval, ApprovalMethod, Caller, SessionId, TenantId, Timestamp, UserId,
};

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

/// An approval as JSON; none for a method that this version does not know.
pub fn approval(approval: &Approval) -> Option<Value> {
    let method = Object::new().with("name", approval.method.name());
    let method = match &approval.method {
        ApprovalMethod::Consent { channel } => method.with("channel", channel.as_str()),
        ApprovalMethod::StepUp { issuer, acr, auth_time }
        | ApprovalMethod::OutOfBand { issuer, acr, auth_time } => method
            .with("acr", acr.as_str())
            .with("auth_time_ms", integer(auth_time.millis()))
            .with("issuer", issuer.as_str()),
        _ => return None,
    };
    let object = Object::new()
        .with("at_ms", integer(approval.at.millis()))
        .with("by", approval.by.as_str())
        .with("cut", approval.cut)
        .with("digest", approval.digest.to_hex())
        .with("method", method)
        .with("renderer", approval.renderer.as_str())
        .with("shown", approval.shown.to_hex());
    Some(object.into())
}

/// The approval that [`approval`] wrote. Only for what a store of ours kept: whoever can write there
/// can approve anything.
pub fn dangerous_read_approval(value: &Value) -> Option<Approval> {
    fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
        value.get(key).and_then(Value::as_str)
    }
    let time = |value: &Value, key: &str| {
        Some(Timestamp::from_millis(value.get(key).and_then(Value::as_i64)?))
    };
    let m = value.get("method")?;
    let token = || {
        let issuer = text(m, "issuer")?.to_owned();
        Some((issuer, text(m, "acr")?.to_owned(), time(m, "auth_time_ms")?))
    };
    let method = match text(m, "name")? {
        "consent" => ApprovalMethod::Consent { channel: text(m, "channel")?.to_owned() },
        "step_up" => {
            let (issuer, acr, auth_time) = token()?;
            ApprovalMethod::StepUp { issuer, acr, auth_time }
        }
        "out_of_band" => {
            let (issuer, acr, auth_time) = token()?;
            ApprovalMethod::OutOfBand { issuer, acr, auth_time }
        }
        _ => return None,
    };
    Some(Approval {
        digest: text(value, "digest")?.parse().ok()?,
        by: UserId::new(text(value, "by")?).ok()?,
        at: time(value, "at_ms")?,
        method,
        renderer: text(value, "renderer")?.to_owned(),
        shown: text(value, "shown")?.parse().ok()?,
        cut: u32::try_from(value.get("cut")?.as_i64()?).ok()?,
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_canon::Digest;

    #[test]
    fn an_approval_of_every_method_comes_back_as_it_was() {
        let (issuer, acr) = ("https://acme.eu.auth0.com/".to_owned(), "mfa \"\u{e9}".to_owned());
        let auth_time = Timestamp::from_millis(1_790_000_000_123);
        for method in [
            ApprovalMethod::Consent { channel: "terminal".to_owned() },
            ApprovalMethod::StepUp { issuer: issuer.clone(), acr: acr.clone(), auth_time },
            ApprovalMethod::OutOfBand { issuer: issuer.clone(), acr: acr.clone(), auth_time },
        ] {
            let one = Approval {
                digest: Digest::of(b"digest"),
                by: UserId::new("auth0|ada").unwrap(),
                at: auth_time.plus_seconds(1),
                method,
                renderer: "plain/1".to_owned(),
                shown: Digest::of(b"shown"),
                cut: 7,
            };
            let value = approval(&one).unwrap();
            assert_eq!(dangerous_read_approval(&value), Some(one));
            // Whatever is missing, it is no approval.
            for key in ["at_ms", "by", "cut", "digest", "method", "renderer", "shown"] {
                let object = value.as_object().unwrap().iter().filter(|(k, _)| *k != key);
                let rest = object.fold(Object::new(), |rest, (k, v)| rest.with(k, v.clone()));
                assert_eq!(dangerous_read_approval(&rest.into()), None, "without {key}");
            }
        }
    }
}
