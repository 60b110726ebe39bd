//! What a session reads and hears goes into its memory.

use countersign_core::{Effect, Source, Tool, Trust};

use super::{
    CUT, FIELD, ID, MAX_CONNECTIONS, MAX_GRAMS, MAX_LEVEL, MAX_SOURCES, MAX_STEMS, MAX_TRUSTED,
    MAX_UNTRUSTED, MAX_USER, Memory, POSITION, READ_FLAGGED, READ_PRIVATE, READ_UNTRUSTED, Record,
    USER_SPOKE, Word, Writer, connection,
};
use crate::answer::{Answer, Field, Item, Part, author, field};
use crate::flag;
use crate::intent;
use crate::text::{Mark, Rolling, STRIDE, essence, marks, prefix};

/// An entry of a directory is a name; what has more words is a text, which outsiders may have written.
const MAX_NAME_WORDS: usize = 12;
/// The same for one of several names between commas.
const MAX_LISTED_WORDS: usize = 6;

impl Memory {
    /// A tool returned a text.
    pub(crate) fn returned(&mut self, tool: &Tool, text: &str) {
        let (step, pointed) = self.answered(tool);
        if text.trim().is_empty() {
            return;
        }
        let returns = tool.returns();
        let reads = tool.effect() == Effect::Read;
        if returns.private {
            self.private_reads = self.private_reads.saturating_add(1);
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
        let (answer, cut) = Answer::read(text);
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
        let mut rolling = Windows::default();
        for item in answer.items() {
            let flagged = !echo && item.texts.iter().any(|text| flag::is_flagged(text));
            let sensitive =
                returns.private && item.texts.iter().any(|text| flag::is_sensitive(text));
            let digest = digest(&item, connection, writer);
            let record = Record {
                writer,
                private: returns.private,
                pointed,
                flagged,
                sensitive,
                connection,
                step,
                author: author(&item).map_or(Mark::BREAK, |name| Mark::of(&name.to_lowercase())),
                digest,
            };
            self.add_item(record, &item, echo);
            let at = self.records.len().saturating_sub(1);
            let at = u64::try_from(at).unwrap_or(u64::MAX) & 0xffff;
            if reads || returns.private {
                let content = item.parts.iter().filter(|part| !part.is_key);
                for c in content.flat_map(|part| essence(part.text)) {
                    rolling.push(c, at);
                }
            }
        }
        self.add_grams(rolling.found);
    }

    /// The agent read a text on another way.
    pub(crate) fn observed(&mut self, source: Source, text: &str) {
        let (writer, flagged) = match source {
            Source::User => (Writer::User, false),
            Source::Untrusted => (Writer::Outsiders, flag::is_flagged(text)),
        };
        if source == Source::User {
            self.set(USER_SPOKE);
            let kept = prefix(text, crate::answer::MAX_ANSWER);
            self.asked = intent::asked(self.asked, kept);
            for stem in intent::stems(kept) {
                let mark = Mark::of(&stem);
                if let Err(at) = self.stems.binary_search(&mark)
                    && self.stems.len() < MAX_STEMS
                {
                    self.stems.insert(at, mark);
                }
            }
        }
        let Some(connection) = self.connection("") else { return };
        let text = prefix(text, crate::answer::MAX_ANSWER);
        let part = Part { key: "", text, is_key: false };
        let item = Item { parts: vec![part], texts: vec![text], plain: true };
        let record = Record {
            writer,
            private: false,
            pointed: false,
            flagged,
            sensitive: false,
            connection,
            step: self.steps,
            author: Mark::BREAK,
            digest: digest(&item, connection, writer),
        };
        self.add_item(record, &item, false);
    }

    /// Adds a record and its words. A record that is there already is not added again; it keeps what
    /// is known of it.
    fn add_item(&mut self, record: Record, item: &Item<'_>, echo: bool) {
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
        let there = |r: &&mut Record| (r.digest, r.writer) == (record.digest, record.writer);
        if let Some(known) = self.records.iter_mut().find(there) {
            known.pointed |= record.pointed;
            return;
        }
        let at = self.add_record(record);
        if echo {
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
        // An entry with a text in it is a text as a whole, whatever its lines look like.
        let free = parts.iter().filter(|part| part.key.is_empty() && !part.is_key);
        let words =
            free.map(|part| part.text.split_whitespace().count()).fold(0, usize::saturating_add);
        let prose = !item.plain && words > MAX_NAME_WORDS;
        let names =
            |part: &&Part<'_>| record.writer != Writer::Directory || (!prose && is_name(part.text));
        let (names, prose): (Vec<&Part<'_>>, Vec<&Part<'_>>) = parts.iter().partition(names);
        self.add_words(&names, record.writer, at);
        if !prose.is_empty() {
            self.set(READ_UNTRUSTED);
            let at = self.add_record(Record { writer: Writer::Outsiders, ..record });
            self.add_words(&prose, Writer::Outsiders, at);
        }
    }

    fn add_record(&mut self, record: Record) -> u16 {
        if self.records.len() >= MAX_SOURCES {
            self.set(CUT);
            // The last place stands for all that are too many, with the worst of each.
            if let Some(last) = self.records.last_mut() {
                last.writer = Writer::Outsiders;
                last.pointed = false;
                last.flagged |= record.flagged;
                last.private |= record.private;
            }
        } else {
            self.records.push(record);
        }
        u16::try_from(self.records.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }

    fn add_words(&mut self, parts: &[&Part<'_>], writer: Writer, record: u16) {
        let max = match writer {
            Writer::User => MAX_USER,
            Writer::Own | Writer::Directory => MAX_TRUSTED,
            Writer::Outsiders => MAX_UNTRUSTED,
        };
        let mut left = max;
        for part in parts {
            let kind = match field(part.key, part.text) {
                Field::Text => 0,
                Field::Party => FIELD,
                Field::Id => ID,
            };
            let marks = marks(part.text, left);
            left = left.saturating_sub(marks.len());
            if left == 0 {
                self.set(CUT);
            }
            for mark in marks {
                self.position = self.position.wrapping_add(1) & POSITION;
                if mark != Mark::BREAK {
                    self.words.push(Word { mark, position: self.position | kind, record });
                }
            }
        }
        self.drop_words(writer, max);
    }

    /// The oldest words of a writer's class drop.
    fn drop_words(&mut self, writer: Writer, max: usize) {
        let class = |w: Writer| match w {
            Writer::User => 0u8,
            Writer::Own | Writer::Directory => 1,
            Writer::Outsiders => 2,
        };
        let records = &self.records;
        let same = |word: &Word| {
            let of = records.get(usize::from(word.record));
            of.is_some_and(|record| class(record.writer) == class(writer))
        };
        let surplus = self.words.iter().filter(|w| same(w)).count().saturating_sub(max);
        if surplus == 0 {
            return;
        }
        let mut positions: Vec<u32> =
            self.words.iter().filter(|w| same(w)).map(|w| w.position & POSITION).collect();
        positions.sort_unstable();
        if let Some(least) = positions.get(surplus) {
            self.words.retain(|w| !same(w) || w.position & POSITION >= *least);
        }
    }

    /// The number of a connection; none if there are too many.
    fn connection(&mut self, name: &str) -> Option<u8> {
        let known = self.connections.iter().position(|known| known == name);
        let at = match known {
            Some(at) => at,
            None if self.connections.len() < MAX_CONNECTIONS => {
                self.connections.push(name.to_owned());
                self.connections.len().saturating_sub(1)
            }
            None => return None,
        };
        u8::try_from(at).ok()
    }

    /// When there are too many, every second window is dropped, chosen by its hash. So nothing can be
    /// pushed out by reading something else: a long text that leaks is still found, a short one less
    /// surely.
    #[expect(clippy::stable_sort_primitive, reason = "it merges runs that are sorted already")]
    fn add_grams(&mut self, found: Vec<u64>) {
        let level = self.level;
        self.grams.extend(found.into_iter().filter(|gram| kept_at(*gram, level)));
        // Sorted but for what was just found, which a stable sort merges in.
        self.grams.sort();
        self.grams.dedup();
        while self.grams.len() > MAX_GRAMS && self.level < MAX_LEVEL {
            self.level = self.level.saturating_add(1);
            let level = self.level;
            self.grams.retain(|gram| kept_at(*gram, level));
        }
        if self.grams.len() > MAX_GRAMS {
            self.set(CUT);
            self.grams.truncate(MAX_GRAMS);
        }
    }
}

/// Whether an entry of a directory can be a name, or names between commas.
fn is_name(text: &str) -> bool {
    let count = |text: &str| text.split_whitespace().count();
    let listed = |text: &str| {
        text.contains(',') && text.split(',').all(|name| count(name) <= MAX_LISTED_WORDS)
    };
    count(text) <= MAX_NAME_WORDS || listed(text)
}

/// The hash's upper bits decide, for the lower ones are what windows are told apart by.
fn kept_at(gram: u64, level: u8) -> bool {
    let mask = (1u64 << level.min(MAX_LEVEL)).wrapping_sub(1);
    (gram >> 40) & mask == 0
}

fn digest(item: &Item<'_>, connection: u8, writer: Writer) -> [u8; 8] {
    let mut all = format!("{connection} {writer:?}\n");
    for part in &item.parts {
        all.push_str(part.key);
        all.push('\n');
        all.push_str(part.text);
        all.push('\n');
    }
    let Mark(mark) = Mark::of(&all);
    mark.first_chunk().copied().unwrap_or_default()
}

/// Every fourth window of what was read, with its record.
#[derive(Debug, Default)]
struct Windows {
    rolling: Rolling,
    seen: usize,
    found: Vec<u64>,
}

impl Windows {
    fn push(&mut self, c: char, record: u64) {
        if let Some(hash) = self.rolling.push(c) {
            if self.seen.is_multiple_of(STRIDE) {
                self.found.push(hash << 16 | record);
            }
            self.seen = self.seen.saturating_add(1);
        }
    }
}
