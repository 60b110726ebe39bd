//! The file: how it is opened, and the three things that are done with it.

use core::fmt::Debug;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use crate::log::OpenError;

/// What a log is written to. The file, or in tests one that fails.
pub(crate) trait Disk: Debug + Send + Sync + 'static {
    /// Appends all of the bytes.
    fn write(&self, bytes: &[u8]) -> io::Result<()>;
    /// Waits until all that was written is on the disk.
    fn sync(&self) -> io::Result<()>;
    /// How many bytes there are, or `None` if no name leads to the file any more.
    fn size(&self) -> io::Result<Option<u64>>;
}

impl Disk for File {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self;
        file.write_all(bytes)
    }
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
    fn size(&self) -> io::Result<Option<u64>> {
        let metadata = self.metadata()?;
        Ok(linked(&metadata).then_some(metadata.len()))
    }
}

/// Opens or makes the file, and locks it.
pub(crate) fn open(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    private(&mut options);
    // `create_new` follows no symbolic link.
    let (file, new) = match options.clone().create_new(true).open(path) {
        Ok(file) => (file, true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            (existing(path, &options)?, false)
        }
        Err(error) => return Err(error.into()),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    if new {
        sync_directory(path)?;
    }
    Ok(file)
}

/// Looks at what is there before opening it (opening a pipe would wait), and at what was opened
/// afterwards: it has to be the same.
fn existing(path: &Path, options: &OpenOptions) -> Result<File, OpenError> {
    let seen = fs::symlink_metadata(path)?;
    if !seen.file_type().is_file() {
        return Err(OpenError::NotRegular);
    }
    let file = options.open(path)?;
    let opened = file.metadata()?;
    if !opened.file_type().is_file() || !same(&seen, &opened) {
        return Err(OpenError::NotRegular);
    }
    if exposed(&opened) {
        return Err(OpenError::Exposed);
    }
    Ok(file)
}

#[cfg(unix)]
mod platform {
    use super::{File, Metadata, OpenOptions, Path, io};
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

    pub(super) fn private(options: &mut OpenOptions) {
        options.mode(0o600);
    }
    /// Whether the group or the world may do anything with it.
    pub(super) fn exposed(metadata: &Metadata) -> bool {
        metadata.mode() & 0o077 != 0
    }
    pub(super) fn same(a: &Metadata, b: &Metadata) -> bool {
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
    pub(super) fn linked(metadata: &Metadata) -> bool {
        metadata.nlink() > 0
    }
    /// A new file is durable only with its directory's entry.
    pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// Elsewhere the file's protection is the directory's.
#[cfg(not(unix))]
mod platform {
    use super::{Metadata, OpenOptions, Path, io};

    pub(super) fn private(_: &mut OpenOptions) {}
    pub(super) fn exposed(_: &Metadata) -> bool {
        false
    }
    pub(super) fn same(_: &Metadata, _: &Metadata) -> bool {
        true
    }
    pub(super) fn linked(_: &Metadata) -> bool {
        true
    }
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on the other platforms")]
    pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }
}

use platform::{exposed, linked, private, same, sync_directory};
