//! Tokens with a good signature, as whoever holds the key could make them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_ticket::Signer as _;

use crate::world::key;

pub(crate) fn header(typ: &str) -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"{typ}"}}"#, key().key_id())
}

/// Signs any header and payload.
pub(crate) fn sign(header: &[u8], payload: &[u8]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = key().sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", part(&signature))
}

/// The header and the payload of a compact JWS.
pub(crate) fn parts(compact: &str) -> [Vec<u8>; 2] {
    let mut parts = compact.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    [parts.next().unwrap(), parts.next().unwrap()]
}
