//! Secrets in pieces: over several strings, or with something between their characters.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::super::bytes::{self, ALNUM, ALPHA, DIGIT, LOWER, SPACE, TOKEN, UPPER, is, part};
use super::super::kinds::Span;
use super::super::marks::mark;
use super::context;
use super::rules::{Body, Rule, drawn, random, turns};
use super::tails;
use super::tokens::{self, Beginning};
use crate::seen::is_seen;

/// Longest piece that is put together with another, in bytes.
const PIECE: usize = 4096;
/// Bytes around a seam that may say what stands there.
const WORDS: usize = 96;
/// Most pieces that are put together with every string.
const OPEN: usize = 64;

/// A string that may be a part of a secret in pieces.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Text<'a> {
    pub(in crate::scan) bytes: &'a [u8],
    /// It may hold a word that announces a secret.
    pub(in crate::scan) may_announce: bool,
}

/// A secret in pieces: over several strings, or with something between its characters. `squeezed` holds
/// the strings, and maybe more.
pub(in crate::scan) fn in_pieces(
    texts: &[Text<'_>],
    squeezed: &Squeezed<'_>,
) -> Option<&'static str> {
    let beginnings = squeezed.beginnings();
    across(texts, !beginnings.is_empty()).or_else(|| squeezed.secret(beginnings))
}

/// A secret that begins at the end of one string and goes on at the start of another, in whatever
/// order the strings stand: its rule. Neither string holds a secret by itself. `any` says whether a
/// whole beginning of a token may stand in one.
fn across(texts: &[Text<'_>], any: bool) -> Option<&'static str> {
    let mut opened: Vec<(usize, [Option<&[u8]>; 3])> = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let ends = ends(text.bytes);
        let opens = |end: &&[u8]| opens(end, text.may_announce);
        if ends.iter().flatten().any(opens) && opened.len() < OPEN {
            opened.push((i, ends));
        }
    }
    for (i, ends) in &opened {
        for (_, text) in texts.iter().enumerate().filter(|(j, _)| near(*i, *j)) {
            let start = beginning(text.bytes);
            if start.is_empty() {
                continue;
            }
            if let Some(rule) = ends.iter().flatten().find_map(|end| joined(&[end, start])) {
                return Some(rule);
            }
        }
    }
    any.then(|| begun(texts)).flatten().or_else(|| {
        // All of them one after the other: a secret in more than two pieces.
        let total: usize = texts.iter().map(|text| text.bytes.len()).sum();
        let all = || texts.iter().map(|text| text.bytes).collect::<Vec<_>>();
        (texts.len() > 2 && total <= 2 * PIECE).then(|| joined(&all())).flatten()
    })
}

/// Whether two strings are put together: of very many only those that are not far apart.
fn near(one: usize, other: usize) -> bool {
    one != other && one.abs_diff(other) <= OPEN
}

/// The end of a string, with and without the punctuation after it.
fn ends(whole: &[u8]) -> [Option<&[u8]>; 3] {
    let text = whole.trim_ascii_end();
    let spaced = text.len() < whole.len();
    let text = text.get(text.len().saturating_sub(PIECE)..).unwrap_or_default();
    let start = text.iter().rposition(|b| is(*b, SPACE)).map_or(0, |i| i.saturating_add(1));
    // The words before the last may say what it is.
    let start = start.min(text.len().saturating_sub(WORDS));
    let text = text.get(start..).unwrap_or_default();
    let bare = text.iter().rposition(|b| !punctuates(*b)).map_or(0, |i| i.saturating_add(1));
    let bare = text.get(..bare).filter(|bare| bare.len() < text.len());
    let last = whole.get(whole.len().saturating_sub(WORDS)..).filter(|_| spaced);
    [Some(text), bare, last]
}

fn punctuates(b: u8) -> bool {
    matches!(b, b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b'"' | b'\'' | b'`' | b']' | b'>')
}

/// The beginning of a string, without quotes before it: its first word and some more.
fn beginning(text: &[u8]) -> &[u8] {
    let skipped = |b: &u8| is(*b, SPACE) || matches!(b, b'"' | b'\'' | b'`' | b'(' | b'[' | b'<');
    let start = text.iter().position(|b| !skipped(b)).unwrap_or(text.len());
    let text = part(text, start, start.saturating_add(PIECE));
    let word = text.iter().position(|b| is(*b, SPACE)).unwrap_or(text.len());
    part(text, 0, word.max(WORDS))
}

/// Whether a secret may begin at the end of a string: the beginning of a token, a word that announces
/// one, or a last word that is none.
fn opens(end: &[u8], may_announce: bool) -> bool {
    let start = end.iter().rposition(|b| is(*b, SPACE)).map_or(0, |i| i.saturating_add(1));
    let word = end.get(start..).unwrap_or_default();
    let (digits, letters) = (bytes::count(word, DIGIT), bytes::count(word, ALPHA));
    let mixed =
        digits > 0 && letters > 0 || bytes::count(word, UPPER) > 1 && bytes::count(word, LOWER) > 0;
    let mut any = word.len() >= 6 && mixed
        || (8..=10).contains(&digits)
        || memchr::memchr_iter(b':', word).any(|i| bytes::goes_on(word, i, b"://"))
        || tokens::starts_any(word);
    if !any {
        tokens::each(word, 0, word.len(), |_| {
            any = true;
            word.len()
        });
    }
    any || {
        let lower = bytes::lower(end);
        context::half_announces(&lower) || may_announce && context::announces(&lower)
    }
}

/// The rule of a secret in pieces put together.
fn joined(pieces: &[&[u8]]) -> Option<&'static str> {
    let whole = pieces.concat();
    let mut spans = Vec::new();
    let marks = mark(&whole);
    super::find(&whole, &bytes::lower(&whole), &marks, &mut spans);
    // Halves of words meet in an address whose user is nobody in particular.
    let weak = |span: &Span| {
        span.rule == "address_with_password" && {
            // A second address may have been put behind the first.
            let value = part(&whole, span.start, span.end).split(|b| *b == b'@').next();
            let value = value.unwrap_or_default();
            let user = memchr::memmem::find(value, b"://").map_or(0, |at| at.saturating_add(3));
            let mut parts = part(value, user, value.len()).splitn(2, |b| *b == b':');
            let password = parts.nth(1).unwrap_or_default();
            let beyond = password.iter().any(|b| !b.is_ascii());
            !beyond && !tails::password_like(password)
        }
    };
    if let Some(span) = spans.iter().find(|span| !weak(span)) {
        return Some(span.rule);
    }
    let mut rule = None;
    super::super::decode::runs(&whole, &marks, PIECE.saturating_mul(4), |decoded, _, _, _| {
        let mut spans = Vec::new();
        super::find(decoded, &bytes::lower(decoded), &mark(decoded), &mut spans);
        rule = rule.or(spans.first().map(|span| span.rule));
    });
    rule
}

/// A token that is begun somewhere in one string, too short by itself, and completed by a word of
/// another.
fn begun(texts: &[Text<'_>]) -> Option<&'static str> {
    let mut begun: Vec<(usize, &'static Rule, &[u8])> = Vec::new();
    for (i, text) in texts.iter().map(|text| text.bytes).enumerate() {
        tokens::each(text, 0, text.len(), |beginning| {
            if let Beginning::Rule(rule, start) = beginning
                && begun.len() < OPEN
                && rule.prefix.len() >= 4
                && (rule.is_strong() || bytes::begins(text, start))
                && rule.end(text, start).is_none()
            {
                let end = bytes::run(text, start.saturating_add(rule.prefix.len()), TOKEN, PIECE);
                begun.push((i, rule, part(text, start, end)));
            }
            0
        });
    }
    for (i, rule, piece) in &begun {
        for (_, text) in texts.iter().enumerate().filter(|(j, _)| near(*i, *j)) {
            for word in text.bytes.split(|b| !is(*b, TOKEN)).filter(|word| random(word)).take(OPEN)
            {
                let whole = [piece, word].concat();
                let body = part(&whole, rule.prefix.len(), whole.len());
                if rule.end(&whole, 0) == Some(whole.len()) && drawn(body) {
                    return Some(rule.name);
                }
            }
        }
    }
    None
}

/// What stands in every private key in PEM.
static LABEL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("PRIVATEKEY-----"));

/// Strings one after the other, without what may stand between the characters of a secret.
#[derive(Debug)]
pub(in crate::scan) struct Squeezed<'a> {
    strings: Vec<&'a str>,
    pub(super) text: Cow<'a, [u8]>,
    seams: OnceCell<Vec<usize>>,
}

impl<'a> Squeezed<'a> {
    /// Of strings, and what can be seen of them.
    pub(in crate::scan) fn of(strings: Vec<&'a str>, text: Cow<'a, [u8]>) -> Self {
        Self { strings, text, seams: OnceCell::new() }
    }

    /// Where something was taken away, or a string began. Few texts hold what makes anybody ask.
    pub(super) fn seams(&self) -> &[usize] {
        self.seams.get_or_init(|| {
            let (mut seams, mut length) = (Vec::new(), 0usize);
            for string in &self.strings {
                seams.push(length);
                for c in string.chars() {
                    if is_seen(c) {
                        length = length.saturating_add(c.len_utf8());
                    } else if seams.last() != Some(&length) {
                        seams.push(length);
                    }
                }
            }
            seams
        })
    }

    fn is_seam(&self, place: usize) -> bool {
        self.seams().binary_search(&place).is_ok()
    }

    /// Whether something was taken away between the ends of a part.
    fn is_cut(&self, start: usize, end: usize) -> bool {
        let next = self.seams().partition_point(|seam| *seam <= start);
        self.seams().get(next).is_some_and(|seam| *seam < end)
    }

    /// The beginnings of tokens in it.
    fn beginnings(&self) -> Vec<Beginning> {
        let mut all = Vec::new();
        tokens::each(&self.text, 0, self.text.len(), |beginning| {
            all.push(beginning);
            0
        });
        all
    }

    /// A token in it. Words are glued to each other here, so what follows a beginning must be as
    /// mixed as words are not, and a beginning that words have too must stand at a seam.
    fn secret(&self, beginnings: Vec<Beginning>) -> Option<&'static str> {
        let text = &*self.text;
        let at_seam = |start: usize| !is(bytes::before(text, start), TOKEN) || self.is_seam(start);
        let mut rule = None;
        for beginning in beginnings {
            match beginning {
                Beginning::Rule(known, start) => {
                    let body = start.saturating_add(known.prefix.len());
                    let end = body.saturating_add(known.min);
                    let least = part(text, body, end);
                    let taken = known.takes(least) && mixed(least, known.body);
                    // What is in one piece was looked at as it stands. A long beginning tells more.
                    let cut = || known.prefix.len() > tokens::SHORT || self.is_cut(start, end);
                    let here = least.len() == known.min && taken;
                    if here
                        && (known.is_strong() || at_seam(start))
                        && cut()
                        && !tokens::by_chance(text, known, start, end)
                    {
                        rule = rule.or(Some(known.name));
                    }
                }
                Beginning::Shape(verify, start) => {
                    // What is glued before it is not part of it.
                    let rest = text.get(start..).unwrap_or_default();
                    let sure = verify(rest, 0).filter(|span| {
                        let parts = part(rest, 0, span.end).split(|b| *b == b'.');
                        let long = parts.filter(|p| p.len() >= 16 && mixed(p, Body::Token));
                        span.rule != "json_web_token" || at_seam(start) && long.count() >= 2
                    });
                    rule = rule.or(sure.map(|span| span.rule));
                }
            }
        }
        rule.or_else(|| self.beside()).or_else(|| self.announced()).or_else(|| {
            let at = LABEL.find(text)?;
            let body = at.saturating_add(LABEL.needle().len());
            random(part(text, body, body.saturating_add(48))).then_some("private_key")
        })
    }

    /// Tokens of bots, and secrets with an odd character.
    fn beside(&self) -> Option<&'static str> {
        let text = &*self.text;
        let mark_of = |i: usize| bytes::at(text, i.saturating_add(1));
        let odd = memchr::memchr2_iter(b':', b'~', text).find_map(|i| {
            let telegram = bytes::at(text, i) == b':'
                && bytes::before(text, i).is_ascii_digit()
                && (mark_of(i) == b'A' && bytes::at(text, i.saturating_add(2)) == b'A'
                    || part(text, i.saturating_add(1), i.saturating_add(35))
                        .iter()
                        .all(|b| is(*b, TOKEN))
                        && self.drawn_between(i.saturating_add(1), i.saturating_add(35)));
            let azure = bytes::at(text, i) == b'~' && bytes::before(text, i) == b'Q';
            let id = bytes::run_back(text, i, DIGIT, 11);
            let key = part(text, i.saturating_add(1), i.saturating_add(35));
            let whole = key.len() == 34 && mixed(key, Body::Token);
            let digit = i.checked_sub(2).is_some_and(|d| bytes::at(text, d).is_ascii_digit());
            let own = || !is(bytes::before(text, id), ALNUM) || self.is_seam(id);
            if telegram && whole && (8..=10).contains(&i.saturating_sub(id)) && own() {
                Some("telegram_bot_token")
            } else if azure && whole && digit {
                Some("azure_client_secret")
            } else {
                self.behind(i)
            }
        });
        let odd = odd.or_else(|| self.ending());
        odd.or_else(|| {
            memchr::memchr_iter(b'.', text).find_map(|dot| {
                let second = dot.saturating_add(7);
                let start = dot.saturating_sub(24);
                let key = part(text, second.saturating_add(1), second.saturating_add(28));
                (bytes::at(text, second) == b'.'
                    && part(text, start, dot).iter().chain(key).all(|b| is(*b, TOKEN))
                    && key.len() == 27
                    && mixed(key, Body::Token)
                    && mixed(part(text, start, dot), Body::Token))
                .then_some("discord_token")
            })
        })
    }
}

impl Squeezed<'_> {
    /// Tokens of a fixed length behind a colon or a tilde, that end at a seam.
    fn behind(&self, sign: usize) -> Option<&'static str> {
        let key = sign.saturating_add(1);
        let of = |length: usize, token: fn(&[u8], usize) -> Option<Span>, place: usize| {
            let end = key.saturating_add(length);
            let found = token(self.text.get(..end)?, place)?;
            (end == self.text.len() || self.is_seam(end)).then_some(found)
        };
        let found = of(32, tails::asana, sign)
            .or_else(|| of(43, tails::openshift, key))
            .or_else(|| of(30, tails::twitch, key));
        found.map(|span| span.rule)
    }

    /// Tokens that are known by how they end. They begin at a seam, or behind what they have not.
    fn ending(&self) -> Option<&'static str> {
        let text = &*self.text;
        ENDINGS.iter().find_map(|(finder, more)| {
            finder.find_iter(text).find_map(|found| {
                let end = found.saturating_add(finder.needle().len());
                let ends = [end.saturating_add(*more), end.saturating_add(more >> 1)];
                let begins = |text: &[u8], start: usize| {
                    !is(bytes::before(text, start), ALNUM) || self.is_seam(start)
                };
                let found = ends.iter().find_map(|end| tails::ending(text, *end, begins))?;
                Some(found.rule)
            })
        })
    }
}

/// How such tokens end, and how many digits follow at most.
static ENDINGS: LazyLock<[(Finder<'static>, usize); 3]> = LazyLock::new(|| {
    [("_mmk", 0), ("NRAL", 0), ("-us", 2)].map(|(end, more)| (Finder::new(end), more))
});

pub(super) fn mixed(body: &[u8], kind: Body) -> bool {
    let turns = turns(body);
    let digits = bytes::count(body, DIGIT);
    let enough = body.len().min(48).checked_div(6).unwrap_or(0);
    drawn(body) && (kind == Body::Upper || digits.saturating_add(turns) >= enough)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn seams_are_where_strings_begin_and_where_something_was_taken_away(
            strings in proptest::collection::vec("[a-c \\n\u{1}\u{e9}\u{200b}]{0,12}", 0..5)
        ) {
            let (mut text, mut slowly) = (String::new(), Vec::new());
            for string in &strings {
                slowly.push(text.len());
                for c in string.chars() {
                    if "abc\u{e9}".contains(c) {
                        text.push(c);
                    } else {
                        slowly.push(text.len());
                    }
                }
            }
            let mut once = slowly.clone();
            once.dedup();
            let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
            let squeezed = Squeezed::of(strings.clone(), text.as_bytes().into());
            // Of empty strings each begins anew.
            let mut seams = squeezed.seams().to_vec();
            prop_assert!(seams.len() >= strings.len());
            seams.dedup();
            prop_assert_eq!(seams, once);
        }
    }
}
