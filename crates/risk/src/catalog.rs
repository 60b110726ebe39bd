//! Catalogues: what is known of many tools, as a reviewed file.

use std::collections::BTreeMap;

use countersign_canon::{Limits, Value};
use countersign_core::{Effect, InvalidTool, Role, Tier, ToolSpec, Trust};
use serde::{Deserialize, Deserializer};

/// Longest catalogue, in bytes.
pub const MAX_CATALOG: usize = 16 * 1024 * 1024;

/// A catalogue was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Not strict JSON (also: a key stands twice), or longer than [`MAX_CATALOG`].
    #[error("the catalogue: {0}")]
    Json(#[from] countersign_canon::Error),
    /// A field is missing, unknown or of the wrong type.
    #[error("the catalogue: {0}")]
    Shape(String),
    /// Another version than 1.
    #[error("the catalogue is of version {0}, not 1")]
    Version(u64),
    /// A word that is none of those the field allows.
    #[error("tool {tool:?}: {word:?} is no {field}")]
    Word {
        /// The tool.
        tool: String,
        /// `effect`, `floor`, `role` or `trust`.
        field: &'static str,
        /// The word.
        word: String,
    },
    /// The tool would be refused at registration.
    #[error(transparent)]
    Tool(#[from] InvalidTool),
    /// A suite has two tools of one name.
    #[error("suite {suite:?} has two tools named {tool:?}")]
    Repeated {
        /// The suite.
        suite: String,
        /// The tool.
        tool: String,
    },
}

/// What is known of many tools.
///
/// The format is one JSON object, `{"version": 1, "tools": [...]}`, each tool with all of `suite`,
/// `tool`, `connection`, `effect`, `severity`, `floor` (a tier or `null`), `fields` (the role of
/// each argument), `returns` (`{"trust", "private"}`) and `why` (one line for the reviewer), and
/// nothing else. The words are those of [`Effect`], [`Role`], [`Tier`] and `own`, `directory`,
/// `untrusted` for [`Trust`].
#[derive(Debug, Clone)]
pub struct Catalog {
    tools: Vec<CatalogTool>,
}

/// A tool of a catalogue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CatalogTool {
    /// The collection it belongs to; names are unique within it.
    pub suite: String,
    /// Its name.
    pub name: String,
    /// Why it is graded so.
    pub why: String,
    /// The declaration. It names the connection without scopes and has no schema or description: add
    /// them before registering it.
    pub spec: ToolSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    tools: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    suite: String,
    tool: String,
    connection: String,
    effect: String,
    severity: u8,
    #[serde(deserialize_with = "present")]
    floor: Option<String>,
    fields: BTreeMap<String, String>,
    returns: EntryReturns,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryReturns {
    trust: String,
    private: bool,
}

/// An option whose field may be null but not missing.
fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(d)
}

impl Catalog {
    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`CatalogError`]; nothing of a catalogue is taken if anything in it is refused.
    pub fn from_json(json: &[u8]) -> Result<Self, CatalogError> {
        let limits = Limits::DEFAULT.with_max_bytes(MAX_CATALOG);
        let canonical = countersign_canon::canonicalize_with(json, limits)?;
        // Serde would read an array as a struct's fields in order.
        let value = canonical.value();
        let entries = value.get("tools").and_then(Value::as_array);
        let objects = entries.is_some_and(|entries| {
            entries.iter().all(|e| e.get("returns").is_some_and(|r| r.as_object().is_some()))
        });
        if !objects {
            let problem = "it is an object with a list of tools, each an object with returns";
            return Err(CatalogError::Shape(problem.to_owned()));
        }
        let file: File = serde_json::from_slice(canonical.as_bytes())
            .map_err(|e| CatalogError::Shape(e.to_string()))?;
        if file.version != 1 {
            return Err(CatalogError::Version(file.version));
        }
        let mut tools: Vec<CatalogTool> = Vec::with_capacity(file.tools.len());
        for entry in file.tools {
            let tool = entry.tool()?;
            if tools.iter().any(|t| t.suite == tool.suite && t.name == tool.name) {
                return Err(CatalogError::Repeated { suite: tool.suite, tool: tool.name });
            }
            tools.push(tool);
        }
        Ok(Self { tools })
    }

    /// All tools, in the order of the file.
    pub fn tools(&self) -> &[CatalogTool] {
        &self.tools
    }

    /// The declaration of a tool of a suite, to be completed and registered.
    pub fn tool(&self, suite: &str, tool: &str) -> Option<ToolSpec> {
        let found = self.tools.iter().find(|t| t.suite == suite && t.name == tool);
        found.map(|t| t.spec.clone())
    }
}

impl Entry {
    fn tool(self) -> Result<CatalogTool, CatalogError> {
        let word = |field, word: &str| CatalogError::Word {
            tool: self.tool.clone(),
            field,
            word: word.to_owned(),
        };
        let effect = Effect::parse(&self.effect).ok_or_else(|| word("effect", &self.effect))?;
        let trust = match self.returns.trust.as_str() {
            "own" => Trust::Own,
            "directory" => Trust::Directory,
            "untrusted" => Trust::Untrusted,
            other => return Err(word("trust", other)),
        };
        let mut spec = ToolSpec::new(&self.tool)
            .connection(&self.connection, [])
            .effect(effect)
            .severity(self.severity)
            .returns(trust, self.returns.private);
        if let Some(floor) = &self.floor {
            spec = spec.floor(Tier::parse(floor).ok_or_else(|| word("floor", floor))?);
        }
        for (argument, role) in &self.fields {
            spec = spec.role(argument, Role::parse(role).ok_or_else(|| word("role", role))?);
        }
        // Refused now rather than when somebody registers it.
        spec.clone().register()?;
        Ok(CatalogTool { suite: self.suite, name: self.tool, why: self.why, spec })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Catalog, CatalogError, Effect, Role, Tier, Trust};

    fn entry() -> Value {
        json!({
            "suite": "office", "tool": "share_file", "connection": "files", "effect": "credential",
            "severity": 4, "floor": null, "fields": {"file": "target", "with": "recipient"},
            "returns": {"trust": "own", "private": false}, "why": "lets a person read a file"
        })
    }

    fn read(tools: &[Value]) -> Result<Catalog, CatalogError> {
        Catalog::from_json(json!({"version": 1, "tools": tools}).to_string().as_bytes())
    }

    fn with(key: &str, value: Value) -> Value {
        let mut entry = entry();
        entry[key] = value;
        entry
    }

    #[test]
    fn a_tool_is_what_its_entry_says() {
        let catalog = read(&[entry(), with("suite", json!("home"))]).unwrap();
        assert_eq!(catalog.tools().len(), 2);
        let tool = catalog.tool("office", "share_file").unwrap().register().unwrap();
        assert_eq!(tool.name().as_str(), "share_file");
        assert_eq!(tool.connection().unwrap().as_str(), "files");
        assert_eq!((tool.effect(), tool.severity(), tool.floor()), (Effect::Credential, 4, None));
        assert_eq!(tool.role("with"), Role::Recipient);
        assert_eq!(tool.role("file"), Role::Target);
        assert_eq!((tool.returns().trust, tool.returns().private), (Trust::Own, false));
        assert!(catalog.tool("office", "other").is_none());
        assert!(catalog.tool("shop", "share_file").is_none());
        let floor = read(&[with("floor", json!("S"))]).unwrap().tool("office", "share_file");
        assert_eq!(floor.unwrap().register().unwrap().floor(), Some(Tier::S));
    }

    #[test]
    fn every_field_is_needed_and_no_other_is_taken() {
        for key in entry().as_object().unwrap().keys() {
            let mut short = entry();
            short.as_object_mut().unwrap().remove(key);
            assert!(matches!(read(&[short]), Err(CatalogError::Shape(_))), "{key}");
        }
        assert!(matches!(read(&[with("note", json!(1))]), Err(CatalogError::Shape(_))));
        let returns = json!({"trust": "own", "private": false, "more": 1});
        assert!(matches!(read(&[with("returns", returns)]), Err(CatalogError::Shape(_))));
        assert!(Catalog::from_json(br#"{"version":1,"tools":[],"x":1}"#).is_err());
        assert!(Catalog::from_json(br#"{"version":1}"#).is_err());
        assert!(Catalog::from_json(b"[1,[]]").is_err());
        let row: Vec<Value> = entry().as_object().unwrap().values().cloned().collect();
        assert!(matches!(read(&[json!(row)]), Err(CatalogError::Shape(_))));
        let positional = with("returns", json!(["own", false]));
        assert!(matches!(read(&[positional]), Err(CatalogError::Shape(_))));
    }

    #[test]
    fn words_that_mean_nothing_are_refused() {
        for (key, value, field) in [
            ("effect", json!("reads"), "effect"),
            ("floor", json!("s"), "floor"),
            ("fields", json!({"file": "sink"}), "role"),
            ("returns", json!({"trust": "mine", "private": true}), "trust"),
        ] {
            let got = read(&[with(key, value)]);
            assert!(matches!(got, Err(CatalogError::Word { field: f, .. }) if f == field), "{key}");
        }
    }

    #[test]
    fn what_registration_would_refuse_is_refused_when_read() {
        for (key, value) in [
            ("tool", json!("Share File")),
            ("severity", json!(0)),
            ("severity", json!(6)),
            ("connection", json!("a b")),
        ] {
            assert!(matches!(read(&[with(key, value)]), Err(CatalogError::Tool(_))), "{key}");
        }
        assert!(matches!(read(&[with("severity", json!(300))]), Err(CatalogError::Shape(_))));
    }

    #[test]
    fn other_versions_and_repeated_tools_are_refused() {
        let other = Catalog::from_json(br#"{"version":2,"tools":[]}"#).unwrap_err();
        assert_eq!(other, CatalogError::Version(2));
        assert!(matches!(read(&[entry(), entry()]), Err(CatalogError::Repeated { .. })));
        let twice = br#"{"version":1,"tools":[],"tools":[]}"#;
        assert!(matches!(Catalog::from_json(twice), Err(CatalogError::Json(_))));
    }
}
