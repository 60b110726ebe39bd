//! Signers.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use countersign_core::KeyId;
use countersign_testkit::conformance::signer;
use countersign_ticket::{KeyError, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::{catches, lock, passes};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new([seed; 32]))
}

#[test]
fn the_key_in_memory_conforms() {
    for seed in [0, 1, 7, 255] {
        passes(async || signer::all(Arc::new(key(seed))).await);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    OtherPublicKey,
    SignsAPrefix,
    SignsADigestOfItsOwn,
    Randomised,
    Rotates,
    RenamesItself,
    Refuses,
    SharesABuffer,
}

#[derive(Debug)]
struct Flawed {
    flaw: Flaw,
    key: SigningKey,
    other: SigningKey,
    count: AtomicU8,
    buffer: Mutex<Vec<u8>>,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        let (count, buffer) = (AtomicU8::new(0), Mutex::default());
        Self { flaw, key: key(1), other: key(2), count, buffer }
    }
    fn odd(&self) -> bool {
        self.count.fetch_add(1, Ordering::SeqCst) % 2 == 1
    }
}

impl Signer for Flawed {
    fn key_id(&self) -> &KeyId {
        match self.flaw {
            Flaw::RenamesItself if self.odd() => self.other.key_id(),
            _ => self.key.key_id(),
        }
    }
    fn verifying_key(&self) -> VerifyingKey {
        match self.flaw {
            Flaw::OtherPublicKey => self.other.verifying_key(),
            Flaw::Rotates if self.odd() => self.other.verifying_key(),
            _ => self.key.verifying_key(),
        }
    }
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyError> {
        match self.flaw {
            Flaw::SignsAPrefix => self.key.sign(&message[..message.len().min(32)]),
            Flaw::SignsADigestOfItsOwn => {
                self.key.sign(countersign_core::Digest::of(message).as_bytes())
            }
            Flaw::Randomised if self.odd() => {
                let mut signature = self.key.sign(message)?;
                signature[63] ^= 0x10;
                Ok(signature)
            }
            Flaw::Refuses if message.is_empty() => Err(KeyError::Signer),
            Flaw::SharesABuffer => {
                *lock(&self.buffer) = message.to_vec();
                std::thread::sleep(std::time::Duration::from_micros(200));
                self.key.sign(&lock(&self.buffer))
            }
            _ => self.key.sign(message),
        }
    }
}

#[test]
fn a_broken_signer_is_caught() {
    let same = "Signer: key id and public key stay the same";
    let verifies = "Signer: a signature verifies under the signer's key";
    let flaws = [
        (Flaw::OtherPublicKey, same),
        (Flaw::SignsAPrefix, verifies),
        (Flaw::SignsADigestOfItsOwn, same),
        (Flaw::Randomised, same),
        (Flaw::Rotates, same),
        (Flaw::RenamesItself, same),
        (Flaw::Refuses, "Signer: a message can be signed"),
        (Flaw::SharesABuffer, "Signer: signatures are not mixed up under load"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            signer::all(Arc::new(Flawed::new(flaw))).await;
        });
    }
    catches("Randomised", "Signer: Ed25519 signatures are deterministic", async || {
        signer::is_deterministic(&Flawed::new(Flaw::Randomised));
    });
    catches("SignsADigestOfItsOwn", verifies, async || {
        signer::signs_what_verifies(&Flawed::new(Flaw::SignsADigestOfItsOwn));
    });
    catches("SignsAPrefix", "Signer: a signature is for its message alone", async || {
        signer::signs_the_message_and_nothing_else(&Flawed::new(Flaw::SignsAPrefix));
    });
}
