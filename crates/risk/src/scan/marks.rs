//! The first pass: where a closer look is due.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x16, u8x64};

use super::bits::{self, BLOCK};
use super::bytes;

/// Shortest run of token characters that is looked at.
const RUN: usize = 16;

/// Places in a text that detectors begin at, and what stands around them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Runs of letters, digits and `-._/+=` of at least [`RUN`] bytes: start and end.
    pub(super) runs: Vec<(usize, usize)>,
    /// Where `@` stands.
    pub(super) ats: Vec<usize>,
    /// Where `://` stands.
    pub(super) schemes: Vec<usize>,
    /// Where an `o` or `O` stands by itself between two spaces: the place of the first.
    pub(super) ohs: Vec<usize>,
    /// There is more than printable ASCII and line breaks.
    pub(super) odd: bool,
    blocks: Vec<Block>,
}

/// What the bytes of a block are, the first the lowest bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Block {
    digits: u64,
    /// Letters and digits of ASCII.
    words: u64,
    /// Those, `_` and `-`.
    tokens: u64,
    /// Letters of ASCII, and all that is beyond it.
    letters: u64,
}

/// What is looked for in a block, each byte one bit.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    block: Block,
    runs: u64,
    ats: u64,
    /// Colons with a slash behind, which may be of the next block.
    colons: u64,
    /// An o between spaces; where the block begins or ends anything may stand.
    ohs: u64,
}

/// Blocks that are looked at before what was found in them is noted.
const BATCH: usize = 16;

/// One pass over the text, 64 bytes at a time, with the widest vectors that the processor has.
pub(super) fn mark(text: &[u8]) -> Marks {
    mark_with(Level::new(), text)
}

fn mark_with(level: Level, text: &[u8]) -> Marks {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let last = padded(rest);
    let size = blocks.len().saturating_add(1);
    let mut marks = Marks { blocks: Vec::with_capacity(size), ..Marks::default() };
    let (mut base, mut open) = (0usize, 0usize);
    for batch in blocks.chunks(BATCH).chain([core::slice::from_ref(&last)]) {
        let mut found = [Found::default(); BATCH];
        marks.odd |= dispatch!(level, simd => look(simd, batch, &mut found));
        for found in found.get(..batch.len()).unwrap_or_default() {
            marks.blocks.push(found.block);
            open = long(found.runs, base, open, &mut marks.runs);
            each(found.ats, base, |place| marks.ats.push(place));
            each(found.colons, base, |place| {
                if bytes::goes_on(text, place, b"://") {
                    marks.schemes.push(place);
                }
            });
            each(found.ohs, base, |place| {
                let start = place.wrapping_sub(1);
                if matches!(bytes::part(text, start, place.wrapping_add(2)), [b' ', _, b' ']) {
                    marks.ohs.push(start);
                }
            });
            base = base.wrapping_add(BLOCK);
        }
    }
    marks
}

/// Returns whether there is an odd byte. There are no branches: with them, compilers take vectors of bits
/// apart.
#[expect(clippy::inline_always, reason = "is to be compiled for each kind of processor")]
#[expect(clippy::arithmetic_side_effects, reason = "of vectors, which run over silently")]
#[inline(always)]
fn look<S: Simd>(simd: S, batch: &[[u8; BLOCK]], found: &mut [Found; BATCH]) -> bool {
    let [low, high] = TABLES.map(|table| u8x64::block_splat(u8x16::simd_from(simd, table)));
    let mut odd = u8x64::simd_from(simd, 0);
    for (block, found) in batch.iter().zip(found) {
        let bytes = u8x64::simd_from(simd, *block);
        let is = |b: u8| bytes.simd_eq(b).to_bitmask();
        let (lower, upper) = (bytes & 0x0f, bytes >> 4);
        let class = low.swizzle_dyn_within_blocks(lower) & high.swizzle_dyn_within_blocks(upper);
        let any = |bits: u8| !(class & bits).simd_eq(0).to_bitmask();
        odd |= class & (CONTROL | CONTROL_TOO) | bytes.saturating_sub(0x7e);
        let letters = !(class & (ALPHA | ALPHA_TOO) | bytes & 0x80).simd_eq(0).to_bitmask();
        let words = any(DIGIT | ALPHA | ALPHA_TOO);
        let tokens = any(DIGIT | ALPHA | ALPHA_TOO | UNDERSCORE) | is(b'-');
        let (spaces, first, last) = (is(b' '), 1, 1 << (BLOCK - 1));
        let ohs = (bytes | 0x20).simd_eq(b'o').to_bitmask();
        *found = Found {
            block: Block { digits: any(DIGIT), words, tokens, letters },
            runs: any(!(CONTROL | CONTROL_TOO)),
            ats: is(b'@'),
            colons: is(b':') & (is(b'/') >> 1 | last),
            ohs: ohs & (spaces << 1 | first) & (spaces >> 1 | last),
        };
    }
    !odd.simd_eq(0).to_bitmask() != 0
}

/// What a byte is. Each bit holds for some values of the upper four bits and some of the lower.
const DIGIT: u8 = 1;
const ALPHA: u8 = 2;
const ALPHA_TOO: u8 = 4;
/// `+`, `-`, `.` and `/`.
const SIGN: u8 = 8;
const EQUALS: u8 = 16;
const UNDERSCORE: u8 = 32;
/// Before the space, but for line breaks.
const CONTROL: u8 = 64;
const CONTROL_TOO: u8 = 128;

/// What the lower four bits of a byte leave open, and what the upper.
const TABLES: [[u8; 16]; 2] = {
    let [mut low, mut high] = [[0u8; 16]; 2];
    let mut rest: &mut [u8] = &mut low;
    let mut four = 0u8;
    while let Some((first, tail)) = rest.split_first_mut() {
        *first = CONTROL_TOO
            | if four < 10 { DIGIT } else { 0 }
            | if four > 0 { ALPHA } else { 0 }
            | if four < 11 { ALPHA_TOO } else { 0 }
            | if matches!(four, 0xb | 0xd..=0xf) { SIGN } else { 0 }
            | if four == 0xd { EQUALS } else { 0 }
            | if four == 0xf { UNDERSCORE } else { 0 }
            | if matches!(four, 0xa | 0xd) { 0 } else { CONTROL };
        four = four.wrapping_add(1);
        rest = tail;
    }
    if let Some(first) = high.first_chunk_mut::<8>() {
        *first = [
            CONTROL,
            CONTROL_TOO,
            SIGN,
            DIGIT | EQUALS,
            ALPHA,
            ALPHA_TOO | UNDERSCORE,
            ALPHA,
            ALPHA_TOO,
        ];
    }
    [low, high]
};

impl Marks {
    /// The first place from `from` on where digits begin.
    #[inline]
    pub(super) fn next_digits(&self, from: usize) -> Option<usize> {
        bits::next(|i| self.block(i).digits, self.blocks.len(), from)
    }

    /// The end of the digits that begin at `start`, at most `most` bytes on.
    #[inline]
    pub(super) fn digits_end(&self, start: usize, most: usize) -> usize {
        bits::end(|i| self.block(i).digits, start, most)
    }

    /// The end of the letters and digits that begin at `start`, at most `most` bytes on.
    #[inline]
    pub(super) fn word_end(&self, start: usize, most: usize) -> usize {
        bits::end(|i| self.block(i).words, start, most)
    }

    /// The end of the letters, digits, `_` and `-` that begin at `start`, at most `most` bytes on.
    #[inline]
    pub(super) fn token_end(&self, start: usize, most: usize) -> usize {
        bits::end(|i| self.block(i).tokens, start, most)
    }

    /// The start of the letters and digits before `end`, at most `most` bytes back.
    #[inline]
    pub(super) fn word_start(&self, end: usize, most: usize) -> usize {
        bits::start(|i| self.block(i).words, end, most)
    }

    /// Which of the 64 bytes from a place on are digits, the first the lowest bit.
    #[inline]
    pub(super) fn digits_from(&self, start: usize) -> u64 {
        bits::from(|i| self.block(i).digits, start)
    }

    /// Which of them are letters, or beyond ASCII.
    #[inline]
    pub(super) fn letters_from(&self, start: usize) -> u64 {
        bits::from(|i| self.block(i).letters, start)
    }

    /// Which of the 128 bytes before a place are letters, or beyond ASCII: the last the highest bit.
    #[inline]
    pub(super) fn letters_before(&self, end: usize) -> u128 {
        let bits = |end| u128::from(bits::before(|i| self.block(i).letters, end));
        bits(end) << BLOCK | end.checked_sub(BLOCK).map_or(0, bits)
    }

    #[inline]
    fn block(&self, i: usize) -> Block {
        self.blocks.get(i).copied().unwrap_or_default()
    }
}

/// Calls `found` for every bit of a block, with its place in the text.
#[inline]
fn each(bits: u64, base: usize, mut found: impl FnMut(usize)) {
    let mut left = bits;
    while left != 0 {
        found(base.wrapping_add(bits::count(left.trailing_zeros())));
        left &= left.wrapping_sub(1);
    }
}

/// What is left of a text, with spaces behind.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut last = [b' '; BLOCK];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    last
}

/// Notes the long runs that end in a block, of which `bits` are the bytes in runs. `open` is how long
/// the run is already that the block goes on with; returned is how much of one it ends with.
#[inline]
fn long(bits: u64, base: usize, open: usize, runs: &mut Vec<(usize, usize)>) -> usize {
    let ahead = bits::count((!bits).trailing_zeros());
    if ahead == BLOCK {
        return open.wrapping_add(BLOCK);
    }
    if open.wrapping_add(ahead) >= RUN {
        runs.push((base.wrapping_sub(open), base.wrapping_add(ahead)));
    }
    let tail = bits::count((!bits).leading_zeros());
    // Those in the middle: what is set has so many behind it that are set too.
    let bits = bits & bits.wrapping_add(1) & u64::MAX >> tail;
    let mut starts = [1, 2, 4, 8].iter().fold(bits, |starts, step| starts & starts >> step);
    while starts != 0 {
        let first = starts.trailing_zeros();
        let end = first.saturating_add((!(bits >> first)).trailing_zeros());
        let place = |bit: u32| base.wrapping_add(bits::count(bit));
        runs.push((place(first), place(end)));
        starts &= u64::MAX.checked_shl(end).unwrap_or(0);
    }
    tail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_run(b: u8) -> bool {
        b.is_ascii_alphanumeric() || b"-._/+=".contains(&b)
    }

    fn slow(text: &[u8]) -> (Vec<(usize, usize)>, Vec<usize>) {
        let (mut runs, mut digits) = (Vec::new(), Vec::new());
        let (mut start, mut before) = (None, 0u8);
        for (i, b) in text.iter().copied().chain([0]).enumerate() {
            match start {
                None if in_run(b) => start = Some(i),
                Some(s) if !in_run(b) => {
                    runs.push((s, i));
                    start = None;
                }
                _ => {}
            }
            if b.is_ascii_digit() && !before.is_ascii_digit() {
                digits.push(i);
            }
            before = b;
        }
        runs.retain(|(start, end)| end.saturating_sub(*start) >= RUN);
        (runs, digits)
    }

    proptest! {
        #[test]
        fn the_pass_finds_what_looking_at_every_byte_finds(
            text in proptest::collection::vec(
                prop_oneof![5 => Just(b'a'), 5 => b'0'..=b'9', 1 => any::<u8>(), 1 => Just(b' ')],
                0..400,
            )
        ) {
            let marks = mark(&text);
            // With the least that every processor of this kind has.
            prop_assert_eq!(&mark_with(Level::baseline(), &text), &marks);
            let next = |place: &usize| marks.next_digits(place.saturating_add(1));
            let starts: Vec<usize> =
                core::iter::successors(marks.next_digits(0), next).collect();
            for place in &starts {
                let word = |b: &&u8| b.is_ascii_alphanumeric();
                let ahead = text[*place..].iter().take_while(word).count();
                let back = text[..*place].iter().rev().take_while(word).count();
                let digits = text[*place..].iter().take_while(|b| b.is_ascii_digit()).count();
                prop_assert_eq!(marks.word_end(*place, 99), place.saturating_add(ahead.min(99)));
                prop_assert_eq!(marks.word_start(*place, 99), place.saturating_sub(back.min(99)));
                prop_assert_eq!(marks.digits_end(*place, 999), place.saturating_add(digits));
            }
            prop_assert_eq!((marks.runs, starts), slow(&text));
        }
    }
}
