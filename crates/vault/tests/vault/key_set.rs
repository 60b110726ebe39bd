//! The issuer's keys: when they are fetched, and which are used.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::{AccessToken, CallerVerifier as _, NotVerified, SessionId, Timestamp};
use futures_util::future::{join, join_all};
use pollster::FutureExt as _;
use ring::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};

use crate::keys::{WEAK_MODULUS, WEAK_TOKEN};
use crate::support::*;
use crate::tokens::*;

#[test]
fn keys_are_fetched_once_in_ten_minutes() {
    let provider = published();
    let verifier = verifier(Arc::clone(&provider));
    let token = honest(claims());
    for seconds in [0, 1, 599] {
        assert!(at(&verifier, &token, NOW + seconds).is_ok());
    }
    assert_eq!(provider.count(), 1);
    assert!(at(&verifier, &token, NOW + 600).is_ok());
    assert_eq!(provider.count(), 2);
    // A clock that was set back says nothing about their age.
    assert!(at(&verifier, &token, NOW + 590).is_ok());
    assert_eq!(provider.count(), 2);
    assert!(at(&verifier, &token, NOW + 589).is_ok());
    assert_eq!(provider.count(), 3);
}

#[test]
fn many_at_once_fetch_the_keys_once() {
    let provider = published();
    let verifier = verifier(Arc::clone(&provider));
    provider.hold();
    let token = AccessToken::new(honest(claims()));
    let session = || SessionId::new("s-1").unwrap();
    let now = Timestamp::from_seconds(NOW);
    let all = join_all((0..200).map(|_| verifier.verify(&token, session(), now)));
    let (results, ()) = join(all, async { provider.release() }).block_on();
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(provider.count(), 1);
}

#[test]
fn made_up_key_ids_cause_one_fetch_per_cool_down() {
    let provider = published();
    let verifier = verifier(Arc::clone(&provider));
    let mut number = 0;
    let mut made_up = |seconds: i64| {
        number += 1;
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"made-up-{number}"}}"#);
        let token = sign(&header, &text(claims()));
        assert_eq!(at(&verifier, &token, NOW + seconds), Err(NotVerified::Signature));
        provider.count()
    };
    assert_eq!((0..20).map(&mut made_up).max(), Some(1), "the first fetch was just now");
    assert_eq!(made_up(29), 1);
    assert_eq!(made_up(30), 2);
    assert_eq!((31..60).map(&mut made_up).max(), Some(2));
    assert_eq!(made_up(60), 3);
    // Meanwhile honest tokens pass.
    assert!(at(&verifier, &honest(claims()), NOW + 61).is_ok());
    assert_eq!(provider.count(), 3);
}

#[test]
fn a_rotated_key_is_found_and_a_withdrawn_one_refused() {
    let mut fetches = 0;
    let provider = Provider::new(move |_| {
        fetches += 1;
        let key = if fetches == 1 { jwk("k1", &one()) } else { jwk("k2", &two()) };
        json(200, &set(&[key]))
    });
    let verifier = verifier(provider);
    let header = r#"{"alg":"RS256","typ":"JWT","kid":"k2"}"#;
    let rotated = sign_with(&two(), header, &text(claims()));
    assert!(at(&verifier, &honest(claims()), NOW).is_ok());
    assert_eq!(at(&verifier, &rotated, NOW + 1), Err(NotVerified::Signature));
    assert!(at(&verifier, &rotated, NOW + 31).is_ok());
    assert_eq!(at(&verifier, &honest(claims()), NOW + 32), Err(NotVerified::Signature));
}

#[test]
fn without_keys_every_token_is_refused_and_the_next_fetch_is_soon() {
    let good = || json(200, &set(&[jwk("k1", &one())]));
    let unreachable = || Err(countersign_core::BackchannelError::Unreachable);
    let broken: Vec<fn() -> Result<countersign_core::Answer, countersign_core::BackchannelError>> = vec![
        || Err(countersign_core::BackchannelError::Unreachable),
        || json(500, r#"{"keys":[]}"#),
        || json(302, ""),
        || json(200, "<html>"),
        || json(200, "[]"),
        || json(200, r#"{"keys":{}}"#),
        || json(200, r#"{"keys":[],"keys":[]}"#),
        || json(200, &format!(r#"{{"keys":[{}]}}"#, ["{}"; 33].join(","))),
    ];
    for (number, answer) in broken.iter().enumerate() {
        let provider = Provider::queue([answer(), good()]);
        let verifier = verifier(Arc::clone(&provider));
        let token = honest(claims());
        assert_eq!(at(&verifier, &token, NOW), Err(NotVerified::Keys), "case {number}");
        assert_eq!(at(&verifier, &token, NOW + 1), Err(NotVerified::Keys));
        assert_eq!(provider.count(), 1);
        assert!(at(&verifier, &token, NOW + 2).is_ok());
    }
    // Keys that have grown old are not used on when no new ones can be had.
    let verifier = verifier(Provider::queue([good(), unreachable()]));
    assert!(at(&verifier, &honest(claims()), NOW).is_ok());
    assert_eq!(at(&verifier, &honest(claims()), NOW + 600), Err(NotVerified::Keys));
}

#[test]
fn keys_of_another_kind_size_or_use_never_verify() {
    let good = jwk("k1", &one());
    let change = |from: &str, to: &str| {
        assert!(good.contains(from));
        good.replace(from, to)
    };
    for key in [
        change(r#""kty":"RSA""#, r#""kty":"oct","k":"c2VjcmV0""#),
        change(r#""kty":"RSA""#, r#""kty":"EC""#),
        change(r#""kty":"RSA","#, ""),
        change(r#""use":"sig""#, r#""use":"enc""#),
        change(r#""alg":"RS256""#, r#""alg":"RS512""#),
        change(r#""kid":"k1","#, ""),
        change(r#""kid":"k1""#, r#""kid":"k1","d":"AQAB""#),
        change(r#""e":"AQAB""#, r#""e":"AQ""#),
        change(r#""e":"AQAB""#, r#""e":"""#),
        change(r#""n":""#, r#""n":"AA"#),
    ] {
        let verifier =
            verifier(Provider::new(move |_| json(200, &set(std::slice::from_ref(&key)))));
        assert_eq!(at(&verifier, &honest(claims()), NOW), Err(NotVerified::Signature));
    }
    // What is left out does not spoil the rest; `use` and `alg` are optional.
    let bare = good.replace(r#""use":"sig","alg":"RS256","#, "");
    let mixed = set(&[r#"{"kty":"EC","kid":"k1"}"#.to_owned(), "7".to_owned(), bare]);
    let verifier = verifier(Provider::new(move |_| json(200, &mixed)));
    assert!(at(&verifier, &honest(claims()), NOW).is_ok());
}

#[test]
fn a_key_of_1024_bits_is_refused_though_its_signature_is_right() {
    let (signed, signature) = WEAK_TOKEN.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    RsaPublicKeyComponents { n: decode(WEAK_MODULUS), e: vec![1, 0, 1] }
        .verify(
            &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            signed.as_bytes(),
            &decode(signature),
        )
        .unwrap();
    let key = format!(r#"{{"kty":"RSA","kid":"weak","n":"{WEAK_MODULUS}","e":"AQAB"}}"#);
    let provider = Provider::new(move |_| json(200, &set(std::slice::from_ref(&key))));
    assert_eq!(at(&verifier(provider), WEAK_TOKEN, NOW), Err(NotVerified::Signature));
}
