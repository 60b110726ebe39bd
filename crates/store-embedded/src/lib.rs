//! The durable ports of countersign for one machine.

mod crc;
mod directory;
mod disk;
mod engine;
mod error;
mod frame;
mod log;
mod replay;
#[cfg(test)]
mod tests;

pub use crate::error::{Failure, OpenError};
