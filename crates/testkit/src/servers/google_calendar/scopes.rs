//! Who may call what.

use super::super::message::Request;
use super::super::tokens::{ProviderToken, TokenTable};
use super::errors::ApiError;

const PREFIX: &str = "https://www.googleapis.com/auth/";

/// Scopes of which one is enough to read events of one's own calendars, least first.
const READ_EVENTS: &[&str] = &[
    "calendar.events.owned.readonly",
    "calendar.events.readonly",
    "calendar.events.owned",
    "calendar.events",
    "calendar.readonly",
    "calendar",
];

/// To write them.
const WRITE_EVENTS: &[&str] = &["calendar.events.owned", "calendar.events", "calendar"];

/// To read what a calendar is called.
const READ_CALENDAR: &[&str] =
    &["calendar.calendars.readonly", "calendar.calendars", "calendar.readonly", "calendar"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    ReadEvents,
    WriteEvents,
    ReadCalendar,
}

impl Need {
    fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::ReadEvents => READ_EVENTS,
            Self::WriteEvents => WRITE_EVENTS,
            Self::ReadCalendar => READ_CALENDAR,
        }
    }
}

/// The token behind a request, if it is good for this: 401 for none, an unknown, an expired or
/// another provider's; 403 for one without the scope.
pub(super) fn authorise(
    request: &Request,
    tokens: &TokenTable,
    need: Need,
) -> Result<ProviderToken, ApiError> {
    if request.headers.get_all("authorization").iter().count() > 1 {
        return Err(ApiError::unauthenticated());
    }
    let token = request
        .bearer()
        .and_then(|token| tokens.valid(token))
        .filter(|token| token.connection == super::CONNECTION)
        .ok_or_else(ApiError::unauthenticated)?;
    let has = |name: &&&str| token.scopes.contains(&format!("{PREFIX}{name}"));
    if need.scopes().iter().any(|name| has(&name)) {
        return Ok(token);
    }
    let accepted: Vec<String> =
        need.scopes().iter().map(|name| format!("{PREFIX}{name}")).collect();
    Err(ApiError::insufficient_scope(&accepted.join(" ")))
}
