//! CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's own instruction where it has one.
//!
//! It finds every error of at most 32 adjacent bits, so every changed byte; what it is for is to tell a
//! frame that reached the disk from one that did so in part. It proves nothing against who can write.

/// A checksum over several pieces, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crc(u32);

impl Crc {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    pub(crate) fn add(self, bytes: &[u8]) -> Self {
        Self(crc32c::crc32c_append(self.0, bytes))
    }

    pub(crate) const fn end(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLYNOMIAL: u32 = 0x82f6_3b78;

    fn slow(bytes: &[u8]) -> u32 {
        let mut crc = !0u32;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            }
        }
        !crc
    }

    #[test]
    fn the_checksum_is_that_of_the_rfc() {
        // RFC 3720 appendix B.4.
        assert_eq!(Crc::new().add(&[0; 32]).end(), 0x8a91_36aa);
        assert_eq!(Crc::new().add(&[0xff; 32]).end(), 0x62a8_ab43);
        let up: Vec<u8> = (0..32).collect();
        assert_eq!(Crc::new().add(&up).end(), 0x46dd_794e);
        assert_eq!(Crc::new().add(b"123456789").end(), 0xe306_9283);
    }

    #[test]
    fn it_does_not_matter_where_the_pieces_end() {
        let bytes: Vec<u8> = (0..200u8).map(|n| n.wrapping_mul(37)).collect();
        for end in 0..bytes.len() {
            let (left, right) = bytes.split_at(end);
            assert_eq!(Crc::new().add(left).add(right).end(), slow(&bytes), "{end}");
            assert_eq!(Crc::new().add(left).end(), slow(left), "{end}");
        }
    }
}
