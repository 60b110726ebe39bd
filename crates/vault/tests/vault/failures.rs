//! What each failure means.

use countersign_core::{Answer, TokenError};

use crate::support::*;

const NO_GRANT: TokenError = TokenError::Misconfigured(
    "the client may not exchange tokens: Token Vault grant off, wrong kind of client, or rotation on",
);
const NO_CLIENT: TokenError = TokenError::Misconfigured("the client's credentials are wrong");
const BAD_REQUEST: TokenError =
    TokenError::Misconfigured("the identity provider finds the exchange malformed");
const NO_DPOP: TokenError =
    TokenError::Misconfigured("the client demands DPoP, which the exchange does not use");
const LIMITED: TokenError = TokenError::RateLimited { retry_after: None };

#[track_caller]
fn means(status: u16, body: &str, expected: &TokenError) {
    let rig = Rig::new(Provider::queue([json(status, body)]));
    let found = rig.ready(&selector(&["a"])).unwrap_err();
    assert_eq!(found, *expected, "{status} {body}");
    assert_eq!(rig.provider.count(), 1, "nothing is tried twice");
}

#[test]
fn every_documented_error_has_its_own_meaning_whatever_the_status() {
    let cases: &[(u16, &str, &str, TokenError)] = &[
        (
            401,
            "federated_connection_refresh_token_not_found",
            "Federated connection Refresh Token not found.",
            TokenError::NotConnected,
        ),
        (
            401,
            "federated_connection_refresh_token_flow_failed",
            "Refresh Token flow for the Federated Connection failed.",
            TokenError::ReconnectRequired,
        ),
        (401, "tokenset_not_found", "No tokenset found.", TokenError::NotConnected),
        (403, "access_denied", "The user has no TokenSet.", TokenError::NotConnected),
        (403, "unauthorized_client", "Grant type 'x' not allowed for the client.", NO_GRANT),
        (403, "invalid_grant", "Unknown or invalid refresh token.", TokenError::LoginRequired),
        (401, "invalid_grant", "Invalid subject token: Expired.", TokenError::LoginRequired),
        (401, "invalid_token", "expired", TokenError::LoginRequired),
        (401, "expired_token", "expired", TokenError::LoginRequired),
        (401, "invalid_client", "Client authentication failed.", NO_CLIENT),
        (403, "access_denied", "Refused by a rule of the tenant.", TokenError::Denied),
        (403, "mfa_required", "Multifactor authentication required", TokenError::StepUpRequired),
        (401, "mfa_required", "", TokenError::StepUpRequired),
        (400, "invalid_request", "Missing parameter: connection", BAD_REQUEST),
        (400, "use_dpop_nonce", "", NO_DPOP),
        (403, "unsupported_grant_type", "", NO_GRANT),
        (429, "too_many_requests", "Rate limit exceeded.", LIMITED),
        (429, "too_many_attempts", "", LIMITED),
        (403, "too_many_requests", "", LIMITED),
        (500, "server_error", "", TokenError::Transient),
        (503, "temporarily_unavailable", "", TokenError::Transient),
        (503, "anything_else", "no tokenset today", TokenError::Transient),
        (400, "invalid_scope", "A scope was not granted.", TokenError::ScopeMissing),
        (
            400,
            "invalid_scope",
            "The provider does not support narrowing the scope.",
            TokenError::Misconfigured("the provider cannot narrow the scopes of a token"),
        ),
    ];
    for (status, error, description, expected) in cases {
        let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
        means(*status, &body, expected);
        // The status is documented for some of them only, so it decides last.
        for other in [400, 401, 403] {
            if *expected != TokenError::Transient {
                means(other, &body, expected);
            }
        }
    }
}

#[test]
fn an_unknown_error_is_told_by_its_description_and_then_by_its_status() {
    let body =
        |description: &str| format!(r#"{{"error":"new","error_description":"{description}"}}"#);
    let described: &[(&str, TokenError)] = &[
        ("Federated Connection Refresh Token Not Found", TokenError::NotConnected),
        (
            "Refresh token flow for the federated connection failed: x",
            TokenError::ReconnectRequired,
        ),
        ("no tokenset", TokenError::NotConnected),
        ("Unknown or invalid refresh token", TokenError::LoginRequired),
        ("Grant type 'urn:x' not allowed for the client.", NO_GRANT),
        ("Multifactor authentication required", TokenError::StepUpRequired),
        ("Global rate limit exceeded", LIMITED),
        ("Client quota exceeded", LIMITED),
    ];
    for (description, expected) in described {
        means(400, &body(description), expected);
        means(403, &body(description), expected);
    }
    let by_status: &[(u16, TokenError)] = &[
        (400, TokenError::Protocol),
        (401, TokenError::Denied),
        (403, TokenError::Denied),
        (404, TokenError::Misconfigured("the domain has no token endpoint")),
        (405, TokenError::Misconfigured("the domain has no token endpoint")),
        (408, TokenError::Transient),
        (409, TokenError::Protocol),
        (415, TokenError::Protocol),
        (429, LIMITED),
        (500, TokenError::Transient),
        (502, TokenError::Transient),
        (503, TokenError::Transient),
        (504, TokenError::Transient),
        (599, TokenError::Transient),
        (100, TokenError::Protocol),
        (999, TokenError::Protocol),
    ];
    for (status, expected) in by_status {
        means(*status, &body("something else"), expected);
        means(*status, "", expected);
    }
}

#[test]
fn bodies_of_every_shape_are_read() {
    let page = "<html><head><title>502 Bad Gateway</title></head><body>no tokenset</body></html>";
    let cases: &[(u16, &str, TokenError)] = &[
        // Management API.
        (
            429,
            r#"{"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached","errorCode":"too_many_requests"}"#,
            LIMITED,
        ),
        (
            403,
            r#"{"statusCode":403,"error":"Forbidden","message":"no","errorCode":"access_denied"}"#,
            TokenError::Denied,
        ),
        // Legacy.
        (
            403,
            r#"{"name":"Error","code":"unauthorized_client","description":"no","statusCode":403}"#,
            NO_GRANT,
        ),
        (
            401,
            r#"{"name":"Error","description":"Federated connection Refresh Token not found."}"#,
            TokenError::NotConnected,
        ),
        // My Account.
        (
            429,
            r#"{"type":"https://auth0.com/api-errors#A0E-429-0001","status":429,"title":"Too Many Requests","detail":"wait"}"#,
            LIMITED,
        ),
        (401, r#"{"status":401,"detail":"no tokenset"}"#, TokenError::NotConnected),
        (
            401,
            r#"{"error":"x","message":"Unknown or invalid refresh token."}"#,
            TokenError::LoginRequired,
        ),
        // No JSON at all.
        (401, "Unauthorized", TokenError::Denied),
        (429, "Too many requests", LIMITED),
        (403, "Federated connection Refresh Token not found.", TokenError::NotConnected),
        (502, page, TokenError::Transient),
        (400, page, TokenError::NotConnected),
        // Broken off, doubled keys, of another type.
        (
            401,
            r#"{"error":"federated_connection_refresh_token_not_found","error_descr"#,
            TokenError::NotConnected,
        ),
        (503, r#"{"error":"access_den"#, TokenError::Transient),
        (401, r#"{"error":"invalid_client","error":"mfa_x"}"#, TokenError::Denied),
        (403, r#"{"error":{"message":"no"}}"#, TokenError::Denied),
        (403, r#"["access_denied"]"#, TokenError::Denied),
        (500, "null", TokenError::Transient),
        (403, "\u{feff}{}", TokenError::Denied),
    ];
    for (status, body, expected) in cases {
        means(*status, body, expected);
    }
    let rig = Rig::new(Provider::queue([Ok(Answer::new(401, Vec::new(), vec![0xff; 100_000]))]));
    assert_eq!(rig.ready(&selector(&[])), Err(TokenError::Denied));
}

/// 2026-09-21T14:13:20Z is now.
#[test]
fn the_wait_is_read_as_seconds_as_a_date_or_from_the_reset() {
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(Headers<'_>, Option<u32>)] = &[
        (&[], None),
        (&[("retry-after", "17")], Some(17)),
        (&[("retry-after", " 0 ")], Some(0)),
        (&[("retry-after", "Mon, 21 Sep 2026 14:13:50 GMT")], Some(30)),
        (&[("retry-after", "Monday, 21-Sep-26 14:13:50 GMT")], Some(30)),
        (&[("retry-after", "Mon Sep 21 14:13:50 2026")], Some(30)),
        (&[("retry-after", "Mon, 21 Sep 2026 14:13:00 GMT")], Some(0)),
        (&[("x-ratelimit-reset", "1790000042")], Some(42)),
        (&[("x-ratelimit-reset", "1789999999")], Some(0)),
        (&[("retry-after", "17"), ("x-ratelimit-reset", "1790000042")], Some(17)),
        (&[("retry-after", "soon"), ("x-ratelimit-reset", "1790000042")], Some(42)),
        (&[("retry-after", "-5")], None),
        (&[("retry-after", "1.5")], None),
        (&[("retry-after", "")], None),
        (&[("retry-after", "99999999999999999999999")], Some(u32::MAX)),
    ];
    for (headers, expected) in cases {
        let owned = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let rig = Rig::new(Provider::queue([Ok(Answer::new(429, owned, Vec::new()))]));
        let found = rig.ready(&selector(&[]));
        assert_eq!(found, Err(TokenError::RateLimited { retry_after: *expected }), "{headers:?}");
    }
}
