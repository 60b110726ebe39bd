//! What can be wrong with a store.

use std::io;

/// A store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process holds the store, or another store of this one.
    #[error("the store is held by another process")]
    Locked,
    /// The path is not a directory: a file, a link.
    #[error("the store's path is not a directory")]
    NotADirectory,
    /// A file of the store is a link, a pipe, or anything but a file.
    #[error("a file of the store is not a regular file")]
    NotRegular,
    /// The group or the world may do something with the directory or a file in it.
    #[error("the store is open to others: it has to be 0700, and its files 0600")]
    Exposed,
    /// The key is not the one that the store was made with.
    #[error("the store was made with another key")]
    WrongKey,
    /// Written by a newer version of this crate (or not by this crate).
    #[error("the store has format {found}, and this version reads format {known}")]
    Format {
        /// The format that was found.
        found: u16,
        /// The newest that is known.
        known: u16,
    },
    /// Written by a newer version of this crate: a record of a kind that is unknown here.
    #[error("the store holds a record that this version does not know ({kind}.{version})")]
    Record {
        /// The kind of record.
        kind: u8,
        /// Its version.
        version: u8,
    },
    /// Something that had reached the disk is not there any more as it was. Nothing was changed:
    /// restore a backup.
    #[error("segment {segment} of the store is damaged at byte {offset}")]
    Damaged {
        /// The number in the name of the file.
        segment: u32,
        /// Where in it.
        offset: u64,
    },
    /// The disk is full.
    #[error("there is no room on the disk for the store")]
    Full,
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] countersign_core::EntropyError),
    /// The disk or its directory could not be read or written.
    #[error("the store could not be read or written")]
    Io(#[source] io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        // What the directory found wrong with a file comes wrapped.
        match error.downcast::<Self>() {
            Ok(typed) => typed,
            Err(error) if full(&error) => Self::Full,
            Err(error) => Self::Io(error),
        }
    }
}

/// Whether there was no room: on the disk, of a quota, or for a file as long as that.
fn full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Why a store that is open does not write. A caller gets the error of its port, which is a refusal;
/// this is for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There was no room on the disk for the next segment. The store goes on when there is.
    #[error("there is no room on the disk for the store")]
    Full,
    /// More callers wait for the disk than may.
    #[error("too many callers wait for the disk")]
    Overloaded,
    /// A record is larger than may be.
    #[error("the record is too large")]
    TooLarge,
    /// There are as many records of a kind as may be.
    #[error("the store holds as many as it may")]
    TooMany,
    /// The disk refused a write, or to say that what was written is on it. What it then holds nobody
    /// knows: the store does nothing until it is opened anew.
    #[error("the disk failed; the store has to be opened anew")]
    Broken,
    /// No randomness.
    #[error("no randomness")]
    Entropy,
    /// A record that was found again cannot be read.
    #[error("a record is damaged")]
    Damaged,
}

impl Failure {
    /// Of making room ahead, where nothing was promised yet.
    pub(crate) fn of_room(error: &io::Error) -> Self {
        if full(error) { Self::Full } else { Self::Broken }
    }
}
