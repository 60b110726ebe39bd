//! Windows of a call's content, to be looked for among those that were read.

use crate::essence::{GRAM, windows};

/// Words of the filter, of 64 bits each: a bit for each 16.
const FILTER: usize = 1_024;
/// Slots of the table for each window.
const SLOTS: usize = 2;

/// Windows in their order. What was read is gone through once, and most of it is turned away by one
/// bit.
#[derive(Debug)]
pub(crate) struct Wanted {
    windows: Vec<u64>,
    filter: Box<[u64; FILTER]>,
    /// Numbers of windows from 1 on, by hash; 0 is empty.
    table: Vec<u32>,
}

impl Wanted {
    /// The windows of a content's letters and digits.
    pub(crate) fn of(essence: &[u32]) -> Self {
        let most = essence.len().saturating_sub(GRAM.saturating_sub(1));
        let slots = most.saturating_mul(SLOTS).max(1).next_power_of_two();
        let mut filter = Box::new([0u64; FILTER]);
        let (mut all, mut table) = (vec![0u64; most], vec![0u32; slots]);
        // One pass: while a window's hash waits for the last one, that one finds its places.
        for ((number, at), window) in (1u32..).zip(0usize..).zip(windows(essence)) {
            let (word, bit) = Self::bit(low(window));
            if let Some(word) = filter.get_mut(word) {
                *word |= 1 << bit;
            }
            if let Some(place) = all.get_mut(at) {
                *place = window;
            }
            let mut slot = slot(window, slots);
            while let Some(held) = table.get_mut(slot) {
                if *held == 0 {
                    *held = number;
                    break;
                }
                // The first of equal windows counts.
                if all.get(before(*held)) == Some(&window) {
                    break;
                }
                slot = next(slot, slots);
            }
        }
        Self { windows: all, filter, table }
    }

    /// Whether a window with these lower bytes can be among them.
    pub(super) fn may_hold(&self, low: [u8; 4]) -> bool {
        let (word, bit) = Self::bit(low);
        // The index is below the length, which the compiler sees.
        self.filter.get(word).copied().unwrap_or_default() >> bit & 1 != 0
    }

    /// The number of a window, from 0 on.
    pub(super) fn find(&self, window: u64) -> Option<usize> {
        let slots = self.table.len();
        let mut slot = slot(window, slots);
        loop {
            match self.table.get(slot).copied()? {
                0 => return None,
                held if self.windows.get(before(held)) == Some(&window) => {
                    return Some(before(held));
                }
                _ => slot = next(slot, slots),
            }
        }
    }

    /// Where in the filter a window's bit is, by its lowest 16.
    fn bit([a, b, ..]: [u8; 4]) -> (usize, u32) {
        let low = u16::from_le_bytes([a, b]);
        (usize::from(low >> 6), u32::from(low & 63))
    }
}

/// Where in a table of so many slots a window is looked for first.
fn slot(window: u64, slots: usize) -> usize {
    usize::try_from(window >> 4).unwrap_or_default() & slots.wrapping_sub(1)
}

fn next(slot: usize, slots: usize) -> usize {
    slot.wrapping_add(1) & slots.wrapping_sub(1)
}

fn low(window: u64) -> [u8; 4] {
    let [a, b, c, d, ..] = window.to_le_bytes();
    [a, b, c, d]
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
        assert!(!wanted.may_hold([7, 0, 0, 0]));
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
