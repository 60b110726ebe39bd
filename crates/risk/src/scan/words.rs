//! What single words stand for, looked up in a table.

use super::bytes::goes_on;

/// Slots of a table. At most half of them are taken, so that most words that are not in it end at the
/// first look.
const SLOTS: usize = 2048;

/// Words with what each stands for.
#[derive(Debug)]
pub(super) struct Words<T> {
    /// The number of the word with this hash, from 1 on; 0 where there is none.
    slots: Box<[u16; SLOTS]>,
    list: Vec<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    eight: u64,
    word: &'static [u8],
    meaning: T,
}

impl<T: Copy> Words<T> {
    /// Of lists of words with spaces between. What stands twice keeps its first meaning.
    pub(super) fn new(lists: &[(T, &'static str)]) -> Self {
        let mut words = Self { slots: Box::new([0; SLOTS]), list: Vec::new() };
        for (meaning, list) in lists {
            for word in list.split_ascii_whitespace().map(str::as_bytes) {
                words.add(word, *meaning);
            }
        }
        words
    }

    fn add(&mut self, word: &'static [u8], meaning: T) {
        if self.get(word, 0, word.len()).is_some() || self.list.len() >= SLOTS / 2 {
            return;
        }
        let eight = eight(word, 0, word.len());
        self.list.push(Entry { eight, word, meaning });
        let number = u16::try_from(self.list.len()).unwrap_or(0);
        let mut place = hash(eight, word.len());
        while let Some(slot) = self.slots.get_mut(place & (SLOTS - 1)) {
            if *slot == 0 {
                *slot = number;
                return;
            }
            place = place.wrapping_add(1);
        }
    }

    /// What the word between two places of a text stands for.
    #[inline]
    pub(super) fn get(&self, text: &[u8], start: usize, end: usize) -> Option<T> {
        let length = end.checked_sub(start)?;
        let eight = eight(text, start, length);
        let mut place = hash(eight, length);
        loop {
            let number = self.slots.get(place & (SLOTS - 1)).copied().unwrap_or(0);
            let known = self.list.get(usize::from(number).checked_sub(1)?)?;
            if known.eight == eight
                && known.word.len() == length
                && known
                    .word
                    .get(8..)
                    .is_none_or(|rest| goes_on(text, start.saturating_add(8), rest))
            {
                return Some(known.meaning);
            }
            place = place.wrapping_add(1);
        }
    }
}

/// The first eight bytes of a word as a number, zeros behind what is shorter. It is read from the text
/// that the word is part of, as that takes no branches.
#[inline]
fn eight(text: &[u8], start: usize, length: usize) -> u64 {
    let rest = text.get(start..).unwrap_or_default();
    let eight = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
        let mut eight = [0; 8];
        eight.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        eight
    });
    let bits = u32::try_from(length.min(8)).unwrap_or(8).wrapping_mul(8);
    u64::from_le_bytes(eight) & !u64::MAX.checked_shl(bits).unwrap_or(0)
}

fn hash(eight: u64, length: usize) -> usize {
    let length = u64::try_from(length).unwrap_or(0).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let mixed = (eight ^ length).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 53).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_what_it_was_given_first_and_no_other_word_for_anything() {
        let words = Words::new(&[(1, "a to ask asks asking"), (2, "ask tell told"), (3, "to ta")]);
        let of = |word: &str| {
            let inside = words.get(format!("xy{word}{word}").as_bytes(), 2, 2 + word.len());
            assert_eq!(inside, words.get(word.as_bytes(), 0, word.len()));
            inside
        };
        assert_eq!([of("a"), of("to"), of("ask"), of("asking")], [Some(1); 4]);
        assert_eq!([of("tell"), of("told"), of("ta")], [Some(2), Some(2), Some(3)]);
        for other in ["", "t", "as", "askt", "tall", "aasking", "asking ", "ta\0"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn of_as_many_words_as_fit_each_is_found() {
        let all: Vec<String> = (0..SLOTS / 2).map(|i| format!("w{i}")).collect();
        let words = Words::new(&[((), all.join(" ").leak())]);
        let of = |i: usize| words.get(format!("w{i}").as_bytes(), 0, format!("w{i}").len());
        assert!((0..SLOTS / 2).all(|i| of(i).is_some()));
        assert!((SLOTS / 2..SLOTS).all(|i| of(i).is_none()));
    }
}
