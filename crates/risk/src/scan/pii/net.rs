//! Addresses of the net, and e-mail.

use super::super::bytes::{self, ALNUM, ALPHA, HEX, HIGH, JOINS, TOKEN, at, part, run};
use super::mail;
use super::number::{Between, Window};

/// Four numbers up to 255 with dots between. A version is written the same, and says so.
pub(super) fn ipv4(number: &Window<'_>, lower: &[u8]) -> bool {
    let parts = number.groups.len() == 4 && number.evenly() == Some(Between::Dot);
    if !parts {
        return false;
    }
    let small = |group: &super::number::Group| {
        let digits = group.digits();
        group.length <= 3
            && number.value(digits.start, digits.end) <= 255
            && (group.length == 1 || number.digits.get(digits.start) != Some(&0))
    };
    let near = part(lower, number.start.saturating_sub(9), number.start);
    let version =
        near.ends_with(b"version ") || near.ends_with(b"v") || near.ends_with(b"version: ");
    let more = matches!(at(number.text, number.end), b'.' | b'-' | b'_')
        && bytes::is(at(number.text, number.end.saturating_add(1)), ALNUM);
    number.groups.iter().all(small) && !version && !more
}

/// Hexadecimal groups and colons around a place: an IPv6 address, or the six pairs of a network card.
pub(super) fn colons(text: &[u8], place: usize) -> Option<(usize, usize, bool)> {
    let of = |b: u8| bytes::is(b, HEX) || b == b':';
    let back = part(text, place.saturating_sub(40), place);
    let start = place.saturating_sub(back.iter().rev().take_while(|b| of(**b)).count());
    let ahead = part(text, start, start.saturating_add(64));
    let mut length = ahead.iter().take_while(|b| of(**b)).count();
    let mut word = ahead.get(..length)?;
    // A colon of the sentence.
    while word.ends_with(b":") && !word.ends_with(b"::") {
        length = length.saturating_sub(1);
        word = ahead.get(..length)?;
    }
    let end = start.saturating_add(length);
    let own = bytes::begins(text, start) && !bytes::is(at(text, end), ALNUM);
    let groups = || word.split(|b| *b == b':');
    let count = groups().count();
    let short = word.windows(2).filter(|w| *w == b"::").count();
    // Times are written with colons too.
    if !own || short != 1 && !matches!(count, 6 | 8) {
        return None;
    }
    if count == 6 && groups().all(|g| g.len() == 2) {
        return Some((start, end, true));
    }
    let empty = groups().filter(|g| g.is_empty()).count();
    let sized = groups().all(|g| g.len() <= 4);
    let full = short == 0 && count == 8 && empty == 0;
    let cut = short == 1
        && !word.windows(3).any(|w| w == b":::")
        && (3..=8).contains(&count)
        && count.saturating_sub(empty) >= 2;
    (sized && (full || cut)).then_some((start, end, false))
}

/// The six hexadecimal pairs of a network card with hyphens between, around the pair at a place.
pub(super) fn pairs(text: &[u8], place: usize) -> Option<(usize, usize)> {
    let pair =
        |i: usize| bytes::is(at(text, i), HEX) && bytes::is(at(text, i.saturating_add(1)), HEX);
    let mut start = place;
    // More than five before it are no card's, and would be gone through again for each of them.
    for _ in 0..6 {
        let earlier = start.checked_sub(3).filter(|i| pair(*i));
        let Some(earlier) = earlier.filter(|_| bytes::before(text, start) == b'-') else { break };
        start = earlier;
    }
    let mut end = start;
    let mut count = 0usize;
    while pair(end) && count <= 6 {
        count = count.saturating_add(1);
        end = end.saturating_add(2);
        if at(text, end) != b'-' {
            break;
        }
        end = end.saturating_add(1);
    }
    // A hyphen behind them belongs to more.
    let own = bytes::begins(text, start) && bytes::before(text, start) != b'-';
    (count == 6 && own && end.saturating_sub(start) == 17 && !bytes::is(at(text, end), ALNUM))
        .then_some((start, end))
}

/// An e-mail address around an `@`: a local part of at most 64 bytes, and a domain with a top level
/// of letters. Letters of every script count.
pub(super) fn email(text: &[u8], sign: usize) -> Option<(usize, usize)> {
    let local = |b: u8| bytes::is(b, TOKEN | HIGH) || b".%+'&#!=/".contains(&b);
    let before = part(text, sign.saturating_sub(65), sign);
    let length = before.iter().rev().position(|b| !local(*b)).unwrap_or(before.len());
    let mut start = sign.saturating_sub(length.min(64));
    // What stands around an address belongs to the text, and so does a name before `=`, `/` or `#`.
    let odd = |b: &u8| b"=/'&#!%".contains(b);
    if let Some(last) = part(text, start, sign).iter().rposition(odd) {
        start = start.saturating_add(last).saturating_add(1);
    }
    while start < sign && !bytes::is(at(text, start), ALNUM | HIGH) && at(text, start) != b'_' {
        start = start.saturating_add(1);
    }
    while start < sign && at(text, start) & 0xc0 == 0x80 {
        start = start.saturating_add(1);
    }
    let mut end = sign.saturating_add(1);
    let (mut labels, mut last) = (0usize, end);
    loop {
        let next = run(text, end, ALNUM | HIGH | JOINS, 64);
        if next == end {
            break;
        }
        (last, end, labels) = (end, next, labels.saturating_add(1));
        let on = at(text, end) == b'.' && bytes::is(at(text, end.saturating_add(1)), ALNUM | HIGH);
        if !on || labels > 12 {
            break;
        }
        end = end.saturating_add(1);
    }
    // Not within a character, and not ending in a hyphen.
    while at(text, end) & 0xc0 == 0x80
        || matches!(bytes::before(text, end), b'-' | b'_') && end > last
    {
        end = end.saturating_sub(1);
    }
    if !part(text, start, end).is_ascii() {
        start = mail::begins(text, start, sign);
        let own = mail::ends(text, sign.saturating_add(1), end);
        if own < end {
            end = own;
            let domain = part(text, sign.saturating_add(1), end);
            labels = domain.split(|b| *b == b'.').filter(|label| !label.is_empty()).count();
            let dot = domain.iter().rposition(|b| *b == b'.');
            last = dot.map_or(end, |dot| sign.saturating_add(dot).saturating_add(2));
        }
    }
    let top = part(text, last, end);
    let named = bytes::is(at(top, 0), ALPHA | HIGH) && top.len() >= 2;
    (start < sign && labels >= 2 && named && bytes::before(text, sign) != b'.')
        .then_some((start, end))
}
