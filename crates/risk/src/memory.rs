//! What a session did and read, as bounded bytes.
//!
//! Bounds: 256 attempts, 2,048 words of the user, 6,144 of trusted records, 2,048 ids, 12,288
//! windows of private answers and 4,096 of others; some 350 KB at most. Older words and attempts
//! drop, windows thin out, flags and counts stay. No text is kept, only hashes.

use std::collections::HashSet;

use countersign_canon::{Canonical, Number, Object, Value, require_canonical};
use countersign_core::{Effect, RiskError, Source, Timestamp, Tool, Trust};

use crate::answer::Answer;
use crate::config::BulkLimits;
use crate::grams::Grams;
use crate::pack::{pack, unpack};
use crate::text::{Mark, Said, marks, prefix};

const MAX_ATTEMPTS: usize = 256;
const MAX_USER: usize = 2_048;
const MAX_TRUSTED: usize = 6_144;
const MAX_IDS: usize = 2_048;
const MAX_PRIVATE: usize = 12_288;
const MAX_PUBLIC: usize = 4_096;

/// A changing call that was attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempt {
    tool: Mark,
    arguments: Mark,
    at: i64,
}

/// A session's memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Memory {
    /// The user's own words were heard.
    pub(crate) user_spoke: bool,
    /// Text that outsiders can write was read.
    pub(crate) read_untrusted: bool,
    /// An answer was too long to be kept whole.
    pub(crate) cut: bool,
    /// How many private answers were read.
    pub(crate) private_reads: u32,
    /// Until when attempts that were dropped would have counted, in milliseconds.
    full_until: i64,
    attempts: Vec<Attempt>,
    user: Vec<Mark>,
    trusted: Vec<Mark>,
    ids: Vec<Mark>,
    private: Grams,
    public: Grams,
}

/// The name under which reads of a tool are kept: its connection, or nothing for local tools, which
/// all run in one place.
pub(crate) fn connection(tool: &Tool) -> &str {
    tool.connection().map_or("", |c| c.as_str())
}

/// The mark of a call's arguments. What a connector pinned to them is left out, so that a call counts
/// as the same before and after it was resolved.
fn arguments_mark(arguments: &Canonical) -> Mark {
    if let Value::Object(mut object) = arguments.value()
        && object.remove("pinned").is_some()
    {
        return Mark::of_digest(&Value::from(object).to_canonical().digest());
    }
    Mark::of_digest(&arguments.digest())
}

impl Memory {
    /// Reads what [`Memory::to_bytes`] wrote; nothing is a session never seen.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, RiskError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let value = require_canonical(bytes).map_err(|_| RiskError::Memory)?.value();
        Self::from_value(&value).ok_or(RiskError::Memory)
    }

    /// The bytes to be kept.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let words = |marks: &[Mark]| pack(marks.iter().flat_map(|mark| mark.0));
        let attempt = |a: &Attempt| {
            let key = pack(a.tool.0.into_iter().chain(a.arguments.0));
            Value::Array(vec![key.into(), number(a.at)])
        };
        let object = Object::new()
            .with("v", 1u8)
            .with("user_spoke", self.user_spoke)
            .with("read_untrusted", self.read_untrusted)
            .with("cut", self.cut)
            .with("private_reads", self.private_reads)
            .with("full_until", number(self.full_until))
            .with("attempts", Value::Array(self.attempts.iter().map(attempt).collect()))
            .with("user", words(&self.user))
            .with("trusted", words(&self.trusted))
            .with("ids", words(&self.ids))
            .with("private", self.private.to_value())
            .with("public", self.public.to_value());
        Value::from(object).to_canonical().into_bytes()
    }

    fn from_value(value: &Value) -> Option<Self> {
        let object = value.as_object().filter(|o| o.len() == 12)?;
        let flag = |key| object.get(key)?.as_bool();
        let words = |key, max: usize| {
            let bytes = unpack(object.get(key)?.as_str()?)?;
            let (marks, rest) = bytes.as_chunks::<12>();
            let fits = rest.is_empty() && marks.len() <= max;
            fits.then(|| marks.iter().map(|mark| Mark(*mark)).collect::<Vec<_>>())
        };
        if object.get("v")?.as_i64()? != 1 {
            return None;
        }
        let mut attempts = Vec::new();
        for pair in object.get("attempts")?.as_array()? {
            let [key, at] = pair.as_array()? else { return None };
            let key = unpack(key.as_str()?)?;
            let ([tool, arguments], []) = key.as_chunks::<12>() else { return None };
            let (tool, arguments) = (Mark(*tool), Mark(*arguments));
            attempts.push(Attempt { tool, arguments, at: at.as_i64()? });
        }
        if attempts.len() > MAX_ATTEMPTS {
            return None;
        }
        Some(Self {
            user_spoke: flag("user_spoke")?,
            read_untrusted: flag("read_untrusted")?,
            cut: flag("cut")?,
            private_reads: u32::try_from(object.get("private_reads")?.as_i64()?).ok()?,
            full_until: object.get("full_until")?.as_i64()?,
            attempts,
            user: words("user", MAX_USER)?,
            trusted: words("trusted", MAX_TRUSTED)?,
            ids: words("ids", MAX_IDS)?,
            private: Grams::from_value(object.get("private")?, MAX_PRIVATE)?,
            public: Grams::from_value(object.get("public")?, MAX_PUBLIC)?,
        })
    }

    /// A changing call was attempted.
    pub(crate) fn attempted(
        &mut self,
        tool: &Tool,
        arguments: &Canonical,
        limits: &BulkLimits,
        now: Timestamp,
    ) {
        if tool.effect() == Effect::Read {
            return;
        }
        let window = window(limits);
        let at = clamp(now.millis());
        self.attempts.retain(|a| a.at > at.saturating_sub(window));
        let (tool, arguments) = (Mark::of(tool.name().as_str()), arguments_mark(arguments));
        self.attempts.retain(|a| (a.tool, a.arguments) != (tool, arguments));
        self.attempts.push(Attempt { tool, arguments, at });
        while self.attempts.len() > MAX_ATTEMPTS {
            let dropped = self.attempts.remove(0);
            self.full_until = self.full_until.max(clamp(dropped.at.saturating_add(window)));
        }
    }

    /// With how many different arguments the tool was called within the window, this call included;
    /// nothing if more was attempted than is kept.
    pub(crate) fn velocity(
        &self,
        tool: &Tool,
        arguments: &Canonical,
        limits: &BulkLimits,
        now: Timestamp,
    ) -> Option<usize> {
        let at = clamp(now.millis());
        if self.full_until > at {
            return None;
        }
        let (tool, arguments) = (Mark::of(tool.name().as_str()), arguments_mark(arguments));
        let recent = |a: &&Attempt| {
            a.tool == tool && a.arguments != arguments && a.at > at.saturating_sub(window(limits))
        };
        Some(self.attempts.iter().filter(recent).count().saturating_add(1))
    }

    /// A tool returned a text.
    pub(crate) fn returned(&mut self, tool: &Tool, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let returns = tool.returns();
        let reads = tool.effect() == Effect::Read;
        if returns.private {
            self.private_reads = self.private_reads.saturating_add(1);
        }
        let (answer, cut) = Answer::read(text);
        match returns.trust {
            Trust::Untrusted => {
                self.read_untrusted = true;
                push(&mut self.ids, &answer.ids(MAX_IDS), MAX_IDS);
            }
            // What a changing call returns echoes its own arguments, so it names nobody.
            Trust::Own | Trust::Directory if reads => {
                push(&mut self.trusted, &answer.marks(MAX_TRUSTED), MAX_TRUSTED);
            }
            Trust::Own | Trust::Directory => {}
        }
        if reads || returns.private {
            let (grams, max) = if returns.private {
                (&mut self.private, MAX_PRIVATE)
            } else {
                (&mut self.public, MAX_PUBLIC)
            };
            let kept = grams.add(connection(tool), answer.essence().into_iter(), max);
            self.cut |= cut || !kept;
        }
    }

    /// The agent read a text on another way.
    pub(crate) fn observed(&mut self, source: Source, text: &str) {
        match source {
            Source::User => {
                self.user_spoke = true;
                let text = prefix(text, crate::answer::MAX_ANSWER);
                push(&mut self.user, &marks(text, MAX_USER), MAX_USER);
            }
            Source::Untrusted => self.read_untrusted = true,
        }
    }

    /// Who and what was named, to be looked up.
    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            user: Said::new(&self.user),
            trusted: Said::new(&self.trusted),
            ids: Said::new(&self.ids),
        }
    }

    /// All windows that were read from other connections.
    pub(crate) fn windows_elsewhere(&self, connection: &str) -> HashSet<u64> {
        self.private.others(connection).chain(self.public.others(connection)).collect()
    }

    /// From which other connection a window was read.
    pub(crate) fn read_elsewhere(&self, connection: &str, window: u64) -> Option<&str> {
        self.private.other(connection, window).or_else(|| self.public.other(connection, window))
    }

    /// Whether content is compared with a part of what was read only.
    pub(crate) fn is_sample(&self) -> bool {
        self.cut || self.private.is_sample() || self.public.is_sample()
    }
}

/// Who and what was named in a session.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    user: Said<'a>,
    trusted: Said<'a>,
    ids: Said<'a>,
}

impl Named<'_> {
    /// Whether the user or a trusted record named this.
    pub(crate) fn names(&self, value: &str) -> bool {
        self.user.says(value) || self.trusted.says(value)
    }

    /// Whether a provider gave this as an id.
    pub(crate) fn knows_id(&self, value: &str) -> bool {
        self.ids.says(value)
    }
}

fn window(limits: &BulkLimits) -> i64 {
    i64::from(limits.velocity_seconds).saturating_mul(1000)
}

/// Times as JSON can hold them.
fn clamp(millis: i64) -> i64 {
    const MOST: i64 = 9_007_199_254_740_991;
    millis.clamp(-MOST, MOST)
}

fn number(n: i64) -> Value {
    Number::try_from(n).map_or(Value::Null, Value::Number)
}

/// Adds a text's words, the oldest dropping. What is there already is not added again.
fn push(to: &mut Vec<Mark>, new: &[Mark], max: usize) {
    let there = !new.is_empty() && to.windows(new.len()).any(|run| run == new);
    if there {
        return;
    }
    to.extend_from_slice(new);
    let surplus = to.len().saturating_sub(max);
    to.drain(..surplus);
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
