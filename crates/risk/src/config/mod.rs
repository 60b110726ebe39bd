//! What an operator can set, and the version that follows from it.

mod multiplier;
mod serial;

use std::collections::BTreeMap;

use countersign_canon::{Digest, Object, Value};
use countersign_core::{PolicyVersion, Tier, Tool, ToolName, UserId};
use serde::{Deserialize, Serialize};

pub use self::multiplier::{Multiplier, Multipliers};
use self::serial::{floors, letter, money, named, severities};

/// Changes whenever the same configuration could judge a call differently.
pub(crate) const ENGINE: &str = "countersign-risk/5";

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
    /// The least severity by tool, 1 to 5, with patterns as in `tool_floors`. Decimals are rounded up.
    /// It never lowers what the tool declares.
    #[serde(with = "severities")]
    pub severities: BTreeMap<String, u8>,
    /// What each kind of signal multiplies the severity by, 1.0 to 2.5, rounded up to the next half.
    #[serde(deserialize_with = "named")]
    pub multipliers: Multipliers,
    /// From where on a call or a session is bulk.
    #[serde(deserialize_with = "named")]
    pub limits: BulkLimits,
    /// From which amount on money that a financial call moves makes it tier S, by ISO 4217 code, in
    /// whole units. Reached at the amount itself, in one call or together with what the session moved
    /// within the window. Entries are added to the defaults (10,000 for EUR, USD, GBP, CHF, AUD, CAD;
    /// 1,000,000 for JPY). A currency without a limit is over every limit; an amount without a currency
    /// is held against the lowest one.
    #[serde(with = "money")]
    pub money: BTreeMap<String, u64>,
    /// Recipients that count as named, by user (`sub`), `"*"` for every user: an address, or `*` and
    /// the end of one from its `@` or a dot on (`*@example.com`). No default.
    pub recipients: BTreeMap<String, Vec<String>>,
    /// When a person is asked. Default `"effects"`.
    pub consent: Consent,
}

/// Which calls of tier B a person is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "every way to ask must be shown where one is chosen")]
pub enum Consent {
    /// All of them.
    #[default]
    Effects,
    /// Those that go to, or act on, something that neither the user nor a trusted record named.
    ///
    /// A call whose every recipient, target and address is named, which the request asks for and about
    /// which nothing was found, runs as tier C. Of the floors this lifts the `effect_floor` alone, and
    /// only where that is B: a floor that the tool or `tool_floors` sets, a tier above B, and
    /// everything in a session that read instructions to an agent stay what they are.
    Unnamed,
    /// The same, and what stands in a text that the user pointed at counts as named too: the payee in
    /// the bill that is to be paid, a link (without a query) on the page that is to be read. Quieter,
    /// and only as good as the recognition of instructions in texts.
    Pointed,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        let tool_floors = FLOORS.iter().map(|(name, tier)| ((*name).to_owned(), *tier)).collect();
        let limits = [("JPY", 1_000_000)].into_iter();
        let limits = limits.chain(["EUR", "USD", "GBP", "CHF", "AUD", "CAD"].map(|c| (c, 10_000)));
        Self {
            effect_floor: Tier::B,
            tool_floors,
            severities: BTreeMap::new(),
            multipliers: Multipliers::default(),
            limits: BulkLimits::default(),
            money: limits.map(|(code, limit)| (code.to_owned(), limit)).collect(),
            recipients: BTreeMap::new(),
            consent: Consent::Effects,
        }
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
    /// The same for destructive calls and changes of credentials or membership; where it is above
    /// `targets`, that holds. Default 5.
    pub targets_severe: u32,
    /// Changing calls of one kind (tools whose names say the same doing) with different arguments
    /// within the window. 2 to 200; default 6.
    pub velocity: u32,
    /// Changing calls of one kind that an agent attempts for one user over all its sessions, counted by
    /// [`Pace`](crate::Pace) where whoever judges has one. 2 to 10,000; default 12.
    pub agent_velocity: u32,
    /// How often the very same changing call within the window is a loop. 2 to 200; default 10.
    pub repeats: u32,
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
            agent_velocity: 12,
            repeats: 10,
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
    #[error("the rule for {0:?} can never apply: not a tool name, or the beginning of one and *")]
    Pattern(String),
    /// A money limit is not for a code of three capital letters, or is zero.
    #[error("the money limit for {0:?} can never apply: a code of three capitals and an amount")]
    Money(String),
    /// An entry of the recipients can never match: the user's id, or the recipient.
    #[error(
        "{recipient:?} as a recipient of {user:?} can never match: an address as calls give it, or * and its end"
    )]
    Recipient {
        /// The user.
        user: String,
        /// The entry; empty if the list is.
        recipient: String,
    },
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
        if canonical.value().as_object().is_none() {
            return Err(ConfigError::Shape("an object is expected".to_owned()));
        }
        let config: Self = serde_json::from_slice(canonical.as_bytes())
            .map_err(|e| ConfigError::Shape(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for pattern in self.tool_floors.keys().chain(self.severities.keys()) {
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
        for (code, limit) in &self.money {
            if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) || *limit == 0 {
                return Err(ConfigError::Money(code.clone()));
            }
        }
        for (user, recipients) in &self.recipients {
            let refused = |recipient: &str| ConfigError::Recipient {
                user: user.clone(),
                recipient: recipient.to_owned(),
            };
            if recipients.is_empty() || (user != "*" && UserId::new(user).is_err()) {
                return Err(refused(""));
            }
            if let Some(never) = recipients.iter().find(|recipient| !can_match(recipient)) {
                return Err(refused(never));
            }
        }
        let limits = &self.limits;
        for (field, value, min, max) in [
            ("targets", limits.targets, 2, 10_000),
            ("targets_severe", limits.targets_severe, 2, 10_000),
            ("velocity", limits.velocity, 2, 200),
            ("agent_velocity", limits.agent_velocity, 2, 10_000),
            ("repeats", limits.repeats, 2, 200),
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
        let floors = self.tool_floors.iter().filter(|(pattern, _)| fits(pattern, tool));
        floors.max_by_key(|(_, tier)| **tier).map(|(pattern, tier)| (pattern.as_str(), *tier))
    }

    /// The severity that a call of the tool is judged by.
    pub(crate) fn severity(&self, tool: &Tool) -> u8 {
        let set = self.severities.iter().filter(|(pattern, _)| fits(pattern, tool.name()));
        set.map(|(_, severity)| *severity).fold(tool.severity(), u8::max)
    }

    /// The limit of a currency in hundredths; the lowest of all for none; nothing if there is none.
    pub(crate) fn money_limit(&self, currency: [u8; 8]) -> Option<u64> {
        let cents = |limit: &u64| limit.saturating_mul(100);
        if currency == [0; 8] {
            return self.money.values().min().map(cents);
        }
        let code = |code: &String| crate::detect::effects::code(code) == currency;
        self.money.iter().find(|(c, _)| code(c)).map(|(_, limit)| cents(limit))
    }

    /// Whether the operator lists a recipient for a user.
    pub(crate) fn lists(&self, user: &UserId, recipient: &str) -> bool {
        if self.recipients.is_empty() {
            return false;
        }
        let recipient = recipient.trim().to_lowercase();
        let fits = |pattern: &String| {
            let pattern = pattern.to_lowercase();
            match pattern.strip_prefix('*') {
                // Of an address with two `@` nobody knows where it ends.
                Some(end) => recipient.ends_with(end) && recipient.matches('@').count() == 1,
                None => recipient == pattern,
            }
        };
        let lists = [self.recipients.get(user.as_str()), self.recipients.get("*")];
        lists.into_iter().flatten().flatten().any(fits)
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
            .with("agent_velocity", self.limits.agent_velocity)
            .with("private_reads", self.limits.private_reads)
            .with("repeats", self.limits.repeats)
            .with("targets", self.limits.targets)
            .with("targets_severe", self.limits.targets_severe)
            .with("velocity", self.limits.velocity)
            .with("velocity_seconds", self.limits.velocity_seconds);
        let list =
            |all: &Vec<String>| Value::Array(all.iter().map(|r| r.as_str().into()).collect());
        let recipients = self.recipients.iter();
        let recipients =
            recipients.fold(Object::new(), |o, (user, all)| o.with(user.as_str(), list(all)));
        let object = Object::new()
            .with("type", "countersign-risk-policy")
            .with("engine", ENGINE)
            .with("effect_floor", self.effect_floor.as_str())
            .with("tool_floors", floors)
            .with("limits", limits)
            .with("severities", number_map(self.severities.iter().map(|(k, n)| (k, u64::from(*n)))))
            .with("multipliers", self.multipliers.to_value())
            .with("money", number_map(self.money.iter().map(|(k, n)| (k, *n))))
            .with("recipients", recipients)
            .with(
                "consent",
                match self.consent {
                    Consent::Effects => "effects",
                    Consent::Unnamed => "unnamed",
                    Consent::Pointed => "pointed",
                },
            );
        let digest: Digest = Value::from(object).to_canonical().digest();
        let text = format!("default-{:.16}", digest.to_hex());
        PolicyVersion::new(&text).expect("printable ASCII")
    }
}

/// Whether a pattern fits a tool's name.
fn fits(pattern: &str, tool: &ToolName) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => tool.as_str().starts_with(prefix),
        None => tool.as_str() == pattern,
    }
}

/// Whether a recipient, or `*` and the end of one, can be one at all.
///
/// A recipient is looked up as the detectors take it out of an argument, so what they would take apart
/// (a list, `Kim <kim@example.com>`) is never met.
fn can_match(recipient: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty() && !text.contains('*') && !text.chars().any(crate::text::is_hidden)
    };
    match recipient.strip_prefix('*') {
        Some(end) => {
            let one = end.trim() == end && !end.contains([',', ';']);
            let ends = end.starts_with(['@', '.']) && end.matches('@').count() <= 1;
            plain(end) && one && ends && end.len() > 1
        }
        None => plain(recipient) && crate::detect::recipients(recipient).eq([recipient]),
    }
}

/// Amounts go in as text: they may be beyond what a JSON number holds.
fn number_map<'a>(entries: impl Iterator<Item = (&'a String, u64)>) -> Object {
    entries.fold(Object::new(), |o, (key, n)| o.with(key.as_str(), n.to_string()))
}

#[cfg(test)]
mod tests;
