//! Orders with a target, and where something is to go: links, addresses, accounts, names in quotes.

use super::super::bytes::{self, ALPHA, DIGIT, part};
use super::sentence::{behind, then};
use super::words::{ACT, ALL, MARKER, MINE, NOT, ORDER, PEOPLE, SENSITIVE, TELL, USER};

/// How much a sentence is an order: an action at its start, a place where something is to go, and
/// what people among themselves do not say.
pub(super) fn order(sentence: &[u8], words: &[u64], starts: &[usize]) -> u32 {
    // `todo: send …`, `- send …`, `please send …`.
    let mut first = 0usize;
    let mut marked = false;
    while first < 3 {
        let (word, start) = (words.get(first), starts.get(first));
        let next = starts.get(first.saturating_add(1)).copied().unwrap_or(sentence.len());
        let colon = start.is_some_and(|start| part(sentence, *start, next).contains(&b':'));
        match word {
            Some(word) if word & MARKER != 0 && colon => {
                // The key of a record is no mark: `{"todo":"…"}`.
                marked = behind(sentence, starts, first) != b'"';
                first = first.saturating_add(1);
            }
            _ => break,
        }
    }
    // `instead, send …`.
    while first < 4 && words.get(first).is_some_and(|word| word & ORDER != 0) {
        first = first.saturating_add(1);
    }
    let acts = words.get(first).is_some_and(|word| word & ACT != 0);
    if !acts {
        return 0;
    }
    let has = |kind: u64| words.iter().any(|word| word & kind != 0);
    let bulk = then(words, ALL, SENSITIVE, 3);
    let secretly = then(words, NOT, TELL, 1);
    let one = |holds: bool| u32::from(holds);
    let people = one(has(PEOPLE | MINE));
    let sum = 1u32
        .saturating_add(one(sink(sentence)))
        .saturating_add(one(marked))
        .saturating_add(one(marked && quotes(sentence)))
        .saturating_add(one(has(USER)).saturating_mul(2))
        .saturating_add(one(bulk))
        .saturating_add(one(has(SENSITIVE)))
        .saturating_add(one(secretly).saturating_mul(2));
    sum.saturating_sub(people)
}

/// A name or a number in quotes, before the first comma: people list what they have to do.
fn quotes(sentence: &[u8]) -> bool {
    let comma = memchr::memchr(b',', sentence).unwrap_or(sentence.len());
    let sentence = part(sentence, 0, comma);
    [b'\'', b'"'].iter().any(|quote| {
        let opens = memchr::memchr_iter(*quote, sentence).any(|at| {
            !bytes::is(bytes::before(sentence, at), ALPHA | DIGIT)
                && bytes::is(bytes::at(sentence, at.saturating_add(1)), ALPHA | DIGIT)
        });
        opens && memchr::memchr_iter(*quote, sentence).count() > 1
    })
}

/// Something that money, mail or a browser could be sent to: a link, an address, an account.
pub(super) fn sink(sentence: &[u8]) -> bool {
    let find = |literal: &[u8]| memchr::memmem::find(sentence, literal).is_some();
    let mail = memchr::memchr_iter(b'@', sentence).any(|at| {
        bytes::is(bytes::at(sentence, at.saturating_add(1)), ALPHA | DIGIT)
            && bytes::is(bytes::before(sentence, at), ALPHA | DIGIT)
    });
    mail || find(b"://") || find(b"www.") || account(sentence) || phone(sentence)
}

/// A plus sign with at least eight digits behind it, and little between them.
fn phone(sentence: &[u8]) -> bool {
    memchr::memchr_iter(b'+', sentence).any(|plus| {
        let number = part(sentence, plus.saturating_add(1), plus.saturating_add(24));
        let length = number
            .iter()
            .take_while(|b| bytes::is(**b, DIGIT) || matches!(b, b' ' | b'-' | b'(' | b')' | b'.'))
            .count();
        bytes::count(number.get(..length).unwrap_or_default(), DIGIT) >= 8
    })
}

/// A word of at least ten letters and digits, most of them digits.
fn account(sentence: &[u8]) -> bool {
    sentence.split(|b| !bytes::is(*b, ALPHA | DIGIT)).any(|word| {
        word.len() >= 12 && bytes::count(word, DIGIT) >= 8 && bytes::count(word, ALPHA) >= 1
    })
}
