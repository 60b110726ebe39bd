//! What a session did and read, as bounded bytes.
//!
//! Kept, all as hashes: the words of the user, of trusted records and of text by outsiders, each with
//! the record it stood in; windows of what was read; attempts. A record knows its step, connection,
//! author, who could write it, whether the user pointed at it, and whether it held instructions.
//! Bounds: 2,048 words of the user, 4,096 of trusted records, 6,144 of others, 12,288 windows, 1,024
//! records, 256 attempts; below 400 KB. Older words and attempts drop, windows thin out, flags and
//! counts stay. No text is kept.

mod attempts;
mod format;
mod learn;
mod view;
mod write;

use countersign_core::{RiskError, Tool};

pub(crate) use self::attempts::{Before, Effects};
pub(crate) use self::view::{Origin, View};
use crate::intent::Asked;
use crate::text::Mark;
use format::Reader;

const MAX_ATTEMPTS: usize = 256;
const MAX_USER: usize = 2_048;
const MAX_TRUSTED: usize = 4_096;
const MAX_UNTRUSTED: usize = 6_144;
const MAX_GRAMS: usize = 12_288;
const MAX_SOURCES: usize = 1_024;
const MAX_CONNECTIONS: usize = 32;
const MAX_READS: usize = 32;
const MAX_STEMS: usize = 1_024;
const MAX_SEEN: usize = 512;
const MAX_TOOLS: usize = 256;
/// A window is kept at thinning level `n` with probability 1 / 2^n.
const MAX_LEVEL: u8 = 20;

/// Who could write a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Writer {
    User,
    Own,
    Directory,
    Outsiders,
}

/// A record that was read: an item of a listing, or a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(crate) struct Record {
    pub(crate) writer: Writer,
    /// It reveals private data.
    pub(crate) private: bool,
    /// The user's request points at it: names what was read, or the kind of thing.
    pub(crate) pointed: bool,
    /// It holds what looks like instructions to an agent.
    pub(crate) flagged: bool,
    /// It holds personal data that counts by itself.
    pub(crate) sensitive: bool,
    pub(crate) connection: u8,
    pub(crate) step: u32,
    pub(crate) author: Mark,
    digest: [u8; 8],
}

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Word {
    mark: Mark,
    /// Consecutive in a text; a gap between two texts. The upper bits say what kind of field.
    position: u32,
    record: u16,
}

/// A value of a field that the provider fills: sender, participants and the like.
const FIELD: u32 = 1 << 31;
/// A value of a field that holds an identifier.
const ID: u32 = 1 << 30;
const POSITION: u32 = ID - 1;

/// A changing call that was attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempt {
    tool: Mark,
    arguments: Mark,
    at: i64,
    /// In hundredths; zero where no money moves.
    amount: u64,
    currency: [u8; 8],
    /// How often the very same call was attempted.
    count: u32,
}

/// A read whose answer has not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    tool: Mark,
    step: u32,
    pointed: bool,
}

/// A session's memory, taken apart to be added to. To judge by it there is [`View`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Memory {
    flags: u32,
    private_reads: u32,
    steps: u32,
    asked: Asked,
    position: u32,
    /// Until when attempts that were dropped would have counted, in milliseconds.
    full_until: i64,
    level: u8,
    connections: Vec<String>,
    records: Vec<Record>,
    words: Vec<Word>,
    grams: Vec<u64>,
    attempts: Vec<Attempt>,
    reads: Vec<Reading>,
    stems: Vec<Mark>,
    seen: Vec<Mark>,
    tools: Vec<(Mark, Mark)>,
}

/// The user's own words were heard.
const USER_SPOKE: u32 = 1;
/// Text that outsiders can write was read.
const READ_UNTRUSTED: u32 = 1 << 1;
/// Something was too much to be kept whole.
const CUT: u32 = 1 << 2;
/// A private answer was read.
const READ_PRIVATE: u32 = 1 << 3;
/// Something that looks like instructions to an agent was read.
const READ_FLAGGED: u32 = 1 << 4;

/// The name under which reads of a tool are kept: its connection, or nothing for local tools, which
/// all run in one place.
pub(crate) fn connection(tool: &Tool) -> &str {
    tool.connection().map_or("", |c| c.as_str())
}

impl Memory {
    /// Reads what [`Memory::to_bytes`] wrote; nothing is a session never seen.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, RiskError> {
        let view = View::read(bytes)?;
        let mut memory = Self {
            flags: view.flags,
            private_reads: view.private_reads,
            steps: view.steps,
            asked: view.asked,
            position: view.position,
            full_until: view.full_until,
            level: view.level,
            connections: view.connections().map(str::to_owned).collect(),
            ..Self::default()
        };
        memory.records = view.records().collect();
        memory.words = view.all_words().collect();
        memory.grams = view.all_grams().collect();
        memory.attempts = view.attempts().collect();
        memory.reads = view.reads().collect();
        memory.stems = view::marks(view.stems).collect();
        memory.seen = view::marks(view.seen).collect();
        memory.tools = view.pins().collect();
        Ok(memory)
    }

    fn set(&mut self, flag: u32) {
        self.flags |= flag;
    }
}

impl Record {
    fn read(reader: &mut Reader<'_>) -> Self {
        let (writer, flags, connection, _) = (reader.u8(), reader.u8(), reader.u8(), reader.u8());
        let step = reader.u32();
        let author = reader.mark();
        let digest = reader.u64().to_le_bytes();
        let _ = reader.u32();
        Self {
            writer: match writer {
                0 => Writer::User,
                1 => Writer::Own,
                2 => Writer::Directory,
                _ => Writer::Outsiders,
            },
            private: flags & 1 != 0,
            pointed: flags & 2 != 0,
            flagged: flags & 4 != 0,
            sensitive: flags & 8 != 0,
            connection,
            step,
            author,
            digest,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let writer = match self.writer {
            Writer::User => 0u8,
            Writer::Own => 1,
            Writer::Directory => 2,
            Writer::Outsiders => 3,
        };
        let bits = [self.private, self.pointed, self.flagged, self.sensitive];
        let flags = bits.iter().rev().fold(0u8, |all, bit| (all << 1) | u8::from(*bit));
        out.extend([writer, flags, self.connection, 0]);
        out.extend(self.step.to_le_bytes());
        out.extend(self.author.0);
        out.extend(self.digest);
        out.extend([0; 4]);
    }

    /// Whether the user or a trusted record names what stands in it.
    pub(crate) fn names(&self) -> bool {
        match self.writer {
            Writer::User => true,
            Writer::Own | Writer::Directory => !self.flagged,
            Writer::Outsiders => false,
        }
    }
}

#[cfg(test)]
mod tests;
