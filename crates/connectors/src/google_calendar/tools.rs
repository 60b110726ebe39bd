//! The five tools: what is declared of each, and the JSON Schema of its arguments.

use countersign_core::{PlanError, Role, ToolName, ToolSpec, Trust};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Get,
    Create,
    Patch,
    Delete,
}

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::List, Self::Get, Self::Create, Self::Patch, Self::Delete];

    pub(super) const fn tool(self) -> &'static str {
        match self {
            Self::List => "google_calendar_list_events",
            Self::Get => "google_calendar_get_event",
            Self::Create => "google_calendar_create_event",
            Self::Patch => "google_calendar_patch_event",
            Self::Delete => "google_calendar_delete_event",
        }
    }

    /// The least scope, as a name in Google's list.
    pub(super) const fn scope(self) -> &'static str {
        if self.reads() {
            "https://www.googleapis.com/auth/calendar.events.readonly"
        } else {
            "https://www.googleapis.com/auth/calendar.events"
        }
    }

    /// Whether it changes nothing.
    pub(super) const fn reads(self) -> bool {
        matches!(self, Self::List | Self::Get)
    }

    pub(super) fn of(tool: &ToolName) -> Result<Self, PlanError> {
        let known = Self::ALL.into_iter().find(|kind| kind.tool() == tool.as_str());
        known.ok_or_else(|| PlanError::new("unknown_tool", "the connector has no such tool"))
    }

    pub(super) fn spec(self, connection: &str) -> ToolSpec {
        let spec = ToolSpec::new(self.tool())
            .description(self.description())
            .schema(self.schema())
            .connection(connection, [self.scope()])
            .confined_to("https://www.googleapis.com/calendar/v3/calendars/")
            .returns(Trust::Untrusted, true)
            .role("calendar_id", Role::Target);
        let target = |spec: ToolSpec| {
            spec.role("event_id", Role::Target)
                .role("send_updates", Role::Plain)
                .role("etag", Role::Plain)
        };
        match self {
            Self::List => {
                let plain =
                    ["time_min", "time_max", "query", "max_results", "single_events", "max_pages"];
                plain.iter().fold(spec.severity(1).reads(), |s, name| s.role(name, Role::Plain))
            }
            Self::Get => spec.severity(1).reads().role("event_id", Role::Target),
            Self::Create => content(spec.severity(3).outward()).role("send_updates", Role::Plain),
            Self::Patch => target(content(spec.severity(3).outward())),
            Self::Delete => target(spec.severity(3).effect(countersign_core::Effect::Destructive)),
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::List => {
                "List events of a Google calendar, in order of start time. Recurring events are \
                 expanded into occurrences unless single_events is false. If `more` is true in the \
                 result, narrow time_min and time_max."
            }
            Self::Get => "Read one event of a Google calendar.",
            Self::Create => {
                "Create an event in a Google calendar. Attendees are notified only if send_updates \
                 says so."
            }
            Self::Patch => {
                "Change the given fields of an event in a Google calendar; what is not given stays. \
                 An empty text or list clears a field. attendees and recurrence replace the whole \
                 list: give everyone who shall stay. Attendees are notified only if send_updates \
                 says so."
            }
            Self::Delete => {
                "Delete an event from a Google calendar; with the id of a series, the whole series. \
                 Attendees are notified only if send_updates says so."
            }
        }
    }

    const fn schema(self) -> &'static str {
        match self {
            Self::List => LIST,
            Self::Get => GET,
            Self::Create => CREATE,
            Self::Patch => PATCH,
            Self::Delete => DELETE,
        }
    }
}

fn content(spec: ToolSpec) -> ToolSpec {
    let plain = ["start", "end", "recurrence", "visibility", "transparency"];
    let text = ["summary", "description", "location"];
    let spec = plain.iter().fold(spec, |s, name| s.role(name, Role::Plain));
    let spec = text.iter().fold(spec, |s, name| s.role(name, Role::FreeText));
    spec.role("attendees", Role::Recipient)
}

macro_rules! object {
    ($required:literal, $($property:expr),+ $(,)?) => {
        concat!(
            r#"{"type":"object","additionalProperties":false,"required":"#,
            $required,
            r#","properties":{"#,
            object!(@join $($property),+),
            "}}"
        )
    };
    (@join $first:expr $(, $rest:expr)*) => { concat!($first $(, ",", $rest)*) };
}

macro_rules! calendar_id {
    () => {
        r#""calendar_id":{"type":"string","minLength":1,"maxLength":320,"default":"primary","description":"The calendar: primary, or its id (often an e-mail address)."}"#
    };
}
macro_rules! event_id {
    () => {
        r#""event_id":{"type":"string","minLength":1,"maxLength":1024,"description":"The id of the event."}"#
    };
}
macro_rules! etag {
    () => {
        r#""etag":{"type":"string","minLength":3,"maxLength":1026,"description":"Refuse if the event is no longer in the version with this etag."}"#
    };
}
macro_rules! send_updates {
    () => {
        r#""send_updates":{"type":"string","enum":["all","external_only","none"],"default":"none","description":"Which attendees Google notifies by mail."}"#
    };
}
macro_rules! when {
    ($name:literal, $description:literal) => {
        concat!(
            "\"",
            $name,
            r#"":{"description":""#,
            $description,
            r#"","oneOf":[{"type":"object","additionalProperties":false,"required":["date"],"properties":{"date":{"type":"string","format":"date","description":"A whole day: YYYY-MM-DD."}}},{"type":"object","additionalProperties":false,"required":["date_time"],"properties":{"date_time":{"type":"string","description":"RFC 3339, for example 2026-03-10T09:00:00+01:00. Without an offset it needs a time_zone."},"time_zone":{"type":"string","minLength":1,"maxLength":64,"description":"IANA name, for example Europe/Berlin. Recurring events need it."}}}]}"#
        )
    };
}
macro_rules! details {
    () => {
        concat!(
            r#""description":{"type":"string","maxLength":8192,"description":"May have several lines; no other control characters."},"location":{"type":"string","maxLength":1024},"#,
            when!("start", "When it starts. start and end are both dates or both times."),
            ",",
            when!("end", "When it ends. The day an all-day event ends on is the day after its last."),
            r#","attendees":{"type":"array","maxItems":200,"uniqueItems":true,"items":{"type":"string","format":"email"},"description":"E-mail addresses, each once."},"recurrence":{"type":"array","maxItems":32,"items":{"type":"string","maxLength":1024},"description":"RRULE, EXRULE, RDATE and EXDATE lines (RFC 5545), for example RRULE:FREQ=WEEKLY;COUNT=5. start and end need a time_zone."},"visibility":{"type":"string","enum":["default","public","private","confidential"]},"transparency":{"type":"string","enum":["opaque","transparent"],"description":"Whether the event blocks time (opaque) or not."}"#
        )
    };
}

const LIST: &str = object!(
    "[]",
    calendar_id!(),
    r#""time_min":{"type":"string","format":"date-time","description":"Only events that end after this time: RFC 3339 with an offset."}"#,
    r#""time_max":{"type":"string","format":"date-time","description":"Only events that start before this time: RFC 3339 with an offset."}"#,
    r#""query":{"type":"string","minLength":1,"maxLength":512,"description":"Words to search for."}"#,
    r#""max_results":{"type":"integer","minimum":1,"maximum":2500,"default":50,"description":"Events per page."}"#,
    r#""single_events":{"type":"boolean","default":true,"description":"Whether to expand recurring events into occurrences, in order of start time."}"#,
    r#""max_pages":{"type":"integer","enum":[1,3,4,5,6,7,8,9,10],"default":1,"description":"How many pages to read at most."}"#
);
const GET: &str = object!(r#"["event_id"]"#, calendar_id!(), event_id!());
const CREATE: &str = object!(
    r#"["summary","start","end"]"#,
    calendar_id!(),
    r#""summary":{"type":"string","minLength":1,"maxLength":1024,"description":"The title."}"#,
    details!(),
    send_updates!()
);
const PATCH: &str = object!(
    r#"["event_id"]"#,
    calendar_id!(),
    event_id!(),
    etag!(),
    r#""summary":{"type":"string","maxLength":1024,"description":"The title."}"#,
    details!(),
    send_updates!()
);
const DELETE: &str =
    object!(r#"["event_id"]"#, calendar_id!(), event_id!(), etag!(), send_updates!());
