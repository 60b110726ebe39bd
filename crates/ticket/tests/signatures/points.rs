//! Keys and signatures that no honest signer makes, and how they are judged.

use countersign_ticket::VerifyingKey;
use curve25519_dalek::{
    EdwardsPoint, Scalar, constants::EIGHT_TORSION, edwards::CompressedEdwardsY,
};
use sha2::{Digest as _, Sha512};

/// The prime of the field, 2^255 - 19, in little-endian bytes.
const P: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// A scalar below the group's order, the same for the same number.
pub(crate) fn scalar(n: u64) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&Sha512::digest(n.to_le_bytes()).into())
}

/// RFC 8032 section 5.1.7, step 2: `SHA-512(R ‖ A ‖ M)` modulo the group's order.
pub(crate) fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// The signature of `message` under the secret `a` with the public key as given, whose commitment is
/// written as `r_bytes` whatever the nonce `r` would have made of it.
pub(crate) fn sign(
    (a, public): (&Scalar, &[u8; 32]),
    (r, r_bytes): (&Scalar, &[u8; 32]),
    message: &[u8],
) -> [u8; 64] {
    let s = r + challenge(r_bytes, public, message) * a;
    join(r_bytes, s.as_bytes())
}

pub(crate) fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    [r.as_slice(), s].concat().try_into().unwrap()
}

pub(crate) fn compress(point: EdwardsPoint) -> [u8; 32] {
    point.compress().to_bytes()
}

/// Every encoding of the eight points of small order that decompresses: canonical or with y + p, and
/// for the two with x = 0 with either sign.
pub(crate) fn small_order() -> Vec<[u8; 32]> {
    let mut encodings = Vec::new();
    for point in EIGHT_TORSION {
        let canonical = compress(point);
        encodings.push(canonical);
        encodings.extend(other_spellings(&canonical));
    }
    encodings
}

/// The encodings that are not canonical, of points of any order: y from p to 2^255 - 1, and the
/// wrong sign of x = 0.
pub(crate) fn not_canonical() -> Vec<[u8; 32]> {
    let y = |y: u8| {
        let mut bytes = [0; 32];
        bytes[0] = y;
        bytes
    };
    let mut all: Vec<[u8; 32]> = (0..19)
        .flat_map(|n| {
            let mut high = y(n);
            high[31] |= 0x80;
            other_spellings(&y(n)).into_iter().chain(other_spellings(&high)).collect::<Vec<_>>()
        })
        .collect();
    all.extend(small_order());
    all.retain(|bytes| {
        CompressedEdwardsY(*bytes).decompress().is_some_and(|point| compress(point) != *bytes)
    });
    all.sort_unstable();
    all.dedup();
    all
}

fn other_spellings(bytes: &[u8; 32]) -> Vec<[u8; 32]> {
    let mut others = Vec::new();
    let (mut y, sign) = (*bytes, bytes[31] & 0x80);
    y[31] &= 0x7f;
    if y[1..].iter().all(|byte| *byte == 0) && y[0] < 19 {
        let mut shifted = P;
        shifted[0] += y[0];
        shifted[31] |= sign;
        others.push(shifted);
        // Both signs read alike where x is 0.
        shifted[31] ^= 0x80;
        others.push(shifted);
    }
    let mut flipped = *bytes;
    flipped[31] ^= 0x80;
    others.push(flipped);
    let point = CompressedEdwardsY(*bytes).decompress();
    others.retain(|other| point.is_some() && CompressedEdwardsY(*other).decompress() == point);
    others
}

/// The kernel's verdict, which must be that of dalek's `verify_strict`.
pub(crate) fn verdict(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let ours = VerifyingKey::from_bytes(public).is_ok_and(|key| key.verify(message, signature));
    let theirs = ed25519_dalek::VerifyingKey::from_bytes(public).is_ok_and(|key| {
        key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    });
    assert_eq!(ours, theirs, "key {public:02x?} message {message:02x?} signature {signature:02x?}");
    ours
}
