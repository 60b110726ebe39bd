//! The bytes of a session's memory: a head that changes in place, and entries that are appended.
//!
//! ```text
//!    0  "CSR4"                        magic and version
//!    4  length of the whole           u32
//!    8  checksum of all that follows  u64, against damage and not against forgery
//!   16  key of the words' hashes      16 bytes
//!   32  flags, private reads, steps, words of the user, of trusted records and of others, windows  u32
//!   60  level u8, 3 bytes of zero
//!   64  what was asked                u64
//!   72  until when dropped attempts would have counted, in milliseconds  i64
//!   80  reads that wait for their answers, 16 times: tool u64, step u32, pointed u32; 0 for none
//!  336  entries: kind u8, 3 bytes of the kind's own, length of the whole entry u32, a multiple of 4
//! ```
//!
//! All numbers are little-endian. A step appends what it adds and changes some bytes of the head, so
//! that two versions of a memory differ in few places. Where a section would grow too large, the
//! entries are written anew (`compact`), which halves it.

use countersign_core::RiskError;

use crate::hash::Key;
use crate::intent::Asked;

pub(crate) const MAGIC: [u8; 4] = *b"CSR4";
pub(crate) const READS: usize = 16;
pub(crate) const READ: usize = 16;
pub(crate) const READS_AT: usize = 80;
pub(crate) const HEAD: usize = READS_AT + READS * READ;
/// Kind, three bytes, length.
pub(crate) const ENTRY: usize = 8;
/// Most bytes of a memory.
pub(crate) const MAX_BYTES: usize = 512 * 1024;

/// Kinds of entries.
pub(crate) const RECORD: u8 = 1;
pub(crate) const ATTEMPT: u8 = 2;
pub(crate) const TOOL: u8 = 3;
pub(crate) const SEEN: u8 = 4;
pub(crate) const STEMS: u8 = 5;
pub(crate) const CONNECTION: u8 = 6;
/// Mail addresses in text by outsiders, the first few.
pub(crate) const MAILS: u8 = 7;
/// Words of a changing call that waits for its answer.
pub(crate) const SUPPLIED: u8 = 8;
/// Values that answers of changing calls held beyond what the calls supplied.
pub(crate) const REVEALED: u8 = 9;

/// What stands before the words of each text of a record: what kind of field it is.
pub(crate) const TEXT: u32 = 1;
pub(crate) const PARTY: u32 = 2;
pub(crate) const ID: u32 = 3;
/// An entry of a directory that is known only as a whole.
pub(crate) const WHOLE: u32 = 4;

/// An array at a place; zeros where there is none.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

pub(crate) fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(array(bytes, at))
}

/// Writes over what stands at a place. Nothing is written beyond the end.
pub(crate) fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    let rest = bytes.get_mut(at..).unwrap_or_default();
    let length = rest.len().min(new.len());
    if let (Some(to), Some(from)) = (rest.get_mut(..length), new.get(..length)) {
        to.copy_from_slice(from);
    }
}

/// The head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) key: Key,
    pub(crate) flags: u32,
    pub(crate) private_reads: u32,
    pub(crate) steps: u32,
    /// Words kept of the user, of trusted records, of outsiders, marks between them included.
    pub(crate) words: [u32; 3],
    pub(crate) windows: u32,
    pub(crate) level: u8,
    pub(crate) asked: Asked,
    pub(crate) full_until: i64,
}

impl Head {
    fn read(bytes: &[u8]) -> Self {
        Self {
            key: Key([u64_at(bytes, 16), u64_at(bytes, 24)]),
            flags: u32_at(bytes, 32),
            private_reads: u32_at(bytes, 36),
            steps: u32_at(bytes, 40),
            words: [44, 48, 52].map(|at| u32_at(bytes, at)),
            windows: u32_at(bytes, 56),
            level: u8::from_le_bytes(array(bytes, 60)),
            asked: Asked(u64_at(bytes, 64)),
            full_until: i64_at(bytes, 72),
        }
    }

    /// Writes itself, the length and the checksum into a memory that has room for them.
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        put(bytes, 0, &MAGIC);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        put(bytes, 4, &length.to_le_bytes());
        let [one, two] = self.key.0;
        put(bytes, 16, &one.to_le_bytes());
        put(bytes, 24, &two.to_le_bytes());
        let [user, trusted, others] = self.words;
        let numbers = [self.flags, self.private_reads, self.steps, user, trusted, others];
        for (at, n) in (32..).step_by(4).zip(numbers.into_iter().chain([self.windows])) {
            put(bytes, at, &n.to_le_bytes());
        }
        put(bytes, 60, &[self.level, 0, 0, 0]);
        put(bytes, 64, &self.asked.0.to_le_bytes());
        put(bytes, 72, &self.full_until.to_le_bytes());
        let sum = checksum(bytes.get(16..).unwrap_or_default());
        put(bytes, 8, &sum.to_le_bytes());
    }
}

/// Eight sums of eight bytes each over blocks of 64, the last one filled up with zeros, and the length.
///
/// Adding and shifting loses nothing: of memories that differ in eight bytes only the sums differ, too.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sums = [1u64, 2, 3, 4, 5, 6, 7, 8];
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut last = [0u8; 64];
    put(&mut last, 0, rest);
    for block in blocks.iter().chain([&last]) {
        let (lanes, _) = block.as_chunks::<8>();
        for (sum, lane) in sums.iter_mut().zip(lanes) {
            let next = sum.wrapping_add(u64::from_le_bytes(*lane));
            *sum = next ^ next >> 29;
        }
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    sums.iter().fold(length, |all, sum| (all ^ sum).wrapping_mul(K).rotate_left(31))
}

/// Tells memories of ours from others before anything else is read.
pub(crate) fn admit(bytes: &[u8]) -> Result<Head, RiskError> {
    // The first format was canonical JSON, and its first member is a list.
    if bytes.starts_with(b"{\"attempts\":[") && bytes.ends_with(b"\"v\":1}") {
        return Err(RiskError::OldMemory(1));
    }
    let length = usize::try_from(u32_at(bytes, 4)).ok() == Some(bytes.len());
    for (magic, version) in [(b"CSR2", 2), (b"CSR3", 3)] {
        if length && bytes.len() >= 96 && bytes.starts_with(magic) {
            return Err(RiskError::OldMemory(version));
        }
    }
    let size = (HEAD..=MAX_BYTES).contains(&bytes.len()) && bytes.len().is_multiple_of(4);
    let sum = u64_at(bytes, 8) == checksum(bytes.get(16..).unwrap_or_default());
    if bytes.starts_with(&MAGIC) && length && size && sum {
        Ok(Head::read(bytes))
    } else {
        Err(RiskError::Memory)
    }
}

/// The entries behind the head, each with its place.
#[derive(Debug)]
pub(crate) struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: HEAD.min(bytes.len()) }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(usize, &'a [u8]), RiskError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let at = self.at;
        let Some(entry) = entry_at(self.bytes, at) else {
            self.at = self.bytes.len();
            return Some(Err(RiskError::Memory));
        };
        self.at = at.saturating_add(entry.len());
        Some(Ok((at, entry)))
    }
}

/// The entry at a place.
pub(crate) fn entry_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let length = usize::try_from(u32_at(rest, 4)).unwrap_or(usize::MAX);
    let fits = length >= ENTRY && length.is_multiple_of(4);
    rest.get(..length).filter(|_| fits)
}

/// Appends an entry of a kind, with its three bytes and what it holds. Fills up to a multiple of 4.
pub(crate) fn append(bytes: &mut Vec<u8>, kind: u8, own: [u8; 3], parts: &[&[u8]]) -> usize {
    let at = bytes.len();
    bytes.push(kind);
    bytes.extend(own);
    bytes.extend([0; 4]);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    finish(bytes, at);
    at
}

/// Fills up the last entry and says how long it is.
pub(crate) fn finish(bytes: &mut Vec<u8>, at: usize) {
    while !bytes.len().is_multiple_of(4) {
        bytes.push(0);
    }
    let length = u32::try_from(bytes.len().saturating_sub(at)).unwrap_or(u32::MAX);
    put(bytes.get_mut(at..).unwrap_or_default(), 4, &length.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_changes_the_checksum() {
        let bytes: Vec<u8> = (0..=255u8).cycle().take(333).collect();
        let sum = checksum(&bytes);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(checksum(&other), sum, "{at}");
        }
        assert_ne!(checksum(&bytes[1..]), sum);
        let mut more = bytes.clone();
        more.push(0);
        assert_ne!(checksum(&more), sum);
    }

    #[test]
    fn a_memory_of_an_older_format_is_told_from_damage() {
        let old = br#"{"attempts":[],"cut":false,"v":1}"#;
        assert_eq!(admit(old).err(), Some(RiskError::OldMemory(1)));
        for (magic, version) in [(b"CSR2", 2), (b"CSR3", 3)] {
            let mut old = vec![0; 120];
            put(&mut old, 0, magic);
            put(&mut old, 4, &120u32.to_le_bytes());
            assert_eq!(admit(&old).err(), Some(RiskError::OldMemory(version)));
            assert_eq!(admit(&old[..119]).err(), Some(RiskError::Memory));
        }
        for bytes in [&b"{}"[..], b"CSR2", b"CSR3", b"CSR4", b"null", &[0; 400]] {
            assert_eq!(admit(bytes).err(), Some(RiskError::Memory));
        }
    }

    #[test]
    fn the_head_comes_back_as_it_was_written() {
        let head = Head {
            key: Key([1, 2]),
            flags: 3,
            private_reads: 4,
            steps: 5,
            words: [6, 7, 8],
            windows: 9,
            level: 10,
            asked: Asked(11),
            full_until: -12,
        };
        let mut bytes = vec![0; HEAD];
        append(&mut bytes, SEEN, [1, 2, 3], &[b"12345"]);
        head.write(&mut bytes);
        assert_eq!(admit(&bytes), Ok(head));
        let entries: Vec<_> = Entries::of(&bytes).map(Result::unwrap).collect();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].1, [4, 1, 2, 3, 16, 0, 0, 0, b'1', b'2', b'3', b'4', b'5', 0, 0, 0]);
    }
}
