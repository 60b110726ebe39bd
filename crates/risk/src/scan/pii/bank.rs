//! Card numbers and IBANs, each validated by its check digits.

fn separates(b: u8) -> bool {
    matches!(b, b' ' | b'-' | b'.')
}

/// The length of a card number at the start of `bytes`, separators included.
pub(super) fn card(bytes: &[u8]) -> Option<usize> {
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
pub(super) fn iban(bytes: &[u8]) -> Option<usize> {
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
