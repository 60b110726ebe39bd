//! Whether the user asked for it, and what instructions in texts have to do with it.

use countersign_core::{Finding, Role, Weight};

use super::Call;
use crate::arguments::{Kind, Leaf};
use crate::hash::Mark;
use crate::signal;
use crate::text::link_like;
use crate::words::{Words, marks, words};

/// Text by outsiders was read, and the request asks for nothing of the tool's kind.
pub(super) fn unasked(call: &Call<'_>) -> Option<Finding> {
    let memory = call.memory;
    let comparable = memory.user_spoke() && memory.asked().is_readable();
    if call.reads() || !comparable || !memory.read_untrusted() || call.is_asked_for() {
        return None;
    }
    let evidence =
        "the request asks for nothing that this tool does, and text by outsiders was read";
    Some(Finding::new(signal::UNASKED_ACTION, "ASI01", evidence, Weight::Raise))
}

/// Instructions to an agent were read, and the call is not one that the request spells out: asks for
/// the doing and names every recipient, target and address itself.
pub(super) fn after_instructions(call: &Call<'_>) -> Option<Finding> {
    if call.reads() || !call.memory.read_flagged() {
        return None;
    }
    let sinks = call.sinks();
    let spelt = !sinks.is_empty() && sinks.iter().all(|sink| sink.origin.user);
    if spelt && call.covers() {
        return None;
    }
    let evidence =
        "instructions to an agent were read before, and the request does not spell this out";
    Some(Finding::new(signal::AFTER_INSTRUCTIONS, "LLM01", evidence, Weight::Raise))
}

/// Whether what the call says is what outsiders wrote: a short text of its content stands in theirs,
/// word for word, and neither the user nor a trusted record holds it.
pub(crate) fn is_told(call: &Call<'_>) -> bool {
    let content = |leaf: &&Leaf<'_>| leaf.kind == Kind::Text && leaf.role == Role::FreeText;
    call.arguments.leaves.iter().filter(content).any(|leaf| {
        let marks = marks(call.memory.key(), leaf.text, MAX_WORDS);
        let origin = call.memory.origin_of(&marks);
        marks.len() >= 2 && origin.outsiders.is_some() && !origin.is_named()
    })
}

/// Longest argument that is compared whole with flagged text, in words.
const MAX_WHOLE: usize = 12;
/// So many words in a row are no coincidence.
const RUN: usize = 4;
/// Most words of one argument that are compared.
const MAX_WORDS: usize = 512;

/// An argument comes out of a record that holds instructions to an agent.
pub(super) fn derived(call: &Call<'_>) -> Option<Finding> {
    if !call.memory.read_flagged() {
        return None;
    }
    let mut leaves = call.arguments.leaves.iter();
    let (leaf, step) = leaves.find_map(|leaf| Some((leaf, comes_from_flagged(call, leaf)?)))?;
    let evidence = "an argument comes out of a text that holds instructions to an agent";
    let found = Finding::new(signal::FLAGGED_ARGUMENT, "LLM01", evidence, Weight::Raise);
    Some(found.at(call.arguments.path(leaf)).step(step))
}

fn comes_from_flagged(call: &Call<'_>, leaf: &Leaf<'_>) -> Option<u32> {
    let sink = super::sink::is_sink(call, leaf);
    let content = leaf.kind == Kind::Text && leaf.role == Role::FreeText && !call.reads();
    if !sink && !content {
        return None;
    }
    let key = call.memory.key();
    let marks = marks(key, leaf.text, MAX_WORDS);
    let flagged = |marks: &[Mark]| call.memory.flagged(marks);
    if marks.len() <= MAX_WHOLE
        && let Some(step) = flagged(&marks)
    {
        return Some(step);
    }
    if let Some(step) = marks.windows(RUN).find_map(flagged) {
        return Some(step);
    }
    let mut links = words(leaf.text).take(MAX_WORDS).filter(|word| link_like(word));
    links.find_map(|word| flagged(&[key.mark(&word)]))
}

/// The content carries an address that only text by outsiders holds which the user did not point at.
pub(super) fn carried(call: &Call<'_>) -> Option<Finding> {
    let memory = call.memory;
    if call.reads() || !memory.user_spoke() || !memory.read_untrusted() {
        return None;
    }
    let content = |leaf: &&Leaf<'_>| leaf.kind == Kind::Text && leaf.role == Role::FreeText;
    for leaf in call.arguments.leaves.iter().filter(content) {
        let mut words = Words::of(leaf.text);
        let mut left = MAX_WORDS;
        while let Some(word) = words.address(&mut left) {
            let origin = memory.origin_of(&[memory.key().mark(word)]);
            let asked_for = origin.pointed && memory.asked().speaks_of_the_web();
            let known = origin.is_named() || asked_for || origin.field || origin.id;
            let Some(step) = origin.outsiders.filter(|_| !known) else { continue };
            let evidence = "L2: the content carries an address that only text by outsiders holds";
            let weight = Weight::Halves(call.config.multipliers.unnamed_sink.halves());
            let found = Finding::new(signal::CARRIED_ADDRESS, "ASI01", evidence, weight);
            return Some(found.at(call.arguments.path(leaf)).step(step));
        }
    }
    None
}
