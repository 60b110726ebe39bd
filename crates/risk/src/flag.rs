//! What the scanner says about a text that was read, as the session's memory keeps it.

use crate::scan::{self, Class, Injection, Kind};

/// Whether a text holds what looks like instructions to an agent, by what it says.
pub(crate) fn is_flagged(text: &str) -> bool {
    let scan = scan::scan(text);
    scan.spans.iter().any(|span| span.kind == Kind::Injection(Injection::Lexical))
}

/// Whether a text holds personal data that counts by itself.
pub(crate) fn is_sensitive(text: &str) -> bool {
    scan::scan(text).pii().any(|(_, span)| span.class == Class::High)
}
