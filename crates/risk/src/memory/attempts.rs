//! What a session attempted: how often, how much, with whom.

use countersign_canon::{Canonical, Value};
use countersign_core::{Effect, Timestamp, Tool};

use super::{Attempt, MAX_ATTEMPTS, MAX_READS, MAX_SEEN, MAX_TOOLS, Memory, Reading, View};
use crate::config::BulkLimits;
use crate::intent;
use crate::text::Mark;

/// What an attempt moves and where it goes, as the detectors read it from the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Effects {
    /// In hundredths.
    pub(crate) amount: u64,
    /// An ISO 4217 code, or nothing.
    pub(crate) currency: [u8; 8],
    /// Recipients and domains.
    pub(crate) to: Vec<Mark>,
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
    /// Money in this currency, in hundredths.
    pub(crate) moved: u64,
}

impl Memory {
    /// A call was attempted.
    pub(crate) fn attempted(
        &mut self,
        tool: &Tool,
        arguments: &Canonical,
        effects: &Effects,
        limits: &BulkLimits,
        now: Timestamp,
    ) {
        self.steps = self.steps.saturating_add(1);
        let name = Mark::of(tool.name().as_str());
        let pin = (name, Mark::of_digest(&tool.digest()));
        if let Err(at) = self.tools.binary_search_by_key(&name, |(name, _)| *name)
            && self.tools.len() < MAX_TOOLS
        {
            self.tools.insert(at, pin);
        }
        if tool.effect() == Effect::Read {
            self.reads.push(Reading { tool: name, step: self.steps, pointed: effects.pointed });
            let surplus = self.reads.len().saturating_sub(MAX_READS);
            self.reads.drain(..surplus);
            return;
        }
        for mark in &effects.to {
            if let Err(at) = self.seen.binary_search(mark)
                && self.seen.len() < MAX_SEEN
            {
                self.seen.insert(at, *mark);
            }
        }
        let (window, at) = (window(limits), now.millis());
        self.attempts.retain(|a| a.at > at.saturating_sub(window));
        let (verb, arguments) = (verb(tool), arguments_mark(arguments));
        let is_same = |a: &Attempt| (a.tool, a.arguments) == (verb, arguments);
        let before = self.attempts.iter().find(|a| is_same(a)).map_or(0, |a| a.count);
        self.attempts.retain(|a| !is_same(a));
        let (amount, currency) = (effects.amount, effects.currency);
        let count = before.saturating_add(1);
        self.attempts.push(Attempt { tool: verb, arguments, at, amount, currency, count });
        while self.attempts.len() > MAX_ATTEMPTS {
            let dropped = self.attempts.remove(0);
            self.full_until = self.full_until.max(dropped.at.saturating_add(window));
        }
    }

    /// The step and the standing of the read that an answer belongs to.
    pub(super) fn answered(&mut self, tool: &Tool) -> (u32, bool) {
        let name = Mark::of(tool.name().as_str());
        match self.reads.iter().position(|read| read.tool == name) {
            Some(at) => {
                let read = self.reads.remove(at);
                (read.step, read.pointed)
            }
            None => (self.steps, false),
        }
    }
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
        if self.full_until > at {
            return None;
        }
        let mut before = Before { distinct: 0, same: 0, moved: 0 };
        let mut attempts =
            self.attempts().filter(|a| a.at > at.saturating_sub(window(limits))).peekable();
        if attempts.peek().is_none() {
            return Some(before);
        }
        let (verb, arguments) = (verb(tool), arguments_mark(arguments));
        for a in attempts {
            if a.tool == verb && a.arguments == arguments {
                before.same = a.count.saturating_sub(u32::from(counted));
            } else if a.tool == verb {
                before.distinct = before.distinct.saturating_add(1);
            }
            if a.currency == currency {
                let itself = counted && a.tool == verb && a.arguments == arguments;
                let times = a.count.saturating_sub(u32::from(itself));
                let moved = a.amount.saturating_mul(u64::from(times));
                before.moved = before.moved.saturating_add(moved);
            }
        }
        Some(before)
    }
}

fn verb(tool: &Tool) -> Mark {
    Mark::of(intent::verb(tool))
}

/// The mark of a call's arguments. What a connector pinned to them is left out, so that a call counts
/// as the same before and after it was resolved.
fn arguments_mark(arguments: &Canonical) -> Mark {
    if arguments.as_str().contains("\"pinned\":")
        && let Value::Object(mut object) = arguments.value()
        && object.remove("pinned").is_some()
    {
        return Mark::of_digest(&Value::from(object).to_canonical().digest());
    }
    Mark::of_digest(&arguments.digest())
}

fn window(limits: &BulkLimits) -> i64 {
    i64::from(limits.velocity_seconds).saturating_mul(1000)
}
