//! What a session reads and hears goes into its memory.

use countersign_core::{Effect, Source, Tool, Trust};

use super::format::{CONNECTION, ENTRY, HEAD, ID, MAILS, PARTY, RECORD, STEMS, TEXT, WHOLE};
use super::record::{FIXED, FLAGS_AT, Held, New, POINTED};
use super::view::mail;
use super::{
    CUT, MAX_CONNECTIONS, MAX_LEVEL, MAX_MAILS, MAX_STEMS, MAX_WINDOWS, MAX_WORDS, Memory,
    READ_FLAGGED, READ_PRIVATE, READ_UNTRUSTED, Record, USER_SPOKE, Writer, connection,
};
use crate::answer::{Answer, Field, Item, MAX_ANSWER, Part, author, field};
use crate::essence::{essence, kept_windows};
use crate::flag;
use crate::hash::{Key, Mark};
use crate::intent;
use crate::text::{link_like, prefix};
use crate::words::{Words, remembered};

/// An entry of a directory is a name; what has more words is a text, which outsiders may have written.
const MAX_NAME_WORDS: usize = 12;
/// Most words of a name that is known by each of its words.
const MAX_SHORT_NAME: usize = 4;
/// The same for one of several names between commas.
const MAX_LISTED_WORDS: usize = 6;

/// What the memory holds already, read once for all items of an answer.
#[derive(Debug)]
struct Known {
    /// Hash, writer and place of every record.
    records: Vec<(u64, Writer, usize)>,
    /// The mail addresses that text by outsiders held, once somebody asked.
    mails: Option<Vec<u64>>,
}

impl Memory {
    /// A tool returned a text.
    pub(crate) fn returned(&mut self, tool: &Tool, text: &str) {
        let (step, pointed) = self.answered(tool);
        if text.trim().is_empty() {
            return;
        }
        let returns = tool.returns();
        let reads = tool.effect() == Effect::Read;
        let (answer, cut) = Answer::read(text);
        let items = answer.items();
        if returns.private && (reads || self.reveals(tool, &items)) {
            self.head.private_reads = self.head.private_reads.saturating_add(1);
            self.set(READ_PRIVATE);
        }
        let writer = match returns.trust {
            Trust::Untrusted => Writer::Outsiders,
            // What a changing call returns echoes its own arguments, so it names nobody.
            Trust::Own | Trust::Directory if !reads => {
                if !returns.private {
                    return;
                }
                Writer::Outsiders
            }
            Trust::Own => Writer::Own,
            Trust::Directory => Writer::Directory,
        };
        let echo = !reads && returns.trust != Trust::Untrusted;
        let Some(connection) = self.connection(connection(tool)) else {
            // What cannot be told apart from other services is not mixed with them.
            self.set(CUT);
            if writer == Writer::Outsiders {
                self.set(READ_UNTRUSTED);
            }
            return;
        };
        if cut {
            self.set(CUT);
        }
        let mut known = self.known();
        let said = self.said();
        let mut windows = Windows::default();
        let listed = items.len() > 1;
        for item in items {
            let by = author(&item);
            let flags = flag::of(&item.texts, !echo, returns.private);
            let record = Record {
                writer,
                private: returns.private,
                pointed,
                flagged: flags.instructions,
                sensitive: flags.personal,
                listed,
                by_named: by.is_some_and(|name| said_all(self.head.key, name, &said)),
                connection,
                step,
                author: by.map_or(0, |name| self.head.key.hash(name.to_lowercase().as_bytes())),
                digest: digest(self.head.key, &item, connection, writer),
            };
            windows.found.clear();
            if reads || returns.private {
                for part in item.parts.iter().filter(|part| !part.is_key) {
                    essence(part.text, &mut windows.essence);
                }
                windows.take(self.head.level);
            }
            while windows.found.len() > MAX_WINDOWS && self.head.level < MAX_LEVEL {
                self.head.level = self.head.level.saturating_add(1);
                windows.found.retain(|window| kept_at(*window, self.head.level));
            }
            self.add_item(record, &item, echo, &windows.found, &mut known);
            if usize::try_from(self.head.windows).is_ok_and(|n| n > 2 * MAX_WINDOWS) {
                self.keep_bounds();
                known.records = self.records();
            }
        }
        self.keep_bounds();
    }

    /// The agent read a text on another way.
    pub(crate) fn observed(&mut self, source: Source, text: &str) {
        let text = prefix(text, MAX_ANSWER);
        let writer = match source {
            Source::User => Writer::User,
            Source::Untrusted => Writer::Outsiders,
        };
        let flagged = writer == Writer::Outsiders && flag::of(&[text], true, false).instructions;
        if source == Source::User {
            self.set(USER_SPOKE);
            self.head.asked = intent::asked(self.head.asked, text);
            let key = self.head.key;
            let stems = intent::stems(text).map(|stem| key.hash(stem.as_bytes()));
            self.list(STEMS, stems, MAX_STEMS);
        }
        let Some(connection) = self.connection("") else { return };
        let part = Part { key: "", text, is_key: false };
        let item = Item { parts: vec![part], texts: vec![text], plain: true, runs_on: false };
        let record = Record {
            writer,
            private: false,
            pointed: false,
            flagged,
            sensitive: false,
            listed: false,
            by_named: false,
            connection,
            step: self.head.steps,
            author: 0,
            digest: digest(self.head.key, &item, connection, writer),
        };
        let mut known = self.known();
        self.add_item(record, &item, false, &[], &mut known);
        self.keep_bounds();
    }

    /// The words that the user said.
    fn said(&self) -> Vec<Mark> {
        let held = self.entries(RECORD).filter_map(|(_, entry)| Held::read(entry));
        held.filter(|held| held.record.writer == Writer::User).flat_map(|h| h.marks()).collect()
    }

    fn known(&self) -> Known {
        Known { records: self.records(), mails: None }
    }

    /// Hash, writer and place of every record.
    fn records(&self) -> Vec<(u64, Writer, usize)> {
        let record = |entry| Held::read(entry).map(|held| (held.record.digest, held.record.writer));
        let entries = self.entries(RECORD);
        entries.filter_map(|(at, entry)| record(entry).map(|(d, w)| (d, w, at))).collect()
    }

    /// Adds a record, its words and its windows. A record that is there already is not added again; it
    /// keeps what is known of it.
    fn add_item(
        &mut self,
        record: Record,
        item: &Item<'_>,
        echo: bool,
        windows: &[u64],
        known: &mut Known,
    ) {
        let mut record = record;
        if record.flagged {
            // Whoever can place instructions in a record can write it.
            record.writer =
                if record.writer == Writer::User { Writer::User } else { Writer::Outsiders };
            self.set(READ_FLAGGED);
        }
        if record.writer == Writer::Outsiders && !echo {
            self.set(READ_UNTRUSTED);
        }
        let there = |(d, w, _): &&(u64, Writer, usize)| (*d, *w) == (record.digest, record.writer);
        if let Some((_, _, at)) = known.records.iter().find(there) {
            if record.pointed
                && let Some(flags) = self.bytes.get_mut(at.saturating_add(FLAGS_AT))
            {
                *flags |= POINTED;
            }
            return;
        }
        if echo {
            self.add(record, (&[], true), windows, known);
            return;
        }
        // A directory that is one plain text has its entries on lines or between commas.
        let mut lines = Vec::new();
        let parts = match item.parts.as_slice() {
            [part] if record.writer == Writer::Directory && item.plain => {
                lines.extend(part.text.lines().map(|text| Part { text, ..*part }));
                lines.as_slice()
            }
            parts => parts,
        };
        if record.writer != Writer::Directory {
            let parts: Vec<&Part<'_>> = parts.iter().collect();
            self.add(record, (&parts, item.plain), windows, known);
            return;
        }
        // An entry with a text in it is a text as a whole, whatever its lines look like.
        let free = parts.iter().filter(|part| part.key.is_empty() && !part.is_key);
        let words =
            free.map(|part| part.text.split_whitespace().count()).fold(0, usize::saturating_add);
        let prose = item.runs_on || (!item.plain && words > MAX_NAME_WORDS);
        let names = |part: &&Part<'_>| !prose && is_name(part.text);
        let (names, prose): (Vec<&Part<'_>>, Vec<&Part<'_>>) = parts.iter().partition(names);
        if prose.is_empty() {
            self.add(record, (&names, item.plain), windows, known);
            return;
        }
        self.add(record, (&names, item.plain), &[], known);
        self.set(READ_UNTRUSTED);
        let outsiders = Record { writer: Writer::Outsiders, ..record };
        self.add(outsiders, (&prose, item.plain), windows, known);
    }

    fn add(
        &mut self,
        record: Record,
        (parts, plain): (&[&Part<'_>], bool),
        windows: &[u64],
        known: &mut Known,
    ) {
        let class = record.writer.class();
        let max = MAX_WORDS.get(class).copied().unwrap_or_default();
        let mut marks = Vec::with_capacity(64);
        for part in parts {
            let print = match field(part.key, part.text) {
                Field::Text => TEXT,
                Field::Party => PARTY,
                Field::Id => ID,
            };
            let mut keep = |text: &str, print: u32| {
                let start = Mark { print, check: 0 };
                let left = max.saturating_sub(marks.len());
                let bounds = (left, record.writer != Writer::Outsiders);
                left == 0 || remembered(self.head.key, text, start, bounds, &mut marks)
            };
            let cut = if record.writer == Writer::Directory {
                let entries = entries(part.text, plain).into_iter();
                entries.fold(false, |cut, (entry, kind)| cut | keep(entry, kind))
            } else {
                keep(part.text, print)
            };
            if cut {
                self.set(CUT);
            }
        }
        if record.writer == Writer::Outsiders {
            let key = self.head.key;
            let mut mails = Vec::new();
            for part in parts.iter().filter(|part| part.text.contains('@')) {
                let mut words = Words::of(part.text);
                while let Some(word) = words.advance() {
                    mails.extend(if word.contains('@') { mail(key, word) } else { None });
                }
            }
            if !mails.is_empty() {
                let mut all = known.mails.take().unwrap_or_else(|| self.listed(MAILS));
                self.list_new(MAILS, mails, MAX_MAILS, &mut all);
                known.mails = Some(all);
            }
        }
        let (words, new) = (marks.as_slice(), u32::try_from(marks.len()).unwrap_or(u32::MAX));
        let at = New { record, words, windows }.append(&mut self.bytes);
        self.places.push((RECORD, at));
        known.records.push((record.digest, record.writer, at));
        if let Some(count) = self.head.words.get_mut(class) {
            *count = count.saturating_add(new);
        }
        let windows = u32::try_from(windows.len()).unwrap_or(u32::MAX);
        self.head.windows = self.head.windows.saturating_add(windows);
    }

    /// The number of a connection; none if there are too many.
    fn connection(&mut self, name: &str) -> Option<u8> {
        let mut count = 0usize;
        for held in self.held(CONNECTION) {
            let known = held.iter().rposition(|b| *b != 0).map_or(0, |at| at.saturating_add(1));
            if held.get(..known) == Some(name.as_bytes()) {
                return u8::try_from(count).ok();
            }
            count = count.saturating_add(1);
        }
        if count >= MAX_CONNECTIONS {
            return None;
        }
        self.append(CONNECTION, &[name.as_bytes()]);
        u8::try_from(count).ok()
    }
}

/// Whether every word of a name was said.
fn said_all(key: Key, name: &str, said: &[Mark]) -> bool {
    let (mut words, mut some) = (Words::of(name), false);
    while let Some(word) = words.advance() {
        some = true;
        if !said.contains(&key.mark(word)) {
            return false;
        }
    }
    some
}

/// The entries of a directory's text, between commas, colons, brackets and the like, each with what
/// stands before its words. A name of few words is known by each of them. What is longer, or has an
/// address in it, is known only as a whole: whoever can name a channel can write a sentence into its
/// name. Where structure tells the entries apart, one with an address in it is not cut either.
fn entries(text: &str, plain: bool) -> Vec<(&str, u32)> {
    let address = |entry: &str| {
        let mut words = Words::of(entry);
        core::iter::from_fn(|| words.advance().map(|word| link_like(word) || word.contains('@')))
            .any(|address| address)
    };
    let kind = |entry: &str| {
        let count = entry.split_whitespace().take(MAX_SHORT_NAME.saturating_add(1)).count();
        let short = count <= MAX_SHORT_NAME && (count <= 1 || !address(entry));
        if short { TEXT } else { WHOLE }
    };
    if !plain && address(text) {
        return vec![(text, kind(text))];
    }
    let between = |c: char| {
        matches!(c, ',' | ';' | '|' | '\n' | '"' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}')
    };
    let mut entries = Vec::new();
    for part in text.split(between) {
        // A colon stands behind a label, not inside an address.
        let (label, value) = part.split_once(": ").map_or((None, part), |(l, v)| (Some(l), v));
        entries.extend(label.into_iter().chain([value]).map(|entry| (entry, kind(entry))));
    }
    entries
}

/// Whether an entry of a directory can be a name, or names between commas.
fn is_name(text: &str) -> bool {
    let count = |text: &str| text.split_whitespace().count();
    let listed = |text: &str| {
        text.contains(',') && text.split(',').all(|name| count(name) <= MAX_LISTED_WORDS)
    };
    count(text) <= MAX_NAME_WORDS || listed(text)
}

/// The hash's upper bits decide, for the lower ones are what windows are looked up by.
pub(super) fn kept_at(window: u64, level: u8) -> bool {
    let mask = (1u64 << level.min(MAX_LEVEL)).wrapping_sub(1);
    (window >> 20) & mask == 0
}

fn digest(key: Key, item: &Item<'_>, connection: u8, writer: Writer) -> u64 {
    let size = item.parts.iter().map(|part| part.key.len().saturating_add(part.text.len()));
    let mut all =
        Vec::with_capacity(size.fold(64, |all, n| all.saturating_add(n.saturating_add(2))));
    all.extend([connection, u8::try_from(writer.class()).unwrap_or(u8::MAX)]);
    all.push(u8::from(writer == Writer::Directory));
    for part in &item.parts {
        all.extend_from_slice(part.key.as_bytes());
        all.push(b'\n');
        all.extend_from_slice(part.text.as_bytes());
        all.push(b'\n');
    }
    key.hash(&all)
}

/// Every fourth window of what was read, over the ends of its items.
#[derive(Debug, Default)]
struct Windows {
    /// What the next windows begin in: behind what is done with.
    essence: Vec<u32>,
    /// How much of it is before the next window that is kept.
    skip: usize,
    found: Vec<u64>,
}

impl Windows {
    fn take(&mut self, level: u8) {
        let Some(rest) = self.essence.get(self.skip..) else { return };
        let found = &mut self.found;
        let next = kept_windows(rest, |window| {
            if kept_at(window, level) {
                found.push(window);
            }
        });
        let next = self.skip.saturating_add(next);
        // The next window may begin behind all there is.
        let gone = next.min(self.essence.len());
        self.essence.drain(..gone);
        self.skip = next.saturating_sub(gone);
    }
}

const _: () = assert!(FIXED > ENTRY && HEAD.is_multiple_of(4));
