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
//! Everything is one pass over at most [`MAX_TEXT`] bytes at a time with literal anchors and hand-written
//! verification; time is linear in the length whatever the text. What is found is evidence; a text
//! without findings is not thereby clean. `docs/scanning.md` has the tables and what is not detected.

mod arguments;
mod bits;
mod bytes;
mod decode;
mod endings;
mod hidden;
mod inject;
mod kinds;
mod lanes;
mod literals;
mod long;
mod marks;
mod pii;
mod redact;
mod sanitize;
mod secret;
mod view;
mod words;

use std::sync::LazyLock;

pub(crate) use self::arguments::leak;
pub use self::arguments::{Leak, arguments};
pub(crate) use self::bytes::has_run;
pub use self::kinds::{Class, Evidence, Injection, Kind, PiiType, Scan, Span};
pub use self::long::whole;
pub use self::redact::{Redacted, redact};
pub use self::sanitize::{Sanitized, sanitize};

use self::literals::Literals;
use crate::text::prefix;

/// Longest text that [`scan`] looks at, in bytes. Of a longer one its beginning is, and
/// [`Scan::truncated`] says so; [`whole`] goes through all of it.
pub const MAX_TEXT: usize = 64 * 1024;

/// How often a decoded text is decoded again, and how much is decoded in all, as a multiple of the
/// text's length.
const DEPTH: usize = 2;
const DECODED: usize = 4;

/// Scans a text for everything: as it stands there, with odd letters read as those that they imitate,
/// and what is encoded in it, twice over at most.
pub fn scan(text: &str) -> Scan {
    let scanned = prefix(text, MAX_TEXT);
    let bytes = scanned.as_bytes();
    let mut spans = Vec::new();
    let marks = plain(bytes, &mut spans);
    if marks.odd && hidden::possible(bytes) {
        let hidden = hidden::look(scanned);
        for (start, end, spelled) in hidden.spelled {
            let place = (start, end, Evidence::Invisible);
            deeper(spelled.as_bytes(), place, DEPTH, &mut spans);
        }
        spans.extend(hidden.spans);
        if let Some(view) = hidden::folded(scanned) {
            through(&view, Evidence::Folded, &mut spans);
        }
    }
    if let Some(view) = decode::unescaped(bytes) {
        through(&view, Evidence::Escaped, &mut spans);
    }
    let budget = bytes.len().saturating_mul(DECODED);
    let enough = decode::runs(bytes, &marks, budget, |decoded, start, end, evidence| {
        deeper(decoded, (start, end, evidence), DEPTH, &mut spans);
    });
    let mut spans = settled(spans);
    for span in &mut spans {
        tighten(bytes, span);
    }
    spans.sort_by_key(|span| span.start);
    Scan { spans, truncated: scanned.len() < text.len() || !enough }
}

/// A sentence begins behind the space after the one before.
fn tighten(text: &[u8], span: &mut Span) {
    if !matches!(span.kind, Kind::Injection(_)) {
        return;
    }
    let place = bytes::part(text, span.start, span.end);
    let before = place.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let behind = place.iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
    if before < place.len() {
        span.start = span.start.saturating_add(before);
        span.end = span.end.saturating_sub(behind);
    }
}

/// The personal data of a text as it stands there, and with odd digits and spaces.
pub(crate) fn personal(text: &str) -> Scan {
    let scanned = prefix(text, MAX_TEXT);
    let mut spans = Vec::new();
    let find = |bytes: &[u8], out: &mut Vec<Span>| {
        let marks = marks::mark(bytes);
        pii::find(bytes, &bytes::lower(bytes), &marks, out);
        marks.odd
    };
    let odd = find(scanned.as_bytes(), &mut spans) && hidden::possible(scanned.as_bytes());
    if let Some(view) = odd.then(|| hidden::folded(scanned)).flatten() {
        let mut more = Vec::new();
        find(&view.bytes, &mut more);
        add(&view, more, Evidence::Folded, &mut spans);
    }
    Scan { spans: settled(spans), truncated: scanned.len() < text.len() }
}

/// The words of all detectors, so that one search finds them.
static WORDS: LazyLock<Literals> =
    LazyLock::new(|| Literals::new(secret::words().chain(inject::words())));

/// What a text holds as it stands there.
fn plain(text: &[u8], out: &mut Vec<Span>) -> marks::Marks {
    let lower = bytes::lower(text);
    let marks = marks::mark(text);
    let hits = WORDS.all_but(&lower, b"://", &marks.schemes);
    secret::find_with(text, &lower, &marks, &hits, out);
    pii::find(text, &lower, &marks, out);
    inject::find(text, &lower, (&hits, secret::words().count()), &marks.ohs, out);
    marks
}

/// What another form of the text holds that the text itself does not show.
fn through(view: &view::View, evidence: Evidence, out: &mut Vec<Span>) {
    let mut more = Vec::new();
    plain(&view.bytes, &mut more);
    add(view, more, evidence, out);
}

fn add(view: &view::View, found: Vec<Span>, evidence: Evidence, out: &mut Vec<Span>) {
    if found.is_empty() {
        return;
    }
    // Sorted, so that a neighbour is found by halving; few overlap one place.
    let mut known: Vec<(usize, usize, Kind)> =
        out.iter().map(|span| (span.start, span.end, span.kind)).collect();
    known.sort_by_key(|(start, ..)| *start);
    for span in found {
        let (start, end) = view.origin(span.start, span.end);
        let after = known.partition_point(|(from, ..)| *from < end);
        let near = known.get(after.saturating_sub(16)..after).unwrap_or_default();
        if !near.iter().any(|(_, to, kind)| *kind == span.kind && start < *to) {
            out.push(Span { start, end, evidence, ..span });
        }
    }
}

/// What a decoded text holds, once for each rule.
fn deeper(
    decoded: &[u8],
    (start, end, evidence): (usize, usize, Evidence),
    depth: usize,
    out: &mut Vec<Span>,
) {
    let mut found = Vec::new();
    let marks = plain(decoded, &mut found);
    if let Some(view) = decode::unescaped(decoded) {
        through(&view, Evidence::Escaped, &mut found);
    }
    if depth > 1 {
        decode::runs(
            decoded,
            &marks,
            decoded.len().saturating_mul(DECODED),
            |inner, from, to, how| {
                deeper(inner, (from, to, how), depth.saturating_sub(1), &mut found);
            },
        );
    }
    let instructs = found.iter().any(|span| matches!(span.kind, Kind::Injection(_)));
    if !instructs && inject::encoded(decoded) {
        let kind = Kind::Injection(Injection::Structural);
        let (rule, class) = ("order_in_hiding", Class::Medium);
        found.push(Span { kind, rule, start, end, class, evidence });
    }
    let known = out.len();
    for span in found {
        let same = |s: &Span| s.rule == span.rule && s.start == start && s.evidence == evidence;
        if !out.get(known.saturating_sub(16)..).unwrap_or_default().iter().any(same) {
            out.push(Span { start, end, evidence, ..span });
        }
    }
}

/// In order. Of two readings of one place the weightier one holds, and covers both.
fn settled(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, core::cmp::Reverse(span.end), span.kind.rank()));
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    // The last finding of each kind that cannot share a place: values, and every other kind.
    let mut last: [Option<usize>; 3] = [None; 3];
    for span in spans {
        let family = match span.kind {
            Kind::Secret | Kind::Pii(_) => last.first_mut(),
            Kind::Injection(_) => last.get_mut(1),
            Kind::Hidden => last.get_mut(2),
        };
        let Some(family) = family else { continue };
        let before = family.and_then(|i| kept.get_mut(i));
        match before {
            Some(before) if span.start < before.end && before.kind.competes(span.kind) => {
                let end = before.end.max(span.end);
                if span.kind.rank() < before.kind.rank() {
                    *before = Span { start: before.start, ..span };
                }
                before.end = end;
            }
            _ => {
                *family = Some(kept.len());
                kept.push(span);
            }
        }
    }
    kept
}
