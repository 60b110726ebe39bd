//! Secrets in pieces: over several strings, or with something between their characters.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::super::bytes::{self, ALNUM, ALPHA, DIGIT, LOWER, SPACE, TOKEN, UPPER, is, part};
use super::super::marks::mark;
use super::context;
use super::rules::{Body, Rule, drawn, random, turns};
use super::tails;
use super::tokens::{self, Beginning};
use crate::text::is_hidden;

/// Longest piece that is put together with another, in bytes.
const PIECE: usize = 4096;
/// Bytes around a seam that may say what stands there.
const WORDS: usize = 96;
/// Most pieces that are put together with every string.
const OPEN: usize = 64;

/// A secret in pieces: over several strings, or with something between its characters. `squeezed` holds
/// the strings, and maybe more.
pub(in crate::scan) fn in_pieces(texts: &[&[u8]], squeezed: &Squeezed) -> Option<&'static str> {
    let beginnings = squeezed.beginnings();
    across(texts, !beginnings.is_empty()).or_else(|| squeezed.secret(beginnings))
}

/// A secret that begins at the end of one string and goes on at the start of another, in whatever
/// order the strings stand: its rule. Neither string holds a secret by itself. `any` says whether a
/// whole beginning of a token may stand in one.
fn across(texts: &[&[u8]], any: bool) -> Option<&'static str> {
    let mut opened: Vec<(usize, Vec<&[u8]>)> = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let ends = ends(text);
        if ends.iter().any(|end| opens(end)) && opened.len() < OPEN {
            opened.push((i, ends));
        }
    }
    for (i, ends) in &opened {
        for (_, text) in texts.iter().enumerate().filter(|(j, _)| near(*i, *j)) {
            let start = beginning(text);
            if start.is_empty() {
                continue;
            }
            if let Some(rule) = ends.iter().find_map(|end| joined(end, start)) {
                return Some(rule);
            }
        }
    }
    any.then(|| begun(texts)).flatten().or_else(|| {
        // All of them one after the other: a secret in more than two pieces.
        let total: usize = texts.iter().map(|text| text.len()).sum();
        (texts.len() > 2 && total <= 2 * PIECE).then(|| joined(&texts.concat(), b"")).flatten()
    })
}

/// Whether two strings are put together: of very many only those that are not far apart.
fn near(one: usize, other: usize) -> bool {
    one != other && one.abs_diff(other) <= OPEN
}

/// The end of a string, with and without the punctuation after it.
fn ends(whole: &[u8]) -> Vec<&[u8]> {
    let text = whole.trim_ascii_end();
    let spaced = text.len() < whole.len();
    let text = text.get(text.len().saturating_sub(PIECE)..).unwrap_or_default();
    let start = text.iter().rposition(|b| is(*b, SPACE)).map_or(0, |i| i.saturating_add(1));
    // The words before the last may say what it is.
    let start = start.min(text.len().saturating_sub(WORDS));
    let text = text.get(start..).unwrap_or_default();
    let bare = text.iter().rposition(|b| !punctuates(*b)).map_or(0, |i| i.saturating_add(1));
    let bare = text.get(..bare).unwrap_or_default();
    let mut ends = if bare.len() == text.len() { vec![text] } else { vec![text, bare] };
    if spaced {
        ends.push(whole.get(whole.len().saturating_sub(WORDS)..).unwrap_or_default());
    }
    ends
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
fn opens(end: &[u8]) -> bool {
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
    any || context::announces(&bytes::lower(end))
}

/// The rule of a secret in two pieces put together.
fn joined(end: &[u8], start: &[u8]) -> Option<&'static str> {
    let whole = [end, start].concat();
    let mut spans = Vec::new();
    let marks = mark(&whole);
    super::find(&whole, &bytes::lower(&whole), &marks, &mut spans);
    if let Some(span) = spans.first() {
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
fn begun(texts: &[&[u8]]) -> Option<&'static str> {
    let mut begun: Vec<(usize, &'static Rule, &[u8])> = Vec::new();
    for (i, text) in texts.iter().enumerate() {
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
            for word in text.split(|b| !is(*b, TOKEN)).filter(|word| random(word)).take(OPEN) {
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

/// The length of the character at a place if it is white space or invisible, else 0.
fn gone(text: &str, place: usize) -> usize {
    let c = text.get(place..).and_then(|rest| rest.chars().next());
    c.filter(|c| c.is_whitespace() || is_hidden(*c)).map_or(0, char::len_utf8)
}

/// What stands in every private key in PEM.
static LABEL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("PRIVATEKEY-----"));

/// A text from which everything was taken that may stand between the characters of a secret.
#[derive(Debug, Default)]
pub(in crate::scan) struct Squeezed {
    pub(super) text: Vec<u8>,
    /// Where something was taken away, or a string began.
    pub(super) seams: Vec<usize>,
}

impl Squeezed {
    /// With room for so many bytes.
    pub(in crate::scan) fn with_capacity(size: usize) -> Self {
        Self { text: Vec::with_capacity(size), seams: Vec::with_capacity(size.saturating_add(16)) }
    }

    /// Adds a string without its white space and its invisible characters.
    pub(in crate::scan) fn push(&mut self, text: &str) {
        self.seams.push(self.text.len());
        let whole = text.as_bytes();
        if whole.iter().all(|b| *b < 0x7f) {
            self.push_ascii(whole);
        } else {
            self.push_any(text);
        }
    }

    fn push_any(&mut self, text: &str) {
        let whole = text.as_bytes();
        let mut done = 0usize;
        bytes::each(
            whole,
            |b| b <= b' ' || b >= 0x7f,
            |place| {
                let length = if bytes::at(whole, place) < 0x80 { 1 } else { gone(text, place) };
                if length == 0 {
                    return;
                }
                self.text.extend_from_slice(part(whole, done, place));
                done = place.saturating_add(length);
                if self.seams.last() != Some(&self.text.len()) {
                    self.seams.push(self.text.len());
                }
            },
        );
        self.text.extend_from_slice(part(whole, done, whole.len()));
    }

    /// The same for ASCII: every byte is written, and the next one over it if nobody sees it, without
    /// branches; and so with seams, of which one is due where something was taken away.
    fn push_ascii(&mut self, text: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        let (mut length, mut taken) = (start, false);
        let mut seams = self.seams.len();
        self.seams.resize(seams.saturating_add(text.len()).saturating_add(1), 0);
        for b in text {
            let seen = *b > b' ';
            if let (Some(slot), Some(seam)) = (self.text.get_mut(length), self.seams.get_mut(seams))
            {
                (*slot, *seam) = (*b, length);
                // Of several in a row, and of those before the first that is seen, nothing new is due.
                seams = seams.wrapping_add(usize::from(taken && seen && length > start));
                length = length.wrapping_add(usize::from(seen));
                taken = !seen;
            }
        }
        self.text.truncate(length);
        self.seams.truncate(seams);
        if taken && length > start {
            self.seams.push(length);
        }
    }

    /// Whether something was taken away between the ends of a part.
    fn is_cut(&self, start: usize, end: usize) -> bool {
        let next = self.seams.partition_point(|seam| *seam <= start);
        self.seams.get(next).is_some_and(|seam| *seam < end)
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
        let at_seam = |start: usize| {
            self.seams.binary_search(&start).is_ok() || !is(bytes::before(text, start), TOKEN)
        };
        let mut rule = None;
        for beginning in beginnings {
            match beginning {
                Beginning::Rule(known, start) if known.is_strong() || at_seam(start) => {
                    let body = start.saturating_add(known.prefix.len());
                    let end = body.saturating_add(known.min);
                    let least = part(text, body, end);
                    let taken = known.takes(least) && mixed(least, known.body);
                    // What is in one piece was looked at as it stands. A long beginning tells more.
                    let cut = known.prefix.len() > tokens::SHORT || self.is_cut(start, end);
                    let here = least.len() == known.min && taken && cut;
                    if here && !tokens::by_chance(text, known, start, end) {
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
                Beginning::Rule(..) => {}
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
            let own = self.seams.binary_search(&id).is_ok() || !is(bytes::before(text, id), ALNUM);
            if telegram && own && whole && (8..=10).contains(&i.saturating_sub(id)) {
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

impl Squeezed {
    /// Tokens of a fixed length behind a colon or a tilde, that end at a seam.
    fn behind(&self, sign: usize) -> Option<&'static str> {
        let key = sign.saturating_add(1);
        let closed = |length: usize| {
            let end = key.saturating_add(length);
            let whole = self.seams.binary_search(&end).is_ok() || end == self.text.len();
            whole.then(|| part(&self.text, 0, end))
        };
        let found = closed(32)
            .and_then(|text| tails::asana(text, sign))
            .or_else(|| tails::openshift(closed(43)?, key))
            .or_else(|| tails::twitch(closed(30)?, key));
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
                    self.seams.binary_search(&start).is_ok()
                        || !is(bytes::before(text, start), ALNUM)
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
        fn strings_of_ascii_are_squeezed_as_any_others(
            strings in proptest::collection::vec("[a-c \\n\u{1}]{0,12}", 0..5)
        ) {
            let (mut ascii, mut any) = (Squeezed::default(), Squeezed::default());
            for string in &strings {
                ascii.push(string);
                any.seams.push(any.text.len());
                any.push_any(string);
            }
            prop_assert_eq!((ascii.text, ascii.seams), (any.text, any.seams));
        }
    }
}
