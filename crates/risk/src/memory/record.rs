//! What is known of a text that was read, and where its words stand.
//!
//! ```text
//!   0  kind, writer, flags, connection    u8 each
//!   4  length of the entry   u32
//!   8  step                  u32
//!  12  words, windows        u16 each
//!  16  hash of the author    u64
//!  24  hash of all of it     u64
//!  32  prints of the words u32 | checks of the words u64, but for outsiders | windows u32 | their 33rd to 40th bit u8
//! ```

use crate::hash::Mark;

use super::format::{ENTRY, RECORD, append, array, finish, put, u16_at, u32_at, u64_at};

/// Who could write a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Writer {
    User,
    Own,
    Directory,
    Outsiders,
}

impl Writer {
    /// Which words count together: the user's, those of trusted records, those of others.
    pub(super) fn class(self) -> usize {
        match self {
            Self::User => 0,
            Self::Own | Self::Directory => 1,
            Self::Outsiders => 2,
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::User => 0,
            Self::Own => 1,
            Self::Directory => 2,
            Self::Outsiders => 3,
        }
    }
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
    /// It is one of several that were read at once.
    pub(crate) listed: bool,
    /// The user named its author.
    pub(crate) by_named: bool,
    pub(crate) connection: u8,
    pub(crate) step: u32,
    pub(super) author: u64,
    pub(super) digest: u64,
}

/// Bytes of a record before its words.
pub(super) const FIXED: usize = 32;
/// Where a record's flags stand in its entry.
pub(super) const FLAGS_AT: usize = 2;
pub(super) const POINTED: u8 = 2;

impl Record {
    pub(super) fn flags(&self) -> u8 {
        let bits =
            [self.private, self.pointed, self.flagged, self.sensitive, self.listed, self.by_named];
        bits.iter().rev().fold(0u8, |all, bit| (all << 1) | u8::from(*bit))
    }

    fn read(entry: &[u8; FIXED]) -> Self {
        let [_, writer, flags, connection] = array(entry, 0);
        Self {
            writer: match writer {
                0 => Writer::User,
                1 => Writer::Own,
                2 => Writer::Directory,
                _ => Writer::Outsiders,
            },
            private: flags & 1 != 0,
            pointed: flags & POINTED != 0,
            flagged: flags & 4 != 0,
            sensitive: flags & 8 != 0,
            listed: flags & 16 != 0,
            by_named: flags & 32 != 0,
            connection,
            step: u32_at(entry, 8),
            author: u64_at(entry, 16),
            digest: u64_at(entry, 24),
        }
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

/// A record with its words and windows, where they lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held<'a> {
    pub(crate) record: Record,
    pub(super) prints: &'a [[u8; 4]],
    /// Empty for words of outsiders.
    pub(super) checks: &'a [[u8; 8]],
    pub(super) low: &'a [[u8; 4]],
    pub(super) high: &'a [u8],
}

impl<'a> Held<'a> {
    /// Takes an entry apart; none if it is too short for what it says.
    pub(super) fn read(entry: &'a [u8]) -> Option<Self> {
        let (head, rest) = entry.split_first_chunk::<FIXED>()?;
        let record = Record::read(head);
        let words = usize::from(u16_at(head, 12));
        let windows = usize::from(u16_at(head, 14));
        let (prints, rest) = rest.split_at_checked(words.checked_mul(4)?)?;
        let strong = if record.writer == Writer::Outsiders { 0 } else { words.checked_mul(8)? };
        let (checks, rest) = rest.split_at_checked(strong)?;
        let (low, rest) = rest.split_at_checked(windows.checked_mul(4)?)?;
        Some(Self {
            record,
            prints: prints.as_chunks().0,
            checks: checks.as_chunks().0,
            low: low.as_chunks().0,
            high: rest.get(..windows)?,
        })
    }

    /// The words' marks; of outsiders' words without what tells them apart.
    pub(super) fn marks(&self) -> impl Iterator<Item = Mark> + use<'a> {
        let checks = self.checks.iter().map(|check| u64::from_le_bytes(*check));
        let prints = self.prints.iter().map(|print| u32::from_le_bytes(*print));
        prints.zip(checks.chain(core::iter::repeat(0))).map(|(print, check)| Mark { print, check })
    }

    /// The windows' hashes.
    pub(super) fn windows(&self) -> impl Iterator<Item = u64> + use<'a> {
        let low = self.low.iter().map(|low| u64::from(u32::from_le_bytes(*low)));
        low.zip(self.high).map(|(low, high)| low | u64::from(*high) << 32)
    }
}

/// A record as an entry is made of it.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub(super) record: Record,
    pub(super) words: &'a [Mark],
    pub(super) windows: &'a [u64],
}

impl New<'_> {
    pub(super) fn append(&self, bytes: &mut Vec<u8>) -> usize {
        let record = &self.record;
        let words = u16::try_from(self.words.len()).unwrap_or(u16::MAX);
        let windows = u16::try_from(self.windows.len()).unwrap_or(u16::MAX);
        let kept = self.words.iter().take(usize::from(words));
        let mut fixed = [0u8; FIXED - ENTRY];
        put(&mut fixed, 0, &record.step.to_le_bytes());
        put(&mut fixed, 4, &words.to_le_bytes());
        put(&mut fixed, 6, &windows.to_le_bytes());
        put(&mut fixed, 8, &record.author.to_le_bytes());
        put(&mut fixed, 16, &record.digest.to_le_bytes());
        let own = [record.writer.code(), record.flags(), record.connection];
        let at = append(bytes, RECORD, own, &[&fixed]);
        for mark in kept.clone() {
            bytes.extend(mark.print.to_le_bytes());
        }
        if record.writer != Writer::Outsiders {
            for mark in kept {
                bytes.extend(mark.check.to_le_bytes());
            }
        }
        let kept = self.windows.iter().take(usize::from(windows));
        for window in kept.clone() {
            let [a, b, c, d, ..] = window.to_le_bytes();
            bytes.extend([a, b, c, d]);
        }
        bytes.extend(kept.map(|window| window.to_le_bytes()[4]));
        finish(bytes, at);
        at
    }
}
