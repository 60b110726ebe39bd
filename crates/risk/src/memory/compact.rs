//! A memory that grew too large is written anew.

use super::format::{RECORD, TEXT, entry_at};
use super::learn::kept_at;
use super::record::{Held, New};
use super::{CUT, HEAD, MAX_LEVEL, MAX_RECORDS, MAX_WINDOWS, MAX_WORDS, Memory, Record};
use crate::hash::{Mark, WORDS_FROM};

/// A record with what is kept of it.
#[derive(Debug)]
struct Kept {
    record: Record,
    words: Vec<Mark>,
    windows: Vec<u64>,
}

impl Memory {
    /// Brings the memory back within its bounds. It goes down to three quarters of a bound, so that this
    /// happens seldom.
    pub(super) fn keep_bounds(&mut self) {
        let over = |n: u32, max: usize| usize::try_from(n).unwrap_or(usize::MAX) > max;
        let records = self.entries(RECORD).count();
        let words = self.head.words.iter().zip(MAX_WORDS).any(|(n, max)| over(*n, max));
        if !words && !over(self.head.windows, MAX_WINDOWS) && records <= MAX_RECORDS {
            return;
        }
        let mut kept = self.taken();
        self.drop_words(&mut kept);
        self.thin(&mut kept);
        if kept.len() > MAX_RECORDS {
            self.set(CUT);
            kept = joined(kept);
        }
        kept.retain(|k| !k.words.is_empty() || !k.windows.is_empty());
        self.rewrite(&kept);
    }

    fn taken(&self) -> Vec<Kept> {
        let held = self.entries(RECORD).filter_map(|(_, entry)| Held::read(entry));
        held.map(|held| Kept {
            record: held.record,
            words: held.marks().collect(),
            windows: held.windows().collect(),
        })
        .collect()
    }

    /// The oldest words of a class drop.
    fn drop_words(&self, kept: &mut [Kept]) {
        for (class, (have, max)) in self.head.words.iter().zip(MAX_WORDS).enumerate() {
            let have = usize::try_from(*have).unwrap_or(usize::MAX);
            if have <= max {
                continue;
            }
            let mut surplus = have.saturating_sub(max.saturating_sub(max >> 2));
            for k in kept.iter_mut().filter(|k| k.record.writer.class() == class) {
                let gone = surplus.min(k.words.len());
                k.words.drain(..gone);
                // What is left of a text begins with what a text begins with.
                if let Some(first) = k.words.first_mut().filter(|m| m.print >= WORDS_FROM) {
                    *first = Mark { print: TEXT, check: 0 };
                }
                surplus = surplus.saturating_sub(gone);
            }
        }
    }

    /// When there are too many, every second window is dropped, chosen by its hash. So nothing can be
    /// pushed out by reading something else: a long text that leaks is still found, a short one less
    /// surely.
    fn thin(&mut self, kept: &mut [Kept]) {
        let count =
            |kept: &[Kept]| kept.iter().map(|k| k.windows.len()).fold(0, usize::saturating_add);
        loop {
            for k in kept.iter_mut() {
                k.windows.retain(|window| kept_at(*window, self.head.level));
            }
            if count(kept) <= MAX_WINDOWS || self.head.level >= MAX_LEVEL {
                break;
            }
            self.head.level = self.head.level.saturating_add(1);
        }
        let surplus = count(kept).saturating_sub(MAX_WINDOWS);
        if surplus > 0 {
            self.set(CUT);
            if let Some(last) = kept.iter_mut().rev().find(|k| !k.windows.is_empty()) {
                let left = last.windows.len().saturating_sub(surplus);
                last.windows.truncate(left);
            }
        }
    }

    fn rewrite(&mut self, kept: &[Kept]) {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut places = Vec::with_capacity(self.places.len());
        bytes.extend_from_slice(self.bytes.get(..HEAD).unwrap_or_default());
        for (kind, at) in &self.places {
            if let Some(entry) = entry_at(&self.bytes, *at).filter(|_| *kind != RECORD) {
                places.push((*kind, bytes.len()));
                bytes.extend_from_slice(entry);
            }
        }
        (self.head.words, self.head.windows) = ([0; 3], 0);
        for Kept { record, words, windows } in kept {
            let at = New { record: *record, words, windows }.append(&mut bytes);
            places.push((RECORD, at));
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            if let Some(count) = self.head.words.get_mut(record.writer.class()) {
                *count = count.saturating_add(number(words.len()));
            }
            self.head.windows = self.head.windows.saturating_add(number(windows.len()));
        }
        (self.bytes, self.places) = (bytes, places);
    }
}

/// The older records become one for each kind of them; of what they were to the user the less is kept.
fn joined(kept: Vec<Kept>) -> Vec<Kept> {
    let old = kept.len().saturating_sub(MAX_RECORDS / 2);
    let mut all: Vec<Kept> = Vec::new();
    for (n, mut k) in kept.into_iter().enumerate() {
        if n >= old {
            all.push(k);
            continue;
        }
        (k.record.author, k.record.digest) = (0, 0);
        k.record.pointed = false;
        let kind = |r: &Record| (r.writer, r.connection, r.flags());
        let room = |a: &Kept| {
            let fits = |n: usize, more: usize| u16::try_from(n.saturating_add(more)).is_ok();
            fits(a.words.len(), k.words.len()) && fits(a.windows.len(), k.windows.len())
        };
        let same = all.iter_mut().find(|a| kind(&a.record) == kind(&k.record) && room(a));
        match same {
            Some(same) => {
                // No run of words reaches over two records.
                same.words.append(&mut k.words);
                same.windows.append(&mut k.windows);
            }
            None => all.push(k),
        }
    }
    all
}
