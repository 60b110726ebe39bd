//! Text as URLs, ids, headers and addresses spell it.

/// Percent-encodes a text for one path segment or one query value: RFC 3986 unreserved characters
/// stay, every other byte becomes `%XX` in upper case.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 0x0f].map(hex));
        }
    }
    out
}

fn hex(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

/// The text that [`percent`] wrote; none for any other spelling.
pub(crate) fn unpercent(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| percent(text) == encoded)
}

/// Base32 with the extended hex alphabet (RFC 4648 section 7), lower case, without padding.
pub(crate) fn base32hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.extend(char::from_digit((held >> bits) & 31, 32));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.extend(char::from_digit((held << (5 - bits)) & 31, 32));
    }
    out
}

/// Whether a text is a strong entity tag with content (RFC 9110 section 8.8.3, without `obs-text`),
/// so that `if-match` can carry it as it is. A weak one never matches there (section 13.1.1).
pub(crate) fn is_strong_etag(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| {
        let etagc = |b: u8| b == 0x21 || matches!(b, 0x23..=0x7e);
        (1..=1024).contains(&inner.len()) && inner.bytes().all(etagc)
    })
}

/// Whether a text is a plain e-mail address: an ASCII `dot-atom` and a domain name of two labels or
/// more (RFC 5321 section 4.1.2, limits of section 4.5.3.1). Quoted local parts, address literals,
/// display names and internationalised addresses are not.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    let atom = |part: &str| !part.is_empty() && part.bytes().all(atext);
    let label = |part: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=63).contains(&part.len())
            && part.bytes().all(plain)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let mut top = domain.rsplit('.');
    let named = top.next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()));
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.split('.').all(atom)
        && domain.split('.').all(label)
        && named
        && top.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(percent("aZ09-._~"), "aZ09-._~");
        assert_eq!(percent("a@b#c?d/e\\%é\n "), "a%40b%23c%3Fd%2Fe%5C%25%C3%A9%0A%20");
    }

    #[test]
    fn decoding_takes_the_one_spelling_only() {
        for text in ["", "primary", "a@b.c", "..", "%2e", "日程\u{202e}"] {
            assert_eq!(unpercent(&percent(text)).as_deref(), Some(text));
        }
        for other in ["%2e", "%", "%4", "%zz", "%61", "@", "%C3", "%c3%a9", "+ "] {
            assert_eq!(unpercent(other), None, "{other}");
        }
    }

    #[test]
    fn base32hex_agrees_with_rfc_4648_section_10() {
        let vectors = [
            ("", ""),
            ("f", "co"),
            ("fo", "cpng"),
            ("foo", "cpnmu"),
            ("foob", "cpnmuog"),
            ("fooba", "cpnmuoj1"),
            ("foobar", "cpnmuoj1e8"),
        ];
        for (plain, encoded) in vectors {
            assert_eq!(base32hex(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn an_etag_is_strong_quoted_and_fits_a_header() {
        for good in ["\"3181161784712000\"", "\"!\"", "\"a'b\""] {
            assert!(is_strong_etag(good), "{good}");
        }
        let long = format!("\"{}\"", "a".repeat(1025));
        let bad =
            ["", "\"", "\"\"", "abc", "W/\"1\"", "*", "\"a\"b\"", "\"a b\"", "\"é\"", "\"a\n\""];
        for bad in bad.into_iter().chain([long.as_str()]) {
            assert!(!is_strong_etag(bad), "{bad}");
        }
    }

    #[test]
    fn an_address_is_a_dot_atom_at_a_domain_name() {
        let local = "l".repeat(64);
        let good = [
            "kim@example.com",
            "first.last+tag@mail.example.co.uk",
            "a!#$%&'*+-/=?^_`{|}~@x1.io",
            "room@resource.calendar.google.com",
            &format!("{local}@example.com"),
        ];
        for good in good {
            assert!(is_email(good), "{good}");
        }
        let bad = [
            "",
            "@",
            "a@",
            "@b.c",
            "a b@c.d",
            "a@b",
            "a@b.",
            "a@.b",
            "a@b..c",
            "a.@b.cc",
            ".a@b.cc",
            "a..b@c.dd",
            "a@b@c.dd",
            "\"a\"@b.cc",
            "Kim <kim@b.cc>",
            "a@[127.0.0.1]",
            "a@1.2.3.4",
            "a@-b.cc",
            "a@b-.cc",
            "a@b.cc,d@e.ff",
            "a@b.cc\n",
            "a@b.cc ",
            "kïm@b.cc",
            "a@bücher.de",
            "a;b@c.dd",
            "a\u{0}@b.cc",
            &format!("l{local}@example.com"),
            &format!("a@{}.com", "x".repeat(64)),
            &format!("a@{}com", "xxxxxxx.".repeat(32)),
        ];
        for bad in bad {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
