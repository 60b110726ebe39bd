//! The first pass: where a closer look is due.

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
/// Eight bytes that belong to a run, and eight digits.
const ALL: u64 = ONES;
const HALF: u64 = 0x0101_0101;
const DIGIT: u64 = ONES << 1;

/// Whether a byte belongs to a run. Without branches, so that many are looked at side by side.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: many bytes are looked at side by side"
)]
fn in_run(b: u8) -> bool {
    // From `-` to `9` are `-`, `.`, `/` and the digits.
    ((b | 0x20).wrapping_sub(b'a') < 26)
        | (b.wrapping_sub(b'-') < 13)
        | (b == b'_')
        | (b == b'+')
        | (b == b'=')
}

/// One pass over the text, 64 bytes at a time and without branches for what holds nothing.
pub(super) fn mark(text: &[u8]) -> Marks {
    let mut marks = Marks::default();
    let mut carry = 0u64;
    let mut done = 0usize;
    let mut last_lane = 0u64;
    let (blocks, rest) = text.as_chunks::<64>();
    let mut last = [0u8; 64];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let mut base = 0usize;
    for block in blocks.iter().chain([&last]) {
        let flags = flags(block);
        let (lanes, _) = flags.as_chunks::<8>();
        let mut any = 0u64;
        // A run of RUN bytes holds eight of them that begin at a multiple of eight.
        for (k, lane) in lanes.iter().enumerate() {
            let lane = u64::from_le_bytes(*lane);
            let before = core::mem::replace(&mut last_lane, lane);
            any |= lane;
            if lane & ALL == ALL {
                let start = base.wrapping_add(k.wrapping_mul(8));
                let next =
                    lanes.get(k.wrapping_add(1)).map_or(ALL, |next| u64::from_le_bytes(*next));
                // Of the other eight bytes four stand on one side.
                let half = before >> 32 & HALF == HALF || next & HALF == HALF;
                if half && start >= done {
                    done = run(text, start, &mut marks.runs);
                }
            }
        }
        if any & DIGIT != 0 {
            let mut digits = 0u64;
            for lane in lanes.iter().rev() {
                // Gathers one bit of each of the eight bytes.
                let bits = (u64::from_le_bytes(*lane) & DIGIT) >> 1;
                digits = digits << 8 | bits.wrapping_mul(0x0102_0408_1020_4080) >> 56;
            }
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

/// Of every byte whether it belongs to a run, and whether it is a digit.
fn flags(block: &[u8; 64]) -> [u8; 64] {
    let mut flags = [0u8; 64];
    for (flag, b) in flags.iter_mut().zip(block) {
        *flag = u8::from(in_run(*b)) | u8::from(b.wrapping_sub(b'0') < 10) << 1;
    }
    flags
}

/// Notes the run around a place if it is long enough, and returns its end.
fn run(text: &[u8], place: usize, runs: &mut Vec<(usize, usize)>) -> usize {
    let end = run_on(text, place);
    let back = text.get(..place).unwrap_or_default().iter().rev();
    let start = place.saturating_sub(back.take_while(|b| in_run(**b)).count());
    if end.saturating_sub(start) >= RUN {
        runs.push((start, end));
    }
    end
}

/// The end of the run that goes on at a place.
fn run_on(text: &[u8], place: usize) -> usize {
    let rest = text.get(place..).unwrap_or_default();
    let whole = rest.as_chunks::<16>().0.iter();
    let whole = whole.take_while(|chunk| chunk.iter().fold(true, |all, b| all & in_run(*b)));
    let whole = whole.count().saturating_mul(16);
    let more = rest.get(whole..).unwrap_or_default().iter().take_while(|b| in_run(**b)).count();
    place.saturating_add(whole).saturating_add(more)
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
