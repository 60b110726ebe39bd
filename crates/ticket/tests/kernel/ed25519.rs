//! RFC 8032 section 7.1, through the kernel's own types.

use countersign_ticket::{Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

/// Seed, public key, message and signature, in hex.
const VECTORS: [[&str; 4]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
         5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
         18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().unwrap()
}

#[test]
fn rfc_8032_vectors_1_to_3_sign_and_verify() {
    for [seed, public, message, signature] in VECTORS {
        let key = SigningKey::from_seed(&Zeroizing::new(array(seed)));
        let public = VerifyingKey::from_bytes(&array(public)).unwrap();
        let (message, signature) = (bytes(message), array::<64>(signature));
        assert_eq!(key.verifying_key(), public);
        assert_eq!(key.sign(&message).unwrap(), signature);
        assert!(public.verify(&message, &signature));
        assert!(!public.verify(b"another message", &signature));
    }
}

#[test]
fn a_signature_has_one_spelling() {
    // S + L is the same scalar to a careless verifier: a second ticket out of one.
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let [_, public, message, signature] = VECTORS[2];
    let public = VerifyingKey::from_bytes(&array(public)).unwrap();
    let mut shifted = array::<64>(signature);
    let mut carry = 0;
    for (byte, l) in shifted[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert!(!public.verify(&bytes(message), &shifted));
}

#[test]
fn a_commitment_of_small_order_is_refused() {
    // R is the neutral point and S is k·a: the equation of RFC 8032 section 5.1.7 holds, and the
    // holder of the key has committed to nothing.
    let [_, public, ..] = VECTORS[0];
    let public = VerifyingKey::from_bytes(&array(public)).unwrap();
    let signature = "0100000000000000000000000000000000000000000000000000000000000000\
                     0c871e8b46f4c0242adba4abe5a2c6329e123283fe6ce73c4bcb00eb7a05f308";
    assert!(!public.verify(b"any message", &array(signature)));
}
