//! Whether a text ends with one of many words.

use super::bytes;

/// Words, by their last two bytes.
#[derive(Debug)]
pub(super) struct Endings {
    /// Sorted by the last byte, then by the one before it.
    list: Vec<(u16, &'static [u8])>,
    /// Whether words end with two bytes, by a hash of them.
    filter: Box<[bool; FILTER]>,
}

const FILTER: usize = 4096;

impl Endings {
    pub(super) fn new(words: impl Iterator<Item = &'static [u8]>) -> Self {
        let mut list: Vec<_> = words.map(|word| (key(word), word)).collect();
        list.sort_unstable();
        list.dedup();
        let mut filter = Box::new([false; FILTER]);
        for (key, _) in &list {
            if let Some(known) = filter.get_mut(hash(*key)) {
                *known = true;
            }
        }
        Self { list, filter }
    }

    /// Whether a text ends with a word for which `of` holds.
    pub(super) fn any(&self, text: &[u8], of: impl Fn(&[u8]) -> bool) -> bool {
        let Some(last) = text.last() else { return false };
        // Words of one byte, and those that end with the same two.
        let ends = |key: u16| {
            if !self.filter.get(hash(key)).is_some_and(|known| *known) {
                return false;
            }
            let first = self.list.partition_point(|(known, _)| *known < key);
            let same = self.list.get(first..).unwrap_or_default().iter();
            same.take_while(move |(known, _)| *known == key)
                .any(|(_, word)| text.ends_with(word) && of(word))
        };
        let (one, two) = (u16::from(*last) << 8, key(text));
        ends(one) || two != one && ends(two)
    }
}

fn hash(key: u16) -> usize {
    usize::from(key.wrapping_mul(0x9e35) >> 4) & (FILTER - 1)
}

/// The last byte and the one before it, if there is one.
fn key(word: &[u8]) -> u16 {
    let end = word.len();
    let last = u16::from(bytes::before(word, end)) << 8;
    last | u16::from(bytes::before(word, end.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_with_a_word_or_it_does_not() {
        let words: [&[u8]; 5] = [b"a", b"ba", b"sk-", b"-", b"ghp_"];
        let endings = Endings::new(words.into_iter());
        for text in ["a", "xa", "cba", "ask-", "-", "x-", "ghp_", "b", "ghp", "", "_", "k"] {
            let wanted = words.iter().any(|word| text.as_bytes().ends_with(word));
            assert_eq!(endings.any(text.as_bytes(), |_| true), wanted, "{text}");
        }
        assert!(endings.any(b"cba", |word| word == b"ba") && !endings.any(b"ca", |w| w == b"ba"));
    }
}
