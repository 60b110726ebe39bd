//! A session's memory as a judgement reads it: where it lies, without decoding.

use countersign_core::RiskError;

use super::format::{ATTEMPT, GRAM, HEAD, MARK, READ, Reader, SECTIONS, SOURCE, TOOL, WORD, admit};
use super::write::slot;
use super::{
    Attempt, CUT, FIELD, ID, MAX_ATTEMPTS, MAX_CONNECTIONS, MAX_GRAMS, MAX_LEVEL, MAX_READS,
    MAX_SEEN, MAX_SOURCES, MAX_STEMS, MAX_TOOLS, MAX_TRUSTED, MAX_UNTRUSTED, MAX_USER, POSITION,
    READ_FLAGGED, READ_PRIVATE, READ_UNTRUSTED, Reading, Record, USER_SPOKE, Word, Writer,
};
use crate::intent::Asked;
use crate::text::{Mark, words};

/// A memory's bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct View<'a> {
    pub(super) flags: u32,
    pub(crate) private_reads: u32,
    pub(crate) steps: u32,
    pub(crate) asked: Asked,
    pub(super) position: u32,
    pub(super) full_until: i64,
    pub(super) level: u8,
    names: &'a str,
    records: &'a [[u8; SOURCE]],
    words: &'a [[u8; WORD]],
    grams: &'a [[u8; GRAM]],
    filter: &'a [u8],
    attempts: &'a [[u8; ATTEMPT]],
    reads: &'a [[u8; READ]],
    pub(super) stems: &'a [[u8; MARK]],
    pub(super) seen: &'a [[u8; MARK]],
    tools: &'a [[u8; TOOL]],
}

/// Where a value stood in what was said and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(crate) struct Origin {
    /// The user said it.
    pub(crate) user: bool,
    /// A trusted record holds it.
    pub(crate) trusted: bool,
    /// A field that the provider fills holds it, in a record by outsiders without instructions.
    pub(crate) field: bool,
    /// The same for a field with an identifier.
    pub(crate) id: bool,
    /// A record that the user pointed at holds it, without instructions in it.
    pub(crate) pointed: bool,
    /// A record with instructions in it holds it: the step.
    pub(crate) flagged: Option<u32>,
    /// The first step at which outsiders' text held it.
    pub(crate) outsiders: Option<u32>,
}

impl Origin {
    /// Whether the user or a trusted record named it.
    pub(crate) fn is_named(&self) -> bool {
        self.user || self.trusted
    }
}

impl<'a> View<'a> {
    /// Looks at what [`super::Memory::to_bytes`] wrote; nothing is a session never seen.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, RiskError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut reader = admit(bytes)?;
        let [flags, private_reads, steps, asked, position] = [(); 5].map(|()| reader.u32());
        let full_until = reader.i64();
        let level = reader.u8();
        let _ = reader.take(3);
        let counts: [u32; SECTIONS] = [(); SECTIONS].map(|()| reader.u32());
        let mut reader = Reader::new(bytes.get(HEAD..).unwrap_or_default());
        let words_most = MAX_USER.saturating_add(MAX_TRUSTED).saturating_add(MAX_UNTRUSTED);
        let [names, records, words, grams, filter, attempts, reads, stems, seen, tools] = counts;
        let most = [
            (names, 16_384),
            (records, MAX_SOURCES),
            (words, words_most),
            (grams, MAX_GRAMS),
            (filter, 1 << 20),
            (attempts, MAX_ATTEMPTS),
            (reads, MAX_READS),
            (stems, MAX_STEMS),
            (seen, MAX_SEEN),
            (tools, MAX_TOOLS),
        ];
        let fits = most.iter().all(|(n, max)| usize::try_from(*n).is_ok_and(|n| n <= *max));
        let view = Self {
            flags,
            private_reads,
            steps,
            asked: Asked(asked),
            position,
            full_until,
            level,
            names: core::str::from_utf8(reader.records(names, 1)).map_err(|_| RiskError::Memory)?,
            records: reader.records(records, SOURCE).as_chunks().0,
            words: reader.records(words, WORD).as_chunks().0,
            grams: reader.records(grams, GRAM).as_chunks().0,
            filter: reader.records(filter, 1),
            attempts: reader.records(attempts, ATTEMPT).as_chunks().0,
            reads: reader.records(reads, READ).as_chunks().0,
            stems: reader.records(stems, MARK).as_chunks().0,
            seen: reader.records(seen, MARK).as_chunks().0,
            tools: reader.records(tools, TOOL).as_chunks().0,
        };
        let power = filter == 0 || filter.is_power_of_two();
        let few = view.connections().count() <= MAX_CONNECTIONS && level <= MAX_LEVEL;
        if fits && few && power && reader.whole() { Ok(view) } else { Err(RiskError::Memory) }
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn user_spoke(&self) -> bool {
        self.has(USER_SPOKE)
    }

    pub(crate) fn read_untrusted(&self) -> bool {
        self.has(READ_UNTRUSTED)
    }

    pub(crate) fn read_private(&self) -> bool {
        self.has(READ_PRIVATE)
    }

    /// Whether something that looks like instructions to an agent was read.
    pub(crate) fn read_flagged(&self) -> bool {
        self.has(READ_FLAGGED)
    }

    /// Whether content is compared with a part of what was read only.
    pub(crate) fn is_sample(&self) -> bool {
        self.has(CUT) || self.level > 0
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        // Local tools have the empty name, so that one name is none or one.
        let some = !self.records.is_empty() || !self.names.is_empty();
        self.names.split('\n').filter(move |_| some)
    }

    /// The name of a record's connection.
    pub(crate) fn connection(&self, record: &Record) -> &'a str {
        self.names.split('\n').nth(usize::from(record.connection)).unwrap_or_default()
    }

    pub(super) fn records(&self) -> impl Iterator<Item = Record> + use<'a> {
        self.records.iter().map(|bytes| Record::read(&mut Reader::new(bytes)))
    }

    fn record(&self, at: u16) -> Option<Record> {
        let bytes = self.records.get(usize::from(at))?;
        Some(Record::read(&mut Reader::new(bytes)))
    }

    pub(super) fn all_words(&self) -> impl Iterator<Item = Word> + use<'a> {
        self.words.iter().map(word)
    }

    pub(super) fn all_grams(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.grams.iter().map(|gram| u64::from_le_bytes(*gram))
    }

    pub(super) fn attempts(&self) -> impl Iterator<Item = Attempt> + use<'a> {
        self.attempts.iter().map(|bytes| {
            let mut reader = Reader::new(bytes);
            Attempt {
                tool: reader.mark(),
                arguments: reader.mark(),
                at: reader.i64(),
                amount: reader.u64(),
                currency: reader.u64().to_le_bytes(),
                count: reader.u32(),
            }
        })
    }

    pub(super) fn reads(&self) -> impl Iterator<Item = Reading> + use<'a> {
        self.reads.iter().map(|bytes| {
            let mut reader = Reader::new(bytes);
            Reading { tool: reader.mark(), step: reader.u32(), pointed: reader.u8() != 0 }
        })
    }

    pub(super) fn pins(&self) -> impl Iterator<Item = (Mark, Mark)> + use<'a> {
        self.tools.iter().map(|bytes| {
            let mut reader = Reader::new(bytes);
            (reader.mark(), reader.mark())
        })
    }

    /// Whether the user's request holds a word with this stem.
    pub(crate) fn said_stem(&self, stem: &str) -> bool {
        self.stems.binary_search(&Mark::of(stem).0).is_ok()
    }

    /// Whether the session sent to this recipient or domain before.
    pub(crate) fn has_seen(&self, mark: Mark) -> bool {
        self.seen.binary_search(&mark.0).is_ok()
    }

    /// The digest under which a tool of this name was called before.
    pub(crate) fn pinned(&self, name: Mark) -> Option<Mark> {
        let at = self.tools.binary_search_by(|pair| pair.get(..MARK).cmp(&Some(&name.0[..])));
        self.pins().nth(at.ok()?).map(|(_, digest)| digest)
    }

    /// Where the words of a value stand one after the other. A value without a word stands nowhere.
    pub(crate) fn origin(&self, value: &str) -> Origin {
        let marks: Vec<Mark> = words(value).map(|word| Mark::of(&word)).collect();
        self.origin_of(&marks)
    }

    /// The same for words that are marked already.
    pub(crate) fn origin_of(&self, marks: &[Mark]) -> Origin {
        let mut origin = Origin::default();
        let Some((first, rest)) = marks.split_first() else { return origin };
        for word in self.at(*first) {
            let position = word.position & POSITION;
            let follows = |(i, mark): (u32, &Mark)| {
                self.stands(*mark, position.saturating_add(i).saturating_add(1))
            };
            if (0u32..).zip(rest).all(follows) {
                self.add(&mut origin, &word);
            }
        }
        origin
    }

    fn add(&self, origin: &mut Origin, word: &Word) {
        let Some(record) = self.record(word.record) else { return };
        if record.flagged {
            origin.flagged.get_or_insert(record.step);
        }
        match record.writer {
            Writer::User => origin.user = true,
            Writer::Own | Writer::Directory => origin.trusted |= record.names(),
            Writer::Outsiders => {
                let least = origin.outsiders.map_or(record.step, |step| step.min(record.step));
                origin.outsiders = Some(least);
                origin.field |= word.position & FIELD != 0 && !record.flagged;
                origin.id |= word.position & ID != 0 && !record.flagged;
                origin.pointed |= record.pointed && !record.flagged;
            }
        }
    }

    /// All places of a word.
    fn at(&self, mark: Mark) -> impl Iterator<Item = Word> + use<'a> {
        let from = self.words.partition_point(|bytes| bytes.first_chunk() < Some(&mark.0));
        let rest = self.words.get(from..).unwrap_or_default();
        rest.iter().map(word).take_while(move |word| word.mark == mark)
    }

    /// Whether a word stands at a position.
    fn stands(&self, mark: Mark, position: u32) -> bool {
        let key = |bytes: &[u8; WORD]| {
            let word = word(bytes);
            (word.mark, word.position & POSITION)
        };
        self.words.binary_search_by(|bytes| key(bytes).cmp(&(mark, position))).is_ok()
    }

    /// The first record on another connection that a window of this hash was read from.
    pub(crate) fn read_elsewhere(&self, connection: &str, hash: u64) -> Option<Record> {
        self.read_from(hash, |record| self.connection(record) != connection)
    }

    /// The first record with personal data that a window of this hash was read from.
    pub(crate) fn read_sensitive(&self, hash: u64) -> Option<Record> {
        self.read_from(hash, |record| record.sensitive)
    }

    fn read_from(&self, hash: u64, fits: impl Fn(&Record) -> bool) -> Option<Record> {
        let (byte, bit) = slot(hash, self.filter.len());
        if self.filter.get(byte).is_none_or(|byte| byte & bit == 0) {
            return None;
        }
        let number = |bytes: &[u8; GRAM]| u64::from_le_bytes(*bytes);
        let from = self.grams.partition_point(|bytes| number(bytes) >> 16 < hash);
        let rest = self.grams.get(from..).unwrap_or_default();
        let same = rest.iter().map(number).take_while(|gram| gram >> 16 == hash);
        let mut records =
            same.filter_map(|gram| self.record(u16::try_from(gram & 0xffff).unwrap_or(u16::MAX)));
        records.find(fits)
    }
}

fn word(bytes: &[u8; WORD]) -> Word {
    let mut reader = Reader::new(bytes);
    Word { mark: reader.mark(), position: reader.u32(), record: reader.u16() }
}

/// The marks of a section.
pub(super) fn marks(section: &[[u8; MARK]]) -> impl Iterator<Item = Mark> {
    section.iter().map(|bytes| Mark(*bytes))
}
