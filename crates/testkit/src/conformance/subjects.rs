//! [`SubjectCredentials`]: the users' own tokens.

use std::sync::Arc;

use countersign_core::{
    AccessToken, Caller, RefreshToken, SubjectCredentials, SubjectToken, TokenError,
};

use super::overhear::overhear;
use super::{done, hides, holds, race, same};
use crate::fixtures::caller_of;

/// Kind and text.
fn shown(token: &SubjectToken) -> (&'static str, String) {
    match token {
        SubjectToken::Refresh(token) => ("refresh", token.expose().to_owned()),
        SubjectToken::Access(token) => ("access", token.expose().to_owned()),
        _ => ("other", String::new()),
    }
}

fn refresh(text: &str) -> SubjectToken {
    SubjectToken::Refresh(RefreshToken::new(text.to_owned()))
}

fn access(text: &str) -> SubjectToken {
    SubjectToken::Access(AccessToken::new(text.to_owned()))
}

async fn subject(
    store: &dyn SubjectCredentials,
    caller: &Caller,
) -> Result<(&'static str, String), TokenError> {
    store.subject(caller).await.map(|token| shown(&token))
}

/// Runs every clause.
pub async fn all(store: Arc<dyn SubjectCredentials>) {
    has_none_for_a_stranger(store.as_ref()).await;
    keeps_the_newest(store.as_ref()).await;
    keeps_tenants_and_users_apart(store.as_ref()).await;
    keeps_them_for_the_user_and_not_for_the_session(store.as_ref()).await;
    says_nothing_of_them(store.as_ref()).await;
    gives_everybody_their_own(store).await;
}

/// A user without a token must log in; a name that resembles one with a token does not help.
pub async fn has_none_for_a_stranger(store: &dyn SubjectCredentials) {
    let clause = "SubjectCredentials: a user without a token must log in";
    let known = caller_of("subjects-stranger", "auth0|u1", "planner", "s");
    done(clause, store.remember(&known, refresh("known-0123456789")).await);
    for user in ["auth0|u2", "auth0|u", "auth0|u11", "AUTH0|U1", "auth0|u1 ", "*", "%"] {
        let caller = caller_of("subjects-stranger", user, "planner", "s");
        same(clause, subject(store, &caller).await, Err(TokenError::LoginRequired));
    }
}

/// A token comes back as it was given, with its kind, and the newest stands.
pub async fn keeps_the_newest(store: &dyn SubjectCredentials) {
    let clause = "SubjectCredentials: the newest token of a user is the one that is kept";
    let caller = caller_of("subjects-newest", "auth0|u1", "planner", "s");
    let long = "x".repeat(16_384);
    for token in
        [refresh("v1.first-012345"), access("eyJ.second.012345"), refresh(&long), access("a")]
    {
        let due = shown(&token);
        done(clause, store.remember(&caller, token).await);
        for _ in 0..2 {
            same(clause, subject(store, &caller).await, Ok(due.clone()));
        }
    }
}

/// A token is one tenant's and one user's.
pub async fn keeps_tenants_and_users_apart(store: &dyn SubjectCredentials) {
    let clause = "SubjectCredentials: nobody gets another user's token";
    let pairs =
        [("sa", "b:c"), ("sa:b", "c"), ("sa", "b"), ("sab", "c"), ("s", "ab:c"), ("sa", "B")];
    let callers = pairs.map(|(tenant, user)| caller_of(tenant, user, "planner", "s"));
    for (n, caller) in callers.iter().enumerate() {
        done(clause, store.remember(caller, refresh(&format!("token-{n}-0123456789"))).await);
    }
    for (n, caller) in callers.iter().enumerate() {
        let due = ("refresh", format!("token-{n}-0123456789"));
        same(clause, subject(store, caller).await, Ok(due));
    }
}

/// It is the user's token: another session or agent of the same user finds it too.
pub async fn keeps_them_for_the_user_and_not_for_the_session(store: &dyn SubjectCredentials) {
    let clause = "SubjectCredentials: a token is the user's, in every session";
    let first = caller_of("subjects-user", "auth0|u1", "planner", "s-1");
    done(clause, store.remember(&first, refresh("of-the-user-012345")).await);
    for (agent, session) in [("planner", "s-2"), ("mailer", "s-1"), ("mailer", "s-3")] {
        let other = caller_of("subjects-user", "auth0|u1", agent, session);
        let due = ("refresh", "of-the-user-012345".to_owned());
        same(clause, subject(store, &other).await, Ok(due));
    }
}

/// No token is in what the store prints, logs or answers to a stranger.
pub async fn says_nothing_of_them(store: &dyn SubjectCredentials) {
    let clause = "SubjectCredentials: no token is printed or logged";
    let secret = "swordfish-of-the-subject-8f2b6c";
    let caller = caller_of("subjects-secret", "auth0|u1", "planner", "s");
    let stranger = caller_of("subjects-secret", "auth0|u2", "planner", "s");
    let (answers, heard) = overhear(async {
        let remembered = store.remember(&caller, refresh(secret)).await;
        let found = store.subject(&caller).await;
        let none = store.subject(&stranger).await;
        format!("{remembered:?} {found:?} {none:?} {store:?} {store:#?}")
    })
    .await;
    let found = done(clause, subject(store, &caller).await);
    holds(clause, found.1 == secret, "the token was not kept");
    hides(clause, &answers, &[secret]);
    hides(clause, &heard, &[secret]);
}

/// Many users at a time get their own.
pub async fn gives_everybody_their_own(store: Arc<dyn SubjectCredentials>) {
    let clause = "SubjectCredentials: nobody gets another user's token, also under load";
    let results = race(100, |n| {
        let store = Arc::clone(&store);
        async move {
            let user = format!("auth0|u{n}");
            let caller = caller_of("subjects-race", &user, "planner", "s");
            for round in 0..5 {
                let token = format!("token-{n}-{round}-0123456789");
                store.remember(&caller, refresh(&token)).await?;
                tokio::task::yield_now().await;
                if subject(store.as_ref(), &caller).await? != ("refresh", token) {
                    return Ok(false);
                }
            }
            Ok::<bool, TokenError>(true)
        }
    });
    for result in results.await {
        same(clause, result, Ok(true));
    }
}
