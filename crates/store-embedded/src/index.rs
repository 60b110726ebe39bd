//! Where every effect is: a hash table in shards.
//!
//! A shard holds the ids that begin with the same bits, so that the shards are in the order of the ids,
//! and each grows by itself: adding one more id never moves more than a few thousand. In a shard an id
//! is found by a mix of all its bits, keyed by the store, so that ids that were not drawn at random only
//! make listing slower. One byte of that mix is kept apart from the entries: looking for an id that is
//! not there touches no entry.

use core::mem;

use countersign_core::EffectId;

use crate::state::Slot;

/// A shard of this many entries is moved, when it grows, in some tens of microseconds.
const SHARD: usize = 2048;
/// Most shards: the first bits of an id that tell them.
const MAX_BITS: u32 = 14;
/// A shard grows when more than this many eighths of it are taken.
const FULL: usize = 7;

/// An id and what is kept of it. Nothing is at a place that is free.
type Entry = (EffectId, Slot);

#[derive(Debug, Default)]
struct Shard {
    /// Zero where a place is free, else a byte of the mix.
    tags: Vec<u8>,
    entries: Vec<Entry>,
    len: usize,
}

/// The effects of an open store.
#[derive(Debug)]
pub(crate) struct Index {
    shards: Vec<Shard>,
    /// For each shard, no later than when the oldest entry of it that may be forgotten came to be so, in
    /// seconds.
    oldest: Vec<u32>,
    bits: u32,
    /// No later than the oldest of all of them.
    oldest_of_all: u32,
    keys: [u64; 2],
    len: usize,
    /// Where the sweep is.
    shard: usize,
    place: Option<usize>,
}

const NOTHING: Entry = (EffectId::from_bytes([0; 16]), Slot::NONE);

/// A product whose halves are folded.
fn fold(a: u64, b: u64) -> u64 {
    let [low, high] = halves(u128::from(a).wrapping_mul(u128::from(b)));
    low ^ high
}

#[expect(clippy::cast_possible_truncation, reason = "each half is 64 bits")]
fn halves(wide: u128) -> [u64; 2] {
    [wide as u64, (wide >> 64) as u64]
}

impl Shard {
    fn find(&self, tag: u8, mix: u64, effect: EffectId) -> Option<usize> {
        let (mut at, places) = (home(mix, self.tags.len()), self.tags.len());
        loop {
            match self.tags.get(at).copied()? {
                0 => return None,
                found
                    if found == tag
                        && self.entries.get(at).is_some_and(|(known, _)| *known == effect) =>
                {
                    return Some(at);
                }
                _ => {}
            }
            at = after(at, places);
        }
    }

    /// Puts an entry that is not there where it belongs. There has to be room.
    fn put(&mut self, tag: u8, mix: u64, entry: Entry) -> usize {
        let (mut at, places) = (home(mix, self.tags.len()), self.tags.len());
        while self.tags.get(at).is_some_and(|tag| *tag != 0) {
            at = after(at, places);
        }
        if let (Some(free), Some(to)) = (self.tags.get_mut(at), self.entries.get_mut(at)) {
            (*free, *to) = (tag, entry);
            self.len = self.len.saturating_add(1);
        }
        at
    }

    fn grow(&mut self, keys: [u64; 2]) {
        let places = self.tags.len().saturating_mul(5) / 4 + 8;
        let tags = mem::replace(&mut self.tags, vec![0; places]);
        let entries = mem::replace(&mut self.entries, vec![NOTHING; places]);
        self.len = 0;
        for (tag, entry) in tags.into_iter().zip(entries) {
            if tag != 0 {
                self.put(tag, mix(keys, entry.0), entry);
            }
        }
    }

    /// Frees a place, and moves back into it what only stands behind it because it was taken.
    fn free(&mut self, place: usize, keys: [u64; 2]) {
        let places = self.tags.len();
        let (mut hole, mut at) = (place, after(place, places));
        while let Some((tag, entry)) =
            self.tags.get(at).copied().filter(|tag| *tag != 0).zip(self.entries.get(at).copied())
        {
            // From its home to here, going round: whether the hole is on the way.
            let home = home(mix(keys, entry.0), places);
            if distance(home, hole, places) < distance(home, at, places) {
                self.set(hole, tag, entry);
                hole = at;
            }
            at = after(at, places);
        }
        self.set(hole, 0, NOTHING);
        self.len = self.len.saturating_sub(1);
    }

    fn set(&mut self, place: usize, tag: u8, entry: Entry) {
        if let (Some(to_tag), Some(to)) = (self.tags.get_mut(place), self.entries.get_mut(place)) {
            (*to_tag, *to) = (tag, entry);
        }
    }
}

fn mix(keys: [u64; 2], effect: EffectId) -> u64 {
    let [low, high] = halves(u128::from_le_bytes(*effect.as_bytes()));
    let [first, second] = keys;
    fold(fold(low ^ first, high ^ second), 0x9e37_79b9_7f4a_7c15)
}

/// Never zero.
fn tag(mix: u64) -> u8 {
    let [byte, ..] = mix.to_le_bytes();
    byte.max(1)
}

/// Where the search begins: the upper half of the mix, scaled.
fn home(mix: u64, places: usize) -> usize {
    (mix >> 32).wrapping_mul(places as u64).wrapping_shr(32) as usize
}

fn after(place: usize, places: usize) -> usize {
    let next = place.wrapping_add(1);
    if next == places { 0 } else { next }
}

fn distance(from: usize, to: usize, places: usize) -> usize {
    if to >= from { to.wrapping_sub(from) } else { to.wrapping_add(places).wrapping_sub(from) }
}

impl Index {
    /// For about so many effects.
    pub(crate) fn new(effects: usize, secret: [u8; 16]) -> Self {
        let shards = (effects / SHARD).max(1).next_power_of_two().min(1 << MAX_BITS);
        Self {
            shards: (0..shards).map(|_| Shard::default()).collect(),
            oldest: vec![u32::MAX; shards],
            bits: shards.trailing_zeros(),
            oldest_of_all: u32::MAX,
            keys: halves(u128::from_le_bytes(secret)),
            len: 0,
            shard: 0,
            place: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[expect(clippy::cast_possible_truncation, reason = "less than the number of shards")]
    pub(crate) fn shard_of(&self, effect: EffectId) -> usize {
        let [first, second, ..] = *effect.as_bytes();
        let bits = u64::from(u16::from_be_bytes([first, second]));
        bits.wrapping_shr(16u32.saturating_sub(self.bits)) as usize
    }

    pub(crate) fn get(&self, effect: EffectId) -> Option<&Slot> {
        let shard = self.shards.get(self.shard_of(effect))?;
        let mix = mix(self.keys, effect);
        shard.entries.get(shard.find(tag(mix), mix, effect)?).map(|(_, slot)| slot)
    }

    /// Has what will soon be looked for brought near: where there are millions of effects, finding one is
    /// waiting for memory, and many can be waited for at once.
    pub(crate) fn touch(&self, effect: EffectId) {
        let mix = mix(self.keys, effect);
        let shard = self.shards.get(self.shard_of(effect));
        let near = shard.and_then(|shard| {
            let home = home(mix, shard.tags.len());
            Some((*shard.tags.get(home)?, shard.entries.get(home)?.1.generation))
        });
        core::hint::black_box(near);
    }

    /// Changes what is kept of an effect, or what was not yet.
    pub(crate) fn change<R>(
        &mut self,
        effect: EffectId,
        change: impl FnOnce(&mut Slot) -> R,
    ) -> Option<R> {
        let (of, mix) = (self.shard_of(effect), mix(self.keys, effect));
        let shard = self.shards.get_mut(of)?;
        let place = if let Some(place) = shard.find(tag(mix), mix, effect) {
            place
        } else {
            if shard.len.saturating_add(1).saturating_mul(8) > shard.tags.len().saturating_mul(FULL)
            {
                shard.grow(self.keys);
                // What was swept of it is anywhere now.
                if of == self.shard && self.place.is_some() {
                    self.place = Some(0);
                }
            }
            self.len = self.len.saturating_add(1);
            shard.put(tag(mix), mix, (effect, Slot::NONE))
        };
        let (_, slot) = shard.entries.get_mut(place)?;
        let changed = change(slot);
        let (settled, oldest) = (slot.settled(), self.oldest.get_mut(of)?);
        if let Some(at) = settled {
            *oldest = at.min(*oldest);
            self.oldest_of_all = at.min(self.oldest_of_all);
        }
        Some(changed)
    }

    /// Those of one shard from after an id on, in the order of their ids; none if there is no such shard.
    pub(crate) fn sorted(&self, shard: usize, after: Option<EffectId>) -> Option<Vec<Entry>> {
        let shard = self.shards.get(shard)?;
        let taken = shard.tags.iter().zip(&shard.entries).filter(|(tag, _)| **tag != 0);
        let wanted = taken.filter(|(_, (effect, _))| after.is_none_or(|after| *effect > after));
        let mut sorted: Vec<Entry> = wanted.map(|(_, entry)| *entry).collect();
        sorted.sort_unstable_by_key(|(effect, _)| *effect);
        Some(sorted)
    }

    /// Looks at a few more of those of which the oldest may be old enough, and forgets what came to be
    /// as it is before a time, in seconds, and may be forgotten. Who is forgotten is said.
    pub(crate) fn sweep(&mut self, before: u32, places: usize, mut gone: impl FnMut(&Slot)) {
        if self.place.is_none() {
            if before <= self.oldest_of_all {
                return;
            }
            let due = |oldest: &u32| *oldest < before;
            let ahead = self.oldest.iter().skip(self.shard).position(due);
            let ahead = ahead.map(|ahead| self.shard.saturating_add(ahead));
            let Some(shard) = ahead.or_else(|| self.oldest.iter().position(due)) else {
                self.oldest_of_all = self.oldest.iter().copied().min().unwrap_or(u32::MAX);
                return;
            };
            self.begin(shard);
        }
        for _ in 0..places {
            if self.step(&mut |slot| slot.settled().is_none_or(|at| at >= before), &mut gone) {
                return;
            }
        }
    }

    /// Forgets until there is one less, if anything may be forgotten at all.
    pub(crate) fn make_room(&mut self, before: u32, mut gone: impl FnMut(&Slot)) {
        let len = self.len;
        loop {
            let mut keep = |slot: &mut Slot| slot.settled().is_none_or(|at| at >= before);
            while self.place.is_some() && !self.step(&mut keep, &mut gone) {}
            let oldest = self.oldest.iter().enumerate().min_by_key(|(_, oldest)| **oldest);
            let due = oldest.filter(|(_, oldest)| **oldest < before);
            match due {
                Some((shard, _)) if self.len == len => self.begin(shard),
                _ => return,
            }
        }
    }

    /// Looks at all, to change or to forget.
    pub(crate) fn retain(
        &mut self,
        mut keep: impl FnMut(&mut Slot) -> bool,
        mut gone: impl FnMut(&Slot),
    ) {
        for shard in 0..self.shards.len() {
            self.begin(shard);
            while !self.step(&mut keep, &mut gone) {}
        }
        self.shard = 0;
        self.oldest_of_all = self.oldest.iter().copied().min().unwrap_or(u32::MAX);
    }

    /// Begins to look at a shard anew, after which it is known what is the oldest in it.
    fn begin(&mut self, shard: usize) {
        (self.shard, self.place) = (shard, Some(0));
        if let Some(oldest) = self.oldest.get_mut(shard) {
            *oldest = u32::MAX;
        }
    }

    /// Looks at one place. Says whether that was the shard's last. What has to be moved because another
    /// is forgotten may be looked at twice, and is never missed.
    fn step(
        &mut self,
        keep: &mut impl FnMut(&mut Slot) -> bool,
        gone: &mut impl FnMut(&Slot),
    ) -> bool {
        let (of, place) = (self.shard, self.place.unwrap_or(usize::MAX));
        let (Some(shard), Some(oldest)) = (self.shards.get_mut(of), self.oldest.get_mut(of)) else {
            (self.shard, self.place) = (0, None);
            return true;
        };
        let Some(tag) = shard.tags.get(place).copied() else {
            let next = of.saturating_add(1);
            (self.shard, self.place) = (if next >= self.shards.len() { 0 } else { next }, None);
            return true;
        };
        self.place = Some(place.saturating_add(1));
        if tag == 0 {
            return false;
        }
        let Some((_, slot)) = shard.entries.get_mut(place) else { return false };
        if keep(slot) {
            *oldest = slot.settled().map_or(*oldest, |at| at.min(*oldest));
        } else {
            gone(slot);
            shard.free(place, self.keys);
            self.len = self.len.saturating_sub(1);
            self.place = Some(place);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tests::sim::Dice;

    fn random(dice: &mut Dice) -> EffectId {
        EffectId::from_bytes(core::array::from_fn(|_| u8::try_from(dice.roll(256)).unwrap()))
    }

    /// Ids that were drawn, or counted at one end or the other.
    fn id(dice: &mut Dice, how: usize) -> EffectId {
        let n = u32::try_from(dice.roll(3_000)).unwrap();
        let mut id = [0; 16];
        match how {
            0 => return random(&mut Dice(u64::from(n))),
            1 => id[..4].copy_from_slice(&n.to_be_bytes()),
            _ => id[12..].copy_from_slice(&n.to_be_bytes()),
        }
        EffectId::from_bytes(id)
    }

    fn listed(index: &Index) -> Vec<(EffectId, u32)> {
        let all = (0..).map_while(|shard| index.sorted(shard, None)).flatten();
        all.map(|(effect, slot)| (effect, slot.at())).collect()
    }

    #[test]
    fn it_holds_what_a_sorted_map_holds_whatever_the_ids_look_like() {
        for how in 0..3 {
            for effects in [0, 20_000] {
                let mut index = Index::new(effects, [u8::try_from(how).unwrap(); 16]);
                let mut known = BTreeMap::new();
                let mut dice = Dice(how as u64);
                let (mut before, mut forgotten) = (0, 0);
                for n in 0..30_000u32 {
                    let effect = id(&mut dice, how);
                    index.change(effect, |slot| *slot = Slot::settled_at(n));
                    known.insert(effect, n);
                    if n % 7 == 0 {
                        before = n.saturating_sub(4_000);
                        index.sweep(before, 1 + dice.roll(40), |slot| {
                            assert!(slot.at() < before);
                            forgotten += 1;
                        });
                        let gone = known.len() - index.len();
                        if gone > 0 {
                            known.retain(|effect, _| index.get(*effect).is_some());
                        }
                        assert_eq!(known.len(), index.len());
                    }
                    let other = id(&mut dice, how);
                    assert_eq!(index.get(other).map(Slot::at), known.get(&other).copied());
                }
                assert!(forgotten > 1_000, "{forgotten}");
                let all: Vec<_> = known.iter().map(|(effect, n)| (*effect, *n)).collect();
                assert_eq!(listed(&index), all, "in order");
                let late = known.iter().filter(|(_, at)| **at < before).count();
                assert!(late < 900, "{late} of {} should be forgotten", known.len());
            }
        }
    }

    #[test]
    fn room_is_made_out_of_what_is_old_enough_wherever_it_is_and_of_nothing_else() {
        let mut index = Index::new(20_000, [1; 16]);
        let mut dice = Dice(5);
        let ids: Vec<EffectId> = (0..5_000).map(|_| random(&mut dice)).collect();
        for (effect, n) in ids.iter().zip(100..) {
            index.change(*effect, |slot| *slot = Slot::settled_at(n));
        }
        index.make_room(100, |_| panic!("nothing is old enough"));
        for (effect, n) in ids.iter().zip(100..) {
            // One is open: what became of it is to be found out.
            if n % 3 == 0 {
                index.change(*effect, |slot| *slot = Slot::open_at(n));
                index.make_room(n + 1, |_| panic!("an open one was forgotten"));
            } else {
                let mut gone = Vec::new();
                index.make_room(n + 1, |slot| gone.push(slot.at()));
                assert_eq!(gone, [n]);
                assert!(index.get(*effect).is_none());
            }
        }
        assert_eq!(index.len(), 1_666);
    }

    #[test]
    fn all_can_be_changed_or_forgotten_in_one_go() {
        let mut index = Index::new(10_000, [2; 16]);
        let mut dice = Dice(6);
        for n in 0..10_000 {
            index.change(random(&mut dice), |slot| *slot = Slot::settled_at(n));
        }
        let mut gone = 0;
        index.retain(|slot| slot.at() % 2 == 0, |_| gone += 1);
        assert_eq!((gone, index.len(), listed(&index).len()), (5_000, 5_000, 5_000));
        assert!(listed(&index).iter().all(|(_, at)| at % 2 == 0));
    }
}
