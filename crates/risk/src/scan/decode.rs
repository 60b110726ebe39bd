//! Encoded text, decoded once more before it is believed to be nothing.

use std::borrow::Cow;

use fearless_simd::{Level, Simd, dispatch};

use super::bytes::{self, ALNUM, BASE, HEX, JOINS, at, is, part, run};
use super::kinds::Evidence;
use super::lanes;
use super::marks::Marks;
use super::view::View;

/// Shortest encoded text that is decoded, in characters.
const SHORTEST: usize = 20;
/// Hexadecimal digits in a row that are decoded.
const HEX_ROW: usize = 32;
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
        if !promises(&characters) {
            continue;
        }
        let mut rest = Some(&*characters);
        while let Some(piece) = next(&mut rest) {
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
            let texts = texts(piece);
            for skipped in (0..4usize).filter(|skipped| texts >> skipped & 1 != 0) {
                let groups = piece.get(skipped..).unwrap_or_default();
                found(&base64(groups), *start, end, Evidence::Base64);
            }
        }
    }
    true
}

/// Characters that are looked at together, and as many more as belong to what begins with the last.
const BLOCK: usize = 64;
const AHEAD: usize = 12;
const WITH: usize = BLOCK + 16;

/// Whether there is anything in a run that could be an encoded text: three groups of base64 that stand for
/// bytes of ASCII, or a row of hexadecimal digits. It is asked of the run as a whole, before it is split
/// where no encoding goes on.
fn promises(characters: &[u8]) -> bool {
    let mut any = false;
    each_block(characters, |_, block| {
        any = dispatch!(Level::new(), simd => threes(simd, block)).contains(&0);
        any
    });
    any || hex_row(characters)
}

/// Whether there may be so many hexadecimal digits in a row: of eight that begin at every sixteenth place
/// some are none but such.
fn hex_row(characters: &[u8]) -> bool {
    let all = |eight: [u8; 8]| lanes::of(u64::from_le_bytes(eight), HEX) == lanes::TOPS;
    characters
        .chunks(16)
        .filter_map(|row| row.first_chunk::<8>())
        .fold(false, |any, row| any | all(*row))
        && bytes::has_run(characters, HEX_ROW, |b| is(*b, HEX))
}

/// Calls `found` for all blocks with what follows them, until it says that it is enough.
fn each_block(characters: &[u8], mut found: impl FnMut(usize, &[u8; WITH]) -> bool) {
    let mut base = 0usize;
    while base.saturating_add(AHEAD) <= characters.len() {
        let rest = characters.get(base..).unwrap_or_default();
        let enough = if let Some(block) = rest.first_chunk::<WITH>() {
            found(base, block)
        } else {
            // What is behind the end is never of ASCII.
            let mut block = [b'/'; WITH];
            block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            found(base, &block)
        };
        if enough {
            return;
        }
        base = base.saturating_add(BLOCK);
    }
}

/// Which of the four ways to cut base64 into groups give [`readable`] text, as bits. Little is decoded:
/// twelve readable bytes hold three groups as a whole, and groups of random bytes are seldom of ASCII.
fn texts(characters: &[u8]) -> u8 {
    let mut texts = 0u8;
    each_block(characters, |base, block| {
        let threes = dispatch!(Level::new(), simd => threes(simd, block));
        if threes.contains(&0) {
            for (i, _) in (base..).zip(threes).filter(|(_, three)| *three == 0) {
                let way = 1u8 << (i & 3);
                if texts & way == 0 && is_text(characters, i) {
                    texts |= way;
                }
            }
        }
        false
    });
    texts
}

/// 0 for every character where three groups begin that stand for bytes of ASCII.
#[expect(clippy::inline_always, reason = "is to be compiled for each kind of processor")]
#[inline(always)]
fn threes<S: Simd>(_: S, block: &[u8; WITH]) -> [u8; BLOCK] {
    let mut values = [0u8; WITH + 16];
    values.iter_mut().zip(block).for_each(|(to, from)| *to = sextet(*from));
    let from = |n: usize| values.get(n..).unwrap_or_default();
    let mut ones = [0u8; WITH];
    for (to, ((a, b), c)) in ones.iter_mut().zip(from(0).iter().zip(from(1)).zip(from(2))) {
        *to = a & 0x20 | b & 0x08 | c & 0x02;
    }
    let from = |n: usize| ones.get(n..).unwrap_or_default();
    let mut threes = [0u8; BLOCK];
    for (to, ((a, b), c)) in threes.iter_mut().zip(from(0).iter().zip(from(4)).zip(from(8))) {
        *to = a | b | c;
    }
    threes
}

/// Whether text stands where three groups begin at a place: in them, the one before, or the two behind.
fn is_text(characters: &[u8], place: usize) -> bool {
    let (start, end) = (place.saturating_sub(4), place.saturating_add(16));
    // Nothing is before the first group of a way to cut.
    let start = if place < 4 { place } else { start };
    let end = if end.saturating_add(4) <= characters.len() { end } else { characters.len() };
    let mut decoded = [0u8; 24];
    let mut length = 0usize;
    let part = part(characters, start, end);
    let (groups, rest) = part.as_chunks::<4>();
    for (to, from) in decoded.as_chunks_mut::<3>().0.iter_mut().zip(groups) {
        *to = triple(*from);
        length = length.saturating_add(3);
    }
    if let Some(last) = decoded.get_mut(length..).and_then(<[u8]>::first_chunk_mut::<3>) {
        *last = triple(last_group(rest));
        length = length.saturating_add(rest.len().saturating_sub(1));
    }
    readable(decoded.get(..length).unwrap_or_default())
}

/// The part up to the next full stop.
fn next<'a>(rest: &mut Option<&'a [u8]>) -> Option<&'a [u8]> {
    let whole = rest.take()?;
    let Some(stop) = memchr::memchr(b'.', whole) else { return Some(whole) };
    let (piece, behind) = whole.split_at_checked(stop)?;
    *rest = behind.get(1..);
    Some(piece)
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
    let enough = bytes::has_run(piece, HEX_ROW, |b| is(*b, HEX));
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
    let more = triple(last_group(rest));
    out.extend_from_slice(part(&more, 0, rest.len().saturating_sub(1)));
    out
}

/// A group that is cut.
fn last_group(rest: &[u8]) -> [u8; 4] {
    let mut last = [b'A'; 4];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    last
}

fn triple(group: [u8; 4]) -> [u8; 3] {
    let bits = group.iter().fold(0u32, |bits, b| bits << 6 | u32::from(sextet(*b)));
    let [_, bytes @ ..] = bits.to_be_bytes();
    bytes
}

/// What a character of either alphabet stands for. Without branches, so that many are looked at side by
/// side.
#[expect(clippy::inline_always, reason = "is to be compiled for each kind of processor")]
#[inline(always)]
fn sextet(b: u8) -> u8 {
    let within = |first: u8, count: u8| 0u8.wrapping_sub(u8::from(b.wrapping_sub(first) < count));
    let is = |one: u8| 0u8.wrapping_sub(u8::from(b == one));
    within(b'A', 26) & b.wrapping_sub(b'A')
        | within(b'a', 26) & b.wrapping_sub(71)
        | within(b'0', 10) & b.wrapping_add(4)
        | (is(b'+') | is(b'-')) & 0x3e
        | (is(b'/') | is(b'_')) & 0x3f
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
