//! Time and randomness, passed in.

use core::fmt::Debug;

use countersign_ticket::Timestamp;

/// Tells the time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// No randomness could be had, which means refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no randomness")]
pub struct EntropyError;

/// Gives randomness for ids and keys.
///
/// # Contract
/// Every byte is unpredictable and independent, or it is an error.
pub trait Entropy: Debug + Send + Sync + 'static {
    /// Fills a buffer.
    ///
    /// # Errors
    /// [`EntropyError`].
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}
