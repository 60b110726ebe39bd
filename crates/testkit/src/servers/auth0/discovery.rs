//! Published metadata.

use serde_json::{Value, json};

/// `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 section 3). Every URL is under
/// `https://{domain}/`, where a client believes the tenant to be, not under the loopback address.
pub(super) fn openid_configuration(domain: &str, issuer: &str) -> Value {
    let at = |path: &str| format!("https://{domain}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "revocation_endpoint": at("/oauth/revoke"),
        "mfa_challenge_endpoint": at("/mfa/challenge"),
        "backchannel_authentication_endpoint": at("/bc-authorize"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "end_session_endpoint": at("/oidc/logout"),
        "scopes_supported": ["openid", "profile", "offline_access", "email"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "backchannel_token_delivery_modes_supported": ["poll"],
        "dpop_signing_alg_values_supported": ["ES256"],
    })
}
