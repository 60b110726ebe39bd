//! The body of an event: which members a client may write and what they hold.

use serde_json::{Map, Value};

use super::errors::ApiError;
use super::when::{EventTime, unknown};

/// Set by the server alone. Google ignores them in a request; refusing them shows a client that
/// sends more than it should.
const READ_ONLY: &[&str] = &[
    "created",
    "creator",
    "endTimeUnspecified",
    "etag",
    "hangoutLink",
    "htmlLink",
    "kind",
    "locked",
    "organizer",
    "privateCopy",
    "recurringEventId",
    "updated",
];

/// Known to Google, not played here.
const UNMODELLED: &[&str] = &[
    "attachments",
    "attendeesOmitted",
    "birthdayProperties",
    "conferenceData",
    "focusTimeProperties",
    "gadget",
    "originalStartTime",
    "outOfOfficeProperties",
    "workingLocationProperties",
];

fn bad(path: &str, what: &str) -> ApiError {
    ApiError::invalid("invalid", format!("Invalid value for: {path}: {what}"))
}

/// Members and types. A `null` is allowed where `patch` says so: it removes the member.
pub(super) fn check_members(body: &Map<String, Value>, patch: bool) -> Result<(), ApiError> {
    for (name, value) in body {
        let name = name.as_str();
        if READ_ONLY.contains(&name) {
            return Err(bad(name, "the field is read-only."));
        }
        if UNMODELLED.contains(&name) {
            return Err(ApiError::unmodelled(&format!("the field {name}")));
        }
        if value.is_null() && patch {
            continue;
        }
        match name {
            "summary" | "description" | "location" | "iCalUID" => text(name, value)?,
            "id" => {
                if !value.as_str().is_some_and(is_event_id) {
                    return Err(ApiError::invalid("invalid", "Invalid resource id value."));
                }
            }
            "colorId" => {
                let in_palette =
                    |text: &str| text.parse::<u8>().is_ok_and(|n| (1..=11).contains(&n));
                if !value.as_str().is_some_and(in_palette) {
                    return Err(bad(name, "not a colour of the palette."));
                }
            }
            "visibility" => {
                one_of(name, value, &["default", "public", "private", "confidential"])?;
            }
            "transparency" => one_of(name, value, &["opaque", "transparent"])?,
            "status" => one_of(name, value, &["confirmed", "tentative"])?,
            "eventType" => one_of(name, value, &["default"])?,
            "anyoneCanAddSelf"
            | "guestsCanInviteOthers"
            | "guestsCanModify"
            | "guestsCanSeeOtherGuests" => flag(name, value)?,
            "sequence" => {
                value.as_u64().ok_or_else(|| bad(name, "not a whole number."))?;
            }
            // In a patch these may be partial: the merged event is checked.
            "start" | "end" => {
                object(name, value)?;
            }
            "attendees" => attendees(value)?,
            "recurrence" => recurrence(value)?,
            "reminders" => reminders(value)?,
            "source" => {
                for (key, value) in object(name, value)? {
                    match key.as_str() {
                        "title" | "url" => text(key, value)?,
                        _ => return Err(unknown(&format!("source.{key}"))),
                    }
                }
            }
            "extendedProperties" => extended(value, patch)?,
            _ => return Err(unknown(name)),
        }
    }
    Ok(())
}

/// What only the whole event can show: both times, of one kind, in order; a zone if it recurs.
pub(super) fn check_whole(event: &Map<String, Value>) -> Result<(EventTime, EventTime), ApiError> {
    let time = |name: &str| {
        let value = event
            .get(name)
            .ok_or_else(|| ApiError::invalid("required", format!("Missing {name} time.")))?;
        EventTime::parse(name, value)
    };
    let (start, end) = (time("start")?, time("end")?);
    if start.all_day != end.all_day {
        let message = "Start and end times must either both be date or both be dateTime.";
        return Err(ApiError::invalid("invalid", message));
    }
    if end.instant < start.instant || (start.all_day && end.instant == start.instant) {
        return Err(ApiError::invalid("timeRangeEmpty", "The specified time range is empty."));
    }
    let recurs = event.get("recurrence").and_then(Value::as_array).is_some_and(|r| !r.is_empty());
    if recurs && !start.all_day && !(start.zoned && end.zoned) {
        let message = "Missing time zone definition for a recurring event.";
        return Err(ApiError::invalid("required", message));
    }
    Ok((start, end))
}

/// 5 to 1024 characters of lower-case base32hex.
pub(super) fn is_event_id(id: &str) -> bool {
    (5..=1024).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'a'..=b'v' | b'0'..=b'9'))
}

fn attendees(value: &Value) -> Result<(), ApiError> {
    for attendee in array("attendees", value)? {
        let members = object("attendees[]", attendee)?;
        if !members.get("email").and_then(Value::as_str).is_some_and(is_address) {
            return Err(ApiError::invalid("invalid", "Invalid attendee email."));
        }
        for (key, value) in members {
            match key.as_str() {
                "email" | "displayName" | "comment" | "id" => text(key, value)?,
                "optional" | "resource" => flag(key, value)?,
                "responseStatus" => {
                    one_of(key, value, &["needsAction", "declined", "tentative", "accepted"])?;
                }
                "additionalGuests" => {
                    value.as_u64().ok_or_else(|| bad(key, "not a whole number."))?;
                }
                "self" | "organizer" => return Err(bad(key, "the field is read-only.")),
                _ => return Err(unknown(&format!("attendees[].{key}"))),
            }
        }
    }
    Ok(())
}

fn recurrence(value: &Value) -> Result<(), ApiError> {
    for line in array("recurrence", value)? {
        let known = |line: &str| {
            ["RRULE:", "EXRULE:", "RDATE", "EXDATE"].iter().any(|name| line.starts_with(name))
        };
        if !line.as_str().is_some_and(known) {
            return Err(ApiError::invalid("invalid", "Invalid recurrence rule."));
        }
    }
    Ok(())
}

fn reminders(value: &Value) -> Result<(), ApiError> {
    let members = object("reminders", value)?;
    let mut overridden = false;
    for (key, value) in members {
        match key.as_str() {
            "useDefault" => flag(key, value)?,
            "overrides" => {
                let list = array(key, value)?;
                overridden = !list.is_empty();
                if list.len() > 5 {
                    return Err(bad("reminders.overrides", "more than five."));
                }
                for item in list {
                    reminder(object("reminders.overrides[]", item)?)?;
                }
            }
            _ => return Err(unknown(&format!("reminders.{key}"))),
        }
    }
    if overridden && members.get("useDefault") != Some(&Value::Bool(false)) {
        let message = "Cannot specify both default reminders and overrides at the same time.";
        return Err(ApiError::invalid("cannotUseDefaultRemindersAndSpecifyOverride", message));
    }
    Ok(())
}

fn reminder(item: &Map<String, Value>) -> Result<(), ApiError> {
    for (key, value) in item {
        match key.as_str() {
            "method" => one_of(key, value, &["email", "popup"])?,
            "minutes" => {
                if value.as_u64().is_none_or(|minutes| minutes > 40_320) {
                    return Err(bad(key, "not within four weeks."));
                }
            }
            _ => return Err(unknown(&format!("reminders.overrides[].{key}"))),
        }
    }
    if item.len() == 2 { Ok(()) } else { Err(bad("reminders.overrides[]", "incomplete.")) }
}

fn extended(value: &Value, patch: bool) -> Result<(), ApiError> {
    for (key, group) in object("extendedProperties", value)? {
        if !matches!(key.as_str(), "private" | "shared") {
            return Err(unknown(&format!("extendedProperties.{key}")));
        }
        for (key, value) in object(key, group)? {
            if !(patch && value.is_null()) {
                text(key, value)?;
            }
        }
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn text(path: &str, value: &Value) -> Result<(), ApiError> {
    value.as_str().map(|_| ()).ok_or_else(|| bad(path, "not a string."))
}

fn flag(path: &str, value: &Value) -> Result<(), ApiError> {
    value.as_bool().map(|_| ()).ok_or_else(|| bad(path, "not a boolean."))
}

fn one_of(path: &str, value: &Value, allowed: &[&str]) -> Result<(), ApiError> {
    match value.as_str() {
        Some(found) if allowed.contains(&found) => Ok(()),
        _ => Err(bad(path, &format!("allowed: {}.", allowed.join(", ")))),
    }
}

fn object<'a>(path: &str, value: &'a Value) -> Result<&'a Map<String, Value>, ApiError> {
    value.as_object().ok_or_else(|| bad(path, "not an object."))
}

fn array<'a>(path: &str, value: &'a Value) -> Result<&'a Vec<Value>, ApiError> {
    value.as_array().ok_or_else(|| bad(path, "not an array."))
}
