//! What is written down outside the process that dies: by the driver, by the person who is asked.
//!
//! Each line is one `write` to a file opened for appending, so it survives the death of its writer.
//! These files are the harness's own memory; nothing of countersign reads or writes them.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A folder of files of lines.
#[derive(Debug, Clone)]
pub struct Notebook {
    folder: PathBuf,
    failed: Arc<AtomicBool>,
}

impl Notebook {
    /// A notebook in a folder that exists.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), failed: Arc::default() }
    }

    /// Writes a line down. A line that could not be written makes the whole run worthless, so the
    /// process says so and ends.
    pub fn note(&self, page: &str, line: &str) {
        if let Err(error) = self.append(page, line) {
            if !self.failed.swap(true, Ordering::SeqCst) {
                eprintln!("chaos: the notebook cannot be written: {error}");
            }
            std::process::abort();
        }
    }

    fn append(&self, page: &str, line: &str) -> io::Result<()> {
        let path = self.folder.join(page);
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        file.write_all(format!("{line}\n").as_bytes())
    }

    /// The lines of a page. A last line without its end was being written when its writer died, and
    /// was never noted.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn lines(&self, page: &str) -> io::Result<Vec<String>> {
        let text = match std::fs::read_to_string(self.folder.join(page)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or(""));
        Ok(whole.lines().map(str::to_owned).collect())
    }

    /// How often each line stands on a page.
    ///
    /// # Errors
    /// As [`Notebook::lines`].
    pub fn tally(&self, page: &str) -> io::Result<BTreeMap<String, u64>> {
        let mut tally = BTreeMap::new();
        for line in self.lines(page)? {
            *tally.entry(line).or_default() += 1;
        }
        Ok(tally)
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
