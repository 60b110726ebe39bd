//! The log: segments that are written one after the other, each made of zeros beforehand.
//!
//! As a segment has its full length before its first frame, a commit changes no metadata, and a disk
//! that is full is found out before anything is promised. It has its name, too: so all that is left to be
//! done when a segment is full is to write the header of the next.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use crate::blank::{Blank, Chore, Done};
use crate::crc::Crc;
use crate::disk::{Disk, DiskFile, read_exact};
use crate::error::Failure;
use crate::frame::{FRAME, Frame, HEADER, Header, MAX_PAYLOAD, Place, framed};

/// The name of a segment.
pub(crate) fn name(number: u32) -> String {
    format!("{number:08}.log")
}

/// The number in the name of a segment.
pub(crate) fn number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".log")?;
    let number = digits.parse().ok()?;
    (name == self::name(number)).then_some(number)
}

/// A segment that is part of the log.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) header: Header,
    pub(crate) file: Arc<dyn DiskFile>,
    /// Where its frames end.
    pub(crate) end: u32,
    /// The first and the newest time in it, in seconds.
    pub(crate) first: i64,
    pub(crate) newest: i64,
}

impl Segment {
    pub(crate) fn new(header: Header, file: Arc<dyn DiskFile>) -> Self {
        Self { header, file, end: HEADER, first: i64::MAX, newest: i64::MIN }
    }

    /// Notes that it holds something of a time.
    pub(crate) fn touch(&mut self, seconds: i64) {
        if self.first == i64::MAX {
            self.first = seconds;
        }
        self.newest = self.newest.max(seconds);
    }

    /// For how long it has been written to, or was, until a time: since the newest claim before it. What
    /// it holds may be older, having been moved here. The first of a store holds only what is new.
    fn age(&self, until: i64) -> i64 {
        let since = if self.header.newest == i64::MIN { self.first } else { self.header.newest };
        until.saturating_sub(since).max(0)
    }
}

/// The log of an open store.
#[derive(Debug)]
pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    /// Oldest first; the last is the head, which is written to.
    segments: VecDeque<Segment>,
    seed: Crc,
    /// What belongs behind the head's last written byte.
    pending: Vec<u8>,
    last: u64,
    durable: u64,
    blank: Option<Blank>,
    blanks: u64,
    /// Set while a caller does a chore.
    busy: bool,
    /// Set while the head has been written to for too long.
    aged: bool,
    /// Where in the head the next blank is tried, if there was no room for one.
    retry: u32,
    /// Set when the disk has failed.
    broken: bool,
    /// Why something was last refused.
    pub(crate) failure: Option<Failure>,
    /// For the next header.
    cut: i64,
    newest: i64,
}

/// What was found by reading a store, to go on from.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) segments: VecDeque<Segment>,
    /// The last frame.
    pub(crate) last: u64,
    /// Whether there is something behind it that is no frame.
    pub(crate) torn: bool,
}

impl Log {
    /// A new store.
    pub(crate) fn create(disk: Arc<dyn Disk>, header: Header) -> Result<Self, Failure> {
        let mut log = Self::of(disk, VecDeque::new(), 0);
        log.add(header)?;
        Ok(log)
    }

    /// Goes on from what was found. What is behind the last frame, if there is anything, is left
    /// behind: the next frame begins a segment.
    pub(crate) fn resume(disk: Arc<dyn Disk>, found: Found, now: i64) -> Result<Self, Failure> {
        let mut log = Self::of(disk, found.segments, found.last);
        let head = log.segments.back().ok_or(Failure::Broken)?;
        log.seed = head.header.seed();
        (log.cut, log.newest) = (head.header.cut, head.header.newest);
        // A process that died may have left what only the operating system had.
        log.sync()?;
        if found.torn {
            log.cut = log.cut.max(now);
            log.roll()?;
        }
        Ok(log)
    }

    /// What was found, to be read and never written.
    pub(crate) fn snapshot(disk: Arc<dyn Disk>, found: Found) -> Self {
        Self { broken: true, ..Self::of(disk, found.segments, found.last) }
    }

    fn of(disk: Arc<dyn Disk>, segments: VecDeque<Segment>, last: u64) -> Self {
        Self {
            disk,
            segments,
            seed: Crc::new(),
            pending: Vec::new(),
            last,
            durable: last,
            blank: None,
            blanks: 0,
            busy: false,
            aged: false,
            retry: 0,
            broken: false,
            failure: None,
            cut: i64::MIN,
            newest: i64::MIN,
        }
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The sequence number of the last frame, and of the last that is known to be on the disk.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }
    pub(crate) fn durable(&self) -> u64 {
        self.durable
    }

    pub(crate) fn segments(&self) -> &VecDeque<Segment> {
        &self.segments
    }
    pub(crate) fn head(&self) -> Option<&Segment> {
        self.segments.back()
    }

    /// Whether the disk has failed.
    pub(crate) fn broken(&self) -> bool {
        self.broken
    }

    /// Notes that something failed after which nobody knows what is on the disk.
    fn or_broken<R>(&mut self, done: io::Result<R>) -> Result<R, Failure> {
        if done.is_err() {
            self.broken = true;
            self.failure = Some(Failure::Broken);
        }
        done.map_err(|_| Failure::Broken)
    }

    /// Syncs the head.
    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        self.flush()?;
        let synced = self.segments.back().map_or(Ok(()), |head| head.file.sync());
        self.or_broken(synced)?;
        self.synced(self.last);
        Ok(())
    }

    /// When a tail was last cut off, in milliseconds.
    pub(crate) fn cut(&self) -> i64 {
        self.cut
    }

    /// The newest time of a claim, in seconds.
    pub(crate) fn newest(&self) -> i64 {
        self.newest
    }

    /// Notes the time of a claim.
    pub(crate) fn claimed(&mut self, seconds: i64) {
        self.newest = self.newest.max(seconds);
    }

    /// Notes that the head holds something of a time.
    pub(crate) fn touch(&mut self, seconds: i64) {
        if let Some(head) = self.segments.back_mut() {
            head.touch(seconds);
        }
    }

    /// Whether a payload of so many bytes can be appended at all.
    pub(crate) fn takes(&self, payload: usize) -> bool {
        let most = self.head().map_or(0, |head| head.header.size.saturating_sub(HEADER));
        payload <= MAX_PAYLOAD && framed(payload) <= most as usize
    }

    /// Makes room in the head for so many bytes of frames, so that appending them cannot fail.
    pub(crate) fn room(&mut self, bytes: usize) -> Result<(), Failure> {
        let fits = |segment: &Segment| {
            let left = segment.header.size.saturating_sub(segment.end);
            bytes <= left as usize
        };
        let head = self.head().ok_or(Failure::Broken)?;
        if fits(head) {
            return Ok(());
        }
        if bytes > head.header.size.saturating_sub(HEADER) as usize {
            self.failure = Some(Failure::TooLarge);
            return Err(Failure::TooLarge);
        }
        self.roll().inspect_err(|failure| self.failure = Some(*failure))
    }

    /// Appends a frame whose payload comes in pieces. It is written by the next `flush`.
    pub(crate) fn append(
        &mut self,
        kind: u8,
        version: u8,
        pieces: &[&[u8]],
    ) -> Result<Place, Failure> {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        if length > MAX_PAYLOAD {
            return Err(Failure::TooLarge);
        }
        self.room(framed(length))?;
        let sequence = self.last.checked_add(1).ok_or(Failure::Broken)?;
        let behind = sequence.saturating_sub(self.durable);
        // Less is vouched for than could be, if ever so many wait.
        let behind = u32::try_from(behind).map_err(|_| Failure::Overloaded)?;
        let head = self.segments.back_mut().ok_or(Failure::Broken)?;
        let place = Place { segment: head.header.number, offset: head.end };
        let frame = Frame { sequence, behind, kind, version, payload: &[] };
        frame.write(pieces, self.seed, &mut self.pending);
        head.end = head.end.saturating_add(u32::try_from(framed(length)).unwrap_or(u32::MAX));
        self.last = sequence;
        Ok(place)
    }

    /// How many bytes were appended and not yet handed to the operating system.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Hands everything to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let head = self.segments.back().ok_or(Failure::Broken)?;
        let at = u64::from(head.end).saturating_sub(self.pending.len() as u64);
        let written = head.file.write_at(at, &self.pending);
        self.or_broken(written)?;
        self.pending.clear();
        Ok(())
    }

    /// Notes that all frames up to one are on the disk.
    pub(crate) fn synced(&mut self, up_to: u64) {
        self.durable = self.durable.max(up_to.min(self.last));
    }

    /// Ends the head and begins another segment.
    pub(crate) fn roll(&mut self) -> Result<(), Failure> {
        // A segment is begun only when all before it is on the disk: so what is missing there is damage.
        self.sync()?;
        let head = self.segments.back().ok_or(Failure::Broken)?;
        let header = Header {
            number: head.header.number.checked_add(1).ok_or(Failure::Broken)?,
            first: self.last.checked_add(1).ok_or(Failure::Broken)?,
            oldest: self.segments.front().map_or(0, |segment| segment.header.number),
            cut: self.cut,
            newest: self.newest,
            ..head.header
        };
        self.add(header)
    }

    fn add(&mut self, header: Header) -> Result<(), Failure> {
        let mut blank = match self.blank.take() {
            Some(blank) => blank,
            None => self.new_blank(),
        };
        let filled = loop {
            if blank.filled >= header.size {
                break Ok(());
            }
            if let Err(error) = blank.step(self.disk.as_ref(), header.size) {
                break Err(error);
            }
        };
        let named = blank.named.is_some();
        // Once it is begun under its name it may be there after a crash, and ends the one before it:
        // going on there would be writing what nobody reads.
        let begun = filled.and_then(|()| {
            let file = blank.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
            if named && !blank.settled {
                self.disk.sync()?;
            }
            file.write_at(0, &header.encode())?;
            file.sync()?;
            Ok(Arc::clone(file))
        });
        let file = match begun {
            Ok(file) => file,
            Err(error) if named => return self.or_broken(Err(error)),
            Err(error) => {
                blank.discard(self.disk.as_ref());
                return Err(Failure::of_room(&error));
            }
        };
        if !named {
            let named = blank.take_name(self.disk.as_ref(), header.number);
            let named = named.and_then(|()| self.disk.sync());
            self.or_broken(named)?;
        }
        (self.seed, self.retry) = (header.seed(), 0);
        self.segments.push_back(Segment::new(header, file));
        Ok(())
    }

    fn new_blank(&mut self) -> Blank {
        self.blanks = self.blanks.saturating_add(1);
        Blank::new(self.blanks)
    }

    /// Whether a segment was begun so long ago, in seconds.
    pub(crate) fn aged(&self, segment: &Segment, seconds: i64) -> bool {
        segment.age(self.newest) > seconds
    }

    /// Ends a head that has been written to for so long, once the next segment is ready: so that what it
    /// holds can be moved, however little is written.
    pub(crate) fn end_aged(&mut self, seconds: i64) -> Result<(), Failure> {
        self.aged = self.head().is_some_and(|head| self.aged(head, seconds));
        if self.aged && self.blank.as_ref().is_some_and(|blank| blank.settled) {
            self.aged = false;
            return self.roll();
        }
        Ok(())
    }

    /// What is to be done next for the segment after this one.
    pub(crate) fn chore(&mut self) -> Option<Chore> {
        let head = self.head()?;
        let (size, used) = (head.header.size, head.end);
        // Begun when a quarter is used, done when three quarters are; or at once.
        let due = match used.checked_sub(size / 4) {
            _ if self.aged => size,
            Some(used) => used.saturating_mul(2),
            None => return None,
        };
        if self.busy || used < self.retry {
            return None;
        }
        if let Some(number) = self.blank.as_ref().and_then(|blank| blank.named) {
            let settled = self.blank.as_ref().is_none_or(|blank| blank.settled);
            self.busy = !settled;
            return (!settled).then_some(Chore::Settle(number));
        }
        let filled = self.blank.as_ref().map_or(0, |blank| blank.filled);
        if due <= filled && filled < size {
            return None;
        }
        self.busy = true;
        let blank = self.blank.take();
        Some(Chore::Fill(blank.unwrap_or_else(|| self.new_blank()), size))
    }

    /// Takes note of a chore that was done. A blank that could not be filled, or that is one too many, is
    /// taken away. One that is full gets its name: here, where nobody can be about to take the same.
    pub(crate) fn done(&mut self, done: Done) {
        self.busy = false;
        let (number, used, size) = self.head().map_or((0, 0, 0), |head| {
            (head.header.number.saturating_add(1), head.end, head.header.size)
        });
        let sound = match done {
            Done::Settled(number, sound) => {
                // It may have been taken meanwhile, by who waited for the name too.
                let mine = self.blank.as_mut().filter(|blank| blank.named == Some(number));
                if let Some(blank) = mine {
                    blank.settled = sound;
                }
                sound
            }
            Done::Filled(mut blank, mut sound) => {
                if sound && self.blank.is_none() && blank.filled >= size {
                    sound = blank.take_name(self.disk.as_ref(), number).is_ok();
                }
                if sound && self.blank.is_none() {
                    self.blank = Some(blank);
                } else {
                    blank.discard(self.disk.as_ref());
                }
                sound
            }
        };
        if !sound {
            // Without room, it is tried again a little later, or when it is needed.
            self.retry = used.saturating_add(size / 16);
        }
    }

    /// Takes the oldest segment off the log, if it is this one and not the head, to be deleted.
    pub(crate) fn drop_oldest(&mut self, number: u32) -> bool {
        let oldest = self.segments.front().is_some_and(|oldest| oldest.header.number == number);
        if !oldest || self.segments.len() < 2 {
            return false;
        }
        self.segments.pop_front();
        true
    }

    /// Where a frame can be read.
    pub(crate) fn source(&self, place: Place) -> Option<Source> {
        let oldest = self.segments.front()?.header.number;
        let at = usize::try_from(place.segment.checked_sub(oldest)?).ok()?;
        let segment = self.segments.get(at)?;
        let (seed, offset) = (segment.header.seed(), u64::from(place.offset));
        if at.saturating_add(1) == self.segments.len() {
            let written = (segment.end as usize).saturating_sub(self.pending.len());
            if let Some(at) = (place.offset as usize).checked_sub(written) {
                let bytes = self.pending.get(at..)?;
                let (_, length) = Frame::read(bytes, seed)?;
                return Some(Source::Bytes(bytes.get(..length)?.to_vec(), seed));
            }
        }
        let most = segment.end.saturating_sub(place.offset) as usize;
        Some(Source::File { file: Arc::clone(&segment.file), offset, most, seed })
    }
}

/// A frame that is to be read.
#[derive(Debug)]
pub(crate) enum Source {
    /// It was not written yet.
    Bytes(Vec<u8>, Crc),
    /// From a file, at most so many bytes.
    File { file: Arc<dyn DiskFile>, offset: u64, most: usize, seed: Crc },
}

/// A frame that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) payload: Vec<u8>,
}

impl Source {
    /// How much is read at first.
    const GUESS: usize = 1024;

    pub(crate) fn read(self) -> Result<Record, Failure> {
        let (bytes, seed) = match self {
            Self::Bytes(bytes, seed) => (bytes, seed),
            Self::File { file, offset, most, seed } => {
                let read = |length| {
                    read_exact(file.as_ref(), offset, length).map_err(|_| Failure::Damaged)
                };
                let bytes = read(most.min(Self::GUESS))?;
                let length = bytes.first_chunk::<4>().ok_or(Failure::Damaged)?;
                let length = framed(u32::from_le_bytes(*length) as usize);
                let whole = length <= bytes.len();
                let sound = length <= most && length <= framed(MAX_PAYLOAD) && length >= FRAME;
                match (sound, whole) {
                    (false, _) => return Err(Failure::Damaged),
                    (true, true) => (bytes, seed),
                    (true, false) => (read(length)?, seed),
                }
            }
        };
        let (frame, _) = Frame::read(&bytes, seed).ok_or(Failure::Damaged)?;
        Ok(Record { kind: frame.kind, version: frame.version, payload: frame.payload.to_vec() })
    }
}
