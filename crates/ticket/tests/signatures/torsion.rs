//! Keys and commitments with a part of small order, beside an equation that is worked out here.

use countersign_ticket::{KeyError, VerifyingKey};
use curve25519_dalek::{
    EdwardsPoint, Scalar, constants::EIGHT_TORSION, edwards::CompressedEdwardsY,
    traits::IsIdentity as _,
};

use crate::points::{challenge, compress, join, not_canonical, scalar, sign, small_order, verdict};

#[test]
fn there_are_8_points_of_small_order_and_they_have_14_encodings() {
    let mut encodings = small_order();
    encodings.sort_unstable();
    encodings.dedup();
    assert_eq!((encodings.len(), EIGHT_TORSION.len()), (14, 8));
    for bytes in encodings {
        assert!(CompressedEdwardsY(bytes).decompress().unwrap().is_small_order());
        assert_eq!(VerifyingKey::from_bytes(&bytes), Err(KeyError::Weak));
    }
}

/// With `A = a·B + T` and `R = r·B + U` an honest `s` fulfils `s·B = R + k·A` exactly where
/// `U + k·T` is the neutral point, and strict verification asks for that and for `a` and `r` not 0.
#[test]
fn of_keys_and_commitments_with_torsion_those_are_accepted_that_fulfil_the_strict_equation() {
    let (mut accepted, mut refused) = (0, 0);
    for n in 0..6 {
        let (a, r) = (scalar(2 * n), scalar(2 * n + 1));
        for t in EIGHT_TORSION {
            let public = compress(EdwardsPoint::mul_base(&a) + t);
            for u in EIGHT_TORSION {
                let commitment = compress(EdwardsPoint::mul_base(&r) + u);
                // Of sixteen messages some have a challenge for which the torsion cancels out.
                for message in 0..16u8 {
                    let signature = sign((&a, &public), (&r, &commitment), &[message]);
                    let k = challenge(&commitment, &public, &[message]);
                    let cancels = (u + k * t).is_identity();
                    assert_eq!(verdict(&public, &[message], &signature), cancels);
                    *(if cancels { &mut accepted } else { &mut refused }) += 1;
                }
            }
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 500 && refused > 4_000);
}

#[test]
fn a_commitment_of_small_order_is_refused_in_every_encoding_whatever_else_fits() {
    for n in 0..4 {
        let a = scalar(n);
        for t in EIGHT_TORSION {
            let public = compress(EdwardsPoint::mul_base(&a) + t);
            for commitment in small_order() {
                for message in 0..16u8 {
                    let signature = sign((&a, &public), (&Scalar::ZERO, &commitment), &[message]);
                    assert!(!verdict(&public, &[message], &signature));
                }
            }
        }
    }
}

/// So the test above is worth something: a verifier that is not strict accepts some of those.
#[test]
fn some_commitments_of_small_order_fulfil_the_equation() {
    let a = scalar(1);
    let public = compress(EdwardsPoint::mul_base(&a));
    let key = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
    let accepted = small_order().into_iter().filter(|commitment| {
        let signature = sign((&a, &public), (&Scalar::ZERO, commitment), b"any message");
        let signature = ed25519_dalek::Signature::from_bytes(&signature);
        ed25519_dalek::Verifier::verify(&key, b"any message", &signature).is_ok()
    });
    assert_eq!(accepted.count(), 1, "the neutral point, in its canonical encoding");
}

#[test]
fn a_key_of_small_order_verifies_nothing_in_any_encoding() {
    for public in small_order() {
        for n in 0..8 {
            let r = scalar(n);
            let commitment = compress(EdwardsPoint::mul_base(&r));
            let signature = sign((&Scalar::ZERO, &public), (&r, &commitment), b"any message");
            assert!(!verdict(&public, b"any message", &signature));
        }
    }
}

#[test]
fn encodings_that_are_not_canonical_are_judged_as_strict_verification_judges_them() {
    let encodings = not_canonical();
    assert!(encodings.len() > 20, "{}", encodings.len());
    let (a, r) = (scalar(1), scalar(2));
    let public = compress(EdwardsPoint::mul_base(&a));
    let commitment = compress(EdwardsPoint::mul_base(&r));
    for bytes in encodings {
        // As a commitment: nobody knows its logarithm, and the bytes are compared.
        for s in [Scalar::ZERO, Scalar::ONE, r] {
            assert!(!verdict(&public, b"any message", &join(&bytes, s.as_bytes())));
        }
        let signature = sign((&a, &public), (&r, &bytes), b"any message");
        assert!(!verdict(&public, b"any message", &signature));
        // As a key.
        let signature = sign((&a, &bytes), (&r, &commitment), b"any message");
        assert!(!verdict(&bytes, b"any message", &signature));
    }
}
