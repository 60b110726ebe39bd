//! The port for the log.

use core::fmt::Debug;

use async_trait::async_trait;
use countersign_canon::Object;
use countersign_ticket::Timestamp;

/// What a record tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordKind {
    /// A call is about to be made. Comes before any effect.
    Intent,
    /// A call was permitted, refused, or waits for a person.
    Decision,
    /// How a call ended.
    Outcome,
}

impl RecordKind {
    /// `intent`, `decision` or `outcome`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Decision => "decision",
            Self::Outcome => "outcome",
        }
    }
}

/// Whether to wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way to have written")]
pub enum Durability {
    /// Handed to the operating system when `append` returns.
    Buffered,
    /// On the disk when `append` returns.
    Durable,
}

/// One record. Fields hold names, codes and digests; no secret, and no text that a person or a
/// provider wrote.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a record is written whole")]
pub struct AuditRecord {
    /// A UUID (version 7).
    pub id: String,
    /// What it tells of.
    pub kind: RecordKind,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub fields: Object,
}

/// A record could not be written, which means refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The log cannot be written.
    #[error("the log cannot be written")]
    Unwritable,
    /// The record is larger than 65,535 bytes.
    #[error("the record is too large")]
    TooLarge,
    /// The log on disk is not the one that was written: cut, edited, or of another chain.
    #[error("the log is damaged")]
    Damaged,
}

/// Appends records.
///
/// # Contract
/// Records stand in the order in which `append` returned. After an error nothing of the record can
/// be relied on, and later appends fail too until the log is sound again.
#[async_trait]
pub trait AuditSink: Debug + Send + Sync + 'static {
    /// Appends a record and returns its sequence number.
    ///
    /// # Errors
    /// [`AuditError`], which means refuse.
    async fn append(&self, record: AuditRecord, durability: Durability) -> Result<u64, AuditError>;
}
