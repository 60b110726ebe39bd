//! Tickets and sealed requests with one byte changed.

use serde_json::{Value, json};

use crate::{Made, Source, judge};

/// Every so many bytes of a good case's ticket and request changed into another character. The code
/// is the kernel's.
pub(crate) fn of(source: &Source, gates: &Value, case: &Value) -> Made<Vec<Value>> {
    let mut mutations = Vec::new();
    for part in ["ticket", "sealed"] {
        let text = judge::text(case, part)?;
        for at in (0..text.len()).step_by(source.stride()) {
            let to = if text.as_bytes().get(at) == Some(&b'A') { 'B' } else { 'A' };
            let (Some(before), Some(after)) = (text.get(..at), text.get(at + 1..)) else {
                continue;
            };
            let mut changed = case.clone();
            if let Some(member) = changed.get_mut(part) {
                *member = format!("{before}{to}{after}").into();
            }
            let code = judge::ticket(gates, &changed)?;
            let name = judge::text(case, "name")?;
            let code = code.ok_or_else(|| format!("`{name}`: {part} {at} changed unseen"))?;
            mutations.push(
                json!({ "of": name, "part": part, "at": at, "to": to.to_string(), "code": code }),
            );
        }
    }
    Ok(mutations)
}
