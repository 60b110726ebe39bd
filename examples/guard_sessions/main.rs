//! The pipeline on recorded agent sessions.
//!
//! A session is what an agent really did: the user's request, and the calls in order, some of them
//! made because a tool's answer told it to. Every call goes through the whole pipeline as a local
//! tool with the severity, effect and roles of the catalogue. The person who is asked sees only
//! their own request and the preview. A careful one approves when every recipient, target, address and
//! amount shown is named in the request; a careless one approves every call of tier B; a tired one
//! approves everything after five prompts of a session. There is no identity provider here, so their evidence for the upper
//! tiers is simulated: the counts say what a careful person would let through, not how they prove
//! who they are. What the recording knows about attacks is used for counting alone.
//!
//! ```sh
//! cargo run --example guard_sessions -- SESSIONS.jsonl CATALOG.json [--json] \
//!     [--approver=careful|careless|tired] [--consent=effects|unnamed|pointed]
//! ```

mod person;
mod tally;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use countersign::core::{AgentId, Effect, SessionId, TenantId, ToolName, UserId};
use countersign::prelude::*;
use countersign::risk::{Catalog, DefaultPolicy, PolicyConfig};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use person::{Manner, Person, Simulated};
use tally::{Step, Tally};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One line of the recording.
#[derive(Deserialize)]
struct Session {
    #[serde(rename = "session")]
    name: String,
    user_request: String,
    attack: Option<String>,
    steps: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    tool: String,
    args: Value,
    result: String,
    is_attack: bool,
}

/// What the recorded tool answers next: the closure of every tool takes it from here.
type Answer = Arc<Mutex<String>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let files: Vec<&String> = args.iter().filter(|a| !a.starts_with("--")).collect();
    let [sessions, catalog] = files.as_slice() else {
        return Err("usage: guard_sessions SESSIONS.jsonl CATALOG.json [--json] \
                    [--approver=careful|careless|tired] [--consent=effects|unnamed|pointed]"
            .into());
    };
    let option = |name: &str, default: &str| {
        let given = args.iter().find_map(|arg| arg.strip_prefix(name));
        given.unwrap_or(default).to_owned()
    };
    let manner = option("--approver=", "careful");
    let manner = Manner::parse(&manner).ok_or("an approver is careful, careless or tired")?;
    let consent = serde_json::json!({ "consent": option("--consent=", "effects") });
    let config = PolicyConfig::from_json(consent.to_string().as_bytes())?;
    let catalog = Catalog::from_json(&std::fs::read(catalog)?)?;
    let state = tempfile::tempdir()?;
    let mut pipelines: HashMap<String, Guarded> = HashMap::new();
    let mut tally = Tally::default();

    for line in std::fs::read_to_string(sessions)?.lines().filter(|l| !l.trim().is_empty()) {
        let session: Session = serde_json::from_str(line)?;
        let suite = session.name.split('/').next().unwrap_or_default().to_owned();
        if !pipelines.contains_key(&suite) {
            let dir = state.path().join(&suite);
            pipelines.insert(
                suite.clone(),
                Guarded::open(&catalog, &suite, &dir, manner, &config).await?,
            );
        }
        let guarded = pipelines.get(&suite).ok_or("a pipeline")?;
        guarded.replay(&session, &suite, &mut tally).await?;
    }
    tally.print(args.iter().any(|a| a == "--json"));
    Ok(())
}

/// The tools of one suite behind the pipeline.
struct Guarded {
    cs: Pipeline,
    person: Arc<Person>,
    answer: Answer,
    effects: HashMap<ToolName, Effect>,
}

impl Guarded {
    async fn open(
        catalog: &Catalog,
        suite: &str,
        dir: &std::path::Path,
        manner: Manner,
        config: &PolicyConfig,
    ) -> Result<Self, Failure> {
        let (answer, person) = (Answer::default(), Arc::new(Person::new(manner)));
        let asked = Arc::clone(&person);
        let mut builder = Pipeline::builder()
            .state_dir(dir)
            .approver(Simulated(asked))
            .risk(Arc::new(DefaultPolicy::new(config.clone())?))
            .grant(Grant::agent("agent").tools(["*"]).up_to(Tier::S));
        let mut effects = HashMap::new();
        for entry in catalog.tools().iter().filter(|entry| entry.suite == suite) {
            let spec = entry.spec.clone();
            let tool = spec.clone().register()?;
            effects.insert(tool.name().clone(), tool.effect());
            let answer = Arc::clone(&answer);
            builder = builder.tool(spec, move |_: IgnoredAny| {
                let text = answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
                async move { Ok::<_, std::convert::Infallible>(text) }
            });
        }
        Ok(Self { cs: builder.open().await?, person, answer, effects })
    }

    async fn replay(
        &self,
        session: &Session,
        suite: &str,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let me = Caller::dangerous_assert(
            TenantId::new("default")?,
            UserId::new("user")?,
            AgentId::new("agent")?,
            SessionId::new(&session.name)?,
        );
        self.person.asks_for(&session.user_request);
        self.cs.observe(&me, Source::User, &session.user_request).await?;
        let mut all_done = true;
        for step in &session.steps {
            let call = ToolCall::from_json(&step.tool, step.args.to_string())?;
            // What the tool will say becomes known to the session only if the call runs.
            step.result.clone_into(&mut self.answer.lock().unwrap_or_else(PoisonError::into_inner));
            let begun = Instant::now();
            let done = self.cs.run(&me, &call).await;
            let took = begun.elapsed();
            let executed = matches!(&done, Ok(done) if done.ending == Ending::Committed);
            let code = match &done {
                Ok(done) => done.code.unwrap_or("ok"),
                Err(error) => error.code(),
            };
            let effect = self.effects.get(call.tool()).copied().unwrap_or(Effect::Destructive);
            let side_effect = effect != Effect::Read;
            all_done &= executed || step.is_attack;
            tally.step(&Step { suite, attack: step.is_attack, side_effect, executed, code, took });
        }
        tally.session(suite, session.attack.is_some(), all_done, self.person.take_asked());
        Ok(())
    }
}
