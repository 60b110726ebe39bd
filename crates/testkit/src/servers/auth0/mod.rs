//! A loopback Auth0 tenant.
//!
//! Modelled, after Auth0's public documentation, SDK sources and field reports:
//!
//! * `POST /oauth/token`, form or JSON, client secret in the body or as Basic, never both.
//! * The Token Vault grant with refresh-token and access-token subjects. A subject access token is
//!   verified for real: RS256, a published key, signature, exact issuer, expiry, audience.
//! * Its preconditions: grant allowed, confidential client, no refresh rotation, a Custom API Client
//!   for access tokens, connection active, account connected with offline access.
//! * Its errors (see the table), rate-limit headers on every answer of the endpoint, `expires_in`
//!   as what is left of the stored provider token, scopes separated by space or comma or absent.
//! * The `refresh_token` grant: rotation with leeway and reuse detection, multi-resource policies,
//!   at most 200 live tokens per user and client.
//! * `GET /.well-known/jwks.json` and `/.well-known/openid-configuration`; key rotation.
//!
//! | status | error | when |
//! |---|---|---|
//! | 400 | `invalid_request` | a parameter is missing, doubled or wrong; two authentication methods |
//! | 401 | `invalid_client` | unknown client, wrong or missing secret |
//! | 403 | `unauthorized_client` | grant not allowed, rotation on, wrong client for an access token |
//! | 403 | `invalid_grant` | refresh token unknown, dead or another client's |
//! | 401 | `invalid_grant` | subject access token invalid (code not documented) |
//! | 401 | `federated_connection_refresh_token_not_found` | nothing stored for user, connection, hint |
//! | 401 | `federated_connection_refresh_token_flow_failed` | the provider refused (status not documented) |
//! | 403 | `mfa_required` with `mfa_token` | after [`Auth0::require_mfa`] |
//! | 403 | `access_denied` | after [`Auth0::deny`] |
//! | 403 | `unsupported_grant_type` | any other grant (status not documented) |
//! | 429 | `too_many_requests` | over [`Auth0::set_rate_limit`], or injected: [`rate_limited`] |
//!
//! What the documentation leaves open is set in [`Quirks`].
//!
//! Not modelled: every other grant (client credentials, authorization code, CIBA, MFA,
//! on-behalf-of, privileged worker), client assertions, `DPoP`, `/authorize`, `/userinfo`,
//! `/oauth/revoke`, `/mfa`, My Account and Management APIs, organisations, and TLS. The metadata
//! names some of these endpoints; they answer 404.

mod constants;
mod discovery;
mod errors;
mod exchange;
mod limit;
mod model;
mod refresh;
mod state;
mod token;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

pub use constants::{
    GRANT_REFRESH, GRANT_TOKEN_VAULT, REQUESTED_FEDERATED, SUBJECT_ACCESS_TOKEN,
    SUBJECT_REFRESH_TOKEN,
};
pub use errors::{error, rate_limited};
pub use limit::RateLimit;
pub use model::{Account, AuthMethod, Client, Downscoping, LoginHint, NotFound, Quirks, ScopeForm};

use self::limit::Limiter;
use self::state::{Connected, State};
use super::clock::TestTime;
use super::http::{App, Loopback, lock, loopback_handle};
use super::jwt::{Keys, SigningKey, TokenBuilder};
use super::message::{Reply, Request};
use super::tokens::TokenTable;

/// Lifetime of the tenant's own access tokens, in seconds.
pub const ACCESS_TOKEN_LIFETIME: i64 = 86_400;

/// The domain a tenant has unless another is given.
pub const DEFAULT_DOMAIN: &str = "acme.eu.auth0.com";

/// The tenant behind the handle.
pub(crate) struct Tenant {
    state: Mutex<State>,
    keys: Arc<Keys>,
    tokens: TokenTable,
    time: TestTime,
    /// Every secret configured or issued here.
    secrets: Arc<Mutex<Vec<String>>>,
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").finish_non_exhaustive()
    }
}

impl Tenant {
    fn remember(&self, secret: &str) {
        lock(&self.secrets).push(secret.to_owned());
    }

    /// An honest token of this tenant, but for `aud`.
    fn builder(&self, state: &State, sub: &str) -> TokenBuilder {
        let now = self.time.now();
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), json!(state.issuer));
        claims.insert("sub".to_owned(), json!(sub));
        claims.insert("iat".to_owned(), json!(now));
        claims.insert("exp".to_owned(), json!(now.saturating_add(ACCESS_TOKEN_LIFETIME)));
        TokenBuilder::new(Arc::clone(&self.keys), state.current, claims)
            .remembered_in(Arc::clone(&self.secrets))
    }

    fn jwks(&self) -> Value {
        let published = lock(&self.state).published.clone();
        let keys: Vec<Value> = published.into_iter().map(|key| self.keys.jwk(key)).collect();
        json!({ "keys": keys })
    }
}

impl App for Tenant {
    fn answer(&self, request: &Request) -> Reply {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/oauth/token") => self.token(request),
            ("GET", "/.well-known/jwks.json") => Reply::json(200, &self.jwks()),
            ("GET", "/.well-known/openid-configuration") => {
                let state = lock(&self.state);
                let body = discovery::openid_configuration(&state.domain, &state.issuer);
                Reply::json(200, &body)
            }
            _ => Reply::bytes(404, "text/plain; charset=utf-8", "Not Found"),
        }
    }
}

/// A running tenant. See the [module](self) for what it models.
#[derive(Debug)]
pub struct Auth0 {
    host: Loopback,
    tenant: Arc<Tenant>,
}

loopback_handle!(Auth0);

/// Settings of a tenant that is not yet running.
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Auth0Builder {
    domain: String,
    tokens: TokenTable,
}

impl Auth0Builder {
    /// The tenant's domain; the issuer becomes `https://{domain}/`.
    pub fn domain(mut self, domain: &str) -> Self {
        domain.clone_into(&mut self.domain);
        self
    }

    /// A new token table on this clock, which is then the tenant's clock too.
    pub fn time(mut self, time: TestTime) -> Self {
        self.tokens = TokenTable::new(time);
        self
    }

    /// The table, and with it the clock, shared with others.
    pub fn tokens(mut self, tokens: TokenTable) -> Self {
        self.tokens = tokens;
        self
    }

    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(self) -> io::Result<Auth0> {
        let tenant = Arc::new(Tenant {
            state: Mutex::new(State::new(&self.domain)),
            keys: Arc::new(Keys::load()?),
            time: self.tokens.time().clone(),
            tokens: self.tokens,
            secrets: Arc::new(Mutex::new(Vec::new())),
        });
        let host = Loopback::start(Arc::<Tenant>::clone(&tenant)).await?;
        Ok(Auth0 { host, tenant })
    }
}

impl Auth0 {
    /// A tenant at [`DEFAULT_DOMAIN`], on the system's time, with a token table of its own.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// To choose domain, clock or token table first.
    pub fn builder() -> Auth0Builder {
        Auth0Builder { domain: DEFAULT_DOMAIN.to_owned(), tokens: TokenTable::default() }
    }

    /// The provider tokens it mints, to be given to the providers.
    pub fn tokens(&self) -> TokenTable {
        self.tenant.tokens.clone()
    }

    /// Its clock.
    pub fn time(&self) -> TestTime {
        self.tenant.time.clone()
    }

    /// Its domain, without scheme.
    pub fn domain(&self) -> String {
        lock(&self.tenant.state).domain.clone()
    }

    /// Its issuer, with trailing slash unless set otherwise.
    pub fn issuer(&self) -> String {
        lock(&self.tenant.state).issuer.clone()
    }

    /// Another issuer for tokens and metadata from now on.
    pub fn set_issuer(&self, issuer: &str) {
        issuer.clone_into(&mut lock(&self.tenant.state).issuer);
    }

    /// Registers a client, or replaces the one with its id.
    pub fn register(&self, client: Client) {
        if !client.secret.is_empty() {
            self.tenant.remember(&client.secret);
        }
        lock(&self.tenant.state).clients.insert(client.id.clone(), client);
    }

    /// Connects an account for a user. Connecting the same account again replaces it, as a new
    /// consent does, together with the provider token stored for it.
    pub fn connect(&self, user: &str, account: Account) {
        let mut state = lock(&self.tenant.state);
        let connected = Connected { user: user.to_owned(), account, stored: None };
        let same = state.connected.iter_mut().find(|old| {
            old.user == connected.user
                && old.account.connection == connected.account.connection
                && old.account.provider_id == connected.account.provider_id
        });
        match same {
            Some(old) => *old = connected,
            None => state.connected.push(connected),
        }
    }

    /// Removes the user's accounts on a connection from the vault and says how many there were.
    /// Tokens the provider has issued stay valid there, as they do in reality.
    pub fn disconnect(&self, user: &str, connection: &str) -> usize {
        let mut state = lock(&self.tenant.state);
        let before = state.connected.len();
        state.connected.retain(|old| old.user != user || old.account.connection != connection);
        before.saturating_sub(state.connected.len())
    }

    /// The user removes the app at the provider: the account's tokens die there and the provider
    /// refuses to refresh. The vault notices at its next refresh, not before: until then it hands
    /// out the stored, dead token. [`expire_stored_tokens`](Self::expire_stored_tokens) ends that.
    pub fn revoke_at_provider(&self, user: &str, connection: &str) {
        let mut state = lock(&self.tenant.state);
        for connected in &mut state.connected {
            if connected.user == user && connected.account.connection == connection {
                connected.account.revoked = true;
                self.tenant.tokens.revoke_account(connection, &connected.account.email);
            }
        }
    }

    /// Makes the vault ask the provider for a new token at the next exchange of every account.
    pub fn expire_stored_tokens(&self) {
        for connected in &mut lock(&self.tenant.state).connected {
            connected.stored = None;
        }
    }

    /// Turns "connected accounts" of a connection off (or on again): nothing is found on it.
    pub fn set_connection_active(&self, connection: &str, active: bool) {
        let mut state = lock(&self.tenant.state);
        if active {
            state.inactive.remove(connection);
        } else {
            state.inactive.insert(connection.to_owned());
        }
    }

    /// A refresh token as from a login with `openid profile offline_access` and no audience.
    pub fn issue_refresh_token(&self, client_id: &str, user: &str) -> String {
        self.issue_refresh_token_for(
            client_id,
            user,
            None,
            &["openid", "profile", "offline_access"],
        )
    }

    /// A refresh token as from a login with this audience and these scopes.
    pub fn issue_refresh_token_for(
        &self,
        client_id: &str,
        user: &str,
        audience: Option<&str>,
        scopes: &[&str],
    ) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let token = lock(&self.tenant.state).log_in(client_id, user, audience, scopes);
        self.tenant.remember(&token);
        token
    }

    /// Kills a refresh token and all that descend from the same login; false if it is unknown.
    pub fn revoke_refresh_token(&self, token: &str) -> bool {
        let mut state = lock(&self.tenant.state);
        let family = state.refresh.iter().find(|old| old.token == token).map(|old| old.family);
        if let Some(family) = family {
            state.kill_family(family);
        }
        family.is_some()
    }

    /// An access token for a user and an API, to be finished with
    /// [`sign`](TokenBuilder::sign). It has `iss`, `sub`, `aud`, `iat` and `exp` (a day from now)
    /// and is signed with the current key; `azp`, `scope`, `act` and the rest are the caller's.
    pub fn issue_access_token(&self, sub: &str, audience: &str) -> TokenBuilder {
        self.tenant.builder(&lock(&self.tenant.state), sub).audience(audience)
    }

    /// What `/.well-known/jwks.json` answers.
    pub fn jwks(&self) -> Value {
        self.tenant.jwks()
    }

    /// The public half of a key as DER: the secret of an HS256 confusion attack.
    pub fn public_key_der(&self, key: SigningKey) -> Vec<u8> {
        self.tenant.keys.public_der(key)
    }

    /// Signs with the other key from now on and publishes both.
    pub fn rotate_keys(&self) {
        let mut state = lock(&self.tenant.state);
        state.current = match state.current {
            SigningKey::First => SigningKey::Second,
            SigningKey::Second => SigningKey::First,
        };
        state.published = vec![SigningKey::First, SigningKey::Second];
    }

    /// Publishes these keys and no other. Tokens signed with an unpublished key are no longer
    /// accepted as subject either.
    pub fn publish_keys(&self, keys: &[SigningKey]) {
        lock(&self.tenant.state).published = keys.to_vec();
    }

    /// Answers every grant with `mfa_required`, as the tenant policy "Always" does.
    pub fn require_mfa(&self, required: bool) {
        lock(&self.tenant.state).mfa = required;
    }

    /// Answers every grant with `access_denied` and this description, as an Action can; `None`
    /// lifts it.
    pub fn deny(&self, description: Option<&str>) {
        lock(&self.tenant.state).denial = description.map(str::to_owned);
    }

    /// Limits the token endpoint. Windows are fixed and follow the tenant's clock.
    pub fn set_rate_limit(&self, limit: RateLimit) {
        lock(&self.tenant.state).limiter = Limiter::new(limit);
    }

    /// Changes what the documentation leaves open.
    pub fn tune(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut lock(&self.tenant.state).quirks);
    }

    /// Every secret this tenant was given or has issued: client secrets, refresh tokens, its own
    /// access and ID tokens, MFA tokens, and every provider token of its table. A canary test looks
    /// for each of them wherever no secret may be.
    pub fn secrets(&self) -> Vec<String> {
        let mut all = lock(&self.tenant.secrets).clone();
        all.extend(self.tenant.tokens.minted());
        all
    }

    /// Back to the state after the start: no clients, accounts or refresh tokens, first key, default
    /// quirks, empty log, no faults. Domain, clock, token table and the list of secrets stay.
    pub fn reset(&self) {
        let mut state = lock(&self.tenant.state);
        let domain = state.domain.clone();
        *state = State::new(&domain);
        drop(state);
        self.clear_requests();
        self.faults().clear();
    }
}
