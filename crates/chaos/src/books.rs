//! Reading the books: the notebook, the log, and the provider by its API.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use countersign::core::LedgerState;
use countersign_testkit::servers::probe;
use serde_json::Value;

use crate::Failure;
use crate::account::Books;
use crate::agent::{self, FORGED, READMITTED};
use crate::child::LEDGER;
use crate::notebook::Notebook;
use crate::person::ASKED;
use crate::provider::Arrived;
use crate::target::{Credential, Target};

/// Reads everything but the provider's side.
///
/// # Errors
/// If something cannot be read.
pub fn read(
    notebook: &Notebook,
    log: &Path,
    provider: BTreeMap<String, Arrived>,
) -> Result<Books, Failure> {
    let mut books = Books {
        provider,
        told: agent::told(notebook)?,
        digests: agent::digests(notebook)?,
        asked: notebook.tally(ASKED)?,
        readmitted: notebook.lines(READMITTED)?.len() as u64,
        forged: notebook.lines(FORGED)?.len() as u64,
        ..Books::default()
    };
    for line in notebook.lines(LEDGER)? {
        let line: Value = serde_json::from_str(&line)?;
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let effect = text("effect").unwrap_or_default().parse()?;
        let state = text("state").and_then(LedgerState::parse).ok_or("a state of the ledger")?;
        if text("tool") == Some("google_calendar_create_event") {
            books.writes.insert(effect);
        }
        books.ledger.insert(effect, (state, text("approval").map(str::to_owned)));
    }
    books.broken_log = countersign::audit::verify(File::open(log)?).err().map(|e| e.to_string());
    for line in BufReader::new(File::open(log)?).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let field = |key: &str| line.get("fields")?.get(key)?.as_str();
        let Some(effect) = field("effect_id") else { continue };
        let effect = effect.parse()?;
        let outcomes = books.log.entry(effect).or_default();
        if let Some(outcome) = field("outcome") {
            outcomes.insert(outcome.to_owned());
        }
        if let Some(digest) = field("approval") {
            books.digests.insert(digest.to_owned(), effect);
        }
    }
    Ok(books)
}

/// The ids of all events that a provider of somebody else's has, by its API.
///
/// # Errors
/// If it does not answer as Google would.
pub async fn events(target: &Target) -> Result<BTreeMap<String, String>, Failure> {
    let Credential::Fixed(token) = &target.credential else {
        return Err("only a provider that was given by its address is read by its API".into());
    };
    let mut events = BTreeMap::new();
    let mut page: Option<String> = None;
    loop {
        let mut path = "/calendar/v3/calendars/primary/events?maxResults=250".to_owned();
        if let Some(token) = &page {
            path.push_str("&pageToken=");
            path.push_str(token);
        }
        let answer = probe::get_json(target.calendar, &path, Some(token)).await?;
        if answer.status != 200 {
            return Err(format!("the provider answers {} to a listing", answer.status).into());
        }
        let body = answer.json()?;
        let text = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        for item in body.get("items").and_then(Value::as_array).into_iter().flatten() {
            events.insert(text(item, "id"), text(item, "summary"));
        }
        page = body.get("nextPageToken").and_then(Value::as_str).map(str::to_owned);
        if page.is_none() {
            return Ok(events);
        }
    }
}

/// What this run made there. Ids are unique at such a provider, so an effect that took place twice
/// shows as two events of one call.
///
/// # Errors
/// As [`events`].
pub async fn arrived(
    target: &Target,
    before: Option<&BTreeMap<String, String>>,
) -> Result<BTreeMap<String, Arrived>, Failure> {
    let mut calls = BTreeSet::new();
    let mut arrived = BTreeMap::new();
    for (id, summary) in events(target).await? {
        if before.is_some_and(|before| before.contains_key(&id)) {
            continue;
        }
        let again = u64::from(!calls.insert(summary));
        arrived.insert(id, Arrived { arrivals: 1 + again, made: 1, after: again });
    }
    Ok(arrived)
}
