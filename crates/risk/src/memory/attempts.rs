//! What a session attempted: how often, how much, with whom.
//!
//! ```text
//!   8  hash of the verb, hash of the arguments   u64 each
//!  24  when, in milliseconds                     i64
//!  32  money in hundredths u64, its currency     8 bytes
//!  48  how often the very same call was attempted  u32
//! ```

use countersign_canon::{Canonical, Value};
use countersign_core::{Effect, Timestamp, Tool};

use super::format::{
    ATTEMPT, ENTRY, READ, READS, READS_AT, SEEN, TOOL, array, i64_at, put, u32_at, u64_at,
};
use super::{MAX_ATTEMPTS, MAX_SEEN, MAX_TOOLS, Memory, View};
use crate::arguments::Arguments;
use crate::config::BulkLimits;
use crate::hash::Key;
use crate::intent;

/// What an attempt moves and where it goes, as the detectors read it from the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Effects {
    /// In hundredths.
    pub(crate) amount: u64,
    /// An ISO 4217 code, or nothing.
    pub(crate) currency: [u8; 8],
    /// Recipients and domains.
    pub(crate) to: Vec<String>,
    /// Whether the user's request, or something it points at, names what is read.
    pub(crate) pointed: bool,
}

/// How often a call was attempted before, within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    /// Other calls of the same verb with different arguments.
    pub(crate) distinct: usize,
    /// The very same call.
    pub(crate) same: u32,
    /// Money in this currency, or in one that is not known, in hundredths.
    pub(crate) moved: u64,
}

/// A changing call that was attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempt {
    verb: u64,
    arguments: u64,
    at: i64,
    amount: u64,
    currency: [u8; 8],
    count: u32,
}

impl Attempt {
    fn read(held: &[u8]) -> Self {
        Self {
            verb: u64_at(held, 0),
            arguments: u64_at(held, 8),
            at: i64_at(held, 16),
            amount: u64_at(held, 24),
            currency: array(held, 32),
            count: u32_at(held, 40),
        }
    }

    fn write(&self) -> [u8; 44] {
        let mut held = [0; 44];
        put(&mut held, 0, &self.verb.to_le_bytes());
        put(&mut held, 8, &self.arguments.to_le_bytes());
        put(&mut held, 16, &self.at.to_le_bytes());
        put(&mut held, 24, &self.amount.to_le_bytes());
        put(&mut held, 32, &self.currency);
        put(&mut held, 40, &self.count.to_le_bytes());
        held
    }

    fn is(&self, verb: u64, arguments: u64) -> bool {
        (self.verb, self.arguments) == (verb, arguments)
    }
}

impl Memory {
    /// A call was attempted.
    pub(crate) fn attempted(
        &mut self,
        tool: &Tool,
        arguments: &Canonical,
        walked: &Arguments<'_>,
        effects: &Effects,
        limits: &BulkLimits,
        now: Timestamp,
    ) {
        self.head.steps = self.head.steps.saturating_add(1);
        let name = self.head.key.hash(tool.name().as_str().as_bytes());
        self.pin(name, tool);
        if tool.effect() == Effect::Read {
            self.reads(name, effects.pointed);
            return;
        }
        self.supplied(tool, name, walked);
        let key = self.head.key;
        self.list(SEEN, effects.to.iter().map(|to| key.hash(to.as_bytes())), MAX_SEEN);
        self.count(tool, arguments, effects, window(limits), now.millis());
    }

    fn pin(&mut self, name: u64, tool: &Tool) {
        let mut count = 0usize;
        for pin in self.held(TOOL) {
            if u64_at(pin, 0) == name {
                return;
            }
            count = count.saturating_add(1);
        }
        if count < MAX_TOOLS {
            let digest: [u8; 16] = array(tool.digest().as_bytes(), 0);
            self.append(TOOL, &[&name.to_le_bytes(), &digest]);
        }
    }

    /// Keeps that a read waits for its answer. Of too many the oldest are forgotten.
    fn reads(&mut self, name: u64, pointed: bool) {
        let step = |at: usize| u32_at(&self.bytes, at.saturating_add(8));
        let Some(at) = reads_at().min_by_key(|at| step(*at)) else { return };
        put(&mut self.bytes, at, &name.to_le_bytes());
        put(&mut self.bytes, at.saturating_add(8), &self.head.steps.to_le_bytes());
        put(&mut self.bytes, at.saturating_add(12), &u32::from(pointed).to_le_bytes());
    }

    /// The step and the standing of the read that an answer belongs to.
    pub(super) fn answered(&mut self, tool: &Tool) -> (u32, bool) {
        let name = self.head.key.hash(tool.name().as_str().as_bytes());
        let step = |at: usize| u32_at(&self.bytes, at.saturating_add(8));
        let fits = |at: &usize| step(*at) > 0 && u64_at(&self.bytes, *at) == name;
        let Some(at) = reads_at().filter(fits).min_by_key(|at| step(*at)) else {
            return (self.head.steps, false);
        };
        let read = (step(at), u32_at(&self.bytes, at.saturating_add(12)) != 0);
        put(&mut self.bytes, at, &[0; READ]);
        read
    }

    /// Counts an attempt: at its own place if it was attempted before, otherwise at that of one which no
    /// longer counts, otherwise at the end; where that is too much, at that of the oldest.
    fn count(
        &mut self,
        tool: &Tool,
        arguments: &Canonical,
        effects: &Effects,
        window: i64,
        at: i64,
    ) {
        let key = self.head.key;
        let (verb, arguments) = (verb(key, tool), arguments_hash(key, arguments));
        let since = at.saturating_sub(window);
        let (mut own, mut stale, mut oldest, mut all) = (None, None, None, 0usize);
        for (place, entry) in self.entries(ATTEMPT) {
            let attempt = Attempt::read(entry.get(ENTRY..).unwrap_or_default());
            all = all.saturating_add(1);
            if attempt.is(verb, arguments) {
                own = Some((place, attempt));
            } else if attempt.at <= since {
                stale.get_or_insert((place, attempt));
            } else if oldest.is_none_or(|(_, least): (usize, Attempt)| attempt.at < least.at) {
                oldest = Some((place, attempt));
            }
        }
        let before = own.filter(|(_, own)| own.at > since).map_or(0, |(_, own)| own.count);
        let (amount, currency) = (effects.amount, effects.currency);
        let new =
            Attempt { verb, arguments, at, amount, currency, count: before.saturating_add(1) };
        let place = match own.or(stale) {
            Some((place, _)) => Some(place),
            None if all < MAX_ATTEMPTS => None,
            None => oldest.map(|(place, dropped)| {
                let until = dropped.at.saturating_add(window);
                self.head.full_until = self.head.full_until.max(until);
                place
            }),
        };
        match place {
            Some(place) => put(&mut self.bytes, place.saturating_add(ENTRY), &new.write()),
            None => {
                self.append(ATTEMPT, &[&new.write()]);
            }
        }
    }
}

/// Where reads that wait are kept.
fn reads_at() -> impl Iterator<Item = usize> {
    (READS_AT..).step_by(READ).take(READS)
}

impl View<'_> {
    /// What was attempted within the window; nothing if it was more than is kept. A call that is
    /// `counted` already is not counted as one before itself.
    pub(crate) fn before(
        &self,
        tool: &Tool,
        arguments: &Canonical,
        currency: [u8; 8],
        limits: &BulkLimits,
        now: Timestamp,
        counted: bool,
    ) -> Option<Before> {
        let at = now.millis();
        if self.head().full_until > at {
            return None;
        }
        let mut before = Before { distinct: 0, same: 0, moved: 0 };
        let since = at.saturating_sub(window(limits));
        let attempts = self.attempts().map(Attempt::read);
        let mut attempts = attempts.filter(|a| a.at > since).peekable();
        if attempts.peek().is_none() {
            return Some(before);
        }
        let (verb, arguments) = (verb(self.key(), tool), arguments_hash(self.key(), arguments));
        for a in attempts {
            if a.is(verb, arguments) {
                before.same = a.count.saturating_sub(u32::from(counted));
            } else if a.verb == verb {
                before.distinct = before.distinct.saturating_add(1);
            }
            // Money whose currency nobody knows may be in any.
            if a.currency == currency || [a.currency, currency].contains(&[0; 8]) {
                let itself = counted && a.is(verb, arguments);
                let times = a.count.saturating_sub(u32::from(itself));
                let moved = a.amount.saturating_mul(u64::from(times));
                before.moved = before.moved.saturating_add(moved);
            }
        }
        Some(before)
    }
}

fn verb(key: Key, tool: &Tool) -> u64 {
    key.hash(intent::verb(tool).as_bytes())
}

/// The hash of a call's arguments. What a connector pinned to them is left out, so that a call counts
/// as the same before and after it was resolved.
fn arguments_hash(key: Key, arguments: &Canonical) -> u64 {
    if arguments.as_str().contains("\"pinned\":")
        && let Value::Object(mut object) = arguments.value()
        && object.remove("pinned").is_some()
    {
        return key.hash(Value::from(object).to_canonical().as_bytes());
    }
    key.hash(arguments.as_bytes())
}

fn window(limits: &BulkLimits) -> i64 {
    i64::from(limits.velocity_seconds).saturating_mul(1000)
}
