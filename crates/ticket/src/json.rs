//! The JSON form of what stands in digests, claims and sealed requests: canonical text (RFC 8785) of
//! a fixed shape, written and read from one table.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_canon::{Digest, read_hex, read_string, write_hex, write_string};

use crate::guard::Epochs;
use crate::id::{
    Account, AgentId, Connection, EffectId, Jti, KeyId, PolicyVersion, Scope, SessionId, TenantId,
    Timestamp, ToolName, UserId,
};

/// Largest integer that every reader of JSON takes for the same (RFC 7493 section 2.2).
const MAX_INTEGER: u64 = 9_007_199_254_740_991;

/// Most items of a list that is read: more do not fit into a ticket (its scopes), and tiny ones take
/// many times their bytes.
const MAX_ITEMS: usize = 4096;

/// Room for what is usually written, in bytes.
const SHORT: usize = 1024;

/// What can be written as canonical JSON.
pub(crate) trait Write {
    fn write(&self, out: &mut String);

    /// Whether it is written as a member by leaving the member out.
    fn absent(&self) -> bool {
        false
    }
}

/// What is read back as well.
pub(crate) trait Read: Write + Sized {
    fn read(reader: &mut Reader<'_>) -> Option<Self>;

    /// What a member that is left out stands for, if it may be.
    fn left_out() -> Option<Self> {
        None
    }

    /// Reads a text, if it is exactly what would be written: the value is written again, and that
    /// must be the text. So there is one spelling, and nothing in it that was not read.
    fn from_text(text: &str) -> Option<Self> {
        let mut reader = Reader(text);
        let value = Self::read(&mut reader)?;
        let mut again = String::with_capacity(text.len());
        value.write(&mut again);
        (again == text).then_some(value)
    }
}

pub(crate) fn to_text(value: &impl Write) -> String {
    let mut out = String::with_capacity(SHORT);
    value.write(&mut out);
    out
}

/// An object that is being written. Members have to come in the order of their keys.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        let mut out = String::with_capacity(SHORT);
        out.push('{');
        Self(out)
    }

    pub(crate) fn with(mut self, key: &str, value: &(impl Write + ?Sized)) -> Self {
        member(&mut self.0, key, value);
        self
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    pub(crate) fn digest(self) -> Digest {
        Digest::of(self.end().as_bytes())
    }
}

/// Appends a member to the object that the text ends in. Keys need no escapes.
pub(crate) fn member(out: &mut String, key: &str, value: &(impl Write + ?Sized)) {
    if !value.absent() {
        comma(out);
        out.push('"');
        out.push_str(key);
        out.push_str("\":");
        value.write(out);
    }
}

/// A comma, but in front of the first of an object or array. No value ends in an opening bracket.
fn comma(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

/// Text that is canonical JSON already.
pub(crate) struct Raw(pub(crate) String);

impl Write for Raw {
    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

/// A member that is left out where there is none.
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

impl<T: Write> Write for Maybe<T> {
    fn write(&self, out: &mut String) {
        self.0.write(out);
    }
    fn absent(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: Read> Read for Maybe<T> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        T::read(reader).map(|value| Self(Some(value)))
    }
    fn left_out() -> Option<Self> {
        Some(Self(None))
    }
}

/// What is left to be read. It is lenient about commas, because [`Read::from_text`] is not.
pub(crate) struct Reader<'a>(&'a str);

impl Reader<'_> {
    pub(crate) fn take(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    pub(crate) fn starts_with(&self, literal: &str) -> bool {
        self.0.starts_with(literal)
    }

    fn comma(&mut self) {
        self.0 = self.0.strip_prefix(',').unwrap_or(self.0);
    }

    pub(crate) fn member<T: Read>(&mut self, key: &str) -> Option<T> {
        self.comma();
        let rest = self.0.strip_prefix('"').and_then(|rest| rest.strip_prefix(key));
        match rest.and_then(|rest| rest.strip_prefix("\":")) {
            Some(rest) => {
                self.0 = rest;
                T::read(self)
            }
            None => T::left_out(),
        }
    }

    /// What a string stands for, read by a function.
    pub(crate) fn text<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let (text, rest) = read_string(self.0)?;
        self.0 = rest;
        read(&text)
    }
}

impl Write for str {
    fn write(&self, out: &mut String) {
        write_string(out, self);
    }
}

fn write_quoted(out: &mut String, bytes: &[u8]) {
    out.push('"');
    write_hex(out, bytes);
    out.push('"');
}

/// Types with how they are written and how they are read.
macro_rules! json {
    ($($($type:ty)* { |$this:ident, $out:ident| $write:expr, |$reader:ident| $read:expr })*) => {$($(
        impl Write for $type {
            fn write(&self, $out: &mut String) { let $this = self; $write }
        }
        impl Read for $type {
            fn read($reader: &mut Reader<'_>) -> Option<Self> { $read }
        }
    )*)*};
}

json! {
    String { |text, out| write_string(out, text), |reader| reader.text(|text| Some(text.to_owned())) }

    Digest EffectId {
        |id, out| write_quoted(out, id.as_bytes()),
        |reader| reader.text(read_hex).map(Self::from_bytes)
    }
    Jti {
        |id, out| write_string(out, &id.to_string()),
        |reader| reader.text(|text| text.parse().ok())
    }
    ToolName TenantId UserId AgentId SessionId Connection Account Scope KeyId PolicyVersion {
        |id, out| write_string(out, id.as_str()),
        |reader| reader.text(|text| text.parse().ok())
    }

    bool { |yes, out| out.push_str(if *yes { "true" } else { "false" }), |reader| {
        reader.take("true").map(|()| true).or_else(|| reader.take("false").map(|()| false))
    } }

    // What no reader would be sure to read is not written.
    i64 { |n, out| {
        let safe = n.unsigned_abs() <= MAX_INTEGER;
        out.push_str(&if safe { n.to_string() } else { "null".to_owned() });
    }, |reader| {
        let end = reader.0.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(reader.0.len());
        let (digits, rest) = reader.0.split_at_checked(end)?;
        reader.0 = rest;
        digits.parse().ok()
    } }
    u8 u16 u32 {
        |n, out| i64::from(*n).write(out),
        |reader| i64::read(reader)?.try_into().ok()
    }
    usize {
        |n, out| i64::try_from(*n).unwrap_or(i64::MAX).write(out),
        |reader| i64::read(reader)?.try_into().ok()
    }

    // Whole seconds: a `NumericDate` (RFC 7519 section 2).
    Timestamp {
        |time, out| time.seconds().write(out),
        |reader| i64::read(reader).map(Self::from_seconds)
    }

    // The four counters, in the order of the fields.
    Epochs { |e, out| [e.all, e.tenant, e.user, e.agent].as_slice().write(out), |reader| {
        let [all, tenant, user, agent] = Vec::read(reader)?.try_into().ok()?;
        Some(Self { all, tenant, user, agent })
    } }

    (String, String) { |pair, out| [&pair.0, &pair.1].as_slice().write(out), |reader| {
        Vec::read(reader)?.try_into().ok().map(|[a, b]: [String; 2]| (a, b))
    } }
}

impl<T: Write + ?Sized> Write for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.take("null").is_some() { Some(None) } else { T::read(reader).map(Some) }
    }
}

impl<T: Write> Write for [T] {
    fn write(&self, out: &mut String) {
        out.push('[');
        for item in self {
            comma(out);
            item.write(out);
        }
        out.push(']');
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut items = Self::new();
        reader.take("[")?;
        while reader.take("]").is_none() {
            reader.comma();
            (items.len() < MAX_ITEMS).then_some(())?;
            items.push(T::read(reader)?);
        }
        Some(items)
    }
}

/// A type that is an object with these members, in the order of their keys.
macro_rules! members {
    ($type:ident { $($key:literal: $field:ident,)* }) => {
        impl $crate::json::Write for $type {
            fn write(&self, out: &mut String) {
                out.push('{');
                $($crate::json::member(out, $key, &self.$field);)*
                out.push('}');
            }
        }
        impl $crate::json::Read for $type {
            fn read(reader: &mut $crate::json::Reader<'_>) -> Option<Self> {
                reader.take("{")?;
                let read = Self { $($field: reader.member($key)?,)* };
                reader.take("}")?;
                Some(read)
            }
        }
    };
}
pub(crate) use members;

/// Bytes in base64.
pub(crate) struct Base64<T>(pub(crate) T);

impl<T: AsRef<[u8]>> Write for Base64<T> {
    fn write(&self, out: &mut String) {
        out.push('"');
        STANDARD.encode_string(&self.0, out);
        out.push('"');
    }
}

impl Read for Base64<Vec<u8>> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.text(|text| STANDARD.decode(text).ok()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv_04_a_list_of_more_items_than_were_ever_written_is_not_read_to_its_end() {
        let list = |items: usize| to_text(&vec![true; items]);
        assert_eq!(Vec::from_text(&list(MAX_ITEMS)), Some(vec![true; MAX_ITEMS]));
        assert_eq!(<Vec<bool>>::from_text(&list(MAX_ITEMS + 1)), None);
        // Headers by the million, each of seven bytes.
        let text = format!("[{}", r#"["",""],"#.repeat(1_000_000));
        let mut reader = Reader(&text);
        assert_eq!(<Vec<(String, String)>>::read(&mut reader), None);
        assert!(reader.0.len() > text.len() - 8 * MAX_ITEMS - 8, "it read on");
    }
}
