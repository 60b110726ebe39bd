//! The store: opened, and closed.

use std::path::Path;
use std::sync::Arc;

use countersign_core::{Clock, Entropy, Granted};
use zeroize::Zeroizing;

use crate::blank::is_blank;
use crate::directory::Directory;
use crate::disk::Disk;
use crate::engine::Engine;
use crate::error::{Failure, OpenError};
use crate::frame::Header;
use crate::hot::Hot;
use crate::log::{Found, Log, Segment, number};
use crate::rebuild::Replay;
use crate::record::{CLOSED, OPENED, VERSION};
use crate::replay::{Headers, exists, frames, headers};
use crate::seal::{Sealer, StoreKey};
use crate::state::{Limits, State};

/// How much a store may hold. What does not fit is refused; nothing is evicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Effects that are remembered at a time: those of the last two hours, and every doubt. By default
    /// ten million, which take some 600 MB of memory.
    pub effects: usize,
    /// Sessions of which something is remembered: those touched in the last thirty days. By default a
    /// million.
    pub sessions: usize,
    /// Approvals that are pending. By default 100,000.
    pub approvals: usize,
    /// Callers that may wait for the disk at a time. By default 8,192.
    pub waiting: usize,
    /// Length of a segment in bytes, for a new store. A record must fit into it. By default 16 MiB.
    pub segment: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            effects: 10_000_000,
            sessions: 1_000_000,
            approvals: 100_000,
            waiting: 8192,
            segment: 16 << 20,
        }
    }
}

impl Settings {
    /// The shortest segment.
    const MIN_SEGMENT: u32 = 4096;

    pub(crate) fn limits(&self) -> Limits {
        let Self { effects, sessions, approvals, .. } = *self;
        Limits { effects, sessions, approvals }
    }
}

/// All durable ports, in one directory of one machine: see the [crate's documentation](crate).
#[derive(Debug)]
pub struct EmbeddedStore {
    engine: Engine<State>,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    pub(crate) hot_sessions: Hot<Arc<Zeroizing<Vec<u8>>>>,
    pub(crate) hot_grants: Hot<Granted>,
}

impl EmbeddedStore {
    /// Opens a store, or makes it. The directory is made if its parent is there.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed then, but for a store that was being made.
    pub fn open(
        directory: &Path,
        key: &StoreKey,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        Self::open_with(directory, key, clock, entropy, Settings::default())
    }

    /// Opens a store with other bounds.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`].
    pub fn open_with(
        directory: &Path,
        key: &StoreKey,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(Directory::lock(directory)?), key, clock, entropy, settings)
    }

    pub(crate) fn open_on(
        disk: Arc<dyn Disk>,
        key: &StoreKey,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        let now = clock.now().millis();
        let (mut log, state) = if exists(disk.as_ref())? {
            resume(disk, key, entropy, settings, now)?
        } else {
            create(disk, key, entropy, settings)?
        };
        // From here on, what was under way before is in doubt, for whoever reads.
        log.append(OPENED, VERSION, &[&now.to_le_bytes()])?;
        log.sync()?;
        let sealer = Arc::clone(&state.sealer);
        Ok(Self {
            engine: Engine::new(log, state, settings.waiting),
            sealer,
            clock,
            hot_sessions: Hot::new(),
            hot_grants: Hot::new(),
        })
    }

    pub(crate) fn engine(&self) -> &Engine<State> {
        &self.engine
    }
    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Why the store last refused to write: the ports' errors do not say. None if it never did.
    pub fn last_failure(&self) -> Option<Failure> {
        self.engine.last_failure()
    }

    /// How much there is.
    ///
    /// # Errors
    /// [`Failure::Broken`].
    pub fn usage(&self) -> Result<Usage, Failure> {
        self.engine.look(|inner| {
            let segments = inner.log.segments();
            let size = segments.front().map_or(0, |segment| u64::from(segment.header.size));
            Usage {
                effects: inner.tables.effects.len(),
                bytes: size.saturating_mul(segments.len() as u64),
                needed: inner.tables.live(),
            }
        })
    }
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Effects that are remembered.
    pub effects: usize,
    /// Bytes of all segments.
    pub bytes: u64,
    /// About how many of them are needed.
    pub needed: u64,
}

impl Drop for EmbeddedStore {
    /// Vouches for all that was written, so that a byte that changes at the very end is found out too.
    fn drop(&mut self) {
        // Only then does the last frame vouch for the others. If the disk fails, there is nobody to tell
        // but the next to open the store.
        let closed = |log: &mut Log, _: &mut State| log.append(CLOSED, VERSION, &[]).map(|_| ());
        let synced = self.engine.sync().and_then(|()| self.engine.change(closed));
        synced.and_then(|()| self.engine.sync()).unwrap_or_default();
    }
}

fn create(
    disk: Arc<dyn Disk>,
    key: &StoreKey,
    entropy: Arc<dyn Entropy>,
    settings: Settings,
) -> Result<(Log, State), OpenError> {
    let mut store = [0; 16];
    entropy.fill(&mut store)?;
    let sealer = Sealer::new(key, store, entropy);
    let header = Header {
        store,
        number: 1,
        first: 1,
        oldest: 1,
        size: settings.segment.max(Settings::MIN_SEGMENT).next_multiple_of(8),
        check: sealer.check().ok_or(OpenError::WrongKey)?,
        cut: i64::MIN,
        newest: i64::MIN,
    };
    for blank in disk.list()?.iter().filter(|name| is_blank(name)) {
        disk.delete(blank)?;
    }
    let log = Log::create(disk, header)?;
    Ok((log, State::new(Arc::new(sealer), settings.limits())))
}

fn resume(
    disk: Arc<dyn Disk>,
    key: &StoreKey,
    entropy: Arc<dyn Entropy>,
    settings: Settings,
    now: i64,
) -> Result<(Log, State), OpenError> {
    let found = headers(disk.as_ref())?;
    let sealer = sealer_of(&found, key, entropy)?;
    let newest = found.values().map(|(header, _)| header.newest).max().unwrap_or(i64::MIN);
    let mut replay = Replay::new(State::new(Arc::new(sealer), settings.limits()));
    let found = frames(found, &mut replay)?;
    let newest = newest.max(replay.newest);
    let number_of = |segment: Option<&Segment>| segment.map_or(0, |one| one.header.number);
    let (first, last) = (number_of(found.segments.front()), number_of(found.segments.back()));
    // The next segment, made ready, or one that was begun and is zeros now: only one that closed the
    // store says which. So it is as with a tail that is cut off.
    let files = disk.list()?;
    let lost = !replay.closed && files.iter().filter_map(|name| number(name)).any(|n| n > last);
    let found = Found { torn: found.torn || lost, ..found };
    let state = replay.end(first, newest, false)?;
    // Only now is anything changed.
    for stale in files {
        let needed = |number: u32| (first..=last).contains(&number);
        if is_blank(&stale) || number(&stale).is_some_and(|number| !needed(number)) {
            disk.delete(&stale)?;
        }
    }
    let mut log = Log::resume(disk, found, now)?;
    log.claimed(newest);
    Ok((log, state))
}

/// The sealer of a store that is there, if the key is the right one.
pub(crate) fn sealer_of(
    found: &Headers,
    key: &StoreKey,
    entropy: Arc<dyn Entropy>,
) -> Result<Sealer, OpenError> {
    let damaged = OpenError::Damaged { segment: 0, offset: 0 };
    let (header, _) = found.last_key_value().map(|(_, found)| found).ok_or(damaged)?;
    let sealer = Sealer::new(key, header.store, entropy);
    if sealer.check() == Some(header.check) { Ok(sealer) } else { Err(OpenError::WrongKey) }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full => Self::Full,
            Failure::Entropy => Self::Entropy(countersign_core::EntropyError),
            other => Self::Io(std::io::Error::other(other)),
        }
    }
}
