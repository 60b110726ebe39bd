//! What was read, as hashes of windows, by the connection it was read from.

use std::collections::{BTreeMap, BTreeSet};

use countersign_canon::{Object, Value};

use crate::pack::{pack, unpack};
use crate::text::{GRAM_MASK, Rolling, STRIDE};

/// Most connections that are told apart.
const MAX_CONNECTIONS: usize = 32;
/// A window is kept at thinning level `n` with probability 1 / 2^n.
const MAX_LEVEL: u8 = 20;

/// Hashes of windows of the texts that were read, at most a fixed number.
///
/// When there are too many, every second one is dropped, chosen by its hash. So nothing can be pushed
/// out by reading something else: a long text that leaks is still found, a short one less surely.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Grams {
    level: u8,
    by: BTreeMap<String, BTreeSet<u64>>,
}

impl Grams {
    /// Adds a text read from a connection. False if it could not be kept at all.
    pub(crate) fn add(
        &mut self,
        connection: &str,
        text: impl Iterator<Item = char>,
        max: usize,
    ) -> bool {
        if !self.by.contains_key(connection) {
            if self.by.len() >= MAX_CONNECTIONS {
                return false;
            }
            self.by.insert(connection.to_owned(), BTreeSet::new());
        }
        let mut rolling = Rolling::new();
        let windows = text.filter_map(|c| rolling.push(c)).step_by(STRIDE);
        for hash in windows {
            if !self.keeps(hash) {
                continue;
            }
            if let Some(set) = self.by.get_mut(connection) {
                set.insert(hash);
            }
            while self.len() > max && self.level < MAX_LEVEL {
                self.level = self.level.saturating_add(1);
                let level = self.level;
                for set in self.by.values_mut() {
                    set.retain(|hash| kept_at(*hash, level));
                }
            }
            if self.len() > max {
                if let Some(set) = self.by.get_mut(connection) {
                    set.remove(&hash);
                }
                return false;
            }
        }
        true
    }

    fn keeps(&self, hash: u64) -> bool {
        kept_at(hash, self.level)
    }

    /// How many windows are kept.
    pub(crate) fn len(&self) -> usize {
        self.by.values().map(BTreeSet::len).fold(0, usize::saturating_add)
    }

    /// Whether some windows were dropped.
    pub(crate) fn is_sample(&self) -> bool {
        self.level > 0
    }

    /// The windows that were read from other connections.
    pub(crate) fn others(&self, connection: &str) -> impl Iterator<Item = u64> {
        let others = self.by.iter().filter(move |(name, _)| *name != connection);
        others.flat_map(|(_, set)| set.iter().copied())
    }

    /// From which other connection a window of this hash was read.
    pub(crate) fn other(&self, connection: &str, hash: u64) -> Option<&str> {
        let mut others = self.by.iter().filter(|(name, _)| *name != connection);
        others.find(|(_, set)| set.contains(&hash)).map(|(name, _)| name.as_str())
    }

    pub(crate) fn to_value(&self) -> Value {
        let packed = |set: &BTreeSet<u64>| {
            pack(set.iter().flat_map(|hash| hash.to_be_bytes().into_iter().skip(2)))
        };
        let by = self.by.iter();
        let by = by.fold(Object::new(), |o, (name, set)| o.with(name.as_str(), packed(set)));
        Object::new().with("by", by).with("level", self.level).into()
    }

    pub(crate) fn from_value(value: &Value, max: usize) -> Option<Self> {
        let object = value.as_object().filter(|o| o.len() == 2)?;
        let level = u8::try_from(object.get("level")?.as_i64()?).ok()?;
        let mut grams = Self { level, by: BTreeMap::new() };
        for (name, packed) in object.get("by")?.as_object()?.iter() {
            let bytes = unpack(packed.as_str()?)?;
            let (groups, rest) = bytes.as_chunks::<6>();
            let mut set = BTreeSet::new();
            for [a, b, c, d, e, f] in groups {
                let hash = u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]) & GRAM_MASK;
                if !kept_at(hash, level) || set.last().is_some_and(|last| *last >= hash) {
                    return None;
                }
                set.insert(hash);
            }
            if !rest.is_empty() {
                return None;
            }
            grams.by.insert(name.to_owned(), set);
        }
        let fits = level <= MAX_LEVEL && grams.by.len() <= MAX_CONNECTIONS;
        (fits && grams.len() <= max).then_some(grams)
    }
}

/// The hash's upper bits decide, for the lower ones are what windows are told apart by.
fn kept_at(hash: u64, level: u8) -> bool {
    let mask = (1u64 << level.min(MAX_LEVEL)).wrapping_sub(1);
    (hash >> 24) & mask == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seed: u32, len: u32) -> impl Iterator<Item = char> {
        let mut state = seed;
        (0..len).map(move |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let letter = (state >> 24).wrapping_rem(26);
            char::from(b'a'.wrapping_add(u8::try_from(letter).unwrap()))
        })
    }

    fn found(grams: &Grams, to: &str, text: impl Iterator<Item = char>) -> bool {
        let mut rolling = Rolling::new();
        text.filter_map(|c| rolling.push(c)).any(|h| grams.other(to, h).is_some())
    }

    #[test]
    fn what_was_read_is_found_from_elsewhere_and_only_from_elsewhere() {
        let mut grams = Grams::default();
        assert!(grams.add("files", text(1, 500), 1000));
        assert!(found(&grams, "mail", text(1, 500).skip(100).take(24)));
        assert!(!found(&grams, "files", text(1, 500)));
        assert!(!found(&grams, "mail", text(2, 500)));
    }

    #[test]
    fn a_flood_thins_what_was_read_before_and_does_not_push_it_out() {
        let mut grams = Grams::default();
        grams.add("files", text(1, 4000), 2000);
        assert!(!grams.is_sample());
        for seed in 2..30 {
            grams.add("web", text(seed, 4000), 2000);
            assert!(grams.len() <= 2000);
        }
        assert!(grams.is_sample());
        assert!(found(&grams, "mail", text(1, 4000).skip(1000).take(600)));
    }

    #[test]
    fn more_connections_than_are_told_apart_are_refused_and_not_mixed() {
        let mut grams = Grams::default();
        for i in 0..MAX_CONNECTIONS {
            assert!(grams.add(&format!("c{i}"), text(1, 100), 10_000));
        }
        assert!(!grams.add("one-more", text(1, 100), 10_000));
    }

    #[test]
    fn it_survives_being_written_and_read() {
        let mut grams = Grams::default();
        grams.add("files", text(1, 9000), 300);
        grams.add("web", text(2, 9000), 300);
        assert_eq!(Grams::from_value(&grams.to_value(), 300), Some(grams.clone()));
        assert_eq!(Grams::from_value(&grams.to_value(), 10), None);
    }
}
