//! SHA-256 digests

use alloc::string::String;
use core::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::string::hex;

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
        let digit =
            |value: u8| char::from(if value < 10 { b'0' } else { b'a' - 10 }.wrapping_add(value));
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
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
        let (fours, rest) = text.as_bytes().as_chunks();
        let mut bytes = [0; 32];
        let (pairs, _) = bytes.as_chunks_mut();
        if fours.len() != pairs.len() || !rest.is_empty() || text.contains(char::is_uppercase) {
            return Err(ParseDigestError(()));
        }
        for (pair, four) in pairs.iter_mut().zip(fours) {
            let value = hex(u32::from_be_bytes(*four)).ok_or(ParseDigestError(()))?;
            *pair = value.to_be_bytes();
        }
        Ok(Self(bytes))
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
