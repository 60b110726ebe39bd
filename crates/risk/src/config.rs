//! What an operator can set, and the version that follows from it.

use std::collections::BTreeMap;

use countersign_canon::{Digest, Object, Value};
use countersign_core::{PolicyVersion, Tier, ToolName};
use serde::{Deserialize, Serialize};

/// Changes whenever the same configuration could judge a call differently.
pub(crate) const ENGINE: &str = "countersign-risk/1";

/// Floors that hold unless the configuration says otherwise for the same pattern.
const FLOORS: [(&str, Tier); 2] =
    [("github_delete_repository", Tier::S), ("github_merge_pull_request", Tier::A)];

/// What an operator can set. Reads as JSON ([`PolicyConfig::from_json`]) and, through serde, as TOML.
///
/// Whatever is left out has its default; unknown fields are refused.
///
/// ```
/// use countersign_risk::{DefaultPolicy, PolicyConfig};
///
/// let config = PolicyConfig::from_json(br#"{
///     "effect_floor": "B",
///     "tool_floors": {"payroll_*": "S"},
///     "limits": {"targets": 20}
/// }"#)?;
/// let policy = DefaultPolicy::new(config)?;
/// # Ok::<(), countersign_risk::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PolicyConfig {
    /// The least tier of every call whose effect is not a read: `"C"`, `"B"`, `"A"` or `"S"`.
    /// Default `"B"`.
    #[serde(with = "letter")]
    pub effect_floor: Tier,
    /// The least tier by tool: an exact name, or a prefix and `*`. Where several fit, the strictest
    /// holds. Entries are added to the defaults (`github_delete_repository` S,
    /// `github_merge_pull_request` A) and replace one only under the very same pattern, so that an
    /// operator who adds a rule loses none. A floor never lowers a tier: what the tool itself
    /// declares holds beside it.
    #[serde(with = "floors")]
    pub tool_floors: BTreeMap<String, Tier>,
    /// From where on a call or a session is bulk.
    pub limits: BulkLimits,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        let tool_floors = FLOORS.iter().map(|(name, tier)| ((*name).to_owned(), *tier)).collect();
        Self { effect_floor: Tier::B, tool_floors, limits: BulkLimits::default() }
    }
}

/// From where on a call or a session is bulk. Each limit is reached at the number itself.
///
/// The defaults gave no false positive on 962 benign tasks (`AgentDojo`, tau-bench, BFCL),
/// in which no task changed things with one tool more than five times. Those sets hold little
/// legitimate bulk work: raise the limits where yours does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BulkLimits {
    /// Recipients and targets of one call, each counted once. 2 to 10,000; default 10.
    pub targets: u32,
    /// The same for destructive calls and changes of credentials or membership. Default 5.
    pub targets_severe: u32,
    /// Changing calls of one tool with different arguments within the window. 2 to 200; default 6.
    pub velocity: u32,
    /// The window, in seconds. 1 to 86,400; default 600.
    pub velocity_seconds: u32,
    /// Private answers read in a session before something goes out. 1 to 1,000,000; default 25.
    pub private_reads: u32,
}

impl Default for BulkLimits {
    fn default() -> Self {
        Self {
            targets: 10,
            targets_severe: 5,
            velocity: 6,
            velocity_seconds: 600,
            private_reads: 25,
        }
    }
}

/// A configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not strict JSON (also: a key stands twice).
    #[error("the risk policy: {0}")]
    Json(#[from] countersign_canon::Error),
    /// A field is unknown, has the wrong type, or a tier is not C, B, A or S.
    #[error("the risk policy: {0}")]
    Shape(String),
    /// The pattern fits no possible tool name, so the rule could never hold.
    #[error("the floor for {0:?} can never apply: not a tool name, or the beginning of one and *")]
    Pattern(String),
    /// A limit is outside its range.
    #[error("the limit {field} is {min} to {max}")]
    Limit {
        /// Which.
        field: &'static str,
        /// The least value.
        min: u32,
        /// The greatest value.
        max: u32,
    },
}

impl PolicyConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`ConfigError`], also for rules that [`DefaultPolicy::new`](crate::DefaultPolicy::new) would
    /// refuse.
    pub fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        let canonical = countersign_canon::canonicalize(json)?;
        // Serde would read an array as a struct's fields in order.
        let value = canonical.value();
        let limits = value.get("limits").is_none_or(|limits| limits.as_object().is_some());
        if value.as_object().is_none() || !limits {
            return Err(ConfigError::Shape("an object is expected".to_owned()));
        }
        let config: Self = serde_json::from_slice(canonical.as_bytes())
            .map_err(|e| ConfigError::Shape(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for pattern in self.tool_floors.keys() {
            let prefix = pattern.strip_suffix('*');
            let fits = match prefix {
                Some("") => true,
                Some(prefix) => ToolName::new(prefix).is_ok(),
                None => ToolName::new(pattern).is_ok(),
            };
            if !fits {
                return Err(ConfigError::Pattern(pattern.clone()));
            }
        }
        let limits = &self.limits;
        for (field, value, min, max) in [
            ("targets", limits.targets, 2, 10_000),
            ("targets_severe", limits.targets_severe, 2, 10_000),
            ("velocity", limits.velocity, 2, 200),
            ("velocity_seconds", limits.velocity_seconds, 1, 86_400),
            ("private_reads", limits.private_reads, 1, 1_000_000),
        ] {
            if !(min..=max).contains(&value) {
                return Err(ConfigError::Limit { field, min, max });
            }
        }
        Ok(())
    }

    /// The strictest configured floor of a tool, with its pattern.
    pub(crate) fn floor(&self, tool: &ToolName) -> Option<(&str, Tier)> {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => tool.as_str().starts_with(prefix),
            None => tool.as_str() == pattern,
        };
        let floors = self.tool_floors.iter().filter(|(pattern, _)| fits(pattern));
        floors.max_by_key(|(_, tier)| **tier).map(|(pattern, tier)| (pattern.as_str(), *tier))
    }

    /// `default-` and the first 16 hex digits of the SHA-256 over the canonical JSON of the engine's
    /// version and this configuration.
    #[expect(
        clippy::expect_used,
        reason = "24 ASCII characters are a policy version, and a policy must have a default"
    )]
    pub(crate) fn version(&self) -> PolicyVersion {
        let floors = self
            .tool_floors
            .iter()
            .fold(Object::new(), |o, (pattern, tier)| o.with(pattern.as_str(), tier.as_str()));
        let limits = Object::new()
            .with("private_reads", self.limits.private_reads)
            .with("targets", self.limits.targets)
            .with("targets_severe", self.limits.targets_severe)
            .with("velocity", self.limits.velocity)
            .with("velocity_seconds", self.limits.velocity_seconds);
        let object = Object::new()
            .with("type", "countersign-risk-policy")
            .with("engine", ENGINE)
            .with("effect_floor", self.effect_floor.as_str())
            .with("tool_floors", floors)
            .with("limits", limits);
        let digest: Digest = Value::from(object).to_canonical().digest();
        let text = format!("default-{:.16}", digest.to_hex());
        PolicyVersion::new(&text).expect("printable ASCII")
    }
}

/// A tier as its letter.
mod letter {
    use countersign_core::Tier;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(tier: &Tier, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(tier.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Tier, D::Error> {
        let text = String::deserialize(d)?;
        Tier::parse(&text).ok_or_else(|| D::Error::custom("a tier is C, B, A or S"))
    }
}

/// Floors, joined with the defaults.
mod floors {
    use std::collections::BTreeMap;

    use countersign_core::Tier;
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    struct Letter(#[serde(with = "super::letter")] Tier);

    pub(super) fn serialize<S: Serializer>(
        floors: &BTreeMap<String, Tier>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_map(floors.iter().map(|(pattern, tier)| (pattern, tier.as_str())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<String, Tier>, D::Error> {
        let mut floors = super::PolicyConfig::default().tool_floors;
        let given = BTreeMap::<String, Letter>::deserialize(d)?;
        floors.extend(given.into_iter().map(|(pattern, Letter(tier))| (pattern, tier)));
        Ok(floors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<PolicyConfig, ConfigError> {
        PolicyConfig::from_json(json.as_bytes())
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(read("{}"), Ok(PolicyConfig::default()));
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config =
            read(r#"{"effect_floor":"A","tool_floors":{"a_*":"S"},"limits":{"velocity":9}}"#);
        let config = config.unwrap();
        let json = serde_json::to_vec(&config).unwrap();
        assert_eq!(PolicyConfig::from_json(&json), Ok(config));
    }

    #[test]
    fn adding_a_floor_loses_none_of_the_defaults() {
        let config = read(r#"{"tool_floors":{"crm_*":"A","crm_delete":"S"}}"#).unwrap();
        let floor = |tool: &str| config.floor(&ToolName::new(tool).unwrap()).map(|(_, t)| t);
        assert_eq!(floor("github_delete_repository"), Some(Tier::S));
        assert_eq!(floor("github_merge_pull_request"), Some(Tier::A));
        assert_eq!(floor("crm_delete"), Some(Tier::S), "the strictest of two that fit");
        assert_eq!(floor("crm_note"), Some(Tier::A));
        assert_eq!(floor("crm"), None);
        assert_eq!(floor("github_delete_repository_label"), None);
    }

    #[test]
    fn a_default_floor_is_replaced_only_under_its_own_pattern() {
        let config = read(r#"{"tool_floors":{"github_*":"B"}}"#).unwrap();
        let tool = ToolName::new("github_delete_repository").unwrap();
        assert_eq!(config.floor(&tool), Some(("github_delete_repository", Tier::S)));
        let config = read(r#"{"tool_floors":{"github_delete_repository":"A"}}"#).unwrap();
        assert_eq!(config.floor(&tool), Some(("github_delete_repository", Tier::A)));
    }

    #[test]
    fn a_rule_that_can_never_hold_is_refused() {
        let long = format!("{}*", "a".repeat(65));
        for pattern in ["", "GitHub_*", "a*b", "**", "a-b", "a b", long.as_str(), "é*"] {
            let json = serde_json::json!({"tool_floors": {pattern: "A"}}).to_string();
            assert_eq!(read(&json), Err(ConfigError::Pattern(pattern.to_owned())), "{pattern}");
        }
        assert!(read(r#"{"tool_floors":{"*":"A"}}"#).is_ok());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for json in [
            r#"{"effect_flor":"B"}"#,
            r#"{"effect_floor":"D"}"#,
            r#"{"effect_floor":"b"}"#,
            r#"{"limits":{"target":5}}"#,
            r#"{"limits":{"targets":-1}}"#,
            "[]",
            r#"{"limits":[]}"#,
            "null",
            "",
            r#"{"tool_floors":{"a":"A","a":"B"}}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_limit_outside_its_range_is_refused() {
        for (field, max) in [
            ("targets", 10_000u32),
            ("targets_severe", 10_000),
            ("velocity", 200),
            ("velocity_seconds", 86_400),
            ("private_reads", 1_000_000),
        ] {
            for value in [0, max + 1] {
                let json = serde_json::json!({"limits": {field: value}}).to_string();
                assert!(
                    matches!(read(&json), Err(ConfigError::Limit { field: f, .. }) if f == field)
                );
            }
            let json = serde_json::json!({"limits": {field: max}}).to_string();
            assert!(read(&json).is_ok());
        }
    }

    #[test]
    fn the_version_names_the_whole_configuration() {
        let version = |json: &str| read(json).unwrap().version().as_str().to_owned();
        let default = version("{}");
        assert_eq!(default, version(r#"{"limits":{"targets":10}}"#));
        let others = [
            r#"{"effect_floor":"A"}"#,
            r#"{"tool_floors":{"a":"A"}}"#,
            r#"{"tool_floors":{"a":"S"}}"#,
            r#"{"limits":{"targets":11}}"#,
            r#"{"limits":{"targets_severe":6}}"#,
            r#"{"limits":{"velocity":7}}"#,
            r#"{"limits":{"velocity_seconds":601}}"#,
            r#"{"limits":{"private_reads":26}}"#,
        ]
        .map(version);
        let mut all: Vec<&String> = others.iter().chain([&default]).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 9);
        assert!(default.starts_with("default-") && default.len() == 24, "{default}");
    }
}
