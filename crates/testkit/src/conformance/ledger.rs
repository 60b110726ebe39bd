//! [`Ledger`]: what became of every effect. Its claim is checked by [`guard`](super::guard) too.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::{
    Caller, Digest, EffectId, Jti, Ledger, LedgerCall, LedgerEntry, LedgerError, LedgerFilter,
    LedgerState, MAX_GENERATIONS, Prepared, Tier, Timestamp,
};
use countersign_ticket::{Claim, ClaimError, Epochs};

use super::guard::Reach;
use super::{done, holds, race, same};
use crate::fixtures::{NOW, arguments, caller, caller_of, effect, jti, tool};

/// Makes the ledgers under test.
#[async_trait]
pub trait Ledgers: Sync {
    /// A ledger on an empty store, started at a time, with room for at least 2,000 entries.
    async fn fresh(&self, started: Timestamp) -> Arc<dyn Ledger>;

    /// Another ledger, started at a time, on the store of the last fresh one, whose process died
    /// unless the reach is [`Reach::Shared`]. With [`Reach::Process`] this is a fresh one.
    async fn again(&self, started: Timestamp) -> Arc<dyn Ledger>;

    /// How far their memory reaches.
    fn reach(&self) -> Reach;
}

/// Runs every clause.
pub async fn all(ledgers: &dyn Ledgers) {
    gives_back_what_was_entered(ledgers).await;
    follows_the_states(ledgers).await;
    moves_only_for_the_ticket_that_claimed(ledgers).await;
    lets_a_released_effect_be_claimed_once_more(ledgers).await;
    keeps_every_ticket_dead_that_claimed(ledgers).await;
    releases_a_bounded_number_of_times(ledgers).await;
    changes_nothing_of_what_is_claimed(ledgers).await;
    takes_a_claim_without_an_entry(ledgers).await;
    lists_in_order_and_by_state(ledgers).await;
    lets_one_of_many_move_an_entry(ledgers).await;
    lets_one_of_many_claim_what_was_released(ledgers).await;
    leaves_no_doubt_hidden_after_a_crash(ledgers).await;
    tells_callers_apart_over_a_restart(ledgers).await;
}

/// Arguments with what a store may stumble over.
const TEXT: &str = r#"{"text":"\u00e9\u2028'; --\"\\"}"#;

/// An entry about a local call, as a pipeline makes it.
fn entry(id: EffectId, ticket: Jti, at: Timestamp) -> LedgerEntry {
    entry_of(id, ticket, &caller(), at)
}

fn entry_of(id: EffectId, ticket: Jti, caller: &Caller, at: Timestamp) -> LedgerEntry {
    LedgerEntry {
        effect_id: id,
        jti: ticket,
        generation: 0,
        state: LedgerState::Entered,
        code: None,
        caller: caller.clone(),
        expires: at.plus_seconds(60),
        at,
        call: Some(LedgerCall {
            tool: tool().name().clone(),
            effect: Digest::of(id.to_string().as_bytes()),
            approval: arguments("{}").digest(),
            tier: Tier::B,
            prepared: Prepared::local(id, tool().name().clone(), arguments(TEXT)).to_bytes(),
        }),
    }
}

async fn claim(
    ledger: &dyn Ledger,
    id: EffectId,
    ticket: Jti,
    at: Timestamp,
) -> Result<(), ClaimError> {
    let (caller, times) = (caller(), [at, at.plus_seconds(60), at]);
    ledger.claim(&Claim::for_test(id, ticket, &caller, Epochs::default(), times)).await
}

/// Enters and claims a new effect.
async fn claimed(ledger: &dyn Ledger, at: Timestamp) -> (EffectId, Jti) {
    let (id, ticket) = (effect(), jti());
    done("Ledger: an effect is entered", ledger.enter(&entry(id, ticket, at)).await);
    done("Ledger: what was entered is claimed", claim(ledger, id, ticket, at).await);
    (id, ticket)
}

async fn state_of(ledger: &dyn Ledger, id: EffectId) -> Option<LedgerState> {
    done("Ledger: an entry can be read", ledger.get(id).await).map(|entry| entry.state)
}

/// The ways from a claim to each state.
fn way_to(state: LedgerState) -> &'static [LedgerState] {
    use LedgerState::{Claimed, Committed, Dispatched, Entered, Failed, Released, Unknown};
    match state {
        Entered | Claimed => &[],
        Dispatched => &[Dispatched],
        Committed => &[Dispatched, Committed],
        Failed => &[Failed],
        Unknown => &[Dispatched, Unknown],
        Released => &[Released],
    }
}

/// What was entered is there, whole; the claim makes it claimed, of the first generation.
pub async fn gives_back_what_was_entered(ledgers: &dyn Ledgers) {
    let clause = "Ledger: an entry comes back as it was written";
    let ledger = ledgers.fresh(NOW).await;
    let (id, ticket) = (effect(), jti());
    same(clause, done(clause, ledger.get(id).await), None);
    let mut due = entry(id, ticket, NOW);
    done(clause, ledger.enter(&due).await);
    same(clause, done(clause, ledger.get(id).await), Some(due.clone()));
    done(clause, claim(ledger.as_ref(), id, ticket, NOW).await);
    due.state = LedgerState::Claimed;
    due.generation = 1;
    same(clause, done(clause, ledger.get(id).await), Some(due.clone()));
    let later = NOW.plus_seconds(1);
    done(clause, ledger.advance(id, ticket, LedgerState::Failed, Some("no_token"), later).await);
    let seen = done(clause, ledger.get(id).await);
    let seen = seen.map(|e| (e.state, e.code, e.at, e.generation, e.jti));
    let due = (LedgerState::Failed, Some("no_token".to_owned()), later, 1, ticket);
    same(clause, seen, Some(due));
}

/// From each state to each: what may be is done, what may not be is refused and changes nothing.
pub async fn follows_the_states(ledgers: &dyn Ledgers) {
    let clause = "Ledger: an entry moves along the allowed states alone";
    let ledger = ledgers.fresh(NOW).await;
    for from in LedgerState::ALL {
        for to in LedgerState::ALL {
            let (id, ticket) = (effect(), jti());
            done(clause, ledger.enter(&entry(id, ticket, NOW)).await);
            if from != LedgerState::Entered {
                done(clause, claim(ledger.as_ref(), id, ticket, NOW).await);
            }
            for step in way_to(from) {
                done(clause, ledger.advance(id, ticket, *step, None, NOW).await);
            }
            same(clause, state_of(ledger.as_ref(), id).await, Some(from));
            let moved = ledger.advance(id, ticket, to, None, NOW).await;
            let due = match (from, from.leads_to(to)) {
                (LedgerState::Entered, _) => Err(LedgerError::Fenced),
                (_, true) => Ok(()),
                (_, false) => Err(LedgerError::NotAllowed(from)),
            };
            same(clause, (from, to, moved), (from, to, due));
            let now = if due.is_ok() { to } else { from };
            same(clause, state_of(ledger.as_ref(), id).await, Some(now));
        }
    }
}

/// Another ticket than the one that claimed moves nothing, nor does one of an unknown effect.
pub async fn moves_only_for_the_ticket_that_claimed(ledgers: &dyn Ledgers) {
    let clause = "Ledger: only the ticket that claimed moves the entry";
    let ledger = ledgers.fresh(NOW).await;
    let (id, ticket) = claimed(ledger.as_ref(), NOW).await;
    let fenced = Err(LedgerError::Fenced);
    for to in LedgerState::ALL {
        same(clause, ledger.advance(id, jti(), to, None, NOW).await, fenced);
        same(clause, ledger.advance(effect(), ticket, to, None, NOW).await, fenced);
    }
    same(clause, state_of(ledger.as_ref(), id).await, Some(LedgerState::Claimed));
    // Whoever held it before a release holds it no more after the next claim.
    done(clause, ledger.advance(id, ticket, LedgerState::Released, None, NOW).await);
    let second = jti();
    done(clause, claim(ledger.as_ref(), id, second, NOW).await);
    same(clause, ledger.advance(id, ticket, LedgerState::Dispatched, None, NOW).await, fenced);
    done(clause, ledger.advance(id, second, LedgerState::Dispatched, None, NOW).await);
}

/// A released effect is claimed by one new ticket, of the next generation; any other state refuses.
pub async fn lets_a_released_effect_be_claimed_once_more(ledgers: &dyn Ledgers) {
    let clause = "Ledger: a released effect, and no other, may be claimed by a new ticket";
    let ledger = ledgers.fresh(NOW).await;
    for state in LedgerState::ALL {
        if state == LedgerState::Entered {
            continue;
        }
        let (id, ticket) = claimed(ledger.as_ref(), NOW).await;
        for step in way_to(state) {
            done(clause, ledger.advance(id, ticket, *step, None, NOW).await);
        }
        let second = jti();
        let again = claim(ledger.as_ref(), id, second, NOW).await;
        let due = if state == LedgerState::Released { Ok(()) } else { Err(ClaimError::Spent) };
        same(clause, (state, again), (state, due));
        if due.is_ok() {
            let seen = done(clause, ledger.get(id).await);
            let seen = seen.map(|e| (e.state, e.generation, e.jti));
            same(clause, seen, Some((LedgerState::Claimed, 2, second)));
            let third = claim(ledger.as_ref(), id, jti(), NOW).await;
            same(clause, third, Err(ClaimError::Spent));
        }
    }
}

/// A ticket that claimed stays dead, also after a release, a second claim and a second release.
pub async fn keeps_every_ticket_dead_that_claimed(ledgers: &dyn Ledgers) {
    let clause = "Ledger: a ticket that claimed once never claims again";
    let ledger = ledgers.fresh(NOW).await;
    let id = effect();
    let mut dead = Vec::new();
    for _ in 0..5 {
        let ticket = jti();
        done(clause, ledger.enter(&entry(id, ticket, NOW)).await);
        done(clause, claim(ledger.as_ref(), id, ticket, NOW).await);
        done(clause, ledger.advance(id, ticket, LedgerState::Released, None, NOW).await);
        dead.push(ticket);
        for ticket in &dead {
            let seen = claim(ledger.as_ref(), id, *ticket, NOW).await;
            same(clause, seen, Err(ClaimError::Spent));
            // Entering it anew revives nothing.
            done(clause, ledger.enter(&entry(id, *ticket, NOW)).await);
            let seen = claim(ledger.as_ref(), id, *ticket, NOW).await;
            same(clause, seen, Err(ClaimError::Spent));
        }
    }
}

/// After [`MAX_GENERATIONS`] claims nobody claims the effect again, released or not.
pub async fn releases_a_bounded_number_of_times(ledgers: &dyn Ledgers) {
    let clause = "Ledger: an effect is claimed a bounded number of times";
    let ledger = ledgers.fresh(NOW).await;
    let id = effect();
    for generation in 1..=MAX_GENERATIONS {
        let ticket = jti();
        done(clause, claim(ledger.as_ref(), id, ticket, NOW).await);
        let seen = done(clause, ledger.get(id).await).map(|e| e.generation);
        same(clause, seen, Some(generation));
        done(clause, ledger.advance(id, ticket, LedgerState::Released, None, NOW).await);
    }
    same(clause, claim(ledger.as_ref(), id, jti(), NOW).await, Err(ClaimError::Spent));
}

/// Entering an effect that is claimed, in doubt or ended changes nothing of it.
pub async fn changes_nothing_of_what_is_claimed(ledgers: &dyn Ledgers) {
    let clause = "Ledger: entering a claimed effect changes nothing";
    let ledger = ledgers.fresh(NOW).await;
    for state in LedgerState::ALL {
        if state.can_be_claimed() {
            continue;
        }
        let (id, ticket) = claimed(ledger.as_ref(), NOW).await;
        for step in way_to(state) {
            done(clause, ledger.advance(id, ticket, *step, None, NOW).await);
        }
        let before = done(clause, ledger.get(id).await);
        let later = entry(id, jti(), NOW.plus_seconds(5));
        done(clause, ledger.enter(&later).await);
        same(clause, done(clause, ledger.get(id).await), before);
    }
}

/// A guard's claim needs no entry; what is known is then the ticket's.
pub async fn takes_a_claim_without_an_entry(ledgers: &dyn Ledgers) {
    let clause = "Ledger: an effect may be claimed without being entered";
    let ledger = ledgers.fresh(NOW).await;
    let (id, ticket) = (effect(), jti());
    done(clause, claim(ledger.as_ref(), id, ticket, NOW).await);
    let seen = done(clause, ledger.get(id).await);
    let due = LedgerEntry {
        state: LedgerState::Claimed,
        generation: 1,
        call: None,
        ..entry(id, ticket, NOW)
    };
    same(clause, seen, Some(due));
    same(clause, claim(ledger.as_ref(), id, jti(), NOW).await, Err(ClaimError::Spent));
    done(clause, ledger.advance(id, ticket, LedgerState::Dispatched, None, NOW).await);
}

/// Listed are the entries of a state, in the order of their ids, page by page without a gap.
pub async fn lists_in_order_and_by_state(ledgers: &dyn Ledgers) {
    let clause = "Ledger: entries are listed in order, page by page, by state";
    let ledger = ledgers.fresh(NOW).await;
    let mut due = Vec::new();
    for state in LedgerState::ALL.into_iter().cycle().take(70) {
        let (id, ticket) = (effect(), jti());
        done(clause, ledger.enter(&entry(id, ticket, NOW)).await);
        if state != LedgerState::Entered {
            done(clause, claim(ledger.as_ref(), id, ticket, NOW).await);
        }
        for step in way_to(state) {
            done(clause, ledger.advance(id, ticket, *step, None, NOW).await);
        }
        due.push((id, state));
    }
    due.sort_unstable_by_key(|(id, _)| *id);
    for filter in [LedgerFilter::All, LedgerFilter::Open, LedgerFilter::Unknown] {
        let mut seen = Vec::new();
        loop {
            let after = seen.last().map(|(id, _): &(EffectId, LedgerState)| *id);
            let page = done(clause, ledger.list(filter, after, 7).await);
            holds(clause, page.len() <= 7, "a page is longer than asked for");
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|e| (e.effect_id, e.state)));
        }
        let due: Vec<_> = due.iter().copied().filter(|(_, s)| filter.takes(*s)).collect();
        same(clause, seen, due);
    }
}

/// Of many that move an entry out of one state at the same moment, one does.
pub async fn lets_one_of_many_move_an_entry(ledgers: &dyn Ledgers) {
    let clause = "Ledger: of many that dispatch one effect, one does";
    let ledger = ledgers.fresh(NOW).await;
    for _ in 0..20 {
        let (id, ticket) = claimed(ledger.as_ref(), NOW).await;
        let moves = race(50, |_| {
            let ledger = Arc::clone(&ledger);
            async move { ledger.advance(id, ticket, LedgerState::Dispatched, None, NOW).await }
        });
        let moved = moves.await.into_iter().flatten().count();
        same(clause, moved, 1);
    }
}

/// Of many new tickets that claim a released effect at the same moment, one does.
pub async fn lets_one_of_many_claim_what_was_released(ledgers: &dyn Ledgers) {
    let clause = "Ledger: of many tickets for a released effect, one claims it";
    let ledger = ledgers.fresh(NOW).await;
    for _ in 0..20 {
        let (id, ticket) = claimed(ledger.as_ref(), NOW).await;
        done(clause, ledger.advance(id, ticket, LedgerState::Released, None, NOW).await);
        let claims = race(50, |_| {
            let (ledger, ticket) = (Arc::clone(&ledger), jti());
            async move {
                done("Ledger: an effect is entered", ledger.enter(&entry(id, ticket, NOW)).await);
                claim(ledger.as_ref(), id, ticket, NOW).await
            }
        });
        let won = claims.await.into_iter().flatten().count();
        same(clause, won, 1);
    }
}

/// What a process left claimed or dispatched when it died is in doubt, whole, and can be reconciled;
/// what had ended or was released is as it was. A ledger that forgets has nothing.
pub async fn leaves_no_doubt_hidden_after_a_crash(ledgers: &dyn Ledgers) {
    let clause = "Ledger: what was under way when the process died is in doubt";
    let restart = NOW.plus_seconds(10);
    let ledger = ledgers.fresh(NOW).await;
    let mut left = Vec::new();
    for state in LedgerState::ALL {
        let (id, ticket) = (effect(), jti());
        done(clause, ledger.enter(&entry(id, ticket, NOW)).await);
        if state != LedgerState::Entered {
            done(clause, claim(ledger.as_ref(), id, ticket, NOW).await);
        }
        for step in way_to(state) {
            done(clause, ledger.advance(id, ticket, *step, None, NOW).await);
        }
        left.push((id, ticket, state));
    }
    if ledgers.reach() == Reach::Shared {
        // The first process is alive: nothing of its is in doubt.
        let second = ledgers.again(restart).await;
        for (id, _, state) in left {
            same(clause, state_of(second.as_ref(), id).await, Some(state));
        }
        return;
    }
    drop(ledger);
    let ledger = ledgers.again(restart).await;
    for (id, ticket, state) in left {
        let seen = done(clause, ledger.get(id).await);
        if ledgers.reach() == Reach::Process {
            same("Ledger: one that forgets knows nothing", seen, None);
            continue;
        }
        let due = state.after_a_crash();
        same(clause, (state, seen.as_ref().map(|e| e.state)), (state, Some(due)));
        if state.is_open() {
            let call = seen.and_then(|e| e.call);
            same(clause, call, entry(id, ticket, NOW).call);
            let spent = claim(ledger.as_ref(), id, jti(), restart).await;
            same(clause, spent, Err(ClaimError::Spent));
            let ended = ledger.advance(id, ticket, LedgerState::Committed, None, restart).await;
            done("Ledger: a doubt is settled after a restart", ended);
        } else if state == LedgerState::Released {
            let seen = claim(ledger.as_ref(), id, ticket, restart).await;
            same(
                "Ledger: a ticket that claimed once never claims again",
                seen,
                Err(ClaimError::Spent),
            );
            done(clause, claim(ledger.as_ref(), id, jti(), restart).await);
        } else if state == LedgerState::Entered {
            done(clause, claim(ledger.as_ref(), id, ticket, restart).await);
        } else {
            let seen = claim(ledger.as_ref(), id, jti(), restart).await;
            same(clause, seen, Err(ClaimError::Spent));
        }
    }
}

/// The caller of an entry is who claimed it, with the whole chain.
pub async fn tells_callers_apart_over_a_restart(ledgers: &dyn Ledgers) {
    let clause = "Ledger: an entry says who claimed it";
    let ledger = ledgers.fresh(NOW).await;
    let chain = vec![caller_of("t", "u", "relay", "s").agent().clone()];
    let callers = [
        caller_of("acme", "auth0|ada", "planner", "s-1"),
        caller_of("acme", "auth0|\u{e9}\"\\", "planner", "s-1"),
        done(clause, caller_of("other", "auth0|ada", "planner", "s-1").with_chain(chain)),
    ];
    let mut ids = Vec::new();
    for caller in callers {
        let (id, ticket) = (effect(), jti());
        done(clause, ledger.enter(&entry_of(id, ticket, &caller, NOW)).await);
        let times = [NOW, NOW.plus_seconds(60), NOW];
        let claim = Claim::for_test(id, ticket, &caller, Epochs::default(), times);
        done(clause, ledger.claim(&claim).await);
        same(clause, done(clause, ledger.get(id).await).map(|e| e.caller), Some(caller.clone()));
        ids.push((id, caller));
    }
    if ledgers.reach() == Reach::Restarts {
        drop(ledger);
        let ledger = ledgers.again(NOW).await;
        for (id, caller) in ids {
            same(clause, done(clause, ledger.get(id).await).map(|e| e.caller), Some(caller));
        }
    }
}
