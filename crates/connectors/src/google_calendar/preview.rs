//! What a person is shown: the request as it will be sent, and what the event is now.

use countersign_core::canon::{Limits, canonicalize_with};
use countersign_core::{Object, Prepared, Preview, Step, Value};

use super::plan::{MAX_PAGE_TOKEN, PAGE_TOKEN};
use super::tools::Kind;
use super::wire::{JSON, Wire};

pub(super) fn preview(prepared: &Prepared) -> Preview {
    let mut lines = Lines(Vec::new());
    let title = if let Some(wire) = Wire::read(prepared) {
        lines.request(&wire, prepared);
        lines.pins(&wire, prepared);
        title(&wire)
    } else {
        lines.raw(prepared);
        "Send requests that this preview cannot read".to_owned()
    };
    if let Some(credential) = prepared.credential() {
        lines.add("connection", credential.connection().as_str());
        if let Some(account) = credential.account() {
            lines.add("account", account.as_str());
        }
    }
    lines.0.into_iter().fold(Preview::new(&title), |p, (label, value)| p.line(&label, value))
}

/// Our own words alone: an id could hold any.
fn title(wire: &Wire<'_>) -> String {
    let own = wire.calendar == "primary";
    let calendar = if own { "calendar primary" } else { "the calendar named below" };
    let told = wire.query.iter().any(|(n, v)| n == "sendUpdates" && v != "none");
    let what = match wire.kind {
        Kind::List => "List the events of",
        Kind::Get => "Read an event of",
        Kind::Create => "Create an event in",
        Kind::Patch => "Change an event in",
        Kind::Delete => "Delete an event from",
    };
    let invites = wire.body.get("attendees").and_then(Value::as_array);
    let then = match wire.kind {
        Kind::Create if told && invites.is_some_and(|list| !list.is_empty()) => {
            " and send invitations"
        }
        Kind::Patch | Kind::Delete if told => " and notify attendees",
        _ => "",
    };
    format!("{what} {calendar}{then}")
}

struct Lines(Vec<(String, String)>);

impl Lines {
    fn add(&mut self, label: &str, value: impl Into<String>) {
        self.0.push((label.to_owned(), value.into()));
    }

    fn request(&mut self, wire: &Wire<'_>, prepared: &Prepared) {
        self.add("calendar", wire.calendar.as_str());
        match wire.kind {
            Kind::List => {}
            Kind::Create => self.add("id of the new event", wire.event.as_str()),
            Kind::Get | Kind::Patch | Kind::Delete => self.add("event", wire.event.as_str()),
        }
        self.body(wire);
        for (name, value) in &wire.query {
            self.query(wire.kind, name, value);
        }
        if !wire.kind.reads() && !wire.query.iter().any(|(name, _)| name == "sendUpdates") {
            self.add("notifications", "not stated: Google decides");
        }
        for (name, value) in wire.step.headers() {
            let usual = match name.as_str() {
                "accept" | "content-type" => value == JSON,
                "user-agent" => value == crate::USER_AGENT,
                _ => false,
            };
            if name == "if-match" {
                self.add("only if still in version", value.as_str());
            } else if !usual {
                self.add("header", format!("{name}: {value}"));
            }
        }
        if !wire.step.carries_credential() {
            self.add("credential", "goes without");
        }
        if wire.further.is_some() {
            self.further(prepared);
        }
    }

    /// How often the second step may go out, and with what filled in.
    fn further(&mut self, prepared: &Prepared) {
        let sealed = sealed(prepared);
        let step = sealed.pointer("/steps/1");
        let get = |key: &str| step.and_then(|step| step.get(key));
        let pages = get("pages").and_then(Value::as_i64).unwrap_or(0);
        self.add("pages", format!("at most {}", pages.saturating_add(1)));
        let length = get("url").and_then(Value::as_str).map(str::len);
        let offset = length.and_then(|length| u16::try_from(length).ok()).map(Value::from);
        let expected = Object::new()
            .with("alphabet", "base64url")
            .with("in", "url")
            .with("max", MAX_PAGE_TOKEN)
            .with("offset", offset)
            .with("pointer", PAGE_TOKEN);
        let expected = Value::Array(vec![expected.into()]);
        if let Some(holes) = get("holes").filter(|holes| **holes != expected) {
            self.add("filled in later", json(holes));
        }
    }

    fn body(&mut self, wire: &Wire<'_>) {
        // In the order in which an invitation is read; what is not named here follows raw.
        let known = [
            ("summary", "summary"),
            ("start", "starts"),
            ("end", "ends"),
            ("recurrence", "repeats"),
            ("location", "location"),
            ("description", "description"),
            ("attendees", "attendee"),
            ("visibility", "visibility"),
            ("transparency", "blocks time"),
        ];
        for (member, label) in known {
            if let Some(value) = wire.body.get(member) {
                self.member(member, label, value);
            }
        }
        for (member, value) in &wire.body {
            let shown = known.iter().any(|(name, _)| *name == member)
                || (member == "id" && value.as_str() == Some(&wire.event));
            if !shown {
                self.add("also sent", format!("{member}: {}", json(value)));
            }
        }
    }

    fn member(&mut self, member: &str, label: &str, value: &Value) {
        match (member, value) {
            ("attendees" | "recurrence", Value::Array(list)) if list.is_empty() => {
                self.add(label, "none any more");
            }
            ("attendees", Value::Array(list)) => {
                for attendee in list {
                    let only = attendee.as_object().filter(|object| object.len() == 1);
                    let address = only.and_then(|object| object.get("email")?.as_str());
                    self.add(label, address.map_or_else(|| json(attendee), str::to_owned));
                }
            }
            ("recurrence", Value::Array(list)) => list.iter().for_each(|line| {
                self.add(label, plain(line));
            }),
            ("start" | "end", time) => self.add(label, moment(time, label)),
            (_, Value::String(text)) if text.is_empty() => self.add(label, "empty from now on"),
            _ => self.add(label, plain(value)),
        }
    }

    fn query(&mut self, kind: Kind, name: &str, value: &str) {
        let raw = format!("{name}={value}");
        match (kind, name) {
            (Kind::Create | Kind::Patch | Kind::Delete, "sendUpdates") => {
                let who = match value {
                    "none" => "Google is asked to notify nobody",
                    "all" => "sent to all attendees",
                    "externalOnly" => "sent to attendees who do not use Google Calendar",
                    _ => "sent as Google understands",
                };
                let label = if kind == Kind::Create { "invitations" } else { "notifications" };
                self.add(label, format!("{who} ({raw})"));
            }
            (Kind::List, "timeMin") => self.add("that end after", value),
            (Kind::List, "timeMax") => self.add("that start before", value),
            (Kind::List, "q") => self.add("that match", value),
            (Kind::List, "maxResults") => self.add("per page", format!("at most {value}")),
            (Kind::List, "singleEvents") => self.add(
                "recurring events",
                match value {
                    "true" => "every occurrence by itself (singleEvents=true)".to_owned(),
                    "false" => "once (singleEvents=false)".to_owned(),
                    _ => raw,
                },
            ),
            (Kind::List, "orderBy") => self.add("in order of", value),
            _ => self.add("also sent", raw),
        }
    }

    /// What the event was when it was read. Not part of the request: facts to judge it by.
    fn pins(&mut self, wire: &Wire<'_>, prepared: &Prepared) {
        let arguments = prepared.arguments().value();
        let Some(pins) = arguments.get("pinned").and_then(Value::as_object) else { return };
        let stay: Option<Vec<String>> =
            wire.body.get("attendees").and_then(Value::as_array).map(|list| {
                list.iter()
                    .map(|one| plain(one.get("email").unwrap_or(one)).to_lowercase())
                    .collect()
            });
        for (name, value) in pins {
            match (name, value) {
                ("etag", value) if value.as_str() == wire.if_match() => {}
                ("attendees", Value::Array(list)) => {
                    for one in list.iter().map(plain) {
                        let goes =
                            stay.as_ref().is_some_and(|stay| !stay.contains(&one.to_lowercase()));
                        let label = if goes {
                            "currently: attendee, taken off"
                        } else {
                            "currently: attendee"
                        };
                        self.add(label, one);
                    }
                }
                ("recurrence", Value::Array(list)) => {
                    for line in list {
                        self.add("currently: repeats", plain(line));
                    }
                }
                ("recurring_event_id", value) => {
                    self.add("currently: one occurrence of", plain(value));
                }
                ("attendees_omitted", _) => {
                    self.add("currently: attendees", "more than Google shows");
                }
                ("start", time) => self.add("currently: starts", moment(time, "starts")),
                ("end", time) => self.add("currently: ends", moment(time, "ends")),
                (name, value) => self.add(&format!("currently: {name}"), plain(value)),
            }
        }
    }

    /// The steps as they are, for a request that was not made here.
    fn raw(&mut self, prepared: &Prepared) {
        let sealed = sealed(prepared);
        for (at, step) in prepared.steps().iter().enumerate() {
            self.step(step);
            for key in ["holes", "pages"] {
                let value = sealed.pointer(&format!("/steps/{at}/{key}"));
                if let Some(value) = value {
                    self.add(key, json(value));
                }
            }
        }
        self.add("arguments", prepared.arguments().as_str());
    }

    fn step(&mut self, step: &Step) {
        self.add("request", format!("{} {}", step.method().as_str(), step.url()));
        for (name, value) in step.headers() {
            self.add("header", format!("{name}: {value}"));
        }
        self.add("body", String::from_utf8_lossy(step.body_bytes()));
        if !step.carries_credential() {
            self.add("credential", "goes without");
        }
    }
}

/// The steps in the form they travel in, which says more of holes and pages than a step tells.
fn sealed(prepared: &Prepared) -> Value {
    let bytes = prepared.to_bytes();
    let limits = Limits::DEFAULT.with_max_bytes(bytes.len());
    canonicalize_with(&bytes, limits).map_or(Value::Null, |canonical| canonical.value())
}

fn json(value: &Value) -> String {
    value.to_canonical().as_str().to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| json(value), str::to_owned)
}

/// A start or an end in either spelling; raw if it holds anything else.
fn moment(value: &Value, label: &str) -> String {
    let Some(object) = value.as_object() else { return json(value) };
    let (mut date, mut at, mut zone) = (None, None, None);
    for (name, value) in object {
        let slot = match name {
            "date" => &mut date,
            "dateTime" | "date_time" => &mut at,
            "timeZone" | "time_zone" => &mut zone,
            _ => return json(&Value::from(object.clone())),
        };
        match value {
            Value::String(text) => *slot = Some(text.as_str()),
            Value::Null => {}
            _ => return json(&Value::from(object.clone())),
        }
    }
    match (date, at, zone) {
        (Some(date), None, None) if label == "ends" => {
            format!("{date} (all day; the day before is the last)")
        }
        (Some(date), None, None) => format!("{date} (all day)"),
        (None, Some(at), Some(zone)) => format!("{at} ({zone})"),
        (None, Some(at), None) => at.to_owned(),
        _ => json(&Value::from(object.clone())),
    }
}
