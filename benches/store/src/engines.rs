//! What durable claims are made in: ours, other engines, and the bare disk.
//!
//! The others commit in groups as ours does: whoever has to wait lets those that are ready go first,
//! once, and then syncs for all.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use bench_work::world::{caller, time};
use countersign_core::{Caller, Clock, Entropy, EntropyError, Timestamp};
use countersign_store_embedded::{EmbeddedStore, StoreKey};
use countersign_ticket::{Claim, EffectId, Epochs, Jti, ReplayGuard as _};
use redb::ReadableDatabase as _;
use stores::{Claiming, Durable, Engine};
use zeroize::Zeroizing;

#[derive(Debug)]
pub(crate) struct Stands;

impl Clock for Stands {
    fn now(&self) -> Timestamp {
        time()
    }
}

#[derive(Debug)]
pub(crate) struct System;

impl Entropy for System {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(buffer).map_err(|_| EntropyError)
    }
}

/// Ours. The effect was not entered before, so that the claim writes who asked, too.
pub(crate) struct Ours(pub(crate) EmbeddedStore, Caller);

impl Ours {
    pub(crate) fn new(folder: &Path) -> Self {
        let key = StoreKey::new(Zeroizing::new([7; 32]));
        let path = folder.join("ours");
        let store = EmbeddedStore::open(&path, &key, Arc::new(Stands), Arc::new(System));
        Self(store.expect("a store"), caller())
    }
}

impl Durable for Ours {
    fn claim(self: Arc<Self>, key: [u8; 16]) -> Claiming {
        Box::pin(async move {
            let times = [time(), time().plus_seconds(60), time()];
            let (effect, jti) = (EffectId::from_bytes(key), Jti::from_random(key));
            let claim = Claim::for_test(effect, jti, &self.1, Epochs::default(), times);
            self.0.claim(&claim).await.expect("a new key");
        })
    }
}

/// What the others keep under a key: as much as ours keeps in the clear.
const VALUE: [u8; 48] = [1; 48];

/// fjall: a keyspace, and `fdatasync` of its journal.
pub(crate) struct Fjall {
    database: fjall::Database,
    keyspace: fjall::Keyspace,
}

impl Fjall {
    pub(crate) fn new(folder: &Path) -> Self {
        let database = fjall::Database::builder(folder.join("fjall")).open().expect("a database");
        let options = fjall::KeyspaceCreateOptions::default;
        let keyspace = database.keyspace("claims", options).expect("a keyspace");
        Self { database, keyspace }
    }
}

impl Engine for Fjall {
    fn append(&mut self, key: [u8; 16]) -> bool {
        let new = !self.keyspace.contains_key(key).expect("a database");
        self.keyspace.insert(key, VALUE).expect("a database");
        new
    }
    fn sync(&mut self) -> Box<dyn FnOnce() + Send> {
        let database = self.database.clone();
        Box::new(move || database.persist(fjall::PersistMode::SyncData).expect("a disk"))
    }
}

/// redb: what is pending is looked up at once, and inserted in one transaction when it is committed.
pub(crate) struct Redb {
    database: Arc<redb::Database>,
    pending: HashSet<[u8; 16]>,
}

const CLAIMS: redb::TableDefinition<'_, [u8; 16], [u8; 48]> = redb::TableDefinition::new("claims");

impl Redb {
    pub(crate) fn new(folder: &Path) -> Self {
        let database = redb::Database::create(folder.join("redb")).expect("a database");
        let begun = database.begin_write().expect("a database");
        begun.open_table(CLAIMS).expect("a table");
        begun.commit().expect("a disk");
        Self { database: Arc::new(database), pending: HashSet::new() }
    }
}

impl Engine for Redb {
    fn append(&mut self, key: [u8; 16]) -> bool {
        let read = self.database.begin_read().expect("a database");
        let table = read.open_table(CLAIMS).expect("a table");
        let known = table.get(key).expect("a database").is_some();
        self.pending.insert(key) && !known
    }
    fn sync(&mut self) -> Box<dyn FnOnce() + Send> {
        let (database, pending) = (Arc::clone(&self.database), std::mem::take(&mut self.pending));
        Box::new(move || {
            let begun = database.begin_write().expect("a database");
            let mut table = begun.open_table(CLAIMS).expect("a table");
            for key in pending {
                table.insert(key, VALUE).expect("a database");
            }
            drop(table);
            begun.commit().expect("a disk");
        })
    }
}
