//! Once: the replay guard, and the gate in front of it.

use std::sync::{Arc, Barrier};
use std::thread;

use countersign_ticket::{
    AgentId, Assessed, Claim, ClaimError, EffectId, Epochs, Freeze, KeyRing, MAX_SKEW, MemoryGuard,
    Refusal, ReplayGuard as _, Sealed, TenantId, Ticket, Tier, Timestamp, UserId,
};
use pollster::block_on;
use proptest::prelude::*;

use crate::common::{World, assessed, at, caller, effect, gate, jti, prepared, terms};

fn claim_at(guard: &MemoryGuard, n: u8, times: [i64; 3]) -> Result<(), ClaimError> {
    claim(guard, effect(n), Epochs::default(), times.map(at))
}

fn claim(
    guard: &MemoryGuard,
    effect: EffectId,
    epochs: Epochs,
    times: [Timestamp; 3],
) -> Result<(), ClaimError> {
    let caller = caller();
    block_on(guard.claim(&Claim::for_test(effect, jti(1), &caller, epochs, times)))
}

#[test]
fn inv_03_a_replayed_ticket_is_refused() {
    let world = World::new();
    let sealed = world.seal(prepared(1), 1, at(1));
    let ticket = sealed.ticket().as_compact().to_owned();
    assert!(world.admit(sealed, at(1)).is_ok());
    for now in [1, 2, 59] {
        let again = Sealed::new(Ticket::from_compact(ticket.clone()), prepared(1));
        assert_eq!(world.admit(again, at(now)).map(drop), Err(Refusal::Spent));
    }
    let late = Sealed::new(Ticket::from_compact(ticket), prepared(1));
    assert_eq!(world.admit(late, at(61)).map(drop), Err(Refusal::Expired));
}

#[test]
fn inv_03_a_second_ticket_for_the_same_effect_is_refused() {
    let world = World::new();
    let (first, second) = (world.seal(prepared(1), 1, at(1)), world.seal(prepared(1), 2, at(2)));
    assert_ne!(first.ticket().as_compact(), second.ticket().as_compact());
    assert!(world.admit(second, at(3)).is_ok());
    assert_eq!(world.admit(first, at(3)).map(drop), Err(Refusal::Spent));
}

#[test]
fn inv_03_of_1000_concurrent_claims_exactly_one_is_admitted() {
    let world = World::new();
    let ticket = world.seal(prepared(1), 1, at(1)).ticket().as_compact().to_owned();
    let (threads, each) = (20, 50);
    let start = Barrier::new(threads);
    let results: Vec<_> = thread::scope(|scope| {
        let run = || {
            start.wait();
            let admit = |_| {
                let sealed = Sealed::new(Ticket::from_compact(ticket.clone()), prepared(1));
                world.admit(sealed, at(2)).map(drop)
            };
            (0..each).map(admit).collect::<Vec<_>>()
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    assert_eq!(results.len(), 1_000);
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    let spent = results.iter().filter(|r| **r == Err(Refusal::Spent)).count();
    assert_eq!(spent, 999);
    assert_eq!(world.guard.len(), 1);
}

#[test]
fn inv_03_concurrent_claims_of_many_effects_never_exceed_the_capacity() {
    let guard = MemoryGuard::new(100, at(0));
    let start = Barrier::new(8);
    let admitted: usize = thread::scope(|scope| {
        let run = |thread: u8| {
            let (guard, start) = (&guard, &start);
            scope.spawn(move || {
                start.wait();
                let ids = (0..50u8)
                    .map(|n| EffectId::from_bytes([thread, n].repeat(8).try_into().unwrap()));
                let times = [at(1), at(61), at(1)];
                ids.filter(|id| claim(guard, *id, Epochs::default(), times).is_ok()).count()
            })
        };
        let handles: Vec<_> = (0..8).map(run).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).sum()
    });
    assert_eq!((admitted, guard.len()), (100, 100));
}

#[test]
fn inv_03_a_wrong_payload_does_not_spend_a_good_ticket() {
    let world = World::new();
    let sealed = world.seal(prepared(1), 1, at(1));
    let ticket = sealed.ticket().as_compact().to_owned();
    let wrong = Sealed::new(Ticket::from_compact(ticket.clone()), prepared(2));
    assert_eq!(world.admit(wrong, at(1)).map(drop), Err(Refusal::EffectMismatch));
    let garbage = world.travelled(&ticket, b"{}", &caller(), at(1));
    assert_eq!(garbage.map(drop), Err(Refusal::SealedMalformed));
    assert!(world.guard.is_empty());
    assert!(world.admit(sealed, at(1)).is_ok());
}

#[test]
fn inv_03_a_freeze_refuses_what_was_issued_before_it_and_nobody_elses() {
    let (acme, other) = (TenantId::new("acme").unwrap(), TenantId::new("other").unwrap());
    let (kim, lee) = (UserId::new("auth0|kim").unwrap(), UserId::new("auth0|lee").unwrap());
    let (planner, clerk) = (AgentId::new("planner").unwrap(), AgentId::new("clerk").unwrap());
    let mine = [
        Freeze::All,
        Freeze::Tenant(acme.clone()),
        Freeze::User(acme.clone(), kim.clone()),
        Freeze::Agent(acme.clone(), planner.clone()),
    ];
    for whose in mine {
        let world = World::new();
        let sealed = world.seal(prepared(1), 1, at(1));
        assert_eq!(block_on(world.guard.freeze(whose.clone())), Ok(1));
        assert_eq!(world.admit(sealed, at(1)).map(drop), Err(Refusal::Frozen), "{whose:?}");
        // What is issued after the freeze, with the epochs of now, goes.
        let mut terms = terms(Tier::C);
        terms.epochs = block_on(world.guard.epochs(&caller())).unwrap();
        let fresh = Assessed::new(prepared(1), caller(), terms);
        let sealed = world.issuer.issue(fresh.silently().unwrap(), jti(2), at(2)).unwrap();
        assert!(world.admit(sealed, at(2)).is_ok());
    }
    let others = [
        Freeze::Tenant(other.clone()),
        Freeze::User(acme.clone(), lee),
        Freeze::User(other.clone(), kim),
        Freeze::Agent(acme, clerk),
        Freeze::Agent(other, planner),
    ];
    let world = World::new();
    let sealed = world.seal(prepared(1), 1, at(1));
    for whose in others {
        assert_eq!(block_on(world.guard.freeze(whose)), Ok(1));
    }
    assert!(world.admit(sealed, at(1)).is_ok());
}

#[test]
fn inv_03_no_claim_stands_on_epochs_of_before_a_freeze_that_returned() {
    let guard = Arc::new(MemoryGuard::new(10_000, at(0)));
    for round in 0..50u8 {
        let before = block_on(guard.epochs(&caller())).unwrap();
        let start = Barrier::new(2);
        let late = thread::scope(|scope| {
            let freezing = scope.spawn(|| {
                start.wait();
                block_on(guard.freeze(Freeze::All)).unwrap();
                // After the freeze has returned, a ticket of before it must be dead.
                let id = EffectId::from_bytes([1, round].repeat(8).try_into().unwrap());
                claim(&guard, id, before, [at(1), at(61), at(1)])
            });
            start.wait();
            let id = EffectId::from_bytes([2, round].repeat(8).try_into().unwrap());
            let _either = claim(&guard, id, before, [at(1), at(61), at(1)]);
            freezing.join().unwrap()
        });
        assert_eq!(late, Err(ClaimError::Frozen));
    }
}

#[test]
fn inv_03_epochs_ahead_of_the_guard_are_frozen_too() {
    let guard = MemoryGuard::new(10, at(0));
    for epochs in [
        Epochs { all: 1, ..Epochs::default() },
        Epochs { tenant: 1, ..Epochs::default() },
        Epochs { user: 1, ..Epochs::default() },
        Epochs { agent: u32::MAX, ..Epochs::default() },
    ] {
        let claimed = claim(&guard, effect(1), epochs, [at(1), at(61), at(1)]);
        assert_eq!(claimed, Err(ClaimError::Frozen));
    }
}

#[test]
fn inv_03_a_full_guard_refuses_and_evicts_nothing_until_time_has_passed() {
    let guard = MemoryGuard::new(2, at(0));
    assert_eq!(claim_at(&guard, 1, [1, 61, 1]), Ok(()));
    assert_eq!(claim_at(&guard, 2, [1, 61, 1]), Ok(()));
    assert_eq!(claim_at(&guard, 3, [1, 61, 1]), Err(ClaimError::Full));
    assert_eq!(claim_at(&guard, 1, [1, 61, 2]), Err(ClaimError::Spent));
    assert_eq!(claim_at(&guard, 2, [1, 61, 2]), Err(ClaimError::Spent));
    assert_eq!(guard.len(), 2);
    assert_eq!(claim_at(&guard, 3, [600, 660, 600]), Ok(()));
    assert_eq!(guard.len(), 1);
    assert_eq!(claim_at(&MemoryGuard::new(0, at(0)), 1, [1, 61, 1]), Err(ClaimError::Full));
}

#[test]
fn inv_03_a_ticket_of_before_the_start_is_refused_to_the_millisecond() {
    let started = Timestamp::from_millis(at(10).millis() + 500);
    let guard = MemoryGuard::new(10, started);
    let claimed =
        |issued: Timestamp| claim(&guard, effect(1), Epochs::default(), [issued, at(60), at(11)]);
    assert_eq!(claimed(Timestamp::from_millis(started.millis() - 1)), Err(ClaimError::BeforeStart));
    assert_eq!(claimed(started), Ok(()));
}

#[test]
fn inv_03_a_restart_revives_no_ticket_of_an_issuer_whose_clock_is_ahead() {
    let world = World::new();
    let sealed = world.seal(prepared(1), 1, at(20));
    let ticket = sealed.ticket().as_compact().to_owned();
    // The gate's clock stands at 1: within the skew, but younger than a restart at 2 would be.
    assert_eq!(world.admit(sealed, at(1)).map(drop), Err(Refusal::ClockBehind));
    let restarted = Arc::new(MemoryGuard::new(10, at(2)));
    let gate = gate(KeyRing::of(world.key.as_ref()), restarted);
    let sealed = Sealed::new(Ticket::from_compact(ticket.clone()), prepared(1));
    assert!(block_on(gate.admit(sealed, &caller(), at(20))).is_ok());
    let sealed = Sealed::new(Ticket::from_compact(ticket), prepared(1));
    let again = block_on(gate.admit(sealed, &caller(), at(21)));
    assert_eq!(again.map(drop), Err(Refusal::Spent));
}

#[test]
fn inv_03_a_clock_behind_what_was_seen_is_refused() {
    let guard = MemoryGuard::new(10, at(0));
    assert_eq!(claim_at(&guard, 1, [1_000, 1_060, 1_000]), Ok(()));
    assert_eq!(claim_at(&guard, 2, [969, 1_029, 969]), Err(ClaimError::ClockBehind));
    assert_eq!(claim_at(&guard, 2, [970, 1_030, 970]), Ok(()));
    assert_eq!(
        claim_at(&MemoryGuard::new(1, at(0)), 2, [-40, 20, -31]),
        Err(ClaimError::ClockBehind)
    );
}

#[test]
fn inv_03_a_clock_that_jumps_hours_ahead_and_back_revives_nothing() {
    let guard = MemoryGuard::new(10, at(0));
    assert_eq!(claim_at(&guard, 1, [1, 301, 1]), Ok(()));
    assert_eq!(claim_at(&guard, 2, [9_000, 9_060, 9_000]), Ok(()));
    for now in [1, 2, 300, 8_969] {
        assert_eq!(claim_at(&guard, 1, [1, 301, now]), Err(ClaimError::ClockBehind));
    }
}

#[test]
fn inv_03_a_thread_that_was_halted_between_reading_the_clock_and_claiming_revives_nothing() {
    let guard = MemoryGuard::new(10, at(0));
    assert_eq!(claim_at(&guard, 1, [1, 61, 1]), Ok(()));
    // It read 2, and slept while others went on until the first claim was forgotten.
    assert_eq!(claim_at(&guard, 2, [500, 560, 500]), Ok(()));
    assert_eq!(guard.len(), 1);
    assert_eq!(claim_at(&guard, 1, [1, 61, 2]), Err(ClaimError::ClockBehind));
}

#[test]
fn inv_03_a_refused_claim_changes_nothing() {
    let guard = MemoryGuard::new(10, at(0));
    let ahead = Epochs { all: 9, ..Epochs::default() };
    let refused = claim(&guard, effect(1), ahead, [at(5_000), at(5_060), at(5_000)]);
    assert_eq!(refused, Err(ClaimError::Frozen));
    assert_eq!(claim_at(&guard, 1, [1, 400, 1]), Err(ClaimError::TooFarAhead));
    assert_eq!(claim_at(&guard, 1, [1, 61, 1]), Ok(()));
}

#[test]
fn inv_03_an_expiry_beyond_the_guards_memory_is_refused() {
    let guard = MemoryGuard::new(10, at(0));
    assert_eq!(claim_at(&guard, 1, [1, 332, 1]), Err(ClaimError::TooFarAhead));
    assert_eq!(claim_at(&guard, 1, [1, i64::MAX / 4_000, 1]), Err(ClaimError::TooFarAhead));
    assert_eq!(claim_at(&guard, 1, [1, 331, 1]), Ok(()));
}

#[test]
fn inv_03_an_effect_is_remembered_to_its_last_second_wherever_a_slice_begins() {
    for start in 0..120 {
        for passed in [1, 120, 239, 240, 241, 299, 300, 329] {
            let guard = MemoryGuard::new(10, at(0));
            assert_eq!(claim_at(&guard, 1, [start, start + 330, start]), Ok(()));
            // Somebody's clock is ahead by the whole skew, and the guard forgets by that.
            let (now, ahead) = (start + passed, start + passed + MAX_SKEW);
            assert_eq!(claim_at(&guard, 2, [ahead, ahead + 60, ahead]), Ok(()));
            let again = claim_at(&guard, 1, [start, start + 330, now]);
            assert_eq!(again, Err(ClaimError::Spent), "from {start} after {passed}");
        }
    }
}

#[test]
fn inv_03_a_guard_works_at_the_ends_of_time() {
    for seconds in [i64::MIN / 1_000, -1, 0, i64::MAX / 1_000 - 400] {
        let now = Timestamp::from_seconds(seconds);
        let guard = MemoryGuard::new(10, now);
        let times = [now, now.plus_seconds(60), now];
        assert_eq!(claim(&guard, effect(1), Epochs::default(), times), Ok(()));
        assert_eq!(claim(&guard, effect(1), Epochs::default(), times), Err(ClaimError::Spent));
    }
}

proptest! {
    /// Whatever the clock does within the skew, and however the claims fall into slices.
    #[test]
    fn inv_03_an_effect_is_remembered_until_every_ticket_for_it_is_dead(
        steps in prop::collection::vec((0i64..150, 0i64..=MAX_SKEW, 0u8..4, 1i64..=300, 0i64..300), 1..80)
    ) {
        let guard = MemoryGuard::new(1_000, at(-1_000));
        let mut spent: Vec<(u8, i64)> = Vec::new();
        let mut base = 0;
        for (passed, behind, n, lifetime, age) in steps {
            base += passed;
            let now = base - behind;
            let issued = now - age.min(lifetime - 1);
            let expires = issued + lifetime;
            if claim_at(&guard, n, [issued, expires, now]).is_ok() {
                for (_, dead) in spent.iter().filter(|(other, _)| *other == n) {
                    prop_assert!(now >= *dead, "claimed again at {now}, alive until {dead}");
                }
                spent.push((n, expires));
            }
        }
    }
}

#[test]
fn inv_03_cloning_what_was_assessed_gives_no_second_effect() {
    let world = World::new();
    let assessed = assessed(prepared(1), Tier::C);
    let (one, two) = (assessed.clone().silently().unwrap(), assessed.silently().unwrap());
    let first = world.issuer.issue(one, jti(1), at(1)).unwrap();
    let second = world.issuer.issue(two, jti(2), at(1)).unwrap();
    assert!(world.admit(first, at(1)).is_ok());
    assert_eq!(world.admit(second, at(1)).map(drop), Err(Refusal::Spent));
}
