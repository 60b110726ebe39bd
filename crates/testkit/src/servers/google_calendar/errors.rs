//! Google's error bodies, and the faults a Google front end is known for.

use std::fmt;

use serde_json::{Map, Value, json};

use super::super::fault::{Fault, RetryAfter};
use super::super::message::Reply;

/// A refusal in Google's terms. Clients are to branch on `reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Machine-readable reason, such as `notFound`.
    pub reason: String,
    /// Text for people.
    pub message: String,
    location: Option<(&'static str, String)>,
    challenge: Option<String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.reason, self.message)
    }
}

impl std::error::Error for ApiError {}

impl ApiError {
    pub(super) fn new(status: u16, reason: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.to_owned(),
            message: message.into(),
            location: None,
            challenge: None,
        }
    }

    /// 400 with a reason.
    pub(super) fn invalid(reason: &str, message: impl Into<String>) -> Self {
        Self::new(400, reason, message)
    }

    /// 400 that names a query parameter.
    pub(super) fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::invalid("badRequest", message).at("parameter", name)
    }

    /// 404.
    pub(super) fn not_found() -> Self {
        Self::new(404, "notFound", "Not Found")
    }

    /// 410 for an event that was deleted.
    pub(super) fn deleted() -> Self {
        Self::new(410, "deleted", "Resource has been deleted")
    }

    /// 501: Google knows it, this server does not play it. Never a Google answer.
    pub(super) fn unmodelled(what: &str) -> Self {
        Self::new(501, "notModelled", format!("This test server does not model {what}."))
    }

    pub(super) fn at(mut self, kind: &'static str, location: &str) -> Self {
        self.location = Some((kind, location.to_owned()));
        self
    }

    pub(super) fn unauthenticated() -> Self {
        let mut error =
            Self::new(401, "authError", "Invalid Credentials").at("header", "Authorization");
        error.challenge = Some(
            r#"Bearer realm="https://accounts.google.com/", error="invalid_token""#.to_owned(),
        );
        error
    }

    pub(super) fn insufficient_scope(accepted: &str) -> Self {
        let mut error = Self::new(
            403,
            "insufficientPermissions",
            "Request had insufficient authentication scopes.",
        );
        error.challenge = Some(format!(
            r#"Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="{accepted}""#
        ));
        error
    }

    /// The error as Google sends it.
    pub fn to_reply(&self) -> Reply {
        let mut item = Map::new();
        item.insert("domain".to_owned(), json!(domain(&self.reason)));
        item.insert("reason".to_owned(), json!(self.reason));
        item.insert("message".to_owned(), json!(self.message));
        if let Some((kind, location)) = &self.location {
            item.insert("locationType".to_owned(), json!(kind));
            item.insert("location".to_owned(), json!(location));
        }
        let body = json!({
            "error": { "code": self.status, "message": self.message, "errors": [Value::Object(item)] }
        });
        let reply = Reply::json(self.status, &body);
        match &self.challenge {
            Some(challenge) => reply.header("www-authenticate", challenge.as_str()),
            None => reply,
        }
    }
}

fn domain(reason: &str) -> &'static str {
    match reason {
        "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" | "dailyLimitExceeded" => {
            "usageLimits"
        }
        "timeRangeEmpty" | "forbiddenForNonOrganizer" => "calendar",
        _ => "global",
    }
}

/// A fault: any of Google's errors, in its shape.
pub fn error(status: u16, reason: &str, message: &str) -> Fault {
    Fault::answer(ApiError::new(status, reason, message).to_reply())
}

/// A fault: 403 `userRateLimitExceeded`, no `Retry-After`. "Slow down", with the status of "not
/// allowed".
pub fn rate_limited_403() -> Fault {
    error(403, "userRateLimitExceeded", "User Rate Limit Exceeded")
}

/// A fault: 429 `rateLimitExceeded` with `Retry-After`, which Google does not promise.
pub fn rate_limited_429(retry_after: RetryAfter) -> Fault {
    let reply = ApiError::new(429, "rateLimitExceeded", "Rate Limit Exceeded").to_reply();
    Fault::answer(reply.header("retry-after", retry_after.to_header()))
}

/// A fault: 503 `backendError`.
pub fn backend_error() -> Fault {
    error(503, "backendError", "Backend Error")
}
