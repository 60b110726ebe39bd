//! The claimed effects of one shard of the in-memory guard.
//!
//! Open addressing over lines of memory: a claim looks at one of them, and at a million live tickets
//! that is what it costs. An effect takes eight bytes, so that few pages hold them all. A line forgets
//! when it is looked at, and a counter for each slice of time says how many are remembered, so that
//! no claim waits for the forgetting of others.

use std::hash::{BuildHasher as _, RandomState};

use crate::id::EffectId;

/// Slices of time in which an effect is remembered, the one in which it was claimed among them.
pub(crate) const SLICES: u32 = 4;

/// What is remembered of an effect: 61 bits of its id's hash, a one, and the lowest two bits of the
/// number of the slice in which it was claimed.
///
/// Two effects that share these 61 bits are taken for one: the second is refused. With a million alive
/// that happens to one claim in two million millions; nothing is admitted twice for it.
pub(crate) type Effect = u64;

const FREE: Effect = 0;
const TAKEN: Effect = 0b100;
const SLICE: Effect = 0b011;

/// A random key of the hash, so that ids which somebody chose end up no closer to each other than
/// random ones do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key(u128);

impl Key {
    pub(crate) fn random() -> Self {
        let random = RandomState::new();
        Self(u128::from(random.hash_one(0)) << 64 | u128::from(random.hash_one(1)))
    }

    /// Both halves of the id under the key, multiplied, and the product folded.
    pub(crate) fn effect(self, id: EffectId) -> Effect {
        let half = |n: u128| u64::try_from(n & u128::from(u64::MAX)).unwrap_or_default();
        let id = u128::from_be_bytes(*id.as_bytes()) ^ self.0;
        let product = u128::from(half(id >> 64)).wrapping_mul(u128::from(half(id)));
        (half(product >> 64) ^ half(product)) & !SLICE | TAKEN
    }
}

/// What the processor fetches at once.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line {
    slots: [Effect; 7],
    /// The newest slice in which it was looked at.
    slice: u32,
    /// Up to this slice an effect that belongs here may be behind it.
    over: u32,
}

impl Line {
    /// Forgets what is too old in a slice.
    fn advance(&mut self, slice: u32) {
        if self.slice < slice {
            let old = |slot: &&mut Effect| gone(**slot, self.slice, slice);
            self.slots.iter_mut().filter(old).for_each(|slot| *slot = FREE);
            self.slice = slice;
        }
    }
}

/// Whether what was claimed in the last four slices up to an old one is forgotten in a new one, by the
/// lowest two bits of its slice: each slice takes the place of the fourth before it.
fn gone(claimed: Effect, old: u32, new: u32) -> bool {
    claimed.wrapping_sub(old.into()).wrapping_sub(1) & SLICE < new.saturating_sub(old).into()
}

/// Effects, each with its slice.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    lines: Box<[Line]>,
    /// The newest slice, and how many are remembered of it and of the three before it, by the lowest
    /// two bits of their numbers.
    slice: u32,
    counts: [u32; 4],
}

impl Effects {
    /// Moves on to a slice, and says how many effects are forgotten by that.
    pub(crate) fn advance(&mut self, slice: u32) -> usize {
        let counts = (0..).zip(&mut self.counts);
        let old = counts.filter(|(claimed, _)| gone(*claimed, self.slice, slice));
        let forgotten = old.map(|(_, count)| std::mem::take(count)).sum::<u32>();
        self.slice = self.slice.max(slice);
        forgotten as usize
    }

    /// Claims an effect in the newest slice, and says if there was room; nothing if it is remembered.
    pub(crate) fn claim(&mut self, effect: Effect, room: impl FnOnce() -> bool) -> Option<bool> {
        let used = self.counts.iter().sum::<u32>() as usize;
        let lines = |sixteenths: usize| (used.saturating_mul(sixteenths) / 16).saturating_add(2);
        // Up to four fifths are taken: the fuller, the more often a second line is looked at.
        if used.saturating_mul(5) >= self.lines.len().saturating_mul(28)
            || self.lines.len() > lines(10)
        {
            // A third of a line for each, more or less by chance, or all shards would grow at a time.
            self.rebuild(lines(if effect & 1 << 40 == 0 { 5 } else { 6 }));
        }
        let slot = search(&mut self.lines, effect, self.slice)?;
        let slice = Effect::from(self.slice) & SLICE;
        let count = (0..).zip(&mut self.counts).find(|(number, _)| *number == slice)?.1;
        let room = room();
        if room {
            (*count, *slot) = (count.saturating_add(1), effect | slice);
        }
        Some(room)
    }

    /// Moves to so many lines.
    fn rebuild(&mut self, lines: usize) {
        let mut lines = vec![Line::default(); lines].into_boxed_slice();
        for line in &self.lines {
            let young = |slot: &&Effect| **slot != FREE && !gone(**slot, line.slice, self.slice);
            for slot in line.slots.iter().filter(young) {
                *search(&mut lines, slot & !SLICE, self.slice).unwrap_or(&mut 0) = *slot;
            }
        }
        self.lines = lines;
    }
}

/// The first free slot for an effect that is not there, from its line on.
fn search(lines: &mut [Line], effect: Effect, slice: u32) -> Option<&mut Effect> {
    let scaled = u128::from(effect).saturating_mul(lines.len() as u128);
    let (before, from) = lines.split_at_mut(usize::try_from(scaled >> 64).ok()?);
    let mut free = None;
    for line in from.iter_mut().chain(before) {
        line.advance(slice);
        if line.slots.iter().any(|slot| slot & !SLICE == effect) {
            return None;
        }
        free = free.or(line.slots.iter_mut().find(|slot| **slot == FREE));
        if free.is_none() {
            line.over = slice.saturating_add(SLICES);
        } else if line.over <= slice {
            break;
        }
    }
    free
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn both_halves_of_a_key_are_random() {
        let [one, other] = [Key::random().0, Key::random().0];
        for half in [0, 64] {
            assert_ne!(
                (one >> half) & u128::from(u64::MAX),
                (other >> half) & u128::from(u64::MAX)
            );
        }
    }

    /// An effect whose search begins at so many 256ths of the lines.
    const fn effect(start: u8, number: u16) -> Effect {
        (start as Effect) << 56 | (number as Effect) << 3 | TAKEN
    }

    fn claim(effects: &mut Effects, effect: Effect) -> bool {
        effects.claim(effect, || true) == Some(true)
    }

    fn remembered(effects: &Effects) -> u32 {
        effects.counts.iter().sum()
    }

    #[test]
    fn inv_03_an_effect_behind_a_full_line_is_found_when_the_line_has_room_again() {
        let mut effects = Effects::default();
        for number in 0..7 {
            assert!(claim(&mut effects, effect(0, number)));
        }
        assert_eq!(effects.advance(3), 0);
        assert!(claim(&mut effects, effect(0, 7)));
        assert_eq!(effects.lines.len(), 2);
        assert_eq!(effects.advance(4), 7);
        assert!(!claim(&mut effects, effect(0, 7)));
        // The others are forgotten, and their places taken again.
        assert!(claim(&mut effects, effect(0, 0)));
        assert_eq!(effects.lines[0].slots.iter().filter(|slot| **slot != FREE).count(), 1);
        assert!(!claim(&mut effects, effect(0, 7)));
        assert_eq!((remembered(&effects), effects.advance(6), effects.advance(7)), (2, 0, 1));
        assert!(claim(&mut effects, effect(0, 7)));
    }

    #[test]
    fn a_line_that_was_full_once_is_searched_beyond_no_longer_than_it_must_be() {
        let mut effects = Effects::default();
        effects.advance(10);
        for number in 0..8 {
            assert!(claim(&mut effects, effect(0, number)));
        }
        // It is full up to slice 13.
        for (slice, looked_at) in [(11, true), (13, true), (14, true), (16, true), (17, false)] {
            effects.advance(slice);
            assert_eq!(effects.claim(effect(0, 8), || false), Some(false));
            assert_eq!(effects.lines[1].slice == slice, looked_at);
        }
    }

    #[test]
    fn room_is_made_for_more_and_given_back_when_they_are_forgotten() {
        let mut effects = Effects::default();
        effects.advance(7);
        let most = |used: usize| used * 5 / 8 + 2;
        for number in 0..5_000 {
            assert!(claim(&mut effects, effect((number % 256).try_into().unwrap(), number)));
            let used = usize::from(number) + 1;
            assert_eq!(remembered(&effects) as usize, used);
            assert!(effects.lines.len() * 7 * 4 > (used - 1) * 5, "at most four fifths are taken");
            assert!(effects.lines.len() <= most(used));
        }
        assert_eq!((effects.advance(6), effects.advance(10), effects.advance(11)), (0, 0, 5_000));
        assert!(claim(&mut effects, effect(0, 0)));
        assert_eq!((remembered(&effects), effects.lines.len()), (1, 2));
    }

    #[test]
    fn inv_03_crowded_effects_are_claimed_as_a_map_that_forgets_nothing_early_or_late_says() {
        let mut seed = 1_u64;
        let mut random = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for crowd in [1, 3, 200] {
            let (mut slice, mut claimed) = (0_u32, HashMap::new());
            let mut effects = Effects::default();
            for _ in 0..20_000 {
                if random(60) == 0 {
                    let before = claimed.len();
                    slice = (slice + [2, 2, 3, 4, 5, 10, 0][usize::try_from(random(7)).unwrap()])
                        .saturating_sub(1);
                    let newest = effects.slice.max(slice);
                    claimed.retain(|_, claimed| *claimed + SLICES > newest);
                    assert_eq!(effects.advance(slice), before - claimed.len());
                    slice = newest;
                }
                let (start, number) = (random(crowd), random(150));
                let new = !claimed.contains_key(&(start, number));
                let effect = effect(start.try_into().unwrap(), number.try_into().unwrap());
                assert_eq!(claim(&mut effects, effect), new);
                claimed.entry((start, number)).or_insert(slice);
                assert_eq!(remembered(&effects) as usize, claimed.len());
            }
        }
    }

    #[test]
    fn ids_are_spread_over_all_bits_and_never_look_like_a_free_slot() {
        let key = Key(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978);
        let (mut any, mut all) = (0, u64::MAX);
        let ids = (0..64_u128).flat_map(|n| [n, n << 64, n << 120]);
        let mut seen: Vec<u64> = ids
            .map(|id| {
                let effect = key.effect(EffectId::from_bytes(id.to_be_bytes()));
                (any, all) = (any | effect, all & effect);
                effect
            })
            .collect();
        assert_eq!((any, all), (!SLICE, TAKEN));
        seen.sort_unstable();
        seen.dedup();
        // Zero is the same however it is shifted.
        assert_eq!(seen.len(), 64 * 3 - 2);
        let zero = Key(0).effect(EffectId::from_bytes([0; 16]));
        assert_eq!(zero, TAKEN);
    }
}
