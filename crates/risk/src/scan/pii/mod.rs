//! Personal data.

mod bank;
mod context;
mod date;
mod letters;
mod mail;
mod national;
mod net;
mod number;
mod phone;

use super::bytes::{self, ALNUM, at, part};
use super::kinds::{Evidence, Kind, PiiType, Span};
use super::marks::Marks;
use context::{Context, Topic};
use number::{Number, Window};

/// Longest word with digits in it that is looked at, in bytes.
const WORD: usize = 96;

/// Finds all personal data of a text. `lower` is the text in lower case.
pub(super) fn find(text: &[u8], lower: &[u8], marks: &Marks, out: &mut Vec<Span>) {
    for sign in &marks.ats {
        out.extend(net::email(text, *sign).map(|(start, end)| span(PiiType::Email, start, end)));
    }
    let (mut from, mut seen) = (0usize, 0usize);
    while let Some(digit) = marks.next_digits(from) {
        let next = one(text, lower, marks, digit, &mut seen, out);
        from = next.max(digit.saturating_add(1));
    }
}

fn span(what: PiiType, start: usize, end: usize) -> Span {
    let (class, evidence) = (what.class(), Evidence::Plain);
    Span { kind: Kind::Pii(what), rule: what.rule(), start, end, class, evidence }
}

/// Looks at the word or number with a digit at `digit`, and returns where to go on. Before `seen` is a
/// word that is nothing as a whole.
fn one(
    text: &[u8],
    lower: &[u8],
    marks: &Marks,
    digit: usize,
    seen: &mut usize,
    out: &mut Vec<Span>,
) -> usize {
    if digit < *seen {
        return later(text, lower, marks, digit, *seen, out);
    }
    let start = marks.word_start(digit, WORD);
    let end = marks.word_end(digit, WORD);
    if end.saturating_sub(start) == 2
        && (at(text, end) == b'-' || bytes::before(text, start) == b'-')
        && let Some((start, end)) = net::pairs(text, start)
    {
        out.push(span(PiiType::Mac, start, end));
        return end;
    }
    let group = marks.digits_end(digit, WORD);
    let digits = start == digit && group == end;
    if digits && end.saturating_sub(start) < 6 && ends_here(text, end) {
        return end;
    }
    let before = bytes::before(text, start);
    let colon = at(text, end) == b':' || before == b':';
    if let Some((start, end, mac)) = colon.then(|| net::colons(text, digit)).flatten() {
        out.push(span(if mac { PiiType::Mac } else { PiiType::Ip }, start, end));
        return end;
    }
    let word = part(text, start, end);
    let length = u32::try_from(word.len()).unwrap_or(u32::MAX);
    // Much encoded text: of long words only addresses of coins and IBANs are something.
    if word.len() > 24
        && !matches!(word, [b'0' | b'1' | b'3' | b'b' | b'B', ..])
        && !matches!(word, [_, _, b'0'..=b'9', b'0'..=b'9', ..])
        && !digits
    {
        return end;
    }
    // Letters apart from their digits.
    let pair = start.saturating_sub(3);
    let upper = |i: usize| at(text, i).is_ascii_uppercase();
    if before == b' '
        && word.len() <= 7
        && upper(pair)
        && upper(pair.saturating_add(1))
        && bytes::begins(text, pair)
        && let Some(end) = letters::insurance(text, pair)
    {
        out.push(span(PiiType::UkNino, pair, end));
        return end;
    }
    let context = Context::new(lower, marks, start, end);
    let letter = bytes::before(text, start.saturating_sub(1)) | 0x20;
    if matches!(word.len(), 7 | 8)
        && matches!(letter, b'x'..=b'z')
        && matches!(before, b'-' | b' ')
        && let Some((start, end)) = letters::apart(text, start, end, &context)
    {
        out.push(span(PiiType::EsNie, start, end));
        return end;
    }
    // Which bytes of a word that is no longer than this are digits.
    let shape = marks.digits_from(start) & !u64::MAX.checked_shl(length).unwrap_or(0);
    if word.len() == 9
        && shape == letters::INSURED
        && bytes::begins(text, start)
        && let Some(end) = letters::insurance(text, start)
    {
        out.push(span(PiiType::UkNino, start, end));
        return end;
    }
    if shape & 0b1111 == 0b1100
        && let Some((end, valid)) = bank::iban(text, start).filter(|_| bytes::begins(text, start))
    {
        if valid {
            out.push(span(PiiType::Iban, start, end));
        }
        // What only begins like one is no other number either, but for a passport's.
        if valid || !(6..=9).contains(&word.len()) || context.first() != Some(Topic::Passport) {
            return end;
        }
    }
    // Digits alone are one of those only with a sign and more behind them.
    let signed = matches!(at(text, end), b'-' | b'+')
        || word.len() == 8 && at(text, end) == b' ' && lone(text, end.saturating_add(1));
    if (6..=WORD).contains(&word.len())
        && (!digits || signed)
        && bytes::begins(text, start)
        && let Some((what, end)) = letters::of(text, (start, end), shape, &context)
    {
        out.push(span(what, start, end));
        return end;
    }
    if word.len() > 24 && !digits {
        return end;
    }
    if let Some((first, last)) = born(text, lower, marks, digit, (start, end)) {
        out.push(span(PiiType::BirthDate, first, last));
        return last;
    }
    if word.len() == 4
        && shape == 0b1100
        && let Some(end) = letters::insurance(text, start)
    {
        out.push(span(PiiType::UkNino, start, end));
        return end;
    }
    *seen = end;
    if group.saturating_sub(digit) < 6 && number::between(text, group).is_none() {
        return group;
    }
    let number = Number::read(text, marks, digit);
    numbers(&number, lower, marks, out);
    number.end.max(end.min(digit.saturating_add(1)))
}

/// The same for digits that are not the first in their word, which ends at `end`: they may be a day, and the
/// last of them may go on behind the word.
fn later(
    text: &[u8],
    lower: &[u8],
    marks: &Marks,
    digit: usize,
    end: usize,
    out: &mut Vec<Span>,
) -> usize {
    if end.saturating_sub(digit) <= 4 {
        let start = marks.word_start(digit, WORD);
        if let Some((first, last)) = born(text, lower, marks, digit, (start, end)) {
            out.push(span(PiiType::BirthDate, first, last));
            return last;
        }
    }
    let group = marks.digits_end(digit, WORD);
    // No number begins or ends within a word.
    if group < end || group.saturating_sub(digit) < 6 && number::between(text, group).is_none() {
        return group;
    }
    let number = Number::read(text, marks, digit);
    numbers(&number, lower, marks, out);
    number.end
}

/// A date of birth with its month in letters, whose day or year begins at `digit` in the word from `start` to
/// `end`: its start and end.
fn born(
    text: &[u8],
    lower: &[u8],
    marks: &Marks,
    digit: usize,
    (start, end): (usize, usize),
) -> Option<(usize, usize)> {
    if end.saturating_sub(digit) > 4 || at(text, digit.saturating_add(2)).is_ascii_digit() {
        return None;
    }
    let date = date::in_words(lower, digit)?;
    let said = Context::new(lower, marks, start, end).has(Topic::Birth);
    (said || context_birth(lower, start, digit)).then_some(date)
}

/// Whether a single letter stands at a place.
fn lone(text: &[u8], place: usize) -> bool {
    bytes::is(at(text, place), bytes::ALPHA) && !bytes::is(at(text, place.saturating_add(1)), ALNUM)
}

/// Whether a short number goes no further: neither digits nor a month follow.
fn ends_here(text: &[u8], end: usize) -> bool {
    match at(text, end) {
        // `March 12, 1980`.
        b',' => at(text, end.saturating_add(1)) != b' ',
        b':' => {
            let next = at(text, end.saturating_add(1));
            next != b':' && !bytes::is(next, bytes::HEX)
        }
        b'-' | b'.' | b'/' | b'(' | b')' => {
            let next = at(text, end.saturating_add(1));
            !(next.is_ascii_digit() || matches!(next, b'(' | b')' | b'-' | b' '))
        }
        b' ' => {
            !bytes::is(at(text, end.saturating_add(1)), ALNUM)
                && !matches!(at(text, end.saturating_add(1)), b'(' | b'-')
        }
        _ => true,
    }
}

/// Whether a word of birth stands near.
fn context_birth(lower: &[u8], start: usize, digit: usize) -> bool {
    let near = part(lower, start.saturating_sub(48), digit.saturating_add(44));
    // `birth`, `born`, `dob`, `geb`: what they have in common is a b.
    memchr::memchr_iter(b'b', near).any(|i| {
        let before = part(near, i.saturating_sub(2), i);
        bytes::goes_on(near, i, b"birth")
            || bytes::goes_on(near, i, b"born")
            || before == b"do"
            || before == b"ge"
            || dotted(lower, digit)
    })
}

/// `D.O.B.` before a number.
fn dotted(lower: &[u8], start: usize) -> bool {
    memchr::memmem::find(part(lower, start.saturating_sub(48), start), b"d.o.b").is_some()
}

/// The longest windows of a number that are something, from left to right.
fn numbers(number: &Number<'_>, lower: &[u8], marks: &Marks, out: &mut Vec<Span>) {
    let count = number.groups().len();
    let total: usize = number.groups().iter().map(|group| usize::from(group.length)).sum();
    // Four digits in four groups are the least: an address like 1.1.1.1.
    if total < 6 && count != 4 {
        return;
    }
    let mut first = 0usize;
    while first < count {
        if !number.begins(first) {
            first = first.saturating_add(1);
            continue;
        }
        let longest = count.saturating_sub(first);
        let marked = number.marked(first);
        // Others are not alone: all of it, what has the same marks between, a card's three or four.
        let lengths = (1..=longest).rev().filter(|groups| {
            *groups <= marked || matches!(groups, 3 | 4) || first == 0 && *groups == longest
        });
        let found = lengths.into_iter().find_map(|groups| {
            let window = number.window(first, groups)?;
            let size = window.digits.len();
            if !(4..=19).contains(&size) || !number.alone(first, groups) {
                return None;
            }
            what(&window, lower, marks).map(|(what, start, end)| (groups, span(what, start, end)))
        });
        first = first.saturating_add(match found {
            Some((groups, span)) => {
                out.push(span);
                groups
            }
            None => 1,
        });
    }
}

fn what(number: &Window<'_>, lower: &[u8], marks: &Marks) -> Option<(PiiType, usize, usize)> {
    let (start, end) = (number.start, number.end);
    if number.groups.len() == 4 && net::ipv4(number, lower) {
        return Some((PiiType::Ip, start, end));
    }
    if number.digits.len() < 6 {
        return None;
    }
    let context = Context::new(lower, marks, start, end);
    if number.digits.len() <= 8
        && number.groups.len() == 3
        && date::in_digits(number)
        && (context.has(Topic::Birth) || dotted(lower, start))
    {
        return Some((PiiType::BirthDate, start, end));
    }
    if !number.is_glued() || number.before() >= 0x80 {
        let named = match number.digits.len() {
            12 => context.has(Topic::Aadhaar),
            14 => context.has(Topic::Cpf),
            _ => false,
        };
        if !named && bank::card(number) {
            return Some((PiiType::Card, start, end));
        }
        if number.before() != b'+'
            && let Some(what) = national::of(number, &context)
        {
            return Some((what, start, end));
        }
    }
    if let Some((start, end)) = phone::phone(number, &context) {
        return Some((PiiType::Phone, start, end));
    }
    let passport = number.groups.len() == 1
        && (6..=9).contains(&number.digits.len())
        && context.first() == Some(Topic::Passport);
    passport.then_some((PiiType::Passport, start, end))
}
