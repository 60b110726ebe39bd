//! Who asks for what at which gate: the names that the vectors share.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_canon::{Canonical, Digest, canonicalize};
use countersign_ticket::{
    Account, AgentId, Alphabet, Approval, ApprovalMethod, Assessed, Caller, Connection, Epochs,
    Hole, Issuer, Method, Place, PolicyVersion, Prepared, Scope, Sealed, Selector, SessionId,
    Signer, Step, TenantId, Terms, Tier, Timestamp, ToolName, UserId,
};
use serde_json::{Value, json};

use crate::{Made, Source};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const GATE: &str = "https://gate.example";
pub(crate) const MAIL: &str = "mail_send";
pub(crate) const NOTE: &str = "crm_note";

/// The digest of a tool's definition. What a definition is, the kernel does not know.
pub(crate) fn schema(tool: &str) -> Digest {
    Digest::of(format!("the definition of {tool}").as_bytes())
}

pub(crate) fn terms(tool: &str, tier: Tier) -> Made<Terms> {
    Ok(Terms {
        schema: schema(tool),
        tier,
        policy: PolicyVersion::new("2026-11-01")?,
        epochs: Epochs::default(),
        preview: Digest::of(b"Send a mail to lee@example.com"),
    })
}

pub(crate) fn caller() -> Made<Caller> {
    let caller = caller_of("acme", "auth0|kim", "planner", "s-1")?;
    Ok(caller.with_chain(vec![AgentId::new("front-desk")?, AgentId::new("kim's phone")?])?)
}

pub(crate) fn caller_of(tenant: &str, user: &str, agent: &str, session: &str) -> Made<Caller> {
    Ok(Caller::dangerous_assert(
        TenantId::new(tenant)?,
        UserId::new(user)?,
        AgentId::new(agent)?,
        SessionId::new(session)?,
    ))
}

/// The caller as a gate learns it, and as it stands in the approval digest.
pub(crate) fn caller_json(caller: &Caller) -> Value {
    json!({
        "tenant": caller.tenant().as_str(),
        "user": caller.user().as_str(),
        "agent": caller.agent().as_str(),
        "session": caller.session().as_str(),
        "chain": caller.chain().iter().map(AgentId::as_str).collect::<Vec<_>>(),
    })
}

fn arguments() -> Made<Canonical> {
    Ok(canonicalize(br#"{"to":"lee@example.com","subject":"Hello \ud83d\ude00","copies":2.0}"#)?)
}

fn selector() -> Made<Selector> {
    let scopes = vec![Scope::new("mail.send")?, Scope::new("mail.read")?];
    let selector = Selector::new(Connection::new("google-oauth2")?, scopes);
    Ok(selector.with_account(Account::new("kim@example.com")?))
}

/// One request with a body and headers.
pub(crate) fn mail(source: &Source, effect: &str) -> Made<Prepared> {
    let step = Step::new(Method::Post, "https://mail.example.com/v1/messages?notify=all")?
        .header("content-type", "application/json")?
        .header("accept", "application/json")?
        .body("{\"to\":\"lee@example.com\",\"text\":\"é\"}".into())?;
    wire(source, effect, Some(selector()?), vec![step])
}

/// The same without account, credential, headers and body.
pub(crate) fn ping(source: &Source, effect: &str) -> Made<Prepared> {
    let url = "http://127.0.0.1:8080/a%2Fb;v=1/~kim?q=a+b&c=%C3%A9";
    let step = Step::new(Method::Delete, url)?.without_credential();
    wire(source, effect, None, vec![step])
}

/// A plan of several steps: an upload whose place comes from the first answer, then pages.
pub(crate) fn plan(source: &Source, effect: &str) -> Made<Prepared> {
    let upload = "https://[2001:db8::1]/upload/";
    let list = "https://mail.example.com/v1/messages?page=&size=2";
    let body = br#"{"draft":""}"#;
    let hole =
        |place, at, pointer: &str, alphabet, max| Hole::new(place, at, pointer, alphabet, max);
    let steps = vec![
        Step::new(Method::Post, "https://mail.example.com/v1/drafts")?.body(vec![0, 159, 255])?,
        Step::new(Method::Put, upload)?
            .body(body.to_vec())?
            .holes(vec![
                hole(Place::Body, body.len() - 2, "/id", Alphabet::Unreserved, 64),
                hole(Place::Url, upload.len(), "/upload/0", Alphabet::Hex, 8),
            ])?
            .without_credential(),
        Step::new(Method::Get, list)?
            .holes(vec![hole(Place::Url, list.len() - 7, "/next", Alphabet::Base64Url, 100)])?
            .pages(3)?,
        Step::new(Method::Patch, "https://mail.example.com/v1/labels/a.b_c-d")?,
    ];
    let selector = Selector::new(Connection::new("google-oauth2")?, Vec::new());
    wire(source, effect, Some(selector), steps)
}

/// The answers that fill the holes of [`plan`], in the order in which steps are sent.
pub(crate) const ANSWERS: [&str; 5] = [
    r#"{"id":"d~1.x","upload":["0a9f"]}"#,
    r#"{"next":"p-2="}"#,
    r#"{"next":"p_3"}"#,
    r#"{"next":""}"#,
    "",
];

/// URLs that look as if they should not pass, in as many steps as there may be.
const EDGES: [&str; 15] = [
    "https://a/",
    "http://localhost:65535/",
    "https://10.0.0.255:1/",
    "https://[::]/",
    "https://[2001:db8::1]:8443/",
    "https://[1::2:0:0:3:4]/",
    "https://[::102:304]/",
    "https://[::ffff:0:102:304]/",
    "https://xn--mnchen-3ya.example/",
    "https://-a-.0x.1a/-",
    "https://mail.example.com/?a//b/../c?d",
    "https://mail.example.com/.../..a/.a;..",
    "https://mail.example.com/%2E%2Ea/%25%00%FF",
    "https://mail.example.com/~!$&()*+,;=:@",
    "https://mail.example.com/a%3B%2E.",
];

/// A plan that is as large as a plan may be, in all but its bodies.
pub(crate) fn edges(source: &Source, effect: &str) -> Made<Prepared> {
    let mut steps = Vec::new();
    for url in EDGES {
        steps.push(Step::new(Method::Get, url)?.without_credential());
    }
    let url = format!("https://mail.example.com/{}", "a".repeat(8192 - 25));
    let mut last = Step::new(Method::Get, &url)?.without_credential();
    for number in 0..63 {
        last = last.header(&format!("x-{number}"), "~")?;
    }
    last = last.header(&"n".repeat(64), &format!("!{}!", " ".repeat(4094)))?;
    let hole = |pointer: &str| Hole::new(Place::Url, 26, pointer, Alphabet::Digits, u16::MAX);
    let mut holes: Vec<_> = (0..63).map(|n| hole(&format!("/{n}"))).collect();
    holes.push(hole(&format!("/{}", "p".repeat(255))));
    steps.push(last.holes(holes)?.pages(100)?);
    wire(source, effect, None, steps)
}

/// A call of a local tool.
pub(crate) fn note(source: &Source, effect: &str) -> Made<Prepared> {
    Ok(Prepared::local(source.effect(effect), ToolName::new(NOTE)?, arguments()?))
}

fn wire(
    source: &Source,
    effect: &str,
    credential: Option<Selector>,
    steps: Vec<Step>,
) -> Made<Prepared> {
    let (id, tool) = (source.effect(effect), ToolName::new(MAIL)?);
    Ok(Prepared::wire(id, tool, arguments()?, credential, steps)?)
}

/// Evidence that a person approved out of band: strong enough for every tier.
fn approval(assessed: &Assessed, at: Timestamp) -> Approval {
    Approval {
        digest: assessed.approval_digest(),
        by: assessed.caller().user().clone(),
        at,
        method: ApprovalMethod::OutOfBand {
            issuer: "https://idp.example/".to_owned(),
            acr: String::new(),
            auth_time: at,
        },
        renderer: "vectors/1".to_owned(),
        shown: assessed.terms().preview,
        cut: 0,
    }
}

/// A ticket of the issuer, signed with the key of that name.
pub(crate) fn seal(
    source: &Source,
    key: &str,
    prepared: Prepared,
    caller: &Caller,
    tier: Tier,
    lifetime: i64,
) -> Made<Sealed> {
    let jti = source.jti(&prepared.effect_id().to_string());
    let terms = terms(prepared.tool().as_str(), tier)?;
    let assessed = Assessed::new(prepared, caller.clone(), terms);
    let approved = if tier == Tier::C {
        assessed.silently()?
    } else {
        let approval = approval(&assessed, source.now());
        assessed.approve(approval, source.now())?
    };
    let issuer = Issuer::new(ISSUER, GATE, Arc::new(source.key(key))).with_lifetime(lifetime)?;
    Ok(issuer.issue(approved, jti, source.now())?)
}

/// The keys of a ring: active, retired, revoked.
pub(crate) fn keys(source: &Source) -> Value {
    let key = |name: &str, state: &str| {
        let key = source.key(name);
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        json!({ "kid": key.key_id().as_str(), "x": x, "state": state })
    };
    json!([key("main", "active"), key("old", "retired"), key("lost", "revoked")])
}

/// The gates that tickets are shown to.
pub(crate) fn gates(source: &Source) -> Value {
    let tools = json!({ MAIL: schema(MAIL).to_hex(), NOTE: schema(NOTE).to_hex() });
    let gate = |issuer: &str, audience: &str, keys: Value, tools: Value| json!({ "issuer": issuer, "audience": audience, "keys": keys, "tools": tools });
    let newer = json!({ MAIL: schema("a newer mail_send").to_hex() });
    json!({
        "main": gate(ISSUER, GATE, keys(source), tools.clone()),
        "of another issuer": gate("https://issuer.example/", GATE, keys(source), tools.clone()),
        "of another name": gate(ISSUER, "https://gate2.example", keys(source), tools.clone()),
        "without keys": gate(ISSUER, GATE, json!([]), tools),
        "without tools": gate(ISSUER, GATE, keys(source), json!({})),
        "with a newer tool": gate(ISSUER, GATE, keys(source), newer),
    })
}
