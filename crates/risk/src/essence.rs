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
const TOP: u64 = {
    let (mut power, mut left) = (1u64, GRAM);
    while left > 0 {
        power = power.wrapping_mul(BASE);
        left = left.saturating_sub(1);
    }
    power
};

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
        let bytes = rest.as_bytes();
        let mut ascii = 0usize;
        for b in bytes {
            let Some(small) = SMALL.get(usize::from(*b)) else { break };
            ascii = ascii.saturating_add(1);
            if *small != 0 {
                into.push(u32::from(*small));
            }
        }
        rest = rest.get(ascii..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { return };
        let folded = fold(c);
        if folded.is_alphanumeric() {
            into.extend(folded.to_lowercase().map(u32::from));
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
}

/// The hashes of all windows, with the number of the character that each ends at.
pub(crate) fn windows(essence: &[u32]) -> impl Iterator<Item = u64> + '_ {
    let mut hash = 0u64;
    let value = |c: &u32| u64::from(*c).wrapping_add(1);
    let (first, rest) = essence.split_at_checked(GRAM.saturating_sub(1)).unwrap_or((&[], &[]));
    for c in first {
        hash = hash.wrapping_mul(BASE).wrapping_add(value(c));
    }
    let gone = core::iter::once(0).chain(essence.iter().map(value));
    rest.iter().zip(gone).map(move |(c, gone)| {
        let new = hash.wrapping_mul(BASE).wrapping_add(value(c));
        hash = new.wrapping_sub(gone.wrapping_mul(TOP));
        mix(hash) >> (64 - GRAM_BITS)
    })
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
    fn full_width_letters_and_spacing_do_not_change_the_essence() {
        let plain = of("Secret key");
        assert_eq!(plain, of("\u{ff33}e\u{200b}cr.et  K-e\u{ad}y"));
        assert_eq!(of("\u{c4}B\u{df}9"), ['\u{e4}', 'b', '\u{df}', '9'].map(u32::from));
    }
}
