//! Canonical JSON: what becomes of an input, or why and where it is refused.

use countersign_canon::canonicalize;
use serde_json::{Value, json};

use crate::{Made, bytes};

/// Name and input; the canonical text is the crate's own, and checked by two other languages.
const ACCEPTED: &[(&str, &str)] = &[
    ("null", "null"),
    ("booleans", "[true,false]"),
    ("white space", " \t\r\n { \"b\" : [ 1 , 2 ] , \"a\" : { } } \n"),
    ("empty containers", "[[],{},\"\"]"),
    ("order of keys", r#"{"b":1,"a":2,"A":3,"":4,"aa":5,"a\u0000":6,"1":7,"10":8,"2":9}"#),
    (
        "order by UTF-16, not by UTF-8",
        "{\"\u{fb33}\":1,\"😀\":2,\"\u{e000}\":3,\"\u{ffff}\":4,\"é\":5,\"\u{10ffff}\":6}",
    ),
    (
        "the keys of RFC 8785 section 3.2.3",
        r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
    ),
    ("nested order", r#"{"z":{"y":[{"b":1,"a":2}],"x":null},"a":[3,2,1]}"#),
    (
        "keys that programs treat specially",
        r#"{"__proto__":1,"constructor":2,"toString":3,"hasOwnProperty":4}"#,
    ),
    ("short escapes", r#""\" \\ \/ \b \f \n \r \t""#),
    (
        "long escapes of what has a short one",
        r#""\u0022\u005c\u002f\u0008\u000c\u000a\u000d\u0009""#,
    ),
    ("control characters", r#""\u0000\u0001\u000B\u001F\u007f\u0080""#),
    ("escapes of what stands for itself", r#""\u0041\u00e9\u20AC\ud83d\uDE00\u2028""#),
    ("noncharacters and private use", "\"\u{ffff}\u{fdd0}\u{e000}\u{10ffff}\""),
    ("nothing is normalised", "\"\u{e9} e\u{301} \u{202e}\u{200b}\""),
    ("zeros", "[0,-0,0.0,-0.0,0e5,-0E-5,1e-400]"),
    ("integers", "[1,-1,10,9007199254740991,-9007199254740991]"),
    (
        "large integers that are their own canonical text",
        "[9007199254740992,-9007199254740992,9007199254740994,100000000000000000000,999999999999999900000,295147905179352830000]",
    ),
    ("fractions", "[1.0,1.50,0.1,-0.5,123.456,0.000001,0.0000001,1.7976931348623157e308]"),
    ("exponents", "[1e0,1E2,1e+2,15e-1,1e20,1e21,1E-7,1e-6,5e-324,2.2250738585072014e-308]"),
    (
        "fractions beyond the precision of a double",
        "[0.1000000000000000055,9007199254740993.0,0.30000000000000004,333333333.33333329]",
    ),
    (
        "the numbers of RFC 8785 appendix B",
        "[5e-324,-5e-324,1.7976931348623157e308,-1.7976931348623157e308,295147905179352830000,9.999999999999997e22,1e23,1.0000000000000001e23,999999999999999700000,999999999999999900000,1e21,9.999999999999997e-7,0.000001,333333333.3333332,333333333.33333325,333333333.3333333,333333333.3333334,333333333.33333343,-0.0000033333333333333333,1424953923781206.2]",
    ),
];

/// Name, code, offset, input.
const REFUSED: &[(&str, &str, usize, &[u8])] = &[
    ("nothing", "empty", 0, b""),
    ("only white space", "empty", 3, b" \n\t"),
    ("an array that does not end", "unexpected_end", 3, b"[1,"),
    ("a string that does not end", "unexpected_end", 5, b"{\"ab\""),
    ("an escape that does not end", "unexpected_end", 5, b"\"\\u12"),
    ("a number that does not end", "unexpected_end", 2, b"1."),
    ("a comma too many", "unexpected_byte", 3, b"[1,]"),
    ("a comma too many in an object", "unexpected_byte", 7, b"{\"a\":1,}"),
    ("a key without quotes", "unexpected_byte", 1, b"{a:1}"),
    ("single quotes", "unexpected_byte", 0, b"'a'"),
    ("NaN", "unexpected_byte", 1, b"[NaN]"),
    ("Infinity", "unexpected_byte", 0, b"Infinity"),
    ("minus Infinity", "number_syntax", 1, b"-Infinity"),
    ("a comment", "unexpected_byte", 0, b"/**/1"),
    ("a capital literal", "unexpected_byte", 0, b"True"),
    ("a literal cut short", "unexpected_byte", 4, b"[nul]"),
    ("a plus sign", "unexpected_byte", 0, b"+1"),
    ("a leading point", "unexpected_byte", 0, b".5"),
    ("other white space", "unexpected_byte", 0, b"\x0c1"),
    ("a no-break space", "unexpected_byte", 0, "\u{a0}1".as_bytes()),
    ("the wrong bracket", "unexpected_byte", 2, b"[1}"),
    ("two values", "trailing_bytes", 3, b"{} {}"),
    ("a digit after zero", "number_syntax", 1, b"01"),
    ("minus zero and a digit", "number_syntax", 2, b"-01"),
    ("hexadecimal", "trailing_bytes", 1, b"0x10"),
    ("no digit after the point", "number_syntax", 3, b"[1.]"),
    ("no digit after the exponent", "number_syntax", 3, b"[1e]"),
    ("only a minus", "number_syntax", 2, b"[-]"),
    ("a byte order mark", "byte_order_mark", 0, b"\xef\xbb\xbf1"),
    ("a stray continuation byte", "invalid_utf8", 1, b"\"\x80\""),
    ("an overlong encoding", "invalid_utf8", 1, b"\"\xc0\xaf\""),
    ("an encoded surrogate", "invalid_utf8", 1, b"\"\xed\xa0\x80\""),
    ("beyond U+10FFFF", "invalid_utf8", 1, b"\"\xf4\x90\x80\x80\""),
    ("a sequence cut short", "invalid_utf8", 2, b"\"a\xe2\x82\""),
    ("UTF-16", "invalid_utf8", 0, b"\xff\xfe1\0"),
    ("invalid UTF-8 after a syntax error", "invalid_utf8", 2, b"xx\xff"),
    ("an escape of C", "invalid_escape", 1, b"\"\\x41\""),
    ("an escape in capitals", "invalid_escape", 1, b"\"\\N\""),
    ("an escape with too few digits", "invalid_escape", 1, b"\"\\u12\""),
    ("an escape with a sign", "invalid_escape", 1, b"\"\\u+041\""),
    ("a raw line feed", "control_character", 2, b"\"a\n\""),
    ("a raw tab", "control_character", 1, b"\"\t\""),
    ("a raw NUL", "control_character", 1, b"\"\0\""),
    ("a raw control character in a key", "control_character", 2, b"{\"\x1f\":1}"),
    ("a high surrogate alone", "lone_surrogate", 1, b"\"\\ud800\""),
    ("a low surrogate alone", "lone_surrogate", 3, b"\"ab\\udc00\""),
    ("two high surrogates", "lone_surrogate", 1, b"\"\\ud83d\\ud83d\""),
    ("a surrogate pair the wrong way round", "lone_surrogate", 1, b"\"\\ude00\\ud83d\""),
    ("a lone surrogate in a key", "lone_surrogate", 2, b"{\"\\udfff\":1}"),
    ("a key twice", "duplicate_key", 7, b"{\"a\":1,\"a\":2}"),
    ("a key twice, escaped", "duplicate_key", 7, b"{\"a\":1,\"\\u0061\":2}"),
    ("a key twice with the same value", "duplicate_key", 7, b"{\"a\":1,\"a\":1}"),
    ("a key twice, far inside", "duplicate_key", 21, b"[{\"x\":[{\"b\":0,\"c\":{},\"b\":1}]}]"),
    ("an empty key twice", "duplicate_key", 6, b"{\"\":1,\"\":2}"),
    ("the first key that repeats", "duplicate_key", 13, b"{\"a\":1,\"b\":2,\"b\":3,\"a\":4}"),
    ("2^53 + 1", "integer_too_large", 6, b"{\"id\":9007199254740993}"),
    ("minus 2^53 - 1", "integer_too_large", 0, b"-9007199254740993"),
    ("an account number", "integer_too_large", 0, b"12345678901234567890"),
    ("2^64 - 1", "integer_too_large", 0, b"18446744073709551615"),
    ("10^21 written out", "integer_too_large", 0, b"1000000000000000000000"),
    ("beyond a double", "number_not_finite", 1, b"[1e400]"),
    ("beyond a double, negative", "number_not_finite", 0, b"-1.8e308"),
];

/// Too long to write out: name, code, offset, parts.
type Long = (&'static str, &'static str, usize, &'static [(&'static str, usize)]);
const LONG: &[Long] = &[
    ("129 arrays", "too_deep", 128, &[("[", 129), ("]", 129)]),
    ("129 objects", "too_deep", 640, &[("{\"a\":", 129), ("1", 1), ("}", 129)]),
    ("1 MiB and a byte of white space", "too_large", 1 << 20, &[(" ", 1 << 20), ("1", 1)]),
    ("a string of more than 1 MiB", "too_large", 1 << 20, &[("\"", 1), ("a", 1 << 20), ("\"", 1)]),
    (
        "a canonical form of more than 1 MiB",
        "too_large",
        360_003,
        &[("[", 1), ("1e20,", 72_000), ("1", 1), ("]", 1)],
    ),
];

/// Valid, but changed by canonicalising; refused where canonical bytes are asked for.
const NOT_CANONICAL: &[(&str, usize, &str)] = &[
    ("a space", 4, "{\"a\" :1}"),
    ("white space at the end", 2, "{}\n"),
    ("another order", 2, "{\"b\":1,\"a\":2}"),
    ("an escape that is not needed", 1, "\"\\u0041\""),
    ("an escaped solidus", 1, "\"\\/\""),
    ("an escape in capitals", 6, "\"\\u001F\""),
    ("a fraction of zeros", 2, "[1.0]"),
    ("minus zero", 0, "-0"),
    ("an exponent", 1, "1e2"),
    ("a capital exponent", 1, "1E+21"),
];

pub(crate) fn file() -> Made<Value> {
    let mut accepted = Vec::new();
    let deep: [(&str, &[(&str, usize)]); 2] = [
        ("128 arrays", &[("[", 128), ("]", 128)]),
        ("1 MiB with its white space", &[(" ", (1 << 20) - 1), ("1", 1)]),
    ];
    let inputs = ACCEPTED.iter().map(|(name, input)| (*name, json!(input)));
    let deep = deep.iter().map(|(name, parts)| (*name, json!({ "repeat": parts })));
    for (name, input) in inputs.chain(deep) {
        let canonical = canonicalize(&bytes::read(&input)?)?;
        accepted.push(json!({
            "name": name,
            "input": input,
            "canonical": canonical.as_str(),
            "sha256": canonical.digest().to_hex(),
        }));
    }
    let refused = REFUSED.iter().map(|(name, code, offset, input)| {
        json!({ "name": name, "code": code, "offset": offset, "input": bytes::write(input) })
    });
    let long = LONG.iter().map(|(name, code, offset, parts)| {
        json!({ "name": name, "code": code, "offset": offset, "input": { "repeat": parts } })
    });
    let not_canonical = NOT_CANONICAL.iter().map(|(name, offset, input)| {
        json!({ "name": name, "code": "not_canonical", "offset": offset, "input": input })
    });
    Ok(json!({
        "about": "Canonical JSON. `accepted`: input, canonical form, its SHA-256. `refused`: code \
                  and byte offset. `not_canonical`: accepted, but refused where the bytes have to \
                  be canonical already. The code `internal` stands for a defect and has no vector.",
        "accepted": accepted,
        "refused": refused.chain(long).collect::<Vec<_>>(),
        "not_canonical": not_canonical.collect::<Vec<_>>(),
    }))
}
