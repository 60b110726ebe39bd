//! Tokens, passwords and keys.

mod built;
mod context;
mod cut;
mod pieces;
mod rules;
mod shapes;
mod table;
mod tails;
mod tokens;

use super::kinds::{Class, Evidence, Kind, Span};
use super::literals::Hits;
use super::marks::Marks;

pub(super) use context::search;
pub(super) use pieces::{Squeezed, Text, in_pieces};
pub(super) use rules::random;

/// Finds all secrets of a text. `lower` is the text in lower case.
pub(super) fn find(text: &[u8], lower: &[u8], marks: &Marks, out: &mut Vec<Span>) {
    find_with(text, lower, marks, &search(lower), out);
}

/// All words that announce a secret.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    context::words()
}

/// The same where those words were looked for already. `hits` may hold others of higher numbers.
pub(super) fn find_with(
    text: &[u8],
    lower: &[u8],
    marks: &Marks,
    hits: &Hits,
    out: &mut Vec<Span>,
) {
    for (start, end) in &marks.runs {
        tokens::find(text, marks, (*start, *end), out);
        shapes::beside(text, *start, *end, out);
        out.extend(tails::before(text, *start, *end));
    }
    context::find(text, lower, hits, out);
}

fn span(rule: &'static str, start: usize, end: usize) -> Span {
    let (class, evidence) = (Class::High, Evidence::Plain);
    Span { kind: Kind::Secret, rule, start, end, class, evidence }
}
