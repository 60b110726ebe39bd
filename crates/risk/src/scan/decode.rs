//! Encoded text, decoded once more before it is believed to be nothing.

use std::borrow::Cow;

use super::bytes::{self, ALNUM, BASE, HEX, JOINS, at, is, part, run};
use super::kinds::Evidence;
use super::marks::Marks;
use super::view::View;

/// Shortest encoded text that is decoded, in characters.
const SHORTEST: usize = 20;
/// Readable bytes in a row that make a text.
const TEXT: usize = 12;

/// Calls `found` for what base64 and hexadecimal runs decode to, with their place. All four ways in
/// which a run can be cut into groups are tried, so that what stands before it does not matter. At
/// most `budget` bytes are decoded; returns whether that was enough.
pub(super) fn runs(
    text: &[u8],
    marks: &Marks,
    budget: usize,
    mut found: impl FnMut(&[u8], usize, usize, Evidence),
) -> bool {
    let mut left = budget;
    let mut done = 0usize;
    for (start, end) in &marks.runs {
        if *start < done {
            continue;
        }
        let (characters, end) = lines(text, *start, *end);
        done = end;
        for piece in characters.split(|b| *b == b'.') {
            let piece = piece.trim_ascii_start();
            let piece = trimmed(piece);
            if piece.len() < SHORTEST || piece.iter().all(u8::is_ascii_lowercase) {
                continue;
            }
            let cost = piece.len().saturating_mul(3);
            let Some(rest) = left.checked_sub(cost) else { return false };
            left = rest;
            for decoded in hex(piece) {
                found(&decoded, *start, end, Evidence::Hex);
            }
            for skipped in 0..4usize {
                let groups = piece.get(skipped..).unwrap_or_default();
                if is_text(groups) {
                    found(&base64(groups), *start, end, Evidence::Base64);
                }
            }
        }
    }
    true
}

/// Whether what base64 decodes to is [`readable`], told while decoding little of it: twelve readable
/// bytes hold three groups as a whole, and groups of random bytes are seldom of ASCII.
fn is_text(characters: &[u8]) -> bool {
    let (groups, _) = characters.as_chunks::<4>();
    let ascii = |i: usize| groups.get(i).is_some_and(|group| is_ascii(*group));
    // The last of three.
    let mut last = 2usize;
    while last < groups.len() {
        let one = last.saturating_sub(1);
        let two = last.saturating_sub(2);
        if !ascii(last) {
            last = last.saturating_add(3);
        } else if !ascii(one) {
            last = last.saturating_add(2);
        } else {
            if ascii(two) {
                let start = two.saturating_sub(1).saturating_mul(4);
                let end = last.saturating_add(2);
                let end = if end < groups.len() { end.saturating_mul(4) } else { characters.len() };
                if readable(&base64(part(characters, start, end))) {
                    return true;
                }
            }
            last = last.saturating_add(1);
        }
    }
    false
}

/// Whether the three bytes that a group stands for are of ASCII.
fn is_ascii(group: [u8; 4]) -> bool {
    let [a, b, c, _] = group.map(sextet);
    a & 0x20 | b & 0x08 | c & 0x02 == 0
}

fn trimmed(piece: &[u8]) -> &[u8] {
    let end = piece.iter().rposition(|b| *b != b'=').map_or(0, |i| i.saturating_add(1));
    piece.get(..end).unwrap_or_default()
}

/// A run with the runs on the lines after it, if they go on with the same kind of characters.
fn lines(text: &[u8], start: usize, end: usize) -> (Cow<'_, [u8]>, usize) {
    let of = ALNUM | BASE | JOINS;
    let mut characters = Cow::Borrowed(part(text, start, end));
    let mut end = end;
    // A line that is wrapped is at least this long.
    while end.saturating_sub(start) >= 16 {
        let mut next = end;
        while matches!(at(text, next), b'\r' | b'\n' | b' ' | b'\t')
            && next.saturating_sub(end) < 12
        {
            next = next.saturating_add(1);
        }
        if at(text, next) == b'\\' && matches!(at(text, next.saturating_add(1)), b'n' | b'r') {
            next = next.saturating_add(2);
        } else if !part(text, end, next).contains(&b'\n') {
            break;
        }
        let after = run(text, next, of, usize::MAX);
        let line = part(text, next, after);
        let closed =
            matches!(at(text, after), b'\r' | b'\n' | b'\\' | b'"' | b'\'' | b'.' | b',' | 0);
        if line.len() < 2 || !closed && line.len() < 16 {
            break;
        }
        characters.to_mut().extend_from_slice(line);
        end = after;
    }
    (characters, end)
}

/// What both ways to read hexadecimal digits in pairs make of them, where that is readable.
fn hex(piece: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let enough = bytes::has_run(piece, 32, |b| is(*b, HEX));
    let parts = || piece.split(|b| !is(*b, HEX)).max_by_key(|part| part.len());
    let longest = if enough { parts().unwrap_or_default() } else { &[] };
    let value = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or(0);
    (0..2usize).filter_map(move |skipped| {
        let (pairs, _) = longest.get(skipped..)?.as_chunks::<2>();
        // Of readable bytes none begins with 8 to F.
        let ascii = |pair: &[u8; 2]| matches!(pair, [b'0'..=b'7', _]);
        if !bytes::has_run(pairs, TEXT, ascii) {
            return None;
        }
        let decoded: Vec<u8> =
            pairs.iter().map(|[a, b]| value(*a).wrapping_mul(16) | value(*b)).collect();
        readable(&decoded).then_some(decoded)
    })
}

/// What a whole run of base64 decodes to, in either alphabet, without its padding.
pub(super) fn whole(characters: &[u8]) -> Vec<u8> {
    base64(trimmed(characters))
}

/// What base64 decodes to, in either alphabet.
fn base64(characters: &[u8]) -> Vec<u8> {
    let (groups, rest) = characters.as_chunks::<4>();
    let mut out = vec![0u8; groups.len().saturating_mul(3)];
    for (to, from) in out.as_chunks_mut::<3>().0.iter_mut().zip(groups) {
        *to = triple(*from);
    }
    let mut last = [b'A'; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let more = triple(last);
    out.extend_from_slice(part(&more, 0, rest.len().saturating_sub(1)));
    out
}

fn triple(group: [u8; 4]) -> [u8; 3] {
    let bits = group.iter().fold(0u32, |bits, b| bits << 6 | u32::from(sextet(*b)));
    let [_, bytes @ ..] = bits.to_be_bytes();
    bytes
}

static SEXTETS: [u8; 256] = sextets();

const fn sextets() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut rest: &mut [u8] = &mut table;
    let mut b = 0u8;
    while let Some((first, tail)) = rest.split_first_mut() {
        *first = match b {
            b'A'..=b'Z' => b.wrapping_sub(b'A'),
            b'a'..=b'z' => b.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => b.wrapping_sub(b'0').wrapping_add(52),
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => 0,
        };
        b = b.wrapping_add(1);
        rest = tail;
    }
    table
}

fn sextet(b: u8) -> u8 {
    SEXTETS.get(usize::from(b)).copied().unwrap_or(0)
}

/// Whether bytes hold text: so many readable ones in a row.
pub(super) fn readable(bytes: &[u8]) -> bool {
    bytes::has_run(bytes, TEXT, |b| matches!(*b, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

/// The text with percent escapes, character references and backslash escapes undone, if it holds any
/// that stand for something else than what they hide.
pub(super) fn unescaped(text: &[u8]) -> Option<View> {
    memchr::memchr3(b'%', b'&', b'\\', text)?;
    let mut view = View::with_capacity(text.len());
    let mut done = 0usize;
    let mut any = false;
    for place in memchr::memchr3_iter(b'%', b'&', b'\\', text) {
        if place < done {
            continue;
        }
        let Some((c, length)) = escape(text, place) else { continue };
        view.copy(text, done, place);
        let end = place.saturating_add(length);
        match c {
            Escape::Byte(b) => view.push(&[b], place, end),
            Escape::Char(c) => view.push_char(c, place, end),
        }
        (done, any) = (end, true);
    }
    if !any {
        return None;
    }
    view.copy(text, done, text.len());
    Some(view)
}

enum Escape {
    Byte(u8),
    Char(char),
}

fn escape(text: &[u8], place: usize) -> Option<(Escape, usize)> {
    let number = |from: usize, digits: usize, radix: u32| {
        let start = place.saturating_add(from);
        let text = part(text, start, start.saturating_add(digits));
        (text.len() == digits)
            .then(|| core::str::from_utf8(text).ok())
            .flatten()
            .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|text| u32::from_str_radix(text, radix).ok())
    };
    let next = |n: usize| at(text, place.saturating_add(n));
    match (at(text, place), next(1)) {
        (b'%', _) => Some((Escape::Byte(u8::try_from(number(1, 2, 16)?).ok()?), 3)),
        (b'\\', b'u' | b'U') => Some((Escape::Char(char::from_u32(number(2, 4, 16)?)?), 6)),
        (b'\\', b'x') => Some((Escape::Byte(u8::try_from(number(2, 2, 16)?).ok()?), 4)),
        (b'&', b'#') => {
            let hex = matches!(next(2), b'x' | b'X');
            let from = place.saturating_add(if hex { 3 } else { 2 });
            let end = run(text, from, if hex { HEX } else { bytes::DIGIT }, 7);
            let digits = core::str::from_utf8(part(text, from, end)).ok()?;
            let code = u32::from_str_radix(digits, if hex { 16 } else { 10 }).ok()?;
            let semicolon = usize::from(at(text, end) == b';');
            let length = end.saturating_sub(place).saturating_add(semicolon);
            Some((Escape::Char(char::from_u32(code)?), length))
        }
        (b'&', _) => {
            const NAMED: [(&[u8], u8); 6] = [
                (b"&lt;", b'<'),
                (b"&gt;", b'>'),
                (b"&amp;", b'&'),
                (b"&quot;", b'"'),
                (b"&apos;", b'\''),
                (b"&nbsp;", b' '),
            ];
            let known = NAMED.iter().find(|(name, _)| bytes::goes_on(text, place, name))?;
            Some((Escape::Byte(known.1), known.0.len()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::super::marks::mark;
    use super::*;

    fn decoded(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        runs(text.as_bytes(), &mark(text.as_bytes()), 1 << 20, |bytes, start, end, _| {
            assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
            all.push(String::from_utf8_lossy(bytes).into_owned());
        });
        all
    }

    #[test]
    fn base64_is_decoded_in_both_alphabets_at_any_place_and_over_lines() {
        let plain = "the quick brown fox jumps over the lazy dog ??>>~~";
        let standard = STANDARD.encode(plain);
        let url = URL_SAFE_NO_PAD.encode(plain);
        let wrapped = standard.as_bytes().chunks(20).map(|c| std::str::from_utf8(c).unwrap());
        let wrapped: Vec<&str> = wrapped.collect();
        for text in [
            standard.clone(),
            url.clone(),
            format!("data={url}&x"),
            format!("https://x.example/a/{url}"),
            format!("https://x.example/ab/{url}"),
            wrapped.join("\n"),
            wrapped.join("\r\n  "),
            wrapped.join("\\n"),
        ] {
            assert!(decoded(&text).iter().any(|d| d.contains(plain)), "{text}");
        }
        let hex: Vec<String> = plain.bytes().map(|b| format!("{b:02x}")).collect();
        let hex = hex.concat();
        assert!(decoded(&hex).iter().any(|d| d == plain));
        assert!(decoded(&format!("x{hex}")).iter().any(|d| d == plain));
        assert_eq!(
            decoded("internationalisationalism and 9f86d081884c7d659a2feaa0c55ad015"),
            [""; 0]
        );
    }

    #[test]
    fn escapes_are_undone_with_their_places() {
        let view = unescaped(b"a%41&#66;&#x43;&lt;\\u0044\\x45%zz&#;").unwrap();
        assert_eq!(view.bytes, b"aABC<DE%zz&#;");
        assert_eq!(view.origin(1, 2), (1, 4));
        assert_eq!(view.origin(0, 13), (0, 35));
        assert!(unescaped(b"100% & more \\ no").is_none());
    }
}
