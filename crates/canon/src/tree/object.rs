//! Objects: members in canonical order

use alloc::{string::String, vec::Vec};
use core::mem;

use crate::{Value, string};

/// A JSON object
///
/// Each key occurs once, and the members are kept in canonical order, by the UTF-16 code units of
/// their keys (RFC 8785 section 3.2.3). Looking up is a binary search; inserting moves what follows.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// An empty object
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The object with a member added, or its value replaced
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// Adds a member, or replaces its value and returns the old one
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.find(&key) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| mem::replace(old, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// The value of a member
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(self.find(key).ok()?).map(|(_, value)| value)
    }

    /// Takes a member out
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    /// The members in canonical order
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> + DoubleEndedIterator {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The keys in canonical order
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.iter().map(|(key, _)| key)
    }

    /// How many members there are
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// If there is none
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| string::compare(other.as_bytes(), key.as_bytes()))
    }

    /// Adds a member whose key sorts after all others
    pub(crate) fn push_last(&mut self, key: String, value: Value) {
        self.0.push((key, value));
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Object {
    /// Where a key repeats, the last value stays
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        members.into_iter().fold(Self::new(), |object, (key, value)| object.with(key, value))
    }
}

type Member<'a> = fn(&'a (String, Value)) -> (&'a str, &'a Value);

impl<'a> IntoIterator for &'a Object {
    type Item = (&'a str, &'a Value);
    type IntoIter = core::iter::Map<core::slice::Iter<'a, (String, Value)>, Member<'a>>;

    /// The members in canonical order, for `for` loops; other crates rely on it
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}
