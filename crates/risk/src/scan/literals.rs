//! Many literals looked for at once.

use aho_corasick::{AhoCorasick, MatchKind, Span, packed};

/// A set of literals.
///
/// The packed searcher compares 16 or 32 places at a time; where the processor has no such
/// instructions the automaton does the same work more slowly.
#[derive(Debug)]
pub(super) struct Literals {
    packed: Option<packed::Searcher>,
    automaton: Option<AhoCorasick>,
}

impl Literals {
    /// Of literals of which one is the beginning of another, the first in the list is reported.
    pub(super) fn new<'a>(literals: impl Iterator<Item = &'a str> + Clone) -> Self {
        let packed = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(literals.clone().map(str::as_bytes))
            .build();
        let automaton = match packed {
            Some(_) => None,
            None => {
                AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(literals).ok()
            }
        };
        Self { packed, automaton }
    }

    /// Calls `found` with the number of the literal and its start for every place where one stands.
    /// It returns where to go on, if that is further than the next byte.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize) -> usize) {
        let mut from = 0usize;
        while from < text.len() {
            let span = Span { start: from, end: text.len() };
            let next = match (&self.packed, &self.automaton) {
                (Some(packed), _) => packed.find_in(text, span),
                (None, Some(automaton)) => {
                    automaton.find(aho_corasick::Input::new(text).span(span))
                }
                (None, None) => None,
            };
            let Some(hit) = next else { return };
            let on = found(hit.pattern().as_usize(), hit.start());
            from = on.max(hit.start().saturating_add(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_that_overlap_are_all_found_by_both_searchers() {
        let list = ["abc", "bcd", "cdx", "ab"];
        let slow = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(list).unwrap();
        let both =
            [Literals::new(list.into_iter()), Literals { packed: None, automaton: Some(slow) }];
        for literals in both {
            for padding in [0, 1, 40] {
                let text = format!("{}abcdx ab", " ".repeat(padding));
                let mut hits = Vec::new();
                literals.each(text.as_bytes(), |which, start| {
                    hits.push((which, start - padding));
                    0
                });
                assert_eq!(hits, [(0, 0), (1, 1), (2, 2), (3, 6)]);
            }
        }
    }
}
