//! One line: how it is written, and what is asked of one that is read.

use countersign_core::canon::{Number, require_canonical};
use countersign_core::{AuditError, AuditRecord, Digest, Object, Value};

use crate::verify::{Summary, VerifyErrorKind};

/// Longest line in bytes, without its line feed.
pub const MAX_LINE: usize = 65_535;
/// Longest string and longest key in a record's `fields`, in bytes: names, codes and digests are
/// short, and what is longer does not belong into a log.
pub const MAX_TEXT: usize = 16_384;
/// How deep a record's `fields` may nest; a flat object has depth 1.
pub const MAX_DEPTH: usize = 16;

const TYPE: &str = "countersign-audit";

/// The line of a record that follows `before`, without its line feed.
pub(crate) fn encode(record: AuditRecord, before: Summary) -> Result<Vec<u8>, AuditError> {
    if record.id.len() > MAX_TEXT || !fits(&record.fields) {
        return Err(AuditError::TooLarge);
    }
    let (at, seq) = (record.at.millis(), before.records);
    // Beyond 2^53 - 1 no JSON number is exact.
    let exact = Number::try_from(at).is_ok() && Number::try_from(seq).is_ok();
    if !exact {
        return Err(AuditError::Unwritable);
    }
    let (fields, id) = (Value::from(record.fields).to_canonical(), Value::from(record.id));
    let (fields, id) = (fields.as_str(), id.to_canonical());
    let id = id.as_str();
    let (kind, prev) = (record.kind.as_str(), before.head.to_hex());
    // The members in canonical order. That the line is read again as it is written, `check` says in the
    // tests, for any fields that fit.
    let line = format!(
        r#"{{"at_ms":{at},"fields":{fields},"id":{id},"kind":"{kind}","prev":"{prev}","seq":{seq},"type":"{TYPE}","v":1}}"#,
    );
    if line.len() > MAX_LINE {
        return Err(AuditError::TooLarge);
    }
    Ok(line.into_bytes())
}

/// Checks the line that follows `before`.
pub(crate) fn check(line: &[u8], before: Summary) -> Result<(), VerifyErrorKind> {
    let canonical = require_canonical(line).map_err(|_| VerifyErrorKind::NotCanonical)?;
    let value = canonical.value();
    let (seq, prev) = members(&value).ok_or(VerifyErrorKind::NotARecord)?;
    if seq != before.records {
        return Err(VerifyErrorKind::Sequence);
    }
    if prev != before.head {
        return Err(VerifyErrorKind::Chain);
    }
    Ok(())
}

/// Sequence number and predecessor of a record with exactly the members of one.
fn members(value: &Value) -> Option<(u64, Digest)> {
    let o = value.as_object().filter(|o| o.len() == 8)?;
    let text = |key| o.get(key).and_then(Value::as_str);
    o.get("at_ms")?.as_i64()?;
    o.get("fields")?.as_object()?;
    text("id")?;
    let kind = text("kind")?;
    let ours = text("type")? == TYPE && o.get("v")?.as_i64()? == 1;
    // Not a list of the kinds there are now: a log with a kind added later still verifies.
    let named = !kind.is_empty() && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_'));
    let seq = u64::try_from(o.get("seq")?.as_i64()?).ok()?;
    let prev = text("prev")?.parse().ok()?;
    (ours && named).then_some((seq, prev))
}

/// Whether the fields keep to [`MAX_TEXT`] and [`MAX_DEPTH`]; without recursion, for they may not.
fn fits(fields: &Object) -> bool {
    let mut open = vec![(fields.iter().map(|(_, v)| v).collect::<Vec<_>>(), 1usize)];
    let mut keys_fit = fields.keys().all(|k| k.len() <= MAX_TEXT);
    while let Some((values, depth)) = open.pop() {
        for value in values {
            let inner: Vec<_> = match value {
                Value::String(text) if text.len() > MAX_TEXT => return false,
                Value::Array(items) => items.iter().collect(),
                Value::Object(object) => {
                    keys_fit &= object.keys().all(|k| k.len() <= MAX_TEXT);
                    object.iter().map(|(_, v)| v).collect()
                }
                _ => continue,
            };
            if depth >= MAX_DEPTH {
                return false;
            }
            open.push((inner, depth.saturating_add(1)));
        }
    }
    keys_fit
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::{RecordKind, Timestamp, canon::parse};
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |n| parse(n.to_string().as_bytes()).ok()),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::from(members.into_iter().collect::<Object>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_line_that_is_written_is_read_again(
            fields in prop::collection::vec((any::<String>(), value()), 0..8),
            id in any::<String>(),
            kind in prop::sample::select(vec![RecordKind::Intent, RecordKind::Decision, RecordKind::Outcome]),
            at in any::<i64>(),
            records in any::<u64>(),
            head in any::<[u8; 32]>(),
        ) {
            let before = Summary { records, head: Digest::from_bytes(head) };
            let fields: Object = fields.into_iter().collect();
            let record = AuditRecord { id, kind, at: Timestamp::from_millis(at), fields };
            let exact = |n: u64| n < 1 << 53;
            match encode(record, before) {
                Ok(line) => prop_assert_eq!(check(&line, before), Ok(())),
                Err(error) => {
                    prop_assert_eq!(error, AuditError::Unwritable);
                    prop_assert!(!exact(records) || !exact(at.unsigned_abs()));
                }
            }
        }
    }
}
