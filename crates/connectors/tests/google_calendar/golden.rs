//! The exact requests, and their digests. A change here changes what people approve: it belongs in
//! the changelog. The digests were computed apart from this code, with Python's hashlib and json.

use countersign_connectors::GoogleCalendar;
use countersign_core::{
    Account, Connection, Connector, EffectId, Method, Planned, Prepared, Seen, Selector,
};

use crate::support::{
    CREATE, DELETE, EVENT, GET, LIST, NEW_ID, PATCH, body, call, change, effect, ready,
};

const EVENTS: &str = "https://www.googleapis.com/calendar/v3/calendars/primary/events";
const READ: [(&str, &str); 2] = [("accept", "application/json"), ("user-agent", "countersign/0.1")];
const POST: [(&str, &str); 3] = [
    ("accept", "application/json"),
    ("content-type", "application/json"),
    ("user-agent", "countersign/0.1"),
];
const TIED: [(&str, &str); 3] = [
    ("accept", "application/json"),
    ("if-match", "\"3181161784712000\""),
    ("user-agent", "countersign/0.1"),
];
const TIED_BODY: [(&str, &str); 4] = [
    ("accept", "application/json"),
    ("content-type", "application/json"),
    ("if-match", "\"3181161784712000\""),
    ("user-agent", "countersign/0.1"),
];

fn check(
    prepared: &Prepared,
    (method, url): (Method, &str),
    headers: &[(&str, &str)],
    expected_body: &str,
    digest: &str,
) {
    let [step] = prepared.steps() else { panic!("not one step") };
    assert_eq!(step.method(), method);
    assert_eq!(step.url(), url);
    let sent: Vec<_> = step.headers().iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(sent, headers);
    assert_eq!(body(prepared), expected_body);
    assert!(step.carries_credential());
    assert_eq!(prepared.digest().to_hex(), digest, "the digest of {url}");
    assert_eq!(prepared.effect_id(), effect());
}

fn scopes(prepared: &Prepared) -> Vec<&str> {
    prepared.credential().unwrap().scopes().iter().map(countersign_core::Scope::as_str).collect()
}

#[test]
fn list_states_every_parameter_in_fixed_order() {
    let prepared = ready(LIST, "{}");
    let url = format!("{EVENTS}?maxResults=50&orderBy=startTime&singleEvents=true");
    check(
        &prepared,
        (Method::Get, &url),
        &READ,
        "",
        "d9e4b3cafe238317925e9ea4df3987b20801e4397e6a9a311648888b52ac3baf",
    );
    assert_eq!(scopes(&prepared), ["https://www.googleapis.com/auth/calendar.events.readonly"]);

    let arguments = r#"{"calendar_id":"en.usa#holiday@group.v.calendar.google.com",
        "time_min":"2026-03-01T00:00:00+01:00","time_max":"2026-04-01T00:00:00Z",
        "query":"café & cake","max_results":2500,"single_events":false}"#;
    let url = "https://www.googleapis.com/calendar/v3/calendars/\
        en.usa%23holiday%40group.v.calendar.google.com/events?maxResults=2500&\
        q=caf%C3%A9%20%26%20cake&singleEvents=false&timeMax=2026-04-01T00%3A00%3A00Z&\
        timeMin=2026-03-01T00%3A00%3A00%2B01%3A00";
    check(
        &ready(LIST, arguments),
        (Method::Get, url),
        &READ,
        "",
        "cad1472260ef65465db5b8ada4d111ce3e338376749f2d6da367b4a57324dcd8",
    );
}

#[test]
fn get_is_one_path_segment() {
    let prepared = ready(GET, r#"{"event_id":"abc123_20260310T080000Z"}"#);
    let url = format!("{EVENTS}/abc123_20260310T080000Z");
    check(
        &prepared,
        (Method::Get, &url),
        &READ,
        "",
        "b07a4d22c247594a141dc2a8ecd2eb29d3ff859f8bac5c9802c1b596e68ad32a",
    );
    assert_eq!(scopes(&prepared), ["https://www.googleapis.com/auth/calendar.events.readonly"]);
}

#[test]
fn create_sends_canonical_json_under_the_derived_id() {
    let arguments = r#"{"summary":"Kaffee ☕","description":"line 1\nline 2","location":"Bar",
        "start":{"date_time":"2026-03-10T09:00:00","time_zone":"Europe/Berlin"},
        "end":{"date_time":"2026-03-10T10:00:00+01:00","time_zone":"Europe/Berlin"},
        "attendees":["kim@example.com","lee@example.org"],
        "recurrence":["RRULE:FREQ=WEEKLY;COUNT=5","EXDATE;TZID=Europe/Berlin:20260317T090000"],
        "visibility":"private","transparency":"transparent","send_updates":"external_only"}"#;
    let prepared = ready(CREATE, arguments);
    let body = format!(
        r#"{{"attendees":[{{"email":"kim@example.com"}},{{"email":"lee@example.org"}}],"description":"line 1\nline 2","end":{{"dateTime":"2026-03-10T10:00:00+01:00","timeZone":"Europe/Berlin"}},"id":"{NEW_ID}","location":"Bar","recurrence":["RRULE:FREQ=WEEKLY;COUNT=5","EXDATE;TZID=Europe/Berlin:20260317T090000"],"start":{{"dateTime":"2026-03-10T09:00:00","timeZone":"Europe/Berlin"}},"summary":"Kaffee ☕","transparency":"transparent","visibility":"private"}}"#
    );
    let url = format!("{EVENTS}?sendUpdates=externalOnly");
    check(
        &prepared,
        (Method::Post, &url),
        &POST,
        &body,
        "6017240ae4b9460831e350ad02494f2ff89c5525914b9b16e352b9eda935ed56",
    );
    assert_eq!(scopes(&prepared), ["https://www.googleapis.com/auth/calendar.events"]);
}

#[test]
fn the_smallest_create_asks_that_nobody_is_notified() {
    let arguments = r#"{"summary":"x","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"},
        "attendees":[],"recurrence":[]}"#;
    let body = format!(
        r#"{{"end":{{"date":"2026-03-11"}},"id":"{NEW_ID}","start":{{"date":"2026-03-10"}},"summary":"x"}}"#
    );
    let url = format!("{EVENTS}?sendUpdates=none");
    check(
        &ready(CREATE, arguments),
        (Method::Post, &url),
        &POST,
        &body,
        "fc4aa47527e083a13413e980cbd23e24b104192e9ceda54f9cb997b018a7332d",
    );
}

#[test]
fn patch_sends_the_given_fields_tied_to_the_version_read() {
    let arguments = r#"{"event_id":"abc123","summary":"","attendees":[],"send_updates":"all"}"#;
    let prepared = change(PATCH, arguments, EVENT).unwrap();
    let url = format!("{EVENTS}/abc123?sendUpdates=all");
    let body = r#"{"attendees":[],"summary":""}"#;
    check(
        &prepared,
        (Method::Patch, &url),
        &TIED_BODY,
        body,
        "05711e081278782dfff742f2e5d6923ef4cd996a1f0176e7ff25712fee1be0b7",
    );
    assert_eq!(scopes(&prepared), ["https://www.googleapis.com/auth/calendar.events"]);
}

#[test]
fn delete_has_no_body_and_is_tied_to_the_version_read() {
    let prepared = change(DELETE, r#"{"event_id":"abc123"}"#, EVENT).unwrap();
    let url = format!("{EVENTS}/abc123?sendUpdates=none");
    check(
        &prepared,
        (Method::Delete, &url),
        &TIED,
        "",
        "bfd75f0abd2918c710bbbc676f0b20033d329890d8806c09a297ad6b8773e446",
    );
    assert_eq!(scopes(&prepared), ["https://www.googleapis.com/auth/calendar.events"]);
}

#[test]
fn the_pinned_arguments_are_what_was_read() {
    let prepared = change(DELETE, r#"{"event_id":"abc123"}"#, EVENT).unwrap();
    assert_eq!(
        prepared.arguments().as_str(),
        r#"{"event_id":"abc123","pinned":{"attendees":["kim@example.com","lee@example.org"],"end":{"date_time":"2026-03-10T10:00:00+01:00","time_zone":"Europe/Berlin"},"etag":"\"3181161784712000\"","location":"Room 1","organizer":"me@example.com","start":{"date_time":"2026-03-10T09:00:00+01:00","time_zone":"Europe/Berlin"},"summary":"Planning"}}"#
    );
}

#[test]
fn another_effect_is_another_event() {
    let arguments = r#"{"summary":"x","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}}"#;
    let other = EffectId::from_bytes([7; 16]);
    let call = call(CREATE, arguments);
    let Planned::Ready(prepared) =
        GoogleCalendar::new().plan(&call, other, &Seen::nothing()).unwrap()
    else {
        panic!("not ready")
    };
    assert!(body(&ready(CREATE, arguments)).contains(NEW_ID));
    assert!(!body(&prepared).contains(NEW_ID));
    assert!(!body(&prepared).contains(&other.to_string()));
}

#[test]
fn connection_and_account_are_sealed() {
    let connector = GoogleCalendar::new()
        .connection(&Connection::new("work-google").unwrap())
        .account(Account::new("me@example.com").unwrap());
    let call = call(LIST, "{}");
    let Planned::Ready(prepared) = connector.plan(&call, effect(), &Seen::nothing()).unwrap()
    else {
        panic!("not ready")
    };
    let selector: &Selector = prepared.credential().unwrap();
    assert_eq!(selector.connection().as_str(), "work-google");
    assert_eq!(selector.account().unwrap().as_str(), "me@example.com");
    assert_ne!(prepared.digest(), ready(LIST, "{}").digest());
    let tools = connector.tools();
    assert!(tools.iter().all(|t| t.connection().unwrap().as_str() == "work-google"));
}
