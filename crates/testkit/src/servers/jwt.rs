//! RS256 JSON Web Tokens, honest ones and every kind of forgery a verifier has to refuse.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use ring::{hmac, rand};
use serde_json::{Map, Value, json};

use super::http::lock;
use super::test_keys::{TEST_ONLY_RSA_1, TEST_ONLY_RSA_2};

/// One of the two embedded keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKey {
    /// Signs and is published from the start; key id `test-only-1`.
    First,
    /// Unknown to the world until [`Auth0::rotate_keys`](super::Auth0::rotate_keys) or
    /// [`Auth0::publish_keys`](super::Auth0::publish_keys) says otherwise; key id `test-only-2`.
    Second,
}

impl SigningKey {
    /// Its `kid`.
    pub fn kid(self) -> &'static str {
        match self {
            Self::First => "test-only-1",
            Self::Second => "test-only-2",
        }
    }
}

/// The embedded keys, parsed.
#[derive(Debug)]
pub(crate) struct Keys {
    first: RsaKeyPair,
    second: RsaKeyPair,
}

impl Keys {
    pub(crate) fn load() -> io::Result<Self> {
        Ok(Self { first: parse(TEST_ONLY_RSA_1)?, second: parse(TEST_ONLY_RSA_2)? })
    }

    fn pair(&self, which: SigningKey) -> &RsaKeyPair {
        match which {
            SigningKey::First => &self.first,
            SigningKey::Second => &self.second,
        }
    }

    /// The public half as a JSON Web Key (RFC 7517; RFC 7518 section 6.3.1). No `x5t`, `x5c`:
    /// there is no certificate.
    pub(crate) fn jwk(&self, which: SigningKey) -> Value {
        let public = self.components(which);
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": which.kid(),
            "n": encode(&public.n),
            "e": encode(&public.e),
        })
    }

    /// The public half as DER (`RSAPublicKey`, RFC 8017 appendix A.1.1).
    pub(crate) fn public_der(&self, which: SigningKey) -> Vec<u8> {
        self.pair(which).public_key().as_ref().to_vec()
    }

    fn components(&self, which: SigningKey) -> RsaPublicKeyComponents<Vec<u8>> {
        self.pair(which).public().into()
    }

    fn sign(&self, which: SigningKey, message: &[u8]) -> io::Result<Vec<u8>> {
        let pair = self.pair(which);
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &rand::SystemRandom::new(), message, &mut signature)
            .map_err(|_| io::Error::other("RSA signing failed"))?;
        Ok(signature)
    }

    fn verifies(&self, which: SigningKey, message: &[u8], signature: &[u8]) -> bool {
        self.components(which).verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }
}

fn parse(key: &str) -> io::Result<RsaKeyPair> {
    let damaged = || io::Error::other("an embedded test key is damaged");
    let der = STANDARD.decode(key).map_err(|_| damaged())?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| damaged())
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[derive(Clone, Debug)]
enum Seal {
    Rs256(SigningKey),
    Hs256(Vec<u8>),
    None,
}

/// A token in the making. [`Auth0::issue_access_token`](super::Auth0::issue_access_token) fills in
/// what an honest token has; every setter may spoil it.
#[derive(Clone, Debug)]
#[must_use = "nothing is issued before `sign`"]
pub struct TokenBuilder {
    keys: Arc<Keys>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    seal: Seal,
    spoil: bool,
    issued: Arc<Mutex<Vec<String>>>,
}

impl TokenBuilder {
    pub(crate) fn new(keys: Arc<Keys>, key: SigningKey, claims: Map<String, Value>) -> Self {
        let mut header = Map::new();
        header.insert("alg".to_owned(), json!("RS256"));
        header.insert("typ".to_owned(), json!("JWT"));
        header.insert("kid".to_owned(), json!(key.kid()));
        Self { keys, header, claims, seal: Seal::Rs256(key), spoil: false, issued: Arc::default() }
    }

    /// Where the finished token is noted down.
    pub(crate) fn remembered_in(mut self, list: Arc<Mutex<Vec<String>>>) -> Self {
        self.issued = list;
        self
    }

    /// `aud` as one string.
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", json!(audience))
    }

    /// `aud` as an array, as Auth0 sends when `openid` was asked as well.
    pub fn audiences(self, audiences: &[&str]) -> Self {
        self.claim("aud", json!(audiences))
    }

    /// `azp`: the client the token was issued to.
    pub fn azp(self, client_id: &str) -> Self {
        self.claim("azp", json!(client_id))
    }

    /// `scope`, space-separated.
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", json!(scope))
    }

    /// `act`: the delegation chain, current actor outermost (RFC 8693 section 4.1).
    pub fn act(self, act: Value) -> Self {
        self.claim("act", act)
    }

    /// `iss`, in place of the server's own.
    pub fn issuer(self, issuer: &str) -> Self {
        self.claim("iss", json!(issuer))
    }

    /// `iat` in Unix seconds; `exp` stays.
    pub fn issued_at(self, unix: i64) -> Self {
        self.claim("iat", json!(unix))
    }

    /// `exp` in Unix seconds.
    pub fn expires_at(self, unix: i64) -> Self {
        self.claim("exp", json!(unix))
    }

    /// Any claim.
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.to_owned(), value);
        self
    }

    /// Leaves a claim out.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Any header parameter. Changing `alg` here changes what the token says, not how it is signed.
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.to_owned(), value);
        self
    }

    /// Leaves a header parameter out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// `kid`, whatever key signs.
    pub fn kid(self, kid: &str) -> Self {
        self.header("kid", json!(kid))
    }

    /// Signs with this key; `kid` stays as it is, so that a token can name one key and be signed by
    /// the other.
    pub fn signed_by(mut self, key: SigningKey) -> Self {
        self.seal = Seal::Rs256(key);
        self
    }

    /// `alg` `none` and an empty signature (RFC 7518 section 3.6).
    pub fn alg_none(mut self) -> Self {
        self.seal = Seal::None;
        self.header("alg", json!("none"))
    }

    /// `alg` `HS256`, keyed with `secret`: with the public key as secret this is the classical
    /// confusion of algorithms.
    pub fn hs256(mut self, secret: &[u8]) -> Self {
        self.seal = Seal::Hs256(secret.to_vec());
        self.header("alg", json!("HS256"))
    }

    /// Changes one byte of the signature after signing.
    pub fn with_broken_signature(mut self) -> Self {
        self.spoil = true;
        self
    }

    /// The compact form.
    ///
    /// # Errors
    /// If signing fails, which needs a system without randomness.
    pub fn sign(self) -> io::Result<String> {
        let header = encode(Value::Object(self.header).to_string().as_bytes());
        let claims = encode(Value::Object(self.claims).to_string().as_bytes());
        let message = format!("{header}.{claims}");
        let mut signature = match &self.seal {
            Seal::Rs256(key) => self.keys.sign(*key, message.as_bytes())?,
            Seal::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            Seal::None => Vec::new(),
        };
        if self.spoil
            && let Some(byte) = signature.first_mut()
        {
            *byte ^= 1;
        }
        let token = format!("{message}.{}", encode(&signature));
        lock(&self.issued).push(token.clone());
        Ok(token)
    }
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    /// Not three base64url parts of which two are JSON objects: opaque, or encrypted.
    NotAJwt,
    Algorithm,
    UnknownKey,
    Signature,
    Issuer,
    Expired,
    NotYetValid,
    MissingClaim,
}

/// Checks a token as an authorization server checks one of its own: fixed algorithm, known key,
/// signature, exact issuer, times without leeway. Audience is the caller's business.
pub(crate) fn verify(
    token: &str,
    keys: &Keys,
    known: &[SigningKey],
    issuer: &str,
    now: i64,
) -> Result<Map<String, Value>, Invalid> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return Err(Invalid::NotAJwt);
    };
    let (parsed_header, parsed) = (object(header)?, object(claims)?);
    if parsed_header.get("alg") != Some(&json!("RS256")) || parsed_header.contains_key("crit") {
        return Err(Invalid::Algorithm);
    }
    let kid = parsed_header.get("kid").and_then(Value::as_str).ok_or(Invalid::UnknownKey)?;
    let key = known.iter().find(|key| key.kid() == kid).ok_or(Invalid::UnknownKey)?;
    let raw = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Invalid::NotAJwt)?;
    if !keys.verifies(*key, format!("{header}.{claims}").as_bytes(), &raw) {
        return Err(Invalid::Signature);
    }
    if parsed.get("iss").and_then(Value::as_str) != Some(issuer) {
        return Err(Invalid::Issuer);
    }
    if parsed.get("exp").and_then(Value::as_i64).ok_or(Invalid::MissingClaim)? <= now {
        return Err(Invalid::Expired);
    }
    if parsed.get("nbf").and_then(Value::as_i64).is_some_and(|nbf| nbf > now) {
        return Err(Invalid::NotYetValid);
    }
    Ok(parsed)
}

fn object(part: &str) -> Result<Map<String, Value>, Invalid> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Invalid::NotAJwt)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(Invalid::NotAJwt),
    }
}
