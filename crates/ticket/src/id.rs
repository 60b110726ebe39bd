//! Identifiers: newtypes with one validating way in, so that a value of the wrong kind or shape
//! cannot reach a digest, a claim or a log line.

use core::fmt;
use core::str::FromStr;

use countersign_canon::{read_hex, write_hex};

use crate::macros::ensure;

/// An identifier was refused.
///
/// The message names the kind and the rule, never the value: identifiers can come from an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: {rule}")]
#[non_exhaustive]
pub struct InvalidId {
    /// What the text was meant to be, for example `tool name`.
    pub kind: &'static str,
    /// The rule it broke.
    pub rule: &'static str,
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident: $kind:literal, $max:literal, $rule:literal, $ok:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and takes a text.
            ///
            /// # Errors
            #[doc = concat!("[`InvalidId`] unless the text is 1 to ", $max, " ", $rule, ".")]
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                let ok: fn(char) -> bool = $ok;
                if !text.is_empty() && text.len() <= $max && text.chars().all(ok) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId { kind: $kind, rule: concat!("1 to ", $max, " ", $rule) })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;
            fn try_from(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        debug!($name);
    )*};
}

macro_rules! debug {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

text_ids! {
    /// A tool's name: `[a-z0-9_]{1,64}`.
    ToolName: "tool name", 64, "of a-z, 0-9 and _", |c| matches!(c, 'a'..='z' | '0'..='9' | '_');
    /// The tenant: whose installation or organisation this is.
    TenantId: "tenant", 256, "bytes of printable text", printable;
    /// The user for whom the agent acts: the `sub` of the identity provider, for example `auth0|u1`.
    UserId: "user", 256, "bytes of printable text", printable;
    /// The agent that acts: the `act.sub` or `azp` of the verified token.
    AgentId: "agent", 256, "bytes of printable text", printable;
    /// One conversation or run of an agent.
    SessionId: "session", 256, "bytes of printable text", printable;
    /// A connection at the identity provider, for example `google-oauth2`.
    Connection: "connection", 128, "of A-Z, a-z, 0-9, '.', '_' and '-'", name;
    /// Which of the user's accounts on a connection: the value sent as `login_hint`.
    Account: "account", 320, "bytes of printable text", printable;
    /// One OAuth scope (RFC 6749 section 3.3, `scope-token`).
    Scope: "scope", 255, "visible ASCII characters but '\"' and '\\'",
        |c| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    /// The `kid` of a signing key.
    KeyId: "key id", 128, "of A-Z, a-z, 0-9, '.', '_' and '-'", name;
    /// The version of the policy that judged a call: any short printable text, often a digest.
    PolicyVersion: "policy version", 128, "bytes of printable text", printable;
}

fn name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Printable: no control character, no line separator, and none of the characters that reorder or
/// hide text (Unicode's `Default_Ignorable_Code_Point`, and the interlinear annotations).
fn printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

impl KeyId {
    /// A thumbprint is 43 characters of the base64url alphabet, which is within the rule.
    pub(crate) fn of_thumbprint(base64url: &str) -> Self {
        Self(base64url.into())
    }
}

/// 128 random bits that name one intended effect for its whole life.
///
/// Drawn before anything is prepared, so that client-chosen ids at the provider derive from it, and
/// part of the effect's digest and of every ticket for it. Prints as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId([u8; 16]);

impl EffectId {
    /// Takes 16 bytes, which must come from a cryptographic random source.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

debug!(EffectId);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(32);
        write_hex(&mut text, &self.0);
        f.write_str(&text)
    }
}

impl FromStr for EffectId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let refused = InvalidId { kind: "effect id", rule: "32 lower-case hex digits" };
        read_hex(text).map(Self).ok_or(refused)
    }
}

/// Names one ticket: a random UUID (version 4, RFC 9562), printed in the lower-case hyphenated form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Jti([u8; 16]);

impl Jti {
    /// Makes a version 4 UUID out of 16 bytes from a cryptographic random source (six bits of them
    /// are overwritten with version and variant).
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        let mut uuid = bytes;
        uuid[6] = (uuid[6] & 0x0f) | 0x40;
        uuid[8] = (uuid[8] & 0x3f) | 0x80;
        Self(uuid)
    }
}

debug!(Jti);

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(36);
        write_hex(&mut text, &self.0);
        for at in HYPHENS {
            text.insert(at, '-');
        }
        f.write_str(&text)
    }
}

/// Where they stand in a UUID (RFC 9562 section 4).
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl FromStr for Jti {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let refused =
            InvalidId { kind: "jti", rule: "a version 4 UUID in lower-case hyphenated form" };
        let mut digits = String::with_capacity(36);
        digits.push_str(text);
        for at in HYPHENS.into_iter().rev() {
            let hyphen = digits.get(at..).is_some_and(|rest| rest.starts_with('-'));
            ensure(hyphen, refused)?;
            digits.remove(at);
        }
        let bytes = read_hex(&digits).ok_or(refused)?;
        // Setting version and variant must change nothing.
        if Self::from_random(bytes).0 == bytes { Ok(Self(bytes)) } else { Err(refused) }
    }
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Always passed in, never read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch (a JWT `NumericDate`); saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time moved by a number of seconds; saturates.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}
