//! Attacks on the form and the signature of access tokens.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_core::NotVerified;
use ring::signature::{KeyPair as _, RSA_PSS_SHA256};
use ring::{hmac, rand};

use crate::support::*;
use crate::tokens::*;

#[test]
fn no_other_algorithm_is_accepted_whatever_it_is_signed_with() {
    let public = one().public_key().as_ref().to_vec();
    let public_pem = format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
        STANDARD.encode(&public)
    );
    let payload = text(claims());
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"k1"}}"#);
        let unsigned = format!("{}.{}.", encode(&header), encode(&payload));
        assert_eq!(verify(&unsigned), Err(NotVerified::Malformed), "{alg}");
        assert_eq!(verify(&sign(&header, &payload)), Err(NotVerified::Malformed), "{alg}");
    }
    for secret in [public.as_slice(), public_pem.as_bytes(), b""] {
        let header = r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#;
        let signed = format!("{}.{}", encode(header), encode(&payload));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let token = format!("{signed}.{}", encode(tag));
        assert_eq!(verify(&token), Err(NotVerified::Malformed));
        // The same under the name of the right algorithm.
        let signed = format!("{}.{}", encode(HEADER), encode(&payload));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        assert_eq!(verify(&format!("{signed}.{}", encode(tag))), Err(NotVerified::Signature));
    }
    for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 "] {
        let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"k1"}}"#);
        assert_eq!(verify(&sign(&header, &payload)), Err(NotVerified::Malformed), "{alg}");
    }
    for header in [
        r#"{"typ":"JWT","kid":"k1"}"#,
        r#"{"alg":["RS256"],"typ":"JWT","kid":"k1"}"#,
        r#"{"alg":null,"typ":"JWT","kid":"k1"}"#,
    ] {
        assert_eq!(verify(&sign(header, &payload)), Err(NotVerified::Malformed), "{header}");
    }
}

#[test]
fn a_signature_of_another_key_scheme_or_text_does_not_hold() {
    let payload = text(claims());
    let wrong = NotVerified::Signature;
    assert_eq!(verify(&sign_with(&two(), HEADER, &payload)), Err(wrong));
    // PSS under the name RS256.
    let signed = format!("{}.{}", encode(HEADER), encode(&payload));
    let mut signature = vec![0; one().public().modulus_len()];
    let random = rand::SystemRandom::new();
    one().sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    assert_eq!(verify(&format!("{signed}.{}", encode(&signature))), Err(wrong));
    // Empty, zero, cut, lengthened.
    for signature in [vec![], vec![0; 256], vec![0; 255], vec![0xff; 257]] {
        assert_eq!(verify(&format!("{signed}.{}", encode(signature))), Err(wrong));
    }
    let honest = sign(HEADER, &payload);
    let (head, tail) = honest.rsplit_once('.').unwrap();
    let longer = [URL_SAFE_NO_PAD.decode(tail).unwrap(), vec![0]].concat();
    assert_eq!(verify(&format!("{head}.{}", encode(longer))), Err(wrong));
    // Another payload under the old signature.
    let other = text(claims().with("sub", "auth0|admin"));
    assert_eq!(verify(&format!("{}.{}.{tail}", encode(HEADER), encode(other))), Err(wrong));
}

#[test]
fn every_flipped_bit_of_a_token_is_noticed() {
    let honest = honest(claims());
    let verifier = verifier(published());
    assert!(at(&verifier, &honest, NOW).is_ok());
    for position in 0..honest.len() {
        for bit in [0, 1, 5] {
            let mut bytes = honest.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(at(&verifier, &changed, NOW).is_err(), "bit {bit} of {position}");
        }
    }
}

#[test]
fn keys_that_the_token_brings_along_are_not_used() {
    let stranger = two();
    let jwk = jwk("evil", &stranger);
    let provider = Provider::new(|_| json(200, &set(&[self::jwk("k1", &one())])));
    for header in [
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"evil","jwk":{jwk}}}"#),
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"k1","jwk":{jwk}}}"#),
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","jku":"https://evil.example/keys"}"#.to_owned(),
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","x5u":"https://evil.example/cert"}"#.to_owned(),
        r#"{"alg":"RS256","typ":"JWT","kid":"../../k1"}"#.to_owned(),
    ] {
        let token = sign_with(&stranger, &header, &text(claims()));
        let verifier = verifier(Arc::clone(&provider));
        assert_eq!(at(&verifier, &token, NOW), Err(NotVerified::Signature), "{header}");
    }
    let asked = provider.seen();
    assert!(asked.iter().all(|s| s.url == "https://acme.eu.auth0.com/.well-known/jwks.json"));
    assert!(asked.iter().all(|s| s.method == "GET" && s.form.is_empty()));
}

#[test]
fn critical_extensions_are_refused_because_none_is_understood() {
    for extension in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
    ] {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"k1",{extension}}}"#);
        let token = sign(&header, &text(claims()));
        assert_eq!(verify(&token), Err(NotVerified::Malformed), "{extension}");
    }
}

#[test]
fn duplicate_members_are_refused_in_header_and_claims() {
    for header in [
        r#"{"alg":"none","alg":"RS256","typ":"JWT","kid":"k1"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","kid":"k1"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"k1","\u0061lg":"RS256"}"#,
    ] {
        let token = sign(header, &text(claims()));
        assert_eq!(verify(&token), Err(NotVerified::Malformed), "{header}");
    }
    let plain = text(claims());
    for double in [
        r#""sub":"auth0|admin""#,
        r#""s\u0075b":"auth0|admin""#,
        r#""aud":"https://api.example""#,
        r#""exp":1790009999"#,
        r#""x":{"a":1,"a":2}"#,
    ] {
        let payload = format!("{},{double}}}", plain.trim_end_matches('}'));
        assert_eq!(verify(&sign(HEADER, &payload)), Err(NotVerified::Malformed), "{double}");
    }
}

#[test]
fn texts_that_are_not_a_compact_jws_are_refused() {
    let honest = honest(claims());
    let opaque = ["", "opaque", "v1.Mabc", "kLc3pT.9", "a.b.c.d.e", "eyJ.x.y.z.w"];
    for token in opaque {
        assert_eq!(verify(token), Err(NotVerified::Opaque), "{token}");
    }
    let (head, signature) = honest.rsplit_once('.').unwrap();
    let malformed = [
        format!("{honest}.x"),
        format!("{honest}....x"),
        format!("{honest}."),
        format!("{honest}="),
        format!("{honest}\n"),
        format!(" {honest}"),
        format!("{honest} trailing"),
        format!("{honest}\0"),
        format!("{head}.{signature}AAA"),
        format!("{}.{signature}", head.replace('.', "=.")),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "ü.ü.ü".to_owned(),
        format!("{}.{}", "A".repeat(20_000), "x.y"),
        sign("[]", &text(claims())),
        sign("{}", &text(claims())),
        sign(&format!("{HEADER} {{}}"), &text(claims())),
        sign(HEADER, "[]"),
        sign(HEADER, "{}{}"),
        sign(HEADER, "\"text\""),
        sign(HEADER, ""),
        sign(r#"{"alg":"RS256","typ":"JWT"}"#, &text(claims())),
        sign(r#"{"alg":"RS256","typ":"JWT","kid":""}"#, &text(claims())),
        sign(r#"{"alg":"RS256","typ":"JWT","kid":7}"#, &text(claims())),
        sign(
            &format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}"}}"#, "k".repeat(257)),
            &text(claims()),
        ),
    ];
    for token in malformed {
        assert_eq!(verify(&token), Err(NotVerified::Malformed), "{token:.100}");
    }
}

#[test]
fn a_base64_spelling_with_other_trailing_bits_is_refused() {
    let honest = honest(claims());
    // 256 bytes end in a character of which four bits are free.
    let last = honest.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let other = alphabet.as_bytes()[at + 1] as char;
    let changed = format!("{}{other}", &honest[..honest.len() - 1]);
    assert_eq!(verify(&changed), Err(NotVerified::Malformed));
}
