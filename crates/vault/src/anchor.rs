//! How a token ends, in clear and in base64, and a quick look whether a text holds such an end.
//!
//! An anchor is eight characters in one number, with `-` and `_` as `+` and `/`, so that both alphabets of
//! base64 (RFC 4648 sections 4 and 5) are one. Of a token these are its last eight bytes, and the last eight
//! characters of its base64 that depend on it alone. The token ends behind one of them with none, two or four
//! bits left over, after how much stands before it: so there are three.

/// How many bytes, and characters, an anchor has.
pub(crate) const ANCHOR: usize = 8;

/// The anchor of the last eight characters, out of that of one before.
pub(crate) fn next(anchor: u64, byte: u8) -> u64 {
    let byte = match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    anchor << 8 | u64::from(byte)
}

/// The anchor of a token in clear.
pub(crate) fn clear(end: [u8; ANCHOR]) -> u64 {
    end.into_iter().fold(0, next)
}

/// The anchors of a token in base64.
pub(crate) fn encoded(end: [u8; ANCHOR]) -> [u64; 3] {
    let bits = u64::from_be_bytes(end);
    [0u32, 2, 4].map(|left| {
        let sextets = (0..8u32).rev().map(|n| bits >> (left + 6 * n) & 63);
        sextets.map(character).fold(0, next)
    })
}

fn character(sextet: u64) -> u8 {
    let [.., sextet] = sextet.to_be_bytes();
    match sextet {
        0..26 => sextet + b'A',
        26..52 => sextet - 26 + b'a',
        52..62 => sextet - 52 + b'0',
        62 => b'+',
        _ => b'/',
    }
}

/// What a character of base64 stands for, in either alphabet.
pub(crate) fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(byte.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0').wrapping_add(52)),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// A bit for each anchor, which tells almost every place of a text from one at which a token ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter(Vec<u64>);

impl Filter {
    /// Bits for each anchor, at least, and bits in all: a power of two.
    const EACH: usize = 16;
    const LEAST: usize = 1 << 13;

    pub(crate) fn of<'a>(count: usize, anchors: impl IntoIterator<Item = &'a u64>) -> Self {
        let bits = count.saturating_mul(2 * Self::EACH).max(Self::LEAST);
        let mut filter = Self(vec![0; bits.next_power_of_two() / 64]);
        anchors.into_iter().for_each(|anchor| filter.add(*anchor));
        filter
    }

    /// Whether there is room for so many.
    pub(crate) fn holds(&self, anchors: usize) -> bool {
        anchors.saturating_mul(Self::EACH) <= self.0.len().saturating_mul(64)
    }

    /// Which word, and which bit of it. Tokens end at random, so that little mixing will do.
    fn place(&self, anchor: u64) -> (usize, u64) {
        let mixed = (anchor.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        let words = self.0.len().wrapping_sub(1);
        ((mixed >> 6) & words, 1 << (mixed & 63))
    }

    pub(crate) fn add(&mut self, anchor: u64) {
        let (word, bit) = self.place(anchor);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    pub(crate) fn may_hold(&self, anchor: u64) -> bool {
        let (word, bit) = self.place(anchor);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_anchor_of_three_is_in_the_base64_of_whatever_holds_the_token(
            before in prop::collection::vec(any::<u8>(), 0..9),
            end in any::<[u8; ANCHOR]>(),
            after in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            let bytes = [&before[..], &end, &after].concat();
            for text in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                let mut anchor = 0;
                let found = text.bytes().any(|byte| {
                    anchor = next(anchor, byte);
                    encoded(end).contains(&anchor)
                });
                prop_assert!(found, "{}", text);
            }
        }
    }

    #[test]
    fn a_sextet_is_the_character_of_its_character() {
        for n in 0..64u8 {
            assert_eq!(sextet(character(n.into())), Some(n));
        }
        assert_eq!(
            (sextet(b'-'), sextet(b'_'), sextet(b'='), sextet(0)),
            (Some(62), Some(63), None, None)
        );
    }
}
