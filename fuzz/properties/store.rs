//! The files of a store: whatever stands in them, they are refused with a reason, or read as something
//! that a store can hold, the same every time. What is forged here is written by the description of the
//! files and not by the store's code, with the checksums and the key that an attacker would need.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_core::{
    AgentId, ApprovalStore, Caller, Clock, Digest, EffectId, Entropy, EntropyError, Grant,
    GrantStore, Jti, Ledger, LedgerCall, LedgerEntry, LedgerFilter, LedgerState, RiskMemory,
    SessionId, TenantId, Tier, Timestamp, ToolName, UserId,
};
use countersign_store_embedded::{EmbeddedStore, LedgerReader, OpenError, Settings, StoreKey};
use countersign_ticket::{Claim, Freeze, ReplayGuard};
use pollster::block_on;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

const NOW: i64 = 1_800_000_000;
const KEY: [u8; 32] = [7; 32];
const SEGMENT: u32 = 4096;

/// The name of a session's memory.
const SEEN: &[u8] = b"\x04\0\0\0acme\x03\0\0\0s-1";

/// A file by its name.
type Files = Vec<(String, Vec<u8>)>;

#[derive(Debug)]
struct Stands;

impl Clock for Stands {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(NOW)
    }
}

#[derive(Debug, Default)]
struct Counts(AtomicU64);

impl Entropy for Counts {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in buffer.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&n.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

pub(crate) fn check(data: &[u8]) {
    let Some((mode, data)) = data.split_first() else { return };
    let files = match mode {
        0 => vec![(name(1), data.to_vec())],
        1 => meddled(data),
        2 => vec![(name(1), forged(data))],
        // Behind a header that is right, anything.
        _ => {
            let mut bytes = header(1, SEGMENT);
            bytes.extend(data.iter().take(SEGMENT as usize - 512));
            bytes.resize(SEGMENT as usize, 0);
            vec![(name(1), bytes)]
        }
    };
    let folder = folder();
    let path = folder.path().join("store");
    write(&path, &files);
    if let Err(error) = open(&path) {
        assert!(!matches!(error, OpenError::Locked | OpenError::Exposed), "{error}");
        return;
    }
    // Once more from the beginning: whoever only reads changes nothing.
    fs::remove_dir_all(&path).unwrap();
    write(&path, &files);
    if files.iter().any(|(_, bytes)| bytes.iter().any(|byte| *byte != 0)) {
        let reader = LedgerReader::open(&path, &key()).expect("it opens, and cannot be read");
        let _any = reader.list(LedgerFilter::All, None, 10_000);
        assert!(files == contents(&path), "reading changed something");
    }
    let store = open(&path).expect("what was opened once is opened again");
    let seen = look(&store);
    assert_eq!(seen, look(&store), "not the same twice");
    for entry in seen.iter().flatten() {
        let free = matches!(entry.state, LedgerState::Entered | LedgerState::Released);
        assert!(
            !matches!(entry.state, LedgerState::Claimed | LedgerState::Dispatched),
            "under way in a process that is gone"
        );
        // What was claimed cannot be claimed again, and what was not can be at most once.
        let claims = [jti(0xee), jti(0xef)].map(|jti| claim(&store, entry.effect_id, jti).is_ok());
        assert!(claims.iter().filter(|claimed| **claimed).count() <= usize::from(free));
    }
    let seen = look(&store).map(after);
    drop(store);
    let store = open(&path).expect("what was opened once is opened again");
    assert_eq!(look(&store), seen, "it does not hold what it held");
}

/// What becomes of entries when a process ends.
fn after(mut entries: Vec<LedgerEntry>) -> Vec<LedgerEntry> {
    for entry in &mut entries {
        if entry.state.after_a_crash() != entry.state {
            entry.state = entry.state.after_a_crash();
            entry.code = Some("interrupted".to_owned());
        }
    }
    entries
}

/// All entries, in the order of their ids; none if one of them cannot be read.
fn look(store: &EmbeddedStore) -> Option<Vec<LedgerEntry>> {
    // What a session remembers is read, or refused.
    let (tenant, session) = (TenantId::new("acme").unwrap(), SessionId::new("s-1").unwrap());
    if let Ok((version, memory)) = block_on(store.load(&tenant, &session)) {
        let swap =
            RiskMemory::swap(store, &tenant, &session, version, [&memory[..], b"."].concat());
        if block_on(swap).is_ok() {
            let (_, now) = block_on(store.load(&tenant, &session)).expect("it was just written");
            assert_eq!(now, [&memory[..], b"."].concat());
        }
    }
    let all = block_on(Ledger::list(store, LedgerFilter::All, None, 10_000)).ok()?;
    assert!(all.windows(2).all(|two| two[0].effect_id < two[1].effect_id), "not in order");
    Some(all)
}

fn claim(store: &EmbeddedStore, effect: EffectId, jti: Jti) -> Result<(), ()> {
    let caller = caller();
    let epochs = block_on(store.epochs(&caller)).map_err(|_| ())?;
    let at = Timestamp::from_seconds(NOW);
    let times = [at, at.plus_seconds(60), at];
    block_on(store.claim(&Claim::for_test(effect, jti, &caller, epochs, times))).map_err(|_| ())
}

/// In memory, where there is such a place: opening waits for the disk.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

fn write(path: &Path, files: &Files) {
    fs::DirBuilder::new().mode(0o700).create(path).unwrap();
    for (name, bytes) in files {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(path.join(name)).unwrap().write_all(bytes).unwrap();
    }
}

fn contents(path: &Path) -> Files {
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    let names = names.into_iter().filter(|name| name != "lock");
    names.map(|name| (name.clone(), fs::read(path.join(name)).unwrap())).collect()
}

fn open(path: &Path) -> Result<EmbeddedStore, OpenError> {
    let mut settings = Settings::default();
    (settings.effects, settings.segment) = (10_000, SEGMENT);
    let entropy = Arc::new(Counts::default());
    EmbeddedStore::open_with(path, &key(), Arc::new(Stands), entropy, settings)
}

fn key() -> StoreKey {
    StoreKey::new(KEY.into())
}

fn name(number: u32) -> String {
    format!("{number:08}.log")
}

fn jti(byte: u8) -> Jti {
    Jti::from_random([byte; 16])
}

fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("acme").unwrap(),
        UserId::new("auth0|ada").unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s-1").unwrap(),
    )
}

/// The files of a store in which there is something of everything.
static GENUINE: LazyLock<Files> = LazyLock::new(|| {
    let folder = folder();
    let path = folder.path().join("store");
    let store = open(&path).unwrap();
    let at = Timestamp::from_seconds(NOW);
    for n in 0..40 {
        let effect_id = EffectId::from_bytes([n; 16]);
        let call = LedgerCall {
            tool: ToolName::new("mail_send").unwrap(),
            effect: Digest::of(b"effect"),
            approval: Digest::of(b"approval"),
            tier: Tier::B,
            prepared: vec![n; usize::from(n) * 8],
        };
        let (jti, generation, state, code) = (jti(n), 0, LedgerState::Entered, None);
        let (caller, expires, call) = (caller(), at.plus_seconds(60), Some(call));
        let entry =
            LedgerEntry { effect_id, jti, generation, state, code, caller, expires, at, call };
        if n % 4 != 0 {
            block_on(store.enter(&entry)).unwrap();
        }
        if n % 5 != 0 {
            claim(&store, effect_id, jti).unwrap();
        }
        if n % 5 == 2 {
            let ended = [LedgerState::Released, LedgerState::Failed, LedgerState::Unknown];
            let to = ended[usize::from(n % 3)];
            block_on(store.advance(effect_id, jti, to, Some("no_token"), at)).unwrap();
        }
    }
    let tenant = TenantId::new("acme").unwrap();
    let session = SessionId::new("s-1").unwrap();
    for n in 0..6u8 {
        // Whole, and what changed.
        let memory = [vec![7; 500], vec![n; usize::from(n)]].concat();
        let swap = RiskMemory::swap(&store, &tenant, &session, u64::from(n), memory);
        block_on(swap).unwrap();
    }
    block_on(ApprovalStore::put(&store, "one", b"asked".to_vec(), at.plus_seconds(60))).unwrap();
    block_on(ApprovalStore::put(&store, "two", b"asked".to_vec(), at.plus_seconds(60))).unwrap();
    block_on(store.take("one", at)).unwrap();
    let grant = Grant::agent("planner").up_to(Tier::B).expand(&[]).unwrap();
    block_on(GrantStore::put(&store, &tenant, grant)).unwrap();
    block_on(store.freeze(Freeze::Tenant(tenant))).unwrap();
    drop(store);
    contents(&path)
});

/// Each four bytes say which file to change, where, and how.
fn meddled(data: &[u8]) -> Files {
    let mut files = GENUINE.clone();
    for [which, high, low, how] in data.as_chunks::<4>().0 {
        let (count, at) = (files.len().max(1), usize::from(*high) << 8 | usize::from(*low));
        let file = usize::from(which & 0x3f) % count;
        match (which >> 6, files.get_mut(file)) {
            (0 | 1, Some((_, bytes))) => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= *how;
                }
            }
            (2, Some((_, bytes))) if how % 2 == 0 => bytes.truncate(at),
            (2, Some((_, bytes))) => bytes.get_mut(at..).unwrap_or_default().fill(0),
            (3, Some(_)) if how % 2 == 0 => drop(files.remove(file)),
            (_, Some((name, bytes))) => {
                // As another segment.
                let copy = (self::name(u32::from(*how)), bytes.clone());
                if *name != copy.0 {
                    files.retain(|(name, _)| *name != copy.0);
                    files.push(copy);
                }
            }
            (_, None) => {}
        }
    }
    files.sort();
    files
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The id of the store that is forged.
const STORE: [u8; 16] = [9; 16];

fn derived(info: &[&[u8]], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let root = Salt::new(HKDF_SHA256, &STORE).extract(&KEY);
    root.expand(info, Length(length)).unwrap().fill(&mut bytes).unwrap();
    bytes
}

fn header(number: u32, size: u32) -> Vec<u8> {
    let mut bytes = b"cs-store\x01\0\0\0".to_vec();
    bytes.extend(number.to_le_bytes());
    bytes.extend(STORE);
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(derived(&[b"check"], 16));
    bytes.extend(i64::MIN.to_le_bytes());
    bytes.extend(i64::MIN.to_le_bytes());
    bytes.resize(508, 0);
    let sum = crc32c::crc32c(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// What a record of a kind holds, sealed behind its name.
fn sealed(kind: u8, name: &[u8], plain: &[u8]) -> Vec<u8> {
    let (salt, mut inside) = ([3; 24], plain.to_vec());
    let key = derived(&[b"seal", &salt], 32);
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).unwrap());
    let about = Aad::from([&STORE[..], &[kind], name].concat());
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    key.seal_in_place_append_tag(nonce, about, &mut inside).unwrap();
    [name, &salt, &inside].concat()
}

/// Frames with the right checksums and sequence numbers. Each is told by a kind, of which the highest
/// bit says that what follows is to be sealed first, by how many before it wait, and by its length.
fn forged(mut data: &[u8]) -> Vec<u8> {
    let mut bytes = header(1, SEGMENT);
    let mut sequence = 1u64;
    while let Some(([kind, behind, length], rest)) = data.split_first_chunk::<3>() {
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        data = rest;
        let (to_seal, kind) = (kind & 0x80 != 0, kind & 0x7f);
        let payload = match (to_seal, payload.split_at_checked(17)) {
            (true, Some((name, plain))) if kind == 2 => sealed(kind, name, plain),
            (true, _) => sealed(kind, b"", payload),
            (false, _) => payload.to_vec(),
        };
        let mut frame = sequence.to_le_bytes().to_vec();
        frame.extend(u32::from(*behind).to_le_bytes());
        frame.extend([kind, 1, 0, 0]);
        frame.extend(&payload);
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let seed = crc32c::crc32c_append(crc32c::crc32c(&STORE), &1u32.to_le_bytes());
        let sum = crc32c::crc32c_append(crc32c::crc32c_append(seed, &length), &frame);
        bytes.extend(length);
        bytes.extend(sum.to_le_bytes());
        bytes.extend(frame);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        sequence += 1;
    }
    // What does not fit is cut off, as by a torn write.
    bytes.resize(SEGMENT as usize, 0);
    bytes
}

/// How an effect stands, as the store writes it.
fn state(effect: u8, state: u8, generation: u8, holds: u8) -> Vec<u8> {
    let mut bytes = [[effect; 16], [5; 16]].concat();
    bytes.extend((NOW * 1000).to_le_bytes());
    bytes.extend((NOW * 1000 + 60_000).to_le_bytes());
    bytes.extend([state, generation, holds, 1, 0]);
    bytes.extend(b"no_token");
    bytes
}

/// Who asked, behind the name of an effect.
fn call(effect: u8) -> Vec<u8> {
    let mut bytes = vec![effect; 16];
    bytes.push(0);
    for text in ["acme", "auth0|ada", "planner", "s-1"] {
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.extend([0, 0]);
    bytes
}

/// A value of a table.
fn value(table: u8, name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![table];
    all.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
    all.extend(name);
    all.extend(1u64.to_le_bytes());
    all.extend((NOW * 1000).to_le_bytes());
    all.extend(bytes);
    all
}

/// What changed of a value: how long it is then, and what stands where.
fn changes(length: u32, pieces: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = length.to_le_bytes().to_vec();
    for (at, piece) in pieces {
        bytes.extend(at.to_le_bytes());
        bytes.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
        bytes.extend(*piece);
    }
    bytes
}

/// The same value with the next version.
fn next(mut value: Vec<u8>) -> Vec<u8> {
    let at = 5 + usize::from(value[1]);
    value[at] += 1;
    value
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mode = |mode: u8, data: &[u8]| [&[mode], data].concat();
    let frame = |kind: u8, payload: &[u8]| {
        [&[kind, 1, u8::try_from(payload.len()).unwrap()], payload].concat()
    };
    let mut seeds = vec![
        mode(0, &[]),
        mode(0, &[0; 600]),
        mode(0, &GENUINE[0].1),
        mode(1, &[]),
        mode(1, &[0, 2, 10, 1]),
        mode(1, &[0x82, 4, 0, 0, 0xc1, 0, 0, 0]),
        mode(1, &[0x83, 4, 0, 1, 0xc1, 0, 0, 9]),
        mode(3, &[1; 200]),
    ];
    // A call and its state, in every state; states and calls alone; values, and that they are gone.
    for stands in 1..=8 {
        seeds.push(mode(
            2,
            &[frame(0x82, &call(stands)), frame(1, &state(stands, stands, 1, 1))].concat(),
        ));
    }
    let seen = value(1, SEEN, b"seen");
    let epoch = value(5, b"\x03\0\0\0all", &2u32.to_le_bytes());
    for frames in [
        vec![frame(1, &state(1, 4, 17, 0))],
        vec![frame(0x82, &call(1))],
        vec![frame(0x83, &value(1, b"s", b"x")), frame(0x84, &value(1, b"s", b""))],
        vec![frame(0x83, &epoch), frame(5, &[0; 8]), frame(7, &[])],
        vec![frame(6, &2u32.to_le_bytes()), frame(0x83, &value(3, b"g", b"{}"))],
        // What changed of what is there, of what is not, in a place that is not, and of another version.
        vec![frame(0x83, &seen), frame(0x88, &next(value(1, SEEN, &changes(9, &[(4, b"more.")]))))],
        vec![frame(0x88, &next(value(1, SEEN, &changes(9, &[(0, b"more")]))))],
        vec![frame(0x83, &seen), frame(0x88, &next(value(1, SEEN, &changes(2, &[(4, b"more")]))))],
        vec![frame(0x83, &seen), frame(0x88, &value(1, SEEN, &changes(9, &[])))],
    ] {
        seeds.push(mode(2, &frames.concat()));
    }
    seeds
}
