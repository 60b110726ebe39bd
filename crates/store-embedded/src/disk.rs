//! All that is done with files, as two small traits, so that tests can cut the power anywhere.

use core::fmt::Debug;
use std::io;
use std::sync::Arc;

/// A directory, flat.
pub(crate) trait Disk: Debug + Send + Sync + 'static {
    /// The names in it.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes a file that is not there yet.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens a file that is there.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Gives a file another name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes a file away; whoever has it open can still read it.
    fn delete(&self, name: &str) -> io::Result<()>;
    /// Waits until the names are on the disk.
    fn sync(&self) -> io::Result<()>;
}

/// A file.
pub(crate) trait DiskFile: Debug + Send + Sync + 'static {
    /// Writes all of the bytes.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reads as many bytes as there are, at most as many as fit.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Waits until all that was written is on the disk.
    fn sync(&self) -> io::Result<()>;
    /// Its length in bytes.
    fn size(&self) -> io::Result<u64>;
}

/// Reads exactly so many bytes, or says that the file is shorter.
pub(crate) fn read_exact(file: &dyn DiskFile, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(offset.saturating_add(done as u64), rest)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => done = done.saturating_add(n),
        }
    }
    Ok(bytes)
}
