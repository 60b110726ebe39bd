//! Where a call goes: whether anybody named it, and whether it can be read as it is.

use countersign_core::{Finding, Role, Tier, Weight};

use super::{Call, recipients};
use crate::arguments::{Arguments, Kind, Leaf};
use crate::signal;
use crate::text::is_hidden;

/// Whether a leaf says where the call goes. Of a read only URLs do: fetching an address tells its
/// owner something.
fn is_sink(call: &Call<'_>, leaf: &Leaf<'_>) -> bool {
    let role = if call.reads() { leaf.role == Role::Url } else { Arguments::is_sink(leaf.role) };
    let part = match leaf.kind {
        Kind::Text | Kind::Number => true,
        // `{"kim@example.com": "reader"}` names a recipient in a key.
        Kind::Key => !leaf.is_argument_name() && leaf.text.contains(['@', '/']),
    };
    role && part
}

/// The session read text that outsiders can write, and the call goes to somebody, or acts on
/// something, that stands neither in the user's own words nor in a trusted record.
///
/// Silent as long as nobody passes the user's words on: then there is nothing to compare with.
pub(super) fn unnamed(call: &Call<'_>) -> Option<Finding> {
    if !(call.memory.user_spoke && call.memory.read_untrusted) {
        return None;
    }
    let named = |leaf: &Leaf<'_>| match leaf.role {
        Role::Recipient => {
            let mut parts = recipients(leaf.text).peekable();
            parts.peek().is_some() && parts.all(|part| call.named().names(part))
        }
        Role::Target => call.named().names(leaf.text) || call.named().knows_id(leaf.text),
        _ => call.named().names(leaf.text),
    };
    let sinks = call.arguments.leaves.iter().filter(|leaf| is_sink(call, leaf));
    let mut unnamed = sinks.filter(|leaf| !leaf.text.trim().is_empty() && !named(leaf)).peekable();
    let path = unnamed.peek().map(|leaf| call.arguments.path(leaf))?;
    let count = unnamed.count();
    let those = if count == 1 {
        "1 recipient, target or address is".to_owned()
    } else {
        format!("{count} recipients, targets or addresses are")
    };
    let evidence = format!(
        "L1: {those} named neither by the user nor by a trusted record, and text by outsiders was read"
    );
    Some(Finding::new(signal::UNNAMED_SINK, "ASI01", evidence, Weight::Halves(2)).at(path))
}

/// An address holds characters that nobody sees or that reorder what is seen.
pub(super) fn hidden(call: &Call<'_>) -> Option<Finding> {
    let sinks = call.arguments.leaves.iter().filter(|leaf| is_sink(call, leaf));
    let mut hiding = sinks.filter(|leaf| leaf.text.chars().any(is_hidden)).peekable();
    let path = hiding.peek().map(|leaf| call.arguments.path(leaf))?;
    let count = hiding
        .flat_map(|leaf| leaf.text.chars())
        .filter(|c| is_hidden(*c))
        .fold(0usize, |n, _| n.saturating_add(1));
    let evidence = format!("{count} invisible or reordering characters in an address");
    Some(
        Finding::new(signal::HIDDEN_CHARACTERS, "LLM01", evidence, Weight::Floor(Tier::A)).at(path),
    )
}
