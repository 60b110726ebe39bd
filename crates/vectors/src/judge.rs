//! What the kernel says of a vector, asked with nothing but what stands in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_ticket::{
    AgentId, Caller, Evidence, Gate, KeyError, KeyId, KeyRing, KeyState, MemoryGuard, NotEvidence,
    SessionId, TenantId, Ticket, Timestamp, ToolName, UserId, VerifyingKey,
};
use serde_json::Value;

use crate::{Made, bytes, forge};

/// A member that is a string.
///
/// # Errors
/// If it is none.
pub fn text<'a>(value: &'a Value, key: &str) -> Made<&'a str> {
    Ok(value.get(key).and_then(Value::as_str).ok_or_else(|| format!("`{key}` is no string"))?)
}

/// A member that is an array.
///
/// # Errors
/// If it is none.
pub fn list<'a>(value: &'a Value, key: &str) -> Made<&'a [Value]> {
    let list = value.get(key).and_then(Value::as_array);
    Ok(list.ok_or_else(|| format!("`{key}` is no array"))?)
}

/// The cases of a file of tickets, each with what it has in common with the others.
///
/// # Errors
/// If the file is malformed.
pub fn tickets(file: &Value) -> Made<Vec<Value>> {
    let usual = file.get("usual").and_then(Value::as_object).ok_or("`usual` is no object")?;
    let whole = |case: &Value| {
        let mut whole = usual.clone();
        whole.extend(case.as_object().ok_or("a case is no object")?.clone());
        Ok(whole.into())
    };
    list(file, "cases")?.iter().map(whole).collect()
}

/// The ring with these keys.
///
/// # Errors
/// If one of them is malformed.
pub fn ring(keys: &[Value]) -> Made<KeyRing> {
    let mut ring = KeyRing::new();
    for key in keys {
        let x = forge::decode(text(key, "x")?)?;
        let x = VerifyingKey::from_bytes(x.as_slice().try_into()?)?;
        let state = match text(key, "state")? {
            "active" => KeyState::Active,
            "retired" => KeyState::Retired,
            "revoked" => KeyState::Revoked,
            other => return Err(format!("no state `{other}`").into()),
        };
        ring.add(KeyId::new(text(key, "kid")?)?, x, state)?;
    }
    Ok(ring)
}

/// The caller with these names.
///
/// # Errors
/// If one of them is malformed.
pub fn caller(value: &Value) -> Made<Caller> {
    let chain = list(value, "chain")?.iter();
    let chain = chain.map(|agent| Ok(AgentId::new(agent.as_str().ok_or("no agent")?)?));
    let caller = Caller::dangerous_assert(
        TenantId::new(text(value, "tenant")?)?,
        UserId::new(text(value, "user")?)?,
        AgentId::new(text(value, "agent")?)?,
        SessionId::new(text(value, "session")?)?,
    );
    Ok(caller.with_chain(chain.collect::<Made<_>>()?)?)
}

/// A gate with a guard in memory that was started in 1970.
///
/// # Errors
/// If its keys or tools are malformed.
pub fn gate(value: &Value) -> Made<Gate> {
    let mut tools = BTreeMap::new();
    for (tool, schema) in value.get("tools").and_then(Value::as_object).ok_or("no tools")? {
        let schema = schema.as_str().ok_or("no digest")?.parse()?;
        tools.insert(ToolName::new(tool)?, schema);
    }
    let guard = Arc::new(MemoryGuard::new(16, Timestamp::from_seconds(0)));
    let ring = ring(list(value, "keys")?)?;
    Ok(Gate::new(text(value, "issuer")?, text(value, "audience")?, ring, tools, guard))
}

/// The code with which the gate refuses a ticket and its request before it would claim; none if it
/// does not.
///
/// # Errors
/// If the vector is malformed.
pub fn ticket(gates: &Value, case: &Value) -> Made<Option<&'static str>> {
    let name = text(case, "gate")?;
    let gate = gate(gates.get(name).ok_or_else(|| format!("no gate `{name}`"))?)?;
    let (ticket, sealed, now) = travelled(case)?;
    let caller = caller(case.get("caller").ok_or("no caller")?)?;
    let checked = gate.check(&ticket, &caller, now).and_then(|checked| checked.open(&sealed));
    Ok(checked.err().map(countersign_ticket::Refusal::code))
}

/// Ticket, sealed request and time of a case.
///
/// # Errors
/// If the vector is malformed.
pub fn travelled(case: &Value) -> Made<(Ticket, Vec<u8>, Timestamp)> {
    let ticket = bytes::read(case.get("ticket").ok_or("no ticket")?)?;
    let sealed = bytes::read(case.get("sealed").ok_or("no sealed request")?)?;
    let now = case.get("now_ms").and_then(Value::as_i64).ok_or("no time")?;
    let ticket = Ticket::from_compact(String::from_utf8(ticket)?);
    Ok((ticket, sealed, Timestamp::from_millis(now)))
}

/// The word with which evidence is refused; none if it holds.
///
/// # Errors
/// If the vector is malformed.
pub fn evidence(keys: &[Value], case: &Value) -> Made<Option<&'static str>> {
    let text = bytes::read(case.get("evidence").ok_or("no evidence")?)?;
    let verified = Evidence::from_compact(String::from_utf8(text)?).verify(&ring(keys)?);
    Ok(match verified {
        Ok(_) => None,
        Err(NotEvidence::Malformed) => Some("malformed"),
        Err(NotEvidence::UnknownKey) => Some("unknown_key"),
        Err(NotEvidence::RevokedKey) => Some("revoked_key"),
        Err(NotEvidence::BadSignature) => Some("bad_signature"),
        Err(other) => return Err(other.into()),
    })
}

/// The word with which a key set is refused, or its key ids.
///
/// # Errors
/// If it is refused for a reason that has no word here.
pub fn jwks(json: &[u8]) -> Made<Result<Vec<String>, &'static str>> {
    Ok(match KeyRing::from_jwks(json) {
        Ok(ring) => Ok(ring.iter().map(|(id, _, _)| id.to_string()).collect()),
        Err(KeyError::Jwks) => Err("jwks"),
        Err(KeyError::Weak) => Err("weak"),
        Err(KeyError::Taken) => Err("taken"),
        Err(KeyError::Full) => Err("full"),
        Err(other) => return Err(other.into()),
    })
}
