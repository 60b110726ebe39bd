//! CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes at a step.
//!
//! It finds every error of at most 32 adjacent bits, so every changed byte; what it is for is to tell a
//! frame that reached the disk from one that did so in part. It proves nothing against who can write.

const POLYNOMIAL: u32 = 0x82f6_3b78;

static TABLES: [[u32; 256]; 8] = tables();

#[expect(clippy::indexing_slicing, reason = "at compile time, where a wrong index fails the build")]
#[expect(clippy::cast_possible_truncation, reason = "the index is below 256")]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

/// A checksum over several pieces, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crc(u32);

impl Crc {
    pub(crate) const fn new() -> Self {
        Self(!0)
    }

    pub(crate) fn add(mut self, bytes: &[u8]) -> Self {
        let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
        // A `u8` cannot miss a table of 256.
        let at = |table: &[u32; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or(0);
        let (blocks, rest) = bytes.as_chunks::<8>();
        for [b0, b1, b2, b3, b4, b5, b6, b7] in blocks {
            let [c0, c1, c2, c3] = self.0.to_le_bytes();
            self.0 = at(t7, b0 ^ c0)
                ^ at(t6, b1 ^ c1)
                ^ at(t5, b2 ^ c2)
                ^ at(t4, b3 ^ c3)
                ^ at(t3, *b4)
                ^ at(t2, *b5)
                ^ at(t1, *b6)
                ^ at(t0, *b7);
        }
        for byte in rest {
            let [low, ..] = self.0.to_le_bytes();
            self.0 = (self.0 >> 8) ^ at(t0, byte ^ low);
        }
        self
    }

    pub(crate) const fn end(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
