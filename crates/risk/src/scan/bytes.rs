//! Classes of bytes, and reading without bounds to mind.

use super::lanes;

pub(super) const DIGIT: u8 = 1;
pub(super) const UPPER: u8 = 2;
pub(super) const LOWER: u8 = 4;
/// `_` and `-`: with the letters and digits, what tokens are made of.
pub(super) const JOINS: u8 = 8;
/// `+`, `/` and `=`: with those above, base64.
pub(super) const BASE: u8 = 16;
pub(super) const HEX: u8 = 32;
pub(super) const SPACE: u8 = 64;
/// Part of a character beyond ASCII.
pub(super) const HIGH: u8 = 128;

pub(super) const ALPHA: u8 = UPPER | LOWER;
pub(super) const ALNUM: u8 = ALPHA | DIGIT;
pub(super) const TOKEN: u8 = ALNUM | JOINS;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut rest: &mut [u8] = &mut table;
    let mut b = 0u8;
    while let Some((first, tail)) = rest.split_first_mut() {
        *first = match b {
            b'0'..=b'9' => DIGIT | HEX,
            b'A'..=b'F' => UPPER | HEX,
            b'a'..=b'f' => LOWER | HEX,
            b'G'..=b'Z' => UPPER,
            b'g'..=b'z' => LOWER,
            b'_' | b'-' => JOINS,
            b'+' | b'/' | b'=' => BASE,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => SPACE,
            0x80.. => HIGH,
            _ => 0,
        };
        b = b.wrapping_add(1);
        rest = tail;
    }
    table
}

/// The classes of a byte.
pub(super) fn class(b: u8) -> u8 {
    CLASSES.get(usize::from(b)).copied().unwrap_or(0)
}

/// Whether a byte is of one of these classes.
pub(super) fn is(b: u8, classes: u8) -> bool {
    class(b) & classes != 0
}

/// The byte at a place, 0 outside.
pub(super) fn at(text: &[u8], i: usize) -> u8 {
    text.get(i).copied().unwrap_or(0)
}

/// The byte before a place, 0 at the start.
pub(super) fn before(text: &[u8], i: usize) -> u8 {
    i.checked_sub(1).map_or(0, |i| at(text, i))
}

/// A part of the text; nothing where it does not lie inside.
pub(super) fn part(text: &[u8], start: usize, end: usize) -> &[u8] {
    text.get(start..end.min(text.len())).unwrap_or_default()
}

/// The end of the run of these classes that begins at `start`, at most `most` bytes on.
#[inline]
pub(super) fn run(text: &[u8], start: usize, classes: u8, most: usize) -> usize {
    let end = start.saturating_add(most).min(text.len());
    lanes::run(text, start, end, |eight| lanes::of(eight, classes))
}

/// The start of the run of these classes that ends before `end`, at most `most` bytes back.
#[inline]
pub(super) fn run_back(text: &[u8], end: usize, classes: u8, most: usize) -> usize {
    if end > text.len() {
        return end;
    }
    lanes::run_back(text, end.saturating_sub(most), end, |eight| lanes::of(eight, classes))
}

/// Whether `text` goes on with these bytes at a place.
pub(super) fn goes_on(text: &[u8], start: usize, with: &[u8]) -> bool {
    text.get(start..).is_some_and(|rest| rest.starts_with(with))
}

/// Whether something that begins at `start` is not the continuation of a word. Escapes of JSON
/// (`\n`, `\t`, `\r`) before it are not part of it.
pub(super) fn begins(text: &[u8], start: usize) -> bool {
    let b = before(text, start);
    if !is(b, ALNUM | HIGH) {
        return true;
    }
    matches!(b, b'n' | b't' | b'r') && before(text, start.saturating_sub(1)) == b'\\'
        // A letter of another script may stand directly before; a letter with an accent may not.
        || b >= 0x80
}

/// Calls `found` with every place where a byte stands for which `of` holds. Parts without one are passed
/// over 64 bytes at a time.
pub(super) fn each(text: &[u8], of: impl Fn(u8) -> bool, mut found: impl FnMut(usize)) {
    for (base, chunk) in (0usize..).step_by(64).zip(text.chunks(64)) {
        if chunk.iter().fold(false, |any, b| any | of(*b)) {
            (base..).zip(chunk).filter(|(_, b)| of(**b)).for_each(|(i, _)| found(i));
        }
    }
}

/// How many bytes of these classes a text holds.
#[inline]
pub(super) fn count(text: &[u8], classes: u8) -> usize {
    lanes::count(text, |eight| lanes::of(eight, classes))
}

/// Whether a text holds a byte of these classes.
#[inline]
pub(super) fn any(text: &[u8], classes: u8) -> bool {
    let (eights, rest) = text.as_chunks::<8>();
    eights.iter().any(|eight| lanes::of(u64::from_le_bytes(*eight), classes) != 0)
        || rest.iter().any(|b| is(*b, classes))
}

/// Whether a list holds so many in a row for which `of` holds. Of lists that don't, few are looked at: from the end of where such a row could be back to the last byte that breaks it.
pub(crate) fn has_run<T>(list: &[T], length: usize, of: impl Fn(&T) -> bool) -> bool {
    let mut start = 0usize;
    while let Some(row) = list.get(start..start.saturating_add(length)) {
        match row.iter().rposition(|one| !of(one)) {
            Some(breaks) => start = start.saturating_add(breaks).saturating_add(1),
            None => return true,
        }
    }
    false
}

/// An ASCII lower-case copy, of the same length.
pub(super) fn lower(text: &[u8]) -> Vec<u8> {
    text.iter().map(u8::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_ascii() {
        for b in 0..=255u8 {
            assert_eq!(is(b, DIGIT), b.is_ascii_digit());
            assert_eq!(is(b, UPPER), b.is_ascii_uppercase());
            assert_eq!(is(b, LOWER), b.is_ascii_lowercase());
            assert_eq!(is(b, HEX), b.is_ascii_hexdigit());
            assert_eq!(is(b, HIGH), !b.is_ascii());
        }
    }

    #[test]
    fn a_row_is_found_wherever_it_stands() {
        let digits = |text: &str, n| has_run(text.as_bytes(), n, u8::is_ascii_digit);
        for (text, longest) in [("", 0), ("a", 0), ("123", 3), ("a12b123", 3), ("1234a", 4)] {
            for n in 1..6 {
                assert_eq!(digits(text, n), n <= longest, "{text} {n}");
            }
        }
        assert!((0..90).all(|n| digits(&format!("{}12345{}", "1a".repeat(n), "x1".repeat(n)), 5)));
    }

    #[test]
    fn runs_end_where_the_class_or_the_text_does() {
        let text = b"ab12-x y";
        assert_eq!(
            (run(text, 0, ALPHA, 9), run(text, 0, TOKEN, 9), run(text, 0, TOKEN, 3)),
            (2, 6, 3)
        );
        assert_eq!((run_back(text, 4, DIGIT, 9), run_back(text, 6, TOKEN, 9)), (2, 0));
        assert_eq!((run(text, 99, ALPHA, 9), run_back(text, 99, ALPHA, 9)), (99, 99));
        assert_eq!((at(text, 99), before(text, 0)), (0, 0));
    }
}
