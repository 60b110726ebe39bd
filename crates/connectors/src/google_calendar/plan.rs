//! From a call to the exact requests.

use countersign_core::{
    Alphabet, Connection, Digest, EffectId, Hole, InvalidRequest, Method, Object, Place, PlanError,
    Planned, Prepared, Scope, Seen, Selector, Step, ToolCall, Value,
};

use super::args::{
    CreateEvent, DeleteEvent, Fields, GetEvent, ListEvents, PatchEvent, SendUpdates, Time, When,
    in_order,
};
use super::event::{self, Event};
use super::tools::Kind;
use super::{BASE, GoogleCalendar, interpret};
use crate::encode::{base32hex, is_strong_etag, percent};

/// Longest page token that is spliced into a later request.
pub(super) const MAX_PAGE_TOKEN: u16 = 2048;
/// Where a page token stands in the answer.
pub(super) const PAGE_TOKEN: &str = "/nextPageToken";

pub(super) fn plan(
    connector: &GoogleCalendar,
    call: &ToolCall,
    effect: EffectId,
    seen: &Seen,
) -> Result<Planned, PlanError> {
    let kind = Kind::of(call.tool())?;
    if call.pins().is_some() && !matches!(kind, Kind::Patch | Kind::Delete) {
        return Err(PlanError::new("pins_invalid", "nothing was to be read for this call"));
    }
    let steps = match kind {
        Kind::List => list(&call.parse::<ListEvents>()?.check()?)?,
        Kind::Get => {
            let args = call.parse::<GetEvent>()?.check()?;
            vec![step(Method::Get, &event_url(&args.calendar_id, &args.event_id), None, None)?]
        }
        Kind::Create => {
            let (calendar, send_updates, fields) = call.parse::<CreateEvent>()?.check()?;
            let body = body(&fields, None).with("id", event_id(effect));
            let url = notified(events_url(&calendar), send_updates);
            vec![step(Method::Post, &url, Some(body), None)?]
        }
        Kind::Patch => {
            let (target, fields) = call.parse::<PatchEvent>()?.check()?;
            if body(&fields, None).is_empty() {
                return Err(PlanError::arguments("there is nothing to change"));
            }
            let Some(pins) = call.pins() else { return pin(call, &target, seen) };
            let pins = pins.value();
            let etag = etag(&target, &pins)?;
            let current = Current::of(&pins);
            current.check(&fields)?;
            let url = event_url(&target.calendar_id, &target.event_id);
            let url = notified(url, target.send_updates);
            vec![step(Method::Patch, &url, Some(body(&fields, Some(&current))), Some(etag))?]
        }
        Kind::Delete => {
            let target = call.parse::<DeleteEvent>()?.check()?;
            let Some(pins) = call.pins() else { return pin(call, &target, seen) };
            let pins = pins.value();
            let etag = etag(&target, &pins)?;
            let url = event_url(&target.calendar_id, &target.event_id);
            vec![step(Method::Delete, &notified(url, target.send_updates), None, Some(etag))?]
        }
    };
    let selector = selector(connector, kind)?;
    let (tool, arguments) = (call.tool().clone(), call.resolved());
    Ok(Planned::Ready(Prepared::wire(effect, tool, arguments, Some(selector), steps)?))
}

fn selector(connector: &GoogleCalendar, kind: Kind) -> Result<Selector, PlanError> {
    let failed = |_| PlanError::new("misconfigured", "the connection is not a valid one");
    let connection = Connection::new(&connector.connection).map_err(failed)?;
    let scope = Scope::new(kind.scope()).map_err(failed)?;
    let selector = Selector::new(connection, vec![scope]);
    Ok(match &connector.account {
        Some(account) => selector.with_account(account.clone()),
        None => selector,
    })
}

/// The first half of a change: the event is read, and what was found becomes part of the call.
fn pin(call: &ToolCall, target: &DeleteEvent, seen: &Seen) -> Result<Planned, PlanError> {
    let read = event::read_call(&target.calendar_id, &target.event_id)?;
    let Some(answer) = seen.answer(&read) else { return Ok(Planned::Needs(vec![read])) };
    if answer.status != 200 {
        let code = interpret::failure(Kind::Get, answer).1;
        return Err(PlanError::new(code, "the event could not be read"));
    }
    let misread = || PlanError::new("answer_not_understood", "the event could not be read");
    let event = Event::read(answer, &target.event_id).ok_or_else(misread)?;
    if event.is_cancelled() {
        return Err(PlanError::new("gone", "the event is deleted"));
    }
    let pins = event.pins().ok_or_else(misread)?;
    etag(target, &pins.value())?;
    Ok(Planned::Pinned(call.clone().pinned(pins)))
}

/// The pinned version, which is the one the call asks for, if it asks for one.
fn etag<'a>(target: &DeleteEvent, pins: &'a Value) -> Result<&'a str, PlanError> {
    let etag = pins.get("etag").and_then(Value::as_str).filter(|etag| is_strong_etag(etag));
    let etag = etag.ok_or_else(|| PlanError::new("pins_invalid", "the event has no version"))?;
    match &target.etag {
        Some(wanted) if wanted != etag => {
            Err(PlanError::new("etag_stale", "the event was changed since that version"))
        }
        _ => Ok(etag),
    }
}

/// Start and end of the event that is to be changed, as far as they were understood.
struct Current {
    start: Option<Time>,
    end: Option<Time>,
}

impl Current {
    fn of(pins: &Value) -> Self {
        Self { start: event::time(pins, "start"), end: event::time(pins, "end") }
    }

    /// A new start fits the end that stays, and the other way round.
    fn check(&self, fields: &Fields) -> Result<(), PlanError> {
        let read =
            |when: &Option<When>, name| when.as_ref().map(|when| when.read(name)).transpose();
        let start = read(&fields.start, "start")?;
        let end = read(&fields.end, "end")?;
        match (start.as_ref(), end.as_ref()) {
            (Some(start), None) => self.end.as_ref().map_or(Ok(()), |end| in_order(start, end)),
            (None, Some(end)) => self.start.as_ref().map_or(Ok(()), |start| in_order(start, end)),
            _ => Ok(()),
        }
    }
}

/// The members of the body. `current` is the event that a patch meets: Google merges `start` and
/// `end` member by member, so a change between day and moment has to take the other form out.
fn body(fields: &Fields, current: Option<&Current>) -> Object {
    let mut body = Object::new();
    let texts = [
        ("summary", fields.summary.as_deref()),
        ("description", fields.description.as_deref()),
        ("location", fields.location.as_deref()),
        ("visibility", fields.visibility.map(super::args::Visibility::as_str)),
        ("transparency", fields.transparency.map(super::args::Transparency::as_str)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            body.insert(name, text);
        }
    }
    let times = [
        ("start", &fields.start, current.and_then(|c| c.start.as_ref())),
        ("end", &fields.end, current.and_then(|c| c.end.as_ref())),
    ];
    for (name, when, old) in times {
        if let Some(when) = when {
            body.insert(name, moment(when, old));
        }
    }
    if let Some(attendees) = &fields.attendees {
        let person = |address: &String| Object::new().with("email", address.as_str()).into();
        body.insert("attendees", attendees.iter().map(person).collect::<Vec<Value>>());
    }
    if let Some(recurrence) = &fields.recurrence {
        body.insert("recurrence", recurrence.clone());
    }
    body
}

fn moment(when: &When, old: Option<&Time>) -> Object {
    let mut out = Object::new();
    if let Some(date) = &when.date {
        out.insert("date", date.as_str());
        if matches!(old, Some(Time::Moment { .. })) {
            out.insert("dateTime", Value::Null);
            out.insert("timeZone", Value::Null);
        }
    }
    if let Some(date_time) = &when.date_time {
        out.insert("dateTime", date_time.as_str());
        if matches!(old, Some(Time::Day(_))) {
            out.insert("date", Value::Null);
        }
    }
    if let Some(zone) = &when.time_zone {
        out.insert("timeZone", zone.as_str());
    }
    out
}

/// The first page, and one step for all further ones, which is left out when there are none.
fn list(args: &ListEvents) -> Result<Vec<Step>, PlanError> {
    let max_results = args.max_results.to_string();
    let query = [
        ("maxResults", Some(max_results.as_str())),
        ("orderBy", args.single_events.then_some("startTime")),
        ("q", args.query.as_deref()),
        ("singleEvents", Some(if args.single_events { "true" } else { "false" })),
        ("timeMax", args.time_max.as_deref()),
        ("timeMin", args.time_min.as_deref()),
    ];
    let query: Vec<String> = query
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", percent(value?))))
        .collect();
    let url = format!("{}?{}", events_url(&args.calendar_id), query.join("&"));
    let mut steps = vec![step(Method::Get, &url, None, None)?];
    if args.max_pages > 1 {
        let url = format!("{url}&pageToken=");
        let alphabet = Alphabet::Base64Url;
        let hole = Hole::new(Place::Url, url.len(), PAGE_TOKEN, alphabet, MAX_PAGE_TOKEN);
        let further = step(Method::Get, &url, None, None)?.holes(vec![hole])?;
        steps.push(further.pages(args.max_pages - 1)?);
    }
    Ok(steps)
}

fn events_url(calendar: &str) -> String {
    format!("{BASE}/calendars/{}/events", percent(calendar))
}

fn event_url(calendar: &str, event: &str) -> String {
    format!("{}/{}", events_url(calendar), percent(event))
}

fn notified(url: String, send_updates: SendUpdates) -> String {
    url + "?sendUpdates=" + send_updates.as_str()
}

/// One request, with every header that it will have but the credential.
fn step(
    method: Method,
    url: &str,
    body: Option<Object>,
    if_match: Option<&str>,
) -> Result<Step, InvalidRequest> {
    let mut step = Step::new(method, url)?.header("accept", super::wire::JSON)?;
    if body.is_some() {
        step = step.header("content-type", super::wire::JSON)?;
    }
    if let Some(etag) = if_match {
        step = step.header("if-match", etag)?;
    }
    step = step.header("user-agent", crate::USER_AGENT)?;
    match body {
        Some(body) => step.body(Value::from(body).to_canonical().into_bytes()),
        None => Ok(step),
    }
}

/// The id of the event that an effect creates: 160 bits of a hash in lower-case base32hex.
fn event_id(effect: EffectId) -> String {
    let input = [b"countersign-event-id".as_slice(), effect.as_bytes()].concat();
    base32hex(Digest::of(&input).as_bytes().split_at(20).0)
}
