//! The log as a file.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use countersign_audit::{JsonlLog, OpenError, Summary, VerifyErrorKind, verify};
use countersign_core::{AuditError, Durability};

use crate::support::{append, lines, log_of};

fn path() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    (dir, path)
}

#[test]
fn a_log_is_continued_where_it_ended() {
    let (_dir, path) = path();
    let log = JsonlLog::open(&path).unwrap();
    assert_eq!(log.head(), Ok(Summary::EMPTY));
    assert_eq!(append(&log, 0, Durability::Durable), Ok(0));
    assert_eq!(append(&log, 1, Durability::Buffered), Ok(1));
    let head = log.head().unwrap();
    drop(log);

    let log = JsonlLog::open_known(&path, head).unwrap();
    assert_eq!((log.head(), log.cut()), (Ok(head), 0));
    assert_eq!(append(&log, 2, Durability::Durable), Ok(2));
    assert_eq!(verify(fs::File::open(&path).unwrap()), Ok(log.head().unwrap()));
    assert_eq!(lines(&fs::read(&path).unwrap()).len(), 3);
}

#[test]
fn after_a_cut_at_any_byte_the_whole_lines_are_kept_and_the_log_goes_on() {
    let bytes = log_of(3);
    let ends: Vec<usize> = (0..=bytes.len()).filter(|n| *n == 0 || bytes[n - 1] == b'\n').collect();
    let (_dir, path) = path();
    for length in 0..=bytes.len() {
        private(&path, &bytes[..length]);
        let whole = *ends.iter().rfind(|end| **end <= length).unwrap();
        let log = JsonlLog::open(&path).unwrap();
        assert_eq!(log.cut(), (length - whole) as u64, "cut at {length}");
        assert_eq!(fs::read(&path).unwrap(), &bytes[..whole]);
        append(&log, 9, Durability::Buffered).unwrap();
        assert_eq!(verify(fs::File::open(&path).unwrap()), Ok(log.head().unwrap()));
    }
}

#[test]
fn a_complete_line_that_does_not_verify_is_not_repaired() {
    let (_dir, path) = path();
    for bad in [&b"{}\n"[..], b"\n", b"\0\0\0\n", b"{\"a\":1}\n{"] {
        let bytes = [log_of(2).as_slice(), bad].concat();
        private(&path, &bytes);
        let Err(OpenError::Damaged(error)) = JsonlLog::open(&path) else {
            panic!("opened");
        };
        assert_eq!(error.line, 3);
        assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was cut");
    }
    private(&path, &vec![b'x'; 65_536]);
    let Err(OpenError::Damaged(error)) = JsonlLog::open(&path) else { panic!("opened") };
    assert_eq!(error.kind, VerifyErrorKind::TooLong);
}

#[test]
fn a_log_that_became_shorter_is_refused_by_who_knows_its_head() {
    let (_dir, path) = path();
    let bytes = log_of(3);
    let head = verify(bytes.as_slice()).unwrap();
    let all = lines(&bytes);
    private(&path, &all[..2].concat());
    assert!(JsonlLog::open(&path).is_ok(), "nothing in the file tells");
    let Err(OpenError::Damaged(error)) = JsonlLog::open_known(&path, head) else {
        panic!("opened");
    };
    assert_eq!(error.kind, VerifyErrorKind::Head);
}

#[test]
fn a_second_writer_is_refused_while_the_first_lives() {
    let (_dir, path) = path();
    let first = JsonlLog::open(&path).unwrap();
    assert_eq!(JsonlLog::open(&path).unwrap_err(), OpenError::Locked);
    append(&first, 0, Durability::Durable).unwrap();
    drop(first);
    assert!(JsonlLog::open(&path).is_ok());
}

#[test]
fn a_second_writer_cuts_nothing_off_while_the_first_writes() {
    let (_dir, path) = path();
    let _first = JsonlLog::open(&path).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"half").unwrap();
    assert_eq!(JsonlLog::open(&path).unwrap_err(), OpenError::Locked);
    assert_eq!(fs::read(&path).unwrap(), b"{\"half");
}

#[test]
fn what_another_wrote_or_deleted_meanwhile_is_noticed() {
    let (_dir, path) = path();
    let log = JsonlLog::open(&path).unwrap();
    append(&log, 0, Durability::Buffered).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{}\n").unwrap();
    assert_eq!(append(&log, 1, Durability::Buffered), Err(AuditError::Damaged));
    drop(log);
    assert!(matches!(JsonlLog::open(&path), Err(OpenError::Damaged(_))));

    fs::remove_file(&path).unwrap();
    let log = JsonlLog::open(&path).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    append(&log, 0, Durability::Buffered).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert_eq!(append(&log, 1, Durability::Buffered), Err(AuditError::Damaged));
}

#[cfg(unix)]
#[test]
fn a_deleted_log_takes_no_more_records() {
    let (_dir, path) = path();
    let log = JsonlLog::open(&path).unwrap();
    append(&log, 0, Durability::Buffered).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(append(&log, 1, Durability::Buffered), Err(AuditError::Damaged));
}

#[cfg(unix)]
#[test]
fn a_new_log_is_for_its_owner_alone_and_an_exposed_one_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, path) = path();
    drop(JsonlLog::open(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(JsonlLog::open(&path).unwrap_err(), OpenError::Exposed, "{mode:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(JsonlLog::open(&path).is_ok());
}

#[cfg(unix)]
#[test]
fn what_is_not_a_regular_file_is_refused() {
    let (dir, path) = path();
    let target = dir.path().join("target");
    drop(JsonlLog::open(&target).unwrap());
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert_eq!(JsonlLog::open(&path).unwrap_err(), OpenError::NotRegular);
    fs::remove_file(&target).unwrap();
    assert_eq!(JsonlLog::open(&path).unwrap_err(), OpenError::NotRegular, "dangling");
    assert!(!target.exists());

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(JsonlLog::open(&path).unwrap_err(), OpenError::NotRegular);
    assert_eq!(JsonlLog::open("/dev/null").unwrap_err(), OpenError::NotRegular);
    let missing = dir.path().join("no").join("audit.jsonl");
    let error = JsonlLog::open(missing).unwrap_err();
    assert_eq!(error, OpenError::Io(std::io::ErrorKind::NotFound));
    assert_eq!(AuditError::from(error), AuditError::Unwritable);
}

/// Puts bytes into the file, and leaves its mode as a log makes it.
fn private(path: &PathBuf, bytes: &[u8]) {
    if !path.exists() {
        drop(JsonlLog::open(path).unwrap());
    }
    fs::write(path, bytes).unwrap();
}
