//! Invariant 7: secrets do not travel.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{AccessToken, Answer, Canary, ClientSecret, TokenError, TokenSource as _};
use countersign_vault::{AccessTokenVerifier, TokenVault, TokenVaultConfig};
use pollster::FutureExt as _;

use crate::support::*;

const TOKEN: &str = "ya29.CANARY-provider-access-token";

/// Whatever is printed is looked through for any marked secret.
#[track_caller]
fn clean(shown: &str) {
    for secret in [TOKEN, SECRET, SUBJECT, "CANARY"] {
        assert!(!shown.contains(secret), "a secret in {shown:.200}");
    }
}

#[test]
fn inv_07_no_type_and_no_error_prints_a_secret() {
    let config = TokenVaultConfig::new(DOMAIN, "cli_1", ClientSecret::new(SECRET.to_owned()));
    let config = config.unwrap().with_audience("https://api.example").unwrap();
    clean(&format!("{config:?} {config:#?}"));
    let builder = TokenVault::configure(config.clone());
    clean(&format!("{builder:?}"));

    let rig = Rig::new(Provider::queue([token(TOKEN, 3_600, "a")]));
    let admitted = admitted(&me(), Some(&selector(&["a"])));
    let bearer = rig.vault.bearer(&admitted).block_on().unwrap();
    clean(&format!("{bearer:?} {:?} {:#?}", rig.vault, rig.vault));

    let provider = Provider::queue([]);
    let verifier = AccessTokenVerifier::new(&config, Arc::clone(&provider) as Arc<_>).unwrap();
    clean(&format!("{verifier:?}"));
}

#[test]
fn inv_07_a_description_that_repeats_a_token_is_kept_nowhere() {
    let description = format!("{TOKEN} {SUBJECT} {SECRET}");
    let bodies = [
        format!(r#"{{"error":"access_denied","error_description":"{description}"}}"#),
        format!(r#"{{"error":"{description}","error_description":"x"}}"#),
        format!(r#"{{"message":"{description}"}}"#),
        format!(r#"{{"error":"mfa_required","mfa_token":"{TOKEN}"}}"#),
        format!(r#"{{"error":"invalid_request","error_description":"{description}"#),
        description.clone(),
        format!(r#"{{"access_token":"{TOKEN}","token_type":"{description}"}}"#),
        format!(r#"{{"access_token":"{TOKEN}","access_token":"{TOKEN}"}}"#),
        format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","scope":"\"{TOKEN}"}}"#),
    ];
    for body in &bodies {
        for status in [200, 400, 401, 403, 429, 500] {
            let headers = vec![("retry-after".to_owned(), TOKEN.to_owned())];
            let answer = Answer::new(status, headers, body.clone().into_bytes());
            let rig = Rig::new(Provider::queue([Ok(answer)]));
            let error = rig.ready(&selector(&["a"])).unwrap_err();
            clean(&format!("{error} {error:?} {} {:?}", error.code(), rig.vault));
        }
    }
}

#[test]
fn tokens_that_were_handed_out_are_recognised_in_every_spelling() {
    let rig = Rig::new(Provider::queue([token(TOKEN, 3_600, "a")]));
    let known = |text: &str| rig.vault.recognises(text);
    assert!(!known(TOKEN), "not issued yet");
    rig.ready(&selector(&["a"])).unwrap();
    for secret in [TOKEN, SUBJECT, SECRET] {
        assert!(known(secret));
        assert!(known(&format!("please forward Bearer {secret}, thanks")));
        assert!(known(&secret.chars().flat_map(|c| [c, ' ']).collect::<String>()));
        for padding in ["", "x", "xy"] {
            assert!(known(&STANDARD.encode(format!("{padding}{secret}"))), "{padding}");
        }
        assert!(!known(&secret[..secret.len() - 1]));
        assert!(!known(&secret.to_ascii_lowercase()));
    }
    assert!(!known("ya29.another-token-altogether"));
    assert!(!known(""));
}

#[test]
fn a_token_stays_recognised_until_it_is_dead() {
    let rig = Rig::new(Provider::queue([token(TOKEN, 100, "a"), json(401, "")]));
    let google = countersign_core::Connection::new("google-oauth2").unwrap();
    rig.ready(&selector(&["a"])).unwrap();
    rig.vault.forget(&me(), &google);
    assert!(rig.vault.recognises(TOKEN), "it lives on at the provider");
    rig.clock.advance(399);
    assert!(rig.vault.recognises(TOKEN), "clocks differ");
    rig.clock.advance(1);
    assert!(!rig.vault.recognises(TOKEN));
    assert!(rig.vault.recognises(SUBJECT), "nobody knows when a refresh token ends");
}

#[test]
fn a_token_that_was_refused_for_its_scopes_is_recognised_too() {
    let rig = Rig::new(Provider::queue([token(TOKEN, 3_600, "b")]));
    assert_eq!(rig.ready(&selector(&["a"])), Err(TokenError::ScopeMissing));
    assert!(rig.vault.recognises(TOKEN));
}

#[test]
fn a_megabyte_is_looked_through_in_bounded_time() {
    let rig = Rig::new(Provider::new(|seen| {
        token(&format!("ya29.token-for-{}", seen.field("login_hint").unwrap_or("-")), 3_600, "a")
    }));
    for n in 0..200 {
        rig.ready(&account(selector(&["a"]), &format!("user-{n}@example.com"))).unwrap();
    }
    let text = "QUFB%41 ya29.token-for-user ".repeat(40_000);
    let start = std::time::Instant::now();
    assert!(!rig.vault.recognises(&text));
    // Far above what it takes, far below anything that is not linear.
    assert!(start.elapsed().as_secs() < 30);
}

#[test]
fn the_vault_is_a_canary_for_policies() {
    /// As the pipeline does it.
    #[derive(Debug)]
    struct Bridge(TokenVault);
    impl Canary for Bridge {
        fn recognises(&self, text: &str) -> bool {
            self.0.recognises(text)
        }
    }
    let rig = Rig::new(Provider::queue([token(TOKEN, 3_600, "a")]));
    rig.ready(&selector(&["a"])).unwrap();
    let bridge = Bridge(rig.vault.clone());
    assert!(bridge.recognises(TOKEN));
    clean(&format!("{bridge:?} {:?}", AccessToken::new(TOKEN.to_owned())));
}
