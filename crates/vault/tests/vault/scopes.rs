//! Invariant 11: least scope is enforced here.

use countersign_core::{Connection, TokenError};
use countersign_vault::{ScopePolicy, TokenVaultBuilder};

use crate::support::*;

fn granted(policy: ScopePolicy, scope: &str, asked: &[&str]) -> Result<Vec<String>, TokenError> {
    let configure = |b: TokenVaultBuilder| b.scope_policy(policy);
    let rig = Rig::with(Provider::queue([token("ya29.x", 3_600, scope)]), configure);
    rig.bearer(&me(), &selector(asked)).map(|(_, granted)| granted)
}

#[test]
fn inv_11_a_token_that_lacks_a_scope_is_refused_and_not_kept() {
    let answers = [token("ya29.less", 3_600, "a c"), token("ya29.all", 3_600, "a b c")];
    let rig = Rig::new(Provider::queue(answers));
    assert_eq!(rig.ready(&selector(&["a", "b"])), Err(TokenError::ScopeMissing));
    assert_eq!(rig.bearer(&me(), &selector(&["a", "b"])).unwrap().0, "ya29.all");
}

#[test]
fn inv_11_scopes_are_compared_as_whole_texts() {
    for scope in ["read:a", "read", "READ", "reads", "readwrite", "xread y"] {
        let expected = if scope == "read" { Ok(()) } else { Err(TokenError::ScopeMissing) };
        let found = granted(ScopePolicy::Record, scope, &["read"]).map(drop);
        assert_eq!(found, expected, "{scope}");
    }
}

#[test]
fn inv_11_spaces_and_commas_separate_scopes() {
    for scope in ["a b c", "a,b,c", "c, b ,a", " a,,b  c ", "a b c a"] {
        let found = granted(ScopePolicy::Record, scope, &["a", "c"]).unwrap();
        assert_eq!(found, ["a", "b", "c"], "{scope}");
    }
}

#[test]
fn inv_11_more_than_asked_is_recorded_by_default_and_refused_by_policy() {
    let rig = Rig::new(Provider::queue([token("ya29.x", 3_600, "a b")]));
    assert_eq!(rig.bearer(&me(), &selector(&["a"])).unwrap().1, ["a", "b"]);
    assert_eq!(granted(ScopePolicy::Refuse, "a b", &["a"]), Err(TokenError::ScopeExceeded));
    assert_eq!(granted(ScopePolicy::Refuse, "a b", &[]), Err(TokenError::ScopeExceeded));
    assert_eq!(granted(ScopePolicy::Refuse, "a b", &["b", "a"]).unwrap(), ["a", "b"]);
}

#[test]
fn inv_11_who_the_user_is_never_counts_as_more() {
    let scope = "a openid profile email offline_access https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile";
    assert_eq!(granted(ScopePolicy::Refuse, scope, &["a"]).unwrap().len(), 7);
    // But they do not stand for anything that was asked for.
    let google = "https://www.googleapis.com/auth/userinfo.email";
    assert_eq!(granted(ScopePolicy::Record, google, &["email"]), Err(TokenError::ScopeMissing));
    assert_eq!(granted(ScopePolicy::Refuse, "a openid2", &["a"]), Err(TokenError::ScopeExceeded));
}

#[test]
fn inv_11_silence_about_scopes_is_refused_unless_the_connection_is_known_for_it() {
    let silent = [
        r#"{"access_token":"ghu_x","token_type":"bearer"}"#,
        r#"{"access_token":"ghu_x","token_type":"bearer","scope":""}"#,
        r#"{"access_token":"ghu_x","token_type":"bearer","scope":" , "}"#,
        r#"{"access_token":"ghu_x","token_type":"bearer","scope":null}"#,
    ];
    let github = || Connection::new("github").unwrap();
    for body in silent {
        for policy in [ScopePolicy::Record, ScopePolicy::Refuse] {
            let provider = || Provider::queue([json(200, body)]);
            let loud = Rig::with(provider(), |b| b.scope_policy(policy));
            let asked = on("github", &["repo"]);
            assert_eq!(loud.ready(&asked), Err(TokenError::ScopeMissing), "{body}");

            let known = |b: TokenVaultBuilder| b.scope_policy(policy).scopes_not_reported(github());
            let rig = Rig::with(provider(), known);
            assert_eq!(rig.bearer(&me(), &asked).unwrap().1, [""; 0], "{body}");

            // Another connection is not excused by it.
            let rig = Rig::with(provider(), known);
            assert_eq!(rig.ready(&on("slack", &["repo"])), Err(TokenError::ScopeMissing));
        }
        // Nothing asked, nothing said: with `Refuse` what the token can do must be known.
        let nothing = |policy| {
            let rig = Rig::with(Provider::queue([json(200, body)]), |b| b.scope_policy(policy));
            rig.ready(&on("github", &[]))
        };
        assert_eq!(nothing(ScopePolicy::Record), Ok(()));
        assert_eq!(nothing(ScopePolicy::Refuse), Err(TokenError::ScopeExceeded));
    }
}

#[test]
fn inv_11_a_connection_that_may_be_silent_is_still_held_to_what_it_says() {
    let github = |b: TokenVaultBuilder| {
        b.scopes_not_reported(Connection::new("github").unwrap()).scope_policy(ScopePolicy::Refuse)
    };
    for (scope, expected) in [
        ("gist", Err(TokenError::ScopeMissing)),
        ("repo,gist", Err(TokenError::ScopeExceeded)),
        ("repo", Ok(())),
    ] {
        let rig = Rig::with(Provider::queue([token("gho_x", 3_600, scope)]), github);
        assert_eq!(rig.ready(&on("github", &["repo"])), expected, "{scope}");
    }
}
