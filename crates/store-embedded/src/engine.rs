//! The engine: appends under one lock, and commits together.
//!
//! Whoever has to wait for the disk lets the others that are ready go first, once, so that they append
//! too; whoever then comes first writes and syncs for all. There is no thread for it, and nobody is
//! elected who might never be polled again: the sync itself happens in one poll, and a waiter that is
//! dropped leaves nothing to be done by others.

use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::blank::Chore;
use crate::error::Failure;
use crate::log::{Log, name};

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
    /// Up to this frame all are known to be on the disk. Beside the lock, so that whoever was waiting
    /// needs none to see that the wait is over.
    durable: AtomicU64,
    /// How many wait, or will. Only more while the state is locked.
    waiting: AtomicUsize,
    gate: Mutex<Gate>,
    max_waiting: usize,
}

#[derive(Debug)]
pub(crate) struct Inner<T> {
    pub(crate) log: Log,
    pub(crate) tables: T,
    /// Set when the disk has failed.
    broken: bool,
    next: u64,
}

/// Who waits for a sync. Locked for a moment, and never while the state is.
#[derive(Debug, Default)]
struct Gate {
    /// Set while somebody syncs.
    syncing: bool,
    waiters: Vec<(u64, Waker)>,
}

/// What takes long, and is done while nobody else is kept waiting.
struct Chores {
    disk: Arc<dyn crate::disk::Disk>,
    gone: Option<u32>,
    chore: Option<Chore>,
}

impl<T: Tables> Engine<T> {
    pub(crate) fn new(log: Log, tables: T, max_waiting: usize) -> Self {
        Self {
            durable: AtomicU64::new(log.durable()),
            inner: Mutex::new(Inner { log, tables, broken: false, next: 0 }),
            waiting: AtomicUsize::new(0),
            gate: Mutex::default(),
            max_waiting,
        }
    }

    /// A thread that panicked over the state leaves nobody knowing what it is worth.
    fn lock(&self) -> Result<MutexGuard<'_, Inner<T>>, Failure> {
        let mut inner = self.inner.lock().map_err(|_| Failure::Broken)?;
        inner.log.synced(self.durable.load(Ordering::Acquire));
        Ok(inner)
    }

    fn gate(&self) -> Result<MutexGuard<'_, Gate>, Failure> {
        self.gate.lock().map_err(|_| Failure::Broken)
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
        let chores = if inner.log.last() == before { None } else { inner.tend() };
        self.unlock(inner, chores);
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
        let chores = inner.tend();
        self.unlock(inner, chores);
        changed
    }

    /// Changes the state. What was appended is on the disk when the commit has been waited for. If
    /// nothing was appended there is nothing to wait for.
    pub(crate) fn commit<R, E: From<Failure>>(
        &self,
        change: impl FnOnce(&mut Log, &mut T) -> Result<R, E>,
    ) -> Result<(R, Commit<'_, T>), E> {
        let mut inner = self.lock()?;
        if self.waiting.load(Ordering::Relaxed) >= self.max_waiting {
            inner.log.failure = Some(Failure::Overloaded);
            return Err(Failure::Overloaded.into());
        }
        let changed = inner.step(|log, tables| Ok(change(log, tables)))??;
        let sequence = inner.log.last();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        inner.next = inner.next.saturating_add(1);
        let commit =
            Commit { engine: self, sequence, id: inner.next, yielded: false, registered: false };
        let chores = inner.tend();
        self.unlock(inner, chores);
        Ok((changed, commit))
    }

    /// Lets go of the state, and does what there is to be done then.
    fn unlock(&self, inner: MutexGuard<'_, Inner<T>>, chores: Option<Chores>) {
        // A segment that was begun meanwhile has synced all before it.
        self.durable.fetch_max(inner.log.durable(), Ordering::Release);
        drop(inner);
        let Some(Chores { disk, gone, chore }) = chores else { return };
        if let Some(segment) = gone {
            // One that stays is taken away when the store is opened.
            drop(disk.delete(&name(segment)));
        }
        let Some(chore) = chore else { return };
        let done = chore.run(disk.as_ref());
        if let Ok(mut inner) = self.lock() {
            inner.log.done(done);
        }
    }

    /// Waits for all that was appended, at once.
    pub(crate) fn sync(&self) -> Result<(), Failure> {
        let mut inner = self.lock()?;
        let synced = inner.step(|log, _| log.sync());
        self.unlock(inner, None);
        synced
    }

    /// Writes and syncs what was appended until now, for all that wait. The gate says that somebody
    /// does.
    fn lead(&self) -> Result<(), Failure> {
        let begun = self.lock().and_then(|mut inner| {
            inner.step(|log, _| {
                log.flush()?;
                let head = log.head().ok_or(Failure::Broken)?;
                Ok((Arc::clone(&head.file), log.last()))
            })
        });
        let synced = begun.and_then(|(file, up_to)| {
            if file.sync().is_ok() {
                self.durable.fetch_max(up_to, Ordering::Release);
                return Ok(());
            }
            // What the kernel does with pages that it could not write nobody knows: syncing once more may
            // succeed without them being on the disk.
            let mut inner = self.lock()?;
            inner.broken = true;
            inner.log.failure = Some(Failure::Broken);
            Err(Failure::Broken)
        });
        let mut gate = self.gate()?;
        gate.syncing = false;
        let waiters = mem::take(&mut gate.waiters);
        drop(gate);
        for (_, waker) in waiters {
            waker.wake();
        }
        synced
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

    fn tend(&mut self) -> Option<Chores> {
        let gone = self.step(|log, tables| tables.tend(log)).unwrap_or_default();
        let chore = if self.broken { None } else { self.log.chore() };
        let any = gone.is_some() || chore.is_some();
        any.then(|| Chores { disk: Arc::clone(self.log.disk()), gone, chore })
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
    /// Whether it may be among the waiters.
    registered: bool,
}

impl<T> Commit<'_, T> {
    fn durable(&self) -> bool {
        self.engine.durable.load(Ordering::Acquire) >= self.sequence
    }
}

impl<T: Tables> Future for Commit<'_, T> {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let engine = self.engine;
        if self.durable() {
            return Poll::Ready(Ok(()));
        }
        let mut gate = engine.gate()?;
        // Whoever synced has said so before opening the gate.
        if self.durable() {
            return Poll::Ready(Ok(()));
        }
        if gate.syncing {
            if mem::replace(&mut self.registered, true) {
                gate.waiters.retain(|(id, _)| *id != self.id);
            }
            gate.waiters.push((self.id, context.waker().clone()));
            return Poll::Pending;
        }
        if !mem::replace(&mut self.yielded, true) {
            drop(gate);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        gate.syncing = true;
        drop(gate);
        engine.lead()?;
        Poll::Ready(if self.durable() { Ok(()) } else { Err(Failure::Broken) })
    }
}

impl<T> Drop for Commit<'_, T> {
    fn drop(&mut self) {
        self.engine.waiting.fetch_sub(1, Ordering::Relaxed);
        if self.registered
            && !self.durable()
            && let Ok(mut gate) = self.engine.gate.lock()
        {
            gate.waiters.retain(|(id, _)| *id != self.id);
        }
    }
}
