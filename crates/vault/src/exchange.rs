//! The request of a Token Vault exchange, and the user's own token that goes into it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canon::Limits;
use countersign_core::{
    BackchannelRequest, Caller, SubjectToken, Timestamp, TokenError, UserId, Value,
};
use zeroize::Zeroizing;

use crate::answer::{object, plausible};
use crate::cache::Key;
use crate::config::TokenVaultConfig;
use crate::form;

const GRANT: &str =
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token";
const SUBJECT_REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const SUBJECT_ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The type of token that is asked for.
pub(crate) const REQUESTED_FEDERATED: &str =
    "http://auth0.com/oauth/token-type/federated-connection-access-token";

/// How long an access token whose expiry cannot be read may be alive, in seconds: Auth0's limit.
const LONGEST_ACCESS_TOKEN: i64 = 30 * 24 * 3_600;

/// Which kind of token a subject is. Part of the cache's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Refresh,
    Access,
}

/// The user's own token, looked at as far as that is possible here.
pub(crate) struct Subject {
    token: SubjectToken,
    pub(crate) kind: Kind,
    /// When it is dead for certain; `None` if that is not known.
    pub(crate) dies: Option<Timestamp>,
}

impl Subject {
    /// Checks shape and, where the token is a JWT, that it is this caller's: a store that mixes up
    /// two users must not give one the other's account. (A refresh token does not say whose it is.)
    pub(crate) fn check(
        token: SubjectToken,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Self, TokenError> {
        let (kind, text) = match &token {
            SubjectToken::Refresh(token) => (Kind::Refresh, token.expose()),
            SubjectToken::Access(token) => (Kind::Access, token.expose()),
            _ => return Err(TokenError::Misconfigured("a user's token of an unknown kind")),
        };
        if !plausible(text) {
            return Err(TokenError::LoginRequired);
        }
        let dies = match kind {
            Kind::Refresh => None,
            Kind::Access => {
                let exp = peek(text, caller.user())?.map(Timestamp::from_seconds);
                Some(exp.unwrap_or(now.plus_seconds(LONGEST_ACCESS_TOKEN)))
            }
        };
        Ok(Self { token, kind, dies })
    }

    pub(crate) fn expose(&self) -> &str {
        match &self.token {
            SubjectToken::Refresh(token) => token.expose(),
            SubjectToken::Access(token) => token.expose(),
            // INVARIANT: `check` lets no other kind in.
            _ => "",
        }
    }
}

/// The `exp` of a JWT, unverified, and whether its `sub` is the user's. Auth0 verifies the rest.
fn peek(token: &str, user: &UserId) -> Result<Option<i64>, TokenError> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Ok(None);
    };
    let claims = URL_SAFE_NO_PAD.decode(payload).ok().map(Zeroizing::new);
    let Some(claims) = claims.and_then(|bytes| object(&bytes, Limits::DEFAULT)) else {
        return Ok(None);
    };
    match claims.get("sub").and_then(Value::as_str) {
        Some(sub) if sub != user.as_str() => {
            Err(TokenError::Misconfigured("the store of users' tokens gave another user's"))
        }
        _ => Ok(claims.get("exp").and_then(Value::as_i64)),
    }
}

/// The exchange as a request: `client_secret_post`, everything in the body.
pub(crate) fn request(
    config: &TokenVaultConfig,
    key: &Key,
    subject: &Subject,
    send_scopes: bool,
) -> BackchannelRequest {
    let scope =
        key.scopes.iter().map(countersign_core::Scope::as_str).collect::<Vec<_>>().join(" ");
    let mut fields = vec![
        ("grant_type", GRANT),
        ("client_id", config.client_id.as_str()),
        ("client_secret", config.client_secret.expose()),
        ("subject_token", subject.expose()),
        (
            "subject_token_type",
            match subject.kind {
                Kind::Refresh => SUBJECT_REFRESH,
                Kind::Access => SUBJECT_ACCESS,
            },
        ),
        ("requested_token_type", REQUESTED_FEDERATED),
        ("connection", key.connection.as_str()),
    ];
    if let Some(account) = &key.account {
        fields.push(("login_hint", account.as_str()));
    }
    if send_scopes && !scope.is_empty() {
        fields.push(("scope", &scope));
    }
    let header = |value: &str| Zeroizing::new(value.to_owned());
    BackchannelRequest {
        method: "POST",
        url: config.domain.url("/oauth/token"),
        headers: vec![
            ("accept", header("application/json")),
            ("content-type", header("application/x-www-form-urlencoded")),
        ],
        body: form::encode(&fields),
    }
}
