//! Files of zeros that become segments, made while nobody is kept waiting for them.

use std::io;
use std::sync::Arc;

use crate::disk::{Disk, DiskFile};
use crate::log::name;

/// How many zeros are written at a time.
const STEP: u32 = 256 << 10;
static ZEROS: [u8; STEP as usize] = [0; STEP as usize];

/// What the names of files end in that are to become segments.
const BLANK: &str = ".new";

/// Whether a file was to become a segment and did not.
pub(crate) fn is_blank(name: &str) -> bool {
    name.ends_with(BLANK)
}

/// A file of zeros that is going to be a segment.
#[derive(Debug)]
pub(crate) struct Blank {
    pub(crate) name: String,
    pub(crate) file: Option<Arc<dyn DiskFile>>,
    pub(crate) filled: u32,
    /// The number of the segment that it has the name of.
    pub(crate) named: Option<u32>,
    /// Whether the name is on the disk.
    pub(crate) settled: bool,
}

impl Blank {
    pub(crate) fn new(number: u64) -> Self {
        let name = format!("{number:08}{BLANK}");
        Self { name, file: None, filled: 0, named: None, settled: false }
    }

    /// Writes some of its zeros, and waits for them.
    pub(crate) fn step(&mut self, disk: &dyn Disk, size: u32) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(disk.create(&self.name)?),
        };
        let step = size.saturating_sub(self.filled).min(STEP);
        file.write_at(u64::from(self.filled), ZEROS.get(..step as usize).unwrap_or(&ZEROS))?;
        file.sync()?;
        self.filled = self.filled.saturating_add(step);
        Ok(())
    }

    /// Gives it the name of a segment, which nobody else has.
    pub(crate) fn take_name(&mut self, disk: &dyn Disk, number: u32) -> io::Result<()> {
        let name = name(number);
        disk.rename(&self.name, &name)?;
        (self.name, self.named) = (name, Some(number));
        Ok(())
    }

    /// Takes it away again, if that can be done.
    pub(crate) fn discard(self, disk: &dyn Disk) {
        if self.file.is_some() {
            // What stays is taken away when the store is opened.
            drop(disk.delete(&self.name));
        }
    }
}

/// What is to be done so that the next segment is ready when this one is full.
#[derive(Debug)]
pub(crate) enum Chore {
    /// Zeros are to be written, to a length.
    Fill(Blank, u32),
    /// The name of the segment with this number is to be waited for. The blank stays where it is: a
    /// file that has the name of a segment is never in two hands.
    Settle(u32),
}

/// A chore that was done.
#[derive(Debug)]
pub(crate) enum Done {
    Filled(Blank, bool),
    Settled(u32, bool),
}

impl Chore {
    /// Does it, while nobody is kept waiting.
    pub(crate) fn run(self, disk: &dyn Disk) -> Done {
        match self {
            Self::Fill(mut blank, size) => {
                let filled = blank.step(disk, size).is_ok();
                Done::Filled(blank, filled)
            }
            Self::Settle(number) => Done::Settled(number, disk.sync().is_ok()),
        }
    }
}
