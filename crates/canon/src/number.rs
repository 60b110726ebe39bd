//! Numbers: which literals are canonical as they stand, and the canonical text of the others

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
};
use core::fmt;

use crate::error::{Error, ErrorKind};

/// 2^53 − 1, the largest integer up to which doubles have no gaps
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;
const MAX_SAFE_DIGITS: &[u8] = b"9007199254740991";

/// Reads the number literal that starts at `start` with a minus or a digit, and says where it ends
///
/// If the literal is not canonical, its canonical text is appended to `out`.
pub(crate) fn scan(text: &str, start: usize, out: &mut String) -> Result<usize, Error> {
    let bytes = text.as_bytes();
    let negative = bytes.get(start) == Some(&b'-');
    let first = start.wrapping_add(usize::from(negative));
    let mut end = digits(bytes, first)?;
    let whole = bytes.get(first..end).unwrap_or_default();
    let zero = whole.first() == Some(&b'0');
    if zero && whole.len() > 1 {
        return Err(Error::new(ErrorKind::NumberSyntax, first.wrapping_add(1)));
    }
    let mut canonical = false;
    match bytes.get(end) {
        Some(b'e' | b'E') => {}
        Some(b'.') => {
            let point = end.wrapping_add(1);
            end = digits(bytes, point)?;
            let fraction = bytes.get(point..end).unwrap_or_default();
            let zeros = fraction.iter().take_while(|&&byte| byte == b'0').count();
            let leading = if zero { zeros.wrapping_add(1) } else { 0 };
            let significant = whole.len().wrapping_add(fraction.len()).wrapping_sub(leading);
            // Decimals of at most 15 digits map to different doubles, so one without trailing
            // zeros is the shortest that maps to its double; from 10^-6 on it is written out.
            canonical = significant <= 15 && leading <= 6 && fraction.last() != Some(&b'0');
        }
        _ => {
            let safe = whole.len() < MAX_SAFE_DIGITS.len()
                || whole.len() == MAX_SAFE_DIGITS.len() && whole <= MAX_SAFE_DIGITS;
            // From 10^21 on the canonical text has an exponent, so no integer literal is canonical.
            if !safe && (whole.len() > 21 || !rewrite(text, start, end, out)?) {
                return Err(Error::new(ErrorKind::IntegerTooLarge, start));
            }
            canonical = !(zero && negative);
        }
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = end.wrapping_add(1);
        let signed = matches!(bytes.get(sign), Some(b'+' | b'-'));
        end = digits(bytes, sign.wrapping_add(usize::from(signed)))?;
        canonical = false;
    }
    if !canonical {
        rewrite(text, start, end, out)?;
    }
    Ok(end)
}

/// Where the digits from `at` on end; there is at least one
fn digits(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.iter().take_while(|b| b.is_ascii_digit()).count() {
        0 if rest.is_empty() => Err(Error::new(ErrorKind::UnexpectedEnd, bytes.len())),
        0 => Err(Error::new(ErrorKind::NumberSyntax, at)),
        count => Ok(at.wrapping_add(count)),
    }
}

/// Appends the canonical text of a literal unless it is the literal itself, and says if it is
///
/// It goes through the nearest double, as RFC 8785 section 3.2.2.3 asks.
#[inline(never)]
fn rewrite(text: &str, start: usize, end: usize, out: &mut String) -> Result<bool, Error> {
    let literal = text.get(start..end).unwrap_or_default();
    let value = literal.parse().unwrap_or(f64::NAN);
    if !f64::is_finite(value) {
        return Err(Error::new(ErrorKind::NumberNotFinite, start));
    }
    let mut buffer = ryu_js::Buffer::new();
    let canonical = buffer.format_finite(value);
    if canonical != literal {
        out.push_str(canonical);
    }
    Ok(canonical == literal)
}

/// A finite number, kept as its canonical text
///
/// Equal numbers have equal texts, so comparing and hashing go by the text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Number(String);

impl Number {
    /// The text of this double by ECMAScript's `Number::toString`, as RFC 8785 section 3.2.2.3 asks;
    /// `None` for infinities and NaN. Both zeros are `0`.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self(ryu_js::Buffer::new().format_finite(value).to_owned()))
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
