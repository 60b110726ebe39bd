//! Key files: 0600, refused if wider, a link, or damaged. Holds for root too.

use std::fs;

use countersign::ticket::{KeyState, Signer};
use countersign::{KeyDir, KeyFileError, SystemEntropy};
use tempfile::TempDir;

fn made() -> (TempDir, KeyDir) {
    let dir = TempDir::new().unwrap();
    let keys = KeyDir::open(dir.path().join("keys")).unwrap();
    keys.rotate(&SystemEntropy::default()).unwrap();
    (dir, keys)
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn chmod(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn key_files_are_for_their_owner_alone() {
    let (dir, _) = made();
    let keys = dir.path().join("keys");
    assert_eq!(mode(&keys), 0o700);
    let files: Vec<_> = fs::read_dir(&keys).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let (dir, keys) = made();
    for entry in fs::read_dir(dir.path().join("keys")).unwrap() {
        let path = entry.unwrap().path();
        for wide in [0o640, 0o604, 0o620, 0o666] {
            chmod(&path, wide);
            assert!(matches!(keys.active(), Err(KeyFileError::TooOpen(_))), "{wide:o}");
        }
        chmod(&path, 0o600);
        assert!(keys.active().unwrap().is_some());
    }
    chmod(&dir.path().join("keys"), 0o777);
    assert!(matches!(KeyDir::open(dir.path().join("keys")), Err(KeyFileError::TooOpen(_))));
}

#[cfg(unix)]
#[test]
fn a_link_or_a_directory_in_a_key_files_place_is_refused() {
    let (dir, keys) = made();
    let id = keys.active().unwrap().unwrap().key_id().to_string();
    let file = dir.path().join(format!("keys/{id}.key"));
    let elsewhere = dir.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert!(matches!(keys.active(), Err(KeyFileError::NotAFile(_))));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(matches!(keys.active(), Err(KeyFileError::NotAFile(_))));
    fs::remove_dir(&file).unwrap();
    assert!(matches!(keys.active(), Err(KeyFileError::Unknown(_))));
}

#[test]
fn a_damaged_or_swapped_key_is_refused_and_no_error_shows_it() {
    let (dir, keys) = made();
    let first = keys.active().unwrap().unwrap().key_id().to_string();
    let path = dir.path().join(format!("keys/{first}.key"));
    let good = fs::read_to_string(&path).unwrap();
    let seed = good.trim().rsplit(' ').next().unwrap().to_owned();
    for bad in ["", "countersign-seed-v1 ", "countersign-seed-v1 AAAA\n", &good.replace("v1", "v2")]
    {
        fs::write(&path, bad).unwrap();
        let error = keys.active().unwrap_err();
        assert!(matches!(error, KeyFileError::Damaged(_)));
        assert!(!format!("{error} {error:?}").contains(&seed));
    }
    // Another key's seed under this id.
    let second = keys.rotate(&SystemEntropy::default()).unwrap();
    fs::copy(dir.path().join(format!("keys/{second}.key")), &path).unwrap();
    fs::copy(&path, dir.path().join("keys/swapped")).unwrap();
    fs::write(dir.path().join(format!("keys/{second}.key")), &good).unwrap();
    assert!(matches!(keys.active(), Err(KeyFileError::Damaged(_))));
}

#[test]
fn a_rotated_key_retires_and_a_revoked_one_is_gone() {
    let (dir, keys) = made();
    let first = keys.active().unwrap().unwrap().key_id().clone();
    let second = keys.rotate(&SystemEntropy::default()).unwrap();
    let ring = keys.ring().unwrap();
    assert_eq!(ring.get(&first).unwrap().1, KeyState::Retired);
    assert_eq!(ring.get(&second).unwrap().1, KeyState::Active);
    assert_eq!(keys.active().unwrap().unwrap().key_id(), &second);
    keys.revoke(&second).unwrap();
    assert_eq!(keys.ring().unwrap().get(&second).unwrap().1, KeyState::Revoked);
    assert!(keys.active().unwrap().is_none());
    assert!(!dir.path().join(format!("keys/{second}.key")).exists());
    assert!(!keys.ring().unwrap().to_jwks().contains(second.as_str()));
}
