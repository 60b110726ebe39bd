//! What a session did and read, as bounded bytes.
//!
//! Kept, all as hashes: the words of the user, of trusted records and of text by outsiders, each with
//! the record it stood in; windows of what was read; attempts. A record knows its step, connection,
//! author, who could write it, whether the user pointed at it, and whether it held instructions.
//! Bounds: 2,048 words of the user, 4,096 of trusted records, 6,144 of others, 12,288 windows, 1,024
//! records, 256 attempts; below 300 KB. Older words and attempts drop, windows thin out, flags and
//! counts stay. No text is kept.

mod attempts;
mod compact;
mod format;
mod learn;
mod record;
mod supplied;
mod view;
mod wanted;

use countersign_core::{RiskError, Tool};

pub(crate) use self::attempts::{Before, Effects};
use self::format::{ENTRY, Entries, HEAD, Head, admit, entry_at};
pub(crate) use self::record::{Record, Writer};
pub(crate) use self::view::{Origin, View};
pub(crate) use self::wanted::Wanted;
use crate::hash::Key;

const MAX_ATTEMPTS: usize = 256;
/// Most words of the user, of trusted records, of outsiders.
const MAX_WORDS: [usize; 3] = [2_048, 4_096, 6_144];
const MAX_WINDOWS: usize = 12_288;
const MAX_RECORDS: usize = 1_024;
const MAX_CONNECTIONS: usize = 32;
const MAX_STEMS: usize = 1_024;
const MAX_SEEN: usize = 512;
const MAX_TOOLS: usize = 256;
/// More than one is not the only one.
const MAX_MAILS: usize = 2;
/// A window is kept at thinning level `n` with probability 1 / 2^n.
const MAX_LEVEL: u8 = 20;

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

/// A session's memory, to be added to. To judge by it there is [`View`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    head: Head,
    bytes: Vec<u8>,
    /// The kind and the place of each entry.
    places: Vec<(u8, usize)>,
}

impl Memory {
    /// Goes on with what [`Memory::into_bytes`] gave; nothing is a session never seen, whose key comes
    /// out of what it begins with.
    pub(crate) fn open(bytes: &[u8], first: &[&[u8]]) -> Result<Self, RiskError> {
        if bytes.is_empty() {
            return Ok(Self::begin(first));
        }
        let head = admit(bytes)?;
        Ok(Self { head, bytes: roomy(bytes), places: places(bytes)? })
    }

    /// Goes on with what is being looked at.
    pub(crate) fn of(view: &View<'_>, first: &[&[u8]]) -> Self {
        if view.bytes().is_empty() {
            return Self::begin(first);
        }
        // What was looked at is whole.
        let places = places(view.bytes()).unwrap_or_default();
        Self { head: *view.head(), bytes: roomy(view.bytes()), places }
    }

    fn begin(first: &[&[u8]]) -> Self {
        let head = Head { key: Key::of(first), ..Head::default() };
        Self { head, bytes: vec![0; HEAD], places: Vec::new() }
    }

    /// The bytes to be kept.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.head.write(&mut self.bytes);
        self.bytes
    }

    fn set(&mut self, flag: u32) {
        self.head.flags |= flag;
    }

    /// The entries of a kind, each with its place.
    fn entries(&self, kind: u8) -> impl Iterator<Item = (usize, &[u8])> {
        let places = self.places.iter().filter(move |(known, _)| *known == kind);
        places.filter_map(|(_, at)| Some((*at, entry_at(&self.bytes, *at)?)))
    }

    /// Appends an entry of a kind.
    fn append(&mut self, kind: u8, parts: &[&[u8]]) -> usize {
        let at = format::append(&mut self.bytes, kind, [0; 3], parts);
        self.places.push((kind, at));
        at
    }

    /// The entries of a kind without what every entry begins with.
    fn held(&self, kind: u8) -> impl Iterator<Item = &[u8]> {
        self.entries(kind).map(|(_, entry)| entry.get(ENTRY..).unwrap_or_default())
    }

    /// The hashes in the lists of a kind.
    fn listed(&self, kind: u8) -> Vec<u64> {
        let hashes = self.held(kind).flat_map(|list| list.as_chunks::<8>().0);
        hashes.map(|hash| u64::from_le_bytes(*hash)).collect()
    }

    /// Adds hashes to the lists of a kind, each once, as long as there is room.
    fn list(&mut self, kind: u8, hashes: impl IntoIterator<Item = u64>, max: usize) {
        let mut hashes = hashes.into_iter().peekable();
        if hashes.peek().is_some() {
            let mut known = self.listed(kind);
            self.list_new(kind, hashes, max, &mut known);
        }
    }

    /// The same where those that are there are known, to which the new ones are added.
    fn list_new(
        &mut self,
        kind: u8,
        hashes: impl IntoIterator<Item = u64>,
        max: usize,
        known: &mut Vec<u64>,
    ) {
        let before = known.len();
        for hash in hashes {
            if known.len() < max && !known.contains(&hash) {
                known.push(hash);
            }
        }
        let new = known.get(before..).unwrap_or_default();
        if !new.is_empty() {
            let list: Vec<u8> = new.iter().flat_map(|hash| hash.to_le_bytes()).collect();
            self.append(kind, &[&list]);
        }
    }
}

/// The kind and the place of each entry.
fn places(bytes: &[u8]) -> Result<Vec<(u8, usize)>, RiskError> {
    let kind = |entry: &[u8]| entry.first().copied().unwrap_or_default();
    Entries::of(bytes).map(|entry| entry.map(|(at, entry)| (kind(entry), at))).collect()
}

/// A copy with room for what a step adds.
fn roomy(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(bytes.len().saturating_add(8 * 1024));
    copy.extend_from_slice(bytes);
    copy
}

#[cfg(test)]
mod tests;
