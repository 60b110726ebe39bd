//! Texts without what must not be shown.

use core::fmt::Write as _;
use std::collections::HashMap;

use super::kinds::{Kind, Span};
use super::{MAX_TEXT, scan};

/// A text in which a placeholder stands for every secret and every piece of personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redacted {
    /// The text with placeholders, for example `<EMAIL:1>`: the kind, and a number that is the same
    /// for the same value within this text.
    pub text: String,
    /// What was replaced, with places in the original text.
    pub spans: Vec<Span>,
    /// Whether the text was too long: then its end, which was not scanned, is replaced as a whole by
    /// `<NOT_SCANNED>`.
    pub truncated: bool,
}

/// Replaces every secret and all personal data by typed placeholders.
pub fn redact(text: &str) -> Redacted {
    let scan = scan(text);
    let mut numbers: HashMap<(&'static str, String), usize> = HashMap::new();
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    let mut out = String::with_capacity(text.len());
    let mut spans = Vec::new();
    let mut done = 0usize;
    for span in scan.spans {
        let label = match span.kind {
            Kind::Secret => "SECRET",
            Kind::Pii(what) => what.label(),
            Kind::Injection(_) | Kind::Hidden => continue,
        };
        let (Some(between), Some(value)) =
            (text.get(done..span.start), text.get(span.start..span.end))
        else {
            continue;
        };
        let key = (label, same(value));
        let number = *numbers.entry(key).or_insert_with(|| {
            let count = counts.entry(label).or_insert(0);
            *count = count.saturating_add(1);
            *count
        });
        out.push_str(between);
        let _ = write!(out, "<{label}:{number}>");
        done = span.end;
        spans.push(span);
    }
    let end =
        if text.len() > MAX_TEXT { crate::text::prefix(text, MAX_TEXT).len() } else { text.len() };
    out.push_str(text.get(done..end.max(done)).unwrap_or_default());
    if text.len() > MAX_TEXT {
        out.push_str("<NOT_SCANNED>");
    }
    Redacted { text: out, spans, truncated: scan.truncated }
}

/// What two spellings of one value have in common: letters and digits.
fn same(value: &str) -> String {
    let letters: String =
        value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if letters.is_empty() { value.to_owned() } else { letters }
}
