//! Texts from anywhere, made visible: every character that deceives the eye becomes a mark.

use core::fmt::Write as _;

use crate::character::{Hidden, Script, combines, emoji, hidden, joining_script};

/// A text as pieces that are not to be broken apart.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<Piece>,
    /// How many characters, and words of mixed scripts, deceive the eye.
    pub(crate) deceptive: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A character that is shown as it is.
    Plain(char),
    /// A mark in brackets.
    Mark(String),
    /// A line break.
    Break,
}

/// Most marks that may be drawn on one letter.
const MAX_COMBINING: usize = 4;
/// Most spaces in a row that are shown as they are.
const MAX_SPACES: usize = 3;

/// One line of text from anywhere, made visible: line breaks too become marks (`⟨U+000A⟩`).
///
/// Two different texts never become the same one.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text, false).pieces {
        match piece {
            Piece::Plain(c) => out.push(c),
            Piece::Mark(mark) => out.push_str(&mark),
            Piece::Break => {}
        }
    }
    out
}

fn mark(c: char) -> Piece {
    Piece::Mark(format!("\u{27e8}U+{:04X}\u{27e9}", u32::from(c)))
}

/// Cuts a text into pieces; line feeds become breaks if `lines` says so, else marks.
///
/// The characters of the text follow from the pieces: plain ones stand for themselves, a mark
/// `⟨U+…⟩` for the character it names, a break for U+000A, and any other mark, a note, for none.
/// Brackets of the text are marks too, so nothing in the text can look like a mark.
pub(crate) fn pieces(text: &str, lines: bool) -> Pieces {
    if plain(text) {
        return Pieces { pieces: text.chars().map(Piece::Plain).collect(), deceptive: 0 };
    }
    looked_at(text, lines)
}

/// Whether there is nothing to look at: visible ASCII, and single spaces between.
fn plain(text: &str) -> bool {
    let mut space = true;
    let visible = text.bytes().all(|byte| {
        let again = byte == b' ' && space;
        space = byte == b' ';
        !again && matches!(byte, b' '..=b'~')
    });
    visible && (!space || text.is_empty())
}

fn looked_at(text: &str, lines: bool) -> Pieces {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied();
    let mut out = Pieces::default();
    let mut word = Word::default();
    let mut combining = 0usize;
    let mut spaces = 0usize;
    // Up to where a flag's tags are known to be harmless.
    let mut flag_end = 0usize;
    for (i, c) in chars.iter().copied().enumerate() {
        let before = i.checked_sub(1).and_then(at);
        let after = at(i.saturating_add(1));
        if c == '\u{1f3f4}' {
            flag_end = i.saturating_add(flag_tags(chars.get(i.saturating_add(1)..)));
        }
        combining = if combines(c) { combining.saturating_add(1) } else { 0 };
        spaces = if c == ' ' { spaces.saturating_add(1) } else { 0 };
        if word.ends_before(c) {
            word.finish(&mut out);
        }
        if !c.is_whitespace() && before.is_none_or(char::is_whitespace) {
            word.begin(chars.get(i..).unwrap_or_default());
        }
        word.push(c);
        let shown = match c {
            '\n' if lines => {
                out.pieces.push(Piece::Break);
                continue;
            }
            '\r' if lines && after == Some('\n') => Some(Hidden::Exact),
            // At the end of a line, at its beginning and in a row, nobody counts spaces.
            ' ' => {
                let edge = before.is_none_or(|b| b == '\n')
                    || after.is_none_or(|a| matches!(a, '\n' | '\r'));
                (edge || spaces > MAX_SPACES).then_some(Hidden::Exact)
            }
            '\u{200c}' | '\u{200d}' if joins(c, &chars, i) => None,
            '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0d}' => Some(Hidden::Deceives),
            '\u{fe0e}' | '\u{fe0f}' => {
                let keycap = before.is_some_and(|b| b.is_ascii_digit() || matches!(b, '#' | '*'))
                    && after == Some('\u{20e3}');
                let fits = before.is_some_and(emoji) || keycap;
                (!fits).then_some(Hidden::Deceives)
            }
            _ if i <= flag_end && i > 0 && matches!(c, '\u{e0000}'..='\u{e007f}') => None,
            _ if combines(c) && hidden(c).is_none() => {
                let stands_alone = before.is_none_or(|b| b.is_whitespace() || hidden(b).is_some());
                (stands_alone || combining > MAX_COMBINING).then_some(Hidden::Deceives)
            }
            _ => hidden(c),
        };
        match shown {
            None => out.pieces.push(Piece::Plain(c)),
            Some(why) => {
                if why == Hidden::Deceives {
                    out.deceptive = out.deceptive.saturating_add(1);
                }
                out.pieces.push(mark(c));
            }
        }
    }
    word.finish(&mut out);
    out
}

/// Whether a joiner stands where it belongs: between two emoji, or between two letters of one script
/// in which it changes how they are drawn.
fn joins(c: char, chars: &[char], i: usize) -> bool {
    let before = i.checked_sub(1).and_then(|b| chars.get(b)).copied();
    let after = chars.get(i.saturating_add(1)).copied();
    let (Some(before), Some(after)) = (before, after) else { return false };
    if c == '\u{200d}' && emoji(after) {
        let base = i.checked_sub(2).and_then(|b| chars.get(b)).copied();
        return emoji(before) || (before == '\u{fe0f}' && base.is_some_and(emoji));
    }
    let script = joining_script(before);
    script.is_some() && script == joining_script(after)
}

/// How many tags follow a black flag, if they are those of England, Scotland or Wales (the only ones
/// that Unicode recommends for interchange, UTS 51 annex C); else none.
fn flag_tags(rest: Option<&[char]>) -> usize {
    let rest = rest.unwrap_or_default();
    let tags = rest.iter().take_while(|c| matches!(c, '\u{e0020}'..='\u{e007f}'));
    let name: String =
        tags.filter_map(|c| char::from_u32(u32::from(*c).saturating_sub(0xe0000))).collect();
    if matches!(name.as_str(), "gbeng\u{7f}" | "gbsct\u{7f}" | "gbwls\u{7f}") {
        name.chars().count()
    } else {
        0
    }
}

/// The scripts of a word. In running text a word is a run of letters and digits; an address, which is
/// a chunk between spaces that holds `@`, `/` or an inner dot, is one word as a whole, since a domain
/// may spell one of its labels in letters that look like another's.
#[derive(Debug, Default)]
struct Word {
    scripts: Vec<Script>,
    address: bool,
}

impl Word {
    /// Looks at the chunk that begins with `chars`.
    fn begin(&mut self, chars: &[char]) {
        let chunk = chars.split(|c| c.is_whitespace()).next().unwrap_or_default();
        let inner_dot =
            |pair: &[char]| matches!(pair, [dot, next] if *dot == '.' && next.is_alphanumeric());
        self.address =
            chunk.iter().any(|c| matches!(c, '@' | '/')) || chunk.windows(2).any(inner_dot);
    }

    fn ends_before(&self, c: char) -> bool {
        let inside = self.address
            || c.is_alphanumeric()
            || combines(c)
            || hidden(c).is_some()
            || matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
        c.is_whitespace() || !inside
    }

    fn push(&mut self, c: char) {
        if let Some(script) = Script::of(c) {
            self.scripts.push(script);
        }
    }

    /// Notes behind the word that its letters are of scripts that look alike, or imitate plain ones.
    fn finish(&mut self, out: &mut Pieces) {
        let mut scripts = core::mem::take(&mut self.scripts);
        scripts.sort_unstable();
        scripts.dedup();
        let styled = scripts.contains(&Script::Styled);
        if scripts.len() < 2 && !styled {
            return;
        }
        let names: Vec<&str> = scripts.iter().map(|s| s.name()).collect();
        let mut note = String::from("\u{27e8}");
        let what = if scripts.len() > 1 { "mixed letters" } else { "letters" };
        // Writing to a string cannot fail.
        let _ = write!(note, "{what}: {}\u{27e9}", names.join(", "));
        out.pieces.push(Piece::Mark(note));
        out.deceptive = out.deceptive.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_need_not_be_looked_at_would_come_out_the_same() {
        let letters =
            ['a', 'Z', '7', ' ', '-', '.', '@', '~', '\n', '\t', '\u{7f}', '\u{430}', '\u{27e8}'];
        let mut texts = vec![String::new()];
        let mut seen = [0; 2];
        for _ in 0..5 {
            for text in &texts {
                seen[usize::from(plain(text))] += 1;
                for lines in [false, true] {
                    let (quick, slow) = (pieces(text, lines), looked_at(text, lines));
                    assert_eq!(quick.pieces, slow.pieces, "{text:?}");
                    assert_eq!(quick.deceptive, slow.deceptive, "{text:?}");
                }
            }
            let longer = |text: &String| letters.map(|letter| format!("{text}{letter}"));
            texts = texts.iter().flat_map(longer).collect();
        }
        assert!(seen[0] > 1000 && seen[1] > 1000, "{seen:?}");
    }
}
