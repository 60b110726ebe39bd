//! Texts that an issuer never makes, signed as whoever holds the key could.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_canon::canonicalize;
use countersign_ticket::{Signer as _, SigningKey, TICKET_TYP, Ticket};
use curve25519_dalek::Scalar;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha512};

use crate::Made;

/// The order of the group, little-endian: 2^252 + 27742317777372353535851937790883648493.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub(crate) fn part(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Made<Vec<u8>> {
    Ok(URL_SAFE_NO_PAD.decode(text).map_err(|error| error.to_string())?)
}

pub(crate) fn canonical(value: &Value) -> Made<Vec<u8>> {
    Ok(canonicalize(value.to_string().as_bytes())?.into_bytes())
}

/// The one header that a token of this type has.
pub(crate) fn header(key: &SigningKey, typ: &str) -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"{typ}"}}"#, key.key_id())
}

/// Any header and payload, signed.
pub(crate) fn sign(key: &SigningKey, header: &[u8], payload: &[u8]) -> Made<String> {
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = key.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", part(&signature)))
}

/// Any payload under a ticket's header, signed.
pub(crate) fn ticket(key: &SigningKey, payload: &[u8]) -> Made<String> {
    sign(key, header(key, TICKET_TYP).as_bytes(), payload)
}

/// The payload of a token, as bytes and as members.
pub(crate) fn payload(token: &str) -> Made<(Vec<u8>, Map<String, Value>)> {
    let payload = token.split('.').nth(1).ok_or("a token has three parts")?;
    let bytes = decode(payload)?;
    let members = serde_json::from_slice(&bytes)?;
    Ok((bytes, members))
}

/// A ticket with a claim changed, signed again.
pub(crate) fn with(key: &SigningKey, base: &Ticket, name: &str, value: Value) -> Made<String> {
    let (_, mut claims) = payload(base.as_compact())?;
    claims.insert(name.to_owned(), value);
    ticket(key, &canonical(&claims.into())?)
}

/// A token with another signature.
pub(crate) fn with_signature(token: &str, signature: &[u8]) -> Made<String> {
    let (signed, _) = token.rsplit_once('.').ok_or("a token has three parts")?;
    Ok(format!("{signed}.{}", part(signature)))
}

/// The signature with S + L for S: the same scalar to a careless verifier.
pub(crate) fn shifted(token: &str) -> Made<String> {
    let (_, signature) = token.rsplit_once('.').ok_or("a token has three parts")?;
    let mut bytes = decode(signature)?;
    let mut carry = 0;
    for (byte, l) in bytes.iter_mut().skip(32).zip(L) {
        let [low, high] = (u16::from(*byte) + u16::from(l) + carry).to_le_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
    with_signature(token, &bytes)
}

/// A signature whose R is the neutral point, in any of its encodings, and whose S is k·a. The
/// equation of RFC 8032 section 5.1.7 holds for it; the signer has committed to nothing.
pub(crate) fn uncommitted(seed: &[u8; 32], token: &str, r: &[u8; 32]) -> Made<String> {
    let (signed, _) = token.rsplit_once('.').ok_or("a token has three parts")?;
    let secret: [u8; 64] = Sha512::digest(seed).into();
    let mut low = *secret.first_chunk::<32>().ok_or("half a hash")?;
    let [first, .., last] = &mut low;
    *first &= 0xf8;
    *last = *last & 0x3f | 0x40;
    let a = Scalar::from_bytes_mod_order(low);
    let key = curve25519_dalek::EdwardsPoint::mul_base(&a).compress();
    let k: [u8; 64] = Sha512::new()
        .chain_update(r)
        .chain_update(key.as_bytes())
        .chain_update(signed)
        .finalize()
        .into();
    let s = Scalar::from_bytes_mod_order_wide(&k) * a;
    with_signature(token, &[*r, s.to_bytes()].concat())
}
