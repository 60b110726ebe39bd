//! Events, their versions, and what changing one does.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::random::Dice;
use super::errors::ApiError;
use super::outbox::{Audience, Mail, mail};
use super::query::Query;
use super::schema;
use super::when::{EventTime, stamp};

/// One event. Deleted events stay, with `status` `cancelled`, and keep their id.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) fields: Map<String, Value>,
    pub(super) start: EventTime,
    pub(super) end: EventTime,
    /// Revision of its insertion: the order of a listing without `orderBy`.
    pub(super) created: u64,
    /// Revision of its last change.
    pub(super) changed: u64,
}

impl Event {
    pub(super) fn is_deleted(&self) -> bool {
        self.fields.get("status").and_then(Value::as_str) == Some("cancelled")
    }
}

/// Rest of a listing, waiting to be asked for.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) account: String,
    /// The parameters of the first request, without `pageToken`.
    pub(super) query: Query,
    pub(super) ids: Vec<String>,
}

/// A change as requested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Write {
    /// `insert`, `patch` or `delete`.
    pub method: &'static str,
    /// Whose calendar.
    pub account: String,
    /// The event.
    pub event_id: String,
    /// The `sendUpdates` parameter, `None` if it was absent.
    pub send_updates: Option<String>,
}

pub(super) struct Store {
    calendars: BTreeMap<String, BTreeMap<String, Event>>,
    revision: u64,
    dice: Dice,
    pub(super) outbox: Vec<Mail>,
    pub(super) writes: Vec<Write>,
    pages: BTreeMap<String, Page>,
    pub(super) page_cap: Option<usize>,
    pub(super) empty_first_page: bool,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            calendars: BTreeMap::new(),
            revision: 0,
            dice: Dice::new(),
            outbox: Vec::new(),
            writes: Vec::new(),
            pages: BTreeMap::new(),
            page_cap: None,
            empty_first_page: false,
        }
    }

    /// Events with their ids, deleted ones too.
    pub(super) fn entries(&self, account: &str) -> impl Iterator<Item = (&String, &Event)> {
        self.calendars.get(account).into_iter().flatten()
    }

    pub(super) fn event(&self, account: &str, id: &str) -> Option<&Event> {
        self.calendars.get(account)?.get(id)
    }

    fn bump(&mut self) -> u64 {
        self.revision = self.revision.saturating_add(1);
        self.revision
    }

    pub(super) fn collection_etag(&self) -> String {
        format!("\"p{:014}\"", self.revision)
    }

    pub(super) fn insert(
        &mut self,
        account: &str,
        now: i64,
        mut fields: Map<String, Value>,
        audience: Audience,
    ) -> Result<Event, ApiError> {
        schema::check_members(&fields, false)?;
        let (start, end) = schema::check_whole(&fields)?;
        if fields.contains_key("id") && fields.contains_key("iCalUID") {
            let message = "Only one of id and iCalUID may be given.";
            return Err(ApiError::invalid("invalid", message));
        }
        let id = match fields.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => self.dice.text(b"abcdefghijklmnopqrstuv0123456789", 26),
        };
        if self.event(account, &id).is_some() {
            let message = "The requested identifier already exists.";
            return Err(ApiError::new(409, "duplicate", message));
        }
        let defaults = json!({
            "status": "confirmed",
            "iCalUID": format!("{id}@google.com"),
            "sequence": 0,
            "reminders": { "useDefault": true },
            "eventType": "default",
        });
        if let Value::Object(defaults) = defaults {
            for (name, value) in defaults {
                fields.entry(name).or_insert(value);
            }
        }
        for (name, value) in [
            ("kind", json!("calendar#event")),
            ("id", json!(id)),
            ("htmlLink", json!(format!("https://www.google.com/calendar/event?eid={id}"))),
            ("created", json!(stamp(now))),
            ("creator", json!({ "email": account, "self": true })),
            ("organizer", json!({ "email": account, "self": true })),
        ] {
            fields.insert(name.to_owned(), value);
        }
        let revision = self.bump();
        let mut event = Event { fields, start, end, created: revision, changed: revision };
        seal(&mut event, account, now);
        self.outbox.extend(mail(account, &id, None, Some(&event.fields), audience));
        self.calendars.entry(account.to_owned()).or_default().insert(id, event.clone());
        Ok(event)
    }

    pub(super) fn patch(
        &mut self,
        account: &str,
        now: i64,
        id: &str,
        body: &Map<String, Value>,
        audience: Audience,
    ) -> Result<Event, ApiError> {
        schema::check_members(body, true)?;
        let old = self.event(account, id).ok_or_else(ApiError::not_found)?.clone();
        for fixed in ["id", "iCalUID"] {
            if body.get(fixed).is_some_and(|value| Some(value) != old.fields.get(fixed)) {
                return Err(ApiError::invalid("invalid", format!("{fixed} can't be changed.")));
            }
        }
        let mut fields = old.fields.clone();
        merge(&mut fields, body);
        let (start, end) = schema::check_whole(&fields)?;
        if (start, end) != (old.start, old.end) && !body.contains_key("sequence") {
            let sequence = fields.get("sequence").and_then(Value::as_u64).unwrap_or(0);
            fields.insert("sequence".to_owned(), json!(sequence.saturating_add(1)));
        }
        let mut event = Event { fields, start, end, changed: self.bump(), created: old.created };
        seal(&mut event, account, now);
        self.outbox.extend(mail(account, id, Some(&old.fields), Some(&event.fields), audience));
        self.calendars.entry(account.to_owned()).or_default().insert(id.to_owned(), event.clone());
        Ok(event)
    }

    pub(super) fn delete(
        &mut self,
        account: &str,
        now: i64,
        id: &str,
        audience: Audience,
    ) -> Result<(), ApiError> {
        let mut event = self.event(account, id).ok_or_else(ApiError::not_found)?.clone();
        if event.is_deleted() {
            return Err(ApiError::deleted());
        }
        self.outbox.extend(mail(account, id, Some(&event.fields), None, audience));
        event.fields.insert("status".to_owned(), json!("cancelled"));
        event.changed = self.bump();
        seal(&mut event, account, now);
        self.calendars.entry(account.to_owned()).or_default().insert(id.to_owned(), event);
        Ok(())
    }

    pub(super) fn page(&self, token: &str) -> Option<&Page> {
        self.pages.get(token)
    }

    pub(super) fn keep_page(&mut self, page: Page) -> String {
        let token = self.dice.token(32);
        self.pages.insert(token.clone(), page);
        token
    }
}

/// What every write renews: version, time of change, defaults of attendees.
fn seal(event: &mut Event, account: &str, now: i64) {
    // Google's etags look like this; their meaning is nobody's business.
    let version = event.changed.saturating_mul(2).saturating_add(3_500_000_000_000_000);
    event.fields.insert("etag".to_owned(), json!(format!("\"{version}\"")));
    event.fields.insert("updated".to_owned(), json!(stamp(now)));
    let attendees = event.fields.get_mut("attendees").and_then(Value::as_array_mut);
    for attendee in attendees.into_iter().flatten().filter_map(Value::as_object_mut) {
        attendee.entry("responseStatus").or_insert_with(|| json!("needsAction"));
        if attendee.get("email").and_then(Value::as_str) == Some(account) {
            attendee.insert("self".to_owned(), json!(true));
            attendee.insert("organizer".to_owned(), json!(true));
        }
    }
}

/// Google's patch: `null` removes, objects merge, arrays and the rest are replaced whole.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(members) => {
                let slot = target.entry(name.clone()).or_insert_with(|| json!({}));
                match slot.as_object_mut() {
                    Some(inner) => merge(inner, members),
                    None => *slot = value.clone(),
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}
