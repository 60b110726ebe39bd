//! Percent-encoding and `application/x-www-form-urlencoded`, strictly.

use std::fmt;

/// A `%` without two hexadecimal digits after it, or decoded bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEncoding;

impl fmt::Display for BadEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed percent-encoding or not UTF-8")
    }
}

impl std::error::Error for BadEncoding {}

/// Pairs in order, duplicates kept. `+` is a space, a name without `=` has an empty value, empty
/// pieces between `&` are skipped.
///
/// # Errors
/// If an escape is malformed or the decoded text is not UTF-8.
pub fn parse(input: &[u8]) -> Result<Vec<(String, String)>, BadEncoding> {
    let mut pairs = Vec::new();
    for piece in input.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        let mut halves = piece.splitn(2, |byte| *byte == b'=');
        let name = halves.next().unwrap_or_default();
        let value = halves.next().unwrap_or_default();
        pairs.push((decode(name, true)?, decode(value, true)?));
    }
    Ok(pairs)
}

/// Pairs to a form body or query: unreserved bytes (RFC 3986 section 2.3) stay, the rest is `%XX`.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_into(&mut out, name);
        out.push('=');
        encode_into(&mut out, value);
    }
    out
}

/// Percent-encodes everything but unreserved bytes, for one path segment or one value.
pub fn encode_component(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(&mut out, text);
    out
}

fn encode_into(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit)));
            }
        }
    }
}

/// Decodes one path segment: `+` stays `+`.
///
/// # Errors
/// If an escape is malformed or the decoded text is not UTF-8.
pub fn decode_component(text: &str) -> Result<String, BadEncoding> {
    decode(text.as_bytes(), false)
}

pub(crate) fn decode(input: &[u8], plus_is_space: bool) -> Result<String, BadEncoding> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = rest.next().copied().and_then(hex).ok_or(BadEncoding)?;
                let low = rest.next().copied().and_then(hex).ok_or(BadEncoding)?;
                out.push((high << 4) | low);
            }
            b'+' if plus_is_space => out.push(b' '),
            other => out.push(*other),
        }
    }
    String::from_utf8(out).map_err(|_| BadEncoding)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
