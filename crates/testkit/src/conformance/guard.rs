//! [`ReplayGuard`]: once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_core::{AgentId, Caller, EffectId, TenantId, Timestamp, UserId};
use countersign_ticket::{Claim, ClaimError, Epochs, Freeze, MAX_LIFETIME, MAX_SKEW, ReplayGuard};

use super::{broken, done, holds, race, same};
use crate::fixtures::{NOW, caller, caller_of, effect, jti};

/// How far the memory of a guard reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// One process, which forgets when it ends.
    Process,
    /// One process at a time; what was claimed is still known after a restart.
    Restarts,
    /// Many processes at a time.
    Shared,
}

/// Makes the guards under test.
#[async_trait]
pub trait Guards: Sync {
    /// A guard on an empty store, started at a time, with room for at least 2,000 claims.
    async fn fresh(&self, started: Timestamp) -> Arc<dyn ReplayGuard>;

    /// Another guard, started at a time, on the store of the last fresh one, which was dropped unless
    /// the reach is [`Reach::Shared`]. With [`Reach::Process`] this is a fresh one.
    async fn again(&self, started: Timestamp) -> Arc<dyn ReplayGuard>;

    /// How far their memory reaches.
    fn reach(&self) -> Reach;

    /// How many claims fit, if there is a bound.
    fn capacity(&self) -> Option<usize>;
}

/// Whether a caller is among the frozen.
type Named = fn(&Caller) -> bool;

type Claimed = Result<(), ClaimError>;

/// Claims with a new ticket.
async fn claim_at(
    guard: &dyn ReplayGuard,
    effect: EffectId,
    epochs: Epochs,
    times: [Timestamp; 3],
) -> Claimed {
    let caller = caller();
    guard.claim(&Claim::for_test(effect, jti(), &caller, epochs, times)).await
}

/// Claims with a new ticket that was issued at a time, for a minute, and is used at once.
async fn claim(guard: &dyn ReplayGuard, effect: EffectId, at: Timestamp) -> Claimed {
    claim_at(guard, effect, Epochs::default(), [at, at.plus_seconds(60), at]).await
}

/// Runs every clause.
pub async fn all(guards: &dyn Guards) {
    claims_an_effect_once(guards).await;
    refuses_a_second_ticket_for_the_same_effect(guards).await;
    tells_effects_apart(guards).await;
    lets_one_of_a_thousand_through(guards).await;
    lets_a_thousand_effects_through(guards).await;
    compares_the_epochs(guards).await;
    freezes_exactly_those(guards).await;
    lets_nothing_through_after_a_freeze(guards).await;
    counts_every_freeze(guards).await;
    changes_nothing_when_it_refuses(guards).await;
    refuses_what_expires_too_late(guards).await;
    refuses_when_the_clock_stands_behind(guards).await;
    knows_what_came_before_its_start(guards).await;
    is_not_fooled_by_a_restart(guards).await;
    evicts_nothing(guards).await;
    holds_at_the_ends_of_time(guards).await;
}

/// The first claim of an effect succeeds, every further one is [`ClaimError::Spent`].
pub async fn claims_an_effect_once(guards: &dyn Guards) {
    let clause = "ReplayGuard: an effect is claimed at most once";
    let guard = guards.fresh(NOW).await;
    for _ in 0..100 {
        let effect = effect();
        let (caller, jti) = (caller(), jti());
        let times = [NOW, NOW.plus_seconds(60), NOW];
        let ticket = Claim::for_test(effect, jti, &caller, Epochs::default(), times);
        done("ReplayGuard: a fresh effect can be claimed", guard.claim(&ticket).await);
        for _ in 0..3 {
            same(clause, guard.claim(&ticket).await, Err(ClaimError::Spent));
        }
    }
}

/// A second ticket for a claimed effect is refused until the first one's expiry plus skew, wherever
/// within its lifetime (and the skew before it) the first was used.
pub async fn refuses_a_second_ticket_for_the_same_effect(guards: &dyn Guards) {
    let clause = "ReplayGuard: a second ticket for an effect is refused until expiry plus skew";
    for offset in [0, 1, 29, 59, 60, 61, 90, 119] {
        for used in [-MAX_SKEW, 0, 1, 150, MAX_LIFETIME - 1] {
            let issued = NOW.plus_seconds(offset);
            let guard = guards.fresh(issued.plus_seconds(-2 * MAX_SKEW)).await;
            let expires = issued.plus_seconds(MAX_LIFETIME);
            let effect = effect();
            let first = [issued, expires, issued.plus_seconds(used)];
            let claimed = claim_at(guard.as_ref(), effect, Epochs::default(), first).await;
            if used < 0 && claimed == Err(ClaimError::ClockBehind) {
                // See `is_not_fooled_by_a_restart`.
                let seen = claim(guard.as_ref(), effect, issued).await;
                done("ReplayGuard: a refused claim changes nothing", seen);
                continue;
            }
            done("ReplayGuard: a ticket can be used anywhere within its lifetime", claimed);
            for later in (used..=MAX_LIFETIME + MAX_SKEW).step_by(10) {
                let now = issued.plus_seconds(later);
                let seen = claim(guard.as_ref(), effect, now).await;
                same(clause, (used, later, seen), (used, later, Err(ClaimError::Spent)));
            }
            let last = claim(guard.as_ref(), effect, expires.plus_seconds(MAX_SKEW)).await;
            same(clause, last, Err(ClaimError::Spent));
        }
    }
}

/// Effects whose ids differ in one bit are two effects.
pub async fn tells_effects_apart(guards: &dyn Guards) {
    let clause = "ReplayGuard: effects are told apart by all 128 bits";
    let guard = guards.fresh(NOW).await;
    let first = effect();
    done(clause, claim(guard.as_ref(), first, NOW).await);
    for at in 0..16 {
        for bit in 0..8u8 {
            let mut bytes = *first.as_bytes();
            for byte in bytes.iter_mut().skip(at).take(1) {
                *byte ^= 1 << bit;
            }
            done(clause, claim(guard.as_ref(), EffectId::from_bytes(bytes), NOW).await);
        }
    }
}

/// Of a thousand that claim one effect at the same time exactly one gets it; where the store is
/// shared, through two guards.
pub async fn lets_one_of_a_thousand_through(guards: &dyn Guards) {
    let clause = "ReplayGuard: of a thousand claims of one effect at a time exactly one succeeds";
    let one = guards.fresh(NOW).await;
    let other = match guards.reach() {
        Reach::Shared => guards.again(NOW).await,
        Reach::Process | Reach::Restarts => Arc::clone(&one),
    };
    for _ in 0..5 {
        let effect = effect();
        let results = race(1_000, |n| {
            let guard = Arc::clone(if n % 2 == 0 { &one } else { &other });
            async move { claim(guard.as_ref(), effect, NOW).await }
        });
        let results = results.await;
        same(clause, results.iter().filter(|r| r.is_ok()).count(), 1);
        let spent = results.iter().filter(|r| **r == Err(ClaimError::Spent)).count();
        same("ReplayGuard: whoever loses a race is told that it is spent", spent, 999);
    }
}

/// A thousand different effects claimed at the same time are all claimed.
pub async fn lets_a_thousand_effects_through(guards: &dyn Guards) {
    let clause = "ReplayGuard: different effects do not stand in each other's way";
    let guard = guards.fresh(NOW).await;
    let results = race(1_000, |_| {
        let guard = Arc::clone(&guard);
        async move { claim(guard.as_ref(), effect(), NOW).await }
    });
    for result in results.await {
        done(clause, result);
    }
}

/// A claim whose epochs are not exactly those that hold is refused, whichever of the four it is and
/// whether it lies behind or ahead.
pub async fn compares_the_epochs(guards: &dyn Guards) {
    let clause = "ReplayGuard: a claim with other epochs than those that hold is frozen";
    let guard = guards.fresh(NOW).await;
    for whose in Freeze::of(&caller()) {
        done(clause, guard.freeze(whose).await);
    }
    let hold = Epochs { all: 1, tenant: 1, user: 1, agent: 1 };
    same(
        "ReplayGuard: the epochs are those that were frozen to",
        guard.epochs(&caller()).await,
        Ok(hold),
    );
    let times = [NOW, NOW.plus_seconds(60), NOW];
    for wrong in [0, 2, u32::MAX] {
        for epochs in [
            Epochs { all: wrong, ..hold },
            Epochs { tenant: wrong, ..hold },
            Epochs { user: wrong, ..hold },
            Epochs { agent: wrong, ..hold },
        ] {
            let effect = effect();
            let seen = claim_at(guard.as_ref(), effect, epochs, times).await;
            same(clause, (epochs, seen), (epochs, Err(ClaimError::Frozen)));
            let right = claim_at(guard.as_ref(), effect, hold, times).await;
            done("ReplayGuard: a refused claim changes nothing", right);
        }
    }
}

/// Freezing all, a tenant, a user or an agent freezes exactly those: the same name of a user or an
/// agent in another tenant is somebody else.
pub async fn freezes_exactly_those(guards: &dyn Guards) {
    let clause = "ReplayGuard: a freeze freezes exactly those that it names";
    let guard = guards.fresh(NOW).await;
    let mut callers = Vec::new();
    for tenant in ["acme", "umbrella"] {
        for user in ["auth0|u1", "auth0|u2"] {
            for agent in ["planner", "mailer", "auth0|u1"] {
                for session in ["s-1", "s-2"] {
                    callers.push(caller_of(tenant, user, agent, session));
                }
            }
        }
    }
    let (tenant, user) = (TenantId::new("acme"), UserId::new("auth0|u1"));
    let agent = done(clause, AgentId::new("planner"));
    let (tenant, user) = (done(clause, tenant), done(clause, user));
    let freezes: [(Freeze, Named); 5] = [
        (Freeze::User(tenant.clone(), user), |c| {
            c.tenant().as_str() == "acme" && c.user().as_str() == "auth0|u1"
        }),
        (Freeze::Agent(tenant.clone(), agent), |c| {
            c.tenant().as_str() == "acme" && c.agent().as_str() == "planner"
        }),
        (Freeze::Tenant(tenant.clone()), |c| c.tenant().as_str() == "acme"),
        (Freeze::All, |_| true),
        (Freeze::Tenant(tenant), |c| c.tenant().as_str() == "acme"),
    ];
    let times = [NOW, NOW.plus_seconds(60), NOW];
    for (whose, named) in freezes {
        let mut before = Vec::new();
        for caller in &callers {
            before.push(done(clause, guard.epochs(caller).await));
        }
        done(clause, guard.freeze(whose.clone()).await);
        for (caller, epochs) in callers.iter().zip(before) {
            let ticket = Claim::for_test(effect(), jti(), caller, epochs, times);
            let due = if named(caller) { Err(ClaimError::Frozen) } else { Ok(()) };
            let seen = guard.claim(&ticket).await;
            holds(clause, seen == due, format!("{whose:?} and {caller:?}: {seen:?}"));
            let now = done(clause, guard.epochs(caller).await);
            holds(clause, (now != epochs) == named(caller), format!("{whose:?}: {caller:?}"));
        }
    }
}

/// No claim that begins after `freeze` has returned goes through with the former epochs, also while
/// many claim. (Whether a claim that was under way meanwhile came before or after cannot be told
/// from outside.)
pub async fn lets_nothing_through_after_a_freeze(guards: &dyn Guards) {
    let clause = "ReplayGuard: nothing issued before a freeze goes through after it";
    for _ in 0..10 {
        let guard = guards.fresh(NOW).await;
        let frozen = Arc::new(AtomicBool::new(false));
        let results = race(100, |n| {
            let (guard, frozen) = (Arc::clone(&guard), Arc::clone(&frozen));
            async move {
                if n == 50 {
                    let freeze = guard.freeze(Freeze::All).await;
                    frozen.store(true, Ordering::SeqCst);
                    return freeze.is_ok();
                }
                for _ in 0..10 {
                    let late = frozen.load(Ordering::SeqCst);
                    let claimed = claim(guard.as_ref(), effect(), NOW).await;
                    if late && claimed != Err(ClaimError::Frozen) {
                        return false;
                    }
                    tokio::task::yield_now().await;
                }
                true
            }
        });
        holds(clause, results.await.into_iter().all(|ok| ok), "a claim went through");
    }
}

/// Every freeze moves its counter by one, also when many freeze at a time, and says where it stands.
pub async fn counts_every_freeze(guards: &dyn Guards) {
    let clause = "ReplayGuard: a freeze adds one and returns the counter";
    let guard = guards.fresh(NOW).await;
    same(clause, guard.freeze(Freeze::All).await, Ok(1));
    let results = race(99, |_| {
        let guard = Arc::clone(&guard);
        async move { guard.freeze(Freeze::All).await }
    });
    let mut seen: Vec<u32> = results.await.into_iter().map(|r| done(clause, r)).collect();
    seen.sort_unstable();
    same(clause, seen, (2..=100).collect());
    let epochs = done(clause, guard.epochs(&caller()).await);
    same(clause, epochs, Epochs { all: 100, ..Epochs::default() });
}

/// A claim that was refused does not spend the effect and takes up no room.
pub async fn changes_nothing_when_it_refuses(guards: &dyn Guards) {
    let clause = "ReplayGuard: a refused claim changes nothing";
    let guard = guards.fresh(NOW).await;
    let stale = Epochs { user: 1, ..Epochs::default() };
    let (minute, late) = (NOW.plus_seconds(60), NOW.plus_seconds(3_600));
    let mut effects = Vec::new();
    for _ in 0..guards.capacity().unwrap_or(500) {
        let effect = effect();
        let frozen = claim_at(guard.as_ref(), effect, stale, [NOW, minute, NOW]).await;
        let far = claim_at(guard.as_ref(), effect, Epochs::default(), [NOW, late, NOW]).await;
        holds(clause, frozen.is_err() && far.is_err(), "a claim to be refused went through");
        effects.push(effect);
    }
    for effect in effects {
        done(clause, claim(guard.as_ref(), effect, NOW).await);
    }
}

/// A ticket that expires later than any ticket may is [`ClaimError::TooFarAhead`]; the latest that
/// may be is not.
pub async fn refuses_what_expires_too_late(guards: &dyn Guards) {
    let clause = "ReplayGuard: an expiry further ahead than lifetime plus skew is refused";
    let guard = guards.fresh(NOW).await;
    let limit = MAX_LIFETIME + MAX_SKEW;
    for ahead in [limit + 1, limit + 60, 86_400, i64::MAX] {
        let effect = effect();
        let times = [NOW, NOW.plus_seconds(ahead), NOW];
        let seen = claim_at(guard.as_ref(), effect, Epochs::default(), times).await;
        same(clause, (ahead, seen), (ahead, Err(ClaimError::TooFarAhead)));
        done(
            "ReplayGuard: a refused claim changes nothing",
            claim(guard.as_ref(), effect, NOW).await,
        );
    }
    let times = [NOW, NOW.plus_seconds(limit), NOW];
    let seen = claim_at(guard.as_ref(), effect(), Epochs::default(), times).await;
    done("ReplayGuard: an expiry of lifetime plus skew is accepted", seen);
}

/// A clock that stands further behind than the skew, measured by what the guard has seen, is
/// [`ClaimError::ClockBehind`]: under it a forgotten ticket would be young again.
pub async fn refuses_when_the_clock_stands_behind(guards: &dyn Guards) {
    let clause = "ReplayGuard: a clock that went back is refused";
    let guard = guards.fresh(NOW).await;
    let later = NOW.plus_seconds(1_000);
    done(clause, claim(guard.as_ref(), effect(), later).await);
    for behind in [MAX_SKEW + 1, MAX_SKEW + 60, 1_000] {
        let effect = effect();
        let seen = claim(guard.as_ref(), effect, later.plus_seconds(-behind)).await;
        same(clause, (behind, seen), (behind, Err(ClaimError::ClockBehind)));
        done(
            "ReplayGuard: a refused claim changes nothing",
            claim(guard.as_ref(), effect, later).await,
        );
    }
    let seen = claim(guard.as_ref(), effect(), later.plus_seconds(-MAX_SKEW)).await;
    done("ReplayGuard: clocks may disagree by the skew", seen);
}

/// A guard that forgets refuses what was issued before its start; one that does not still knows what
/// was claimed and frozen.
pub async fn knows_what_came_before_its_start(guards: &dyn Guards) {
    let (spent, open) = (effect(), effect());
    let restart = NOW.plus_seconds(10);
    let before = [NOW, NOW.plus_seconds(60), restart];
    let none = Epochs::default();
    let first = guards.fresh(NOW).await;
    done("ReplayGuard: a fresh effect can be claimed", claim(first.as_ref(), spent, NOW).await);
    match guards.reach() {
        Reach::Process => {
            let clause = "ReplayGuard: a guard that forgets refuses tickets from before its start";
            drop(first);
            let guard = guards.again(restart).await;
            for effect in [spent, open] {
                let seen = claim_at(guard.as_ref(), effect, none, before).await;
                same(clause, seen, Err(ClaimError::BeforeStart));
            }
            let just =
                [Timestamp::from_millis(restart.millis() - 1), NOW.plus_seconds(60), restart];
            let seen = claim_at(guard.as_ref(), open, none, just).await;
            same(clause, seen, Err(ClaimError::BeforeStart));
            let seen = claim(guard.as_ref(), open, restart).await;
            done("ReplayGuard: a ticket issued at the start is accepted", seen);
        }
        reach @ (Reach::Restarts | Reach::Shared) => {
            let clause = "ReplayGuard: what was claimed and frozen is known after a restart";
            if reach == Reach::Restarts {
                drop(first);
            }
            let guard = guards.again(restart).await;
            let seen = claim_at(guard.as_ref(), spent, none, before).await;
            same(clause, seen, Err(ClaimError::Spent));
            let seen = claim_at(guard.as_ref(), open, none, before).await;
            done("ReplayGuard: a ticket from before a restart is good after it", seen);
            done(clause, guard.freeze(Freeze::All).await);
            drop(guard);
            let guard = guards.again(restart).await;
            let epochs = done(clause, guard.epochs(&caller()).await);
            same(clause, epochs, Epochs { all: 1, ..none });
            let seen = claim_at(guard.as_ref(), effect(), none, before).await;
            same(clause, seen, Err(ClaimError::Frozen));
        }
    }
}

/// A ticket that was claimed before a restart is not claimed after it, also where its issuer's clock
/// was ahead: to a guard that forgets, a ticket from the future would be younger than the guard's
/// start.
pub async fn is_not_fooled_by_a_restart(guards: &dyn Guards) {
    let clause = "ReplayGuard: no ticket is claimed both before and after a restart";
    for ahead in [0, 1, MAX_SKEW / 2, MAX_SKEW] {
        for restart in [1, MAX_SKEW - 1, MAX_SKEW, MAX_SKEW + 1, 2 * MAX_SKEW] {
            let (issued, effect) = (NOW.plus_seconds(ahead), effect());
            let expires = issued.plus_seconds(MAX_LIFETIME);
            let first = guards.fresh(NOW.plus_seconds(-60)).await;
            let times = [issued, expires, NOW];
            let before = claim_at(first.as_ref(), effect, Epochs::default(), times).await;
            if guards.reach() != Reach::Shared {
                drop(first);
            }
            let started = NOW.plus_seconds(restart);
            let second = guards.again(started).await;
            for later in [0, 1, MAX_SKEW, 2 * MAX_SKEW] {
                let times = [issued, expires, started.plus_seconds(later)];
                let after = claim_at(second.as_ref(), effect, Epochs::default(), times).await;
                let twice = before.is_ok() && after.is_ok();
                holds(clause, !twice, format!("issued {ahead} s ahead, started after {restart} s"));
            }
        }
    }
}

/// Nothing is evicted to make room: a full guard says [`ClaimError::Full`], and what it holds stays.
pub async fn evicts_nothing(guards: &dyn Guards) {
    let clause = "ReplayGuard: nothing is evicted to make room";
    let guard = guards.fresh(NOW).await;
    let fits = guards.capacity().unwrap_or(5_000);
    let mut held = Vec::new();
    for _ in 0..fits {
        let effect = effect();
        done(
            "ReplayGuard: as many claims fit as are stated",
            claim(guard.as_ref(), effect, NOW).await,
        );
        held.push(effect);
    }
    let mut refused = Vec::new();
    if guards.capacity().is_some() {
        for _ in 0..20 {
            let effect = effect();
            let seen = claim(guard.as_ref(), effect, NOW).await;
            same("ReplayGuard: full is an error", seen, Err(ClaimError::Full));
            refused.push(effect);
        }
    }
    for effect in held {
        let seen = claim(guard.as_ref(), effect, NOW).await;
        holds(clause, seen.is_err(), "a claimed effect was claimed again");
    }
    for effect in refused {
        let seen = claim(guard.as_ref(), effect, NOW).await;
        holds("ReplayGuard: full is an error", seen.is_err(), "it was full a moment ago");
    }
}

/// Times at the ends of the range neither panic nor let an effect through twice.
pub async fn holds_at_the_ends_of_time(guards: &dyn Guards) {
    let clause = "ReplayGuard: an effect is claimed at most once, at the ends of time too";
    let ends = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
    let ends = ends.map(Timestamp::from_millis);
    for started in [Timestamp::from_millis(i64::MIN), NOW] {
        for now in ends {
            let guard = guards.fresh(started).await;
            for issued in ends {
                for expires in ends {
                    let effect = effect();
                    let times = [issued, expires, now];
                    let first = claim_at(guard.as_ref(), effect, Epochs::default(), times).await;
                    let second = claim_at(guard.as_ref(), effect, Epochs::default(), times).await;
                    if first.is_ok() && second.is_ok() {
                        broken(clause, format!("twice with {times:?}"));
                    }
                }
            }
        }
    }
}
