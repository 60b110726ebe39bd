//! Secrets in the arguments of a call, whole, encoded or in pieces.

use countersign_canon::Value;

use super::kinds::{Evidence, Span};
use super::{bytes, decode, hidden, marks, secret};
use crate::arguments::{Arguments, Kind};
use crate::seen::Seen;

/// Most bytes that are decoded of one string, as a multiple of its length.
const DECODED: usize = 8;

/// How often what was decoded is decoded again at most.
const DEPTH: usize = 3;

/// Shortest text with a secret in it, in bytes: `://:abcd@`. Whatever form it is in makes it longer.
const SHORTEST: usize = 9;

/// A secret in the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leak {
    /// RFC 6901 pointer of the string that it is in; of the object for a key; empty for one in pieces.
    pub path: String,
    /// Its place there, if it is in one string that is no key.
    pub span: Option<Span>,
    /// The rule that knows it.
    pub rule: &'static str,
    /// In what form it stood there.
    pub evidence: Evidence,
}

/// The first secret in the arguments of a call: as it stands there, encoded, with invisible characters
/// between, over two strings in either order, or in pieces over all of them. All strings and keys are
/// looked at, whatever they are for; of very long ones the beginning.
pub fn arguments(arguments: &Value) -> Option<Leak> {
    let arguments = Arguments::unassigned(arguments);
    leak(&arguments, &Seen::of(&arguments.leaves))
}

/// The same of arguments that were walked already.
pub(crate) fn leak(arguments: &Arguments<'_>, seen: &Seen<'_>) -> Option<Leak> {
    let strings = || arguments.leaves.iter().filter(|leaf| leaf.kind != Kind::Number);
    let mut texts = Vec::new();
    for leaf in strings() {
        let (found, may_announce) = secret_in(leaf.text);
        if let Some(span) = found {
            let (rule, evidence) = (span.rule, span.evidence);
            let path = arguments.path(leaf);
            // A key has no pointer of its own, so its bytes have no place.
            let span = (leaf.kind == Kind::Text).then_some(span);
            return Some(Leak { path, span, rule, evidence });
        }
        if leaf.kind == Kind::Text {
            texts.push(secret::Text { bytes: leaf.text.as_bytes(), may_announce });
        }
    }
    let joined = |rule| {
        let evidence = Evidence::Joined;
        Leak { path: String::new(), span: None, rule, evidence }
    };
    let text = seen.of_kinds(|kind| kind != Kind::Number);
    let squeezed = secret::Squeezed::of(strings().map(|leaf| leaf.text).collect(), text);
    secret::in_pieces(&texts, &squeezed).map(joined)
}

/// The first secret in what was decoded, and in what is encoded in it once more.
fn encoded(decoded: &[u8], depth: usize) -> Option<Span> {
    let marks = marks::mark(decoded);
    let mut spans = Vec::new();
    secret::find(decoded, &bytes::lower(decoded), &marks, &mut spans);
    let mut found = spans.first().copied();
    if found.is_none() && depth > 1 {
        let budget = decoded.len().saturating_mul(DECODED);
        decode::runs(decoded, &marks, budget, |inner, _, _, _| {
            found = found.or_else(|| encoded(inner, depth.saturating_sub(1)));
        });
    }
    found
}

/// The first secret in a text, in whatever form, and whether the text may hold a word that announces
/// one.
fn secret_in(text: &str) -> (Option<Span>, bool) {
    let whole = text.as_bytes();
    if whole.len() < SHORTEST {
        return (None, true);
    }
    let marks = marks::mark(whole);
    let mut spans = Vec::new();
    let lower = bytes::lower(whole);
    let hits = secret::search(&lower);
    secret::find_with(whole, &lower, &marks, &hits, &mut spans);
    let found = spans.first().copied().or_else(|| disguised(text, &marks));
    (found, !hits.is_empty())
}

/// The first secret in a text that does not stand there as it is.
fn disguised(text: &str, marks: &marks::Marks) -> Option<Span> {
    let whole = text.as_bytes();
    let within = |view: &super::view::View, evidence| {
        let mut spans = Vec::new();
        let marks = marks::mark(&view.bytes);
        secret::find(&view.bytes, &bytes::lower(&view.bytes), &marks, &mut spans);
        spans.first().map(|span| {
            let (start, end) = view.origin(span.start, span.end);
            Span { start, end, evidence, ..*span }
        })
    };
    let mut found = None;
    let budget = whole.len().saturating_mul(DECODED);
    decode::runs(whole, marks, budget, |decoded, start, end, evidence| {
        if found.is_none() {
            found = encoded(decoded, DEPTH).map(|span| Span { start, end, evidence, ..span });
        }
    });
    found
        .or_else(|| decode::unescaped(whole).and_then(|view| within(&view, Evidence::Escaped)))
        .or_else(|| {
            let odd = marks.odd && hidden::possible(whole);
            let view = odd.then(|| hidden::folded(text)).flatten()?;
            within(&view, Evidence::Folded)
        })
}
