//! `GET /calendars/{calendarId}/events`.

use serde_json::{Map, Value, json};

use super::super::message::Request;
use super::errors::ApiError;
use super::query::Query;
use super::store::{Event, Page, Store};
use super::when::moment;

const MODELLED: &[&str] = &[
    "maxResults",
    "orderBy",
    "pageToken",
    "q",
    "showDeleted",
    "singleEvents",
    "timeMax",
    "timeMin",
];
const UNMODELLED: &[&str] = &[
    "alwaysIncludeEmail",
    "eventTypes",
    "iCalUID",
    "maxAttendees",
    "privateExtendedProperty",
    "sharedExtendedProperty",
    "showHiddenInvitations",
    "syncToken",
    "timeZone",
    "updatedMin",
];
const MOST: usize = 2500;
const DEFAULT: usize = 250;

pub(super) fn list(store: &mut Store, account: &str, request: &Request) -> Result<Value, ApiError> {
    let query = Query::parse(request, MODELLED, UNMODELLED)?;
    let rest = query.without("pageToken");
    let first = query.text("pageToken").is_none();
    let ids = match query.text("pageToken") {
        None => select(store, account, &query)?,
        Some(token) => {
            let page = store.page(token).filter(|page| page.account == account);
            let page = page.ok_or_else(|| invalid_page_token("Invalid page token value."))?;
            if page.query != rest {
                return Err(invalid_page_token("The page token belongs to another query."));
            }
            page.ids.clone()
        }
    };
    let asked = query.count("maxResults", MOST)?.unwrap_or(DEFAULT);
    let size = if first && store.empty_first_page {
        0
    } else {
        store.page_cap.map_or(asked, |cap| cap.clamp(1, asked))
    };
    let (now, later) = ids.split_at(size.min(ids.len()));
    let items: Vec<Value> = now
        .iter()
        .filter_map(|id| store.event(account, id))
        .map(|event| Value::Object(event.fields.clone()))
        .collect();
    let mut body = Map::new();
    for (name, value) in [
        ("kind", json!("calendar#events")),
        ("etag", json!(store.collection_etag())),
        ("summary", json!(account)),
        ("timeZone", json!("UTC")),
        ("accessRole", json!("owner")),
        ("defaultReminders", json!([])),
        ("items", json!(items)),
    ] {
        body.insert(name.to_owned(), value);
    }
    if !later.is_empty() {
        let page = Page { account: account.to_owned(), query: rest, ids: later.to_vec() };
        body.insert("nextPageToken".to_owned(), json!(store.keep_page(page)));
    }
    Ok(Value::Object(body))
}

fn invalid_page_token(message: &str) -> ApiError {
    ApiError::invalid("invalid", message).at("parameter", "pageToken")
}

/// Ids of all matching events, in order.
fn select(store: &Store, account: &str, query: &Query) -> Result<Vec<String>, ApiError> {
    let bound = |name: &str| match query.text(name) {
        Some(text) => moment(text).map(Some).map_err(|_| {
            ApiError::parameter(
                name,
                format!("Invalid value for {name}: not RFC 3339 with offset."),
            )
        }),
        None => Ok(None),
    };
    let (time_min, time_max) = (bound("timeMin")?, bound("timeMax")?);
    if let (Some(min), Some(max)) = (time_min, time_max)
        && min >= max
    {
        let message = "The specified time range is empty.";
        return Err(ApiError::invalid("timeRangeEmpty", message).at("parameter", "timeMax"));
    }
    let order = query.one_of("orderBy", &["startTime", "updated"])?;
    if order == Some("startTime") && !query.flag("singleEvents")? {
        let message = "The requested ordering is not available for the particular query.";
        return Err(ApiError::parameter("orderBy", message));
    }
    query.flag("singleEvents")?;
    query.count("maxResults", MOST)?;
    let deleted_too = query.flag("showDeleted")?;
    let words: Vec<String> =
        query.text("q").unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();

    let mut found: Vec<(&String, &Event)> = store
        .entries(account)
        .filter(|(_, event)| deleted_too || !event.is_deleted())
        .filter(|(_, event)| time_min.is_none_or(|min| event.end.instant > min))
        .filter(|(_, event)| time_max.is_none_or(|max| event.start.instant < max))
        .filter(|(_, event)| {
            let text = searchable(event);
            words.iter().all(|word| text.contains(word))
        })
        .collect();
    match order {
        Some("startTime") => found.sort_by_key(|(id, event)| (event.start.instant, (*id).clone())),
        Some(_) => found.sort_by_key(|(_, event)| event.changed),
        None => found.sort_by_key(|(_, event)| event.created),
    }
    Ok(found.into_iter().map(|(id, _)| id.clone()).collect())
}

/// What `q` looks into, lower case: summary, description, location, people.
fn searchable(event: &Event) -> String {
    let mut text = String::new();
    let mut add = |value: Option<&Value>| {
        if let Some(part) = value.and_then(Value::as_str) {
            text.push_str(&part.to_lowercase());
            text.push('\n');
        }
    };
    for name in ["summary", "description", "location"] {
        add(event.fields.get(name));
    }
    let attendees = event.fields.get("attendees").and_then(Value::as_array);
    let organizer = event.fields.get("organizer");
    for person in attendees.into_iter().flatten().chain(organizer) {
        add(person.get("email"));
        add(person.get("displayName"));
    }
    text
}
