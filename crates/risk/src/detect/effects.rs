//! What a call moves and where it goes, for the session's memory.

use countersign_core::{Role, Tool};

use super::recipients;
use crate::arguments::{Arguments, Kind};
use crate::intent;
use crate::memory::{Effects, View};
use crate::text::domain;

/// The recipients of a call, and their domains.
pub(crate) fn addressees(arguments: &Arguments<'_>) -> Vec<String> {
    let mut to = Vec::new();
    for leaf in arguments.leaves.iter().take(256) {
        if leaf.kind == Kind::Key || !matches!(leaf.role, Role::Recipient | Role::Url) {
            continue;
        }
        for part in recipients(leaf.text).take(64) {
            let part = part.to_lowercase();
            to.extend(domain(&part).map(str::to_owned));
            to.push(part);
        }
    }
    to
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
        to: addressees(arguments),
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

/// The largest amount among the arguments, with the currency said beside it.
pub(crate) fn money(arguments: &Arguments<'_>, tool: &Tool) -> Option<Money> {
    if tool.effect() != countersign_core::Effect::Financial {
        return None;
    }
    let values = || arguments.leaves.iter().filter(|leaf| leaf.kind != Kind::Key);
    let mut currency = None;
    for leaf in values().filter(|leaf| leaf.role == Role::Currency) {
        currency = Some(code(leaf.text));
    }
    let mut money: Option<Money> = None;
    for leaf in values().filter(|leaf| leaf.role == Role::Amount && !leaf.text.trim().is_empty()) {
        let (amount, said) = amount(leaf.text);
        let currency = currency.or(said).unwrap_or_default();
        if money.is_none_or(|m| m.amount < amount) {
            money = Some(Money { amount, currency });
        }
    }
    money
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

/// An amount in hundredths, rounded up, without its sign, and the currency written in it. What is not
/// understood is the largest amount: a limit must not be passed by writing it in an unusual way.
fn amount(text: &str) -> (u64, Option<[u8; 8]>) {
    let mut currency = None;
    let mut number = String::new();
    let mut word = String::new();
    for c in text.trim().chars().take(64) {
        match c {
            '$' => currency = Some(code("USD")),
            '\u{20ac}' => currency = Some(code("EUR")),
            '\u{a3}' => currency = Some(code("GBP")),
            '\u{a5}' => currency = Some(code("JPY")),
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
    (hundredths(number.strip_prefix('-').unwrap_or(&number)).unwrap_or(u64::MAX), currency)
}

/// `1,234.5` and `1.234,50` as 123450: the last separator is the decimal one unless exactly three
/// digits follow it and another like it, or none, stands before.
fn hundredths(number: &str) -> Option<u64> {
    let fits = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b',');
    if number.is_empty() || number.len() > 24 || !number.bytes().all(fits) {
        return None;
    }
    let last = number.rfind(['.', ',']);
    let (whole, rest) = match last.and_then(|at| number.split_at_checked(at)) {
        None => (number, ""),
        Some((whole, rest)) => {
            let digits = rest.get(1..).unwrap_or_default();
            let comma = rest.starts_with(',');
            let again = whole.contains(if comma { ',' } else { '.' });
            // `1,000` is a thousand; `1.000` is one, as JSON writes numbers.
            if digits.len() == 3 && (again || comma) { (number, "") } else { (whole, digits) }
        }
    };
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
        ] {
            assert_eq!(amount(text), (n, currency.map(code)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_the_largest_one() {
        for text in ["1e9", "all of it", "\u{661}\u{662}", "1/2", "99999999999999999999", "0x10"] {
            assert_eq!(amount(text).0, u64::MAX, "{text}");
        }
    }
}
