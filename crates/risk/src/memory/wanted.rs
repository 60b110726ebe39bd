//! Windows of a call's content, to be looked for among those that were read.

use crate::essence::windows;

/// Bits of the filter for each window, and slots of the table.
const FILTER: usize = 16;
const SLOTS: usize = 4;

/// Windows in their order. What was read is gone through once, and most of it is turned away by one
/// bit.
#[derive(Debug)]
pub(crate) struct Wanted {
    windows: Vec<u64>,
    filter: Vec<u64>,
    /// Numbers of windows from 1 on, by hash; 0 is empty.
    table: Vec<u32>,
}

impl Wanted {
    /// The windows of a content's letters and digits.
    pub(crate) fn of(essence: &[u32]) -> Self {
        let windows: Vec<u64> = windows(essence).collect();
        let bits = windows.len().saturating_mul(FILTER).max(64).next_power_of_two();
        let slots = windows.len().saturating_mul(SLOTS).max(1).next_power_of_two();
        let mut wanted =
            Self { windows: Vec::new(), filter: vec![0; bits >> 6], table: vec![0; slots] };
        for (number, window) in (1u32..).zip(&windows) {
            let (word, bit) = wanted.bit(low(*window));
            if let Some(word) = wanted.filter.get_mut(word) {
                *word |= bit;
            }
            let mut slot = wanted.slot(*window);
            // The first of equal windows counts.
            let taken = |held: u32| held != 0 && windows.get(before(held)) != Some(window);
            while wanted.table.get(slot).is_some_and(|held| taken(*held)) {
                slot = wanted.next(slot);
            }
            if let Some(held) = wanted.table.get_mut(slot).filter(|held| **held == 0) {
                *held = number;
            }
        }
        wanted.windows = windows;
        wanted
    }

    /// Whether a window with these lower 32 bits can be among them.
    pub(super) fn may_hold(&self, low: u32) -> bool {
        let (word, bit) = self.bit(low);
        self.filter.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The number of a window, from 0 on.
    pub(super) fn find(&self, window: u64) -> Option<usize> {
        let mut slot = self.slot(window);
        loop {
            match self.table.get(slot).copied()? {
                0 => return None,
                held if self.windows.get(before(held)) == Some(&window) => {
                    return Some(before(held));
                }
                _ => slot = self.next(slot),
            }
        }
    }

    fn bit(&self, low: u32) -> (usize, u64) {
        let at = usize::try_from(low >> 6).unwrap_or_default();
        (at & self.filter.len().saturating_sub(1), 1 << (low & 63))
    }

    fn slot(&self, window: u64) -> usize {
        usize::try_from(window >> 4).unwrap_or_default() & self.table.len().saturating_sub(1)
    }

    fn next(&self, slot: usize) -> usize {
        slot.wrapping_add(1) & self.table.len().saturating_sub(1)
    }
}

fn low(window: u64) -> u32 {
    u32::try_from(window & 0xffff_ffff).unwrap_or_default()
}

fn before(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_found_among_no_windows() {
        let wanted = Wanted::of(&[1, 2, 3]);
        assert!(!wanted.may_hold(7));
        assert_eq!(wanted.find(7), None);
    }

    proptest! {
        #[test]
        fn every_window_is_found_at_its_first_place(text in proptest::collection::vec(0..3u32, 0..200)) {
            let wanted = Wanted::of(&text);
            let all: Vec<u64> = windows(&text).collect();
            for window in &all {
                let first = all.iter().position(|w| w == window);
                prop_assert!(wanted.may_hold(low(*window)));
                prop_assert_eq!(wanted.find(*window), first);
                prop_assert_eq!(wanted.find(window ^ 1 << 39).is_some(), all.contains(&(window ^ 1 << 39)));
            }
        }
    }
}
