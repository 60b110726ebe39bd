//! What the pipeline writes into the log: names, codes and digests, and the user as a pseudonym.

use std::fmt;
use std::sync::Arc;

use countersign_core::{
    Approval, ApprovalMethod, AuditError, AuditRecord, AuditSink, Caller, Clock, Digest,
    Durability, Entropy, Object, RecordKind, Tier, Value, stored::integer,
};
use countersign_ticket::Claims;
use zeroize::Zeroizing;

use crate::error::Unavailable;

pub(crate) struct Journal {
    sink: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pseudonym_key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("sink", &self.sink).finish_non_exhaustive()
    }
}

impl Journal {
    pub(crate) fn new(
        sink: Arc<dyn AuditSink>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        pseudonym_key: Zeroizing<[u8; 32]>,
    ) -> Self {
        Self { sink, clock, entropy, pseudonym_key }
    }

    /// Who asks: agent by name, user and session as pseudonyms that only the key's holder can make.
    pub(crate) fn about(&self, caller: &Caller) -> Object {
        Object::new()
            .with("agent", caller.agent().as_str())
            .with("session", self.pseudonym("session", caller, caller.session().as_str()))
            .with("tenant", caller.tenant().as_str())
            .with("user", self.pseudonym("user", caller, caller.user().as_str()))
    }

    /// The claims of a ticket that matter afterwards.
    pub(crate) fn about_ticket(&self, claims: &Claims) -> Object {
        self.about(&claims.caller)
            .with("approval", claims.approval.to_hex())
            .with("arguments", claims.arguments.to_hex())
            .with("binding", claims.binding.as_str())
            .with("connection", claims.connection.as_deref())
            .with("effect", claims.effect.to_hex())
            .with("effect_id", claims.effect_id.to_string())
            .with("jti", claims.jti.to_string())
            .with("policy", claims.policy.as_str())
            .with("tier", claims.tier.as_str())
            .with("tool", claims.tool.as_str())
    }

    /// Who approved, how and when, and what was shown of it.
    pub(crate) fn about_approval(&self, caller: &Caller, approval: &Approval) -> Object {
        let object = Object::new()
            .with("at_ms", integer(approval.at.millis()))
            .with("by", self.pseudonym("user", caller, approval.by.as_str()))
            .with("cut", approval.cut)
            .with("method", approval.method.name())
            .with("renderer", approval.renderer.as_str())
            .with("shown", approval.shown.to_hex());
        match &approval.method {
            ApprovalMethod::Consent { channel } => object.with("channel", channel.as_str()),
            ApprovalMethod::StepUp { issuer, acr, auth_time }
            | ApprovalMethod::OutOfBand { issuer, acr, auth_time } => object
                .with("acr", acr.as_str())
                .with("auth_time_ms", integer(auth_time.millis()))
                .with("issuer", issuer.as_str()),
            _ => object,
        }
    }

    /// HMAC-SHA-256 (RFC 2104) under the pipeline's own key, cut to 128 bits.
    fn pseudonym(&self, kind: &str, caller: &Caller, name: &str) -> String {
        let names = Value::Array(vec![kind.into(), caller.tenant().as_str().into(), name.into()]);
        let pad = |byte: u8| {
            let mut block = Zeroizing::new([byte; 64]);
            for (b, k) in block.iter_mut().zip(self.pseudonym_key.iter()) {
                *b ^= k;
            }
            block
        };
        let inner = Zeroizing::new([&pad(0x36)[..], names.to_canonical().as_bytes()].concat());
        let outer = Zeroizing::new([&pad(0x5c)[..], Digest::of(&inner).as_bytes()].concat());
        let mut hex = Digest::of(&outer).to_hex();
        hex.truncate(32);
        hex
    }

    /// Appends a record. Tiers A and S wait for the disk.
    pub(crate) async fn write(
        &self,
        kind: RecordKind,
        tier: Option<Tier>,
        fields: Object,
    ) -> Result<(), Unavailable> {
        let at = self.clock.now();
        let mut random = [0u8; 10];
        self.entropy.fill(&mut random)?;
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string();
        let durability = match tier {
            Some(Tier::A | Tier::S) => Durability::Durable,
            Some(Tier::B | Tier::C) | None => Durability::Buffered,
        };
        let record = AuditRecord { id, kind, at, fields };
        self.sink.append(record, durability).await.map(drop).map_err(|error: AuditError| {
            tracing::error!(code = "log_unwritable", "the log cannot be written");
            error.into()
        })
    }
}
