//! Numbers that states give out with letters in them, and addresses of cryptocurrencies.

use countersign_canon::Digest;

use super::super::bytes::{self, ALNUM, at, part};
use super::context::{Context, Topic};
use super::national::corsican;
use super::number::is_date;
use crate::scan::kinds::PiiType;

/// Which bytes of a UK national insurance number are digits, the first the lowest bit.
pub(super) const INSURED: u64 = 0b0_1111_1100;
/// The same of a DNI with its letter and without, and of an NIE.
const NUMBERED: u64 = 0b1111_1111;
const FOREIGN: u64 = 0b1111_1110;

/// What a word with digits in it is: kind and end. `start` and `end` are those of the letters and
/// digits; some kinds go on behind a hyphen or a space. `shape` says which of the bytes are digits, the
/// first the lowest bit.
#[inline]
pub(super) fn of(
    text: &[u8],
    (start, end): (usize, usize),
    shape: u64,
    context: &Context<'_>,
) -> Option<(PiiType, usize)> {
    let word = part(text, start, end);
    let count = shape.count_ones();
    let fits = match word.len() {
        25.. => return coin(word).then_some((PiiType::Crypto, end)),
        // A passport has two digits at least; what has more letters is told by its shape.
        6..=9 => count >= 2,
        10 => shape == 0b01_1110_0000,
        // A date with the sign of a century behind it.
        11 => shape & 0b11_1111 == 0b11_1111,
        15 => true,
        16 => shape & 0b1000_1001_0011_1111 == 0,
        _ => false,
    };
    if fits { short(text, (start, end), shape, context) } else { None }
}

fn short(
    text: &[u8],
    (start, end): (usize, usize),
    shape: u64,
    context: &Context<'_>,
) -> Option<(PiiType, usize)> {
    let raw = part(text, start, end);
    let length = raw.len();
    let mut word = [0u8; 16];
    for (to, from) in word.iter_mut().zip(raw) {
        *to = from.to_ascii_uppercase();
    }
    let upper = word.get(..length)?;
    if matches!((length, shape), (8 | 9, NUMBERED | FOREIGN))
        && let Some(found) = spanish(text, upper, end, context)
    {
        return Some(found);
    }
    // Of digits only one in thirty Danish and Swedish numbers is a Finnish one too.
    let neighbour = || {
        let named = context.nearest(&[Topic::Hetu, Topic::Cpr, Topic::Personnummer]);
        matches!(named, Some(Topic::Cpr | Topic::Personnummer))
    };
    if matches!(length, 6 | 11)
        && let Some(found) = finnish(text, upper, end).filter(|_| !neighbour())
    {
        return Some(found);
    }
    // All of it in one word, or what is behind six or eight of them.
    if matches!((length, shape), (8 | 9, INSURED) | (6, 0b11_1100))
        && let Some(end) = insurance(text, start)
    {
        return Some((PiiType::UkNino, end));
    }
    if length == 15 && corsican(upper) {
        return Some((PiiType::FrNir, end));
    }
    if length == 16 && italian(upper) {
        return Some((PiiType::ItCf, end));
    }
    if length == 10
        && b"PCHABGJLFTE".contains(upper.get(3)?)
        && raw.iter().all(|b| !b.is_ascii_lowercase())
    {
        return Some((PiiType::InPan, end));
    }
    if length == 9 && shape == FOREIGN && singaporean(upper) {
        return Some((PiiType::SgNric, end));
    }
    let digits = shape.count_ones();
    let passport = (6..=9).contains(&length)
        && (digits >= 5 || digits >= 2 && !bytes::any(raw, bytes::LOWER))
        && context.first() == Some(Topic::Passport);
    passport.then_some((PiiType::Passport, end))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |v, b| {
        b.is_ascii_digit().then(|| v.wrapping_mul(10).wrapping_add(u64::from(b.wrapping_sub(b'0'))))
    })
}

fn pick(table: &[u8], place: u64) -> u8 {
    usize::try_from(place).ok().and_then(|i| table.get(i)).copied().unwrap_or(0)
}

/// DNI: eight digits and a letter; NIE: X, Y or Z, seven digits and a letter. Also with hyphens, and
/// with spaces if nothing says that it is something else.
fn spanish(
    text: &[u8],
    word: &[u8],
    end: usize,
    context: &Context<'_>,
) -> Option<(PiiType, usize)> {
    const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let next = at(text, end.saturating_add(1)).to_ascii_uppercase();
    let own = !bytes::is(at(text, end.saturating_add(2)), ALNUM);
    let (digits, letter, end) = match word.split_last() {
        Some((last, rest)) if last.is_ascii_uppercase() => (rest, *last, end),
        _ if at(text, end) == b'-' && own => (word, next, end.saturating_add(2)),
        _ if at(text, end) == b' '
            && own
            && bytes::is(at(text, end.saturating_add(1)), bytes::UPPER)
            && (context.has(Topic::Dni) || context.is_silent()) =>
        {
            (word, next, end.saturating_add(2))
        }
        _ => return None,
    };
    let (what, value) = match digits {
        [first @ b'X'..=b'Z', rest @ ..] if rest.len() == 7 => {
            let first = u64::from(first.wrapping_sub(b'X')).wrapping_mul(10_000_000);
            (PiiType::EsNie, number(rest)?.wrapping_add(first))
        }
        _ if digits.len() == 8 => (PiiType::EsDni, number(digits)?),
        _ => return None,
    };
    (pick(LETTERS, value.wrapping_rem(23)) == letter).then_some((what, end))
}

/// An NIE with a hyphen or a space behind its first letter: its start and end. `start` and `end` are
/// those of its seven digits, maybe with the last letter.
pub(super) fn apart(
    text: &[u8],
    start: usize,
    end: usize,
    context: &Context<'_>,
) -> Option<(usize, usize)> {
    let first = start.checked_sub(2).filter(|first| bytes::begins(text, *first))?;
    let letter = at(text, first).to_ascii_uppercase();
    let mut word = [letter; 9];
    let digits = part(text, start, end);
    let whole = word.get_mut(1..=digits.len())?;
    for (to, from) in whole.iter_mut().zip(digits) {
        *to = from.to_ascii_uppercase();
    }
    let word = word.get(..=digits.len())?;
    let found = spanish(text, word, end, context);
    found.filter(|(what, _)| *what == PiiType::EsNie).map(|(_, end)| (first, end))
}

/// HETU: a date, a sign of the century, a serial number, a check character.
fn finnish(text: &[u8], word: &[u8], end: usize) -> Option<(PiiType, usize)> {
    const CHECKS: &[u8] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (date, rest) = word.split_at_checked(6)?;
    let (rest, end): ([u8; 4], usize) = match rest {
        // The sign is a letter: all of it is one word.
        [b'A'..=b'F' | b'U'..=b'Y', rest @ ..] => (rest.try_into().ok()?, end),
        [] if matches!(at(text, end), b'-' | b'+') => {
            let from = end.saturating_add(1);
            let stop = from.saturating_add(4);
            if bytes::is(at(text, stop), ALNUM) {
                return None;
            }
            (part(text, from, stop).try_into().ok()?, stop)
        }
        _ => return None,
    };
    let rest = rest.map(|b| b.to_ascii_uppercase());
    let [one, two, three, check] = rest;
    let (born, serial) = (number(date)?, number(&[one, two, three])?);
    let (day, month) = (born.wrapping_div(10_000), born.wrapping_div(100).wrapping_rem(100));
    let value = born.wrapping_mul(1000).wrapping_add(serial);
    (is_date(month, day) && serial >= 2 && pick(CHECKS, value.wrapping_rem(31)) == check)
        .then_some((PiiType::FiHetu, end))
}

/// A UK national insurance number: two letters, six digits, A to D; also in pairs.
#[inline]
pub(super) fn insurance(text: &[u8], start: usize) -> Option<usize> {
    // Two letters and a digit, which may stand apart.
    let [a, b, c, d] = *text.get(start..)?.first_chunk::<4>()?;
    let fits = a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
        && (c.is_ascii_digit() || d.is_ascii_digit());
    if fits { whole_insurance(text, start) } else { None }
}

fn whole_insurance(text: &[u8], start: usize) -> Option<usize> {
    let mut place = start;
    let mut taken = [0u8; 9];
    for (i, slot) in taken.iter_mut().enumerate() {
        if i > 1 && i % 2 == 0 && matches!(at(text, place), b' ' | b'-') {
            place = place.saturating_add(1);
        }
        *slot = at(text, place).to_ascii_uppercase();
        place = place.saturating_add(1);
    }
    let [a, b, digits @ .., last] = &taken;
    let letters = a.is_ascii_uppercase()
        && b.is_ascii_uppercase()
        && !b"DFIQUV".contains(a)
        && !b"DFIOQUV".contains(b)
        && ![b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].contains(&&[*a, *b]);
    let fits = letters
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(last, b'A'..=b'D')
        && !bytes::is(at(text, place), ALNUM);
    fits.then_some(place)
}

/// A codice fiscale: its shape, with letters for digits in homonyms, and its check letter.
fn italian(word: &[u8]) -> bool {
    const ODD: [u8; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let digit = |b: &u8| b.is_ascii_digit() || b"LMNPQRSTUV".contains(b);
    let shape = word.iter().enumerate().all(|(i, b)| match i {
        6 | 7 | 9 | 10 | 12..=14 => digit(b),
        8 => b"ABCDEHLMPRST".contains(b),
        _ => b.is_ascii_uppercase(),
    });
    let sum = word.iter().take(15).enumerate().fold(0u32, |sum, (i, b)| {
        let value = if b.is_ascii_digit() { b.wrapping_sub(b'0') } else { b.wrapping_sub(b'A') };
        let odd = ODD.get(usize::from(value)).copied().unwrap_or(0);
        sum.wrapping_add(u32::from(if i % 2 == 0 { odd } else { value }))
    });
    let check = u8::try_from(sum.wrapping_rem(26)).ok().map(|n| n.wrapping_add(b'A'));
    shape && word.last().copied() == check
}

fn singaporean(word: &[u8]) -> bool {
    let [first @ (b'S' | b'T' | b'F' | b'G' | b'M'), digits @ .., last] = word else {
        return false;
    };
    let sum = digits.iter().zip([2u32, 7, 6, 5, 4, 3, 2]).fold(0u32, |sum, (d, w)| {
        sum.wrapping_add(u32::from(d.wrapping_sub(b'0')).wrapping_mul(w))
    });
    let (offset, table): (u32, &[u8]) = match first {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        _ => (3, b"KLJNPQRTUWX"),
    };
    let place = sum.wrapping_add(offset).wrapping_rem(11);
    let place = if *first == b'M' { 10u32.wrapping_sub(place) } else { place };
    pick(table, u64::from(place)) == *last
}

/// Whether a word is an address of Bitcoin (base58 with a check, Bech32) or of Ethereum (its shape only).
pub(super) fn coin(word: &[u8]) -> bool {
    match word {
        [b'0', b'x', rest @ ..] => rest.len() == 40 && rest.iter().all(u8::is_ascii_hexdigit),
        [b'1' | b'3', ..] => (26..=35).contains(&word.len()) && base58(word),
        [b'b' | b'B', b'c' | b'C', b'1', ..] => (14..=74).contains(&word.len()) && bech32(word),
        _ => false,
    }
}

fn base58(word: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut value = [0u8; 25];
    for b in word {
        let Some(place) = ALPHABET.iter().position(|a| a == b) else { return false };
        let mut carry = u32::try_from(place).unwrap_or(0);
        for byte in value.iter_mut().rev() {
            carry = carry.wrapping_add(u32::from(*byte).wrapping_mul(58));
            *byte = u8::try_from(carry & 255).unwrap_or(0);
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (body, check) = value.split_at(21);
    let once = Digest::of(body);
    let twice = Digest::of(once.as_bytes());
    matches!(body.first(), Some(0 | 5)) && twice.as_bytes().starts_with(check)
}

/// BIP 173 and BIP 350.
fn bech32(word: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mixed = bytes::count(word, bytes::UPPER) > 0 && bytes::count(word, bytes::LOWER) > 0;
    let step = |check: u32, value: u32| {
        const GENERATOR: [u32; 5] =
            [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let top = check >> 25;
        let next = (check & 0x01ff_ffff) << 5 ^ value;
        (0u32..).zip(GENERATOR).fold(next, |c, (i, g)| if top >> i & 1 == 1 { c ^ g } else { c })
    };
    let mut check = [3u32, 3, 0, 2, 3].into_iter().fold(1u32, step);
    for b in word.iter().skip(3) {
        let b = b.to_ascii_lowercase();
        let Some(place) = ALPHABET.iter().position(|a| *a == b) else { return false };
        check = step(check, u32::try_from(place).unwrap_or(0));
    }
    !mixed && matches!(check, 1 | 0x2bc8_30a3)
}
