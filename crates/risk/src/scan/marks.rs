//! The first pass: where a closer look is due.

use super::bytes::{self, is};

/// Shortest run of token characters that is looked at.
pub(super) const RUN: usize = 16;

/// Places in a text that detectors begin at.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Runs of letters, digits and `-._/+=` of at least [`RUN`] bytes: start and end.
    pub(super) runs: Vec<(usize, usize)>,
    /// Where a run of digits begins.
    pub(super) digits: Vec<usize>,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Whether a byte belongs to a run.
fn in_run(b: u8) -> bool {
    is(b, bytes::TOKEN | bytes::BASE) || b == b'.'
}

/// One pass over the text, 64 bytes at a time and without branches for what holds nothing.
pub(super) fn mark(text: &[u8]) -> Marks {
    let mut marks = Marks::default();
    let mut carry = 0u64;
    let mut done = 0usize;
    let (blocks, rest) = text.as_chunks::<64>();
    let mut last = [0u8; 64];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let mut base = 0usize;
    for block in blocks.iter().chain([&last]) {
        let mut flags = [0u8; 64];
        let mut any = 0u8;
        for (flag, b) in flags.iter_mut().zip(block) {
            let letter = u8::from((b | 0x20).wrapping_sub(b'a') < 26);
            let digit = u8::from(b.wrapping_sub(b'0') < 10);
            let other = u8::from(b.wrapping_sub(b'-') < 3)
                | u8::from(*b == b'_')
                | u8::from(*b == b'+')
                | u8::from(*b == b'=');
            *flag = letter | digit | other;
            any |= digit;
        }
        // A run of RUN bytes holds eight of them that begin at a multiple of eight.
        for (k, lane) in flags.as_chunks::<8>().0.iter().enumerate() {
            let start = base.wrapping_add(k.wrapping_mul(8));
            if u64::from_ne_bytes(*lane) == ONES && start >= done {
                done = run(text, start, &mut marks.runs);
            }
        }
        if any != 0 {
            let digits = digit_bits(block);
            let mut starts = digits & !(digits << 1 | carry);
            carry = digits >> 63;
            while starts != 0 {
                let place = usize::try_from(starts.trailing_zeros()).unwrap_or(0);
                marks.digits.push(base.wrapping_add(place));
                starts &= starts.wrapping_sub(1);
            }
        } else {
            carry = 0;
        }
        base = base.wrapping_add(64);
    }
    marks
}

/// Notes the run around a place if it is long enough, and returns its end.
fn run(text: &[u8], place: usize, runs: &mut Vec<(usize, usize)>) -> usize {
    let back = text.get(..place).unwrap_or_default().iter().rev();
    let start = place.saturating_sub(back.take_while(|b| in_run(**b)).count());
    let on = text.get(place..).unwrap_or_default().iter();
    let end = place.saturating_add(on.take_while(|b| in_run(**b)).count());
    if end.saturating_sub(start) >= RUN {
        runs.push((start, end));
    }
    end
}

/// A bit for every digit.
fn digit_bits(block: &[u8; 64]) -> u64 {
    let mut bits = 0u64;
    for (k, lane) in (0u32..).zip(block.as_chunks::<8>().0) {
        // In every byte: the upper bit is set unless it is 0 to 9 after the exclusive or.
        let x = u64::from_le_bytes(*lane) ^ (ONES.wrapping_mul(0x30));
        let others = ((x & !TOPS).wrapping_add(ONES.wrapping_mul(0x76)) | x) & TOPS;
        let one = (others ^ TOPS) >> 7;
        let gathered = one.wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << k.wrapping_mul(8);
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            prop_assert_eq!((marks.runs, marks.digits), slow(&text));
        }
    }
}
