//! [`TokenSource`]: a credential for one admitted call.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use countersign_core::{Admitted, Bearer, Caller, Scope, Selector, TokenError, TokenSource};

use super::overhear::overhear;
use super::{done, hides, holds, race, same};
use crate::fixtures::{NOW, admit, admit_for, caller, caller_of, note, prepared_with, selector_of};

/// The source under test, and the accounts behind it.
#[async_trait]
pub trait Accounts: Sync {
    /// A source for users of whom nobody has connected anything.
    async fn fresh(&self) -> Arc<dyn TokenSource>;

    /// The caller's user, who is logged in from now on, connects an account: that of the selector, or
    /// the only one on its connection, with exactly the selector's scopes. An account that was
    /// connected before is replaced. For the source made last.
    async fn connect(&self, caller: &Caller, selector: &Selector);

    /// Whether a token can do no more than the selector asks for. Otherwise it can do what the user
    /// granted to the account.
    fn narrows(&self) -> bool;
}

/// A token in clear and what it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Handed {
    token: String,
    granted: Vec<Scope>,
}

async fn admitted(caller: &Caller, selector: &Selector) -> Admitted {
    admit_for(prepared_with(Some(selector.clone()), vec![note()]), caller).await
}

#[track_caller]
fn open(admitted: &mut Admitted, bearer: &Bearer) -> String {
    let clause = "TokenSource: a bearer is good for the ticket it was handed out for";
    let step = done(clause, admitted.next(NOW));
    let step = done(clause, step.ok_or("no step"));
    let header = done(clause, bearer.authorization(&step));
    let token = header.strip_prefix("Bearer ").unwrap_or_default().to_owned();
    holds("TokenSource: a token is not empty", !token.is_empty(), "it is");
    token
}

async fn hand(
    source: &dyn TokenSource,
    caller: &Caller,
    selector: &Selector,
) -> Result<Handed, TokenError> {
    let mut admitted = admitted(caller, selector).await;
    let bearer = source.bearer(&admitted).await?;
    let token = open(&mut admitted, &bearer);
    Ok(Handed { token, granted: bearer.granted().to_vec() })
}

fn user(tenant: &str, user: &str) -> Caller {
    caller_of(tenant, user, "planner", "s-1")
}

fn google(scopes: &[&str]) -> Selector {
    selector_of("google-oauth2", None, scopes)
}

/// Runs every clause.
pub async fn all(accounts: &dyn Accounts) {
    says_beforehand_whether_it_can(accounts).await;
    shares_no_token(accounts).await;
    mixes_nobody_up_under_load(accounts).await;
    compares_the_scopes(accounts).await;
    hands_out_for_one_ticket(accounts).await;
    hands_out_nothing_for_a_call_without_a_credential(accounts).await;
    recognises_what_it_handed_out(accounts).await;
    says_nothing_of_tokens(accounts).await;
}

/// `ready` fails where `bearer` would, and succeeds where it can.
pub async fn says_beforehand_whether_it_can(accounts: &dyn Accounts) {
    let clause = "TokenSource: ready says whether bearer could succeed";
    let source = accounts.fresh().await;
    let (me, selector) = (user("acme", "auth0|ready"), google(&["a", "b"]));
    let stranger = user("acme", "auth0|stranger");
    for caller in [&me, &stranger] {
        let ready = source.ready(caller, &selector).await;
        holds(clause, ready.is_err(), "ready for a user who has connected nothing");
        let bearer = hand(source.as_ref(), caller, &selector).await;
        holds(clause, bearer.is_err(), "a bearer for a user who has connected nothing");
    }
    accounts.connect(&me, &selector).await;
    done(clause, source.ready(&me, &selector).await);
    done(clause, hand(source.as_ref(), &me, &selector).await);
    done(clause, hand(source.as_ref(), &me, &google(&["a"])).await);
    let refused = [
        (&stranger, google(&["a", "b"])),
        (&user("umbrella", "auth0|ready"), google(&["a", "b"])),
        (&me, selector_of("github", None, &["a", "b"])),
        (&me, google(&["a", "b", "c"])),
    ];
    for (caller, selector) in refused {
        let ready = source.ready(caller, &selector).await;
        holds(clause, ready.is_err(), format!("ready for {caller:?} and {selector:?}"));
        let bearer = hand(source.as_ref(), caller, &selector).await;
        holds(clause, bearer.is_err(), format!("a bearer for {caller:?} and {selector:?}"));
    }
}

/// Everybody who must not share a token, with the connections and accounts of each.
fn identities() -> Vec<(Caller, Selector)> {
    let mut all = Vec::new();
    for tenant in ["acme", "umbrella"] {
        for name in ["auth0|u1", "auth0|u2"] {
            for connection in ["google-oauth2", "github"] {
                for account in ["1001", "1002"] {
                    let selector = selector_of(connection, Some(account), &["a"]);
                    all.push((user(tenant, name), selector));
                }
            }
        }
    }
    all
}

/// Another tenant, user, connection or account never gets the same token, also not out of a cache.
pub async fn shares_no_token(accounts: &dyn Accounts) {
    let clause = "TokenSource: no two tenants, users, connections or accounts share a token";
    let source = accounts.fresh().await;
    let identities = identities();
    for (caller, selector) in &identities {
        accounts.connect(caller, selector).await;
    }
    let mut whose = BTreeMap::new();
    // Forwards and backwards, so that each is asked for with the cache empty and full.
    let order = (0..identities.len()).chain((0..identities.len()).rev());
    for at in order {
        let Some((caller, selector)) = identities.get(at) else { continue };
        done(clause, source.ready(caller, selector).await);
        let handed = done(clause, hand(source.as_ref(), caller, selector).await);
        let owner = *whose.entry(handed.token).or_insert(at);
        holds(
            clause,
            owner == at,
            format!("{:?} and {caller:?} {selector:?}", identities.get(owner)),
        );
    }
}

/// The same, with everybody asking at the same time.
pub async fn mixes_nobody_up_under_load(accounts: &dyn Accounts) {
    let clause = "TokenSource: nobody gets another's token, also under load";
    let source = accounts.fresh().await;
    let identities = identities();
    for (caller, selector) in &identities {
        accounts.connect(caller, selector).await;
    }
    let identities = Arc::new(identities);
    let results = race(identities.len() * 8, |n| {
        let (source, identities) = (Arc::clone(&source), Arc::clone(&identities));
        async move {
            let at = n % identities.len();
            match identities.get(at) {
                Some((caller, selector)) => {
                    Some((at, hand(source.as_ref(), caller, selector).await))
                }
                None => None,
            }
        }
    });
    let mut whose = BTreeMap::new();
    for (at, handed) in results.await.into_iter().flatten() {
        let owner = *whose.entry(done(clause, handed).token).or_insert(at);
        same(clause, owner, at);
    }
}

/// A bearer can do what its selector asks for: a token that was had for less is not handed out for
/// more, and scopes that were granted later are found.
pub async fn compares_the_scopes(accounts: &dyn Accounts) {
    let clause = "TokenSource: the granted scopes are compared with the selector's";
    let source = accounts.fresh().await;
    let me = user("acme", "auth0|scopes");
    accounts.connect(&me, &google(&["a"])).await;
    let less = done(clause, hand(source.as_ref(), &me, &google(&["a"])).await);
    for more in [&["a", "b"][..], &["b"], &["A"], &["a", "a.b"], &["aa"]] {
        let seen = hand(source.as_ref(), &me, &google(more)).await;
        holds(clause, seen.is_err(), format!("a bearer for {more:?} where only a was granted"));
    }
    accounts.connect(&me, &google(&["a", "b", "c"])).await;
    for asked in [&["a", "b"][..], &["b"], &["c", "b", "a"]] {
        let selector = google(asked);
        let handed = done(clause, hand(source.as_ref(), &me, &selector).await);
        let enough = selector.scopes().iter().all(|scope| handed.granted.contains(scope));
        holds(clause, enough, format!("{:?} granted for {asked:?}", handed.granted));
        holds(clause, handed.token != less.token, "a token that was granted for less");
        if accounts.narrows() {
            let mut granted = handed.granted;
            granted.sort();
            let clause = "TokenSource: a token can do no more than was asked for";
            same(clause, granted.as_slice(), selector.scopes());
        }
    }
}

/// A bearer is for one ticket: for another of the same user, account and request it is refused.
pub async fn hands_out_for_one_ticket(accounts: &dyn Accounts) {
    let clause = "TokenSource: a bearer handed out for one ticket is refused with another";
    let source = accounts.fresh().await;
    let (me, selector) = (user("acme", "auth0|ticket"), google(&["a"]));
    accounts.connect(&me, &selector).await;
    let (mut one, mut other) = (admitted(&me, &selector).await, admitted(&me, &selector).await);
    let first = done(clause, source.bearer(&one).await);
    let second = done(clause, source.bearer(&other).await);
    for (ticket, wrong, right) in [(&mut one, &second, &first), (&mut other, &first, &second)] {
        let step = done(clause, ticket.next(NOW));
        let step = done(clause, step.ok_or("no step"));
        holds(clause, wrong.authorization(&step).is_err(), "it was accepted");
        done(
            "TokenSource: a bearer is good for the ticket it was handed out for",
            right.authorization(&step),
        );
    }
}

/// A call that uses no credential gets none.
pub async fn hands_out_nothing_for_a_call_without_a_credential(accounts: &dyn Accounts) {
    let clause = "TokenSource: a call without a credential gets none";
    let source = accounts.fresh().await;
    accounts.connect(&caller(), &google(&["a"])).await;
    let plan = prepared_with(None, vec![note().without_credential()]);
    for effect in [plan, crate::fixtures::local("crm_note", "{}")] {
        let admitted = admit(effect).await;
        holds(clause, source.bearer(&admitted).await.is_err(), "a bearer was handed out");
    }
}

/// A token that was handed out is recognised in a text, in clear and in base64 of either alphabet,
/// at any place; what is no token is not.
pub async fn recognises_what_it_handed_out(accounts: &dyn Accounts) {
    let clause = "TokenSource: a token that was handed out is recognised";
    let source = accounts.fresh().await;
    let (me, selector) = (user("acme", "auth0|recognise"), google(&["a"]));
    accounts.connect(&me, &selector).await;
    let token = done(clause, hand(source.as_ref(), &me, &selector).await).token;
    for text in [
        token.clone(),
        format!("Bearer {token}"),
        format!("{{\"note\":\"see {token}, please\"}}"),
        format!("{}{token}{}", "x".repeat(10_000), "y".repeat(10_000)),
        format!("é{token}é"),
    ] {
        holds(clause, source.recognises(&text), "in clear");
        for before in ["", "a", "ab", "abc"] {
            let bytes = format!("{before}{text}");
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                let hidden = format!("data: {} .", engine.encode(&bytes));
                holds(clause, source.recognises(&hidden), format!("in base64 behind {before:?}"));
            }
        }
    }
    let clause = "TokenSource: what is no token is not recognised";
    let (front, back) = token.split_at(token.len() / 2);
    let ordinary = "Please move the meeting with Ada to Thursday, 10 o'clock.";
    for text in ["", " ", ordinary, front, back, &"x".repeat(100_000)] {
        holds(clause, !source.recognises(text), text);
    }
    let untouched = accounts.fresh().await;
    holds(clause, !untouched.recognises(ordinary), "before any was handed out");
}

/// No token is in what a source or a bearer prints, returns as an error or logs.
pub async fn says_nothing_of_tokens(accounts: &dyn Accounts) {
    let clause = "TokenSource: no token is printed, returned in an error or logged";
    let source = accounts.fresh().await;
    let (me, selector) = (user("acme", "auth0|silent"), google(&["a"]));
    accounts.connect(&me, &selector).await;
    let ((token, told), heard) = overhear(async {
        let ready = source.ready(&me, &selector).await;
        let mut admitted = admitted(&me, &selector).await;
        let bearer = done(clause, source.bearer(&admitted).await);
        let token = open(&mut admitted, &bearer);
        let refused = source.ready(&me, &google(&["a", "b"])).await;
        let text = refused.as_ref().err().map(ToString::to_string);
        let seen = source.recognises(&token);
        let told = format!(
            "{ready:?} {bearer:?} {bearer:#?} {refused:?} {text:?} {seen} {source:?} {source:#?}"
        );
        (token, told)
    })
    .await;
    hides(clause, &told, &[&token]);
    hides(clause, &heard, &[&token]);
}
