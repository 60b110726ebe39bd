//! Another form of a text, with the way back to the places in it.

/// Bytes made from a text, and for each where in the text it came from.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// One more than there are bytes: the last is the end.
    places: Vec<usize>,
    end: usize,
}

impl View {
    pub(super) fn with_capacity(length: usize) -> Self {
        let (bytes, places) = (Vec::with_capacity(length), Vec::with_capacity(length));
        Self { bytes, places, end: 0 }
    }

    /// Adds bytes that stand for what is between `start` and `end` of the text.
    pub(super) fn push(&mut self, bytes: &[u8], start: usize, end: usize) {
        self.bytes.extend_from_slice(bytes);
        self.places.resize(self.bytes.len(), start);
        self.end = end;
    }

    /// Adds a part of the text as it is.
    pub(super) fn copy(&mut self, text: &[u8], start: usize, end: usize) {
        self.bytes.extend_from_slice(text.get(start..end).unwrap_or_default());
        self.places.extend(start..end);
        self.end = end;
    }

    /// The same for a character.
    pub(super) fn push_char(&mut self, c: char, start: usize, end: usize) {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes(), start, end);
    }

    /// Where in the text a part of the view came from.
    pub(super) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        let place = |i: usize| self.places.get(i).copied().unwrap_or(self.end);
        let (from, to) = (place(start), place(end));
        // A part that ends inside what one place stands for takes all of it.
        let to = if to <= from && start < end { self.after(from, end) } else { to };
        (from, to.max(from))
    }

    fn after(&self, from: usize, end: usize) -> usize {
        let later = self.places.get(end..).unwrap_or_default().iter();
        later.copied().find(|place| *place > from).unwrap_or(self.end)
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
