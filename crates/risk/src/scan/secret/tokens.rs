//! Tokens that are known by how they begin, looked for in long runs only.

use std::sync::LazyLock;

use super::super::bytes;
use super::super::endings::Endings;
use super::super::kinds::Span;
use super::super::literals::{BLOCK, SIZE, block, hashes, mixed};
use super::rules::{Rule, drawn, random};
use super::shapes::{self, Verify};
use super::span;
use super::table::RULES;
use super::tails;

/// Beginnings that have more to them than a length.
const SHAPES: [(&str, Verify); 6] = [
    ("AAAAAAAAAAAAAAAAAAAAA", tails::twitter),
    ("pat.", tails::harness),
    ("sat.", tails::harness),
    ("eyJ", shapes::web_token),
    ("hooks.slack.com/", shapes::slack_webhook),
    ("/api/webhooks/", shapes::discord_webhook),
];

/// All beginnings, by their first three bytes.
#[derive(Debug)]
struct Beginnings {
    /// The number of the bucket for three bytes with this hash, 0 if no token begins with them.
    first: Box<[u8; SIZE]>,
    /// Beginnings with their numbers in the order of [`beginnings`]; in each bucket longer ones first.
    buckets: Vec<Vec<(&'static [u8], usize)>>,
    /// What is less than a whole beginning.
    halves: Endings,
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let mut all = Beginnings {
        first: Box::new([0; SIZE]),
        buckets: Vec::new(),
        halves: Endings::new(
            beginnings().flat_map(|whole| (1..whole.len()).filter_map(move |n| whole.get(..n))),
        ),
    };
    for (which, beginning) in beginnings().enumerate() {
        match *beginning {
            // What follows two bytes is hexadecimal; 0 is what follows the last byte of a text.
            [a, b] => b"0123456789abcdefABCDEF\0"
                .iter()
                .for_each(|third| all.add([a, b, *third], beginning, which)),
            [a, b, third, ..] => all.add([a, b, third], beginning, which),
            _ => {}
        }
    }
    for bucket in &mut all.buckets {
        bucket.sort_by_key(|(beginning, _)| core::cmp::Reverse(beginning.len()));
    }
    all
});

fn beginnings() -> impl Iterator<Item = &'static [u8]> {
    let rules = RULES.iter().map(|rule| rule.prefix);
    rules.chain(SHAPES.iter().map(|(prefix, _)| *prefix)).map(str::as_bytes)
}

fn hash([a, b, third]: [u8; 3]) -> u16 {
    mixed(u16::from_le_bytes([a, b]), u16::from(third))
}

impl Beginnings {
    fn add(&mut self, three: [u8; 3], beginning: &'static [u8], which: usize) {
        let Some(slot) = self.first.get_mut(usize::from(hash(three))) else { return };
        if *slot == 0 {
            // Where there are too many they share the last.
            *slot = u8::try_from(self.buckets.len().saturating_add(1)).unwrap_or(u8::MAX);
        }
        let bucket = usize::from(*slot).saturating_sub(1);
        if self.buckets.len() <= bucket {
            self.buckets.push(Vec::new());
        }
        let list = self.buckets.get_mut(bucket).filter(|list| !list.contains(&(beginning, which)));
        if let Some(list) = list {
            list.push((beginning, which));
        }
    }

    /// The first beginning from a place on that ends before another, the longest of those that stand
    /// there: its number, and where.
    fn find(&self, text: &[u8], from: usize, end: usize) -> Option<(usize, usize)> {
        let text = text.get(..end)?;
        let mut base = from;
        while let (Some(even), Some(odd)) = (block(text, base), block(text, base.saturating_add(1)))
        {
            let (even, odd) = (hashes(even.0, even.1), hashes(odd.0, odd.1));
            let groups = even.as_chunks::<8>().0.iter().zip(odd.as_chunks::<8>().0);
            for (start, (even, odd)) in (base..).step_by(16).zip(groups) {
                let any = even.iter().chain(odd).fold(0, |any, hash| any | self.bucket(*hash));
                if any != 0 {
                    let hashes = even.iter().zip(odd).flat_map(|(even, odd)| [even, odd]);
                    let mut places = (start..).zip(hashes);
                    let found = places.find_map(|(i, hash)| self.at(text, i, self.bucket(*hash)));
                    if found.is_some() {
                        return found;
                    }
                }
            }
            base = base.saturating_add(BLOCK);
        }
        let rest = text.get(base..)?;
        let threes = rest.windows(3).map(|three| match three {
            [a, b, third] => [*a, *b, *third],
            _ => [0; 3],
        });
        // A beginning of two bytes may be the last.
        let last = rest.last_chunk::<2>().map(|[a, b]| [*a, *b, 0]);
        let mut places = (base..).zip(threes.chain(last));
        places.find_map(|(start, three)| self.at(text, start, self.bucket(hash(three))))
    }

    fn bucket(&self, hash: u16) -> u8 {
        self.first.get(usize::from(hash) & (SIZE - 1)).copied().unwrap_or(0)
    }

    /// The longest beginning of a bucket that stands at a place: its number, and the place.
    fn at(&self, text: &[u8], place: usize, bucket: u8) -> Option<(usize, usize)> {
        let list = self.buckets.get(usize::from(bucket).checked_sub(1)?)?;
        let known = list.iter().find(|(known, _)| bytes::goes_on(text, place, known));
        known.map(|(_, which)| (*which, place))
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

#[cfg(test)]
mod tests {
    use super::super::rules::Body;
    use super::*;

    #[test]
    fn beginnings_of_two_bytes_go_on_with_hexadecimal_digits_and_none_is_shorter() {
        assert!(beginnings().all(|beginning| beginning.len() >= 2));
        let short = RULES.iter().filter(|rule| rule.prefix.len() == 2);
        assert!(short.into_iter().all(|rule| rule.body == Body::Hex));
    }

    #[test]
    fn every_beginning_is_found_wherever_it_stands_and_the_longest_of_several() {
        for (which, beginning) in beginnings().enumerate() {
            for padding in ["", " ", "xx", "0123456789", &".-".repeat(99)] {
                let text = [padding.as_bytes(), beginning, b"0", padding.as_bytes()].concat();
                let found = BEGINNINGS.find(&text, 0, text.len()).unwrap();
                let first = beginnings().position(|one| one == beginning).unwrap();
                assert_eq!(found, (first, padding.len()), "{which}");
            }
        }
        assert!(BEGINNINGS.buckets.len() < 255);
    }
}
