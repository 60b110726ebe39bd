//! Sessions as a stream of events, judged one call after the other.
//!
//! Used alike by `assess`, which reads the events, and by `eval`, which makes them of recorded
//! sessions: what a judgement sees is the request and the results of earlier steps.

use std::collections::{BTreeMap, HashMap};

use countersign::core::{
    AgentId, Assessment, Caller, Canary, Effect, EffectId, Event, Prepared, RiskError, RiskInput,
    RiskPolicy as _, SessionId, Source, TenantId, Tier, Timestamp, Tool, ToolCall, UserId,
};
use countersign::risk::infer::{Guess, Hints, Server, infer, roles};
use countersign::risk::{Catalog, DefaultPolicy, Pace, score_tier, score2};
use countersign_canon::{Object, Value};

/// Why an event was not taken. The stream goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("not a JSON object in I-JSON: {0}")]
    NotJson(String),
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    #[error("there is no event of this name: start, call, result or end")]
    UnknownEvent,
    #[error("the field {0} is missing or of another type")]
    Field(&'static str),
    #[error("the session was not started")]
    UnknownSession,
    #[error("the session was started already")]
    StartedTwice,
    #[error("no call of this step waits for a result")]
    UnknownStep,
    #[error("this step waits for a result already")]
    StepTwice,
    #[error("too many calls of the session wait for their results: {0}")]
    TooManyWaiting(usize),
    #[error("the name of the tool is not 1 to 64 characters of a-z, 0-9 and _")]
    ToolName,
    #[error("the arguments are not a JSON object")]
    Arguments,
    #[error("too many sessions are open: {0}")]
    TooManySessions(usize),
    #[error("the call could not be judged: {0}")]
    Risk(#[from] RiskError),
}

impl Refusal {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::TooLong(_) => "line_too_long",
            Self::UnknownEvent => "unknown_event",
            Self::Field(_) => "field",
            Self::UnknownSession => "unknown_session",
            Self::StartedTwice => "session_started_twice",
            Self::UnknownStep => "unknown_step",
            Self::StepTwice => "step_twice",
            Self::TooManyWaiting(_) => "too_many_waiting",
            Self::ToolName => "tool_name",
            Self::Arguments => "arguments",
            Self::TooManySessions(_) => "too_many_sessions",
            Self::Risk(_) => "not_judged",
        }
    }
}

/// Most sessions that are open at a time.
const MAX_SESSIONS: usize = 10_000;
/// Most calls of a session that wait for their results.
const MAX_WAITING: usize = 1_000;
/// Most steps of a session whose names are kept, and the longest name, in bytes.
const MAX_NAMES: usize = 65_536;
const MAX_NAME: usize = 256;

/// A judgement, with what it was made of.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) assessment: Assessment,
    /// The steps at which findings were seen, as the stream names them, one for each finding; nothing
    /// where there is none.
    pub(crate) seen_at: Vec<Option<String>>,
    /// What was guessed about a tool that the catalogue does not have.
    pub(crate) guesses: Vec<Guess>,
}

/// A tool as the catalogue has it, or as it was guessed.
#[derive(Debug, Clone)]
struct Known {
    tool: std::rc::Rc<Tool>,
    guesses: Vec<Guess>,
}

#[derive(Debug)]
struct Session {
    memory: Vec<u8>,
    caller: Caller,
    /// Whether the agent was named, so that its sessions are counted together.
    named: bool,
    waiting: BTreeMap<String, std::rc::Rc<Tool>>,
    /// How the stream names the steps that the memory counts from one.
    steps: Vec<Option<String>>,
}

/// The sessions that are open, and the tools.
#[derive(Debug)]
pub(crate) struct Stream {
    policy: DefaultPolicy,
    user: UserId,
    pace: Pace,
    /// By tool name, then by suite.
    tools: HashMap<String, Vec<(String, Known)>>,
    guessed: HashMap<String, Known>,
    sessions: HashMap<String, Session>,
    opened: u64,
}

impl Stream {
    /// Of a catalogue and a policy. `user` is whom the policy's recipients are looked up for.
    pub(crate) fn new(catalog: &Catalog, policy: DefaultPolicy, user: UserId) -> Option<Self> {
        let mut tools: HashMap<String, Vec<(String, Known)>> = HashMap::new();
        for entry in catalog.tools() {
            // The catalogue names every argument, so another one violates what it says.
            let spec = entry.spec.clone();
            let bare = spec.clone().register().ok()?;
            let any = |o: Object, name: &String| o.with(name.as_str(), Object::new());
            let properties = bare.roles().keys().fold(Object::new(), any);
            let schema = Object::new()
                .with("type", "object")
                .with("properties", properties)
                .with("additionalProperties", false);
            let schema = Value::from(schema).to_canonical();
            let tool = spec.schema(schema.as_str()).register().ok()?;
            let known = Known { tool: std::rc::Rc::new(tool), guesses: Vec::new() };
            tools.entry(entry.name.clone()).or_default().push((entry.suite.clone(), known));
        }
        let (guessed, sessions) = (HashMap::new(), HashMap::new());
        let pace = Pace::default();
        Some(Self { policy, user, pace, tools, guessed, sessions, opened: 0 })
    }

    /// The tool that a session means: of several suites with one of this name that of the session's
    /// own name up to its slash, otherwise the one that is judged most strictly.
    fn tool(&mut self, session: &str, name: &str) -> Result<Known, Refusal> {
        let suite = session.split('/').next().unwrap_or_default();
        if let Some(all) = self.tools.get(name) {
            let meant = all.iter().find(|(of, _)| of == suite);
            let own = |tool: &Tool| {
                let effect = if tool.effect() == Effect::Read { Tier::C } else { Tier::B };
                let score = score_tier(score2(tool.severity(), 0));
                tool.floor().unwrap_or(Tier::C).max(effect).max(score)
            };
            let strict = || all.iter().max_by_key(|(_, k)| (own(&k.tool), k.tool.severity()));
            if let Some((_, known)) = meant.or_else(strict) {
                return Ok(known.clone());
            }
        }
        if let Some(known) = self.guessed.get(name) {
            return Ok(known.clone());
        }
        let inferred = infer(name, Hints::default(), Server::Untrusted);
        let tool = inferred.spec.register().map_err(|_| Refusal::ToolName)?;
        let known = Known { tool: std::rc::Rc::new(tool), guesses: inferred.guesses };
        self.guessed.insert(name.to_owned(), known.clone());
        Ok(known)
    }

    /// Begins a session. The sessions of an agent that is named are counted together; without a name
    /// each session is taken for another agent's.
    pub(crate) fn start(
        &mut self,
        session: &str,
        request: &str,
        agent: Option<&str>,
        now: i64,
    ) -> Result<(), Refusal> {
        if self.sessions.contains_key(session) {
            return Err(Refusal::StartedTwice);
        }
        if self.sessions.len() >= MAX_SESSIONS {
            return Err(Refusal::TooManySessions(MAX_SESSIONS));
        }
        let event = Event::Observed(Source::User, request);
        let memory = self.policy.remember(&[], event, Timestamp::from_millis(now))?;
        let unfit = |_| Refusal::Field("agent");
        self.opened = self.opened.wrapping_add(1);
        let caller = Caller::dangerous_assert(
            TenantId::new("default").map_err(unfit)?,
            self.user.clone(),
            AgentId::new(agent.unwrap_or("agent")).map_err(unfit)?,
            SessionId::new(&format!("session-{}", self.opened)).map_err(unfit)?,
        );
        let named = agent.is_some();
        let waiting = BTreeMap::new();
        let new = Session { memory, caller, named, waiting, steps: Vec::new() };
        self.sessions.insert(session.to_owned(), new);
        Ok(())
    }

    /// Judges a call, and counts it as attempted.
    pub(crate) fn call(
        &mut self,
        session: &str,
        step: &str,
        name: &str,
        arguments: &Value,
        now: i64,
    ) -> Result<Judged, Refusal> {
        let Known { tool, mut guesses } = self.tool(session, name)?;
        if !guesses.is_empty() {
            guesses.extend(roles(&tool, arguments));
        }
        let state = self.sessions.get_mut(session).ok_or(Refusal::UnknownSession)?;
        if state.waiting.contains_key(step) {
            return Err(Refusal::StepTwice);
        }
        if state.waiting.len() >= MAX_WAITING {
            return Err(Refusal::TooManyWaiting(MAX_WAITING));
        }
        let call = ToolCall::new(tool.name().clone(), arguments.to_canonical())
            .map_err(|_| Refusal::Arguments)?;
        let (effect, now) = (EffectId::from_bytes([0; 16]), Timestamp::from_millis(now));
        let prepared = Prepared::local(effect, tool.name().clone(), call.arguments().clone());
        let count = || self.pace.attempt(&state.caller, &tool, call.arguments(), now);
        let agent_calls = if state.named { count() } else { 0 };
        let (assessment, memory) = self.policy.attempt(&RiskInput {
            tool: &tool,
            prepared: &prepared,
            caller: &state.caller,
            handles: &[],
            memory: &state.memory,
            counted: false,
            agent_calls,
            canary: &NoTokens,
            now,
        })?;
        state.memory = memory;
        state.waiting.insert(step.to_owned(), tool);
        let name = |step: u32| {
            let at = usize::try_from(step).ok()?.checked_sub(1)?;
            state.steps.get(at).cloned().flatten()
        };
        let seen_at = assessment.findings.iter().map(|f| f.step.and_then(name)).collect();
        if state.steps.len() < MAX_NAMES {
            state.steps.push((step.len() <= MAX_NAME).then(|| step.to_owned()));
        }
        Ok(Judged { assessment, seen_at, guesses })
    }

    pub(crate) fn result(
        &mut self,
        session: &str,
        step: &str,
        text: &str,
        now: i64,
    ) -> Result<(), Refusal> {
        let state = self.sessions.get_mut(session).ok_or(Refusal::UnknownSession)?;
        let tool = state.waiting.remove(step).ok_or(Refusal::UnknownStep)?;
        let event = Event::Returned(&tool, text);
        state.memory = self.policy.remember(&state.memory, event, Timestamp::from_millis(now))?;
        Ok(())
    }

    pub(crate) fn end(&mut self, session: &str) -> Result<(), Refusal> {
        self.sessions.remove(session).map(|_| ()).ok_or(Refusal::UnknownSession)
    }
}

/// There is no vault here, so no token of its own to recognise.
#[derive(Debug)]
struct NoTokens;

impl Canary for NoTokens {
    fn recognises(&self, _: &str) -> bool {
        false
    }
}
