//! What is left of a text for content comparison, and hashes of windows over it.

use crate::text::fold;

/// Characters in a window that is compared.
pub(crate) const GRAM: usize = 21;
/// Every how many characters a window of what was read is kept. Any run of
/// `GRAM + STRIDE - 1` = 24 characters holds one of the kept windows whole.
pub(crate) const STRIDE: usize = 4;
/// Bits of a window's hash. A collision can only raise a tier, so 40 suffice.
pub(crate) const GRAM_BITS: u32 = 40;

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
const TOP: u64 = power(GRAM);
const STEP: u64 = power(STRIDE);

const fn power(mut n: usize) -> u64 {
    let mut power = 1u64;
    while n > 0 {
        power = power.wrapping_mul(BASE);
        n = n.saturating_sub(1);
    }
    power
}

/// For each byte of ASCII the small letter or digit that it stands for, or nothing.
const SMALL: [u8; 128] = {
    let mut small = [0; 128];
    let mut at = 0;
    while at < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        let b = at as u8;
        #[expect(clippy::indexing_slicing, reason = "below 128")]
        if b.is_ascii_alphanumeric() {
            small[at] = b.to_ascii_lowercase();
        }
        at = at.wrapping_add(1);
    }
    small
};

/// A text's letters and digits, lower-case, without the spaces, punctuation and invisible characters
/// that quoting and wrapping change.
pub(crate) fn essence(text: &str, into: &mut Vec<u32>) {
    into.reserve(text.len());
    let mut rest = text;
    loop {
        let ascii = if rest.is_ascii() {
            rest.len()
        } else {
            rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len())
        };
        let Some((plain, behind)) = rest.split_at_checked(ascii) else { return };
        essence_of_ascii(plain.as_bytes(), into);
        let mut chars = behind.chars();
        let Some(c) = chars.next() else { return };
        let folded = fold(c);
        if folded.is_alphanumeric() {
            into.extend(folded.to_lowercase().map(u32::from));
        }
        rest = chars.as_str();
    }
}

/// The same for ASCII: every byte is written, and the next one over it if it is no letter and no digit,
/// without branches.
fn essence_of_ascii(text: &[u8], into: &mut Vec<u32>) {
    const BLOCK: usize = 64;
    for block in text.chunks(BLOCK) {
        let (mut letters, mut length) = ([0u32; BLOCK], 0usize);
        for b in block {
            let small = SMALL.get(usize::from(*b & 0x7f)).copied().unwrap_or_default();
            // The index is below the length, which the compiler sees.
            if let Some(slot) = letters.get_mut(length & (BLOCK - 1)) {
                *slot = u32::from(small);
            }
            length = length.wrapping_add(usize::from(small != 0));
        }
        into.extend_from_slice(letters.get(..length).unwrap_or_default());
    }
}

/// The hashes of all windows, in order.
pub(crate) fn windows(essence: &[u32]) -> impl Iterator<Item = u64> + '_ {
    let mut hash = essence.get(..GRAM).map_or(0, poly);
    let more = essence.get(GRAM..).unwrap_or_default().iter().zip(essence);
    let first = (essence.len() >= GRAM).then_some(hash);
    let rest = more.map(move |(new, gone)| {
        // What does not wait for the last hash first.
        let change = value(*new).wrapping_sub(value(*gone).wrapping_mul(TOP));
        hash = hash.wrapping_mul(BASE).wrapping_add(change);
        hash
    });
    first.into_iter().chain(rest).map(mixed)
}

/// The hashes of every fourth window, the first one included, and where the next would begin.
pub(crate) fn kept_windows(essence: &[u32], mut found: impl FnMut(u64)) -> usize {
    let Some(first) = essence.get(..GRAM) else { return 0 };
    let mut hash = poly(first);
    found(mixed(hash));
    let (new, _) = essence.get(GRAM..).unwrap_or_default().as_chunks::<STRIDE>();
    let (gone, _) = essence.as_chunks::<STRIDE>();
    for (new, gone) in new.iter().zip(gone) {
        let less = poly(gone).wrapping_mul(TOP);
        hash = hash.wrapping_mul(STEP).wrapping_add(poly(new)).wrapping_sub(less);
        found(mixed(hash));
    }
    new.len().saturating_add(1).saturating_mul(STRIDE)
}

fn value(c: u32) -> u64 {
    u64::from(c).wrapping_add(1)
}

fn poly(part: &[u32]) -> u64 {
    part.iter().fold(0, |hash, c| hash.wrapping_mul(BASE).wrapping_add(value(*c)))
}

fn mixed(hash: u64) -> u64 {
    mix(hash) >> (64 - GRAM_BITS)
}

/// Spreads the polynomial's structure over all bits.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<u32> {
        let mut all = Vec::new();
        essence(text, &mut all);
        all
    }

    #[test]
    fn every_run_of_24_equal_characters_shares_a_kept_window() {
        let source: String = (0..400u32).map(|i| char::from_u32(0x4e00 + i * 7).unwrap()).collect();
        let kept: Vec<u64> = windows(&of(&source)).step_by(STRIDE).collect();
        let chars: Vec<char> = source.chars().collect();
        for at in 0..=chars.len() - 24 {
            let run: String = chars[at..at + 24].iter().collect();
            let text = of(&format!("unrelated words before {run}"));
            assert!(windows(&text).any(|h| kept.contains(&h)), "the run at {at}");
        }
    }

    #[test]
    fn a_window_has_one_hash_wherever_it_stands() {
        let text = of("the quick brown fox jumps over the lazy dog");
        for (at, hash) in windows(&text).enumerate() {
            assert_eq!(windows(&text[at..at + GRAM]).collect::<Vec<_>>(), [hash]);
        }
        assert_eq!(windows(&text).count(), text.len() + 1 - GRAM);
        assert_eq!(windows(&text[..GRAM - 1]).count(), 0);
    }

    #[test]
    fn what_is_kept_is_every_fourth_window() {
        for n in 0..70 {
            let text: Vec<u32> = (0..n).map(|i| i * i).collect();
            let mut kept = Vec::new();
            let next = kept_windows(&text, |window| kept.push(window));
            let all: Vec<u64> = windows(&text).collect();
            assert_eq!(kept, all.iter().copied().step_by(STRIDE).collect::<Vec<_>>(), "{n}");
            assert!(next < all.len() + STRIDE && (all.is_empty() || next >= all.len()));
        }
    }

    #[test]
    fn full_width_letters_and_spacing_do_not_change_the_essence() {
        let plain = of("Secret key");
        assert_eq!(plain, of("\u{ff33}e\u{200b}cr.et  K-e\u{ad}y"));
        assert_eq!(of("\u{c4}B\u{df}9"), ['\u{e4}', 'b', '\u{df}', '9'].map(u32::from));
    }
}
