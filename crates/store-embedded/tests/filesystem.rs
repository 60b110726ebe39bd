//! File systems that are full, or only to be read: real ones, made for a test in a mount namespace of its
//! own (`unshare`, of util-linux). Each test runs this program again inside. Where the kernel or the
//! machine does not allow it, a line says so.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests, where a failure is a failed test"
)]

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use countersign_core::{EffectId, Jti, LedgerFilter};
use countersign_store_embedded::{
    EmbeddedStore, Failure, LedgerReader, OpenError, Settings, StoreKey,
};
use countersign_testkit::clock::{TestEntropy, VirtualClock};
use countersign_testkit::fixtures::{NOW, caller};
use countersign_ticket::{Claim, ClaimError, Epochs, ReplayGuard};
use pollster::block_on;

/// Where the file system is that a part of a test needs.
const PLACE: &str = "COUNTERSIGN_TEST_PLACE";

fn key() -> StoreKey {
    StoreKey::new([1; 32].into())
}

fn open(path: &Path) -> Result<EmbeddedStore, OpenError> {
    let mut settings = Settings::default();
    settings.segment = 64 << 10;
    let clock = Arc::new(VirtualClock::starting(NOW));
    EmbeddedStore::open_with(path, &key(), clock, Arc::new(TestEntropy::new(1)), settings)
}

fn claim(store: &EmbeddedStore, n: u32) -> Result<(), ClaimError> {
    let mut id = [0; 16];
    id.iter_mut().zip(n.to_be_bytes()).for_each(|(to, from)| *to = from);
    let caller = caller();
    let times = [NOW, NOW.plus_seconds(60), NOW];
    let (effect, jti) = (EffectId::from_bytes(id), Jti::from_random(id));
    block_on(store.claim(&Claim::for_test(effect, jti, &caller, Epochs::default(), times)))
}

fn place() -> PathBuf {
    std::env::var_os(PLACE).expect("another test of this file runs it").into()
}

/// Runs a part of a test after a shell script, which gets the place as `$1`. False if that can't be had
/// here, for the reason that is printed.
fn inside(how: &[&str], script: &str, place: &Path, part: &str) -> bool {
    let script = format!("set -e\n{script}\nexec \"$2\" --exact \"$3\" --ignored --nocapture");
    let this = std::env::current_exe().unwrap();
    let (program, args) = how.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(args).args(["sh", "-c", &script, "sh"]).arg(place).arg(this).arg(part);
    let skip = |reason: &str| {
        println!("skipped: {part}: {}: {reason}", how.join(" "));
        false
    };
    let output = match command.env(PLACE, place).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Where it can be installed it has to be.
            assert!(std::env::var_os("CI").is_none(), "{program} is not installed");
            return skip("not installed");
        }
        other => other.unwrap(),
    };
    let Output { status, stdout, stderr } = output;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if !stdout.contains("running 1 test") {
        // It did not get as far as this program.
        return skip(stderr.trim());
    }
    assert!(status.success() && stdout.contains("1 passed"), "{part}: {stdout}\n{stderr}");
    true
}

/// With a mount namespace; as root of a user namespace, unless it is root already.
fn mounting(place: &Path) -> &'static [&'static str] {
    let root = fs::metadata(place).unwrap().uid() == 0;
    if root { &["unshare", "-m"] } else { &["unshare", "-rm"] }
}

#[test]
fn a_full_file_system_refuses_with_its_name_loses_nothing_and_goes_on_when_there_is_room() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    inside(mounting(place), "mount -t tmpfs -o size=1m,mode=700 none \"$1\"", place, "part_full");
}

#[test]
#[ignore = "a part of the test above"]
fn part_full() {
    let place = place();
    let (path, ballast) = (place.join("store"), place.join("ballast"));
    fs::write(&ballast, vec![1; 400 << 10]).unwrap();
    let store = open(&path).unwrap();
    let full = (0..10_000).find(|n| claim(&store, *n).is_err()).expect("it is full sometime");
    assert!(full > 500, "{full}");
    for _ in 0..3 {
        assert_eq!(claim(&store, full), Err(ClaimError::Full));
        assert_eq!(store.last_failure(), Some(Failure::Full));
    }
    assert_eq!(claim(&store, 0), Err(ClaimError::Spent), "and is still read");
    // Another store finds no room at all, and leaves nothing behind that a next one would stumble over.
    let other = place.join("other");
    assert!(matches!(open(&other), Err(OpenError::Full)));
    // So does the same one, opened anew, if it has to write more than its last segment has room for;
    // and if it opens, it refuses as before.
    drop(store);
    match open(&path) {
        Ok(store) => assert_eq!(claim(&store, full), Err(ClaimError::Full)),
        Err(error) => assert!(matches!(error, OpenError::Full), "{error}"),
    }
    fs::remove_file(&ballast).unwrap();
    open(&other).unwrap();
    fs::remove_dir_all(&other).unwrap();
    let store = open(&path).unwrap();
    for spent in 0..full {
        assert_eq!(claim(&store, spent), Err(ClaimError::Spent), "{spent}");
    }
    // The refused claim spent nothing.
    assert_eq!(claim(&store, full), Ok(()));
    // And once more, this time without being opened anew.
    fs::write(&ballast, vec![1; 100 << 10]).unwrap();
    let again = (full + 1..20_000).find(|n| claim(&store, *n).is_err()).expect("it is full again");
    assert_eq!(claim(&store, again), Err(ClaimError::Full));
    fs::remove_file(&ballast).unwrap();
    assert_eq!(claim(&store, again), Ok(()));
    assert_eq!(claim(&store, again - 1), Err(ClaimError::Spent));
}

#[test]
fn a_file_system_that_is_only_to_be_read_is_named_and_the_ledger_can_be_read() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let store = open(&place.join("store")).unwrap();
    claim(&store, 1).unwrap();
    drop(store);
    let script = "mount --bind \"$1\" \"$1\"\nmount -o remount,ro,bind \"$1\"";
    inside(mounting(place), script, place, "part_read_only");
    let store = open(&place.join("store")).unwrap();
    assert_eq!(claim(&store, 1), Err(ClaimError::Spent));
}

#[test]
#[ignore = "a part of the test above"]
fn part_read_only() {
    let path = place().join("store");
    for path in [&path, &place().join("other")] {
        let Err(OpenError::Io(error)) = open(path) else { panic!("{path:?} was opened") };
        assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem);
    }
    let reader = LedgerReader::open(&path, &key()).unwrap();
    assert_eq!(reader.list(LedgerFilter::All, None, 10).unwrap().len(), 1);
}

#[test]
fn a_limit_of_the_length_of_files_is_a_full_disk() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    // In blocks of 512 bytes or of 1024, as the shell likes: less than a segment. Without the trap the
    // kernel kills whoever writes more.
    inside(&["env"], "trap '' XFSZ\nulimit -f 32", place, "part_limited");
}

#[test]
#[ignore = "a part of the test above"]
fn part_limited() {
    let path = place().join("store");
    for _ in 0..2 {
        assert!(matches!(open(&path), Err(OpenError::Full)));
        let left: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["lock"], "nothing half is left");
    }
}

#[test]
fn a_directory_that_others_own_is_refused_and_so_is_one_that_cannot_be_written() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("store");
    drop(open(&path).unwrap());
    if fs::metadata(&path).unwrap().uid() == 0 {
        // Permissions are nothing to root: as somebody else.
        let how = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        inside(how, "", root.path(), "part_denied");
    } else {
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o500)).unwrap();
        denied(&root.path().join("other"));
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
    open(&path).unwrap();
}

#[test]
#[ignore = "a part of the test above"]
fn part_denied() {
    denied(&place().join("store"));
    denied(&place().join("other"));
}

fn denied(path: &Path) {
    let kind = match open(path) {
        Err(OpenError::Io(error)) => Some(error.kind()),
        Err(_) | Ok(_) => None,
    };
    assert_eq!(kind, Some(io::ErrorKind::PermissionDenied), "{}", path.display());
}
