//! One bit for each byte of a text, in blocks of 64, the first the lowest. Behind the last byte at least
//! one is not set.

/// Bits of a block.
pub(super) const BLOCK: usize = 64;

/// The end of the run that begins at `start`, at most `most` bytes on. `block` gives a block's bits.
#[inline]
pub(super) fn end(block: impl Fn(usize) -> u64, start: usize, most: usize) -> usize {
    let end = start.saturating_add(most);
    let mut place = start;
    while place < end {
        let others = !block(place / BLOCK) >> (place % BLOCK);
        if others != 0 {
            return place.saturating_add(count(others.trailing_zeros())).min(end);
        }
        place = (place | (BLOCK - 1)).saturating_add(1);
    }
    end
}

/// The start of the run that ends before `end`, at most `most` bytes back.
#[inline]
pub(super) fn start(block: impl Fn(usize) -> u64, end: usize, most: usize) -> usize {
    let start = end.saturating_sub(most);
    let mut place = end;
    while let Some(last) = place.checked_sub(1).filter(|last| *last >= start) {
        // The last byte's bit becomes the highest.
        let others = !block(last / BLOCK) << (!last % BLOCK);
        if others != 0 {
            return place.saturating_sub(count(others.leading_zeros())).max(start);
        }
        place = last & !(BLOCK - 1);
    }
    start
}

/// The first place from `from` on where a run begins, among so many blocks.
#[inline]
pub(super) fn next(block: impl Fn(usize) -> u64, blocks: usize, from: usize) -> Option<usize> {
    let starts_in = |i: usize| {
        let carry = i.checked_sub(1).map_or(0, |before| block(before) >> (BLOCK - 1));
        let here = block(i);
        here & !(here << 1 | carry)
    };
    let mut i = from / BLOCK;
    let mut starts = starts_in(i) >> (from % BLOCK) << (from % BLOCK);
    while starts == 0 {
        i = i.saturating_add(1);
        if i >= blocks {
            return None;
        }
        starts = starts_in(i);
    }
    Some(i.saturating_mul(BLOCK).saturating_add(count(starts.trailing_zeros())))
}

/// The 64 bits from a place on, the first the lowest.
#[inline]
pub(super) fn from(block: impl Fn(usize) -> u64, start: usize) -> u64 {
    let (i, skip) = (start / BLOCK, start % BLOCK);
    let own = u64::MAX << skip;
    // Both parts in one number, turned to where they belong.
    (block(i) & own | block(i.saturating_add(1)) & !own).rotate_right(turn(skip))
}

/// The 64 bits before a place, the last the highest.
#[inline]
pub(super) fn before(block: impl Fn(usize) -> u64, end: usize) -> u64 {
    let (i, last) = (end / BLOCK, end % BLOCK);
    let own = !(u64::MAX << last);
    let earlier = i.checked_sub(1).map_or(0, &block);
    (block(i) & own | earlier & !own).rotate_right(turn(last))
}

fn turn(bits: usize) -> u32 {
    u32::try_from(bits).unwrap_or(0)
}

/// A number of bits.
pub(super) fn count(bits: u32) -> usize {
    usize::try_from(bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_are_those_of_the_bits_one_by_one(
            lengths in proptest::collection::vec((0..90usize, 1..30usize), 0..12),
            (place, most) in (0..800usize, 0..200usize),
        ) {
            let mut set: Vec<bool> = Vec::new();
            for (ones, zeros) in lengths {
                set.extend(vec![true; ones]);
                set.extend(vec![false; zeros]);
            }
            set.push(false);
            let bits = |block: &[bool]| block.iter().rev().fold(0, |b, set| b << 1 | u64::from(*set));
            let blocks: Vec<u64> = set.chunks(64).map(bits).collect();
            let block = |i: usize| blocks.get(i).copied().unwrap_or(0);
            let has = |i: usize| set.get(i).copied().unwrap_or(false);
            let place = place.min(set.len());
            let behind = place.saturating_add(most);
            let end = (place..behind).find(|i| !has(*i)).unwrap_or(behind);
            prop_assert_eq!(super::end(block, place, most), end);
            let back = (0..place).rev().take(most).take_while(|i| has(*i)).count();
            prop_assert_eq!(start(block, place, most), place.saturating_sub(back));
            let begins = |i: &usize| has(*i) && (*i == 0 || !has(i.saturating_sub(1)));
            prop_assert_eq!(next(block, blocks.len(), place), (place..set.len()).find(begins));
            let after = (0..64).map(|n| u64::from(has(place.saturating_add(n))) << n);
            prop_assert_eq!(from(block, place), after.fold(0, |all, bit| all | bit));
            let is = |n: usize| place.checked_sub(n).is_some_and(has);
            let back = (1..=64).fold(0, |all, n| all << 1 | u64::from(is(n)));
            prop_assert_eq!(before(block, place), back);
        }
    }
}
