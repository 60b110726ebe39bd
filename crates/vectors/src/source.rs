//! Where keys, ids and times come from: the same for the committed vectors, new ones for fresh.

use countersign_canon::Digest;
use countersign_ticket::{EffectId, Jti, SigningKey, Timestamp};
use zeroize::Zeroizing;

use crate::Made;

/// Everything that could be otherwise.
#[derive(Debug)]
pub struct Source {
    seed: [u8; 32],
    now: Timestamp,
    stride: usize,
}

impl Source {
    /// The source of the committed vectors.
    pub fn fixed() -> Self {
        let seed = *Digest::of(b"countersign test vectors, version 1").as_bytes();
        Self { seed, now: Timestamp::from_millis(1_800_000_000_250), stride: 29 }
    }

    /// New keys and ids, at the time that is given. Every byte of a ticket is changed once.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn fresh(now: Timestamp) -> Made<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self { seed, now, stride: 1 })
    }

    /// Every how many bytes one is changed.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// When everything happens.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// So many seconds after the whole second in which everything happens.
    pub(crate) fn second(&self, offset: i64) -> i64 {
        self.now.seconds() + offset
    }

    fn derive(&self, what: &str) -> Digest {
        Digest::of(&[&self.seed, what.as_bytes()].concat())
    }

    /// The seed of a key.
    pub(crate) fn key_seed(&self, name: &str) -> [u8; 32] {
        *self.derive(&format!("key {name}")).as_bytes()
    }

    pub(crate) fn key(&self, name: &str) -> SigningKey {
        SigningKey::from_seed(&Zeroizing::new(self.key_seed(name)))
    }

    pub(crate) fn effect(&self, name: &str) -> EffectId {
        EffectId::from_bytes(half(self.derive(&format!("effect {name}"))))
    }

    pub(crate) fn jti(&self, name: &str) -> Jti {
        Jti::from_random(half(self.derive(&format!("jti {name}"))))
    }
}

fn half(digest: Digest) -> [u8; 16] {
    let [bytes, _] = digest.as_bytes().as_chunks().0 else { return [0; 16] };
    *bytes
}
