//! What the scanner says about a text that was read, as the session's memory keeps it.

use crate::scan::{self, Class, Injection, Kind};

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags {
    /// What looks like instructions to an agent, by what it says.
    pub(crate) instructions: bool,
    /// Personal data that counts by itself.
    pub(crate) personal: bool,
}

/// What texts hold of what is asked about.
pub(crate) fn of(texts: &[&str], instructions: bool, personal: bool) -> Flags {
    let mut flags = Flags::default();
    if !instructions && !personal {
        return flags;
    }
    for text in texts {
        for span in scan::whole(text).spans {
            match span.kind {
                Kind::Injection(Injection::Lexical) => flags.instructions |= instructions,
                Kind::Pii(_) => flags.personal |= personal && span.class == Class::High,
                _ => {}
            }
        }
    }
    flags
}
