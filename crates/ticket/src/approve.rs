//! Which evidence satisfies which tier. The issuer signs only an [`Approved`], and an [`Approved`]
//! is made only here, from evidence that fits the tier and names this very approval digest.

use countersign_canon::Digest;

use crate::caller::Caller;
use crate::guard::Epochs;
use crate::id::{PolicyVersion, Timestamp, UserId};
use crate::json::{Object, Raw};
use crate::macros::ensure;
use crate::prepared::Prepared;

words! {
    /// How strong an approval a call needs. Ordered: `C < B < A < S`.
    #[expect(clippy::exhaustive_enums, reason = "a new tier must break every decision that reads one")]
    pub enum Tier {
        /// Silent.
        C = "C",
        /// Consent on a preview.
        B = "B",
        /// Fresh step-up authentication.
        A = "A",
        /// Out-of-band approval by the identity provider.
        S = "S",
    }
}

/// Oldest authentication that a tier A approval may rest on, in seconds.
pub const MAX_AUTH_AGE: i64 = 300;
/// How far an approval's times may lie in the future, in seconds.
const SKEW: i64 = 30;

/// How a person approved. Each method has one strength.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApprovalMethod {
    /// Consent on the preview, over a named channel. Strength B.
    Consent {
        /// For example `terminal`.
        channel: String,
    },
    /// A token of the identity provider, verified, answering our challenge. Strength A.
    StepUp {
        /// The token's `iss`.
        issuer: String,
        /// The token's `acr`.
        acr: String,
        /// The token's `auth_time`.
        auth_time: Timestamp,
    },
    /// An out-of-band token of the identity provider, verified, that carries the digest. Strength S.
    OutOfBand {
        /// The token's `iss`.
        issuer: String,
        /// The token's `acr`, empty if it has none.
        acr: String,
        /// The token's `auth_time`.
        auth_time: Timestamp,
    },
}

impl ApprovalMethod {
    /// The highest tier it satisfies.
    pub const fn strength(&self) -> Tier {
        self.kind().0
    }

    /// `consent`, `step_up` or `out_of_band`.
    pub const fn name(&self) -> &'static str {
        self.kind().1
    }

    const fn kind(&self) -> (Tier, &'static str) {
        match self {
            Self::Consent { .. } => (Tier::B, "consent"),
            Self::StepUp { .. } => (Tier::A, "step_up"),
            Self::OutOfBand { .. } => (Tier::S, "out_of_band"),
        }
    }
}

/// Evidence that a named person approved one approval digest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "evidence is made whole or not at all")]
pub struct Approval {
    /// The approval digest that was approved.
    pub digest: Digest,
    /// Who approved.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// How.
    pub method: ApprovalMethod,
    /// Name and version of what rendered the preview.
    pub renderer: String,
    /// SHA-256 of the preview that was shown.
    pub shown: Digest,
    /// How many characters of it the channel had to cut.
    pub cut: u32,
}

/// An approval does not fit the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The evidence is too weak for the tier.
    #[error("the approval is of strength {have}, the call needs {need}")]
    TooWeak {
        /// The tier.
        need: Tier,
        /// The evidence's strength.
        have: Tier,
    },
    /// It approves something else.
    #[error("the approval is for another digest")]
    OtherDigest,
    /// Another preview was shown.
    #[error("another preview was shown")]
    OtherPreview,
    /// Somebody else approved.
    #[error("the approval is another person's")]
    OtherPerson,
    /// The authentication is older than [`MAX_AUTH_AGE`], or from the future, or has no `acr`.
    #[error("the authentication is not fresh")]
    NotFresh,
}

impl Unfit {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooWeak { .. } => "approval_too_weak",
            Self::OtherDigest => "approval_other_digest",
            Self::OtherPreview => "approval_other_preview",
            Self::OtherPerson => "approval_other_person",
            Self::NotFresh => "approval_not_fresh",
        }
    }
}

/// What was judged about a prepared effect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "terms are stated whole or not at all")]
pub struct Terms {
    /// Digest of the tool's definition.
    pub schema: Digest,
    /// The tier of the call.
    pub tier: Tier,
    /// The version of the policy that decided it.
    pub policy: PolicyVersion,
    /// The epochs when it was judged.
    pub epochs: Epochs,
    /// SHA-256 of the preview.
    pub preview: Digest,
}

/// A prepared effect with its caller and what was judged about it: what a person approves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    pub(crate) prepared: Prepared,
    caller: Caller,
    terms: Terms,
    pub(crate) arguments: Digest,
    effect: Digest,
}

getters!(Assessed {
    /// The effect's digest.
    effect: Digest;
    /// The effect.
    &prepared: &Prepared;
    /// Who asks.
    &caller: &Caller;
    /// What was judged.
    &terms: &Terms;
});

impl Assessed {
    /// Joins the three.
    pub fn new(prepared: Prepared, caller: Caller, terms: Terms) -> Self {
        let (arguments, effect) = (prepared.arguments().digest(), prepared.digest());
        Self { prepared, caller, terms, arguments, effect }
    }

    /// The approval digest: **this** is what is approved. SHA-256 over the canonical JSON of
    /// `{type, v, effect_id, effect, arguments, tool, schema, caller, tier, preview}`.
    pub fn approval_digest(&self) -> Digest {
        let (p, c, t) = (&self.prepared, &self.caller, &self.terms);
        let caller = Object::new()
            .with("agent", c.agent())
            .with("chain", c.chain())
            .with("session", c.session())
            .with("tenant", c.tenant())
            .with("user", c.user());
        Object::new()
            .with("arguments", &self.arguments)
            .with("caller", &Raw(caller.end()))
            .with("effect", &self.effect)
            .with("effect_id", &p.effect_id())
            .with("preview", &t.preview)
            .with("schema", &t.schema)
            .with("tier", &t.tier)
            .with("tool", p.tool())
            .with("type", "countersign-approval")
            .with("v", &1u8)
            .digest()
    }

    /// Lets a tier C call go without asking anybody.
    ///
    /// # Errors
    /// [`Unfit::TooWeak`] for every other tier.
    pub fn silently(self) -> Result<Approved, Unfit> {
        let need = self.terms.tier;
        ensure(need == Tier::C, Unfit::TooWeak { need, have: Tier::C })?;
        Ok(Approved { digest: self.approval_digest(), assessed: self, approval: None })
    }

    /// Joins evidence to the call, if it is evidence for this very call and strong enough.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn approve(self, approval: Approval, now: Timestamp) -> Result<Approved, Unfit> {
        ensure(approval.digest == self.approval_digest(), Unfit::OtherDigest)?;
        ensure(approval.shown == self.terms.preview, Unfit::OtherPreview)?;
        ensure(approval.by == *self.caller.user(), Unfit::OtherPerson)?;
        let (need, have) = (self.terms.tier, approval.method.strength());
        ensure(have >= need, Unfit::TooWeak { need, have })?;
        let past = |at: Timestamp| at <= now.plus_seconds(SKEW);
        let fresh = match &approval.method {
            ApprovalMethod::Consent { .. } => true,
            ApprovalMethod::StepUp { acr, auth_time, .. } => {
                let oldest = now.plus_seconds(-MAX_AUTH_AGE);
                !acr.is_empty() && past(*auth_time) && *auth_time >= oldest
            }
            ApprovalMethod::OutOfBand { auth_time, .. } => past(*auth_time),
        };
        ensure(fresh && past(approval.at), Unfit::NotFresh)?;
        Ok(Approved { digest: approval.digest, assessed: self, approval: Some(approval) })
    }
}

/// An effect that was approved in the way its tier demands. The only thing an issuer signs.
///
/// ```compile_fail
/// # fn take(approved: countersign_ticket::Approved) {
/// let twice = approved.clone(); // one approval, one ticket
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Approved {
    pub(crate) assessed: Assessed,
    digest: Digest,
    approval: Option<Approval>,
}

getters!(Approved {
    /// The approval digest.
    digest: Digest;
    /// What was approved.
    &assessed: &Assessed;
});

impl Approved {
    /// The evidence; none for tier C.
    pub fn approval(&self) -> Option<&Approval> {
        self.approval.as_ref()
    }
}
