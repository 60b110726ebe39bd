//! Numbers that states and banks give out, in digits only.

use super::bank::luhn;
use super::context::{Context, Topic};
use super::number::{Between, Window, is_date};
use crate::scan::kinds::PiiType;

/// What a number is, if it is one of these. Where the check digits are weak, the words around it must
/// say so.
pub(super) fn of(number: &Window<'_>, context: &Context<'_>) -> Option<PiiType> {
    if number.groups.len() > 7 {
        return None;
    }
    match number.digits.len() {
        9 => nine(number, context),
        10 => ten(number, context),
        11 => eleven(number, context),
        12 => twelve(number, context),
        13 => ahv(number).then_some(PiiType::ChAhv),
        14 => cnpj(number).then_some(PiiType::BrCnpj),
        15 => nir(number).then_some(PiiType::FrNir),
        8 => (context.has(Topic::Bsn) && number.is_even() && bsn(number)).then_some(PiiType::NlBsn),
        _ => None,
    }
}

fn nine(number: &Window<'_>, context: &Context<'_>) -> Option<PiiType> {
    let dashed =
        number.shaped(&[3, 2, 4]) && number.is_even() && number.evenly() != Some(Between::Slash);
    let numbers = [Topic::Ssn, Topic::Sin, Topic::Tfn, Topic::Tax, Topic::Bsn, Topic::Routing];
    let said = context.nearest(&numbers);
    if dashed || number.groups.len() == 1 && said == Some(Topic::Ssn) {
        let (area, group, serial) = (number.value(0, 3), number.value(3, 5), number.value(5, 9));
        if (900..=999).contains(&area) {
            let itin = matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99) && serial > 0;
            return itin.then_some(PiiType::UsItin);
        }
        let invalid = area == 0 || area == 666 || group == 0 || serial == 0;
        let sample =
            matches!(number.value(0, 9), 123_456_789 | 78_051_120 | 219_099_999 | 111_111_111);
        return (!invalid && !sample).then_some(PiiType::UsSsn);
    }
    if !number.is_even() {
        return None;
    }
    match said? {
        Topic::Sin => (luhn(number.digits)).then_some(PiiType::CaSin),
        Topic::Tfn | Topic::Tax => number
            .weighted(&[1, 4, 3, 7, 5, 8, 6, 9, 10])
            .is_multiple_of(11)
            .then_some(PiiType::AuTfn),
        Topic::Bsn => bsn(number).then_some(PiiType::NlBsn),
        Topic::Routing => routing(number).then_some(PiiType::UsRouting),
        _ => None,
    }
}

/// The eleven test; eight digits have lost their leading zero.
fn bsn(number: &Window<'_>) -> bool {
    let weights: &[u32] =
        if number.digits.len() == 8 { &[8, 7, 6, 5, 4, 3, 2] } else { &[9, 8, 7, 6, 5, 4, 3, 2] };
    let last = number.digits.last().copied().map_or(0, u32::from);
    let sum = number.weighted(weights);
    sum > 0 && sum.wrapping_add(11).wrapping_sub(last).is_multiple_of(11)
}

/// A routing number of the American Bankers Association: ranges of districts, weights 3-7-1.
fn routing(number: &Window<'_>) -> bool {
    let district = matches!(number.value(0, 2), 0..=12 | 21..=32 | 61..=72 | 80);
    district
        && number.value(0, 9) > 0
        && number.weighted(&[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

fn ten(number: &Window<'_>, context: &Context<'_>) -> Option<PiiType> {
    let even = number.is_even();
    let day_first = is_date(number.value(2, 4), number.value(0, 2));
    if number.shaped(&[6, 4]) && number.evenly() == Some(Between::Hyphen) {
        let swedish = swedish(number.digits);
        if swedish && !context.has(Topic::Cpr) && !context.has(Topic::Hetu) {
            return Some(PiiType::SePnr);
        }
        return (day_first && context.has(Topic::Cpr)).then_some(PiiType::DkCpr);
    }
    if !even {
        return None;
    }
    let numbers = [Topic::Nhs, Topic::Personnummer, Topic::Cpr, Topic::Medicare, Topic::Identity];
    match context.nearest(&numbers) {
        Some(Topic::Nhs) => nhs(number).then_some(PiiType::UkNhs),
        Some(Topic::Personnummer | Topic::Identity) => {
            swedish(number.digits).then_some(PiiType::SePnr)
        }
        Some(Topic::Cpr) => day_first.then_some(PiiType::DkCpr),
        Some(Topic::Medicare) => {
            let sum = number.weighted(&[1, 3, 7, 9, 1, 3, 7, 9]);
            (matches!(number.digit(0), 2..=6) && sum.wrapping_rem(10) == number.digit(8))
                .then_some(PiiType::AuMedicare)
        }
        _ => {
            // Unnamed, only as it is printed, and only what is no phone number of North America.
            let phone = number.digit(0) >= 2 && number.digit(3) >= 2;
            (number.shaped(&[3, 3, 4])
                && !phone
                && number.digit(0) != 0
                && context.is_silent()
                && !context.has(Topic::Phone)
                && !context.has(Topic::Reach)
                && nhs(number))
            .then_some(PiiType::UkNhs)
        }
    }
}

/// Ten digits, weights 10 to 2, modulo 11.
fn nhs(number: &Window<'_>) -> bool {
    let check = 11u32.wrapping_sub(number.weighted(&[10, 9, 8, 7, 6, 5, 4, 3, 2]).wrapping_rem(11));
    let check = if check == 11 { 0 } else { check };
    check != 10 && check == number.digit(9) && number.varied()
}

/// A date of birth, a serial number, Luhn over all ten.
fn swedish(digits: &[u8]) -> bool {
    let two = |i: usize| {
        let digits = digits.get(i..i.saturating_add(2)).unwrap_or_default();
        digits.iter().fold(0u64, |v, d| v.wrapping_mul(10).wrapping_add(u64::from(*d)))
    };
    let day = two(4);
    // Coordination numbers add 60 to the day.
    let day = if day > 60 { day.wrapping_sub(60) } else { day };
    is_date(two(2), day) && luhn(digits)
}

/// Words that name it, check, kind, and whether it is written like this where nothing names it.
type Test = (Topic, fn(&Window<'_>) -> bool, PiiType, bool);

fn eleven(number: &Window<'_>, context: &Context<'_>) -> Option<PiiType> {
    if number.shaped(&[3, 3, 3, 2]) {
        let formatted = matches!(number.groups, [_, b, c, d] if b.before == c.before
            && matches!(b.before, Between::Dot | Between::Space)
            && matches!(d.before, Between::Hyphen | Between::Space));
        return (formatted && cpf(number)).then_some(PiiType::BrCpf);
    }
    if number.shaped(&[2, 2, 2, 3, 2]) {
        return belgian(number).then_some(PiiType::BeNrn);
    }
    let plain = number.groups.len() == 1;
    let topic = context.nearest(&[
        Topic::Pesel,
        Topic::Cpf,
        Topic::SteuerId,
        Topic::Fnr,
        Topic::Nrn,
        Topic::Tckn,
        Topic::Abn,
        Topic::Tax,
        Topic::Personnummer,
    ]);
    let identity = topic.is_none() && context.first() == Some(Topic::Identity);
    let topic = topic.map(|topic| match topic {
        Topic::Tax => Topic::SteuerId,
        Topic::Personnummer => Topic::Fnr,
        other => other,
    });
    if !(plain || number.is_even()) {
        return None;
    }
    let tests: [Test; 7] = [
        // What holds a date and a strong check first.
        (Topic::Fnr, norwegian, PiiType::NoFnr, plain || number.shaped(&[6, 5])),
        (Topic::Nrn, belgian, PiiType::BeNrn, plain),
        (Topic::Cpf, cpf, PiiType::BrCpf, plain),
        (Topic::Tckn, turkish, PiiType::TrTckn, plain),
        (Topic::Pesel, pesel, PiiType::PlPesel, plain),
        (Topic::SteuerId, german, PiiType::DeTaxId, plain || number.shaped(&[2, 3, 3, 3])),
        (Topic::Abn, australian, PiiType::AuAbn, number.shaped(&[2, 3, 3, 3])),
    ];
    match topic {
        Some(topic) => tests
            .iter()
            .find(|(of, test, ..)| *of == topic && test(number))
            .map(|(_, _, what, _)| *what),
        None if identity || context.is_silent() && !context.is_beside(Topic::Phone) => tests
            .iter()
            .find(|(_, test, _, usual)| *usual && test(number))
            .map(|(_, _, what, _)| *what),
        None => None,
    }
}

fn cpf(number: &Window<'_>) -> bool {
    let check = |weights: &[u32]| {
        let rest = number.weighted(weights).wrapping_mul(10).wrapping_rem(11);
        if rest == 10 { 0 } else { rest }
    };
    number.varied()
        && check(&[10, 9, 8, 7, 6, 5, 4, 3, 2]) == number.digit(9)
        && check(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == number.digit(10)
}

fn norwegian(number: &Window<'_>) -> bool {
    let day = number.value(0, 2);
    let day = if day > 40 { day.wrapping_sub(40) } else { day };
    is_date(number.value(2, 4), day)
        && number.weighted(&[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && number.weighted(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

fn belgian(number: &Window<'_>) -> bool {
    let (body, check) = (number.value(0, 9), number.value(9, 11));
    let of = |body: u64| 97u64.wrapping_sub(body.wrapping_rem(97)) == check;
    let month = number.value(2, 4).wrapping_rem(20);
    let date = month == 0 || is_date(month, number.value(4, 6)) || number.value(4, 6) == 0;
    date && month <= 12 && (of(body) || of(body.wrapping_add(2_000_000_000)))
}

fn turkish(number: &Window<'_>) -> bool {
    let odd = number.weighted(&[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = number.weighted(&[0, 1, 0, 1, 0, 1, 0, 1]);
    let tenth = odd.wrapping_mul(7).wrapping_add(1000).wrapping_sub(even).wrapping_rem(10);
    let all = number.weighted(&[1; 10]);
    number.digit(0) != 0 && tenth == number.digit(9) && all.wrapping_rem(10) == number.digit(10)
}

fn pesel(number: &Window<'_>) -> bool {
    let month = number.value(2, 4).wrapping_rem(20);
    is_date(month, number.value(4, 6))
        && number.weighted(&[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// ISO 7064 MOD 11,10; of the first ten digits one stands there two or three times, no more.
fn german(number: &Window<'_>) -> bool {
    let (mut counts, mut product) = ([0u8; 10], 10u32);
    for d in number.digits.iter().take(10) {
        if let Some(count) = counts.get_mut(usize::from(*d)) {
            *count = count.wrapping_add(1);
        }
        let sum = u32::from(*d).wrapping_add(product).wrapping_rem(10);
        product = (if sum == 0 { 10 } else { sum }).wrapping_mul(2).wrapping_rem(11);
    }
    let check = 11u32.wrapping_sub(product).wrapping_rem(10);
    let repeated = counts.iter().filter(|n| **n > 1).count();
    let most = counts.iter().max().copied().unwrap_or(0);
    number.digit(0) != 0 && repeated == 1 && most <= 3 && check == number.digit(10)
}

fn australian(number: &Window<'_>) -> bool {
    let sum = number.weighted(&[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    number.digit(0) != 0 && sum.wrapping_add(79).wrapping_rem(89) == 0
}

fn twelve(number: &Window<'_>, context: &Context<'_>) -> Option<PiiType> {
    let swedish = number.shaped(&[8, 4]) && number.evenly() == Some(Between::Hyphen)
        || number.groups.len() == 1
            && (context.has(Topic::Personnummer) || context.has(Topic::Identity));
    if swedish && matches!(number.value(0, 2), 18..=20) {
        let ten = number.digits.get(2..).unwrap_or_default();
        return self::swedish(ten).then_some(PiiType::SePnr);
    }
    let named = context.has(Topic::Aadhaar);
    let printed = number.shaped(&[4, 4, 4]) && context.is_silent();
    (number.is_even() && (named || printed) && number.digit(0) >= 2 && verhoeff(number.digits))
        .then_some(PiiType::InAadhaar)
}

/// Verhoeff's check digit: the dihedral group of order ten.
fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTED: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => a.wrapping_add(b) % 5,
        (true, false) => 5u8.wrapping_add(a.wrapping_add(b.wrapping_sub(5)) % 5),
        (false, true) => 5u8.wrapping_add(a.wrapping_sub(b) % 5),
        (false, false) => a.wrapping_add(5).wrapping_sub(b) % 5,
    };
    let checked = digits.iter().rev().enumerate().fold(0u8, |check, (i, d)| {
        let row = PERMUTED.get(i % 8);
        let permuted = row.and_then(|row| row.get(usize::from(*d))).copied().unwrap_or(0);
        times(check, permuted)
    });
    checked == 0
}

/// 756, nine digits, the check digit of EAN-13.
fn ahv(number: &Window<'_>) -> bool {
    let shape = number.groups.len() == 1 || number.shaped(&[3, 4, 4, 2]);
    shape
        && number.value(0, 3) == 756
        && number.weighted(&[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

fn cnpj(number: &Window<'_>) -> bool {
    let shape = number.groups.len() == 1 || number.shaped(&[2, 3, 3, 4, 2]);
    let check = |weights: &[u32]| {
        let rest = number.weighted(weights).wrapping_rem(11);
        if rest < 2 { 0 } else { 11u32.wrapping_sub(rest) }
    };
    shape
        && number.varied()
        && check(&[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == number.digit(12)
        && check(&[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == number.digit(13)
}

/// The same of a birth in Corsica, whose département has a letter: 2A counts as 19, 2B as 18.
pub(super) fn corsican(word: &[u8]) -> bool {
    let Some(letter @ (b'A' | b'B')) = word.get(6) else { return false };
    let (mut digits, mut value) = (0usize, 0u64);
    for (i, b) in word.iter().enumerate().filter(|(i, _)| *i < 13) {
        let b = if i == 6 { if *letter == b'A' { b'9' } else { b'8' } } else { *b };
        let b = if i == 5 && b == b'2' { b'1' } else { b };
        if !b.is_ascii_digit() {
            return false;
        }
        digits = digits.saturating_add(1);
        value = value.wrapping_mul(10).wrapping_add(u64::from(b.wrapping_sub(b'0')));
    }
    let key = word.get(13..).and_then(|key| core::str::from_utf8(key).ok()?.parse::<u64>().ok());
    let whole = word.len() == 15 && digits == 13 && matches!(word.first(), Some(b'1' | b'2'));
    whole && word.get(5) == Some(&b'2') && key == Some(97u64.wrapping_sub(value.wrapping_rem(97)))
}

/// Sex, year, month, département, commune, serial number; the key is 97 less the remainder.
fn nir(number: &Window<'_>) -> bool {
    let shape = number.groups.len() == 1
        || number.shaped(&[1, 2, 2, 2, 3, 3, 2])
        || number.shaped(&[13, 2])
        || number.is_even();
    let month = matches!(number.value(3, 5), 1..=12 | 20..=42 | 50..=99);
    let key = 97u64.wrapping_sub(number.value(0, 13).wrapping_rem(97));
    shape && matches!(number.digit(0), 1 | 2 | 7 | 8) && month && key == number.value(13, 15)
}
