//! What a changing call supplied itself: an answer that only repeats it reveals nothing.
//!
//! Between a call and its answer the words of its arguments are kept, as hashes, of up to eight calls.
//!
//! ```text
//!   8  hash of the tool's name, 0 for a place that is free  u64
//!  16  step, number of words                                u32 each
//!  24  hashes of the words                                  u32 each, with room for 256
//! ```
//!
//! A call with more words supplies nothing, so that no list of all that an answer could hold hides
//! what it does hold. What was not supplied counts when it is seen first: a provider says `confirmed`
//! each time.

use countersign_canon::{Canonical, Value};
use countersign_core::{Effect, Tool};

use super::Memory;
use super::format::{ENTRY, REVEALED, SUPPLIED, append, put, u32_at, u64_at};
use crate::answer::{Field, Item, Part, field};
use crate::hash::Key;
use crate::text::fold;

/// Calls that wait for their answers. Of more the oldest is forgotten, and its answer counts.
const MAX_WAITING: usize = 8;
/// Most words of a call.
const MAX_WORDS: usize = 256;
const WORDS_AT: usize = ENTRY + 16;
const SIZE: usize = 16 + 4 * MAX_WORDS;
/// Longest identifier, in bytes. It has no spaces.
const MAX_ID: usize = 128;
/// Most values that are known from answers of changing calls.
const MAX_KNOWN: usize = 128;
/// Most words of such a value; what has more counts each time.
const MAX_SHORT: usize = 8;

impl Memory {
    /// Keeps the words of a changing call whose answer reveals private data.
    pub(super) fn supplied(&mut self, tool: &Tool, name: u64, arguments: &Canonical) {
        if tool.effect() == Effect::Read || !tool.returns().private {
            return;
        }
        let words = words_of(self.head.key, arguments);
        let places: Vec<(usize, u64, u32)> = self
            .entries(SUPPLIED)
            .map(|(at, entry)| (at, u64_at(entry, ENTRY), u32_at(entry, ENTRY + 8)))
            .collect();
        let free = places.iter().find(|(_, name, _)| *name == 0).map(|(at, ..)| *at);
        let oldest = || places.iter().min_by_key(|(.., step)| *step).map(|(at, ..)| *at);
        let at = match free {
            Some(at) => at,
            None if places.len() < MAX_WAITING => {
                append(&mut self.bytes, SUPPLIED, [0; 3], &[&[0; SIZE]])
            }
            None => match oldest() {
                Some(at) => at,
                None => return,
            },
        };
        let count = u32::try_from(words.len()).unwrap_or_default();
        put(&mut self.bytes, at.saturating_add(ENTRY), &name.to_le_bytes());
        put(&mut self.bytes, at.saturating_add(ENTRY + 8), &self.head.steps.to_le_bytes());
        put(&mut self.bytes, at.saturating_add(ENTRY + 12), &count.to_le_bytes());
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        put(&mut self.bytes, at.saturating_add(WORDS_AT), &words);
    }

    /// Whether the answer to a changing call holds more than the call supplied and than such answers
    /// held before. Of several calls of a tool that wait, the answer is taken for that of the one which
    /// explains most of it.
    pub(super) fn reveals(&mut self, tool: &Tool, items: &[Item<'_>]) -> bool {
        let key = self.head.key;
        let name = key.hash(tool.name().as_str().as_bytes());
        let known: Vec<u64> = self.held(REVEALED).flat_map(hashes).collect();
        let mut least: Option<(usize, New)> = None;
        for (at, entry) in self.entries(SUPPLIED) {
            if u64_at(entry, ENTRY) != name {
                continue;
            }
            let words = supplied_by(entry);
            let new = New::of(key, items, &words, &known);
            if least.as_ref().is_none_or(|(_, least)| new.count < least.count) {
                least = Some((at, new));
            }
        }
        let Some((at, new)) = least else { return true };
        put(&mut self.bytes, at.saturating_add(ENTRY), &[0; 8]);
        self.list(REVEALED, new.short, MAX_KNOWN);
        new.count > 0
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
            each_word(part.text, |word| {
                if words <= MAX_SHORT && supplied.binary_search(&hash(key, word)).is_err() {
                    words = words.saturating_add(1);
                    rest.push('\n');
                    rest.push_str(word);
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

/// The hashes of a call's words, each once and in order; none if they are too many.
fn words_of(key: Key, arguments: &Canonical) -> Vec<u32> {
    let value = arguments.value();
    let mut words: Vec<u32> = Vec::new();
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        let mut add = |text: &str| {
            each_word(text, |word| {
                let word = hash(key, word);
                if words.len() <= MAX_WORDS && !words.contains(&word) {
                    words.push(word);
                }
            });
        };
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(n) => add(n.as_str()),
            Value::String(text) => add(text),
            Value::Array(list) => open.extend(list),
            Value::Object(object) => open.extend(object.iter().map(|(_, member)| member)),
        }
        if words.len() > MAX_WORDS {
            return Vec::new();
        }
    }
    words.sort_unstable();
    words
}

fn hash(key: Key, word: &str) -> u32 {
    u32::try_from(key.hash(word.as_bytes()) & 0xffff_ffff).unwrap_or_default()
}

/// Runs of letters and runs of digits. Single letters and numbers below a hundred say little and change
/// with how a date is written, so they are left out.
fn each_word(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::new();
    let mut digits = false;
    let mut end = |word: &mut String, digits: bool| {
        let least = if digits { 3 } else { 2 };
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
