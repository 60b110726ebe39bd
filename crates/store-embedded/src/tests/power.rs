//! The power goes at every moment; the process is killed at every moment; and nothing goes at all.

use std::sync::Arc;

use countersign_core::{Clock, Timestamp};
use countersign_ticket::{Claim, ClaimError, MAX_LIFETIME, ReplayGuard};
use pollster::block_on;

use super::SetClock;
use super::sim::{Dice, SimDisk};
use super::world::{World, caller, open};

/// Claims once more with a ticket that claimed, of a lifetime that has not ended.
fn replay(
    store: &crate::EmbeddedStore,
    (effect, jti, issued): (countersign_core::EffectId, countersign_core::Jti, i64),
    clock: &SetClock,
) -> Result<(), ClaimError> {
    let caller = caller();
    let epochs = block_on(store.epochs(&caller)).unwrap();
    let issued = Timestamp::from_seconds(issued);
    let times = [issued, issued.plus_seconds(MAX_LIFETIME), clock.now()];
    block_on(store.claim(&Claim::for_test(effect, jti, &caller, epochs, times)))
}

#[test]
fn inv_03_the_store_holds_what_the_model_does_through_work_space_and_restarts() {
    let mut deleted = 0;
    for seed in 0..12 {
        let mut world = World::new(seed);
        for n in 0..400 {
            world.step();
            if n % 20 == 0 {
                world.check();
            }
        }
        world.reopen();
        world.check();
        deleted += world.disk.deleted();
    }
    assert!(deleted > 30, "{deleted} segments deleted");
}

#[test]
fn inv_06_after_every_power_cut_nothing_acknowledged_is_lost_and_nothing_else_is_there() {
    let (mut cuts, mut compacted) = (0, 0);
    for seed in 100..103 {
        let mut world = World::new(seed);
        let begun = world.disk.ops();
        for _ in 0..300 {
            world.step();
        }
        compacted += world.disk.deleted();
        let mut dice = Dice(seed);
        for ops in begun..=world.disk.ops() {
            for left in world.disk.power_cuts(ops, 2, &mut dice) {
                let clock = Arc::new(SetClock::default());
                clock.set(world.now);
                let left = Arc::new(left);
                let store = open(&left, &clock)
                    .unwrap_or_else(|error| panic!("seed {seed}, {ops} operations: {error}"));
                world.check_after_power_cut(&store, ops);
                // No ticket whose claim was acknowledged, and that has not expired, claims again.
                let fresh = world.spent.iter().filter(|(_, _, issued, acknowledged)| {
                    *acknowledged <= ops && world.now - *issued < MAX_LIFETIME
                });
                for (effect, jti, issued, _) in fresh.take(5) {
                    assert!(replay(&store, (*effect, *jti, *issued), &clock).is_err());
                }
                drop(store);
                // And what it did itself is good for the next one.
                let store = open(&left, &clock).unwrap();
                world.check_after_power_cut(&store, ops);
                cuts += 1;
            }
        }
    }
    assert!(cuts > 2_000 && compacted > 3, "{cuts} power cuts, {compacted} segments deleted");
}

#[test]
fn inv_06_after_every_kill_all_that_was_handed_to_the_system_is_there() {
    // The process dies and the machine lives: the last image of the disk, as it is.
    for seed in 200..203 {
        let mut world = World::new(seed);
        for _ in 0..120 {
            world.step();
            let killed = Arc::new(world.disk.reopened());
            let clock = Arc::new(SetClock::default());
            clock.set(world.now);
            let store = open(&killed, &clock).unwrap();
            // All changes, as if each had been waited for.
            world.check_after_kill(&store);
        }
    }
}

#[test]
fn a_ticket_from_before_a_tail_was_cut_off_is_refused_and_one_from_after_it_is_not() {
    let mut world = World::new(300);
    for _ in 0..40 {
        world.step();
    }
    let left = world.disk.reopened();
    let (name, end) = last_frame(&left);
    // Of the last frame a byte is another, as if it had been on its way.
    left.meddle(&name, |bytes| bytes[end - 1] ^= 1);
    let clock = Arc::new(SetClock::default());
    clock.set(world.now + 100);
    let left = Arc::new(left);
    for _ in 0..2 {
        // It is remembered over further restarts.
        let store = open(&left, &clock).unwrap();
        let effect = countersign_core::EffectId::from_bytes([9; 16]);
        let jti = countersign_core::Jti::from_random([9; 16]);
        let before = replay(&store, (effect, jti, world.now + 99), &clock);
        assert_eq!(before, Err(ClaimError::BeforeStart));
    }
    let store = open(&left, &clock).unwrap();
    let effect = countersign_core::EffectId::from_bytes([9; 16]);
    let jti = countersign_core::Jti::from_random([9; 16]);
    assert_eq!(replay(&store, (effect, jti, world.now + 100), &clock), Ok(()));
}

/// The name of the newest segment, and where its last byte that is not zero ends.
fn last_frame(disk: &SimDisk) -> (String, usize) {
    let logs = disk.contents().into_iter().filter(|(name, _)| crate::log::number(name).is_some());
    // But for one that was made ready.
    let (name, bytes) =
        logs.filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0)).max().unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    (name, end)
}
