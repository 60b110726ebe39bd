//! A prepared effect, read back from the bytes of its first request.

use countersign_core::{Method, Object, Prepared, Step};

use super::BASE;
use super::event::object;
use super::tools::Kind;
use crate::encode::unpercent;

/// The one media type that is sent and asked for.
pub(super) const JSON: &str = "application/json";

/// What the request is about, in the words of the URL and the body.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    pub(super) kind: Kind,
    pub(super) calendar: String,
    /// The id in the URL, or that of the event to be made.
    pub(super) event: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Object,
    pub(super) step: &'a Step,
    /// The step for further pages.
    pub(super) further: Option<&'a Step>,
}

impl<'a> Wire<'a> {
    /// Reads requests of the shapes that this connector makes; none for any other.
    pub(super) fn read(prepared: &'a Prepared) -> Option<Self> {
        let (step, further) = match prepared.steps() {
            [step] => (step, None),
            [step, further] => (step, Some(further)),
            _ => return None,
        };
        let rest = step.url().strip_prefix(BASE)?.strip_prefix("/calendars/")?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (calendar, path) = path.split_once("/events")?;
        let id = match path.strip_prefix('/') {
            Some(id) => Some(unpercent(id)?),
            None if path.is_empty() => None,
            None => return None,
        };
        let body = match step.body_bytes() {
            [] => Object::new(),
            bytes => object(bytes)?,
        };
        let (kind, event) = match (step.method(), id) {
            (Method::Get, None) => (Kind::List, String::new()),
            (Method::Get, Some(id)) => (Kind::Get, id),
            (Method::Post, None) => (Kind::Create, body.get("id")?.as_str()?.to_owned()),
            (Method::Patch, Some(id)) => (Kind::Patch, id),
            (Method::Delete, Some(id)) => (Kind::Delete, id),
            _ => return None,
        };
        let pair = |text: &str| {
            let (name, value) = text.split_once('=')?;
            Some((unpercent(name)?, unpercent(value)?))
        };
        let query = query.split('&').filter(|text| !text.is_empty()).map(pair);
        let query = query.collect::<Option<Vec<_>>>()?;
        if !further.is_none_or(|further| kind == Kind::List && follows(step, further)) {
            return None;
        }
        let calendar = unpercent(calendar)?;
        Some(Self { kind, calendar, event, query, body, step, further })
    }

    /// The version the request is tied to.
    pub(super) fn if_match(&self) -> Option<&str> {
        let header = self.step.headers().iter().find(|(name, _)| name == "if-match");
        header.map(|(_, value)| value.as_str())
    }
}

/// Whether a step asks for further pages of the same listing.
fn follows(first: &Step, further: &Step) -> bool {
    further.url().strip_prefix(first.url()) == Some("&pageToken=")
        && further.method() == first.method()
        && further.headers() == first.headers()
        && further.body_bytes() == first.body_bytes()
        && further.carries_credential() == first.carries_credential()
}
