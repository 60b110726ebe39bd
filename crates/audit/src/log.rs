//! The log that is written.

use std::io::{self, BufReader};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use countersign_core::{AuditError, AuditRecord, AuditSink, Durability};

use crate::disk::{self, Disk};
use crate::record::encode;
use crate::verify::{Summary, VerifyError, VerifyErrorKind, walk};

/// A log could not be opened, which means refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is something at the path that is not a regular file: a symbolic link, a directory, a
    /// device, a pipe.
    #[error("the log is not a regular file")]
    NotRegular,
    /// The group or the world may read or write the file; it has to be mode 0600 or stricter.
    #[error("the log can be accessed by others; its mode must be 0600")]
    Exposed,
    /// Another process, or another log of this one, has the file open.
    #[error("the log is in use by another writer")]
    Locked,
    /// A complete line does not verify.
    #[error("the log is damaged: {0}")]
    Damaged(VerifyError),
    /// The operating system's reason.
    #[error("the log cannot be opened: {0}")]
    Io(io::ErrorKind),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

impl From<VerifyError> for OpenError {
    fn from(error: VerifyError) -> Self {
        match error.kind {
            VerifyErrorKind::Read(kind) => Self::Io(kind),
            _ => Self::Damaged(error),
        }
    }
}

impl From<OpenError> for AuditError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Damaged(_) => Self::Damaged,
            _ => Self::Unwritable,
        }
    }
}

/// A hash-chained log in one file; see the [crate's documentation](crate).
#[derive(Debug)]
pub struct JsonlLog {
    disk: Box<dyn Disk>,
    state: Mutex<State>,
    /// How many records are on the disk for certain. Locked while a sync runs, and always before
    /// `state`.
    synced: Mutex<u64>,
    cut: u64,
}

#[derive(Debug)]
struct State {
    summary: Summary,
    bytes: u64,
    broken: Option<AuditError>,
}

impl JsonlLog {
    /// Opens a log, or makes an empty one with mode 0600, and takes it for this writer alone.
    ///
    /// The whole chain is verified first. A last line without a line feed was being written when the
    /// writer died, so its append never returned or was not durable: it is cut off, see
    /// [`cut`](Self::cut).
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_known(path, Summary::EMPTY)
    }

    /// Opens a log that is known to have stood somewhere: it must not have become shorter since.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Damaged`] also if it was never there.
    pub fn open_known(path: impl AsRef<Path>, known: Summary) -> Result<Self, OpenError> {
        let file = disk::open(path.as_ref())?;
        let walked = walk(&mut BufReader::new(&file), known)?;
        if walked.torn > 0 {
            file.set_len(walked.whole)?;
            file.sync_all()?;
        }
        Ok(Self::on(Box::new(file), walked.summary, walked.whole, walked.torn))
    }

    fn on(disk: Box<dyn Disk>, summary: Summary, bytes: u64, cut: u64) -> Self {
        let state = Mutex::new(State { summary, bytes, broken: None });
        Self { disk, state, synced: Mutex::new(0), cut }
    }

    /// How many bytes of a torn last line were cut off when the log was opened.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Number of records and head as of now. Keep it where the writer of this file cannot change it.
    ///
    /// # Errors
    /// What broke the log, if it is broken.
    pub fn head(&self) -> Result<Summary, AuditError> {
        let state = self.state()?;
        state.sound().map(|()| state.summary)
    }

    /// A panic while the lock was held, which nothing here does, would leave a state to distrust.
    fn state(&self) -> Result<MutexGuard<'_, State>, AuditError> {
        self.state.lock().map_err(|_| AuditError::Unwritable)
    }

    fn write(&self, record: AuditRecord) -> Result<u64, AuditError> {
        let mut state = self.state()?;
        state.sound()?;
        let before = state.summary;
        let mut line = encode(record, before)?;
        // Another writer that ignores the lock, or a file that was deleted, is noticed here.
        match self.disk.size() {
            Ok(Some(size)) if size == state.bytes => {}
            Ok(_) => return Err(state.breaks(AuditError::Damaged)),
            Err(_) => return Err(state.breaks(AuditError::Unwritable)),
        }
        let after = before.then(&line);
        line.push(b'\n');
        if self.disk.write(&line).is_err() {
            return Err(state.breaks(AuditError::Unwritable));
        }
        let length = u64::try_from(line.len()).map_err(|_| AuditError::TooLarge)?;
        state.bytes = state.bytes.saturating_add(length);
        state.summary = after;
        Ok(before.records)
    }

    /// Returns when the record is on the disk. Whoever comes while a sync runs waits for it, and the
    /// next one to sync does so for all who wrote meanwhile.
    fn sync(&self, seq: u64) -> Result<(), AuditError> {
        let mut synced = self.synced.lock().map_err(|_| AuditError::Unwritable)?;
        let written = {
            let state = self.state()?;
            // After a failed sync a later one may succeed without the lost pages.
            state.sound()?;
            state.summary.records
        };
        if *synced > seq {
            return Ok(());
        }
        if self.disk.sync().is_err() {
            return Err(self.state()?.breaks(AuditError::Unwritable));
        }
        *synced = written;
        Ok(())
    }
}

impl State {
    fn sound(&self) -> Result<(), AuditError> {
        self.broken.map_or(Ok(()), Err)
    }

    fn breaks(&mut self, error: AuditError) -> AuditError {
        *self.broken.get_or_insert(error)
    }
}

#[async_trait]
impl AuditSink for JsonlLog {
    async fn append(&self, record: AuditRecord, durability: Durability) -> Result<u64, AuditError> {
        let seq = self.write(record)?;
        match durability {
            Durability::Buffered => {}
            Durability::Durable => self.sync(seq)?,
        }
        Ok(seq)
    }
}

#[cfg(test)]
mod tests;
