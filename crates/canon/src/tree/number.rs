//! Numbers of a tree, as their canonical text

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
};
use core::fmt;

use crate::number::ecmascript;

/// 2^53 − 1, the largest integer up to which doubles have no gaps
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// A finite number, kept as its canonical text
///
/// Equal numbers have equal texts, so comparing and hashing go by the text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Number(String);

impl Number {
    /// The text of this double by ECMAScript's `Number::toString`, as RFC 8785 section 3.2.2.3 asks;
    /// `None` for infinities and NaN. Both zeros are `0`.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self(ecmascript(value, &mut zmij::Buffer::new()).into_owned()))
    }

    pub(crate) fn from_canonical(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The canonical text
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as an integer, if it is one within ±(2^53 − 1)
    ///
    /// Beyond that the digits of the text are no longer those of the double, so there is no integer
    /// on which every reader would agree.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok().filter(|value: &i64| value.unsigned_abs() <= MAX_SAFE_INTEGER)
    }

    /// The number as a double, without loss
    pub fn as_f64(&self) -> f64 {
        // INVARIANT: the text is that of a finite double.
        self.0.parse().unwrap_or(f64::NAN)
    }
}

macro_rules! from_small {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                Self(value.to_string())
            }
        }
    )*};
}
from_small!(u8 u16 u32 i8 i16 i32);

macro_rules! try_from_large {
    ($($integer:ty)*) => {$(
        impl TryFrom<$integer> for Number {
            type Error = IntegerRangeError;

            fn try_from(value: $integer) -> Result<Self, IntegerRangeError> {
                let text = value.to_string();
                let digits = text.trim_start_matches('-');
                match digits.parse::<u64>() {
                    Ok(size) if size <= MAX_SAFE_INTEGER => Ok(Self(text)),
                    _ => Err(IntegerRangeError(())),
                }
            }
        }
    )*};
}
try_from_large!(i64 u64 usize);

/// An integer is beyond ±(2^53 − 1) and would not survive as a JSON number; send it as a string
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntegerRangeError(());

impl fmt::Display for IntegerRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("integer beyond 2^53 - 1, which no JSON number carries faithfully")
    }
}

impl core::error::Error for IntegerRangeError {}
