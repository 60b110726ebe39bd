//! The number sequence of the companion tests of RFC 8785, by its published checksums
//!
//! The sequence: 168 chosen doubles, two thousand from the smallest normal one upwards,
//! and then the finite ones out of a chain of SHA-256 that begins with 32 zero bytes. A line is the
//! double in hex, a comma, and how ECMAScript prints it. Described, with the checksums of the first
//! lines of it, in `testdata/README.md` of the repository that RFC 8785 (appendix B) names.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use countersign_canon::{Number, canonicalize};
use sha2::{Digest as _, Sha256};

/// The first so many lines have this checksum.
const PUBLISHED: [(usize, &str); 6] = [
    (1_000, "be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687"),
    (10_000, "b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892"),
    (100_000, "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7"),
    (1_000_000, "49415fee2c56c77864931bd3624faad425c3c577d6d74e89a83bc725506dad16"),
    (10_000_000, "b9f8a44a91d46813b21b9602e72f112613c91408db0b8341fb94603d9db135e0"),
    (100_000_000, "0f7dda6b0837dde083c5d6b896f7d62340c8a2415b0c7121d83145e08a755272"),
];

/// Thirds of powers of ten, in doubles near them: what follows fifteen threes, from e+21 downwards.
const THIRDS: [&str; 50] = [
    "35", "3", "36", "4", "4", "4", "4", "4", "44", "4", "44", "4", "4", "4", "36", "35", "3",
    "36", "3", "3", "36", "35", "3", "3", "35", "3", "35", "33", "35", "34", "34", "3", "35", "3",
    "34", "34", "32", "3", "35", "33", "34", "3", "33", "3", "33", "34", "35", "3", "3", "38",
];

/// The last of the chosen doubles: around 1, 0.3, the ends of the range, 2^53, and powers of ten at
/// which the notation changes.
const EDGES: [&str; 38] = [
    "1",
    "-1",
    "-0.9999999999999993",
    "-0.9999999999999994",
    "0.9999999999999993",
    "0.9999999999999994",
    "0.9999999999999996",
    "0.9999999999999998",
    "-0.9999999999999999",
    "-0.9999999999999999",
    "0.9999999999999999",
    "0.9999999999999999",
    "0.29999999999999993",
    "0.3",
    "0.30000000000000004",
    "2.2250738585072014e-308",
    "2.2250738585072e-308",
    "2.225073858507201e-308",
    "1.7976931348623157e308",
    "-1.7976931348623157e308",
    "9007199254740992",
    "-9007199254740992",
    "295147905179352830000",
    "9.999999999999997e22",
    "1e23",
    "1.0000000000000001e23",
    "999999999999999700000",
    "999999999999999900000",
    "1e21",
    "9.999999999999997e-7",
    "0.000001",
    "333333333.3333332",
    "333333333.33333325",
    "333333333.3333333",
    "333333333.3333334",
    "333333333.33333343",
    "-0.0000033333333333333333",
    "1424953923781206.2",
];

/// The doubles that were chosen by hand.
fn chosen() -> Vec<f64> {
    let decimal = |text: &str| text.parse::<f64>().unwrap();
    let mut all = vec![0.0, -0.0, f64::from_bits(1), -f64::from_bits(1)];
    for sign in ["-", ""] {
        let third = |(tail, exponent): (&&str, i32)| {
            decimal(&format!("{sign}3.33333333333333{tail}e{exponent}"))
        };
        all.extend(THIRDS.iter().zip((-28..=21).rev()).map(third));
    }
    all.push(10.0);
    all.extend((0..10).map(|down| decimal(&format!("5e-{down}"))));
    all.extend((1..15).map(|zeros| decimal(&format!("5.{}6e-6", "0".repeat(zeros)))));
    all.push(5e-6);
    all.extend(EDGES.iter().map(|text| decimal(text)));
    all
}

/// The sequence, without an end.
fn sequence() -> impl Iterator<Item = f64> {
    let smallest = f64::MIN_POSITIVE.to_bits();
    let upwards = (smallest..smallest + 2_000).map(f64::from_bits);
    let chain =
        std::iter::successors(Some(Sha256::digest([0; 32])), |last| Some(Sha256::digest(last)));
    let hashed = chain.flat_map(|hash| {
        let part = |n: usize| u64::from_le_bytes(hash[8 * n..8 * n + 8].try_into().unwrap());
        [0, 1, 2, 3].map(|n| f64::from_bits(part(n)))
    });
    let hashed = hashed.filter(|double| double.is_finite() && *double != 0.0);
    chosen().into_iter().chain(upwards).chain(hashed)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from).collect()
}

/// There: each double printed by this crate, against the checksums. And back: what is printed, and
/// seventeen digits of the double in another notation, come to the same canonical text.
fn check(numbers: usize) {
    let mut lines = Sha256::new();
    let mut published = PUBLISHED.iter().filter(|(lines, _)| *lines <= numbers);
    let mut next = published.next();
    for (count, double) in (1..=numbers).zip(sequence()) {
        let number = Number::from_f64(double).unwrap();
        let text = number.as_str();
        let line = format!("{:x},{text}\n", double.to_bits());
        lines.update(line.as_bytes());
        for written in [text, &format!("{double:.16e}")] {
            let read = canonicalize(written.as_bytes()).unwrap();
            assert_eq!(read.as_str(), text, "line {count}: {line}{written}");
        }
        if let Some((_, checksum)) = next.filter(|(lines, _)| *lines == count) {
            let ours = hex(lines.clone().finalize().as_slice());
            assert_eq!(ours, *checksum, "of the first {count} lines");
            println!("{count} numbers there and back: {ours}");
            next = published.next();
        }
    }
    assert!(next.is_none() && PUBLISHED.iter().any(|(lines, _)| *lines == numbers));
}

#[test]
fn the_first_100_000_numbers_are_printed_as_published_and_read_back() {
    check(100_000);
}

#[test]
#[ignore = "slow without optimisation: the step `proofs` of `cargo xtask test` runs it"]
fn the_first_10_million_numbers_are_printed_as_published_and_read_back() {
    check(10_000_000);
}

#[test]
#[ignore = "takes minutes: the step `proofs` of `cargo xtask test --long` runs it"]
fn the_first_100_million_numbers_are_printed_as_published_and_read_back() {
    check(100_000_000);
}
