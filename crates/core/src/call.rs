//! What the agent asks. Untrusted, always.

use countersign_canon::{Canonical, ErrorKind, Value};
use countersign_ticket::{Connection, InvalidId, ToolName};
use serde::de::DeserializeOwned;

use crate::tool::Returns;

/// A tool call was refused before anything looked at its meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCall {
    /// The tool's name is malformed.
    #[error(transparent)]
    Tool(#[from] InvalidId),
    /// The arguments are not strict JSON.
    #[error("the arguments: {0}")]
    Json(#[from] countersign_canon::Error),
    /// The arguments are JSON but not an object.
    #[error("the arguments are not a JSON object")]
    NotAnObject,
}

impl InvalidCall {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool_name_invalid",
            Self::Json(error) => match error.kind() {
                ErrorKind::DuplicateKey => "arguments_duplicate_key",
                ErrorKind::TooLarge => "arguments_too_large",
                _ => "arguments_not_json",
            },
            Self::NotAnObject => "arguments_not_an_object",
        }
    }
}

/// A tool's name and its arguments, parsed once, strictly, from the bytes received.
///
/// The arguments are kept in canonical form and tools parse nothing else, so there is no second
/// reading of them that could differ from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    tool: ToolName,
    arguments: Canonical,
    pins: Option<Canonical>,
    handles: Vec<ValueHandle>,
}

/// What a framework that follows values knows about the origin of an argument: evidence of level L3.
///
/// The framework makes it from the label of the answer that a value was taken from and passes it with
/// the call; an agent has no way to. A handle can only raise what is judged, so a forged one gains
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a label is stated whole")]
pub struct ValueHandle {
    /// RFC 6901 pointer of the argument (or of the part of it) that the value became.
    pub path: String,
    /// The connection that the value was read from; none for a local tool.
    pub connection: Option<Connection>,
    /// What was read: who wrote it, and whether it is private.
    pub label: Returns,
    /// The step of the session at which it was read, if known: the first call is step 1.
    pub step: Option<u32>,
}

impl ToolCall {
    /// Takes what an agent sent.
    ///
    /// # Errors
    /// [`InvalidCall`].
    pub fn from_json(tool: &str, arguments: impl AsRef<[u8]>) -> Result<Self, InvalidCall> {
        Self::new(ToolName::new(tool)?, countersign_canon::canonicalize(arguments.as_ref())?)
    }

    /// Takes arguments that are canonical already.
    ///
    /// # Errors
    /// [`InvalidCall::NotAnObject`].
    pub fn new(tool: ToolName, arguments: Canonical) -> Result<Self, InvalidCall> {
        if arguments.as_bytes().first() != Some(&b'{') {
            return Err(InvalidCall::NotAnObject);
        }
        Ok(Self { tool, arguments, pins: None, handles: Vec::new() })
    }

    /// The same call with facts that were read from the provider for it (an etag, a title). Only a
    /// connector adds them, from answers to its own reads; an agent has no way to.
    #[must_use]
    pub fn pinned(mut self, pins: Canonical) -> Self {
        self.pins = Some(pins);
        self
    }

    /// The same call with what a framework knows about the origin of its arguments.
    #[must_use]
    pub fn with_handles(mut self, handles: Vec<ValueHandle>) -> Self {
        self.handles = handles;
        self
    }

    /// What a framework knows about the origin of the arguments.
    pub fn handles(&self) -> &[ValueHandle] {
        &self.handles
    }

    /// The tool.
    pub fn tool(&self) -> &ToolName {
        &self.tool
    }
    /// The arguments.
    pub fn arguments(&self) -> &Canonical {
        &self.arguments
    }
    /// The facts read for this call.
    pub fn pins(&self) -> Option<&Canonical> {
        self.pins.as_ref()
    }

    /// The arguments as a type, from the canonical bytes. Give the type `deny_unknown_fields`.
    ///
    /// # Errors
    /// [`PlanError`](crate::PlanError) naming the field where serde names it.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, crate::PlanError> {
        serde_json::from_slice(self.arguments.as_bytes())
            .map_err(|e| crate::PlanError::arguments(&crate::connector::without_values(&e)))
    }

    /// The arguments that an effect carries: those of the call, and the pins as one more member.
    pub fn resolved(&self) -> Canonical {
        match (&self.pins, self.arguments.value()) {
            (Some(pins), Value::Object(object)) => {
                Value::from(object.with("pinned", pins.value())).to_canonical()
            }
            _ => self.arguments.clone(),
        }
    }
}
