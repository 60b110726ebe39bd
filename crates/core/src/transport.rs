//! The ports that let a request out, and the credential that goes with it.

use core::fmt::Debug;

use async_trait::async_trait;
use countersign_ticket::{Admitted, Caller, Jti, Outgoing, Scope, Selector};
use zeroize::Zeroizing;

use crate::secret::{AccessToken, SubjectToken};

/// A provider's answer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// HTTP status; 200 for a local call that returned, 500 for one that failed.
    pub status: u16,
    /// Headers with lower-case names, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl Debug for Answer {
    // Bodies can hold private text, so they are not printed.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// How sending one step ended.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way for a request to end")]
pub enum Sent {
    /// The provider answered.
    Answer(Answer),
    /// It is proven that nothing was processed: refused here, or the connection was never made.
    /// The text is a stable code.
    NotSent(&'static str),
    /// The request, or a part of it, may have left. The text is a stable code.
    InDoubt(&'static str),
}

/// Sends HTTP requests.
///
/// # Contract
/// * Sends exactly the method, URL, headers and body of the [`Outgoing`]; adds `host`, the framing of
///   the body, and the `authorization` of the bearer, and nothing else.
/// * Follows no redirect, retries nothing, uses no proxy, no cookie and no cache.
/// * A step that carries the credential is not sent without a bearer, nor with one that was handed
///   out for another ticket; a step that does not is sent without.
/// * Bounded in time and in the size of the answer. `NotSent` only where it is proven.
/// * No part of a URL and no secret in an error, a log line or a span.
#[async_trait]
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends one step.
    async fn send(&self, step: Outgoing<'_>, bearer: Option<&Bearer>) -> Sent;

    /// Whether any dialled address is overridden. Receipts record it.
    fn dialled_elsewhere(&self) -> bool;
}

/// Executes local tools.
///
/// # Contract
/// The tool gets the canonical arguments of the [`Outgoing`] and nothing else. A panic or a time-out
/// of the tool is `InDoubt`.
#[async_trait]
pub trait Executor: Debug + Send + Sync + 'static {
    /// Executes one call.
    async fn execute(&self, step: Outgoing<'_>) -> Sent;
}

/// A credential that was handed out for one ticket.
#[derive(Debug)]
pub struct Bearer {
    jti: Jti,
    token: AccessToken,
    granted: Vec<Scope>,
}

/// A bearer was to be used for a ticket that it was not handed out for, or for a step that carries
/// no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credential is not for this request")]
#[non_exhaustive]
pub struct WrongTicket;

impl Bearer {
    /// Hands a token out for an admitted call. `granted` is what the token can do.
    pub fn new(admitted: &Admitted, token: AccessToken, granted: Vec<Scope>) -> Self {
        Self { jti: admitted.jti(), token, granted }
    }

    /// The value of the `authorization` header, for a step of the ticket it was handed out for.
    ///
    /// # Errors
    /// [`WrongTicket`].
    pub fn authorization(&self, step: &Outgoing<'_>) -> Result<Zeroizing<String>, WrongTicket> {
        match step.request() {
            Some(request) if request.credential && step.jti() == self.jti => {
                Ok(Zeroizing::new(format!("Bearer {}", self.token.expose())))
            }
            _ => Err(WrongTicket),
        }
    }

    /// What the token can do, as the provider states it; may be more than was asked for.
    pub fn granted(&self) -> &[Scope] {
        &self.granted
    }
}

/// Why no credential was handed out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The user never connected this account.
    #[error("the account is not connected")]
    NotConnected,
    /// The account was connected, but the provider no longer honours it.
    #[error("the account must be connected again")]
    ReconnectRequired,
    /// The user's own token is wrong, expired or missing.
    #[error("the user must log in again")]
    LoginRequired,
    /// Something is configured wrongly.
    #[error("misconfigured: {0}")]
    Misconfigured(&'static str),
    /// The identity provider wants a second factor first.
    #[error("a second factor is needed")]
    StepUpRequired,
    /// The identity provider refused.
    #[error("the identity provider refused")]
    Denied,
    /// The account was connected without a scope that the call needs.
    #[error("the connected account lacks a scope")]
    ScopeMissing,
    /// The token can do more than was asked for, and the policy refuses that.
    #[error("the token can do more than was asked for")]
    ScopeExceeded,
    /// Too many requests.
    #[error("too many requests")]
    RateLimited {
        /// Seconds to wait, if known.
        retry_after: Option<u32>,
    },
    /// May work later: the identity provider failed or could not be reached.
    #[error("the identity provider is unavailable")]
    Transient,
    /// An answer that cannot be understood.
    #[error("the identity provider's answer cannot be understood")]
    Protocol,
}

impl TokenError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConnected => "not_connected",
            Self::ReconnectRequired => "reconnect_required",
            Self::LoginRequired => "login_required",
            Self::Misconfigured(_) => "misconfigured",
            Self::StepUpRequired => "step_up_required",
            Self::Denied => "denied_by_identity_provider",
            Self::ScopeMissing => "scope_missing",
            Self::ScopeExceeded => "scope_exceeded",
            Self::RateLimited { .. } => "rate_limited",
            Self::Transient => "identity_provider_unavailable",
            Self::Protocol => "identity_provider_protocol",
        }
    }
}

/// Hands out credentials for admitted calls.
///
/// # Contract
/// * `bearer` is for the admitted ticket's caller and selector alone: another user, tenant, account
///   or connection never gets the same token, also not out of a cache.
/// * The granted scopes are compared with the selector's.
/// * `ready` says whether `bearer` could succeed, and is asked before any person is.
#[async_trait]
pub trait TokenSource: Debug + Send + Sync + 'static {
    /// Whether a credential could be had.
    ///
    /// # Errors
    /// [`TokenError`].
    async fn ready(&self, caller: &Caller, selector: &Selector) -> Result<(), TokenError>;

    /// A credential for an admitted call.
    ///
    /// # Errors
    /// [`TokenError`].
    async fn bearer(&self, admitted: &Admitted) -> Result<Bearer, TokenError>;

    /// Whether a text contains a token that this source ever handed out and that may still be alive,
    /// in clear or in base64. Such a text must not leave through an argument.
    fn recognises(&self, text: &str) -> bool;
}

/// The users' own tokens at the identity provider.
#[async_trait]
pub trait SubjectCredentials: Debug + Send + Sync + 'static {
    /// The token of the caller's user.
    ///
    /// # Errors
    /// [`TokenError::LoginRequired`] if there is none; [`TokenError::Transient`].
    async fn subject(&self, caller: &Caller) -> Result<SubjectToken, TokenError>;

    /// Keeps a token for the caller's user, in place of the former one.
    ///
    /// # Errors
    /// [`TokenError::Transient`].
    async fn remember(&self, caller: &Caller, token: SubjectToken) -> Result<(), TokenError>;
}

/// A request on the back channel, to an origin that was fixed when the channel was made.
pub struct BackchannelRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Headers with lower-case names.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

impl Debug for BackchannelRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BackchannelRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The back channel did not deliver an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackchannelError {
    /// The origin is not one of those this channel may reach.
    #[error("that origin is not on the list")]
    Origin,
    /// No connection, no answer in time, or a broken one.
    #[error("no answer")]
    Unreachable,
    /// The answer is larger than the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// The request cannot be sent as it is.
    #[error("the request is malformed")]
    Malformed,
}

/// Talks to the identity provider: token exchange, key sets, back-channel authentication. Never sees
/// a provider's API.
///
/// # Contract
/// As [`Transport`], for a fixed list of origins; bodies hold secrets and are never logged.
#[async_trait]
pub trait Backchannel: Debug + Send + Sync + 'static {
    /// Sends a request.
    ///
    /// # Errors
    /// [`BackchannelError`].
    async fn send(&self, request: BackchannelRequest) -> Result<Answer, BackchannelError>;
}
