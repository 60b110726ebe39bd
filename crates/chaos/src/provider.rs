//! The provider: an Auth0 and a Google Calendar in a process of their own that outlives every child,
//! and what they say about what reached them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use countersign_testkit::servers::google_calendar::{backend_error, rate_limited_429};
use countersign_testkit::servers::{
    Account, Auth0, Fault, GoogleCalendar, Recorded, Request, RetryAfter, When, auth0,
};
use serde_json::{Value, json};

use crate::Failure;

/// The tenant's host.
pub const DOMAIN: &str = "acme.eu.auth0.com";
/// The audience of the callers' tokens.
pub const AUDIENCE: &str = "https://agents.acme.example";
/// The client and its secret.
pub const CLIENT: (&str, &str) = ("cli_1", "s3cr3t");
/// The one user.
pub const USER: &str = "auth0|ada";
/// The user's account at the provider.
pub const ACCOUNT: &str = "ada@acme.example";
/// The agent.
pub const AGENT: &str = "planner";
const SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";

/// What can go wrong at the provider, by the word that an event's description has. Each happens to the
/// first arrival of an event, and to no later one.
pub const FAULTS: [&str; 6] = ["limited", "failing", "lost", "dropped", "slow", "late"];

/// Runs the provider: prints where it is, answers `report` and `forget` on its standard input, and ends
/// with it.
///
/// # Errors
/// If it cannot start.
pub async fn run() -> Result<(), Failure> {
    let tenant = Auth0::builder().domain(DOMAIN).start().await?;
    tenant.register(auth0::Client::custom_api(CLIENT.0, CLIENT.1, AUDIENCE).token_vault());
    tenant.connect(USER, Account::google("1084", ACCOUNT).scopes([SCOPE]));
    let calendar = GoogleCalendar::start(tenant.tokens()).await?;
    misbehave(&calendar);
    let access = tenant.issue_access_token(USER, AUDIENCE).azp(AGENT).sign()?;
    // For whoever has nothing but the calendar's address.
    let bearer = tenant.tokens().mint("google-oauth2", ACCOUNT, [SCOPE], 86_400);
    let addresses = json!({
        "bearer": bearer,
        "auth0": tenant.addr().to_string(),
        "calendar": calendar.addr().to_string(),
        "access_token": access,
    });
    say(&addresses)?;
    let (lines, mut orders) = tokio::sync::mpsc::channel::<String>(8);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(order) = orders.recv().await {
        match order.as_str() {
            "report" => say(&report(&calendar))?,
            "forget" => {
                // Events and all: a listing must not grow.
                calendar.reset();
                tenant.clear_requests();
                say(&json!({}))?;
            }
            other => return Err(format!("the provider knows no order {other}").into()),
        }
    }
    Ok(())
}

fn say(value: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

fn misbehave(calendar: &GoogleCalendar) {
    let faults = calendar.faults();
    for word in FAULTS {
        let fault = match word {
            "limited" => rate_limited_429(RetryAfter::Seconds(0)),
            "failing" => backend_error(),
            "lost" => Fault::answer_lost(),
            "dropped" => Fault::dropped(),
            "slow" => Fault::slow_answer(Duration::from_millis(25)),
            _ => Fault::delay(Duration::from_millis(25)),
        };
        let met = Mutex::new(std::collections::BTreeSet::new());
        let first = move |request: &Request| {
            let Some(event) = event(request) else { return false };
            let marked = event.get("description").and_then(Value::as_str) == Some(word);
            let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
            let mut met = met.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            marked && met.insert(id.to_owned())
        };
        faults.when(When::method("POST").matching(first), u32::MAX, fault);
    }
}

fn event(request: &Request) -> Option<Value> {
    request.json().ok().filter(Value::is_object)
}

/// What reached the provider under one event id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "all three are counted together")]
pub struct Arrived {
    /// Requests to insert it.
    pub arrivals: u64,
    /// How many of them made an event.
    pub made: u64,
    /// How many came after one had made it.
    pub after: u64,
}

impl Arrived {
    /// How often it was done too often.
    pub fn doubles(self) -> u64 {
        self.made.saturating_sub(1).saturating_add(self.after)
    }

    fn add(&mut self, made: bool) {
        self.arrivals += 1;
        if self.made > 0 {
            self.after += 1;
        } else if made {
            self.made += 1;
        }
    }
}

/// Counts raw arrivals. The server's own list of writes says which of them made something.
fn report(calendar: &GoogleCalendar) -> Value {
    let mut writes: BTreeMap<String, u64> = BTreeMap::new();
    for write in calendar.writes() {
        if write.method == "insert" {
            *writes.entry(write.event_id).or_default() += 1;
        }
    }
    let mut found: BTreeMap<String, Arrived> = BTreeMap::new();
    let mut reads = 0_u64;
    for Recorded { request, processed, status, .. } in calendar.requests() {
        if request.method != "POST" {
            reads += 1;
            continue;
        }
        let id = event(&request).and_then(|e| e.get("id")?.as_str().map(str::to_owned));
        let id = id.unwrap_or_default();
        // An answer that was lost has no status; whether it made the event is in the list of writes.
        let made = processed && status.is_none_or(|s| s == 200) && writes.contains_key(&id);
        found.entry(id).or_default().add(made);
    }
    for (id, count) in writes {
        let arrived = found.entry(id).or_default();
        arrived.made = arrived.made.max(count);
    }
    let events: serde_json::Map<String, Value> = found
        .into_iter()
        .map(|(id, one)| (id, json!([one.arrivals, one.made, one.after])))
        .collect();
    json!({ "events": events, "reads": reads })
}

/// Reads a report.
pub fn read_report(report: &Value) -> Option<BTreeMap<String, Arrived>> {
    let events = report.get("events")?.as_object()?;
    let read = |counts: &Value| {
        let number = |at: usize| counts.get(at).and_then(Value::as_u64);
        Some(Arrived { arrivals: number(0)?, made: number(1)?, after: number(2)? })
    };
    events.iter().map(|(id, counts)| Some((id.clone(), read(counts)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_again_after_it_was_done_is_a_double_also_if_it_is_refused() {
        let mut one = Arrived::default();
        one.add(false);
        one.add(true);
        assert_eq!((one.made, one.doubles()), (1, 0));
        one.add(false);
        assert_eq!(one.doubles(), 1);
        one.add(true);
        assert_eq!((one.arrivals, one.doubles()), (4, 2));
    }
}
