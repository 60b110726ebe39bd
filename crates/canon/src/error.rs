//! Why an input is refused, and where

use core::fmt;

/// A refusal: what is wrong, and at which byte of the input
///
/// It never repeats any of the input, so it can be logged and shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The byte of the input at which it was noticed, from 0
    ///
    /// What this points at is said with each [`ErrorKind`]. It is at most the length of the input.
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl core::error::Error for Error {}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $text:literal;)*) => {
        /// The reasons for a refusal, one per rule; `Display` gives a short text
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)*
        }

        impl ErrorKind {
            /// A stable name for programs: `snake_case`, never changed once released
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$kind => $code,)*
                }
            }
        }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$kind => $text,)*
                })
            }
        }
    };
}

kinds! {
    /// Nothing there, or only white space. Offset: the length of the input
    Empty = "empty", "no JSON value";
    /// The input stops inside a value. Offset: the length of the input
    UnexpectedEnd = "unexpected_end", "unexpected end of input";
    /// A byte that JSON does not allow here. Offset: that byte
    UnexpectedByte = "unexpected_byte", "unexpected byte";
    /// Something other than white space follows the value. Offset: its first byte
    TrailingBytes = "trailing_bytes", "bytes after the value";
    /// The input starts with U+FEFF. Offset: 0
    ByteOrderMark = "byte_order_mark", "byte order mark";
    /// Not UTF-8; the whole input is checked for this before its syntax is looked at. Offset: the
    /// first byte of the first faulty sequence
    InvalidUtf8 = "invalid_utf8", "invalid UTF-8";
    /// An escape that JSON does not have. Offset: its backslash
    InvalidEscape = "invalid_escape", "invalid escape sequence";
    /// A raw character below U+0020 in a string. Offset: that character
    ControlCharacter = "control_character", "unescaped control character";
    /// A `\u` escape of half a surrogate pair. Offset: its backslash
    LoneSurrogate = "lone_surrogate", "lone surrogate";
    /// Two members of an object have the same name after unescaping; noticed when the object ends.
    /// Offset: the opening quote of the first name that repeats an earlier one
    DuplicateKey = "duplicate_key", "duplicate key";
    /// A malformed number such as `01`, `1.` or `-`. Offset: the byte that breaks the syntax
    NumberSyntax = "number_syntax", "malformed number";
    /// An integer literal beyond ±(2^53 − 1) that is not its own canonical text. Offset: its first
    /// byte
    IntegerTooLarge = "integer_too_large", "integer beyond 2^53 - 1 that is not in canonical form";
    /// A number beyond the range of a double. Offset: its first byte
    NumberNotFinite = "number_not_finite", "number beyond the range of a double";
    /// Arrays and objects nest deeper than the limit. Offset: the bracket that goes too deep
    TooDeep = "too_deep", "nesting too deep";
    /// The input is longer than the limit (offset: the limit), or its canonical form is (offset:
    /// the length of the input)
    TooLarge = "too_large", "too many bytes";
    /// Valid, but not in canonical form; only from
    /// [`require_canonical`](crate::require_canonical). Offset: the first byte that differs from
    /// the canonical form
    NotCanonical = "not_canonical", "not in canonical form";
    /// A defect in this crate: its own check of the result failed, and the input is refused rather
    /// than a doubtful result returned. Offset: 0
    Internal = "internal", "internal check failed";
}
