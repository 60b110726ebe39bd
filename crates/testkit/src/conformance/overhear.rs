//! What is said through `tracing` while something runs.

use std::fmt::{Debug, Write as _};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber as _;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Runs a future and gives all spans and events of it, of every level, with every field.
pub(super) async fn overhear<T>(future: impl Future<Output = T>) -> (T, String) {
    let heard = Arc::new(Mutex::new(String::new()));
    let ear = Ear { heard: Arc::clone(&heard), next: AtomicU64::new(1) };
    let value = future.with_subscriber(ear).await;
    let text = lock(&heard).clone();
    (value, text)
}

fn lock(heard: &Mutex<String>) -> MutexGuard<'_, String> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Ear {
    heard: Arc<Mutex<String>>,
    next: AtomicU64,
}

impl Ear {
    fn note(&self, metadata: &Metadata<'_>, write: impl FnOnce(&mut Words)) {
        let mut words = Words(format!("{} {}", metadata.target(), metadata.name()));
        write(&mut words);
        words.0.push('\n');
        lock(&self.heard).push_str(&words.0);
    }
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string does not fail.
        let _written = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Ear {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(span.metadata(), |words| span.record(words));
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed))
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut words = Words(String::new());
        values.record(&mut words);
        lock(&self.heard).push_str(&words.0);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.note(event.metadata(), |words| event.record(words));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
