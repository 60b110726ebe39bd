//! What must hold whichever thread goes on.

use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

use crate::caller::Caller;
use crate::guard::{Claim, ClaimError, Epochs, Freeze, ReplayGuard as _};
use crate::id::{AgentId, EffectId, Jti, SessionId, TenantId, Timestamp, UserId};
use crate::memory::MemoryGuard;

/// How many random schedules of each property.
const SCHEDULES: usize = 600;

pub(crate) const ALL: &[(&str, fn())] = &[
    ("inv_03_the_guard_runs_on_shuttles_locks", on_shuttles_locks),
    ("inv_03_in_every_schedule_of_two_claims_of_an_effect_one_succeeds", two_claims),
    ("inv_03_of_three_claims_of_an_effect_one_succeeds", three_claims),
    ("inv_03_nothing_is_claimed_once_a_freeze_has_returned", claims_and_a_freeze),
    ("inv_03_the_capacity_is_never_exceeded", capacity),
    ("inv_03_a_clock_that_moves_on_elsewhere_revives_no_effect", a_moving_clock),
    ("inv_03_forgetting_loses_no_count", forgetting),
    ("inv_03_what_is_too_old_is_forgotten_in_every_shard", forgetting_in_shards),
];

fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("acme").unwrap(),
        UserId::new("auth0|kim").unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s-1").unwrap(),
    )
}

/// Small guards have one shard.
fn effect(first: u8, last: u8) -> EffectId {
    let mut bytes = [first; 16];
    bytes[15] = last;
    EffectId::from_bytes(bytes)
}

fn claim(guard: &MemoryGuard, effect: EffectId, times: [i64; 3]) -> Result<(), ClaimError> {
    let (caller, jti) = (caller(), Jti::from_random([1; 16]));
    let times = times.map(Timestamp::from_seconds);
    let claim = Claim::for_test(effect, jti, &caller, Epochs::default(), times);
    pollster::block_on(guard.claim(&claim))
}

fn guard(capacity: usize) -> Arc<MemoryGuard> {
    Arc::new(MemoryGuard::new(capacity, Timestamp::from_seconds(0)))
}

fn spawn<T: Send + 'static>(
    guard: &Arc<MemoryGuard>,
    run: impl FnOnce(&MemoryGuard) -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let guard = Arc::clone(guard);
    thread::spawn(move || run(&guard))
}

/// Random schedules, and such in which few changes of threads are put at the worst places.
fn many(property: impl Fn() + Copy + Send + Sync + 'static) {
    shuttle::check_random(property, SCHEDULES);
    shuttle::check_pct(property, SCHEDULES, 3);
}

/// With the standard library's locks all of this would prove nothing.
fn on_shuttles_locks() {
    static SEEN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let schedules = || {
        SEEN.fetch_add(1, Ordering::SeqCst);
        let guard = guard(2);
        let others =
            [1, 3].map(|n| spawn(&guard, move |guard| claim(guard, effect(1, n), [1, 61, 1])));
        assert!([Ok(()), Err(ClaimError::Full)].contains(&claim(&guard, effect(1, 2), [1, 61, 1])));
        let claimed =
            others.map(|other| other.join().unwrap()).iter().filter(|r| r.is_ok()).count();
        assert!((1..=2).contains(&claimed));
    };
    shuttle::check_dfs(schedules, Some(100_000));
    let seen = SEEN.load(Ordering::SeqCst);
    println!("{seen} schedules of three claims of three effects in one shard");
    assert!(seen > 50, "the guard hides its locks from shuttle");
}

fn two_claims() {
    shuttle::check_dfs(
        || {
            let guard = guard(10);
            let run = |guard: &MemoryGuard| claim(guard, effect(1, 1), [1, 61, 1]);
            let (one, other) = (spawn(&guard, run), spawn(&guard, run));
            let results = [one.join().unwrap(), other.join().unwrap()];
            let expected = [Ok(()), Err(ClaimError::Spent)];
            assert!(results == expected || [results[1], results[0]] == expected, "{results:?}");
            assert_eq!(guard.len(), 1);
        },
        Some(10_000),
    );
}

fn three_claims() {
    many(|| {
        let guard = guard(10);
        let run = |now: i64| spawn(&guard, move |guard| claim(guard, effect(1, 1), [1, 61, now]));
        let results = [run(1), run(2), run(31)].map(|thread| thread.join().unwrap());
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().filter_map(|result| result.err()).all(|e| e == ClaimError::Spent));
        assert_eq!(guard.len(), 1);
    });
}

fn claims_and_a_freeze() {
    many(|| {
        let guard = guard(10);
        let frozen = Arc::new(AtomicUsize::new(0));
        let claims: Vec<_> = (1..4)
            .map(|n| {
                let frozen = Arc::clone(&frozen);
                spawn(&guard, move |guard| {
                    let before = frozen.load(Ordering::SeqCst);
                    let result = claim(guard, effect(n / 2, n), [1, 61, 1]);
                    assert!(before == 0 || result == Err(ClaimError::Frozen), "{result:?}");
                    result
                })
            })
            .collect();
        let freeze = spawn(&guard, move |guard| {
            assert_eq!(pollster::block_on(guard.freeze(Freeze::All)), Ok(1));
            frozen.store(1, Ordering::SeqCst);
            // What is claimed now stays all that ever was.
            guard.len()
        });
        let results: Vec<_> = claims.into_iter().map(|claim| claim.join().unwrap()).collect();
        let claimed = freeze.join().unwrap();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), claimed);
        assert_eq!(guard.len(), claimed);
        assert_eq!(claim(&guard, effect(9, 9), [1, 61, 1]), Err(ClaimError::Frozen));
    });
}

fn capacity() {
    many(|| {
        let guard = guard(2);
        let run = |n: u8| spawn(&guard, move |guard| claim(guard, effect(n / 2, n), [1, 61, 1]));
        let watch = spawn(&guard, MemoryGuard::len);
        let results = [run(1), run(2), run(3), run(4)].map(|thread| thread.join().unwrap());
        assert!(watch.join().unwrap() <= 2);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2, "{results:?}");
        assert!(results.iter().filter_map(|result| result.err()).all(|e| e == ClaimError::Full));
        assert_eq!(guard.len(), 2);
    });
}

fn a_moving_clock() {
    many(|| {
        let guard = guard(10);
        claim(&guard, effect(1, 1), [1, 301, 1]).unwrap();
        // Elsewhere time goes on until the claim is forgotten: in its own shard, and in another.
        let other = spawn(&guard, |guard| claim(guard, effect(1, 2), [900, 960, 900]));
        let third = spawn(&guard, |guard| claim(guard, effect(2, 3), [600, 660, 600]));
        let again = [2, 300]
            .map(|now| spawn(&guard, move |guard| claim(guard, effect(1, 1), [1, 301, now])));
        for again in again {
            let again = again.join().unwrap();
            let refused = [ClaimError::Spent, ClaimError::ClockBehind];
            assert!(again.is_err_and(|error| refused.contains(&error)), "{again:?}");
        }
        other.join().unwrap().unwrap();
        let third = third.join().unwrap();
        assert!(third.is_ok() || third == Err(ClaimError::ClockBehind), "{third:?}");
    });
}

fn forgetting() {
    many(|| {
        let guard = guard(2);
        claim(&guard, effect(1, 1), [1, 61, 1]).unwrap();
        claim(&guard, effect(2, 2), [1, 61, 1]).unwrap();
        // Full, and everything in it too old: each of these makes room, and none makes too much.
        let run = |n: u8| spawn(&guard, move |guard| claim(guard, effect(n, n), [900, 960, 900]));
        let results = [run(1), run(2), run(3)].map(|thread| thread.join().unwrap());
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2, "{results:?}");
        assert!(results.iter().filter_map(|result| result.err()).all(|e| e == ClaimError::Full));
        assert_eq!(guard.len(), 2);
    });
}

/// Two shards, full of what is too old two claims later.
fn forgetting_in_shards() {
    fn effect(n: u16, shard: u8) -> EffectId {
        let mut bytes = [shard; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        EffectId::from_bytes(bytes)
    }
    const CAPACITY: u16 = 12;
    let schedules = || {
        let guard = guard(CAPACITY.into());
        for n in 0..CAPACITY {
            claim(&guard, effect(n, 1), [1, 61, 1]).unwrap();
        }
        let earlier = spawn(&guard, |guard| claim(guard, effect(1, 0), [479, 539, 479]));
        let later = spawn(&guard, |guard| claim(guard, effect(2, 0), [480, 540, 480]));
        assert!(matches!(earlier.join().unwrap(), Ok(()) | Err(ClaimError::Full)));
        assert_eq!(claim(&guard, effect(3, 0), [480, 540, 480]), Ok(()));
        assert_eq!(later.join().unwrap(), Ok(()));
        assert!(guard.len() <= 3);
    };
    many(schedules);
}
