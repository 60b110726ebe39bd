//! Tokens that are known by how they begin, looked for in long runs only.

use std::sync::LazyLock;

use super::super::bytes;
use super::super::endings::Endings;
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

/// All beginnings, by their first two bytes.
#[derive(Debug)]
struct Beginnings {
    /// The number of the bucket for two bytes, 0 if no token begins with them.
    first: Box<[u8; 1 << 16]>,
    /// Beginnings with their numbers in the order of [`beginnings`]; in each bucket longer ones first.
    buckets: Vec<Vec<(&'static [u8], usize)>>,
    /// The same for the last bytes of what is less than a whole beginning.
    halves: Endings,
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let (mut first, mut buckets) = (Box::new([0u8; 1 << 16]), Vec::<Vec<_>>::new());
    for (which, beginning) in beginnings().enumerate() {
        let Some(slot) = pair(beginning, 0).and_then(|pair| first.get_mut(pair)) else { continue };
        if *slot == 0 {
            *slot = u8::try_from(buckets.len().saturating_add(1)).unwrap_or(u8::MAX);
        }
        let bucket = usize::from(*slot).saturating_sub(1);
        if buckets.len() <= bucket {
            buckets.push(Vec::new());
        }
        buckets.get_mut(bucket).into_iter().for_each(|list| list.push((beginning, which)));
    }
    for bucket in &mut buckets {
        bucket.sort_by_key(|(beginning, _)| core::cmp::Reverse(beginning.len()));
    }
    let halves =
        beginnings().flat_map(|whole| (1..whole.len()).filter_map(move |n| whole.get(..n)));
    Beginnings { first, buckets, halves: Endings::new(halves) }
});

fn beginnings() -> impl Iterator<Item = &'static [u8]> {
    let rules = RULES.iter().map(|rule| rule.prefix);
    rules.chain(SHAPES.iter().map(|(prefix, _)| *prefix)).map(str::as_bytes)
}

/// Two bytes as a number.
fn pair(text: &[u8], place: usize) -> Option<usize> {
    let two = text.get(place..)?.first_chunk::<2>()?;
    Some(usize::from(u16::from_le_bytes(*two)))
}

impl Beginnings {
    /// The first beginning from a place on that ends before another, the longest of those that stand
    /// there: its number, and where.
    fn find(&self, text: &[u8], from: usize, end: usize) -> Option<(usize, usize)> {
        let text = text.get(..end)?;
        let rest = text.get(from..)?;
        for (start, two) in (from..).zip(rest.windows(2)) {
            let [a, b] = two else { continue };
            let pair = usize::from(u16::from_le_bytes([*a, *b]));
            let bucket = self.first.get(pair).copied().unwrap_or(0);
            let Some(bucket) = usize::from(bucket).checked_sub(1) else { continue };
            let list = self.buckets.get(bucket).map(Vec::as_slice).unwrap_or_default();
            let known = list.iter().find(|(known, _)| bytes::goes_on(text, start, known));
            if let Some((_, which)) = known {
                return Some((*which, start));
            }
        }
        None
    }
}

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
    let all = &*BEGINNINGS;
    let mut from = start;
    while let Some((which, start)) = all.find(text, from, end) {
        let beginning = match RULES.get(which) {
            Some(rule) => Some(Beginning::Rule(rule, start)),
            None => which
                .checked_sub(RULES.len())
                .and_then(|i| SHAPES.get(i))
                .map(|(_, verify)| Beginning::Shape(*verify, start)),
        };
        let on = beginning.map_or(0, &mut found);
        from = on.max(start.saturating_add(1));
    }
}

/// Whether a text ends with the first part of a beginning, or is no more than that.
pub(super) fn starts_any(text: &[u8]) -> bool {
    BEGINNINGS.halves.any(text, |half| bytes::begins(text, text.len().saturating_sub(half.len())))
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
