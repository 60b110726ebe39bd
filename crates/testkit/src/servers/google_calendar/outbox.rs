//! Mail that a change of an event sends to its attendees.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Why an attendee gets mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailKind {
    /// New on the list.
    Invitation,
    /// On the list before and after.
    Update,
    /// Taken off the list, or the event was deleted.
    Cancellation,
}

/// One message that has left the building.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mail {
    /// The account whose calendar it is about.
    pub from: String,
    /// The attendee.
    pub to: String,
    /// Why.
    pub kind: MailKind,
    /// The event's id.
    pub event_id: String,
    /// The event's summary at that time, empty if it has none.
    pub summary: String,
}

/// Whom `sendUpdates` reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    All,
    /// Those not known to use Google Calendar: neither in a Gmail domain nor in the account's own.
    External,
    Nobody,
}

impl Audience {
    /// An absent parameter sends nothing, after the documented default of `sendNotifications`.
    pub(super) fn from_parameter(value: Option<&str>) -> Self {
        match value {
            Some("all") => Self::All,
            Some("externalOnly") => Self::External,
            _ => Self::Nobody,
        }
    }

    fn includes(self, account: &str, attendee: &str) -> bool {
        let domain = |address: &str| {
            address.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_lowercase())
        };
        match self {
            Self::All => true,
            Self::Nobody => false,
            Self::External => {
                let of = domain(attendee);
                of != "gmail.com" && of != "googlemail.com" && of != domain(account)
            }
        }
    }
}

/// The mail a change causes. The account itself gets none.
pub(super) fn mail(
    account: &str,
    event_id: &str,
    before: Option<&Map<String, Value>>,
    after: Option<&Map<String, Value>>,
    audience: Audience,
) -> Vec<Mail> {
    let (old, new) = (guests(before), guests(after));
    let summary = after
        .or(before)
        .and_then(|event| event.get("summary"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    old.union(&new)
        .filter(|to| !to.eq_ignore_ascii_case(account) && audience.includes(account, to))
        .map(|to| Mail {
            from: account.to_owned(),
            to: to.clone(),
            kind: match (old.contains(to), new.contains(to)) {
                (_, false) => MailKind::Cancellation,
                (true, true) => MailKind::Update,
                (false, true) => MailKind::Invitation,
            },
            event_id: event_id.to_owned(),
            summary: summary.to_owned(),
        })
        .collect()
}

fn guests(event: Option<&Map<String, Value>>) -> BTreeSet<String> {
    event
        .and_then(|event| event.get("attendees"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|attendee| attendee.get("email").and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}
