//! Arguments that are refused, each with a stable code, and without an echo of the value.

use countersign_core::{Planned, Seen};

use crate::support::{CREATE, DELETE, GET, LIST, PATCH, call, plan};

const SECRET: &str = "s3cr3t-value";

fn refused(tool: &str, arguments: &str, names: &str) {
    let error = match plan(&call(tool, arguments), &Seen::nothing()) {
        Err(error) => error,
        Ok(planned) => panic!("{tool} {arguments} was planned: {planned:?}"),
    };
    assert_eq!(error.kind, "invalid_arguments", "{tool} {arguments}");
    assert!(error.message.contains(names), "{tool} {arguments}: {}", error.message);
    assert!(!error.message.contains(SECRET), "{}", error.message);
}

#[test]
fn times_that_cannot_be_meant_are_refused() {
    let times = [
        (r#"{"date":"2026-02-29"}"#, r#"{"date":"2026-03-02"}"#, "start: date"),
        (r#"{"date":"2026-3-1"}"#, r#"{"date":"2026-03-02"}"#, "start: date"),
        (r#"{"date":"2026-03-01"}"#, r#"{"date":"2026-03-01"}"#, "end: is after start"),
        (r#"{"date":"2026-03-02"}"#, r#"{"date":"2026-03-01"}"#, "end: is after start"),
        (r#"{"date":"2026-03-01"}"#, r#"{"date_time":"2026-03-02T00:00:00Z"}"#, "both"),
        (
            r#"{"date_time":"2026-03-01T10:00:00"}"#,
            r#"{"date":"2026-03-02"}"#,
            "offset or a time_zone",
        ),
        (r#"{"date_time":"2026-03-01"}"#, r#"{"date":"2026-03-02"}"#, "start: date_time"),
        (r#"{"date_time":"2026-03-01T25:00:00Z"}"#, r#"{"date":"2026-03-02"}"#, "start: date_time"),
        (r#"{"date_time":"tomorrow"}"#, r#"{"date":"2026-03-02"}"#, "start: date_time"),
        (
            r#"{"date_time":"2026-03-01T10:00:00Z","time_zone":"Mars/../Base"}"#,
            r#"{"date":"2026-03-02"}"#,
            "start: time_zone",
        ),
        (
            r#"{"date_time":"2026-03-01T10:00:00Z","time_zone":"europe/berlin"}"#,
            r#"{"date":"2026-03-02"}"#,
            "start: time_zone",
        ),
        (
            r#"{"date_time":"2026-03-01T10:00:00+01:00"}"#,
            r#"{"date_time":"2026-03-01T09:00:00Z"}"#,
            "end: is after start",
        ),
        (
            r#"{"date_time":"2026-03-01T10:00:00","time_zone":"Europe/Berlin"}"#,
            r#"{"date_time":"2026-03-01T09:59:59.999","time_zone":"Europe/Berlin"}"#,
            "end: is after start",
        ),
        ("{}", r#"{"date":"2026-03-02"}"#, "exactly one"),
        (
            r#"{"date":"2026-03-01","date_time":"2026-03-01T10:00:00Z"}"#,
            r#"{"date":"2026-03-02"}"#,
            "exactly one",
        ),
    ];
    for (start, end, names) in times {
        refused(CREATE, &format!(r#"{{"summary":"x","start":{start},"end":{end}}}"#), names);
        let patch = format!(r#"{{"event_id":"a","start":{start},"end":{end}}}"#);
        refused(PATCH, &patch, names);
    }
}

#[test]
fn times_that_cannot_be_compared_are_left_to_google() {
    // The same wall clock in two zones: which is later depends on the zones' rules.
    let arguments = r#"{"summary":"x",
        "start":{"date_time":"2026-03-01T10:00:00","time_zone":"Europe/Berlin"},
        "end":{"date_time":"2026-03-01T09:00:00","time_zone":"America/New_York"}}"#;
    let planned = plan(&call(CREATE, arguments), &Seen::nothing());
    assert!(matches!(planned, Ok(Planned::Ready(_))), "{planned:?}");
}

#[test]
fn attendees_are_plain_addresses_each_once() {
    let lists = [
        (r#"["kim"]"#, "attendees: plain"),
        (r#"["Kim <kim@example.com>"]"#, "attendees: plain"),
        (r#"["kim@example.com,lee@example.com"]"#, "attendees: plain"),
        (r#"["kim@example.com\r\nbcc:x@y.zz"]"#, "attendees: plain"),
        (r#"["kim@example.com","KIM@Example.com"]"#, "attendees: an address stands twice"),
        (r#"["s3cr3t-value"]"#, "attendees: plain"),
    ];
    for (list, names) in lists {
        let create = r#"{"summary":"x","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"},"attendees":"#;
        refused(CREATE, &format!("{create}{list}}}"), names);
        refused(PATCH, &format!(r#"{{"event_id":"a","attendees":{list}}}"#), names);
    }
}

#[test]
fn recurrence_is_lines_of_four_properties_and_needs_a_zone() {
    let times = r#""start":{"date_time":"2026-03-10T09:00:00Z","time_zone":"UTC"},
        "end":{"date_time":"2026-03-10T10:00:00Z","time_zone":"UTC"}"#;
    let lines = [
        "FREQ=DAILY",
        "RRULE",
        "RRULE:",
        "RRULE:COUNT=5",
        "RRULE;X=1:FREQ=DAILY",
        "rrule:FREQ=DAILY",
        "DTSTART:20260310T090000Z",
        "DTEND:20260310T090000Z",
        "RDATE",
        "RDATE:",
        "EXDATE;TZID=UTC",
        "ATTENDEE:mailto:x@y.zz",
        "RRULE:FREQ=DAILY\\nDTSTART:20260310T090000Z",
        "RRULE:FREQ=DAILY DTSTART:2026",
        "RRULE:FREQ=DAILY;X=\\u202e",
        "XRRULE:FREQ=DAILY",
        "RDATE:2026\\u0000",
        "EXDATE:\\\"",
        "",
    ];
    for line in lines {
        let arguments = format!(r#"{{"summary":"x",{times},"recurrence":["{line}"]}}"#);
        refused(CREATE, &arguments, "recurrence: RRULE");
    }
    for line in [
        "RRULE:FREQ=WEEKLY;UNTIL=20261231T000000Z;BYDAY=MO,-1FR",
        "EXRULE:FREQ=DAILY;COUNT=2",
        "RDATE;VALUE=DATE:20260310,20260311",
        "RDATE;VALUE=PERIOD:19960403T020000Z/PT1H",
        "EXDATE;TZID=America/Port_of_Spain:20260310T090000",
    ] {
        let arguments = format!(r#"{{"summary":"x",{times},"recurrence":["{line}"]}}"#);
        plan(&call(CREATE, &arguments), &Seen::nothing()).unwrap();
    }
    let no_zone = r#""start":{"date_time":"2026-03-10T09:00:00Z"},
        "end":{"date_time":"2026-03-10T10:00:00Z","time_zone":"UTC"}"#;
    let rule = r#""recurrence":["RRULE:FREQ=DAILY"]"#;
    refused(CREATE, &format!(r#"{{"summary":"x",{no_zone},{rule}}}"#), "each with a time_zone");
    refused(PATCH, &format!(r#"{{"event_id":"a",{rule}}}"#), "start and end are given too");
    refused(PATCH, &format!(r#"{{"event_id":"a",{no_zone},{rule}}}"#), "each with a time_zone");
    let days = r#""start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}"#;
    plan(&call(CREATE, &format!(r#"{{"summary":"x",{days},{rule}}}"#)), &Seen::nothing()).unwrap();
    plan(&call(PATCH, r#"{"event_id":"a","recurrence":[]}"#), &Seen::nothing()).unwrap();
}

#[test]
fn control_characters_are_refused_in_every_text() {
    let days = r#""start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}"#;
    for control in
        ["\\u0000", "\\u0007", "\\r", "\\t", "\\u001b[2J", "\\u007f", "\\u0085", "\\u009b"]
    {
        let text = format!("{SECRET}{control}");
        for name in ["description", "location"] {
            refused(CREATE, &format!(r#"{{"summary":"x",{days},"{name}":"{text}"}}"#), name);
            refused(PATCH, &format!(r#"{{"event_id":"a","{name}":"{text}"}}"#), name);
        }
        refused(CREATE, &format!(r#"{{"summary":"{text}",{days}}}"#), "summary");
        refused(PATCH, &format!(r#"{{"event_id":"a","summary":"{text}"}}"#), "summary");
        refused(LIST, &format!(r#"{{"query":"{text}"}}"#), "query");
        refused(LIST, &format!(r#"{{"calendar_id":"{text}"}}"#), "calendar_id");
        refused(GET, &format!(r#"{{"event_id":"{text}"}}"#), "event_id");
        refused(DELETE, &format!(r#"{{"event_id":"a","calendar_id":"{text}"}}"#), "calendar_id");
        refused(DELETE, &format!(r#"{{"event_id":"a","etag":"\"{text}\""}}"#), "etag");
        refused(LIST, &format!(r#"{{"time_min":"2026-03-10T00:00:00Z{control}"}}"#), "time_min");
    }
    // A description may have lines, the other texts may not.
    plan(
        &call(CREATE, &format!(r#"{{"summary":"x",{days},"description":"a\nb"}}"#)),
        &Seen::nothing(),
    )
    .unwrap();
    for name in ["location", "summary"] {
        refused(PATCH, &format!(r#"{{"event_id":"a","{name}":"a\nb"}}"#), name);
    }
}

#[test]
fn ids_that_could_be_more_than_one_segment_are_refused() {
    for id in ["", ".", "..", "a/b", "../acl", "a\\\\b", "a%2fb", "%2e%2e", "a\\nb"] {
        for tool in [GET, DELETE] {
            refused(tool, &format!(r#"{{"event_id":"{id}"}}"#), "event_id");
            let calendar = format!(r#"{{"event_id":"a","calendar_id":"{id}"}}"#);
            refused(tool, &calendar, "calendar_id");
        }
        refused(PATCH, &format!(r#"{{"event_id":"{id}","summary":"x"}}"#), "event_id");
        refused(LIST, &format!(r#"{{"calendar_id":"{id}"}}"#), "calendar_id");
    }
    let long = "é".repeat(513);
    refused(GET, &format!(r#"{{"event_id":"{long}"}}"#), "event_id");
    refused(LIST, &format!(r#"{{"calendar_id":"{long}"}}"#), "calendar_id");
}

#[test]
fn bounds_of_a_listing_are_points_in_time_in_order() {
    refused(LIST, r#"{"time_min":"2026-03-10"}"#, "time_min");
    refused(LIST, r#"{"time_max":"2026-03-10T00:00:00"}"#, "time_max");
    refused(LIST, r#"{"time_min":"s3cr3t-value"}"#, "time_min");
    let bounds = r#"{"time_min":"2026-03-10T00:00:00Z","time_max":"2026-03-10T01:00:00+01:00"}"#;
    refused(LIST, bounds, "time_max: is after time_min");
}

#[test]
fn etags_are_strong_and_quoted() {
    for etag in ["1", "\\\"\\\"", "W/\\\"1\\\"", "*", "\\\"a\\\", \\\"b\\\""] {
        for tool in [PATCH, DELETE] {
            let summary = if tool == PATCH { r#","summary":"x""# } else { "" };
            refused(tool, &format!(r#"{{"event_id":"a","etag":"{etag}"{summary}}}"#), "etag");
        }
    }
}

#[test]
fn a_patch_changes_something() {
    refused(PATCH, r#"{"event_id":"a"}"#, "nothing to change");
    refused(PATCH, r#"{"event_id":"a","send_updates":"all"}"#, "nothing to change");
}

#[test]
fn pins_are_not_an_argument() {
    refused(PATCH, r#"{"event_id":"a","summary":"x","pinned":{"etag":"\"1\""}}"#, "argument");
    refused(DELETE, r#"{"event_id":"a","pinned":{"etag":"\"1\""}}"#, "argument");
}

#[test]
fn another_connectors_tool_is_not_planned() {
    let error = plan(&call("gmail_send", "{}"), &Seen::nothing()).unwrap_err();
    assert_eq!(error.kind, "unknown_tool");
}
