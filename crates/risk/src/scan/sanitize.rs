//! Texts that an agent may read.

use core::fmt::Write as _;

use countersign_canon::Digest;

use super::kinds::{Kind, Scan, Span};
use super::{hidden, whole};

/// A text with what is suspicious in it marked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sanitized {
    /// The text between two marks that say it is data. In it every instruction to an agent stands
    /// between marks of its own, and invisible characters are written out. Every visible character of
    /// the original is there, in order.
    pub text: String,
    /// What was found, with places in the original text.
    pub spans: Vec<Span>,
    /// Whether more was encoded in it than is decoded. Texts of any length are scanned.
    pub truncated: bool,
}

/// Marks and neutralises what speaks to an agent. Deletes nothing; changes only what nobody sees.
///
/// The outer marks carry a digest of the text, so that a text cannot hold its own closing mark.
pub fn sanitize(text: &str) -> Sanitized {
    let Scan { spans, truncated } = whole(text);
    let mut body = String::with_capacity(text.len());
    mark(text, &spans, &mut body);
    let digest = Digest::of(text.as_bytes()).to_hex();
    let id = digest.get(..12).unwrap_or_default();
    let text = format!("\u{27e6}data {id}\u{27e7}\n{body}\n\u{27e6}end of data {id}\u{27e7}");
    Sanitized { text, spans, truncated }
}

/// Writes a text with its marks.
fn mark(text: &str, spans: &[Span], out: &mut String) {
    let mut opened: Vec<usize> = Vec::new();
    let mut suspicious = spans
        .iter()
        .filter(|span| matches!(span.kind, Kind::Injection(_) | Kind::Hidden))
        .peekable();
    let mut done = 0usize;
    for (i, c) in text.char_indices() {
        while opened.last().is_some_and(|end| *end <= i) {
            opened.pop();
            out.push('\u{27e7}');
        }
        while let Some(span) = suspicious.next_if(|span| span.start <= i) {
            if matches!(span.kind, Kind::Injection(_)) && span.end > i {
                let rule = span.rule.replace('_', " ");
                let _ = write!(out, "\u{27e6}no instruction ({rule}, {}): ", span.evidence);
                // Marks close in the order in which they are to.
                let at = opened.partition_point(|end| *end >= span.end);
                opened.insert(at, span.end);
            } else if span.kind == Kind::Hidden && span.end > done {
                let hidden = text.get(span.start..span.end).unwrap_or_default();
                if let Some(spelled) = hidden::spelled(hidden) {
                    let _ = write!(out, "\u{27e6}hidden text: {spelled:?}\u{27e7}");
                }
                done = span.end;
            }
        }
        // A mark of our own in the text is told apart from ours.
        match c {
            '\u{27e6}' | '\u{27e7}' => {
                out.push(c);
                out.push('\'');
            }
            c if i < done && (crate::text::is_hidden(c) || hidden::invisible(c)) => {
                let _ = write!(out, "\u{27e6}U+{:04X}\u{27e7}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    for _ in opened {
        out.push('\u{27e7}');
    }
}
