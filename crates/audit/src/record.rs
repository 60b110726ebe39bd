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
    let number = |n: Result<Number, _>| n.map_err(|_| AuditError::Unwritable);
    if record.id.len() > MAX_TEXT || !fits(&record.fields) {
        return Err(AuditError::TooLarge);
    }
    let line = Object::new()
        .with("at_ms", number(record.at.millis().try_into())?)
        .with("fields", record.fields)
        .with("id", record.id)
        .with("kind", record.kind.as_str())
        .with("prev", before.head.to_hex())
        .with("seq", number(before.records.try_into())?)
        .with("type", TYPE)
        .with("v", 1u8);
    let line = Value::from(line).to_canonical().into_bytes();
    if line.len() > MAX_LINE {
        return Err(AuditError::TooLarge);
    }
    // Nothing is written that would not be read again.
    check(&line, before).map_err(|_| AuditError::Unwritable)?;
    Ok(line)
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
