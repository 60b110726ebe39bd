//! Bytes as they stand in the vectors: a string is its UTF-8, `{"hex": …}` is what is no UTF-8, and
//! `{"repeat": [[text, times], …]}` is what would be too long to write out.

use serde_json::{Value, json};

use crate::Made;

/// Writes bytes down.
pub(crate) fn write(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "hex": hex(bytes) }),
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Reads bytes that were written down.
///
/// # Errors
/// If the value is none of the three forms.
pub fn read(value: &Value) -> Made<Vec<u8>> {
    if let Some(text) = value.as_str() {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(hex) = value.get("hex").and_then(Value::as_str) {
        let pairs = (0..hex.len()).step_by(2);
        let byte =
            |at: usize| Ok(u8::from_str_radix(hex.get(at..at + 2).ok_or("half a byte")?, 16)?);
        return pairs.map(byte).collect();
    }
    let parts = value.get("repeat").and_then(Value::as_array).ok_or("not a form of bytes")?;
    let mut bytes = Vec::new();
    for part in parts {
        let text = part.get(0).and_then(Value::as_str).ok_or("a part has a text")?;
        let times = part.get(1).and_then(Value::as_u64).ok_or("a part has a number")?;
        bytes.extend(text.repeat(usize::try_from(times)?).into_bytes());
    }
    Ok(bytes)
}
