//! Telephone numbers.
//!
//! A number counts if it is written as one: with a country's code, in the North American way, with a
//! trunk zero in groups, or in groups beside a word that says so. Whether it is in service or even
//! assigned is not asked: that takes the tables of every country's plan, and real texts hold numbers
//! that no plan knows.

use super::super::bytes::{self, at, part};
use super::context::{Context, Topic};
use super::number::{Between, Window, extension, is_date};

/// A telephone number in a window, if it is one: its start and end, with a sign before it and an
/// extension behind it.
pub(super) fn phone(number: &Window<'_>, context: &Context<'_>) -> Option<(usize, usize)> {
    let length = number.digits.len();
    if !(7..=17).contains(&length)
        || number.is_glued() && extension(number.text, number.end).is_none()
    {
        return None;
    }
    let plus = number.before() == b'+'
        || bytes::before(number.text, number.start) == b'(' && before_bracket(number) == b'+';
    let said = || context.first();
    let named = || matches!(said(), Some(Topic::Phone | Topic::Reach));
    let silent = || said().is_none();
    let beside = || context.is_beside(Topic::Phone);
    let (groups, single) = (number.groups.len(), number.groups.len() == 1);
    if !plus && odd(number) {
        return None;
    }
    let national = number
        .digits
        .get(number.groups.first().map_or(0, |g| usize::from(g.length == 1))..)
        .unwrap_or_default();
    let american = american(number);
    let fits = if plus {
        (8..=15).contains(&length) && country(number.digits) && said() != Some(Topic::Other)
    } else if number.digits.starts_with(&[0, 0]) {
        let rest = number.digits.get(2..).unwrap_or_default();
        (10..=17).contains(&length) && country(rest) && (named() || !single && silent())
    } else if american {
        named() || !single && silent()
    } else if number.digits.first() == Some(&0) {
        let least = if single && !beside() { 9 } else { 8 };
        let trunk = (least..=13).contains(&length) && groups <= 6;
        trunk
            && (named()
                || !single
                    && (10..=11).contains(&length)
                    && number.groups.iter().all(|g| g.length >= 2)
                    && silent())
    } else {
        let beside = || length < 9 && beside();
        let grouped = !single || (9..=12).contains(&length) || beside();
        let fits = grouped && (7..=13).contains(&length) && national.len() >= 6 && groups <= 6;
        fits && named()
    };
    if !fits {
        return None;
    }
    let mut start = number.start;
    let bracketed = part(number.text, start, number.end).contains(&b')');
    for sign in [b'(', b'+'] {
        if bytes::before(number.text, start) == sign && (sign == b'+' || bracketed) {
            start = start.saturating_sub(1);
        }
    }
    let end = extension(number.text, number.end).unwrap_or(number.end);
    Some((start, end))
}

fn before_bracket(number: &Window<'_>) -> u8 {
    number.start.checked_sub(2).map_or(0, |i| at(number.text, i))
}

/// Dates, social security numbers, amounts and versions are written in groups too.
fn odd(number: &Window<'_>) -> bool {
    let between = number.evenly();
    let year = |from: usize| matches!(number.value(from, from.saturating_add(4)), 1900..=2099);
    let date =
        number.shaped(&[4, 2, 2]) && year(0) && is_date(number.value(4, 6), number.value(6, 8))
            || number.shaped(&[2, 2, 4]) && year(4)
            || number.shaped(&[4, 4]) && year(0) && year(4);
    date || number.shaped(&[3, 2, 4])
        || number.shaped(&[2, 2, 2, 3, 2])
        || (number.shaped(&[6, 4]) || number.shaped(&[8, 4])) && between == Some(Between::Hyphen)
        || between == Some(Between::Dot) && number.groups.len() == 2
        || number.groups.iter().all(|g| g.length == 4) && number.groups.len() >= 3
        || number.groups.iter().skip(1).all(|g| g.length == 3 && g.before == Between::Dot)
            && number.groups.len() >= 3
            && number.groups.first().is_some_and(|g| g.length < 3)
        || number.groups.iter().skip(1).all(|g| g.length == 3 && g.before == Between::Space)
            && number.groups.len() >= 3
            && number.groups.first().is_some_and(|g| g.length < 3)
            && number.digit(0) != 0
            && number.before() != b'+'
        || number.shaped(&[3, 4, 4, 2]) && number.value(0, 3) == 756
        || between == Some(Between::Slash) && number.groups.len() > 2
}

/// Ten digits as North America has them, maybe after a 1: neither area nor exchange begins with 0 or 1.
fn american(number: &Window<'_>) -> bool {
    let shaped = number.shaped(&[3, 3, 4])
        || number.shaped(&[1, 3, 3, 4])
        || number.shaped(&[10])
        || number.shaped(&[3, 7])
        || number.shaped(&[6, 4]) && number.evenly() != Some(Between::Hyphen)
        || number.shaped(&[11]) && number.digit(0) == 1;
    let skip = usize::from(number.digits.len() == 11);
    let own = skip == 0 || number.digit(0) == 1;
    shaped && own && number.digit(skip) >= 2 && number.digit(skip.saturating_add(3)) >= 2
}

/// Whether digits begin with the code of a country.
fn country(digits: &[u8]) -> bool {
    matches!(digits, [1 | 7, ..] | [2..=6 | 9, 0..=9, ..] | [8, 0..=2 | 4..=8, ..])
}
