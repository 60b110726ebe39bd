//! Bytes that are known to be canonical

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{Digest, Error, ErrorKind, Limits, reader::canonical};

/// Canonical JSON: only this crate makes one, so holding it proves that its bytes are canonical
///
/// `Debug` shows the start of the text. A `Canonical` from [`canonicalize`] keeps the limits it was
/// made under; one from `Value::to_canonical` may be longer or deeper.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Canonical(pub(crate) String);

impl Canonical {
    /// The canonical bytes, UTF-8
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The same as text
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical bytes, without a copy
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// The SHA-256 digest of the bytes
    pub fn digest(&self) -> Digest {
        Digest::of(self.as_bytes())
    }
}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 200;
        let cut = self.0.char_indices().nth(SHOWN).and_then(|(at, _)| self.0.get(..at));
        let (shown, dots) = cut.map_or((self.as_str(), ""), |shown| (shown, "…"));
        write!(f, "Canonical({shown}{dots})")
    }
}

/// The canonical form of a JSON text, under [`Limits::DEFAULT`]
///
/// # Errors
///
/// Everything in the [table of refusals](crate#what-is-refused) but `not_canonical`.
pub fn canonicalize(input: &[u8]) -> Result<Canonical, Error> {
    canonicalize_with(input, Limits::DEFAULT)
}

/// The canonical form of a JSON text
///
/// # Errors
///
/// Everything in the [table of refusals](crate#what-is-refused) but `not_canonical`.
pub fn canonicalize_with(input: &[u8], limits: Limits) -> Result<Canonical, Error> {
    let text = String::from_utf8(canonical(input, limits)?.into_owned());
    text.map(Canonical).map_err(|_| Error::new(ErrorKind::Internal, 0))
}

/// The input, if it is in canonical form already, under [`Limits::DEFAULT`]
///
/// # Errors
///
/// Everything in the [table of refusals](crate#what-is-refused); an input that
/// [`canonicalize`] would change is refused as [`ErrorKind::NotCanonical`].
pub fn require_canonical(input: &[u8]) -> Result<Canonical, Error> {
    let canonical = canonicalize(input)?;
    if canonical.as_bytes() == input {
        return Ok(canonical);
    }
    let same = input.iter().zip(canonical.as_bytes()).take_while(|(a, b)| a == b).count();
    Err(Error::new(ErrorKind::NotCanonical, same))
}

/// The SHA-256 digest of the canonical form, under [`Limits::DEFAULT`]
///
/// The same as `canonicalize(input)?.digest()`, but an input that is canonical already is hashed
/// where it lies.
///
/// # Errors
///
/// Everything in the [table of refusals](crate#what-is-refused) but `not_canonical`.
pub fn digest(input: &[u8]) -> Result<Digest, Error> {
    canonical(input, Limits::DEFAULT).map(|bytes| Digest::of(&bytes))
}
