//! What single words stand for, looked up in a table.

use super::bytes;

/// Slots of a table. At most half of them are taken, so that most words that are not in it end at the
/// first look.
const SLOTS: usize = 2048;

/// Words with what each stands for.
#[derive(Debug)]
pub(super) struct Words<T> {
    /// The number of the word with this hash, from 1 on; 0 where there is none.
    slots: Box<[u16; SLOTS]>,
    list: Vec<(&'static [u8], T)>,
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
        if self.get(word).is_some() || self.list.len() >= SLOTS / 2 {
            return;
        }
        self.list.push((word, meaning));
        let number = u16::try_from(self.list.len()).unwrap_or(0);
        let mut place = hash(word);
        while let Some(slot) = self.slots.get_mut(place & (SLOTS - 1)) {
            if *slot == 0 {
                *slot = number;
                return;
            }
            place = place.wrapping_add(1);
        }
    }

    /// What a word stands for.
    pub(super) fn get(&self, word: &[u8]) -> Option<T> {
        let mut place = hash(word);
        loop {
            let number = self.slots.get(place & (SLOTS - 1)).copied().unwrap_or(0);
            let (known, meaning) = self.list.get(usize::from(number).checked_sub(1)?)?;
            if *known == word {
                return Some(*meaning);
            }
            place = place.wrapping_add(1);
        }
    }
}

/// Of a word its length, its first four bytes and its last four.
fn hash(word: &[u8]) -> usize {
    let ends = word.first_chunk::<4>().zip(word.last_chunk::<4>());
    let (first, last) = if let Some((first, last)) = ends {
        (u32::from_le_bytes(*first), u32::from_le_bytes(*last))
    } else {
        let byte = |i: usize| u32::from(bytes::at(word, i));
        (byte(0) | byte(1) << 8 | byte(2) << 16, 0)
    };
    let length = u64::try_from(word.len()).unwrap_or(0);
    let all = u64::from(first) << 32 | u64::from(last);
    let mixed = (all ^ length << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 53).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_what_it_was_given_first_and_no_other_word_for_anything() {
        let words = Words::new(&[(1, "a to ask asks asking"), (2, "ask tell told"), (3, "to ta")]);
        let of = |word: &str| words.get(word.as_bytes());
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
        assert!((0..SLOTS / 2).all(|i| words.get(format!("w{i}").as_bytes()).is_some()));
        assert!((SLOTS / 2..SLOTS).all(|i| words.get(format!("w{i}").as_bytes()).is_none()));
    }
}
