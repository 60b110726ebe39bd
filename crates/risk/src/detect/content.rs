//! What the arguments carry: text that was read elsewhere, and personal numbers.

use countersign_core::{Finding, Role, Weight};

use super::Call;
use crate::arguments::{Arguments, Kind, Leaf};
use crate::memory::connection;
use crate::text::{Rolling, essence};
use crate::{pii, signal};

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

/// The content of a changing call holds card numbers or IBANs. Recipients and targets are left out:
/// paying to an IBAN is no leak of it.
pub(super) fn pii(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let mut all = pii::Items::default();
    let mut path = None;
    for leaf in &call.arguments.leaves {
        if matches!(leaf.role, Role::Recipient | Role::Target) || leaf.is_argument_name() {
            continue;
        }
        let found = pii::find(leaf.text);
        if found != pii::Items::default() {
            path.get_or_insert_with(|| call.arguments.path(leaf));
            all.cards = all.cards.saturating_add(found.cards);
            all.ibans = all.ibans.saturating_add(found.ibans);
        }
    }
    let of = |n: usize, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let cards = of(all.cards, "card number", "card numbers");
    let ibans = of(all.ibans, "IBAN", "IBANs");
    path.map(|path| {
        let what = cards.into_iter().chain(ibans).collect::<Vec<_>>().join(" and ");
        let evidence = format!("{what} in the content");
        Finding::new(signal::PII, "LLM02", evidence, Weight::Halves(1)).at(path)
    })
}
