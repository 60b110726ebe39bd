//! What a changing call supplied itself: an answer that only repeats it reveals nothing.
//!
//! Between a call and its answer the words of its arguments are kept, as hashes, of up to eight calls.
//!
//! ```text
//!   8  hash of the tool's name, 0 for a place that is free  u64
//!  16  step, number of words                                u32 each
//!  24  prints of the words                                  u32 each, with room for 32, 64, 128 or 256
//! ```
//!
//! A call with more words supplies nothing, so that no list of all that an answer could hold hides
//! what it does hold. What was not supplied counts when it is seen first: a provider says `confirmed`
//! each time.

use countersign_core::{Effect, Tool};

use super::Memory;
use super::format::{ENTRY, REVEALED, SUPPLIED, put, u32_at, u64_at};
use crate::answer::{Field, Item, Part, field};
use crate::arguments::{Arguments, Kind};
use crate::hash::Key;
use crate::text::fold;

/// Calls that wait for their answers. Of more the oldest is forgotten, and its answer counts.
const MAX_WAITING: usize = 8;
/// Most words of a call.
const MAX_WORDS: usize = 256;
/// The least room for words. A place has this, or twice as much, and so on.
const LEAST: usize = 32;
const WORDS_AT: usize = ENTRY + 16;
/// Longest identifier, in bytes. It has no spaces.
const MAX_ID: usize = 128;
/// Most values that are known from answers of changing calls.
const MAX_KNOWN: usize = 128;
/// Most words of such a value; what has more counts each time.
const MAX_SHORT: usize = 8;

impl Memory {
    /// Keeps the words of a changing call whose answer reveals private data: at a free place with room
    /// for them, otherwise at the end. So there are at most eight places for so many words or more.
    pub(super) fn supplied(&mut self, tool: &Tool, name: u64, arguments: &Arguments<'_>) {
        if tool.effect() == Effect::Read || !tool.returns().private {
            return;
        }
        let words = words_of(self.head.key, arguments);
        let entries = self.entries(SUPPLIED);
        let places: Vec<Place> = entries.map(|(at, entry)| Place::read(at, entry)).collect();
        let waiting = || places.iter().filter(|place| place.name != 0);
        if waiting().count() >= MAX_WAITING
            && let Some(oldest) = waiting().min_by_key(|place| place.step)
        {
            put(&mut self.bytes, oldest.at.saturating_add(ENTRY), &[0; 8]);
        }
        let free = |place: &&Place| u64_at(&self.bytes, place.at.saturating_add(ENTRY)) == 0;
        let fits = places.iter().filter(free).filter(|place| place.room >= words.len());
        let at = if let Some(place) = fits.min_by_key(|place| place.room) {
            place.at
        } else {
            let room = words.len().max(LEAST).next_power_of_two();
            self.append(SUPPLIED, &[&[0; 16], &vec![0; room.saturating_mul(4)]])
        };
        let count = u32::try_from(words.len()).unwrap_or_default();
        let mut held = Vec::with_capacity(words.len().saturating_mul(4).saturating_add(16));
        held.extend_from_slice(&name.to_le_bytes());
        held.extend_from_slice(&self.head.steps.to_le_bytes());
        held.extend_from_slice(&count.to_le_bytes());
        for word in words {
            held.extend_from_slice(&word.to_le_bytes());
        }
        put(&mut self.bytes, at.saturating_add(ENTRY), &held);
    }

    /// Whether the answer to a changing call holds more than the call supplied and than such answers
    /// held before. Of several calls of a tool that wait, the answer is taken for that of the one which
    /// explains most of it, of two that explain as much for the older one's.
    pub(super) fn reveals(&mut self, tool: &Tool, items: &[Item<'_>]) -> bool {
        let key = self.head.key;
        let name = key.hash(tool.name().as_str().as_bytes());
        let known: Vec<u64> = self.held(REVEALED).flat_map(hashes).collect();
        let mut least: Option<(u32, usize, New)> = None;
        for (at, entry) in self.entries(SUPPLIED) {
            let place = Place::read(at, entry);
            if place.name != name {
                continue;
            }
            let words = supplied_by(entry);
            let new = New::of(key, items, &words, &known);
            let less = |(step, _, least): &(u32, usize, New)| {
                (new.count, place.step) < (least.count, *step)
            };
            if least.as_ref().is_none_or(less) {
                least = Some((place.step, at, new));
            }
        }
        let Some((_, at, new)) = least else { return true };
        put(&mut self.bytes, at.saturating_add(ENTRY), &[0; 8]);
        self.list(REVEALED, new.short, MAX_KNOWN);
        new.count > 0
    }
}

/// Where a call's words are, or can be.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    name: u64,
    step: u32,
    /// For so many words.
    room: usize,
}

impl Place {
    fn read(at: usize, entry: &[u8]) -> Self {
        let room = entry.len().saturating_sub(WORDS_AT) >> 2;
        Self { at, name: u64_at(entry, ENTRY), step: u32_at(entry, ENTRY + 8), room }
    }
}

fn hashes(list: &[u8]) -> impl Iterator<Item = u64> + use<'_> {
    list.as_chunks::<8>().0.iter().map(|hash| u64::from_le_bytes(*hash))
}

fn supplied_by(entry: &[u8]) -> Vec<u32> {
    let count = usize::try_from(u32_at(entry, ENTRY + 12)).unwrap_or(0).min(MAX_WORDS);
    let words = entry.get(WORDS_AT..).unwrap_or_default().as_chunks::<4>().0;
    words.iter().take(count).map(|word| u32::from_le_bytes(*word)).collect()
}

/// What an answer holds that was neither supplied nor seen before.
#[derive(Debug, Default)]
struct New {
    count: usize,
    /// Hashes of those that are short.
    short: Vec<u64>,
}

impl New {
    fn of(key: Key, items: &[Item<'_>], supplied: &[u32], known: &[u64]) -> Self {
        let mut new = Self::default();
        for part in items.iter().flat_map(|item| &item.parts) {
            if new.count > MAX_KNOWN {
                break;
            }
            if part.is_key || is_made_by_the_provider(part) {
                continue;
            }
            let mut rest = part.key.to_owned();
            let mut words = 0usize;
            each_word(key, part.text, |print, word| {
                if words <= MAX_SHORT && supplied.binary_search(&print).is_err() {
                    words = words.saturating_add(1);
                    rest.push('\n');
                    rest.extend(word.chars().map(|c| c.to_ascii_lowercase()));
                }
            });
            if words == 0 {
                continue;
            }
            let value = key.hash(rest.as_bytes());
            if words > MAX_SHORT {
                new.count = new.count.saturating_add(1);
            } else if !known.contains(&value) && !new.short.contains(&value) {
                new.count = new.count.saturating_add(1);
                new.short.push(value);
            }
        }
        new
    }
}

/// An identifier, or an address or version under which the provider keeps what was made.
fn is_made_by_the_provider(part: &Part<'_>) -> bool {
    let own = |key: &str| {
        let key = key.trim_matches('_').to_ascii_lowercase();
        key.ends_with("etag") || key.ends_with("link") || key.ends_with("uid")
    };
    let one = part.text.len() <= MAX_ID && !part.text.contains(char::is_whitespace);
    one && (field(part.key, part.text) == Field::Id || own(part.key))
}

/// The prints of a call's words, each once and in order; none if they are too many.
fn words_of(key: Key, arguments: &Arguments<'_>) -> Vec<u32> {
    let mut words: Vec<u32> = Vec::new();
    let values = arguments.leaves.iter().filter(|leaf| leaf.kind != Kind::Key);
    for leaf in values {
        // Of what is not looked at whole nobody knows what it supplies.
        if arguments.cut.is_some() {
            return Vec::new();
        }
        each_word(key, leaf.text, |print, _| {
            // Once in a while each is kept once, and those that are too many are some of them.
            if words.len() >= 4 * MAX_WORDS {
                once(&mut words);
                words.truncate(MAX_WORDS.saturating_add(1));
            }
            words.push(print);
        });
    }
    once(&mut words);
    if words.len() > MAX_WORDS { Vec::new() } else { words }
}

fn once(words: &mut Vec<u32>) {
    words.sort_unstable();
    words.dedup();
}

/// Runs of letters and runs of digits, each with its print: in small letters, or of ASCII. Single letters
/// and numbers below a hundred say little and change with how a date is written, so they are left out.
fn each_word(key: Key, text: &str, mut found: impl FnMut(u32, &str)) {
    if !text.is_ascii() {
        return each_word_beyond(text, |word| found(key.mark(word).print, word));
    }
    let mut rest = text;
    while let Some(start) = rest.bytes().position(|b| b.is_ascii_alphanumeric()) {
        rest = rest.get(start..).unwrap_or_default();
        let digits = rest.bytes().next().is_some_and(|b| b.is_ascii_digit());
        let of = |b: u8| if digits { b.is_ascii_digit() } else { b.is_ascii_alphabetic() };
        let end = rest.bytes().position(|b| !of(b)).unwrap_or(rest.len());
        let Some((word, behind)) = rest.split_at_checked(end) else { return };
        if end >= least(digits) {
            found(key.simple(word.as_bytes(), false).print, word);
        }
        rest = behind;
    }
}

/// Fewest characters of a word.
fn least(digits: bool) -> usize {
    if digits { 3 } else { 2 }
}

/// The same for any text, in small letters.
fn each_word_beyond(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::new();
    let mut digits = false;
    let mut end = |word: &mut String, digits: bool| {
        let least = least(digits);
        if word.chars().take(least).count() == least {
            found(word);
        }
        word.clear();
    };
    for c in text.chars().map(fold) {
        if !c.is_alphanumeric() {
            end(&mut word, digits);
            continue;
        }
        if !word.is_empty() && c.is_numeric() != digits {
            end(&mut word, digits);
        }
        digits = c.is_numeric();
        word.extend(c.to_lowercase());
    }
    end(&mut word, digits);
}

#[cfg(test)]
mod tests {
    use countersign_canon::parse;
    use countersign_core::{ToolSpec, Trust};
    use proptest::prelude::*;

    use super::*;

    fn tool() -> Tool {
        ToolSpec::new("create").outward().returns(Trust::Untrusted, true).register().unwrap()
    }

    fn numbers(count: usize) -> String {
        (100..).take(count).map(|n: usize| n.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn call(memory: &mut Memory, words: usize) {
        let value = parse(format!(r#"{{"text":"{}"}}"#, numbers(words)).as_bytes()).unwrap();
        memory.head.steps = memory.head.steps.saturating_add(1);
        memory.supplied(&tool(), 7, &Arguments::unassigned(&value));
    }

    fn places(memory: &Memory) -> Vec<(usize, u32)> {
        let all = memory.entries(SUPPLIED).map(|(at, entry)| Place::read(at, entry));
        all.map(|place| (place.room, if place.name == 0 { 0 } else { place.step })).collect()
    }

    #[test]
    fn a_call_takes_a_free_place_with_room_for_it_and_of_too_many_the_oldest_is_forgotten() {
        let mut memory = Memory::begin(&[]);
        call(&mut memory, 33);
        call(&mut memory, 2);
        assert_eq!(places(&memory), [(64, 1), (32, 2)]);
        for words in [0, 32, 65, 256, 257, 1] {
            call(&mut memory, words);
        }
        let all = [(64, 1), (32, 2), (32, 3), (32, 4), (128, 5), (256, 6), (32, 7), (32, 8)];
        assert_eq!(places(&memory), all);
        call(&mut memory, 40);
        assert_eq!(places(&memory)[0], (64, 9));
        call(&mut memory, 40);
        assert_eq!(places(&memory)[1], (32, 0), "the next oldest");
        assert_eq!(places(&memory)[8], (64, 10));
        for n in 0..1000 {
            call(&mut memory, n % 270);
        }
        let now = places(&memory);
        assert_eq!(now.iter().filter(|(_, step)| *step != 0).count(), MAX_WAITING);
        for room in [32, 64, 128, 256] {
            let same = now.iter().filter(|(known, _)| *known == room).count();
            assert!(same <= MAX_WAITING, "{same} of {room}");
        }
    }

    #[test]
    fn a_call_of_too_many_words_supplies_nothing() {
        let words = |text: &str| {
            let value = parse(format!(r#"{{"a":"{text}"}}"#).as_bytes()).unwrap();
            words_of(Key([1, 2]), &Arguments::unassigned(&value)).len()
        };
        for (n, kept) in [(0, 0), (MAX_WORDS, MAX_WORDS), (MAX_WORDS + 1, 0), (5000, 0)] {
            assert_eq!(words(&numbers(n)), kept);
        }
        assert_eq!(words(&format!("{} ", numbers(MAX_WORDS)).repeat(50)), MAX_WORDS);
    }

    proptest! {
        #[test]
        fn words_of_ascii_are_those_of_any_text(text in "[a-cA-C0-9 .,@-]{0,40}") {
            let key = Key([1, 2]);
            let (mut quick, mut slow) = (Vec::new(), Vec::new());
            each_word(key, &text, |print, word| quick.push((print, word.to_ascii_lowercase())));
            each_word_beyond(&text, |word| slow.push((key.mark(word).print, word.to_owned())));
            prop_assert_eq!(quick, slow);
        }
    }
}
