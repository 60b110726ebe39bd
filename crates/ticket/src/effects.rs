//! The claimed effects of one shard of the in-memory guard.
//!
//! Open addressing in one vector: looking an effect up touches one place in memory, where a hash map
//! touches two, and at a million live tickets that is what a claim costs.

use std::hash::{BuildHasher as _, RandomState};
use std::mem::replace;

use crate::id::EffectId;

/// An id under the key, or zero in a free slot, and the lowest byte of the number of the slice of
/// time in which it was claimed. Bytes, so that a slot has no padding.
type Slot = ([u8; 16], u8);

const FREE: [u8; 16] = [0; 16];

/// Effects, each with its slice.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    slots: Vec<Slot>,
    used: usize,
}

/// A random key that ids are covered with, so that ids which somebody chose end up no closer to each
/// other than random ones do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key(u128);

impl Key {
    pub(crate) fn random() -> Self {
        let random = RandomState::new();
        Self(u128::from(random.hash_one(0)) << 64 | u128::from(random.hash_one(1)))
    }

    fn cover(self, id: EffectId) -> [u8; 16] {
        (u128::from_be_bytes(*id.as_bytes()) ^ self.0).to_be_bytes()
    }

    /// Spreads ids over shards: by other bits than over the slots of one.
    pub(crate) fn shard(self, id: EffectId) -> usize {
        let [.., high, low] = spread(self.cover(id)).to_be_bytes();
        usize::from(u16::from_be_bytes([high, low]))
    }
}

impl Effects {
    pub(crate) const fn len(&self) -> usize {
        self.used
    }

    /// The one id in 2^128 that looks like a free slot is refused.
    pub(crate) fn contains(&self, id: EffectId, key: Key) -> bool {
        let id = key.cover(id);
        let (before, from) = self.slots.split_at(self.start(id));
        let mut taken = from.iter().chain(before).take_while(|(slot, _)| *slot != FREE);
        id == FREE || taken.any(|(slot, _)| *slot == id)
    }

    /// Adds an effect that is not there, and says if it did: whoever relies on it refuses otherwise.
    #[must_use]
    pub(crate) fn insert(&mut self, id: EffectId, slice: u8, key: Key) -> bool {
        // At least a fifth stays free: the fuller, the longer the way to a free slot.
        if self.used.saturating_add(1).saturating_mul(5) > self.slots.len().saturating_mul(4) {
            self.rebuild(self.slots.len(), |_| true);
        }
        self.place((key.cover(id), slice))
    }

    /// Forgets what was not claimed in one of the last `count` slices up to `newest`.
    pub(crate) fn keep(&mut self, newest: u8, count: u8) {
        let young = |slice: u8| newest.wrapping_sub(slice) < count;
        let left = self.slots.iter().filter(|slot| slot.0 != FREE && young(slot.1)).count();
        self.rebuild(left, young);
    }

    /// Moves to a vector with three quarters more room: at most 38 bytes for an effect.
    fn rebuild(&mut self, room: usize, keep: impl Fn(u8) -> bool) {
        let room = (room / 4).saturating_mul(7).saturating_add(4);
        let old = replace(self, Self { slots: vec![(FREE, 0); room], used: 0 });
        for slot in old.slots.into_iter().filter(|slot| slot.0 != FREE && keep(slot.1)) {
            self.place(slot);
        }
    }

    /// Puts it into the first free slot from its start on; [`Self::insert`] sees to it that there is
    /// one.
    fn place(&mut self, slot: Slot) -> bool {
        let start = self.start(slot.0);
        let (before, from) = self.slots.split_at_mut(start);
        let free = from.iter_mut().chain(before).find(|(id, _)| *id == FREE);
        let placed = free.map(|free| *free = slot).is_some();
        self.used = self.used.saturating_add(usize::from(placed));
        placed
    }

    /// Where the search for an id begins, below the number of slots.
    fn start(&self, id: [u8; 16]) -> usize {
        let scaled = u128::from(spread(id)).saturating_mul(self.slots.len() as u128);
        usize::try_from(scaled >> 64).unwrap_or_default()
    }
}

/// Both halves of an id under the key, multiplied, and the product folded.
fn spread(id: [u8; 16]) -> u64 {
    let half = |n: u128| u64::try_from(n & u128::from(u64::MAX)).unwrap_or_default();
    let id = u128::from_be_bytes(id);
    let product = u128::from(half(id >> 64)).wrapping_mul(u128::from(half(id)));
    half(product >> 64) ^ half(product)
}
