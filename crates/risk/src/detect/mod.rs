//! The detectors. Each looks at one call and says what it found; none lowers anything.

mod bulk;
mod content;
mod secret;
mod sink;

use core::cell::OnceCell;

use countersign_core::{Canary, Effect, Finding, Prepared, Tier, Timestamp, Tool, Weight};

use crate::arguments::Arguments;
use crate::config::BulkLimits;
use crate::memory::{Memory, Named};
use crate::signal;

/// What a detector looks at.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) tool: &'a Tool,
    pub(crate) prepared: &'a Prepared,
    pub(crate) arguments: &'a Arguments<'a>,
    pub(crate) memory: &'a Memory,
    pub(crate) limits: &'a BulkLimits,
    pub(crate) now: Timestamp,
    pub(crate) canary: &'a dyn Canary,
    /// Made when the first detector asks for it.
    pub(crate) named: OnceCell<Named<'a>>,
}

impl Call<'_> {
    fn named(&self) -> &Named<'_> {
        self.named.get_or_init(|| self.memory.named())
    }

    fn reads(&self) -> bool {
        self.tool.effect() == Effect::Read
    }
}

/// All findings, in a fixed order.
pub(crate) fn all(call: &Call<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(secret::in_arguments(call));
    found.extend(bulk::targets(call));
    found.extend(bulk::velocity(call));
    found.extend(bulk::reads(call));
    found.extend(content::cross_service(call));
    found.extend(sink::unnamed(call));
    found.extend(content::pii(call));
    found.extend(sink::hidden(call));
    found.extend(call.arguments.cut.as_ref().map(|path| {
        let evidence = "the arguments are longer than what is scanned";
        let weight = Weight::Floor(Tier::A);
        Finding::new(signal::NOT_SCANNED, "LLM10", evidence, weight).at(path.clone())
    }));
    found
}

/// The parts of a recipient argument: addresses between commas, semicolons and line breaks, or
/// between spaces where each has an `@`; of `Name <address>` the address.
fn recipients(text: &str) -> impl Iterator<Item = &str> {
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
