//! Lower-case hexadecimal, the one way in which digests and ids are written

use alloc::string::String;

/// Appends bytes as lower-case hexadecimal digits, two for each
pub fn write_hex(out: &mut String, bytes: &[u8]) {
    let digit = |value: u8| (if value < 10 { b'0' } else { b'a' - 10 }).wrapping_add(value);
    for sixteen in bytes.chunks(16) {
        let mut digits = [0; 32];
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(sixteen) {
            *pair = [digit(byte >> 4), digit(byte & 0xf)];
        }
        let digits = digits.get(..sixteen.len().wrapping_mul(2)).unwrap_or_default();
        out.push_str(str::from_utf8(digits).unwrap_or_default());
    }
}

/// Bytes from exactly twice as many lower-case hexadecimal digits; for even numbers of bytes
pub fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (fours, rest) = text.as_bytes().as_chunks();
    let (pairs, odd) = bytes.as_chunks_mut();
    let sound = fours.len() == pairs.len() && rest.is_empty() && odd.is_empty();
    if !sound || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    for (pair, four) in pairs.iter_mut().zip(fours) {
        *pair = four_digits(u32::from_be_bytes(*four))?.to_be_bytes();
    }
    Some(bytes)
}

/// The number that four hexadecimal digits write, the first of them in the highest byte
#[inline]
pub(crate) const fn four_digits(digits: u32) -> Option<u16> {
    const ONES: u32 = 0x0101_0101;
    const LOW: u32 = 0x7f7f_7f7f;
    // A byte below 0x80 that is added to 0x80 - n sets its highest bit from n on.
    let decimal = digits ^ (0x30 * ONES);
    let not_decimal = decimal | ((decimal & LOW).wrapping_add(0x76 * ONES));
    let letter = (digits | (0x20 * ONES)) ^ (0x60 * ONES);
    let (above, below) =
        (letter | (letter & LOW).wrapping_add(0x79 * ONES), (letter & LOW).wrapping_add(LOW));
    if not_decimal & (above | !below) & (0x80 * ONES) != 0 {
        return None;
    }
    let values = (digits & (0x0f * ONES)).wrapping_add(((digits >> 6) & ONES).wrapping_mul(9));
    let pairs = (values | values >> 4) & 0x00ff_00ff;
    let [_, _, high, low] = (pairs | (pairs >> 8)).to_be_bytes();
    Some(u16::from_be_bytes([high, low]))
}
