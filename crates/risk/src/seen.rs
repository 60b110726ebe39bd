//! What can be seen of strings: without white space and invisible characters.

use std::borrow::Cow;

use crate::arguments::{Kind, Leaf};
use crate::text::is_hidden;

/// What can be seen of the leaves of a call's arguments, one after the other.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    leaves: &'a [Leaf<'a>],
    all: Vec<u8>,
    /// Where in it each leaf ends.
    ends: Vec<usize>,
}

impl<'a> Seen<'a> {
    pub(crate) fn of(leaves: &'a [Leaf<'a>]) -> Self {
        let size = leaves.iter().map(|leaf| leaf.text.len()).fold(0, usize::saturating_add);
        let mut all = Vec::with_capacity(size);
        let mut ends = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            push(leaf.text, &mut all);
            ends.push(all.len());
        }
        Self { leaves, all, ends }
    }

    pub(crate) fn all(&self) -> Cow<'_, str> {
        text(&self.all)
    }

    /// What can be seen of the leaves of some kinds.
    pub(crate) fn of_kinds(&self, wanted: impl Fn(Kind) -> bool) -> Cow<'_, [u8]> {
        if self.leaves.iter().all(|leaf| wanted(leaf.kind)) {
            return Cow::Borrowed(&self.all);
        }
        let mut some = Vec::with_capacity(self.all.len());
        let mut start = 0usize;
        for (leaf, end) in self.leaves.iter().zip(&self.ends) {
            if wanted(leaf.kind) {
                some.extend_from_slice(self.all.get(start..*end).unwrap_or_default());
            }
            start = *end;
        }
        Cow::Owned(some)
    }

    /// Whether something else stands between two strings.
    pub(crate) fn is_mixed(&self) -> bool {
        let (mut string, mut between) = (false, false);
        self.leaves.iter().any(|leaf| match leaf.kind {
            Kind::Text => {
                string = true;
                between
            }
            Kind::Key | Kind::Number => {
                between = string;
                false
            }
        })
    }
}

/// Bytes as the text that they are.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    // The other way looks at every character for itself.
    core::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Adds what can be seen of a text.
fn push(text: &str, into: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        if rest.is_ascii() {
            return push_ascii(rest.as_bytes(), into);
        }
        let ascii = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        let Some((plain, behind)) = rest.split_at_checked(ascii) else { return };
        push_ascii(plain.as_bytes(), into);
        let mut chars = behind.chars();
        let Some(c) = chars.next() else { return };
        if is_seen(c) {
            into.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        rest = chars.as_str();
    }
}

/// The same for ASCII: every byte is written, and the next one over it if nobody sees it, without
/// branches.
fn push_ascii(text: &[u8], into: &mut Vec<u8>) {
    const BLOCK: usize = 64;
    for block in text.chunks(BLOCK) {
        let (mut seen, mut length) = ([0u8; BLOCK], 0usize);
        for b in block {
            // The index is below the length, which the compiler sees.
            if let Some(slot) = seen.get_mut(length & (BLOCK - 1)) {
                *slot = *b;
            }
            length = length.wrapping_add(usize::from(b.is_ascii_graphic()));
        }
        into.extend_from_slice(seen.get(..length).unwrap_or_default());
    }
}

/// Whether somebody sees a character.
pub(crate) fn is_seen(c: char) -> bool {
    !c.is_whitespace() && !is_hidden(c)
}

#[cfg(test)]
mod tests {
    use countersign_canon::parse;
    use proptest::prelude::*;

    use super::*;
    use crate::arguments::Arguments;

    #[test]
    fn what_is_seen_is_joined() {
        for (text, seen) in [
            ("", ""),
            (" \n\t ", ""),
            ("ab c\u{1}d\u{7f}e ", "abcde"),
            ("a\u{200b}b \u{e9}\u{a0}c", "ab\u{e9}c"),
        ] {
            let mut all = b"x".to_vec();
            push(text, &mut all);
            assert_eq!(all.strip_prefix(b"x"), Some(seen.as_bytes()));
        }
    }

    #[test]
    fn leaves_of_some_kinds_are_what_they_are_without_the_others() {
        let value = parse(br#"{"a b":["c d",7],"e":" f"}"#).unwrap();
        let arguments = Arguments::unassigned(&value);
        let seen = Seen::of(&arguments.leaves);
        assert_eq!(seen.all(), "abecd7f");
        assert_eq!(&*seen.of_kinds(|kind| kind != Kind::Number), b"abecdf");
        assert_eq!(&*seen.of_kinds(|kind| kind == Kind::Text), b"cdf");
        assert!(seen.is_mixed());
        for (json, mixed) in [(r#"{"a":["b","c"]}"#, false), (r#"{"a":"b","c":7}"#, false)] {
            let value = parse(json.as_bytes()).unwrap();
            let arguments = Arguments::unassigned(&value);
            assert_eq!(Seen::of(&arguments.leaves).is_mixed(), mixed, "{json}");
        }
    }

    proptest! {
        #[test]
        fn what_is_seen_are_the_characters_that_are(text in "[a-c \n\u{1}\u{e9}\u{200b}\u{3000}]{0,150}") {
            let mut all = Vec::new();
            push(&text, &mut all);
            prop_assert_eq!(all, text.chars().filter(|c| is_seen(*c)).collect::<String>().into_bytes());
        }
    }
}
