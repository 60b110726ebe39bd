//! Tokens that are known by how they begin, looked for in long runs only.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::super::bytes;
use super::super::kinds::Span;
use super::rules::{Rule, drawn, random};
use super::shapes::{self, Verify};
use super::span;
use super::table::RULES;

/// Beginnings that have more to them than a length.
const SHAPES: [(&str, Verify); 3] = [
    ("eyJ", shapes::web_token),
    ("hooks.slack.com/", shapes::slack_webhook),
    ("/api/webhooks/", shapes::discord_webhook),
];

static BEGINNINGS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let all = RULES.iter().map(|rule| rule.prefix).chain(SHAPES.iter().map(|(prefix, _)| *prefix));
    // Some hundred short literals: the automaton is a table of about 100 KiB.
    let builder = &mut AhoCorasick::builder();
    builder.kind(Some(AhoCorasickKind::DFA)).match_kind(MatchKind::LeftmostLongest);
    builder.build(all).ok()
});

/// A beginning: its rule or its shape, and where it stands.
pub(super) enum Beginning {
    Rule(&'static Rule, usize),
    Shape(Verify, usize),
}

/// Calls `found` for every beginning between two places. It returns where to go on.
pub(super) fn each(
    text: &[u8],
    start: usize,
    end: usize,
    mut found: impl FnMut(Beginning) -> usize,
) {
    let Some(automaton) = &*BEGINNINGS else { return };
    let mut from = start;
    while from < end {
        let Some(hit) = automaton.find(Input::new(text).span(from..end)) else { return };
        let which = hit.pattern().as_usize();
        let beginning = match RULES.get(which) {
            Some(rule) => Some(Beginning::Rule(rule, hit.start())),
            None => which
                .checked_sub(RULES.len())
                .and_then(|i| SHAPES.get(i))
                .map(|(_, verify)| Beginning::Shape(*verify, hit.start())),
        };
        let on = beginning.map_or(0, &mut found);
        from = on.max(hit.start().saturating_add(1));
    }
}

/// Whether a text is the first part of a beginning, or ends with one.
pub(super) fn starts_any(text: &[u8]) -> bool {
    let all = RULES.iter().map(|rule| rule.prefix).chain(SHAPES.iter().map(|(prefix, _)| *prefix));
    all.map(str::as_bytes).any(|prefix| {
        (1..prefix.len()).any(|n| {
            let (start, _) = prefix.split_at_checked(n).unwrap_or_default();
            text.ends_with(start) && bytes::begins(text, text.len().saturating_sub(start.len()))
        })
    })
}

/// Finds the tokens in a run.
pub(super) fn find(text: &[u8], start: usize, end: usize, out: &mut Vec<Span>) {
    each(text, start, end, |beginning| {
        let found = match beginning {
            Beginning::Rule(rule, start) => whole(text, rule, start),
            Beginning::Shape(verify, start) => verify(text, start),
        };
        found.map_or(0, |span| {
            out.push(span);
            span.end
        })
    });
}

fn whole(text: &[u8], rule: &'static Rule, start: usize) -> Option<Span> {
    if !rule.is_strong() && !bytes::begins(text, start) {
        return None;
    }
    let end = rule.end(text, start)?;
    let body = bytes::part(text, start.saturating_add(rule.prefix.len()), end);
    let odd = if rule.prefix.len() < 4 { random(body) } else { drawn(body) };
    odd.then(|| span(rule.name, start, end))
}
