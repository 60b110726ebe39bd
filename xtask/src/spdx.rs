//! SPDX licence expressions: which are satisfied by a set of allowed licences.
//!
//! The grammar is that of SPDX 2.3, annex D: `AND` binds closer than `OR`, `WITH` attaches an
//! exception, parentheses group. The slash of old crates (`MIT/Apache-2.0`) reads as `OR`, as
//! crates.io defines it.

use std::{fmt, iter::Peekable, vec::IntoIter};

/// An expression nested deeper than this is refused; real ones stay below three.
const DEEPEST: usize = 32;

/// Why an expression could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SpdxError {
    /// A licence, an exception or a parenthesis was expected.
    Incomplete,
    /// This came where an operator or the end was expected.
    Unexpected(String),
    /// More nested than any real expression.
    TooDeep,
}

impl fmt::Display for SpdxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => f.write_str("something is missing"),
            Self::Unexpected(token) => write!(f, "unexpected `{token}`"),
            Self::TooDeep => f.write_str("nested too deeply"),
        }
    }
}

/// Whether `expression` can be satisfied with allowed licences only. A licence with an exception is
/// looked up as a whole: `Apache-2.0 WITH LLVM-exception`.
pub(crate) fn satisfied(
    expression: &str,
    allowed: impl Fn(&str) -> bool,
) -> Result<bool, SpdxError> {
    let mut reader = Reader { tokens: tokens(expression).into_iter().peekable(), allowed };
    let value = reader.or(0)?;
    match reader.tokens.next() {
        None => Ok(value),
        Some(token) => Err(SpdxError::Unexpected(token)),
    }
}

fn tokens(expression: &str) -> Vec<String> {
    expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ")
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

struct Reader<Allowed> {
    tokens: Peekable<IntoIter<String>>,
    allowed: Allowed,
}

impl<Allowed: Fn(&str) -> bool> Reader<Allowed> {
    fn or(&mut self, depth: usize) -> Result<bool, SpdxError> {
        let mut value = self.and(depth)?;
        while self.take("OR") {
            value |= self.and(depth)?;
        }
        Ok(value)
    }

    fn and(&mut self, depth: usize) -> Result<bool, SpdxError> {
        let mut value = self.term(depth)?;
        while self.take("AND") {
            value &= self.term(depth)?;
        }
        Ok(value)
    }

    fn term(&mut self, depth: usize) -> Result<bool, SpdxError> {
        if depth > DEEPEST {
            return Err(SpdxError::TooDeep);
        }
        if self.take("(") {
            let value = self.or(depth + 1)?;
            return match self.tokens.next() {
                Some(token) if token == ")" => Ok(value),
                Some(token) => Err(SpdxError::Unexpected(token)),
                None => Err(SpdxError::Incomplete),
            };
        }
        let mut licence = self.name()?;
        if self.take("WITH") {
            licence = format!("{licence} WITH {}", self.name()?);
        }
        Ok((self.allowed)(&licence))
    }

    fn name(&mut self) -> Result<String, SpdxError> {
        let token = self.tokens.next().ok_or(SpdxError::Incomplete)?;
        if matches!(token.as_str(), "AND" | "OR" | "WITH" | "(" | ")") {
            return Err(SpdxError::Unexpected(token));
        }
        Ok(token)
    }

    fn take(&mut self, wanted: &str) -> bool {
        self.tokens.next_if(|token| token == wanted).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str) -> Result<bool, SpdxError> {
        satisfied(expression, |licence| matches!(licence, "MIT" | "Apache-2.0" | "Unicode-3.0"))
    }

    #[test]
    fn or_needs_one_side_and_and_needs_both() {
        assert_eq!(check("MIT"), Ok(true));
        assert_eq!(check("GPL-3.0-only"), Ok(false));
        assert_eq!(check("MIT OR GPL-3.0-only"), Ok(true));
        assert_eq!(check("GPL-3.0-only OR MIT"), Ok(true));
        assert_eq!(check("MIT AND GPL-3.0-only"), Ok(false));
        assert_eq!(check("(MIT OR Apache-2.0) AND Unicode-3.0"), Ok(true));
        assert_eq!(check("(MIT OR Apache-2.0) AND Zlib"), Ok(false));
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert_eq!(check("MIT OR Zlib AND ISC"), Ok(true));
        assert_eq!(check("Zlib AND ISC OR MIT"), Ok(true));
        assert_eq!(check("(MIT OR Zlib) AND ISC"), Ok(false));
    }

    #[test]
    fn an_exception_is_part_of_the_licence() {
        assert_eq!(check("Apache-2.0 WITH LLVM-exception"), Ok(false));
        assert_eq!(check("Apache-2.0 WITH LLVM-exception OR MIT"), Ok(true));
        let with = |licence: &str| licence == "Apache-2.0 WITH LLVM-exception";
        assert_eq!(satisfied("Apache-2.0 WITH LLVM-exception", with), Ok(true));
    }

    #[test]
    fn the_old_slash_means_or() {
        assert_eq!(check("Unlicense/MIT"), Ok(true));
        assert_eq!(check("Zlib / ISC"), Ok(false));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_not_an_approval() {
        for wrong in ["", "(MIT", "MIT)", "MIT OR", "AND MIT", "MIT Apache-2.0", "MIT WITH", "()"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        let deep = format!("{}MIT{}", "(".repeat(500), ")".repeat(500));
        assert_eq!(check(&deep), Err(SpdxError::TooDeep));
    }
}
