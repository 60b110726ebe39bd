//! What was read or written last, opened, so that it need not be read and opened again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::frame::Place;

/// How many bytes are kept at most, about.
const MOST: usize = 4 << 20;
/// About what an entry takes beside its name and its value.
const ENTRY: usize = 128;

/// Values by name, each with the place in the log that it was read from or written to. A place is
/// written once and never again, so a value is the one that is wanted if its place is.
#[derive(Debug)]
pub(crate) struct Hot<T> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    values: HashMap<Vec<u8>, (Place, usize, T)>,
    bytes: usize,
}

impl<T: Clone> Hot<T> {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::new(Inner { values: HashMap::new(), bytes: 0 }) }
    }

    pub(crate) fn get(&self, name: &[u8], place: Place) -> Option<T> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.values.get(name).filter(|(at, ..)| *at == place).map(|(.., value)| value.clone())
    }

    /// Keeps a value of so many bytes. When there are too many, all are forgotten: they are read again
    /// when they are wanted.
    pub(crate) fn put(&self, name: &[u8], place: Place, bytes: usize, value: T) {
        let bytes = bytes.saturating_add(name.len()).saturating_add(ENTRY);
        if bytes > MOST {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.bytes.saturating_add(bytes) > MOST {
            inner.values.clear();
            inner.bytes = 0;
        }
        let before = inner.values.insert(name.to_vec(), (place, bytes, value));
        let before = before.map_or(0, |(_, bytes, _)| bytes);
        inner.bytes = inner.bytes.saturating_sub(before).saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_given_back_for_the_place_it_is_from_and_no_other() {
        let hot = Hot::new();
        let (old, new) = (Place { segment: 1, offset: 512 }, Place { segment: 1, offset: 1024 });
        hot.put(b"a", old, 1, 'x');
        assert_eq!((hot.get(b"a", old), hot.get(b"a", new)), (Some('x'), None));
        hot.put(b"a", new, 1, 'y');
        assert_eq!((hot.get(b"a", old), hot.get(b"a", new)), (None, Some('y')));
        assert_eq!(hot.get(b"b", new), None);
    }

    #[test]
    fn no_more_is_kept_than_the_bound() {
        let (hot, place) = (Hot::new(), Place { segment: 1, offset: 512 });
        hot.put(b"huge", place, MOST, 0);
        assert_eq!(hot.get(b"huge", place), None);
        for n in 0..100u32 {
            hot.put(&n.to_le_bytes(), place, MOST / 10, n);
            assert!(hot.inner.lock().unwrap().bytes <= MOST);
            assert_eq!(hot.get(&n.to_le_bytes(), place), Some(n));
        }
        assert!(hot.inner.lock().unwrap().values.len() < 10);
    }
}
