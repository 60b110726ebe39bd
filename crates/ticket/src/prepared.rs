//! The effect, fully resolved before anybody approves it, its digest, and the form it travels in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_canon::{
    Canonical, Digest, Limits, Object, Value, canonicalize_with, require_canonical,
};

use crate::id::{Account, Connection, EffectId, Scope, ToolName};
use crate::json::{Json, members};
use crate::macros::ensure;
use crate::request::{InvalidRequest, MAX_BODY, MAX_STEPS, Step};

/// Longest sealed request: bodies of [`MAX_BODY`] in base64, and room for the rest.
pub const MAX_SEALED: usize = MAX_BODY / 3 * 4 + 4 * 1024 * 1024;

words! {
    /// What a ticket binds.
    #[expect(clippy::exhaustive_enums, reason = "whoever shows a receipt must show each of them")]
    pub enum Binding {
        /// The bytes of the HTTP requests.
        Wire = "wire",
        /// The canonical arguments of a local tool. As honest as the tool's code.
        Arguments = "arguments",
    }
}

/// Which credential an effect uses: inside the digest, so that another account or a wider scope is
/// another effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    connection: Connection,
    account: Option<Account>,
    scopes: Vec<Scope>,
}

members!(Selector { "account": account, "connection": connection, "scopes": scopes, });

getters!(Selector {
    /// The connection at the identity provider.
    &connection: &Connection;
    /// The least scopes, sorted.
    &scopes: &[Scope];
});

impl Selector {
    /// A connection and the least scopes; scopes are sorted and repeats dropped.
    pub fn new(connection: Connection, mut scopes: Vec<Scope>) -> Self {
        scopes.sort();
        scopes.dedup();
        Self { connection, account: None, scopes }
    }

    /// Names one of several accounts on the connection (sent as `login_hint`).
    pub fn with_account(mut self, account: Account) -> Self {
        self.account = Some(account);
        self
    }

    /// The account, if one is named.
    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }
}

/// An effect, fully resolved: its tool and canonical arguments, and either the HTTP requests as
/// bytes or, for a local tool, the arguments themselves. Immutable; its digest is what is approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    effect_id: EffectId,
    tool: ToolName,
    arguments: Canonical,
    plan: Plan,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    Wire { credential: Option<Selector>, steps: Vec<Step> },
    Arguments,
}

getters!(Prepared {
    /// The effect's id.
    effect_id: EffectId;
    /// The tool.
    &tool: &ToolName;
    /// The canonical arguments.
    &arguments: &Canonical;
});

impl Prepared {
    /// An effect that is an ordered plan of HTTP requests.
    ///
    /// # Errors
    /// [`InvalidRequest`] for no step, more than [`MAX_STEPS`], a hole in the first step (there is
    /// no answer yet), a step that carries a credential when none is selected, and bodies of more
    /// than [`MAX_BODY`] together.
    pub fn wire(
        effect_id: EffectId,
        tool: ToolName,
        arguments: Canonical,
        credential: Option<Selector>,
        steps: Vec<Step>,
    ) -> Result<Self, InvalidRequest> {
        ensure(steps.len() <= MAX_STEPS, InvalidRequest("a plan has at most 16 steps"))?;
        let first = steps.first().is_some_and(|s| s.holes.is_empty());
        ensure(first, InvalidRequest("a plan has a first step, and that has no holes"))?;
        let selected = credential.is_some() || !steps.iter().any(|s| s.credential);
        ensure(selected, InvalidRequest("a step carries a credential but none is selected"))?;
        let bodies = steps.iter().fold(0, |sum: usize, s| sum.saturating_add(s.body.len()));
        ensure(bodies <= MAX_BODY, InvalidRequest("the bodies are too large"))?;
        Ok(Self { effect_id, tool, arguments, plan: Plan::Wire { credential, steps } })
    }

    /// An effect that is one call of a local tool.
    pub fn local(effect_id: EffectId, tool: ToolName, arguments: Canonical) -> Self {
        Self { effect_id, tool, arguments, plan: Plan::Arguments }
    }

    /// What the digest binds.
    pub fn binding(&self) -> Binding {
        match self.plan {
            Plan::Wire { .. } => Binding::Wire,
            Plan::Arguments => Binding::Arguments,
        }
    }
    /// The HTTP requests, in order; none for a local tool.
    pub fn steps(&self) -> &[Step] {
        match &self.plan {
            Plan::Wire { steps, .. } => steps,
            Plan::Arguments => &[],
        }
    }
    /// The credential to use, if any step carries one.
    pub fn credential(&self) -> Option<&Selector> {
        match &self.plan {
            Plan::Wire { credential, .. } => credential.as_ref(),
            Plan::Arguments => None,
        }
    }

    /// What the digest and the form that travels have in common. They differ in how a step's body is
    /// written, and in how the arguments are.
    fn object(&self, kind: &str, body: fn(&[u8]) -> String) -> Object {
        let object = Object::new()
            .with("binding", self.binding().as_str())
            .with("effect_id", self.effect_id.to_json())
            .with("type", kind)
            .with("v", 1u8);
        match &self.plan {
            Plan::Wire { credential, steps } => {
                let steps = steps.iter().map(|step| step.value(body(&step.body)));
                object
                    .with("credential", credential.to_json())
                    .with("steps", Value::Array(steps.collect()))
            }
            Plan::Arguments => object,
        }
    }

    /// The effect digest: SHA-256 over the canonical JSON of
    /// `{type, v, effect_id, binding, credential, steps}`, each step with the SHA-256 of its body,
    /// or of `{type, v, effect_id, binding, arguments}` for a local tool.
    pub fn digest(&self) -> Digest {
        let mut object = self.object("countersign-effect", |body| Digest::of(body).to_hex());
        if self.binding() == Binding::Arguments {
            object = object.with("arguments", self.arguments.digest().to_hex());
        }
        Value::from(object).to_canonical().digest()
    }

    /// The form that travels with a ticket: canonical JSON with the bodies in base64.
    pub fn to_bytes(&self) -> Vec<u8> {
        let object = self
            .object("countersign-prepared", |body| STANDARD.encode(body))
            .with("arguments", self.arguments.as_str())
            .with("tool", self.tool.as_str());
        Value::from(object).to_canonical().into_bytes()
    }

    /// Reads what [`Prepared::to_bytes`] wrote, through the same checks as a new one. Anything else,
    /// also another spelling of the same content, is refused.
    ///
    /// # Errors
    /// [`InvalidRequest`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        let malformed = InvalidRequest("the sealed request is malformed");
        ensure(bytes.len() <= MAX_SEALED, InvalidRequest("the sealed request is too large"))?;
        let limits = Limits::DEFAULT.with_max_bytes(MAX_SEALED);
        let canonical = canonicalize_with(bytes, limits).map_err(|_| malformed)?;
        ensure(canonical.as_bytes() == bytes, malformed)?;
        canonical.value().as_object().and_then(Self::from_object).ok_or(malformed)
    }

    fn from_object(o: &Object) -> Option<Self> {
        let text = |key| o.get(key).and_then(Value::as_str);
        let ours = text("type")? == "countersign-prepared" && o.get("v")?.as_i64()? == 1;
        let effect_id = Json::from_json(o.get("effect_id")?)?;
        let tool = Json::from_json(o.get("tool")?)?;
        let arguments = require_canonical(text("arguments")?.as_bytes()).ok()?;
        match Binding::parse(text("binding")?)? {
            Binding::Arguments if ours && o.len() == 6 => {
                Some(Self::local(effect_id, tool, arguments))
            }
            Binding::Wire if ours && o.len() == 8 => {
                let credential = Option::<Selector>::from_json(o.get("credential")?)?;
                let scopes = credential.as_ref().map_or(&[][..], Selector::scopes);
                let sorted = scopes.is_sorted_by(|a, b| a < b);
                let steps = o.get("steps")?.as_array()?.iter().map(Step::from_value);
                let steps = steps.collect::<Option<_>>()?;
                let read = Self::wire(effect_id, tool, arguments, credential, steps);
                read.ok().filter(|_| sorted)
            }
            Binding::Arguments | Binding::Wire => None,
        }
    }
}
