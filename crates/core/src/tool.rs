//! What is known of a tool.

use std::collections::BTreeMap;

use countersign_canon::{Canonical, Digest, Object, Value};
use countersign_ticket::{Connection, InvalidId, Scope, Tier, ToolName};

/// What a call of a tool does, by the most serious thing an ordinary call can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new effect must be judged wherever one is read")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// A reversible change of the user's own private state.
    Write,
    /// Becomes visible to other people or leaves the user's control.
    Outward,
    /// Deletes or overwrites; hard to undo.
    Destructive,
    /// Moves money or changes payment data.
    Financial,
    /// Passwords, permissions, sharing, membership.
    Credential,
}

impl Effect {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Read, "read"),
        (Self::Write, "write"),
        (Self::Outward, "outward"),
        (Self::Destructive, "destructive"),
        (Self::Financial, "financial"),
        (Self::Credential, "credential"),
    ];

    /// The word, as catalogues spell it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(e, _)| *e == self).map_or("", |(_, s)| s)
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, s)| *s == text).map(|(e, _)| *e)
    }
}

/// What an argument of a tool is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new role must be judged wherever one is read")]
pub enum Role {
    /// A person, account, address or channel it goes to.
    Recipient,
    /// Id or name of the object acted on.
    Target,
    /// An address that is fetched or posted to.
    Url,
    /// Money or quantity.
    Amount,
    /// The currency of an amount.
    Currency,
    /// Content.
    FreeText,
    /// Dates, flags, limits, search filters.
    Plain,
}

impl Role {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Recipient, "recipient"),
        (Self::Target, "target"),
        (Self::Url, "url"),
        (Self::Amount, "amount"),
        (Self::Currency, "currency"),
        (Self::FreeText, "free_text"),
        (Self::Plain, "plain"),
    ];

    /// The word, as catalogues spell it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(r, _)| *r == self).map_or("", |(_, s)| s)
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, s)| *s == text).map(|(r, _)| *r)
    }
}

/// Who wrote what a tool returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "trust is judged case by case")]
pub enum Trust {
    /// The user's own structured records, or an echo of the call.
    Own,
    /// Lists of known contacts, users, accounts, channels.
    Directory,
    /// Contains text that outsiders can write.
    Untrusted,
}

impl Trust {
    /// The trust of a name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Own, Self::Directory, Self::Untrusted].into_iter().find(|t| t.as_str() == text)
    }

    /// `own`, `directory` or `untrusted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Directory => "directory",
            Self::Untrusted => "untrusted",
        }
    }
}

/// What a tool returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "two facts that are always stated together")]
pub struct Returns {
    /// Who wrote it.
    pub trust: Trust,
    /// Whether it reveals the user's private data.
    pub private: bool,
}

/// A tool was refused at registration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTool {
    /// A name, connection or scope is malformed.
    #[error("tool {tool:?}: {problem}")]
    Id {
        /// The tool's name as given.
        tool: String,
        /// What is wrong.
        problem: InvalidId,
    },
    /// The severity is not 1 to 5.
    #[error("tool {0:?}: severity is 1 to 5")]
    Severity(String),
    /// The schema is not a JSON object in I-JSON.
    #[error("tool {0:?}: the schema is not a JSON object")]
    Schema(String),
    /// A place for the credential is not `https://host/…/`.
    #[error("tool {0:?}: a place for its credential begins with https:// and ends with a slash")]
    Place(String),
    /// Two tools have one name.
    #[error("two tools are named {0:?}")]
    Repeated(String),
}

/// The declaration of a tool, to be registered. What is not said is taken at its worst: severity 4,
/// destructive, returning private text that outsiders wrote.
#[derive(Debug, Clone)]
#[must_use]
pub struct ToolSpec {
    name: String,
    description: String,
    schema: Vec<u8>,
    connection: Option<String>,
    scopes: Vec<String>,
    severity: u8,
    effect: Effect,
    floor: Option<Tier>,
    roles: BTreeMap<String, Role>,
    returns: Returns,
    places: Vec<String>,
}

impl ToolSpec {
    /// Begins a declaration.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            schema: b"{}".to_vec(),
            connection: None,
            scopes: Vec::new(),
            severity: 4,
            effect: Effect::Destructive,
            floor: None,
            roles: BTreeMap::new(),
            returns: Returns { trust: Trust::Untrusted, private: true },
            places: Vec::new(),
        }
    }

    /// What the tool does, for people and models.
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }
    /// The JSON Schema of its arguments.
    pub fn schema(mut self, json: &str) -> Self {
        self.schema = json.as_bytes().to_vec();
        self
    }
    /// The connection at the identity provider and the least scopes of a call.
    pub fn connection<'a>(mut self, name: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        self.connection = Some(name.to_owned());
        self.scopes = scopes.into_iter().map(str::to_owned).collect();
        self
    }
    /// Severity 1 (own or public metadata) to 5 (irreversible).
    pub fn severity(mut self, severity: u8) -> Self {
        self.severity = severity;
        self
    }
    /// What a call does.
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }
    /// Short for `effect(Effect::Read)`.
    pub fn reads(self) -> Self {
        self.effect(Effect::Read)
    }
    /// Short for `effect(Effect::Write)`.
    pub fn writes(self) -> Self {
        self.effect(Effect::Write)
    }
    /// Short for `effect(Effect::Outward)`.
    pub fn outward(self) -> Self {
        self.effect(Effect::Outward)
    }
    /// The lowest tier of every call.
    pub fn floor(mut self, tier: Tier) -> Self {
        self.floor = Some(tier);
        self
    }
    /// What an argument is for; an argument without a role counts as free text.
    pub fn role(mut self, argument: &str, role: Role) -> Self {
        self.roles.insert(argument.to_owned(), role);
        self
    }
    /// What a call returns.
    pub fn returns(mut self, trust: Trust, private: bool) -> Self {
        self.returns = Returns { trust, private };
        self
    }

    /// Where the credential may be sent: the beginning of a URL, up to a slash in its path, for
    /// example `https://www.googleapis.com/calendar/v3/`. A tool that declares no place sends no
    /// credential anywhere.
    pub fn confined_to(mut self, prefix: &str) -> Self {
        self.places.push(prefix.to_owned());
        self
    }

    /// Checks the declaration and freezes it.
    ///
    /// # Errors
    /// [`InvalidTool`].
    pub fn register(self) -> Result<Tool, InvalidTool> {
        let id = |problem| InvalidTool::Id { tool: self.name.clone(), problem };
        let name = ToolName::new(&self.name).map_err(id)?;
        let connection = self.connection.as_deref().map(Connection::new).transpose().map_err(id)?;
        let scopes = self.scopes.iter().map(|s| Scope::new(s)).collect::<Result<Vec<_>, _>>();
        let scopes = scopes.map_err(id)?;
        if !(1..=5).contains(&self.severity) {
            return Err(InvalidTool::Severity(self.name));
        }
        let schema = countersign_canon::canonicalize(&self.schema)
            .ok()
            .filter(|s| s.value().as_object().is_some())
            .ok_or(InvalidTool::Schema(self.name))?;
        // With a slash behind the host, `https://api.example` is no beginning of
        // `https://api.example.evil`.
        let place = |place: &String| {
            let rest = place.strip_prefix("https://").and_then(|p| p.split_once('/'));
            place.ends_with('/') && rest.is_some_and(|(host, _)| !host.is_empty())
        };
        if !self.places.iter().all(place) {
            return Err(InvalidTool::Place(name.to_string()));
        }
        let returns = Object::new()
            .with("private", self.returns.private)
            .with("trust", self.returns.trust.as_str());
        let places = self.places.iter().map(|p| p.as_str().into()).collect();
        let roles =
            self.roles.iter().fold(Object::new(), |o, (k, r)| o.with(k.as_str(), r.as_str()));
        let digest = Object::new()
            .with("type", "countersign-tool")
            .with("v", 1u8)
            .with("name", name.as_str())
            .with("description", self.description.as_str())
            .with("schema", schema.digest().to_hex())
            .with("connection", connection.as_ref().map(Connection::as_str))
            .with("scopes", Value::Array(scopes.iter().map(|s| s.as_str().into()).collect()))
            .with("severity", self.severity)
            .with("effect", self.effect.as_str())
            .with("floor", self.floor.map(Tier::as_str))
            .with("roles", roles)
            .with("returns", returns)
            .with("places", Value::Array(places));
        let digest = Value::from(digest).to_canonical().digest();
        Ok(Tool {
            name,
            description: self.description,
            schema,
            connection,
            scopes,
            severity: self.severity,
            effect: self.effect,
            floor: self.floor,
            roles: self.roles,
            returns: self.returns,
            places: self.places,
            digest,
        })
    }
}

/// A registered tool: checked, frozen, pinned by its digest. A changed definition is another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    name: ToolName,
    description: String,
    schema: Canonical,
    connection: Option<Connection>,
    scopes: Vec<Scope>,
    severity: u8,
    effect: Effect,
    floor: Option<Tier>,
    roles: BTreeMap<String, Role>,
    returns: Returns,
    places: Vec<String>,
    digest: Digest,
}

impl Tool {
    /// The name.
    pub fn name(&self) -> &ToolName {
        &self.name
    }
    /// What it does, for people and models.
    pub fn description(&self) -> &str {
        &self.description
    }
    /// The JSON Schema of its arguments.
    pub fn schema(&self) -> &Canonical {
        &self.schema
    }
    /// The connection it needs.
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }
    /// The least scopes of a call.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
    /// 1 to 5.
    pub fn severity(&self) -> u8 {
        self.severity
    }
    /// What a call does.
    pub fn effect(&self) -> Effect {
        self.effect
    }
    /// The lowest tier of every call.
    pub fn floor(&self) -> Option<Tier> {
        self.floor
    }
    /// What an argument is for.
    pub fn role(&self, argument: &str) -> Role {
        self.roles.get(argument).copied().unwrap_or(Role::FreeText)
    }
    /// The declared roles.
    pub fn roles(&self) -> &BTreeMap<String, Role> {
        &self.roles
    }
    /// What a call returns.
    pub fn returns(&self) -> Returns {
        self.returns
    }
    /// Whether the credential may be sent to a URL.
    pub fn confines(&self, url: &str) -> bool {
        self.places.iter().any(|place| url.starts_with(place.as_str()))
    }
    /// SHA-256 over the canonical JSON of the whole definition; a claim of every ticket.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}
