//! A number as people write it: digits in groups.

use super::super::bytes::{self, ALNUM, DIGIT, HIGH, at, part};
use super::super::marks::Marks;

/// Most digits and most groups that one number can have.
pub(super) const DIGITS: usize = 40;
const GROUPS: usize = 12;
/// Digits are copied by eights.
const ROOM: usize = DIGITS + 8;

/// What stands between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    Space,
    Hyphen,
    Dot,
    Slash,
    /// More than one character: `) `, ` - `.
    More,
}

/// Small, as one is made for every number in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Place of the first digit in the text.
    start: u32,
    /// The same in the digits.
    first: u8,
    pub(super) length: u8,
    /// What stands before it, if it is not the first.
    pub(super) before: Between,
}

impl Group {
    fn start(self) -> usize {
        usize::try_from(self.start).unwrap_or(usize::MAX)
    }

    /// Which of the digits are its own.
    pub(super) fn digits(self) -> core::ops::Range<usize> {
        let first = usize::from(self.first);
        first..first.saturating_add(usize::from(self.length))
    }

    fn end(self) -> usize {
        self.start().saturating_add(usize::from(self.length))
    }
}

/// Groups of digits with little between them.
#[derive(Debug)]
pub(super) struct Number<'a> {
    pub(super) text: &'a [u8],
    digits: [u8; ROOM],
    groups: [Group; GROUPS],
    count: usize,
    pub(super) end: usize,
    /// It goes on with more than is kept here.
    pub(super) endless: bool,
}

impl<'a> Number<'a> {
    /// Reads the number whose first digit is at `start`.
    pub(super) fn read(text: &'a [u8], marks: &Marks, start: usize) -> Self {
        let none = Group { start: 0, first: 0, length: 0, before: Between::More };
        let mut number = Self {
            text,
            digits: [0; ROOM],
            groups: [none; GROUPS],
            count: 0,
            end: start,
            endless: false,
        };
        let (mut place, mut before, mut taken) = (start, Between::More, 0usize);
        loop {
            let end = marks.digits_end(place, usize::MAX);
            let length = end.saturating_sub(place);
            let room = number.groups.get_mut(number.count);
            let next = taken.saturating_add(length);
            let known = u32::try_from(place).ok().zip(u8::try_from(taken).ok());
            let (Some(group), Some((start, first)), Ok(short)) =
                (room.filter(|_| next <= DIGITS), known, u8::try_from(length))
            else {
                number.endless = true;
                number.end = end;
                return number;
            };
            *group = Group { start, first, length: short, before };
            for from in (0..length).step_by(8) {
                let to = number.digits.get_mut(taken.saturating_add(from)..);
                if let Some(to) = to.and_then(<[u8]>::first_chunk_mut::<8>) {
                    // What is copied behind the last digit is written over, or not read.
                    *to = eight(text, place.saturating_add(from));
                }
            }
            taken = next;
            number.count = number.count.saturating_add(1);
            number.end = end;
            let Some((kind, next)) = between(text, end) else { return number };
            (before, place) = (kind, next);
        }
    }

    pub(super) fn groups(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    /// The groups from `first` on, `groups` of them, as a number of their own.
    pub(super) fn window(&self, first: usize, groups: usize) -> Option<Window<'_>> {
        let list = self.groups.get(first..first.saturating_add(groups))?;
        let (head, last) = (list.first()?, list.last()?);
        Some(Window {
            text: self.text,
            digits: self.digits.get(head.digits().start..last.digits().end)?,
            groups: list,
            start: head.start(),
            end: last.end(),
        })
    }

    fn apart(&self, i: usize) -> bool {
        self.groups().get(i).is_none_or(|g| matches!(g.before, Between::Space | Between::More))
    }

    /// Whether a window that begins with this group may be a number by itself.
    pub(super) fn begins(&self, first: usize) -> bool {
        if first == 0 {
            let start = self.groups().first().map_or(0, |g| g.start());
            stands_free(self.text, start)
        } else {
            self.apart(first)
        }
    }

    /// How many groups from this one on have the same hyphens or dots between them.
    pub(super) fn marked(&self, first: usize) -> usize {
        let mut rest = self.groups().iter().skip(first.saturating_add(1)).map(|group| group.before);
        match rest.next() {
            Some(kind @ (Between::Hyphen | Between::Dot)) => {
                rest.take_while(|next| *next == kind).count().saturating_add(2)
            }
            _ => 1,
        }
    }

    /// Whether a window that [`begins`](Self::begins) so is a number by itself: it is all of this one;
    /// or it is apart by spaces and is one long group, groups with hyphens or dots, or the groups of a
    /// card.
    pub(super) fn alone(&self, first: usize, groups: usize) -> bool {
        let after = first.saturating_add(groups);
        let right = if after >= self.count {
            let glued = bytes::is(at(self.text, self.end), ALNUM);
            !self.endless && (!glued || extension(self.text, self.end).is_some())
        } else {
            self.apart(after)
        };
        let whole = first == 0 && after >= self.count;
        right
            && (whole
                || self.window(first, groups).is_some_and(|w| self.separate(&w, first, after)))
    }

    fn separate(&self, window: &Window<'_>, first: usize, after: usize) -> bool {
        let length =
            |i: Option<usize>| i.and_then(|i| self.groups().get(i)).map_or(0, |g| g.length);
        let (before, behind) = (length(first.checked_sub(1)), length(Some(after)));
        let own = window.groups.len() == 1 && window.digits.len() >= 9;
        let marked = matches!(window.evenly(), Some(Between::Hyphen | Between::Dot));
        // Maestro numbers go on after four fours.
        let goes_on = matches!(window.digit(0), 5 | 6) && (1..=3).contains(&behind);
        let card = window.shaped(&[4; 4]) && before != 4 && behind != 4 && !goes_on
            || window.shaped(&[4, 6, 5]);
        own || marked || card
    }
}

/// Eight digits as numbers, whatever else stands there.
fn eight(text: &[u8], start: usize) -> [u8; 8] {
    let rest = text.get(start..).unwrap_or_default();
    let eight = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
        let mut last = [b'0'; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        last
    });
    eight.map(|b| b.wrapping_sub(b'0'))
}

/// Whether a number may begin here: not within a word, a decimal or an identifier in parts.
fn stands_free(text: &[u8], start: usize) -> bool {
    let b = bytes::before(text, start);
    if bytes::is(b, ALNUM) {
        return bytes::begins(text, start);
    }
    let earlier = start.checked_sub(2).map_or(0, |i| at(text, i));
    match b {
        b'.' | b',' => !earlier.is_ascii_digit(),
        // The last part of a UUID.
        b'-' => {
            let from = start.saturating_sub(6);
            let before = part(text, from, start.saturating_sub(1));
            !(before.len() == 5
                && before.first() == Some(&b'-')
                && before.iter().skip(1).all(u8::is_ascii_hexdigit))
        }
        _ => true,
    }
}

/// What is between a group that ends here and the next digit, if that belongs to the same number.
pub(super) fn between(text: &[u8], end: usize) -> Option<(Between, usize)> {
    let one = at(text, end);
    let kind = match one {
        b' ' => Between::Space,
        b'-' => Between::Hyphen,
        b'.' => Between::Dot,
        b'/' => Between::Slash,
        b')' | b'(' => Between::More,
        _ => return None,
    };
    let second = end.saturating_add(1);
    let next = at(text, second);
    if next.is_ascii_digit() && kind != Between::More {
        return Some((kind, second));
    }
    if !next.is_ascii_digit() && !matches!(next, b' ' | b'-' | b'(' | b')' | b'.' | b'/') {
        return None;
    }
    // `) `, ` (`, ` - `, `)-`.
    let longer = part(text, end, end.saturating_add(4));
    let length = longer.iter().position(u8::is_ascii_digit)?;
    let gap = longer.get(..length)?;
    let fits = gap.iter().all(|b| matches!(b, b' ' | b'-' | b'(' | b')' | b'.' | b'/'))
        && !matches!(gap, b"  " | b"--" | b"..")
        && gap != b". ";
    fits.then(|| (Between::More, end.saturating_add(length)))
}

/// Some groups of a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) text: &'a [u8],
    pub(super) digits: &'a [u8],
    pub(super) groups: &'a [Group],
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Window<'_> {
    /// Whether the groups have these lengths.
    pub(super) fn shaped(&self, lengths: &[u8]) -> bool {
        self.groups.len() == lengths.len()
            && self.groups.iter().zip(lengths).all(|(group, length)| group.length == *length)
    }

    /// What stands between all groups, if it is the same everywhere; None for one group too.
    pub(super) fn evenly(&self) -> Option<Between> {
        let mut kinds = self.groups.iter().skip(1).map(|group| group.before);
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }

    /// One group, or the same between all.
    pub(super) fn is_even(&self) -> bool {
        self.groups.len() == 1 || self.evenly().is_some_and(|kind| kind != Between::More)
    }

    /// The number of digits from one place to another.
    pub(super) fn value(&self, from: usize, to: usize) -> u64 {
        let digits = self.digits.get(from..to).unwrap_or_default().iter();
        digits.fold(0u64, |v, d| v.wrapping_mul(10).wrapping_add(u64::from(*d)))
    }

    /// Not the same digit throughout.
    pub(super) fn varied(&self) -> bool {
        self.digits.iter().any(|d| Some(d) != self.digits.first())
    }

    /// A weighted sum of the digits.
    pub(super) fn weighted(&self, weights: &[u32]) -> u32 {
        self.digits
            .iter()
            .zip(weights)
            .fold(0u32, |sum, (d, w)| sum.wrapping_add(u32::from(*d).wrapping_mul(*w)))
    }

    pub(super) fn digit(&self, i: usize) -> u32 {
        self.digits.get(i).copied().map_or(0, u32::from)
    }

    /// The byte before it, and whether a letter is glued to it.
    pub(super) fn before(&self) -> u8 {
        bytes::before(self.text, self.start)
    }

    pub(super) fn is_glued(&self) -> bool {
        bytes::is(at(self.text, self.end), ALNUM)
            || self.before() < 0x80 && bytes::is(self.before(), ALNUM | HIGH)
    }
}

/// Whether a day may be in a calendar: month and day only.
pub(super) fn is_date(month: u64, day: u64) -> bool {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=longest).contains(&day)
}

/// The end of an extension behind a number: `x123`, `ext. 123`, ` x 123`.
pub(super) fn extension(text: &[u8], end: usize) -> Option<usize> {
    let rest = part(text, end, end.saturating_add(14));
    let spaces = usize::from(rest.first() == Some(&b' '));
    let words: [&[u8]; 6] = [b"extension ", b"ext. ", b"ext ", b"ext.", b"ext", b"x"];
    let after = rest.get(spaces..)?;
    let word = words.iter().find(|word| {
        after.get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word))
            && after.get(word.len()).is_some_and(u8::is_ascii_digit)
    })?;
    let digits = end.saturating_add(spaces).saturating_add(word.len());
    let stop = bytes::run(text, digits, DIGIT, 7);
    (!bytes::is(at(text, stop), ALNUM)).then_some(stop)
}
