//! What answers mean.

use countersign_connectors::GoogleCalendar;
use countersign_core::{
    Answer, Connector, Ending, Interpretation, Method, Prepared, Step, ToolName, Value,
};

use crate::support::{
    DELETE, EVENT, GET, LIST, NEW_ID, answer, effect, error, one_of_each, ready, with,
};

fn interpret(prepared: &Prepared, answers: &[Answer]) -> Interpretation {
    GoogleCalendar::new().interpret(prepared, answers)
}

fn json(value: &Value) -> String {
    value.to_canonical().as_str().to_owned()
}

#[test]
fn every_row_of_googles_error_table_has_its_meaning() {
    use Ending::{Failed, Unknown};
    // Status, reason, then ending and code for: list and get, create, patch and delete.
    let same = |ending, code| [(ending, code); 3];
    let doubt = |code| [(Failed, code), (Unknown, code), (Unknown, code)];
    let rows = [
        (400, "badRequest", same(Failed, "bad_request")),
        (400, "required", same(Failed, "bad_request")),
        (400, "timeRangeEmpty", same(Failed, "time_range_empty")),
        (401, "authError", same(Failed, "unauthorized")),
        (403, "userRateLimitExceeded", same(Failed, "rate_limited")),
        (403, "rateLimitExceeded", same(Failed, "rate_limited")),
        (403, "quotaExceeded", same(Failed, "rate_limited")),
        (403, "dailyLimitExceeded", same(Failed, "rate_limited")),
        (403, "insufficientPermissions", same(Failed, "insufficient_permissions")),
        (403, "forbiddenForNonOrganizer", same(Failed, "forbidden")),
        (403, "forbidden", same(Failed, "forbidden")),
        (403, "anythingElse", same(Failed, "forbidden")),
        (404, "notFound", same(Failed, "not_found")),
        (405, "httpMethodNotAllowed", same(Failed, "rejected")),
        (408, "timeout", [(Failed, "rejected"), (Unknown, "timed_out"), (Unknown, "timed_out")]),
        (409, "duplicate", [(Failed, "rejected"), (Unknown, "duplicate"), (Unknown, "conflict")]),
        (409, "conflict", [(Failed, "rejected"), (Unknown, "conflict"), (Unknown, "conflict")]),
        (410, "deleted", same(Failed, "gone")),
        (410, "fullSyncRequired", same(Failed, "gone")),
        (410, "updatedMinTooLongAgo", same(Failed, "gone")),
        (412, "conditionNotMet", same(Failed, "etag_stale")),
        (429, "rateLimitExceeded", same(Failed, "rate_limited")),
        (301, "", same(Failed, "redirected")),
        (302, "", same(Failed, "redirected")),
        (304, "", same(Failed, "redirected")),
        (307, "", same(Failed, "redirected")),
        (500, "backendError", doubt("provider_unavailable")),
        (502, "", doubt("provider_unavailable")),
        (503, "backendError", doubt("provider_unavailable")),
        (504, "", doubt("provider_unavailable")),
        (100, "", doubt("answer_not_understood")),
        (199, "", doubt("answer_not_understood")),
        (600, "", doubt("answer_not_understood")),
        (999, "", doubt("answer_not_understood")),
    ];
    for (status, reason, expected) in rows {
        for (prepared, column) in one_of_each().iter().zip([0, 0, 1, 2, 2]) {
            let (ending, code) = expected[column];
            let meaning = interpret(prepared, &[error(status, reason)]);
            let what = format!("{} {status} {reason}", prepared.tool());
            assert_eq!((meaning.ending, meaning.code), (ending, Some(code)), "{what}");
            assert_eq!(meaning.result, Value::Null, "{what}");
        }
    }
}

#[test]
fn the_newer_form_of_errors_is_read_too() {
    let rows = [
        (
            r#"{"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}"#,
            "insufficient_permissions",
        ),
        (
            r#"{"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"@type":"x"},{"reason":"RATE_LIMIT_EXCEEDED"}]}}"#,
            "rate_limited",
        ),
        (r#"{"error":{"code":403,"status":"RESOURCE_EXHAUSTED"}}"#, "rate_limited"),
        (r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#, "forbidden"),
        ("<html>Forbidden</html>", "forbidden"),
        ("", "forbidden"),
    ];
    for (body, code) in rows {
        for prepared in one_of_each() {
            let meaning = interpret(&prepared, &[answer(403, body)]);
            assert_eq!((meaning.ending, meaning.code), (Ending::Failed, Some(code)), "{body}");
        }
    }
}

#[test]
fn a_success_is_committed_with_a_reduced_event() {
    let [_, get, create, patch, delete] = one_of_each().try_into().unwrap();
    let reduced = r#"{"attendees":[{"display_name":"Kim","email":"kim@example.com","response_status":"accepted"},{"email":"lee@example.org","optional":true,"response_status":"needsAction"}],"created":"2026-01-01T00:00:00.000Z","description":"Bring notes","end":{"date_time":"2026-03-10T10:00:00+01:00","time_zone":"Europe/Berlin"},"etag":"\"3181161784712000\"","event_type":"default","id":"abc123","location":"Room 1","organizer":"me@example.com","start":{"date_time":"2026-03-10T09:00:00+01:00","time_zone":"Europe/Berlin"},"status":"confirmed","summary":"Planning","updated":"2026-01-02T00:00:00.000Z"}"#;
    for prepared in [&get, &patch] {
        let meaning = interpret(prepared, &[answer(200, EVENT)]);
        assert_eq!((meaning.ending, meaning.code), (Ending::Committed, None));
        assert_eq!(json(&meaning.result), reduced);
    }
    let created = with(EVENT, &format!(r#"{{"id":"{NEW_ID}"}}"#));
    let meaning = interpret(&create, &[answer(200, &created)]);
    assert_eq!(meaning.ending, Ending::Committed);
    assert_eq!(meaning.result.get("id").unwrap().as_str(), Some(NEW_ID));
    for status in [200, 204] {
        let meaning = interpret(&delete, &[answer(status, "")]);
        assert_eq!(meaning.ending, Ending::Committed);
        assert_eq!(json(&meaning.result), r#"{"deleted":true,"id":"abc123"}"#);
    }
}

#[test]
fn a_success_that_is_not_understood_is_in_doubt_for_writes_and_failed_for_reads() {
    let [list, get, create, patch, delete] = one_of_each().try_into().unwrap();
    let twice = r#"{"id":"abc123","id":"abc123"}"#;
    let bodies = ["", "{}", "[]", "null", "<html>", "{\"id\":7}", "\u{feff}{}", twice];
    for body in bodies {
        for prepared in [&list, &get, &create, &patch] {
            let meaning = interpret(prepared, &[answer(200, body)]);
            let reads = prepared.tool().as_str() == LIST || prepared.tool().as_str() == GET;
            let ending = if reads { Ending::Failed } else { Ending::Unknown };
            assert_eq!(meaning.ending, ending, "{} {body}", prepared.tool());
            assert_eq!(meaning.code, Some("answer_not_understood"));
        }
    }
    let unknown = |prepared: &Prepared, status: u16, body: &str| {
        let meaning = interpret(prepared, &[answer(status, body)]);
        let expected = (Ending::Unknown, Some("answer_not_understood"));
        assert_eq!((meaning.ending, meaning.code), expected, "{status} {body}");
    };
    for status in [201, 202, 206] {
        let meaning = interpret(&list, &[answer(status, r#"{"items":[]}"#)]);
        assert_eq!((meaning.ending, meaning.code), (Ending::Failed, Some("answer_not_understood")));
        assert_eq!(interpret(&get, &[answer(status, EVENT)]).ending, Ending::Failed);
    }
    // Another event than the one asked for, a deleted one, another kind, another success.
    unknown(&create, 200, EVENT);
    unknown(&patch, 200, &with(EVENT, r#"{"id":"other"}"#));
    unknown(&patch, 200, &with(EVENT, r#"{"status":"cancelled"}"#));
    unknown(&patch, 200, &with(EVENT, r#"{"kind":"calendar#events"}"#));
    for status in [201, 202, 204, 206] {
        unknown(&patch, status, EVENT);
    }
    for status in [201, 202, 206, 299] {
        unknown(&delete, status, "");
    }
}

#[test]
fn a_listing_joins_its_pages_and_says_whether_there_are_more() {
    let list = ready(LIST, r#"{"max_pages":3}"#);
    let page = |items: &str, token: &str| {
        answer(200, &format!(r#"{{"kind":"calendar#events","items":[{items}]{token}}}"#))
    };
    let more = r#","nextPageToken":"abc""#;
    let other = with(EVENT, r#"{"id":"second"}"#);
    let meaning = interpret(&list, &[page(EVENT, more), page("", more), page(&other, "")]);
    assert_eq!(meaning.ending, Ending::Committed);
    let items = meaning.result.get("items").unwrap().as_array().unwrap();
    let ids: Vec<_> = items.iter().map(|i| i.get("id").unwrap().as_str().unwrap()).collect();
    assert_eq!(ids, ["abc123", "second"]);
    assert_eq!(meaning.result.get("more"), Some(&Value::Bool(false)));
    assert!(!json(&meaning.result).contains("htmlLink"));

    let meaning = interpret(&list, &[page("", more)]);
    assert_eq!(json(&meaning.result), r#"{"items":[],"more":true}"#);
    let meaning = interpret(&list, &[page(EVENT, more), error(429, "rateLimitExceeded")]);
    assert_eq!((meaning.ending, meaning.code), (Ending::Failed, Some("rate_limited")));
    let meaning = interpret(&list, &[answer(200, "<html>"), page(EVENT, "")]);
    assert_eq!(meaning.code, Some("answer_not_understood"));
    let meaning = interpret(&list, &[page(r#"{"summary":"no id"}"#, "")]);
    assert_eq!(meaning.code, Some("answer_not_understood"));
}

#[test]
fn no_answer_is_no_success() {
    for prepared in one_of_each() {
        let meaning = interpret(&prepared, &[]);
        let reads = [LIST, GET].contains(&prepared.tool().as_str());
        assert_eq!(meaning.ending, if reads { Ending::Failed } else { Ending::Unknown });
        assert_eq!(meaning.code, Some("no_answer"));
    }
}

#[test]
fn the_answer_to_a_request_of_another_shape_is_in_doubt() {
    let step = Step::new(Method::Post, "https://www.googleapis.com/calendar/v3/calendars").unwrap();
    let honest = ready(LIST, "{}");
    let prepared = Prepared::wire(
        effect(),
        ToolName::new(DELETE).unwrap(),
        honest.arguments().clone(),
        honest.credential().cloned(),
        vec![step],
    )
    .unwrap();
    for status in [200, 204, 404, 500] {
        let meaning = interpret(&prepared, &[answer(status, EVENT)]);
        assert_eq!(meaning.ending, Ending::Unknown);
    }
}
