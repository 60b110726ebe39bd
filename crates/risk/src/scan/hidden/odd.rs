//! Whether a text needs to be looked at for what is hidden: most do not.

use super::super::bytes::{self, at};

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Whether a text holds anything that could be hidden, or that is folded: control characters, or
/// characters beyond ASCII other than ordinary letters, quotes and dashes. One pass.
pub(in crate::scan) fn possible(text: &[u8]) -> bool {
    let mut base = 0usize;
    while let Some(block) = chunk(text, base) {
        // What matters because of a letter before it may be the first of the next block.
        let next = base.wrapping_add(BLOCK);
        let any = block.iter().fold(false, |any, b| any | odd(*b))
            || text.get(next).is_some_and(|b| odd(*b));
        if any && closer(text, base, block) {
            return true;
        }
        base = next;
    }
    let rest = text.get(base..).unwrap_or_default();
    (base..).zip(rest).any(|(i, b)| odd(*b) && matters(text, i, *b))
}

fn chunk(text: &[u8], base: usize) -> Option<&[u8; BLOCK]> {
    text.get(base..)?.first_chunk::<BLOCK>()
}

fn odd(b: u8) -> bool {
    (b >= 0x7f) | control(b)
}

#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: many bytes are looked at side by side"
)]
fn control(b: u8) -> bool {
    (b < 0x20) & (b != b'\n') & (b != b'\r') & (b != b'\t')
}

/// The same for a block with something odd in it: all bytes with the two behind each, side by side;
/// what is left, one by one.
fn closer(text: &[u8], base: usize, block: &[u8; BLOCK]) -> bool {
    let (Some(seconds), Some(thirds)) =
        (chunk(text, base.wrapping_add(1)), chunk(text, base.wrapping_add(2)))
    else {
        return (base..).zip(block).any(|(i, b)| odd(*b) && matters(text, i, *b));
    };
    let mut flags = [0u8; BLOCK];
    let threes = block.iter().zip(seconds).zip(thirds);
    for (flag, ((a, b), c)) in flags.iter_mut().zip(threes) {
        *flag = u8::from(may_matter(*a, *b, *c));
    }
    flags.iter().fold(0, |any, flag| any | flag) != 0
        && flags.iter().enumerate().any(|(k, flag)| {
            let here = |k: usize| {
                let place = base.wrapping_add(k);
                let b = at(text, place);
                place < text.len() && odd(b) && matters(text, place, b)
            };
            *flag != 0 && (here(k) || here(k.wrapping_add(1)))
        })
}

/// True wherever [`matters`] is for the first of three bytes, or for the second because of a letter
/// before it. Without branches.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: many bytes are looked at side by side"
)]
fn may_matter(a: u8, b: u8, c: u8) -> bool {
    let within = |b: u8, from: u8, to: u8| b.wrapping_sub(from) <= to.wrapping_sub(from);
    let letter = |b: u8| within(b | 0x20, b'a', b'z');
    let strange = |b: u8| within(b, 0xce, 0xd4);
    let latin = letter(a) & strange(b) | strange(a) & letter(c);
    let quote = (b == 0x80) & (within(c, 0x98, 0xa7) | within(c, 0xb0, 0xbf))
        | within(b, 0x82, 0x84)
        | within(b, 0x86, 0x8f)
        | within(b, 0x94, 0x97);
    let space = (b == 0x80) & (c == 0x80) | (b == 0x85) & (c == 0xa4);
    let wide = (b == 0xbc)
        & (within(c, 0x81, 0x8f) | within(c, 0x9a, 0xa0) | within(c, 0xbb, 0xbf))
        | (b == 0xbd) & ((c == 0x80) | within(c, 0x9b, 0xbf));
    let supplement = within(b, 0x80, 0xa0) | (b == 0xad);
    let others = (a == 0xcc)
        | (a == 0xcd)
        | within(a, 0xd5, 0xe1)
        | (a == 0xea)
        | (a == 0xed)
        | (a == 0xee)
        | (a >= 0xf0)
        | within(a, 0xc0, 0xc1);
    control(a)
        | (a == 0x7f)
        | latin
        | (a == 0xe2) & !quote
        | (a == 0xe3) & space
        | (a == 0xef) & !wide
        | (a == 0xc2) & supplement
        | others
}

/// Whether the character that begins with this byte needs a closer look.
fn matters(text: &[u8], place: usize, lead: u8) -> bool {
    let next = |n: usize| at(text, place.saturating_add(n));
    let (second, third) = (next(1), next(2));
    let before = bytes::before(text, place);
    match lead {
        // The rest of a character; Latin letters; most of the CJK ideographs and of Hangul.
        0x80..=0xbf | 0xc3..=0xcb | 0xe4..=0xe9 | 0xeb..=0xec => false,
        0xc2 => matches!(second, 0x80..=0xa0 | 0xad),
        0xcd => second < 0xb0,
        // Greek and Cyrillic matter beside Latin letters.
        0xce..=0xd4 => before.is_ascii_alphabetic() || next(2).is_ascii_alphabetic(),
        0xe2 => match second {
            0x80 => match third {
                0x90..=0x95 => before.is_ascii_digit() || next(3).is_ascii_digit(),
                0x98..=0x9f | 0xa0..=0xa7 | 0xb0..=0xbf => false,
                _ => true,
            },
            0x82..=0x84 | 0x86..=0x8f | 0x94..=0x97 => false,
            _ => true,
        },
        0xe3 => matches!((second, third), (0x80, 0x80) | (0x85, 0xa4)),
        // Punctuation of CJK texts is of full width.
        0xef => match second {
            0xbc => !matches!(third, 0x81..=0x8f | 0x9a..=0xa0 | 0xbb..=0xbf),
            0xbd => !matches!(third, 0x80 | 0x9b..=0xbf),
            _ => true,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_possible_if_one_of_its_bytes_matters(
            text in proptest::collection::vec(
                prop_oneof![
                    6 => "[a-z]", 4 => "\\PC", 4 => "[а-я]", 4 => "[α-ω]", 2 => "[\u{2010}-\u{2030}]",
                    2 => "[\u{3000}-\u{30ff}]", 2 => "[\u{ff00}-\u{ff60}]", 1 => "[\u{80}-\u{ff}]",
                ],
                0..200,
            ),
            alone in 0..200usize,
        ) {
            // Texts that are all ordinary but for one character tell more than wild ones.
            let ordinary = "слова, слова и ещё слова. ".repeat(alone % 9);
            let one = text.iter().cycle().nth(alone).cloned().unwrap_or_default();
            for text in [text.concat(), format!("{ordinary}{one}{ordinary}")] {
                let bytes = text.as_bytes();
                let slow =
                    bytes.iter().enumerate().any(|(i, b)| odd(*b) && matters(bytes, i, *b));
                prop_assert_eq!(possible(bytes), slow, "{}", text);
            }
        }
    }
}
