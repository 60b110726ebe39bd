//! Tokens that are known by how they begin, looked for in long runs only.

use std::sync::LazyLock;

use super::super::bytes::{self, ALNUM, BASE, DIGIT, TOKEN, UPPER, at, is};
use super::super::endings::Endings;
use super::super::kinds::Span;
use super::super::literals::{BLOCK, SIZE, TABLE, block, hashes, mixed};
use super::super::marks::Marks;
use super::built;
use super::rules::{Rule, drawn, random};
use super::shapes::{self, Verify};
use super::span;
use super::table::RULES;
use super::tails;

/// Beginnings that have more to them than a length. One of letters only counts where a word begins.
const SHAPES: [(&str, Verify); 8] = [
    ("AAAAAAAAAAAAAAAAAAAAA", tails::twitter),
    ("pat.", tails::harness),
    ("sat.", tails::harness),
    ("eyJ", shapes::web_token),
    ("hooks.slack.com/", shapes::slack_webhook),
    ("/api/webhooks/", shapes::discord_webhook),
    ("PASS=", built::pass),
    ("pass=", built::pass),
];

/// Slots of the table of signs.
const SIGNS: usize = SIZE / 4;

/// All beginnings, by their first three bytes.
#[derive(Debug)]
struct Beginnings {
    /// The number of the bucket for three bytes with this hash, 0 if no token begins with them.
    first: Box<[u8; TABLE]>,
    /// Beginnings with their numbers in the order of [`beginnings`]; in each bucket longer ones first.
    buckets: Vec<Vec<(&'static [u8], usize)>>,
    /// For three bytes that end with the first sign of a beginning which may stand within a word: how
    /// many bytes before the sign it may begin, as bits.
    signs: Box<[u8; SIGNS]>,
    /// What the numbers in it stand for, from 1 on.
    lengths: Vec<u32>,
    /// The same for signs with fewer than two bytes before them.
    early: u32,
    /// What is less than a whole beginning.
    halves: Endings,
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let mut all = Beginnings {
        first: Box::new([0; TABLE]),
        buckets: Vec::new(),
        signs: Box::new([0; SIGNS]),
        lengths: Vec::new(),
        early: 0,
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
        let glued = RULES.get(which).is_none_or(Rule::is_strong);
        if let Some(sign) = beginning.iter().position(|b| !is(*b, ALNUM)).filter(|_| glued) {
            all.add_sign(beginning, sign);
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

/// The same for a smaller table.
fn short_hash(three: [u8; 3]) -> usize {
    usize::from(hash(three) >> 2) & (SIGNS - 1)
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

    fn add_sign(&mut self, beginning: &'static [u8], sign: usize) {
        let bit = u32::try_from(sign).ok().and_then(|sign| 1u32.checked_shl(sign)).unwrap_or(0);
        let before = beginning.get(..=sign).and_then(<[u8]>::last_chunk::<3>);
        let Some(slot) = before.and_then(|three| self.signs.get_mut(short_hash(*three))) else {
            self.early |= bit;
            return;
        };
        if *slot == 0 {
            self.lengths.push(0);
            *slot = u8::try_from(self.lengths.len()).unwrap_or(u8::MAX);
        }
        if let Some(lengths) = self.lengths.get_mut(usize::from(*slot).saturating_sub(1)) {
            *lengths |= bit;
        }
    }

    /// How many bytes before a sign beginnings may begin that have this sign, as bits.
    fn before_sign(&self, text: &[u8], sign: usize) -> u32 {
        let three = text.get(..=sign).and_then(<[u8]>::last_chunk::<3>);
        let slot = three.and_then(|three| self.signs.get(short_hash(*three))).copied();
        let lengths = usize::from(slot.unwrap_or(0)).checked_sub(1);
        lengths.and_then(|i| self.lengths.get(i)).copied().unwrap_or(0) | self.early
    }

    /// Calls `found` for the beginnings in a run that may be those of tokens: where a word begins, and
    /// with a sign in them wherever they stand. It returns where to go on.
    fn each_in_run(
        &self,
        text: &[u8],
        marks: &Marks,
        (start, end): (usize, usize),
        mut found: impl FnMut(usize, usize) -> usize,
    ) {
        let Some(text) = text.get(..end) else { return };
        let mut from = start;
        let mut look = |from: &mut usize, place: usize| {
            let three = text.get(place..).and_then(<[u8]>::first_chunk::<3>);
            let last = || [at(text, place), at(text, place.saturating_add(1)), 0];
            let bucket = self.bucket(hash(three.copied().unwrap_or_else(last)));
            if bucket != 0
                && place >= *from
                && let Some((which, place)) = self.at(text, place, bucket)
            {
                *from = found(which, place).max(place.saturating_add(1));
            }
        };
        let mut word = start;
        look(&mut from, word);
        // An escape before the run has its letter in it.
        if bytes::before(text, start) == b'\\' {
            look(&mut from, start.saturating_add(1));
        }
        loop {
            let sign = marks.word_end(word, usize::MAX);
            if sign >= end {
                return;
            }
            let mut lengths = self.before_sign(text, sign);
            // The first to begin first.
            while let Some(length) = lengths.checked_ilog2() {
                lengths ^= 1 << length;
                if let Some(place) = sign.checked_sub(usize::try_from(length).unwrap_or(0)) {
                    look(&mut from, place);
                }
            }
            word = sign.saturating_add(1).max(from);
            look(&mut from, word);
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
        self.find_at_end(text, base)
    }

    /// The same for what is too short for a block and the bytes behind it, which are seen as zeros.
    fn find_at_end(&self, text: &[u8], base: usize) -> Option<(usize, usize)> {
        let mut base = base;
        while let Some(rest) = text.get(base..).filter(|rest| rest.len() >= 2) {
            let mut last = [0u8; BLOCK + 3];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            let (even, odd) = (block(&last, 0)?, block(&last, 1)?);
            let (even, odd) = (hashes(even.0, even.1), hashes(odd.0, odd.1));
            // Of the last two places there are no three bytes, of the last no two.
            let count = rest.len().saturating_sub(1).min(BLOCK);
            let hashes = even.iter().zip(&odd).flat_map(|(even, odd)| [even, odd]);
            let mut places = (base..).zip(hashes).take(count);
            let found = places.find_map(|(i, hash)| self.at(text, i, self.bucket(*hash)));
            if found.is_some() {
                return found;
            }
            base = base.saturating_add(BLOCK);
        }
        None
    }

    fn bucket(&self, hash: u16) -> u8 {
        self.first.get(usize::from(hash)).copied().unwrap_or(0)
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

impl Beginning {
    fn of(which: usize, start: usize) -> Option<Self> {
        let Some(rule) = RULES.get(which) else {
            let (_, verify) = SHAPES.get(which.checked_sub(RULES.len())?)?;
            return Some(Self::Shape(*verify, start));
        };
        Some(Self::Rule(rule, start))
    }
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
        let on = Beginning::of(which, start).map_or(0, &mut found);
        from = on.max(start.saturating_add(1));
    }
}

/// Whether a text ends with the first part of a beginning, or is no more than that.
pub(super) fn starts_any(text: &[u8]) -> bool {
    BEGINNINGS.halves.any(text, |half| bytes::begins(text, text.len().saturating_sub(half.len())))
}

/// Finds the tokens in a run.
pub(super) fn find(text: &[u8], marks: &Marks, (start, end): (usize, usize), out: &mut Vec<Span>) {
    BEGINNINGS.each_in_run(text, marks, (start, end), |which, place| {
        let found = match Beginning::of(which, place) {
            Some(Beginning::Rule(rule, start)) => whole(text, marks, rule, start),
            Some(Beginning::Shape(verify, start)) => verify(text, start),
            None => None,
        };
        found.map_or(0, |span| {
            out.push(span);
            span.end
        })
    });
}

fn whole(text: &[u8], marks: &Marks, rule: &'static Rule, start: usize) -> Option<Span> {
    if !rule.is_strong() && !bytes::begins(text, start) {
        return None;
    }
    let end = rule.end_in(text, marks, start)?;
    let body = bytes::part(text, start.saturating_add(rule.prefix.len()), end);
    let odd = if rule.prefix.len() < 4 { random(body) } else { drawn(body) };
    (odd && !by_chance(text, rule, start, end)).then(|| span(rule.name, start, end))
}

/// Longest beginning that is met by chance, and how many characters of base64 around a token are so many that one may look like this by chance: in an
/// image of 8 KiB it does once in two thousand.
pub(super) const SHORT: usize = 4;
const BLOB: usize = 256;

/// Whether what looks like a token has a short beginning, stands within base64, broken into lines or not, and
/// is as one with it.
pub(super) fn by_chance(text: &[u8], rule: &Rule, start: usize, end: usize) -> bool {
    if rule.prefix.len() > SHORT || !rule.prefix.bytes().all(|b| is(b, TOKEN | BASE)) {
        return false;
    }
    let base = |b: &&u8| is(**b, TOKEN | BASE) || matches!(b, b'\r' | b'\n');
    let before = bytes::part(text, start.saturating_sub(BLOB), start).iter().rev().take_while(base);
    let behind = bytes::part(text, end, end.saturating_add(BLOB)).iter().take_while(base);
    let (mut all, mut digits, mut capitals) = (0usize, 0usize, 0usize);
    for byte in before.chain(behind) {
        all = all.saturating_add(1);
        digits = digits.saturating_add(usize::from(is(*byte, DIGIT)));
        capitals = capitals.saturating_add(usize::from(is(*byte, UPPER)));
    }
    // Words that were joined have fewer of these.
    let drawn = digits.saturating_mul(16) >= all && capitals.saturating_mul(6) >= all;
    all >= BLOB && drawn && bytes::part(text, start, end).iter().all(|b| is(*b, TOKEN | BASE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::marks::mark;
    use super::super::rules::Body;
    use super::*;

    /// The tokens of a run, looked for at every place.
    fn slowly(text: &[u8], (start, end): (usize, usize)) -> Vec<Span> {
        let (marks, mut out) = (mark(text), Vec::new());
        each(text, start, end, |beginning| {
            let found = match beginning {
                Beginning::Rule(rule, start) => whole(text, &marks, rule, start),
                Beginning::Shape(verify, start) => verify(text, start),
            };
            found.map_or(0, |span| {
                out.push(span);
                span.end
            })
        });
        out
    }

    proptest! {
        #[test]
        fn looking_where_words_begin_and_at_signs_finds_all_tokens_of_a_run(
            parts in proptest::collection::vec(
                prop_oneof![
                    3 => (0..beginnings().count()).prop_map(|i| beginnings().nth(i).unwrap().to_vec()),
                    3 => "[A-Za-z0-9]{20,60}".prop_map(String::into_bytes),
                    1 => "[a-f0-9]{32,48}".prop_map(String::into_bytes),
                    2 => "[-._/+=]".prop_map(String::into_bytes),
                    1 => "\\\\[ntr]| |\u{e9}|:|~".prop_map(String::into_bytes),
                ],
                1..8,
            )
        ) {
            let text = parts.concat();
            let marks = mark(&text);
            for run in &marks.runs {
                let mut out = Vec::new();
                find(&text, &marks, *run, &mut out);
                prop_assert_eq!(out, slowly(&text, *run), "{}", String::from_utf8_lossy(&text));
            }
        }
    }

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
