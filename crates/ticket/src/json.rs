//! The JSON form of what stands in digests, claims and sealed requests: written and read from one
//! table, so that nothing is written that is not read back.

use countersign_canon::{Digest, Number, Object, Value};

use crate::guard::Epochs;
use crate::id::{
    Account, AgentId, Connection, EffectId, Jti, PolicyVersion, Scope, SessionId, TenantId,
    Timestamp, ToolName, UserId,
};

/// A type with one JSON form.
pub(crate) trait Json: Sized {
    fn to_json(&self) -> Value;
    /// Reads exactly what `to_json` writes.
    fn from_json(value: &Value) -> Option<Self>;
}

/// Types with how they are written and how they are read.
macro_rules! json {
    ($($($type:ty)* { |$this:ident| $write:expr, |$value:ident| $read:expr })*) => {$($(
        impl Json for $type {
            fn to_json(&self) -> Value { let $this = self; $write }
            fn from_json($value: &Value) -> Option<Self> { $read }
        }
    )*)*};
}

json! {
    String { |text| text.as_str().into(), |value| value.as_str().map(str::to_owned) }

    Digest EffectId Jti ToolName TenantId UserId AgentId SessionId Connection Account Scope
    PolicyVersion { |text| text.to_string().into(), |value| value.as_str()?.parse().ok() }

    bool { |yes| Value::Bool(*yes), |value| value.as_bool() }

    u16 u32 { |n| (*n).into(), |value| value.as_i64()?.try_into().ok() }
    usize { |n| Number::try_from(*n).ok().into(), |value| value.as_i64()?.try_into().ok() }
    i64 { |n| Number::try_from(*n).ok().into(), |value| value.as_i64() }

    // Whole seconds: a `NumericDate` (RFC 7519 section 2).
    Timestamp { |time| time.seconds().to_json(), |value| value.as_i64().map(Self::from_seconds) }

    // The four counters, in the order of the fields.
    Epochs { |e| vec![e.all, e.tenant, e.user, e.agent].to_json(), |value| {
        let [all, tenant, user, agent] = Vec::from_json(value)?.try_into().ok()?;
        Some(Self { all, tenant, user, agent })
    } }

    (String, String) { |pair| Value::Array(vec![pair.0.to_json(), pair.1.to_json()]), |value| {
        Vec::from_json(value)?.try_into().ok().map(|[a, b]: [String; 2]| (a, b))
    } }
}

impl<T: Json> Json for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map(T::to_json).into()
    }
    fn from_json(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_json(value).map(Some) }
    }
}

impl<T: Json> Json for Vec<T> {
    fn to_json(&self) -> Value {
        Value::Array(self.iter().map(T::to_json).collect())
    }
    fn from_json(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_json).collect()
    }
}

/// A type that is written as the members of an object.
pub(crate) trait Members: Sized {
    fn members(&self) -> Object;
    fn from_members(o: &Object) -> Option<Self>;
}

/// Writing again what was read must give the same object: nothing was there that was not read, and
/// nothing was spelled in another way.
impl<T: Members> Json for T {
    fn to_json(&self) -> Value {
        self.members().into()
    }
    fn from_json(value: &Value) -> Option<Self> {
        T::from_members(value.as_object()?).filter(|read| read.to_json() == *value)
    }
}

/// Members by their names, and beside them the fields that are not one member each.
macro_rules! members {
    ($type:ident { $($key:literal: $field:ident,)* } $(|$o:ident| { $($beside:ident: $read:expr,)* })?) => {
        impl $crate::json::Members for $type {
            fn members(&self) -> Object {
                Object::new()$(.with($key, $crate::json::Json::to_json(&self.$field)))*
            }
            fn from_members(o: &Object) -> Option<Self> {
                $(let $o = o;)?
                Some(Self {
                    $($field: $crate::json::Json::from_json(o.get($key)?)?,)*
                    $($($beside: $read,)*)?
                })
            }
        }
    };
}
pub(crate) use members;
