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

/// The document of RFC 6901 section 5, canonical, with something nested and something escaped in it.
#[test]
fn pointers_find_what_rfc_6901_says_and_nothing_else() {
    let document = r#"{"":0," ":7,"a/b":1,"deep":[[],{"x":"]},\"","y":[10,true]},null,"\\"],"foo":["bar","baz"],"i\\j":5,"k\"l":6,"m~n":8}"#;
    let canonical = canonicalize(document.as_bytes()).unwrap();
    for (pointer, found) in [
        ("", document),
        ("/foo", r#"["bar","baz"]"#),
        ("/foo/0", "\"bar\""),
        ("/foo/1", "\"baz\""),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/i\\j", "5"),
        ("/k\"l", "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
        ("/deep/0", "[]"),
        ("/deep/1/x", r#""]},\"""#),
        ("/deep/1/y", "[10,true]"),
        ("/deep/1/y/0", "10"),
        ("/deep/1/y/1", "true"),
        ("/deep/2", "null"),
        ("/deep/3", r#""\\""#),
    ] {
        assert_eq!(canonical.pointer(pointer), Some(found), "{pointer}");
    }
    for pointer in [
        "foo",
        "x/foo",
        "/bar",
        "/foo/2",
        "/foo/-",
        "/foo/00",
        "/foo/bar",
        "/deep/0/0",
        "//0",
        "/m~n",
        "/m~2n",
        "/foo/0/0",
        "/deep/4",
    ] {
        assert_eq!(canonical.pointer(pointer), None, "{pointer}");
    }
    let text = |pointer| canonical.text_at(pointer).map(std::borrow::Cow::into_owned);
    assert_eq!(text("/deep/1/x").as_deref(), Some("]},\""));
    assert_eq!(text("/foo/0").as_deref(), Some("bar"));
    assert_eq!(text("/foo"), None);
}

/// Bytes beyond ASCII whose lower bits look like those of digits.
#[test]
fn letters_beyond_ascii_are_no_hexadecimal_digits() {
    for character in ('\u{80}'..='\u{10ffff}').step_by(13).chain(['\u{1c7}', '\u{e7}']) {
        let mut text = String::from_iter([character; 4]);
        while text.len() > 4 {
            text.pop();
        }
        text.push_str("0000".get(text.len()..).unwrap());
        assert_eq!(read_hex::<2>(&text), None, "{text}");
        assert!(canonicalize(format!("\"\\u{text}\"").as_bytes()).is_err(), "{text}");
    }
}

/// Long runs are looked at in blocks; what ends them may stand anywhere in one.
#[test]
fn a_long_string_ends_where_it_ends() {
    for length in 0..300 {
        let (before, after) = ("a".repeat(length), "b".repeat(300 - length));
        for stop in ["\"", "\\", "\n", "\u{1f}"] {
            let text = format!("{before}{stop}{after}");
            let (read, rest) = (written(&text), written(""));
            let both = format!("{read}{rest}");
            assert_eq!(read_string(&both), Some((text.into(), rest.as_str())), "{length}");
        }
        let raw = format!("\"{before}\n{after}\"");
        assert!(canonicalize(raw.as_bytes()).is_err(), "{length}");
    }
}

/// Keys are compared by their first eight bytes first.
#[test]
fn a_short_key_and_a_long_one_beyond_ascii_are_put_in_order() {
    let sorted = "{\"\u{e9}1234567\":2,\"\u{fc}\":1}";
    let swapped = "{\"\u{fc}\":1,\"\u{e9}1234567\":2}";
    for text in [sorted, swapped] {
        assert_eq!(canonicalize(text.as_bytes()).unwrap().as_str(), sorted);
    }
}
