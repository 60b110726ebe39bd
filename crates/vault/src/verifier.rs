//! [`AccessTokenVerifier`]: a caller out of a user's access token.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::{
    AccessToken, AgentId, Backchannel, Caller, CallerVerifier, MAX_CHAIN, NotVerified, Object,
    SessionId, TenantId, Timestamp, UserId, Value,
};

use crate::config::{self, AUTH0_AUDIENCE, AUTH0_DOMAIN, ConfigError, Domain, TokenVaultConfig};
use crate::jwks::Keys;
use crate::jwt::Unverified;

/// How far the issuer's clock may be ahead of ours, in seconds.
const LEEWAY: i64 = 30;

/// Which tenant a caller belongs to.
#[derive(Debug, Clone)]
enum Tenancy {
    Fixed(TenantId),
    Organization,
}

/// Verifies Auth0's RS256 access tokens: JWTs of its own profile (`typ: JWT`, `azp`) and of RFC 9068
/// (`typ: at+jwt`, `client_id`).
///
/// A [`Caller`] is returned only if all of this holds:
///
/// * The token is a compact JWS of at most 16 KiB, header and payload are JSON objects without
///   duplicate keys (nor integers beyond 2^53 − 1), `alg` is RS256, no `crit`, no `b64`. Key material
///   and addresses in the header (`jwk`, `jku`, `x5c`, `x5u`) are ignored.
/// * The signature holds with an RSA key of 2048 to 8192 bits that has the token's `kid` in the
///   tenant's key set. The set is used for 10 minutes; an unknown `kid` fetches it again at most every
///   30 seconds. When it cannot be fetched the token is refused.
/// * `iss` is `https://{domain}/`, byte for byte; `aud` is or contains the audience; the token is not
///   an ID token (`nonce`, `at_hash`, `c_hash`) and not bound to a key ([`cnf`](
///   AccessTokenVerifierBuilder::sender_constraint_is_checked)).
/// * `exp` lies in the future, without leeway; `iat` and, if it is there, `nbf` at most 30 seconds
///   ahead.
/// * `sub` is a user: not a client's own token (`gty` of `client-credentials`, `sub` ending in
///   `@clients`, `sub_profile` without `user`).
///
/// The user is `sub`. The agent is the outermost `act.sub`, else `azp`, else `client_id` (the last
/// two must agree if both are there). The chain is the inner `act.sub`s, newest first; more than
/// [`MAX_CHAIN`] of them and an agent that comes twice are refused. Other members of `act` are
/// ignored, so a custom claim there decides nothing.
///
/// Whether the token was revoked is not asked: Auth0's access tokens cannot be.
#[derive(Debug, Clone)]
pub struct AccessTokenVerifier {
    keys: Arc<Keys>,
    issuer: String,
    audience: String,
    tenancy: Tenancy,
    bound: bool,
}

impl AccessTokenVerifier {
    /// A verifier for the tenant and the audience of a configuration. Callers' tenant is the domain.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] if there is no audience.
    pub fn new(
        config: &TokenVaultConfig,
        backchannel: Arc<dyn Backchannel>,
    ) -> Result<Self, ConfigError> {
        let audience = config.audience().ok_or(ConfigError::Missing(AUTH0_AUDIENCE))?;
        Self::builder(config.domain(), audience).backchannel(backchannel).build()
    }

    /// Starts with a tenant's host and the identifier of the API that the tokens are for.
    pub fn builder(domain: &str, audience: &str) -> AccessTokenVerifierBuilder {
        AccessTokenVerifierBuilder {
            domain: Domain::new(domain),
            audience: config::audience(audience),
            backchannel: None,
            tenancy: None,
            bound: false,
        }
    }

    fn check(&self, claims: &Object, now: Timestamp) -> Result<(), NotVerified> {
        let text = |name| claims.get(name).and_then(Value::as_str);
        let ours = |value: &Value| value.as_str() == Some(self.audience.as_str());
        let for_us = match claims.get("aud") {
            Some(Value::Array(all)) => {
                all.iter().all(|value| value.as_str().is_some()) && all.iter().any(ours)
            }
            Some(one) => ours(one),
            None => false,
        };
        let id_token = ["nonce", "at_hash", "c_hash"].iter().any(|c| claims.get(c).is_some());
        let bound = claims.get("cnf").is_some() && !self.bound;
        if text("iss") != Some(self.issuer.as_str()) || !for_us || id_token || bound {
            return Err(NotVerified::NotForUs);
        }
        let time = |name| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or(NotVerified::Malformed),
        };
        let (now, ahead) = (now.seconds(), now.plus_seconds(LEEWAY).seconds());
        let exp = time("exp")?.ok_or(NotVerified::Malformed)?;
        let iat = time("iat")?.ok_or(NotVerified::Malformed)?;
        let nbf = time("nbf")?.unwrap_or(iat);
        if now >= exp || iat > ahead || nbf > ahead {
            return Err(NotVerified::Time);
        }
        Ok(())
    }

    fn caller(&self, claims: &Object, session: SessionId) -> Result<Caller, NotVerified> {
        let text = |name| claims.get(name).and_then(Value::as_str);
        let user = text("sub").filter(|sub| !sub.ends_with("@clients"));
        let user = user.and_then(|sub| UserId::new(sub).ok()).ok_or(NotVerified::NoCaller)?;
        if machine(claims.get("gty")) {
            return Err(NotVerified::NoCaller);
        }
        // Early Access: says of what kind the subject is.
        let profile = claims.get("sub_profile").map(|p| p.as_str().unwrap_or_default());
        if profile.is_some_and(|p| !p.split(' ').any(|kind| kind == "user")) {
            return Err(NotVerified::NoCaller);
        }
        let (agent, chain) = agents(claims)?;
        let tenant = match &self.tenancy {
            Tenancy::Fixed(tenant) => tenant.clone(),
            Tenancy::Organization => {
                text("org_id").and_then(|id| TenantId::new(id).ok()).ok_or(NotVerified::NotForUs)?
            }
        };
        Caller::dangerous_assert(tenant, user, agent, session)
            .with_chain(chain)
            .map_err(|_| NotVerified::Malformed)
    }
}

/// Whether `gty`, a text or a list, names the grant of a client that acts for itself.
fn machine(gty: Option<&Value>) -> bool {
    let names = |value: &Value| {
        value.as_str().is_none_or(|text| text.split(' ').any(|g| g == "client-credentials"))
    };
    match gty {
        None => false,
        Some(Value::Array(all)) => all.iter().any(names),
        Some(one) => names(one),
    }
}

/// The agent that acts, and those it acts for, newest first (RFC 8693 section 4.1).
fn agents(claims: &Object) -> Result<(AgentId, Vec<AgentId>), NotVerified> {
    let id = |value: &Value| value.as_str().and_then(|sub| AgentId::new(sub).ok());
    let Some(outermost) = claims.get("act") else {
        let client = match (claims.get("azp"), claims.get("client_id")) {
            (Some(azp), Some(client)) if azp != client => None,
            (Some(client), _) | (None, Some(client)) => id(client),
            (None, None) => None,
        };
        return Ok((client.ok_or(NotVerified::NoCaller)?, Vec::new()));
    };
    let mut agents: Vec<AgentId> = Vec::new();
    let mut next = Some(outermost);
    while let Some(act) = next {
        let act = act.as_object().ok_or(NotVerified::Malformed)?;
        let agent = act.get("sub").and_then(id).ok_or(NotVerified::Malformed)?;
        if agents.len() > MAX_CHAIN || agents.contains(&agent) {
            return Err(NotVerified::Malformed);
        }
        agents.push(agent);
        next = act.get("act");
    }
    let mut agents = agents.into_iter();
    let agent = agents.next().ok_or(NotVerified::NoCaller)?;
    Ok((agent, agents.collect()))
}

#[async_trait]
impl CallerVerifier for AccessTokenVerifier {
    async fn verify(
        &self,
        token: &AccessToken,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Caller, NotVerified> {
        let token = Unverified::read(token.expose())?;
        self.keys.verify(&token, now).await?;
        let claims = token.claims()?;
        self.check(&claims, now)?;
        self.caller(&claims, session)
    }
}

/// Puts an [`AccessTokenVerifier`] together.
#[derive(Debug)]
#[must_use = "nothing is made before `build`"]
pub struct AccessTokenVerifierBuilder {
    domain: Result<Domain, ConfigError>,
    audience: Result<String, ConfigError>,
    backchannel: Option<Arc<dyn Backchannel>>,
    tenancy: Option<Tenancy>,
    bound: bool,
}

impl AccessTokenVerifierBuilder {
    /// The way to the tenant. Required.
    pub fn backchannel(mut self, backchannel: Arc<dyn Backchannel>) -> Self {
        self.backchannel = Some(backchannel);
        self
    }

    /// Every caller's tenant; the domain unless set.
    pub fn tenant(mut self, tenant: TenantId) -> Self {
        self.tenancy = Some(Tenancy::Fixed(tenant));
        self
    }

    /// A caller's tenant is the token's `org_id`; tokens without one are refused as
    /// [`NotForUs`](NotVerified::NotForUs).
    pub fn tenant_from_organization(mut self) -> Self {
        self.tenancy = Some(Tenancy::Organization);
        self
    }

    /// Accepts tokens that are bound to a key or a certificate (`cnf`, RFC 9449 and RFC 8705).
    ///
    /// The verifier sees no proof and no certificate, so it refuses such a token unless it is told
    /// here that whoever took the token off the wire has checked the proof. A stolen token is
    /// otherwise as good as an unbound one (RFC 9449 section 7.1).
    pub fn sender_constraint_is_checked(mut self) -> Self {
        self.bound = true;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn build(self) -> Result<AccessTokenVerifier, ConfigError> {
        let (domain, audience) = (self.domain?, self.audience?);
        let backchannel = self.backchannel.ok_or(ConfigError::Missing("the back channel"))?;
        let of_domain = || TenantId::new(domain.as_str()).map(Tenancy::Fixed);
        let tenancy = match self.tenancy {
            Some(tenancy) => tenancy,
            None => of_domain()
                .map_err(|id| ConfigError::Invalid { name: AUTH0_DOMAIN, rule: id.rule })?,
        };
        let keys = Arc::new(Keys::new(backchannel, domain.url("/.well-known/jwks.json")));
        let issuer = domain.issuer();
        Ok(AccessTokenVerifier { keys, issuer, audience, tenancy, bound: self.bound })
    }
}
