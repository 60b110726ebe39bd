//! The embedded store keeps the contract of every port that it is.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a failure is a failed test")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{Ledger, Timestamp};
use countersign_store_embedded::{EmbeddedStore, Settings, StoreKey};
use countersign_testkit::clock::{TestEntropy, VirtualClock};
use countersign_testkit::conformance::guard::{Guards, Reach};
use countersign_testkit::conformance::ledger::Ledgers;
use countersign_testkit::conformance::{approvals, grants, guard, ledger, sessions, subjects};
use countersign_testkit::fixtures::NOW;
use countersign_ticket::ReplayGuard;
use tempfile::TempDir;

/// Makes stores, each in a directory of its own, or in the last one.
struct Stores {
    root: TempDir,
    made: AtomicUsize,
    settings: Settings,
    key: StoreKey,
    last: Mutex<PathBuf>,
}

impl Stores {
    fn new(effects: usize) -> Self {
        let mut settings = Settings::default();
        settings.effects = effects;
        settings.segment = 1 << 20;
        Self {
            root: TempDir::new().unwrap(),
            made: AtomicUsize::new(0),
            settings,
            key: StoreKey::new([7; 32].into()),
            last: Mutex::new(PathBuf::new()),
        }
    }

    fn open(&self, started: Timestamp) -> Arc<EmbeddedStore> {
        let made = self.made.fetch_add(1, Ordering::SeqCst);
        let clock = Arc::new(VirtualClock::starting(started));
        let entropy = Arc::new(TestEntropy::new(made as u64));
        let path = self.last.lock().unwrap();
        Arc::new(EmbeddedStore::open_with(&path, &self.key, clock, entropy, self.settings).unwrap())
    }

    fn next(&self, started: Timestamp) -> Arc<EmbeddedStore> {
        let made = self.made.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().unwrap() = self.root.path().join(made.to_string());
        self.open(started)
    }
}

#[async_trait]
impl Guards for Stores {
    async fn fresh(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        self.next(started)
    }
    async fn again(&self, started: Timestamp) -> Arc<dyn ReplayGuard> {
        self.open(started)
    }
    fn reach(&self) -> Reach {
        Reach::Restarts
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.settings.effects)
    }
}

#[async_trait]
impl Ledgers for Stores {
    async fn fresh(&self, started: Timestamp) -> Arc<dyn Ledger> {
        self.next(started)
    }
    async fn again(&self, started: Timestamp) -> Arc<dyn Ledger> {
        self.open(started)
    }
    fn reach(&self) -> Reach {
        Reach::Restarts
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_03_the_store_is_a_replay_guard() {
    guard::all(&Stores::new(2_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_the_store_is_a_ledger() {
    ledger::all(&Stores::new(5_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_approvals() {
    let stores = Stores::new(2_000);
    approvals::all(stores.next(NOW)).await;
    let mut settings = stores.settings;
    settings.approvals = 100;
    let stores = Stores { settings, ..Stores::new(2_000) };
    approvals::is_full_and_says_so(stores.next(NOW).as_ref(), Some(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_grants() {
    grants::all(Stores::new(2_000).next(NOW)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_remembers_sessions() {
    sessions::all(Stores::new(2_000).next(NOW)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_07_the_store_keeps_the_users_tokens() {
    subjects::all(Stores::new(2_000).next(NOW)).await;
}
