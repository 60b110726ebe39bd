//! Google Calendar API v3: events.
//!
//! Source: the discovery document `calendar:v3` and the guides under
//! <https://developers.google.com/workspace/calendar/api>.

mod args;
mod event;
mod interpret;
mod plan;
mod preview;
mod reconcile;
mod tools;
mod wire;

use countersign_core::{
    Account, Answer, Connection, Connector, EffectId, Interpretation, PlanError, Planned, Prepared,
    Preview, Reconciled, Seen, Tool, ToolCall,
};

use self::tools::Kind;

/// Where every request goes.
const BASE: &str = "https://www.googleapis.com/calendar/v3";

/// Events of Google Calendar, as a [`Connector`].
///
/// | tool | effect | scope (under `https://www.googleapis.com/auth/`) |
/// |---|---|---|
/// | `google_calendar_list_events` | read | `calendar.events.readonly` |
/// | `google_calendar_get_event` | read | `calendar.events.readonly` |
/// | `google_calendar_create_event` | outward | `calendar.events` |
/// | `google_calendar_patch_event` | outward | `calendar.events` |
/// | `google_calendar_delete_event` | destructive | `calendar.events` |
///
/// # Once
/// The id of a new event derives from the effect: the first 160 bits of
/// `SHA-256("countersign-event-id" || effect id)` as 32 characters of lower-case base32hex, the
/// alphabet Google prescribes. A second attempt meets the first as 409 `duplicate`. It is a hash, so
/// that whoever sees the event does not learn the effect id.
///
/// `patch` and `delete` read the event first (a call of `google_calendar_get_event` of its own) and
/// carry the `etag` they found as `if-match`. What was found is part of the sealed arguments and of
/// the preview; if the event changes before the request arrives, Google answers 412.
///
/// # Who is notified
/// `sendUpdates` is always sent, `none` unless the call says otherwise. With `none`, attendees get
/// no mail, but an event with attendees can still appear in their calendars, and Google reserves the
/// right to send some mail nevertheless.
///
/// # Limits
/// * Arrays of a patch replace the whole list (Google's patch semantics). Attendees are sent by
///   address alone, so what Google knew of their answers may be lost.
/// * An id of a series stands for the whole series, the id of one occurrence for that occurrence;
///   splitting a series is not offered. Recurrence rules are checked for their form alone.
/// * No conference data, attachments, reminders, guest permissions or extended properties: a new
///   event gets the calendar's defaults, a patch leaves them alone.
/// * Whether a time zone exists is for Google to say.
/// * A listing reads at most ten pages and says whether there are more.
#[derive(Debug, Clone)]
pub struct GoogleCalendar {
    connection: String,
    account: Option<Account>,
}

impl Default for GoogleCalendar {
    fn default() -> Self {
        Self { connection: "google-oauth2".to_owned(), account: None }
    }
}

impl GoogleCalendar {
    /// The connector, on the connection `google-oauth2`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses another connection at the identity provider.
    #[must_use]
    pub fn connection(mut self, connection: &Connection) -> Self {
        connection.as_str().clone_into(&mut self.connection);
        self
    }

    /// Names one of several accounts on the connection (sent as `login_hint`, and sealed).
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.account = Some(account);
        self
    }
}

impl Connector for GoogleCalendar {
    fn tools(&self) -> Vec<Tool> {
        // INVARIANT: names, schemas and severities are constants that a test registers, and the
        // connection was checked when it was set, so none is dropped.
        Kind::ALL.iter().filter_map(|kind| kind.spec(&self.connection).register().ok()).collect()
    }

    fn plan(&self, call: &ToolCall, effect: EffectId, seen: &Seen) -> Result<Planned, PlanError> {
        plan::plan(self, call, effect, seen)
    }

    fn preview(&self, prepared: &Prepared) -> Preview {
        preview::preview(prepared)
    }

    fn interpret(&self, prepared: &Prepared, answers: &[Answer]) -> Interpretation {
        interpret::interpret(prepared, answers)
    }

    fn reconcile(&self, prepared: &Prepared, seen: &Seen) -> Reconciled {
        reconcile::reconcile(prepared, seen)
    }
}
