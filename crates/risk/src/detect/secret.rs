//! A live token in what would be sent: denied, whatever the score.

use countersign_core::{Finding, Tier, Weight};

use super::Call;
use crate::arguments::{Kind, Leaf};
use crate::seen::{Seen, text};
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
    let seen = Seen::of(&arguments.leaves);
    let strings = || seen.of_kinds(|kind| kind == Kind::Text);
    // An escape that begins in one string would take the first characters of the next.
    let escaped = |leaf: &&Leaf<'_>| leaf.text.contains('%');
    let found = call.canary.recognises(&seen.all())
        || arguments.leaves.iter().filter(escaped).any(|leaf| call.canary.recognises(leaf.text))
        || seen.is_mixed() && call.canary.recognises(&text(&strings()))
        || arguments.cut.is_some() && call.canary.recognises(call.prepared.arguments().as_str());
    if found {
        // In one of them, or cut over several.
        let leaf = arguments.leaves.iter().find(|leaf| call.canary.recognises(leaf.text));
        let path = leaf.map(|leaf| arguments.path(leaf)).unwrap_or_default();
        return vec![deny(path, "the arguments")];
    }
    if let Some(leak) = scan::leak(call.arguments, &seen) {
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
            || call.canary.recognises(&text(looked))
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
    fn percent_escapes_are_undone_and_anything_else_is_kept() {
        assert_eq!(percent_decoded("a%2Db%2g%"), "a-b%2g%");
        assert_eq!(percent_decoded("%E2%82%AC"), "\u{20ac}");
    }
}
