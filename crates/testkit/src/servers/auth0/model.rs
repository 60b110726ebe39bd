//! What a test sets up: clients, connected accounts, and how the tenant behaves where the real one
//! is not documented.

use std::collections::BTreeMap;

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMethod {
    /// `client_secret_post` or `client_secret_basic`, whichever it uses. The default.
    Secret,
    /// `client_secret_post` only.
    Post,
    /// `client_secret_basic` only.
    Basic,
    /// `none`: a public client. It gets no provider token.
    Public,
}

/// A registered client.
#[derive(Clone, Debug)]
#[must_use = "a client is known to the tenant only after `Auth0::register`"]
pub struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) auth: AuthMethod,
    pub(crate) vault: bool,
    pub(crate) refresh: bool,
    pub(crate) rotation: Option<i64>,
    pub(crate) api: Option<String>,
    pub(crate) policies: BTreeMap<String, Vec<String>>,
}

impl Client {
    /// A confidential web application: grants `authorization_code` and `refresh_token`, refresh
    /// tokens that don't rotate, no Token Vault.
    pub fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            auth: AuthMethod::Secret,
            vault: false,
            refresh: true,
            rotation: None,
            api: None,
            policies: BTreeMap::new(),
        }
    }

    /// A public client, such as a single-page application.
    pub fn public(id: &str) -> Self {
        Self { auth: AuthMethod::Public, ..Self::new(id, "") }
    }

    /// A Custom API Client (`app_type` `resource_server`) linked to the API with this identifier.
    /// It has the Token Vault grant and no other, and alone may exchange access tokens, those whose
    /// `aud` is its API.
    pub fn custom_api(id: &str, secret: &str, api_identifier: &str) -> Self {
        Self {
            vault: true,
            refresh: false,
            api: Some(api_identifier.to_owned()),
            ..Self::new(id, secret)
        }
    }

    /// Allows the Token Vault grant.
    pub fn token_vault(mut self) -> Self {
        self.vault = true;
        self
    }

    /// Takes the Token Vault grant away.
    pub fn without_token_vault(mut self) -> Self {
        self.vault = false;
        self
    }

    /// Takes the `refresh_token` grant away.
    pub fn without_refresh_grant(mut self) -> Self {
        self.refresh = false;
        self
    }

    /// Fixes how it authenticates.
    pub fn auth_method(mut self, method: AuthMethod) -> Self {
        self.auth = method;
        self
    }

    /// Rotates its refresh tokens. The one just replaced works for `leeway_seconds` more. A client
    /// with rotation is refused by the Token Vault grant.
    pub fn rotating(mut self, leeway_seconds: i64) -> Self {
        self.rotation = Some(leeway_seconds);
        self
    }

    /// A policy for multi-resource refresh tokens: the refresh grant may ask for this audience. An
    /// audience without a policy is ignored, and the token is for another one than asked.
    pub fn policy<S: Into<String>>(
        mut self,
        audience: &str,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.policies.insert(audience.to_owned(), scopes.into_iter().map(Into::into).collect());
        self
    }
}

/// How an answer lists the scopes of a provider token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeForm {
    /// Separated by spaces.
    Spaces,
    /// Separated by commas, as for some providers.
    Commas,
    /// No `scope` member, as for GitHub Apps.
    Absent,
    /// An empty string.
    Empty,
}

/// An account at a provider that a user has connected.
#[derive(Clone, Debug)]
#[must_use = "an account is known to the tenant only after `Auth0::connect`"]
pub struct Account {
    pub(crate) connection: String,
    pub(crate) provider_id: String,
    pub(crate) email: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) scope_form: ScopeForm,
    pub(crate) lifetime: i64,
    pub(crate) offline: bool,
    pub(crate) revoked: bool,
}

impl Account {
    /// An account on any connection. `provider_id` is the user's id at the provider.
    pub fn new(connection: &str, provider_id: &str, email: &str) -> Self {
        Self {
            connection: connection.to_owned(),
            provider_id: provider_id.to_owned(),
            email: email.to_owned(),
            scopes: Vec::new(),
            scope_form: ScopeForm::Spaces,
            lifetime: 3599,
            offline: true,
            revoked: false,
        }
    }

    /// An account on `google-oauth2`.
    pub fn google(provider_id: &str, email: &str) -> Self {
        Self::new("google-oauth2", provider_id, email)
    }

    /// The scopes the user granted, in the provider's own names.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// How the answer lists them.
    pub fn scope_form(mut self, form: ScopeForm) -> Self {
        self.scope_form = form;
        self
    }

    /// Lifetime in seconds of each token the provider issues, 3599 by default. The answer's
    /// `expires_in` is what is left of it.
    pub fn expires_in(mut self, seconds: i64) -> Self {
        self.lifetime = seconds;
        self
    }

    /// Connected without offline access: the vault stored no refresh token.
    pub fn without_offline_access(mut self) -> Self {
        self.offline = false;
        self
    }

    /// The provider refuses to refresh: the user has removed the app there.
    pub fn refused_by_provider(mut self) -> Self {
        self.revoked = true;
        self
    }
}

/// The error for a user without a stored token set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFound {
    /// `federated_connection_refresh_token_not_found`. The default.
    RefreshToken,
    /// `tokenset_not_found`.
    Tokenset,
    /// `access_denied` with the word tokenset in its description.
    AccessDenied,
}

/// What `login_hint` is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginHint {
    /// The user's id at the provider. The default.
    ProviderId,
    /// The id or the e-mail address.
    ProviderIdOrEmail,
    /// Nothing: the first account on the connection is taken whatever the hint says. A client that
    /// relies on the hint alone then acts on the wrong account.
    Ignored,
}

/// What the `scope` parameter of an exchange does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Downscoping {
    /// Nothing: the token carries every scope of the account. The default.
    Ignored,
    /// The token carries the scopes asked for; 400 `invalid_scope` if the account lacks one.
    Narrows,
    /// The provider can't narrow: any `scope` is answered with 400 `invalid_scope`.
    Refused,
}

/// Behaviour that Auth0's documentation leaves open or that differs in the field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quirks {
    /// Error for a missing token set.
    pub not_found: NotFound,
    /// Its status, 401 by default.
    pub not_found_status: u16,
    /// Status of `federated_connection_refresh_token_flow_failed`, 401 by default.
    pub flow_failed_status: u16,
    /// Status of `mfa_required`: 403 by default (prose and SDKs), 401 in its machine-readable description.
    pub mfa_status: u16,
    /// What `login_hint` means.
    pub login_hint: LoginHint,
    /// What `scope` does.
    pub downscoping: Downscoping,
    /// Asks the provider for a new token at every exchange instead of handing out the stored one
    /// until it is stale. Off by default.
    pub always_refresh: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            not_found: NotFound::RefreshToken,
            not_found_status: 401,
            flow_failed_status: 401,
            mfa_status: 403,
            login_hint: LoginHint::ProviderId,
            downscoping: Downscoping::Ignored,
            always_refresh: false,
        }
    }
}
