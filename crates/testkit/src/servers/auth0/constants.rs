//! Names fixed by the protocol.

/// Grant type of the Token Vault exchange.
pub const GRANT_TOKEN_VAULT: &str =
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token";
/// Grant type of a refresh (RFC 6749 section 6).
pub const GRANT_REFRESH: &str = "refresh_token";
/// Subject token type: an Auth0 refresh token.
pub const SUBJECT_REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";
/// Subject token type: an Auth0 access token (a JWT for the exchanging client's API).
pub const SUBJECT_ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Requested token type of the exchange.
pub const REQUESTED_FEDERATED: &str =
    "http://auth0.com/oauth/token-type/federated-connection-access-token";
