//! Compact JWS with RS256 (RFC 7515, RFC 7518 section 3.3), nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canon::Limits;
use countersign_core::{NotVerified, Object, Value};

use crate::answer::{MAX_TOKEN, object};

const LIMITS: Limits = Limits::DEFAULT.with_max_bytes(MAX_TOKEN).with_max_depth(32);
/// Longest `kid`.
const MAX_KID: usize = 256;

/// A token taken apart. Nothing in it is verified.
pub(crate) struct Unverified<'a> {
    pub(crate) kid: String,
    /// What the signature is over: header and payload as they stand in the token.
    pub(crate) signed: &'a [u8],
    pub(crate) signature: Vec<u8>,
    payload: &'a str,
    kind_is_ours: bool,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart. Only the header is read: the payload is an attacker's until the
    /// signature holds.
    pub(crate) fn read(token: &'a str) -> Result<Self, NotVerified> {
        if token.len() > MAX_TOKEN {
            return Err(NotVerified::Malformed);
        }
        let parts: Vec<&str> = token.split('.').take(6).collect();
        let (header, payload, signature) = match parts.as_slice() {
            [header, payload, signature] => (*header, *payload, *signature),
            // Opaque tokens have no parts, or one version prefix; five parts are encrypted.
            [_] | [_, _] | [_, _, _, _, _] => return Err(NotVerified::Opaque),
            _ => return Err(NotVerified::Malformed),
        };
        let fields = part(header)?;
        let text = |name| fields.get(name).and_then(Value::as_str);
        // One algorithm, stated here and not by the token: no `none`, no HMAC with a public key.
        if text("alg") != Some("RS256") {
            return Err(NotVerified::Malformed);
        }
        // Extensions that must be understood (RFC 7515 section 4.1.11), and RFC 7797's, which
        // changes what is signed. None is.
        if fields.get("crit").is_some() || fields.get("b64").is_some() {
            return Err(NotVerified::Malformed);
        }
        let kid = text("kid").filter(|kid| !kid.is_empty() && kid.len() <= MAX_KID);
        let kind_is_ours = text("typ").is_some_and(|typ| {
            ["JWT", "at+jwt", "application/at+jwt"].iter().any(|ok| typ.eq_ignore_ascii_case(ok))
        });
        let signed_len = header.len() + 1 + payload.len();
        Ok(Self {
            kid: kid.ok_or(NotVerified::Malformed)?.to_owned(),
            signed: token.as_bytes().get(..signed_len).ok_or(NotVerified::Malformed)?,
            signature: decode(signature)?,
            payload,
            kind_is_ours,
        })
    }

    /// The claims. Call this only when the signature holds.
    pub(crate) fn claims(&self) -> Result<Object, NotVerified> {
        if !self.kind_is_ours {
            return Err(NotVerified::NotForUs);
        }
        part(self.payload)
    }
}

fn part(text: &str) -> Result<Object, NotVerified> {
    object(&decode(text)?, LIMITS).ok_or(NotVerified::Malformed)
}

/// Base64url without padding, in the one spelling that stands for these bytes.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotVerified> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotVerified::Malformed)
}
