//! Error answers of the token endpoint, and the faults an Auth0 edge is known for.

use serde_json::{Value, json};

use super::super::fault::{Fault, RetryAfter};
use super::super::message::Reply;

/// `{"error", "error_description"}`, not to be cached (RFC 6749 section 5.2).
pub(super) fn oauth(status: u16, error: &str, description: &str) -> Reply {
    uncached(status, &json!({ "error": error, "error_description": description }))
}

pub(super) fn uncached(status: u16, body: &Value) -> Reply {
    Reply::json(status, body).header("cache-control", "no-store").header("pragma", "no-cache")
}

pub(super) fn invalid_request(description: &str) -> Reply {
    oauth(400, "invalid_request", description)
}

/// Client authentication failed. `basic` adds the challenge RFC 6749 section 5.2 asks for.
pub(super) fn invalid_client(basic: bool) -> Reply {
    let reply = oauth(401, "invalid_client", "Client authentication failed.");
    if basic { reply.header("www-authenticate", "Basic realm=\"Users\"") } else { reply }
}

pub(super) fn grant_not_allowed(grant: &str) -> Reply {
    unauthorized_client(&format!("Grant type '{grant}' not allowed for the client."))
}

pub(super) fn unauthorized_client(description: &str) -> Reply {
    oauth(403, "unauthorized_client", description)
}

pub(super) fn invalid_refresh_token() -> Reply {
    oauth(403, "invalid_grant", "Unknown or invalid refresh token.")
}

pub(super) fn mfa_required(status: u16, mfa_token: &str) -> Reply {
    uncached(
        status,
        &json!({
            "error": "mfa_required",
            "error_description": "Multifactor authentication required",
            "mfa_token": mfa_token,
            "mfa_requirements": { "challenge": [{ "type": "otp" }, { "type": "push-notification" }] },
        }),
    )
}

fn too_many_requests_body() -> Value {
    json!({ "error": "too_many_requests", "error_description": "Rate limit exceeded." })
}

/// The answer to a request over the limit.
pub(super) fn too_many_requests(retry_after: RetryAfter) -> Reply {
    uncached(429, &too_many_requests_body()).header("retry-after", retry_after.to_header())
}

/// A fault: 429 `too_many_requests` with `Retry-After` and Auth0's body.
pub fn rate_limited(retry_after: RetryAfter) -> Fault {
    Fault::rate_limited(retry_after, &too_many_requests_body())
}

/// A fault: an OAuth error of any status and code, `{"error", "error_description"}`.
pub fn error(status: u16, error: &str, description: &str) -> Fault {
    Fault::answer(oauth(status, error, description))
}
