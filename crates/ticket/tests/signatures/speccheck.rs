//! The twelve cases by which Chalkias, Garillot and Nikolaenko tell the rules of verifiers apart.
//!
//! Their data stands beside the project, and is left out where that folder is missing.

use crate::points::verdict;

/// From the project's root.
const CASES: &str = "../shared/data/ed25519_speccheck.json";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn of_the_twelve_cases_of_speccheck_only_number_3_is_accepted() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    let Ok(text) = std::fs::read_to_string(format!("{root}{CASES}")) else {
        println!("left out: there is no {CASES}");
        return;
    };
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    let accepted: Vec<bool> = cases
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let part = |name: &str| bytes(case[name].as_str().unwrap());
            let (key, signature) = (part("pub_key"), part("signature"));
            let key = key.as_slice().try_into().unwrap();
            verdict(key, &part("message"), signature.as_slice().try_into().unwrap())
        })
        .collect();
    let expected: Vec<bool> = (0..12).map(|case| case == 3).collect();
    assert_eq!(accepted, expected);
}
