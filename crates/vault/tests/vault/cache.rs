//! Who shares a token with whom, for how long, and how many exchanges that takes.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use countersign_core::{
    AccessToken, Connection, SubjectCredentials as _, SubjectToken, TokenError, TokenSource as _,
};
use futures_util::future::{join, join_all, poll_immediate};
use pollster::FutureExt as _;

use crate::support::*;

/// Tokens that name what they were exchanged for, and their number.
fn naming() -> std::sync::Arc<Provider> {
    let mut number = 0;
    Provider::new(move |seen| {
        number += 1;
        let part = |name| seen.field(name).unwrap_or("-").replace(['|', '@'], "_");
        let name = format!(
            "{}/{}/{}/{number}",
            part("subject_token"),
            part("connection"),
            part("login_hint")
        );
        token(&name, 3_600, "a b c")
    })
}

#[test]
fn principals_accounts_and_scopes_never_share_a_token() {
    let rig = Rig::new(naming());
    let callers = [
        caller("acme", "auth0|u1"),
        caller("acme", "auth0|u2"),
        caller("umbrella", "auth0|u1"),
        caller("umbrella", "auth0|u2"),
    ];
    let subjects = ["rt-acme-1-xxxx", "rt-acme-2-xxxx", "rt-umbrella-1-xxxx", "rt-umbrella-2-xxxx"];
    for (caller, subject) in callers.iter().zip(subjects) {
        rig.log_in(caller, subject);
    }
    let mut selectors = Vec::new();
    for connection in ["google-oauth2", "github"] {
        for scopes in [&["a"][..], &["b"], &["a", "b"], &[]] {
            selectors.push((connection, "-", on(connection, scopes)));
            for hint in ["ada@example.com", "bob@example.com"] {
                selectors.push((connection, hint, account(on(connection, scopes), hint)));
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    let all = || callers.iter().zip(subjects).flat_map(|c| selectors.iter().map(move |s| (c, s)));
    let mut first = Vec::new();
    for ((caller, subject), (connection, hint, selector)) in all() {
        let (token, _) = rig.bearer(caller, selector).unwrap();
        let prefix = format!("{subject}/{connection}/{}/", hint.replace('@', "_"));
        assert!(token.starts_with(&prefix), "{token} is not for {prefix}");
        assert!(seen.insert(token.clone()), "{token} was handed out twice");
        first.push(token);
    }
    assert_eq!(rig.provider.count(), callers.len() * selectors.len());
    // A second round comes out of the cache, and everybody gets their own.
    for (((caller, _), (_, _, selector)), token) in all().zip(first) {
        assert_eq!(rig.bearer(caller, selector).unwrap().0, token);
    }
    assert_eq!(rig.provider.count(), callers.len() * selectors.len());
}

#[test]
fn a_refresh_token_and_an_access_token_of_one_user_do_not_share() {
    let rig = Rig::new(naming());
    rig.ready(&selector(&["a"])).unwrap();
    let access = SubjectToken::Access(AccessToken::new("opaque-access-token".to_owned()));
    rig.subjects.remember(&me(), access).block_on().unwrap();
    let (token, _) = rig.bearer(&me(), &selector(&["a"])).unwrap();
    assert!(token.starts_with("opaque-access-token/"));
}

#[test]
fn the_same_scopes_in_another_order_are_the_same_exchange() {
    let rig = Rig::new(naming());
    rig.ready(&selector(&["a", "b"])).unwrap();
    rig.ready(&selector(&["b", "a", "b"])).unwrap();
    assert_eq!(rig.provider.count(), 1);
}

#[test]
fn two_vaults_share_nothing_and_clones_share_all() {
    let (one, two) = (Rig::new(naming()), Rig::new(naming()));
    one.ready(&selector(&[])).unwrap();
    assert_eq!(two.provider.count(), 0);
    one.vault.clone().ready(&me(), &selector(&[])).block_on().unwrap();
    assert_eq!(one.provider.count(), 1);
}

#[test]
fn whoever_has_logged_out_gets_nothing_out_of_the_cache() {
    #[derive(Debug, Default)]
    struct Store(std::sync::atomic::AtomicBool);
    #[async_trait::async_trait]
    impl countersign_core::SubjectCredentials for Store {
        async fn subject(&self, _: &countersign_core::Caller) -> Result<SubjectToken, TokenError> {
            if self.0.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(TokenError::LoginRequired);
            }
            let token = countersign_core::RefreshToken::new(SUBJECT.to_owned());
            Ok(SubjectToken::Refresh(token))
        }
        async fn remember(
            &self,
            _: &countersign_core::Caller,
            _: SubjectToken,
        ) -> Result<(), TokenError> {
            Err(TokenError::Transient)
        }
    }
    let store = std::sync::Arc::new(Store::default());
    let subjects = std::sync::Arc::clone(&store);
    let rig = Rig::with(naming(), |b| b.subjects(subjects));
    assert_eq!(rig.ready(&selector(&[])), Ok(()));
    store.0.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(rig.ready(&selector(&[])), Err(TokenError::LoginRequired));
}

#[test]
fn a_token_is_not_handed_out_in_its_last_thirty_seconds() {
    let rig = Rig::new(Provider::new(|_| token("ya29.x", 100, "")));
    for (at, exchanges) in [(0, 1), (69, 1), (70, 2), (139, 2), (140, 3)] {
        let now = countersign_core::Clock::now(rig.clock.as_ref()).seconds() - NOW;
        rig.clock.advance(at - now);
        rig.ready(&selector(&[])).unwrap();
        assert_eq!(rig.provider.count(), exchanges, "after {at} seconds");
    }
}

#[test]
fn a_token_with_less_than_the_margin_left_is_used_at_once_and_not_kept() {
    let rig = Rig::new(Provider::new(|_| token("ya29.short", 30, "")));
    assert_eq!(rig.bearer(&me(), &selector(&[])).unwrap().0, "ya29.short");
    assert_eq!(rig.bearer(&me(), &selector(&[])).unwrap().0, "ya29.short");
    assert_eq!(rig.provider.count(), 2);
}

#[test]
fn lifetimes_that_are_not_stated_or_not_believable_are_bounded() {
    let unstated = r#"{"access_token":"ya29.x","token_type":"Bearer"}"#;
    let endless =
        r#"{"access_token":"ya29.x","token_type":"Bearer","expires_in":9007199254740991}"#;
    for (body, reusable) in [(unstated, 60), (endless, 3_600)] {
        let rig = Rig::new(Provider::new(move |_| json(200, body)));
        rig.ready(&selector(&[])).unwrap();
        rig.clock.advance(reusable - 1);
        rig.ready(&selector(&[])).unwrap();
        assert_eq!(rig.provider.count(), 1);
        rig.clock.advance(1);
        rig.ready(&selector(&[])).unwrap();
        assert_eq!(rig.provider.count(), 2);
    }
    let rig = Rig::with(naming(), |b| b.reuse_for(0));
    rig.ready(&selector(&[])).unwrap();
    rig.ready(&selector(&[])).unwrap();
    assert_eq!(rig.provider.count(), 2);
}

#[test]
fn a_clock_that_was_set_back_makes_nothing_younger() {
    let rig = Rig::new(naming());
    rig.ready(&selector(&[])).unwrap();
    // Threads that read the clock at once may come in another order.
    rig.clock.advance(-10);
    rig.ready(&selector(&[])).unwrap();
    assert_eq!(rig.provider.count(), 1);
    rig.clock.advance(-1);
    rig.ready(&selector(&[])).unwrap();
    assert_eq!(rig.provider.count(), 2);
}

#[test]
fn a_thousand_callers_at_once_make_one_exchange() {
    let rig = Rig::new(naming());
    rig.provider.hold();
    let (caller, selector) = (me(), selector(&["a"]));
    let everybody = join_all((0..1_000).map(|_| rig.vault.ready(&caller, &selector)));
    let (results, ()) = join(everybody, async { rig.provider.release() }).block_on();
    assert_eq!(results.len(), 1_000);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(rig.provider.count(), 1);
}

#[test]
fn threads_at_once_make_one_exchange() {
    let rig = Rig::new(naming());
    rig.provider.hold();
    let barrier = Barrier::new(33);
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                barrier.wait();
                rig.ready(&selector(&["a"])).unwrap();
            });
        }
        barrier.wait();
        // Some wait by now, some come later and find the token: never a second exchange.
        thread::sleep(Duration::from_millis(50));
        rig.provider.release();
    });
    assert_eq!(rig.provider.count(), 1);
}

#[test]
fn different_exchanges_do_not_wait_for_each_other() {
    let rig = Rig::new(naming());
    rig.provider.hold();
    let (caller, one, two) = (me(), selector(&["a"]), selector(&["b"]));
    let mut waiting = Box::pin(rig.vault.ready(&caller, &one));
    async {
        assert_eq!(poll_immediate(&mut waiting).await, None);
        let mut other = Box::pin(rig.vault.ready(&caller, &two));
        assert_eq!(poll_immediate(&mut other).await, None);
        assert_eq!(rig.provider.count(), 2);
    }
    .block_on();
}

#[test]
fn a_failure_reaches_everybody_who_waits_and_is_not_remembered() {
    let rig = Rig::new(Provider::queue([json(503, ""), token("ya29.x", 3_600, "")]));
    rig.provider.hold();
    let (caller, selector) = (me(), selector(&[]));
    let everybody = join_all((0..100).map(|_| rig.vault.ready(&caller, &selector)));
    let (results, ()) = join(everybody, async { rig.provider.release() }).block_on();
    assert!(results.iter().all(|r| *r == Err(TokenError::Transient)));
    assert_eq!(rig.provider.count(), 1);
    assert_eq!(rig.ready(&selector), Ok(()));
    assert_eq!(rig.provider.count(), 2);
}

#[test]
fn whoever_gives_up_does_not_stop_the_others() {
    let rig = Rig::new(naming());
    rig.provider.hold();
    let (caller, selector) = (me(), selector(&[]));
    async {
        let mut first = Box::pin(rig.vault.ready(&caller, &selector));
        let mut second = Box::pin(rig.vault.ready(&caller, &selector));
        assert_eq!(poll_immediate(&mut first).await, None);
        assert_eq!(poll_immediate(&mut second).await, None);
        drop(first);
        rig.provider.release();
        assert_eq!(second.await, Ok(()));
    }
    .block_on();
    assert_eq!(rig.provider.count(), 1);
}

#[test]
fn an_exchange_that_everybody_gave_up_does_not_block_the_next() {
    let rig = Rig::new(naming());
    rig.provider.hold();
    let (caller, selector) = (me(), selector(&[]));
    async {
        let mut first = Box::pin(rig.vault.ready(&caller, &selector));
        assert_eq!(poll_immediate(&mut first).await, None);
        drop(first);
        rig.provider.release();
        assert_eq!(rig.vault.ready(&caller, &selector).await, Ok(()));
    }
    .block_on();
    assert_eq!(rig.provider.count(), 2);
}

#[test]
fn forgetting_drops_a_users_tokens_on_a_connection_and_no_others() {
    let rig = Rig::new(naming());
    let (mine, other) = (me(), caller("acme", "auth0|u2"));
    rig.log_in(&other, "rt-other-xxxx");
    let google = Connection::new("google-oauth2").unwrap();
    let ask = || {
        rig.ready(&selector(&["a"])).unwrap();
        rig.ready(&account(selector(&["b"]), "ada@example.com")).unwrap();
        rig.ready(&on("github", &["a"])).unwrap();
        rig.vault.ready(&other, &selector(&["a"])).block_on().unwrap();
        rig.provider.count()
    };
    assert_eq!(ask(), 4);
    assert_eq!(rig.vault.forget(&mine, &google), 2);
    assert_eq!(ask(), 6);
    assert_eq!(rig.vault.forget_user(&mine), 3);
    assert_eq!(ask(), 9);
    assert_eq!(rig.vault.forget(&caller("umbrella", "auth0|u1"), &google), 0);
    assert_eq!(ask(), 9);
}

#[test]
fn a_token_that_was_under_way_when_it_was_forgotten_is_not_handed_out() {
    let rig = Rig::new(naming());
    rig.provider.hold();
    let (caller, selector) = (me(), selector(&[]));
    async {
        let mut first = Box::pin(rig.vault.ready(&caller, &selector));
        assert_eq!(poll_immediate(&mut first).await, None);
        rig.vault.forget(&caller, &Connection::new("google-oauth2").unwrap());
        // The next one does not join it.
        let mut second = Box::pin(rig.vault.ready(&caller, &selector));
        assert_eq!(poll_immediate(&mut second).await, None);
        rig.provider.release();
        assert_eq!(first.await, Err(TokenError::Transient));
        assert_eq!(second.await, Ok(()));
    }
    .block_on();
    assert_eq!(rig.provider.count(), 2);
    // The second one's result is the one that was kept, and the first one's is still recognised.
    assert_eq!(rig.ready(&selector), Ok(()));
    assert_eq!(rig.provider.count(), 2);
    let first = format!("{SUBJECT}/google-oauth2/-/1");
    assert!(rig.vault.recognises(&first));
}

#[test]
fn the_cache_is_bounded_and_drops_what_ends_soonest() {
    let lifetimes = [500, 1_000, 2_000, 3_000];
    let mut answers = lifetimes.into_iter();
    let provider =
        Provider::new(move |_| token("ya29.some-token", answers.next().unwrap_or(3_000), "a"));
    let rig = Rig::with(provider, |b| b.capacity(3));
    let ask = |connection| rig.ready(&on(connection, &["a"])).unwrap();
    ["one", "two", "three"].into_iter().for_each(ask);
    assert_eq!(rig.provider.count(), 3);
    ask("four");
    ["two", "three", "four"].into_iter().for_each(ask);
    assert_eq!(rig.provider.count(), 4, "only the first was dropped");
    ask("one");
    assert_eq!(rig.provider.count(), 5);
}

#[test]
fn when_only_exchanges_under_way_are_left_one_more_is_refused() {
    let rig = Rig::with(naming(), |b| b.capacity(2));
    rig.provider.hold();
    let caller = me();
    let selectors = ["one", "two", "three"].map(|c| on(c, &[]));
    async {
        let [one, two, three] = &selectors;
        let mut first = Box::pin(rig.vault.ready(&caller, one));
        let mut second = Box::pin(rig.vault.ready(&caller, two));
        assert_eq!(poll_immediate(&mut first).await, None);
        assert_eq!(poll_immediate(&mut second).await, None);
        let full = Err(TokenError::RateLimited { retry_after: Some(1) });
        assert_eq!(rig.vault.ready(&caller, three).await, full);
        rig.provider.release();
        assert_eq!((first.await, second.await), (Ok(()), Ok(())));
        assert_eq!(rig.vault.ready(&caller, three).await, Ok(()));
    }
    .block_on();
}
