//! What waits for a person: the handle that is given out, and the record that is believed.

use countersign_core::canon::{Limits, canonicalize_with};
use countersign_core::{
    Approval, Caller, Connection, Object, PolicyVersion, Prepared, Rendered, Returns, Tier,
    Timestamp, ToolCall, Trust, Value, ValueHandle, stored,
};
use countersign_ticket::{Assessed, Epochs, MAX_SEALED, Terms};
use serde::{Deserialize, Serialize};

/// What a person has to do before a call can go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum Interrupt {
    /// Decide about the call.
    Approve {
        /// `B`, `A` or `S`.
        tier: String,
        /// The approval digest, in hex.
        digest: String,
    },
    /// Connect an account, or connect it again.
    Connect {
        /// Why: `not_connected`, `reconnect_required`, `scope_missing`, `login_required` or
        /// `step_up_required`.
        reason: String,
        /// The connection at the identity provider.
        connection: String,
        /// The scopes that the call needs.
        scopes: Vec<String>,
    },
}

/// A call that waits. Plain data, to be kept anywhere; nothing in it is believed when it comes back:
/// the record under its id is, and a handle that differs from the record is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Handle {
    /// Finds the record again: 128 random bits in hex.
    pub id: String,
    /// The effect, in hex.
    pub effect_id: String,
    /// The tool.
    pub tool: String,
    /// What a person has to do.
    pub interrupt: Interrupt,
    /// When the record ends, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// What is kept about a call that waits.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) handle: Handle,
    pub(crate) caller: Caller,
    pub(crate) call: ToolCall,
    /// What was put to the approver; none while an account has to be connected.
    pub(crate) asked: Option<Asked>,
}

/// What is put to an approver. Kept from before the person is asked until the effect has ended, so that
/// nobody is asked twice for it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) assessed: Assessed,
    pub(crate) approver: String,
    /// How the approver finds the question again. Empty until it says so.
    pub(crate) reference: String,
    pub(crate) preview: Rendered,
    pub(crate) why: String,
    pub(crate) at: Timestamp,
    /// What the person said, once it was yes.
    pub(crate) approval: Option<Approval>,
}

impl Record {
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        let handle = serde_json::to_vec(&self.handle).ok()?;
        let asked = self.asked.as_ref().map(|asked| {
            let terms = asked.assessed.terms();
            let e = terms.epochs;
            let epochs = [e.all, e.tenant, e.user, e.agent].map(Value::from).to_vec();
            let prepared = asked.assessed.prepared().to_bytes();
            Object::new()
                .with("approval", asked.approval.as_ref().and_then(stored::approval))
                .with("approver", asked.approver.as_str())
                .with("at_ms", stored::integer(asked.at.millis()))
                .with("deceptive", asked.preview.deceptive)
                .with("epochs", Value::Array(epochs))
                .with("policy", terms.policy.as_str())
                .with("prepared", String::from_utf8_lossy(&prepared).as_ref())
                .with("preview", asked.preview.text.as_str())
                .with("reference", asked.reference.as_str())
                .with("schema", terms.schema.to_hex())
                .with("tier", terms.tier.as_str())
                .with("why", asked.why.as_str())
        });
        let record = Object::new()
            .with("arguments", self.call.arguments().as_str())
            .with("asked", asked)
            .with("caller", stored::caller(&self.caller))
            .with("handle", countersign_core::canon::parse(&handle).ok()?)
            .with("handles", Value::Array(self.call.handles().iter().map(write_origin).collect()))
            .with("tool", self.call.tool().as_str())
            .with("v", 1u8);
        Some(Value::from(record).to_canonical().into_bytes())
    }

    pub(crate) fn from_bytes(bytes: &[u8], renderer: &'static str) -> Option<Self> {
        let limits = Limits::DEFAULT.with_max_bytes(2 * MAX_SEALED);
        let value = canonicalize_with(bytes, limits).ok()?.value();
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let caller = stored::dangerous_read_caller(value.get("caller")?)?;
        let asked = match value.get("asked")? {
            Value::Null => None,
            asked => Some(Asked::from_value(asked, &caller, renderer)?),
        };
        let handle = value.get("handle")?.to_canonical();
        let origins = value.get("handles")?.as_array()?.iter().map(read_origin);
        let call = ToolCall::from_json(text("tool")?, text("arguments")?).ok()?;
        Some(Self {
            handle: serde_json::from_slice(handle.as_bytes()).ok()?,
            call: call.with_handles(origins.collect::<Option<_>>()?),
            caller,
            asked,
        })
    }
}

/// What is known of the origin of an argument.
fn write_origin(origin: &ValueHandle) -> Value {
    Object::new()
        .with("connection", origin.connection.as_ref().map(Connection::as_str))
        .with("path", origin.path.as_str())
        .with("private", origin.label.private)
        .with("step", origin.step)
        .with("trust", origin.label.trust.as_str())
        .into()
}

fn read_origin(value: &Value) -> Option<ValueHandle> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let connection = match value.get("connection")? {
        Value::Null => None,
        name => Some(Connection::new(name.as_str()?).ok()?),
    };
    let step = match value.get("step")? {
        Value::Null => None,
        step => Some(u32::try_from(step.as_i64()?).ok()?),
    };
    let trust = Trust::parse(text("trust")?)?;
    let private = value.get("private")?.as_bool()?;
    let path = text("path")?.to_owned();
    Some(ValueHandle { path, connection, label: Returns { trust, private }, step })
}

impl Asked {
    fn from_value(value: &Value, caller: &Caller, renderer: &'static str) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let number = |key: &str| value.get(key).and_then(Value::as_i64);
        let epochs = value.get("epochs")?.as_array()?.iter();
        let epochs = epochs.map(|n| u32::try_from(n.as_i64()?).ok()).collect::<Option<Vec<_>>>()?;
        let [all, tenant, user, agent] = *epochs.as_slice() else { return None };
        let deceptive = u32::try_from(number("deceptive")?).ok()?;
        let preview = Rendered::new(text("preview")?.to_owned(), renderer, deceptive);
        let terms = Terms {
            schema: text("schema")?.parse().ok()?,
            tier: Tier::parse(text("tier")?)?,
            policy: PolicyVersion::new(text("policy")?).ok()?,
            epochs: Epochs { all, tenant, user, agent },
            preview: preview.digest(),
        };
        let prepared = Prepared::from_bytes(text("prepared")?.as_bytes()).ok()?;
        let approval = match value.get("approval")? {
            Value::Null => None,
            approval => Some(stored::dangerous_read_approval(approval)?),
        };
        Some(Self {
            assessed: Assessed::new(prepared, caller.clone(), terms),
            approver: text("approver")?.to_owned(),
            reference: text("reference")?.to_owned(),
            preview,
            why: text("why")?.to_owned(),
            at: Timestamp::from_millis(number("at_ms")?),
            approval,
        })
    }
}

/// A handle for a call that waits for an approval. Its id is the effect's: one effect is put to a person
/// once.
pub(crate) fn approve_handle(assessed: &Assessed, expires: Timestamp) -> Handle {
    let (prepared, tier) = (assessed.prepared(), assessed.terms().tier);
    let digest = assessed.approval_digest().to_hex();
    Handle {
        id: prepared.effect_id().to_string(),
        effect_id: prepared.effect_id().to_string(),
        tool: prepared.tool().to_string(),
        interrupt: Interrupt::Approve { tier: tier.as_str().to_owned(), digest },
        expires_ms: expires.millis(),
    }
}
