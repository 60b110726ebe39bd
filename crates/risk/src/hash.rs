//! Keyed hashes of what a session said and read.
//!
//! SipHash-1-3 with 128 bits of output under a key that each memory has for itself. Whoever writes a
//! text cannot know what its words hash to, so nobody can look for a word with the hash of another.
//! The key comes out of the session's first event and its time: it is no secret of the operator, and
//! must be no better known than a session's first words and the millisecond they were spoken in.

use countersign_canon::Digest;

/// The key of one memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Key(pub(crate) [u64; 2]);

/// What a word is known by: a print to be looked for, and what tells it from others with that print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark {
    pub(crate) print: u32,
    pub(crate) check: u64,
}

/// Prints below this stand for no word.
pub(crate) const WORDS_FROM: u32 = 16;

impl Key {
    /// Of what a session began with.
    pub(crate) fn of(first: &[&[u8]]) -> Self {
        let mut all = b"countersign-risk/3 key\n".to_vec();
        for part in first {
            all.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            all.extend(*part);
        }
        let digest = Digest::of(&all);
        let (halves, _) = digest.as_bytes().as_chunks::<8>();
        let half = |at: usize| halves.get(at).copied().map_or(0, u64::from_le_bytes);
        Self([half(0), half(1)])
    }

    pub(crate) fn mark(self, word: &str) -> Mark {
        let [one, check] = sip::<1, 3>(self.0, word.as_bytes());
        Mark { print: print(one), check }
    }

    /// The mark of a word that is letters and digits of ASCII, in whatever case. Of one that is only
    /// looked for by its print, the rest is not made.
    pub(crate) fn simple(self, word: &[u8], whole: bool) -> Mark {
        // Setting this bit makes capitals small and changes nothing else there.
        const SMALL: u64 = 0x2020_2020_2020_2020;
        let mut v = begin(self.0);
        let (words, rest) = word.as_chunks::<8>();
        for word in words {
            absorb::<1>(&mut v, u64::from_le_bytes(*word) | SMALL);
        }
        let last = rest.iter().rev().fold(0u64, |last, b| last << 8 | u64::from(*b | 0x20));
        let length = u64::try_from(word.len()).unwrap_or(u64::MAX);
        absorb::<1>(&mut v, last | length << 56);
        v[2] ^= 0xee;
        let print = print(finish::<3>(&mut v));
        if !whole {
            return Mark { print, check: 0 };
        }
        v[1] ^= 0xdd;
        Mark { print, check: finish::<3>(&mut v) }
    }

    pub(crate) fn hash(self, bytes: &[u8]) -> u64 {
        let [_, hash] = sip::<1, 3>(self.0, bytes);
        hash
    }
}

fn print(hash: u64) -> u32 {
    let print = u32::try_from(hash & 0xffff_ffff).unwrap_or(u32::MAX);
    if print < WORDS_FROM { print | WORDS_FROM } else { print }
}

fn begin([k0, k1]: [u64; 2]) -> [u64; 4] {
    [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ]
}

/// `SipHash-C-D` with 128 bits of output (Aumasson and Bernstein, 2012, and its reference code).
fn sip<const C: usize, const D: usize>(key: [u64; 2], bytes: &[u8]) -> [u64; 2] {
    let mut v = begin(key);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        absorb::<C>(&mut v, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    absorb::<C>(&mut v, u64::from_le_bytes(last) | length << 56);
    v[2] ^= 0xee;
    let one = finish::<D>(&mut v);
    v[1] ^= 0xdd;
    [one, finish::<D>(&mut v)]
}

fn absorb<const ROUNDS: usize>(v: &mut [u64; 4], word: u64) {
    v[3] ^= word;
    for _ in 0..ROUNDS {
        round(v);
    }
    v[0] ^= word;
}

fn finish<const ROUNDS: usize>(v: &mut [u64; 4]) -> u64 {
    for _ in 0..ROUNDS {
        round(v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first rows of `vectors_sip128` in the reference code, for SipHash-2-4.
    #[test]
    fn it_is_siphash() {
        let key: Vec<u8> = (0..16).collect();
        let half = |at: usize| u64::from_le_bytes(key[at..at + 8].try_into().unwrap());
        let key = [half(0), half(8)];
        for (input, expected) in [
            (&[][..], "a3817f04ba25a8e66df67214c7550293"),
            (&[0][..], "da87c1d86b99af44347659119b22fc45"),
        ] {
            let [one, two] = sip::<2, 4>(key, input);
            let hex = format!("{:016x}{:016x}", one.swap_bytes(), two.swap_bytes());
            assert_eq!(hex, expected);
        }
    }

    #[test]
    fn a_simple_word_has_the_mark_of_the_word_in_small_letters() {
        let key = Key([3, 4]);
        for word in ["a", "Kim", "ABCDEFGH", "abcdefghi", "0123456789ABCDEFG"] {
            let mark = key.mark(&word.to_ascii_lowercase());
            assert_eq!(key.simple(word.as_bytes(), true), mark, "{word}");
            assert_eq!(key.simple(word.as_bytes(), false), Mark { check: 0, ..mark });
        }
    }

    #[test]
    fn a_word_has_another_mark_under_another_key() {
        let (one, two) = (Key::of(&[b"a", b"b"]), Key::of(&[b"ab", b""]));
        assert_ne!(one, two);
        assert_ne!(one.mark("kim"), two.mark("kim"));
        assert_eq!(one.mark("kim"), one.mark("kim"));
        assert!((0..5_000).all(|n| one.mark(&n.to_string()).print >= WORDS_FROM));
    }
}
