//! Every refusal, its kind and its exact offset
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use countersign_canon::{
    Error, ErrorKind, Limits, canonicalize, canonicalize_with, digest, parse, require_canonical,
};

/// All four readers refuse alike
fn refused(input: &[u8]) -> Error {
    let error = canonicalize(input).expect_err(&String::from_utf8_lossy(input));
    assert_eq!(parse(input).unwrap_err(), error);
    assert_eq!(digest(input).unwrap_err(), error);
    assert_eq!(require_canonical(input).unwrap_err(), error);
    error
}

#[track_caller]
fn check(cases: &[(&[u8], ErrorKind, usize)]) {
    for (input, kind, offset) in cases {
        let error = refused(input);
        let text = String::from_utf8_lossy(input);
        assert_eq!((error.kind(), error.offset()), (*kind, *offset), "{text}");
    }
}

fn accepted(input: &str) -> String {
    canonicalize(input.as_bytes()).expect(input).as_str().to_owned()
}

#[test]
fn nothing_is_not_a_value() {
    use ErrorKind::Empty;
    check(&[(b"", Empty, 0), (b" ", Empty, 1), (b" \t\r\n ", Empty, 5)]);
}

#[test]
fn an_unfinished_value_is_refused_at_its_end() {
    for input in [
        "{",
        "{\"",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "[",
        "[1",
        "[1,",
        "[ ",
        "\"",
        "\"a",
        "\"\\",
        "\"\\u",
        "\"\\u0",
        "\"\\u004",
        "\"\\u0041",
        "\"\\ud83d",
        "\"\\ud83d\\",
        "\"\\ud83d\\u",
        "\"\\ud83d\\ude0",
        "t",
        "tru",
        "fals",
        "nul",
        "-",
        "1.",
        "-0.",
        "1e",
        "1E+",
        "1.5e-",
        "[-",
        "\"\\n",
        "\"\\/",
        "\"12345678",
        "\"1234567\\",
    ] {
        let error = refused(input.as_bytes());
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::UnexpectedEnd, input.len()),
            "{input}"
        );
    }
}

#[test]
fn a_byte_outside_the_grammar_is_refused_where_it_stands() {
    use ErrorKind::UnexpectedByte as Byte;
    check(&[
        (b"x", Byte, 0),
        (b"NaN", Byte, 0),
        (b"Infinity", Byte, 0),
        (b"-Infinity", ErrorKind::NumberSyntax, 1),
        (b"+1", Byte, 0),
        (b".5", Byte, 0),
        (b"'a'", Byte, 0),
        (b"truE", Byte, 3),
        (b"nul]", Byte, 3),
        (b"fa1se", Byte, 2),
        (b"True", Byte, 0),
        (b"]", Byte, 0),
        (b"}", Byte, 0),
        (b":", Byte, 0),
        (b"[,1]", Byte, 1),
        (b"[1,]", Byte, 3),
        (b"[1,,2]", Byte, 3),
        (b"[1 2]", Byte, 3),
        (b"[1}", Byte, 2),
        (b"[1:2]", Byte, 2),
        (b"[1x]", Byte, 2),
        (b"{1:2}", Byte, 1),
        (b"{a:1}", Byte, 1),
        (b"{,}", Byte, 1),
        (b"{\"a\" 1}", Byte, 5),
        (b"{\"a\",1}", Byte, 4),
        (b"{\"a\":}", Byte, 5),
        (b"{\"a\":1,}", Byte, 7),
        (b"{\"a\":1]", Byte, 6),
        (b"{\"a\":1 \"b\":2}", Byte, 7),
        (b"{null:1}", Byte, 1),
        (b"[1,/*c*/2]", Byte, 3),
        (b"//c\n1", Byte, 0),
        (b"[\x0b1]", Byte, 1),
        (b"[\x0c1]", Byte, 1),
        (b"\0", Byte, 0),
        (b"[1\0]", Byte, 2),
        ("[\u{a0}1]".as_bytes(), Byte, 1),
        ("[\u{2028}1]".as_bytes(), Byte, 1),
        ("[\u{feff}1]".as_bytes(), Byte, 1),
    ]);
}

#[test]
fn bytes_after_the_value_are_refused() {
    use ErrorKind::TrailingBytes as Trailing;
    check(&[
        (b"1 2", Trailing, 2),
        (b"{}{}", Trailing, 2),
        (b"[]]", Trailing, 2),
        (b"nullx", Trailing, 4),
        (b"1x", Trailing, 1),
        (b"1.5.5", Trailing, 3),
        (b"\"a\"b", Trailing, 3),
        (b"{}\0", Trailing, 2),
        (b"0x10", Trailing, 1),
        (b"1 //", Trailing, 2),
    ]);
    assert_eq!(accepted(" \t\r\n{} \t\r\n"), "{}");
}

#[test]
fn a_byte_order_mark_is_refused() {
    use ErrorKind::ByteOrderMark;
    check(&[(b"\xef\xbb\xbf{}", ByteOrderMark, 0), (b"\xef\xbb\xbf", ByteOrderMark, 0)]);
    refused(b"\xff\xfe{\0}\0");
    assert_eq!(accepted("\"\u{feff}\""), "\"\u{feff}\"");
}

#[test]
fn invalid_utf8_is_refused_at_the_first_bad_sequence() {
    use ErrorKind::InvalidUtf8 as Utf8;
    check(&[
        (b"\xff", Utf8, 0),
        (b"\"\x80\"", Utf8, 1),
        (b"\"a\xc0\xaf\"", Utf8, 2),
        (b"\"\xed\xa0\x80\"", Utf8, 1),
        (b"\"\xf4\x90\x80\x80\"", Utf8, 1),
        (b"\"\xc3\xa9\xc3", Utf8, 3),
        (b"{\"\xe2\x82\":1}", Utf8, 2),
        // It comes before everything else that is wrong, but for the size.
        (b"x\xff", Utf8, 1),
        (b"[1,]\xfe", Utf8, 4),
    ]);
}

#[test]
fn unknown_escapes_are_refused_at_their_backslash() {
    use ErrorKind::InvalidEscape as Escape;
    check(&[
        (b"\"\\x41\"", Escape, 1),
        (b"\"ab\\'\"", Escape, 3),
        (b"\"\\0\"", Escape, 1),
        (b"\"\\N\"", Escape, 1),
        (b"\"\\U0041\"", Escape, 1),
        (b"\"\\a\\/\"", Escape, 1),
        (b"\"\\/\\v\"", Escape, 3),
        (b"\"\\u12G4\"", Escape, 1),
        (b"\"\\u004\"", Escape, 1),
        (b"\"\\u+041\"", Escape, 1),
        (b"\"\\u 041\"", Escape, 1),
        (b"\"\\u00_1\"", Escape, 1),
        (b"\"\\ud83d\\uzzzz\"", Escape, 7),
        ("\"\\u00é0\"".as_bytes(), Escape, 1),
        (b"{\"\\q\":1}", Escape, 2),
        (b"\"\\\n\"", Escape, 1),
    ]);
}

#[test]
fn raw_control_characters_in_strings_are_refused() {
    for control in 0..0x20_u8 {
        for before in 0..18 {
            for escape in ["", "\\u0041", "\\n"] {
                let mut input = format!("\"{escape}{}", "x".repeat(before)).into_bytes();
                let offset = input.len();
                input.extend([control, b'"']);
                let error = refused(&input);
                assert_eq!(error.kind(), ErrorKind::ControlCharacter, "{control}");
                assert_eq!(error.offset(), offset);
            }
        }
    }
    check(&[(b"{\"a\nb\":1}", ErrorKind::ControlCharacter, 3)]);
    assert_eq!(accepted("\"\u{7f}\u{80}\""), "\"\u{7f}\u{80}\"");
}

#[test]
fn lone_surrogates_are_refused_at_their_escape() {
    use ErrorKind::LoneSurrogate as Lone;
    check(&[
        (br#""\ud800""#, Lone, 1),
        (br#""\uDFFF""#, Lone, 1),
        (br#""ab\udc00""#, Lone, 3),
        (br#""\ud83dx""#, Lone, 1),
        (br#""\ud83d\n""#, Lone, 1),
        (br#""\ud83d\u0041""#, Lone, 1),
        (br#""\ud83d\ud83d\ude00""#, Lone, 1),
        (br#""\ude00\ud83d""#, Lone, 1),
        (br#""\ud83d\ude00\ude00""#, Lone, 13),
        (br#""\dead\ud800""#, ErrorKind::InvalidEscape, 1),
        (br#"{"\ud800":1}"#, Lone, 2),
        (br#""\udc00"#, Lone, 1),
    ]);
    assert_eq!(accepted(r#""\ud83d\uDE00""#), "\"😀\"");
    assert_eq!(accepted(r#""\ud800\udc00\udbff\udfff""#), "\"\u{10000}\u{10ffff}\"");
}

#[test]
fn duplicate_keys_are_refused_however_they_are_written() {
    use ErrorKind::DuplicateKey as Duplicate;
    check(&[
        (br#"{"a":1,"a":1}"#, Duplicate, 7),
        (br#"{"a":1,"b":2,"a":3}"#, Duplicate, 13),
        (br#"{"b":1,"a":2,"b":3,"a":4}"#, Duplicate, 13),
        (br#"{"a":1,"\u0061":2}"#, Duplicate, 7),
        (br#"{"\u0061":1,"a":2}"#, Duplicate, 12),
        (br#"{"/":1,"\/":2}"#, Duplicate, 7),
        (br#"{"\n":1,"\u000a":2}"#, Duplicate, 8),
        (br#"{"\u000A":1,"\u000a":2}"#, Duplicate, 12),
        (br#"{"\"":1,"\u0022":2}"#, Duplicate, 8),
        ("{\"😀\":1,\"\\ud83d\\ude00\":2}".as_bytes(), Duplicate, 10),
        ("{\"\\ud83d\\ude00\":1,\"😀\":2}".as_bytes(), Duplicate, 18),
        (br#"{"":1,"":2}"#, Duplicate, 6),
        (br#"[{"x":{"a":1,"a":2}}]"#, Duplicate, 13),
        (br#"{"12345678abc":1,"12345678abc":2}"#, Duplicate, 17),
        (br#"{"z":0,"12345678abc":1,"12345678abc":2}"#, Duplicate, 23),
        // Noticed when the object ends, so an earlier end of the grammar wins, a later one doesn't.
        (br#"{"a":1,"a":2,}"#, ErrorKind::UnexpectedByte, 13),
        (br#"[{"a":1,"a":2},]"#, Duplicate, 8),
    ]);
    assert_eq!(accepted(r#"{"a":{"a":1},"b":{"a":1}}"#), r#"{"a":{"a":1},"b":{"a":1}}"#);
    assert_eq!(accepted("{\"a\":1,\"a\\u0000\":2,\"A\":3}"), "{\"A\":3,\"a\":1,\"a\\u0000\":2}");
    // Of many repetitions, the first is named.
    let many =
        (0..200).fold(String::new(), |text, k| format!("{text}\"key number {}\":0,", k % 50));
    let error = refused(format!("{{{many}\"z\":0}}").as_bytes());
    let repeated = many.match_indices("\"key number 0\"").nth(1).unwrap().0 + 1;
    assert_eq!((error.kind(), error.offset()), (Duplicate, repeated));
    // Unicode-equivalent keys are different keys: nothing is normalised.
    assert!(canonicalize("{\"é\":1,\"e\u{301}\":2}".as_bytes()).is_ok());
}

#[test]
fn malformed_numbers_are_refused_where_they_break() {
    use ErrorKind::NumberSyntax as Syntax;
    check(&[
        (b"01", Syntax, 1),
        (b"-01", Syntax, 2),
        (b"00", Syntax, 1),
        (b"-x", Syntax, 1),
        (b"--1", Syntax, 1),
        (b"1.x", Syntax, 2),
        (b"1.e5", Syntax, 2),
        (b"1e", ErrorKind::UnexpectedEnd, 2),
        (b"1ex", Syntax, 2),
        (b"1e+x", Syntax, 3),
        (b"1e--1", Syntax, 3),
        (b"[-]", Syntax, 2),
        (b"[1.]", Syntax, 3),
        (b"[0.5e]", Syntax, 5),
        (b"01.5", Syntax, 1),
    ]);
}

#[test]
fn integers_that_doubles_would_change_are_refused() {
    use ErrorKind::IntegerTooLarge as Integer;
    check(&[
        (b"9007199254740993", Integer, 0),
        (b"-9007199254740993", Integer, 0),
        (b"[1, 9007199254740993]", Integer, 4),
        (b"12345678901234567890", Integer, 0),
        (b"9223372036854775807", Integer, 0),
        (b"-9223372036854775808", Integer, 0),
        (b"18446744073709551615", Integer, 0),
        (b"18446744073709551616", Integer, 0),
        (b"295147905179352825856", Integer, 0),
        (b"1000000000000000000000", Integer, 0),
        (b"-1000000000000000000000", Integer, 0),
    ]);
    let long = "9".repeat(400);
    check(&[(long.as_bytes(), Integer, 0), (format!("[{long}]").as_bytes(), Integer, 1)]);
    for canonical in [
        "9007199254740991",
        "-9007199254740991",
        "9007199254740992",
        "-9007199254740992",
        "9007199254740994",
        "100000000000000000000",
        "-100000000000000000000",
        "18446744073709552000",
        "9223372036854776000",
        "295147905179352830000",
        "999999999999999900000",
    ] {
        assert_eq!(accepted(canonical), canonical);
    }
}

#[test]
fn no_two_integer_literals_share_a_digest() {
    let base: i128 = 1 << 53;
    let mut seen = std::collections::HashMap::new();
    let near = (-300..300).map(|d| base + d);
    let scattered = (0..3000).map(|i| 1_152_921_504_606_840_000 + i * 10);
    for integer in near.chain(scattered).flat_map(|i| [i, -i]) {
        let literal = integer.to_string();
        if let Ok(canonical) = canonicalize(literal.as_bytes()) {
            assert_eq!(canonical.as_str(), literal);
            assert_eq!(seen.insert(canonical.digest(), literal), None);
        }
    }
    // All of the 300 below 2^53 and every other one of the 300 above, and some of the scattered.
    assert!(seen.len() > 900, "{}", seen.len());
}

#[test]
fn numbers_beyond_the_doubles_are_refused() {
    use ErrorKind::NumberNotFinite as Infinite;
    check(&[
        (b"1e400", Infinite, 0),
        (b"-1e400", Infinite, 0),
        (b"[0,1.8e308]", Infinite, 3),
        (b"1e309", Infinite, 0),
        (b"1E+999999999999999999999", Infinite, 0),
        (b"1.7976931348623159e308", Infinite, 0),
    ]);
    assert_eq!(accepted("1.7976931348623157E+308"), "1.7976931348623157e+308");
    assert_eq!(accepted("1e-400"), "0");
    assert_eq!(accepted("-1e-400"), "0");
    assert_eq!(accepted("0e999999999999999999999"), "0");
    assert_eq!(accepted(&format!("{}.5e-400", "9".repeat(400))), "1");
}

#[test]
fn nesting_beyond_the_limit_is_refused_at_the_bracket() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(accepted(&nested(128)), nested(128));
    check(&[
        (nested(129).as_bytes(), ErrorKind::TooDeep, 128),
        ("[".repeat(600_000).as_bytes(), ErrorKind::TooDeep, 128),
        ("{\"a\":".repeat(200_000).as_bytes(), ErrorKind::TooDeep, 640),
        ("[{\"a\": ".repeat(100_000).as_bytes(), ErrorKind::TooDeep, 64 * 7),
    ]);
    let flat = Limits::DEFAULT.with_max_depth(0);
    assert_eq!(canonicalize_with(b"1", flat).unwrap().as_str(), "1");
    assert_eq!(canonicalize_with(b" {}", flat).unwrap_err().offset(), 1);
    let mut wide = Limits::DEFAULT;
    wide.max_depth = usize::MAX;
    assert_eq!(canonicalize_with(nested(129).as_bytes(), wide).unwrap_err().offset(), 128);
    // Siblings do not add up.
    let wide = format!("[{}[]]", "[[]],".repeat(1000));
    assert_eq!(canonicalize_with(wide.as_bytes(), flat.with_max_depth(3)).unwrap().as_str(), wide);
}

#[test]
fn sizes_beyond_the_limit_are_refused() {
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    assert!(canonicalize(text(1 << 20).as_bytes()).is_ok());
    check(&[
        (text((1 << 20) + 1).as_bytes(), ErrorKind::TooLarge, 1 << 20),
        (&vec![0xff; (1 << 20) + 1], ErrorKind::TooLarge, 1 << 20),
    ]);
    let ten = Limits::DEFAULT.with_max_bytes(10);
    assert!(canonicalize_with(b"\"12345678\"", ten).is_ok());
    assert_eq!(canonicalize_with(b"\"12345678\" ", ten).unwrap_err().kind(), ErrorKind::TooLarge);
    // The canonical form can be longer than the input; the limit holds for it too.
    let error = canonicalize_with(b"[1e20]", ten).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::TooLarge, 6));
    let fits = canonicalize_with(b"[1e20]", ten.with_max_bytes(23)).unwrap();
    assert_eq!(fits.as_str(), "[100000000000000000000]");
    assert!(canonicalize_with(b"[1e20]", ten.with_max_bytes(22)).is_err());
    assert!(canonicalize_with(b"1", ten.with_max_bytes(usize::MAX)).is_ok());
}

#[test]
fn what_is_not_canonical_is_refused_on_request_at_the_first_difference() {
    for (input, offset) in [
        (" 1", 0),
        ("1 ", 1),
        ("{\"b\":1,\"a\":2}", 2),
        ("[1, 2]", 3),
        ("[1.0]", 2),
        ("[\"\\u0041\"]", 2),
        ("\"\\u000A\"", 2),
        ("\"\\u001F\"", 6),
        ("\"\\/\"", 1),
        ("-0", 0),
        ("1E3", 1),
        ("{\"\u{e000}\":1,\"😀\":2}", 2),
    ] {
        let error = require_canonical(input.as_bytes()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::NotCanonical, offset), "{input}");
        let canonical = canonicalize(input.as_bytes()).unwrap();
        assert_eq!(require_canonical(canonical.as_bytes()), Ok(canonical));
    }
}

#[test]
fn codes_are_stable_and_unique() {
    use ErrorKind::*;
    let codes = [
        (Empty, "empty"),
        (UnexpectedEnd, "unexpected_end"),
        (UnexpectedByte, "unexpected_byte"),
        (TrailingBytes, "trailing_bytes"),
        (ByteOrderMark, "byte_order_mark"),
        (InvalidUtf8, "invalid_utf8"),
        (InvalidEscape, "invalid_escape"),
        (ControlCharacter, "control_character"),
        (LoneSurrogate, "lone_surrogate"),
        (DuplicateKey, "duplicate_key"),
        (NumberSyntax, "number_syntax"),
        (IntegerTooLarge, "integer_too_large"),
        (NumberNotFinite, "number_not_finite"),
        (TooDeep, "too_deep"),
        (TooLarge, "too_large"),
        (NotCanonical, "not_canonical"),
        (Internal, "internal"),
    ];
    let mut texts = std::collections::HashSet::new();
    for (kind, code) in codes {
        assert_eq!(kind.code(), code);
        assert!(texts.insert(kind.to_string()));
    }
}

#[test]
fn an_error_says_what_and_where_but_nothing_of_the_input() {
    let error = refused(br#"{"secret":"hunter2","secret":1}"#);
    assert_eq!(error.to_string(), "duplicate key at byte 20");
    assert!(!format!("{error:?}").contains("secret"));
    let _: &dyn std::error::Error = &error;
}

#[test]
fn offsets_are_never_beyond_the_input() {
    let inputs = ["{\"a\":[1,tru", "\"\\ud83d\\u", "[1e", "  ", "-", "[\"\\"];
    for input in inputs {
        assert!(refused(input.as_bytes()).offset() <= input.len());
    }
}
