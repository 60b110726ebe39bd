//! Random-looking text: a seed and a counter through SHA-256.

use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

/// Yields strings nobody can guess from outside, and the same ones again for the same seed.
#[derive(Clone)]
pub(crate) struct Dice {
    seed: [u8; 32],
    counter: u64,
}

impl Dice {
    /// A fresh seed from the system.
    pub(crate) fn new() -> Self {
        let mut seed = [0; 32];
        // These values protect nothing; without system randomness they are merely predictable.
        let _unfilled = SystemRandom::new().fill(&mut seed);
        Self { seed, counter: 0 }
    }

    fn next(&mut self) -> [u8; 32] {
        self.counter = self.counter.wrapping_add(1);
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.counter.to_be_bytes());
        hash.finalize().into()
    }

    /// `length` characters of `alphabet`, which is to have at most 256 characters.
    pub(crate) fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut out = String::with_capacity(length);
        let mut pool = self.next().into_iter();
        while out.len() < length {
            let Some(byte) = pool.next() else {
                pool = self.next().into_iter();
                continue;
            };
            let index = usize::from(byte).checked_rem(alphabet.len()).unwrap_or(0);
            match alphabet.get(index) {
                Some(letter) => out.push(char::from(*letter)),
                None => return out,
            }
        }
        out
    }

    /// Letters and digits.
    pub(crate) fn token(&mut self, length: usize) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
    }
}
