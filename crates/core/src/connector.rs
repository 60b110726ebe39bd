//! The port for connectors: from a tool call to the exact request, and back from the answer.

use core::fmt::Debug;

use countersign_canon::{Digest, Value};
use countersign_ticket::{EffectId, Ending, InvalidRequest, Prepared};

use crate::call::ToolCall;
use crate::tool::Tool;
use crate::transport::Answer;

/// A call cannot be planned: the arguments are not ones this tool takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct PlanError {
    /// A stable code, for example `invalid_arguments`.
    pub kind: &'static str,
    /// Which argument and what rule, without the argument's value: the agent may see it.
    pub message: String,
}

impl PlanError {
    /// A refusal of arguments: `invalid_arguments`.
    pub fn arguments(message: &str) -> Self {
        Self { kind: "invalid_arguments", message: message.to_owned() }
    }

    /// A refusal with a code of the connector's own.
    pub fn new(kind: &'static str, message: &str) -> Self {
        Self { kind, message: message.to_owned() }
    }
}

impl From<InvalidRequest> for PlanError {
    fn from(error: InvalidRequest) -> Self {
        Self { kind: "invalid_request", message: error.to_string() }
    }
}

/// What serde says of arguments, without the values it quotes.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    // serde quotes found values in double quotes or after "invalid value: … `…`"; field names of ours
    // stand in backticks.
    match text.split_once(", expected") {
        Some((_, expected)) if !text.starts_with("unknown") => format!("expected{expected}"),
        _ if text.starts_with("unknown field") => {
            "an argument is not one this tool takes".to_owned()
        }
        _ if text.starts_with("missing field") => text.to_owned(),
        _ => "the arguments do not fit the tool's schema".to_owned(),
    }
}

/// Answers to the reads that a plan needed first.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    answers: Vec<(ToolCall, Answer)>,
}

impl Seen {
    /// Nothing seen yet.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Adds an answer.
    pub fn add(&mut self, call: ToolCall, answer: Answer) {
        self.answers.push((call, answer));
    }

    /// The newest answer to exactly this read.
    pub fn answer(&self, call: &ToolCall) -> Option<&Answer> {
        self.answers.iter().rev().find(|(c, _)| c == call).map(|(_, a)| a)
    }
}

/// Where planning stands.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "whoever drives a plan must handle each state")]
pub enum Planned {
    /// Ready to be assessed.
    Ready(Prepared),
    /// These reads come first, as calls of their own with their own tickets.
    Needs(Vec<ToolCall>),
    /// The reads are done; this is the call with what they found, to be planned again.
    Pinned(ToolCall),
}

/// What an answer means.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Interpretation {
    /// How the call ended.
    pub ending: Ending,
    /// A stable code of the provider's reason, if it failed or is in doubt: `not_found`, `etag_stale`.
    pub code: Option<&'static str>,
    /// What the agent gets: the provider's structured answer, never a token.
    pub result: Value,
    /// Whether the answer to the first step proves that nothing at all was processed, as a rate limit
    /// does: the same approved effect may then be tried again.
    pub unprocessed: bool,
}

impl Interpretation {
    /// Committed, with a result.
    pub fn committed(result: Value) -> Self {
        Self { ending: Ending::Committed, code: None, result, unprocessed: false }
    }
    /// Failed, with a code.
    pub fn failed(code: &'static str) -> Self {
        Self::without_result(Ending::Failed, code)
    }
    /// In doubt, with a code.
    pub fn unknown(code: &'static str) -> Self {
        Self::without_result(Ending::Unknown, code)
    }
    /// Failed, with a code, and it is proven that nothing was processed.
    pub fn unprocessed(code: &'static str) -> Self {
        Self { unprocessed: true, ..Self::failed(code) }
    }
    fn without_result(ending: Ending, code: &'static str) -> Self {
        Self { ending, code: Some(code), result: Value::Null, unprocessed: false }
    }
}

/// What reading the provider says about an effect that was in doubt.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "whoever reconciles must handle each state")]
pub enum Reconciled {
    /// These reads come first.
    Needs(Vec<ToolCall>),
    /// It happened.
    Committed,
    /// It did not happen.
    Absent,
    /// The provider cannot tell. It stays in doubt and is never sent again by itself.
    InDoubt,
}

/// What a person is shown before approving, made from the prepared effect alone.
///
/// Labels are the connector's; values come from the call and can hold anything. Whatever shows them
/// renders them first (deceptive characters made visible, line breaks escaped).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview {
    /// One line: what happens, where. Of the connector's own words.
    pub title: String,
    /// Label and value, in order.
    pub lines: Vec<(String, String)>,
}

impl Preview {
    /// A preview with a title.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), lines: Vec::new() }
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, label: &str, value: impl Into<String>) -> Self {
        self.lines.push((label.to_owned(), value.into()));
        self
    }
}

/// A rendered preview: exactly what is shown, and its digest, which is what the ticket names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Name and version of the renderer.
    pub renderer: &'static str,
    /// How many characters were made visible because they deceive the eye.
    pub deceptive: u32,
}

impl Rendered {
    /// A rendered text.
    pub fn new(text: String, renderer: &'static str, deceptive: u32) -> Self {
        Self { text, renderer, deceptive }
    }

    /// SHA-256 of the text.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }
}

/// Turns tool calls into requests, and answers into meaning.
///
/// # Contract
/// * Pure: the same call, effect id and answers give the same bytes. No clock, no randomness, no
///   network. Ids and markers that make a repeat recognisable derive from the [`EffectId`].
/// * `plan` returns `Needs` only for tools of the same connector whose effect is a read; the answers
///   come back in `seen`, and end up in the arguments ([`Planned::Pinned`]).
/// * `preview` is made from the prepared bytes, not from the call: what is shown is what is sent.
/// * `interpret` never calls an answer committed that it does not understand. What is not clearly a
///   failure that changed nothing is `Unknown`.
pub trait Connector: Debug + Send + Sync + 'static {
    /// The tools, registered.
    fn tools(&self) -> Vec<Tool>;

    /// Resolves a call.
    ///
    /// # Errors
    /// [`PlanError`].
    fn plan(&self, call: &ToolCall, effect: EffectId, seen: &Seen) -> Result<Planned, PlanError>;

    /// What a person is shown.
    fn preview(&self, prepared: &Prepared) -> Preview;

    /// What the answers to the steps mean, in order; the last one ended the plan.
    fn interpret(&self, prepared: &Prepared, answers: &[Answer]) -> Interpretation;

    /// Whether an effect that is in doubt happened.
    fn reconcile(&self, prepared: &Prepared, seen: &Seen) -> Reconciled;
}
