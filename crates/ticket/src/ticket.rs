//! The ticket: signed, short-lived, single-use permission for exactly one prepared effect.

use core::fmt;
use std::sync::Arc;

use countersign_canon::{Canonical, Digest};

use crate::approve::{Approved, Tier};
use crate::caller::{Agents, Caller};
use crate::guard::{Epochs, MAX_LIFETIME};
use crate::id::{EffectId, InvalidId, Jti, PolicyVersion, Timestamp, ToolName};
use crate::json::{Maybe, Read, Reader, Write, member, members, to_text};
use crate::jws;
use crate::key::{KeyError, Signer};
use crate::prepared::{Binding, Prepared, Selector};

/// The `typ` of a ticket.
pub const TICKET_TYP: &str = "countersign-ticket+jwt";
/// Lifetime of a ticket unless told otherwise, in seconds.
pub const DEFAULT_LIFETIME: i64 = 60;

/// What a ticket claims. A compact JWS (`EdDSA`) over exactly these, in canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the claim of the table below that is written from it")]
#[non_exhaustive]
pub struct Claims {
    /// The account as it stands in the effect's digest; for people and logs.
    pub account: Option<String>,
    pub approval: Digest,
    pub arguments: Digest,
    pub audience: String,
    pub binding: Binding,
    /// Claims `tenant`, `sub`, `sid` and `act`.
    pub caller: Caller,
    /// RFC 7800 confirmation `cnf`: the JWK thumbprint (`jkt`) of the key a holder must prove.
    pub confirmation: Option<String>,
    /// The connection as it stands in the effect's digest; for people and logs.
    pub connection: Option<String>,
    pub effect: Digest,
    pub effect_id: EffectId,
    pub epochs: Epochs,
    pub expires: Timestamp,
    /// Claim `iat`, with milliseconds in `iat_ms`.
    pub issued_at: Timestamp,
    pub issuer: String,
    pub jti: Jti,
    pub not_before: Timestamp,
    pub policy: PolicyVersion,
    pub preview: Digest,
    pub schema: Digest,
    /// The scopes as they stand in the effect's digest; for people and logs.
    pub scopes: Vec<String>,
    pub tier: Tier,
    pub tool: ToolName,
}

/// The claims in the order of their names, in one table from which they are written and read.
macro_rules! claims {
    (|$claims:ident| $($key:literal: $name:ident = $written:expr,)* => $read:expr) => {
        impl Write for Claims {
            fn write(&self, out: &mut String) {
                let $claims = self;
                out.push('{');
                $(member(out, $key, &$written);)*
                out.push('}');
            }
        }
        impl Read for Claims {
            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                reader.take("{")?;
                $(let $name = reader.member($key)?;)*
                reader.take("}")?;
                $read
            }
        }
    };
}

claims! { |c|
    "account": account = c.account,
    "act": agents = c.caller.agents(),
    "approval": approval = c.approval,
    "arguments": arguments = c.arguments,
    "aud": audience = c.audience,
    "binding": binding = c.binding,
    "cnf": confirmation = Maybe(c.confirmation.clone().map(|jkt| Confirmation { jkt })),
    "connection": connection = c.connection,
    "effect": effect = c.effect,
    "effect_id": effect_id = c.effect_id,
    "epochs": epochs = c.epochs,
    "exp": expires = c.expires,
    "iat": seconds = c.issued_at,
    "iat_ms": millis = c.issued_at.millis(),
    "iss": issuer = c.issuer,
    "jti": jti = c.jti,
    "nbf": not_before = c.not_before,
    "policy": policy = c.policy,
    "preview": preview = c.preview,
    "schema": schema = c.schema,
    "scopes": scopes = c.scopes,
    "sid": session = c.caller.session(),
    "sub": user = c.caller.user(),
    "tenant": tenant = c.caller.tenant(),
    "tier": tier = c.tier,
    "tool": tool = c.tool,
    => {
        let (Agents(mut chain), Maybe(confirmation)) = (agents, confirmation);
        let confirmation = confirmation.map(|Confirmation { jkt }| jkt);
        let caller = Caller::dangerous_assert(tenant, user, chain.remove(0), session);
        let (caller, issued_at) = (caller.with_chain(chain).ok()?, Timestamp::from_millis(millis));
        // The seconds are compared when all of it is written again.
        let _: Timestamp = seconds;
        Some(Self {
            account, approval, arguments, audience, binding, caller, confirmation, connection,
            effect, effect_id, epochs, expires, issued_at, issuer, jti, not_before, policy, preview,
            schema, scopes, tier, tool,
        })
    }
}

/// The claim `cnf` of RFC 7800, with the one member that is known here.
struct Confirmation {
    jkt: String,
}

members!(Confirmation { "jkt": jkt, });

/// A ticket's compact text. Not `Clone`: the library hands it on, it does not copy it. Its text may
/// travel through the agent; only the gate decides what it is worth.
pub struct Ticket(String);

impl Ticket {
    /// Takes a text for a ticket, unchecked.
    pub fn from_compact(text: String) -> Self {
        Self(text)
    }
    /// The compact JWS.
    pub fn as_compact(&self) -> &str {
        &self.0
    }
    /// Header and claims as JSON, **not verified**: for people who look at a ticket.
    pub fn dangerous_peek(&self) -> Option<(Canonical, Canonical)> {
        jws::peek(&self.0)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({} bytes)", self.0.len())
    }
}

/// A ticket and the request that it permits, on their way to the gate.
#[derive(Debug)]
#[must_use]
pub struct Sealed {
    ticket: Ticket,
    prepared: Prepared,
}

getters!(Sealed {
    /// The ticket.
    &ticket: &Ticket;
    /// The request.
    &prepared: &Prepared;
});

impl Sealed {
    /// Puts the two together, unchecked: the gate finds out whether they belong together.
    pub fn new(ticket: Ticket, prepared: Prepared) -> Self {
        Self { ticket, prepared }
    }
    /// Takes it apart.
    pub fn into_parts(self) -> (Ticket, Prepared) {
        (self.ticket, self.prepared)
    }
}

/// Signs tickets for approved effects.
#[derive(Debug, Clone)]
pub struct Issuer {
    name: String,
    audience: String,
    signer: Arc<dyn Signer>,
    lifetime: i64,
}

getters!(Issuer {
    /// What signs this issuer's tickets; its public key verifies them.
    &signer: &Arc<dyn Signer>;
});

impl Issuer {
    /// An issuer with a name (`iss`), for one gate (`aud`), with [`DEFAULT_LIFETIME`].
    pub fn new(issuer: &str, audience: &str, signer: Arc<dyn Signer>) -> Self {
        let (name, audience) = (issuer.to_owned(), audience.to_owned());
        Self { name, audience, signer, lifetime: DEFAULT_LIFETIME }
    }

    /// Sets the lifetime in seconds.
    ///
    /// # Errors
    /// [`InvalidId`] unless it is 1 to 300.
    pub fn with_lifetime(mut self, seconds: i64) -> Result<Self, InvalidId> {
        if !(1..=MAX_LIFETIME).contains(&seconds) {
            return Err(InvalidId { kind: "ticket lifetime", rule: "1 to 300 seconds" });
        }
        self.lifetime = seconds;
        Ok(self)
    }

    /// Signs a ticket for an approved effect, and uses the approval up.
    ///
    /// # Errors
    /// [`KeyError::Signer`].
    pub fn issue(&self, approved: Approved, jti: Jti, now: Timestamp) -> Result<Sealed, KeyError> {
        let (approval, assessed) = (approved.digest(), approved.assessed);
        let (prepared, terms) = (assessed.prepared(), assessed.terms());
        let credential = prepared.credential();
        let scopes = credential.map_or(&[][..], Selector::scopes);
        let claims = Claims {
            issuer: self.name.clone(),
            audience: self.audience.clone(),
            caller: assessed.caller().clone(),
            jti,
            issued_at: now,
            not_before: Timestamp::from_seconds(now.seconds()),
            expires: Timestamp::from_seconds(now.seconds()).plus_seconds(self.lifetime),
            effect_id: prepared.effect_id(),
            binding: prepared.binding(),
            tool: prepared.tool().clone(),
            schema: terms.schema,
            arguments: assessed.arguments,
            effect: assessed.effect(),
            preview: terms.preview,
            approval,
            tier: terms.tier,
            policy: terms.policy.clone(),
            epochs: terms.epochs,
            confirmation: None,
            connection: credential.map(|c| c.connection().to_string()),
            account: credential.and_then(|c| c.account()).map(ToString::to_string),
            scopes: scopes.iter().map(ToString::to_string).collect(),
        };
        let text = jws::sign(self.signer.as_ref(), TICKET_TYP, &to_text(&claims))?;
        Ok(Sealed { ticket: Ticket(text), prepared: assessed.prepared })
    }
}
