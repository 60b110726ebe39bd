//! Whether an effect in doubt happened.

use countersign_connectors::GoogleCalendar;
use countersign_core::{Answer, Connector, Prepared, Reconciled, Seen};

use crate::support::{
    CREATE, DELETE, EVENT, GET, LIST, NEW_ID, PATCH, answer, call, change, error, ready, with,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Committed,
    Absent,
    InDoubt,
}

/// Asks with nothing seen, checks what is to be read, and asks again with the answer.
fn reconcile(prepared: &Prepared, id: &str, answer: Answer) -> Is {
    let connector = GoogleCalendar::new();
    let Reconciled::Needs(reads) = connector.reconcile(prepared, &Seen::nothing()) else {
        panic!("nothing to read")
    };
    let read = call(GET, &format!(r#"{{"calendar_id":"primary","event_id":"{id}"}}"#));
    assert_eq!(reads, [read]);
    let mut seen = Seen::nothing();
    seen.add(reads[0].clone(), answer);
    match connector.reconcile(prepared, &seen) {
        Reconciled::Committed => Is::Committed,
        Reconciled::Absent => Is::Absent,
        Reconciled::InDoubt => Is::InDoubt,
        Reconciled::Needs(reads) => panic!("still needs {reads:?}"),
    }
}

fn troubles() -> Vec<Answer> {
    vec![
        error(401, "authError"),
        error(403, "rateLimitExceeded"),
        error(429, "rateLimitExceeded"),
        error(500, "backendError"),
        answer(204, ""),
        answer(302, ""),
        answer(200, ""),
        answer(200, "<html>"),
        answer(200, &with(EVENT, r#"{"id":"other"}"#)),
    ]
}

#[test]
fn reads_have_no_effect() {
    let connector = GoogleCalendar::new();
    for prepared in [ready(LIST, "{}"), ready(GET, r#"{"event_id":"a"}"#)] {
        let state = connector.reconcile(&prepared, &Seen::nothing());
        assert!(matches!(state, Reconciled::Absent));
    }
}

#[test]
fn a_create_happened_if_its_id_is_there_with_what_was_sent() {
    let arguments = r#"{"summary":"Planning","description":"Bring notes","location":"Room 1",
        "start":{"date_time":"2026-03-10T09:00:00","time_zone":"Europe/Berlin"},
        "end":{"date_time":"2026-03-10T09:00:00Z","time_zone":"Europe/Berlin"},
        "attendees":["LEE@example.org","kim@example.com"],"visibility":"default"}"#;
    let create = ready(CREATE, arguments);
    let there = |changes: &str| {
        let event = with(EVENT, &format!(r#"{{"id":"{NEW_ID}"}}"#));
        reconcile(&create, NEW_ID, answer(200, &with(&event, changes)))
    };
    assert_eq!(there("{}"), Is::Committed);
    for other in [
        r#"{"summary":"Other"}"#,
        r#"{"summary":null}"#,
        r#"{"description":"Other"}"#,
        r#"{"location":null}"#,
        r#"{"start":{"dateTime":"2026-03-10T09:00:01+01:00","timeZone":"Europe/Berlin"}}"#,
        r#"{"start":{"dateTime":"2026-03-10T09:00:00+01:00","timeZone":"Europe/Paris"}}"#,
        r#"{"start":{"date":"2026-03-10"}}"#,
        r#"{"start":null}"#,
        r#"{"end":{"dateTime":"2026-03-10T10:00:01+01:00","timeZone":"Europe/Berlin"}}"#,
        r#"{"attendees":[{"email":"kim@example.com"}]}"#,
        r#"{"attendees":[{"email":"kim@example.com"},{"email":"lee@example.org"},{"email":"x@y.zz"}]}"#,
        r#"{"attendees":null}"#,
        r#"{"visibility":"public"}"#,
        r#"{"status":"cancelled"}"#,
    ] {
        assert_eq!(there(other), Is::InDoubt, "{other}");
    }
    assert_eq!(reconcile(&create, NEW_ID, error(404, "notFound")), Is::Absent);
    assert_eq!(reconcile(&create, NEW_ID, error(410, "deleted")), Is::InDoubt);
    for trouble in troubles() {
        assert_eq!(reconcile(&create, NEW_ID, trouble), Is::InDoubt);
    }
}

#[test]
fn a_create_of_days_that_repeat_is_compared_too() {
    let days = r#""start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}"#;
    let create = ready(
        CREATE,
        &format!(
            r#"{{"summary":"x",{days},"recurrence":["RRULE:FREQ=DAILY"],"transparency":"opaque"}}"#
        ),
    );
    let there = |more: &str| {
        let event = format!(r#"{{"id":"{NEW_ID}","summary":"x",{days}{more}}}"#);
        reconcile(&create, NEW_ID, answer(200, &event))
    };
    assert_eq!(there(r#","recurrence":["RRULE:FREQ=DAILY"]"#), Is::Committed);
    assert_eq!(there(""), Is::InDoubt);
    assert_eq!(there(r#","recurrence":["RRULE:FREQ=DAILY","RDATE:20260401"]"#), Is::InDoubt);
    let transparent = r#","recurrence":["RRULE:FREQ=DAILY"],"transparency":"transparent""#;
    assert_eq!(there(transparent), Is::InDoubt);
    let both = r#"{"date":"2026-03-10","dateTime":"2026-03-10T09:00:00Z"}"#;
    let event = format!(
        r#"{{"id":"{NEW_ID}","summary":"x","start":{both},"end":{{"date":"2026-03-11"}},"recurrence":["RRULE:FREQ=DAILY"]}}"#
    );
    assert_eq!(reconcile(&create, NEW_ID, answer(200, &event)), Is::InDoubt);
}

#[test]
fn a_patch_happened_if_the_fields_are_there_in_a_new_version() {
    let arguments = r#"{"event_id":"abc123","summary":"New","location":"",
        "start":{"date_time":"2026-03-10T08:30:00Z"},"end":{"date_time":"2026-03-10T09:30:00Z"}}"#;
    let patch = change(PATCH, arguments, EVENT).unwrap();
    let there = |changes: &str| reconcile(&patch, "abc123", answer(200, &with(EVENT, changes)));
    let done = r#"{"etag":"\"9\"","summary":"New","location":null,
        "start":{"dateTime":"2026-03-10T09:30:00+01:00","timeZone":"Europe/Berlin"},
        "end":{"dateTime":"2026-03-10T10:30:00+01:00","timeZone":"Europe/Berlin"}}"#;
    assert_eq!(there(done), Is::Committed);
    assert_eq!(there("{}"), Is::Absent);
    assert_eq!(there(r#"{"etag":"\"9\""}"#), Is::InDoubt);
    assert_eq!(there(&with(done, r#"{"summary":"Else"}"#)), Is::InDoubt);
    assert_eq!(there(&with(done, r#"{"status":"cancelled"}"#)), Is::InDoubt);
    // The old version with the new fields is the old version.
    assert_eq!(there(&with(done, r#"{"etag":"\"3181161784712000\""}"#)), Is::Absent);
    for status in [404, 410] {
        assert_eq!(reconcile(&patch, "abc123", error(status, "notFound")), Is::InDoubt);
    }
    for trouble in troubles() {
        assert_eq!(reconcile(&patch, "abc123", trouble), Is::InDoubt);
    }
}

#[test]
fn a_patch_to_a_local_time_cannot_be_told_by_the_clock() {
    let arguments = r#"{"event_id":"abc123",
        "start":{"date_time":"2026-03-10T09:00:00","time_zone":"America/New_York"},
        "end":{"date_time":"2026-03-10T10:00:00","time_zone":"America/New_York"}}"#;
    let patch = change(PATCH, arguments, EVENT).unwrap();
    // Nine in Berlin, on an event that is kept in New York's zone.
    let event = with(
        EVENT,
        r#"{"etag":"\"9\"",
            "start":{"dateTime":"2026-03-10T09:00:00+01:00","timeZone":"America/New_York"},
            "end":{"dateTime":"2026-03-10T10:00:00+01:00","timeZone":"America/New_York"}}"#,
    );
    assert_eq!(reconcile(&patch, "abc123", answer(200, &event)), Is::InDoubt);
}

#[test]
fn a_delete_happened_if_the_event_is_gone() {
    let delete = change(DELETE, r#"{"event_id":"abc123"}"#, EVENT).unwrap();
    let there = |changes: &str| reconcile(&delete, "abc123", answer(200, &with(EVENT, changes)));
    assert_eq!(there(r#"{"status":"cancelled","etag":"\"9\""}"#), Is::Committed);
    assert_eq!(there("{}"), Is::Absent);
    assert_eq!(there(r#"{"etag":"\"9\""}"#), Is::InDoubt);
    assert_eq!(there(r#"{"etag":null}"#), Is::InDoubt);
    for (status, reason) in [(404, "notFound"), (410, "deleted")] {
        assert_eq!(reconcile(&delete, "abc123", error(status, reason)), Is::Committed);
    }
    for trouble in troubles() {
        assert_eq!(reconcile(&delete, "abc123", trouble), Is::InDoubt);
    }
}
