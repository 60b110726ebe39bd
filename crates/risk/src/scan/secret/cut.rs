//! Secrets of which only the words before them tell, cut by spaces or line breaks.
//!
//! In a text from which the spaces were taken words are glued to each other, so a value must look drawn
//! in each of its pieces, and what announces it must stand directly before it.

use super::super::bytes::{self, ALPHA, BASE, DIGIT, LOWER, TOKEN, UPPER, at, is, part, run};
use super::context::{self, Announces};
use super::pieces::{Squeezed, mixed};
use super::random;
use super::rules::Body;

/// Shortest token, and shortest piece that is asked whether it is a word.
const TOKEN_LENGTH: usize = 16;
const WORD: usize = 4;
/// Longest rest of a name between the word and the sign after it: `_access_key`.
const NAME: usize = 12;

impl Squeezed<'_> {
    /// A value that a word announces, or a password in an address.
    pub(super) fn announced(&self) -> Option<&'static str> {
        let lower = bytes::lower(&self.text);
        context::search(&lower).into_iter().find_map(|(start, which)| {
            let (kind, length) = context::announces_what(which)?;
            let after = start.saturating_add(length);
            match kind {
                Announces::Address => self.address(after),
                _ if context::harmless(&lower, start) => None,
                Announces::Password => self.password(value(&lower, after)?),
                Announces::Token => {
                    let direct = lower.get(start..after) == Some(b"bearer");
                    let from = if direct { after } else { value(&lower, after)? };
                    self.token(from).then_some("named_secret")
                }
            }
        })
    }

    /// The pieces of a part, each between two places where something was taken away.
    fn pieces(&self, start: usize, end: usize) -> impl Iterator<Item = &[u8]> {
        let first = self.seams().partition_point(|seam| *seam <= start);
        let inner = self.seams().get(first..).unwrap_or_default().iter().copied();
        let ends = inner.take_while(move |seam| *seam < end).chain([end]);
        let mut from = start;
        ends.map(move |to| {
            let piece = part(&self.text, from, to);
            from = to;
            piece
        })
    }

    /// Whether a token in pieces begins at a place. One in a single piece was found without this.
    fn token(&self, from: usize) -> bool {
        let end = run(&self.text, from, TOKEN | BASE, 128);
        let mut taken = 0usize;
        for (i, piece) in self.pieces(from, end).enumerate() {
            let word = piece.len() < WORD && i > 0 || piece.len() >= WORD && !drawn(piece);
            if word || i == 0 && piece.len() >= TOKEN_LENGTH {
                break;
            }
            taken = taken.saturating_add(piece.len());
        }
        let value = part(&self.text, from, from.saturating_add(taken));
        value.len() >= TOKEN_LENGTH && random(value) && mixed(value, Body::Token)
    }

    /// A password in two pieces, of which the second has a sign and more that no word has.
    fn password(&self, from: usize) -> Option<&'static str> {
        let mut pieces = self.pieces(from, from.saturating_add(64).min(self.text.len()));
        let (first, second) = (pieces.next()?, pieces.next()?);
        let end = second.iter().rposition(|b| is(*b, ALPHA | DIGIT))?;
        let second = second.get(..=end)?;
        let sign = second.iter().any(|b| b"!#$%^&+*@~?=".contains(b));
        let odd = bytes::count(second, UPPER | DIGIT) > 0;
        let whole =
            first.iter().chain(second).all(|b| b.is_ascii_graphic() && !b",;<>".contains(b));
        let length = first.len().saturating_add(second.len());
        (whole
            && (first.len() < WORD || drawn(first))
            && sign
            && odd
            && second.len() >= WORD
            && length >= 10
            && !context::mailbox(second)
            && !second.windows(3).any(|w| w == b"://"))
        .then_some("password")
    }

    /// `user:password@host` behind `://`, if it was cut and all pieces of the password look drawn.
    fn address(&self, user: usize) -> Option<&'static str> {
        let authority = part(&self.text, user, user.saturating_add(160));
        let of = |b: &u8| is(*b, TOKEN | BASE) && *b != b'/' || b".:@%!~".contains(b);
        let authority = authority.get(..authority.iter().take_while(|b| of(b)).count())?;
        let colon = authority.iter().position(|b| *b == b':')?;
        let sign = colon.saturating_add(authority.get(colon..)?.iter().position(|b| *b == b'@')?);
        // A host stands before the colon of a port.
        if authority.get(..colon)?.contains(&b'.') {
            return None;
        }
        let (from, to) = (user.saturating_add(colon).saturating_add(1), user.saturating_add(sign));
        let value = part(&self.text, from, to);
        (value.len() >= 10 && random(value) && self.drawn_between(from, to))
            .then_some("address_with_password")
    }

    /// Whether all pieces between two places look drawn. Of short ones that cannot be told; where a
    /// value was cut only the first and the last are short.
    pub(super) fn drawn_between(&self, start: usize, end: usize) -> bool {
        let mut pieces = self.pieces(start, end).enumerate().peekable();
        while let Some((i, piece)) = pieces.next() {
            let edge = i == 0 || pieces.peek().is_none();
            if !(piece.len() < WORD && edge || drawn(piece)) {
                return false;
            }
        }
        true
    }
}

/// Where the value begins that is announced by a name which goes on at `after`.
fn value(lower: &[u8], after: usize) -> Option<usize> {
    let name = part(lower, after, after.saturating_add(NAME));
    let of = |b: &u8| is(*b, LOWER) || matches!(b, b'_' | b'-' | b'"' | b'\'');
    let sign = after.saturating_add(name.iter().take_while(|b| of(b)).count());
    if !matches!(at(lower, sign), b':' | b'=') {
        return None;
    }
    let rest = part(lower, sign, sign.saturating_add(8));
    let skipped = rest.iter().take_while(|b| b":=>\"'`".contains(b)).count();
    Some(sign.saturating_add(skipped))
}

/// Whether a piece is no word and no number: letters with digits or signs among them, or capitals
/// inside.
fn drawn(piece: &[u8]) -> bool {
    let letters = bytes::count(piece, ALPHA);
    let inner = piece.get(1..).unwrap_or_default();
    let capitals = bytes::count(inner, UPPER);
    let case = capitals > 0 && bytes::count(piece, LOWER) > 0;
    let others = bytes::count(piece, DIGIT).saturating_add(
        inner.iter().rev().skip(1).filter(|b| matches!(b, b'+' | b'/' | b'=')).count(),
    );
    letters >= 1 && (others > 0 || case)
}
