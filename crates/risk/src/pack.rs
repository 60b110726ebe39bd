//! Bytes as text in the session's memory: base64url without padding, in whole groups of three bytes.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Four characters for every three bytes. The length of `bytes` must be a multiple of three; an
/// incomplete last group is left out.
pub(crate) fn pack(bytes: impl IntoIterator<Item = u8>) -> String {
    let mut text = String::new();
    let (mut group, mut have) = (0u32, 0u8);
    for byte in bytes {
        group = (group << 8) | u32::from(byte);
        have = have.saturating_add(1);
        if have == 3 {
            for shift in [18u32, 12, 6, 0] {
                let six = usize::try_from((group >> shift) & 0x3f).unwrap_or_default();
                text.extend(ALPHABET.get(six).map(|b| char::from(*b)));
            }
            (group, have) = (0, 0);
        }
    }
    text
}

/// The bytes, if the text is one that [`pack`] writes.
pub(crate) fn unpack(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len().saturating_mul(3));
    for group in groups {
        let mut bits = 0u32;
        for c in group {
            bits = (bits << 6) | u32::from(six(*c)?);
        }
        let [_, high, middle, low] = bits.to_be_bytes();
        bytes.extend([high, middle, low]);
    }
    Some(bytes)
}

fn six(c: u8) -> Option<u8> {
    match c {
        b'A'..=b'Z' => c.checked_sub(b'A'),
        b'a'..=b'z' => c.checked_sub(b'a')?.checked_add(26),
        b'0'..=b'9' => c.checked_sub(b'0')?.checked_add(52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(mut bytes: Vec<u8>) {
            let whole = bytes.len().saturating_sub(bytes.len().wrapping_rem(3));
            bytes.truncate(whole);
            prop_assert_eq!(unpack(&pack(bytes.clone())), Some(bytes));
        }
    }

    #[test]
    fn what_was_not_packed_is_refused() {
        for text in ["A", "AAA", "AAAAA", "AAA=", "AA A", "AAÄ"] {
            assert_eq!(unpack(text), None, "{text}");
        }
    }
}
