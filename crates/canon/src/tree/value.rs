//! A tree to read and build small documents with

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use crate::pointer::{array_index, pointer_token};
use crate::{Canonical, Error, Number, Object, canonicalize, read_string, write_string};

/// A JSON value
///
/// Meant for small documents that are put together or picked apart; large ones are better left as
/// [`Canonical`] bytes.
///
/// ```
/// use countersign_canon::{Object, Value};
///
/// let value: Value = Object::new().with("to", "kim").with("copies", 2).into();
/// assert_eq!(value.to_canonical().as_str(), r#"{"copies":2,"to":"kim"}"#);
/// assert_eq!(value.pointer("/to").and_then(Value::as_str), Some("kim"));
/// ```
///
/// # Depth
///
/// Values that were parsed nest at most 128 deep. One built by hand may nest deeper:
/// [`to_canonical`](Self::to_canonical) and [`Canonical::value`] take any depth without using more
/// stack, but dropping, cloning, comparing and printing recurse, as they do for any tree of `Vec`s.
/// Don't build deeper values from data whose depth somebody else chooses.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "JSON has these six kinds for good, and a match that forgets one must not compile"
)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A finite number
    Number(Number),
    /// A string; Rust's strings cannot hold lone surrogates
    String(String),
    /// An array
    Array(Vec<Value>),
    /// An object
    Object(Object),
}

impl Value {
    /// The member of an object; `None` for other values and unknown keys
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    /// The value at a JSON pointer (RFC 6901): `""` is the value itself, `"/a/0"` the first element
    /// of its member `a`; `None` if there is none or the pointer is malformed
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut tokens = pointer.split('/');
        if !tokens.next()?.is_empty() {
            return None;
        }
        tokens.try_fold(self, |value, token| match value {
            Self::Array(items) => items.get(array_index(token)?),
            Self::Object(object) => object.get(&pointer_token(token)?),
            _ => None,
        })
    }

    /// The text of a string
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The value of a boolean
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number
    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// The number as an integer, if it is one within ±(2^53 − 1)
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The elements of an array
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The object
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// If this is `null`
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The canonical form
    ///
    /// It cannot fail: no value holds a duplicate key, a lone surrogate or a number that is not
    /// finite. [`parse`](crate::parse) accepts the result and gives back an equal value, unless it
    /// is longer or deeper than the limits.
    pub fn to_canonical(&self) -> Canonical {
        let mut out = String::new();
        let mut todo = vec![Piece::Value(self)];
        while let Some(piece) = todo.pop() {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Key(key) => {
                    write_string(&mut out, key);
                    out.push(':');
                }
                Piece::Value(Self::Null) => out.push_str("null"),
                Piece::Value(Self::Bool(value)) => {
                    out.push_str(if *value { "true" } else { "false" });
                }
                Piece::Value(Self::Number(number)) => out.push_str(number.as_str()),
                Piece::Value(Self::String(text)) => write_string(&mut out, text),
                Piece::Value(Self::Array(items)) => {
                    todo.push(Piece::Text("]"));
                    for item in items.iter().rev() {
                        todo.extend([Piece::Value(item), Piece::Text(",")]);
                    }
                    todo.pop_if(|_| !items.is_empty());
                    todo.push(Piece::Text("["));
                }
                Piece::Value(Self::Object(object)) => {
                    todo.push(Piece::Text("}"));
                    for (key, value) in object.iter().rev() {
                        todo.extend([Piece::Value(value), Piece::Key(key), Piece::Text(",")]);
                    }
                    todo.pop_if(|_| !object.is_empty());
                    todo.push(Piece::Text("{"));
                }
            }
        }
        Canonical(out)
    }
}

/// The value of a JSON text, under [`Limits::DEFAULT`](crate::Limits::DEFAULT)
///
/// It accepts exactly what [`canonicalize`] accepts: the value is read from the canonical form.
///
/// # Errors
///
/// Those of [`canonicalize`].
pub fn parse(input: &[u8]) -> Result<Value, Error> {
    canonicalize(input).map(|canonical| canonical.value())
}

impl Canonical {
    /// The value that the bytes stand for
    pub fn value(&self) -> Value {
        // INVARIANT: the text is canonical, so there is a value.
        build(self.as_str()).unwrap_or(Value::Null)
    }
}

/// What is still to be written
enum Piece<'a> {
    Text(&'static str),
    Key(&'a str),
    Value(&'a Value),
}

/// The value of a canonical text, of any depth; `None` if it is not canonical after all
///
/// What is known of canonical text is not checked again; commas and colons are skipped.
fn build(mut rest: &str) -> Option<Value> {
    // The open containers, each with the key that waits for its value
    let mut open: Vec<(Value, Option<String>)> = Vec::new();
    loop {
        let first = rest.as_bytes().first()?;
        let (length, value) = match first {
            b'[' => (1, Err(Value::Array(Vec::new()))),
            b'{' => (1, Err(Value::Object(Object::new()))),
            b']' | b'}' => (1, Ok(open.pop()?.0)),
            b'n' => (4, Ok(Value::Null)),
            b't' => (4, Ok(Value::Bool(true))),
            b'f' => (5, Ok(Value::Bool(false))),
            b'"' => {
                let (text, after) = read_string(rest)?;
                let length = rest.len().wrapping_sub(after.len());
                (length, Ok(Value::String(text.into_owned())))
            }
            b',' | b':' => {
                rest = rest.get(1..)?;
                continue;
            }
            _ => {
                let end = rest.find([',', ']', '}']).unwrap_or(rest.len());
                (end, Ok(Value::Number(Number::from_canonical(rest.get(..end)?))))
            }
        };
        rest = rest.get(length..)?;
        match (value, open.last_mut()) {
            (Err(container), _) => open.push((container, None)),
            (Ok(value), None) => return Some(value),
            (Ok(value), Some((Value::Array(items), _))) => items.push(value),
            (Ok(Value::String(text)), Some((_, key @ None))) => *key = Some(text),
            (Ok(value), Some((Value::Object(object), key))) => object.push_last(key.take()?, value),
            _ => return None,
        }
    }
}

macro_rules! from {
    ($($source:ty => |$value:ident| $make:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($value: $source) -> Self {
                $make
            }
        }
    )*};
}
from! {
    &str => |value| Self::String(value.to_owned());
    String => |value| Self::String(value);
    bool => |value| Self::Bool(value);
    u8 => |value| Self::Number(value.into());
    u16 => |value| Self::Number(value.into());
    u32 => |value| Self::Number(value.into());
    i8 => |value| Self::Number(value.into());
    i16 => |value| Self::Number(value.into());
    i32 => |value| Self::Number(value.into());
    Number => |value| Self::Number(value);
    Object => |value| Self::Object(value);
    Vec<Self> => |value| Self::Array(value);
    Vec<String> => |value| Self::Array(value.into_iter().map(Self::String).collect());
    &[&str] => |value| Self::Array(value.iter().map(|text| Self::String(text.to_string())).collect());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
