//! Agreement with `serde_json` and `serde_json_canonicalizer`, which know nothing of this crate
//!
//! They are laxer: they keep the last of two equal keys and round integers. Both must accept and
//! refuse the same documents but for that, and give the same bytes where both accept.

use crate::documents::{Choices, mutate, value, write};
use countersign_canon::{ErrorKind, canonicalize};
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
