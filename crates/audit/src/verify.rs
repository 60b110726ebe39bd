//! Verifies a log as a stream, with memory for one line.

use std::io::{self, BufRead, BufReader, Read};

use countersign_core::Digest;

use crate::record::{MAX_LINE, check};

/// How many records a log has and where its chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Number of records.
    pub records: u64,
    /// SHA-256 of the last line, without its line feed; 32 zero bytes if there is none.
    pub head: Digest,
}

impl Summary {
    /// A log without records.
    pub const EMPTY: Self = Self { records: 0, head: Digest::from_bytes([0; 32]) };

    /// A state of a log that was noted elsewhere.
    pub const fn known(records: u64, head: Digest) -> Self {
        Self { records, head }
    }

    /// Compares with a head that was kept elsewhere: only this tells whether the log ends where it
    /// ended then.
    ///
    /// # Errors
    /// [`VerifyErrorKind::Head`], at the last line.
    pub fn expect_head(self, head: Digest) -> Result<Self, VerifyError> {
        if self.head == head {
            return Ok(self);
        }
        Err(VerifyError { line: self.records, kind: VerifyErrorKind::Head })
    }

    pub(crate) fn then(self, line: &[u8]) -> Self {
        Self { records: self.records.saturating_add(1), head: Digest::of(line) }
    }
}

/// A log does not verify: from this line on nothing in it can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
#[non_exhaustive]
pub struct VerifyError {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub kind: VerifyErrorKind,
}

/// What is wrong with a line. Never repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// It could not be read.
    #[error("cannot be read")]
    Read(io::ErrorKind),
    /// It ends without a line feed.
    #[error("has no end")]
    Torn,
    /// It is longer than [`MAX_LINE`].
    #[error("is too long")]
    TooLong,
    /// It is not canonical JSON.
    #[error("is not canonical JSON")]
    NotCanonical,
    /// It is not a record of this version.
    #[error("is not a record")]
    NotARecord,
    /// Its sequence number is not the next one.
    #[error("is out of sequence")]
    Sequence,
    /// It names another predecessor than the line before it.
    #[error("does not follow the line before")]
    Chain,
    /// The log does not stand, or never stood, where it is known to have stood.
    #[error("is not where the log is known to have stood")]
    Head,
}

impl VerifyErrorKind {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Torn => "torn",
            Self::TooLong => "too_long",
            Self::NotCanonical => "not_canonical",
            Self::NotARecord => "not_a_record",
            Self::Sequence => "sequence",
            Self::Chain => "chain",
            Self::Head => "head",
        }
    }
}

/// Verifies a log from its first line to its end.
///
/// It finds every line that was edited, deleted, inserted, moved or repeated, but for changes at the
/// very end: whole lines cut off, or an edited last line, are found only by comparing the summary
/// with a head that was kept elsewhere ([`Summary::expect_head`], [`verify_known`]).
///
/// # Errors
/// [`VerifyError`] for the first line that does not verify. A last line without a line feed is one.
pub fn verify(reader: impl Read) -> Result<Summary, VerifyError> {
    verify_known(reader, Summary::EMPTY)
}

/// Verifies a log that is known to have stood somewhere, and may have grown since.
///
/// # Errors
/// As [`verify`]; and [`VerifyErrorKind::Head`] if the log is shorter than it was, or had another
/// head when it was as long.
pub fn verify_known(reader: impl Read, known: Summary) -> Result<Summary, VerifyError> {
    let walked = walk(&mut BufReader::new(reader), known)?;
    if walked.torn > 0 {
        let line = walked.summary.records.saturating_add(1);
        return Err(VerifyError { line, kind: VerifyErrorKind::Torn });
    }
    Ok(walked.summary)
}

/// What was walked over.
pub(crate) struct Walked {
    pub(crate) summary: Summary,
    /// Bytes of whole lines.
    pub(crate) whole: u64,
    /// Bytes behind the last line feed.
    pub(crate) torn: u64,
}

pub(crate) fn walk(reader: &mut impl BufRead, known: Summary) -> Result<Walked, VerifyError> {
    let mut walked = Walked { summary: Summary::EMPTY, whole: 0, torn: 0 };
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX).saturating_add(1);
    loop {
        let before = walked.summary;
        let fail = |kind| VerifyError { line: before.records.saturating_add(1), kind };
        if before.records == known.records && before.head != known.head {
            return Err(VerifyError { line: before.records, kind: VerifyErrorKind::Head });
        }
        line.clear();
        let read = reader.by_ref().take(limit).read_until(b'\n', &mut line);
        read.map_err(|error| fail(VerifyErrorKind::Read(error.kind())))?;
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let Some(whole) = line.strip_suffix(b"\n") else {
            if length >= limit {
                return Err(fail(VerifyErrorKind::TooLong));
            }
            if before.records < known.records {
                return Err(fail(VerifyErrorKind::Head));
            }
            return Ok(Walked { torn: length, ..walked });
        };
        check(whole, before).map_err(fail)?;
        walked.summary = before.then(whole);
        walked.whole = walked.whole.saturating_add(length);
    }
}
