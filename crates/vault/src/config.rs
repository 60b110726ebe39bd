//! What must be known of an Auth0 tenant, and how it is checked.

use std::ffi::OsString;

use countersign_core::ClientSecret;

/// The variable with the tenant's host name.
pub const AUTH0_DOMAIN: &str = "AUTH0_DOMAIN";
/// The variable with the client id.
pub const AUTH0_CLIENT_ID: &str = "AUTH0_CLIENT_ID";
/// The variable with the client secret.
pub const AUTH0_CLIENT_SECRET: &str = "AUTH0_CLIENT_SECRET";
/// The variable with the identifier of the API that the users' access tokens are for.
pub const AUTH0_AUDIENCE: &str = "AUTH0_AUDIENCE";

/// Something is missing or malformed. Names what and the rule, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An environment variable, or a part that a builder needs, is not set or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// An environment variable is not UTF-8.
    #[error("{0} is not UTF-8")]
    NotText(&'static str),
    /// A value breaks its rule.
    #[error("{name} must be {rule}")]
    Invalid {
        /// Which value.
        name: &'static str,
        /// What it must be.
        rule: &'static str,
    },
}

/// A tenant's host, with an optional port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Domain(String);

impl Domain {
    pub(crate) fn new(text: &str) -> Result<Self, ConfigError> {
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        let letter = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let label = |l: &str| {
            let edge = l.starts_with('-') || l.ends_with('-');
            !l.is_empty() && l.len() <= 63 && !edge && l.bytes().all(letter)
        };
        let port_ok = |p: &str| p.parse::<u16>().is_ok_and(|n| n != 0 && n.to_string() == p);
        if text.is_empty() {
            return Err(ConfigError::Missing(AUTH0_DOMAIN));
        }
        if host.len() > 253 || !host.split('.').all(label) || !port.is_none_or(port_ok) {
            return Err(ConfigError::Invalid {
                name: AUTH0_DOMAIN,
                rule: "a lower-case host name such as acme.eu.auth0.com, without scheme and path",
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The issuer: with a trailing slash, compared byte for byte.
    pub(crate) fn issuer(&self) -> String {
        self.url("/")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks an API identifier: the `aud` of the users' access tokens.
pub(crate) fn audience(text: &str) -> Result<String, ConfigError> {
    if text.is_empty() {
        return Err(ConfigError::Missing(AUTH0_AUDIENCE));
    }
    if text.len() > 600 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(ConfigError::Invalid {
            name: AUTH0_AUDIENCE,
            rule: "at most 600 bytes without white space",
        });
    }
    Ok(text.to_owned())
}

/// The tenant and the confidential client that exchanges tokens there.
///
/// For access-token subjects the client must be the *Custom API Client* that is linked to the API of
/// `audience`; for refresh-token subjects it must be the client that the user logged in to, with
/// refresh-token rotation off.
#[derive(Debug, Clone)]
pub struct TokenVaultConfig {
    pub(crate) domain: Domain,
    pub(crate) client_id: String,
    pub(crate) client_secret: ClientSecret,
    pub(crate) audience: Option<String>,
}

impl TokenVaultConfig {
    /// A tenant's host (`acme.eu.auth0.com`, or its custom domain, whichever issued the users'
    /// tokens), and a client of it.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(domain: &str, client_id: &str, secret: ClientSecret) -> Result<Self, ConfigError> {
        let domain = Domain::new(domain)?;
        if client_id.is_empty() {
            return Err(ConfigError::Missing(AUTH0_CLIENT_ID));
        }
        if client_id.len() > 255 || !client_id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ConfigError::Invalid {
                name: AUTH0_CLIENT_ID,
                rule: "at most 255 visible ASCII characters",
            });
        }
        if secret.expose().is_empty() {
            return Err(ConfigError::Missing(AUTH0_CLIENT_SECRET));
        }
        let client_id = client_id.to_owned();
        Ok(Self { domain, client_id, client_secret: secret, audience: None })
    }

    /// Adds the API identifier that [`AccessTokenVerifier::new`](crate::AccessTokenVerifier::new)
    /// needs.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn with_audience(mut self, audience: &str) -> Result<Self, ConfigError> {
        self.audience = Some(crate::config::audience(audience)?);
        Ok(self)
    }

    /// Reads `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET` and, if it is set,
    /// `AUTH0_AUDIENCE`, which the exchange does not need but the verifier does.
    ///
    /// # Errors
    /// [`ConfigError`], which names the variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// As [`TokenVaultConfig::from_env`], from another place that names values like this.
    ///
    /// # Errors
    /// [`ConfigError`], which names the variable.
    pub fn from_vars(get: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let read = |name: &'static str| match get(name) {
            Some(value) => value.into_string().map_err(|_| ConfigError::NotText(name)),
            None => Err(ConfigError::Missing(name)),
        };
        let secret = ClientSecret::new(read(AUTH0_CLIENT_SECRET)?);
        let config = Self::new(&read(AUTH0_DOMAIN)?, &read(AUTH0_CLIENT_ID)?, secret)?;
        match read(AUTH0_AUDIENCE) {
            Ok(audience) => config.with_audience(&audience),
            Err(ConfigError::Missing(_)) => Ok(config),
            Err(error) => Err(error),
        }
    }

    /// The tenant's host.
    pub fn domain(&self) -> &str {
        self.domain.as_str()
    }
    /// The client id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
    /// The API identifier.
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }
    /// The origin that the back channel must be able to reach: `https://` and the host.
    pub fn origin(&self) -> String {
        self.domain.url("")
    }
}
