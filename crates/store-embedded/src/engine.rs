//! The engine: appends under one lock, and commits together.
//!
//! Whoever has to wait for the disk lets the others that are ready go first, once, so that they append
//! too; whoever then comes first writes and syncs for all. There is no thread for it, and nobody is
//! elected who might never be polled again: the sync itself happens in one poll, and a waiter that is
//! dropped leaves nothing to be done by others.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use crate::error::Failure;
use crate::log::Log;

/// How many bytes may wait to be written with what comes next.
const LATER: usize = 256 << 10;

/// What is kept in memory of the log, and tends it.
pub(crate) trait Tables: Send + 'static {
    /// A bounded step of moving what is needed out of the oldest segment. Says which segment is needed
    /// no more.
    fn tend(&mut self, log: &mut Log) -> Result<Option<u32>, Failure>;
}

/// A log and what is known of it.
#[derive(Debug)]
pub(crate) struct Engine<T> {
    inner: Mutex<Inner<T>>,
    max_waiting: usize,
}

#[derive(Debug)]
pub(crate) struct Inner<T> {
    pub(crate) log: Log,
    pub(crate) tables: T,
    /// Set when the disk has failed.
    broken: bool,
    /// Set while somebody syncs.
    syncing: bool,
    waiters: BTreeMap<u64, Waker>,
    /// How many wait, or will.
    waiting: usize,
    next: u64,
}

impl<T: Tables> Engine<T> {
    pub(crate) fn new(log: Log, tables: T, max_waiting: usize) -> Self {
        let inner = Inner {
            log,
            tables,
            broken: false,
            syncing: false,
            waiters: BTreeMap::new(),
            waiting: 0,
            next: 0,
        };
        Self { inner: Mutex::new(inner), max_waiting }
    }

    /// A thread that panicked over the state leaves nobody knowing what it is worth.
    fn lock(&self) -> Result<MutexGuard<'_, Inner<T>>, Failure> {
        self.inner.lock().map_err(|_| Failure::Broken)
    }

    /// Looks at the state.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Inner<T>) -> R) -> Result<R, Failure> {
        let inner = self.lock()?;
        if inner.broken { Err(Failure::Broken) } else { Ok(look(&inner)) }
    }

    /// Why something was last refused.
    pub(crate) fn last_failure(&self) -> Option<Failure> {
        self.lock().map_or_else(Some, |inner| inner.log.failure)
    }

    /// Changes the state. What was appended has been handed to the operating system when this returns.
    pub(crate) fn change<R, E: From<Failure>>(
        &self,
        change: impl FnOnce(&mut Log, &mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut inner = self.lock()?;
        let before = inner.log.last();
        let changed = inner.step(|log, tables| {
            let changed = change(log, tables);
            log.flush()?;
            Ok(changed)
        })?;
        let tended = if inner.log.last() == before { Ok(None) } else { inner.tend() };
        drop(inner);
        self.chores(tended);
        changed
    }

    /// Changes the state. What was appended is written together with what comes next: for what is worth
    /// nothing until then, such as an effect that was entered and is about to be claimed.
    pub(crate) fn later<R, E: From<Failure>>(
        &self,
        change: impl FnOnce(&mut Log, &mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut inner = self.lock()?;
        let changed = inner.step(|log, tables| {
            let changed = change(log, tables);
            // Where nothing comes next, it does not pile up.
            if log.pending() > LATER {
                log.flush()?;
            }
            Ok(changed)
        })?;
        let tended = inner.tend();
        drop(inner);
        self.chores(tended);
        changed
    }

    /// Changes the state. What was appended is on the disk when the commit has been waited for. If
    /// nothing was appended there is nothing to wait for.
    pub(crate) fn commit<R, E: From<Failure>>(
        &self,
        change: impl FnOnce(&mut Log, &mut T) -> Result<R, E>,
    ) -> Result<(R, Commit<'_, T>), E> {
        let mut inner = self.lock()?;
        if inner.waiting >= self.max_waiting {
            inner.log.failure = Some(Failure::Overloaded);
            return Err(Failure::Overloaded.into());
        }
        let changed = inner.step(|log, tables| Ok(change(log, tables)))??;
        let sequence = inner.log.last();
        inner.waiting = inner.waiting.saturating_add(1);
        inner.next = inner.next.saturating_add(1);
        let commit = Commit { engine: self, sequence, id: inner.next, yielded: false };
        let tended = inner.tend();
        drop(inner);
        self.chores(tended);
        Ok((changed, commit))
    }

    /// What takes long is done while nobody else is kept waiting.
    fn chores(&self, tended: Result<Option<u32>, Failure>) {
        let Ok(mut inner) = self.lock() else { return };
        let disk = std::sync::Arc::clone(inner.log.disk());
        let lent = if inner.broken { None } else { inner.log.lend_blank() };
        drop(inner);
        if let Ok(Some(segment)) = tended {
            // One that stays is taken away when the store is opened.
            drop(disk.delete(&crate::log::name(segment)));
        }
        let Some((mut blank, size)) = lent else { return };
        let filled = blank.step(disk.as_ref(), size);
        let Ok(mut inner) = self.lock() else { return };
        // Without room, the next segment is tried again when it is needed.
        let spare = inner.log.return_blank(blank, filled.is_ok());
        drop(inner);
        if let Some(spare) = spare {
            spare.discard(disk.as_ref());
        }
    }

    /// Waits for all that was appended, at once.
    pub(crate) fn sync(&self) -> Result<(), Failure> {
        let mut inner = self.lock()?;
        inner.step(|log, _| log.sync())
    }
}

impl<T: Tables> Inner<T> {
    /// Does something to the log, unless the disk has failed; notes if it does.
    fn step<R>(
        &mut self,
        step: impl FnOnce(&mut Log, &mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        if self.broken {
            return Err(Failure::Broken);
        }
        let done = step(&mut self.log, &mut self.tables);
        self.broken |= self.log.broken();
        done
    }

    fn tend(&mut self) -> Result<Option<u32>, Failure> {
        self.step(|log, tables| tables.tend(log))
    }
}

/// Waits until everything up to a frame is on the disk.
#[derive(Debug)]
#[must_use]
pub(crate) struct Commit<'a, T> {
    engine: &'a Engine<T>,
    sequence: u64,
    id: u64,
    yielded: bool,
}

impl<T: Tables> Future for Commit<'_, T> {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let engine = self.engine;
        let mut inner = engine.lock()?;
        if inner.log.durable() >= self.sequence {
            return Poll::Ready(Ok(()));
        }
        if inner.broken {
            return Poll::Ready(Err(Failure::Broken));
        }
        if inner.syncing {
            inner.waiters.insert(self.id, context.waker().clone());
            return Poll::Pending;
        }
        if !self.yielded {
            drop(inner);
            self.yielded = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (file, up_to) = inner.step(|log, _| {
            log.flush()?;
            let head = log.head().ok_or(Failure::Broken)?;
            Ok((std::sync::Arc::clone(&head.file), log.last()))
        })?;
        inner.syncing = true;
        drop(inner);
        let synced = file.sync();
        let mut inner = engine.lock()?;
        inner.syncing = false;
        if synced.is_ok() {
            inner.log.synced(up_to);
        } else {
            // What the kernel does with pages that it could not write nobody knows: syncing once more
            // may succeed without them being on the disk.
            inner.broken = true;
            inner.log.failure = Some(Failure::Broken);
        }
        let durable = inner.log.durable() >= self.sequence;
        let waiters = core::mem::take(&mut inner.waiters);
        drop(inner);
        waiters.into_values().for_each(Waker::wake);
        Poll::Ready(if durable { Ok(()) } else { Err(Failure::Broken) })
    }
}

impl<T> Drop for Commit<'_, T> {
    fn drop(&mut self) {
        if let Ok(mut inner) = self.engine.inner.lock() {
            inner.waiting = inner.waiting.saturating_sub(1);
            inner.waiters.remove(&self.id);
        }
    }
}
