//! Generated values, and the many ways to write one down

use countersign_canon::{Number, Object, Value};
use proptest::prelude::*;

/// Doubles of every size, with many that sit at the edges of the notations
fn number() -> impl Strategy<Value = Number> {
    let any = any::<u64>().prop_map(f64::from_bits);
    let short = (-999_999_999_i64..=999_999_999, -24..24_i32)
        .prop_map(|(digits, exponent)| format!("{digits}e{exponent}").parse::<f64>().unwrap());
    let near = (0..60_u32, -3..=3_i64).prop_map(|(bits, step)| {
        let power = f64::powi(2.0, i32::try_from(bits).unwrap());
        f64::from_bits(power.to_bits().wrapping_add_signed(step))
    });
    let integer = (-(1_i64 << 53) + 1..1 << 53).prop_map(|i| i.to_string().parse::<f64>().unwrap());
    prop_oneof![any, short, near, integer].prop_filter_map("finite", Number::from_f64)
}

/// Text with many characters that need care
pub(crate) fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('\0', '\u{1f}'),
        2 => prop_oneof![Just('"'), Just('\\'), Just('/'), Just('\u{7f}'), Just('\u{2028}')],
        2 => proptest::char::range('\u{80}', '\u{d7ff}'),
        1 => proptest::char::range('\u{e000}', '\u{ffff}'),
        1 => proptest::char::range('\u{10000}', '\u{10ffff}'),
    ];
    proptest::collection::vec(character, 0..24).prop_map(String::from_iter)
}

/// Keys, often alike in their first bytes
fn key() -> impl Strategy<Value = String> {
    let common = prop_oneof![
        Just(""),
        Just("abcdefg"),
        Just("abcdefgh"),
        Just("a"),
        Just("\n"),
        Just("\u{ffee}"),
        Just("😀")
    ];
    (common, text()).prop_map(|(common, rest)| format!("{common}{rest}"))
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 10, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..10).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..12)
                .prop_map(|members| Value::from(members.into_iter().collect::<Object>())),
        ]
    })
}

/// A stream of choices (`SplitMix64`), so that one number decides how a value is written
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % count as u64).unwrap()
    }
}

/// One of the ways to write the value: white space, order of keys, escapes, notation of numbers
pub(crate) fn write(value: &Value, choices: &mut Choices) -> String {
    let mut out = String::new();
    // Some documents are tidy and some are not, and both have tidy parts.
    let mess = choices.below(3);
    write_to(&mut out, value, mess, choices);
    out
}

fn write_to(out: &mut String, value: &Value, mess: usize, choices: &mut Choices) {
    let mess = if choices.below(4) == 0 { choices.below(3) } else { mess };
    space(out, mess, choices);
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number, mess, choices),
        Value::String(text) => write_string(out, text, mess, choices),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_to(out, item, mess, choices);
            }
            space(out, mess, choices);
            out.push(']');
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            if mess > 0 {
                for last in (1..members.len()).rev() {
                    members.swap(last, choices.below(last + 1));
                }
            }
            out.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                space(out, mess, choices);
                write_string(out, key, mess, choices);
                space(out, mess, choices);
                out.push(':');
                write_to(out, value, mess, choices);
            }
            space(out, mess, choices);
            out.push('}');
        }
    }
    space(out, mess, choices);
}

fn space(out: &mut String, mess: usize, choices: &mut Choices) {
    if mess > 1 && choices.below(3) == 0 {
        for _ in 0..choices.below(12) {
            out.push([' ', '\n', '\t', '\r'][choices.below(4)]);
        }
    }
}

fn write_number(out: &mut String, number: &Number, mess: usize, choices: &mut Choices) {
    let double = number.as_f64();
    let text = match choices.below(if mess > 0 { 6 } else { 1 }) {
        1 => format!("{double:e}"),
        2 => format!("{double:.16e}").replace('e', "E"),
        3 => format!("{double:.25e}"),
        4 if double.abs() < 1e15 => format!("{double:.1}").parse::<f64>().map_or_else(
            |_| number.as_str().to_owned(),
            |short| {
                if short.total_cmp(&double).is_eq() {
                    format!("{double:.1}")
                } else {
                    number.as_str().to_owned()
                }
            },
        ),
        5 if double == 0.0 => "-0".to_owned(),
        _ => number.as_str().to_owned(),
    };
    out.push_str(&text);
}

fn write_string(out: &mut String, text: &str, mess: usize, choices: &mut Choices) {
    let often = if mess > 0 { choices.below(6) } else { 9 };
    out.push('"');
    for character in text.chars() {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '/' => "\\/",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            _ => "",
        };
        if often == 0 || often < 3 && choices.below(4) == 0 || character < ' ' && short.is_empty() {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let upper = mess > 0 && choices.below(2) == 0;
                let escape =
                    if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
                out.push_str(&escape);
            }
        } else if !short.is_empty() && (character != '/' || mess > 0 && choices.below(2) == 0) {
            out.push_str(short);
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

/// Another value in one place: a leaf, a key, an element more or less, or two in another order
///
/// The place may by chance hold what it held before.
pub(crate) fn change(value: &Value, choices: &mut Choices) -> Value {
    let leaves = || {
        let texts = ["", "a", "A", "e\u{301}", "\u{e9}", "0", "null"].map(Value::from);
        let numbers = [0.0, 1.0, 0.1, 0.2, 1e20, 1e21, 5e-324].map(|n| Number::from_f64(n).into());
        let [nothing, empty] = [Value::Null, Value::Array(Vec::new())];
        [nothing, empty, true.into(), false.into(), Object::new().into()]
            .into_iter()
            .chain(texts)
            .chain(numbers)
            .collect::<Vec<Value>>()
    };
    match value {
        Value::Array(items) if !items.is_empty() && choices.below(4) > 0 => {
            let mut items = items.clone();
            let at = choices.below(items.len());
            match choices.below(6) {
                0 => drop(items.remove(at)),
                1 => items.insert(at, items[at].clone()),
                2 => items.swap(at, 0),
                _ => items[at] = change(&items[at], choices),
            }
            Value::from(items)
        }
        Value::Object(object) if object.iter().next().is_some() && choices.below(4) > 0 => {
            let mut members: Vec<(String, Value)> =
                object.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
            let at = choices.below(members.len());
            match choices.below(6) {
                0 => drop(members.remove(at)),
                1 => members[at].0.push(['a', '\0', '\u{e000}', '😀'][choices.below(4)]),
                2 => members.push((members[at].0.clone() + "+", members[at].1.clone())),
                3 => {
                    let with = members[0].1.clone();
                    members[0].1 = std::mem::replace(&mut members[at].1, with);
                }
                _ => members[at].1 = change(&members[at].1, choices),
            }
            Value::from(members.into_iter().collect::<Object>())
        }
        Value::String(text) if choices.below(2) == 0 => {
            Value::from(text.as_str().to_owned() + ["\0", " ", "a", "\u{301}"][choices.below(4)])
        }
        Value::Number(number) if choices.below(2) == 0 => {
            let bits = number.as_f64().to_bits() ^ 1 << choices.below(52);
            Number::from_f64(f64::from_bits(bits)).into()
        }
        _ => leaves().swap_remove(choices.below(19)),
    }
}

/// Changes a few bytes of a document: replaces, removes, doubles or moves some
pub(crate) fn mutate(document: &str, choices: &mut Choices) -> Vec<u8> {
    const LIKELY: &[u8] = b"\"\\{}[]:,0123456789eE+-.truefalsn \n\t/bu\x00\x1f\x7f\x80\xc3\xed\xff";
    let mut bytes = document.as_bytes().to_vec();
    for _ in 0..=choices.below(3) {
        let at = choices.below(bytes.len() + 1);
        match choices.below(5) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 if at < bytes.len() => bytes[at] = LIKELY[choices.below(LIKELY.len())],
            3 => {
                let end = (at + choices.below(20)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = choices.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            _ => bytes.insert(at, LIKELY[choices.below(LIKELY.len())]),
        }
    }
    bytes
}
