//! Looking into text: secrets, personal numbers, instructions to an agent, hidden characters.
//!
//! ```
//! use countersign_risk::scan::{self, Kind, PiiType};
//!
//! let found = scan::scan("Please charge 4111 1111 1111 1111, mail kim@example.com");
//! assert_eq!(found.spans[0].kind, Kind::Pii(PiiType::Card));
//! assert_eq!((found.spans[0].start, found.spans[0].end), (14, 33));
//! assert_eq!(scan::redact("mail kim@example.com").text, "mail <EMAIL:1>");
//! ```
//!
//! Everything is one pass over at most [`MAX_TEXT`] bytes with literal anchors and hand-written
//! verification; time is linear in the length whatever the text. What is found is evidence; a text
//! without findings is not thereby clean. `docs/scanning.md` has the tables and what is not detected.

mod arguments;
mod bytes;
mod kinds;
mod literals;
mod pii;
mod redact;
mod sanitize;
mod secret;

pub(crate) use self::arguments::secrets;
pub use self::kinds::{Class, Evidence, Injection, Kind, PiiType, Scan, Span};
pub use self::redact::{Redacted, redact};
pub use self::sanitize::{Sanitized, sanitize};

use crate::text::prefix;

/// Longest text that is scanned, in bytes. Of a longer one its beginning is, and [`Scan::truncated`]
/// says so.
pub const MAX_TEXT: usize = 64 * 1024;

/// Scans a text for everything.
pub fn scan(text: &str) -> Scan {
    let scanned = prefix(text, MAX_TEXT);
    let bytes = scanned.as_bytes();
    let lower = bytes::lower(bytes);
    let mut spans = Vec::new();
    secret::find(bytes, &lower, &mut spans);
    pii::find(bytes, &mut spans);
    Scan { spans: settled(spans), truncated: scanned.len() < text.len() }
}

/// In order, and of two readings of the same place the weightier one.
fn settled(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, core::cmp::Reverse(span.end), span.kind.rank()));
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match kept.last_mut() {
            Some(last) if span.start < last.end && last.kind.competes(span.kind) => {
                if span.kind.rank() < last.kind.rank() {
                    *last = span;
                }
            }
            _ => kept.push(span),
        }
    }
    kept
}
