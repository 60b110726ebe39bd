//! The directory of a store on a real disk: private, and locked.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskFile};
use crate::error::OpenError;

/// The name of the file whose lock is the store's.
const LOCK: &str = "lock";

/// A directory that is this process's alone, as long as this lives.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    /// Held, or none for who only reads.
    lock: Option<File>,
}

impl Directory {
    /// Opens or makes the directory, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        match make(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                made?;
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                sync_directory(parent.unwrap_or(Path::new(".")))?;
            }
        }
        look(path)?;
        let at = path.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        private(&mut options);
        // `create_new` follows no symbolic link.
        let lock = match options.clone().create_new(true).open(&at) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => existing(&at, &options)?,
            Err(error) => return Err(error.into()),
        };
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Opens the directory for reading, whoever holds it.
    pub(crate) fn read(path: &Path) -> Result<Self, OpenError> {
        look(path)?;
        Ok(Self { path: path.to_owned(), lock: None })
    }
}

fn look(path: &Path) -> Result<(), OpenError> {
    let seen = fs::symlink_metadata(path)?;
    if !seen.file_type().is_dir() {
        return Err(OpenError::NotADirectory);
    }
    if exposed(&seen) { Err(OpenError::Exposed) } else { Ok(()) }
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
    if exposed(&opened) { Err(OpenError::Exposed) } else { Ok(file) }
}

impl Disk for Directory {
    fn list(&self) -> io::Result<Vec<String>> {
        // A name that is not text is none of ours.
        let names =
            fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        private(&mut options);
        Ok(Arc::new(options.open(self.path.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(self.lock.is_some());
        // The typed error is wrapped here, and unwrapped where an `OpenError` is made of it.
        match existing(&self.path.join(name), &options) {
            Ok(file) => Ok(Arc::new(file)),
            Err(OpenError::Io(error)) => Err(error),
            Err(other) => Err(io::Error::other(other)),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync_directory(&self.path)
    }
}

impl DiskFile for File {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_all_at(self, offset, bytes)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match read_some_at(self, offset, buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

#[cfg(unix)]
mod platform {
    use std::os::unix::fs::{
        DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _,
    };

    use super::{File, Metadata, OpenOptions, Path, fs, io};

    pub(super) fn make(path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)
    }
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
    pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
    pub(super) fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }
    pub(super) fn read_some_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        file.read_at(buffer, offset)
    }
}

/// Elsewhere the files' protection is that of the directory they are in.
#[cfg(windows)]
mod platform {
    use std::os::windows::fs::FileExt as _;

    use super::{File, Metadata, OpenOptions, Path, fs, io};

    pub(super) fn make(path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }
    pub(super) fn private(_: &mut OpenOptions) {}
    pub(super) fn exposed(_: &Metadata) -> bool {
        false
    }
    pub(super) fn same(_: &Metadata, _: &Metadata) -> bool {
        true
    }
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on the other platforms")]
    pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }
    pub(super) fn write_all_at(file: &File, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = file.seek_write(bytes, offset)?;
            bytes = bytes.get(written..).filter(|_| written > 0).ok_or(io::ErrorKind::WriteZero)?;
            offset = offset.saturating_add(written as u64);
        }
        Ok(())
    }
    pub(super) fn read_some_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        file.seek_read(buffer, offset)
    }
}

use platform::{exposed, make, private, read_some_at, same, sync_directory, write_all_at};
