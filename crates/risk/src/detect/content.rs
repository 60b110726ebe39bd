//! What the arguments carry: text that was read elsewhere, and personal numbers.

use std::collections::{BTreeMap, HashSet};

use countersign_core::{Finding, Role, Weight};

use super::Call;
use super::Standing;
use crate::arguments::{Kind, Leaf};
use crate::essence::{GRAM, essence};
use crate::memory::{Record, Wanted, connection};
use crate::scan::{self, Class, PiiType};
use crate::signal;

/// What of the content is compared with what was read: letters and digits as one stream, so that a text
/// which is cut over several arguments is found.
///
/// An address that the user or a trusted record named, or that the user pointed at, is left out: it is
/// no leak of the record it stood in.
#[derive(Debug)]
pub(super) struct Content<'a> {
    wanted: Wanted,
    /// Where each leaf's letters end in the stream.
    ends: Vec<(usize, &'a Leaf<'a>)>,
}

impl<'a> Content<'a> {
    pub(super) fn of(call: &Call<'a>) -> Self {
        let named = |leaf: &Leaf<'_>| {
            let mut sinks =
                call.sinks().iter().filter(|sink| core::ptr::eq(sink.leaf, leaf)).peekable();
            sinks.peek().is_some() && sinks.all(|sink| sink.standing <= Standing::Pointed)
        };
        let mut letters = Vec::new();
        let mut ends = Vec::new();
        for leaf in call.arguments.leaves.iter().filter(|leaf| is_content(leaf) && !named(leaf)) {
            essence(leaf.text, &mut letters);
            ends.push((letters.len(), leaf));
        }
        Self { wanted: Wanted::of(&letters), ends }
    }

    /// The leaf that a window ends in.
    fn leaf(&self, window: usize) -> Option<&'a Leaf<'a>> {
        let last = window.saturating_add(GRAM);
        let at = self.ends.partition_point(|(end, _)| *end < last);
        self.ends.get(at).map(|(_, leaf)| *leaf)
    }

    /// Whether a window holds a part of a recipient or target.
    fn addresses(&self, window: usize) -> bool {
        let from = self.ends.partition_point(|(end, _)| *end <= window);
        let last = window.saturating_add(GRAM);
        let rest = self.ends.get(from..).unwrap_or_default();
        let to = rest.partition_point(|(end, _)| *end < last).saturating_add(1);
        let addressing = |leaf: &Leaf<'_>| matches!(leaf.role, Role::Recipient | Role::Target);
        rest.iter().take(to).any(|(_, leaf)| addressing(leaf))
    }
}

/// A changing call carries text that a read on another connection returned: 24 equal letters and
/// digits in a row always count, 21 sometimes do.
///
/// What is in base64 is compared decoded as well. Where the request asks for the transfer, points at
/// what is moved and names where to, it is noted and weighs nothing.
pub(super) fn cross_service(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let memory = call.memory;
    let elsewhere = memory.elsewhere(connection(call.tool));
    let sampled = || {
        memory.is_sample().then(|| {
            let evidence = "the session read too much to be compared whole; a sample was";
            Finding::new(signal::MEMORY_SAMPLED, "LLM02", evidence, Weight::Note)
        })
    };
    if !memory.has_read(&elsewhere) {
        return sampled();
    }
    let content = call.content();
    let mut asked = None;
    for (at, record) in memory.hits(&content.wanted, &elsewhere) {
        let Some(leaf) = content.leaf(at) else { continue };
        if !(record.pointed && moves_what_was_asked(call)) {
            return Some(crossed(call, leaf, &record, false));
        }
        asked.get_or_insert((leaf, record));
    }
    for (_, leaf) in &content.ends {
        if let Some(record) = decoded_elsewhere(call, leaf.text) {
            return Some(crossed(call, leaf, &record, false));
        }
    }
    match asked {
        Some((leaf, record)) => Some(crossed(call, leaf, &record, true)),
        None => sampled(),
    }
}

/// The request asks for what the tool does, everything it goes to is named or pointed at, and nothing
/// in the session looked like instructions: then text that the user pointed at may go there.
fn moves_what_was_asked(call: &Call<'_>) -> bool {
    call.memory.user_spoke()
        && !call.memory.read_flagged()
        && call.is_asked_for()
        && call.sinks().iter().all(|sink| sink.standing <= Standing::Pointed)
}

fn crossed(call: &Call<'_>, leaf: &Leaf<'_>, record: &Record, asked: bool) -> Finding {
    let source = match call.memory.connection(record) {
        "" => "a local tool",
        name => name,
    };
    let personal = if record.sensitive { ", with personal data in it," } else { "" };
    let by = if asked { ", as the request asks" } else { "" };
    let evidence =
        format!("L2: text that {source} returned earlier{personal} is in the arguments{by}");
    let halves = Weight::Halves(call.config.multipliers.cross_service.halves());
    let weight = if asked { Weight::Note } else { halves };
    let found = Finding::new(signal::CROSS_SERVICE, "LLM02", evidence, weight);
    found.at(call.arguments.path(leaf)).step(record.step)
}

/// Shortest run of base64 that is decoded, in characters: what 24 letters become.
const MIN_BASE64: usize = 32;

/// The text behind runs of base64 was read on another connection.
fn decoded_elsewhere(call: &Call<'_>, text: &str) -> Option<Record> {
    let elsewhere = call.memory.elsewhere(connection(call.tool));
    let of = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    // Line breaks inside base64 are wrapping.
    let goes_on = |b: &u8| of(*b) || matches!(b, b'\r' | b'\n');
    if !scan::has_run(text.as_bytes(), MIN_BASE64, goes_on) {
        return None;
    }
    let runs = text.as_bytes().split(|b| !goes_on(b));
    for run in runs.filter(|run| run.len() >= MIN_BASE64) {
        let plain = decoded(run);
        let plain = String::from_utf8_lossy(&plain);
        let mut letters = Vec::new();
        essence(&plain, &mut letters);
        let hits = call.memory.hits(&Wanted::of(&letters), &elsewhere);
        if let Some((_, record)) = hits.first() {
            return Some(*record);
        }
    }
    None
}

/// Base64 in either alphabet, without padding; an incomplete last group gives what it can.
fn decoded(run: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(run.len());
    let (mut bits, mut have) = (0u32, 0u32);
    for b in run {
        let six = match b {
            b'A'..=b'Z' => b.wrapping_sub(b'A'),
            b'a'..=b'z' => b.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => b.wrapping_sub(b'0').wrapping_add(52),
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(six);
        have = have.saturating_add(6);
        if have >= 8 {
            have = have.saturating_sub(8);
            plain.push(u8::try_from((bits >> have) & 0xff).unwrap_or_default());
        }
    }
    plain
}

/// A framework says that an argument was read on another connection.
pub(super) fn handed(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let here = call.tool.connection();
    let handle = call.handles.iter().find(|handle| handle.connection.as_ref() != here)?;
    let source = handle.connection.as_ref().map_or("a local tool", |c| c.as_str());
    let evidence = format!("L3: a value that {source} returned is in the arguments");
    let weight = Weight::Halves(call.config.multipliers.cross_service.halves());
    let found = Finding::new(signal::CROSS_SERVICE, "LLM02", evidence, weight);
    // The pointer is the framework's; only its plain part is shown.
    let fits = |leaf: &&Leaf<'_>| super::sink::covers(&handle.path, &call.arguments.path(leaf));
    let leaf = call.arguments.leaves.iter().filter(|leaf| is_content(leaf)).find(fits);
    let mut found = found.at(leaf.map(|leaf| call.arguments.path(leaf)).unwrap_or_default());
    found.step = handle.step;
    Some(found)
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
    if let Some(inherited) = inherited(call) {
        return Some(inherited);
    }
    // The first that weighs alone; without one the first of all.
    let mut place: Option<(Class, String, Option<core::ops::Range<usize>>)> = None;
    let mut counts: BTreeMap<PiiType, usize> = BTreeMap::new();
    let mut medium: HashSet<String> = HashSet::new();
    let mut high = false;
    for leaf in &call.arguments.leaves {
        if matches!(leaf.role, Role::Recipient | Role::Target) || leaf.is_argument_name() {
            continue;
        }
        for (what, span) in scan::personal(leaf.text).pii() {
            match span.class {
                Class::High => high = true,
                Class::Medium => {
                    let value = leaf.text.get(span.start..span.end).unwrap_or_default();
                    medium.insert(value.to_lowercase());
                }
                Class::Low => continue,
            }
            if place.as_ref().is_none_or(|(class, ..)| *class < span.class) {
                // The pointer of a key is its object's.
                let range = (leaf.kind != Kind::Key).then_some(span.start..span.end);
                place = Some((span.class, call.arguments.path(leaf), range));
            }
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
    place.map(|(_, path, span)| {
        let what = items.collect::<Vec<_>>().join(" and ");
        let evidence = format!("{what} in the content");
        let weight = Weight::Halves(call.config.multipliers.pii.halves());
        Finding { span, ..Finding::new(signal::PII, "LLM02", evidence, weight).at(path) }
    })
}

/// The content is text of a private record that holds personal data, on whatever connection it was
/// read: the label goes with the text.
fn inherited(call: &Call<'_>) -> Option<Finding> {
    let sensitive = |record: &Record| record.sensitive;
    if !call.memory.has_read(sensitive) {
        return None;
    }
    let content = call.content();
    let hits = call.memory.hits(&content.wanted, sensitive);
    let (at, record) = hits.iter().find(|(at, _)| !content.addresses(*at))?;
    let leaf = content.leaf(*at)?;
    let evidence = "the content is text of a private record with personal data in it";
    let weight = Weight::Halves(call.config.multipliers.pii.halves());
    let found = Finding::new(signal::PII, "LLM02", evidence, weight);
    Some(found.at(call.arguments.path(leaf)).step(record.step))
}
