//! Records and logs to try things on.

use std::fs;

use countersign_audit::JsonlLog;
use countersign_core::{
    AuditError, AuditRecord, AuditSink as _, Durability, Object, RecordKind, Timestamp,
};

pub(crate) fn record(n: u16) -> AuditRecord {
    AuditRecord {
        id: format!("0199c9a1-0000-7000-8000-{n:012x}"),
        kind: [RecordKind::Intent, RecordKind::Decision, RecordKind::Outcome][usize::from(n % 3)],
        at: Timestamp::from_millis(1_760_000_000_000 + i64::from(n)),
        fields: Object::new().with("tool", "crm_note").with("n", n),
    }
}

pub(crate) fn append(log: &JsonlLog, n: u16, durability: Durability) -> Result<u64, AuditError> {
    pollster::block_on(log.append(record(n), durability))
}

/// The bytes of a log of so many records.
pub(crate) fn log_of(records: u16) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let log = JsonlLog::open(&path).unwrap();
    for n in 0..records {
        append(&log, n, Durability::Buffered).unwrap();
    }
    fs::read(path).unwrap()
}

/// The lines with their line feeds.
pub(crate) fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}
