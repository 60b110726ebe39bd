//! The ticket: signed, short-lived, single-use permission for exactly one prepared effect.

use core::fmt;
use std::sync::Arc;

use countersign_canon::{Digest, Object, Value};

use crate::approve::{Approved, Tier};
use crate::caller::Caller;
use crate::guard::{Epochs, MAX_LIFETIME};
use crate::id::{EffectId, InvalidId, Jti, PolicyVersion, Timestamp, ToolName};
use crate::json::{Json, Members as _, members};
use crate::jws;
use crate::key::{KeyError, Signer};
use crate::prepared::{Binding, Prepared, Selector};

/// The `typ` of a ticket.
pub const TICKET_TYP: &str = "countersign-ticket+jwt";
/// Lifetime of a ticket unless told otherwise, in seconds.
pub const DEFAULT_LIFETIME: i64 = 60;

/// The claims that are one member each, in one table from which they are declared, written and read.
macro_rules! claims {
    ($($(#[$doc:meta])* $key:literal: $field:ident: $type:ty,)*) => {
        /// What a ticket claims. A compact JWS (`EdDSA`) over exactly these, in canonical JSON.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Claims {
            $(#[doc = concat!("Claim `", $key, "`.")] $(#[$doc])* pub $field: $type,)*
            /// Claims `tenant`, `sub`, `sid` and `act`.
            pub caller: Caller,
            /// Claim `iat`, with milliseconds in `iat_ms`.
            pub issued_at: Timestamp,
            /// RFC 7800 confirmation `cnf`: the JWK thumbprint (`jkt`) of the key a holder must prove.
            pub confirmation: Option<String>,
        }

        members!(Claims { $($key: $field,)* } |o| {
            caller: Caller::read_from(o)?,
            issued_at: Timestamp::from_millis(o.get("iat_ms")?.as_i64()?),
            confirmation: match o.get("cnf") {
                Some(cnf) => Some(Json::from_json(cnf.get("jkt")?)?),
                None => None,
            },
        });
    };
}

claims! {
    /// The account as it stands in the effect's digest; for people and logs.
    "account": account: Option<String>,
    "approval": approval: Digest,
    "arguments": arguments: Digest,
    "aud": audience: String,
    "binding": binding: Binding,
    /// The connection as it stands in the effect's digest; for people and logs.
    "connection": connection: Option<String>,
    "effect": effect: Digest,
    "effect_id": effect_id: EffectId,
    "epochs": epochs: Epochs,
    "exp": expires: Timestamp,
    "iss": issuer: String,
    "jti": jti: Jti,
    "nbf": not_before: Timestamp,
    "policy": policy: PolicyVersion,
    "preview": preview: Digest,
    "schema": schema: Digest,
    /// The scopes as they stand in the effect's digest; for people and logs.
    "scopes": scopes: Vec<String>,
    "tier": tier: Tier,
    "tool": tool: ToolName,
}

impl Claims {
    fn to_object(&self) -> Object {
        let object = self
            .caller
            .add_to(self.members())
            .with("iat", self.issued_at.to_json())
            .with("iat_ms", self.issued_at.millis().to_json());
        match &self.confirmation {
            Some(jkt) => object.with("cnf", Object::new().with("jkt", jkt.as_str())),
            None => object,
        }
    }

    /// Reads the claims of a payload. Every claim must be there, and no other.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let o = value.as_object()?;
        // Writing them again must give the same object: nothing was there that was not read.
        Self::from_members(o).filter(|claims| claims.to_object() == *o)
    }
}

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
    pub fn dangerous_peek(&self) -> Option<(Value, Value)> {
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
        let (assessed, approval) = (approved.assessed, approved.digest);
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
            arguments: prepared.arguments().digest(),
            effect: prepared.digest(),
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
        let text = jws::sign(self.signer.as_ref(), TICKET_TYP, claims.to_object())?;
        Ok(Sealed { ticket: Ticket(text), prepared: assessed.prepared })
    }
}
