//! Reads a store from its files: what was there, and where it ends.
//!
//! What is no frame where one should be is one of two things. If something later says that it had
//! reached the disk (a later frame that was written when it was known to, or a later segment), it is
//! damage, and the store is refused as it is. If nothing says so, it is what was being written when the
//! power went, for which nobody has been told anything: it is cut off.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;

use crate::disk::{Disk, DiskFile, read_exact};
use crate::error::OpenError;
use crate::frame::{BadHeader, FORMAT, Frame, HEADER, Header, Place};
use crate::log::{Found, Segment, name, number};

/// What a visitor found wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Its contents are none that were ever written.
    Contents,
    /// It is of a kind or version that is not known here.
    Unknown,
}

/// Gets every frame, in order. Says what time is in it, in seconds; the least number if none.
pub(crate) trait Visitor {
    fn visit(&mut self, place: Place, frame: &Frame<'_>) -> Result<i64, Bad>;
}

/// Whether there is a store at all.
pub(crate) fn exists(disk: &dyn Disk) -> io::Result<bool> {
    Ok(disk.list()?.iter().any(|name| number(name).is_some()))
}

/// Segments by their numbers.
pub(crate) type Headers = BTreeMap<u32, (Header, Arc<dyn DiskFile>)>;

/// Opens the segments and looks at their headers.
pub(crate) fn headers(disk: &dyn Disk) -> Result<Headers, OpenError> {
    let mut numbers: Vec<u32> = disk.list()?.iter().filter_map(|name| number(name)).collect();
    numbers.sort_unstable();
    let mut found = Headers::new();
    let mut oldest = 0;
    // The newest first: it says from where on they may be needed. One that is needed no more may be
    // gone while an older one is not.
    for number in numbers.into_iter().rev() {
        let next = found.first_key_value().map(|(newer, _)| *newer);
        if number < oldest || next.is_some_and(|next| number.checked_add(1) != Some(next)) {
            break;
        }
        let damaged = |offset| OpenError::Damaged { segment: number, offset };
        let file = disk.open(&name(number))?;
        let size = file.size()?;
        if size < u64::from(HEADER) {
            return Err(damaged(size));
        }
        let header = Header::decode(&read_exact(file.as_ref(), 0, HEADER as usize)?);
        let header = header.map_err(|bad| match bad {
            BadHeader::Damaged => damaged(0),
            BadHeader::Format(found) => OpenError::Format { found, known: FORMAT },
        })?;
        let same = found.values().next().is_none_or(|(newer, _)| {
            (newer.store, newer.size, newer.check) == (header.store, header.size, header.check)
                && newer.first >= header.first
        });
        if header.number != number || !same {
            return Err(damaged(0));
        }
        if size != u64::from(header.size) {
            return Err(damaged(size.min(u64::from(header.size))));
        }
        oldest = oldest.max(header.oldest);
        found.insert(number, (header, file));
    }
    Ok(found)
}

/// Reads all frames of segments that follow each other.
pub(crate) fn frames(found: Headers, visitor: &mut dyn Visitor) -> Result<Found, OpenError> {
    let head = found.last_key_value().map_or(0, |(number, _)| *number);
    let mut segments = VecDeque::new();
    let mut last = None;
    let mut torn = false;
    let mut found = found.into_iter().peekable();
    while let Some((number, (header, file))) = found.next() {
        let damaged = |offset: usize| OpenError::Damaged { segment: number, offset: offset as u64 };
        let until = found.peek().map(|(_, (next, _))| next.first);
        let bytes = read_exact(file.as_ref(), 0, header.size as usize)?;
        let seed = header.seed();
        let before = last.unwrap_or(header.first.saturating_sub(1));
        if header.first.checked_sub(1) != Some(before) {
            return Err(damaged(0));
        }
        let (mut sequence, mut at, mut newest) = (before, HEADER as usize, i64::MIN);
        let whole = loop {
            if until.is_some_and(|until| sequence.saturating_add(1) >= until) {
                break true;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let next = Frame::read(rest, seed)
                .filter(|(frame, _)| frame.sequence == sequence.saturating_add(1));
            let Some((frame, length)) = next else { break false };
            let place = Place { segment: number, offset: u32::try_from(at).unwrap_or(u32::MAX) };
            match visitor.visit(place, &frame) {
                Ok(time) => newest = newest.max(time),
                Err(Bad::Contents) => return Err(damaged(at)),
                Err(Bad::Unknown) => {
                    return Err(OpenError::Record { kind: frame.kind, version: frame.version });
                }
            }
            sequence = frame.sequence;
            at = at.saturating_add(length);
        };
        if !whole && number != head {
            return Err(damaged(at));
        }
        if number == head {
            let rest = bytes.get(at..).unwrap_or_default();
            torn = rest.iter().any(|byte| *byte != 0);
            if torn && vouched(rest, seed, sequence) {
                return Err(damaged(at));
            }
        }
        let end = u32::try_from(at).unwrap_or(u32::MAX);
        segments.push_back(Segment { header, file, end, newest });
        last = Some(sequence);
    }
    Ok(Found { segments, last: last.unwrap_or(0), torn })
}

/// Whether a later frame says that the one after `last` was on the disk.
fn vouched(bytes: &[u8], seed: crate::crc::Crc, last: u64) -> bool {
    let mut rest = bytes;
    while let Some(later) = rest.get(8..) {
        rest = later;
        // Zeros are no frame, and are most of what is here.
        let some = rest.first_chunk::<8>().is_some_and(|word| *word != [0; 8]);
        if some && Frame::read(rest, seed).is_some_and(|(frame, _)| frame.vouches() > last) {
            return true;
        }
    }
    false
}
