//! The effect, fully resolved before anybody approves it, its digest, and the form it travels in.

use countersign_canon::{Canonical, Digest, require_canonical};

use crate::id::{Account, Connection, EffectId, Scope, ToolName};
use crate::json::{Object, Read, Reader, Write, members, to_text};
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

impl Selector {
    /// As it would have been made; what was not sorted is no longer what was read.
    fn again(self) -> Self {
        Self { account: self.account, ..Self::new(self.connection, self.scopes) }
    }
}

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
        if self.plan == Plan::Arguments { Binding::Arguments } else { Binding::Wire }
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

    /// The effect digest: SHA-256 over the canonical JSON of
    /// `{type, v, effect_id, binding, credential, steps}`, each step with the SHA-256 of its body,
    /// or of `{type, v, effect_id, binding, arguments}` for a local tool.
    pub fn digest(&self) -> Digest {
        let object = Object::new();
        match &self.plan {
            Plan::Arguments => object
                .with("arguments", &self.arguments.digest())
                .with("binding", &self.binding())
                .with("effect_id", &self.effect_id),
            Plan::Wire { credential, steps } => {
                let steps: Vec<_> =
                    steps.iter().map(|s| s.with_body(Digest::of(&s.body))).collect();
                object
                    .with("binding", &self.binding())
                    .with("credential", credential)
                    .with("effect_id", &self.effect_id)
                    .with("steps", &steps)
            }
        }
        .with("type", "countersign-effect")
        .with("v", &1u8)
        .digest()
    }

    /// The form that travels with a ticket: canonical JSON with the bodies in base64.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_text(self).into_bytes()
    }

    /// Reads what [`Prepared::to_bytes`] wrote, through the same checks as a new one. Anything else,
    /// also another spelling of the same content, is refused.
    ///
    /// # Errors
    /// [`InvalidRequest`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        ensure(bytes.len() <= MAX_SEALED, InvalidRequest("the sealed request is too large"))?;
        let read = str::from_utf8(bytes).ok().and_then(Self::from_text);
        read.ok_or(InvalidRequest("the sealed request is malformed"))
    }
}

const PREPARED: &str = "countersign-prepared";

impl Write for Prepared {
    fn write(&self, out: &mut String) {
        let object = Object::new()
            .with("arguments", self.arguments.as_str())
            .with("binding", &self.binding());
        let object = match &self.plan {
            Plan::Arguments => object.with("effect_id", &self.effect_id),
            Plan::Wire { credential, steps } => object
                .with("credential", credential)
                .with("effect_id", &self.effect_id)
                .with("steps", steps),
        };
        let object = object.with("tool", &self.tool).with("type", PREPARED).with("v", &1u8);
        out.push_str(&object.end());
    }
}

impl Read for Prepared {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.take("{")?;
        let arguments: String = reader.member("arguments")?;
        let arguments = require_canonical(arguments.as_bytes()).ok()?;
        let wire = reader.member::<Binding>("binding")? == Binding::Wire;
        let credential = if wire { Some(reader.member("credential")?) } else { None };
        let credential = credential.map(|selector: Option<Selector>| selector.map(Selector::again));
        let effect_id = reader.member("effect_id")?;
        let steps = if wire { Some(reader.member("steps")?) } else { None };
        let tool = reader.member("tool")?;
        // Type and version are compared when all of it is written again.
        let (_, _) = (reader.member::<String>("type")?, reader.member::<u8>("v")?);
        reader.take("}")?;
        match credential.zip(steps) {
            Some((credential, steps)) => {
                Self::wire(effect_id, tool, arguments, credential, steps).ok()
            }
            None => Some(Self::local(effect_id, tool, arguments)),
        }
    }
}
