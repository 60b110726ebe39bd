//! Canonical JSON from any `Serialize`
//!
//! The value is written as JSON in the order in which it comes, and that text goes through
//! [`canonicalize`] like anybody else's: duplicate keys, large integers, depth and size are refused
//! there, by the same code.

use alloc::string::{String, ToString};
use core::fmt::{self, Display};

use serde::ser::{self, Serialize};

use crate::{Canonical, ErrorKind, Limits, canonicalize, write_string};

/// The canonical form of a value, under [`Limits::DEFAULT`]
///
/// Types are written as `serde_json` writes them, with three differences, where it repairs or lets
/// other crates decide: infinities and NaN are refused (it writes `null`), an `f32` is the double of
/// the same value, and what `serde_json` hides in structs named `$serde_json::private::…` (numbers
/// under `arbitrary_precision`, `RawValue`) is refused, as is any key of that form: with those
/// features on it is a number or raw text to one reader and an object to another.
///
/// ```
/// let order = std::collections::HashMap::from([("to", "kim"), ("note", "hi")]);
/// assert_eq!(countersign_canon::to_canonical(&order)?.as_str(), r#"{"note":"hi","to":"kim"}"#);
/// # Ok::<(), countersign_canon::SerializeError>(())
/// ```
///
/// # Errors
///
/// [`SerializeError`].
pub fn to_canonical<T: Serialize + ?Sized>(value: &T) -> Result<Canonical, SerializeError> {
    let mut writer = Writer { out: String::new(), depth: 0, key: false };
    value.serialize(&mut writer)?;
    canonicalize(writer.out.as_bytes()).map_err(|error| SerializeError::Refused(error.kind()))
}

/// A value has no canonical form
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SerializeError {
    /// Its JSON is refused: a duplicate key, an integer beyond ±(2^53 − 1), too deep, too large
    Refused(ErrorKind),
    /// An infinity or NaN
    NotFinite,
    /// The key of a map is not a string, a character, an integer or a boolean
    Key,
    /// A key of the form `$serde_json::private::…`
    PrivateKey,
    /// The value's own `Serialize` gave up; its message is dropped, for it may quote the value
    Custom,
}

impl Display for SerializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(kind) => kind.fmt(f),
            Self::NotFinite => f.write_str("a number that is not finite"),
            Self::Key => f.write_str("a key that is not text"),
            Self::PrivateKey => f.write_str("a key that is private to serde_json"),
            Self::Custom => f.write_str("the value could not be serialized"),
        }
    }
}

impl core::error::Error for SerializeError {}

impl ser::Error for SerializeError {
    fn custom<T: Display>(_: T) -> Self {
        Self::Custom
    }
}

struct Writer {
    out: String,
    depth: usize,
    /// Whether the key of a map is written, which is no container and no number with a fraction
    key: bool,
}

impl Writer {
    #[expect(clippy::unnecessary_wraps, reason = "it ends most methods of serde's traits")]
    fn text(&mut self, text: &str) -> Result<(), SerializeError> {
        self.out.push_str(text);
        Ok(())
    }

    fn key(&mut self, key: &str) -> Result<(), SerializeError> {
        if key.starts_with("$serde_json::private::") {
            return Err(SerializeError::PrivateKey);
        }
        write_string(&mut self.out, key);
        self.text(":")
    }

    /// Opens an array or object; the limit bounds the use of the stack, too
    fn open(
        &mut self,
        variant: Option<&str>,
        [open, close]: [&str; 2],
    ) -> Result<Compound<'_>, SerializeError> {
        if self.key {
            return Err(SerializeError::Key);
        }
        let mut end = String::from(close);
        let levels = if variant.is_some() { 2 } else { 1 };
        self.depth = self.depth.saturating_add(levels);
        if self.depth > Limits::MAX_DEPTH {
            return Err(SerializeError::Refused(ErrorKind::TooDeep));
        }
        if let Some(variant) = variant {
            self.text("{")?;
            self.key(variant)?;
            end.push('}');
        }
        self.text(open)?;
        Ok(Compound { writer: self, end, first: true, levels })
    }
}

const ARRAY: [&str; 2] = ["[", "]"];
const OBJECT: [&str; 2] = ["{", "}"];

/// An array or object that is being written
struct Compound<'a> {
    writer: &'a mut Writer,
    end: String,
    first: bool,
    levels: usize,
}

impl Compound<'_> {
    fn comma(&mut self) -> Result<(), SerializeError> {
        let comma = if self.first { "" } else { "," };
        self.first = false;
        self.writer.text(comma)
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerializeError> {
        self.comma()?;
        value.serialize(&mut *self.writer)
    }

    fn member<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
    ) -> Result<(), SerializeError> {
        self.comma()?;
        self.writer.key(key)?;
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Result<(), SerializeError> {
        self.writer.depth = self.writer.depth.saturating_sub(self.levels);
        self.writer.text(&self.end)
    }
}

macro_rules! compounds {
    ($($trait:ident $method:ident($($key:ident)?) $write:ident;)*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = SerializeError;
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), SerializeError> {
                self.$write($($key,)? value)
            }
            fn end(self) -> Result<(), SerializeError> {
                self.close()
            }
        }
    )*};
}
compounds! {
    SerializeSeq serialize_element() element;
    SerializeTuple serialize_element() element;
    SerializeTupleStruct serialize_field() element;
    SerializeTupleVariant serialize_field() element;
    SerializeStruct serialize_field(key) member;
    SerializeStructVariant serialize_field(key) member;
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = SerializeError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), SerializeError> {
        let mut written = Writer { out: String::new(), depth: 0, key: true };
        key.serialize(&mut written)?;
        self.comma()?;
        match (crate::read_string(&written.out), written.out.as_str()) {
            (Some((text, _)), _) => self.writer.key(&text),
            (None, "null") => Err(SerializeError::Key),
            (None, scalar) => self.writer.key(scalar),
        }
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerializeError> {
        value.serialize(&mut *self.writer)
    }
    fn end(self) -> Result<(), SerializeError> {
        self.close()
    }
}

macro_rules! displayed {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<(), SerializeError> {
            self.text(&value.to_string())
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = SerializeError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    displayed! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
    }

    fn serialize_f32(self, value: f32) -> Result<(), SerializeError> {
        self.serialize_f64(value.into())
    }
    fn serialize_f64(self, value: f64) -> Result<(), SerializeError> {
        if self.key {
            return Err(SerializeError::Key);
        }
        if !value.is_finite() {
            return Err(SerializeError::NotFinite);
        }
        self.text(&crate::number::ecmascript(value, &mut zmij::Buffer::new()))
    }
    fn serialize_char(self, value: char) -> Result<(), SerializeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Result<(), SerializeError> {
        write_string(&mut self.out, value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), SerializeError> {
        value.serialize(self)
    }
    fn serialize_none(self) -> Result<(), SerializeError> {
        self.text("null")
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), SerializeError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), SerializeError> {
        self.text("null")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), SerializeError> {
        self.text("null")
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), SerializeError> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), SerializeError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), SerializeError> {
        let mut object = self.open(None, OBJECT)?;
        object.member(variant, value)?;
        object.close()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, SerializeError> {
        self.open(None, ARRAY)
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, SerializeError> {
        self.open(None, ARRAY)
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, SerializeError> {
        self.open(None, ARRAY)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, SerializeError> {
        self.open(Some(variant), ARRAY)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, SerializeError> {
        self.open(None, OBJECT)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, SerializeError> {
        self.open(None, OBJECT)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, SerializeError> {
        self.open(Some(variant), OBJECT)
    }
}
