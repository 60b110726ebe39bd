//! Evidence: a signed record of an executed or refused call that a third party verifies offline.

use countersign_canon::{Canonical, Digest, require_canonical};

use crate::admitted::Admitted;
use crate::gate::Refusal;
use crate::id::Timestamp;
use crate::json::{Maybe, Object, Raw};
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
        let lent = admitted.lent().iter();
        let requests = lent
            .map(|l| Raw(Object::new().with("digest", &l.digest).with("step", &l.step).end()))
            .collect();
        let response = response.map(|(status, body)| {
            Raw(Object::new().with("body", &body).with("status", &status).end())
        });
        let effect = admitted.claims().effect;
        let done = Executed { dialled_elsewhere, effect, ending, requests, response };
        sign(signer, admitted.claims(), at, Err(&done))
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
        sign(signer, claims, at, Ok(code))
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
    pub fn verify(&self, keys: &KeyRing) -> Result<Canonical, NotEvidence> {
        let payload = jws::verify(&self.0, MAX_EVIDENCE, EVIDENCE_TYP, keys);
        let payload = payload.map_err(|refusal| match refusal {
            Refusal::UnknownKey => NotEvidence::UnknownKey,
            Refusal::RevokedKey => NotEvidence::RevokedKey,
            Refusal::BadSignature => NotEvidence::BadSignature,
            _ => NotEvidence::Malformed,
        })?;
        require_canonical(payload.as_bytes()).map_err(|_| NotEvidence::Malformed)
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

/// What evidence of an executed call says beyond the claims.
struct Executed {
    dialled_elsewhere: bool,
    effect: Digest,
    ending: Ending,
    requests: Vec<Raw>,
    response: Option<Raw>,
}

/// Signs what became of a call: the code of its refusal, or what was executed.
fn sign(
    signer: &dyn Signer,
    claims: &Claims,
    at: Timestamp,
    became: Result<&str, &Executed>,
) -> Result<Evidence, KeyError> {
    let (code, done) = (became.ok(), became.err());
    let text = Object::new()
        .with("approval", &claims.approval)
        .with("arguments", &claims.arguments)
        .with("at_ms", &at.millis())
        .with("authorised", &claims.effect)
        .with("binding", &claims.binding)
        .with("code", &Maybe(code))
        .with("dialled_elsewhere", &Maybe(done.map(|d| d.dialled_elsewhere)))
        .with("effect_id", &claims.effect_id)
        .with("executed", &Maybe(done.map(|d| d.effect)))
        .with("jti", &claims.jti)
        .with("kind", if done.is_some() { "executed" } else { "refused" })
        .with("outcome", &Maybe(done.map(|d| d.ending)))
        .with("policy", &claims.policy)
        .with("requests", &Maybe(done.map(|d| &d.requests)))
        .with("response", &Maybe(done.map(|d| &d.response)))
        .with("tier", &claims.tier)
        .with("tool", &claims.tool)
        .with("type", "countersign-evidence")
        .with("v", &1u8)
        .end();
    jws::sign(signer, EVIDENCE_TYP, &text).map(Evidence)
}
