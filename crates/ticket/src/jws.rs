//! Compact JWS (RFC 7515) with one algorithm and one spelling.
//!
//! Header and payload are canonical JSON and the base64url has no padding and no spare bits, so a
//! signed object has exactly one text: nobody can make a second ticket out of one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_canon::{Canonical, require_canonical};

use crate::gate::Refusal;
use crate::id::KeyId;
use crate::json::{Read as _, members, to_text};
use crate::key::{KeyError, KeyRing, KeyState, Signer};
use crate::macros::ensure;

/// Longest token accepted, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// The one algorithm.
const ALG: &str = "EdDSA";

struct Header {
    alg: String,
    kid: KeyId,
    typ: String,
}

members!(Header { "alg": alg, "kid": kid, "typ": typ, });

pub(crate) fn sign(signer: &dyn Signer, typ: &str, payload: &str) -> Result<String, KeyError> {
    let (alg, kid) = (ALG.to_owned(), signer.key_id().clone());
    let header = to_text(&Header { alg, kid, typ: typ.to_owned() });
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Size, shape, key id, signature; only then the payload is decoded. Refuses in the gate's words.
/// Whether the payload is what it should be, and in which spelling, is for the caller to find out.
pub(crate) fn verify(
    token: &str,
    longest: usize,
    typ: &str,
    keys: &KeyRing,
) -> Result<String, Refusal> {
    ensure(token.len() <= longest, Refusal::TicketTooLarge)?;
    let malformed = Refusal::TicketMalformed;
    let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
    let (first, payload) = signed.split_once('.').ok_or(malformed)?;
    let signature = decode(signature).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    let signature = signature.ok_or(malformed)?;
    let header = decode(first).and_then(|bytes| Header::from_text(str::from_utf8(&bytes).ok()?));
    let header = header.ok_or(malformed)?;
    ensure(header.alg == ALG && header.typ == typ, malformed)?;
    let (key, state) = keys.get(&header.kid).ok_or(Refusal::UnknownKey)?;
    ensure(state != KeyState::Revoked, Refusal::RevokedKey)?;
    ensure(key.verify(signed.as_bytes(), &signature), Refusal::BadSignature)?;
    decode(payload).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(malformed)
}

/// Reads header and payload without believing them: for tools that show a token.
pub(crate) fn peek(token: &str) -> Option<(Canonical, Canonical)> {
    let (header, rest) = token.split_once('.').filter(|_| token.len() <= MAX_TOKEN)?;
    let (payload, signature) = rest.split_once('.')?;
    if signature.contains('.') { None } else { Some((part(header)?, part(payload)?)) }
}

fn part(text: &str) -> Option<Canonical> {
    require_canonical(&decode(text)?).ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
