//! Disks that fail.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use countersign_core::{
    AuditError, AuditRecord, AuditSink as _, Durability, Object, RecordKind, Timestamp, Value,
};
use pollster::block_on;

use super::JsonlLog;
use crate::disk::Disk;
use crate::verify::{Summary, verify};

/// A disk in memory with room for so many bytes.
#[derive(Debug, Default)]
struct Fake {
    bytes: Mutex<Vec<u8>>,
    room: Mutex<usize>,
    syncs: AtomicUsize,
    /// The next sync fails.
    sync_fails: AtomicBool,
    unlinked: Mutex<bool>,
    /// While closed, a sync waits.
    gate: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Fake {
    fn new(room: usize) -> Arc<Self> {
        Arc::new(Self { room: Mutex::new(room), gate: Mutex::new(true), ..Self::default() })
    }
    fn log(self: &Arc<Self>) -> JsonlLog {
        JsonlLog::on(Box::new(Arc::clone(self)), Summary::EMPTY, 0, 0)
    }
    fn content(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }
}

impl Disk for Arc<Fake> {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut content = self.bytes.lock().unwrap();
        let room = self.room.lock().unwrap().saturating_sub(content.len());
        content.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if room < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
    fn sync(&self) -> io::Result<()> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let gate = self.gate.lock().unwrap();
        drop(self.opened.wait_while(gate, |open| !*open).unwrap());
        self.syncs.fetch_add(1, Ordering::SeqCst);
        let fails = self.sync_fails.swap(false, Ordering::SeqCst);
        if fails { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }
    fn size(&self) -> io::Result<Option<u64>> {
        let gone = *self.unlinked.lock().unwrap();
        Ok((!gone).then_some(self.bytes.lock().unwrap().len() as u64))
    }
}

fn record(n: u16) -> AuditRecord {
    AuditRecord {
        id: format!("0199c9a1-0000-7000-8000-{n:012x}"),
        kind: RecordKind::Intent,
        at: Timestamp::from_millis(1_760_000_000_000),
        fields: Object::new().with("n", n),
    }
}

fn append(log: &JsonlLog, n: u16, durability: Durability) -> Result<u64, AuditError> {
    block_on(log.append(record(n), durability))
}

#[test]
fn after_a_failed_write_nothing_is_written_any_more() {
    let disk = Fake::new(400);
    let log = disk.log();
    assert_eq!(append(&log, 0, Durability::Buffered), Ok(0));
    assert_eq!(append(&log, 1, Durability::Buffered), Err(AuditError::Unwritable));
    let content = disk.content();
    assert_eq!(content.len(), 400, "a part of the line was written");

    *disk.room.lock().unwrap() = 100_000;
    for durability in [Durability::Buffered, Durability::Durable] {
        assert_eq!(append(&log, 2, durability), Err(AuditError::Unwritable));
    }
    assert_eq!(log.head(), Err(AuditError::Unwritable));
    assert_eq!(disk.content(), content);
}

#[test]
fn after_a_failed_sync_nothing_is_written_any_more() {
    let disk = Fake::new(100_000);
    let log = disk.log();
    disk.sync_fails.store(true, Ordering::SeqCst);
    assert_eq!(append(&log, 0, Durability::Durable), Err(AuditError::Unwritable));
    assert_eq!(append(&log, 1, Durability::Durable), Err(AuditError::Unwritable));
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 1, "no second sync pretends that all is well");
}

#[test]
fn a_durable_append_syncs_and_a_buffered_one_does_not() {
    let disk = Fake::new(100_000);
    let log = disk.log();
    append(&log, 0, Durability::Buffered).unwrap();
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 0);
    append(&log, 1, Durability::Durable).unwrap();
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 1);
    append(&log, 2, Durability::Durable).unwrap();
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 2);
}

#[test]
fn a_file_that_others_wrote_to_or_deleted_is_damaged() {
    let disk = Fake::new(100_000);
    let log = disk.log();
    append(&log, 0, Durability::Buffered).unwrap();
    disk.bytes.lock().unwrap().push(b'\n');
    assert_eq!(append(&log, 1, Durability::Buffered), Err(AuditError::Damaged));
    disk.bytes.lock().unwrap().pop();
    assert_eq!(append(&log, 1, Durability::Buffered), Err(AuditError::Damaged), "and stays so");

    let disk = Fake::new(100_000);
    let log = disk.log();
    *disk.unlinked.lock().unwrap() = true;
    assert_eq!(append(&log, 0, Durability::Buffered), Err(AuditError::Damaged));
}

#[test]
fn appenders_that_wait_together_share_one_sync() {
    const OTHERS: u16 = 7;
    let disk = Fake::new(100_000);
    let log = disk.log();
    *disk.gate.lock().unwrap() = false;
    thread::scope(|scope| {
        scope.spawn(|| append(&log, 0, Durability::Durable).unwrap());
        while disk.waiting.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        for n in 1..=OTHERS {
            let log = &log;
            scope.spawn(move || append(log, n, Durability::Durable).unwrap());
        }
        // They write while the first one's sync runs, and wait for theirs.
        while log.head().unwrap().records <= u64::from(OTHERS) {
            thread::yield_now();
        }
        *disk.gate.lock().unwrap() = true;
        disk.opened.notify_all();
    });
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 2, "one for the first, one for all others");
    assert_eq!(verify(disk.content().as_slice()), Ok(log.head().unwrap()));
}

#[test]
fn a_failed_sync_fails_everybody_who_waited_for_it() {
    let disk = Fake::new(100_000);
    let log = disk.log();
    *disk.gate.lock().unwrap() = false;
    disk.sync_fails.store(true, Ordering::SeqCst);
    thread::scope(|scope| {
        let first = scope.spawn(|| append(&log, 0, Durability::Durable));
        while disk.waiting.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        let second = scope.spawn(|| append(&log, 1, Durability::Durable));
        while log.head().unwrap().records < 2 {
            thread::yield_now();
        }
        *disk.gate.lock().unwrap() = true;
        disk.opened.notify_all();
        assert_eq!(first.join().unwrap(), Err(AuditError::Unwritable));
        assert_eq!(second.join().unwrap(), Err(AuditError::Unwritable));
    });
}

#[test]
fn a_refused_record_leaves_the_log_sound() {
    let disk = Fake::new(10_000_000);
    let log = disk.log();
    let with = |fields: Object| AuditRecord { fields, ..record(0) };
    let deep = |depth: usize| {
        let inner = (1..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        Object::new().with("deep", inner)
    };
    let wide = |n: usize| Object::new().with("a", vec!["x".repeat(16_000); n]);
    let text = |n: usize| Object::new().with("a", "x".repeat(n));
    let key = |n: usize| Object::new().with("x".repeat(n), 1u8);
    let inner_key = |n: usize| Object::new().with("a", key(n));

    for fields in [deep(16), wide(4), text(16_384), key(16_384), inner_key(16_384)] {
        block_on(log.append(with(fields), Durability::Buffered)).unwrap();
    }
    let sound = log.head().unwrap();
    for fields in [
        deep(17),
        deep(2_000),
        wide(5),
        text(16_385),
        key(16_385),
        inner_key(16_385),
        // Escaping makes the line six times as long.
        Object::new().with("a", "\u{1}".repeat(16_000)),
    ] {
        let refused = block_on(log.append(with(fields), Durability::Buffered));
        assert_eq!(refused, Err(AuditError::TooLarge));
    }
    let eternal = AuditRecord { at: Timestamp::from_millis(i64::MAX), ..record(0) };
    let refused = block_on(log.append(eternal, Durability::Buffered));
    assert_eq!(refused, Err(AuditError::Unwritable), "a time that JSON cannot carry");

    assert_eq!(log.head(), Ok(sound));
    assert_eq!(append(&log, 1, Durability::Buffered), Ok(5));
    assert_eq!(verify(disk.content().as_slice()), Ok(log.head().unwrap()));
}

#[test]
fn a_line_is_at_most_65_535_bytes() {
    let disk = Fake::new(10_000_000);
    let log = disk.log();
    let filled = |n: usize| {
        let mut left = n;
        let mut texts = Vec::new();
        while left > 0 {
            let now = left.min(16_000);
            texts.push("x".repeat(now));
            left -= now;
        }
        AuditRecord { fields: Object::new().with("a", texts), ..record(0) }
    };
    // Five texts, so the overhead does not change between the two.
    block_on(log.append(filled(64_001), Durability::Buffered)).unwrap();
    let overhead = disk.content().len() - 1 - 64_001;
    let room = 65_535 - overhead;
    let mut longest = Fake::new(10_000_000);
    for (n, expected) in [(room, Ok(0)), (room + 1, Err(AuditError::TooLarge))] {
        longest = Fake::new(10_000_000);
        let appended = block_on(longest.log().append(filled(n), Durability::Buffered));
        assert_eq!(appended, expected);
        if expected.is_ok() {
            assert_eq!(longest.content().len(), 65_536, "with its line feed");
            assert!(verify(longest.content().as_slice()).is_ok());
        }
    }
    assert!(longest.content().is_empty());
}
