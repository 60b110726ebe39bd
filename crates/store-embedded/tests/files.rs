//! The store as files: who may open them, and what becomes of others.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a failure is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_core::{Ledger, LedgerFilter, LedgerState};
use countersign_store_embedded::{EmbeddedStore, LedgerReader, OpenError, Settings, StoreKey};
use countersign_testkit::clock::{NoEntropy, TestEntropy, VirtualClock};
use countersign_testkit::fixtures::{NOW, caller, effect, jti};
use countersign_ticket::{Claim, Epochs, ReplayGuard};
use pollster::block_on;
use tempfile::TempDir;

fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32].into())
}

fn open(path: &Path) -> Result<EmbeddedStore, OpenError> {
    let mut settings = Settings::default();
    settings.segment = 64 << 10;
    let clock = Arc::new(VirtualClock::starting(NOW));
    EmbeddedStore::open_with(path, &key(1), clock, Arc::new(TestEntropy::new(1)), settings)
}

fn claim(store: &EmbeddedStore) -> countersign_core::EffectId {
    let (effect, caller) = (effect(), caller());
    let times = [NOW, NOW.plus_seconds(60), NOW];
    let claim = Claim::for_test(effect, jti(), &caller, Epochs::default(), times);
    block_on(store.claim(&claim)).unwrap();
    effect
}

fn place() -> (TempDir, PathBuf) {
    let root = TempDir::new().unwrap();
    let path = root.path().join("store");
    (root, path)
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
    segments.sort();
    segments
}

#[test]
fn inv_03_a_second_store_on_the_same_directory_is_refused_until_the_first_is_gone() {
    let (_root, path) = place();
    let first = open(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenError::Locked)));
    drop(first);
    open(&path).unwrap();
}

#[test]
fn a_store_without_its_parent_is_not_made() {
    let (_root, path) = place();
    assert!(matches!(open(&path.join("deeper")), Err(OpenError::Io(_))));
}

#[cfg(unix)]
#[test]
fn inv_07_files_and_directory_are_private_and_exposed_ones_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let (_root, path) = place();
    drop(open(&path).unwrap());
    assert_eq!(mode(&path), 0o700);
    let lock = path.join("lock");
    let segment = segments(&path).remove(0);
    for file in [&lock, &segment] {
        assert_eq!(mode(file), 0o600);
        for exposed in [0o640, 0o604, 0o660] {
            set(file, exposed);
            assert!(matches!(open(&path), Err(OpenError::Exposed)), "{file:?}");
        }
        set(file, 0o600);
    }
    set(&path, 0o755);
    assert!(matches!(open(&path), Err(OpenError::Exposed)));
    assert!(matches!(LedgerReader::open(&path, &key(1)), Err(OpenError::Exposed)));
    set(&path, 0o700);
    open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn links_in_place_of_files_are_refused() {
    use std::os::unix::fs::symlink;
    let (root, path) = place();
    drop(open(&path).unwrap());
    for file in [path.join("lock"), segments(&path).remove(0)] {
        let moved = root.path().join("moved");
        fs::rename(&file, &moved).unwrap();
        symlink(&moved, &file).unwrap();
        assert!(matches!(open(&path), Err(OpenError::NotRegular)), "{file:?}");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(matches!(open(&path), Err(OpenError::NotRegular)), "{file:?}");
        fs::remove_dir(&file).unwrap();
        fs::rename(&moved, &file).unwrap();
    }
    let link = root.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(matches!(open(&link), Err(OpenError::NotADirectory)));
    open(&path).unwrap();
}

#[test]
fn a_wrong_key_is_told_from_damage_and_changes_nothing() {
    let (_root, path) = place();
    drop(open(&path).unwrap());
    let before: Vec<_> = segments(&path).iter().map(|path| fs::read(path).unwrap()).collect();
    let clock = Arc::new(VirtualClock::starting(NOW));
    let opened = EmbeddedStore::open(&path, &key(2), clock, Arc::new(TestEntropy::new(1)));
    assert!(matches!(opened, Err(OpenError::WrongKey)));
    assert!(matches!(LedgerReader::open(&path, &key(2)), Err(OpenError::WrongKey)));
    let after: Vec<_> = segments(&path).iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(before == after);
}

#[test]
fn inv_04_without_randomness_no_store_is_made() {
    let (_root, path) = place();
    let clock = Arc::new(VirtualClock::starting(NOW));
    let opened = EmbeddedStore::open(&path, &key(1), clock, Arc::new(NoEntropy));
    assert!(matches!(opened, Err(OpenError::Entropy(_))));
    assert_eq!(segments(&path).len(), 0);
}

#[test]
fn a_newer_format_is_named_and_not_touched() {
    let (_root, path) = place();
    drop(open(&path).unwrap());
    let segment = segments(&path).remove(0);
    let mut bytes = fs::read(&segment).unwrap();
    if let Some(format) = bytes.get_mut(8) {
        *format = 2;
    }
    fs::write(&segment, &bytes).unwrap();
    assert!(matches!(open(&path), Err(OpenError::Format { found: 2, known: 1 })));
    assert!(fs::read(&segment).unwrap() == bytes);
}

#[test]
fn a_missing_segment_is_damage() {
    let (_root, path) = place();
    let store = open(&path).unwrap();
    for _ in 0..2_000 {
        claim(&store);
    }
    drop(store);
    let mut all = segments(&path);
    // The last may be one that was made ready.
    all.retain(|path| fs::read(path).unwrap().iter().any(|byte| *byte != 0));
    assert!(all.len() > 4);
    for (n, missing) in all.iter().enumerate() {
        let bytes = fs::read(missing).unwrap();
        fs::remove_file(missing).unwrap();
        let opened = open(&path);
        // Without the last, what is before it is whole: that it is missing nobody can tell.
        if n + 1 < all.len() {
            assert!(matches!(opened, Err(OpenError::Damaged { .. })), "{missing:?}");
        }
        drop(opened);
        fs::write(missing, bytes).unwrap();
        private(missing);
        if n + 2 == all.len() {
            break;
        }
    }
    open(&path).unwrap();
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
#[cfg(not(unix))]
fn private(_: &Path) {}

#[test]
fn the_ledger_is_read_while_another_holds_it_and_a_live_call_is_not_in_doubt() {
    let (_root, path) = place();
    let store = open(&path).unwrap();
    let old = claim(&store);
    drop(store);
    let store = open(&path).unwrap();
    let new = claim(&store);
    let before: Vec<_> = segments(&path).iter().map(|path| fs::read(path).unwrap()).collect();
    let reader = LedgerReader::open(&path, &key(1)).unwrap();
    let state = |effect| reader.get(effect).unwrap().map(|entry| entry.state);
    assert_eq!(state(old), Some(LedgerState::Unknown));
    assert_eq!(state(new), Some(LedgerState::Claimed));
    assert_eq!(state(effect()), None);
    let listed = reader.list(LedgerFilter::All, None, 10).unwrap();
    assert_eq!(listed, block_on(Ledger::list(&store, LedgerFilter::All, None, 10)).unwrap());
    assert_eq!(reader.list(LedgerFilter::Unknown, None, 10).unwrap().len(), 1);
    let after: Vec<_> = segments(&path).iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(before == after);
}

#[test]
fn a_reader_keeps_up_with_a_store_that_is_at_work() {
    let (_root, path) = place();
    let store = open(&path).unwrap();
    claim(&store);
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            for _ in 0..3_000 {
                claim(&store);
            }
        });
        let mut least = 0;
        while !work.is_finished() {
            let reader = LedgerReader::open(&path, &key(1)).unwrap();
            let seen = reader.list(LedgerFilter::All, None, usize::MAX).unwrap().len();
            assert!(seen >= least);
            least = seen;
        }
    });
}
