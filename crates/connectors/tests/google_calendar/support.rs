//! Calls, answers and the way from one to a prepared effect.

use countersign_connectors::GoogleCalendar;
use countersign_core::{
    Answer, Connector, EffectId, Object, PlanError, Planned, Prepared, Seen, ToolCall, Value,
};

pub(crate) const LIST: &str = "google_calendar_list_events";
pub(crate) const GET: &str = "google_calendar_get_event";
pub(crate) const CREATE: &str = "google_calendar_create_event";
pub(crate) const PATCH: &str = "google_calendar_patch_event";
pub(crate) const DELETE: &str = "google_calendar_delete_event";

/// The effect of most tests: the bytes 0 to 15.
pub(crate) fn effect() -> EffectId {
    "000102030405060708090a0b0c0d0e0f".parse().unwrap()
}

/// The id of the event that [`effect`] creates: 32 characters of lower-case base32hex of
/// SHA-256("countersign-event-id" || 00 01 … 0f), computed with Python's hashlib.
pub(crate) const NEW_ID: &str = "9jjgsedjg6f1l0e5lp6jpaob7eibp4da";

pub(crate) fn call(tool: &str, arguments: &str) -> ToolCall {
    ToolCall::from_json(tool, arguments).unwrap()
}

pub(crate) fn plan(call: &ToolCall, seen: &Seen) -> Result<Planned, PlanError> {
    GoogleCalendar::new().plan(call, effect(), seen)
}

/// The effect of a call that needs no read.
pub(crate) fn ready(tool: &str, arguments: &str) -> Prepared {
    match plan(&call(tool, arguments), &Seen::nothing()).unwrap() {
        Planned::Ready(prepared) => prepared,
        other => panic!("not ready: {other:?}"),
    }
}

/// The event that changes are made to, as Google answers it.
pub(crate) const EVENT: &str = r#"{
    "kind": "calendar#event", "etag": "\"3181161784712000\"", "id": "abc123", "status": "confirmed",
    "htmlLink": "https://www.google.com/calendar/event?eid=x", "created": "2026-01-01T00:00:00.000Z",
    "updated": "2026-01-02T00:00:00.000Z", "summary": "Planning", "description": "Bring notes",
    "location": "Room 1", "creator": {"email": "me@example.com", "self": true},
    "organizer": {"email": "me@example.com", "self": true},
    "start": {"dateTime": "2026-03-10T09:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-03-10T10:00:00+01:00", "timeZone": "Europe/Berlin"},
    "iCalUID": "abc123@google.com", "sequence": 0, "hangoutLink": "https://meet.example/x",
    "attendees": [
        {"email": "kim@example.com", "responseStatus": "accepted", "displayName": "Kim"},
        {"email": "lee@example.org", "responseStatus": "needsAction", "optional": true}
    ],
    "reminders": {"useDefault": true}, "eventType": "default"
}"#;

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    Answer::new(status, Vec::new(), body.as_bytes().to_vec())
}

/// Google's error body.
pub(crate) fn error(status: u16, reason: &str) -> Answer {
    let body = format!(
        r#"{{"error":{{"code":{status},"message":"m","errors":[{{"domain":"global","reason":"{reason}","message":"m"}}]}}}}"#
    );
    answer(status, &body)
}

/// The value of a JSON text with some members replaced; `null` takes one out.
pub(crate) fn with(json: &str, changes: &str) -> String {
    let parse = |text: &str| match countersign_core::canon::parse(text.as_bytes()).unwrap() {
        Value::Object(object) => object,
        other => panic!("not an object: {other:?}"),
    };
    let mut object: Object = parse(json);
    for (key, value) in &parse(changes) {
        if value.is_null() {
            object.remove(key);
        } else {
            object.insert(key, value.clone());
        }
    }
    Value::from(object).to_canonical().as_str().to_owned()
}

/// The read that a change asks for first, and its answer as it is seen.
pub(crate) fn seen(change: &ToolCall, answer: Answer) -> Seen {
    let Planned::Needs(reads) = plan(change, &Seen::nothing()).unwrap() else {
        panic!("the change asks for no read")
    };
    let [read] = reads.as_slice() else { panic!("more than one read") };
    assert_eq!(read.tool().as_str(), GET);
    let mut seen = Seen::nothing();
    seen.add(read.clone(), answer);
    seen
}

/// A change with what was read pinned to it.
pub(crate) fn pinned(tool: &str, arguments: &str, event: &str) -> Result<ToolCall, PlanError> {
    let change = call(tool, arguments);
    match plan(&change, &seen(&change, answer(200, event)))? {
        Planned::Pinned(call) => Ok(call),
        other => panic!("not pinned: {other:?}"),
    }
}

/// The effect of a change of an event.
pub(crate) fn change(tool: &str, arguments: &str, event: &str) -> Result<Prepared, PlanError> {
    match plan(&pinned(tool, arguments, event)?, &Seen::nothing())? {
        Planned::Ready(prepared) => Ok(prepared),
        other => panic!("not ready: {other:?}"),
    }
}

/// One effect of each tool.
pub(crate) fn one_of_each() -> Vec<Prepared> {
    let create = r#"{"summary":"Lunch","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}}"#;
    vec![
        ready(LIST, "{}"),
        ready(GET, r#"{"event_id":"abc123"}"#),
        ready(CREATE, create),
        change(PATCH, r#"{"event_id":"abc123","summary":"Lunch"}"#, EVENT).unwrap(),
        change(DELETE, r#"{"event_id":"abc123"}"#, EVENT).unwrap(),
    ]
}

pub(crate) fn body(prepared: &Prepared) -> String {
    String::from_utf8(prepared.steps()[0].body_bytes().to_vec()).unwrap()
}
