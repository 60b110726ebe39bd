//! Durable claims: what the bare disk makes of them, for others to be measured beside.

use std::fs::File;
use std::future::{Future, poll_fn};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// A claim under way.
pub type Claiming = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Claims a key durably.
pub trait Durable: Send + Sync + 'static {
    fn claim(self: Arc<Self>, key: [u8; 16]) -> Claiming;
}

/// Something that is appended to, and synced.
pub trait Engine: Send + Sync + 'static {
    /// Whether the key is new.
    fn append(&mut self, key: [u8; 16]) -> bool;
    /// Makes durable all that was appended when this was called.
    fn sync(&mut self) -> Box<dyn FnOnce() + Send>;
}

/// Commits in groups.
pub struct Grouped<E>(Mutex<Group<E>>);

struct Group<E> {
    engine: E,
    appended: u64,
    durable: u64,
    syncing: bool,
    waiters: Vec<Waker>,
}

impl<E> Grouped<E> {
    pub fn new(engine: E) -> Self {
        let (appended, durable, waiters) = (0, 0, Vec::new());
        Self(Mutex::new(Group { engine, appended, durable, syncing: false, waiters }))
    }
}

impl<E: Engine> Durable for Grouped<E> {
    fn claim(self: Arc<Self>, key: [u8; 16]) -> Claiming {
        let mut group = self.0.lock().expect("no panic");
        assert!(group.engine.append(key), "a new key");
        group.appended += 1;
        let mine = group.appended;
        drop(group);
        let mut yielded = false;
        Box::pin(poll_fn(move |context| {
            let mut group = self.0.lock().expect("no panic");
            if group.durable >= mine {
                return Poll::Ready(());
            }
            if group.syncing {
                group.waiters.push(context.waker().clone());
                return Poll::Pending;
            }
            if !yielded {
                yielded = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            group.syncing = true;
            let up_to = group.appended;
            let sync = group.engine.sync();
            drop(group);
            sync();
            let mut group = self.0.lock().expect("no panic");
            group.syncing = false;
            group.durable = group.durable.max(up_to);
            let waiters = std::mem::take(&mut group.waiters);
            drop(group);
            waiters.into_iter().for_each(Waker::wake);
            Poll::Ready(())
        }))
    }
}

/// The bare disk: as many bytes as ours writes, to a file of zeros that has its length. It remembers
/// nothing.
pub struct Raw {
    file: Arc<File>,
    record: usize,
    pending: Vec<u8>,
    at: u64,
}

/// Where it begins again.
const LENGTH: usize = 64 << 20;

impl Raw {
    pub fn new(folder: &Path, record: usize) -> Self {
        let path = folder.join("raw");
        std::fs::write(&path, vec![0; LENGTH]).expect("a file");
        let file = File::options().write(true).open(path).expect("a file");
        file.sync_all().expect("a disk");
        Self { file: Arc::new(file), record, pending: Vec::new(), at: 0 }
    }
}

impl Engine for Raw {
    fn append(&mut self, key: [u8; 16]) -> bool {
        let end = self.pending.len() + self.record;
        self.pending.extend(key);
        self.pending.resize(end, 1);
        true
    }
    fn sync(&mut self) -> Box<dyn FnOnce() + Send> {
        if self.at as usize + self.pending.len() > LENGTH {
            self.at = 0;
        }
        self.file.write_all_at(&self.pending, self.at).expect("a disk");
        self.at += self.pending.len() as u64;
        self.pending.clear();
        let file = Arc::clone(&self.file);
        Box::new(move || file.sync_data().expect("a disk"))
    }
}
