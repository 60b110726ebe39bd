//! Characters that nobody sees, or that look like others.

use super::bytes::{self, at};
use super::kinds::{Class, Evidence, Kind, Span};
use super::view::View;
use crate::text::{fold, is_hidden};

/// What is hidden in a text.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    pub(super) spans: Vec<Span>,
    /// What invisible characters spell: start, end, and the text.
    pub(super) spelled: Vec<(usize, usize, String)>,
}

/// Whether a text holds anything that could be hidden, or that is folded: control characters, or
/// characters beyond ASCII other than ordinary letters, quotes and dashes. One pass.
pub(super) fn possible(text: &[u8]) -> bool {
    text.chunks(64).enumerate().any(|(i, chunk)| {
        let odd = |b: &u8| *b >= 0x7f || *b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t');
        chunk.iter().fold(false, |any, b| any | odd(b)) && {
            let base = i.saturating_mul(64);
            chunk
                .iter()
                .enumerate()
                .any(|(k, b)| odd(b) && matters(text, base.saturating_add(k), *b))
        }
    })
}

/// Whether the character that begins with this byte needs a closer look.
fn matters(text: &[u8], place: usize, lead: u8) -> bool {
    let next = |n: usize| at(text, place.saturating_add(n));
    let (second, third) = (next(1), next(2));
    let before = bytes::before(text, place);
    match lead {
        // The rest of a character; Latin letters; most of the CJK ideographs and of Hangul.
        0x80..=0xbf | 0xc3..=0xcb | 0xe4..=0xe9 | 0xeb..=0xec => false,
        0xc2 => matches!(second, 0x80..=0xa0 | 0xad),
        0xcd => second < 0xb0,
        // Greek and Cyrillic matter beside Latin letters.
        0xce..=0xd4 => before.is_ascii_alphabetic() || next(2).is_ascii_alphabetic(),
        0xe2 => match second {
            0x80 => match third {
                0x90..=0x95 => before.is_ascii_digit() || next(3).is_ascii_digit(),
                0x98..=0x9f | 0xa0..=0xa7 | 0xb0..=0xbf => false,
                _ => true,
            },
            0x82..=0x84 | 0x86..=0x8f | 0x94..=0x97 => false,
            _ => true,
        },
        0xe3 => matches!((second, third), (0x80, 0x80) | (0x85, 0xa4)),
        // Punctuation of CJK texts is of full width.
        0xef => match second {
            0xbc => !matches!(third, 0x81..=0x8f | 0x9a..=0xa0 | 0xbb..=0xbf),
            0xbd => !matches!(third, 0x80 | 0x9b..=0xbf),
            _ => true,
        },
        _ => true,
    }
}

/// Looks for invisible characters where no script and no emoji needs them.
pub(super) fn look(text: &str) -> Hidden {
    let mut hidden = Hidden::default();
    let right_to_left = text.chars().any(is_rtl);
    let mut chars = text.char_indices().peekable();
    let mut before = None::<char>;
    let mut marks = 0usize;
    while let Some((start, c)) = chars.next() {
        if matches!(c, ' '..='~' | '\n' | '\r' | '\t') {
            (marks, before) = (0, Some(c));
            continue;
        }
        let end = start.saturating_add(c.len_utf8());
        marks = if matches!(c, '\u{300}'..='\u{36f}') { marks.saturating_add(1) } else { 0 };
        if marks == 5 {
            hidden.span("combining_marks", start, end);
        }
        let rest = text.get(start..).unwrap_or_default();
        let (rule, length) = match c {
            '\u{e0000}'..='\u{e007f}' => tags(rest, before),
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => selectors(rest, before),
            '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
                zero_width(rest, before)
            }
            '\u{202d}' | '\u{202e}' => (Some("bidi_override"), c.len_utf8()),
            '\u{202a}'..='\u{202c}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{61c}' => ((!right_to_left).then_some("bidi_control"), c.len_utf8()),
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => {
                let korean = before.is_some_and(|b| matches!(b, '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{ac00}'..='\u{d7a3}'));
                ((!korean).then_some("invisible_filler"), c.len_utf8())
            }
            '\u{2800}' => {
                let braille = before.is_some_and(|b| matches!(b, '\u{2801}'..='\u{28ff}'));
                ((!braille).then_some("invisible_filler"), c.len_utf8())
            }
            '\u{34f}' | '\u{180b}'..='\u{180f}' => {
                let script = before
                    .is_some_and(|b| matches!(b, '\u{590}'..='\u{5ff}' | '\u{1800}'..='\u{18af}'));
                ((!script).then_some("invisible_filler"), c.len_utf8())
            }
            '\u{fff9}'..='\u{fffb}' | '\u{206a}'..='\u{206f}' | '\u{1d173}'..='\u{1d17a}' => {
                (Some("invisible_control"), c.len_utf8())
            }
            c if c.is_control() && !matches!(c, '\n' | '\r' | '\t') => {
                (Some("control_character"), c.len_utf8())
            }
            _ => (None, c.len_utf8()),
        };
        let end = start.saturating_add(length.max(c.len_utf8()));
        if let Some(rule) = rule {
            hidden.span(rule, start, end);
            if let Some(spelled) = text.get(start..end).and_then(spelled) {
                hidden.spelled.push((start, end, spelled));
            }
        }
        while chars.next_if(|(i, _)| *i < end).is_some() {}
        before = text.get(..end).and_then(|t| t.chars().next_back());
    }
    mixed(text, &mut hidden);
    hidden
}

impl Hidden {
    fn span(&mut self, rule: &'static str, start: usize, end: usize) {
        let (class, evidence) = (Class::Medium, Evidence::Plain);
        match self.spans.last_mut() {
            Some(last) if last.rule == rule && last.end == start => last.end = end,
            _ => self.spans.push(Span { kind: Kind::Hidden, rule, start, end, class, evidence }),
        }
    }
}

/// Whether a character is never seen, whatever stands around it.
pub(super) fn invisible(c: char) -> bool {
    matches!(c, '\u{e0100}'..='\u{e01ef}' | '\u{1d173}'..='\u{1d17a}')
}

/// The length of a run of characters.
fn run(rest: &str, of: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !of(c)).unwrap_or(rest.len())
}

/// Tag characters, but for the three flags that are made of them.
fn tags(rest: &str, before: Option<char>) -> (Option<&'static str>, usize) {
    let length = run(rest, |c| matches!(c, '\u{e0000}'..='\u{e007f}'));
    let code: String = rest.get(..length).unwrap_or_default().chars().filter_map(tag).collect();
    let flag = before == Some('\u{1f3f4}')
        && rest.get(..length).is_some_and(|tags| tags.ends_with('\u{e007f}'))
        && matches!(code.as_str(), "gbeng" | "gbsct" | "gbwls");
    ((!flag).then_some("tag_characters"), length)
}

fn tag(c: char) -> Option<char> {
    let ascii = u32::from(c).checked_sub(0xe0000).and_then(char::from_u32)?;
    matches!(ascii, ' '..='~').then_some(ascii)
}

/// Variation selectors, but for one behind a character that has variants.
fn selectors(rest: &str, before: Option<char>) -> (Option<&'static str>, usize) {
    let of = |c: char| matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    let length = run(rest, of);
    let one = rest.chars().next().is_some_and(|c| c.len_utf8() == length);
    let base = before.is_some_and(|b| {
        !b.is_ascii_alphabetic()
            && !b.is_whitespace()
            && (!b.is_ascii() || b.is_ascii_digit() || matches!(b, '#' | '*'))
    });
    ((!(one && base)).then_some("variation_selectors"), length)
}

/// Zero-width characters, but for joiners in the scripts and emoji that need them.
fn zero_width(rest: &str, before: Option<char>) -> (Option<&'static str>, usize) {
    let of = |c: char| matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    let length = run(rest, of);
    let one = rest.chars().next().filter(|c| c.len_utf8() == length);
    let after = rest.get(length..).and_then(|rest| rest.chars().next());
    let needed = match one {
        Some('\u{200c}') => before.is_some_and(joins) || after.is_some_and(joins),
        Some('\u{200d}') => {
            before.is_some_and(joins) || before.is_some_and(emoji) && after.is_some_and(emoji)
        }
        Some('\u{200b}') => before.is_some_and(breaks) || after.is_some_and(breaks),
        Some('\u{feff}') => before.is_none(),
        _ => false,
    };
    ((!needed).then_some("zero_width"), length)
}

/// Scripts whose letters join or form clusters.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}'
        | '\u{1780}'..='\u{18af}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{1cd0}'..='\u{1cff}')
}

/// Scripts without spaces between words.
fn breaks(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

fn emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{a9}' | '\u{ae}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}')
}

fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// The text that a run of invisible characters spells.
pub(super) fn spelled(run: &str) -> Option<String> {
    let tags: String = run.chars().filter_map(tag).collect();
    if tags.len() >= 2 {
        return Some(tags);
    }
    let values: Vec<u8> = run.chars().filter_map(selector).collect();
    if values.len() >= 4 {
        return readable(&values);
    }
    let zero = run.chars().next()?;
    [true, false].into_iter().find_map(|zero_is_one| {
        let bits: Vec<bool> = run.chars().map(|c| (c == zero) == zero_is_one).collect();
        let bytes: Vec<u8> = bits
            .as_chunks::<8>()
            .0
            .iter()
            .map(|byte| byte.iter().fold(0u8, |value, bit| value << 1 | u8::from(*bit)))
            .collect();
        if bytes.len() >= 4 { readable(&bytes) } else { None }
    })
}

fn selector(c: char) -> Option<u8> {
    let value = match c {
        '\u{fe00}'..='\u{fe0f}' => u32::from(c).checked_sub(0xfe00)?,
        '\u{e0100}'..='\u{e01ef}' => u32::from(c).checked_sub(0xe0100)?.checked_add(16)?,
        _ => return None,
    };
    u8::try_from(value).ok()
}

fn readable(bytes: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(bytes).ok()?;
    text.chars().all(|c| !c.is_control() || c.is_whitespace()).then(|| text.to_owned())
}

/// Words of an address in which letters of another script stand for Latin ones.
fn mixed(text: &str, hidden: &mut Hidden) {
    let mut start = 0usize;
    for word in text.split_inclusive(|c: char| {
        c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | ',')
    }) {
        let end = start.saturating_add(word.len());
        if word.is_ascii() {
            start = end;
            continue;
        }
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let latin = bare.chars().any(|c| c.is_ascii_alphabetic());
        let strange = bare.chars().filter(|c| !c.is_ascii() && c.is_alphabetic());
        let (like, other) = strange.fold((0usize, 0usize), |(like, other), c| {
            if imitates(c).is_some() {
                (like.saturating_add(1), other)
            } else {
                (like, other.saturating_add(1))
            }
        });
        if latin && like > 0 && other == 0 {
            hidden.span("mixed_scripts", start, start.saturating_add(bare.len()));
        }
        start = end;
    }
}

/// The Latin letter that a Cyrillic or Greek one looks like.
fn imitates(c: char) -> Option<char> {
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
pub(super) fn folded(text: &str) -> Option<View> {
    if !possible(text.as_bytes()) {
        return None;
    }
    let mut view = View::with_capacity(text.len());
    let mut changed = false;
    let bytes = text.as_bytes();
    let mut start = 0usize;
    while let Some(c) = text.get(start..).and_then(|rest| rest.chars().next()) {
        if c.is_ascii() {
            let rest = bytes.get(start..).unwrap_or_default();
            let length = rest.iter().position(|b| !b.is_ascii()).unwrap_or(rest.len());
            let end = start.saturating_add(length);
            view.copy(bytes, start, end);
            start = end;
            continue;
        }
        let end = start.saturating_add(c.len_utf8());
        if is_hidden(c) {
            changed = true;
        } else {
            let before = view.bytes.last().is_some_and(u8::is_ascii_alphabetic);
            let latin = before || at(bytes, end).is_ascii_alphabetic();
            let plain = imitates(c).filter(|_| latin).unwrap_or_else(|| plain(c));
            changed |= plain != c;
            view.push_char(plain, start, end);
        }
        start = end;
    }
    changed.then_some(view)
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
