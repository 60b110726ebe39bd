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
    /// Will be followed by a visit, a few frames later.
    fn soon(&self, frame: &Frame<'_>);
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
    let mut ready = None;
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
        let header = read_exact(file.as_ref(), 0, HEADER as usize)?;
        // One that was made ready and not begun. There is one at most.
        let blank = found.is_empty() && ready.is_none() && header.iter().all(|byte| *byte == 0);
        if blank && zeros(file.as_ref(), size)? {
            ready = Some(number);
            continue;
        }
        let header = Header::decode(&header);
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

/// How much is read at a time of a file that is to be looked through.
const PIECE: usize = 1 << 20;

/// Whether a file holds nothing but zeros.
fn zeros(file: &dyn DiskFile, size: u64) -> io::Result<bool> {
    for at in (0..size).step_by(PIECE) {
        let length = usize::try_from(size.saturating_sub(at)).unwrap_or(PIECE).min(PIECE);
        if read_exact(file, at, length)?.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A segment whose bytes were read and looked at.
struct Looked {
    segment: Segment,
    bytes: Vec<u8>,
    /// Where its sound frames begin.
    frames: Vec<u32>,
    /// The last of them, of all that were read.
    last: u64,
    torn: bool,
    /// What is wrong behind them.
    bad: Option<OpenError>,
}

/// Reads a segment as far as its frames are sound and follow each other, from after a frame on, and up to
/// where the next segment begins, if there is one.
fn look(header: Header, file: Arc<dyn DiskFile>, before: u64, until: Option<u64>) -> Looked {
    let damaged = |at: usize| OpenError::Damaged { segment: header.number, offset: at as u64 };
    let segment = Segment::new(header, file);
    let looked = |segment, bad: OpenError| Looked {
        segment,
        bytes: Vec::new(),
        frames: Vec::new(),
        last: before,
        torn: false,
        bad: Some(bad),
    };
    if header.first.checked_sub(1) != Some(before) {
        return looked(segment, damaged(0));
    }
    let bytes = match read_exact(segment.file.as_ref(), 0, header.size as usize) {
        Ok(bytes) => bytes,
        Err(error) => return looked(segment, error.into()),
    };
    let (seed, mut frames) = (header.seed(), Vec::new());
    let (mut last, mut at) = (before, HEADER as usize);
    let whole = loop {
        if until.is_some_and(|until| last.saturating_add(1) >= until) {
            break true;
        }
        let next = Frame::read(bytes.get(at..).unwrap_or_default(), seed);
        let next = next.filter(|(frame, _)| frame.sequence == last.saturating_add(1));
        let Some((frame, length)) = next else { break false };
        frames.push(u32::try_from(at).unwrap_or(u32::MAX));
        last = frame.sequence;
        at = at.saturating_add(length);
    };
    let rest = bytes.get(at..).unwrap_or_default();
    let torn = until.is_none() && rest.iter().any(|byte| *byte != 0);
    let bad = if until.is_some() { !whole } else { torn && vouched(rest, seed, last) };
    let segment = Segment { end: u32::try_from(at).unwrap_or(u32::MAX), ..segment };
    Looked { segment, bytes, frames, last, torn, bad: bad.then(|| damaged(at)) }
}

/// How many segments are read ahead, and how many frames are shown before they are visited.
const AHEAD: usize = 2;
const SOON: usize = 64;

/// Reads all frames of segments that follow each other. A thread reads and checks them, while another
/// builds the tables.
pub(crate) fn frames(found: Headers, visitor: &mut dyn Visitor) -> Result<Found, OpenError> {
    let mut all = Found { segments: VecDeque::new(), last: 0, torn: false };
    let untils: Vec<u64> = found.values().skip(1).map(|(header, _)| header.first).collect();
    let mut untils = untils.into_iter();
    let mut before = found.values().next().map_or(0, |(header, _)| header.first.saturating_sub(1));
    let one = found.len() == 1;
    let mut looked = found.into_values().map(move |(header, file)| {
        let looked = look(header, file, before, untils.next());
        before = looked.last;
        looked
    });
    if one {
        looked.try_for_each(|looked| take(&mut all, looked, visitor))?;
        return Ok(all);
    }
    std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::sync_channel(AHEAD);
        // It ends when nobody wants more, or with what is damaged.
        scope.spawn(move || {
            for looked in looked {
                let last = looked.bad.is_some();
                if send.send(looked).is_err() || last {
                    return;
                }
            }
        });
        receive.into_iter().try_for_each(|looked| take(&mut all, looked, visitor))
    })?;
    Ok(all)
}

/// Shows the frames of a segment to the visitor.
fn take(all: &mut Found, looked: Looked, visitor: &mut dyn Visitor) -> Result<(), OpenError> {
    let Looked { mut segment, bytes, frames, last, torn, bad } = looked;
    let number = segment.header.number;
    let frame = |offset: u32| Frame::again(bytes.get(offset as usize..).unwrap_or_default());
    for some in frames.chunks(SOON) {
        let frames = || some.iter().filter_map(|offset| Some((*offset, frame(*offset)?.0)));
        frames().for_each(|(_, frame)| visitor.soon(&frame));
        for (offset, frame) in frames() {
            match visitor.visit(Place { segment: number, offset }, &frame) {
                Ok(i64::MIN) => {}
                Ok(time) => segment.touch(time),
                Err(Bad::Contents) => {
                    return Err(OpenError::Damaged { segment: number, offset: offset.into() });
                }
                Err(Bad::Unknown) => {
                    return Err(OpenError::Record { kind: frame.kind, version: frame.version });
                }
            }
        }
    }
    if let Some(bad) = bad {
        return Err(bad);
    }
    all.segments.push_back(segment);
    (all.last, all.torn) = (last, torn);
    Ok(())
}

/// How often the bytes behind the last frame are summed at most, in search of a later one.
const SUMS: usize = 64;

/// Whether a later frame says that the one after `last` was on the disk. What takes too long to find out,
/// as no torn write does, counts as that.
fn vouched(bytes: &[u8], seed: crate::crc::Crc, last: u64) -> bool {
    let mut rest = bytes;
    let mut left = bytes.len().saturating_mul(SUMS);
    let furthest = last.saturating_add(bytes.len() as u64);
    while let Some(later) = rest.get(8..) {
        rest = later;
        // Zeros are no frame, and are most of what is here.
        if rest.first_chunk::<8>().is_none_or(|word| *word == [0; 8]) {
            continue;
        }
        let next = Frame::again(rest);
        let next = next.filter(|(frame, _)| frame.vouches() > last && frame.sequence <= furthest);
        let Some((_, length)) = next else { continue };
        if length > left || Frame::read(rest, seed).is_some() {
            return true;
        }
        left = left.saturating_sub(length);
    }
    false
}
