//! The tree, and the small types around it
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{collections::HashSet, thread};

use countersign_canon::{Canonical, Digest, Number, Object, Value, canonicalize, parse};

#[test]
fn values_are_built_from_ordinary_ones() {
    let value = Value::from(
        Object::new()
            .with("text", "a\u{1}\"")
            .with("owned", String::from("é"))
            .with("yes", true)
            .with("none", None::<u8>)
            .with("some", Some(3_u8))
            .with("small", -5_i8)
            .with("large", Number::try_from(9_007_199_254_740_991_u64).unwrap())
            .with("half", Number::from_f64(0.5).unwrap())
            .with("list", vec![Value::from(1), Value::Null, Value::from(Object::new())])
            .with("words", ["x", "y"].as_slice())
            .with("names", vec![String::from("z")]),
    );
    let expected = concat!(
        r#"{"half":0.5,"large":9007199254740991,"list":[1,null,{}],"names":["z"],"none":null,"#,
        r#""owned":"é","small":-5,"some":3,"text":"a\u0001\"","words":["x","y"],"yes":true}"#
    );
    assert_eq!(value.to_canonical().as_str(), expected);
    assert_eq!(parse(expected.as_bytes()), Ok(value));
}

#[test]
fn objects_insert_replace_and_remove() {
    let mut object = Object::new();
    assert!(object.is_empty());
    assert_eq!(object.insert("b", 1), None);
    assert_eq!(object.insert("a", 2), None);
    assert_eq!(object.insert("b", 3), Some(Value::from(1)));
    assert_eq!(object.len(), 2);
    assert_eq!(object.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(object.get("b"), Some(&Value::from(3)));
    assert_eq!(object.get("c"), None);
    assert_eq!(object.remove("a"), Some(Value::from(2)));
    assert_eq!(object.remove("a"), None);
    assert_eq!(object.iter().len(), 1);
    assert_eq!(object.iter().next(), Some(("b", &Value::from(3))));
    let last: Object = [("k", 1), ("k", 2)].into_iter().collect();
    assert_eq!(last.get("k"), Some(&Value::from(2)));
}

#[test]
fn pointers_follow_rfc_6901() {
    // The example of its section 5
    let document = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
    let value = parse(document.as_bytes()).unwrap();
    assert_eq!(value.pointer(""), Some(&value));
    assert_eq!(value.pointer("/foo").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(value.pointer("/foo/0").and_then(Value::as_str), Some("bar"));
    let numbers = ["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"];
    for (number, pointer) in (0..).zip(numbers) {
        assert_eq!(value.pointer(pointer).and_then(Value::as_i64), Some(number), "{pointer}");
    }
    for nothing in [
        "foo",
        "/foo/2",
        "/foo/00",
        "/foo/01",
        "/foo/+1",
        "/foo/-",
        "/foo/-1",
        "/foo/",
        "/foo/0/",
        "/bar",
        "/m~n",
        "/m~2n",
        "/m~",
        "/a/b",
        "//",
        "/foo/99999999999999999999999",
        "/foo/１",
    ] {
        assert_eq!(value.pointer(nothing), None, "{nothing}");
    }
    let tricky = parse(br#"{"~1":1,"/":{"~":2}}"#).unwrap();
    assert_eq!(tricky.pointer("/~01").and_then(Value::as_i64), Some(1));
    assert_eq!(tricky.pointer("/~1/~0").and_then(Value::as_i64), Some(2));
}

#[test]
fn accessors_give_only_their_own_kind() {
    let values = [
        Value::Null,
        Value::from(true),
        Value::from(1),
        Value::from("a"),
        Value::from(vec![Value::Null]),
        Value::from(Object::new().with("k", 1)),
    ];
    for (index, value) in values.iter().enumerate() {
        assert_eq!(value.is_null(), index == 0);
        assert_eq!(value.as_bool(), (index == 1).then_some(true));
        assert_eq!(value.as_i64(), (index == 2).then_some(1));
        assert_eq!(value.as_number().is_some(), index == 2);
        assert_eq!(value.as_str(), (index == 3).then_some("a"));
        assert_eq!(value.as_array().is_some(), index == 4);
        assert_eq!(value.as_object().is_some(), index == 5);
        assert_eq!(value.get("k").is_some(), index == 5);
    }
}

#[test]
fn numbers_hold_only_what_every_reader_agrees_on() {
    const MAX: i64 = 9_007_199_254_740_991;
    for good in [MAX, -MAX, 0, 1, -1, 1 << 52] {
        let number = Number::try_from(good).unwrap();
        assert_eq!(number.as_i64(), Some(good));
        assert_eq!(Number::from_f64(number.as_f64()), Some(number.clone()));
        assert_eq!(canonicalize(number.as_str().as_bytes()).unwrap().as_str(), number.as_str());
    }
    for bad in [MAX + 1, -MAX - 1, i64::MAX, i64::MIN] {
        assert!(Number::try_from(bad).is_err(), "{bad}");
    }
    assert!(Number::try_from(u64::MAX).is_err());
    assert!(Number::try_from(1_u64 << 53).is_err());
    assert!(Number::try_from(usize::MAX).is_err());
    assert_eq!(Number::try_from(7_usize).unwrap(), Number::from(7_u8));
    assert_eq!(Number::from(i32::MIN).as_str(), "-2147483648");
    assert_eq!(Number::from(u32::MAX).as_i64(), Some(4_294_967_295));
    for none in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Number::from_f64(none), None);
    }
    assert_eq!(Number::from_f64(-0.0).unwrap().as_str(), "0");
    for text in ["0.5", "1e+21", "9007199254740992", "100000000000000000000", "1e-7"] {
        assert_eq!(parse(text.as_bytes()).unwrap().as_i64(), None, "{text}");
    }
    assert_eq!(parse(b"1e3").unwrap().as_i64(), Some(1000));
    let error = Number::try_from(i64::MAX).unwrap_err();
    assert!(error.to_string().contains("2^53"));
}

#[test]
fn digests_have_one_text() {
    let digest = Digest::of(b"abc");
    let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest.to_string(), text);
    assert_eq!(digest.to_hex(), text);
    assert_eq!(format!("{digest:?}"), text);
    assert_eq!(text.parse(), Ok(digest));
    assert_eq!(Digest::from_bytes(*digest.as_bytes()), digest);
    for bad in [
        "",
        "ba",
        &text.to_uppercase(),
        &text[1..],
        &format!("{text}0"),
        &format!("{text}00"),
        &text.replace("ba78", "ga78"),
        &text.replace("ba78", "+a78"),
        &text.replace("ba78", " a78"),
        &text.replace("ba78", "é78"),
        &format!("0x{}", &text[2..]),
    ] {
        let error = bad.parse::<Digest>().unwrap_err();
        assert!(error.to_string().contains("64"));
    }
    assert!(Digest::from_bytes([0; 32]) < Digest::from_bytes([1; 32]));
    assert_eq!(HashSet::from([digest, digest]).len(), 1);
}

#[test]
fn a_canonical_shows_and_gives_its_text() {
    let canonical = canonicalize(b"{\"b\": 1, \"a\": [\"\\u00e9\"]}").unwrap();
    assert_eq!(canonical.as_str(), "{\"a\":[\"é\"],\"b\":1}");
    assert_eq!(format!("{canonical:?}"), "Canonical({\"a\":[\"é\"],\"b\":1})");
    assert_eq!(canonical.clone().into_bytes(), canonical.as_bytes());
    let long = Value::from("é".repeat(1000)).to_canonical();
    assert!(format!("{long:?}").ends_with("é…)"));
    assert!(format!("{long:?}").chars().count() < 250);
    assert_eq!(HashSet::from([canonical.clone(), canonical]).len(), 1);
}

/// Runs in a thread whose stack is no larger than small servers give
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(256 << 10).spawn(test).unwrap().join().unwrap();
}

#[test]
fn the_deepest_input_needs_little_stack() {
    on_a_small_stack(|| {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{ \"b\" : 1 , \"a\" : [ ", " ] }")] {
            let levels = if open.len() > 6 { 64 } else { 128 };
            let text = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let canonical = canonicalize(text.as_bytes()).unwrap();
            let value = parse(text.as_bytes()).unwrap();
            assert_eq!(value.to_canonical(), canonical);
            assert_eq!(value.clone(), value);
            assert!(format!("{value:?}").len() > levels);
        }
        for endless in ["[", "{\"a\":", "[{\"a\":"] {
            assert!(parse(endless.repeat(100_000).as_bytes()).is_err());
        }
    });
}

#[test]
fn a_value_built_deeper_than_any_input_is_written_and_read_without_more_stack() {
    const DEPTH: usize = 100_000;
    on_a_small_stack(|| {
        let nested = || {
            let mut value = Value::from(Vec::<Value>::new());
            for level in 1..DEPTH {
                value = if level % 2 == 0 {
                    Value::from(vec![value, Value::from(1)])
                } else {
                    Object::new().with("k", value).into()
                };
            }
            value
        };
        let canonical: Canonical = nested_canonical(nested());
        assert!(canonicalize(canonical.as_bytes()).is_err());
        let again = nested_canonical(canonical.value());
        assert_eq!(again, canonical);
    });
}

/// Writes the value and takes it apart from the outside, since dropping it whole would recurse
fn nested_canonical(mut value: Value) -> Canonical {
    let canonical = value.to_canonical();
    loop {
        let inner = match &mut value {
            Value::Array(items) if !items.is_empty() => items.remove(0),
            Value::Object(object) => object.remove("k").unwrap(),
            _ => return canonical,
        };
        value = inner;
    }
}

#[test]
fn literals_are_read_as_what_they_are() {
    let values = parse(b"[false, true, null]").unwrap();
    assert_eq!(values, Value::from(vec![Value::from(false), Value::from(true), Value::Null]));
}
