//! The guard in memory beside a model that never forgets.

use std::collections::HashMap;

use countersign_ticket::{
    Claim, ClaimError, EffectId, Epochs, Freeze, MemoryGuard, ReplayGuard as _, Timestamp,
};
use pollster::block_on;
use proptest::prelude::*;

use crate::common::{caller, jti};

const SLICE: i64 = 120;

#[derive(Debug, Clone)]
enum Act {
    /// Claims an effect, after so many seconds, with an age, a lifetime, and epochs behind by one.
    Claim {
        id: u8,
        passed: i64,
        age: i64,
        lifetime: i64,
        frozen: bool,
    },
    /// Claims many new effects, all of one shard or of all of them.
    Many {
        count: u16,
        one_shard: bool,
    },
    Freeze,
    Len,
}

fn act() -> impl Strategy<Value = Act> {
    let jump = prop_oneof![
        8 => -40i64..40,
        4 => 0i64..130,
        2 => 100i64..800,
        1 => (250i64..260).prop_map(|slices| slices * SLICE),
        1 => (510i64..516, -1i64..2).prop_map(|(slices, more)| slices * SLICE + more),
        1 => 0i64..1_000_000,
    ];
    prop_oneof![
        12 => (0u8..6, jump, -1i64..300, 1i64..400, prop::bool::weighted(0.05)).prop_map(
            |(id, passed, age, lifetime, frozen)| Act::Claim { id, passed, age, lifetime, frozen }
        ),
        2 => (0u16..900, any::<bool>())
            .prop_map(|(count, one_shard)| Act::Many { count, one_shard }),
        1 => Just(Act::Freeze),
        2 => Just(Act::Len),
    ]
}

/// Effects with the times by which they were claimed, and the newest of these.
struct Model {
    capacity: usize,
    started: i64,
    newest: i64,
    epoch: u32,
    claimed: HashMap<EffectId, i64>,
}

impl Model {
    fn young(&self, claimed: i64) -> bool {
        claimed.div_euclid(SLICE) > self.newest.div_euclid(SLICE) - 4
    }

    fn len(&self) -> usize {
        self.claimed.values().filter(|claimed| self.young(**claimed)).count()
    }

    fn claim(
        &mut self,
        id: EffectId,
        [issued, expires, now]: [i64; 3],
        epoch: u32,
    ) -> Result<(), ClaimError> {
        let newest = self.newest.max(now);
        let refused = [
            (newest > now + 30 || issued > now, ClaimError::ClockBehind),
            (issued < self.started, ClaimError::BeforeStart),
            (expires > newest + 330, ClaimError::TooFarAhead),
            (epoch != self.epoch, ClaimError::Frozen),
        ];
        if let Some((_, error)) = refused.into_iter().find(|(refused, _)| *refused) {
            return Err(error);
        }
        self.newest = newest;
        match self.claimed.get(&id) {
            Some(claimed) if self.young(*claimed) => return Err(ClaimError::Spent),
            _ if self.len() >= self.capacity => return Err(ClaimError::Full),
            _ => {}
        }
        self.claimed.insert(id, newest);
        Ok(())
    }
}

fn id(n: u32, shard: u16) -> EffectId {
    let mut bytes = [0; 16];
    bytes[4..8].copy_from_slice(&n.to_be_bytes());
    bytes[14..].copy_from_slice(&shard.to_be_bytes());
    EffectId::from_bytes(bytes)
}

proptest! {
    #[test]
    fn inv_03_the_guard_decides_and_counts_as_a_model_that_never_forgets(
        capacity in prop_oneof![Just(0usize), 1usize..8, 900usize..1100, 2000usize..6000, 9000usize..40_000],
        started in prop_oneof![Just(0i64), -1_000_000i64..1_000_000, Just(SLICE * 256 - 1)],
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let guard = MemoryGuard::new(capacity, Timestamp::from_seconds(started));
        let claimed = HashMap::new();
        let mut model = Model { capacity, started, newest: started, epoch: 0, claimed };
        let (mut clock, mut fresh) = (started, 1000u32);
        let caller = caller();
        let both = |id: EffectId, times: [i64; 3], epoch: u32, model: &mut Model| {
            let epochs = Epochs { all: epoch, ..Epochs::default() };
            let seconds = times.map(Timestamp::from_seconds);
            let claim = Claim::for_test(id, jti(1), &caller, epochs, seconds);
            (block_on(guard.claim(&claim)), model.claim(id, times, epoch))
        };
        for act in acts {
            match act {
                Act::Claim { id: n, passed, age, lifetime, frozen } => {
                    clock += passed;
                    let times = [clock - age, clock - age + lifetime, clock];
                    let epoch = model.epoch + u32::from(frozen);
                    let (ours, want) = both(id(n.into(), n.into()), times, epoch, &mut model);
                    prop_assert_eq!(ours, want);
                }
                Act::Many { count, one_shard } => {
                    for n in 0..count {
                        fresh += 1;
                        let shard = if one_shard { 3 } else { n };
                        let times = [clock, clock + 60, clock];
                        let (ours, want) = both(id(fresh, shard), times, model.epoch, &mut model);
                        prop_assert_eq!(ours, want);
                        if want.is_err() {
                            break;
                        }
                    }
                }
                Act::Freeze => {
                    model.epoch += 1;
                    prop_assert_eq!(block_on(guard.freeze(Freeze::All)), Ok(model.epoch));
                }
                Act::Len => prop_assert_eq!(guard.len(), model.len()),
            }
        }
        prop_assert_eq!(guard.len(), model.len());
    }
}
