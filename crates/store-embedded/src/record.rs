//! What stands in the frames.

use core::fmt;

use crate::codec::{Reader, Writer};
use crate::log::Record;
use crate::seal::{Plain, SALT, TAG};
use countersign_core::{EffectId, Jti, LedgerState, Timestamp};
use countersign_ticket::Freeze;

/// The version of every kind of record. It is the first.
pub(crate) const VERSION: u8 = 1;

/// Where an effect stands: in the clear, but for nothing in it is secret.
pub(crate) const STATE: u8 = 1;
/// Who asked for what: sealed, behind the effect's id and whether there is a call.
pub(crate) const CALL: u8 = 2;
/// A value of a table: sealed, its name too.
pub(crate) const PUT: u8 = 3;
/// The name of a value that is gone: sealed.
pub(crate) const DELETE: u8 = 4;
/// A process opened the store. What was under way before this is in doubt.
pub(crate) const OPENED: u8 = 5;
/// Segments before this number are needed no more.
pub(crate) const OLDEST: u8 = 6;
/// The process closed the store. It vouches for all before it.
pub(crate) const CLOSED: u8 = 7;
/// What changed of a value of a table since the version before: sealed.
pub(crate) const PATCH: u8 = 8;

/// Longest reason that is kept with a state, in bytes.
pub(crate) const MAX_CODE: usize = u8::MAX as usize;

/// What a state takes without the tickets that claimed before and the reason, in bytes.
const STATE_FIELDS: usize = 53;

/// What a value takes beside its name and its bytes.
const VALUE_FIELDS: usize = 21;

/// Where an effect stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateRecord {
    pub(crate) effect: EffectId,
    /// The ticket that claimed it last, or is about to.
    pub(crate) jti: Jti,
    /// Whether that one claimed it.
    pub(crate) holds: bool,
    /// The others that did.
    pub(crate) older: Vec<Jti>,
    pub(crate) state: LedgerState,
    pub(crate) generation: u8,
    pub(crate) code: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) expires: Timestamp,
}

/// Reads hex digits that are printed to it.
struct Digits {
    bytes: [u8; 16],
    seen: usize,
}

impl fmt::Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for digit in text.bytes().filter(|digit| *digit != b'-') {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                _ => digit.wrapping_sub(b'a').wrapping_add(10),
            };
            let byte = self.bytes.get_mut(self.seen / 2).ok_or(fmt::Error)?;
            *byte = *byte << 4 | value;
            self.seen = self.seen.saturating_add(1);
        }
        Ok(())
    }
}

/// The sixteen bytes that a jti prints.
fn jti_bytes(jti: Jti) -> [u8; 16] {
    let mut digits = Digits { bytes: [0; 16], seen: 0 };
    // It prints 32 digits, and there is room for as many.
    fmt::Write::write_fmt(&mut digits, format_args!("{jti}")).unwrap_or_default();
    digits.bytes
}

const fn state_byte(state: LedgerState) -> u8 {
    match state {
        LedgerState::Entered => 1,
        LedgerState::Claimed => 2,
        LedgerState::Dispatched => 3,
        LedgerState::Committed => 4,
        LedgerState::Failed => 5,
        LedgerState::Unknown => 6,
        LedgerState::Released => 7,
    }
}

impl StateRecord {
    /// Whether a ticket ever claimed the effect.
    pub(crate) fn spent(&self, jti: Jti) -> bool {
        (self.holds && self.jti == jti) || self.older.contains(&jti)
    }

    /// Every ticket that ever claimed it.
    pub(crate) fn all_spent(&self) -> Vec<Jti> {
        let mut all = self.older.clone();
        if self.holds {
            all.push(self.jti);
        }
        all
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let code = self.code.as_deref();
        let older = 16 * self.older.len();
        let mut out = Vec::with_capacity(STATE_FIELDS + older + code.map_or(0, str::len));
        out.extend_from_slice(self.effect.as_bytes());
        out.extend_from_slice(&jti_bytes(self.jti));
        out.extend_from_slice(&self.at.millis().to_le_bytes());
        out.extend_from_slice(&self.expires.millis().to_le_bytes());
        out.extend_from_slice(&[
            state_byte(self.state),
            self.generation,
            u8::from(self.holds),
            u8::from(code.is_some()),
            u8::try_from(self.older.len()).unwrap_or(u8::MAX),
        ]);
        for jti in &self.older {
            out.extend_from_slice(&jti_bytes(*jti));
        }
        out.extend_from_slice(code.unwrap_or_default().as_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        let effect = EffectId::from_bytes(from.array()?);
        let jti = Jti::from_random(from.array()?);
        let at = Timestamp::from_millis(from.long()?);
        let expires = Timestamp::from_millis(from.long()?);
        let state = from.byte()?;
        let state = LedgerState::ALL.into_iter().find(|one| state_byte(*one) == state)?;
        let generation = from.byte()?;
        let [holds, has_code, older] = from.array()?;
        let older = (0..older).map(|_| from.array().map(Jti::from_random));
        let older = older.collect::<Option<_>>()?;
        let code = core::str::from_utf8(from.rest()).ok()?;
        let code = match (has_code, code) {
            (0, "") => None,
            (1, code) => Some(code.to_owned()),
            _ => return None,
        };
        let holds = match holds {
            0 => false,
            1 => true,
            _ => return None,
        };
        Some(Self { effect, jti, holds, older, state, generation, code, at, expires })
    }

    pub(crate) fn of(record: &Record) -> Option<Self> {
        (record.kind == STATE).then(|| Self::decode(&record.payload)).flatten()
    }
}

/// Which table a value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Sessions = 1,
    Approvals = 2,
    Grants = 3,
    Subjects = 4,
    Epochs = 5,
}

impl Table {
    pub(crate) const ALL: [Self; 5] =
        [Self::Sessions, Self::Approvals, Self::Grants, Self::Subjects, Self::Epochs];
}

/// A value of a table, before it is sealed and after it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) table: Table,
    pub(crate) name: &'a [u8],
    /// Counts the changes, where somebody compares it.
    pub(crate) version: u64,
    /// When it expires, or was last touched, in milliseconds: the table's to say.
    pub(crate) time: i64,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Value<'a> {
    pub(crate) fn encode(&self) -> Plain {
        Writer::to_be_sealed(VALUE_FIELDS + self.name.len() + self.bytes.len())
            .number([self.table as u8])
            .bytes(self.name)
            .number(self.version.to_le_bytes())
            .number(self.time.to_le_bytes())
            .raw(self.bytes)
            .plain()
    }

    /// What it takes when it is sealed, in bytes.
    pub(crate) fn sealed(&self) -> usize {
        (SALT + TAG + VALUE_FIELDS).saturating_add(self.name.len()).saturating_add(self.bytes.len())
    }

    /// Writes another version and time into all of an encoded value but its bytes.
    pub(crate) fn set(begins: &mut [u8], version: u64, time: i64) -> Option<()> {
        let rest = begins.len().checked_sub(16)?;
        let (to_version, to_time) = begins.get_mut(rest..)?.split_at_mut_checked(8)?;
        to_version.copy_from_slice(&version.to_le_bytes());
        to_time.copy_from_slice(&time.to_le_bytes());
        Some(())
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        let table = from.byte()?;
        let table = Table::ALL.into_iter().find(|one| *one as u8 == table)?;
        let name = from.bytes()?;
        let version = u64::from_le_bytes(from.array()?);
        let time = from.long()?;
        Some(Self { table, name, version, time, bytes: from.rest() })
    }
}

/// The name of a counter.
pub(crate) fn freeze_name(whose: &Freeze) -> Vec<u8> {
    let texts: &[&str] = match whose {
        Freeze::All => &["all"],
        Freeze::Tenant(tenant) => &["tenant", tenant.as_str()],
        Freeze::User(tenant, user) => &["user", tenant.as_str(), user.as_str()],
        Freeze::Agent(tenant, agent) => &["agent", tenant.as_str(), agent.as_str()],
    };
    name(texts)
}

/// A name of several texts.
pub(crate) fn name(texts: &[&str]) -> Vec<u8> {
    let room = texts.iter().map(|text| text.len() + 4).sum();
    let name = texts.iter().fold(Writer::with_room(room), |out, text| out.bytes(text.as_bytes()));
    name.end().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_and_no_shorter_one_is_taken_for_it() {
        let jti = |n| Jti::from_random([n; 16]);
        for (state, code) in
            LedgerState::ALL.into_iter().zip([None, Some(""), Some("no_token")].into_iter().cycle())
        {
            for older in [vec![], vec![jti(1)], vec![jti(0xab), jti(3)]] {
                let record = StateRecord {
                    effect: EffectId::from_bytes([9; 16]),
                    jti: Jti::from_random([0x5f; 16]),
                    holds: older.len() == 1,
                    older,
                    state,
                    generation: 3,
                    code: code.map(str::to_owned),
                    at: Timestamp::from_millis(i64::MIN),
                    expires: Timestamp::from_millis(i64::MAX),
                };
                let bytes = record.encode();
                assert_eq!(StateRecord::decode(&bytes), Some(record.clone()));
                assert_eq!(
                    record.all_spent().len(),
                    record.older.len() + usize::from(record.holds)
                );
                for end in 0..bytes.len() {
                    assert_ne!(StateRecord::decode(&bytes[..end]), Some(record.clone()));
                }
            }
        }
    }

    #[test]
    fn two_texts_are_never_taken_for_one() {
        assert_ne!(name(&["ab", "c"]), name(&["a", "bc"]));
        assert_ne!(name(&["ab"]), name(&["ab", ""]));
    }
}
