//! A loopback Google Calendar: events of one's own calendar, API v3.
//!
//! Modelled, under `/calendar/v3`, after Google's discovery document and guides:
//!
//! | call | answer |
//! |---|---|
//! | `GET /calendars/{calendarId}` | 200; tells whose calendar it is |
//! | `GET /calendars/{calendarId}/events` | 200; `timeMin`, `timeMax`, `singleEvents`, `orderBy`, `q`, `maxResults`, `pageToken`, `showDeleted` |
//! | `POST /calendars/{calendarId}/events` | 200; 409 `duplicate` for an id in use, deleted or not |
//! | `GET …/events/{eventId}` | 200, also for a deleted event (`status` `cancelled`) |
//! | `PATCH …/events/{eventId}` | 200; objects merge, arrays are replaced whole; 412 by `If-Match` |
//! | `DELETE …/events/{eventId}` | 204; 410 `deleted` the second time; 412 by `If-Match` |
//!
//! `calendarId` is `primary` or the account's e-mail address; any other is 404 `notFound`. A token
//! of the shared [`TokenTable`], for the connection `google-oauth2`, says whose account it is; 401
//! `authError` without a valid one, 403 `insufficientPermissions` without a scope for the method.
//! Unknown query parameters and body members are 400, as are read-only members, which Google would
//! ignore: this server is also a checker. Every write changes the `etag`. `sendUpdates` decides who
//! gets mail, and the mail can be inspected: [`GoogleCalendar::outbox`].
//!
//! Answered with 501 `notModelled`, which Google never sends: parameters and members that Google
//! knows and this server does not play (`syncToken`, `fields`, `sendNotifications`,
//! `conferenceData`, `attachments`, …) and `PUT`. Not modelled at all: other calendars, sharing,
//! free/busy, quick add, conditional reads, quotas (inject [`rate_limited_403`]), the effect of
//! guests' answers. A recurring event is stored and listed once, never expanded, whatever
//! `singleEvents` says. There is no time-zone database: local times with a named zone are compared
//! as if they were UTC. A patch of a deleted event is 410; what Google does is not documented.

mod errors;
mod list;
mod outbox;
mod query;
mod schema;
mod scopes;
mod store;
mod when;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

pub use errors::{ApiError, backend_error, error, rate_limited_403, rate_limited_429};
pub use outbox::{Mail, MailKind};
pub use store::Write;

use self::outbox::Audience;
use self::query::Query;
use self::scopes::{Need, authorise};
use self::store::Store;
use super::form;
use super::http::{App, Loopback, lock, loopback_handle};
use super::message::{Reply, Request};
use super::tokens::TokenTable;

/// The connection whose tokens are accepted.
pub const CONNECTION: &str = "google-oauth2";

const BASE: &str = "/calendar/v3/calendars/";
const SEND_UPDATES: &[&str] = &["all", "externalOnly", "none"];

/// The server behind the handle.
pub(crate) struct Service {
    store: Mutex<Store>,
    tokens: TokenTable,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

impl App for Service {
    fn answer(&self, request: &Request) -> Reply {
        self.route(request).unwrap_or_else(|error| error.to_reply())
    }
}

fn ok(body: &Map<String, Value>) -> Reply {
    let reply = Reply::json(200, &Value::Object(body.clone()));
    match body.get("etag").and_then(Value::as_str) {
        Some(etag) => reply.header("etag", etag),
        None => reply,
    }
}

impl Service {
    fn route(&self, request: &Request) -> Result<Reply, ApiError> {
        let rest = request.path.strip_prefix(BASE).ok_or_else(ApiError::not_found)?;
        let segments: Vec<String> = rest
            .split('/')
            .map(form::decode_component)
            .collect::<Result<_, _>>()
            .map_err(|_| ApiError::invalid("badRequest", "The path is malformed."))?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let method = request.method.as_str();
        match (segments.as_slice(), method) {
            (["" | "." | "..", ..] | [_, _, "" | "." | ".."], _) => Err(ApiError::not_found()),
            ([calendar], "GET") => self.calendar(request, calendar),
            ([calendar, "events"], "GET") => {
                no_body(request)?;
                let account = self.account(request, calendar, Need::ReadEvents)?;
                let mut store = lock(&self.store);
                let body = list::list(&mut store, &account, request)?;
                body.as_object().map(ok).ok_or_else(ApiError::not_found)
            }
            ([calendar, "events"], "POST") => self.insert(request, calendar),
            ([calendar, "events", id], "GET") => self.get(request, calendar, id),
            ([calendar, "events", id], "PATCH") => self.patch(request, calendar, id),
            ([calendar, "events", id], "DELETE") => self.delete(request, calendar, id),
            ([_, "events", _], "PUT") | ([_], "PUT" | "PATCH" | "DELETE") => {
                Err(ApiError::unmodelled(&format!("{method} on this resource")))
            }
            ([_] | [_, "events"] | [_, "events", _], _) => {
                Err(ApiError::new(405, "httpMethodNotAllowed", "Method Not Allowed"))
            }
            _ => Err(ApiError::not_found()),
        }
    }

    /// The account whose calendar the request is about, once its token is good for that.
    fn account(&self, request: &Request, calendar: &str, need: Need) -> Result<String, ApiError> {
        let token = authorise(request, &self.tokens, need)?;
        if calendar == "primary" || calendar.eq_ignore_ascii_case(&token.account) {
            Ok(token.account)
        } else {
            Err(ApiError::not_found())
        }
    }

    fn calendar(&self, request: &Request, calendar: &str) -> Result<Reply, ApiError> {
        no_body(request)?;
        let account = self.account(request, calendar, Need::ReadCalendar)?;
        Query::parse(request, &[], &[])?;
        Ok(Reply::json(
            200,
            &json!({
                "kind": "calendar#calendar",
                "etag": lock(&self.store).collection_etag(),
                "id": account,
                "summary": account,
                "timeZone": "UTC",
            }),
        ))
    }

    fn get(&self, request: &Request, calendar: &str, id: &str) -> Result<Reply, ApiError> {
        no_body(request)?;
        let account = self.account(request, calendar, Need::ReadEvents)?;
        Query::parse(request, &[], &["alwaysIncludeEmail", "maxAttendees", "timeZone"])?;
        let store = lock(&self.store);
        store.event(&account, id).map(|event| ok(&event.fields)).ok_or_else(ApiError::not_found)
    }

    fn insert(&self, request: &Request, calendar: &str) -> Result<Reply, ApiError> {
        let account = self.account(request, calendar, Need::WriteEvents)?;
        let send_updates = write_parameters(request)?;
        let body = body(request)?;
        let mut store = lock(&self.store);
        let audience = Audience::from_parameter(send_updates.as_deref());
        let event = store.insert(&account, self.now(), body, audience)?;
        let id = event.fields.get("id").and_then(Value::as_str).unwrap_or_default();
        note(&mut store, "insert", account, id, send_updates);
        Ok(ok(&event.fields))
    }

    fn patch(&self, request: &Request, calendar: &str, id: &str) -> Result<Reply, ApiError> {
        let account = self.account(request, calendar, Need::WriteEvents)?;
        let send_updates = write_parameters(request)?;
        let body = body(request)?;
        let mut store = lock(&self.store);
        precondition(&store, &account, id, request)?;
        let audience = Audience::from_parameter(send_updates.as_deref());
        let event = store.patch(&account, self.now(), id, &body, audience)?;
        note(&mut store, "patch", account, id, send_updates);
        Ok(ok(&event.fields))
    }

    fn delete(&self, request: &Request, calendar: &str, id: &str) -> Result<Reply, ApiError> {
        no_body(request)?;
        let account = self.account(request, calendar, Need::WriteEvents)?;
        let query = Query::parse(request, &["sendUpdates"], &["sendNotifications"])?;
        let send_updates = query.one_of("sendUpdates", SEND_UPDATES)?.map(str::to_owned);
        let mut store = lock(&self.store);
        precondition(&store, &account, id, request)?;
        let audience = Audience::from_parameter(send_updates.as_deref());
        store.delete(&account, self.now(), id, audience)?;
        note(&mut store, "delete", account, id, send_updates);
        Ok(Reply::empty(204))
    }

    fn now(&self) -> i64 {
        self.tokens.time().now()
    }
}

fn note(
    store: &mut Store,
    method: &'static str,
    account: String,
    id: &str,
    send_updates: Option<String>,
) {
    store.writes.push(Write { method, account, event_id: id.to_owned(), send_updates });
}

/// Checks the parameters of a write that has a body, and gives `sendUpdates`.
fn write_parameters(request: &Request) -> Result<Option<String>, ApiError> {
    let query = Query::parse(
        request,
        &["conferenceDataVersion", "sendUpdates", "supportsAttachments"],
        &["alwaysIncludeEmail", "maxAttendees", "sendNotifications"],
    )?;
    query.one_of("conferenceDataVersion", &["0", "1"])?;
    query.flag("supportsAttachments")?;
    Ok(query.one_of("sendUpdates", SEND_UPDATES)?.map(str::to_owned))
}

fn body(request: &Request) -> Result<Map<String, Value>, ApiError> {
    if request.media_type().as_deref() != Some("application/json") {
        let message = "The body has to be JSON, and its content-type has to say so.";
        return Err(ApiError::invalid("badRequest", message).at("header", "Content-Type"));
    }
    match request.json() {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(ApiError::invalid("parseError", "Parse Error")),
    }
}

fn no_body(request: &Request) -> Result<(), ApiError> {
    if request.body.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid("badRequest", "This method takes no body."))
}

/// 404 before 410 before 412. `If-Match` compares strongly (RFC 9110 section 13.1.1).
fn precondition(store: &Store, account: &str, id: &str, request: &Request) -> Result<(), ApiError> {
    let event = store.event(account, id).ok_or_else(ApiError::not_found)?;
    if event.is_deleted() {
        return Err(ApiError::deleted());
    }
    let etag = event.fields.get("etag").and_then(Value::as_str).unwrap_or_default();
    let Some(wanted) = request.headers.get("if-match") else { return Ok(()) };
    let wanted = wanted.to_str().unwrap_or_default();
    if wanted.trim() == "*" || wanted.split(',').any(|one| one.trim() == etag) {
        return Ok(());
    }
    Err(ApiError::new(412, "conditionNotMet", "Precondition Failed").at("header", "If-Match"))
}

/// A running Google Calendar. See the [module](self) for what it models.
#[derive(Debug)]
pub struct GoogleCalendar {
    host: Loopback,
    service: Arc<Service>,
}

loopback_handle!(GoogleCalendar);

impl GoogleCalendar {
    /// Starts on a free port of 127.0.0.1, accepting the tokens of this table and living by its
    /// clock.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(tokens: TokenTable) -> io::Result<Self> {
        let service = Arc::new(Service { store: Mutex::new(Store::new()), tokens });
        let host = Loopback::start(Arc::<Service>::clone(&service)).await?;
        Ok(Self { host, service })
    }

    /// All events of an account, deleted ones too, ordered by id.
    pub fn events(&self, account: &str) -> Vec<Value> {
        lock(&self.service.store)
            .entries(account)
            .map(|(_, event)| Value::Object(event.fields.clone()))
            .collect()
    }

    /// One event, deleted or not.
    pub fn event(&self, account: &str, id: &str) -> Option<Value> {
        let store = lock(&self.service.store);
        store.event(account, id).map(|event| Value::Object(event.fields.clone()))
    }

    /// Adds an event as its owner would in another window: same checks, no token, no mail, no entry
    /// in the log. Gives its id.
    ///
    /// # Errors
    /// The error Google would answer.
    pub fn seed(&self, account: &str, event: &Value) -> Result<String, ApiError> {
        let fields = members(event)?;
        let now = self.service.now();
        let event = lock(&self.service.store).insert(account, now, fields, Audience::Nobody)?;
        Ok(event.fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Changes an event as its owner would in another window, and with it the `etag`. Gives the
    /// event as it is now.
    ///
    /// # Errors
    /// The error Google would answer.
    pub fn edit(&self, account: &str, id: &str, patch: &Value) -> Result<Value, ApiError> {
        let fields = members(patch)?;
        let now = self.service.now();
        let mut store = lock(&self.service.store);
        let event = store.patch(account, now, id, &fields, Audience::Nobody)?;
        Ok(Value::Object(event.fields))
    }

    /// Deletes an event as its owner would in another window.
    ///
    /// # Errors
    /// 404 `notFound` or 410 `deleted`.
    pub fn remove(&self, account: &str, id: &str) -> Result<(), ApiError> {
        let now = self.service.now();
        lock(&self.service.store).delete(account, now, id, Audience::Nobody)
    }

    /// Every change made through the API, in order.
    pub fn writes(&self) -> Vec<Write> {
        lock(&self.service.store).writes.clone()
    }

    /// All mail sent to attendees, in order.
    pub fn outbox(&self) -> Vec<Mail> {
        lock(&self.service.store).outbox.clone()
    }

    /// Caps pages below what `maxResults` asks, as Google may; `None` lifts the cap.
    pub fn cap_pages(&self, cap: Option<usize>) {
        lock(&self.service.store).page_cap = cap;
    }

    /// Answers the first page of a listing with no items and a `nextPageToken`: a page may be empty
    /// and not the last.
    pub fn empty_first_page(&self, empty: bool) {
        lock(&self.service.store).empty_first_page = empty;
    }

    /// Back to the state after the start: no events, no mail, empty log, no faults. The tokens are
    /// the table's and stay.
    pub fn reset(&self) {
        *lock(&self.service.store) = Store::new();
        self.clear_requests();
        self.faults().clear();
    }
}

fn members(value: &Value) -> Result<Map<String, Value>, ApiError> {
    value.as_object().cloned().ok_or_else(|| ApiError::invalid("parseError", "Parse Error"))
}
