//! The bytes of a session's memory: little-endian, fixed-width records, looked up where they lie.
//!
//! ```text
//!   0  "CSR2"                       magic and version
//!   4  length of the whole          u32
//!   8  checksum of all that follows u64, against damage and not against forgery
//!  16  flags, private reads, steps, asked, position, level, counts …
//! HEAD  connections | sources | words | grams | filter | attempts | reads | stems | seen | tools
//! ```
//!
//! Words are sorted by mark and position, grams, stems, seen and tools by value, so that a judgement
//! needs no decoding: it searches the bytes.

use countersign_core::RiskError;

use crate::text::Mark;

pub(crate) const MAGIC: [u8; 4] = *b"CSR2";
pub(crate) const HEAD: usize = 96;
pub(crate) const SOURCE: usize = 32;
pub(crate) const WORD: usize = 18;
pub(crate) const GRAM: usize = 8;
pub(crate) const ATTEMPT: usize = 52;
pub(crate) const READ: usize = 20;
pub(crate) const MARK: usize = 12;
pub(crate) const TOOL: usize = 24;
/// Sections behind the header.
pub(crate) const SECTIONS: usize = 10;

/// Reads little-endian numbers one after the other. A number that is not there is zero, and
/// [`Reader::whole`] says so.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    short: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest, short: false }
    }

    pub(crate) fn take(&mut self, n: usize) -> &'a [u8] {
        if let Some((head, tail)) = self.rest.split_at_checked(n) {
            self.rest = tail;
            head
        } else {
            self.short = true;
            &[]
        }
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    pub(crate) fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub(crate) fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.array())
    }

    pub(crate) fn mark(&mut self) -> Mark {
        Mark(self.array())
    }

    /// `count` records of `size` bytes.
    pub(crate) fn records(&mut self, count: u32, size: usize) -> &'a [u8] {
        match usize::try_from(count).ok().and_then(|n| n.checked_mul(size)) {
            Some(bytes) => self.take(bytes),
            None => self.take(usize::MAX),
        }
    }

    /// Whether everything was there, and nothing is left.
    pub(crate) fn whole(&self) -> bool {
        !self.short && self.rest.is_empty()
    }
}

/// Four sums of eight bytes each over blocks of 32, mixed; the rest byte by byte.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sums = [1u64, 2, 3, 4];
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        let (lanes, _) = block.as_chunks::<8>();
        for (sum, lane) in sums.iter_mut().zip(lanes) {
            *sum = (*sum ^ u64::from_le_bytes(*lane)).wrapping_mul(K).rotate_left(29);
        }
    }
    let tail = rest.iter().fold(5u64, |sum, b| (sum ^ u64::from(*b)).wrapping_mul(K));
    sums.iter().fold(tail, |all, sum| (all ^ sum).wrapping_mul(K).rotate_left(31))
}

/// Tells memories of ours from others before anything else is read.
pub(crate) fn admit(bytes: &[u8]) -> Result<Reader<'_>, RiskError> {
    // The first format was canonical JSON, and its first member is a list.
    if bytes.starts_with(b"{\"attempts\":[") && bytes.ends_with(b"\"v\":1}") {
        return Err(RiskError::OldMemory(1));
    }
    let mut reader = Reader::new(bytes);
    let ours = reader.take(4) == MAGIC;
    let length = usize::try_from(reader.u32()).ok() == Some(bytes.len());
    let sum = reader.u64();
    let all = bytes.get(16..).unwrap_or_default();
    if ours && length && bytes.len() >= HEAD && sum == checksum(all) {
        Ok(reader)
    } else {
        Err(RiskError::Memory)
    }
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
    }

    #[test]
    fn a_memory_of_the_first_format_is_told_from_damage() {
        let old = br#"{"attempts":[],"cut":false,"v":1}"#;
        assert_eq!(admit(old).err(), Some(RiskError::OldMemory(1)));
        for bytes in [&b"{}"[..], b"CSR2", b"null", &[0; 200]] {
            assert_eq!(admit(bytes).err(), Some(RiskError::Memory));
        }
    }
}
