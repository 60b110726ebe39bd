//! Where canonical text is written

use alloc::{vec, vec::Vec};

/// Pieces of up to this many bytes are copied without looking at their length, with whatever
/// follows them in the source; the next piece overwrites that.
const BLOCK: usize = 32;

/// Bytes that are written one piece after the other
#[derive(Default)]
pub(crate) struct Output {
    /// What was written, and room for more
    bytes: Vec<u8>,
    length: usize,
}

impl Output {
    pub(crate) fn with_room(length: usize) -> Self {
        Self { bytes: vec![0; length.saturating_add(BLOCK)], length: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// Writes `source[start..end]`
    #[inline]
    pub(crate) fn copy(&mut self, source: &[u8], start: usize, end: usize) {
        if !self.copy_block(source, start, end) {
            self.push(source.get(start..end).unwrap_or_default(), 0);
        }
    }

    /// Writes `source[start..end]` if it is short and there is room on both sides, and says if so
    #[inline]
    pub(crate) fn copy_block(&mut self, source: &[u8], start: usize, end: usize) -> bool {
        let length = end.wrapping_sub(start);
        let from = source.get(start..).and_then(<[u8]>::first_chunk::<BLOCK>);
        let to = self.bytes.get_mut(self.length..).and_then(<[u8]>::first_chunk_mut);
        let (Some(from), Some(to), true) = (from, to, length <= BLOCK) else { return false };
        *to = *from;
        self.length = self.length.wrapping_add(length);
        true
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

    /// Writes a piece of any length, and makes room for at least so much in all
    #[inline(never)]
    pub(crate) fn push(&mut self, piece: &[u8], room: usize) {
        let end = self.length.saturating_add(piece.len());
        if self.bytes.len() < end.saturating_add(BLOCK) {
            let more = end.saturating_add(end >> 1).max(room);
            if self.bytes.is_empty() {
                self.bytes = vec![0; more.saturating_add(BLOCK)];
            }
            self.bytes.resize(more.saturating_add(BLOCK), 0);
        }
        if let Some(to) = self.bytes.get_mut(self.length..end) {
            to.copy_from_slice(piece);
        }
        self.length = end;
    }

    /// What was written
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        self.bytes
    }
}
