//! The pieces that canonical text is written and read with.

use countersign_canon::{canonicalize, read_hex, read_string, write_hex, write_string};
use proptest::prelude::*;

fn written(text: &str) -> String {
    let mut out = String::new();
    write_string(&mut out, text);
    out
}

proptest! {
    #[test]
    fn a_string_is_written_canonically_and_read_back(text in ".*|[\\x00-\\x7f\u{2028}\u{1f600}]*") {
        let out = written(&text);
        let canonical = canonicalize(out.as_bytes()).unwrap();
        prop_assert_eq!(canonical.as_str(), &out);
        let behind = format!("{out},\"x\"");
        let (read, rest) = read_string(&behind).unwrap();
        prop_assert_eq!((&*read, rest), (&*text, ",\"x\""));
    }

    #[test]
    fn bytes_are_written_as_hex_and_read_back(bytes: [u8; 32]) {
        let mut out = String::from("x");
        write_hex(&mut out, &bytes);
        prop_assert_eq!(&out[1..], bytes.map(|byte| format!("{byte:02x}")).concat());
        prop_assert_eq!(read_hex(&out[1..]), Some(bytes));
    }

    #[test]
    fn what_is_not_hex_is_not_read(at in 0..64usize, wrong in "[^0-9a-f]") {
        let mut text = "0123456789abcdef".repeat(4);
        text.replace_range(at..=at, &wrong);
        prop_assert_eq!(read_hex::<32>(&text), None);
    }
}

#[test]
fn escapes_are_read_however_they_are_spelled() {
    let read = |text| read_string(text).map(|(text, rest)| (text.into_owned(), rest.to_owned()));
    let same = |text: &str, rest: &str| Some((text.to_owned(), rest.to_owned()));
    assert_eq!(read(r#""\u0041\n\/\ud83d\ude00"7"#), same("A\n/\u{1f600}", "7"));
    assert_eq!(read(r#""""#), same("", ""));
    for refused in
        ["", "7", r#"""#, r#""a"#, r#""a\"#, r#""\x""#, r#""\ud800""#, "\"a\n\"", r#""\u00"#]
    {
        assert_eq!(read(refused), None, "{refused}");
    }
}

#[test]
fn hex_has_exactly_twice_as_many_digits_as_bytes() {
    assert_eq!(read_hex::<2>("00ff"), Some([0, 255]));
    for refused in ["", "00f", "00ff0", "00ff00", "00FF", "+0ff", "00 f", "00f\u{e9}"] {
        assert_eq!(read_hex::<2>(refused), None, "{refused}");
    }
}
