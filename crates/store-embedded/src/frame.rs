//! How a segment is laid out: a header, frames, zeros.
//!
//! All numbers are little-endian. Frames begin at multiples of eight bytes.

use crate::crc::Crc;

/// The format of segments. It is the first: there is none to migrate from.
pub(crate) const FORMAT: u16 = 1;
/// The first bytes of a segment.
const MAGIC: [u8; 8] = *b"cs-store";
/// Length of a segment's header: one sector.
pub(crate) const HEADER: u32 = 512;
/// Length of a frame's header.
pub(crate) const FRAME: usize = 24;
/// Longest payload of a frame, in bytes.
pub(crate) const MAX_PAYLOAD: usize = 4 << 20;

/// Where a frame begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) segment: u32,
    pub(crate) offset: u32,
}

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Sixteen random bytes, the same in every segment of a store.
    pub(crate) store: [u8; 16],
    /// The number in the segment's name.
    pub(crate) number: u32,
    /// The sequence number of its first frame. All before it are in segments before it.
    pub(crate) first: u64,
    /// The oldest segment that was needed when this one was made.
    pub(crate) oldest: u32,
    /// Length of the file.
    pub(crate) size: u32,
    /// Derived from the key, to tell a wrong one.
    pub(crate) check: [u8; 16],
    /// When a tail was last cut off, in milliseconds since 1970; the least number if never.
    pub(crate) cut: i64,
    /// The newest time of a claim in the segments before it, in seconds since 1970.
    pub(crate) newest: i64,
}

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadHeader {
    /// Its checksum, its magic, or a number in it.
    Damaged,
    /// Its format is another.
    Format(u16),
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER as usize);
        out.extend(MAGIC);
        out.extend(FORMAT.to_le_bytes());
        out.extend([0; 2]);
        out.extend(self.number.to_le_bytes());
        out.extend(self.store);
        out.extend(self.first.to_le_bytes());
        out.extend(self.oldest.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        out.extend(self.check);
        out.extend(self.cut.to_le_bytes());
        out.extend(self.newest.to_le_bytes());
        out.resize(HEADER as usize - 4, 0);
        out.extend(Crc::new().add(&out).end().to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        let mut bytes = bytes.get(..HEADER as usize).ok_or(BadHeader::Damaged)?;
        let whole = bytes;
        let mut next = |n: usize| bytes.split_off(..n).ok_or(BadHeader::Damaged);
        if next(8)? != MAGIC {
            return Err(BadHeader::Damaged);
        }
        let format = array(next(2)?).map(u16::from_le_bytes).ok_or(BadHeader::Damaged)?;
        if format != FORMAT {
            return Err(BadHeader::Format(format));
        }
        let (sum, crc) = whole.split_last_chunk::<4>().ok_or(BadHeader::Damaged)?;
        if Crc::new().add(sum).end() != u32::from_le_bytes(*crc) {
            return Err(BadHeader::Damaged);
        }
        next(2)?;
        let header = (|| {
            Some(Self {
                number: u32::from_le_bytes(array(next(4).ok()?)?),
                store: array(next(16).ok()?)?,
                first: u64::from_le_bytes(array(next(8).ok()?)?),
                oldest: u32::from_le_bytes(array(next(4).ok()?)?),
                size: u32::from_le_bytes(array(next(4).ok()?)?),
                check: array(next(16).ok()?)?,
                cut: i64::from_le_bytes(array(next(8).ok()?)?),
                newest: i64::from_le_bytes(array(next(8).ok()?)?),
            })
        })();
        let sound = |header: &Self| header.oldest <= header.number && header.size >= HEADER;
        header.filter(sound).ok_or(BadHeader::Damaged)
    }

    /// What the checksums of this segment's frames begin with: a frame of another segment, or of
    /// another store, is none of this one.
    pub(crate) fn seed(&self) -> Crc {
        Crc::new().add(&self.store).add(&self.number.to_le_bytes())
    }
}

/// One record as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) sequence: u64,
    /// How many of the frames up to this one were not known to be on the disk when it was written:
    /// itself, and those before it that wait.
    pub(crate) behind: u32,
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) payload: &'a [u8],
}

/// How many bytes a frame of a payload takes.
pub(crate) const fn framed(payload: usize) -> usize {
    (FRAME + payload).next_multiple_of(8)
}

impl<'a> Frame<'a> {
    /// Appends the frame; its payload comes in pieces.
    pub(crate) fn write(&self, pieces: &[&[u8]], seed: Crc, out: &mut Vec<u8>) {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut head = [0; FRAME - 8];
        let fields = self.sequence.to_le_bytes().into_iter();
        let fields = fields.chain(self.behind.to_le_bytes()).chain([self.kind, self.version]);
        head.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut crc = seed.add(&length).add(&head);
        for piece in pieces {
            crc = crc.add(piece);
        }
        out.extend_from_slice(&length);
        out.extend_from_slice(&crc.end().to_le_bytes());
        out.extend_from_slice(&head);
        for piece in pieces {
            out.extend_from_slice(piece);
        }
        out.resize(out.len().next_multiple_of(8), 0);
    }

    /// The frame at the beginning of the bytes, and how many of them it takes; none if there is no
    /// whole one.
    pub(crate) fn read(bytes: &'a [u8], seed: Crc) -> Option<(Self, usize)> {
        let (frame, length) = Self::again(bytes)?;
        let (crc, sum) = bytes.get(4..)?.split_first_chunk::<4>()?;
        let (length_bytes, _) = bytes.split_first_chunk::<4>()?;
        let used = FRAME.saturating_sub(8).saturating_add(frame.payload.len());
        let (sum, padding) = sum.split_at_checked(used)?;
        let padded = length.saturating_sub(FRAME).saturating_sub(frame.payload.len());
        let clean = padding.get(..padded)?.iter().all(|byte| *byte == 0);
        let sound = seed.add(length_bytes).add(sum).end() == u32::from_le_bytes(*crc);
        (clean && sound).then_some((frame, length))
    }

    /// The same, of which the checksum was found to be right before.
    pub(crate) fn again(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let payload = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if payload > MAX_PAYLOAD {
            return None;
        }
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (head, rest) = rest.split_first_chunk::<{ FRAME - 8 }>()?;
        let payload = rest.get(..payload)?;
        let (sequence, rest) = head.split_first_chunk::<8>()?;
        let (behind, rest) = rest.split_first_chunk::<4>()?;
        let [kind, version, 0, 0] = rest else { return None };
        let (sequence, behind) = (u64::from_le_bytes(*sequence), u32::from_le_bytes(*behind));
        let frame = Self { sequence, behind, kind: *kind, version: *version, payload };
        // A kind is never zero, so that zeros are never a frame.
        (*kind != 0).then_some((frame, framed(payload.len())))
    }

    /// Up to which frame all were on the disk when this one was written.
    pub(crate) fn vouches(&self) -> u64 {
        self.sequence.saturating_sub(u64::from(self.behind))
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Header = Header {
        store: [7; 16],
        number: 3,
        first: 40,
        oldest: 2,
        size: 4096,
        check: [9; 16],
        cut: -5,
        newest: 1_800_000_000,
    };

    #[test]
    fn a_header_comes_back_and_no_changed_byte_is_taken_for_one() {
        let bytes = HEAD.encode();
        assert_eq!(bytes.len(), HEADER as usize);
        assert_eq!(Header::decode(&bytes), Ok(HEAD));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                assert!(Header::decode(&other).is_err(), "byte {at}");
            }
            assert!(Header::decode(&bytes[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn a_header_of_another_format_says_which() {
        let mut bytes = HEAD.encode();
        bytes[8] = 2;
        assert_eq!(Header::decode(&bytes), Err(BadHeader::Format(2)));
    }

    #[test]
    fn a_frame_comes_back_and_no_changed_byte_is_taken_for_one() {
        for payload in [&b""[..], b"1", b"12345678", b"a payload that is longer than eight bytes"] {
            let frame = Frame { sequence: 41, behind: 2, kind: 5, version: 1, payload };
            let mut bytes = Vec::new();
            let (left, right) = payload.split_at(payload.len() / 2);
            frame.write(&[left, right], HEAD.seed(), &mut bytes);
            assert_eq!(bytes.len(), framed(payload.len()));
            assert_eq!(Frame::read(&bytes, HEAD.seed()), Some((frame, bytes.len())));
            assert_eq!(frame.vouches(), 39);
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 0x10;
                assert_eq!(Frame::read(&other, HEAD.seed()), None, "byte {at}");
                assert_eq!(Frame::read(&bytes[..at], HEAD.seed()), None, "{at} bytes");
            }
            for other in [Header { number: 4, ..HEAD }, Header { store: [8; 16], ..HEAD }] {
                assert_eq!(Frame::read(&bytes, other.seed()), None, "of another segment");
            }
        }
    }

    #[test]
    fn zeros_are_no_frame() {
        assert_eq!(Frame::read(&[0; 64], HEAD.seed()), None);
    }
}
