//! The arguments of the tools: types that serde fills from the canonical bytes, and their rules.

use std::collections::BTreeSet;

use countersign_core::PlanError;
use serde::{Deserialize, Deserializer};

use crate::encode::{is_email, is_strong_etag};
use crate::moment::{self, DateTime};

const MAX_CALENDAR_ID: usize = 320;
const MAX_EVENT_ID: usize = 1024;
const MAX_SUMMARY: usize = 1024;
const MAX_LOCATION: usize = 1024;
const MAX_DESCRIPTION: usize = 8192;
const MAX_QUERY: usize = 512;
const MAX_ATTENDEES: usize = 200;
const MAX_RECURRENCE: usize = 32;
const MAX_RECURRENCE_LINE: usize = 1024;
const MAX_PAGES: u16 = 10;
const MAX_RESULTS: u16 = 2500;

fn primary() -> String {
    "primary".to_owned()
}
const fn fifty() -> u16 {
    50
}
const fn one() -> u16 {
    1
}
const fn yes() -> bool {
    true
}

/// A member that is left out is none; one that is `null` is refused, because in a patch it could be
/// meant to clear the field.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListEvents {
    #[serde(default = "primary")]
    pub(super) calendar_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) time_min: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) time_max: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) query: Option<String>,
    #[serde(default = "fifty")]
    pub(super) max_results: u16,
    #[serde(default = "yes")]
    pub(super) single_events: bool,
    #[serde(default = "one")]
    pub(super) max_pages: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GetEvent {
    #[serde(default = "primary")]
    pub(super) calendar_id: String,
    pub(super) event_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateEvent {
    #[serde(default = "primary")]
    pub(super) calendar_id: String,
    summary: String,
    #[serde(default, deserialize_with = "given")]
    description: Option<String>,
    #[serde(default, deserialize_with = "given")]
    location: Option<String>,
    start: When,
    end: When,
    #[serde(default)]
    attendees: Vec<String>,
    #[serde(default)]
    recurrence: Vec<String>,
    #[serde(default, deserialize_with = "given")]
    visibility: Option<Visibility>,
    #[serde(default, deserialize_with = "given")]
    transparency: Option<Transparency>,
    #[serde(default)]
    pub(super) send_updates: SendUpdates,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchEvent {
    #[serde(default = "primary")]
    pub(super) calendar_id: String,
    pub(super) event_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) etag: Option<String>,
    #[serde(default, deserialize_with = "given")]
    summary: Option<String>,
    #[serde(default, deserialize_with = "given")]
    description: Option<String>,
    #[serde(default, deserialize_with = "given")]
    location: Option<String>,
    #[serde(default, deserialize_with = "given")]
    start: Option<When>,
    #[serde(default, deserialize_with = "given")]
    end: Option<When>,
    #[serde(default, deserialize_with = "given")]
    attendees: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    recurrence: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    visibility: Option<Visibility>,
    #[serde(default, deserialize_with = "given")]
    transparency: Option<Transparency>,
    #[serde(default)]
    pub(super) send_updates: SendUpdates,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteEvent {
    #[serde(default = "primary")]
    pub(super) calendar_id: String,
    pub(super) event_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) etag: Option<String>,
    #[serde(default)]
    pub(super) send_updates: SendUpdates,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SendUpdates {
    All,
    ExternalOnly,
    #[default]
    None,
}

impl SendUpdates {
    /// As the query spells it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::ExternalOnly => "externalOnly",
            Self::None => "none",
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Visibility {
    Default,
    Public,
    Private,
    Confidential,
}

impl Visibility {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Public => "public",
            Self::Private => "private",
            Self::Confidential => "confidential",
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transparency {
    Opaque,
    Transparent,
}

impl Transparency {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Transparent => "transparent",
        }
    }
}

/// A start or an end as it is given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with date, or date_time and time_zone")]
pub(super) struct When {
    #[serde(default, deserialize_with = "given")]
    pub(super) date: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) date_time: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) time_zone: Option<String>,
}

/// A start or an end as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Time {
    Day(i64),
    Moment { at: DateTime, zone: Option<String> },
}

impl When {
    /// Checks the form.
    pub(super) fn read(&self, name: &str) -> Result<Time, PlanError> {
        let zone = self.time_zone.as_deref();
        if !zone.is_none_or(is_zone) {
            return Err(rule(name, "time_zone is an IANA name, for example Europe/Berlin"));
        }
        match (&self.date, &self.date_time) {
            (Some(_), None) if zone.is_some() => {
                Err(rule(name, "a date has no time_zone: give date alone, or date_time"))
            }
            (Some(date), None) => {
                let day = moment::date(date);
                day.map(Time::Day).ok_or_else(|| rule(name, "date is a day as YYYY-MM-DD"))
            }
            (None, Some(text)) => {
                let at = DateTime::parse(text).ok_or_else(|| {
                    rule(name, "date_time is RFC 3339: 2026-03-10T09:00:00+01:00")
                })?;
                if at.instant().is_none() && zone.is_none() {
                    return Err(rule(name, "date_time needs an offset or a time_zone"));
                }
                Ok(Time::Moment { at, zone: self.time_zone.clone() })
            }
            _ => Err(rule(name, "give exactly one of date and date_time")),
        }
    }
}

/// Both days or both moments, and the end after the start as far as that can be told.
pub(super) fn in_order(start: &Time, end: &Time) -> Result<(), PlanError> {
    let later = match (start, end) {
        (Time::Day(start), Time::Day(end)) => end > start,
        (Time::Moment { at: start, zone: from }, Time::Moment { at: end, zone: to }) => {
            match (start.instant(), end.instant()) {
                (Some(start), Some(end)) => end > start,
                (None, None) if from == to => end.local() > start.local(),
                _ => true,
            }
        }
        _ => return Err(rule("start and end", "both are dates or both are times")),
    };
    if later { Ok(()) } else { Err(rule("end", "is after start")) }
}

/// What a create or a patch sets.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) start: Option<When>,
    pub(super) end: Option<When>,
    pub(super) attendees: Option<Vec<String>>,
    pub(super) recurrence: Option<Vec<String>>,
    pub(super) visibility: Option<Visibility>,
    pub(super) transparency: Option<Transparency>,
}

impl Fields {
    fn check(&self) -> Result<(), PlanError> {
        let text = |name, value: &Option<String>, max, lines| {
            value.as_deref().map_or(Ok(()), |value| check_text(name, value, max, lines))
        };
        text("summary", &self.summary, MAX_SUMMARY, false)?;
        text("description", &self.description, MAX_DESCRIPTION, true)?;
        text("location", &self.location, MAX_LOCATION, false)?;
        let start = self.start.as_ref().map(|start| start.read("start")).transpose()?;
        let end = self.end.as_ref().map(|end| end.read("end")).transpose()?;
        if let (Some(start), Some(end)) = (&start, &end) {
            in_order(start, end)?;
        }
        check_attendees(self.attendees.as_deref().unwrap_or_default())?;
        let recurrence = self.recurrence.as_deref().unwrap_or_default();
        check_recurrence(recurrence)?;
        let anchored = [start, end]
            .into_iter()
            .all(|time| matches!(time, Some(Time::Day(_) | Time::Moment { zone: Some(_), .. })));
        if !recurrence.is_empty() && !anchored {
            return Err(rule("recurrence", "start and end are given too, each with a time_zone"));
        }
        Ok(())
    }
}

impl ListEvents {
    pub(super) fn check(self) -> Result<Self, PlanError> {
        check_id("calendar_id", &self.calendar_id, MAX_CALENDAR_ID)?;
        let bound = |name, value: &Option<String>| {
            let Some(text) = value else { return Ok(None) };
            let instant = DateTime::parse(text).and_then(DateTime::instant);
            instant.map(Some).ok_or_else(|| rule(name, "RFC 3339 with an offset"))
        };
        let (min, max) = (bound("time_min", &self.time_min)?, bound("time_max", &self.time_max)?);
        if min.zip(max).is_some_and(|(min, max)| min >= max) {
            return Err(rule("time_max", "is after time_min"));
        }
        if let Some(query) = &self.query {
            check_text("query", query, MAX_QUERY, false)?;
            if query.is_empty() {
                return Err(rule("query", "is not empty"));
            }
        }
        if !(1..=MAX_RESULTS).contains(&self.max_results) {
            return Err(rule("max_results", "1 to 2500"));
        }
        // A plan cannot say "one more page, if there is one": a step that is sent once at most has
        // to be sent. From two more pages on it can.
        if !(1..=MAX_PAGES).contains(&self.max_pages) || self.max_pages == 2 {
            return Err(rule("max_pages", "1, or 3 to 10"));
        }
        Ok(self)
    }
}

impl GetEvent {
    pub(super) fn check(self) -> Result<Self, PlanError> {
        check_id("calendar_id", &self.calendar_id, MAX_CALENDAR_ID)?;
        check_id("event_id", &self.event_id, MAX_EVENT_ID)?;
        Ok(self)
    }
}

impl CreateEvent {
    pub(super) fn check(self) -> Result<(String, SendUpdates, Fields), PlanError> {
        check_id("calendar_id", &self.calendar_id, MAX_CALENDAR_ID)?;
        if self.summary.is_empty() {
            return Err(rule("summary", "is not empty"));
        }
        let fields = Fields {
            summary: Some(self.summary),
            description: self.description,
            location: self.location,
            start: Some(self.start),
            end: Some(self.end),
            attendees: Some(self.attendees).filter(|list| !list.is_empty()),
            recurrence: Some(self.recurrence).filter(|list| !list.is_empty()),
            visibility: self.visibility,
            transparency: self.transparency,
        };
        fields.check()?;
        Ok((self.calendar_id, self.send_updates, fields))
    }
}

impl PatchEvent {
    pub(super) fn check(self) -> Result<(DeleteEvent, Fields), PlanError> {
        let target = DeleteEvent {
            calendar_id: self.calendar_id,
            event_id: self.event_id,
            etag: self.etag,
            send_updates: self.send_updates,
        };
        let fields = Fields {
            summary: self.summary,
            description: self.description,
            location: self.location,
            start: self.start,
            end: self.end,
            attendees: self.attendees,
            recurrence: self.recurrence,
            visibility: self.visibility,
            transparency: self.transparency,
        };
        fields.check()?;
        Ok((target.check()?, fields))
    }
}

impl DeleteEvent {
    pub(super) fn check(self) -> Result<Self, PlanError> {
        check_id("calendar_id", &self.calendar_id, MAX_CALENDAR_ID)?;
        check_id("event_id", &self.event_id, MAX_EVENT_ID)?;
        if !self.etag.as_deref().is_none_or(is_strong_etag) {
            return Err(rule("etag", "a strong entity tag, in double quotes"));
        }
        Ok(self)
    }
}

fn rule(argument: &str, rule: &str) -> PlanError {
    PlanError::arguments(&format!("{argument}: {rule}"))
}

/// An id becomes one path segment. It is percent-encoded anyway; what some servers decode before
/// they look for segments is refused on top, and so is what can't be a segment.
fn check_id(name: &str, id: &str, max: usize) -> Result<(), PlanError> {
    let splits = |c: char| c.is_control() || matches!(c, '/' | '\\' | '%');
    if id.is_empty() || id.len() > max || id.contains(splits) || matches!(id, "." | "..") {
        let text = format!("1 to {max} bytes without control characters, '/', '\\' and '%'");
        return Err(rule(name, &text));
    }
    Ok(())
}

fn check_text(name: &str, text: &str, max: usize, lines: bool) -> Result<(), PlanError> {
    if text.chars().count() > max {
        return Err(rule(name, &format!("at most {max} characters")));
    }
    if text.contains(|c: char| c.is_control() && !(lines && c == '\n')) {
        return Err(rule(name, "no control characters"));
    }
    Ok(())
}

fn check_attendees(attendees: &[String]) -> Result<(), PlanError> {
    if attendees.len() > MAX_ATTENDEES {
        return Err(rule("attendees", "at most 200"));
    }
    if !attendees.iter().all(|address| is_email(address)) {
        return Err(rule("attendees", "plain e-mail addresses, without names"));
    }
    let distinct: BTreeSet<_> = attendees.iter().map(|a| a.to_ascii_lowercase()).collect();
    if distinct.len() != attendees.len() {
        return Err(rule("attendees", "an address stands twice"));
    }
    Ok(())
}

fn check_recurrence(lines: &[String]) -> Result<(), PlanError> {
    if lines.len() > MAX_RECURRENCE {
        return Err(rule("recurrence", "at most 32 lines"));
    }
    if !lines.iter().all(|line| is_recurrence(line)) {
        return Err(rule("recurrence", "RRULE, EXRULE, RDATE and EXDATE lines of RFC 5545"));
    }
    Ok(())
}

/// The form of a line: a name we know, parameters for dates alone, a frequency for rules, and none
/// but the characters that values of these properties are made of.
fn is_recurrence(line: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"=,;:+-/_.".contains(&b);
    let Some((head, value)) = line.split_once(':') else { return false };
    let form = match head.split_once(';').map_or(head, |(name, _)| name) {
        "RRULE" | "EXRULE" => {
            !head.contains(';') && value.split(';').any(|part| part.starts_with("FREQ="))
        }
        "RDATE" | "EXDATE" => !value.is_empty(),
        _ => false,
    };
    form && line.len() <= MAX_RECURRENCE_LINE && line.bytes().all(allowed)
}

fn is_zone(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+-".contains(&b);
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.split('/').all(|part| !part.is_empty() && part.bytes().all(plain))
}
