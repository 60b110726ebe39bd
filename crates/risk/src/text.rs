//! Texts as the detectors compare them: folded, cut into words, or hashed in windows.

use countersign_canon::Digest;

/// Full-width forms (U+FF01 to U+FF5E) as the ASCII they imitate; every other character as it is.
pub(crate) fn fold(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c).saturating_sub(0xfee0)).unwrap_or(c),
        _ => c,
    }
}

/// The longest prefix of at most `max` bytes that ends between two characters.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// What is left of a text for content comparison: letters and digits, lower-case, without the
/// spaces, punctuation and invisible characters that quoting and wrapping change.
pub(crate) fn essence(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(fold).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Characters in a window that is compared.
pub(crate) const GRAM: usize = 21;
/// Every how many characters a window of what was read is kept. Any run of
/// `GRAM + STRIDE - 1` = 24 characters holds one of the kept windows whole.
pub(crate) const STRIDE: usize = 4;
/// Bits of a window's hash. A collision can only raise a tier, so 48 suffice.
pub(crate) const GRAM_MASK: u64 = (1 << 48) - 1;

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
const TOP: u64 = {
    let (mut power, mut left) = (1u64, GRAM);
    while left > 0 {
        power = power.wrapping_mul(BASE);
        left = left.saturating_sub(1);
    }
    power
};

/// A hash over the last [`GRAM`] characters pushed, updated in constant time.
#[derive(Debug, Default)]
pub(crate) struct Rolling {
    ring: [u64; GRAM],
    at: usize,
    filled: usize,
    hash: u64,
}

impl Rolling {
    pub(crate) fn new() -> Self {
        Self { ring: [0; GRAM], at: 0, filled: 0, hash: 0 }
    }

    /// The window's hash, once there are enough characters.
    pub(crate) fn push(&mut self, c: char) -> Option<u64> {
        let value = u64::from(u32::from(c)).wrapping_add(1);
        let slot = self.ring.get_mut(self.at)?;
        let gone = core::mem::replace(slot, value);
        self.at = if self.at >= GRAM.saturating_sub(1) { 0 } else { self.at.saturating_add(1) };
        self.hash =
            self.hash.wrapping_mul(BASE).wrapping_add(value).wrapping_sub(gone.wrapping_mul(TOP));
        self.filled = self.filled.saturating_add(1);
        (self.filled >= GRAM).then(|| mix(self.hash) & GRAM_MASK)
    }
}

/// Spreads the polynomial's structure over all bits.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// 96 bits of SHA-256 of a word: enough that nobody finds another word with the mark of one that the
/// user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark(pub(crate) [u8; 12]);

impl Mark {
    /// Stands between two texts, so that no run of words reaches over both.
    pub(crate) const BREAK: Self = Self([0; 12]);

    pub(crate) fn of_digest(digest: &Digest) -> Self {
        let mut mark = [0; 12];
        for (to, from) in mark.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        Self(mark)
    }

    pub(crate) fn of(word: &str) -> Self {
        Self::of_digest(&Digest::of(word.as_bytes()))
    }
}

/// The words of a text: what stands between spaces, quotes, brackets, commas, semicolons and bars,
/// lower-case, without the punctuation that a sentence puts around a name, and without the `http(s)`
/// scheme, `mailto:` and a leading `www.`.
///
/// A dot, hyphen, underscore or `@` inside a word stays, so `company.com` is not a word of
/// `our-company.com`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let between = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';' | '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '|'
            )
            || matches!(c, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
    };
    text.split(between).flat_map(sentences).map(word).filter(|word| !word.is_empty())
}

/// `our-company.com.They` is two words: a dot between a small letter or digit and a capital that a
/// small letter follows ends a sentence whose space is missing.
fn sentences(run: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(run);
    core::iter::from_fn(move || {
        let text = rest?;
        let bytes = text.as_bytes();
        let ends = |w: &[u8]| {
            matches!(w, [a, b'.', b, c] if (a.is_ascii_lowercase() || a.is_ascii_digit())
                && b.is_ascii_uppercase() && c.is_ascii_lowercase())
        };
        let at = bytes.windows(4).position(ends).map(|at| at.saturating_add(2));
        let (head, tail) = match at.and_then(|at| text.split_at_checked(at)) {
            Some((head, tail)) => (head, Some(tail)),
            None => (text, None),
        };
        rest = tail;
        Some(head)
    })
}

fn word(raw: &str) -> String {
    let lower: String = raw.chars().map(fold).flat_map(char::to_lowercase).collect();
    let start = |c: char| matches!(c, '@' | '#' | '!' | '?' | ':' | '*' | '\u{bf}' | '\u{a1}');
    let end = |c: char| matches!(c, '.' | ':' | '!' | '?' | '*' | '\u{2026}' | '/' | '\\');
    let bare = lower.trim_start_matches(start).trim_end_matches(end);
    let bare = ["https://", "http://", "mailto:"]
        .iter()
        .find_map(|scheme| bare.strip_prefix(scheme))
        .unwrap_or(bare);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    if bare.chars().any(char::is_alphanumeric) { bare.to_owned() } else { String::new() }
}

/// Most segments of a word whose runs are marked too.
const MAX_SEGMENTS: usize = 6;

/// The marks of a text's words in order, then those of the inner parts of words with slashes
/// (`owner/name` of `github.com/owner/name`), each for itself; [`Mark::BREAK`] behind each. At most
/// some `max`: the rest of the text is left out.
pub(crate) fn marks(text: &str, max: usize) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut parts = Vec::new();
    for word in words(text) {
        if marks.len().saturating_add(parts.len()) >= max {
            break;
        }
        marks.push(Mark::of(&word));
        let segments: Vec<&str> = word.split('/').filter(|s| !s.is_empty()).collect();
        if segments.len() < 2 || segments.len() > MAX_SEGMENTS {
            continue;
        }
        for from in 0..segments.len() {
            for to in from.saturating_add(1)..=segments.len() {
                if to.saturating_sub(from) < segments.len() {
                    let run = segments.get(from..to).unwrap_or_default().join("/");
                    parts.push(Mark::of(&run));
                    parts.push(Mark::BREAK);
                }
            }
        }
    }
    if !marks.is_empty() {
        marks.push(Mark::BREAK);
    }
    marks.extend(parts);
    marks
}

/// Whether a word is an address by its look: a mail address, a domain, a long account number.
pub(crate) fn link_like(word: &str) -> bool {
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let dotted = host.rsplit_once('.').is_some_and(|(name, tld)| {
        name.chars().any(char::is_alphanumeric)
            && (2..=24).contains(&tld.len())
            && tld.bytes().all(|b| b.is_ascii_lowercase())
    });
    let account = word.len() >= 12
        && word.bytes().filter(u8::is_ascii_digit).count() >= 8
        && word.bytes().all(|b| b.is_ascii_alphanumeric());
    dotted || account
}

/// The domain of a mail address or URL, in small letters as it is given.
pub(crate) fn domain(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next()?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let rest = rest.split(':').next()?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    (rest.contains('.') && rest != text).then_some(rest)
}

/// Characters that nobody sees, or that reorder what is seen.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}'
            | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(marks: &[Mark], value: &str) -> bool {
        let wanted: Vec<Mark> = words(value).map(|word| Mark::of(&word)).collect();
        !wanted.is_empty() && marks.windows(wanted.len()).any(|run| run == wanted)
    }

    fn said(text: &str, value: &str) -> bool {
        says(&marks(text, 1000), value)
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
    }

    #[test]
    fn words_of_two_texts_are_not_one_name() {
        let mut both = marks("ask Charlie", 1000);
        both.extend(marks("Brown is a colour", 1000));
        assert!(!says(&both, "Charlie Brown"));
        assert!(said("ask Charlie Brown", "charlie brown"));
    }

    #[test]
    fn no_more_words_are_marked_than_are_kept() {
        assert_eq!(marks(&"a ".repeat(1000), 10).len(), 11);
        assert!(marks(&"a/b/c ".repeat(1000), 10).len() < 10 + 25);
    }

    #[test]
    fn the_parts_of_a_path_are_named_with_it() {
        let text = "merge 5 in https://github.example/acme/web";
        for value in ["acme", "web", "acme/web", "github.example", "5"] {
            assert!(said(text, value), "{value}");
        }
        assert!(!said(text, "acme/webs"));
    }

    #[test]
    fn every_run_of_24_equal_characters_shares_a_kept_window() {
        let source: String = (0..400u32).map(|i| char::from_u32(0x4e00 + i * 7).unwrap()).collect();
        let mut rolling = Rolling::new();
        let kept: Vec<u64> = (0usize..)
            .zip(source.chars().filter_map(|c| rolling.push(c)))
            .filter_map(|(i, h)| (i % STRIDE == 0).then_some(h))
            .collect();
        let chars: Vec<char> = source.chars().collect();
        for at in 0..=chars.len() - 24 {
            let mut rolling = Rolling::new();
            let hit = "unrelated words before "
                .chars()
                .chain(chars[at..at + 24].iter().copied())
                .filter_map(|c| rolling.push(c))
                .any(|h| kept.contains(&h));
            assert!(hit, "the run at {at}");
        }
    }

    #[test]
    fn full_width_letters_and_spacing_do_not_change_the_essence() {
        let plain: String = essence("Secret key").collect();
        let styled: String = essence("\u{ff33}e\u{200b}cr.et  K-e\u{ad}y").collect();
        assert_eq!(plain, styled);
    }
}
