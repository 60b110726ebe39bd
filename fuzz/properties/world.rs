//! One issuer, one gate, one caller, one effect. The key is known to everybody: behind its signatures
//! the fuzzer reaches what only an issuer could say.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use countersign_canon::{Digest, canonicalize};
use countersign_ticket::{
    Account, AgentId, Alphabet, Assessed, Caller, Connection, EffectId, Epochs, Gate, Hole, Issuer,
    Jti, KeyRing, MemoryGuard, Method, Place, PolicyVersion, Prepared, Scope, Sealed, Selector,
    SessionId, SigningKey, Step, TenantId, Terms, Tier, Timestamp, ToolName, UserId,
};
use zeroize::Zeroizing;

const ISSUER: &str = "https://countersign.example/issuer";
const GATE: &str = "https://countersign.example/gate";

pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

pub(crate) fn key() -> Arc<SigningKey> {
    static KEY: LazyLock<Arc<SigningKey>> =
        LazyLock::new(|| Arc::new(SigningKey::from_seed(&Zeroizing::new([7; 32]))));
    Arc::clone(&KEY)
}

pub(crate) fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("acme").unwrap(),
        UserId::new("auth0|kim").unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s-1").unwrap(),
    )
    .with_chain(vec![AgentId::new("front-desk").unwrap()])
    .unwrap()
}

fn schema() -> Digest {
    Digest::of(b"the definition of the tool")
}

/// A gate that knows the tool of a request, with a guard of its own.
pub(crate) fn gate(tool: &ToolName) -> Gate {
    let tools = BTreeMap::from([(tool.clone(), schema())]);
    Gate::new(
        ISSUER,
        GATE,
        KeyRing::of(key().as_ref()),
        tools,
        Arc::new(MemoryGuard::new(10, now())),
    )
}

pub(crate) fn seal(prepared: Prepared) -> Sealed {
    let terms = Terms {
        schema: schema(),
        tier: Tier::C,
        policy: PolicyVersion::new("2026-11-01").unwrap(),
        epochs: Epochs::default(),
        preview: Digest::of(b"the preview"),
    };
    let approved = Assessed::new(prepared, caller(), terms).silently().unwrap();
    let issuer = Issuer::new(ISSUER, GATE, key());
    issuer.issue(approved, Jti::from_random([1; 16]), now()).unwrap()
}

/// A plan with everything in it: headers, bodies, holes, pages, a step without the credential.
pub(crate) fn wire() -> Prepared {
    let upload =
        Step::new(Method::Post, "https://mail.example.com/v1/messages?notify=all").unwrap();
    let upload = upload.header("content-type", "application/json").unwrap();
    let upload = upload.body(br#"{"to":"lee@example.com"}"#.to_vec()).unwrap();
    let url = "https://upload.example.com/v1/parts/";
    let holes = vec![
        Hole::new(Place::Url, url.len(), "/id", Alphabet::Unreserved, 16),
        Hole::new(Place::Body, 3, "/parts/0", Alphabet::Digits, 8),
    ];
    let part = Step::new(Method::Put, url).unwrap().body(b"no=;".to_vec()).unwrap();
    let part = part.holes(holes).unwrap().without_credential();
    let url = "https://mail.example.com/v1/messages?page=";
    let page = Hole::new(Place::Url, url.len(), "/id", Alphabet::Base64Url, 64);
    let list = Step::new(Method::Get, url).unwrap().holes(vec![page]).unwrap().pages(3).unwrap();
    let scopes = ["mail.read", "mail.send"].map(|scope| Scope::new(scope).unwrap()).to_vec();
    let selector = Selector::new(Connection::new("google-oauth2").unwrap(), scopes)
        .with_account(Account::new("kim@example.com").unwrap());
    let arguments = canonicalize(br#"{"n":1,"to":"lee@example.com"}"#).unwrap();
    let id = EffectId::from_bytes([1; 16]);
    Prepared::wire(id, tool(), arguments, Some(selector), vec![upload, part, list]).unwrap()
}

pub(crate) fn local() -> Prepared {
    let arguments = canonicalize(br#"{"n":1,"to":"lee@example.com"}"#).unwrap();
    Prepared::local(EffectId::from_bytes([2; 16]), tool(), arguments)
}

pub(crate) fn tool() -> ToolName {
    ToolName::new("mail_send").unwrap()
}

/// Changes bytes: each three of `edits` are an offset, high byte first, and what to flip there.
pub(crate) fn edit(bytes: &mut [u8], edits: &[u8]) {
    for edit in edits.as_chunks::<3>().0 {
        let at = usize::from(edit[0]) << 8 | usize::from(edit[1]);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= edit[2];
        }
    }
}
