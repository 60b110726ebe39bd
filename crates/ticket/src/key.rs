//! Ed25519 keys in memory: the signer of an issuer, the key ring of a gate, and JWKS.

use core::fmt;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_canon::canonicalize;
use ed25519_dalek::{Signer as _, Verifier as _};
use zeroize::Zeroizing;

use crate::id::KeyId;
use crate::json::{Object, Raw};
use crate::macros::ensure;

/// Most keys a ring may hold.
pub const MAX_KEYS: usize = 64;

errors! {
    /// A key was refused.
    pub enum KeyError {
        /// Not a point on the curve, or a point of small order, with which any message verifies.
        Weak = "not a usable Ed25519 public key",
        /// The key id is in use by another key, the key has another id, or it is revoked.
        Taken = "that key or key id is taken",
        /// The ring holds [`MAX_KEYS`] keys.
        Full = "the key ring is full",
        /// No such key.
        Unknown = "no such key",
        /// Not a JWK set (RFC 7517) of Ed25519 keys (RFC 8037).
        Jwks = "not a JWK set of Ed25519 keys",
        /// The signer could not sign.
        Signer = "the signer did not sign",
    }
}

/// Signs with one Ed25519 key. An in-memory [`SigningKey`] is one; a module that keeps the key
/// elsewhere is another.
pub trait Signer: fmt::Debug + Send + Sync + 'static {
    /// The id of the key.
    fn key_id(&self) -> &KeyId;
    /// The public half.
    fn verifying_key(&self) -> VerifyingKey;
    /// Signs a message (RFC 8032, pure Ed25519).
    ///
    /// # Errors
    /// [`KeyError::Signer`] when the key cannot be reached.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyError>;
}

/// An Ed25519 private key in memory. Zeroised on drop, never printed, never serialised.
pub struct SigningKey {
    id: KeyId,
    key: Box<ed25519_dalek::SigningKey>,
}

impl SigningKey {
    /// Makes a key from its 32-byte seed (RFC 8032 section 5.1.5), which must be random. Its id is
    /// the RFC 7638 thumbprint of the public key.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        let key = Box::new(ed25519_dalek::SigningKey::from_bytes(seed));
        Self { id: VerifyingKey(key.verifying_key()).thumbprint(), key }
    }
}

impl Signer for SigningKey {
    fn key_id(&self) -> &KeyId {
        &self.id
    }
    fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.key.verifying_key())
    }
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyError> {
        Ok(self.key.try_sign(message).map_err(|_| KeyError::Signer)?.to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The sign of `x` in the last of the four little-endian words that encode a point.
const SIGN: u64 = 1 << 63;
/// The `y` of the eight points whose order divides 8, as four little-endian words.
const SMALL_ORDER: [[u64; 4]; 5] = [
    [1, 0, 0, 0],
    [0, 0, 0, 0],
    [0xffff_ffff_ffff_ffec, u64::MAX, u64::MAX, !SIGN],
    [0xb027_b2c2_8f95_e826, 0xf098_eff2_89f4_c345, 0x3933_c6d3_05ac_dfd5, 0x05fc_536d_8802_38b1],
    [0x4fd8_4d3d_706a_17c7, 0x0f67_100d_760b_3cba, 0xc6cc_392c_fa53_202a, 0x7a03_ac92_77fd_c74e],
];

/// An Ed25519 public key in its one encoding, not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Takes the 32 bytes of RFC 8032.
    ///
    /// # Errors
    /// [`KeyError::Weak`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Weak)?;
        let canonical = key.to_edwards().compress().as_bytes() == bytes;
        ensure(canonical && !key.is_weak(), KeyError::Weak).map(|()| Self(key))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether the signature is valid, by the strict rules: canonical encodings, no point of small
    /// order. The same are accepted as by dalek's `verify_strict`, for which `R` is first decompressed.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let mut y = [0; 4];
        for (word, bytes) in y.iter_mut().zip(signature.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        y[3] &= !SIGN;
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        // `verify` computes R and compares the bytes, so no other encoding of these passes.
        !SMALL_ORDER.contains(&y) && self.0.verify(message, &signature).is_ok()
    }

    /// The `x` of its JWK (RFC 8037).
    fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.as_bytes())
    }

    /// SHA-256 of the members that RFC 7638 names.
    fn thumbprint(&self) -> KeyId {
        let jwk = Object::new().with("crv", "Ed25519").with("kty", "OKP").with("x", &self.x());
        KeyId::of_thumbprint(&URL_SAFE_NO_PAD.encode(jwk.digest().as_bytes()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", self.x())
    }
}

/// What a key of a ring is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new state must be thought about wherever one is read"
)]
pub enum KeyState {
    /// Signs and verifies.
    Active,
    /// No longer signs; what it signed still verifies.
    Retired,
    /// Nothing it signed is accepted any more.
    Revoked,
}

/// The keys a gate accepts, by `kid`. The algorithm is fixed: Ed25519 and nothing else.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    keys: BTreeMap<KeyId, (VerifyingKey, KeyState)>,
}

impl KeyRing {
    /// An empty ring, which accepts nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A ring with one active key.
    pub fn of(signer: &dyn Signer) -> Self {
        let key = (signer.verifying_key(), KeyState::Active);
        Self { keys: BTreeMap::from([(signer.key_id().clone(), key)]) }
    }

    /// Adds a key in a state. The same key under the same id may be added again, which sets its
    /// state, but never back from revoked. A key has one id, so that revoking that id revokes it.
    ///
    /// # Errors
    /// [`KeyError::Taken`] if the id names another key, the key has another id, or it is revoked;
    /// [`KeyError::Full`].
    pub fn add(&mut self, id: KeyId, key: VerifyingKey, state: KeyState) -> Result<(), KeyError> {
        let clash = self.iter().any(|(other, known, old)| {
            let back = old == KeyState::Revoked && state != old;
            (*other == id) != (*known == key) || (*other == id && back)
        });
        ensure(!clash, KeyError::Taken)?;
        ensure(self.keys.len() < MAX_KEYS || self.keys.contains_key(&id), KeyError::Full)?;
        self.keys.insert(id, (key, state));
        Ok(())
    }

    /// Changes the state of a key. A revoked key stays revoked.
    ///
    /// # Errors
    /// [`KeyError::Unknown`]; [`KeyError::Taken`] for a revoked key.
    pub fn set_state(&mut self, id: &KeyId, state: KeyState) -> Result<(), KeyError> {
        let (key, _) = *self.keys.get(id).ok_or(KeyError::Unknown)?;
        self.add(id.clone(), key, state)
    }

    /// A key and its state.
    pub fn get(&self, id: &KeyId) -> Option<(&VerifyingKey, KeyState)> {
        self.keys.get(id).map(|(key, state)| (key, *state))
    }

    /// The keys, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&KeyId, &VerifyingKey, KeyState)> {
        self.keys.iter().map(|(id, (key, state))| (id, key, *state))
    }

    /// The public keys as a JWK set (RFC 7517, RFC 8037), without the revoked ones.
    pub fn to_jwks(&self) -> String {
        let keys = self.iter().filter(|(_, _, state)| *state != KeyState::Revoked);
        let keys: Vec<_> = keys
            .map(|(id, key, _)| {
                let jwk = Object::new().with("alg", "EdDSA").with("crv", "Ed25519").with("kid", id);
                Raw(jwk.with("kty", "OKP").with("use", "sig").with("x", &key.x()).end())
            })
            .collect();
        Object::new().with("keys", &keys).end()
    }

    /// Reads a JWK set. Every key is `Active`. Members that RFC 7517 allows and this does not use are
    /// ignored; a key of another type, use or algorithm, a private key (`d`), or a repeated key or id
    /// is refused, for a set with such a key is not one of ours.
    ///
    /// # Errors
    /// [`KeyError::Jwks`], [`KeyError::Weak`], [`KeyError::Taken`], [`KeyError::Full`].
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeyError> {
        let set = canonicalize(json).map_err(|_| KeyError::Jwks)?;
        ensure(set.pointer("/keys").is_some_and(|keys| keys.starts_with('[')), KeyError::Jwks)?;
        let mut ring = Self::new();
        for index in 0.. {
            let Some(jwk) = set.pointer(&format!("/keys/{index}")) else { break };
            // On its own, so that not every look at it passes all that stands before it.
            let jwk = canonicalize(jwk.as_bytes()).map_err(|_| KeyError::Jwks)?;
            let is = |member, want| jwk.text_at(member).is_some_and(|text| text == want);
            let may_be = |member, want| jwk.pointer(member).is_none() || is(member, want);
            let ours = is("/kty", "OKP") && is("/crv", "Ed25519") && jwk.pointer("/d").is_none();
            ensure(ours && may_be("/alg", "EdDSA") && may_be("/use", "sig"), KeyError::Jwks)?;
            let x = jwk.text_at("/x");
            let x = x.and_then(|x| URL_SAFE_NO_PAD.decode(&*x).ok()?.try_into().ok());
            let key = VerifyingKey::from_bytes(&x.ok_or(KeyError::Jwks)?)?;
            let id = match jwk.pointer("/kid") {
                Some(_) => jwk.text_at("/kid").and_then(|kid| KeyId::new(&kid).ok()),
                None => Some(key.thumbprint()),
            };
            let id = id.ok_or(KeyError::Jwks)?;
            ensure(ring.get(&id).is_none(), KeyError::Taken)?;
            ring.add(id, key, KeyState::Active)?;
        }
        Ok(ring)
    }
}
