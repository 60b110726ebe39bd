//! The locks and counters of the in-memory guard, in one place: the tests compile the guard a second
//! time with a scheduler's own in their stead, which tries the orders in which threads may run.

pub(crate) use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock};
