//! A memory as bytes.

use super::Memory;
use super::format::{HEAD, MAGIC, checksum};

/// Bits of the filter for each window.
const FILTER_BITS: usize = 16;

impl Memory {
    /// The bytes to be kept.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut words = self.words.clone();
        // Sorted but for the newest at the end, which a stable sort merges in.
        words.sort_by_key(|w| (w.mark, w.position & super::POSITION));
        let mut out = Vec::with_capacity(HEAD);
        out.extend(MAGIC);
        out.extend([0; 12]);
        for n in [self.flags, self.private_reads, self.steps, self.asked.0, self.position] {
            out.extend(n.to_le_bytes());
        }
        out.extend(self.full_until.to_le_bytes());
        out.extend([self.level, 0, 0, 0]);
        let names = self.connections.join("\n");
        let filter = filter(&self.grams);
        for count in [
            names.len(),
            self.records.len(),
            words.len(),
            self.grams.len(),
            filter.len(),
            self.attempts.len(),
            self.reads.len(),
            self.stems.len(),
            self.seen.len(),
            self.tools.len(),
        ] {
            out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        out.resize(HEAD, 0);
        out.extend(names.as_bytes());
        for record in &self.records {
            record.write(&mut out);
        }
        for word in &words {
            out.extend(word.mark.0);
            out.extend(word.position.to_le_bytes());
            out.extend(word.record.to_le_bytes());
        }
        for gram in &self.grams {
            out.extend(gram.to_le_bytes());
        }
        out.extend(&filter);
        for a in &self.attempts {
            out.extend(a.tool.0);
            out.extend(a.arguments.0);
            out.extend(a.at.to_le_bytes());
            out.extend(a.amount.to_le_bytes());
            out.extend(a.currency);
            out.extend(a.count.to_le_bytes());
        }
        for read in &self.reads {
            out.extend(read.tool.0);
            out.extend(read.step.to_le_bytes());
            out.extend([u8::from(read.pointed), 0, 0, 0]);
        }
        for mark in self.stems.iter().chain(&self.seen) {
            out.extend(mark.0);
        }
        for (name, digest) in &self.tools {
            out.extend(name.0);
            out.extend(digest.0);
        }
        let length = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let sum = checksum(out.get(16..).unwrap_or_default());
        for (to, from) in out.iter_mut().skip(4).zip(length.to_le_bytes()) {
            *to = from;
        }
        for (to, from) in out.iter_mut().skip(8).zip(sum.to_le_bytes()) {
            *to = from;
        }
        out
    }
}

/// One bit for every window, so that most windows of a call are turned away with one look.
fn filter(grams: &[u64]) -> Vec<u8> {
    if grams.is_empty() {
        return Vec::new();
    }
    let bytes = grams.len().saturating_mul(FILTER_BITS).div_ceil(8).next_power_of_two();
    let mut filter = vec![0u8; bytes];
    for gram in grams {
        let (byte, bit) = slot(gram >> 16, bytes);
        if let Some(byte) = filter.get_mut(byte) {
            *byte |= bit;
        }
    }
    filter
}

/// Byte and bit of a window's hash in a filter of so many bytes, a power of two.
pub(super) fn slot(hash: u64, bytes: usize) -> (usize, u8) {
    let at = usize::try_from(hash >> 3).unwrap_or_default() & bytes.saturating_sub(1);
    (at, 1 << (hash & 7))
}
