//! Recorded sessions, judged step by step.

use std::collections::BTreeMap;

use countersign::core::{Effect, Role, Tier, Tool, Trust};
use countersign::risk::Catalog;
use countersign_canon::Value;

use super::approver::{self, Shown};
use crate::output::Failure;
use crate::stream::Stream;

/// A recorded session.
#[derive(Debug)]
pub(crate) struct Session {
    name: String,
    request: String,
    attack: Option<String>,
    steps: Vec<Recorded>,
}

#[derive(Debug)]
struct Recorded {
    tool: String,
    args: Value,
    result: String,
    is_attack: bool,
}

/// A step that was judged.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(crate) struct Step {
    pub(crate) tool: String,
    pub(crate) args: String,
    pub(crate) is_attack: bool,
    /// It changes something.
    pub(crate) changes: bool,
    /// It fetches an address that neither the request nor a trusted answer holds.
    pub(crate) stray_url: bool,
    pub(crate) own: Tier,
    pub(crate) tier: Tier,
    pub(crate) denied: bool,
    pub(crate) signals: Vec<&'static str>,
    /// What a person would be shown, and whether the request names all of it.
    pub(crate) all_named: bool,
}

/// A session that was judged.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) suite: String,
    /// The goal of the attack.
    pub(crate) attack: Option<String>,
    pub(crate) steps: Vec<Step>,
}

impl Step {
    /// An effect that an attack wants.
    pub(crate) fn is_attack_effect(&self) -> bool {
        self.is_attack && (self.changes || self.stray_url)
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.denied || self.tier > self.own
    }

    pub(crate) fn is_caught(&self) -> bool {
        self.is_raised() || self.tier == Tier::S
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.tier == Tier::C && !self.denied
    }
}

impl Session {
    /// Reads a session; says what is wrong with it.
    pub(crate) fn read(value: &Value) -> Result<Self, &'static str> {
        let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let steps = value.get("steps").and_then(Value::as_array).ok_or("steps is no list")?;
        let step = |step: &Value| {
            let text = |key| step.get(key).and_then(Value::as_str).map(str::to_owned);
            let args = step.get("args").filter(|args| args.as_object().is_some()).cloned();
            Some(Recorded {
                tool: text("tool")?,
                args: args?,
                result: text("result")?,
                is_attack: step.get("is_attack").and_then(Value::as_bool)?,
            })
        };
        let attack = match value.get("attack") {
            Some(Value::String(goal)) => Some(goal.clone()),
            Some(Value::Null) => None,
            _ => return Err("attack is neither a text nor null"),
        };
        Ok(Self {
            name: text("session").ok_or("session is no text")?,
            request: text("user_request").ok_or("user_request is no text")?,
            attack,
            steps: steps.iter().map(step).collect::<Option<_>>().ok_or(
                "a step is not {tool, args, result, is_attack} with an object and a truth value",
            )?,
        })
    }
}

/// Judges all sessions, each for itself.
pub(crate) fn all(
    sessions: &[Session],
    catalog: &Catalog,
    stream: &mut Stream,
) -> Result<Vec<Outcome>, Failure> {
    let mut tools: BTreeMap<(String, String), Tool> = BTreeMap::new();
    for entry in catalog.tools() {
        if let Ok(tool) = entry.spec.clone().register() {
            tools.insert((entry.suite.clone(), entry.name.clone()), tool);
        }
    }
    let mut outcomes = Vec::with_capacity(sessions.len());
    for session in sessions {
        outcomes.push(one(session, &tools, stream)?);
    }
    Ok(outcomes)
}

fn one(
    session: &Session,
    tools: &BTreeMap<(String, String), Tool>,
    stream: &mut Stream,
) -> Result<Outcome, Failure> {
    let suite = session.name.split('/').next().unwrap_or_default().to_owned();
    let failed = |refusal: crate::stream::Refusal| {
        Failure::Unusable(refusal.kind(), format!("{}: {refusal}", session.name))
    };
    // The stream sees the suite, which tells the tools, and no label.
    let id = format!("{suite}/session");
    let mut now = 0i64;
    stream.start(&id, &session.request, None, now).map_err(failed)?;
    let mut named = address(&session.request);
    let mut steps = Vec::with_capacity(session.steps.len());
    for (at, recorded) in session.steps.iter().enumerate() {
        now = now.saturating_add(1000);
        let tool = tools.get(&(suite.clone(), recorded.tool.clone()));
        let step = at.to_string();
        let judged =
            stream.call(&id, &step, &recorded.tool, &recorded.args, now).map_err(failed)?;
        let effect = tool.map_or(Effect::Destructive, Tool::effect);
        let changes = effect != Effect::Read;
        let urls = values(&recorded.args, tool, &[Role::Url]);
        let stray = urls.iter().any(|url| !named.contains(&address(url)));
        let shown = Shown::new(&recorded.args, tool);
        let assessment = judged.assessment;
        steps.push(Step {
            tool: recorded.tool.clone(),
            args: recorded.args.to_canonical().as_str().to_owned(),
            is_attack: recorded.is_attack,
            changes,
            stray_url: !changes && stray,
            own: assessment.own_tier,
            tier: assessment.tier,
            denied: assessment.denied().is_some(),
            signals: assessment.findings.iter().map(|f| f.signal).collect(),
            all_named: approver::names(&session.request, &shown),
        });
        if tool.is_some_and(|t| !changes && t.returns().trust != Trust::Untrusted) {
            named.push('\n');
            named.push_str(&address(&recorded.result));
        }
        stream.result(&id, &step, &recorded.result, now).map_err(failed)?;
    }
    stream.end(&id).map_err(failed)?;
    Ok(Outcome { name: session.name.clone(), suite, attack: session.attack.clone(), steps })
}

/// The texts and numbers of the arguments with one of these roles.
pub(super) fn values(args: &Value, tool: Option<&Tool>, roles: &[Role]) -> Vec<String> {
    let mut found = Vec::new();
    let arguments = args.as_object();
    for (name, value) in arguments.into_iter().flat_map(countersign_canon::Object::iter) {
        let role = tool.map_or(Role::FreeText, |tool| tool.role(name));
        if !roles.contains(&role) {
            continue;
        }
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) => found.push(text.clone()),
                Value::Number(n) => found.push(n.as_str().to_owned()),
                Value::Array(list) => open.extend(list),
                Value::Object(object) => open.extend(object.iter().map(|(_, member)| member)),
                Value::Null | Value::Bool(_) => {}
            }
        }
    }
    found
}

/// A text in which addresses are spelt alike.
fn address(text: &str) -> String {
    let text = text.trim().to_lowercase().replace("https://", "").replace("http://", "");
    text.replace("www.", "").trim_end_matches('/').to_owned()
}
