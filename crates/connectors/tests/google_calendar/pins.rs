//! Changes are tied to what was read.

use countersign_core::{Planned, Seen, Value};

use crate::support::{
    CREATE, DELETE, EVENT, GET, LIST, PATCH, answer, body, call, change, error, pinned, plan, seen,
    with,
};

const TARGET: &str = r#"{"event_id":"abc123","calendar_id":"team@example.com"}"#;

#[test]
fn a_change_first_asks_for_the_event_as_a_call_of_its_own() {
    for (tool, arguments) in [
        (DELETE, TARGET),
        (PATCH, r#"{"event_id":"abc123","calendar_id":"team@example.com","summary":"x"}"#),
    ] {
        let Planned::Needs(reads) = plan(&call(tool, arguments), &Seen::nothing()).unwrap() else {
            panic!("no read first")
        };
        let read = r#"{"calendar_id":"team@example.com","event_id":"abc123"}"#;
        assert_eq!(reads, [call(GET, read)]);
    }
}

#[test]
fn an_answer_to_another_read_does_not_count() {
    let mut other = Seen::nothing();
    other.add(call(GET, r#"{"calendar_id":"primary","event_id":"other"}"#), answer(200, EVENT));
    let planned = plan(&call(DELETE, r#"{"event_id":"abc123"}"#), &other).unwrap();
    assert!(matches!(planned, Planned::Needs(_)));
}

#[test]
fn a_read_that_failed_ends_the_planning_with_its_code() {
    let rows = [
        (error(404, "notFound"), "not_found"),
        (error(410, "deleted"), "gone"),
        (error(401, "authError"), "unauthorized"),
        (error(403, "rateLimitExceeded"), "rate_limited"),
        (error(403, "insufficientPermissions"), "insufficient_permissions"),
        (error(403, "forbidden"), "forbidden"),
        (error(412, "conditionNotMet"), "etag_stale"),
        (error(429, "rateLimitExceeded"), "rate_limited"),
        (error(503, "backendError"), "provider_unavailable"),
        (answer(302, ""), "redirected"),
        (answer(204, ""), "answer_not_understood"),
        (answer(200, "<html>"), "answer_not_understood"),
        (answer(200, "[]"), "answer_not_understood"),
        (answer(200, &with(EVENT, r#"{"id":"other"}"#)), "answer_not_understood"),
        (answer(200, &with(EVENT, r#"{"kind":"calendar#acl"}"#)), "answer_not_understood"),
        (answer(200, &with(EVENT, r#"{"etag":null}"#)), "answer_not_understood"),
        (answer(200, &with(EVENT, r#"{"etag":"abc"}"#)), "answer_not_understood"),
        (answer(200, &with(EVENT, r#"{"etag":"W/\"1\""}"#)), "answer_not_understood"),
        (answer(200, &with(EVENT, r#"{"etag":"\"a\r\nx: y\""}"#)), "answer_not_understood"),
        (answer(200, &with(EVENT, r#"{"status":"cancelled"}"#)), "gone"),
    ];
    for (answer, kind) in rows {
        let change = call(DELETE, TARGET);
        let what = format!("{answer:?}");
        let failed = plan(&change, &seen(&change, answer)).unwrap_err();
        assert_eq!(failed.kind, kind, "{what}");
    }
}

#[test]
fn a_version_that_was_asked_for_is_the_one_read() {
    let stale = r#"{"event_id":"abc123","etag":"\"1\""}"#;
    assert_eq!(pinned(DELETE, stale, EVENT).unwrap_err().kind, "etag_stale");
    let fresh = r#"{"event_id":"abc123","etag":"\"3181161784712000\""}"#;
    let ready = change(DELETE, fresh, EVENT).unwrap();
    assert!(
        ready.steps()[0].headers().contains(&("if-match".into(), "\"3181161784712000\"".into()))
    );

    // Also when the pins come from elsewhere.
    let pins = pinned(DELETE, fresh, EVENT).unwrap().pins().unwrap().clone();
    let planned = plan(&call(DELETE, stale).pinned(pins), &Seen::nothing());
    assert_eq!(planned.unwrap_err().kind, "etag_stale");
}

#[test]
fn pins_without_a_version_are_refused() {
    for pins in ["{}", r#"{"etag":"1"}"#, r#"{"etag":"*"}"#, r#"{"etag":7}"#, "[]"] {
        let pins = countersign_core::canon::canonicalize(pins.as_bytes()).unwrap();
        let failed = plan(&call(DELETE, TARGET).pinned(pins), &Seen::nothing()).unwrap_err();
        assert_eq!(failed.kind, "pins_invalid");
    }
}

#[test]
fn calls_that_need_no_read_take_no_pins() {
    let pins = Value::Null.to_canonical();
    let create = r#"{"summary":"x","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}}"#;
    for (tool, arguments) in [(LIST, "{}"), (GET, TARGET), (CREATE, create)] {
        let failed = plan(&call(tool, arguments).pinned(pins.clone()), &Seen::nothing());
        assert_eq!(failed.unwrap_err().kind, "pins_invalid", "{tool}");
    }
}

#[test]
fn the_version_read_is_in_the_digest() {
    let one = change(DELETE, TARGET, EVENT).unwrap();
    let two = change(DELETE, TARGET, &with(EVENT, r#"{"etag":"\"2\""}"#)).unwrap();
    let three = change(DELETE, TARGET, &with(EVENT, r#"{"summary":"Other"}"#)).unwrap();
    assert_ne!(one.digest(), two.digest());
    assert_ne!(one.arguments().digest(), three.arguments().digest());
}

const ALL_DAY: &str =
    r#"{"start":{"date":"2026-03-10"},"end":{"date":"2026-03-11","timeZone":"UTC"}}"#;

#[test]
fn a_change_between_day_and_moment_takes_the_other_form_out() {
    let to_days =
        r#"{"event_id":"abc123","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}}"#;
    assert_eq!(
        body(&change(PATCH, to_days, EVENT).unwrap()),
        r#"{"end":{"date":"2026-03-11","dateTime":null,"timeZone":null},"start":{"date":"2026-03-10","dateTime":null,"timeZone":null}}"#
    );
    assert_eq!(
        body(&change(PATCH, to_days, &with(EVENT, ALL_DAY)).unwrap()),
        r#"{"end":{"date":"2026-03-11"},"start":{"date":"2026-03-10"}}"#
    );
    let to_times = r#"{"event_id":"abc123",
        "start":{"date_time":"2026-03-10T09:00:00Z"},
        "end":{"date_time":"2026-03-10T10:00:00","time_zone":"Europe/Berlin"}}"#;
    assert_eq!(
        body(&change(PATCH, to_times, &with(EVENT, ALL_DAY)).unwrap()),
        r#"{"end":{"date":null,"dateTime":"2026-03-10T10:00:00","timeZone":"Europe/Berlin"},"start":{"date":null,"dateTime":"2026-03-10T09:00:00Z"}}"#
    );
    assert_eq!(
        body(&change(PATCH, to_times, EVENT).unwrap()),
        r#"{"end":{"dateTime":"2026-03-10T10:00:00","timeZone":"Europe/Berlin"},"start":{"dateTime":"2026-03-10T09:00:00Z"}}"#
    );
}

#[test]
fn a_new_start_or_end_fits_the_one_that_stays() {
    let rows = [
        (r#"{"event_id":"abc123","start":{"date":"2026-03-10"}}"#, "both"),
        (r#"{"event_id":"abc123","end":{"date":"2026-03-12"}}"#, "both"),
        (r#"{"event_id":"abc123","start":{"date_time":"2026-03-10T09:00:00Z"}}"#, "is after start"),
        (r#"{"event_id":"abc123","end":{"date_time":"2026-03-10T08:00:00Z"}}"#, "is after start"),
    ];
    for (arguments, names) in rows {
        let failed = change(PATCH, arguments, EVENT).unwrap_err();
        assert_eq!(failed.kind, "invalid_arguments");
        assert!(failed.message.contains(names), "{}", failed.message);
    }
    let later = r#"{"event_id":"abc123","end":{"date_time":"2026-03-10T09:00:00Z"}}"#;
    change(PATCH, later, EVENT).unwrap();
}
