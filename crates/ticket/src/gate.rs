//! The one gate: the only way from a ticket to an [`Admitted`].

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_canon::Digest;

use crate::admitted::Admitted;
use crate::caller::Caller;
use crate::guard::{Claim, ClaimError, MAX_LIFETIME, MAX_SKEW, ReplayGuard};
use crate::id::{Timestamp, ToolName};
use crate::json::Read as _;
use crate::jws::{self, MAX_TOKEN};
use crate::key::KeyRing;
use crate::macros::ensure;
use crate::prepared::Prepared;
use crate::ticket::{Claims, Sealed, TICKET_TYP, Ticket};

/// Refusals with their codes and messages, and behind some of them the guard's answer for which they
/// stand.
macro_rules! refusals {
    ($($(#[$doc:meta])* $one:ident = $code:literal, $text:literal $(, $claim:ident)?;)*) => {
        errors! {
            /// Why the gate refused. Nothing was claimed and nothing was sent.
            pub enum Refusal { $($(#[$doc])* $one = $text,)* }
        }

        impl Refusal {
            /// Every refusal, in the order in which the gate checks.
            pub const ALL: &'static [Self] = &[$(Self::$one),*];

            /// A stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$one => $code,)* }
            }
        }

        impl From<ClaimError> for Refusal {
            fn from(error: ClaimError) -> Self {
                match error { $($(ClaimError::$claim => Self::$one,)?)* }
            }
        }
    };
}

refusals! {
    /// Longer than any ticket.
    TicketTooLarge = "ticket_too_large", "the ticket is too large";
    /// Not a compact JWS of ours, in the one spelling of ours, with the claims of a ticket.
    TicketMalformed = "ticket_malformed", "the ticket is malformed";
    /// Signed with a key this gate does not know.
    UnknownKey = "unknown_key", "the ticket's key is unknown";
    /// Signed with a key that was revoked.
    RevokedKey = "revoked_key", "the ticket's key is revoked";
    /// The signature does not hold.
    BadSignature = "bad_signature", "the ticket's signature does not hold";
    /// Not valid yet, or issued in the future: one of the clocks is wrong.
    NotYetValid = "not_yet_valid", "the ticket is not valid yet";
    /// Expired.
    Expired = "expired", "the ticket has expired";
    /// Valid for longer than any ticket may be.
    LifetimeTooLong = "lifetime_too_long", "the ticket's lifetime is too long", TooFarAhead;
    /// By another issuer.
    WrongIssuer = "wrong_issuer", "the ticket is another issuer's";
    /// For another gate.
    WrongAudience = "wrong_audience", "the ticket is for another gate";
    /// For another tenant, user, agent, session or chain of agents.
    WrongCaller = "wrong_caller", "the ticket is another caller's";
    /// It must be confirmed with a key, which this gate cannot check.
    Unconfirmed = "unconfirmed", "the ticket needs a confirmation";
    /// For a tool this gate does not have.
    UnknownTool = "unknown_tool", "the tool is unknown";
    /// The tool's definition is not the one that was approved.
    SchemaChanged = "schema_changed", "the tool's definition has changed";
    /// The sealed request cannot be read.
    SealedMalformed = "sealed_malformed", "the sealed request is malformed";
    /// The request is for another tool.
    ToolMismatch = "tool_mismatch", "the request is for another tool";
    /// The arguments are not those that were approved.
    ArgumentsMismatch = "arguments_mismatch", "the arguments are not those that were approved";
    /// The effect is not the one that was approved.
    EffectMismatch = "effect_mismatch", "the request is not the one that was approved";
    /// The guard: claimed before.
    Spent = "spent", "the effect was claimed before", Spent;
    /// The guard: frozen since.
    Frozen = "frozen", "frozen since the ticket was issued", Frozen;
    /// The guard: full.
    GuardFull = "guard_full", "the replay guard is full", Full;
    /// The guard: the clock stands behind.
    ClockBehind = "clock_behind", "the clock stands behind", ClockBehind;
    /// The guard: the ticket is older than its memory.
    BeforeStart = "before_start", "issued before the replay guard was started", BeforeStart;
    /// The guard: could not be asked.
    GuardUnavailable = "guard_unavailable", "the replay guard is unavailable", Unavailable;
}

/// Checks tickets against requests and admits each effect once.
///
/// In three moves, cheap denials first: [`Gate::check`] looks at the ticket and the caller,
/// [`Checked::open`] at the request's bytes, [`Opened::admit`] claims. Claiming is the last check,
/// so a wrong payload cannot spend a good ticket. No code of a connector runs here.
#[derive(Debug)]
pub struct Gate {
    issuer: String,
    audience: String,
    keys: KeyRing,
    tools: BTreeMap<ToolName, Digest>,
    guard: Arc<dyn ReplayGuard>,
}

getters!(Gate {
    /// The guard.
    &guard: &Arc<dyn ReplayGuard>;
});

impl Gate {
    /// A gate named `audience` that accepts tickets of one issuer, signed by a key of the ring, for
    /// the tools with the definitions given by digest.
    pub fn new(
        issuer: &str,
        audience: &str,
        keys: KeyRing,
        tools: BTreeMap<ToolName, Digest>,
        guard: Arc<dyn ReplayGuard>,
    ) -> Self {
        Self { issuer: issuer.to_owned(), audience: audience.to_owned(), keys, tools, guard }
    }

    /// The ticket alone: size, shape, key, signature, times, issuer, audience, caller, tool and its
    /// definition.
    ///
    /// # Errors
    /// [`Refusal`]. Nothing is spent.
    pub fn check(
        &self,
        ticket: &Ticket,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Checked<'_>, Refusal> {
        let payload = jws::verify(ticket.as_compact(), MAX_TOKEN, TICKET_TYP, &self.keys)?;
        let claims = Claims::from_text(&payload).ok_or(Refusal::TicketMalformed)?;
        let (iat, exp) = (claims.issued_at.seconds(), claims.expires.seconds());
        let ahead = now.seconds().saturating_add(MAX_SKEW);
        ensure(iat.max(claims.not_before.seconds()) <= ahead, Refusal::NotYetValid)?;
        ensure(now.seconds() < exp, Refusal::Expired)?;
        ensure(exp.saturating_sub(iat) <= MAX_LIFETIME, Refusal::LifetimeTooLong)?;
        ensure(claims.issuer == self.issuer, Refusal::WrongIssuer)?;
        ensure(claims.audience == self.audience, Refusal::WrongAudience)?;
        ensure(claims.caller == *caller, Refusal::WrongCaller)?;
        ensure(claims.confirmation.is_none(), Refusal::Unconfirmed)?;
        let schema = self.tools.get(&claims.tool).ok_or(Refusal::UnknownTool)?;
        ensure(claims.schema == *schema, Refusal::SchemaChanged)?;
        Ok(Checked { gate: self, claims })
    }

    /// All three moves, for a sealed request that is at hand.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn admit(
        &self,
        sealed: Sealed,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Admitted, Refusal> {
        let (ticket, prepared) = sealed.into_parts();
        self.check(&ticket, caller, now)?.open_prepared(prepared)?.admit(now).await
    }
}

/// A ticket that was checked. The request has still to be seen.
#[derive(Debug)]
#[must_use]
pub struct Checked<'g> {
    gate: &'g Gate,
    claims: Claims,
}

getters!(Checked<'_> {
    /// The claims, verified.
    &claims: &Claims;
});

impl<'g> Checked<'g> {
    /// Compares the sealed request, as the bytes that travelled, with the ticket.
    ///
    /// # Errors
    /// [`Refusal`]. Nothing is spent.
    pub fn open(self, sealed: &[u8]) -> Result<Opened<'g>, Refusal> {
        let prepared = Prepared::from_bytes(sealed).map_err(|_| Refusal::SealedMalformed)?;
        self.open_prepared(prepared)
    }

    /// Compares a sealed request that never left this process with the ticket.
    ///
    /// # Errors
    /// [`Refusal`]. Nothing is spent.
    pub fn open_prepared(self, prepared: Prepared) -> Result<Opened<'g>, Refusal> {
        let claims = &self.claims;
        ensure(*prepared.tool() == claims.tool, Refusal::ToolMismatch)?;
        ensure(prepared.arguments().digest() == claims.arguments, Refusal::ArgumentsMismatch)?;
        // The digest covers effect id, binding and credential; the claims repeat the first two
        // because the guard's key and the choice of executor are read from there.
        let same = prepared.effect_id() == claims.effect_id
            && prepared.binding() == claims.binding
            && prepared.digest() == claims.effect;
        ensure(same, Refusal::EffectMismatch)?;
        Ok(Opened { gate: self.gate, claims: self.claims, prepared })
    }
}

/// A ticket and the request it permits. Only the claim is missing.
#[derive(Debug)]
#[must_use]
pub struct Opened<'g> {
    gate: &'g Gate,
    claims: Claims,
    prepared: Prepared,
}

getters!(Opened<'_> {
    /// What is about to be admitted.
    &prepared: &Prepared;
    /// The claims, verified.
    &claims: &Claims;
});

impl Opened<'_> {
    /// Claims the effect. From here on the ticket is spent, whatever happens.
    ///
    /// # Errors
    /// [`Refusal`]: expired meanwhile, or the guard's reason.
    pub async fn admit(self, now: Timestamp) -> Result<Admitted, Refusal> {
        let claims = self.claims;
        ensure(now.seconds() < claims.expires.seconds(), Refusal::Expired)?;
        let claim = Claim {
            effect_id: claims.effect_id,
            jti: claims.jti,
            caller: &claims.caller,
            epochs: claims.epochs,
            issued_at: claims.issued_at,
            expires: claims.expires,
            now,
        };
        self.gate.guard.claim(&claim).await?;
        Ok(Admitted::new(claims, self.prepared))
    }
}
