//! Values that are serialized are what `serde_json` and [`canonicalize`] make of them
#![expect(clippy::panic, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeMap;

use countersign_canon::{ErrorKind, SerializeError, canonicalize, to_canonical};
use proptest::prelude::*;
use serde::{Serialize, Serializer};

/// What both make of it, where both make something.
fn same<T: Serialize + std::fmt::Debug>(value: &T) {
    let ours = to_canonical(value);
    let theirs = serde_json::to_vec(value).map(|json| canonicalize(&json));
    match (ours, theirs) {
        (Ok(ours), Ok(Ok(theirs))) => assert_eq!(ours, theirs, "{value:?}"),
        (Err(SerializeError::Refused(ours)), Ok(Err(theirs))) => {
            assert_eq!(ours, theirs.kind(), "{value:?}");
        }
        (Err(SerializeError::Key), Err(_)) => {}
        (ours, theirs) => panic!("{value:?}: {ours:?} {theirs:?}"),
    }
}

#[derive(Debug, Clone, Serialize)]
enum Any {
    Unit,
    New(Box<Any>),
    Tuple(i64, String),
    Struct { b: u64, a: Option<char>, bytes: Vec<u8> },
    Map(BTreeMap<String, Any>),
    Characters(BTreeMap<char, bool>),
    Numbers(BTreeMap<i128, u128>),
    Words(BTreeMap<Word, u8>),
    Yes(BTreeMap<bool, (i8, Marker)>),
    Float(f64),
    List(Vec<Any>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Word {
    #[serde(rename = "\"quoted\"\n")]
    Quoted,
    Plain,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Marker;

fn values() -> impl Strategy<Value = Any> {
    let key = "[a-c\"\\\\\n\u{e9}\u{10000}\u{ffff}]{0,3}";
    let finite = any::<f64>().prop_filter("finite", |float| float.is_finite());
    let leaf = prop_oneof![
        Just(Any::Unit),
        (any::<i64>(), key).prop_map(|(n, text)| Any::Tuple(n, text)),
        (any::<u64>(), any::<Option<char>>(), any::<Vec<u8>>())
            .prop_map(|(b, a, bytes)| Any::Struct { b, a, bytes }),
        (-100i64..100, -9i64..9).prop_map(|(n, e)| Any::Tuple(n, e.to_string())),
        prop::collection::btree_map(any::<char>(), any::<bool>(), 0..4).prop_map(Any::Characters),
        prop::collection::btree_map(any::<i128>(), 0u128..1 << 54, 0..4).prop_map(Any::Numbers),
        Just(Any::Words(BTreeMap::from([(Word::Quoted, 1), (Word::Plain, 2)]))),
        any::<i8>().prop_map(|n| Any::Yes(BTreeMap::from([(true, (n, Marker))]))),
        finite.prop_map(Any::Float),
    ];
    leaf.prop_recursive(5, 32, 5, move |inner| {
        prop_oneof![
            inner.clone().prop_map(|value| Any::New(Box::new(value))),
            prop::collection::btree_map(key, inner.clone(), 0..5).prop_map(Any::Map),
            prop::collection::vec(inner, 0..5).prop_map(Any::List),
        ]
    })
}

fn any<T: Arbitrary>() -> impl Strategy<Value = T> {
    proptest::arbitrary::any::<T>()
}

proptest! {
    #[test]
    fn what_is_serialized_is_what_serde_json_writes_made_canonical(value in values()) {
        // Floats that are whole and beyond 2^53 are written with `.0` by one and without by the
        // other; both have the same canonical form.
        same(&value);
    }
}

/// A map with one key of any type.
#[derive(Debug)]
struct Keyed<K>(K);

impl<K: Serialize> Serialize for Keyed<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(&self.0, 1)])
    }
}

#[test]
fn a_key_that_is_not_text_is_refused_whatever_it_is_written_as() {
    let refused = [
        to_canonical(&Keyed(1.0)),
        to_canonical(&Keyed(1.5)),
        to_canonical(&Keyed(-0.0)),
        to_canonical(&Keyed(1e20)),
        to_canonical(&Keyed(2.0_f32)),
        to_canonical(&Keyed(())),
        to_canonical(&Keyed(None::<u8>)),
        to_canonical(&Keyed(vec![1])),
        to_canonical(&Keyed(Ok::<_, ()>("a"))),
        to_canonical(&Keyed(Keyed("a"))),
        to_canonical(&Keyed(Keyed(Keyed(1)))),
    ];
    for refused in refused {
        assert_eq!(refused, Err(SerializeError::Key));
    }
}

#[test]
fn keys_are_written_as_serde_json_writes_them() {
    same(&Keyed("\"a\""));
    same(&Keyed('\''));
    same(&Keyed('"'));
    same(&Keyed(i128::MIN));
    same(&Keyed(u128::MAX));
    same(&Keyed(false));
    same(&Keyed(Word::Quoted));
    same(&Keyed(std::num::Wrapping(5)));
    same(&Keyed(""));
    same(&Keyed("-"));
    same(&Keyed("null"));
}

#[test]
fn two_keys_that_are_written_alike_are_refused() {
    struct Twice;
    impl Serialize for Twice {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("1", 1), ("\u{31}", 2)])
        }
    }
    let twice = SerializeError::Refused(ErrorKind::DuplicateKey);
    assert_eq!(to_canonical(&Twice), Err(twice));
}

#[test]
fn depth_is_limited_to_the_level_in_every_kind_of_container() {
    fn nested(levels: usize, wrap: fn(Any) -> Any, inner: Any) -> Any {
        (0..levels).fold(inner, |value, _| wrap(value))
    }
    for (wrap, each) in [
        ((|value| Any::New(Box::new(value))) as fn(Any) -> Any, 1),
        (|value| Any::List(vec![value]), 2),
        (|value| Any::Map(BTreeMap::from([("a".to_owned(), value)])), 2),
    ] {
        for levels in 120 / each..=136 / each {
            same(&nested(levels, wrap, Any::Unit));
            same(&nested(levels, wrap, Any::Tuple(1, String::new())));
        }
        let deep = nested(128 / each, wrap, Any::Unit);
        assert!(to_canonical(&deep).is_ok());
        let deeper = SerializeError::Refused(ErrorKind::TooDeep);
        assert_eq!(to_canonical(&nested(1, wrap, deep)), Err(deeper));
    }
}
