//! Why a client could not be made.

/// A transport or a back channel could not be made as it was asked for. Names the rule, never a
/// value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// A timeout is zero or longer than [`MAX_TIMEOUT`](crate::MAX_TIMEOUT).
    #[error("a timeout is more than zero and at most an hour")]
    Timeout,
    /// The limit of the answer is zero.
    #[error("the answer needs room for at least one byte")]
    Limit,
    /// An address to dial instead is not a loopback address.
    #[error("only a loopback address can be dialled instead")]
    NotLoopback,
    /// A host to dial elsewhere is not spelt as it would be in a sealed URL: it would never match.
    #[error("a host is lower-case letters, digits, dots and hyphens")]
    Host,
    /// An origin is not `https://host` or `https://host:port`, or the same with `http` and a
    /// loopback literal, and nothing behind it.
    #[error("an origin is https://host or https://host:port and nothing behind it")]
    Origin,
    /// A back channel without an origin.
    #[error("a back channel needs an origin")]
    NoOrigin,
    /// No root certificates could be had, or the given ones cannot be read.
    #[error("no usable root certificates")]
    Roots,
}

impl HttpError {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout_out_of_range",
            Self::Limit => "limit_out_of_range",
            Self::NotLoopback => "not_loopback",
            Self::Host => "host_malformed",
            Self::Origin => "origin_malformed",
            Self::NoOrigin => "no_origin",
            Self::Roots => "no_roots",
        }
    }
}
