//! Many literals looked for at once.
//!
//! Of every literal two neighbouring threes of bytes are known by a hash. Of the text only every
//! second place is looked at: one of the two stands there. The hashes of 64 bytes are computed side by
//! side, which compilers do with whatever vectors the processor has; what is left for each place is one
//! look into a table. No place is left out for being common, so time hardly depends on the text.

use fearless_simd::{Level, Simd, dispatch};
use memchr::memmem::Finder;

use super::bytes::{self, at};

/// Bits of a hash: of the filter 16 KiB are used.
const BITS: u32 = 14;
/// Entries of a table with one for every 16-bit number, which no hash lies outside of.
pub(super) const TABLE: usize = 1 << 16;
pub(super) const SIZE: usize = 1 << BITS;

/// Bytes that are looked at together, and the places among them.
pub(super) const BLOCK: usize = 64;
const PLACES: usize = BLOCK / 2;
/// Blocks whose hashes are computed in one go.
const BATCH: usize = 8;

/// Literals that were found: where each starts, and its number. In order.
pub(super) type Hits = Vec<(usize, usize)>;

/// A set of literals in lower case.
#[derive(Debug)]
pub(super) struct Literals {
    /// The number of the bucket for three bytes with this hash, 0 if there is none.
    filter: Box<[u8; TABLE]>,
    /// The same for both threes together, four bytes.
    fours: Box<[bool; SIZE]>,
    /// In each bucket threes of bytes, with the literal that they belong to and their place in it.
    buckets: Vec<Vec<(u32, usize, usize)>>,
    list: Vec<&'static [u8]>,
    /// Literals that are too short for two threes.
    short: Vec<(usize, &'static [u8], Finder<'static>)>,
}

impl Literals {
    /// Of literals that begin at one place the first in the list is reported.
    #[expect(clippy::large_stack_arrays, reason = "once for each set, and not kept there")]
    pub(super) fn new(literals: impl Iterator<Item = &'static str>) -> Self {
        let literals: Vec<&'static [u8]> = literals.map(str::as_bytes).collect();
        let (mut buckets, mut short) = (Vec::<Vec<_>>::new(), Vec::new());
        let mut shared = 0u8;
        let (mut filter, mut fours) = (Box::new([0; TABLE]), Box::new([false; SIZE]));
        for (which, literal) in literals.iter().copied().enumerate() {
            let rarest = literal.windows(4).enumerate().min_by_key(|(_, four)| often(four));
            let Some((place, four)) = rarest else {
                short.push((which, literal, Finder::new(literal)));
                continue;
            };
            if let Some(slot) = fours.get_mut(hash(number(four))) {
                *slot = true;
            }
            for (i, three) in (place..).zip(four.windows(3)) {
                let three = number(three);
                let Some(slot) = filter.get_mut(usize::from(hash_three(three))) else { continue };
                if *slot == 0 {
                    // Where there are too many, two share one.
                    *slot = u8::try_from(buckets.len().saturating_add(1)).unwrap_or_else(|_| {
                        shared = shared.wrapping_rem(u8::MAX).saturating_add(1);
                        shared
                    });
                }
                let bucket = usize::from(*slot).saturating_sub(1);
                if buckets.len() <= bucket {
                    buckets.push(Vec::new());
                }
                buckets.get_mut(bucket).into_iter().for_each(|list| list.push((three, which, i)));
            }
        }
        Self { filter, fours, buckets, list: literals, short }
    }

    /// Every literal at every place. The text is in lower case.
    pub(super) fn all(&self, text: &[u8]) -> Hits {
        self.all_but(text, b"", &[])
    }

    /// The same where it is known already at which places one of the literals stands.
    pub(super) fn all_but(&self, text: &[u8], known: &[u8], places: &[usize]) -> Hits {
        let mut hits = Hits::new();
        for (which, literal, finder) in &self.short {
            if *literal == known {
                hits.extend(places.iter().map(|start| (*start, *which)));
            } else {
                hits.extend(finder.find_iter(text).map(|start| (start, *which)));
            }
        }
        let mut base = 0usize;
        let here = text.as_chunks::<BLOCK>().0.chunks(BATCH);
        let behind = text.get(2..).unwrap_or_default().as_chunks::<BLOCK>().0.chunks(BATCH);
        for (here, behind) in here.zip(behind) {
            let mut all = [[0; PLACES]; BATCH];
            let count = dispatch!(Level::new(), simd => batch(simd, here, behind, &mut all));
            for hashes in all.get(..count).unwrap_or_default() {
                for (hashes, start) in hashes.as_chunks::<8>().0.iter().zip((base..).step_by(16)) {
                    if hashes.iter().fold(0, |any, hash| any | self.bucket(*hash)) != 0 {
                        self.closer(text, start, hashes, &mut hits);
                    }
                }
                base = base.wrapping_add(BLOCK);
            }
        }
        for (k, three) in text.get(base..).unwrap_or_default().windows(3).enumerate().step_by(2) {
            let bucket = self.bucket(hash_three(number(three)));
            if bucket != 0 {
                self.look(text, base.wrapping_add(k), bucket, &mut hits);
            }
        }
        hits.sort_unstable();
        hits
    }

    /// Looks at the places from `start` on of which one has a known hash.
    #[inline(never)]
    fn closer(&self, text: &[u8], start: usize, hashes: &[u16; 8], hits: &mut Hits) {
        for (place, hash) in (start..).step_by(2).zip(hashes) {
            let bucket = self.bucket(*hash);
            if bucket != 0 {
                self.look(text, place, bucket, hits);
            }
        }
    }

    fn bucket(&self, hash: u16) -> u8 {
        self.filter.get(usize::from(hash)).copied().unwrap_or(0)
    }

    /// Notes the literals that the three bytes at a place belong to.
    fn look(&self, text: &[u8], place: usize, bucket: u8, hits: &mut Hits) {
        // The other byte stands behind these or before them.
        let four = text.get(place..).and_then(<[u8]>::first_chunk::<4>).copied();
        let last = || {
            let byte = |i: usize| at(text, place.wrapping_add(i));
            [byte(0), byte(1), byte(2), 0]
        };
        let behind = u32::from_le_bytes(four.unwrap_or_else(last));
        let three = behind & 0x00ff_ffff;
        let before = behind << 8 | u32::from(bytes::before(text, place));
        let four = |four| self.fours.get(hash(four)).copied().unwrap_or(false);
        if !four(behind) && !four(before) {
            return;
        }
        let bucket = self.buckets.get(usize::from(bucket).wrapping_sub(1));
        for (known, which, i) in bucket.into_iter().flatten() {
            let start = place.checked_sub(*i).filter(|_| *known == three);
            let Some(start) = start else { continue };
            let literal = self.list.get(*which).copied().unwrap_or_default();
            if text.get(start..).is_some_and(|rest| rest.starts_with(literal)) {
                hits.push((start, *which));
            }
        }
    }
}

/// The block at a place, and the same two bytes on; None where the text ends before.
pub(super) fn block(text: &[u8], base: usize) -> Option<(&[u8; BLOCK], &[u8; BLOCK])> {
    let here = text.get(base..)?.first_chunk::<BLOCK>()?;
    let behind = text.get(base.wrapping_add(2)..)?.first_chunk::<BLOCK>()?;
    Some((here, behind))
}

/// The hashes of some blocks, each with what is two bytes on; returned is of how many.
#[expect(clippy::inline_always, reason = "is to be compiled for each kind of processor")]
#[inline(always)]
fn batch<S: Simd>(
    _: S,
    here: &[[u8; BLOCK]],
    behind: &[[u8; BLOCK]],
    all: &mut [[u16; PLACES]; BATCH],
) -> usize {
    for (hashes_of, (here, behind)) in all.iter_mut().zip(here.iter().zip(behind)) {
        *hashes_of = hashes(here, behind);
    }
    here.len().min(behind.len())
}

/// The hashes of the threes at every second place.
#[expect(clippy::inline_always, reason = "is to be compiled for each kind of processor")]
#[inline(always)]
pub(super) fn hashes(block: &[u8; BLOCK], behind: &[u8; BLOCK]) -> [u16; PLACES] {
    let mut hashes = [0u16; PLACES];
    let pairs = block.as_chunks::<2>().0.iter().zip(behind.as_chunks::<2>().0);
    for (hash, (two, third)) in hashes.iter_mut().zip(pairs) {
        *hash = mixed(u16::from_le_bytes(*two), u16::from_le_bytes(*third) & 0xff);
    }
    hashes
}

/// The hash of three bytes, the first two as one number: less than [`SIZE`].
#[expect(clippy::inline_always, reason = "is to be compiled for each kind of processor")]
#[inline(always)]
pub(super) fn mixed(two: u16, third: u16) -> u16 {
    let sum = two.wrapping_mul(0x9e35).wrapping_add(third.wrapping_mul(0x6c8d));
    sum >> (16 - BITS)
}

fn hash_three(three: u32) -> u16 {
    let [a, b, third, _] = three.to_le_bytes();
    mixed(u16::from_le_bytes([a, b]), u16::from(third))
}

/// Calls `found` with the number of the literal and its start for hits one after the other, of those at
/// one place for the first. It returns where to go on, if that is further than the next byte.
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

fn hash(four: u32) -> usize {
    let mixed = four.wrapping_mul(0x9e37_79b1) >> (32u32.wrapping_sub(BITS));
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
            each(Literals::new(LIST.into_iter()).all(&text).into_iter(), |which, start| {
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
                each(literals.all(text.as_bytes()).into_iter(), |which, start| {
                    hits.push((which, start));
                    0
                });
                let first = LIST.iter().position(|l| literal.starts_with(l)).unwrap_or(which);
                assert_eq!(hits.first(), Some(&(first, padding)), "{text}");
            }
        }
    }
}
