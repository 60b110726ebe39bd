//! Many literals looked for at once.
//!
//! Of every literal two neighbouring threes of bytes are known by a hash. Of the text only every
//! second place is looked at: one of the two stands there. On ordinary text that is faster than a
//! packed search for some dozens of literals, and needs no instructions of a certain processor.

use memchr::memmem::Finder;

use super::bytes::{self, at};

/// Bits of a hash: the filter is a table of 16 KiB.
const BITS: u32 = 14;
const SIZE: usize = 1 << BITS;

/// Literals that were found: where each starts, and its number. In order.
pub(super) type Hits = Vec<(usize, usize)>;

/// A set of literals.
#[derive(Debug)]
pub(super) struct Literals {
    /// Whether a three of bytes with this hash belongs to a literal.
    filter: Box<[bool; SIZE]>,
    /// The same for both threes together, four bytes.
    fours: Box<[bool; SIZE]>,
    /// Three bytes, the literal that they belong to, and their place in it; sorted.
    threes: Vec<(u32, usize, usize)>,
    list: Vec<&'static [u8]>,
    /// Literals that are too short for two threes.
    short: Vec<(usize, Finder<'static>)>,
}

impl Literals {
    /// Of literals that begin at one place the first in the list is reported.
    pub(super) fn new(literals: impl Iterator<Item = &'static str>) -> Self {
        let literals: Vec<&'static [u8]> = literals.map(str::as_bytes).collect();
        let (mut threes, mut short) = (Vec::new(), Vec::new());
        let (mut filter, mut fours) = (Box::new([false; SIZE]), Box::new([false; SIZE]));
        for (which, literal) in literals.iter().copied().enumerate() {
            let rarest = literal.windows(4).enumerate().min_by_key(|(_, four)| often(four));
            let Some((place, four)) = rarest else {
                short.push((which, Finder::new(literal)));
                continue;
            };
            if let Some(slot) = fours.get_mut(hash(number(four))) {
                *slot = true;
            }
            for (i, three) in (place..).zip(four.windows(3)) {
                let three = number(three);
                threes.push((three, which, i));
                if let Some(slot) = filter.get_mut(hash(three)) {
                    *slot = true;
                }
            }
        }
        threes.sort_unstable();
        Self { filter, fours, threes, list: literals, short }
    }

    /// Calls `found` with the number of the literal and its start for every place where one stands.
    /// It returns where to go on, if that is further than the next byte.
    pub(super) fn each(&self, text: &[u8], found: impl FnMut(usize, usize) -> usize) {
        each(self.all(text).into_iter(), found);
    }

    /// Every literal at every place.
    pub(super) fn all(&self, text: &[u8]) -> Hits {
        let mut hits = Hits::new();
        for (which, finder) in &self.short {
            hits.extend(finder.find_iter(text).map(|start| (start, *which)));
        }
        let (blocks, _) = text.as_chunks::<8>();
        let mut base = 0usize;
        // Four places of eight bytes and the byte after them.
        for (block, next) in blocks.iter().zip(text.iter().skip(8).step_by(8)) {
            let eight = u64::from_le_bytes(*block);
            let low = |bits: u64| u32::try_from(bits & 0xff_ffff).unwrap_or(0);
            let last = low(eight >> 48) | u32::from(*next) << 16;
            let places = [low(eight), low(eight >> 16), low(eight >> 32), last];
            if places.iter().fold(false, |any, three| any | self.may_be(*three)) {
                for (k, three) in places.iter().enumerate() {
                    self.look(text, base.wrapping_add(k.wrapping_mul(2)), *three, &mut hits);
                }
            }
            base = base.wrapping_add(8);
        }
        for (k, three) in text.get(base..).unwrap_or_default().windows(3).enumerate().step_by(2) {
            self.look(text, base.wrapping_add(k), number(three), &mut hits);
        }
        hits.sort_unstable();
        hits
    }

    fn may_be(&self, three: u32) -> bool {
        self.filter.get(hash(three)).copied().unwrap_or(false)
    }

    /// Notes the literals that these three bytes at a place belong to.
    fn look(&self, text: &[u8], place: usize, three: u32, hits: &mut Hits) {
        if !self.may_be(three) {
            return;
        }
        // The other byte stands behind these or before them.
        let behind = three | u32::from(at(text, place.wrapping_add(3))) << 24;
        let before = three << 8 | u32::from(bytes::before(text, place));
        let four = |four| self.fours.get(hash(four)).copied().unwrap_or(false);
        if !four(behind) && !four(before) {
            return;
        }
        let first = self.threes.partition_point(|(known, ..)| *known < three);
        let same = self.threes.get(first..).unwrap_or_default().iter();
        for (_, which, i) in same.take_while(|(known, ..)| *known == three) {
            let Some(start) = place.checked_sub(*i) else { continue };
            let literal = self.list.get(*which).copied().unwrap_or_default();
            if text.get(start..).is_some_and(|rest| rest.starts_with(literal)) {
                hits.push((start, *which));
            }
        }
    }
}

/// Calls `found` for hits one after the other, of those at one place for the first, as
/// [`Literals::each`] does.
pub(super) fn each(
    hits: impl Iterator<Item = (usize, usize)>,
    mut found: impl FnMut(usize, usize) -> usize,
) {
    let mut from = 0usize;
    for (start, which) in hits {
        if start >= from {
            from = found(which, start).max(start.saturating_add(1));
        }
    }
}

/// Bytes as a number, the first the lowest.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0u32, |number, b| number << 8 | u32::from(*b))
}

fn hash(three: u32) -> usize {
    let mixed = three.wrapping_mul(0x9e37_79b1) >> (32u32.wrapping_sub(BITS));
    usize::try_from(mixed).unwrap_or(0) & (SIZE.wrapping_sub(1))
}

/// How often four bytes stand in English text in lower case, roughly: by how frequent each is, and
/// whether three of them are among the frequent ones.
fn often(four: &[u8]) -> usize {
    const LETTERS: &[u8] = b"zqxjkvbpygfwmucldrhsinoate ";
    const THREES: &[u8] = b"the and ing ion tio ent her hat tha ere for ate his con res ver all ons \
nce men ith ted ers pro thi wit are ess not ive was ect rea com eve per int est sta cti ica ist ear \
ain one our iti rat ort pas red end ell ome ill rom out ong ins day ble age row igh use ser ass";
    let letter = |b: &u8| {
        LETTERS.iter().position(|known| known == b).map_or(0, |place| place.saturating_add(1))
    };
    let frequent = |three: &&[u8]| THREES.split(|b| *b == b' ').any(|known| known == *three);
    let letters = four.iter().map(letter).fold(0usize, usize::saturating_add);
    letters.saturating_add(four.windows(3).filter(frequent).count().saturating_mul(100))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: [&str; 8] = ["abcd", "bcd", "cdxab", "ab", "abcdx", "xabcdxa", "dxab", "cdx"];

    /// Every place by itself.
    fn slow(text: &[u8], step: usize) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        let mut from = 0;
        for start in 0..text.len() {
            let here = LIST.iter().position(|l| text[start..].starts_with(l.as_bytes()));
            if let Some(which) = here.filter(|_| start >= from) {
                hits.push((which, start));
                from = start.saturating_add(step);
            }
        }
        hits
    }

    proptest! {
        #[test]
        fn all_that_looking_everywhere_finds_is_found(
            text in proptest::collection::vec(proptest::sample::select(&b"abcdx"[..]), 0..80),
            step in 1..9usize,
        ) {
            let mut hits = Vec::new();
            Literals::new(LIST.into_iter()).each(&text, |which, start| {
                hits.push((which, start));
                start.saturating_add(step)
            });
            prop_assert_eq!(hits, slow(&text, step));
        }
    }

    #[test]
    fn literals_are_found_wherever_they_begin_and_end() {
        let literals = Literals::new(LIST.into_iter());
        for padding in 0..40 {
            for (which, literal) in LIST.iter().enumerate() {
                let text = format!("{}{literal}", " ".repeat(padding));
                let mut hits = Vec::new();
                literals.each(text.as_bytes(), |which, start| {
                    hits.push((which, start));
                    0
                });
                let first = LIST.iter().position(|l| literal.starts_with(l)).unwrap_or(which);
                assert_eq!(hits.first(), Some(&(first, padding)), "{text}");
            }
        }
    }
}
