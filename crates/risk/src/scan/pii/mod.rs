//! Personal data.

mod bank;

use super::bytes::{self, ALNUM, ALPHA, HIGH, TOKEN, at, run};
use super::kinds::{Evidence, Kind, PiiType, Span};
use crate::text::fold;

/// Finds all personal data of a text.
pub(super) fn find(text: &[u8], out: &mut Vec<Span>) {
    for sign in memchr::memchr_iter(b'@', text) {
        out.extend(email(text, sign));
    }
    let Ok(text) = core::str::from_utf8(text) else { return };
    let (folded, places): (Vec<u8>, Vec<usize>) =
        text.char_indices().map(|(i, c)| (ascii(c), i)).unzip();
    let mut at = 0usize;
    while at < folded.len() {
        let rest = folded.get(at..).unwrap_or_default();
        let inside = bytes::is(bytes::before(&folded, at), ALNUM);
        let found = match rest.first() {
            Some(b) if inside || !b.is_ascii_alphanumeric() => None,
            Some(b) if b.is_ascii_digit() => bank::card(rest).map(|n| (n, PiiType::Card)),
            _ => bank::iban(rest).map(|n| (n, PiiType::Iban)),
        };
        let length = found.map_or(1, |(n, _)| n.max(1));
        if let Some((_, what)) = found {
            let place = |i: usize| places.get(i).copied().unwrap_or(text.len());
            out.push(span(what, place(at), place(at.saturating_add(length))));
        }
        at = at.saturating_add(length);
    }
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

fn span(what: PiiType, start: usize, end: usize) -> Span {
    let (class, evidence) = (what.class(), Evidence::Plain);
    Span { kind: Kind::Pii(what), rule: what.rule(), start, end, class, evidence }
}

/// An address around an `@`: a local part of at most 64 bytes, and a domain with a top level of
/// letters. Letters of every script count.
fn email(text: &[u8], sign: usize) -> Option<Span> {
    let local = |b: u8| bytes::is(b, TOKEN | HIGH) || matches!(b, b'.' | b'%' | b'+' | b'\'');
    let from = sign.saturating_sub(64);
    let before = text.get(from..sign)?;
    let length = before.iter().rev().position(|b| !local(*b)).unwrap_or(before.len());
    let mut start = sign.saturating_sub(length);
    while start < sign && !bytes::is(at(text, start), ALNUM | HIGH) && at(text, start) != b'_' {
        start = start.saturating_add(1);
    }
    let mut end = sign.saturating_add(1);
    let mut labels = 0usize;
    let mut last = end;
    loop {
        let next = run(text, end, ALNUM | HIGH | bytes::JOINS, 64);
        if next == end {
            break;
        }
        (last, end, labels) = (end, next, labels.saturating_add(1));
        if at(text, end) != b'.'
            || !bytes::is(at(text, end.saturating_add(1)), ALNUM | HIGH)
            || labels > 12
        {
            break;
        }
        end = end.saturating_add(1);
    }
    if at(text, end.saturating_sub(1)) == b'.' {
        end = end.saturating_sub(1);
    }
    let top = bytes::part(text, last, end);
    let named = bytes::is(at(top, 0), ALPHA | HIGH) && top.len() >= 2;
    (start < sign && labels >= 2 && named && bytes::before(text, sign) != b'.')
        .then(|| span(PiiType::Email, start, end))
}
