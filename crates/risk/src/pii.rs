//! Card numbers and IBANs, each validated by its check digits.
//!
//! Other kinds (names, addresses, phone numbers, government ids) are not looked for here.

use crate::text::fold;

/// How many of each a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Items {
    pub(crate) cards: usize,
    pub(crate) ibans: usize,
}

/// Counts card numbers (ISO/IEC 7812: 13 to 19 digits, an issuer's prefix, Luhn) and IBANs (ISO
/// 13616: a country's length, mod 97), also in lower case and with single spaces, hyphens or dots
/// between groups.
pub(crate) fn find(text: &str) -> Items {
    let bytes: Vec<u8> = text.chars().map(ascii).collect();
    let mut items = Items::default();
    let mut at = 0usize;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let inside =
            at.checked_sub(1).and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_alphanumeric);
        let found = match rest.first() {
            Some(b) if inside || !b.is_ascii_alphanumeric() => None,
            Some(b) if b.is_ascii_digit() => card(rest).inspect(|_| {
                items.cards = items.cards.saturating_add(1);
            }),
            _ => iban(rest).inspect(|_| items.ibans = items.ibans.saturating_add(1)),
        };
        at = at.saturating_add(found.unwrap_or(1).max(1));
    }
    items
}

/// A byte per character: ASCII (also from full-width forms), a space for every kind of space, and
/// something that belongs to no number for the rest.
fn ascii(c: char) -> u8 {
    match fold(c) {
        c if c.is_ascii() => u8::try_from(u32::from(c)).unwrap_or(0),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => b' ',
        '\u{2010}'..='\u{2015}' => b'-',
        // Scripts without spaces put numbers right behind their words.
        _ => 0,
    }
}

fn separates(b: u8) -> bool {
    matches!(b, b' ' | b'-' | b'.')
}

/// The length of a card number at the start of `bytes`, separators included.
fn card(bytes: &[u8]) -> Option<usize> {
    let mut digits = Vec::with_capacity(19);
    let mut at = 0usize;
    let mut best = None;
    loop {
        match bytes.get(at) {
            Some(b) if b.is_ascii_digit() => {
                digits.push(b.wrapping_sub(b'0'));
                at = at.saturating_add(1);
                if digits.len() > 19 {
                    return best;
                }
            }
            next => {
                let glued = next.is_some_and(u8::is_ascii_alphabetic);
                if !glued && issued(&digits) && luhn(&digits) {
                    best = Some(at);
                }
                let one = next.is_some_and(|b| separates(*b));
                let after = bytes.get(at.saturating_add(1));
                if !(one && after.is_some_and(u8::is_ascii_digit)) {
                    return best;
                }
                at = at.saturating_add(1);
            }
        }
    }
}

/// Whether an issuer gives out cards with this beginning and length.
fn issued(digits: &[u8]) -> bool {
    let head = |n: usize| {
        digits.iter().take(n).fold(0u32, |v, d| v.saturating_mul(10).saturating_add(u32::from(*d)))
    };
    let length = digits.len();
    match head(4) {
        // Visa.
        4000..=4999 => matches!(length, 13 | 16 | 18 | 19),
        // Mastercard, both series.
        2221..=2720 | 5100..=5599 => length == 16,
        // American Express.
        3400..=3499 | 3700..=3799 => length == 15,
        // Diners Club.
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&length),
        // JCB.
        3528..=3589 => (16..=19).contains(&length),
        // Maestro, Discover, UnionPay, RuPay.
        5000..=5099 | 5600..=6999 => (13..=19).contains(&length),
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().fold(0u32, |sum, (i, d)| {
        let digit = u32::from(*d);
        let doubled = if i % 2 == 1 { digit.saturating_mul(2) } else { digit };
        sum.saturating_add(if doubled > 9 { doubled.saturating_sub(9) } else { doubled })
    });
    sum.is_multiple_of(10)
}

/// Countries with IBANs and their lengths (ISO 13616 registry).
const COUNTRIES: &[u8] =
    b"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27\
DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30\
KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29\
PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

fn iban_length(country: [u8; 2]) -> Option<usize> {
    let (entries, _) = COUNTRIES.as_chunks::<4>();
    let [.., tens, ones] = entries.iter().find(|[a, b, ..]| [*a, *b] == country)?;
    let digit = |b: &u8| usize::from(b.wrapping_sub(b'0'));
    Some(digit(tens).saturating_mul(10).saturating_add(digit(ones)))
}

/// The length of an IBAN at the start of `bytes`, separators included.
fn iban(bytes: &[u8]) -> Option<usize> {
    let [a, b, c, d, ..] = bytes else { return None };
    let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    if !(c.is_ascii_digit() && d.is_ascii_digit()) {
        return None;
    }
    let length = iban_length(country)?;
    let mut taken = Vec::with_capacity(34);
    let mut at = 0usize;
    while taken.len() < length {
        let byte = *bytes.get(at)?;
        if byte.is_ascii_alphanumeric() {
            taken.push(byte.to_ascii_uppercase());
        } else {
            let after = bytes.get(at.saturating_add(1))?;
            if !separates(byte) || !after.is_ascii_alphanumeric() {
                return None;
            }
        }
        at = at.saturating_add(1);
    }
    let glued = bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    taken.rotate_left(4);
    (!glued && mod97(&taken) == 1).then_some(at)
}

/// The remainder by 97 with A as 10 to Z as 35 (ISO 7064).
fn mod97(text: &[u8]) -> u32 {
    text.iter().fold(0u32, |rest, b| {
        let (value, shift) = match b {
            b'0'..=b'9' => (b.wrapping_sub(b'0'), 10u32),
            _ => (b.wrapping_sub(b'A').wrapping_add(10), 100),
        };
        rest.saturating_mul(shift).saturating_add(u32::from(value)).checked_rem(97).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(text: &str) -> usize {
        find(text).cards
    }
    fn ibans(text: &str) -> usize {
        find(text).ibans
    }

    #[test]
    fn card_numbers_of_every_issuer_are_found() {
        for number in [
            "4111111111111111",
            "4222222222222",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "30569309025904",
            "3530111333300000",
            "6011111111111117",
            "6304000000000000",
        ] {
            assert_eq!(cards(number), 1, "{number}");
            assert_eq!(cards(&format!("({number}).")), 1, "{number}");
        }
        for spaced in [
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4111\u{a0}1111\u{202f}1111\u{2011}1111",
            "\u{ff14}111111111111111",
            "card 4111 1111 1111 1111 123 ok",
            "4111 1111 1111 1111 12/30",
            "no,4111111111111111;",
            "card_4111111111111111_",
            "\u{5361}\u{53f7}4111111111111111\u{3002}",
        ] {
            assert_eq!(cards(spaced), 1, "{spaced}");
        }
        assert_eq!(cards("4111111111111111 5555555555554444, 378282246310005"), 3);
    }

    #[test]
    fn what_only_looks_like_a_card_number_is_not_one() {
        for text in [
            "4111111111111112",
            "1732240929123",
            "411111111111111",
            "41111111111111111111",
            "a4111111111111111",
            "4111111111111111b",
            "4111  1111 1111 1111",
            "0000000000000000",
            "9111111111111111",
            "",
        ] {
            assert_eq!(cards(text), 0, "{text}");
        }
    }

    #[test]
    fn ibans_are_found_in_any_case_and_grouping() {
        for text in [
            "DE89370400440532013000",
            "gb82 west 1234 5698 7654 32",
            "pay to FR14 2004 1010 0505 0001 3M02 606 please",
            "NO9386011117947.",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert_eq!(ibans(text), 1, "{text}");
        }
        assert_eq!(ibans("DE89370400440532013000,NO9386011117947"), 2);
    }

    #[test]
    fn what_only_looks_like_an_iban_is_not_one() {
        for text in [
            "DE89370400440532013001",
            "UK12345678901234567890",
            "US133000000121212121212",
            "DE893704004405320130001",
            "xDE89370400440532013000",
            "DE8937040044053201300",
            "DE",
            "D\u{0415}89370400440532013000",
        ] {
            assert_eq!(ibans(text), 0, "{text}");
        }
    }

    #[test]
    fn the_table_of_countries_is_well_formed_and_sorted() {
        let (entries, rest) = COUNTRIES.as_chunks::<4>();
        assert!(rest.is_empty() && entries.windows(2).all(|w| w[0] < w[1]));
        for [a, b, ..] in entries {
            assert!((15..=33).contains(&iban_length([*a, *b]).unwrap()));
        }
    }
}
