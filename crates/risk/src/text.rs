//! Texts as the detectors look at them: folded, cut, and what an address looks like.

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

/// Whether a word is an address by its look: a mail address, a domain, a long account number.
pub(crate) fn link_like(word: &str) -> bool {
    // Most words have neither.
    if word.len() < 12 && !word.as_bytes().contains(&b'.') {
        return false;
    }
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

/// An IBAN in its other form: in groups of four characters as it is printed, or without them.
pub(crate) fn regrouped(value: &str) -> Option<String> {
    if !(15..=42).contains(&value.len())
        || !value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
    {
        return None;
    }
    let joined: Vec<u8> = value.bytes().filter(|b| *b != b' ').collect();
    let [a, b, c, d, account @ ..] = joined.as_slice() else { return None };
    let country = a.is_ascii_alphabetic() && b.is_ascii_alphabetic();
    // The remainder by 97 of what is behind the check digits, and then of these (ISO 13616).
    let digit = |b: &u8| char::from(*b).to_digit(36).unwrap_or(0);
    let rest = account.iter().chain([a, b, c, d]).map(digit).fold(0u32, |rest, digit| {
        let shift = if digit < 10 { 10 } else { 100 };
        rest.wrapping_mul(shift).wrapping_add(digit) % 97
    });
    if !country || !c.is_ascii_digit() || !d.is_ascii_digit() || rest != 1 {
        return None;
    }
    let groups: Vec<String> =
        joined.chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    Some(groups.join(if value.contains(' ') { "" } else { " " }))
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
