//! The locks, counters and size of shards of the in-memory guard, in one place: the tests compile the guard a second
//! time with a scheduler's own in their stead, which tries the orders in which threads may run.

pub(crate) use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock};

/// How many effects a full guard has in a shard. Growing halts claims for as long as one shard takes,
/// however many there are. The fewer shards, the closer to the processor are their locks.
pub(crate) const SHARD: usize = 4096;
