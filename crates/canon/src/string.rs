//! The text of strings: where they end, how they are escaped, how keys are ordered

use alloc::{borrow::Cow, string::String};
use core::cmp::Ordering;

use crate::error::{Error, ErrorKind};
use crate::hex::four_digits;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Where the run of bytes ends that stand for themselves in a string: at a quote, a backslash, a
/// control character, or the end of the input
#[inline]
pub(crate) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    // Most runs are short. In a long one the compiler looks at a whole block at once.
    for most in [16, usize::MAX] {
        let (words, tail) = bytes.get(end..).unwrap_or_default().as_chunks();
        for word in words.iter().take(most) {
            let stops = stops(u64::from_le_bytes(*word));
            if stops != 0 {
                return end.wrapping_add((stops.trailing_zeros() >> 3) as usize);
            }
            end = end.wrapping_add(8);
        }
        if words.len() <= most {
            return end.wrapping_add(tail.iter().take_while(|&&byte| plain(byte)).count());
        }
        while let Some(block) = bytes.get(end..).and_then(<[u8]>::first_chunk::<64>)
            && block.iter().fold(true, |all, &byte| all & plain(byte))
        {
            end = end.wrapping_add(64);
        }
    }
    end
}

const fn plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// The high bit of the lowest byte that is a quote, a backslash or below 0x20, and of some above it
///
/// Flipping 0x02 makes the quote 0x20 and leaves the control characters below it. The borrow of a
/// subtraction can mark a byte wrongly, but only above one that is marked rightly.
fn stops(word: u64) -> u64 {
    let low = (word ^ ONES.wrapping_mul(0x02)).wrapping_sub(ONES.wrapping_mul(0x21));
    let backslash = (word ^ ONES.wrapping_mul(0x5c)).wrapping_sub(ONES);
    (low | backslash) & !word & HIGH_BITS
}

/// The high bit of the lowest byte that is not a digit, and of some above it
pub(crate) fn not_digits(word: u64) -> u64 {
    let value = word ^ ONES.wrapping_mul(0x30);
    (value | value.wrapping_add(ONES.wrapping_mul(0x76))) & HIGH_BITS
}

/// Where the escape at `at`, a backslash, ends, if it is as RFC 8785 section 3.2.2.2 wants it
pub(crate) fn canonical_escape(bytes: &[u8], at: usize) -> Option<usize> {
    let length = match bytes.get(at..)? {
        [_, b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r', ..] => 2,
        [_, b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f', ..]
        | [_, b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => 6,
        _ => return None,
    };
    Some(at.wrapping_add(length))
}

/// The character that the escape at `at`, a backslash, stands for, and where the escape ends
pub(crate) fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Error> {
    let character = match bytes.get(at.wrapping_add(1)) {
        Some(letter @ (b'"' | b'\\' | b'/')) => char::from(*letter),
        Some(b'b') => '\u{8}',
        Some(b't') => '\t',
        Some(b'n') => '\n',
        Some(b'f') => '\u{c}',
        Some(b'r') => '\r',
        Some(b'u') => return unicode_escape(bytes, at),
        Some(_) => return Err(Error::new(ErrorKind::InvalidEscape, at)),
        None => return Err(truncated(bytes)),
    };
    Ok((character, at.wrapping_add(2)))
}

fn unicode_escape(bytes: &[u8], at: usize) -> Result<(char, usize), Error> {
    let lone = Error::new(ErrorKind::LoneSurrogate, at);
    let (unit, end) = hex4(bytes, at)?;
    if let Some(character) = char::from_u32(unit) {
        return Ok((character, end));
    }
    match bytes.get(end..).unwrap_or_default() {
        _ if unit >= 0xdc00 => return Err(lone),
        [b'\\', b'u', ..] => {}
        [] | [b'\\'] => return Err(truncated(bytes)),
        _ => return Err(lone),
    }
    let (low, end) = hex4(bytes, end)?;
    let pair = ((unit & 0x3ff) << 10) | (low & 0x3ff);
    let character = char::from_u32(pair.wrapping_add(0x1_0000));
    let character = character.filter(|_| (0xdc00..0xe000).contains(&low)).ok_or(lone)?;
    Ok((character, end))
}

/// The code unit of the `\u` escape whose backslash is at `at`, and where the escape ends
#[inline]
fn hex4(bytes: &[u8], at: usize) -> Result<(u32, usize), Error> {
    let rest = bytes.get(at.wrapping_add(2)..).unwrap_or_default();
    match rest.first_chunk().and_then(|four| four_digits(u32::from_be_bytes(*four))) {
        Some(unit) => Ok((unit.into(), at.wrapping_add(6))),
        None if rest.iter().take(4).all(u8::is_ascii_hexdigit) => Err(truncated(bytes)),
        None => Err(Error::new(ErrorKind::InvalidEscape, at)),
    }
}

fn truncated(bytes: &[u8]) -> Error {
    Error::new(ErrorKind::UnexpectedEnd, bytes.len())
}

/// A character as RFC 8785 section 3.2.2.2 writes it, and how many bytes of the buffer that takes
#[inline]
pub(crate) fn escaped(character: char, buffer: &mut [u8; 8]) -> usize {
    let code = u8::try_from(character).unwrap_or_default();
    let letter = match character {
        '"' | '\\' => code,
        '\u{8}' => b'b',
        '\t' => b't',
        '\n' => b'n',
        '\u{c}' => b'f',
        '\r' => b'r',
        '\0'..='\u{1f}' => {
            let unit = if code & 0xf < 10 { b'0' } else { b'a' - 10 };
            let [tens, unit] = [b'0' | code >> 4, unit.wrapping_add(code & 0xf)];
            *buffer = [b'\\', b'u', b'0', b'0', tens, unit, 0, 0];
            return 6;
        }
        _ => return character.encode_utf8(buffer).len(),
    };
    *buffer = [b'\\', letter, 0, 0, 0, 0, 0, 0];
    2
}

/// Appends a string as canonical JSON, with its quotes (RFC 8785 section 3.2.2.2)
pub fn write_string(out: &mut String, mut text: &str) {
    out.push('"');
    loop {
        let end = plain_end(text.as_bytes(), 0);
        let (plain, rest) = text.split_at_checked(end).unwrap_or_default();
        out.push_str(plain);
        let mut characters = rest.chars();
        let Some(character) = characters.next() else { break };
        let mut buffer = [0; 8];
        let length = escaped(character, &mut buffer);
        out.extend(buffer.iter().take(length).map(|&byte| char::from(byte)));
        text = characters.as_str();
    }
    out.push('"');
}

/// What the string stands for that a JSON text begins with, and the text behind its closing quote
///
/// `None` if it begins with something else. The string itself is checked; what follows it is not.
pub fn read_string(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let text = text.strip_prefix('"')?;
    let end = plain_end(text.as_bytes(), 0);
    let (plain, mut rest) = text.split_at_checked(end)?;
    if let Some(rest) = rest.strip_prefix('"') {
        return Some((Cow::Borrowed(plain), rest));
    }
    let mut out = String::from(plain);
    while rest.starts_with('\\') {
        let (character, end) = escape(rest.as_bytes(), 0).ok()?;
        out.push(character);
        rest = rest.get(end..)?;
        let (plain, after) = rest.split_at_checked(plain_end(rest.as_bytes(), 0))?;
        out.push_str(plain);
        rest = after;
    }
    Some((Cow::Owned(out), rest.strip_prefix('"')?))
}

/// A number that sorts keys by their first eight bytes as [`compare`] does; equal for keys that
/// differ only later, or only in trailing U+0000
///
/// The key is `bytes[start..end]`; what follows it is read, too, but makes no difference.
#[inline]
pub(crate) fn sort_prefix(bytes: &[u8], start: usize, end: usize) -> u64 {
    let rest = bytes.get(start..).unwrap_or_default();
    let eight = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut eight = [0; 8];
        eight.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        eight
    });
    let kept = u32::try_from(end.wrapping_sub(start)).unwrap_or(8).min(8) << 3;
    let word = u64::from_be_bytes(eight) & !u64::MAX.unbounded_shr(kept);
    if word & HIGH_BITS == 0 {
        return word;
    }
    u64::from_be_bytes(word.to_be_bytes().map(utf16_rank))
}

/// UTF-16 code units order U+E000 to U+FFFF (in UTF-8 from 0xEE or 0xEF on) after the surrogate
/// pairs (from 0xF0 to 0xF4 on); all other characters as UTF-8 does
const fn utf16_rank(byte: u8) -> u8 {
    match byte {
        0xee => 0xf5,
        0xef => 0xf6,
        other => other,
    }
}

/// The order of RFC 8785 section 3.2.3: by UTF-16 code units, without making them
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let eights = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let same = eights.take_while(|(a, b)| a == b).count() << 3;
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    match a.iter().zip(b).find(|(a, b)| a != b) {
        Some((a, b)) => utf16_rank(*a).cmp(&utf16_rank(*b)),
        None => a.len().cmp(&b.len()),
    }
}
