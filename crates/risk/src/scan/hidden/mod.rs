//! Characters that nobody sees, or that look like others.

mod fold;
mod odd;

use super::bytes;
use super::kinds::{Class, Evidence, Kind, Span};

pub(super) use fold::folded;
pub(super) use odd::possible;

/// What is hidden in a text.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    pub(super) spans: Vec<Span>,
    /// What invisible characters spell: start, end, and the text.
    pub(super) spelled: Vec<(usize, usize, String)>,
}

/// Looks for invisible characters where no script and no emoji needs them.
pub(super) fn look(text: &str) -> Hidden {
    let mut hidden = Hidden::default();
    let mut right_to_left = None::<bool>;
    let (mut marks, mut mark_end) = (0usize, 0usize);
    let mut done = 0usize;
    bytes::each(text.as_bytes(), may_hide, |start| {
        let rest = text.get(start..).unwrap_or_default();
        let Some(c) = rest.chars().next().filter(|_| start >= done) else { return };
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let end = start.saturating_add(c.len_utf8());
        if matches!(c, '\u{300}'..='\u{36f}') {
            marks = if mark_end == start { marks.saturating_add(1) } else { 1 };
            mark_end = end;
            if marks == 5 {
                hidden.span("combining_marks", start, end);
            }
        }
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
            | '\u{61c}' => {
                let rtl = *right_to_left.get_or_insert_with(|| text.chars().any(is_rtl));
                ((!rtl).then_some("bidi_control"), c.len_utf8())
            }
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
        done = end;
    });
    mixed(text, &mut hidden);
    hidden
}

/// Whether a character that begins with this byte may be one that [`look`] has a rule for. Without
/// branches.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branches: many bytes are looked at side by side"
)]
fn may_hide(lead: u8) -> bool {
    let white = (lead == b'\n') | (lead == b'\r') | (lead == b'\t');
    (lead < 0x20) & !white
        | (lead == 0x7f)
        | (lead == 0xc2)
        | (lead == 0xcc)
        | (lead == 0xcd)
        | (lead == 0xd8)
        | (lead.wrapping_sub(0xe1) < 3)
        | (lead == 0xef)
        | (lead == 0xf0)
        | (lead == 0xf3)
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
    // First between what is cheap to tell, then between whatever separates words.
    let separates =
        |b: &u8| matches!(b, b'\t'..=b'\r' | b' ' | b'<' | b'>' | b'(' | b')' | b'"' | b',');
    let whole = text.as_bytes();
    let mut done = 0usize;
    bytes::each(
        whole,
        |b| b.wrapping_sub(0xce) < 7,
        |place| {
            if place < done {
                return;
            }
            let before = whole.get(done..place).unwrap_or_default();
            let start = before
                .iter()
                .rposition(separates)
                .map_or(done, |i| done.saturating_add(i).saturating_add(1));
            let after = whole.get(place..).unwrap_or_default();
            done = place.saturating_add(after.iter().position(separates).unwrap_or(after.len()));
            let part = text.get(start..done).unwrap_or_default();
            if part.bytes().any(|b| b.is_ascii_alphabetic()) {
                mixed_words(part, start, hidden);
            }
        },
    );
}

fn mixed_words(text: &str, place: usize, hidden: &mut Hidden) {
    let mut start = place;
    for word in text.split_inclusive(char::is_whitespace) {
        let end = start.saturating_add(word.len());
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let latin = bare.chars().any(|c| c.is_ascii_alphabetic());
        let mut strange = bare.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).peekable();
        let like = strange.peek().is_some();
        if latin && like && strange.all(|c| fold::imitates(c).is_some()) {
            hidden.span("mixed_scripts", start, start.saturating_add(bare.len()));
        }
        start = end;
    }
}
