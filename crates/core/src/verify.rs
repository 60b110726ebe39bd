//! The port that turns a user's access token into a caller.

use core::fmt::Debug;

use async_trait::async_trait;
use countersign_ticket::{Caller, SessionId, Timestamp};

use crate::secret::AccessToken;

/// A token does not say who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotVerified {
    /// Not a JWT: an opaque or encrypted token. Usually no audience was asked for at login.
    #[error("the access token is opaque; was an audience asked for at login?")]
    Opaque,
    /// Not a well-formed JWT, or one with another algorithm than the allowed one.
    #[error("the access token is malformed")]
    Malformed,
    /// Signed with an unknown key, or the signature does not hold.
    #[error("the access token's signature does not hold")]
    Signature,
    /// By another issuer, for another audience, or of another kind.
    #[error("the access token is not for this application")]
    NotForUs,
    /// Expired, or not valid yet.
    #[error("the access token has expired or is not valid yet")]
    Time,
    /// It names no user, or no agent.
    #[error("the access token names no user or no agent")]
    NoCaller,
    /// The issuer's keys cannot be fetched.
    #[error("the issuer's keys cannot be fetched")]
    Keys,
    /// No verifier is configured.
    #[error("no identity provider is configured")]
    NoVerifier,
}

impl NotVerified {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opaque => "token_opaque",
            Self::Malformed => "token_malformed",
            Self::Signature => "token_signature",
            Self::NotForUs => "token_not_for_us",
            Self::Time => "token_time",
            Self::NoCaller => "token_no_caller",
            Self::Keys => "token_keys_unavailable",
            Self::NoVerifier => "no_identity_provider",
        }
    }
}

/// Verifies access tokens.
///
/// # Contract
/// A [`Caller`] is returned only for a token whose signature, algorithm, issuer, audience and times
/// were verified. The user is the `sub`, the agent the outermost `act.sub` or else the `azp` or
/// `client_id`, the chain the inner `act` claims, the tenant fixed by configuration or `org_id`.
#[async_trait]
pub trait CallerVerifier: Debug + Send + Sync + 'static {
    /// Verifies a token for a session.
    ///
    /// # Errors
    /// [`NotVerified`].
    async fn verify(
        &self,
        token: &AccessToken,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Caller, NotVerified>;
}
