//! Start and end of an event.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

use super::errors::ApiError;

/// A validated `start` or `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventTime {
    /// A day, not a moment.
    pub(super) all_day: bool,
    /// Unix nanoseconds. Days count from midnight UTC, and a local time with a zone name counts as
    /// UTC: there is no time-zone database here.
    pub(super) instant: i128,
    /// Whether a time zone is named.
    pub(super) zoned: bool,
}

impl EventTime {
    /// Exactly one of `date` and `dateTime`; `dateTime` has an offset or a `timeZone` beside it.
    pub(super) fn parse(name: &str, value: &Value) -> Result<Self, ApiError> {
        let bad = |what: &str| ApiError::invalid("invalid", format!("Invalid {name}: {what}"));
        let members = value.as_object().ok_or_else(|| bad("not an object."))?;
        let mut texts = [None; 3];
        for (key, value) in members {
            let position = match key.as_str() {
                "date" => 0,
                "dateTime" => 1,
                "timeZone" => 2,
                _ => return Err(unknown(&format!("{name}.{key}"))),
            };
            let text = value.as_str().ok_or_else(|| bad("a member is not a string."))?;
            if let Some(slot) = texts.get_mut(position) {
                *slot = Some(text);
            }
        }
        let [date, date_time, zone] = texts;
        if let Some(zone) = zone
            && !is_zone_name(zone)
        {
            return Err(bad("the time zone is not an IANA name."));
        }
        let zoned = zone.is_some();
        match (date, date_time) {
            (Some(date), None) => {
                let format = format_description!("[year]-[month]-[day]");
                let day = Date::parse(date, &format).map_err(|_| bad("not a date."))?;
                let instant = day.midnight().assume_utc().unix_timestamp_nanos();
                Ok(Self { all_day: true, instant, zoned })
            }
            (None, Some(text)) => {
                if let Ok(instant) = moment(text) {
                    return Ok(Self { all_day: false, instant, zoned });
                }
                let format = format_description!(
                    "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"
                );
                let local = PrimitiveDateTime::parse(text, &format)
                    .map_err(|_| bad("not an RFC 3339 time."))?;
                if !zoned {
                    return Err(bad("Missing time zone definition."));
                }
                let instant = local.assume_utc().unix_timestamp_nanos();
                Ok(Self { all_day: false, instant, zoned })
            }
            (Some(_), Some(_)) => Err(bad("both date and dateTime.")),
            (None, None) => Err(bad("neither date nor dateTime.")),
        }
    }
}

/// An RFC 3339 time with offset, as Unix nanoseconds.
pub(super) fn moment(text: &str) -> Result<i128, time::error::Parse> {
    OffsetDateTime::parse(text, &Rfc3339).map(OffsetDateTime::unix_timestamp_nanos)
}

/// Unix seconds as `2026-11-21T09:30:00.000Z`.
pub(super) fn stamp(unix: i64) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp(unix)
        .ok()
        .and_then(|moment| moment.format(&format).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00.000Z".to_owned())
}

pub(super) fn unknown(path: &str) -> ApiError {
    let message =
        format!("Invalid JSON payload received. Unknown name \"{path}\": Cannot find field.");
    ApiError::invalid("badRequest", message)
}

/// The shape of an IANA name; whether there is such a zone is not checked.
fn is_zone_name(zone: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+-/".contains(c);
    zone.len() <= 64
        && zone.starts_with(|c: char| c.is_ascii_uppercase())
        && zone.chars().all(allowed)
}
