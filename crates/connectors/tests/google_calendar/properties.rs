//! For any arguments.

use countersign_connectors::GoogleCalendar;
use countersign_core::{
    Connector, EffectId, Object, Planned, Prepared, Seen, ToolCall, ToolName, Value,
};
use proptest::prelude::*;

use crate::support::{CREATE, DELETE, EVENT, GET, LIST, PATCH, answer, effect, with};

const ROOT: &str = "https://www.googleapis.com/calendar/v3/calendars/";

fn call(tool: &str, arguments: Object) -> ToolCall {
    ToolCall::new(ToolName::new(tool).unwrap(), Value::from(arguments).to_canonical()).unwrap()
}

/// Plans to the end, answering the read with an event of the id that is asked for.
fn prepare(call: &ToolCall, effect: EffectId) -> Option<Prepared> {
    let connector = GoogleCalendar::new();
    let mut call = call.clone();
    let mut seen = Seen::nothing();
    for _ in 0..3 {
        match connector.plan(&call, effect, &seen).ok()? {
            Planned::Ready(prepared) => return Some(prepared),
            Planned::Needs(reads) => {
                for read in reads {
                    let id = read.arguments().value().get("event_id").unwrap().clone();
                    let id = Value::from(Object::new().with("id", id)).to_canonical();
                    seen.add(read, answer(200, &with(EVENT, id.as_str())));
                }
            }
            Planned::Pinned(pinned) => call = pinned,
        }
    }
    panic!("planning does not end")
}

/// Ids as an attacker would choose them, and any other text.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-v0-9]{5,40}",
        "[a-z]{1,8}[#@.?&=;:+ ~-][a-z0-9.]{1,12}",
        "(\\.|%2e|%2E|/|\\\\|#|\\?|\n|%00|\u{202e}|é|a){1,8}",
        "\\PC{1,40}",
        any::<String>(),
        Just("..".to_owned()),
        Just("%2e%2e".to_owned()),
        Just("\u{ff0e}\u{ff0e}".to_owned()),
        Just("primary/../../users/me/calendarList".to_owned()),
    ]
}

/// A text that is allowed everywhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{1,30}", "[ -~]{1,30}", "[\u{202e}\u{200b}a-z]{1,10}"]
}

/// Valid arguments of a create, but for ids.
fn event() -> impl Strategy<Value = Object> {
    let local = || (0u8..24, 0u8..60);
    let zone = prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("Etc/GMT+5")];
    let times = (1u8..28, local(), zone, 0u8..4).prop_map(|(day, (hour, minute), zone, form)| {
        let when = |day: u8| match form {
            0 => Object::new().with("date", format!("2026-03-{day:02}")),
            1 => Object::new()
                .with("date_time", format!("2026-03-{day:02}T{hour:02}:{minute:02}:00Z")),
            2 => Object::new()
                .with("date_time", format!("2026-03-{day:02}T{hour:02}:{minute:02}:00"))
                .with("time_zone", zone),
            _ => Object::new()
                .with("date_time", format!("2026-03-{day:02}T{hour:02}:{minute:02}:07.5-03:30"))
                .with("time_zone", zone),
        };
        (when(day), when(day + 1), form != 1)
    });
    let attendees = proptest::collection::btree_set("[a-z]{1,8}@[a-z]{1,8}\\.(com|org)", 0..5);
    let choice =
        |words: &'static [&'static str]| proptest::option::of(proptest::sample::select(words));
    (
        (text(), proptest::option::of(text()), proptest::option::of(text()), times, attendees),
        (
            proptest::bool::ANY,
            choice(&["default", "public", "private", "confidential"]),
            choice(&["opaque", "transparent"]),
            choice(&["all", "external_only", "none"]),
        ),
    )
        .prop_map(
            |((summary, description, location, (start, end, zoned), attendees), choices)| {
                let (repeats, visibility, transparency, send_updates) = choices;
                let mut object =
                    Object::new().with("summary", summary).with("start", start).with("end", end);
                let texts = [
                    ("description", description),
                    ("location", location),
                    ("visibility", visibility.map(str::to_owned)),
                    ("transparency", transparency.map(str::to_owned)),
                    ("send_updates", send_updates.map(str::to_owned)),
                ];
                for (name, value) in texts {
                    if let Some(value) = value {
                        object.insert(name, value);
                    }
                }
                object.insert("attendees", attendees.into_iter().collect::<Vec<_>>());
                if repeats && zoned {
                    object.insert("recurrence", vec!["RRULE:FREQ=DAILY;COUNT=3".to_owned()]);
                }
                object
            },
        )
}

/// What the URL says after both ids are decoded by a reader that was not written here.
fn segments(url: &str) -> Vec<String> {
    let path = url.split(['?', '#']).next().unwrap();
    path.strip_prefix("https://www.googleapis.com/")
        .unwrap()
        .split('/')
        .map(|segment| {
            let mut bytes = Vec::new();
            let mut rest = segment.as_bytes();
            while let [first, tail @ ..] = rest {
                if *first == b'%' {
                    let hex = core::str::from_utf8(&tail[..2]).unwrap();
                    bytes.push(u8::from_str_radix(hex, 16).unwrap());
                    rest = &tail[2..];
                } else {
                    bytes.push(*first);
                    rest = tail;
                }
            }
            String::from_utf8(bytes).unwrap()
        })
        .collect()
}

proptest! {
    #[test]
    fn no_id_leaves_the_calendars(calendar in id(), event in id(), which in 0usize..3) {
        let tool = [GET, DELETE, PATCH][which];
        let mut arguments =
            Object::new().with("calendar_id", calendar.as_str()).with("event_id", event.as_str());
        if tool == PATCH {
            arguments.insert("summary", "x");
        }
        let call = call(tool, arguments);
        if let Some(prepared) = prepare(&call, effect()) {
            let url = prepared.steps()[0].url();
            prop_assert!(url.starts_with(ROOT));
            prop_assert_eq!(url.matches('?').count(), usize::from(tool != GET));
            prop_assert!(!url.contains(['#', '\\', '"', ' ']) && url.is_ascii());
            let found = segments(url);
            let expected = ["calendar", "v3", "calendars", &calendar, "events", &event];
            prop_assert_eq!(found, expected);
        } else {
            let splits = |c: char| c.is_control() || "/\\%".contains(c);
            let odd = |id: &str, max| {
                id.is_empty() || id == "." || id == ".." || id.len() > max || id.contains(splits)
            };
            prop_assert!(odd(&calendar, 320) || odd(&event, 1024), "refused for no reason");
        }
    }

    #[test]
    fn no_query_adds_a_parameter(query in any::<String>(), calendar in id()) {
        let arguments =
            Object::new().with("query", query.as_str()).with("calendar_id", calendar.as_str());
        if let Some(prepared) = prepare(&call(LIST, arguments), effect()) {
            let url = prepared.steps()[0].url();
            prop_assert!(url.starts_with(ROOT));
            let (_, parameters) = url.split_once('?').unwrap();
            let names: Vec<_> =
                parameters.split('&').map(|p| p.split_once('=').unwrap().0).collect();
            prop_assert_eq!(names, ["maxResults", "orderBy", "q", "singleEvents"]);
        }
    }

    #[test]
    fn the_same_call_and_effect_give_the_same_bytes(
        arguments in event(),
        first in any::<[u8; 16]>(),
        second in any::<[u8; 16]>(),
    ) {
        let (first, second) = (EffectId::from_bytes(first), EffectId::from_bytes(second));
        let create = call(CREATE, arguments);
        let one = prepare(&create, first).unwrap();
        prop_assert_eq!(one.to_bytes(), prepare(&create, first).unwrap().to_bytes());
        prop_assert_eq!(Prepared::from_bytes(&one.to_bytes()).unwrap(), one.clone());
        let id = |prepared: &Prepared| {
            let body = countersign_core::canon::parse(prepared.steps()[0].body_bytes()).unwrap();
            body.get("id").unwrap().as_str().unwrap().to_owned()
        };
        let plain = |c: char| matches!(c, 'a'..='v' | '0'..='9');
        prop_assert!(id(&one).len() == 32 && id(&one).chars().all(plain));
        let other = prepare(&create, second).unwrap();
        prop_assert_eq!(id(&one) == id(&other), first == second);
    }

    #[test]
    fn every_argument_of_a_new_event_is_shown(arguments in event()) {
        let prepared = prepare(&call(CREATE, arguments.clone()), effect()).unwrap();
        shown(&prepared, &arguments)?;
    }

    #[test]
    fn every_argument_of_a_change_is_shown(
        arguments in event(), calendar in "[a-z@.# ]{1,9}", event in "[a-z0-9_]{1,9}",
    ) {
        let mut arguments = arguments
            .with("calendar_id", format!("c{calendar}"))
            .with("event_id", event)
            .with("etag", "\"3181161784712000\"");
        let prepared = prepare(&call(PATCH, arguments.clone()), effect()).unwrap();
        shown(&prepared, &arguments)?;
        for name in ["summary", "description", "location", "start", "end", "attendees",
            "recurrence", "visibility", "transparency"] {
            arguments.remove(name);
        }
        let prepared = prepare(&call(DELETE, arguments.clone()), effect()).unwrap();
        shown(&prepared, &arguments)?;
    }

    #[test]
    fn every_argument_of_a_listing_is_shown(
        query in text(), calendar in "[a-z@.# ]{1,9}", per_page in 1u16..=2500,
        pages in prop_oneof![Just(1u8), 3u8..=10], single: bool,
    ) {
        let arguments = Object::new()
            .with("calendar_id", format!("c{calendar}"))
            .with("query", query)
            .with("max_results", per_page)
            .with("max_pages", pages)
            .with("single_events", single)
            .with("time_min", "2026-03-01T00:00:00+01:00")
            .with("time_max", "2026-04-01T00:00:00Z");
        let prepared = prepare(&call(LIST, arguments.clone()), effect()).unwrap();
        if pages == 1 {
            prop_assert_eq!(prepared.steps().len(), 1);
        }
        let mut arguments = arguments;
        if pages == 1 {
            arguments.remove("max_pages");
        }
        shown(&prepared, &arguments)?;
    }
}

/// Every text, number and flag of the arguments stands in some line.
fn shown(prepared: &Prepared, arguments: &Object) -> Result<(), TestCaseError> {
    let preview = GoogleCalendar::new().preview(prepared);
    let mut values = Vec::new();
    leaves(&Value::from(arguments.clone()), &mut values);
    for value in values {
        let value = if value == "external_only" { "externalOnly".to_owned() } else { value };
        let found = preview.lines.iter().any(|(_, line)| line.contains(&value));
        prop_assert!(found, "{:?} is not in {:?}", value, preview);
    }
    Ok(())
}

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
