//! An event as Google answers it: read strictly, reduced to what is named here.

use countersign_core::canon::{Limits, canonicalize_with};
use countersign_core::{Answer, Canonical, Object, PlanError, ToolCall, ToolName, Value};

use super::args::{Time, When};
use super::tools::Kind;
use crate::encode::is_strong_etag;

/// Longest answer that is read; as long as any that can fill a hole of a later page.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Google's spelling and ours.
const TIMES: [(&str, &str); 3] =
    [("date", "date"), ("dateTime", "date_time"), ("timeZone", "time_zone")];
const ATTENDEE: [(&str, &str); 7] = [
    ("displayName", "display_name"),
    ("email", "email"),
    ("optional", "optional"),
    ("organizer", "organizer"),
    ("resource", "resource"),
    ("responseStatus", "response_status"),
    ("self", "self"),
];
const TEXTS: [(&str, &str); 11] = [
    ("created", "created"),
    ("description", "description"),
    ("etag", "etag"),
    ("eventType", "event_type"),
    ("location", "location"),
    ("recurringEventId", "recurring_event_id"),
    ("status", "status"),
    ("summary", "summary"),
    ("transparency", "transparency"),
    ("updated", "updated"),
    ("visibility", "visibility"),
];

/// The JSON object of an answer's body, if it is one in I-JSON.
pub(super) fn object(body: &[u8]) -> Option<Object> {
    let limits = Limits::DEFAULT.with_max_bytes(MAX_ANSWER);
    match canonicalize_with(body, limits).ok()?.value() {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// The read of one event, as a call of its own. It has one spelling, so that its answer is found
/// again.
pub(super) fn read_call(calendar: &str, event: &str) -> Result<ToolCall, PlanError> {
    let arguments = Object::new().with("calendar_id", calendar).with("event_id", event);
    let failed = |_| PlanError::new("invalid_request", "the read of the event cannot be made");
    let tool = ToolName::new(Kind::Get.tool()).map_err(failed)?;
    ToolCall::new(tool, Value::from(arguments).to_canonical())
        .map_err(|_| PlanError::new("invalid_request", "the read of the event cannot be made"))
}

/// An event.
#[derive(Debug, Clone)]
pub(super) struct Event(Object);

impl Event {
    /// The event in a successful answer, if it is the one with this id.
    pub(super) fn read(answer: &Answer, id: &str) -> Option<Self> {
        let event = Self::new(object(&answer.body)?)?;
        (event.text("id")? == id).then_some(event)
    }

    fn new(object: Object) -> Option<Self> {
        let kind = object.get("kind").is_none_or(|kind| kind.as_str() == Some("calendar#event"));
        let id = object.get("id").and_then(Value::as_str).is_some();
        (kind && id).then_some(Self(object))
    }

    pub(super) fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }

    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }

    /// The version, in a form that `if-match` can carry.
    pub(super) fn etag(&self) -> Option<&str> {
        self.text("etag").filter(|etag| is_strong_etag(etag))
    }

    /// Deleted; Google keeps the id.
    pub(super) fn is_cancelled(&self) -> bool {
        self.text("status") == Some("cancelled")
    }

    /// The addresses of all attendees that have one.
    pub(super) fn attendees(&self) -> Vec<&str> {
        let list = self.get("attendees").and_then(Value::as_array).unwrap_or_default();
        list.iter().filter_map(|attendee| attendee.get("email")?.as_str()).collect()
    }

    /// What the agent gets: named members alone, in the spelling of the arguments.
    pub(super) fn reduced(&self) -> Object {
        let mut out = Object::new();
        pick(&self.0, &TEXTS, &mut out);
        if let Some(id) = self.text("id") {
            out.insert("id", id);
        }
        self.common(&mut out);
        if let Some(list) = self.get("attendees").and_then(Value::as_array) {
            let people = list.iter().filter_map(Value::as_object).map(|person| {
                let mut out = Object::new();
                pick(person, &ATTENDEE, &mut out);
                Value::from(out)
            });
            out.insert("attendees", people.collect::<Vec<_>>());
        }
        out
    }

    /// What a change of the event is tied to and shown with; none without a usable version.
    pub(super) fn pins(&self) -> Option<Canonical> {
        let attendees: Vec<Value> = self.attendees().into_iter().map(Value::from).collect();
        let mut out = Object::new().with("etag", self.etag()?).with("attendees", attendees);
        pick(
            &self.0,
            &[
                ("location", "location"),
                ("recurringEventId", "recurring_event_id"),
                ("summary", "summary"),
            ],
            &mut out,
        );
        self.common(&mut out);
        Some(Value::from(out).to_canonical())
    }

    fn common(&self, out: &mut Object) {
        for name in ["start", "end"] {
            if let Some(time) = self.get(name).and_then(Value::as_object) {
                let mut times = Object::new();
                pick(time, &TIMES, &mut times);
                out.insert(name, times);
            }
        }
        if let Some(organizer) = self.get("organizer").and_then(|o| o.get("email")?.as_str()) {
            out.insert("organizer", organizer);
        }
        if let Some(lines) = self.get("recurrence").and_then(Value::as_array) {
            let lines = lines.iter().filter_map(Value::as_str).map(Value::from);
            out.insert("recurrence", lines.collect::<Vec<_>>());
        }
        if self.get("attendeesOmitted").and_then(Value::as_bool) == Some(true) {
            out.insert("attendees_omitted", true);
        }
    }
}

/// One page of a listing: its events, and whether there is another page.
pub(super) fn page(body: &[u8]) -> Option<(Vec<Value>, bool)> {
    let page = object(body)?;
    let reduced = |item: &Value| Some(Event::new(item.as_object()?.clone())?.reduced().into());
    let items = page.get("items")?.as_array()?.iter().map(reduced).collect::<Option<_>>()?;
    let last = page.get("nextPageToken").is_none_or(|t| t.is_null() || t.as_str() == Some(""));
    Some((items, !last))
}

/// A start or an end in our spelling, as the pins have it.
pub(super) fn time(pins: &Value, name: &str) -> Option<Time> {
    let time = pins.get(name)?;
    let text = |key: &str| time.get(key).and_then(Value::as_str).map(str::to_owned);
    let date_time = text("date_time");
    // Google names a zone for some all-day events, where it means nothing.
    let time_zone = text("time_zone").filter(|_| date_time.is_some());
    When { date: text("date"), date_time, time_zone }.read(name).ok()
}

/// Copies texts and flags under our names.
fn pick(from: &Object, names: &[(&str, &str)], out: &mut Object) {
    for (google, ours) in names {
        if let Some(value @ (Value::String(_) | Value::Bool(_))) = from.get(google) {
            out.insert(*ours, value.clone());
        }
    }
}
