//! Where a call goes: who named it, and whether it can be read as it is.

use countersign_core::{Effect, Finding, Role, Tier, Trust, Weight};

use super::{Call, recipients};
use crate::arguments::{Arguments, Kind, Leaf};
use crate::config::Consent;
use crate::memory::Origin;
use crate::signal;
use crate::text::is_hidden;

/// A value that says where a call goes or what it acts on.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    pub(crate) leaf: &'a Leaf<'a>,
    pub(crate) origin: Origin,
    pub(crate) standing: Standing,
}

/// Who named a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// The user, a trusted record, or the operator's list for this user.
    Named,
    /// Text by outsiders that the user pointed at, or a field that the provider fills, and the
    /// request asks for what the tool does.
    Pointed,
    /// Nobody.
    Unnamed,
}

/// Whether a leaf says where the call goes. Of a read only URLs do: fetching an address tells its
/// owner something.
pub(super) fn is_sink(call: &Call<'_>, leaf: &Leaf<'_>) -> bool {
    let role = if call.reads() { leaf.role == Role::Url } else { Arguments::is_sink(leaf.role) };
    let part = match leaf.kind {
        Kind::Text | Kind::Number => true,
        // `{"kim@example.com": "reader"}` names a recipient in a key.
        Kind::Key => !leaf.is_argument_name() && leaf.text.contains(['@', '/']),
    };
    role && part
}

/// Most sinks of a call that are looked up. What is beyond counts as named by nobody.
const MAX_SINKS: usize = 512;

/// The sinks of a call, each with its standing. Several recipients in one string are several sinks.
pub(super) fn find<'a>(call: &Call<'a>) -> Vec<Sink<'a>> {
    let mut sinks: Vec<Sink<'a>> = Vec::new();
    let leaves = call.arguments.leaves.iter();
    for leaf in leaves.filter(|leaf| is_sink(call, leaf) && !leaf.text.trim().is_empty()) {
        let mut add = |part: &str| {
            if sinks.len() >= MAX_SINKS {
                if let Some(last) = sinks.last_mut() {
                    (last.origin, last.standing) = (Origin::default(), Standing::Unnamed);
                }
                return;
            }
            let origin = call.memory.origin(part);
            let listed = leaf.role == Role::Recipient && call.is_listed(part);
            let standing = standing(call, leaf, part, &origin, listed);
            sinks.push(Sink { leaf, origin, standing });
        };
        if leaf.role == Role::Recipient {
            let mut parts = recipients(leaf.text).peekable();
            if parts.peek().is_none() {
                add(leaf.text);
            }
            parts.for_each(add);
        } else {
            add(leaf.text);
        }
    }
    sinks
}

fn standing(
    call: &Call<'_>,
    leaf: &Leaf<'_>,
    part: &str,
    origin: &Origin,
    listed: bool,
) -> Standing {
    if origin.is_named() || listed {
        return Standing::Named;
    }
    let target = leaf.role == Role::Target;
    let pointed = match leaf.role {
        // Fetching and posting to an address that only a text names is never the user's own choice.
        Role::Url => false,
        // What the request gives itself it did not leave to a text.
        _ if origin.field || (origin.id && target) => true,
        _ => {
            let asked = call.memory.asked();
            (origin.pointed && !asked.gives_one_like(part)) || (origin.listed && asked.delegates())
        }
    };
    // A new object gets a name that nobody said before.
    let new = target && call.tool.effect() == Effect::Write && *origin == Origin::default();
    let known = origin.id && target;
    if origin.flagged.is_none() && (known || (pointed || new) && call.is_asked_for()) {
        Standing::Pointed
    } else {
        Standing::Unnamed
    }
}

/// The session read text that outsiders can write, and the call goes to somebody, or acts on
/// something, that stands neither in the user's own words nor in a trusted record, nor in a text that
/// the user pointed at for a thing of this kind.
///
/// Silent as long as nobody passes the user's words on: then there is nothing to compare with.
pub(super) fn unnamed(call: &Call<'_>) -> Option<Finding> {
    // An address is fetched for the first time before anything was read, too.
    let tainted = call.memory.read_untrusted();
    if !call.memory.user_spoke() || (!tainted && !call.reads()) {
        return None;
    }
    let unnamed = |sink: &&Sink<'_>| {
        sink.standing == Standing::Unnamed && !(call.reads() && is_followed(sink))
    };
    let mut unnamed = call.sinks().iter().filter(unnamed).peekable();
    let first = unnamed.peek()?;
    let (path, origin) = (call.arguments.path(first.leaf), first.origin);
    let count = unnamed.count();
    let those = if count == 1 {
        "1 recipient, target or address is".to_owned()
    } else {
        format!("{count} recipients, targets or addresses are")
    };
    let evidence = format!("L1: {those} named neither by the user nor by a trusted record");
    let mut found = Finding::new(
        signal::UNNAMED_SINK,
        "ASI01",
        evidence,
        Weight::Halves(call.config.multipliers.unnamed_sink.halves()),
    )
    .at(path);
    found.step = origin.flagged.or(origin.outsiders);
    Some(found)
}

/// Whether an address stands in a text, without instructions in it, that the user pointed at.
fn is_followed(sink: &Sink<'_>) -> bool {
    sink.origin.listed && sink.origin.flagged.is_none()
}

/// The only mail address in all that outsiders wrote, in a text that the user pointed at, beside somebody
/// whom the user named: "invite Dora, her address is on her page".
pub(crate) fn is_the_only_one(call: &Call<'_>, sink: &Sink<'_>) -> bool {
    let named = |other: &Sink<'_>| other.origin.user && !core::ptr::eq(other, sink);
    sink.leaf.role == Role::Recipient
        && sink.standing == Standing::Pointed
        && sink.origin.pointed
        && call.memory.is_the_only_mail(sink.leaf.text)
        && call.sinks().iter().any(named)
}

/// A read fetches an address that neither the user nor a trusted record named, even if it follows a
/// link in a text that the user pointed at: whoever wrote the link learns that it was followed.
pub(super) fn unnamed_url(call: &Call<'_>) -> Option<Finding> {
    if !call.reads() || !call.memory.user_spoke() {
        return None;
    }
    let sink = call.sinks().iter().find(|sink| sink.standing == Standing::Unnamed)?;
    let evidence = "it fetches an address that the user did not name";
    // What stands word for word in what was read takes nothing along that the agent knows.
    let plain = !sink.leaf.text.contains(['?', '#', '@']);
    let quiet = match call.config.consent {
        Consent::Effects => false,
        Consent::Unnamed => call.memory.asked().speaks_of_the_web(),
        Consent::Pointed => true,
    };
    let followed = is_followed(sink) && plain && !call.memory.read_flagged();
    let weight = if followed && quiet { Weight::Note } else { Weight::Floor(Tier::B) };
    let found = Finding::new(signal::UNNAMED_URL, "LLM06", evidence, weight);
    let mut found = found.at(call.arguments.path(sink.leaf));
    found.step = sink.origin.outsiders;
    Some(found)
}

/// Untrusted text, private data and a sink that nobody named have met in the session: a person
/// decides, strictly where the call is bulk or hard to undo (the "lethal trifecta", Meta's "Rule of
/// Two").
pub(super) fn trifecta(call: &Call<'_>, found: &[Finding]) -> Option<Finding> {
    let complete = call.memory.read_untrusted() && call.memory.read_private();
    let sink = found.iter().find(|f| f.signal == signal::UNNAMED_SINK)?;
    if !complete || call.reads() {
        return None;
    }
    let bulk = found.iter().any(|f| signal::is_bulk(f.signal));
    let tier = if bulk || call.severity >= 4 { Tier::S } else { Tier::A };
    let evidence = "private data and text by outsiders were read, and nobody named where it goes";
    let found = Finding::new(signal::TRIFECTA, "ASI01", evidence, Weight::Floor(tier));
    Some(found.at(sink.path.clone()))
}

/// A framework says that a sink is a value which outsiders wrote.
pub(super) fn handed(call: &Call<'_>) -> Option<Finding> {
    let outsiders = |path: &str| {
        let fits = |h: &&countersign_core::ValueHandle| {
            h.label.trust == Trust::Untrusted && covers(&h.path, path)
        };
        call.handles.iter().find(fits)
    };
    let mut sinks = call.arguments.leaves.iter().filter(|leaf| is_sink(call, leaf));
    let (path, handle) = sinks.find_map(|leaf| {
        let path = call.arguments.path(leaf);
        outsiders(&path).map(|handle| (path, handle))
    })?;
    let evidence = "L3: a recipient, target or address is a value that outsiders wrote";
    let weight = Weight::Halves(call.config.multipliers.unnamed_sink.halves());
    let mut found = Finding::new(signal::UNNAMED_SINK, "ASI01", evidence, weight).at(path);
    found.step = handle.step;
    Some(found)
}

/// Whether a pointer is the other one or a part of it.
pub(super) fn covers(pointer: &str, path: &str) -> bool {
    let rest = path.strip_prefix(pointer).or_else(|| pointer.strip_prefix(path));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The session goes to a recipient or domain for the first time.
pub(super) fn first_seen(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let mut to = super::effects::addressees(call.arguments);
    to.any(|to| !call.memory.has_seen(&to)).then(|| {
        let evidence = "the session goes there for the first time";
        Finding::new(signal::FIRST_SEEN, "LLM06", evidence, Weight::Note)
    })
}

/// An address holds characters that nobody sees or that reorder what is seen.
pub(super) fn hidden(call: &Call<'_>) -> Option<Finding> {
    let sinks = call.arguments.leaves.iter().filter(|leaf| is_sink(call, leaf));
    let hides = |leaf: &&Leaf<'_>| !leaf.text.is_ascii() || leaf.text.contains(char::is_control);
    let mut hiding = sinks.filter(hides).filter(|leaf| leaf.text.chars().any(is_hidden)).peekable();
    let leaf = hiding.peek()?;
    let path = call.arguments.path(leaf);
    let at = leaf.text.char_indices().find(|(_, c)| is_hidden(*c));
    let count = hiding
        .flat_map(|leaf| leaf.text.chars())
        .filter(|c| is_hidden(*c))
        .fold(0usize, |n, _| n.saturating_add(1));
    let evidence = format!("{count} invisible or reordering characters in an address");
    let found = Finding::new(signal::HIDDEN_CHARACTERS, "LLM01", evidence, Weight::Floor(Tier::A));
    let found = found.at(path);
    Some(match at {
        Some((at, c)) => found.span(at..at.saturating_add(c.len_utf8())),
        None => found,
    })
}
