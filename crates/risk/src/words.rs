//! The words of a text, and their marks.

use crate::hash::{Key, Mark};
use crate::text::{fold, link_like};

/// What a byte is to the words: part of one, between two, or the beginning of a longer character.
const CLASS: [u8; 256] = {
    let mut class = [IN; 256];
    let mut at = 0;
    while at < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let b = at as u8;
        #[expect(clippy::indexing_slicing, reason = "below 256")]
        if b.is_ascii_whitespace() || b == 0x0b || is_between(b) {
            class[at] = BETWEEN;
        } else if b >= 0x80 {
            class[at] = LONG;
        } else if b.is_ascii_alphanumeric() {
            class[at] = SIMPLE;
        }
        at = at.wrapping_add(1);
    }
    class
};
const SIMPLE: u8 = 0;
const IN: u8 = 1;
const BETWEEN: u8 = 2;
const LONG: u8 = 3;

fn class(b: u8) -> u8 {
    CLASS.get(usize::from(b)).copied().unwrap_or(LONG)
}

const fn is_between(b: u8) -> bool {
    matches!(
        b,
        b',' | b';'
            | b'"'
            | b'\''
            | b'`'
            | b'<'
            | b'>'
            | b'('
            | b')'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'|'
    )
}

/// The words of a text: what stands between spaces, quotes, brackets, commas, semicolons and bars,
/// lower-case, without the punctuation that a sentence puts around a name, and without the `http(s)`
/// scheme, `mailto:` and a leading `www.`.
///
/// A dot, hyphen, underscore or `@` inside a word stays, so `company.com` is not a word of
/// `our-company.com`.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    rest: &'a str,
    /// What is left of a run whose sentences are told apart.
    run: Option<&'a str>,
    lower: String,
    /// Where in it the last word is.
    last: (usize, usize),
}

impl<'a> Words<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { rest: text, run: None, lower: String::new(), last: (0, 0) }
    }

    /// The next word, until there is none.
    pub(crate) fn advance(&mut self) -> Option<&str> {
        let (from, to) = loop {
            let raw = match self.run.take() {
                Some(run) => run,
                None => self.run()?,
            };
            let (head, tail) = sentence(raw);
            self.run = tail;
            let (from, to) = self.bare(head);
            if from < to {
                break (from, to);
            }
        };
        self.last = (from, to);
        self.lower.get(from..to)
    }

    /// Skips what stands between words. If the next one is letters and digits of ASCII with nothing but
    /// a point, comma or space behind it, that is it.
    fn simple(&mut self) -> Option<&'a [u8]> {
        if self.run.is_some() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let from = bytes.iter().position(|b| class(*b) != BETWEEN)?;
        let text = bytes.get(from..)?;
        let length = text.iter().position(|b| class(*b) != SIMPLE).unwrap_or(text.len());
        let (word, behind) = text.split_at_checked(length)?;
        let gone = match behind {
            [] => 0,
            [next, ..] if class(*next) == BETWEEN => 1,
            [b'.' | b':' | b'!' | b'?', next, ..] if class(*next) == BETWEEN => 2,
            _ => usize::MAX,
        };
        if word.is_empty() || gone == usize::MAX {
            self.rest = self.rest.get(from..)?;
            return None;
        }
        let next = from.saturating_add(length).saturating_add(gone);
        self.rest = self.rest.get(next..)?;
        Some(word)
    }

    /// The next word that looks like an address, among at most `left` words, which it counts down.
    pub(crate) fn address(&mut self, left: &mut usize) -> Option<&str> {
        while *left > 0 {
            *left = left.saturating_sub(1);
            if let Some(word) = self.simple() {
                // Letters and digits alone are an address only as a long number.
                if word.len() < 12 {
                    continue;
                }
                self.lower.clear();
                self.lower.extend(word.iter().map(|b| char::from(b.to_ascii_lowercase())));
                if link_like(&self.lower) {
                    return Some(&self.lower);
                }
            } else if self.advance().map(link_like)? {
                // Borrowed anew, since a loop cannot give back what it looked at.
                let (from, to) = self.last;
                return self.lower.get(from..to);
            }
        }
        None
    }

    /// The mark of the next word, and the word itself if there is more in it than letters and digits.
    fn mark(&mut self, key: Key, whole: bool) -> Option<(Mark, Option<&str>)> {
        match self.simple() {
            Some(word) => Some((key.simple(word, whole), None)),
            None => self.advance().map(|word| (key.mark(word), Some(word))),
        }
    }

    /// What stands up to the next character between words.
    fn run(&mut self) -> Option<&'a str> {
        loop {
            let bytes = self.rest.as_bytes();
            let part = |b: &u8| class(*b) <= IN;
            let mut end = bytes.iter().position(|b| !part(b)).unwrap_or(bytes.len());
            let mut next = end;
            while let Some(b) = bytes.get(end) {
                let long = self.rest.get(end..).and_then(|rest| rest.chars().next());
                let width = long.map_or(1, char::len_utf8);
                next = end.saturating_add(width);
                if class(*b) == BETWEEN || class(*b) == LONG && long.is_none_or(is_between_long) {
                    break;
                }
                end = next;
                let rest = bytes.get(end..).unwrap_or_default();
                let more = rest.iter().position(|b| !part(b)).unwrap_or(rest.len());
                end = end.saturating_add(more);
                next = end;
            }
            let run = self.rest.get(..end).unwrap_or_default();
            self.rest = self.rest.get(next..).unwrap_or_default();
            if !run.is_empty() {
                return Some(run);
            }
            if self.rest.is_empty() {
                return None;
            }
        }
    }

    /// Puts a word into `lower`, and says where in it the word is without what a sentence puts around.
    fn bare(&mut self, raw: &str) -> (usize, usize) {
        self.lower.clear();
        self.lower.reserve(raw.len().max(32));
        if raw.is_ascii() {
            self.lower.push_str(raw);
            self.lower.make_ascii_lowercase();
        } else {
            self.lower.extend(raw.chars().map(fold).flat_map(char::to_lowercase));
        }
        let lower = self.lower.as_str();
        let start = |c: char| matches!(c, '@' | '#' | '!' | '?' | ':' | '*' | '\u{bf}' | '\u{a1}');
        let end = |c: char| matches!(c, '.' | ':' | '!' | '?' | '*' | '\u{2026}' | '/' | '\\');
        let bare = lower.trim_end_matches(end);
        let to = bare.len();
        let bare = bare.trim_start_matches(start);
        let schemes = ["https://", "http://", "mailto:"];
        let bare = schemes.iter().find_map(|scheme| bare.strip_prefix(scheme)).unwrap_or(bare);
        let bare = bare.strip_prefix("www.").unwrap_or(bare);
        let ascii = bare.bytes().any(|b| b.is_ascii_alphanumeric());
        let some = ascii || bare.chars().any(char::is_alphanumeric);
        (if some { to.saturating_sub(bare.len()) } else { to }, to)
    }
}

fn is_between_long(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
}

/// `our-company.com.They` is two words: a dot between a small letter or digit and a capital that a
/// small letter follows ends a sentence whose space is missing.
fn sentence(run: &str) -> (&str, Option<&str>) {
    let bytes = run.as_bytes();
    let mut from = 0usize;
    while let Some(dot) = bytes.get(from..).and_then(|rest| rest.iter().position(|b| *b == b'.')) {
        let dot = from.saturating_add(dot);
        let around = dot.checked_sub(1).and_then(|at| bytes.get(at..)?.first_chunk::<4>());
        if let Some([before, _, after, then]) = around
            && (before.is_ascii_lowercase() || before.is_ascii_digit())
            && after.is_ascii_uppercase()
            && then.is_ascii_lowercase()
            && let Some((head, tail)) = run.split_at_checked(dot.saturating_add(1))
        {
            return (head, Some(tail));
        }
        from = dot.saturating_add(1);
    }
    (run, None)
}

/// The words of a text, each for itself.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut words = Words::of(text);
    core::iter::from_fn(move || words.advance().map(str::to_owned))
}

/// The marks of a value's words.
pub(crate) fn marks(key: Key, text: &str, max: usize) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut words = Words::of(text);
    while marks.len() < max
        && let Some((mark, _)) = words.mark(key, true)
    {
        marks.push(mark);
    }
    marks
}

/// Most segments of a word whose runs are marked too.
const MAX_SEGMENTS: usize = 6;

/// A text as it is remembered: the marks of its words in order, then those of the inner parts of words
/// with slashes (`owner/name` of `github.com/owner/name`), each for itself. A `start` stands before
/// each, so that no run of words reaches over two of them. At most some `max`: the rest of the text is
/// left out, and whether something was is said. Marks that are not `whole` are only prints.
pub(crate) fn remembered(
    key: Key,
    text: &str,
    start: Mark,
    (max, whole): (usize, bool),
    into: &mut Vec<Mark>,
) -> bool {
    let begin = into.len();
    let mut parts = Vec::new();
    let mut words = Words::of(text);
    let mut cut = false;
    into.push(start);
    while let Some((mark, word)) = words.mark(key, whole) {
        let have = into.len().saturating_sub(begin).saturating_add(parts.len());
        if have > max {
            cut = true;
            break;
        }
        into.push(mark);
        if let Some(word) = word.filter(|word| word.as_bytes().contains(&b'/')) {
            slashed(key, word, start, &mut parts);
        }
    }
    if into.len() == begin.saturating_add(1) {
        into.truncate(begin);
    }
    into.append(&mut parts);
    cut
}

fn slashed(key: Key, word: &str, start: Mark, parts: &mut Vec<Mark>) {
    let segments: Vec<&str> = word.split('/').filter(|s| !s.is_empty()).collect();
    if segments.len() < 2 || segments.len() > MAX_SEGMENTS {
        return;
    }
    for from in 0..segments.len() {
        for to in from.saturating_add(1)..=segments.len() {
            if to.saturating_sub(from) < segments.len() {
                let run = segments.get(from..to).unwrap_or_default().join("/");
                parts.push(start);
                parts.push(key.mark(&run));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Mark = Mark { print: 1, check: 0 };

    fn all(text: &str, max: usize) -> Vec<Mark> {
        let mut marks = Vec::new();
        remembered(Key([1, 2]), text, START, (max, true), &mut marks);
        marks
    }

    fn says(remembered: &[Mark], value: &str) -> bool {
        let wanted = marks(Key([1, 2]), value, 100);
        !wanted.is_empty() && remembered.windows(wanted.len()).any(|run| run == wanted)
    }

    fn said(text: &str, value: &str) -> bool {
        says(&all(text, 1000), value)
    }

    #[test]
    fn a_name_is_found_in_the_punctuation_of_a_sentence() {
        let text = "Invite Dora (www.dora-website.com), mail \"kim@example.com\"; tell Bob's boss!";
        for value in ["dora", "https://dora-website.com/", "kim@example.com", "@Bob", "tell bob"] {
            assert!(said(text, value), "{value}");
        }
    }

    #[test]
    fn a_part_of_a_name_is_not_that_name() {
        let text = "Post it on www.our-company.com and mail alice@bank.example, not _bob";
        for value in ["company.com", "bank.example", "our-company", "bob", "alice@bank.exampl", ""]
        {
            assert!(!said(text, value), "{value}");
        }
    }

    #[test]
    fn a_sentence_whose_space_is_missing_ends_all_the_same() {
        let text = "Post it to www.our-company.com.They sent it to Bob.Kim knows v2.Beta";
        for value in ["our-company.com", "bob", "kim", "they"] {
            assert!(said(text, value), "{value}");
        }
        assert!(said("see Readme.MD and a.B", "readme.md"));
        assert!(said("Ünder.Änd ünder.And", "ünder"));
    }

    #[test]
    fn words_of_two_texts_are_not_one_name() {
        let mut both = all("ask Charlie", 1000);
        both.extend(all("Brown is a colour", 1000));
        assert!(!says(&both, "Charlie Brown"));
        assert!(said("ask Charlie Brown", "charlie brown"));
    }

    #[test]
    fn no_more_words_are_marked_than_are_kept() {
        assert_eq!(all(&"a ".repeat(1000), 10).len(), 11);
        assert!(all(&"a/b/c ".repeat(1000), 10).len() < 10 + 25);
        assert!(all(" ... ", 10).is_empty());
    }

    #[test]
    fn the_parts_of_a_path_are_named_with_it() {
        let text = "merge 5 in https://github.example/acme/web";
        for value in ["acme", "web", "acme/web", "github.example", "5"] {
            assert!(said(text, value), "{value}");
        }
        assert!(!said(text, "acme/webs"));
    }

    /// Words as one reads the definition, slowly.
    fn slowly(text: &str) -> Vec<String> {
        let between = |c: char| {
            c.is_whitespace()
                || u8::try_from(c).is_ok_and(|b| b < 0x80 && is_between(b))
                || matches!(c, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
        };
        let mut all = Vec::new();
        for mut run in text.split(between) {
            loop {
                let (head, tail) = sentence(run);
                let mut words = Words::of("");
                let (from, to) = words.bare(head);
                if from < to {
                    all.push(words.lower[from..to].to_owned());
                }
                let Some(tail) = tail else { break };
                run = tail;
            }
        }
        all
    }

    proptest! {
        #[test]
        fn words_are_what_stands_between_what_is_between(text in "[a-zA-Z0-9 ,;.|@'/:\u{a0}\u{e4}\u{201c}\u{3000}\u{ff21}\n\t\u{b}]{0,60}") {
            prop_assert_eq!(words(&text).collect::<Vec<_>>(), slowly(&text));
        }

        #[test]
        fn marks_are_those_of_the_words(text in "[a-zA-Z0-9 ,;.|@'/:\u{a0}\u{e4}\u{201c}!?\n]{0,60}") {
            let key = Key([1, 2]);
            let slowly: Vec<Mark> = slowly(&text).iter().map(|word| key.mark(word)).collect();
            prop_assert_eq!(marks(key, &text, 1000), slowly);
        }

        #[test]
        fn addresses_are_the_words_that_look_like_one(text in "[a-zA-Z0-9 .,@/:\u{e4}]{0,60}") {
            let slowly: Vec<String> = slowly(&text).into_iter().filter(|w| link_like(w)).collect();
            let (mut words, mut left, mut all) = (Words::of(&text), usize::MAX, Vec::new());
            while let Some(word) = words.address(&mut left) {
                all.push(word.to_owned());
            }
            prop_assert_eq!(all, slowly);
        }

        #[test]
        fn any_text_has_words(text: String) {
            prop_assert_eq!(words(&text).collect::<Vec<_>>(), slowly(&text));
        }
    }
}
