//! What tests need again and again: a caller, a tool, a prepared effect, and the way through a real
//! gate to an [`Admitted`].
//!
//! Everything is deterministic but the ids of tickets and effects, which are never the same twice in
//! one process. Constants are valid by inspection, so these functions panic only if the rules for ids
//! change.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_core::{
    AccessToken, Account, Admitted, AgentId, Bearer, Caller, Canonical, Connection, Digest,
    EffectId, Jti, Method, PolicyVersion, Prepared, Role, Scope, Selector, SessionId, Step,
    TenantId, Tier, Timestamp, Tool, ToolName, ToolSpec, Trust, UserId,
};
use countersign_ticket::{
    Assessed, Epochs, Gate, Issuer, KeyRing, MemoryGuard, Sealed, SigningKey, Terms,
};
use zeroize::Zeroizing;

/// When the fixtures are: 2026-09-21T14:13:20Z.
pub const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
/// The host that the fixtures' requests are for.
pub const HOST: &str = "api.provider.example";
/// The scope that [`selector`] asks for.
pub const SCOPE: &str = "notes.write";

#[track_caller]
#[expect(clippy::panic, reason = "a fixture that cannot be made is a mistake in the test")]
fn made<T, E: Debug>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("no {what}: {error:?}"),
    }
}

/// Sixteen bytes that this process has not seen before.
fn unique(what: &str) -> [u8; 16] {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let digest = Digest::of(format!("countersign-fixture {what} {n}").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    bytes
}

/// An effect id that was not given out before.
pub fn effect() -> EffectId {
    EffectId::from_bytes(unique("effect"))
}

/// A ticket id that was not given out before.
pub fn jti() -> Jti {
    Jti::from_random(unique("jti"))
}

/// The user `auth0|u1` of the tenant `acme`, with the agent `planner` in session `s-1`.
pub fn caller() -> Caller {
    caller_of("acme", "auth0|u1", "planner", "s-1")
}

/// A caller.
///
/// # Panics
/// If one of the names is not a valid id.
pub fn caller_of(tenant: &str, user: &str, agent: &str, session: &str) -> Caller {
    Caller::dangerous_assert(
        made("tenant", TenantId::new(tenant)),
        made("user", UserId::new(user)),
        made("agent", AgentId::new(agent)),
        made("session", SessionId::new(session)),
    )
}

/// A tool on the connection `provider`: `provider_write_note`, severity 2, a write.
pub fn tool() -> Tool {
    made("tool", spec("provider_write_note", 2).writes().register())
}

/// [`tool`], and the read `provider_read_note` and the local tool `crm_note` beside it.
pub fn tools() -> Vec<Tool> {
    let read = spec("provider_read_note", 1).reads().returns(Trust::Untrusted, true);
    let local = ToolSpec::new("crm_note").severity(2).writes().role("text", Role::FreeText);
    vec![tool(), made("tool", read.register()), made("tool", local.register())]
}

fn spec(name: &str, severity: u8) -> ToolSpec {
    ToolSpec::new(name)
        .severity(severity)
        .schema(r#"{"type":"object","properties":{"text":{"type":"string"}}}"#)
        .connection("provider", [SCOPE])
        .role("text", Role::FreeText)
        .returns(Trust::Own, false)
}

/// The scope [`SCOPE`] on the connection `provider`.
pub fn selector() -> Selector {
    selector_of("provider", None, &[SCOPE])
}

/// A selector.
///
/// # Panics
/// If one of the names is not a valid id.
pub fn selector_of(connection: &str, account: Option<&str>, scopes: &[&str]) -> Selector {
    let scopes = scopes.iter().map(|scope| made("scope", Scope::new(scope))).collect();
    let selector = Selector::new(made("connection", Connection::new(connection)), scopes);
    match account {
        Some(account) => selector.with_account(made("account", Account::new(account))),
        None => selector,
    }
}

/// Canonical arguments.
///
/// # Panics
/// If the text is not strict JSON.
pub fn arguments(json: &str) -> Canonical {
    made("arguments", countersign_core::canon::canonicalize(json.as_bytes()))
}

/// A request to [`HOST`], with the credential: `target` is path and query.
///
/// # Panics
/// If the target is malformed.
pub fn step(method: Method, target: &str) -> Step {
    made("step", Step::new(method, &format!("https://{HOST}{target}")))
}

/// A `POST` of a note with a body, its type, and the type that is accepted.
///
/// # Panics
/// Never, as the request is valid.
pub fn note() -> Step {
    let step = step(Method::Post, "/v1/notes?notify=none");
    let step = made("header", step.header("content-type", "application/json"));
    let step = made("header", step.header("accept", "application/json"));
    made("body", step.body(br#"{"text":"hello"}"#.to_vec()))
}

/// An effect of [`tool`] with [`selector`]: one step.
///
/// # Panics
/// If the step has holes.
pub fn prepared(step: Step) -> Prepared {
    prepared_with(Some(selector()), vec![step])
}

/// An effect of [`tool`].
///
/// # Panics
/// If the steps do not make a plan.
pub fn prepared_with(selector: Option<Selector>, steps: Vec<Step>) -> Prepared {
    let arguments = arguments(r#"{"text":"hello"}"#);
    let name = tool().name().clone();
    made("effect", Prepared::wire(effect(), name, arguments, selector, steps))
}

/// An effect that is a call of a local tool.
///
/// # Panics
/// If the tool's name or the arguments are malformed.
pub fn local(tool: &str, json: &str) -> Prepared {
    Prepared::local(effect(), made("tool name", ToolName::new(tool)), arguments(json))
}

/// The key that the fixtures' tickets are signed with.
pub fn signing_key() -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new([7; 32]))
}

/// What was judged: a tier, everything else fixed.
///
/// # Panics
/// Never.
pub fn terms(tier: Tier) -> Terms {
    Terms {
        schema: tool().digest(),
        tier,
        policy: made("policy", PolicyVersion::new("fixtures-1")),
        epochs: Epochs::default(),
        preview: Digest::of(b"the preview of the fixtures"),
    }
}

/// A sealed request of tier C, issued at [`NOW`].
///
/// # Panics
/// Never.
pub fn sealed(prepared: Prepared, caller: &Caller) -> Sealed {
    let approved = Assessed::new(prepared, caller.clone(), terms(Tier::C)).silently();
    let issuer = Issuer::new("fixtures", "gate", Arc::new(signing_key()));
    made("ticket", issuer.issue(made("approval", approved), jti(), NOW))
}

/// The effect, admitted for [`caller`] through a real gate at [`NOW`]. Steps can be lent until a
/// minute later.
///
/// # Panics
/// If the gate refuses.
pub async fn admit(prepared: Prepared) -> Admitted {
    admit_for(prepared, &caller()).await
}

/// As [`admit`], for another caller.
///
/// # Panics
/// If the gate refuses.
pub async fn admit_for(prepared: Prepared, caller: &Caller) -> Admitted {
    let tools = BTreeMap::from([(prepared.tool().clone(), tool().digest())]);
    let guard = Arc::new(MemoryGuard::new(1, NOW));
    let gate = Gate::new("fixtures", "gate", KeyRing::of(&signing_key()), tools, guard);
    made("admission", gate.admit(sealed(prepared, caller), caller, NOW).await)
}

/// A token, handed out for an admitted call with the scopes it asks for.
pub fn bearer(admitted: &Admitted, token: &str) -> Bearer {
    let granted = admitted.prepared().credential().map(|c| c.scopes().to_vec());
    Bearer::new(admitted, AccessToken::new(token.to_owned()), granted.unwrap_or_default())
}
