//! Signs tokens, honest ones and others, and verifies them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_core::{
    AccessToken, Caller, CallerVerifier as _, NotVerified, Object, SessionId, Timestamp, Value,
};
use countersign_vault::{AccessTokenVerifier, AccessTokenVerifierBuilder};
use pollster::FutureExt as _;
use ring::rand;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};

use crate::keys::{TEST_ONLY_RSA_1, TEST_ONLY_RSA_2};
use crate::support::*;

pub(crate) const AUDIENCE: &str = "https://api.example";

pub(crate) fn key(text: &str) -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap()
}

pub(crate) fn one() -> RsaKeyPair {
    key(TEST_ONLY_RSA_1)
}

pub(crate) fn two() -> RsaKeyPair {
    key(TEST_ONLY_RSA_2)
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn jwk(kid: &str, key: &RsaKeyPair) -> String {
    let parts: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
    let (n, e) = (encode(parts.n), encode(parts.e));
    format!(r#"{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{kid}","n":"{n}","e":"{e}"}}"#)
}

pub(crate) fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// Publishes both keys, as a tenant does: the current one and the next.
pub(crate) fn published() -> Arc<Provider> {
    Provider::new(|_| json(200, &set(&[jwk("k1", &one()), jwk("k2", &two())])))
}

pub(crate) const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#;

pub(crate) fn now() -> u32 {
    u32::try_from(NOW).unwrap()
}

pub(crate) fn claims() -> Object {
    Object::new()
        .with("iss", "https://acme.eu.auth0.com/")
        .with("sub", "auth0|u1")
        .with("aud", AUDIENCE)
        .with("iat", now() - 60)
        .with("exp", now() + 3_600)
        .with("azp", "cli_agent")
        .with("scope", "openid read:calendar")
}

pub(crate) fn text(claims: Object) -> String {
    Value::from(claims).to_canonical().as_str().to_owned()
}

pub(crate) fn sign_with(key: &RsaKeyPair, header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(payload));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", encode(signature))
}

pub(crate) fn sign(header: &str, payload: &str) -> String {
    sign_with(&one(), header, payload)
}

pub(crate) fn honest(claims: Object) -> String {
    sign(HEADER, &text(claims))
}

pub(crate) fn verifier(provider: Arc<Provider>) -> AccessTokenVerifier {
    build(provider, |builder| builder)
}

pub(crate) fn build(
    provider: Arc<Provider>,
    configure: impl FnOnce(AccessTokenVerifierBuilder) -> AccessTokenVerifierBuilder,
) -> AccessTokenVerifier {
    let builder = AccessTokenVerifier::builder(DOMAIN, AUDIENCE).backchannel(provider);
    configure(builder).build().unwrap()
}

pub(crate) fn at(
    verifier: &AccessTokenVerifier,
    token: &str,
    seconds: i64,
) -> Result<Caller, NotVerified> {
    let session = SessionId::new("s-1").unwrap();
    let token = AccessToken::new(token.to_owned());
    verifier.verify(&token, session, Timestamp::from_seconds(seconds)).block_on()
}

pub(crate) fn verify(token: &str) -> Result<Caller, NotVerified> {
    at(&verifier(published()), token, NOW)
}
