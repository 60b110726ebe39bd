//! Another form of a text, with the way back to the places in it.

use super::bytes;

/// Bytes made from a text, and where in the text they came from.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    pieces: Vec<Piece>,
    end: usize,
}

/// Some bytes of a view in a row.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where they begin in the view.
    start: usize,
    /// Where they come from in the text.
    from: usize,
    /// They are bytes of the text as they are; otherwise all of them stand for what is at one place.
    same: bool,
}

impl Piece {
    fn place(self, i: usize) -> usize {
        if self.same { self.from.saturating_add(i.saturating_sub(self.start)) } else { self.from }
    }
}

impl View {
    pub(super) fn with_capacity(length: usize) -> Self {
        Self { bytes: Vec::with_capacity(length), pieces: Vec::new(), end: 0 }
    }

    /// Adds bytes that stand for what is between `start` and `end` of the text.
    pub(super) fn push(&mut self, bytes: &[u8], start: usize, end: usize) {
        self.pieces.push(Piece { start: self.bytes.len(), from: start, same: false });
        self.bytes.extend_from_slice(bytes);
        self.end = end;
    }

    /// Adds a part of the text as it is.
    pub(super) fn copy(&mut self, text: &[u8], start: usize, end: usize) {
        let goes_on = self.end == start && self.pieces.last().is_some_and(|piece| piece.same);
        if !goes_on && start < end {
            self.pieces.push(Piece { start: self.bytes.len(), from: start, same: true });
        }
        self.bytes.extend_from_slice(text.get(start..end).unwrap_or_default());
        if start < end {
            self.end = end;
        }
    }

    /// The same for a character.
    pub(super) fn push_char(&mut self, c: char, start: usize, end: usize) {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes(), start, end);
    }

    /// Where in the text a part of the view came from.
    pub(super) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        let (from, to) = (self.place(start), self.place(end));
        // A part that ends inside what one place stands for takes all of it.
        let to = if to <= from && start < end { self.after(from, end) } else { to };
        (from, to.max(from))
    }

    fn place(&self, i: usize) -> usize {
        if i >= self.bytes.len() {
            return self.end;
        }
        let Some(piece) = self.pieces.get(self.piece(i)) else { return self.end };
        // Of the text never a place inside of a character.
        let mut i = i;
        while piece.same && bytes::at(&self.bytes, i) & 0xc0 == 0x80 && i > piece.start {
            i = i.saturating_sub(1);
        }
        piece.place(i)
    }

    /// The number of the piece that a byte belongs to.
    fn piece(&self, i: usize) -> usize {
        self.pieces.partition_point(|piece| piece.start <= i).saturating_sub(1)
    }

    /// The first place from `end` of the view on that lies behind `from`.
    fn after(&self, from: usize, end: usize) -> usize {
        let places = (end..self.bytes.len()).map(|i| self.place(i));
        places.into_iter().find(|place| *place > from).unwrap_or(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_text() {
        let mut view = View::with_capacity(4);
        view.push(b"a", 0, 1);
        view.push(b"bc", 1, 4);
        view.push_char('\u{e9}', 6, 8);
        assert_eq!(view.bytes, "abc\u{e9}".as_bytes());
        assert_eq!(view.origin(0, 1), (0, 1));
        assert_eq!(view.origin(0, 3), (0, 6));
        assert_eq!(view.origin(1, 2), (1, 6));
        assert_eq!(view.origin(3, 5), (6, 8));
        assert_eq!(view.origin(2, 4), (1, 6));
    }
}
