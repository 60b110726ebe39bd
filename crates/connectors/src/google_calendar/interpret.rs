//! What Google's answers mean.

use countersign_core::{Answer, Ending, Interpretation, Object, Prepared, Value};

use super::event::{Event, object, page};
use super::tools::Kind;
use super::wire::Wire;

const NOT_UNDERSTOOD: &str = "answer_not_understood";

pub(super) fn interpret(prepared: &Prepared, answers: &[Answer]) -> Interpretation {
    let Some(wire) = Wire::read(prepared) else {
        return Interpretation::unknown("request_not_understood");
    };
    let Some(last) = answers.last() else { return doubtful(wire.kind, "no_answer") };
    if !(200..=299).contains(&last.status) {
        return match failure(wire.kind, last) {
            // Google looks at the credential and at its limits before it does anything.
            (Ending::Failed, code @ ("rate_limited" | "unauthorized")) if answers.len() == 1 => {
                Interpretation::unprocessed(code)
            }
            (Ending::Failed, code) => Interpretation::failed(code),
            (_, code) => Interpretation::unknown(code),
        };
    }
    let result = match wire.kind {
        Kind::List => listing(answers),
        Kind::Get => event(&wire, last).map(|event| event.reduced().into()),
        // A deleted event in the answer to a write is not what was asked for.
        Kind::Create | Kind::Patch => event(&wire, last)
            .filter(|event| !event.is_cancelled())
            .map(|event| event.reduced().into()),
        // Google answers with nothing. A body is somebody else's: a portal that wants a login.
        Kind::Delete => (matches!(last.status, 200 | 204) && last.body.is_empty())
            .then(|| Object::new().with("deleted", true).with("id", wire.event.as_str()).into()),
    };
    result.map_or_else(|| doubtful(wire.kind, NOT_UNDERSTOOD), Interpretation::committed)
}

/// A read that is not understood changed nothing; a write may have changed anything.
fn doubtful(kind: Kind, code: &'static str) -> Interpretation {
    if kind.reads() { Interpretation::failed(code) } else { Interpretation::unknown(code) }
}

/// The event that was asked for, under its own id.
fn event(wire: &Wire<'_>, answer: &Answer) -> Option<Event> {
    Event::read(answer, &wire.event).filter(|_| answer.status == 200)
}

fn listing(answers: &[Answer]) -> Option<Value> {
    let mut items = Vec::new();
    let mut more = false;
    for answer in answers {
        let (found, another) = page(&answer.body).filter(|_| answer.status == 200)?;
        items.extend(found);
        more = another;
    }
    Some(Object::new().with("items", items).with("more", more).into())
}

/// How an answer that is no success ended the call, and the code for it.
///
/// Google's `reason` decides, not the status alone: 403 says both "not allowed" and "slow down".
pub(super) fn failure(kind: Kind, answer: &Answer) -> (Ending, &'static str) {
    let reason = Reason::of(&answer.body);
    let code = match answer.status {
        300..=399 => "redirected",
        400 if reason.is("timeRangeEmpty") => "time_range_empty",
        400 => "bad_request",
        401 => "unauthorized",
        403 if reason.is_rate() => "rate_limited",
        403 if reason.is("insufficientPermissions") => "insufficient_permissions",
        403 if reason.detail.as_deref() == Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => {
            "insufficient_permissions"
        }
        403 => "forbidden",
        404 => "not_found",
        // The id derives from the effect: it, or an earlier attempt at it, is there. Reconciling
        // reads the event and compares.
        409 if kind == Kind::Create && reason.is("duplicate") => {
            return (Ending::Unknown, "duplicate");
        }
        409 if !kind.reads() => return (Ending::Unknown, "conflict"),
        408 if !kind.reads() => return (Ending::Unknown, "timed_out"),
        410 => "gone",
        412 => "etag_stale",
        429 => "rate_limited",
        status => match (status / 100, kind.reads()) {
            (4, _) => "rejected",
            (5, true) => "provider_unavailable",
            (5, false) => return (Ending::Unknown, "provider_unavailable"),
            (_, true) => NOT_UNDERSTOOD,
            (_, false) => return (Ending::Unknown, NOT_UNDERSTOOD),
        },
    };
    (Ending::Failed, code)
}

/// Google's reason, in the older form (`error.errors[0].reason`) and the newer one (`error.status`
/// and the first `error.details[].reason`).
#[derive(Debug, Default)]
struct Reason {
    older: Option<String>,
    status: Option<String>,
    detail: Option<String>,
}

impl Reason {
    fn of(body: &[u8]) -> Self {
        let Some(error) = object(body).map(Value::from) else { return Self::default() };
        let text = |pointer| error.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let details = error.pointer("/error/details").and_then(Value::as_array);
        let mut details = details.unwrap_or_default().iter();
        Self {
            older: text("/error/errors/0/reason"),
            status: text("/error/status"),
            detail: details.find_map(|d| d.get("reason")?.as_str()).map(str::to_owned),
        }
    }

    fn is(&self, reason: &str) -> bool {
        self.older.as_deref() == Some(reason)
    }

    fn is_rate(&self) -> bool {
        let rates =
            ["userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"];
        rates.iter().any(|rate| self.is(rate))
            || self.status.as_deref() == Some("RESOURCE_EXHAUSTED")
            || self.detail.as_deref() == Some("RATE_LIMIT_EXCEEDED")
    }
}
