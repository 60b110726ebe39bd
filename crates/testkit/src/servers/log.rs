//! The log of what reached a server.

use std::future::Future;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::http::lock;
use super::message::Request;

/// One request and what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// The request as it arrived.
    pub request: Request,
    /// Status of the answer. `None` while it is being processed, and for ever if the connection was
    /// dropped instead. A truncated answer has its status.
    pub status: Option<u16>,
    /// Whether the server's own logic ran, and so may have changed its state. False for injected
    /// answers and for connections dropped before processing.
    pub processed: bool,
    /// Name of the injected fault, if one was: `answer`, `redirect`, `dropped`, `answer_lost`,
    /// `slow_answer`, `truncated` or `delay`; `body_too_large` and `body_never_ended` mark requests
    /// that could not be read to their end.
    pub fault: Option<&'static str>,
    id: u64,
}

#[derive(Default)]
struct Entries {
    next: u64,
    list: Vec<Recorded>,
}

/// Shared between the connections and the handle.
#[derive(Clone, Default)]
pub(crate) struct Log {
    entries: Arc<Mutex<Entries>>,
    changed: Arc<Notify>,
}

impl Log {
    pub(crate) fn arrived(&self, request: Request) -> u64 {
        let mut entries = lock(&self.entries);
        let id = entries.next;
        entries.next = id.wrapping_add(1);
        entries.list.push(Recorded { request, status: None, processed: false, fault: None, id });
        drop(entries);
        self.changed.notify_waiters();
        id
    }

    pub(crate) fn answered(
        &self,
        id: u64,
        status: u16,
        processed: bool,
        fault: Option<&'static str>,
    ) {
        self.finish(id, Some(status), processed, fault);
    }

    pub(crate) fn unanswered(&self, id: u64, processed: bool, fault: &'static str) {
        self.finish(id, None, processed, Some(fault));
    }

    fn finish(&self, id: u64, status: Option<u16>, processed: bool, fault: Option<&'static str>) {
        let mut entries = lock(&self.entries);
        // Absent if the log was cleared in the meantime.
        if let Some(entry) = entries.list.iter_mut().find(|entry| entry.id == id) {
            entry.status = status;
            entry.processed = processed;
            entry.fault = fault;
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        lock(&self.entries).list.clone()
    }

    pub(crate) fn clear(&self) {
        lock(&self.entries).list.clear();
    }

    /// Ready when the log holds at least `count` requests.
    pub(crate) fn reached(&self, count: usize) -> impl Future<Output = ()> + Send + 'static {
        let log = self.clone();
        async move {
            loop {
                // Made before the check: it then hears of every arrival from here on.
                let changed = log.changed.notified();
                if lock(&log.entries).list.len() >= count {
                    return;
                }
                changed.await;
            }
        }
    }
}
