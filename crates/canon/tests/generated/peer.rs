//! Agreement with `serde_json` and `serde_json_canonicalizer`, which know nothing of this crate
//!
//! They are laxer: they keep the last of two equal keys and round integers. Both must accept and
//! refuse the same documents but for that, and give the same bytes where both accept.

use crate::documents::{Choices, change, mutate, value, write};
use countersign_canon::{ErrorKind, canonicalize, digest};
use proptest::prelude::*;

fn peer(document: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(document).ok()?;
    serde_json_canonicalizer::to_string(&value).ok()
}

fn compare(document: &[u8]) -> Result<(), TestCaseError> {
    let shown = String::from_utf8_lossy(document);
    match (canonicalize(document), peer(document)) {
        (Ok(ours), Some(theirs)) => prop_assert_eq!(ours.as_str(), theirs, "{}", shown),
        (Err(_), None) => {}
        (Err(error), Some(_)) => {
            let stricter = [ErrorKind::DuplicateKey, ErrorKind::IntegerTooLarge];
            prop_assert!(stricter.contains(&error.kind()), "{} {}", error, shown);
        }
        (Ok(_), None) => prop_assert!(false, "only we accept {}", shown),
    }
    Ok(())
}

/// Equality of JSON values whose numbers are doubles.
fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (one, other) {
        (Number(one), Number(other)) => one.as_f64() == other.as_f64(),
        (Array(one), Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Object(one), Object(other)) => {
            let there = |(key, value)| other.get(key).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(there)
        }
        _ => one == other,
    }
}

proptest! {
    #[test]
    fn same_bytes_for_every_document(value in value(), seed: u64) {
        let mut choices = Choices(seed);
        for _ in 0..3 {
            let written = write(&value, &mut choices);
            prop_assert!(canonicalize(written.as_bytes()).is_ok());
            compare(written.as_bytes())?;
        }
    }

    #[test]
    fn same_verdict_on_damaged_documents(value in value(), seed: u64) {
        let mut choices = Choices(seed);
        let written = write(&value, &mut choices);
        for _ in 0..12 {
            compare(&mutate(&written, &mut choices))?;
        }
    }

    #[test]
    fn same_verdict_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
        compare(&bytes)?;
        // As a string, so that what they spell is looked at and not only the first of them.
        compare(&[b"\"", bytes.as_slice(), b"\""].concat())?;
    }

    /// What is equal is for the others to say, who know nothing of our trees and our numbers.
    #[test]
    fn two_values_have_one_digest_exactly_if_they_are_equal(value in value(), seed: u64) {
        let mut choices = Choices(seed);
        let here = write(&value, &mut choices);
        let read = |document: &str| serde_json::from_str::<serde_json::Value>(document).unwrap();
        for _ in 0..6 {
            let changed = change(&value, &mut choices);
            let there = write(&changed, &mut choices);
            let equal = same(&read(&here), &read(&there));
            let digests = (digest(here.as_bytes()).unwrap(), digest(there.as_bytes()).unwrap());
            prop_assert_eq!(digests.0 == digests.1, equal, "{} {}", here, there);
        }
    }

    #[test]
    fn same_number_text(bits: u64, digits in 1..25_usize, exponent in -330..310_i32) {
        let double = f64::from_bits(bits);
        if double.is_finite() {
            compare(format!("{double:e}").as_bytes())?;
            compare(format!("{double:.digits$e}").as_bytes())?;
        }
        compare(format!("{}e{exponent}", bits >> 10).as_bytes())?;
        compare(format!("{}.{}", bits >> 40, bits & 0xff_ffff).as_bytes())?;
        compare(format!("0.{:01$}", bits & 0xffff, digits).as_bytes())?;
        compare(bits.to_string().as_bytes())?;
    }

    #[test]
    fn same_verdict_on_token_soup(tokens in proptest::collection::vec(0..TOKENS.len(), 0..12)) {
        let soup: Vec<u8> = tokens.into_iter().flat_map(|token| TOKENS[token]).copied().collect();
        compare(&soup)?;
    }
}

const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\"a\"",
    b"\"b\"",
    b"\"\\u0061\"",
    b"0",
    b"-",
    b"1",
    b".",
    b"e",
    b"E+",
    b"null",
    b"true",
    b"fals",
    b"e",
    b" ",
    b"\n",
    b"\t",
    b"\\n",
    b"\\u",
    b"d83d",
    b"\\ud83d",
    b"\\ude00",
    b"00e9",
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
    b"\xef\xbb\xbf",
    b"\x00",
    b"{\"a\":",
    b"[[",
    b"]]",
    b"\"\":",
];
