//! Texts that an agent may read.

use super::kinds::Span;
use super::scan;

/// A text with what is suspicious in it marked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sanitized {
    /// The text between two marks that say it is data.
    pub text: String,
    /// What was found, with places in the original text.
    pub spans: Vec<Span>,
    /// Whether the text was too long to be scanned whole.
    pub truncated: bool,
}

/// Marks and neutralises what speaks to an agent, and deletes nothing.
pub fn sanitize(text: &str) -> Sanitized {
    let scan = scan(text);
    Sanitized { text: text.to_owned(), spans: scan.spans, truncated: scan.truncated }
}
