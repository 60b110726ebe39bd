//! Files and standard input, read within bounds.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal as _, Read, Write as _};
use std::path::Path;

use crate::output::Failure;
use crate::progress::Progress;

/// Where to read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    Stdin,
    File(&'a Path),
}

impl<'a> Source<'a> {
    /// No file, or `-`, is standard input.
    pub(crate) fn of(file: Option<&'a Path>) -> Self {
        match file {
            Some(path) if path.as_os_str() != "-" => Self::File(path),
            _ => Self::Stdin,
        }
    }

    /// How errors name it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Opens it. The length is known of plain files only.
    pub(crate) fn open(self) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
        match self {
            Self::Stdin => {
                let stdin = io::stdin().lock();
                if stdin.is_terminal() && io::stderr().is_terminal() {
                    let _ = writeln!(io::stderr(), "reading from the terminal; Ctrl-D ends");
                }
                Ok((Box::new(stdin), None))
            }
            Self::File(path) => {
                let file = File::open(path).map_err(|error| self.unreadable(error))?;
                let meta = file.metadata().map_err(|error| self.unreadable(error))?;
                Ok((Box::new(file), meta.is_file().then_some(meta.len())))
            }
        }
    }

    pub(crate) fn unreadable(self, error: io::Error) -> Failure {
        Failure::Read(self.name(), error)
    }
}

/// At most `max` bytes and one more, by which whoever parses them sees that it is too long.
pub(crate) fn read(source: Source<'_>, max: usize, json: bool) -> Result<Vec<u8>, Failure> {
    const PIECE: u64 = 1 << 20;
    let (reader, length) = source.open()?;
    let most = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut progress = Progress::bytes(length, json);
    let mut reader = reader.take(most);
    let mut bytes = Vec::new();
    loop {
        let piece = reader.by_ref().take(PIECE).read_to_end(&mut bytes);
        match piece.map_err(|error| source.unreadable(error))? {
            0 => return Ok(bytes),
            read => progress.advance(read),
        }
    }
}

/// What reading a line gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing was left.
    End,
    /// A whole line, without its newline.
    Whole,
    /// A line longer than the limit: skipped, and not kept.
    TooLong,
}

/// Reads a line into `line`, which never holds more than `max` bytes.
pub(crate) fn read_line(
    reader: &mut impl BufRead,
    max: usize,
    line: &mut Vec<u8>,
) -> io::Result<Line> {
    line.clear();
    let (mut any, mut too_long) = (false, false);
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let newline = available.iter().position(|byte| *byte == b'\n');
        let piece = available.get(..newline.unwrap_or(available.len())).unwrap_or_default();
        any |= !available.is_empty();
        too_long |= line.len().saturating_add(piece.len()) > max;
        if too_long {
            line.clear();
        } else {
            line.extend_from_slice(piece);
        }
        let used = piece.len().saturating_add(usize::from(newline.is_some()));
        let ended = newline.is_some() || available.is_empty();
        reader.consume(used);
        if ended {
            return Ok(match (any, too_long) {
                (false, _) => Line::End,
                (true, true) => Line::TooLong,
                (true, false) => Line::Whole,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], max: usize, buffer: usize) -> Vec<Option<Vec<u8>>> {
        let mut reader = io::BufReader::with_capacity(buffer, text);
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        loop {
            match read_line(&mut reader, max, &mut line).unwrap() {
                Line::End => return lines,
                Line::Whole => lines.push(Some(line.clone())),
                Line::TooLong => lines.push(None),
            }
            assert!(line.capacity() <= max.max(8) * 2, "a long line is not kept");
        }
    }

    #[test]
    fn lines_are_whole_whatever_the_buffer() {
        for buffer in 1..9 {
            let whole = |text: &[u8]| Some(text.to_vec());
            let expected = [whole(b"ab"), whole(b""), None, whole(b"fghij"), whole(b"k")];
            assert_eq!(lines(b"ab\n\nabcdef\nfghij\nk", 5, buffer), expected);
            assert_eq!(lines(b"a\n", 5, buffer), [whole(b"a")], "a last newline is no line");
            assert_eq!(lines(b"", 5, buffer), []);
            assert_eq!(lines(b"abcdef", 5, buffer), [None]);
        }
    }
}
