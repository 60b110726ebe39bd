//! Letters that look like others, read as those.

use super::super::bytes::at;
use super::super::view::View;
use crate::text::{fold, is_hidden};

/// The Latin letter that a Cyrillic or Greek one looks like.
pub(super) fn imitates(c: char) -> Option<char> {
    let latin = match c {
        '\u{430}' | '\u{3b1}' => 'a',
        '\u{435}' => 'e',
        '\u{43e}' | '\u{3bf}' => 'o',
        '\u{440}' | '\u{3c1}' => 'p',
        '\u{441}' => 'c',
        '\u{443}' => 'y',
        '\u{445}' => 'x',
        '\u{456}' | '\u{3b9}' => 'i',
        '\u{455}' => 's',
        '\u{458}' => 'j',
        '\u{501}' => 'd',
        '\u{51b}' => 'q',
        '\u{51d}' => 'w',
        '\u{4bb}' => 'h',
        '\u{3bd}' => 'v',
        '\u{3ba}' | '\u{43a}' => 'k',
        '\u{43c}' => 'm',
        '\u{442}' => 't',
        '\u{410}' | '\u{391}' => 'A',
        '\u{412}' | '\u{392}' => 'B',
        '\u{415}' | '\u{395}' => 'E',
        '\u{41a}' | '\u{39a}' => 'K',
        '\u{41c}' | '\u{39c}' => 'M',
        '\u{41d}' | '\u{397}' => 'H',
        '\u{41e}' | '\u{39f}' => 'O',
        '\u{420}' | '\u{3a1}' => 'P',
        '\u{421}' => 'C',
        '\u{422}' | '\u{3a4}' => 'T',
        '\u{425}' | '\u{3a7}' => 'X',
        '\u{406}' | '\u{399}' => 'I',
        '\u{405}' => 'S',
        _ => return None,
    };
    Some(latin)
}

/// The text as it is meant to be read: letters of odd alphabets as the ASCII that they imitate, odd
/// spaces and hyphens as plain ones, nothing invisible. None if that changes nothing of weight.
pub(in crate::scan) fn folded(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let mut view = View::default();
    let mut done = 0usize;
    super::bytes::each(bytes, may_change, |start| {
        // Letters of other scripts, two bytes each, stand for others only beside those.
        let before = super::bytes::before(bytes, start);
        let near = before.is_ascii_alphabetic()
            || at(bytes, start.saturating_add(2)).is_ascii_alphabetic();
        if at(bytes, start).wrapping_sub(0xce) < 7 && !near && done != start {
            return;
        }
        let rest = text.get(start..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { return };
        let end = start.saturating_add(c.len_utf8());
        if is_hidden(c) {
            copy(&mut view, bytes, done, start);
            done = end;
            return;
        }
        let plain = match imitates(c) {
            Some(latin) => {
                // What stands before it in the view: a letter that was changed, or one of the text.
                let changed = if done == start { view.bytes.last().copied() } else { None };
                let before = changed.unwrap_or(before);
                let beside = before.is_ascii_alphabetic() || at(bytes, end).is_ascii_alphabetic();
                if beside { latin } else { c }
            }
            None => plain(c),
        };
        if plain != c {
            copy(&mut view, bytes, done, start);
            view.push_char(plain, start, end);
            done = end;
        }
    });
    if done == 0 {
        return None;
    }
    copy(&mut view, bytes, done, bytes.len());
    Some(view)
}

fn copy(view: &mut View, bytes: &[u8], start: usize, end: usize) {
    if view.bytes.capacity() == 0 {
        *view = View::with_capacity(bytes.len());
    }
    view.copy(bytes, start, end);
}

/// Whether a character that begins with this byte may be changed. Without branches.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: many bytes are looked at side by side"
)]
fn may_change(lead: u8) -> bool {
    (lead == 0xc2)
        | (lead.wrapping_sub(0xcd) < 8)
        | (lead == 0xd8)
        | (lead == 0xd9)
        | (lead == 0xdb)
        | (lead.wrapping_sub(0xe1) < 3)
        | (lead >= 0xee)
}

/// The ASCII character that one stands for, or itself.
fn plain(c: char) -> char {
    let letter = |offset: u32, first: char| {
        let place = u8::try_from(offset.checked_rem(26).unwrap_or(0)).unwrap_or(0);
        char::from(u8::try_from(first).unwrap_or(b'a').wrapping_add(place))
    };
    let code = u32::from(c);
    match fold(c) {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{24d0}'..='\u{24e9}' => letter(code.wrapping_sub(0x24d0), 'a'),
        '\u{24b6}'..='\u{24cf}' => letter(code.wrapping_sub(0x24b6), 'a'),
        // Mathematical letters: alphabets of 26 capitals and 26 small letters in turn.
        '\u{1d400}'..='\u{1d6a3}' => letter(code.wrapping_sub(0x1d400), 'a'),
        '\u{1d7ce}'..='\u{1d7ff}' => {
            let digit = code.wrapping_sub(0x1d7ce).checked_rem(10).unwrap_or(0);
            char::from_digit(digit, 10).unwrap_or('0')
        }
        '\u{660}'..='\u{669}' => char::from_digit(code.wrapping_sub(0x660), 10).unwrap_or('0'),
        '\u{6f0}'..='\u{6f9}' => char::from_digit(code.wrapping_sub(0x6f0), 10).unwrap_or('0'),
        c => c,
    }
}
