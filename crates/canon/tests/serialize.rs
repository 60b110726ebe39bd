//! Canonical JSON from any `Serialize`: as the text would be, or refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::{BTreeMap, HashMap};

use countersign_canon::{ErrorKind, SerializeError, canonicalize, to_canonical};
use serde::{Serialize, Serializer, ser::SerializeStruct};

#[derive(serde::Serialize)]
struct Event {
    summary: &'static str,
    attendees: Vec<Attendee>,
    count: u8,
    cost: f64,
    note: Option<String>,
    kind: Kind,
}

#[derive(serde::Serialize)]
struct Attendee(&'static str);

#[derive(serde::Serialize)]
enum Kind {
    Plain,
    Named(u8),
    Pair(u8, u8),
    Shaped { b: u8, a: u8 },
}

fn text<T: Serialize + ?Sized>(value: &T) -> String {
    to_canonical(value).unwrap().as_str().to_owned()
}

#[test]
fn a_type_is_written_as_its_json_would_be_canonicalized() {
    for kind in [Kind::Plain, Kind::Named(1), Kind::Pair(1, 2), Kind::Shaped { b: 1, a: 2 }] {
        let event = Event {
            summary: "Jour fixe \u{1f600}\n",
            attendees: vec![Attendee("kim"), Attendee("lee")],
            count: 2,
            cost: 1e21,
            note: None,
            kind,
        };
        let theirs = serde_json::to_vec(&event).unwrap();
        assert_eq!(to_canonical(&event).unwrap(), canonicalize(&theirs).unwrap());
    }
    assert_eq!(text(&Kind::Shaped { b: 1, a: 2 }), r#"{"Shaped":{"a":2,"b":1}}"#);
}

#[test]
fn members_come_in_the_order_of_utf16() {
    let map = HashMap::from([("\u{fb33}", 1), ("\u{1f600}", 2), ("a", 3)]);
    assert_eq!(text(&map), "{\"a\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
}

#[test]
fn numbers_are_those_of_rfc_8785() {
    assert_eq!(text(&[1.0, -0.0, 1e-7, 1e20, 0.1]), "[1,0,1e-7,100000000000000000000,0.1]");
    // An f32 is the double of the same value, not the shortest text of the f32.
    assert_eq!(text(&0.1f32), "0.10000000149011612");
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(to_canonical(&value), Err(SerializeError::NotFinite));
    }
    assert_eq!(to_canonical(&f32::NAN), Err(SerializeError::NotFinite));
}

#[test]
fn integers_that_two_readers_read_differently_are_refused() {
    let refused = Err(SerializeError::Refused(ErrorKind::IntegerTooLarge));
    assert_eq!(text(&9_007_199_254_740_991_u64), "9007199254740991");
    assert_eq!(to_canonical(&9_007_199_254_740_993_u64), refused);
    assert_eq!(to_canonical(&i64::MIN), refused);
    assert_eq!(to_canonical(&u128::MAX), refused);
    // Its own canonical text, so there is one reading.
    assert_eq!(text(&9_007_199_254_740_992_u64), "9007199254740992");
}

#[test]
fn keys_that_are_numbers_or_booleans_are_text_and_others_are_refused() {
    assert_eq!(
        text(&BTreeMap::from([(10, 'a'), (9, 'b'), (-1, 'c')])),
        r#"{"-1":"c","10":"a","9":"b"}"#
    );
    assert_eq!(text(&BTreeMap::from([(true, 1)])), r#"{"true":1}"#);
    assert_eq!(text(&BTreeMap::from([('x', 1)])), r#"{"x":1}"#);
    assert_eq!(to_canonical(&BTreeMap::from([((), 1)])), Err(SerializeError::Key));
    assert_eq!(to_canonical(&BTreeMap::from([(vec![1], 1)])), Err(SerializeError::Key));
}

/// Two keys that are one text.
struct Twice;

impl Serialize for Twice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("1", 'a'), ("1", 'b')])
    }
}

#[test]
fn a_key_that_comes_twice_is_refused() {
    let refused = SerializeError::Refused(ErrorKind::DuplicateKey);
    assert_eq!(to_canonical(&Twice), Err(refused));
}

/// What `serde_json` hides a number in, with the feature `arbitrary_precision`.
struct Hidden(&'static str);

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hidden = serializer.serialize_struct(self.0, 1)?;
        hidden.serialize_field(self.0, "1")?;
        hidden.end()
    }
}

#[test]
fn what_serde_json_hides_is_refused_however_it_comes() {
    for name in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        assert_eq!(to_canonical(&Hidden(name)), Err(SerializeError::PrivateKey));
        assert_eq!(to_canonical(&BTreeMap::from([(name, "1")])), Err(SerializeError::PrivateKey));
    }
}

#[derive(serde::Serialize)]
struct Endless;

/// Nests forever.
struct Nested;

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([Nested])
    }
}

#[test]
fn a_value_without_end_is_refused_before_the_stack_is_used_up() {
    assert_eq!(text(&Endless), "null");
    let refused = SerializeError::Refused(ErrorKind::TooDeep);
    assert_eq!(to_canonical(&Nested), Err(refused));
}

/// Gives up with words that nobody should read.
struct GivesUp;

impl Serialize for GivesUp {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("the token is swordfish"))
    }
}

#[test]
fn the_message_of_a_type_that_gives_up_is_not_repeated() {
    let error = to_canonical(&GivesUp).unwrap_err();
    assert_eq!(error, SerializeError::Custom);
    assert!(!format!("{error} {error:?}").contains("swordfish"));
}

#[test]
fn what_is_there_is_itself_and_bytes_are_numbers() {
    struct Bytes;
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&[0, 7, 255])
        }
    }
    assert_eq!(text(&Some(1_u8)), "1");
    assert_eq!(text(&[Some("a"), None]), r#"["a",null]"#);
    assert_eq!(text(&Bytes), "[0,7,255]");
}
