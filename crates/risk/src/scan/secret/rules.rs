//! Tokens that are known by how they begin.

use super::super::bytes::{self, ALNUM, BASE, DIGIT, HEX, LOWER, TOKEN, UPPER};
use super::super::marks::Marks;

/// What follows the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `_` and `-`.
    Token,
    /// As `Token`, with dots between.
    Dotted,
    /// As `Token`, with `+`, `/` and `=`.
    Base,
    /// Hexadecimal digits.
    Hex,
    /// Hexadecimal digits and hyphens.
    HexParts,
    /// Capitals and digits.
    Upper,
    /// Capitals, digits and hyphens.
    UpperParts,
    /// Fourteen letters and digits, a dot, hexadecimal digits.
    IdDotHex,
}

/// Place of the dot in [`Body::IdDotHex`].
const DOT: usize = 14;

/// A token: how it begins, what follows, and how much of it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) prefix: &'static str,
    pub(super) body: Body,
    pub(super) min: usize,
    pub(super) max: usize,
}

impl Rule {
    /// The beginning is so odd that it need not stand at the start of a word.
    pub(super) fn is_strong(&self) -> bool {
        self.prefix.len() >= 4 && bytes::count(self.prefix.as_bytes(), ALNUM) < self.prefix.len()
    }

    /// Whether all of these characters may follow the beginning.
    pub(super) fn takes(&self, body: &[u8]) -> bool {
        body.iter().enumerate().all(|(i, b)| match self.body {
            Body::IdDotHex if i < DOT => bytes::is(*b, ALNUM),
            Body::IdDotHex if i == DOT => *b == b'.',
            Body::Alnum => bytes::is(*b, ALNUM),
            Body::Token => bytes::is(*b, TOKEN),
            Body::Base => bytes::is(*b, TOKEN | BASE),
            Body::Hex | Body::IdDotHex => bytes::is(*b, HEX),
            Body::Upper => bytes::is(*b, UPPER | DIGIT),
            Body::HexParts => bytes::is(*b, HEX) || *b == b'-',
            Body::UpperParts => bytes::is(*b, UPPER | DIGIT) || *b == b'-',
            Body::Dotted => bytes::is(*b, TOKEN) || *b == b'.',
        })
    }

    /// The end of the token that begins at `start`.
    pub(super) fn end(&self, text: &[u8], start: usize) -> Option<usize> {
        self.end_by(text, start, |from, classes, most| bytes::run(text, from, classes, most))
    }

    /// The same in a text that was looked at already.
    pub(super) fn end_in(&self, text: &[u8], marks: &Marks, start: usize) -> Option<usize> {
        self.end_by(text, start, |from, classes, most| match classes {
            ALNUM => marks.word_end(from, most),
            TOKEN => marks.token_end(from, most),
            _ => bytes::run(text, from, classes, most),
        })
    }

    /// `run` gives the end of a run of some classes from a place on, at most so many bytes further.
    fn end_by(
        &self,
        text: &[u8],
        start: usize,
        run: impl Fn(usize, u8, usize) -> usize,
    ) -> Option<usize> {
        let body = start.saturating_add(self.prefix.len());
        let most = self.max.saturating_add(1);
        let end = match self.body {
            Body::Alnum => run(body, ALNUM, most),
            Body::Token => run(body, TOKEN, most),
            Body::Base => run(body, TOKEN | BASE, most),
            Body::Hex => run(body, HEX, most),
            Body::Upper => run(body, UPPER | DIGIT, most),
            Body::IdDotHex => {
                let dot = body.saturating_add(DOT);
                let own = run(body, ALNUM, most) == dot && bytes::at(text, dot) == b'.';
                if own { run(dot.saturating_add(1), HEX, most) } else { body }
            }
            Body::HexParts => each_of(text, body, most, |b| bytes::is(b, HEX) || b == b'-'),
            Body::UpperParts => {
                each_of(text, body, most, |b| bytes::is(b, UPPER | DIGIT) || b == b'-')
            }
            Body::Dotted => each_of(text, body, most, |b| bytes::is(b, TOKEN) || b == b'.'),
        };
        // Punctuation of the sentence around it is not part of it.
        let body_end = end.saturating_sub(trailing(bytes::part(text, body, end)));
        let length = body_end.saturating_sub(body);
        let glued = match self.body {
            Body::Hex | Body::HexParts | Body::Upper | Body::UpperParts => {
                bytes::is(bytes::at(text, end), ALNUM)
            }
            _ => false,
        };
        ((self.min..=self.max).contains(&length) && !glued).then_some(body_end)
    }
}

fn each_of(text: &[u8], start: usize, most: usize, of: impl Fn(u8) -> bool) -> usize {
    let run = bytes::part(text, start, start.saturating_add(most));
    start.saturating_add(run.iter().position(|b| !of(*b)).unwrap_or(run.len()))
}

fn trailing(body: &[u8]) -> usize {
    body.iter().rev().take_while(|b| matches!(b, b'.' | b'-' | b'_' | b'=' | b'/')).count()
}

/// Whether what follows a known beginning was drawn rather than filled in: various characters, and
/// not only words.
pub(super) fn drawn(body: &[u8]) -> bool {
    let has = |classes| bytes::any(body, classes);
    various(body) && (has(DIGIT) || !has(LOWER) || has(UPPER))
}

/// Whether a text was drawn at random rather than written: various characters, and digits or
/// capitals among them as no word has them.
pub(in crate::scan) fn random(body: &[u8]) -> bool {
    if !various(body) {
        return false;
    }
    let has = |classes| bytes::any(body, classes);
    let mixed = |digits: usize| digits == 1 && body.len() <= 24 && has(UPPER) && has(LOWER);
    let digits = bytes::count(body, DIGIT);
    digits >= 2 || mixed(digits) || turns(body) >= 3
}

/// How often a capital follows a small letter.
pub(super) fn turns(body: &[u8]) -> usize {
    let turn =
        |pair: &&[u8]| matches!(pair, [a, b] if bytes::is(*a, LOWER) && bytes::is(*b, UPPER));
    body.windows(2).filter(turn).count()
}

/// Six different characters or more.
fn various(body: &[u8]) -> bool {
    let mut seen = [0u64; 2];
    let mut different = 0u32;
    // What is beyond ASCII does not count.
    body.iter().filter(|b| b.is_ascii()).any(|b| {
        let bit = 1u64 << (b & 63);
        if let Some(half) = seen.get_mut(usize::from(b >> 6 & 1)) {
            different = different.wrapping_add(u32::from(*half & bit == 0));
            *half |= bit;
        }
        different >= 6
    })
}

pub(super) const fn rule(
    name: &'static str,
    prefix: &'static str,
    body: Body,
    min: usize,
    max: usize,
) -> Rule {
    Rule { name, prefix, body, min, max }
}
