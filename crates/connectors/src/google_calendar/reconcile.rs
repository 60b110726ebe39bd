//! Whether an effect that is in doubt happened, as far as Google can tell.

use std::collections::BTreeSet;

use countersign_core::{Prepared, Reconciled, Seen, Value};

use super::event::{Event, read_call};
use super::tools::Kind;
use super::wire::Wire;
use crate::moment::DateTime;

pub(super) fn reconcile(prepared: &Prepared, seen: &Seen) -> Reconciled {
    let Some(wire) = Wire::read(prepared) else { return Reconciled::InDoubt };
    if wire.kind.reads() {
        return Reconciled::Absent;
    }
    let Ok(read) = read_call(&wire.calendar, &wire.event) else { return Reconciled::InDoubt };
    let Some(answer) = seen.answer(&read) else { return Reconciled::Needs(vec![read]) };
    let event = match answer.status {
        200 => match Event::read(answer, &wire.event) {
            Some(event) => event,
            None => return Reconciled::InDoubt,
        },
        404 if wire.kind == Kind::Create => return Reconciled::Absent,
        404 | 410 if wire.kind == Kind::Delete => return Reconciled::Committed,
        _ => return Reconciled::InDoubt,
    };
    match (wire.kind, event.is_cancelled()) {
        (Kind::Delete, true) => return Reconciled::Committed,
        (_, true) => return Reconciled::InDoubt,
        (_, false) => {}
    }
    // Every change makes a new version, so the old one shows that nothing arrived. It comes before
    // the comparison: a patch that sets what was there already still notifies people.
    if wire.if_match().is_some() && event.text("etag") == wire.if_match() {
        return Reconciled::Absent;
    }
    let same = |(member, sent): (&str, &Value)| is_same(member, sent, &event, wire.kind);
    let happened = wire.kind != Kind::Delete && wire.body.iter().all(same);
    if happened { Reconciled::Committed } else { Reconciled::InDoubt }
}

/// Whether the event has what was sent. A member this does not know is not the same.
fn is_same(member: &str, sent: &Value, event: &Event, kind: Kind) -> bool {
    let text = |default| event.text(member).unwrap_or(default) == sent.as_str().unwrap_or(default);
    match member {
        "id" => event.text("id") == sent.as_str(),
        // Google leaves out what is empty or has its default.
        "summary" | "description" | "location" => text(""),
        "visibility" => text("default"),
        "transparency" => text("opaque"),
        "start" | "end" => event.get(member).is_some_and(|found| is_same_time(sent, found, kind)),
        "attendees" => {
            let sent = sent.as_array().unwrap_or_default().iter();
            let sent: Option<BTreeSet<_>> =
                sent.map(|one| Some(one.get("email")?.as_str()?.to_lowercase())).collect();
            sent == Some(event.attendees().into_iter().map(str::to_lowercase).collect())
        }
        "recurrence" => {
            let found = event.get(member).and_then(Value::as_array).unwrap_or_default();
            sent.as_array() == Some(found)
        }
        _ => false,
    }
}

/// Google answers in the calendar's zone, so points in time are compared, not texts.
fn is_same_time(sent: &Value, found: &Value, kind: Kind) -> bool {
    let text = |time: &Value, key: &str| time.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(date) = text(sent, "date") {
        return text(found, "date") == Some(date) && text(found, "dateTime").is_none();
    }
    let read = |time: &Value| DateTime::parse(&text(time, "dateTime")?);
    let (Some(want), Some(have)) = (read(sent), read(found)) else { return false };
    let zone = text(sent, "timeZone");
    if zone.is_some() && text(found, "timeZone") != zone {
        return false;
    }
    match want.instant() {
        Some(instant) => have.instant() == Some(instant),
        // Without the zone's rules, a local time can only be compared by what the clock shows. For
        // a new event that is a detail beside the derived id; for a patch it would be the evidence.
        None => kind == Kind::Create && have.local() == want.local(),
    }
}
