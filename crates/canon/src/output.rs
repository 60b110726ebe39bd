//! Where canonical text is written

use alloc::vec::Vec;

/// Pieces of up to this many bytes are copied without looking at their length, with whatever
/// follows them in the source; the next piece overwrites that.
const BLOCK: usize = 32;
/// So much is made ready for short pieces at a time.
const AHEAD: usize = 512;

/// Bytes that are written one piece after the other
#[derive(Default)]
pub(crate) struct Output {
    /// What was written, and room for more
    bytes: Vec<u8>,
    length: usize,
}

impl Output {
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// Writes `source[start..end]`
    #[inline]
    pub(crate) fn copy(&mut self, source: &[u8], start: usize, end: usize) {
        let length = end.wrapping_sub(start);
        let from = source.get(start..).and_then(<[u8]>::first_chunk::<BLOCK>);
        let to = self.bytes.get_mut(self.length..).and_then(<[u8]>::first_chunk_mut);
        if let (Some(from), Some(to), true) = (from, to, length <= BLOCK) {
            *to = *from;
            self.length = self.length.wrapping_add(length);
        } else {
            self.push(source.get(start..end).unwrap_or_default(), source.len());
        }
    }

    /// Writes the first `length` of eight bytes
    #[inline]
    pub(crate) fn push_short(&mut self, eight: [u8; 8], length: usize) {
        match self.bytes.get_mut(self.length..).and_then(<[u8]>::first_chunk_mut) {
            Some(to) => {
                *to = eight;
                self.length = self.length.wrapping_add(length);
            }
            None => self.push(eight.get(..length).unwrap_or_default(), 0),
        }
    }

    /// Writes a piece of any length; the first one says how much there may be in all
    #[inline(never)]
    pub(crate) fn push(&mut self, piece: &[u8], room: usize) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(room.saturating_add(BLOCK));
        }
        self.bytes.truncate(self.length);
        self.bytes.extend_from_slice(piece);
        self.length = self.bytes.len();
        let ahead = self.length.saturating_add(AHEAD).min(self.bytes.capacity());
        self.bytes.resize(ahead, 0);
    }

    /// What was written
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        self.bytes
    }
}
