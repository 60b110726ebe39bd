//! Secrets that only the words before them betray.

use std::sync::LazyLock;

use super::super::bytes::{
    self, ALNUM, ALPHA, BASE, DIGIT, HIGH, LOWER, SPACE, TOKEN, at, is, part, run,
};
use super::super::endings::Endings;
use super::super::kinds::Span;
use super::super::literals::{self, Hits, Literals};
use super::shapes::{self, Verify};
use super::{built, random, rules, span, tails};

/// How long and how random what follows must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// A password: six characters or more, not only letters.
    Password,
    /// A token: 16 characters or more, drawn at random.
    Token,
}

/// What a word leads to.
#[derive(Debug, Clone, Copy)]
enum Leads {
    /// A value after it.
    To(Value),
    /// Something that the word is part of.
    Into(Verify),
    /// Something that is looked for from the end of the word on.
    Behind(Verify),
}

const WORDS: [(&str, Leads); 42] = [
    ("accountkey", Leads::To(Value::Token)),
    ("sharedaccesskey", Leads::To(Value::Token)),
    ("private key", Leads::To(Value::Token)),
    ("private_key", Leads::To(Value::Token)),
    ("encryption key", Leads::To(Value::Token)),
    ("signing key", Leads::To(Value::Token)),
    ("credential", Leads::To(Value::Token)),
    ("passw", Leads::To(Value::Password)),
    ("passphrase", Leads::To(Value::Password)),
    ("passcode", Leads::To(Value::Password)),
    ("pwd", Leads::To(Value::Password)),
    ("secret", Leads::To(Value::Token)),
    ("token", Leads::To(Value::Token)),
    ("bearer", Leads::To(Value::Token)),
    ("-----begin", Leads::Into(shapes::pem)),
    ("://", Leads::Into(shapes::credentials)),
    ("authorization", Leads::Behind(tails::basic_header)),
    ("_auth", Leads::Behind(tails::basic)),
    ("\"auth\"", Leads::Behind(tails::basic)),
    ("sig=", Leads::Into(tails::azure_sas)),
    ("access_token$", Leads::Into(tails::paypal)),
    ("private-lines", Leads::Into(tails::putty)),
    ("begin ssh2 encrypted", Leads::Into(shapes::pem)),
    (":5432:", Leads::Into(tails::pgpass)),
    (" -u ", Leads::Behind(tails::of_curl)),
    (" --user ", Leads::Behind(tails::of_curl)),
    (OKTA, Leads::To(Value::Token)),
    ("privatekey", Leads::To(Value::Token)),
    ("mot de passe", Leads::To(Value::Password)),
    ("contraseña", Leads::To(Value::Password)),
    ("kennwort", Leads::To(Value::Password)),
    ("wachtwoord", Leads::To(Value::Password)),
    ("senha", Leads::To(Value::Password)),
    ("has\u{142}o", Leads::To(Value::Password)),
    // Without its first letter, which may be a capital.
    ("\u{430}\u{440}\u{43e}\u{43b}\u{44c}", Leads::To(Value::Password)),
    ("\u{5bc6}\u{7801}", Leads::To(Value::Password)),
    ("\u{5bc6}\u{78bc}", Leads::To(Value::Password)),
    ("\u{30d1}\u{30b9}\u{30ef}\u{30fc}\u{30c9}", Leads::To(Value::Password)),
    ("\u{be44}\u{bc00}\u{bc88}\u{d638}", Leads::To(Value::Password)),
    ("\"kty", Leads::Behind(built::web_key)),
    ("x-amz-signature=", Leads::Into(built::signed)),
    ("x-goog-signature=", Leads::Into(built::signed)),
];

/// How Okta has its tokens sent, in place of `Bearer`.
const OKTA: &str = "ssws";

/// Whether a word begins there, and a space or a colon ends it.
fn stands_alone(text: &[u8], start: usize, length: usize) -> bool {
    let behind = at(text, start.saturating_add(length));
    bytes::begins(text, start) && matches!(behind, b' ' | b':')
}

/// As words of their own or in one: `api key`, `API-Key`, `access_key`.
const KEYS: [&str; 24] = [
    "api key",
    "api-key",
    "api_key",
    "apikey",
    "access key",
    "access_key",
    "access-key",
    "accesskey",
    "admin key",
    "admin_key",
    "master key",
    "master_key",
    "app_key",
    "app-key",
    "application_key",
    "auth_key",
    "auth-key",
    "signing_key",
    "signing-key",
    "encryption_key",
    "encryption-key",
    "license_key",
    "service_key",
    "fastly-key",
];

static LITERALS: LazyLock<Literals> = LazyLock::new(|| Literals::new(words()));

/// All words that announce a secret.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, _)| *word).chain(KEYS)
}

pub(in crate::scan) fn search(lower: &[u8]) -> Hits {
    LITERALS.all(lower)
}

/// What a word of [`words`] leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announces {
    Password,
    Token,
    Address,
}

/// What the word with this number leads to, and its length.
pub(super) fn announces_what(which: usize) -> Option<(Announces, usize)> {
    let Some((word, leads)) = WORDS.get(which) else {
        let key = KEYS.get(which.checked_sub(WORDS.len())?)?;
        return Some((Announces::Token, key.len()));
    };
    let kind = match leads {
        Leads::To(Value::Password) => Announces::Password,
        Leads::To(Value::Token) => Announces::Token,
        Leads::Into(_) if *word == "://" => Announces::Address,
        Leads::Into(_) | Leads::Behind(_) => return None,
    };
    Some((kind, word.len()))
}

/// `hits` are those of [`words`] in `lower`, maybe with others of higher numbers.
pub(super) fn find(text: &[u8], lower: &[u8], hits: &Hits, out: &mut Vec<Span>) {
    let own = WORDS.len().saturating_add(KEYS.len());
    let hits = hits.iter().copied().filter(|(_, which)| *which < own);
    literals::each(hits, |which, start| {
        let key = which.checked_sub(WORDS.len()).and_then(|i| KEYS.get(i));
        let word = WORDS.get(which).copied().or(key.map(|key| (*key, Leads::To(Value::Token))));
        let found = word.and_then(|(word, leads)| match leads {
            // So short a word comes about within base64, too.
            Leads::To(_) if word == OKTA && !stands_alone(text, start, word.len()) => None,
            Leads::Into(verify) => verify(text, start),
            Leads::Behind(verify) => verify(text, start.saturating_add(word.len())),
            Leads::To(value) => named(text, lower, start, start.saturating_add(word.len()), value),
        });
        found.map_or(0, |span| {
            out.push(span);
            span.end
        })
    });
}

/// What is half of a word that announces a secret, from four letters on.
static HALVES: LazyLock<Endings> = LazyLock::new(|| {
    Endings::new(
        words().map(str::as_bytes).flat_map(|word| (4..word.len()).filter_map(|n| word.get(..n))),
    )
});

/// Whether a text, in lower case, ends with half of a word that announces a secret.
pub(super) fn half_announces(lower: &[u8]) -> bool {
    HALVES.any(lower, |_| true)
}

/// Whether a text, in lower case, holds a word that announces a secret.
pub(super) fn announces(lower: &[u8]) -> bool {
    !LITERALS.all(lower).is_empty()
}

/// A value that the word which ends at `after` announces.
fn named(text: &[u8], lower: &[u8], word: usize, after: usize, value: Value) -> Option<Span> {
    if harmless(lower, word) {
        return None;
    }
    let login = value == Value::Password && logs_in(lower, word);
    let (from, sure) = if login {
        (run(lower, run(lower, after, ALPHA, 8), SPACE, 4), true)
    } else {
        announced(lower, after)?
    };
    let (start, end) = unquoted(text, from);
    let found = part(text, start, end);
    let placeholder = found.iter().any(|b| matches!(b, b'<' | b'>' | b'{' | b'}' | b'$'))
        && value == Value::Token
        || matches!(found, [b'<' | b'[', ..] | [b'$' | b'{', b'{', ..])
        || matches!(found, [b')' | b']' | b'}', ..]) && !opened(text, start, end)
        || matches!(found, [b'*', b'*', b'*', b'*', ..])
        || found.iter().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.' | b'-' | b'_'));
    if placeholder || address(found) {
        return None;
    }
    match value {
        Value::Password => {
            let letters = bytes::count(found, ALPHA | HIGH);
            let others = found.len().saturating_sub(letters);
            let symbols =
                found.iter().filter(|b| b.is_ascii_punctuation() && !b"-./'_".contains(b)).count();
            let digits = bytes::count(found, DIGIT);
            let mixed = letters >= 2 && others >= 1 && digits.saturating_add(symbols) >= 1;
            let mixed = mixed && !mailbox(found);
            let written = found.iter().all(|b| is(*b, LOWER) || matches!(b, b'-' | b'\'' | b'/'));
            // Names of code have capitals and points inside: `document.getElementById`.
            let turns = found.len() >= 10 && rules::turns(found) >= 3 && !found.contains(&b'.');
            let repeats = bytes::lower(found).starts_with(b"passw") || calls(found);
            let fits = (mixed || turns) && !written && !repeats;
            // Of Chinese words every character is three letters, of Cyrillic and Greek ones two.
            let one = |b: &&u8| b.is_ascii() || matches!(b, 0xc2..=0xdf);
            let long = found.iter().filter(one).count() >= 4;
            (sure && found.len() >= 6 && long && fits).then(|| span("password", start, end))
        }
        Value::Token => {
            let end = start.saturating_add(
                found
                    .iter()
                    .position(|b| !is(*b, TOKEN | BASE) && !matches!(b, b'.' | b'~' | b'+'))
                    .unwrap_or(found.len()),
            );
            let found = part(text, start, end);
            let length = found.len();
            let long = if sure { 16 } else { 24 };
            (length >= long && random(found) && (sure || !uuid(found)))
                .then(|| span("named_secret", start, end))
        }
    }
}

/// Whether no quote before a value closes what its name stands in, as in `ask("Password: ")`: one that
/// opens has another behind the value.
fn opened(text: &[u8], start: usize, end: usize) -> bool {
    let quote = bytes::before(text, start);
    let mut behind = part(text, end, end.saturating_add(8)).iter();
    !matches!(quote, b'"' | b'\'' | b'`') || behind.find(|b| !trails(**b)) == Some(&quote)
}

/// Whether a user name is given directly before the word: `login kim password ...` as in `.netrc`.
fn logs_in(lower: &[u8], word: usize) -> bool {
    let before = part(lower, word.saturating_sub(80), word);
    let mut words = before.split(|b| is(*b, SPACE)).rev().filter(|word| !word.is_empty());
    words.nth(1) == Some(b"login")
}

/// Code that computes a value: a name, and a bracket after it.
fn calls(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| is(**b, TOKEN) || **b == b'.').count();
    name > 2 && at(value, name) == b'('
}

/// Tokens that open nothing.
pub(super) fn harmless(lower: &[u8], word: usize) -> bool {
    const HARMLESS: [&[u8]; 12] = [
        b"page",
        b"sync",
        b"continuation",
        b"next",
        b"csrf",
        b"xsrf",
        b"idempotency",
        b"cursor",
        b"device",
        b"public",
        b"resume",
        b"upload",
    ];
    let end =
        word.saturating_sub(usize::from(matches!(bytes::before(lower, word), b' ' | b'_' | b'-')));
    let start = bytes::run_back(lower, end, ALPHA, 20);
    HARMLESS.iter().any(|word| part(lower, start, end).ends_with(word))
}

/// What stands between a name and its value.
const IS: [&[u8]; 7] = [b"is", b"was", b"are", b"ist", b"lautet", b"est", b"es"];

/// Whether the word that ends at a place is all that stands behind `<`.
fn is_element(lower: &[u8], end: usize) -> bool {
    bytes::before(lower, bytes::run_back(lower, end, TOKEN, 40)) == b'<'
}

/// Whether the next mark-up from a place on closes an element.
fn closes(lower: &[u8], from: usize) -> bool {
    let rest = part(lower, from, from.saturating_add(512));
    let open = memchr::memchr(b'<', rest);
    open.is_some_and(|open| at(rest, open.saturating_add(1)) == b'/')
}

/// A colon and an equals sign of full width.
const WIDE: [&str; 2] = ["\u{ff1a}", "\u{ff1d}"];

/// The first place from `from` on that belongs to a value: neither a sign before it nor a quote.
fn value_at(window: &[u8], from: usize) -> Option<usize> {
    let before = |b: &u8| {
        matches!(b, b':' | b'=' | b'>' | b' ' | b'"' | b'\'' | b'`' | b'\n' | b'\r' | b'\t' | b'\\')
    };
    let more = part(window, from, window.len()).iter().position(|b| !before(b))?;
    Some(from.saturating_add(more))
}

/// Where the value begins after its name, and whether a colon, an equals sign or an `is` says that it
/// is one.
fn announced(lower: &[u8], after: usize) -> Option<(usize, bool)> {
    let window = part(lower, after, after.saturating_add(48));
    // The rest of the name: `_access_key`, ` for the wifi`, `" `, ` (new)`.
    let mut i = 0usize;
    let mut words = 0usize;
    loop {
        let b = at(window, i);
        match b {
            b':' | b'=' => return value_at(window, i).map(|at| (after.saturating_add(at), true)),
            // Of full width, as texts in Chinese and Japanese have them.
            _ if WIDE.iter().any(|sign| bytes::goes_on(window, i, sign.as_bytes())) => {
                let behind = i.saturating_add(3);
                return value_at(window, behind).map(|at| (after.saturating_add(at), true));
            }
            b' ' | b'\t' | b'\n' | b'\r' => {
                let next = run(window, i, SPACE, 4);
                if matches!(at(window, next), b':' | b'=') {
                    i = next;
                    continue;
                }
                let value = part(window, next, run(window, next, TOKEN | BASE, 48));
                if value.len() >= 20 && bytes::count(value, DIGIT) > 0 {
                    return Some((after.saturating_add(next), false));
                }
                let word_end = run(window, next, ALPHA, 24);
                let said = part(window, next, word_end);
                if IS.contains(&said) && is(at(window, word_end), SPACE | BASE)
                    || said == b"is" && at(window, word_end) == b':'
                {
                    let value = word_end.saturating_add(
                        part(window, word_end, window.len()).iter().position(|b| {
                            !matches!(b, b':' | b' ' | b'"' | b'\'' | b'`' | b'\n' | b'\r' | b'\t')
                        })?,
                    );
                    return Some((after.saturating_add(value), true));
                }
                let behind = at(window, word_end);
                let ends = !is(behind, ALNUM | BASE) && !matches!(behind, b'-' | b'_')
                    || matches!(part(window, word_end, window.len()), [b'=', b'"' | b'\'', ..]);
                let key = ends || part(window, word_end, word_end.saturating_add(1)) == b"_";
                if said.is_empty() || !key {
                    return Some((after.saturating_add(next), false));
                }
                words = words.saturating_add(1);
                if words > 3 {
                    return None;
                }
                i = word_end;
            }
            // The end of an element that has the name: `<password>`.
            b'>' if is_element(lower, after) => {
                let value = after.saturating_add(i).saturating_add(1);
                return closes(lower, value).then_some((value, true));
            }
            // A quote that JSON within JSON has.
            b'\\' if matches!(at(window, i.saturating_add(1)), b'"' | b'\'') => {
                i = i.saturating_add(1);
            }
            _ if is(b, ALNUM)
                || matches!(b, b'_' | b'-' | b'"' | b'\'' | b'`' | b'(' | b')' | b'*') =>
            {
                i = i.saturating_add(1);
            }
            _ => return None,
        }
    }
}

/// The value without the quotes and the punctuation around it.
fn unquoted(text: &[u8], from: usize) -> (usize, usize) {
    let head = part(text, from, from.saturating_add(8));
    // More stars than bold letters have hide the value.
    let masked = head.windows(4).any(|four| four == b"****");
    // `**Password:** value`.
    let bold = head.starts_with(b"** ");
    let quoted = |b: &u8| matches!(b, b'"' | b'\'' | b'`' | b'*' | b'(') || bold && *b == b' ';
    let skipped = head.iter().position(|b| !quoted(b)).unwrap_or(0);
    let start = from.saturating_add(if masked { 0 } else { skipped });
    let rest = part(text, start, start.saturating_add(512));
    let ends = |(i, b): (usize, &u8)| match b {
        b'"' | b'\'' | b'`' | b',' | b';' | b'<' => true,
        // Punctuation of full width, and syllables of Japanese.
        0xe3 | 0xef => i > 0,
        // The next parameter of an address, or a character reference.
        b'&' => {
            let next = i.saturating_add(1);
            let name = run(rest, next, TOKEN, 40);
            let named = part(rest, next, name).iter().all(|b| is(*b, LOWER));
            name > next && (at(rest, name) == b'=' || at(rest, name) == b';' && named)
        }
        _ => is(*b, SPACE),
    };
    let length = rest.iter().enumerate().position(ends).unwrap_or(rest.len());
    let trailing =
        rest.get(..length).unwrap_or_default().iter().rev().take_while(|b| trails(**b)).count();
    (start, start.saturating_add(length.saturating_sub(trailing)))
}

/// What ends a value without being part of it.
fn trails(b: u8) -> bool {
    matches!(b, b'.' | b')' | b'?' | b':' | b'*' | b'\\' | b']' | b'}')
}

fn address(value: &[u8]) -> bool {
    value.windows(3).any(|w| w == b"://") || value.starts_with(b"www.")
}

/// An address of ordinary letters, not a password with an `@`.
pub(super) fn mailbox(value: &[u8]) -> bool {
    let mut parts = value.split(|b| *b == b'@');
    let (local, domain) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let plain = |part: &[u8]| {
        !part.is_empty()
            && part.iter().all(|b| is(*b, ALNUM) || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    plain(local) && plain(domain) && domain.contains(&b'.') && parts.next().is_none()
}

fn uuid(value: &[u8]) -> bool {
    value.len() == 36 && [8usize, 13, 18, 23].iter().all(|i| at(value, *i) == b'-')
}
