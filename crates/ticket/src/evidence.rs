//! Evidence: a signed record of an executed or refused call that a third party verifies offline.

use countersign_canon::{Digest, Object, Value};

use crate::admitted::Admitted;
use crate::gate::Refusal;
use crate::id::Timestamp;
use crate::json::Json as _;
use crate::jws;
use crate::key::{KeyError, KeyRing, Signer};
use crate::ticket::Claims;

/// The `typ` of evidence.
pub const EVIDENCE_TYP: &str = "countersign-evidence+jwt";

/// Longest evidence accepted, in bytes: every page and attempt of the longest plan fits.
pub const MAX_EVIDENCE: usize = 1024 * 1024;

words! {
    /// How a call ended.
    #[expect(clippy::exhaustive_enums, reason = "whoever reads evidence must know each of them")]
    pub enum Ending {
        /// The provider did it.
        Committed = "committed",
        /// The provider did not do it.
        Failed = "failed",
        /// It may or may not have been done.
        Unknown = "unknown",
    }
}

/// Signed evidence, as a compact JWS. Made after the gate, on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence(String);

impl Evidence {
    /// Evidence of an executed call: what was authorised, what was lent out, how it ended.
    ///
    /// `response` is the SHA-256 of the last answer's body; `dialled_elsewhere` says that the
    /// dialled address was overridden, so that such a receipt can never pass for a real one.
    ///
    /// # Errors
    /// [`KeyError::Signer`].
    pub fn executed(
        signer: &dyn Signer,
        admitted: &Admitted,
        ending: Ending,
        response: Option<(u16, Digest)>,
        dialled_elsewhere: bool,
        at: Timestamp,
    ) -> Result<Self, KeyError> {
        let lent = admitted.lent().iter().map(|lent| {
            Object::new()
                .with("digest", lent.digest.to_hex())
                .with("step", lent.step.to_json())
                .into()
        });
        let response = response
            .map(|(status, body)| Object::new().with("body", body.to_hex()).with("status", status));
        let object = about(admitted.claims(), "executed", at)
            .with("dialled_elsewhere", dialled_elsewhere)
            .with("executed", admitted.prepared().digest().to_hex())
            .with("outcome", ending.as_str())
            .with("requests", Value::Array(lent.collect()))
            .with("response", response);
        jws::sign(signer, EVIDENCE_TYP, object).map(Self)
    }

    /// Evidence of a refused call whose ticket's signature was good: the claims and the code.
    ///
    /// # Errors
    /// [`KeyError::Signer`].
    pub fn refused(
        signer: &dyn Signer,
        claims: &Claims,
        code: &str,
        at: Timestamp,
    ) -> Result<Self, KeyError> {
        jws::sign(signer, EVIDENCE_TYP, about(claims, "refused", at).with("code", code)).map(Self)
    }

    /// Takes a text for evidence, unchecked.
    pub fn from_compact(text: String) -> Self {
        Self(text)
    }
    /// The compact JWS.
    pub fn as_compact(&self) -> &str {
        &self.0
    }

    /// What it says, if its signature holds under a key of the ring.
    ///
    /// # Errors
    /// [`NotEvidence`].
    pub fn verify(&self, keys: &KeyRing) -> Result<Value, NotEvidence> {
        let value = jws::verify(&self.0, MAX_EVIDENCE, EVIDENCE_TYP, keys);
        value.map_err(|refusal| match refusal {
            Refusal::UnknownKey => NotEvidence::UnknownKey,
            Refusal::RevokedKey => NotEvidence::RevokedKey,
            Refusal::BadSignature => NotEvidence::BadSignature,
            _ => NotEvidence::Malformed,
        })
    }
}

errors! {
    /// A text is no evidence.
    pub enum NotEvidence {
        /// Too long, not a compact JWS of ours, or not of this type.
        Malformed = "the evidence is malformed",
        /// Signed with a key that is not in the ring.
        UnknownKey = "the evidence's key is unknown",
        /// Signed with a key that was revoked.
        RevokedKey = "the evidence's key is revoked",
        /// The signature does not hold.
        BadSignature = "the evidence's signature does not hold",
    }
}

fn about(claims: &Claims, kind: &str, at: Timestamp) -> Object {
    Object::new()
        .with("approval", claims.approval.to_hex())
        .with("arguments", claims.arguments.to_hex())
        .with("at_ms", at.millis().to_json())
        .with("authorised", claims.effect.to_hex())
        .with("binding", claims.binding.as_str())
        .with("effect_id", claims.effect_id.to_json())
        .with("jti", claims.jti.to_json())
        .with("kind", kind)
        .with("policy", claims.policy.as_str())
        .with("tier", claims.tier.as_str())
        .with("tool", claims.tool.as_str())
        .with("type", "countersign-evidence")
        .with("v", 1u8)
}
