//! Beside dalek's `verify_strict`: honest signatures, every change of a bit, and any bytes.

use countersign_ticket::{Signer as _, SigningKey, VerifyingKey};
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::points::{compress, join, verdict};

/// The group's order, in little-endian bytes.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn signed(seed: [u8; 32], message: &[u8]) -> ([u8; 32], [u8; 64]) {
    let key = SigningKey::from_seed(&Zeroizing::new(seed));
    (*key.verifying_key().as_bytes(), key.sign(message).unwrap())
}

#[test]
fn no_flipped_bit_of_key_signature_or_message_is_accepted() {
    let message = b"countersign";
    let (public, signature) = signed([7; 32], message);
    assert!(verdict(&public, message, &signature));
    for bit in 0..512 {
        let mut changed = signature;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!verdict(&public, message, &changed), "signature, bit {bit}");
    }
    for bit in 0..256 {
        let mut changed = public;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!verdict(&changed, message, &signature), "key, bit {bit}");
    }
    for bit in 0..8 * message.len() {
        let mut changed = *message;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!verdict(&public, &changed, &signature), "message, bit {bit}");
    }
}

#[test]
fn only_the_smallest_spelling_of_the_scalar_is_accepted() {
    let (public, signature) = signed([7; 32], b"countersign");
    let mut s: [u8; 32] = signature[32..].try_into().unwrap();
    for multiple in 1..16 {
        let mut carry = 0;
        for (byte, l) in s.iter_mut().zip(L) {
            let sum = u16::from(*byte) + u16::from(l) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        if carry > 0 {
            return;
        }
        let other = join(&signature[..32].try_into().unwrap(), &s);
        assert!(!verdict(&public, b"countersign", &other), "{multiple} times the order more");
    }
}

#[test]
fn the_base_point_is_a_key_like_any_other() {
    let public = compress(ED25519_BASEPOINT_POINT);
    assert!(VerifyingKey::from_bytes(&public).is_ok());
    assert!(!verdict(&public, b"", &[0; 64]));
}

proptest! {
    #[test]
    fn honest_signatures_are_accepted(seed: [u8; 32], message: Vec<u8>) {
        let (public, signature) = signed(seed, &message);
        prop_assert!(verdict(&public, &message, &signature));
    }

    #[test]
    fn changed_signatures_are_refused(
        seed: [u8; 32],
        message: Vec<u8>,
        changes in prop::collection::vec((0..64_usize, 1u8..), 1..4),
    ) {
        let (public, signature) = signed(seed, &message);
        let mut changed = signature;
        for (at, change) in changes {
            changed[at] ^= change;
        }
        prop_assume!(changed != signature);
        prop_assert!(!verdict(&public, &message, &changed));
    }

    #[test]
    fn any_bytes_are_judged_as_strict_verification_judges_them(
        public: [u8; 32],
        r: [u8; 32],
        s: [u8; 32],
        message: Vec<u8>,
    ) {
        let mut s = s;
        verdict(&public, &message, &join(&r, &s));
        // Below the order, so that more is looked at than the size of the scalar.
        s[31] &= 0x0f;
        verdict(&public, &message, &join(&r, &s));
    }

    #[test]
    fn a_key_is_taken_in_its_one_encoding_if_strict_verification_takes_it(
        bytes: [u8; 32],
        small: bool,
    ) {
        let mut bytes = bytes;
        if small {
            bytes[1..31].fill(0xff);
            bytes[31] |= 0x7f;
        }
        let theirs = ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|key| !key.is_weak());
        // y + p: the same point as y, for y below 19.
        let again = small && bytes[0] >= 0xed;
        prop_assert_eq!(VerifyingKey::from_bytes(&bytes).is_ok(), theirs && !again);
    }
}
