//! The first pass: where a closer look is due.

use super::bits::{self, BLOCK};
use super::lanes;

/// Shortest run of token characters that is looked at.
const RUN: usize = 16;

/// Places in a text that detectors begin at, and what stands around them.
#[derive(Debug)]
pub(super) struct Marks<'a> {
    text: &'a [u8],
    /// Runs of letters, digits and `-._/+=` of at least [`RUN`] bytes: start and end.
    pub(super) runs: Vec<(usize, usize)>,
    /// For each block which bytes are digits, and which are letters or digits of ASCII; nothing for one
    /// without a digit.
    blocks: Vec<(u64, u64)>,
    /// There is more than printable ASCII and line breaks.
    pub(super) odd: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
/// What is known of a byte.
const IN_RUN: u8 = 1;
const DIGIT: u8 = 2;
const ODD: u8 = 4;

/// One pass over the text, 64 bytes at a time and without branches for what holds nothing.
pub(super) fn mark(text: &[u8]) -> Marks<'_> {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let last = padded(rest);
    let size = blocks.len().saturating_add(1);
    let mut known = Vec::with_capacity(size);
    let mut runs = Vec::new();
    let mut ever = 0u64;
    let (mut base, mut done) = (0usize, 0usize);
    for block in blocks.iter().chain([&last]) {
        let flags = flags(block);
        let (lanes, _) = flags.as_chunks::<8>();
        let (mut any, mut full) = (0u64, 0u64);
        for lane in lanes {
            let lane = u64::from_le_bytes(*lane);
            any |= lane;
            // All ones turn over to zero: of nothing else the highest bit is set here and not behind.
            let all = lane | !all(IN_RUN);
            full |= all & !all.wrapping_add(1);
        }
        if full >> 63 != 0 {
            done = long(text, base, gathered(lanes, IN_RUN), done, &mut runs);
        }
        if any & all(DIGIT) == 0 {
            known.push((0, 0));
        } else {
            known.push((gathered(lanes, DIGIT), words_in(block)));
        }
        ever |= any;
        base = base.wrapping_add(BLOCK);
    }
    Marks { text, runs, blocks: known, odd: ever & all(ODD) != 0 }
}

impl Marks<'_> {
    /// The first place from `from` on where digits begin.
    #[inline]
    pub(super) fn next_digits(&self, from: usize) -> Option<usize> {
        bits::next(|i| self.known(i).0, self.blocks.len(), from)
    }

    /// The end of the digits that begin at `start`, at most `most` bytes on.
    #[inline]
    pub(super) fn digits_end(&self, start: usize, most: usize) -> usize {
        bits::end(|i| self.known(i).0, start, most)
    }

    /// The end of the letters and digits that begin at `start`, at most `most` bytes on.
    #[inline]
    pub(super) fn word_end(&self, start: usize, most: usize) -> usize {
        bits::end(|i| self.words_of(i), start, most)
    }

    /// The start of the letters and digits before `end`, at most `most` bytes back.
    #[inline]
    pub(super) fn word_start(&self, end: usize, most: usize) -> usize {
        bits::start(|i| self.words_of(i), end, most)
    }

    #[inline]
    fn known(&self, i: usize) -> (u64, u64) {
        self.blocks.get(i).copied().unwrap_or((0, 0))
    }

    #[inline]
    fn words_of(&self, i: usize) -> u64 {
        // A block without a digit was not looked at.
        match self.known(i).1 {
            0 => self.looked_at(i),
            words => words,
        }
    }

    #[cold]
    fn looked_at(&self, i: usize) -> u64 {
        let rest = self.text.get(i.saturating_mul(BLOCK)..).unwrap_or_default();
        let block = rest.first_chunk::<BLOCK>().copied().unwrap_or_else(|| padded(rest));
        words_in(&block)
    }
}

/// What is left of a text, with spaces behind.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut last = [b' '; BLOCK];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    last
}

/// Notes the long runs of a block, of which `bits` are the bytes in runs, and returns where the last one
/// ends. A run of RUN bytes has half of them in one block.
fn long(text: &[u8], base: usize, bits: u64, done: usize, runs: &mut Vec<(usize, usize)>) -> usize {
    let mut done = done;
    let half = [1, 2, 4].iter().fold(bits, |half, step| half & half >> step);
    let mut left = half;
    while left != 0 {
        let first = left.trailing_zeros();
        let end = first.saturating_add((!(bits >> first)).trailing_zeros());
        left &= u64::MAX.checked_shl(end).unwrap_or(0);
        let place = |bit: u32| base.saturating_add(usize::try_from(bit).unwrap_or(0));
        let (mut from, mut to) = (place(first), place(end));
        if from < done {
            continue;
        }
        if first == 0 {
            from = lanes::run_back(text, 0, from, lanes::of_run);
        }
        if end == u64::BITS {
            to = lanes::run(text, to, text.len(), lanes::of_run);
        }
        done = to;
        if to.saturating_sub(from) >= RUN {
            runs.push((from, to));
        }
    }
    done
}

const fn all(flag: u8) -> u64 {
    (flag as u64).wrapping_mul(ONES)
}

/// One bit of each byte.
fn gathered(lanes: &[[u8; 8]], flag: u8) -> u64 {
    let shift = flag.trailing_zeros();
    lanes.iter().rev().fold(0, |bits, lane| {
        let eight = u64::from_le_bytes(*lane) >> shift & ONES;
        bits << 8 | eight.wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// Which bytes of a block are letters or digits.
fn words_in(block: &[u8; BLOCK]) -> u64 {
    let mut flags = [0u8; BLOCK];
    for (flag, b) in flags.iter_mut().zip(block) {
        *flag = mask(within(b | 0x20, b'a', 26) | within(*b, b'0', 10)) & 1;
    }
    gathered(flags.as_chunks::<8>().0, 1)
}

/// Whether a byte is one of so many from a first one on: of signed numbers compilers compare many side
/// by side with one instruction.
fn within(b: u8, first: u8, count: i8) -> bool {
    b.wrapping_sub(first).wrapping_sub(0x80).cast_signed() < i8::MIN.wrapping_add(count)
}

fn mask(of: bool) -> u8 {
    0u8.wrapping_sub(u8::from(of))
}

/// What is known of every byte. Without branches, so that many are looked at side by side.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: many bytes are looked at side by side"
)]
fn flags(block: &[u8; BLOCK]) -> [u8; BLOCK] {
    let mut flags = [0u8; BLOCK];
    for (flag, b) in flags.iter_mut().zip(block) {
        // From `-` to `9` are `-`, `.`, `/` and the digits.
        let run = within(b | 0x20, b'a', 26)
            | within(*b, b'-', 13)
            | (*b == b'_')
            | (*b == b'+')
            | (*b == b'=');
        // What is beyond ASCII is below all of it as a signed number, and so is the last of ASCII, which
        // nobody sees, with one added.
        let odd = (b.wrapping_add(1).cast_signed() < 0x21) & (*b != b'\n') & (*b != b'\r');
        *flag = mask(run) & IN_RUN | mask(within(*b, b'0', 10)) & DIGIT | mask(odd) & ODD;
    }
    flags
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
