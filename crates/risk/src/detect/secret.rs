//! A live token in what would be sent: denied, whatever the score.

use countersign_core::{Finding, Tier, Weight};

use super::Call;
use crate::arguments::{Kind, Leaf};
use crate::text::is_hidden;
use crate::{scan, signal};

/// Most that is looked at of the prepared requests, in bytes. The arguments are looked at whole.
const MAX_REQUESTS: usize = 4 * 1024 * 1024;

/// A token that was handed out stands in the arguments or in the requests made of them (OWASP LLM02;
/// the attack: an access token in the description of an event).
///
/// Looked at: all strings, keys and numbers joined without spaces and invisible characters, and the strings
/// alone, so that a token cut in pieces is found; the canonical JSON as a whole where that is more; every
/// URL as it is and with percent escapes undone; every planned header; every body.
pub(super) fn in_arguments(call: &Call<'_>) -> Vec<Finding> {
    let deny = |path: String, place: &str| {
        let evidence = format!("a live token is in {place}");
        Finding::new(signal::SECRET_IN_ARGUMENTS, "LLM02", evidence, Weight::Deny).at(path)
    };
    let arguments = call.arguments;
    let all = Joined::of(&arguments.leaves, |_| true);
    // An escape that begins in one string would take the first characters of the next.
    let escaped = |leaf: &&Leaf<'_>| leaf.text.contains('%');
    let found = call.canary.recognises(&all.text)
        || arguments.leaves.iter().filter(escaped).any(|leaf| call.canary.recognises(leaf.text))
        || all.mixed
            && call
                .canary
                .recognises(&Joined::of(&arguments.leaves, |kind| kind == Kind::Text).text)
        || arguments.cut.is_some() && call.canary.recognises(call.prepared.arguments().as_str());
    if found {
        // In one of them, or cut over several.
        let leaf = arguments.leaves.iter().find(|leaf| call.canary.recognises(leaf.text));
        let path = leaf.map(|leaf| arguments.path(leaf)).unwrap_or_default();
        return vec![deny(path, "the arguments")];
    }
    if let Some(leak) = scan::leak(call.arguments) {
        let what = leak.rule.replace('_', " ");
        let evidence = format!("a secret is in the arguments: {what}, {}", leak.evidence);
        let mut finding =
            Finding::new(signal::SECRET_IN_ARGUMENTS, "LLM02", evidence, Weight::Deny);
        finding.path = leak.path;
        finding.span = leak.span.map(|span| span.start..span.end);
        return vec![finding];
    }
    let mut left = MAX_REQUESTS;
    let mut cut = false;
    for step in call.prepared.steps() {
        let url = step.url();
        let headers = step.headers().iter().any(|(_, value)| call.canary.recognises(value));
        let body = step.body_bytes();
        let looked = body.get(..left.min(body.len())).unwrap_or_default();
        cut |= looked.len() < body.len();
        left = left.saturating_sub(looked.len());
        if call.canary.recognises(url)
            || url.contains('%') && call.canary.recognises(&percent_decoded(url))
            || headers
            || call.canary.recognises(&String::from_utf8_lossy(looked))
        {
            return vec![deny(String::new(), "the request")];
        }
    }
    let not_scanned = cut.then(|| {
        let evidence = "the request is longer than what is scanned";
        Finding::new(signal::NOT_SCANNED, "LLM10", evidence, Weight::Floor(Tier::A))
    });
    not_scanned.into_iter().collect()
}

/// What can be seen of several leaves, one after the other.
#[derive(Debug, Default)]
struct Joined {
    text: String,
    /// Whether something else stands between two strings.
    mixed: bool,
}

impl Joined {
    fn of(leaves: &[Leaf<'_>], wanted: impl Fn(Kind) -> bool) -> Self {
        let size = leaves.iter().map(|leaf| leaf.text.len());
        let text = String::with_capacity(size.fold(0, usize::saturating_add));
        let mut joined = Self { text, mixed: false };
        let (mut string, mut between) = (false, false);
        for leaf in leaves.iter().filter(|leaf| wanted(leaf.kind)) {
            match leaf.kind {
                Kind::Text => {
                    joined.mixed |= between;
                    string = true;
                }
                Kind::Key | Kind::Number => between = string,
            }
            joined.push(leaf.text);
        }
        joined
    }

    fn push(&mut self, text: &str) {
        if !text.is_ascii() {
            let seen = |c: &char| if c.is_ascii() { c.is_ascii_graphic() } else { is_seen(*c) };
            self.text.extend(text.chars().filter(seen));
            return;
        }
        // Every byte is written, and the next one over it if it is not seen: no branches.
        let mut bytes = vec![0u8; text.len()];
        let mut length = 0usize;
        for b in text.bytes() {
            if let Some(slot) = bytes.get_mut(length) {
                *slot = b;
                length = length.wrapping_add(usize::from(b.is_ascii_graphic()));
            }
        }
        let seen = bytes.get(..length).unwrap_or_default();
        self.text.push_str(core::str::from_utf8(seen).unwrap_or_default());
    }
}

fn is_seen(c: char) -> bool {
    !c.is_whitespace() && !is_hidden(c)
}

fn percent_decoded(url: &str) -> String {
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.get(..2).and_then(|p| core::str::from_utf8(p).ok());
        let escaped = pair.filter(|_| *first == b'%').and_then(|p| u8::from_str_radix(p, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_joined() {
        for (text, seen) in [
            ("", ""),
            (" \n\t ", ""),
            ("ab c\u{1}d\u{7f}e ", "abcde"),
            ("a\u{200b}b \u{e9}\u{a0}c", "ab\u{e9}c"),
        ] {
            let mut joined = Joined { text: "x".to_owned(), mixed: false };
            joined.push(text);
            assert_eq!(joined.text.strip_prefix('x'), Some(seen));
        }
    }

    #[test]
    fn percent_escapes_are_undone_and_anything_else_is_kept() {
        assert_eq!(percent_decoded("a%2Db%2g%"), "a-b%2g%");
        assert_eq!(percent_decoded("%E2%82%AC"), "\u{20ac}");
    }
}
