//! What changed of a value, in place of the whole of it.
//!
//! A value that changes in few places at a time, such as what a long session remembers, is written as a
//! whole once and then as what changed, until that is as much or there are many of them.

use zeroize::Zeroizing;

use crate::codec::{Reader, Writer};
use crate::frame::MAX_PAYLOAD;
use crate::record::Value;

/// Most changes that are kept behind a value: reading it reads them all.
pub(crate) const MOST: usize = 64;

/// What is compared at first, and where that differs.
const BLOCK: usize = 256;
const GRAIN: usize = 16;

/// Before a piece: where it belongs, and how long it is.
const PIECE: usize = 8;

/// What is to be written over a value to make it another, if it is at most so many bytes: how long that
/// one is, in four bytes; and pieces, each behind its offset and its length in four bytes each.
pub(crate) fn changes(old: &[u8], new: &[u8], most: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut bytes = 4usize;
    let mut differs = |begin: usize, end: usize| {
        if let Some((_, last)) = pieces.last_mut().filter(|(_, last)| *last == begin) {
            *last = end;
        } else {
            pieces.push((begin, end));
            bytes = bytes.saturating_add(PIECE);
        }
        bytes = bytes.saturating_add(end.saturating_sub(begin));
        (bytes <= most).then_some(())
    };
    let common = old.len().min(new.len());
    let blocks = old.get(..common)?.chunks(BLOCK).zip(new.get(..common)?.chunks(BLOCK));
    for (n, (left, right)) in blocks.enumerate().filter(|(_, (left, right))| left != right) {
        let mut at = n.saturating_mul(BLOCK);
        for (left, right) in left.chunks(GRAIN).zip(right.chunks(GRAIN)) {
            let end = at.saturating_add(left.len());
            if left != right {
                differs(at, end)?;
            }
            at = end;
        }
    }
    if common < new.len() {
        differs(common, new.len())?;
    }
    let number = |n: usize| u32::try_from(n).map(u32::to_le_bytes).ok();
    let mut out = Writer::with_room(bytes).number(number(new.len())?);
    for (begin, end) in pieces {
        out = out.number(number(begin)?).bytes(new.get(begin..end)?);
    }
    Some(out.end())
}

/// How long a value is after what [`changes`] gave, and its pieces.
fn read(changes: &[u8]) -> Option<(usize, Reader<'_>)> {
    let mut from = Reader::new(changes);
    let length = usize::try_from(u32::from_le_bytes(from.array()?)).ok()?;
    (length <= MAX_PAYLOAD).then_some((length, from))
}

/// Writes the pieces over the end of the bytes, from an offset on, where the value is.
fn apply(whole: &mut Vec<u8>, value: usize, changes: &[u8]) -> Option<()> {
    let (length, mut pieces) = read(changes)?;
    whole.resize(value.checked_add(length)?, 0);
    while pieces.end().is_none() {
        let begin = usize::try_from(u32::from_le_bytes(pieces.array()?)).ok()?;
        let piece = pieces.bytes()?;
        let begin = value.checked_add(begin)?;
        let to = whole.get_mut(begin..begin.checked_add(piece.len())?)?;
        to.copy_from_slice(piece);
    }
    Some(())
}

/// A value, as it was encoded, after all that changed of it since, in order; none if they are not of it.
pub(crate) fn patched(base: &[u8], patches: &[Zeroizing<Vec<u8>>]) -> Option<Zeroizing<Vec<u8>>> {
    let value = Value::decode(base)?;
    let begins = base.len().checked_sub(value.bytes.len())?;
    let (mut room, mut version, mut time) = (base.len(), value.version, value.time);
    for patch in patches {
        let patch = Value::decode(patch)?;
        let follows = patch.version.checked_sub(1) == Some(version);
        if !follows || (patch.table, patch.name) != (value.table, value.name) {
            return None;
        }
        (version, time) = (patch.version, patch.time);
        room = room.max(begins.checked_add(read(patch.bytes)?.0)?);
    }
    // A buffer that grows leaves copies behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(room));
    whole.extend_from_slice(base);
    for patch in patches {
        apply(&mut whole, begins, Value::decode(patch)?.bytes)?;
    }
    Value::set(whole.get_mut(..begins)?, version, time)?;
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Table;
    use crate::tests::sim::Dice;

    fn encoded(name: &[u8], version: u64, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        let time = i64::try_from(version).unwrap() * 10;
        let plain = Value { table: Table::Sessions, name, version, time, bytes }.encode();
        Zeroizing::new(plain.inside().to_vec())
    }

    /// The same, changed in a few places, longer or shorter.
    fn another(old: &[u8], dice: &mut Dice) -> Vec<u8> {
        let mut new = old.to_vec();
        match dice.roll(4) {
            0 => new.truncate(dice.roll(old.len() + 1)),
            1 => new.extend((0..dice.roll(600)).map(|n| u8::try_from(n % 251).unwrap())),
            _ => {}
        }
        for _ in 0..dice.roll(4) {
            let at = dice.roll(new.len() + 1);
            let end = new.len().min(at + dice.roll(40));
            new.get_mut(at..end).unwrap().iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        }
        new
    }

    #[test]
    fn what_changed_makes_the_new_value_out_of_the_old_one() {
        let mut dice = Dice(1);
        let mut small = 0;
        for round in 0..300 {
            let mut versions = vec![(0..dice.roll(3_000)).map(|_| 7).collect::<Vec<u8>>()];
            let mut patches = Vec::new();
            for n in 1..6u64 {
                let old = versions.last().unwrap();
                let new = another(old, &mut dice);
                let changes = changes(old, &new, usize::MAX).unwrap();
                small += usize::from(changes.len() < 300 && new.len() > 1_000);
                patches.push(encoded(b"s", 40 + n, &changes));
                versions.push(new);
            }
            for (n, version) in versions.iter().enumerate() {
                let base = encoded(b"s", 40, &versions[0]);
                let whole = patched(&base, &patches[..n]).unwrap();
                assert_eq!(*whole, *encoded(b"s", 40 + n as u64, version), "{round}");
            }
        }
        assert!(small > 300, "{small}");
    }

    #[test]
    fn what_would_be_too_long_is_not_made() {
        let (old, new) = (vec![1; 1_000], vec![2; 1_000]);
        let whole = changes(&old, &new, 2_000).unwrap().len();
        assert_eq!(whole, 1_012);
        assert!(changes(&old, &new, whole).is_some() && changes(&old, &new, whole - 1).is_none());
        assert_eq!(changes(&old, &old, 4).unwrap().as_slice(), 1_000u32.to_le_bytes());
    }

    #[test]
    fn changes_of_another_value_out_of_order_or_beyond_its_end_make_none() {
        let (base, new) = (vec![1; 500], [vec![1; 480], vec![2; 40]].concat());
        let right = changes(&base, &new, 900).unwrap();
        let make = |name: &[u8], version, changes: &[u8]| {
            patched(&encoded(b"s", 4, &base), &[encoded(name, version, changes)])
        };
        assert!(make(b"s", 5, &right).is_some());
        assert!(make(b"t", 5, &right).is_none(), "of another");
        for version in [0, 3, 4, 6] {
            assert!(make(b"s", version, &right).is_none(), "{version}");
        }
        for end in (0..right.len()).filter(|end| *end != 4) {
            assert!(make(b"s", 5, &right[..end]).is_none(), "{end} bytes");
        }
        for (at, to) in [(0, 519u32), (4, 481), (8, 41), (0, u32::MAX), (4, u32::MAX)] {
            let mut wrong = right.to_vec();
            wrong[at..at + 4].copy_from_slice(&to.to_le_bytes());
            assert!(make(b"s", 5, &wrong).is_none(), "{at}: {to}");
        }
    }
}
