//! Numbers: which literals are canonical as they stand, and the canonical text of the others

use alloc::{borrow::Cow, format};

use crate::error::{Error, ErrorKind};
use crate::string;

/// 2^53 − 1, the largest integer up to which doubles have no gaps
const MAX_SAFE_DIGITS: &[u8] = b"9007199254740991";

/// What is known of a literal from its digits alone
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal {
    /// It is canonical.
    Canonical,
    /// It may not be.
    Other,
    /// An integer that is refused if it is not.
    Large,
}

/// Reads the number literal that starts at `start` with a minus or a digit, and says where it ends
#[inline]
pub(crate) fn scan(bytes: &[u8], start: usize) -> Result<(usize, Literal), Error> {
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
            let mut leading = 0_usize;
            if zero {
                leading = fraction.iter().take_while(|&&byte| byte == b'0').count();
                leading = leading.wrapping_add(1);
            }
            let significant = whole.len().wrapping_add(fraction.len()).wrapping_sub(leading);
            // Decimals of at most 15 digits map to different doubles, so one without trailing
            // zeros is the shortest that maps to its double; from 10^-6 on it is written out.
            canonical = significant <= 15 && leading <= 6 && fraction.last() != Some(&b'0');
        }
        _ => {
            let safe = whole.len() < MAX_SAFE_DIGITS.len()
                || whole.len() == MAX_SAFE_DIGITS.len() && whole <= MAX_SAFE_DIGITS;
            let literal = match (safe, zero && negative) {
                (false, _) => Literal::Large,
                (true, true) => Literal::Other,
                (true, false) => Literal::Canonical,
            };
            return Ok((end, literal));
        }
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = end.wrapping_add(1);
        let signed = matches!(bytes.get(sign), Some(b'+' | b'-'));
        end = digits(bytes, sign.wrapping_add(usize::from(signed)))?;
        canonical = false;
    }
    Ok((end, if canonical { Literal::Canonical } else { Literal::Other }))
}

/// Where the digits from `at` on end; there is at least one
#[inline]
fn digits(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let mut end = at;
    while let Some(eight) = bytes.get(end..).and_then(<[u8]>::first_chunk) {
        let others = string::not_digits(u64::from_le_bytes(*eight));
        if others != 0 {
            let count = (others.trailing_zeros() >> 3) as usize;
            return if end == at && count == 0 {
                Err(Error::new(ErrorKind::NumberSyntax, at))
            } else {
                Ok(end.wrapping_add(count))
            };
        }
        end = end.wrapping_add(8);
    }
    let rest = bytes.get(end..).unwrap_or_default();
    end = end.wrapping_add(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    match end == at {
        true if rest.is_empty() => Err(Error::new(ErrorKind::UnexpectedEnd, bytes.len())),
        true => Err(Error::new(ErrorKind::NumberSyntax, at)),
        false => Ok(end),
    }
}

/// The double nearest to a literal; infinity if there is none
///
/// Of exponents that begin with 65536 or more, [`fast_float2`] reads five digits. That is enough, but
/// where tens of thousands of digits on the other side of the point make up for the exponent.
pub(crate) fn nearest(literal: &[u8]) -> f64 {
    let parse = |literal: &[u8]| fast_float2::parse(literal).unwrap_or(f64::INFINITY);
    let long = literal.get(1 << 15..).and_then(|_| str::from_utf8(literal).ok());
    let Some((mantissa, exponent)) = long.and_then(|long| long.split_once(['e', 'E'])) else {
        return parse(literal);
    };
    let (sign, mantissa) = mantissa.split_at(usize::from(mantissa.starts_with('-')));
    let whole = mantissa.find('.').unwrap_or(mantissa.len());
    let all = mantissa.replace('.', "");
    let digits = all.trim_start_matches('0');
    let huge = if exponent.starts_with('-') { isize::MIN } else { isize::MAX };
    // The point goes in front of the first digit that counts.
    let exponent = exponent.parse().unwrap_or(huge).saturating_add_unsigned(whole);
    let exponent = exponent.saturating_sub_unsigned(all.len().wrapping_sub(digits.len()));
    parse(format!("{sign}0.{digits}0e{}", exponent.clamp(-9999, 9999)).as_bytes())
}

/// A finite double as ECMAScript's `Number::toString` writes it, as RFC 8785 section 3.2.2.3 asks
///
/// The shortest digits are those of [`zmij`], and so is the layout but for three things: a whole
/// number ends in `.0`, zero keeps its sign, and there is an exponent from 10^16 on and below 10^-5,
/// where ECMAScript has none before 10^21 and none down to 10^-6.
pub(crate) fn ecmascript(value: f64, buffer: &mut zmij::Buffer) -> Cow<'_, str> {
    let text = buffer.format_finite(value);
    match text.as_bytes() {
        [.., b'.', b'0'] | [.., b'-', b'6'] | [.., b'+', b'1' | b'2', _] => {}
        _ => return Cow::Borrowed(text),
    }
    if let Some(whole) = text.strip_suffix(".0") {
        return Cow::Borrowed(if whole == "-0" { "0" } else { whole });
    }
    let (mantissa, exponent) = text.split_once('e').unwrap_or_default();
    let (whole, zeros) = match exponent.parse() {
        Ok(places @ 16_u8..=20) => (usize::from(places).wrapping_add(1), ""),
        Err(_) if exponent == "-6" => (0, "0.00000"),
        _ => return Cow::Borrowed(text),
    };
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let mut out = [sign, zeros].concat();
    let from = out.len();
    out.extend(mantissa.chars().filter(char::is_ascii_digit));
    let digits = out.len().wrapping_sub(from);
    out.extend(core::iter::repeat_n('0', whole.saturating_sub(digits)));
    Cow::Owned(out)
}
