//! The detectors. Each looks at one call and says what it found; none lowers anything.

mod asked;
mod bulk;
mod content;
pub(crate) mod effects;
pub(crate) mod limits;
mod schema;
mod secret;
mod sink;

use core::cell::OnceCell;

use countersign_core::{
    Caller, Canary, Effect, Finding, Prepared, Role, Tier, Timestamp, Tool, ValueHandle, Weight,
};

pub(crate) use self::asked::is_told;
pub(crate) use self::sink::{Sink, Standing, is_the_only_one};
use crate::arguments::{Arguments, Kind};
use crate::config::PolicyConfig;
use crate::memory::{Before, View};
use crate::signal;

/// What a detector looks at.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) tool: &'a Tool,
    pub(crate) severity: u8,
    pub(crate) prepared: &'a Prepared,
    pub(crate) caller: &'a Caller,
    pub(crate) handles: &'a [ValueHandle],
    pub(crate) arguments: &'a Arguments<'a>,
    pub(crate) memory: &'a View<'a>,
    /// The memory counts this call already.
    pub(crate) counted: bool,
    /// Calls of the kind by the same agent in other sessions.
    pub(crate) agent_calls: u32,
    pub(crate) config: &'a PolicyConfig,
    pub(crate) now: Timestamp,
    pub(crate) canary: &'a dyn Canary,
    /// Made when the first detector asks for it.
    pub(crate) lazy: Lazy<'a>,
}

/// What several detectors need.
#[derive(Debug, Default)]
pub(crate) struct Lazy<'a> {
    sinks: OnceCell<Vec<Sink<'a>>>,
    covers: OnceCell<bool>,
    content: OnceCell<content::Content<'a>>,
}

impl<'a> Call<'a> {
    fn reads(&self) -> bool {
        self.tool.effect() == Effect::Read
    }

    pub(crate) fn sinks(&self) -> &[Sink<'a>] {
        self.lazy.sinks.get_or_init(|| sink::find(self))
    }

    fn content(&self) -> &content::Content<'a> {
        self.lazy.content.get_or_init(|| content::Content::of(self))
    }

    /// Whether the request asks for what the tool does.
    pub(crate) fn covers(&self) -> bool {
        let said = |stem: &str| self.memory.said_stem(stem);
        let names = || {
            let leaves = self.arguments.leaves.iter().filter(|leaf| leaf.role == Role::Target);
            let mut texts = leaves.filter(|leaf| leaf.kind == Kind::Text && leaf.text.len() <= 256);
            texts.any(|leaf| self.memory.origin(leaf.text).user)
        };
        *self.lazy.covers.get_or_init(|| self.memory.asked().covers(self.tool, said, names))
    }

    /// Whether the request asks for it, or leaves it to a text to say what is to be done.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.covers() || self.memory.asked().delegates()
    }

    /// Whether the operator lists a recipient for this user.
    fn is_listed(&self, recipient: &str) -> bool {
        self.config.lists(self.caller.user(), recipient)
    }

    fn before(&self, currency: [u8; 8]) -> Option<Before> {
        let arguments = self.prepared.arguments();
        let limits = &self.config.limits;
        self.memory.before(self.tool, arguments, currency, limits, self.now, self.counted)
    }
}

/// All findings, in a fixed order.
pub(crate) fn all(call: &Call<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(secret::in_arguments(call));
    found.extend(bulk::targets(call));
    found.extend(bulk::velocity(call));
    found.extend(bulk::repeats(call));
    found.extend(bulk::reads(call));
    found.extend(content::handed(call));
    found.extend(content::cross_service(call));
    found.extend(sink::handed(call));
    found.extend(sink::unnamed(call));
    found.extend(sink::unnamed_url(call));
    found.extend(asked::carried(call));
    found.extend(asked::unasked(call));
    found.extend(asked::derived(call));
    found.extend(asked::after_instructions(call));
    found.extend(content::pii(call));
    found.extend(limits::money(call));
    found.extend(limits::destruction(call));
    found.extend(limits::authority(call));
    found.extend(schema::violated(call));
    found.extend(sink::hidden(call));
    found.extend(changed(call));
    found.extend(sink::first_seen(call));
    found.extend(call.arguments.cut.as_ref().map(|path| {
        let evidence = "the arguments are longer than what is scanned";
        let weight = Weight::Floor(Tier::A);
        Finding::new(signal::NOT_SCANNED, "LLM10", evidence, weight).at(path.clone())
    }));
    let trifecta = sink::trifecta(call, &found);
    found.extend(trifecta);
    found
}

/// The tool was called before in this session under another definition: what was learnt of the old
/// one says nothing about the new.
fn changed(call: &Call<'_>) -> Option<Finding> {
    let before = call.memory.pinned(call.tool.name().as_str())?;
    let digest = call.tool.digest();
    (digest.as_bytes().first_chunk() != Some(&before)).then(|| {
        let evidence = "the tool's definition changed during the session";
        Finding::new(signal::CHANGED_TOOL, "ASI04", evidence, Weight::Floor(Tier::A))
    })
}

/// The parts of a recipient argument: addresses between commas, semicolons and line breaks, or
/// between spaces where each has an `@`; of `Name <address>` the address.
pub(crate) fn recipients(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\n', '\r']).flat_map(|part| {
        let part = part.trim();
        let address = part
            .strip_suffix('>')
            .and_then(|p| p.rsplit_once('<'))
            .map_or(part, |(_, address)| address.trim());
        let several = address.split_whitespace().filter(|w| w.contains('@')).count() > 1;
        let words = several.then(|| address.split_whitespace());
        let whole = (!several && !address.is_empty()).then_some(address);
        words.into_iter().flatten().chain(whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_told_apart_however_they_are_listed() {
        let parts = |text| recipients(text).collect::<Vec<_>>();
        assert_eq!(parts("a@x, Kim Lee <b@y>;c@z\n\nd@w e@v"), ["a@x", "b@y", "c@z", "d@w", "e@v"]);
        assert_eq!(parts("Charlie Brown"), ["Charlie Brown"]);
        assert_eq!(parts(" ,; "), Vec::<&str>::new());
    }
}
