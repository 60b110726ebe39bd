//! Documents that every implementation of RFC 8785 reads alike, written in many ways.
//!
//! Left out is what other languages read in another way or not at all: integer literals beyond
//! ±(2^53 − 1) (the Python package refuses them, JavaScript rounds them), duplicate keys, lone
//! surrogates, and numbers beyond a double.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_canon::canonicalize;

use crate::Made;

/// A stream of choices (`SplitMix64`), which one number repeats.
struct Choices(u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }

    fn of<T: Copy>(&mut self, list: &[T], otherwise: T) -> T {
        let at = usize::try_from(self.below(list.len() as u64)).unwrap_or_default();
        list.get(at).copied().unwrap_or(otherwise)
    }
}

/// Documents, one a line: the input and its canonical form, each in base64.
///
/// # Errors
/// If the kernel refuses one, which is then a disagreement of its own.
pub fn lines(count: usize, seed: u64) -> Made<String> {
    let mut choices = Choices(seed);
    let mut lines = String::new();
    for _ in 0..count {
        let mut document = String::new();
        let depth = choices.below(6);
        value(&mut document, depth, &mut choices);
        let canonical = canonicalize(document.as_bytes())
            .map_err(|error| format!("{error}, in a document of seed {seed}: {document}"))?;
        let (input, canonical) = (STANDARD.encode(document), STANDARD.encode(canonical.as_bytes()));
        writeln!(lines, "{input} {canonical}")?;
    }
    Ok(lines)
}

fn value(out: &mut String, depth: u64, choices: &mut Choices) {
    space(out, choices);
    match choices.below(if depth == 0 { 4 } else { 9 }) {
        0 => out.push_str(choices.of(&["null", "true", "false"], "null")),
        1 | 2 => number(out, choices),
        3 => string(out, &text(choices), choices),
        4 | 5 => {
            out.push('[');
            for index in 0..choices.below(7) {
                out.push_str(if index > 0 { "," } else { "" });
                value(out, depth - 1, choices);
            }
            space(out, choices);
            out.push(']');
        }
        _ => {
            out.push('{');
            let mut seen = BTreeSet::new();
            for _ in 0..choices.below(9) {
                let key = key(choices);
                if !seen.contains(&key) {
                    out.push_str(if seen.is_empty() { "" } else { "," });
                    space(out, choices);
                    string(out, &key, choices);
                    space(out, choices);
                    out.push(':');
                    value(out, depth - 1, choices);
                    seen.insert(key);
                }
            }
            space(out, choices);
            out.push('}');
        }
    }
    space(out, choices);
}

fn space(out: &mut String, choices: &mut Choices) {
    if choices.below(4) == 0 {
        for _ in 0..choices.below(4) {
            out.push(choices.of(&[' ', '\n', '\t', '\r'], ' '));
        }
    }
}

/// A literal that has a fraction, an exponent or at most 2^53 − 1.
fn number(out: &mut String, choices: &mut Choices) {
    const SAFE: u64 = (1 << 53) - 1;
    let sign = choices.of(&["", "-"], "");
    let literal = match choices.below(7) {
        0 => choices.below(1000).to_string(),
        1 => (choices.below(SAFE + 1) >> choices.below(53)).to_string(),
        2 => format!("{}.{}", choices.below(SAFE), choices.below(1_000_000)),
        3 => {
            let e = choices.of(&["e", "E", "e+", "E+", "e-", "E-0"], "e");
            format!("{}.{}{e}{}", choices.below(10), choices.below(1 << 60), choices.below(280))
        }
        4 => {
            // Around the powers of ten at which the notation changes.
            let exponent = choices.of(&[-7_i64, -6, -5, 15, 16, 20, 21, 22], 0);
            format!("{}.{:015}e{exponent}", 1 + choices.below(9), choices.below(1 << 49))
        }
        5 => choices
            .of(&["0", "0.0", "0e9", "1e-400", "5e-324", "2.4703282292062328e-324"], "0")
            .into(),
        _ => {
            let double = f64::from_bits(choices.next());
            let double = if double.is_finite() { double.abs() } else { 1.5 };
            if choices.below(2) == 0 { format!("{double:e}") } else { format!("{double:.17e}") }
        }
    };
    out.push_str(sign);
    out.push_str(&literal);
}

fn key(choices: &mut Choices) -> String {
    let common = [
        "",
        "",
        "a",
        "abcdefgh",
        "\u{ffee}",
        "\u{e000}",
        "😀",
        "\u{10ffff}",
        "\u{d7ff}",
        "é",
        "\n",
    ];
    let special = ["__proto__", "constructor", "toJSON", "0", "10", "-1", "length"];
    match choices.below(12) {
        0 => choices.of(&special, "").to_owned(),
        _ => choices.of(&common, "").to_owned() + &text(choices),
    }
}

fn text(choices: &mut Choices) -> String {
    let length = choices.below(10);
    (0..length).filter_map(|_| character(choices)).collect()
}

fn character(choices: &mut Choices) -> Option<char> {
    let (from, to) = choices.of(
        &[
            (0x20, 0x7f),
            (0x20, 0x7f),
            (0x61, 0x64),
            (0, 0x20),
            (0x22, 0x23),
            (0x5c, 0x5d),
            (0x7f, 0xa1),
            (0xa0, 0x800),
            (0x800, 0xd800),
            (0xe000, 0x1_0000),
            (0x1_0000, 0x11_0000),
        ],
        (0x20, 0x7f),
    );
    char::from_u32(from + u32::try_from(choices.below(u64::from(to - from))).ok()?)
}

fn string(out: &mut String, text: &str, choices: &mut Choices) {
    let escapes = choices.below(3);
    out.push('"');
    for character in text.chars() {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '/' if escapes > 0 => "\\/",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            _ => "",
        };
        let long = escapes == 2 && choices.below(3) == 0 || character < ' ' && short.is_empty();
        if long {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = if choices.below(2) == 0 {
                    write!(out, "\\u{unit:04x}")
                } else {
                    write!(out, "\\u{unit:04X}")
                };
            }
        } else if short.is_empty() {
            out.push(character);
        } else {
            out.push_str(short);
        }
    }
    out.push('"');
}
