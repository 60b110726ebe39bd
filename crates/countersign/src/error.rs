//! What a call can end in when it does not run.

use core::fmt;

use countersign_core::{AuditError, EntropyError, RiskError, StoreError};

use crate::pending::Handle;

/// A call was refused. No effect took place.
///
/// The code is stable. What the agent gets is the code and a general sentence; the detail is for the
/// log and the person, and never holds a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Refused {
    code: &'static str,
    detail: Option<String>,
}

impl Refused {
    pub(crate) const fn new(code: &'static str) -> Self {
        Self { code, detail: None }
    }

    pub(crate) fn with_detail(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: Some(detail.into()) }
    }

    /// The stable code, for example `declined`.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What a person may read about it: which argument and what rule, what differs. Not for the agent.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// What the model may be told: a refusal is no oracle, so there is nothing in it to probe with.
    pub fn for_agent(&self) -> String {
        format!(
            "The call was refused ({}). Do not try to get around this; tell the user.",
            self.code
        )
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refused({})", self.code)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.code)
    }
}

impl std::error::Error for Refused {}

/// Something the pipeline stands on is not there. No effect took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// The log cannot be written.
    #[error("the log cannot be written")]
    Log(#[from] AuditError),
    /// A store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The risk engine could not judge.
    #[error(transparent)]
    Risk(#[from] RiskError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The signing key cannot be used.
    #[error("the signing key cannot be used")]
    Signer,
    /// The session's memory changed again and again while it was being written.
    #[error("the session is too busy")]
    Busy,
    /// The identity provider cannot be reached or limits us.
    #[error("the identity provider is unavailable")]
    IdentityProvider,
    /// As many calls are under way as may be.
    #[error("too many calls are under way")]
    Overloaded,
    /// It took too long, and was given up before anything was let out.
    #[error("it took too long")]
    Deadline,
    /// The pipeline is being shut down.
    #[error("the pipeline is shutting down")]
    ShuttingDown,
}

impl Unavailable {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Log(_) => "log_unwritable",
            Self::Store(_) => "store_unavailable",
            Self::Risk(_) => "risk_unavailable",
            Self::Entropy(_) => "entropy_unavailable",
            Self::Signer => "signer_unavailable",
            Self::Busy => "session_busy",
            Self::IdentityProvider => "identity_provider_unavailable",
            Self::Overloaded => "overloaded",
            Self::Deadline => "deadline",
            Self::ShuttingDown => "shutting_down",
        }
    }
}

/// A call did not run. In every case no effect took place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A person has to do something first; resume with the handle.
    #[error("a person has to do something first")]
    Interrupted(Box<Handle>),
    /// Something it stands on is not there.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Error {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Interrupted(_) => "interrupted",
            Self::Unavailable(unavailable) => unavailable.code(),
        }
    }

    /// What the model may be told.
    pub fn for_agent(&self) -> String {
        match self {
            Self::Refused(refused) => refused.for_agent(),
            Self::Interrupted(_) => "The call waits for the user.".to_owned(),
            Self::Unavailable(_) => "The call cannot be made now.".to_owned(),
        }
    }
}

macro_rules! unavailable {
    ($($error:ty),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Unavailable(error.into())
            }
        }
    )*};
}
unavailable!(AuditError, StoreError, RiskError, EntropyError);
