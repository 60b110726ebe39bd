//! A successful answer of the token endpoint, read strictly.

use countersign_core::canon::{Limits, canonicalize_with};
use countersign_core::{AccessToken, Answer, Object, Scope, TokenError, Value};
use zeroize::Zeroizing;

use crate::exchange::REQUESTED_FEDERATED;
use crate::scope;

/// Longest token: more than any server accepts in a header.
pub(crate) const MAX_TOKEN: usize = 16 * 1024;

const LIMITS: Limits = Limits::DEFAULT.with_max_bytes(256 * 1024).with_max_depth(16);

/// What the exchange returned.
pub(crate) struct Issued {
    pub(crate) token: AccessToken,
    /// Sorted; `None` if the provider does not report scopes.
    pub(crate) granted: Option<Vec<Scope>>,
    /// Seconds.
    pub(crate) expires_in: Option<i64>,
}

/// Whether a text can be sent as a bearer token: visible ASCII, no space (RFC 6750 section 2.1
/// allows less, but providers are not asked to keep to it).
pub(crate) fn plausible(token: &str) -> bool {
    !token.is_empty() && token.len() <= MAX_TOKEN && token.bytes().all(|b| b.is_ascii_graphic())
}

/// Parses a body as one JSON object without duplicate keys.
pub(crate) fn object(body: &[u8], limits: Limits) -> Option<Object> {
    let canonical = canonicalize_with(body, limits).ok()?;
    let value = canonical.value();
    drop(Zeroizing::new(canonical.into_bytes()));
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// Reads the answer to an exchange (RFC 6749 section 5.1, RFC 8693 section 2.2.1).
pub(crate) fn read(answer: Answer) -> Result<Issued, TokenError> {
    const BAD: TokenError = TokenError::Protocol;
    let body = Zeroizing::new(answer.body);
    if answer.status != 200 {
        return Err(BAD);
    }
    let mut members = object(&body, LIMITS).ok_or(BAD)?;
    // The string is moved, not copied, so that the only copy of the token is zeroised.
    let token = match members.remove("access_token") {
        Some(Value::String(token)) => AccessToken::new(token),
        _ => return Err(BAD),
    };
    for unexpected in ["refresh_token", "id_token"] {
        if let Some(Value::String(secret)) = members.remove(unexpected) {
            drop(Zeroizing::new(secret));
        }
    }
    let text = |name| members.get(name).and_then(Value::as_str);
    let bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    let federated = match members.get("issued_token_type") {
        None => true,
        Some(kind) => kind.as_str() == Some(REQUESTED_FEDERATED),
    };
    if !bearer || !federated || !plausible(token.expose()) || members.get("error").is_some() {
        return Err(BAD);
    }
    let expires_in = match members.get("expires_in") {
        None | Some(Value::Null) => None,
        Some(seconds) => Some(seconds.as_i64().filter(|n| *n >= 0).ok_or(BAD)?),
    };
    let granted = match members.get("scope") {
        None | Some(Value::Null) => None,
        Some(scopes) => scope::read(scopes.as_str().ok_or(BAD)?)?,
    };
    Ok(Issued { token, granted, expires_in })
}
