//! The examples of RFC 8785, and what follows from its rules
#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking")]

use countersign_canon::{Digest, Number, Object, Value, canonicalize, parse};

fn canonical(input: &str) -> String {
    canonicalize(input.as_bytes()).expect(input).as_str().to_owned()
}

#[test]
fn section_3_2_2_serialises_literals_strings_and_numbers() {
    let input = r#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    let expected = concat!(
        r#"{"literals":[null,true,false],"#,
        r#""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
        r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
    assert_eq!(canonical(input), expected);
    // Section 3.2.4 gives the same as UTF-8 bytes.
    let bytes = canonicalize(input.as_bytes()).unwrap().into_bytes();
    let hex: String =
        bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from).collect();
    assert!(hex.starts_with("7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c"));
    assert!(
        hex.ends_with("22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d")
    );
}

#[test]
fn section_3_2_3_orders_keys_by_utf16_code_units() {
    let input = r#"{
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
    }"#;
    let value = parse(input.as_bytes()).unwrap();
    let values: Vec<_> =
        value.as_object().unwrap().iter().map(|(_, v)| v.as_str().unwrap()).collect();
    let expected = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ];
    assert_eq!(values, expected);
    assert_eq!(canonical("{\"\u{fb33}\":1,\"😀\":2}"), "{\"😀\":2,\"\u{fb33}\":1}");
    assert_eq!(canonical("{\"😀\":2,\"\u{fb33}\":1}"), "{\"😀\":2,\"\u{fb33}\":1}");
}

#[test]
fn keys_order_by_utf16_wherever_they_differ() {
    // Pairs (smaller, larger), each behind common prefixes that end before, at and after 8 bytes.
    let pairs = [
        ("", "\0"),
        ("\0", "\0\0"),
        ("", "a"),
        ("a", "b"),
        ("a", "aa"),
        ("Z", "a"),
        ("a", "é"),
        ("é", "€"),
        ("€", "\u{d7ff}"),
        ("\u{d7ff}", "😀"),
        ("😀", "😁"),
        ("\u{10000}", "\u{10ffff}"),
        ("😀", "\u{e000}"),
        ("\u{10ffff}", "\u{e000}"),
        ("\u{e000}", "\u{f8ff}"),
        ("\u{efff}", "\u{f000}"),
        ("\u{f900}", "\u{ffff}"),
        ("\u{1f}", " "),
        ("\"", "\\"),
        ("\n", "\r"),
        ("/", "\\"),
        ("\\", "]"),
        ("\"", "#"),
    ];
    for (low, high) in pairs {
        for prefix in [
            "",
            "a",
            "abcde",
            "abcdefg",
            "abcdefgh",
            "abcdefghi",
            "ключи",
            "😀😀",
            "\n",
            "\u{ffee}",
        ] {
            let (low, high) = (format!("{prefix}{low}"), format!("{prefix}{high}"));
            let units = |key: &str| key.encode_utf16().collect::<Vec<_>>();
            assert!(units(&low) < units(&high), "the test is wrong: {low:?} {high:?}");
            let quote = |key: &str| Value::from(key).to_canonical().as_str().to_owned();
            let expected = format!("{{{}:1,{}:2}}", quote(&low), quote(&high));
            let swapped = format!("{{{}:2,{}:1}}", quote(&high), quote(&low));
            assert_eq!(canonical(&expected), expected);
            assert_eq!(canonical(&swapped), expected);
            // Far from the end of the input, too.
            assert_eq!(
                canonical(&format!("[{swapped},\"{}\"]", "x".repeat(64)))[1..=expected.len()],
                expected
            );
            let escaped = |key: &str| {
                key.encode_utf16().fold(String::new(), |text, unit| format!("{text}\\u{unit:04X}"))
            };
            let swapped = format!(r#"{{"{}":2,"{}":1}}"#, escaped(&high), escaped(&low));
            assert_eq!(canonical(&swapped), expected);
            let object = Object::new().with(high, 2).with(low, 1);
            assert_eq!(Value::from(object).to_canonical().as_str(), expected);
        }
    }
}

#[test]
fn appendix_b_number_samples() {
    let samples: [(u64, Option<&str>); 26] = [
        (0x0000_0000_0000_0000, Some("0")),
        (0x8000_0000_0000_0000, Some("0")),
        (0x0000_0000_0000_0001, Some("5e-324")),
        (0x8000_0000_0000_0001, Some("-5e-324")),
        (0x7fef_ffff_ffff_ffff, Some("1.7976931348623157e+308")),
        (0xffef_ffff_ffff_ffff, Some("-1.7976931348623157e+308")),
        (0x4340_0000_0000_0000, Some("9007199254740992")),
        (0xc340_0000_0000_0000, Some("-9007199254740992")),
        (0x4430_0000_0000_0000, Some("295147905179352830000")),
        (0x7fff_ffff_ffff_ffff, None),
        (0x7ff0_0000_0000_0000, None),
        (0x44b5_2d02_c7e1_4af5, Some("9.999999999999997e+22")),
        (0x44b5_2d02_c7e1_4af6, Some("1e+23")),
        (0x44b5_2d02_c7e1_4af7, Some("1.0000000000000001e+23")),
        (0x444b_1ae4_d6e2_ef4e, Some("999999999999999700000")),
        (0x444b_1ae4_d6e2_ef4f, Some("999999999999999900000")),
        (0x444b_1ae4_d6e2_ef50, Some("1e+21")),
        (0x3eb0_c6f7_a0b5_ed8c, Some("9.999999999999997e-7")),
        (0x3eb0_c6f7_a0b5_ed8d, Some("0.000001")),
        (0x41b3_de43_5555_5553, Some("333333333.3333332")),
        (0x41b3_de43_5555_5554, Some("333333333.33333325")),
        (0x41b3_de43_5555_5555, Some("333333333.3333333")),
        (0x41b3_de43_5555_5556, Some("333333333.3333334")),
        (0x41b3_de43_5555_5557, Some("333333333.33333343")),
        (0xbecb_f647_612f_3696, Some("-0.0000033333333333333333")),
        (0x4314_3ff3_c1cb_0959, Some("1424953923781206.2")),
    ];
    for (bits, text) in samples {
        let double = f64::from_bits(bits);
        let number = Number::from_f64(double);
        assert_eq!(number.as_ref().map(Number::as_str), text, "{bits:x}");
        if let Some(text) = text {
            assert_eq!(canonical(text), text);
            assert_eq!(canonical(&format!("{double:.16e}")), text, "from 17 digits");
            assert_eq!(number.unwrap().as_f64().to_bits(), (double + 0.0).to_bits());
        }
    }
}

#[test]
fn numbers_print_as_ecmascript_does() {
    for (literal, text) in [
        ("-0", "0"),
        ("-0.0", "0"),
        ("0.0", "0"),
        ("0e5", "0"),
        ("-0E-5", "0"),
        ("1.0", "1"),
        ("10", "10"),
        ("1e0", "1"),
        ("1E2", "100"),
        ("1e+2", "100"),
        ("100e-2", "1"),
        ("0.1", "0.1"),
        ("0.10", "0.1"),
        ("-0.5", "-0.5"),
        ("0.000001", "0.000001"),
        ("0.0000012", "0.0000012"),
        ("0.0000001", "1e-7"),
        ("0.00000012", "1.2e-7"),
        ("1e-6", "0.000001"),
        ("1e-7", "1e-7"),
        ("1E-7", "1e-7"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("1e+21", "1e+21"),
        ("123456789012345", "123456789012345"),
        ("1234567890123456", "1234567890123456"),
        ("999999999999999.9", "999999999999999.9"),
        ("99999999999999.9", "99999999999999.9"),
        ("0.123456789012345", "0.123456789012345"),
        ("0.1234567890123456", "0.1234567890123456"),
        ("0.12345678901234567", "0.12345678901234566"),
        ("0.00000123456789012345", "0.00000123456789012345"),
        ("0.1000000000000000055", "0.1"),
        ("9007199254740992.0", "9007199254740992"),
        ("9007199254740993.0", "9007199254740992"),
        ("9007199254740993e0", "9007199254740992"),
        ("2.2250738585072011e-308", "2.225073858507201e-308"),
        ("4.9e-324", "5e-324"),
        ("123e-20", "1.23e-18"),
    ] {
        assert_eq!(canonical(literal), text, "{literal}");
        assert_eq!(canonical(text), text);
        assert_eq!(canonical(&format!("[ {literal} ]")), format!("[{text}]"));
    }
}

#[test]
fn every_short_decimal_is_printed_as_its_double_is() {
    // The path that keeps a literal without going through a double must agree with the one that does.
    for whole in ["0", "1", "9", "10", "120", "99999", "9007199254740991", "90071992547409"] {
        for zeros in 0..9 {
            for digits in
                ["", "1", "5", "10", "25", "50", "3", "123456", "999999999", "1234567890123"]
            {
                let literal = format!("{whole}.{}{digits}", "0".repeat(zeros));
                if literal.ends_with('.') {
                    continue;
                }
                for literal in [format!("-{literal}"), literal] {
                    let expected = Number::from_f64(literal.parse().unwrap()).unwrap();
                    assert_eq!(canonical(&literal), expected.as_str(), "{literal}");
                }
            }
        }
    }
}

#[test]
fn strings_keep_only_the_escapes_of_the_rfc() {
    for unit in 0..=0xffff_u32 {
        let Some(character) = char::from_u32(unit) else { continue };
        let expected = match character {
            '\u{8}' => "\\b".into(),
            '\t' => "\\t".into(),
            '\n' => "\\n".into(),
            '\u{c}' => "\\f".into(),
            '\r' => "\\r".into(),
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\0'..' ' => format!("\\u{unit:04x}"),
            other => String::from(other),
        };
        let expected = format!("\"{expected}\"");
        for written in
            [format!("\"\\u{unit:04x}\""), format!("\"\\u{unit:04X}\""), expected.clone()]
        {
            assert_eq!(canonical(&written), expected);
            let value = parse(written.as_bytes()).unwrap();
            assert_eq!(value.as_str(), Some(String::from(character).as_str()));
            assert_eq!(value.to_canonical().as_str(), expected);
        }
    }
    assert_eq!(canonical(r#""\/\b\f\n\r\t\"\\""#), r#""/\b\f\n\r\t\"\\""#);
}

#[test]
fn noncharacters_and_private_characters_are_kept() {
    for character in ['\u{fdd0}', '\u{fffe}', '\u{ffff}', '\u{1fffe}', '\u{e000}', '\u{10ffff}'] {
        let text = format!("\"{character}\"");
        assert_eq!(canonical(&text), text);
    }
}

#[test]
fn white_space_goes_and_array_order_stays() {
    assert_eq!(canonical(" [ ] "), "[]");
    assert_eq!(canonical("{ }"), "{}");
    assert_eq!(canonical("[\n\t3 , 1\r\n,2 , [ ] , { } ]"), "[3,1,2,[],{}]");
    assert_eq!(
        canonical("{ \"b\" : [ { \"d\" : 1 , \"c\" : [ 2 ] } ] , \"a\" : { } }"),
        "{\"a\":{},\"b\":[{\"c\":[2],\"d\":1}]}"
    );
    assert_eq!(canonical(" \" \t\" ".replace('\t', "x").as_str()), "\" x\"");
}

#[test]
fn digests_are_those_of_the_canonical_bytes() {
    let text = b" {\"b\": 1.0, \"a\": \"\\u0041\"}";
    let canonical = canonicalize(text).unwrap();
    assert_eq!(canonical.as_str(), r#"{"a":"A","b":1}"#);
    let digest = "2fbac9efdc203ac32532d2f2dc78f5009d3f0cc6649bcd905622e1e50aa7e28e";
    assert_eq!(canonical.digest().to_hex(), digest, "by sha256sum");
    assert_eq!(canonical.digest(), Digest::of(canonical.as_bytes()));
    assert_eq!(countersign_canon::digest(text), Ok(canonical.digest()));
    assert_eq!(countersign_canon::digest(canonical.as_bytes()), Ok(canonical.digest()));
    assert_eq!(countersign_canon::digest(b" [1] "), Ok(Digest::of(b"[1]")));
}
