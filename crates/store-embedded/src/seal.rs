//! What is sensitive is sealed before it is written.
//!
//! Every record has a key of its own, derived by HKDF-SHA-256 (RFC 5869) from the store's key and 24
//! random bytes that stand before the record, and is sealed with ChaCha20-Poly1305 (RFC 8439) under a
//! nonce of zeros. So as many records can be sealed under one key file as there are, as with
//! `XChaCha20`, out of what the TLS stack brings along.

use core::fmt;
use std::sync::Arc;

use countersign_core::{Entropy, EntropyError};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use zeroize::Zeroizing;

use crate::error::Failure;

/// The key of a store: 32 random bytes, from a key file of their own. Zeroised on drop.
///
/// An open store also holds what it derived from the key; that is not zeroised.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; 32]>);

impl StoreKey {
    /// Takes 32 bytes, which must come from a cryptographic random source.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey([redacted])")
    }
}

/// Random bytes before a sealed record, and the tag behind it.
pub(crate) const SALT: usize = 24;
pub(crate) const TAG: usize = 16;

/// What is to be sealed, behind room for the salt: it is sealed where it stands, so that no copy of it
/// is left behind.
pub(crate) struct Plain(Zeroizing<Vec<u8>>);

impl Plain {
    /// Takes a buffer of which the first bytes are to become the salt.
    pub(crate) fn after_the_salt(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    #[cfg(test)]
    pub(crate) fn inside(&self) -> &[u8] {
        &self.0[SALT..]
    }
}

/// Seals and opens.
pub(crate) struct Sealer {
    root: Prk,
    store: [u8; 16],
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// How many bytes are derived.
#[derive(Debug, Clone, Copy)]
struct Sixteen;

impl KeyType for Sixteen {
    fn len(&self) -> usize {
        16
    }
}

impl Sealer {
    pub(crate) fn new(key: &StoreKey, store: [u8; 16], entropy: Arc<dyn Entropy>) -> Self {
        let root = Salt::new(HKDF_SHA256, &store).extract(key.0.as_ref());
        Self { root, store, entropy }
    }

    /// Sixteen bytes that only this key gives, for the headers.
    pub(crate) fn check(&self) -> Option<[u8; 16]> {
        let mut check = [0; 16];
        self.root.expand(&[b"check"], Sixteen).ok()?.fill(&mut check).ok()?;
        Some(check)
    }

    /// The id of the store.
    pub(crate) fn store(&self) -> [u8; 16] {
        self.store
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn key(&self, salt: &[u8]) -> Option<LessSafeKey> {
        let info = [b"seal", salt];
        let key = self.root.expand(&info, &CHACHA20_POLY1305).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }

    /// What is authenticated with the contents: where they belong.
    fn about(&self, kind: u8, name: &[u8]) -> Option<About> {
        let mut about = About { bytes: [0; 64], length: 17usize.checked_add(name.len())? };
        let fields = self.store.iter().chain([&kind]).chain(name);
        about.bytes.get(..about.length)?;
        about.bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = *from);
        Some(about)
    }

    /// Seals the contents of a record of a kind, which has a name outside, or none.
    pub(crate) fn seal(&self, kind: u8, name: &[u8], plain: Plain) -> Result<Vec<u8>, Failure> {
        let Plain(mut bytes) = plain;
        let salt: [u8; SALT] = self.random().map_err(|_| Failure::Entropy)?;
        let key = self.key(&salt).ok_or(Failure::Entropy)?;
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let about = self.about(kind, name).ok_or(Failure::TooLarge)?;
        let (before, inside) = bytes.split_first_chunk_mut::<SALT>().ok_or(Failure::TooLarge)?;
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(about), inside);
        let tag = tag.map_err(|_| Failure::TooLarge)?;
        *before = salt;
        // It is no secret any more, and need not be wiped.
        let mut sealed = core::mem::take(&mut *bytes);
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed under the same kind and name.
    pub(crate) fn open(&self, kind: u8, name: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (salt, sealed) = sealed.split_first_chunk::<SALT>()?;
        let key = self.key(salt)?;
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let about = Aad::from(self.about(kind, name)?);
        key.open_in_place(nonce, about, bytes.as_mut_slice()).ok()?;
        let length = bytes.len().checked_sub(TAG)?;
        bytes.truncate(length);
        Some(bytes)
    }
}

/// A few bytes, on the stack.
struct About {
    bytes: [u8; 64],
    length: usize,
}

impl AsRef<[u8]> for About {
    fn as_ref(&self) -> &[u8] {
        // Its length was looked at when it was made.
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Counting;

    fn to_seal(plain: &[u8]) -> Plain {
        crate::codec::Writer::to_be_sealed(plain.len()).raw(plain).plain()
    }

    fn sealer(key: u8, store: u8) -> Sealer {
        let key = StoreKey::new(Zeroizing::new([key; 32]));
        Sealer::new(&key, [store; 16], Arc::new(Counting::default()))
    }

    #[test]
    fn what_was_sealed_opens_under_the_same_key_store_kind_and_name_and_no_other() {
        let one = sealer(1, 1);
        for plain in [&b""[..], b"x", &[7; 5_000]] {
            let sealed = one.seal(3, b"name", to_seal(plain)).unwrap();
            assert_eq!(sealed.len(), plain.len() + SALT + TAG);
            assert_eq!(one.open(3, b"name", &sealed).unwrap().as_slice(), plain);
            assert_eq!(sealer(1, 1).open(3, b"name", &sealed).unwrap().as_slice(), plain);
            for (other, kind, name) in [
                (sealer(2, 1), 3, &b"name"[..]),
                (sealer(1, 2), 3, b"name"),
                (sealer(1, 1), 4, b"name"),
                (sealer(1, 1), 3, b"nam"),
            ] {
                assert!(other.open(kind, name, &sealed).is_none(), "{kind} {name:?}");
            }
            for at in 0..sealed.len() {
                let mut other = sealed.clone();
                other[at] ^= 1;
                assert!(one.open(3, b"name", &other).is_none(), "byte {at}");
                assert!(one.open(3, b"name", &sealed[..at]).is_none(), "{at} bytes");
            }
        }
    }

    #[test]
    fn the_same_record_is_never_sealed_the_same_way_twice() {
        let one = sealer(1, 1);
        let seal = || one.seal(3, b"", to_seal(b"the same")).unwrap();
        let (left, right) = (seal(), seal());
        assert_ne!(left[SALT..], right[SALT..]);
    }

    #[test]
    fn inv_07_a_key_is_not_printed() {
        let shown = format!("{:?} {:?}", StoreKey::new(Zeroizing::new([7; 32])), sealer(7, 7));
        assert_eq!(shown, "StoreKey([redacted]) Sealer { .. }");
    }

    #[test]
    fn inv_04_without_randomness_nothing_is_sealed() {
        let key = StoreKey::new(Zeroizing::new([1; 32]));
        let one = Sealer::new(&key, [1; 16], Arc::new(crate::tests::NoEntropy));
        assert_eq!(one.seal(1, b"", to_seal(b"")), Err(Failure::Entropy));
    }
}
