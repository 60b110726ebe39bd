//! One pass over the input that checks everything and writes the canonical text, all but the order
//! of members
//!
//! Nothing is copied until something has to change, so the text of a canonical input is the input.
//! What [`reorder`] needs is noted only for objects that are not in order.

use alloc::{borrow::Cow, vec::Vec};
use core::{cmp::Ordering, mem};

use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::number::{self, Literal};
use crate::order::{Object, Piece, reorder};
use crate::output::Output;
use crate::string;

/// The canonical form of a JSON text: a slice of the input if it is there as a whole
pub(crate) fn canonical(input: &[u8], limits: Limits) -> Result<Cow<'_, [u8]>, Error> {
    if input.len() > limits.bytes() {
        return Err(Error::new(ErrorKind::TooLarge, limits.bytes()));
    }
    // Sound ASCII is seen faster than sound UTF-8.
    if !input.is_ascii() {
        str::from_utf8(input)
            .map_err(|error| Error::new(ErrorKind::InvalidUtf8, error.valid_up_to()))?;
    }
    if input.starts_with("\u{feff}".as_bytes()) {
        return Err(Error::new(ErrorKind::ByteOrderMark, 0));
    }
    let mut reader = Reader {
        input,
        outer: Vec::with_capacity(8),
        keys: Vec::with_capacity(16),
        members: Vec::with_capacity(16),
        objects: Vec::with_capacity(8),
        ..Reader::default()
    };
    let end = reader.document(limits.depth())?;
    if reader.position(end) > limits.bytes() {
        return Err(Error::new(ErrorKind::TooLarge, input.len()));
    }
    let text = if reader.out.len() == 0 {
        Cow::Borrowed(input.get(reader.copied..end).unwrap_or_default())
    } else {
        reader.skip(end, end);
        Cow::Owned(mem::take(&mut reader.out).finish())
    };
    if reader.objects.is_empty() {
        return Ok(text);
    }
    let sorted = reorder(&text, &reader.objects, &reader.pieces);
    sorted.map(Cow::Owned).ok_or(Error::new(ErrorKind::Internal, 0))
}

/// Where the reader is
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Array,
    Object,
}

/// The innermost array or object that has not ended yet
#[derive(Clone, Copy)]
struct Open {
    place: Place,
    /// If its members are in canonical order so far
    sorted: bool,
    /// Where it would be noted in `objects`
    object: usize,
    /// How many members the objects around it have so far
    first: usize,
}

/// A key of an open object; the derived order is canonical but among keys with the same prefix
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    prefix: u64,
    /// Where its opening quote is in the input
    quote: u32,
    /// Its place in `members`
    member: u32,
}

/// A member of an open object
struct Member {
    piece: Piece,
    /// What its key stands for: a part of the input, or beyond the input's length of `unescaped`
    key: (usize, usize),
}

#[derive(Default)]
struct Reader<'a> {
    /// UTF-8
    input: &'a [u8],
    /// The canonical text of `input[..copied]`
    out: Output,
    copied: usize,
    /// What is open around the innermost array or object, and outside
    outer: Vec<Open>,
    /// For the members of all open objects
    keys: Vec<Key>,
    members: Vec<Member>,
    /// What keys with escapes stand for
    unescaped: Vec<u8>,
    objects: Vec<Object>,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    /// Reads the whole input, and says where the value ends; it does not recurse
    fn document(&mut self, max_depth: usize) -> Result<usize, Error> {
        let bytes = self.input;
        let mut at = self.space(0);
        if at == bytes.len() {
            return Err(Error::new(ErrorKind::Empty, at));
        }
        let mut open = Open { place: Place::Outside, sorted: true, object: 0, first: 0 };
        loop {
            // A value is expected here, in an object behind its key.
            if open.place == Place::Object {
                at = self.key(at, &mut open)?;
            }
            match bytes.get(at) {
                Some(b'"') => at = self.string(at)?,
                Some(b'-' | b'0'..=b'9') => at = self.number(at)?,
                Some(bracket @ (b'{' | b'[')) => {
                    if self.outer.len() >= max_depth {
                        return Err(Error::new(ErrorKind::TooDeep, at));
                    }
                    self.outer.push(open);
                    let (object, first) = (self.objects.len(), self.keys.len());
                    open = Open { place: Place::Array, sorted: true, object, first };
                    let mut close = b']';
                    if *bracket == b'{' {
                        open.place = Place::Object;
                        close = b'}';
                        let start = short(self.position(at));
                        self.objects.push(Object { start, ..Object::default() });
                    }
                    at = self.space(at.wrapping_add(1));
                    if bytes.get(at) != Some(&close) {
                        continue;
                    }
                }
                Some(b't') => at = self.literal(at, b"true")?,
                Some(b'f') => at = self.literal(at, b"false")?,
                Some(b'n') => at = self.literal(at, b"null")?,
                _ => return Err(self.unexpected(at)),
            }
            // A value has ended here, or an opening bracket before a closing one.
            loop {
                if open.place == Place::Outside {
                    return self.finish(at);
                }
                at = self.space(at);
                match (open.place, bytes.get(at)) {
                    (Place::Array, Some(b',')) => break,
                    (Place::Array, Some(b']')) => {}
                    (Place::Object, Some(b',')) => {
                        self.end_member(at);
                        break;
                    }
                    (Place::Object, Some(b'}')) => self.end_object(open, at)?,
                    _ => return Err(self.unexpected(at)),
                }
                at = at.wrapping_add(1);
                open = self.outer.pop().unwrap_or(open);
            }
            at = self.space(at.wrapping_add(1));
        }
    }

    /// Only white space may follow the value; it is not skipped, so that nothing needs copying
    fn finish(&self, end: usize) -> Result<usize, Error> {
        match self.white(end) {
            rest if rest < self.input.len() => Err(Error::new(ErrorKind::TrailingBytes, rest)),
            _ => Ok(end),
        }
    }

    /// Reads a key of the innermost object and its colon, up to the value
    #[inline]
    fn key(&mut self, quote: usize, open: &mut Open) -> Result<usize, Error> {
        let bytes = self.input;
        if bytes.get(quote) != Some(&b'"') {
            return Err(self.unexpected(quote));
        }
        let start = short(self.position(quote));
        let content = quote.wrapping_add(1);
        let mut end = string::plain_end(bytes, content);
        let key;
        let prefix;
        if bytes.get(end) == Some(&b'"') {
            key = (content, end);
            prefix = string::sort_prefix(bytes, content, end);
            end = end.wrapping_add(1);
        } else {
            end = self.string(quote)?;
            let raw = self.input.get(quote..end).unwrap_or_default();
            let text = str::from_utf8(raw).ok().and_then(string::read_string);
            let from = self.unescaped.len();
            self.unescaped.extend(text.iter().flat_map(|(text, _)| text.bytes()));
            let to = self.unescaped.len();
            key = (bytes.len().wrapping_add(from), bytes.len().wrapping_add(to));
            prefix = string::sort_prefix(&self.unescaped, from, to);
        }
        let first = short(self.objects.len());
        let piece = Piece { start, end: start, first, last: first };
        let sort_key = Key { prefix, quote: short(quote), member: short(self.members.len()) };
        self.members.push(Member { piece, key });
        if open.sorted
            && let Some(last) = self.keys.get(open.first..).and_then(<[_]>::last)
        {
            open.sorted = last.prefix < prefix || self.compare(last, &sort_key) == Ordering::Less;
        }
        self.keys.push(sort_key);
        let colon = self.space(end);
        if bytes.get(colon) != Some(&b':') {
            return Err(self.unexpected(colon));
        }
        Ok(self.space(colon.wrapping_add(1)))
    }

    /// Notes that the last member of the innermost object ends here
    fn end_member(&mut self, at: usize) {
        let (end, last) = (short(self.position(at)), short(self.objects.len()));
        if let Some(Member { piece, .. }) = self.members.last_mut() {
            (piece.end, piece.last) = (end, last);
        }
    }

    /// Ends the innermost object, whose closing bracket is here
    fn end_object(&mut self, open: Open, at: usize) -> Result<(), Error> {
        let Open { sorted, object, first, .. } = open;
        if self.members.len() > first {
            self.end_member(at);
        }
        if !sorted {
            self.sort(first)?;
            let from = short(self.pieces.len());
            let members = self.keys.iter().skip(first);
            let members = members.filter_map(|key| self.members.get(key.member as usize));
            self.pieces.extend(members.map(|member| member.piece));
            let (end, next) = (short(self.position(at)), short(self.objects.len()));
            let to = short(self.pieces.len());
            if let Some(object) = self.objects.get_mut(object) {
                *object = Object { start: object.start, end, from, to, next };
            }
        } else if self.objects.len() == object.wrapping_add(1) {
            self.objects.pop();
        }
        self.keys.truncate(first);
        self.members.truncate(first);
        Ok(())
    }

    /// Sorts the keys from `first` on and refuses equal ones
    fn sort(&mut self, first: usize) -> Result<(), Error> {
        let mut keys = mem::take(&mut self.keys);
        let own = keys.get_mut(first..).unwrap_or_default();
        own.sort_unstable();
        let mut repeated = None;
        for alike in own.chunk_by_mut(|a, b| a.prefix == b.prefix).filter(|keys| keys.len() > 1) {
            alike.sort_unstable_by(|a, b| self.compare(a, b).then(a.quote.cmp(&b.quote)));
            let pairs = alike.iter().zip(alike.iter().skip(1));
            let later = pairs.filter(|(a, b)| self.compare(a, b) == Ordering::Equal);
            repeated = later.map(|(_, b)| b.quote as usize).chain(repeated).min();
        }
        self.keys = keys;
        repeated.map_or(Ok(()), |quote| Err(Error::new(ErrorKind::DuplicateKey, quote)))
    }

    fn compare(&self, a: &Key, b: &Key) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| string::compare(self.content(a), self.content(b)))
    }

    /// What a key stands for
    fn content(&self, key: &Key) -> &[u8] {
        let member = self.members.get(key.member as usize);
        let (start, end) = member.map_or((0, 0), |member| member.key);
        let beyond = self.input.len();
        let content = match start.checked_sub(beyond) {
            Some(start) => self.unescaped.get(start..end.wrapping_sub(beyond)),
            None => self.input.get(start..end),
        };
        content.unwrap_or_default()
    }

    /// Reads a string, and says where it ends
    fn string(&mut self, start: usize) -> Result<usize, Error> {
        let bytes = self.input;
        let mut at = string::plain_end(bytes, start.wrapping_add(1));
        while bytes.get(at) != Some(&b'"') {
            let canonical = match bytes.get(at) {
                Some(b'\\') => string::canonical_escape(bytes, at),
                Some(_) => return Err(Error::new(ErrorKind::ControlCharacter, at)),
                None => return Err(Error::new(ErrorKind::UnexpectedEnd, at)),
            };
            at = canonical.map_or_else(|| self.escapes(at), Ok)?;
            at = string::plain_end(bytes, at);
        }
        Ok(at.wrapping_add(1))
    }

    /// Writes escapes that follow one another as they should be, and says where they end
    #[inline(never)]
    fn escapes(&mut self, mut at: usize) -> Result<usize, Error> {
        self.skip(at, at);
        let bytes = self.input;
        while bytes.get(at) == Some(&b'\\') {
            let (character, end) = string::escape(bytes, at)?;
            let mut buffer = [0; 8];
            let length = string::escaped(character, &mut buffer);
            self.out.push_short(buffer, length);
            at = end;
        }
        self.copied = at;
        Ok(at)
    }

    #[inline]
    fn number(&mut self, start: usize) -> Result<usize, Error> {
        let (end, literal) = number::scan(self.input, start)?;
        if literal != Literal::Canonical {
            self.rewrite(start, end, literal)?;
        }
        Ok(end)
    }

    /// Writes a number as it should be, by way of the nearest double (RFC 8785 section 3.2.2.3)
    #[inline(never)]
    fn rewrite(&mut self, start: usize, end: usize, literal: Literal) -> Result<(), Error> {
        let text = self.input.get(start..end).unwrap_or_default();
        let value = number::nearest(text);
        // From 10^21 on the canonical text has an exponent, so no integer literal is canonical.
        if literal == Literal::Large && text.len() > 22 {
            return Err(Error::new(ErrorKind::IntegerTooLarge, start));
        }
        if !f64::is_finite(value) {
            return Err(Error::new(ErrorKind::NumberNotFinite, start));
        }
        let mut buffer = zmij::Buffer::new();
        let canonical = number::ecmascript(value, &mut buffer);
        if canonical.as_bytes() != text {
            if literal == Literal::Large {
                return Err(Error::new(ErrorKind::IntegerTooLarge, start));
            }
            self.skip(start, end);
            self.out.push(canonical.as_bytes(), 0);
        }
        Ok(())
    }

    fn literal(&self, start: usize, word: &[u8]) -> Result<usize, Error> {
        let rest = self.input.get(start..).unwrap_or_default();
        let same = word.iter().zip(rest).take_while(|(a, b)| a == b).count();
        let end = start.wrapping_add(same);
        if same == word.len() { Ok(end) } else { Err(self.unexpected(end)) }
    }

    /// Leaves out the white space that may start here, and says where it ends
    #[inline]
    fn space(&mut self, start: usize) -> usize {
        let end = self.white(start);
        if end != start {
            self.skip(start, end);
        }
        end
    }

    /// Where the white space that may start here ends
    #[inline]
    fn white(&self, start: usize) -> usize {
        let mut end = start;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.input.get(end) {
            end = end.wrapping_add(1);
        }
        end
    }

    /// Leaves `start..end` of the input out of the canonical text
    fn skip(&mut self, start: usize, end: usize) {
        let from = mem::replace(&mut self.copied, end);
        self.out.copy(self.input, from, start);
    }

    /// Where the canonical text of what follows `at` begins
    fn position(&self, at: usize) -> usize {
        self.out.len().wrapping_add(at).wrapping_sub(self.copied)
    }

    #[cold]
    fn unexpected(&self, at: usize) -> Error {
        let end = at >= self.input.len();
        Error::new(if end { ErrorKind::UnexpectedEnd } else { ErrorKind::UnexpectedByte }, at)
    }
}

/// Offsets and counts are kept in four bytes
#[expect(
    clippy::cast_possible_truncation,
    reason = "Inputs have at most 2^28 bytes, so there are fewer than 2^32 bytes of canonical text, \
              keys and objects: the worst is a number like 1e20, where 5 bytes make 21"
)]
const fn short(offset: usize) -> u32 {
    offset as u32
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;

    use super::canonical;
    use crate::Limits;

    #[test]
    fn what_is_canonical_is_not_copied() {
        for text in [
            "null",
            "[]",
            "{}",
            "\"a\\n\\u001f\\\"é😀\"",
            "[1,-2.5,1e+21,[{}],{\"a\":[],\"b\":{\"c\":{},\"d\":\"\"}}]",
            "{\"\\n\":1,\"1\":{\"abcdefgh1\":1,\"abcdefgh2\":2},\"😀\":{},\"\u{fb33}\":0}",
        ] {
            for (before, after) in [("", ""), (" \n", "\t ")] {
                let input = alloc::format!("{before}{text}{after}");
                let canonical = canonical(input.as_bytes(), Limits::DEFAULT).unwrap();
                assert!(matches!(canonical, Cow::Borrowed(_)), "{input}");
                assert_eq!(canonical, text.as_bytes());
            }
        }
        let changed = canonical(b"{\"b\":1,\"a\":2}", Limits::DEFAULT).unwrap();
        assert!(matches!(changed, Cow::Owned(_)));
    }
}
