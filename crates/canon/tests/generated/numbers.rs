//! However a number is written, it is the nearest double

use crate::documents::Choices;
use countersign_canon::canonicalize;
use proptest::prelude::*;

/// What a literal is read as.
fn read(literal: &str) -> Option<String> {
    canonicalize(literal.as_bytes()).ok().map(|canonical| canonical.as_str().to_owned())
}

/// The same number, with its point moved by so many places over zeros.
fn shifted(negative: bool, digits: &str, exponent: i64, places: i64) -> String {
    let sign = if negative { "-" } else { "" };
    let zeros = "0".repeat(usize::try_from(places.unsigned_abs()).unwrap());
    if places < 0 {
        format!(
            "{sign}0.{zeros}{digits}e{}",
            exponent - places + i64::try_from(digits.len()).unwrap()
        )
    } else {
        format!("{sign}{digits}{zeros}.0e{}", exponent - places)
    }
}

proptest! {
    #[test]
    fn a_point_that_moves_over_zeros_changes_nothing(bits: u64, few in 1..10_000_u32, small: bool, seed: u64) {
        let double = if small { f64::from(few) } else { f64::from_bits(bits) };
        prop_assume!(double.is_finite());
        let scientific = format!("{double:e}");
        let want = read(&scientific).unwrap();
        let (mantissa, exponent) = scientific.split_once('e').unwrap();
        let (negative, mantissa) = (mantissa.starts_with('-'), mantissa.trim_start_matches('-'));
        let digits = mantissa.replace('.', "");
        let digits = digits.trim_start_matches('0');
        prop_assume!(!digits.is_empty());
        let exponent = exponent.parse::<i64>().unwrap() + 1 - i64::try_from(digits.len()).unwrap();
        let mut choices = Choices(seed);
        for most in [20, 800, 20_000] {
            let places = i64::try_from(choices.below(most)).unwrap();
            for places in [places, -places] {
                let literal = shifted(negative, digits, exponent, places);
                prop_assert_eq!(read(&literal), Some(want.clone()), "{} places", places);
            }
        }
    }

    /// Halfway between two doubles, and a little to either side, written out.
    #[test]
    fn ties_go_to_the_even_double_and_everything_else_to_the_nearest(bits in 1..u64::MAX >> 1, zeros in 0..900_usize) {
        let below = f64::from_bits(bits);
        let above = f64::from_bits(bits + 1);
        prop_assume!(above.is_finite());
        // An exact decimal has at most 1075 places; the sum of two doubles side by side is exact
        // when halved in decimal.
        let (a, b) = (format!("{below:.1100}"), format!("{above:.1100}"));
        let halfway = half(&a, &b);
        let even = if bits & 1 == 0 { below } else { above };
        let text = |double: f64| read(&format!("{double:e}"));
        prop_assert_eq!(read(&halfway), text(even));
        prop_assert_eq!(read(&format!("{halfway}{:0<zeros$}1", "")), text(above));
        let less = decrement(&halfway);
        prop_assert_eq!(read(&less), text(below));
    }

    #[test]
    fn exponents_of_any_length_are_read(zeros in 0..40_usize, tail in "[0-9]{0,30}", sign in "[+-]?", digits in "[0-9]{1,30}") {
        let literal = format!("{}.{digits}e{sign}{:0<zeros$}{tail}1", 0, "");
        let std: f64 = literal.parse().unwrap();
        let want = std.is_finite().then(|| read(&format!("{std:e}")).unwrap());
        prop_assert_eq!(read(&literal), want, "{}", literal);
    }
}

/// Half of the sum of two decimals of the same number of places, exact with one place more.
fn half(a: &str, b: &str) -> String {
    let point = a.len() - a.find('.').unwrap();
    let width = a.len().max(b.len());
    let digits = |text: &str| -> Vec<u8> {
        format!("{text:0>width$}0").bytes().filter(|b| *b != b'.').map(|b| b - b'0').collect()
    };
    let (a, b) = (digits(a), digits(b));
    let mut sum = vec![0; a.len() + 1];
    let mut carry = 0;
    for at in (0..a.len()).rev() {
        let total = a[at] + b[at] + carry;
        (sum[at + 1], carry) = (total % 10, total / 10);
    }
    sum[0] = carry;
    let mut rest = 0;
    for digit in &mut sum {
        let total = rest * 10 + *digit;
        (*digit, rest) = (total / 2, total % 2);
    }
    assert_eq!(rest, 0);
    let text: String = sum.iter().map(|digit| char::from(digit + b'0')).collect();
    let (whole, fraction) = text.split_at(text.len() - point);
    let whole = whole.trim_start_matches('0');
    format!("{}.{fraction}", if whole.is_empty() { "0" } else { whole })
}

/// One less in the last place.
fn decrement(decimal: &str) -> String {
    let mut bytes = decimal.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev().filter(|byte| **byte != b'.') {
        if *byte > b'0' {
            *byte -= 1;
            break;
        }
        *byte = b'9';
    }
    let text = String::from_utf8(bytes).unwrap();
    let text = text.trim_start_matches('0');
    if text.starts_with('.') { format!("0{text}") } else { text.to_owned() }
}

/// No reader of numbers that gives up on an exponent of six digits is right about these.
#[test]
fn long_exponents_of_long_literals_count_to_the_last_digit() {
    let zeros = "0".repeat(700_000);
    assert_eq!(read(&format!("0.{zeros}1e700001")).as_deref(), Some("1"));
    assert_eq!(read(&format!("-0.{zeros}25e+0700001")).as_deref(), Some("-2.5"));
    assert_eq!(read(&format!("15{zeros}e-700001")).as_deref(), Some("1.5"));
    assert_eq!(read(&format!("15{zeros}.000E-700001")).as_deref(), Some("1.5"));
    assert_eq!(read(&format!("0.{zeros}17e700309")).as_deref(), Some("1.7e+308"));
    assert_eq!(read(&format!("1{zeros}e-7000010")).as_deref(), Some("0"));
    assert_eq!(read(&format!("0.{zeros}1e7000010")), None);
    assert_eq!(read(&format!("0.{zeros}e99999999999999999999999")).as_deref(), Some("0"));
    assert_eq!(read(&format!("0.{:065500}1e655360", 0)), None);
    assert_eq!(read(&format!("0.{:065500}1e65501", 0)).as_deref(), Some("1"));
    assert_eq!(read(&format!("0.{:065500}1e65502", 0)).as_deref(), Some("10"));
    assert_eq!(read(&format!("1{zeros}e99999999999999999999999")), None);
    assert_eq!(read(&format!("-1{zeros}e-99999999999999999999999")).as_deref(), Some("0"));
}
