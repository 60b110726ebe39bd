//! Puts the members of objects in order

use alloc::{vec, vec::Vec};

/// Pieces of up to this many bytes are copied without looking at their length, with whatever
/// follows them in the source; the next piece overwrites that.
const BLOCK: usize = 32;

/// An object in the text; those inside it follow it in the list
#[derive(Clone, Copy, Default)]
pub(crate) struct Object {
    /// Where its opening and its closing bracket are
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Where its members are in the list of pieces, in their new order; none if the old one stays
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Where the objects behind it begin
    pub(crate) next: u32,
}

/// A part of the text, and the objects that begin in it
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// The text with the members of these objects in order; `None` if the lists don't fit the text
pub(crate) fn reorder(text: &[u8], objects: &[Object], pieces: &[Piece]) -> Option<Vec<u8>> {
    let last = u32::try_from(objects.len()).ok()?;
    let whole = Piece { start: 0, end: u32::try_from(text.len()).ok()?, first: 0, last };
    let out = vec![0; text.len().checked_add(BLOCK)?];
    let mut writer = Writer { text, objects, pieces, out, length: 0 };
    writer.piece(whole)?;
    writer.out.truncate(text.len());
    // Members only change places, so the length proves that none was lost.
    (writer.length == text.len()).then_some(writer.out)
}

struct Writer<'a> {
    text: &'a [u8],
    objects: &'a [Object],
    pieces: &'a [Piece],
    out: Vec<u8>,
    length: usize,
}

impl Writer<'_> {
    /// Writes a piece; calls itself once per level of nesting, so at most 128 times
    fn piece(&mut self, piece: Piece) -> Option<()> {
        let mut at = piece.start;
        let mut index = piece.first;
        while index < piece.last {
            let object = self.objects.get(index as usize)?;
            index = index.wrapping_add(1);
            if let Some((last, others)) =
                self.pieces.get(object.from as usize..object.to as usize)?.split_last()
            {
                self.copy(at, object.start.wrapping_add(1))?;
                for member in others {
                    self.piece(*member)?;
                    *self.out.get_mut(self.length)? = b',';
                    self.length = self.length.wrapping_add(1);
                }
                self.piece(*last)?;
                (at, index) = (object.end, object.next);
            }
        }
        self.copy(at, piece.end)
    }

    fn copy(&mut self, start: u32, end: u32) -> Option<()> {
        let (start, end) = (start as usize, end as usize);
        let length = end.checked_sub(start)?;
        let to = self.out.get_mut(self.length..)?;
        match (to.first_chunk_mut::<BLOCK>(), self.text.get(start..)?.first_chunk()) {
            (Some(to), Some(from)) if length <= BLOCK => *to = *from,
            _ => to.get_mut(..length)?.copy_from_slice(self.text.get(start..end)?),
        }
        self.length = self.length.wrapping_add(length);
        Some(())
    }
}
