//! The chain, verified by somebody who has only the bytes.

use std::fs;
use std::io::{self, Read};

use countersign_audit::{JsonlLog, Summary, VerifyErrorKind, verify, verify_known};
use countersign_core::{AuditRecord, AuditSink as _, Digest, Durability, Object, Value};
use pollster::block_on;
use proptest::prelude::*;

use crate::support::{append, lines, log_of, record};

#[test]
fn every_flipped_bit_of_every_byte_is_found() {
    let bytes = log_of(4);
    let head = verify(bytes.as_slice()).unwrap().head;
    let last_line = bytes.len() - lines(&bytes)[3].len();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let verified = verify(changed.as_slice());
            assert!(at >= last_line || verified.is_err(), "byte {at}, bit {bit}");
            // In the last line only a head that was kept elsewhere tells.
            let known = verified.and_then(|summary| summary.expect_head(head));
            assert!(known.is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn deleted_moved_repeated_and_inserted_lines_are_found() {
    let all = lines(&log_of(5));
    let find = |lines: &[Vec<u8>]| verify(lines.concat().as_slice());
    for at in 0..4 {
        let mut deleted = all.clone();
        deleted.remove(at);
        let error = find(&deleted).unwrap_err();
        assert_eq!((error.line, error.kind), (at as u64 + 1, VerifyErrorKind::Sequence));
    }
    for a in 0..5 {
        let mut repeated = all.clone();
        repeated.insert(a, all[a].clone());
        assert_eq!(find(&repeated).unwrap_err().kind, VerifyErrorKind::Sequence);
        for b in 0..a {
            let mut moved = all.clone();
            moved.swap(a, b);
            assert_eq!(find(&moved).unwrap_err().line, b as u64 + 1);
        }
    }
    // A record of another log with the right number in the right place.
    let mut inserted = all.clone();
    let other = String::from_utf8(all[2].clone()).unwrap().replace("crm_note", "crm_nota");
    inserted[2] = other.into_bytes();
    let error = find(&inserted).unwrap_err();
    assert_eq!((error.line, error.kind), (4, VerifyErrorKind::Chain));
}

#[test]
fn cut_off_lines_are_found_only_against_a_known_head() {
    let bytes = log_of(4);
    let all = lines(&bytes);
    let known = verify(bytes.as_slice()).unwrap();
    for kept in 0..4 {
        let cut = all[..kept].concat();
        let summary = verify(cut.as_slice()).unwrap();
        assert_eq!(summary.records, kept as u64);
        assert_eq!(summary.expect_head(known.head).unwrap_err().kind, VerifyErrorKind::Head);
        let error = verify_known(cut.as_slice(), known).unwrap_err();
        assert_eq!(error.kind, VerifyErrorKind::Head);
        // The other way round the log has grown, which is as it should be.
        assert_eq!(verify_known(bytes.as_slice(), summary), Ok(known));
    }
    let forged = Summary::known(2, Digest::of(b"another"));
    let error = verify_known(bytes.as_slice(), forged).unwrap_err();
    assert_eq!((error.line, error.kind), (2, VerifyErrorKind::Head));
}

#[test]
fn a_line_without_end_does_not_verify() {
    let bytes = log_of(2);
    let error = verify(&bytes[..bytes.len() - 1]).unwrap_err();
    assert_eq!((error.line, error.kind), (2, VerifyErrorKind::Torn));
    assert_eq!(error.to_string(), "line 2: has no end");
}

#[test]
fn only_records_of_this_version_are_records() {
    let line = String::from_utf8(log_of(1)).unwrap();
    let kind = |line: &str| verify(line.as_bytes()).unwrap_err().kind;
    for (from, to) in [
        ("\"v\":1", "\"v\":2"),
        ("countersign-audit", "countersign-other"),
        ("\"kind\":\"intent\"", "\"kind\":\"In tent\""),
        ("\"kind\":\"intent\"", "\"kind\":\"\""),
        ("\"v\":1", "\"v\":1,\"w\":1"),
        ("\"seq\":0", "\"seq\":\"0\""),
        ("\"seq\":0", "\"seq\":-1"),
        ("\"at_ms\":", "\"at_mt\":"),
        ("\"prev\":\"0", "\"prev\":\"g"),
    ] {
        assert!(line.contains(from), "{from}");
        assert_eq!(kind(&line.replace(from, to)), VerifyErrorKind::NotARecord, "{to}");
    }
    for changed in [
        format!(" {line}"),
        line.replace("\"v\":1", "\"v\":1.0"),
        line.replace("{\"at_ms\"", "{\"v\":1,\"at_ms\""),
        line.replace("\"v\":1}", "\"v\":1}\r"),
        "\n".to_owned(),
    ] {
        assert_eq!(kind(&changed), VerifyErrorKind::NotCanonical);
    }
    let long = format!("{}\n", "x".repeat(65_536));
    assert_eq!(kind(&long), VerifyErrorKind::TooLong);
}

/// Computed with the five lines of Python in the crate's documentation.
#[test]
fn the_head_is_the_one_that_another_implementation_computes() {
    let summary = verify(log_of(3).as_slice()).unwrap();
    assert_eq!(summary, Summary::known(3, HEAD.parse().unwrap()));
}
const HEAD: &str = "9fcb948b34181e2acf9a771beb20672b6ae9a3abd6e7d8ab2d5960a7ef07de8e";

#[test]
fn a_reader_that_fails_is_not_the_end() {
    struct Fails(io::Cursor<Vec<u8>>);
    impl Read for Fails {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::ErrorKind::ConnectionReset.into()),
                n => Ok(n),
            }
        }
    }
    let error = verify(Fails(io::Cursor::new(log_of(2)))).unwrap_err();
    assert_eq!(error.kind, VerifyErrorKind::Read(io::ErrorKind::ConnectionReset));
    assert_eq!(error.line, 3);
}

#[test]
fn appenders_on_many_threads_make_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let log = JsonlLog::open(&path).unwrap();
    let mut numbers: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8u16)
            .map(|t| {
                let log = &log;
                scope.spawn(move || {
                    let how = [Durability::Buffered, Durability::Durable];
                    (0..25u16)
                        .map(|n| append(log, n, how[usize::from((t + n) % 2)]).unwrap())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>(), "each number once");
    assert_eq!(verify(fs::File::open(&path).unwrap()), Ok(log.head().unwrap()));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|members| members.into_iter().collect::<Object>().into()),
        ]
    })
}

fn fields() -> impl Strategy<Value = Object> {
    prop::collection::vec((any::<String>(), value()), 0..6)
        .prop_map(|members| members.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_appended_verifies_and_is_continued(
        records in prop::collection::vec((fields(), any::<String>(), any::<i32>()), 1..8),
        reopen_at in 0..8usize,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut log = JsonlLog::open(&path).unwrap();
        for (n, (fields, id, at)) in records.iter().enumerate() {
            if n == reopen_at {
                let head = log.head().unwrap();
                drop(log);
                log = JsonlLog::open_known(&path, head).unwrap();
                prop_assert_eq!(log.cut(), 0);
            }
            let record = AuditRecord {
                id: id.clone(),
                at: countersign_core::Timestamp::from_seconds(i64::from(*at)),
                fields: fields.clone(),
                ..record(0)
            };
            prop_assert_eq!(block_on(log.append(record, Durability::Buffered)), Ok(n as u64));
        }
        let bytes = fs::read(&path).unwrap();
        prop_assert_eq!(verify(bytes.as_slice()), Ok(log.head().unwrap()));
        prop_assert_eq!(lines(&bytes).len(), records.len());
        for (line, (fields, ..)) in lines(&bytes).iter().zip(&records) {
            let read = countersign_core::canon::parse(line).unwrap();
            prop_assert_eq!(read.get("fields"), Some(&Value::from(fields.clone())));
        }
    }
}
