//! The ledger, read while another process holds the store.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{EffectId, Entropy, EntropyError, LedgerEntry, LedgerFilter};

use crate::directory::Directory;
use crate::disk::Disk;
use crate::error::{Failure, OpenError};
use crate::ledger::{Found, page};
use crate::log::Log;
use crate::rebuild::Replay;
use crate::replay::{frames, headers};
use crate::seal::{Sealer, StoreKey};
use crate::state::State;
use crate::store::{Settings, sealer_of};

/// How often a store is read anew that changed meanwhile, and how long it is left alone before.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Nothing is sealed by who only reads.
#[derive(Debug)]
struct Unsealing;

impl Entropy for Unsealing {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

/// What a ledger held when it was opened for reading: without the lock, and without a write.
#[derive(Debug)]
pub struct LedgerReader {
    log: Log,
    state: State,
    sealer: Arc<Sealer>,
}

impl LedgerReader {
    /// Reads the store in a directory, whoever holds it.
    ///
    /// An entry that is under way in a process that lives is shown as claimed or dispatched; so is one
    /// of a process that died, until the store is opened by the next.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(directory: &Path, key: &StoreKey) -> Result<Self, OpenError> {
        let disk: Arc<dyn Disk> = Arc::new(Directory::read(directory)?);
        Self::open_on(&disk, key)
    }

    pub(crate) fn open_on(disk: &Arc<dyn Disk>, key: &StoreKey) -> Result<Self, OpenError> {
        let mut tries = 1;
        loop {
            match Self::read(Arc::clone(disk), key) {
                // A segment was deleted between being found and being opened, or a frame was being
                // written while it was read.
                Err(OpenError::Damaged { .. }) if tries < TRIES => {}
                Err(OpenError::Io(error))
                    if error.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
                done => return done,
            }
            tries = tries.saturating_add(1);
            std::thread::sleep(PAUSE);
        }
    }

    fn read(disk: Arc<dyn Disk>, key: &StoreKey) -> Result<Self, OpenError> {
        let found = headers(disk.as_ref())?;
        if found.is_empty() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        let sealer = Arc::new(sealer_of(&found, key, Arc::new(Unsealing))?);
        let newest = found.values().map(|(header, _)| header.newest).max().unwrap_or(i64::MIN);
        let limits = Settings::default().limits();
        let mut replay = Replay::new(State::new(Arc::clone(&sealer), limits));
        let found = frames(found, &mut replay)?;
        let newest = newest.max(replay.newest);
        let first = found.segments.front().map_or(0, |segment| segment.header.number);
        let state = replay.end(first, newest, true)?;
        Ok(Self { log: Log::snapshot(disk, found), state, sealer })
    }

    /// What was known of an effect.
    ///
    /// # Errors
    /// [`Failure::Damaged`].
    pub fn get(&self, effect: EffectId) -> Result<Option<LedgerEntry>, Failure> {
        let Some(slot) = self.state.effects.get(effect) else { return Ok(None) };
        let found = Found::of(&self.log, slot).ok_or(Failure::Damaged)?;
        found.read(&self.sealer).map(Some)
    }

    /// At most `limit` entries in the order of their ids, from after an id on.
    ///
    /// # Errors
    /// [`Failure::Damaged`].
    pub fn list(
        &self,
        filter: LedgerFilter,
        mut after: Option<EffectId>,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, Failure> {
        let mut entries = Vec::new();
        loop {
            let left = limit.saturating_sub(entries.len());
            let (found, next) = page(&self.state, &self.log, filter, after, left);
            for found in found {
                entries.push(found.ok_or(Failure::Damaged)?.read(&self.sealer)?);
            }
            if next.is_none() || entries.len() >= limit {
                return Ok(entries);
            }
            after = next;
        }
    }
}
