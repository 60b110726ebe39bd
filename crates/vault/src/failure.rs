//! What a failed exchange means.
//!
//! Auth0 documents the statuses alone; the codes are known from its SDKs, its samples and field
//! reports. So the `error` decides first, the description second, the status last. Nothing of the
//! answer is kept: a description is third-party text and could repeat a token.

use std::time::UNIX_EPOCH;

use countersign_core::canon::Limits;
use countersign_core::{Answer, BackchannelError, Timestamp, TokenError, Value};
use zeroize::Zeroizing;

use crate::answer::object;

const LIMITS: Limits = Limits::DEFAULT.with_max_bytes(64 * 1024).with_max_depth(16);
/// How much of a body that is not JSON is looked at.
const MAX_TEXT: usize = 4 * 1024;

const NO_GRANT: TokenError = TokenError::Misconfigured(
    "the client may not exchange tokens: Token Vault grant off, wrong kind of client, or rotation on",
);
const NO_CLIENT: TokenError = TokenError::Misconfigured("the client's credentials are wrong");
const BAD_REQUEST: TokenError =
    TokenError::Misconfigured("the identity provider finds the exchange malformed");
const NO_DPOP: TokenError =
    TokenError::Misconfigured("the client demands DPoP, which the exchange does not use");
const NO_NARROWING: TokenError =
    TokenError::Misconfigured("the provider cannot narrow the scopes of a token");
const NO_ENDPOINT: TokenError = TokenError::Misconfigured("the domain has no token endpoint");

/// What it means that there was no answer.
pub(crate) fn unanswered(error: BackchannelError) -> TokenError {
    match error {
        BackchannelError::Origin => {
            TokenError::Misconfigured("the back channel may not reach the tenant's domain")
        }
        BackchannelError::Malformed => {
            TokenError::Misconfigured("the back channel cannot send the exchange")
        }
        BackchannelError::TooLarge => TokenError::Protocol,
        _ => TokenError::Transient,
    }
}

/// What an answer other than 200 means.
pub(crate) fn classify(answer: Answer, now: Timestamp) -> TokenError {
    let status = answer.status;
    let wait = retry_after(&answer, now);
    let body = Zeroizing::new(answer.body);
    let said = Said::read(&body);
    let by_code = said.codes.iter().find_map(|code| by_code(code, &said.text, wait));
    by_code
        // A gateway's page, or what a failing server says about itself, explains nothing.
        .or_else(|| (status < 500 && status != 429).then(|| by_text(&said.text, wait)).flatten())
        .unwrap_or_else(|| by_status(status, wait))
}

/// The codes and the lower-cased text of a body of any shape.
struct Said {
    codes: Vec<Zeroizing<String>>,
    text: Zeroizing<String>,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let lower = |text: &str| Zeroizing::new(text.to_ascii_lowercase());
        let Some(members) = object(body, LIMITS) else {
            // Plain text, a gateway's HTML, JSON that broke off.
            let start = Zeroizing::new(
                String::from_utf8_lossy(body.get(..MAX_TEXT).unwrap_or(body)).into_owned(),
            );
            return Self { codes: Vec::new(), text: lower(&start) };
        };
        let text = |name: &&str| members.get(name).and_then(Value::as_str);
        // OAuth's and the Management API's; the latter's; the legacy API's.
        let codes = ["error", "errorCode", "code"];
        let texts =
            ["error_description", "message", "description", "detail", "title", "error", "name"];
        let joined = Zeroizing::new(texts.iter().filter_map(text).collect::<Vec<_>>().join("\n"));
        Self { codes: codes.iter().filter_map(text).map(lower).collect(), text: lower(&joined) }
    }
}

fn by_code(code: &str, text: &str, wait: Option<u32>) -> Option<TokenError> {
    Some(match code {
        "federated_connection_refresh_token_not_found" | "tokenset_not_found" => {
            TokenError::NotConnected
        }
        "federated_connection_refresh_token_flow_failed" => TokenError::ReconnectRequired,
        // These three are said for many reasons; the account's is told by the description.
        "access_denied" => connection(text).unwrap_or(TokenError::Denied),
        "invalid_grant" => connection(text).unwrap_or(TokenError::LoginRequired),
        "invalid_request" => connection(text).unwrap_or(BAD_REQUEST),
        "invalid_token" | "expired_token" => TokenError::LoginRequired,
        "unauthorized_client" | "unsupported_grant_type" => NO_GRANT,
        "invalid_client" => NO_CLIENT,
        "mfa_required" => TokenError::StepUpRequired,
        "use_dpop_nonce" | "invalid_dpop_proof" => NO_DPOP,
        // Sent for Early Access narrowing; which code Auth0 uses is not documented, this one is
        // RFC 6749's.
        "invalid_scope" if text.contains("not support") => NO_NARROWING,
        "invalid_scope" => TokenError::ScopeMissing,
        "too_many_requests" | "too_many_attempts" => TokenError::RateLimited { retry_after: wait },
        "server_error" | "temporarily_unavailable" => TokenError::Transient,
        _ => return None,
    })
}

/// Whether a text speaks of the connected account.
fn connection(text: &str) -> Option<TokenError> {
    let says = |phrase| text.contains(phrase);
    if says("federated_connection_refresh_token_flow_failed")
        || says("refresh token flow for the federated connection failed")
    {
        return Some(TokenError::ReconnectRequired);
    }
    let missing = says("tokenset")
        || says("federated_connection_refresh_token_not_found")
        || says("federated connection refresh token not found");
    missing.then_some(TokenError::NotConnected)
}

fn by_text(text: &str, wait: Option<u32>) -> Option<TokenError> {
    let says = |phrase| text.contains(phrase);
    connection(text).or_else(|| {
        if says("unknown or invalid refresh token") {
            Some(TokenError::LoginRequired)
        } else if says("grant type") && says("not allowed") {
            Some(NO_GRANT)
        } else if says("multifactor authentication required") || says("mfa_required") {
            Some(TokenError::StepUpRequired)
        } else if says("rate limit exceeded") || says("too many requests") || says("quota exceeded")
        {
            Some(TokenError::RateLimited { retry_after: wait })
        } else {
            None
        }
    })
}

fn by_status(status: u16, wait: Option<u32>) -> TokenError {
    match status {
        429 => TokenError::RateLimited { retry_after: wait },
        408 | 425 | 500..=599 => TokenError::Transient,
        // 401 alone can be the user's token, the client's or the account: claim no more than it says.
        401 | 403 => TokenError::Denied,
        404 | 405 => NO_ENDPOINT,
        _ => TokenError::Protocol,
    }
}

/// Seconds to wait: `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), else
/// `x-ratelimit-reset`, which is in seconds since the epoch.
fn retry_after(answer: &Answer, now: Timestamp) -> Option<u32> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<i64>().unwrap_or(i64::MAX))
    };
    let date = |text: &str| {
        let time = httpdate::parse_http_date(text).ok()?;
        i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
    };
    let until = |moment: i64| moment.saturating_sub(now.seconds()).max(0);
    let header = |name| answer.header(name).map(str::trim);
    let seconds = header("retry-after")
        .and_then(|text| number(text).or_else(|| date(text).map(until)))
        .or_else(|| header("x-ratelimit-reset").and_then(number).map(until))?;
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}
