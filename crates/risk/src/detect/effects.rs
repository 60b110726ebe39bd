//! What a call moves and where it goes, for the session's memory.

use countersign_core::{Role, Tool};

use super::recipients;
use crate::arguments::{Arguments, Kind, Leaf};
use crate::intent;
use crate::memory::{Effects, View};
use crate::text::domain;

/// The recipients of a call, and their domains.
pub(crate) fn addressees(arguments: &Arguments<'_>) -> impl Iterator<Item = String> {
    let leaves =
        arguments.leaves.iter().take(256).filter(|leaf| {
            leaf.kind != Kind::Key && matches!(leaf.role, Role::Recipient | Role::Url)
        });
    leaves.flat_map(|leaf| recipients(leaf.text).take(64)).flat_map(|part| {
        let part = part.to_lowercase();
        [domain(&part).map(str::to_owned), Some(part)].into_iter().flatten()
    })
}

/// Everything the memory keeps of an attempt.
pub(crate) fn of(arguments: &Arguments<'_>, tool: &Tool, memory: &View<'_>) -> Effects {
    if tool.effect() == countersign_core::Effect::Read {
        return Effects { pointed: is_pointed(arguments, tool, memory), ..Effects::default() };
    }
    let money = money(arguments, tool);
    Effects {
        amount: money.map_or(0, |m| m.amount),
        currency: money.map_or([0; 8], |m| m.currency),
        to: addressees(arguments).collect(),
        pointed: false,
    }
}

/// Whether the user's request, or a text it points at, names what a read looks at: one of its
/// arguments, or the things in the tool's name.
fn is_pointed(arguments: &Arguments<'_>, tool: &Tool, memory: &View<'_>) -> bool {
    let named = |text: &str| {
        let origin = memory.origin(text);
        origin.user || (origin.pointed && origin.flagged.is_none()) || memory.said_all(text)
    };
    let said = |stem: &str| memory.said_stem(stem);
    let mut values = arguments.leaves.iter().filter(|leaf| leaf.kind == Kind::Text);
    values.any(|leaf| leaf.text.len() <= 256 && named(leaf.text)) || intent::speaks_of(tool, said)
}

/// Money that a call moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Money {
    /// In hundredths. An amount that can't be read is the largest one.
    pub(crate) amount: u64,
    /// An ISO 4217 code in capitals; nothing if none is said.
    pub(crate) currency: [u8; 8],
}

/// What a call moves: of its amount arguments the largest, where one argument holds several amounts
/// their sum, with the currency said beside it. Of several currencies none is believed.
pub(crate) fn money(arguments: &Arguments<'_>, tool: &Tool) -> Option<Money> {
    if tool.effect() != countersign_core::Effect::Financial {
        return None;
    }
    let values = || arguments.leaves.iter().filter(|leaf| leaf.kind != Kind::Key);
    let mut currency: Option<[u8; 8]> = None;
    let mut moved: Option<Money> = None;
    let mut last: Option<(usize, Money)> = None;
    for leaf in values().filter(|leaf| !leaf.text.trim().is_empty()) {
        if let Some(said) = names_currency(arguments, leaf) {
            currency = Some(currency.map_or(said, |other| either(other, said)));
        } else if leaf.role == Role::Amount {
            let (amount, said) = amount(leaf.text, leaf.kind);
            let argument = arguments.argument(leaf);
            let said = said.unwrap_or_default();
            let money = match last.filter(|(of, _)| *of == argument) {
                None => Money { amount, currency: said },
                Some((_, sum)) => Money {
                    amount: sum.amount.saturating_add(amount),
                    currency: either(sum.currency, said),
                },
            };
            last = Some((argument, money));
            if moved.is_none_or(|m| m.amount < money.amount) {
                moved = Some(money);
            }
        }
    }
    // A word where an amount is due is none that is understood.
    let only = || values().any(|leaf| leaf.role == Role::Amount && !leaf.text.trim().is_empty());
    let unread = Money { amount: u64::MAX, currency: [0; 8] };
    let mut money = moved.or_else(|| only().then_some(unread))?;
    money.currency = match (currency, money.currency) {
        (None, said) => said,
        (Some(beside), said) if said == [0; 8] => beside,
        (Some(beside), said) => either(beside, said),
    };
    Some(money)
}

/// Every currency that a call says, in or beside its amounts.
pub(crate) fn currencies(arguments: &Arguments<'_>) -> Vec<[u8; 8]> {
    let values = arguments.leaves.iter().filter(|leaf| leaf.kind != Kind::Key);
    let said = values.filter_map(|leaf| {
        let within =
            || (leaf.role == Role::Amount).then(|| amount(leaf.text, leaf.kind).1).flatten();
        names_currency(arguments, leaf).or_else(within)
    });
    said.collect()
}

/// The currency that a value is: one beside an amount, or `currency` in `{"value": "5.00", "currency":
/// "EUR"}`. What has a digit in it may be an amount.
fn names_currency(arguments: &Arguments<'_>, leaf: &Leaf<'_>) -> Option<[u8; 8]> {
    let text = leaf.text.trim();
    let beside = || {
        let path = arguments.path(leaf);
        let key = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let digits = text.chars().any(char::is_numeric);
        leaf.kind == Kind::Text && !digits && key.starts_with("currency")
    };
    let names = leaf.role == Role::Currency || leaf.role == Role::Amount && beside();
    (names && !text.is_empty()).then(|| symbol(text).unwrap_or_else(|| code(text)))
}

/// Of two that differ none.
fn either(one: [u8; 8], other: [u8; 8]) -> [u8; 8] {
    if one == other { one } else { [0; 8] }
}

/// The currency that a sign stands for.
fn symbol(text: &str) -> Option<[u8; 8]> {
    let currency = match text {
        "$" => "USD",
        "\u{20ac}" => "EUR",
        "\u{a3}" => "GBP",
        "\u{a5}" => "JPY",
        _ => return None,
    };
    Some(code(currency))
}

/// A currency as eight bytes: its letters in capitals. Longer words are cut, and no limit is for them.
pub(crate) fn code(text: &str) -> [u8; 8] {
    let mut code = [0; 8];
    let letters = text.trim().bytes().map(|b| b.to_ascii_uppercase());
    for (to, from) in code.iter_mut().zip(letters) {
        *to = from;
    }
    code
}

/// Longest amount that is read, in characters.
const MAX_AMOUNT: usize = 64;

/// An amount in hundredths, rounded up, without its sign, and the currency written in it. What is not
/// understood is the largest amount: a limit must not be passed by writing it in an unusual way.
fn amount(text: &str, kind: Kind) -> (u64, Option<[u8; 8]>) {
    let mut currency = None;
    let mut number = String::new();
    let mut word = String::new();
    let text = text.trim();
    if text.chars().nth(MAX_AMOUNT).is_some() {
        return (u64::MAX, None);
    }
    for c in text.chars() {
        match c {
            '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}' => currency = symbol(c.encode_utf8(&mut [0; 4])),
            c if c.is_alphabetic() => word.push(c),
            c if c.is_whitespace() || matches!(c, '_' | '\'' | '+') => {}
            c => number.push(c),
        }
    }
    if word.len() == 3 {
        currency = Some(code(&word));
    } else if !word.is_empty() {
        return (u64::MAX, currency);
    }
    let number = number.strip_prefix('-').unwrap_or(&number);
    (hundredths(number, kind).unwrap_or(u64::MAX), currency)
}

/// `1,234.5` and `1.234,50` as 123450: the last separator is the decimal one unless exactly three
/// digits follow it and it may be one of thousands. Separators that leave no clear reading give none.
fn hundredths(number: &str, kind: Kind) -> Option<u64> {
    let fits = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b',');
    if number.is_empty() || number.len() > 24 || !number.bytes().all(fits) {
        return None;
    }
    let last = number.rfind(['.', ',']);
    let (whole, rest) = match last.and_then(|at| number.split_at_checked(at)) {
        None => (number, ""),
        Some((whole, rest)) => {
            let digits = rest.get(1..).unwrap_or_default();
            let separator = if rest.starts_with(',') { ',' } else { '.' };
            // In a text `20.000` is twenty thousand to some; the larger reading counts. A number is
            // written with a point.
            // Who leaves commas out reads `1234,567` as more than a million, and `0999,999` too.
            let thousands = match separator {
                ',' => whole != "0",
                _ => (1..=3).contains(&whole.len()) && whole != "0" && kind == Kind::Text,
            };
            if digits.len() == 3 && (whole.contains(separator) || thousands) {
                (number, "")
            } else if digits.len() > 3 && separator == ',' {
                return None;
            } else {
                (whole, digits)
            }
        }
    };
    let decimal = number.get(whole.len()..).and_then(|rest| rest.chars().next());
    if !is_grouped(whole, decimal) {
        return None;
    }
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
    let value = |bytes: &[u8]| {
        bytes.iter().try_fold(0u64, |n, b| n.checked_mul(10)?.checked_add(u64::from(*b & 0xf)))
    };
    let (whole, rest) = (digits(whole), digits(rest));
    let cents = match rest.as_slice() {
        [] => 0,
        [tens] => u64::from(*tens & 0xf).saturating_mul(10),
        [tens, ones, more @ ..] => {
            let two = value(&[*tens, *ones])?;
            two.saturating_add(u64::from(more.iter().any(|b| *b != b'0')))
        }
    };
    value(&whole)?.checked_mul(100)?.checked_add(cents)
}

/// Whether digits stand in groups of three, or as in India of two before the last three, with one kind
/// of separator that is not the decimal one.
fn is_grouped(whole: &str, decimal: Option<char>) -> bool {
    let Some(at) = whole.find(['.', ',']) else { return true };
    let separator = whole.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('.');
    let groups: Vec<usize> = whole.split(separator).map(str::len).collect();
    let (Some((first, rest)), Some(last)) = (groups.split_first(), groups.last()) else {
        return false;
    };
    let middle = rest.split_last().map_or(&[][..], |(_, middle)| middle);
    let of = |size: usize| (1..=size).contains(first) && middle.iter().all(|n| *n == size);
    let other = if separator == ',' { '.' } else { ',' };
    decimal != Some(separator) && !whole.contains(other) && *last == 3 && (of(3) || of(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_hundredths_however_they_are_written() {
        for (text, n, currency) in [
            ("98.7", 9_870, None),
            ("12", 1_200, None),
            ("1,234.5", 123_450, None),
            ("1.234,50", 123_450, None),
            ("1,000", 100_000, None),
            ("1,000,000", 100_000_000, None),
            ("0.001", 1, None),
            ("$30,000", 3_000_000, Some("USD")),
            ("\u{20ac} 5", 500, Some("EUR")),
            ("250 chf", 25_000, Some("CHF")),
            ("-7", 700, None),
            ("1'000.00", 100_000, None),
            ("1,00,000.50", 10_000_050, None),
            ("1.234.567,8", 123_456_780, None),
            ("1234567.891", 123_456_790, None),
        ] {
            assert_eq!(amount(text, Kind::Text), (n, currency.map(code)), "{text}");
        }
    }

    #[test]
    fn of_two_readings_of_a_text_the_larger_counts_and_a_number_has_one() {
        assert_eq!(amount("20.000", Kind::Text).0, 2_000_000);
        assert_eq!(amount("20.125", Kind::Number).0, 2_013);
        for (text, n) in [("1,000", 100_000), ("099,999", 9_999_900), ("0,999", 100)] {
            assert_eq!(amount(text, Kind::Text).0, n, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_the_largest_one() {
        let padded = format!("5{}000000", " ".repeat(MAX_AMOUNT));
        for text in [
            "1e9",
            "all of it",
            "\u{661}\u{662}",
            "1/2",
            "99999999999999999999",
            "0x10",
            "1,0,0,0,0",
            "10.000.00",
            "1.234,567.89",
            "1,0000",
            "9999,000",
            "0999,999",
            "1\u{200b}0000",
            padded.as_str(),
        ] {
            assert_eq!(amount(text, Kind::Text).0, u64::MAX, "{text}");
        }
    }
}
