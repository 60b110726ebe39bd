//! What the tests share.

use countersign_approval::render;
use countersign_core::canon::canonicalize;
use countersign_core::{
    Account, AgentId, ApprovalRequest, Caller, Connection, Digest, EffectId, Method, Prepared,
    Preview, Rendered, Scope, Selector, SessionId, Step, TenantId, Tier, Timestamp, ToolName,
    UserId,
};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_900_000_000);

pub(crate) fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("acme").unwrap(),
        UserId::new("auth0|kim").unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s-1").unwrap(),
    )
}

pub(crate) fn local() -> Prepared {
    let arguments = canonicalize(b"{}").unwrap();
    Prepared::local(EffectId::from_bytes([1; 16]), ToolName::new("note").unwrap(), arguments)
}

pub(crate) fn wire(account: &str) -> Prepared {
    let scopes = ["b", "a"].map(|s| Scope::new(s).unwrap()).to_vec();
    let selector = Selector::new(Connection::new("google-oauth2").unwrap(), scopes)
        .with_account(Account::new(account).unwrap());
    Prepared::wire(
        EffectId::from_bytes([1; 16]),
        ToolName::new("gmail_send").unwrap(),
        canonicalize(b"{}").unwrap(),
        Some(selector),
        vec![Step::new(Method::Get, "https://x.example/").unwrap()],
    )
    .unwrap()
}

pub(crate) fn show(preview: &Preview) -> Rendered {
    render(preview, &local(), &caller(), Tier::B)
}

/// What is shown of one value under the label `Note`.
pub(crate) fn show_value(value: &str) -> Rendered {
    show(&Preview::new("A note").line("Note", value))
}

pub(crate) fn request(preview: &Preview, tier: Tier) -> ApprovalRequest {
    let preview = render(preview, &local(), &caller(), tier);
    ApprovalRequest {
        digest: Digest::of(b"approval"),
        caller: caller(),
        tool: ToolName::new("note").unwrap(),
        tier,
        preview,
        why: "tier B: it is not a read".to_owned(),
        asked: NOW,
    }
}
