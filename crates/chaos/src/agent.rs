//! The agent: makes calls, tries every ticket and every handle twice, and writes down what it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign::core::{Caller, EffectId, Ending, ToolCall};
use countersign::ticket::Sealed;
use countersign::{Authorization, Done, Error, Handle, Interrupt};
use serde_json::{Value, json};

use crate::Failure;
use crate::notebook::Notebook;
use crate::outside::REFUSED;
use crate::provider::FAULTS;
use crate::random::Random;
use crate::world::World;

/// How each effect ended, as the agent was told: `{"effect","ending","code"}`.
pub const TOLD: &str = "told";
/// Handles of calls that wait: `{"session","handle"}`.
pub const HANDLES: &str = "handles";
/// Ids of handles with which nothing is to be done any more, and why.
pub const SETTLED: &str = "settled";
/// Sessions in which one ticket was admitted more than once.
pub const READMITTED: &str = "readmitted";
/// Handles that were edited and believed.
pub const FORGED: &str = "forged";
/// Tickets with their sealed requests: `{"session","round","ticket","sealed"}`.
const TICKETS: &str = "tickets";
/// Sessions in which a call was begun of which nothing was heard yet.
const BEGUN: &str = "begun";

/// Refusals of a handle after which it may be tried again.
const NOT_YET: [&str; 3] = ["effect_under_way", "effect_in_doubt", "approver_unreachable"];

/// One agent of one child.
#[derive(Debug)]
pub struct Agent {
    world: Arc<World>,
    notebook: Notebook,
    round: u64,
    name: u64,
    random: Random,
    calls: u64,
}

impl Agent {
    /// An agent with a name of its own in this round.
    pub fn new(world: &Arc<World>, notebook: &Notebook, round: u64, name: u64, seed: u64) -> Self {
        let random = Random::new(seed ^ (round << 20) ^ (name << 8));
        Self { world: Arc::clone(world), notebook: notebook.clone(), round, name, random, calls: 0 }
    }

    /// Makes one call, of whatever kind.
    ///
    /// # Errors
    /// If the harness fails; a refusal is none.
    pub async fn call(&mut self) -> Result<(), Failure> {
        self.calls += 1;
        let session = format!("r{}-a{}-c{}", self.round, self.name, self.calls);
        let me = self.world.caller(&session)?;
        match self.random.below(10) {
            0..=1 => self.at_once(&session, &me, &list()?).await,
            // There is no such event, so it fails.
            2 => self.at_once(&session, &me, &get(&session)?).await,
            3..=5 => {
                let call = self.create(&session)?;
                self.at_once(&session, &me, &call).await
            }
            _ => {
                let call = self.create(&session)?;
                self.in_two_steps(&session, &me, &call).await
            }
        }
    }

    fn create(&mut self, session: &str) -> Result<ToolCall, Failure> {
        let words: Vec<&str> = FAULTS.into_iter().chain([REFUSED]).collect();
        let usual = self.random.below(2) == 0;
        let word = if usual { None } else { self.random.pick(&words).copied() };
        let mut arguments = json!({
            "summary": format!("call {session}"),
            "start": { "date": "2027-03-02" },
            "end": { "date": "2027-03-03" },
        });
        if let (Some(word), Some(object)) = (word, arguments.as_object_mut()) {
            object.insert("description".to_owned(), json!(word));
        }
        Ok(ToolCall::from_json("google_calendar_create_event", arguments.to_string())?)
    }

    async fn at_once(&self, session: &str, me: &Caller, call: &ToolCall) -> Result<(), Failure> {
        self.notebook.note(BEGUN, session);
        match Box::pin(self.world.cs.run(me, call)).await {
            Ok(done) => self.told(session, &done),
            Err(Error::Interrupted(handle)) => self.keep(session, &handle)?,
            // Refused, or not available now: no effect took place.
            Err(_) => {}
        }
        self.again(session, me).await
    }

    async fn in_two_steps(
        &self,
        session: &str,
        me: &Caller,
        call: &ToolCall,
    ) -> Result<(), Failure> {
        self.notebook.note(BEGUN, session);
        match Box::pin(self.world.cs.authorize(me, call)).await {
            Ok(Authorization::Permitted(sealed)) => {
                let (ticket, bytes) = self.carry(session, *sealed);
                // Both at the same time, and once more when they are through.
                let (one, other) = tokio::join!(
                    self.execute(session, me, &ticket, &bytes),
                    self.execute(session, me, &ticket, &bytes)
                );
                let third = self.execute(session, me, &ticket, &bytes).await;
                if u8::from(one) + u8::from(other) + u8::from(third) > 1 {
                    self.notebook.note(READMITTED, session);
                }
            }
            Ok(Authorization::Pending(handle)) => self.keep(session, &handle)?,
            Ok(Authorization::Refused(_)) | Err(_) => {}
        }
        self.again(session, me).await
    }

    /// Writes ticket and request down as an agent could, that carries them elsewhere.
    fn carry(&self, session: &str, sealed: Sealed) -> (String, Vec<u8>) {
        let (ticket, prepared) = sealed.into_parts();
        let (ticket, bytes) = (ticket.as_compact().to_owned(), prepared.to_bytes());
        let line = json!({
            "session": session,
            "round": self.round,
            "ticket": ticket,
            "sealed": String::from_utf8_lossy(&bytes),
        });
        self.notebook.note(TICKETS, &line.to_string());
        (ticket, bytes)
    }

    /// Whether the ticket was admitted.
    async fn execute(&self, session: &str, me: &Caller, ticket: &str, sealed: &[u8]) -> bool {
        match Box::pin(self.world.cs.execute_bytes(me, ticket, sealed)).await {
            Ok(done) => {
                self.told(session, &done);
                true
            }
            Err(_) => false,
        }
    }

    fn told(&self, session: &str, done: &Done) {
        let ending = match done.ending {
            Ending::Committed => "committed",
            Ending::Failed => "failed",
            Ending::Unknown => "unknown",
        };
        let line = json!({
            "effect": done.effect_id.to_string(), "ending": ending, "code": done.code,
        });
        self.notebook.note(TOLD, &line.to_string());
        if let Some(handle) = &done.again {
            // Nothing was processed, and the approval is not spent.
            let _kept = self.keep(session, handle);
        }
    }

    fn keep(&self, session: &str, handle: &Handle) -> Result<(), Failure> {
        let handle = serde_json::to_value(handle)?;
        self.notebook.note(HANDLES, &json!({ "session": session, "handle": handle }).to_string());
        Ok(())
    }

    /// Goes on with what waits in a session, in a session's last breath in this process.
    async fn again(&self, session: &str, me: &Caller) -> Result<(), Failure> {
        if self.calls.is_multiple_of(3) {
            // Left for another process.
            return Ok(());
        }
        for handle in self.world.cs.pending(me).await.unwrap_or_default() {
            self.resume(session, me, &handle).await?;
        }
        Ok(())
    }

    /// Resumes twice at the same time.
    async fn resume(&self, session: &str, me: &Caller, handle: &Handle) -> Result<(), Failure> {
        self.keep(session, handle)?;
        let (one, other) = tokio::join!(
            self.resume_once(session, me, handle),
            self.resume_once(session, me, handle)
        );
        one.and(other)
    }

    /// A handle that was edited has to be refused. It costs nothing.
    async fn forge(&self, me: &Caller, handle: &Handle) {
        let mut edited = handle.clone();
        edited.expires_ms = edited.expires_ms.saturating_add(1);
        if let Ok(Authorization::Permitted(_) | Authorization::Pending(_)) =
            Box::pin(self.world.cs.resume(me, &edited)).await
        {
            self.notebook.note(FORGED, &handle.id);
        }
    }

    async fn resume_once(
        &self,
        session: &str,
        me: &Caller,
        handle: &Handle,
    ) -> Result<(), Failure> {
        match Box::pin(self.world.cs.resume(me, handle)).await {
            Ok(Authorization::Permitted(sealed)) => {
                let (ticket, bytes) = self.carry(session, *sealed);
                self.execute(session, me, &ticket, &bytes).await;
            }
            Ok(Authorization::Pending(handle)) => self.keep(session, &handle)?,
            Ok(Authorization::Refused(no)) => {
                if !NOT_YET.contains(&no.code()) {
                    self.notebook.note(SETTLED, &format!("{} {}", handle.id, no.code()));
                }
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// After a restart: goes on with everything that waits, and tries the tickets of the round before.
    ///
    /// # Errors
    /// If the notebook cannot be read.
    pub async fn after_restart(&self, all: bool) -> Result<(), Failure> {
        for (session, handle) in self.waiting()? {
            let me = self.world.caller(&session)?;
            self.forge(&me, &handle).await;
            self.resume(&session, &me, &handle).await?;
        }
        for session in self.begun(all)? {
            let me = self.world.caller(&session)?;
            for handle in self.world.cs.pending(&me).await.unwrap_or_default() {
                self.resume(&session, &me, &handle).await?;
            }
        }
        for line in self.notebook.lines(TICKETS)? {
            let line: Value = serde_json::from_str(&line)?;
            let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
            let round = line.get("round").and_then(Value::as_u64).unwrap_or(0);
            if round.saturating_add(2) < self.round {
                continue;
            }
            let me = self.world.caller(text("session"))?;
            self.execute(text("session"), &me, text("ticket"), text("sealed").as_bytes()).await;
        }
        Ok(())
    }

    /// Handles that were given out and not settled, the newest of each id.
    fn waiting(&self) -> Result<Vec<(String, Handle)>, Failure> {
        let settled = self.notebook.lines(SETTLED)?;
        let settled: BTreeSet<&str> = settled.iter().filter_map(|l| l.split(' ').next()).collect();
        let mut waiting = BTreeMap::new();
        for line in self.notebook.lines(HANDLES)? {
            let line: Value = serde_json::from_str(&line)?;
            let session = line.get("session").and_then(Value::as_str).unwrap_or_default();
            let handle = line.get("handle").cloned().unwrap_or_default();
            let handle: Handle = serde_json::from_value(handle)?;
            if !settled.contains(handle.id.as_str()) {
                waiting.insert(handle.id.clone(), (session.to_owned(), handle));
            }
        }
        Ok(waiting.into_values().collect())
    }

    /// The sessions of the round before, or of all rounds.
    fn begun(&self, all: bool) -> Result<Vec<String>, Failure> {
        let last = format!("r{}-", self.round.saturating_sub(1));
        let lines = self.notebook.lines(BEGUN)?;
        Ok(lines.into_iter().filter(|session| all || session.starts_with(&last)).collect())
    }
}

fn list() -> Result<ToolCall, Failure> {
    let narrow = json!({ "time_min": "2027-03-02T00:00:00Z", "max_results": 2 });
    Ok(ToolCall::from_json("google_calendar_list_events", narrow.to_string())?)
}

fn get(session: &str) -> Result<ToolCall, Failure> {
    let arguments = json!({ "event_id": format!("none{}", session.replace('-', "0")) });
    Ok(ToolCall::from_json("google_calendar_get_event", arguments.to_string())?)
}

/// What the agents were told, by effect.
///
/// # Errors
/// If the notebook cannot be read.
pub fn told(notebook: &Notebook) -> Result<BTreeMap<EffectId, BTreeSet<String>>, Failure> {
    let mut told: BTreeMap<EffectId, BTreeSet<String>> = BTreeMap::new();
    for line in notebook.lines(TOLD)? {
        let line: Value = serde_json::from_str(&line)?;
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
        told.entry(text("effect").parse()?).or_default().insert(text("ending").to_owned());
    }
    Ok(told)
}

/// The approval digests of the handles that were given out, with their effects.
///
/// # Errors
/// If the notebook cannot be read.
pub fn digests(notebook: &Notebook) -> Result<BTreeMap<String, EffectId>, Failure> {
    let mut digests = BTreeMap::new();
    for line in notebook.lines(HANDLES)? {
        let line: Value = serde_json::from_str(&line)?;
        let handle: Handle =
            serde_json::from_value(line.get("handle").cloned().unwrap_or_default())?;
        if let Interrupt::Approve { digest, .. } = &handle.interrupt {
            digests.insert(digest.clone(), handle.effect_id.parse()?);
        }
    }
    Ok(digests)
}
