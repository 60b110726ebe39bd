//! Secrets whose neighbours tell what they are: private keys of the web, signatures of addresses,
//! passwords among settings.

use super::super::bytes::{self, ALNUM, HEX, SPACE, TOKEN, at, part, run};
use super::super::kinds::Span;
use super::{random, span, tails};

/// Bytes before and behind `kty` in which the rest of a key stands.
const KEY: usize = 4096;
/// Shortest private part: 32 bytes in base64, of curves the shortest.
const PRIVATE: usize = 43;

/// A private key as JSON (RFC 7517, 7518): beside `kty` there is a `d`, or a `k` for a shared one.
pub(super) fn web_key(text: &[u8], after: usize) -> Option<Span> {
    let from = after.saturating_sub(KEY);
    let before = part(text, from, after);
    let open = before.iter().rposition(|b| *b == b'{')?;
    let start = from.saturating_add(open);
    let rest = part(text, start, after.saturating_add(KEY));
    let object = rest.get(..memchr::memchr(b'}', rest).unwrap_or(rest.len()))?;
    memchr::memchr_iter(b'"', object).find_map(|quote| {
        let name = quote.saturating_add(1);
        let of = matches!(at(object, name), b'd' | b'k');
        let mut value = name.saturating_add(1);
        // The quotes, maybe with backslashes, and a colon.
        while is_between(at(object, value)) {
            value = value.saturating_add(1);
        }
        let end = run(object, value, TOKEN, KEY);
        let key = part(object, value, end);
        let apart = part(object, name.saturating_add(1), value).contains(&b':');
        (of && apart && key.len() >= PRIVATE && random(key))
            .then(|| span("web_key", start.saturating_add(value), start.saturating_add(end)))
    })
}

fn is_between(b: u8) -> bool {
    bytes::is(b, SPACE) || matches!(b, b'"' | b'\\' | b':')
}

/// The signature of an address that is open to its holder: `X-Amz-Signature=`, `X-Goog-Signature=` and
/// at least 64 hexadecimal digits.
pub(super) fn signed(text: &[u8], start: usize) -> Option<Span> {
    let equals = memchr::memchr(b'=', part(text, start, start.saturating_add(24)))?;
    let key = start.saturating_add(equals).saturating_add(1);
    let end = run(text, key, HEX, 1024);
    let value = part(text, key, end);
    (value.len() >= 64 && random(value)).then(|| span("signed_address", start, end))
}

/// A password among settings, behind a name that ends with `PASS=`. The word alone is too frequent to be
/// searched for everywhere, so it is found in a long run only.
pub(super) fn pass(text: &[u8], start: usize) -> Option<Span> {
    let from = start.saturating_add(5);
    let rest = part(text, from, from.saturating_add(80));
    let of = |b: &u8| bytes::is(*b, ALNUM) || b"-._+@!#%^*~/".contains(b);
    let value = rest.get(..rest.iter().take_while(|b| of(b)).count())?;
    let named = matches!(bytes::before(text, start), b'_' | b'-' | b'.');
    let code = value.contains(&b'.') || matches!(at(rest, value.len()), b'(' | b'[' | b'{');
    (named && !code && value.len() >= 6 && tails::password_like(value))
        .then(|| span("password", from, from.saturating_add(value.len())))
}
