//! What is asked, and which answers are believed.

use countersign_core::{
    AccessToken, BackchannelError, SubjectCredentials as _, SubjectToken, TokenError,
    TokenSource as _,
};
use pollster::FutureExt as _;

use crate::support::*;

/// Unsigned: the vault does not verify subjects, Auth0 does.
fn jwt(payload: &str) -> String {
    use base64::Engine as _;
    let encode = |t: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(t);
    format!("{}.{}.c2ln", encode(r#"{"alg":"RS256"}"#), encode(payload))
}

#[test]
fn the_request_is_the_documented_form_and_nothing_more() {
    let rig = Rig::new(Provider::queue([token("ya29.one", 3_600, "a")]));
    rig.ready(&account(selector(&["a"]), "ada@example.com")).unwrap();
    let seen = rig.provider.seen().remove(0);
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.url, "https://acme.eu.auth0.com/oauth/token");
    let expected = [
        (
            "grant_type",
            "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
        ),
        ("client_id", "cli_1"),
        ("client_secret", SECRET),
        ("subject_token", SUBJECT),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
        ("requested_token_type", FEDERATED),
        ("connection", "google-oauth2"),
        ("login_hint", "ada@example.com"),
    ];
    let form: Vec<_> = seen.form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(form, expected);
    let headers: Vec<_> = seen.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let expected =
        [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(headers, expected);
}

#[test]
fn scopes_are_sent_only_when_configured() {
    let rig = Rig::with(
        Provider::queue([token("ya29.one", 3_600, "a b"), token("ya29.two", 3_600, "")]),
        countersign_vault::TokenVaultBuilder::send_scopes,
    );
    rig.ready(&selector(&["b", "a"])).unwrap();
    rig.ready(&selector(&[])).unwrap();
    let seen = rig.provider.seen();
    assert_eq!(seen[0].field("scope"), Some("a b"));
    assert_eq!(seen[1].field("scope"), None);
}

#[test]
fn an_access_token_is_exchanged_as_one_if_it_is_the_users() {
    let rig = Rig::new(Provider::queue([token("ya29.one", 3_600, "a")]));
    let subject = jwt(r#"{"sub":"auth0|u1","exp":1790000600}"#);
    let store = |text: &str| {
        let subject = SubjectToken::Access(AccessToken::new(text.to_owned()));
        rig.subjects.remember(&me(), subject).block_on().unwrap();
    };
    store(&subject);
    rig.ready(&selector(&["a"])).unwrap();
    let seen = rig.provider.seen().remove(0);
    assert_eq!(seen.field("subject_token"), Some(subject.as_str()));
    assert_eq!(
        seen.field("subject_token_type"),
        Some("urn:ietf:params:oauth:token-type:access_token")
    );

    store(&jwt(r#"{"sub":"auth0|u2","exp":1790000600}"#));
    let refused = rig.ready(&selector(&["a"])).unwrap_err();
    assert_eq!(
        refused,
        TokenError::Misconfigured("the store of users' tokens gave another user's")
    );
    assert_eq!(rig.provider.count(), 1, "neither the cache nor the tenant was asked");
}

#[test]
fn without_a_usable_token_of_the_user_nothing_is_sent() {
    let rig = Rig::new(Provider::queue([]));
    let stranger = caller("acme", "auth0|nobody");
    let refused = rig.vault.ready(&stranger, &selector(&[])).block_on();
    assert_eq!(refused, Err(TokenError::LoginRequired));
    let long = "a".repeat(16 * 1024 + 1);
    for broken in ["", "two words", "line\r\nx-injected: 1", "ümlaut", &long] {
        rig.log_in(&me(), broken);
        assert_eq!(rig.ready(&selector(&[])), Err(TokenError::LoginRequired), "{broken:.20}");
    }
    assert_eq!(rig.provider.count(), 0);
}

#[test]
fn inv_01_a_bearer_carries_the_token_for_its_ticket_alone() {
    let rig = Rig::new(Provider::queue([token("ya29.one", 3_600, "a b")]));
    let mut admitted = admitted(&me(), Some(&selector(&["a"])));
    rig.ready(&selector(&["a"])).unwrap();
    let bearer = rig.vault.bearer(&admitted).block_on().unwrap();
    let (token, granted) = open(&mut admitted, &bearer);
    assert_eq!(token, "ya29.one");
    assert_eq!(granted, ["a", "b"]);
    assert_eq!(rig.provider.count(), 1, "ready made the exchange that bearer used");
}

#[test]
fn an_effect_without_a_credential_gets_no_token() {
    let rig = Rig::new(Provider::queue([]));
    let refused = rig.vault.bearer(&admitted(&me(), None)).block_on().unwrap_err();
    assert!(matches!(refused, TokenError::Misconfigured(_)));
}

#[test]
fn answers_that_are_not_exactly_a_federated_bearer_token_are_refused() {
    let with = |members: &str| format!(r#"{{"access_token":"ya29.x"{members}}}"#);
    let bearer = |members: &str| with(&format!(r#","token_type":"Bearer"{members}"#));
    let long = format!(r#"{{"access_token":"{}","token_type":"Bearer"}}"#, "a".repeat(16_385));
    let huge = bearer(&format!(r#","pad":"{}""#, "a".repeat(300_000)));
    let cases = [
        with(""),
        with(r#","token_type":"DPoP""#),
        with(r#","token_type":"N_A""#),
        with(r#","token_type":["Bearer"]"#),
        bearer(r#","access_token":"ya29.second""#),
        bearer(r#","access\u005ftoken":"ya29.second""#),
        bearer(r#","error":"access_denied""#),
        bearer(r#","issued_token_type":"urn:ietf:params:oauth:token-type:refresh_token""#),
        bearer(r#","issued_token_type":null"#),
        bearer(r#","expires_in":-1"#),
        bearer(r#","expires_in":"3600""#),
        bearer(r#","expires_in":1.5"#),
        bearer(r#","scope":["a"]"#),
        bearer(r#","scope":"a \"b\"""#),
        r#"{"access_token":"","token_type":"Bearer"}"#.to_owned(),
        r#"{"access_token":"ya29 x","token_type":"Bearer"}"#.to_owned(),
        r#"{"access_token":"ya29.x\r\nx-injected: 1","token_type":"Bearer"}"#.to_owned(),
        r#"{"access_token":"ya29.ü","token_type":"Bearer"}"#.to_owned(),
        r#"{"access_token":7,"token_type":"Bearer"}"#.to_owned(),
        r#"{"token_type":"Bearer","expires_in":10}"#.to_owned(),
        format!("{} ", bearer("")) + "{}",
        bearer("").trim_end_matches('}').to_owned(),
        format!("[{}]", bearer("")),
        "access_token=ya29.x&token_type=Bearer".to_owned(),
        String::new(),
        long,
        huge,
    ];
    for body in cases {
        let rig = Rig::new(Provider::queue([json(200, &body)]));
        assert_eq!(rig.ready(&selector(&[])), Err(TokenError::Protocol), "{body:.120}");
    }
    // The same with nothing wrong, so that each case above is refused for its own reason.
    for members in ["", r#","expires_in":10,"scope":"a""#, r#","scope":null,"expires_in":null"#] {
        let rig = Rig::new(Provider::queue([json(200, &bearer(members))]));
        assert_eq!(rig.ready(&selector(&[])), Ok(()), "{members}");
    }
    let lower = with(r#","token_type":"bearer""#);
    assert_eq!(Rig::new(Provider::queue([json(200, &lower)])).ready(&selector(&[])), Ok(()));
}

#[test]
fn only_status_200_is_a_success() {
    for status in [201, 202, 204, 206, 301, 302, 307] {
        let body = r#"{"access_token":"ya29.x","token_type":"Bearer"}"#;
        let rig = Rig::new(Provider::queue([json(status, body)]));
        assert_eq!(rig.ready(&selector(&[])), Err(TokenError::Protocol), "{status}");
    }
}

#[test]
fn an_answer_that_returns_the_users_own_token_is_refused() {
    let rig = Rig::new(Provider::queue([token(SUBJECT, 3_600, "")]));
    assert_eq!(rig.ready(&selector(&[])), Err(TokenError::Protocol));
}

#[test]
fn a_token_that_is_already_dead_is_not_handed_out() {
    let rig = Rig::new(Provider::queue([token("ya29.dead", 0, "")]));
    assert_eq!(rig.ready(&selector(&[])), Err(TokenError::Transient));
}

#[test]
fn a_back_channel_that_delivers_nothing_has_a_reason() {
    let origin = "the back channel may not reach the tenant's domain";
    let cases = [
        (BackchannelError::Origin, TokenError::Misconfigured(origin)),
        (
            BackchannelError::Malformed,
            TokenError::Misconfigured("the back channel cannot send the exchange"),
        ),
        (BackchannelError::Unreachable, TokenError::Transient),
        (BackchannelError::TooLarge, TokenError::Protocol),
    ];
    for (error, expected) in cases {
        let rig = Rig::new(Provider::queue([Err(error)]));
        assert_eq!(rig.ready(&selector(&[])), Err(expected), "{error:?}");
        assert_eq!(rig.provider.count(), 1, "nothing is tried twice");
    }
}
