//! Compact JWS (RFC 7515) with one algorithm and one spelling.
//!
//! Header and payload are canonical JSON and the base64url has no padding and no spare bits, so a
//! signed object has exactly one text: nobody can make a second ticket out of one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_canon::{Limits, Object, Value, canonicalize_with};

use crate::gate::Refusal;
use crate::id::KeyId;
use crate::key::{KeyError, KeyRing, KeyState, Signer};
use crate::macros::ensure;

/// Longest token accepted, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

pub(crate) fn sign(signer: &dyn Signer, typ: &str, payload: Object) -> Result<String, KeyError> {
    let header =
        Object::new().with("alg", "EdDSA").with("kid", signer.key_id().as_str()).with("typ", typ);
    let part = |o: Object| URL_SAFE_NO_PAD.encode(Value::from(o).to_canonical().as_bytes());
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = signer.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Size, shape, key id, signature; only then the payload is parsed. Refuses in the gate's words.
pub(crate) fn verify(
    token: &str,
    longest: usize,
    typ: &str,
    keys: &KeyRing,
) -> Result<Value, Refusal> {
    ensure(token.len() <= longest, Refusal::TicketTooLarge)?;
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::TicketMalformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Refusal::TicketMalformed)?;
    let signature = decode(signature).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    let signature = signature.ok_or(Refusal::TicketMalformed)?;
    let header = part(header).ok_or(Refusal::TicketMalformed)?;
    let text = |key: &str| header.get(key).and_then(Value::as_str);
    let shape = header.as_object().is_some_and(|o| o.len() == 3);
    let ours = shape && text("alg") == Some("EdDSA") && text("typ") == Some(typ);
    ensure(ours, Refusal::TicketMalformed)?;
    let kid = text("kid").and_then(|kid| KeyId::new(kid).ok()).ok_or(Refusal::TicketMalformed)?;
    let (key, state) = keys.get(&kid).ok_or(Refusal::UnknownKey)?;
    ensure(state != KeyState::Revoked, Refusal::RevokedKey)?;
    ensure(key.verify(signed.as_bytes(), &signature), Refusal::BadSignature)?;
    part(payload).ok_or(Refusal::TicketMalformed)
}

/// Reads header and payload without believing them: for tools that show a token.
pub(crate) fn peek(token: &str) -> Option<(Value, Value)> {
    let (header, rest) = token.split_once('.').filter(|_| token.len() <= MAX_TOKEN)?;
    let (payload, signature) = rest.split_once('.')?;
    if signature.contains('.') { None } else { Some((part(header)?, part(payload)?)) }
}

fn part(text: &str) -> Option<Value> {
    let bytes = decode(text)?;
    let canonical = canonicalize_with(&bytes, Limits::DEFAULT).ok()?;
    (canonical.as_bytes() == bytes).then(|| canonical.value())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
