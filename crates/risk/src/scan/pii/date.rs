//! Dates of birth.

use super::super::bytes::{self, ALPHA, DIGIT, HIGH, SPACE, at, part, run};
use super::number::{Window, is_date};

/// The end of a date that begins with a window's first group: `12.03.1980`, `1980-03-12`,
/// `12 March 1980`, `12th of March, 1980`. Only what could be a birth: 1900 to 2039.
pub(super) fn in_digits(number: &Window<'_>) -> bool {
    let [a, b, c] = number.groups else { return false };
    let value = |g: &super::number::Group| {
        let digits = g.digits();
        number.value(digits.start, digits.end)
    };
    let (a, b, c, lengths) = (value(a), value(b), value(c), [a.length, b.length, c.length]);
    let year = |y: u64| matches!(y, 1900..=2039);
    let either = |a, b| is_date(a, b) || is_date(b, a);
    match lengths {
        [4, 1..=2, 1..=2] => year(a) && is_date(b, c),
        [1..=2, 1..=2, 4] => year(c) && either(a, b),
        [1..=2, 1..=2, 2] => either(a, b),
        _ => false,
    }
}

/// A date with a month in letters whose day or year begins at `start`: its start and end. `lower` is
/// the text in lower case.
#[inline]
pub(super) fn in_words(lower: &[u8], start: usize) -> Option<(usize, usize)> {
    let digit = |n: usize| at(lower, start.saturating_add(n)).is_ascii_digit();
    let day = if digit(1) { 2 } else { 1 };
    if !digit(0) || digit(day) {
        return None;
    }
    let mut place = start.saturating_add(day);
    if matches!(at(lower, place), b's' | b'n' | b'r' | b't') {
        for suffix in [b"st", b"nd", b"rd", b"th"] {
            if bytes::goes_on(lower, place, suffix) {
                place = place.saturating_add(2);
            }
        }
    }
    let next = skip(lower, place);
    if bytes::is(at(lower, next), ALPHA | HIGH)
        && let Some(behind) = month_at(lower, next)
    {
        let mut year = skip(lower, behind);
        if bytes::goes_on(lower, year, b"de ") {
            year = year.saturating_add(3);
        }
        return is_year(lower, year).then(|| (start, year.saturating_add(4)));
    }
    // `March 12, 1980`.
    let before = start.checked_sub(1).filter(|i| bytes::is(at(lower, *i), SPACE))?;
    if !is_year(lower, next) {
        return None;
    }
    let name = bytes::run_back(lower, before, ALPHA, 12);
    month(part(lower, name, before)).then(|| (name, next.saturating_add(4)))
}

/// The end of the month that stands at a place, maybe behind `of ` or `de `.
fn month_at(lower: &[u8], start: usize) -> Option<usize> {
    let of = bytes::goes_on(lower, start, b"of ") || bytes::goes_on(lower, start, b"de ");
    let word = start.saturating_add(if of { 3 } else { 0 });
    let end = run(lower, word, ALPHA | HIGH, 12);
    month(part(lower, word, end)).then_some(end)
}

fn month(word: &[u8]) -> bool {
    const ACCENTED: [&[u8]; 4] = [
        "f\u{e9}v".as_bytes(),
        "m\u{e4}r".as_bytes(),
        "ao\u{fb}".as_bytes(),
        "d\u{e9}c".as_bytes(),
    ];
    let plain = |three: &[u8; 3]| {
        matches!(
            three,
            b"jan" | b"feb" | b"mar" | b"apr" | b"may" | b"jun" | b"jul" | b"aug" | b"sep" | b"oct"
                | b"nov" | b"dec"
                // German and Dutch
                | b"mai" | b"okt" | b"dez" | b"mrt" | b"mei"
                // French
                | b"fev" | b"avr" | b"jui" | b"aou"
                // Spanish, Portuguese and Italian
                | b"ene" | b"abr" | b"ago" | b"dic" | b"out" | b"set" | b"gen" | b"mag" | b"giu"
                | b"lug" | b"ott"
        )
    };
    word.first_chunk().is_some_and(plain) || ACCENTED.iter().any(|name| word.starts_with(name))
}

fn skip(text: &[u8], from: usize) -> usize {
    let gap = part(text, from, from.saturating_add(3));
    let length = gap.iter().take_while(|b| matches!(b, b' ' | b',' | b'.' | b'-')).count();
    from.saturating_add(length)
}

fn is_year(text: &[u8], start: usize) -> bool {
    let digits = part(text, start, start.saturating_add(4));
    digits.len() == 4
        && digits.iter().all(u8::is_ascii_digit)
        && (digits.starts_with(b"19") || digits.starts_with(b"20"))
        && !bytes::is(at(text, start.saturating_add(4)), DIGIT)
}
