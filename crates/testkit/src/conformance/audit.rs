//! [`AuditSink`]: the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::{
    AuditError, AuditRecord, AuditSink, Durability, Object, RecordKind, Timestamp, Value,
};

use super::{broken, done, holds, race, same};
use crate::fixtures::NOW;

/// The log under test, and a second way to look at it.
pub trait Log: Sync {
    /// The sink; the same one each time.
    fn sink(&self) -> Arc<dyn AuditSink>;

    /// Sequence number and id of every record, as a reader of the log finds them, in its order.
    ///
    /// # Errors
    /// Why the log does not verify.
    fn read(&self) -> Result<Vec<(u64, String)>, String>;
}

const BOTH: [Durability; 2] = [Durability::Buffered, Durability::Durable];
const KINDS: [RecordKind; 3] = [RecordKind::Intent, RecordKind::Decision, RecordKind::Outcome];

/// A record with an id of its own, a UUID of version 7.
fn record(n: usize, fields: Object) -> AuditRecord {
    let kind = KINDS.get(n % 3).copied().unwrap_or(RecordKind::Outcome);
    let millis = NOW.millis().saturating_add(i64::try_from(n).unwrap_or(0));
    let hex = format!("{millis:012x}");
    let (high, low) = hex.split_at_checked(8).unwrap_or_default();
    let id = format!("{high}-{low}-7000-8000-{n:012x}");
    AuditRecord { id, kind, at: Timestamp::from_millis(millis), fields }
}

fn ordinary(n: usize) -> AuditRecord {
    record(n, Object::new().with("tool", "crm_note").with("code", "permitted").with("try", 1u8))
}

fn read(clause: &str, log: &dyn Log) -> Vec<(u64, String)> {
    match log.read() {
        Ok(found) => found,
        Err(why) => broken(clause, format!("the log does not verify: {why}")),
    }
}

/// Runs every clause, on a log that is empty.
pub async fn all(log: &dyn Log) {
    numbers_records_in_order(log).await;
    refuses_what_is_too_large(log).await;
    holds_whatever_fields_hold(log).await;
    keeps_every_record_of_many_writers(log).await;
}

/// Records of every kind and durability stand in the order in which they were appended, under the
/// numbers that were returned.
pub async fn numbers_records_in_order(log: &dyn Log) {
    let clause = "AuditSink: records stand in the order in which append returned";
    let (sink, before) = (log.sink(), read(clause, log));
    let mut due = before.clone();
    for n in 0..24 {
        for durability in BOTH {
            let record = ordinary(n * 2 + usize::from(durability == Durability::Durable));
            let id = record.id.clone();
            let seq = done(clause, sink.append(record, durability).await);
            if let Some((last, _)) = due.last() {
                same("AuditSink: sequence numbers go up by one", seq, last.saturating_add(1));
            }
            due.push((seq, id));
        }
        same(clause, read(clause, log), due.clone());
    }
}

/// A record of more than 65,535 bytes is [`AuditError::TooLarge`], leaves nothing behind, and the log
/// takes the next one.
pub async fn refuses_what_is_too_large(log: &dyn Log) {
    let clause = "AuditSink: a record of more than 65,535 bytes is refused";
    let after = "AuditSink: the log is sound after a record was refused";
    let sink = log.sink();
    let many = (0..10_000).fold(Object::new(), |o, n| o.with(format!("field_{n}"), "value"));
    let large = [
        Object::new().with("long", "x".repeat(65_536)),
        Object::new().with("longer", "x".repeat(10_000_000)),
        Object::new().with("escaped", "\u{1}".repeat(20_000)),
        many,
    ];
    for (n, fields) in large.into_iter().enumerate() {
        for durability in BOTH {
            let before = read(after, log);
            let refused = record(9_000 + n, fields.clone());
            same(clause, sink.append(refused, durability).await, Err(AuditError::TooLarge));
            same(after, read(after, log), before.clone());
            let next = record(9_100 + n, Object::new());
            let id = next.id.clone();
            let seq = done(after, sink.append(next, durability).await);
            same(after, read(after, log).last().cloned(), Some((seq, id)));
            same(after, read(after, log).len(), before.len().saturating_add(1));
        }
    }
}

/// Whatever the fields hold, the record stands whole or is refused whole: no text breaks out of it.
pub async fn holds_whatever_fields_hold(log: &dyn Log) {
    let clause = "AuditSink: no field breaks out of its record";
    let sink = log.sink();
    let deep = (0..100).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let line = "}\n{\"at_ms\":0,\"fields\":{},\"id\":\"forged\",\"kind\":\"outcome\",\"seq\":0}\n";
    let nasty = [
        Object::new(),
        Object::new().with("line", line),
        Object::new().with(line, 1u8),
        Object::new().with("breaks", "\r\n\u{85}\u{2028}\u{2029}\0\u{1b}[2J"),
        Object::new().with("direction", "\u{202e}\u{200b}\u{feff}"),
        Object::new().with("seq", 0u8).with("prev", "0").with("id", "forged").with("", ""),
        Object::new().with("nest", Object::new().with("fields", Object::new().with("a", "b"))),
        Object::new().with("deep", deep),
        Object::new().with("number", f64_value(1e308)).with("null", Value::Null),
    ];
    for (n, fields) in nasty.into_iter().enumerate() {
        let mut due = read(clause, log);
        let hostile = record(9_200 + n, fields);
        let id = hostile.id.clone();
        match sink.append(hostile, Durability::Buffered).await {
            Ok(seq) => due.push((seq, id)),
            Err(error) => same(clause, error, AuditError::TooLarge),
        }
        same(clause, read(clause, log), due);
    }
}

fn f64_value(number: f64) -> Value {
    countersign_core::canon::Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// Many writers at a time each get a number of their own, and every record stands under it. A record
/// whose append returned before another's began stands before it.
pub async fn keeps_every_record_of_many_writers(log: &dyn Log) {
    let clause = "AuditSink: concurrent appends lose and repeat nothing";
    let (sink, before) = (log.sink(), read(clause, log));
    let results = race(100, |writer| {
        let sink = Arc::clone(&sink);
        async move {
            let mut mine = Vec::new();
            for n in 0..5 {
                let record = ordinary(10_000 + writer * 5 + n);
                let id = record.id.clone();
                let durability = if writer % 10 == 0 { BOTH[1] } else { BOTH[0] };
                mine.push((sink.append(record, durability).await?, id));
                tokio::task::yield_now().await;
            }
            Ok::<_, AuditError>(mine)
        }
    });
    let mut due: BTreeMap<u64, String> = before.into_iter().collect();
    let count = due.len();
    let results: Vec<_> = results.await.into_iter().map(|mine| done(clause, mine)).collect();
    due.extend(results.iter().flatten().cloned());
    same(clause, due.len(), count.saturating_add(500));
    for mine in results {
        let order = "AuditSink: records stand in the order in which append returned";
        holds(order, mine.is_sorted(), "not those of one writer");
    }
    let found = read(clause, log);
    holds(clause, found == due.into_iter().collect::<Vec<_>>(), "the log holds something else");
}
