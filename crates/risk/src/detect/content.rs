//! What the arguments carry: text that was read elsewhere, and personal numbers.

use std::collections::{BTreeMap, HashSet};

use countersign_core::{Finding, Role, Weight};

use super::Call;
use crate::arguments::{Arguments, Kind, Leaf};
use crate::memory::connection;
use crate::scan::{self, Class, PiiType};
use crate::signal;
use crate::text::{Rolling, essence};

/// A changing call carries text that a read on another connection returned: 24 equal letters and
/// digits in a row always count, 21 sometimes do.
///
/// The strings are compared as one stream, so a text that is cut over several arguments is found. An
/// address that the user or a trusted record named is no leak of that record.
pub(super) fn cross_service(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let here = connection(call.tool);
    let windows = call.memory.windows_elsewhere(here);
    let mut rolling = Rolling::new();
    for leaf in call.arguments.leaves.iter().filter(|leaf| is_content(leaf)) {
        if Arguments::is_sink(leaf.role) && call.named().names(leaf.text) {
            continue;
        }
        for c in essence(leaf.text) {
            let Some(window) = rolling.push(c).filter(|w| windows.contains(w)) else { continue };
            if let Some(source) = call.memory.read_elsewhere(here, window) {
                let source = if source.is_empty() { "a local tool" } else { source };
                let evidence =
                    format!("L2: text that {source} returned earlier is in the arguments");
                let weight = Weight::Halves(2);
                let found = Finding::new(signal::CROSS_SERVICE, "LLM02", evidence, weight);
                return Some(found.at(call.arguments.path(leaf)));
            }
        }
    }
    call.memory.is_sample().then(|| {
        let evidence = "the session read too much to be compared whole; a sample was";
        Finding::new(signal::MEMORY_SAMPLED, "LLM02", evidence, Weight::Note)
    })
}

/// Strings and inner keys; the names of the arguments are the tool's.
fn is_content(leaf: &Leaf<'_>) -> bool {
    match leaf.kind {
        Kind::Text => true,
        Kind::Key => !leaf.is_argument_name(),
        Kind::Number => false,
    }
}

/// The content of a changing call holds personal data: one item that weighs alone, or two different
/// ones of those that are often shared. Recipients and targets are left out: paying to an IBAN is no
/// leak of it.
pub(super) fn pii(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let mut path = None;
    let mut counts: BTreeMap<PiiType, usize> = BTreeMap::new();
    let mut medium: HashSet<&str> = HashSet::new();
    let mut high = false;
    for leaf in &call.arguments.leaves {
        if matches!(leaf.role, Role::Recipient | Role::Target) || leaf.is_argument_name() {
            continue;
        }
        for (what, span) in scan::personal(leaf.text).pii() {
            match span.class {
                Class::High => high = true,
                Class::Medium => {
                    medium.insert(leaf.text.get(span.start..span.end).unwrap_or_default());
                }
                Class::Low => continue,
            }
            path.get_or_insert_with(|| call.arguments.path(leaf));
            let count = counts.entry(what).or_insert(0);
            *count = count.saturating_add(1);
        }
    }
    if !high && medium.len() < 2 {
        return None;
    }
    let items = counts.iter().map(|(what, n)| match n {
        1 => format!("1 {}", what.words()),
        n => format!("{n} {}", what.plural()),
    });
    path.map(|path| {
        let what = items.collect::<Vec<_>>().join(" and ");
        let evidence = format!("{what} in the content");
        Finding::new(signal::PII, "LLM02", evidence, Weight::Halves(1)).at(path)
    })
}
