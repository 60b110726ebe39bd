//! Strict canonical JSON (RFC 8785 output over I-JSON input) and its SHA-256 digest
//!
//! Two programs that are to agree on what was approved, signed and sent have to agree on bytes. This
//! crate turns a JSON text into the one text that [RFC 8785] prescribes for it, or refuses it. It
//! never repairs: whatever two parsers might read differently is refused, so that a digest stands
//! for one meaning.
//!
//! ```
//! use countersign_canon::{canonicalize, digest};
//!
//! let canonical = canonicalize(br#"{ "to": "kim", "amount": 1.50, "note": "\u0041" }"#)?;
//! assert_eq!(canonical.as_str(), r#"{"amount":1.5,"note":"A","to":"kim"}"#);
//!
//! // However it is written, it is one digest.
//! assert_eq!(digest(br#"{"note":"A","amount":15e-1,"to":"kim"}"#)?, canonical.digest());
//! # Ok::<(), countersign_canon::Error>(())
//! ```
//!
//! * [`canonicalize`] makes a [`Canonical`], the proof that its bytes are canonical;
//!   [`canonicalize_with`] does so under other [`Limits`].
//! * [`digest`] makes only the [`Digest`], and hashes an input that is canonical already where it
//!   lies.
//! * [`require_canonical`] is for bytes that somebody else should have made canonical.
//! * [`Canonical::pointer`] looks into canonical text without building anything;
//!   [`write_string`], [`read_string`], [`write_hex`] and [`read_hex`] are the pieces that text of a
//!   fixed shape is put together from.
//!
//! Behind features, because the kernel of countersign does without them:
//!
//! * `value`: `parse` makes a `Value`, a tree for small documents; `Value::to_canonical` is the way
//!   back.
//! * `serde`: `to_canonical` for any `Serialize`.
//!
//! All readers accept and refuse exactly the same inputs, apart from [`require_canonical`], which
//! also refuses what [`canonicalize`] would change.
//!
//! # What the canonical form is
//!
//! No white space. Members in the order of the UTF-16 code units of their keys (section 3.2.3), which
//! is not the order of UTF-8 bytes: 😀 comes before U+FB33. Strings with no escapes but `\"`, `\\`,
//! `\b`, `\t`, `\n`, `\f`, `\r` and `\u00xx` in lower case for other characters below U+0020 (section
//! 3.2.2.2); nothing is normalised. Numbers as ECMAScript prints the nearest double (section
//! 3.2.2.3): `1.0` is `1`, `1E2` is `100`, `1e21` is `1e+21`, and `-0` and `-0.0` are `0`.
//!
//! # What is refused
//!
//! [`Error::kind`] says why, [`Error::offset`] where; what the offset points at is said with each
//! [`ErrorKind`]. The first refusal in this order is reported: size, UTF-8, then from left to right,
//! where duplicate keys are noticed when their object ends.
//!
//! | input | [code](ErrorKind::code) |
//! |---|---|
//! | empty, or only white space | `empty` |
//! | `[1,` | `unexpected_end` |
//! | `[1,]`, `{a:1}`, `NaN`, `'a'`, comments | `unexpected_byte` |
//! | `{} {}` | `trailing_bytes` |
//! | U+FEFF at the start | `byte_order_mark` |
//! | bytes that are not UTF-8, encoded surrogates among them | `invalid_utf8` |
//! | `"\x41"`, `"\u12"` | `invalid_escape` |
//! | a raw line feed, tab or other character below U+0020 in a string | `control_character` |
//! | `"\ud800"` | `lone_surrogate` |
//! | `{"a":1,"\u0061":2}` | `duplicate_key` |
//! | `01`, `1.`, `-`, `1e` before something else | `number_syntax` |
//! | `9007199254740993` (below) | `integer_too_large` |
//! | `1e400` | `number_not_finite` |
//! | more than 128 arrays and objects inside each other | `too_deep` |
//! | more than 1 MiB of input or of canonical form | `too_large` |
//! | valid, but not canonical; only [`require_canonical`] | `not_canonical` |
//!
//! ## Large integers
//!
//! To RFC 8785 all numbers are doubles, so it gives `9007199254740993` and `9007199254740992` the
//! same canonical text, while Python, Go or a database read two different integers: an identifier or
//! an amount could be swapped under an unchanged digest. An integer literal (no fraction, no
//! exponent) beyond ±(2^53 − 1) is therefore accepted only if it is exactly its own canonical text.
//! So `9007199254740992` and `100000000000000000000` pass and `9007199254740993` doesn't; no two
//! integer literals share a digest, apart from `0` and `-0`; and canonical output, where `1e20` is
//! written out, stays acceptable input.
//!
//! ```
//! use countersign_canon::{ErrorKind, canonicalize};
//!
//! let error = canonicalize(br#"{"id":9007199254740993}"#).unwrap_err();
//! assert_eq!((error.kind(), error.offset()), (ErrorKind::IntegerTooLarge, 6));
//! assert_eq!(error.kind().code(), "integer_too_large");
//! assert!(canonicalize(b"100000000000000000000").is_ok());
//! ```
//!
//! # What is not refused
//!
//! * **Fractions and exponents that no double holds exactly.** `0.1` and `0.1000000000000000055` are
//!   the same double and have the same digest, as do `9007199254740993.0` and `9007199254740992`;
//!   `1e-400` is `0`. Whoever reads such numbers as decimals sees a difference. Put amounts into
//!   integers of the smallest unit, or into strings.
//! * **Strings that look alike.** Neither composed and decomposed letters nor invisible or
//!   right-to-left characters are changed or refused, nor are the noncharacters, such as U+FFFF,
//!   that RFC 7493 advises against: all of them are kept and tell two texts apart.
//!
//! # Cost
//!
//! No recursion on the input, so its depth costs no stack; putting nested objects in order calls one
//! small function per level. Time grows with the length, and with the logarithm of the number of
//! members for objects that are out of order. The heap may take a dozen times the input when that is
//! made of tiny members out of order. There is no `unsafe` and no `serde_json`, whose features can
//! be switched on by any crate in a build and change what it reads.
//!
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785
#![no_std]
#![deny(clippy::arithmetic_side_effects)]

extern crate alloc;

mod canonical;
mod digest;
mod error;
mod hex;
mod limits;
mod number;
mod order;
mod output;
mod pointer;
mod reader;
#[cfg(feature = "serde")]
mod serialize;
mod string;
#[cfg(feature = "value")]
mod tree;

pub use canonical::{Canonical, canonicalize, canonicalize_with, digest, require_canonical};
pub use digest::{Digest, ParseDigestError};
pub use error::{Error, ErrorKind};
pub use hex::{read_hex, write_hex};
pub use limits::Limits;
#[cfg(feature = "serde")]
pub use serialize::{SerializeError, to_canonical};
pub use string::{read_string, write_string};
#[cfg(feature = "value")]
pub use tree::{IntegerRangeError, Number, Object, Value, parse};
