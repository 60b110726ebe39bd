//! Puts the members of objects in order

use alloc::vec::Vec;

use crate::output::Output;

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

/// A comma, in a block of its own
const COMMA: &[u8] = &[b','; 32];

/// The text with the members of these objects in order; `None` if the lists don't fit the text
pub(crate) fn reorder(text: &[u8], objects: &[Object], pieces: &[Piece]) -> Option<Vec<u8>> {
    let last = u32::try_from(objects.len()).ok()?;
    let whole = Piece { start: 0, end: u32::try_from(text.len()).ok()?, first: 0, last };
    let mut writer = Writer { text, objects, pieces, out: Output::default() };
    writer.piece(whole)?;
    let out = writer.out.finish();
    // Members only change places, so the length proves that none was lost.
    (out.len() == text.len()).then_some(out)
}

struct Writer<'a> {
    text: &'a [u8],
    objects: &'a [Object],
    pieces: &'a [Piece],
    out: Output,
}

impl Writer<'_> {
    /// Writes a piece; calls itself once per level of nesting, so at most 128 times
    fn piece(&mut self, piece: Piece) -> Option<()> {
        let mut at = piece.start;
        let mut index = piece.first;
        while index < piece.last {
            let object = self.objects.get(index as usize)?;
            index = index.wrapping_add(1);
            let members = self.pieces.get(object.from as usize..object.to as usize)?;
            if let Some((last, others)) = members.split_last() {
                self.copy(at, object.start.wrapping_add(1));
                for member in others {
                    self.piece(*member)?;
                    self.out.copy(COMMA, 0, 1);
                }
                self.piece(*last)?;
                (at, index) = (object.end, object.next);
            }
        }
        self.copy(at, piece.end);
        Some(())
    }

    fn copy(&mut self, start: u32, end: u32) {
        self.out.copy(self.text, start as usize, end as usize);
    }
}
