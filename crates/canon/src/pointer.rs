//! Looking into canonical text without building a tree of it

use alloc::{borrow::Cow, string::String};

use crate::{
    Canonical,
    string::{plain_end, read_string},
};

impl Canonical {
    /// The text of the value at a JSON pointer (RFC 6901), canonical as well: `""` is the whole,
    /// `"/a/0"` the first element of its member `a`; `None` if there is none or the pointer is
    /// malformed
    ///
    /// ```
    /// let order = countersign_canon::canonicalize(br#"{"to": ["kim", 7]}"#)?;
    /// assert_eq!(order.pointer("/to/1"), Some("7"));
    /// assert_eq!(order.text_at("/to/0").as_deref(), Some("kim"));
    /// # Ok::<(), countersign_canon::Error>(())
    /// ```
    pub fn pointer(&self, pointer: &str) -> Option<&str> {
        let mut tokens = pointer.split('/');
        if !tokens.next()?.is_empty() {
            return None;
        }
        let rest = tokens.try_fold(self.as_str(), child)?;
        Some(value(rest)?.0)
    }

    /// What the string at a JSON pointer stands for; `None` if there is no string
    pub fn text_at(&self, pointer: &str) -> Option<Cow<'_, str>> {
        read_string(self.pointer(pointer)?).map(|(text, _)| text)
    }
}

/// The value that canonical text begins with, and what follows it
fn value(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    let mut depth = 0_usize;
    loop {
        match rest.as_bytes().first()? {
            b'"' => rest = rest.get(string_end(rest.as_bytes())..)?,
            b'[' | b'{' => (depth, rest) = (depth.wrapping_add(1), rest.get(1..)?),
            b']' | b'}' => (depth, rest) = (depth.checked_sub(1)?, rest.get(1..)?),
            b',' | b':' => rest = rest.get(1..)?,
            _ => rest = rest.get(rest.find([',', ']', '}']).unwrap_or(rest.len())..)?,
        }
        if depth == 0 {
            return text.split_at_checked(text.len().wrapping_sub(rest.len()));
        }
    }
}

/// Where the string that canonical text begins with ends, without making what it stands for
fn string_end(text: &[u8]) -> usize {
    let mut end = plain_end(text, 1);
    while text.get(end) == Some(&b'\\') {
        end = plain_end(text, end.wrapping_add(2));
    }
    end.wrapping_add(1)
}

/// What begins with the member or element that a reference token names
fn child<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    let mut rest = text.get(1..)?;
    if text.starts_with('[') {
        for _ in 0..array_index(token)? {
            rest = value(rest)?.1.strip_prefix(',')?;
        }
        return Some(rest);
    }
    let name = pointer_token(token).filter(|_| text.starts_with('{'))?;
    loop {
        let (key, member) = read_string(rest)?;
        let member = member.strip_prefix(':')?;
        if key == name {
            return Some(member);
        }
        rest = value(member)?.1.strip_prefix(',')?;
    }
}

/// An index as RFC 6901 writes it: no sign, no leading zero
pub(crate) fn array_index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = token.len() > 1 && token.starts_with('0');
    if plain && !leading_zero { token.parse().ok() } else { None }
}

/// What a reference token stands for
pub(crate) fn pointer_token(token: &str) -> Option<String> {
    let sound = token.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    sound.then(|| token.replace("~1", "/").replace("~0", "~"))
}
