//! `application/x-www-form-urlencoded` bodies that are zeroised.

use zeroize::Zeroizing;

/// Encodes fields as the WHATWG URL Standard does (section 5.2): letters, digits, `*`, `-`, `.` and
/// `_` stay, a space becomes `+`, every other byte `%XX`.
pub(crate) fn encode(fields: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    // Room for the worst case at once: a buffer that grows leaves unwiped copies behind.
    let longest = |(name, value): &(&str, &str)| (name.len() + value.len()).saturating_mul(3) + 2;
    let mut body = Zeroizing::new(Vec::with_capacity(fields.iter().map(longest).sum()));
    for (name, value) in fields {
        if !body.is_empty() {
            body.push(b'&');
        }
        push(&mut body, name);
        body.push(b'=');
        push(&mut body, value);
    }
    body
}

fn push(body: &mut Vec<u8>, text: &str) {
    let hex = |nibble: u8| match nibble {
        0..=9 => b'0'.wrapping_add(nibble),
        _ => b'A'.wrapping_add(nibble.wrapping_sub(10)),
    };
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => body.push(byte),
            b' ' => body.push(b'+'),
            _ => body.extend_from_slice(&[b'%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delimiters_in_a_value_cannot_start_another_field() {
        let body = encode(&[("login_hint", "a&scope=x y+ü"), ("b", "*-._~")]);
        assert_eq!(&body[..], b"login_hint=a%26scope%3Dx+y%2B%C3%BC&b=*-._%7E");
    }

    proptest! {
        #[test]
        fn the_buffer_never_grows(name in ".{0,20}", value in ".{0,200}") {
            let fields = [(name.as_str(), value.as_str())];
            let body = encode(&fields);
            prop_assert!(body.len() <= (name.len() + value.len()) * 3 + 2);
            prop_assert!(body.iter().all(u8::is_ascii_graphic));
            prop_assert_eq!(body.iter().filter(|b| matches!(b, b'&' | b'=')).count(), 1);
        }
    }
}
