//! What is shown is what is sent.

use countersign_connectors::GoogleCalendar;
use countersign_core::{
    Alphabet, Connector, Hole, Method, Place, Prepared, Preview, Step, ToolName, Value,
};

use crate::support::{
    CREATE, DELETE, EVENT, LIST, NEW_ID, PATCH, change, effect, one_of_each, ready, with,
};

const URL: &str = "https://www.googleapis.com/calendar/v3/calendars/primary/events";

fn preview(prepared: &Prepared) -> Preview {
    GoogleCalendar::new().preview(prepared)
}

fn text(preview: &Preview) -> String {
    let lines = preview.lines.iter().map(|(label, value)| format!("{label}: {value}\n"));
    format!("{}\n{}", preview.title, lines.collect::<String>())
}

/// An effect made of any steps.
fn wire(steps: Vec<Step>) -> Prepared {
    let credential = ready(LIST, "{}").credential().unwrap().clone();
    let tool = ToolName::new(CREATE).unwrap();
    let arguments = countersign_core::canon::canonicalize(b"{}").unwrap();
    Prepared::wire(effect(), tool, arguments, Some(credential), steps).unwrap()
}

fn post(url: &str, body: &str) -> Prepared {
    let step = Step::new(Method::Post, url).unwrap();
    let step = step.header("content-type", "application/json").unwrap();
    wire(vec![step.body(body.as_bytes().to_vec()).unwrap()])
}

#[test]
fn a_new_event_is_shown_whole() {
    let arguments = r#"{"summary":"Kaffee","description":"line 1\nline 2","location":"Bar",
        "start":{"date_time":"2026-03-10T09:00:00","time_zone":"Europe/Berlin"},
        "end":{"date_time":"2026-03-10T10:00:00+01:00","time_zone":"Europe/Berlin"},
        "attendees":["kim@example.com","lee@example.org"],
        "recurrence":["RRULE:FREQ=WEEKLY;COUNT=5","RDATE:20260401T090000Z"],
        "visibility":"private","send_updates":"all"}"#;
    let expected = format!(
        "Create an event in calendar primary and send invitations\n\
        calendar: primary\n\
        id of the new event: {NEW_ID}\n\
        summary: Kaffee\n\
        starts: 2026-03-10T09:00:00 (Europe/Berlin)\n\
        ends: 2026-03-10T10:00:00+01:00 (Europe/Berlin)\n\
        repeats: RRULE:FREQ=WEEKLY;COUNT=5\n\
        repeats: RDATE:20260401T090000Z\n\
        location: Bar\n\
        description: line 1\nline 2\n\
        attendee: kim@example.com\n\
        attendee: lee@example.org\n\
        visibility: private\n\
        invitations: sent to all attendees (sendUpdates=all)\n\
        connection: google-oauth2\n"
    );
    assert_eq!(text(&preview(&ready(CREATE, arguments))), expected);
}

#[test]
fn silence_towards_attendees_is_shown() {
    let days = r#""start":{"date":"2026-03-10"},"end":{"date":"2026-03-12"}"#;
    let arguments = format!(r#"{{"summary":"x",{days},"attendees":["kim@example.com"]}}"#);
    let shown = text(&preview(&ready(CREATE, &arguments)));
    assert!(shown.starts_with("Create an event in calendar primary\n"), "{shown}");
    assert!(shown.contains("starts: 2026-03-10 (all day)\n"), "{shown}");
    assert!(shown.contains("ends: 2026-03-12 (all day; the day before is the last)\n"), "{shown}");
    let line = "invitations: Google is asked to notify nobody (sendUpdates=none)\n";
    assert!(shown.contains(line), "{shown}");
}

#[test]
fn a_patch_shows_the_change_and_what_is_there_now() {
    let arguments = r#"{"event_id":"abc123","calendar_id":"team@example.com","summary":"",
        "attendees":["LEE@example.org","new@example.com"],"send_updates":"external_only"}"#;
    let expected = "Change an event in the calendar named below and notify attendees\n\
        calendar: team@example.com\n\
        event: abc123\n\
        summary: empty from now on\n\
        attendee: LEE@example.org\n\
        attendee: new@example.com\n\
        notifications: sent to attendees who do not use Google Calendar (sendUpdates=externalOnly)\n\
        only if still in version: \"3181161784712000\"\n\
        currently: attendee, taken off: kim@example.com\n\
        currently: attendee: lee@example.org\n\
        currently: ends: 2026-03-10T10:00:00+01:00 (Europe/Berlin)\n\
        currently: location: Room 1\n\
        currently: organizer: me@example.com\n\
        currently: starts: 2026-03-10T09:00:00+01:00 (Europe/Berlin)\n\
        currently: summary: Planning\n\
        connection: google-oauth2\n";
    assert_eq!(text(&preview(&change(PATCH, arguments, EVENT).unwrap())), expected);
    let cleared = r#"{"event_id":"abc123","attendees":[],"recurrence":[]}"#;
    let shown = text(&preview(&change(PATCH, cleared, EVENT).unwrap()));
    assert!(shown.contains("attendee: none any more\n"), "{shown}");
    assert!(shown.contains("repeats: none any more\n"), "{shown}");
    assert!(shown.contains("currently: attendee, taken off: lee@example.org\n"), "{shown}");
}

#[test]
fn a_delete_shows_what_goes_and_that_it_is_a_series() {
    let event = with(
        EVENT,
        r#"{"recurrence":["RRULE:FREQ=DAILY"],"recurringEventId":"master","attendeesOmitted":true,
            "start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}}"#,
    );
    let shown = text(&preview(&change(DELETE, r#"{"event_id":"abc123"}"#, &event).unwrap()));
    for line in [
        "Delete an event from calendar primary\n",
        "currently: repeats: RRULE:FREQ=DAILY\n",
        "currently: one occurrence of: master\n",
        "currently: attendees: more than Google shows\n",
        "currently: starts: 2026-03-10 (all day)\n",
        "currently: summary: Planning\n",
        "currently: attendee: kim@example.com\n",
    ] {
        assert!(shown.contains(line), "{line:?} is not in {shown}");
    }
}

#[test]
fn a_listing_shows_bounds_and_pages() {
    let arguments = r#"{"time_min":"2026-03-01T00:00:00+01:00","time_max":"2026-04-01T00:00:00Z",
        "query":"cake","max_results":7,"max_pages":4,"single_events":false}"#;
    let expected = "List the events of calendar primary\n\
        calendar: primary\n\
        per page: at most 7\n\
        that match: cake\n\
        recurring events: once (singleEvents=false)\n\
        that start before: 2026-04-01T00:00:00Z\n\
        that end after: 2026-03-01T00:00:00+01:00\n\
        pages: at most 4\n\
        connection: google-oauth2\n";
    assert_eq!(text(&preview(&ready(LIST, arguments))), expected);
}

#[test]
fn the_title_holds_no_word_of_the_call() {
    let id = "primary and nothing happens";
    let prepared = ready(LIST, &format!(r#"{{"calendar_id":"{id}"}}"#));
    let shown = preview(&prepared);
    assert_eq!(shown.title, "List the events of the calendar named below");
    assert!(shown.lines.contains(&("calendar".into(), id.into())));
}

#[test]
fn the_preview_reads_the_wire_and_not_the_arguments() {
    let honest = ready(
        CREATE,
        r#"{"summary":"Lunch","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}}"#,
    );
    let body = r#"{"id":"abcde","summary":"Wire","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}}"#;
    let step = post(&format!("{URL}?sendUpdates=all"), body).steps()[0].clone();
    let credential = honest.credential().cloned();
    let lying = Prepared::wire(
        effect(),
        honest.tool().clone(),
        honest.arguments().clone(),
        credential,
        vec![step],
    );
    let shown = text(&preview(&lying.unwrap()));
    assert!(shown.contains("Wire") && !shown.contains("Lunch"), "{shown}");
}

#[test]
fn what_the_preview_does_not_know_is_shown_raw() {
    let body = r#"{"id":"abcde","summary":"x","guestsCanModify":true,
        "start":{"dateTime":"2026-03-10T09:00:00Z","odd":"in start"},
        "end":{"date":"2026-03-10","dateTime":"2026-03-11T09:00:00Z"},
        "attendees":[{"email":"a@b.cc","optional":true},"bare"],"recurrence":"not a list",
        "visibility":7,"conferenceData":{"createRequest":{"requestId":"hidden"}}}"#;
    let shown = text(&preview(&post(
        &format!("{URL}?sendUpdates=everyone&sendUpdates=none&conferenceDataVersion=1"),
        body,
    )));
    for part in [
        "also sent: guestsCanModify: true\n",
        r#"starts: {"dateTime":"2026-03-10T09:00:00Z","odd":"in start"}"#,
        r#"ends: {"date":"2026-03-10","dateTime":"2026-03-11T09:00:00Z"}"#,
        r#"attendee: {"email":"a@b.cc","optional":true}"#,
        "attendee: \"bare\"\n",
        "repeats: not a list\n",
        "visibility: 7\n",
        r#"also sent: conferenceData: {"createRequest":{"requestId":"hidden"}}"#,
        "invitations: sent as Google understands (sendUpdates=everyone)\n",
        "(sendUpdates=none)\n",
        "also sent: conferenceDataVersion=1\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
    let silent = text(&preview(&post(URL, body)));
    assert!(silent.contains("notifications: not stated: Google decides\n"), "{silent}");
}

#[test]
fn headers_and_a_missing_credential_do_not_hide() {
    let step = Step::new(Method::Get, &format!("{URL}/abc"))
        .and_then(|s| s.header("accept", "text/html"))
        .and_then(|s| s.header("x-goog-user-project", "other"))
        .unwrap()
        .without_credential();
    let shown = text(&preview(&wire(vec![step])));
    for part in [
        "header: accept: text/html\n",
        "header: x-goog-user-project: other\n",
        "credential: goes without\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn requests_of_another_shape_are_shown_as_they_are() {
    let get = |url: &str| Step::new(Method::Get, url).unwrap();
    let hole = |url: &str| Hole::new(Place::Url, url.len(), "/secret", Alphabet::Unreserved, 9);
    let further = format!("{URL}?pageToken=");
    let odd = [
        post("https://evil.example/calendar/v3/calendars/primary/events", r#"{"id":"abcde"}"#),
        post("https://www.googleapis.com/calendar/v3/calendars/primary/acl", r#"{"role":"owner"}"#),
        post(&format!("{URL}/quickAdd"), r#"{"text":"x"}"#),
        post(URL, "not json"),
        post(URL, r#"{"summary":"without id"}"#),
        post(URL, r#"{"id":"abcde","id":"twice"}"#),
        wire(vec![get(&format!("{URL}/a%61"))]),
        wire(vec![get(&format!("{URL}?q"))]),
        wire(vec![get(&format!("{URL}/abc/instances"))]),
        wire(vec![get(URL), get(&further).holes(vec![hole(&further)]).unwrap()]),
        wire(vec![get(URL), get(URL), get(URL)]),
        wire(vec![
            post(&format!("{URL}?sendUpdates=none"), r#"{"id":"abcde"}"#).steps()[0].clone(),
            post(&format!("{URL}?sendUpdates=none&pageToken="), r#"{"id":"abcde"}"#).steps()[0]
                .clone(),
        ]),
        wire(vec![
            post(URL, r#"{"id":"abcde"}"#).steps()[0].clone(),
            post(URL, r#"{"id":"fghij"}"#).steps()[0].clone(),
        ]),
    ];
    for prepared in odd {
        let shown = preview(&prepared);
        assert_eq!(shown.title, "Send requests that this preview cannot read");
        let shown = text(&shown);
        for step in prepared.steps() {
            assert!(shown.contains(step.url()), "{shown}");
            assert!(shown.contains(core::str::from_utf8(step.body_bytes()).unwrap()), "{shown}");
        }
    }
}

#[test]
fn another_hole_in_the_further_pages_is_shown() {
    let first = ready(LIST, r#"{"max_pages":3}"#).steps()[0].clone();
    let url = format!("{}&pageToken=", first.url());
    let mut further = Step::new(Method::Get, &url).unwrap();
    for (name, value) in first.headers() {
        further = further.header(name, value).unwrap();
    }
    let hole = Hole::new(Place::Url, url.len() - 3, "/other", Alphabet::Hex, 9);
    let further = further.holes(vec![hole]).unwrap().pages(99).unwrap();
    let shown = text(&preview(&wire(vec![first, further])));
    assert!(shown.contains("pages: at most 100\n"), "{shown}");
    assert!(shown.contains(r#""pointer":"/other""#), "{shown}");
}

/// Every text and number of a body, and every value of a query.
fn leaves(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => out.push(flag.to_string()),
        Value::Number(number) => out.push(number.as_str().to_owned()),
        Value::String(text) => out.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|item| leaves(item, out)),
        Value::Object(object) => object.iter().for_each(|(_, item)| leaves(item, out)),
    }
}

#[test]
fn every_value_of_body_and_query_is_in_some_line() {
    for prepared in one_of_each() {
        let shown = preview(&prepared);
        let step = &prepared.steps()[0];
        let mut values = Vec::new();
        if !step.body_bytes().is_empty() {
            leaves(&countersign_core::canon::parse(step.body_bytes()).unwrap(), &mut values);
        }
        let query = step.url().split_once('?').map_or("", |(_, query)| query);
        values.extend(query.split('&').filter_map(|p| Some(p.split_once('=')?.1.to_owned())));
        for value in values {
            let found = shown.lines.iter().any(|(_, line)| line.contains(&value));
            assert!(found, "{value:?} is not in {shown:?}");
        }
    }
}
