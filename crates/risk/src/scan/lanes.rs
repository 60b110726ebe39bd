//! Eight bytes at a time, in one number: which of them are of a class.
//!
//! A byte is told by sums that never reach the next one: of its lower seven bits, so large that the
//! eighth is set from the first byte of a range on, and from the byte behind its last.

use super::bytes::{BASE, DIGIT, HEX, HIGH, JOINS, LOWER, SPACE, UPPER};

const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of every byte: where an answer is.
pub(super) const TOPS: u64 = ONES << 7;

/// The same byte eight times.
const fn all(b: u8) -> u64 {
    // Each product stays in its byte.
    (b as u64).wrapping_mul(ONES)
}

/// The top bits of the bytes from `first` to `last`, of ASCII. `low` are the lower seven bits of eight
/// bytes; what is beyond ASCII is still among the answers.
fn between(low: u64, first: u8, last: u8) -> u64 {
    low.wrapping_add(all(0x80u8.wrapping_sub(first)))
        & !low.wrapping_add(all(0x7fu8.wrapping_sub(last)))
}

fn equal(low: u64, b: u8) -> u64 {
    !(low ^ all(b)).wrapping_add(all(0x7f))
}

/// The top bits of the bytes that are of one of these classes. The classes are known when this is
/// compiled, so that nothing else is computed.
#[inline]
pub(super) fn of(eight: u64, classes: u8) -> u64 {
    let low = eight & !TOPS;
    let small = low | all(0x20);
    let has = |class: u8| classes & class == class;
    let mut found = 0u64;
    if has(UPPER | LOWER) {
        found |= between(small, b'a', b'z');
    } else {
        if has(UPPER) {
            found |= between(low, b'A', b'Z');
        }
        if has(LOWER) {
            found |= between(low, b'a', b'z');
        }
        if has(HEX) {
            found |= between(small, b'a', b'f');
        }
    }
    if classes & (DIGIT | HEX) != 0 {
        found |= between(low, b'0', b'9');
    }
    if has(JOINS) {
        found |= equal(low, b'_') | equal(low, b'-');
    }
    if has(BASE) {
        found |= equal(low, b'+') | equal(low, b'/') | equal(low, b'=');
    }
    if has(SPACE) {
        found |= between(low, b'\t', b'\r') | equal(low, b' ');
    }
    let found = found & !eight;
    (if has(HIGH) { found | eight } else { found }) & TOPS
}

/// The top bits of the bytes that end no sentence: neither a stop nor a line break nor a backslash, which may
/// stand for one.
#[inline]
pub(super) fn of_no_stop(eight: u64) -> u64 {
    let low = eight & !TOPS;
    let stops = equal(low, b'\n') | equal(low, b'.') | equal(low, b'!') | equal(low, b'?');
    !((stops | equal(low, b'\\')) & !eight) & TOPS
}

/// The end of the bytes from `start` on for which `of` answers, before `end`.
#[inline]
pub(super) fn run(text: &[u8], start: usize, end: usize, of: impl Fn(u64) -> u64) -> usize {
    let mut place = start;
    while place < end {
        let eight = text.get(place..).and_then(<[u8]>::first_chunk::<8>).copied();
        let others = of(u64::from_le_bytes(eight.unwrap_or_else(|| last(text, place)))) ^ TOPS;
        if others != 0 {
            return place.saturating_add(bytes(others.trailing_zeros())).min(end);
        }
        place = place.saturating_add(8);
    }
    place.min(end.max(start))
}

/// The start of the bytes before `end` for which `of` answers, from `start` on.
#[inline]
pub(super) fn run_back(text: &[u8], start: usize, end: usize, of: impl Fn(u64) -> u64) -> usize {
    let mut place = end;
    while place > start {
        let before = text.get(..place).unwrap_or_default();
        let eight = before.last_chunk::<8>().copied();
        let others = of(u64::from_le_bytes(eight.unwrap_or_else(|| first(before)))) ^ TOPS;
        if others != 0 {
            return place.saturating_sub(bytes(others.leading_zeros())).max(start);
        }
        place = place.saturating_sub(8);
    }
    place.max(start)
}

/// How many bytes `of` answers for.
#[inline]
pub(super) fn count(text: &[u8], of: impl Fn(u64) -> u64) -> usize {
    let (eights, rest) = text.as_chunks::<8>();
    let mut all = 0usize;
    // No byte of a sum can run over.
    for eights in eights.chunks(255) {
        let sums = eights
            .iter()
            .fold(0u64, |sums, eight| sums.wrapping_add(of(u64::from_le_bytes(*eight)) >> 7));
        let even = sums & 0x00ff_00ff_00ff_00ff;
        let odd = sums >> 8 & 0x00ff_00ff_00ff_00ff;
        let sum = even.wrapping_add(odd).wrapping_mul(0x0001_0001_0001_0001) >> 48;
        all = all.saturating_add(usize::try_from(sum).unwrap_or(0));
    }
    let answers = of(u64::from_le_bytes(last(rest, 0))) >> 7;
    all.saturating_add(usize::try_from(answers.wrapping_mul(ONES) >> 56).unwrap_or(0))
}

/// Fewer than eight bytes from a place on, with zeros behind, which are of no class.
fn last(text: &[u8], place: usize) -> [u8; 8] {
    let rest = text.get(place..).unwrap_or_default();
    let byte = |i: usize| rest.get(i).copied().unwrap_or(0);
    [byte(0), byte(1), byte(2), byte(3), byte(4), byte(5), byte(6), byte(7)]
}

/// Fewer than eight bytes with zeros before.
fn first(text: &[u8]) -> [u8; 8] {
    let byte = |i: usize| text.len().checked_sub(i).and_then(|i| text.get(i)).copied().unwrap_or(0);
    [byte(8), byte(7), byte(6), byte(5), byte(4), byte(3), byte(2), byte(1)]
}

/// How many bytes so many bits fill.
fn bytes(bits: u32) -> usize {
    usize::try_from(bits >> 3).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bytes::class;
    use super::*;

    #[test]
    fn every_byte_is_of_its_classes_wherever_it_stands() {
        // HEX has no meaning of its own beside the letters: it is asked for alone.
        let kinds = [UPPER | LOWER | DIGIT | JOINS, UPPER, LOWER, LOWER | DIGIT, DIGIT, HEX];
        for classes in kinds.into_iter().chain([JOINS | BASE, SPACE, HIGH | DIGIT, SPACE | BASE]) {
            for b in 0..=255u8 {
                for at in 0..8 {
                    for other in [0, b'a', 0xff] {
                        let mut eight = [other; 8];
                        eight[at] = b;
                        let answer = of(u64::from_le_bytes(eight), classes).to_le_bytes();
                        for (b, answer) in eight.iter().zip(answer) {
                            let wanted = u8::from(class(*b) & classes != 0) << 7;
                            assert_eq!(answer, wanted, "{b} among {eight:?} of {classes}");
                        }
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn runs_and_counts_are_those_of_looking_at_every_byte(
            text in proptest::collection::vec(
                prop_oneof![6 => Just(b'a'), 3 => b'0'..=b'9', 1 => any::<u8>()], 0..60),
            (start, length) in (0..60usize, 0..60usize),
        ) {
            let classes = UPPER | LOWER | DIGIT;
            let is = |b: &&u8| class(**b) & classes != 0;
            let (start, end) = (start.min(text.len()), start.saturating_add(length).min(text.len()));
            let part = &text[start..end];
            let ahead = start.saturating_add(part.iter().take_while(is).count());
            prop_assert_eq!(run(&text, start, end, |eight| of(eight, classes)), ahead);
            let back = end.saturating_sub(part.iter().rev().take_while(is).count());
            prop_assert_eq!(run_back(&text, start, end, |eight| of(eight, classes)), back);
            prop_assert_eq!(count(&text, |eight| of(eight, classes)), text.iter().filter(is).count());
            let long = text.repeat(90);
            prop_assert_eq!(count(&long, |eight| of(eight, classes)), long.iter().filter(is).count());
        }
    }
}
