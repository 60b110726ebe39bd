//! A small world: one issuer, one gate, one caller, one effect.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_canon::{Canonical, Digest, Object, Value, canonicalize};
use countersign_ticket::{
    Account, Admitted, AgentId, Approval, ApprovalMethod, Approved, Assessed, Caller, Connection,
    EffectId, Epochs, Gate, Issuer, Jti, KeyRing, MemoryGuard, Method, PolicyVersion, Prepared,
    Refusal, ReplayGuard, Scope, Sealed, Selector, SessionId, Signer, SigningKey, Step, TICKET_TYP,
    TenantId, Terms, Ticket, Tier, Timestamp, ToolName, UserId,
};
use zeroize::Zeroizing;

pub(crate) const ISSUER: &str = "https://countersign.example/issuer";
pub(crate) const GATE: &str = "https://countersign.example/gate";

/// Seconds after the start of the world.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000).plus_seconds(seconds)
}

pub(crate) fn key(seed: u8) -> Arc<SigningKey> {
    Arc::new(SigningKey::from_seed(&Zeroizing::new([seed; 32])))
}

pub(crate) fn tool() -> ToolName {
    ToolName::new("mail_send").unwrap()
}

pub(crate) fn schema() -> Digest {
    Digest::of(b"the definition of mail_send")
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

pub(crate) fn effect(n: u8) -> EffectId {
    EffectId::from_bytes([n; 16])
}

pub(crate) fn jti(n: u8) -> Jti {
    Jti::from_random([n; 16])
}

pub(crate) fn arguments() -> Canonical {
    canonicalize(br#"{"subject":"Hello","to":"lee@example.com"}"#).unwrap()
}

pub(crate) fn selector() -> Selector {
    let scopes = ["mail.send", "mail.read"].map(|s| Scope::new(s).unwrap()).to_vec();
    Selector::new(Connection::new("google-oauth2").unwrap(), scopes)
        .with_account(Account::new("kim@example.com").unwrap())
}

pub(crate) fn post(url: &str) -> Step {
    Step::new(Method::Post, url)
        .unwrap()
        .header("content-type", "application/json")
        .unwrap()
        .body(br#"{"to":"lee@example.com"}"#.to_vec())
        .unwrap()
}

pub(crate) fn wire(n: u8, steps: Vec<Step>) -> Prepared {
    Prepared::wire(effect(n), tool(), arguments(), Some(selector()), steps).unwrap()
}

/// One effect of one step.
pub(crate) fn prepared(n: u8) -> Prepared {
    wire(n, vec![post("https://mail.example.com/v1/messages?notify=all")])
}

pub(crate) fn terms(tier: Tier) -> Terms {
    Terms {
        schema: schema(),
        tier,
        policy: PolicyVersion::new("2026-11-01").unwrap(),
        epochs: Epochs::default(),
        preview: Digest::of(b"the preview"),
    }
}

pub(crate) fn assessed(prepared: Prepared, tier: Tier) -> Assessed {
    Assessed::new(prepared, caller(), terms(tier))
}

/// Evidence that fits in everything but, perhaps, its method.
pub(crate) fn approval(assessed: &Assessed, method: ApprovalMethod, when: Timestamp) -> Approval {
    Approval {
        digest: assessed.approval_digest(),
        by: assessed.caller().user().clone(),
        at: when,
        method,
        renderer: "test/1".to_owned(),
        shown: assessed.terms().preview,
        cut: 0,
    }
}

pub(crate) fn silent(prepared: Prepared) -> Approved {
    assessed(prepared, Tier::C).silently().unwrap()
}

/// An issuer and a gate that trust one key.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) issuer: Issuer,
    pub(crate) guard: Arc<MemoryGuard>,
    pub(crate) gate: Gate,
}

impl World {
    pub(crate) fn new() -> Self {
        let key = key(7);
        let ring = KeyRing::of(key.as_ref());
        let guard = Arc::new(MemoryGuard::new(10_000, at(0)));
        Self {
            issuer: Issuer::new(ISSUER, GATE, Arc::<SigningKey>::clone(&key)),
            gate: gate(ring, Arc::<MemoryGuard>::clone(&guard)),
            key,
            guard,
        }
    }

    /// A ticket for an effect, issued at `now`.
    pub(crate) fn seal(&self, prepared: Prepared, id: u8, now: Timestamp) -> Sealed {
        self.issuer.issue(silent(prepared), jti(id), now).unwrap()
    }

    pub(crate) fn admit(&self, sealed: Sealed, now: Timestamp) -> Result<Admitted, Refusal> {
        pollster::block_on(self.gate.admit(sealed, &caller(), now))
    }

    /// An effect, admitted at once.
    pub(crate) fn admitted(&self, prepared: Prepared) -> Admitted {
        self.admit(self.seal(prepared, 1, at(1)), at(1)).unwrap()
    }

    /// The whole way of a text and bytes that travelled.
    pub(crate) fn travelled(
        &self,
        ticket: &str,
        sealed: &[u8],
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Admitted, Refusal> {
        let ticket = Ticket::from_compact(ticket.to_owned());
        let opened = self.gate.check(&ticket, caller, now)?.open(sealed)?;
        pollster::block_on(opened.admit(now))
    }
}

/// The gate of this world with another ring or guard.
pub(crate) fn gate(ring: KeyRing, guard: Arc<dyn ReplayGuard>) -> Gate {
    Gate::new(ISSUER, GATE, ring, BTreeMap::from([(tool(), schema())]), guard)
}

/// Signs any header and payload, as whoever holds the key could.
pub(crate) fn forge(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", part(header.as_bytes()), part(payload));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", part(&signature))
}

pub(crate) fn header(key: &SigningKey, typ: &str) -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"{typ}"}}"#, key.key_id())
}

/// The claims of a ticket, changed, signed again.
pub(crate) fn reissue(world: &World, ticket: &str, change: impl FnOnce(&mut Object)) -> String {
    let peeked = Ticket::from_compact(ticket.to_owned()).dangerous_peek();
    let claims = peeked.map(|(_, claims)| claims.value());
    let Some(Value::Object(mut claims)) = claims else { panic!("not a ticket") };
    change(&mut claims);
    let payload = Value::Object(claims).to_canonical();
    forge(&world.key, &header(&world.key, TICKET_TYP), payload.as_bytes())
}
