//! Secrets: newtypes that are zeroised on drop, never serialised, and print as `[redacted]`.

use core::fmt;

use zeroize::Zeroizing;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes the secret.
            pub fn new(secret: String) -> Self {
                Self(Zeroizing::new(secret))
            }

            /// The secret itself. Whatever is made of it must not be printed, logged, stored or
            /// shown to an agent.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

secret!(
    /// An access token: the user's own, or a provider's.
    AccessToken
);
secret!(
    /// A refresh token of the identity provider.
    RefreshToken
);
secret!(
    /// The secret of a confidential client.
    ClientSecret
);

/// The user's own token at the identity provider, exchanged for a provider's token.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SubjectToken {
    /// A refresh token; rotation must be off at the identity provider.
    Refresh(RefreshToken),
    /// An access token whose audience is the exchanging API.
    Access(AccessToken),
}
