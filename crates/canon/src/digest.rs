//! SHA-256 digests

use alloc::string::String;
use core::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::{read_hex, write_hex};

/// A SHA-256 digest; its text is 64 lower-case hexadecimal digits
///
/// ```
/// use countersign_canon::Digest;
///
/// let empty = Digest::of(b"");
/// let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// assert_eq!(empty.to_string(), text);
/// assert_eq!(text.parse::<Digest>(), Ok(empty));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes, as they are
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest that was computed elsewhere
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits
    pub fn to_hex(&self) -> String {
        let mut out = String::with_capacity(64);
        write_hex(&mut out, &self.0);
        out
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    /// From exactly 64 lower-case hexadecimal digits: a digest has one text, so texts can be
    /// compared too
    fn from_str(text: &str) -> Result<Self, ParseDigestError> {
        read_hex(text).map(Self).ok_or(ParseDigestError(()))
    }
}

/// A text is not 64 lower-case hexadecimal digits
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseDigestError(());

impl fmt::Display for ParseDigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a digest is written as exactly 64 lower-case hexadecimal digits")
    }
}

impl core::error::Error for ParseDigestError {}
