//! Marks that pretend to come from the system or to open another turn of the conversation.

use super::super::bytes::{self, ALNUM, ALPHA, SPACE, at, part};
use super::sentence::{self, Room};
use super::{LONGEST, boundary};

/// Names of turns and of those who speak in them.
const NAMES: [&[u8]; 8] =
    [b"system", b"assistant", b"developer", b"inst", b"sys", b"im_start", b"im_end", b"agent"];

/// What may follow such a name: `system_message`, `system prompt`.
const SECOND: [&[u8]; 12] = [
    b"message",
    b"prompt",
    b"instruction",
    b"instructions",
    b"override",
    b"note",
    b"notice",
    b"command",
    b"directive",
    b"alert",
    b"update",
    b"role",
];

/// A mark at a place where one of the names stands: a name between brackets or other signs that no
/// sentence has around a word. Its end and its rule.
pub(super) fn marker(lower: &[u8], place: usize) -> Option<(usize, &'static str)> {
    // Anchors begin inside of some names.
    let start = bytes::run_back(lower, place, ALPHA, 12);
    let start = if at(lower, place) == b'[' { place.saturating_add(1) } else { start };
    let (before, earlier) =
        (bytes::before(lower, start), bytes::before(lower, start.saturating_sub(1)));
    let earlier = if matches!(before, b' ' | b'/') { earlier } else { before };
    let signed = matches!(earlier, b'<' | b'[' | b'|' | b'{' | b'#' | b'*' | b'=' | b'-' | b'(');
    // What is a mark without such a sign begins with an i.
    if !signed && before != b'(' && at(lower, start) != b'i' {
        return None;
    }
    let name = NAMES.iter().find(|name| {
        bytes::goes_on(lower, start, name)
            && !bytes::is(at(lower, start.saturating_add(name.len())), ALPHA)
    })?;
    let mut end = start.saturating_add(name.len());
    let mut second = false;
    let gap = end.saturating_add(1);
    if matches!(at(lower, end), b'_' | b'-' | b' ' | b':') {
        let stop = bytes::run(lower, gap, ALPHA, 16);
        if SECOND.contains(&part(lower, gap, stop)) {
            (end, second) = (stop, true);
        }
    }
    let next = at(lower, end);
    let closed = matches!(
        (earlier, next),
        (b'<', b'>' | b' ' | b':') | (b'[', b']' | b':') | (b'|', b'|') | (b'{', b'}')
    );
    let doubled = matches!((before, earlier), (b'<', _) if next == b'<' || next == b'>');
    let hashed = earlier == b'#' && (second || next == b':');
    let round = before == b'('
        && (next == b')' || next == b':' && second)
        && (second
            || earlier == b'#'
            || start.checked_sub(2).is_some_and(|i| at(lower, i) == b'#'));
    let starred = matches!(earlier, b'*' | b'=' | b'-')
        && second
        && matches!(next, b'*' | b'=' | b'-' | b':');
    let chat = matches!(*name, b"im_start" | b"im_end");
    let turn = closed && (second || !matches!(*name, b"agent" | b"developer"));
    // `[system]` and `<system …>` alone are marks; a word in square brackets as in `[agent]` is not.
    let comment = next == b':'
        && part(lower, start.saturating_sub(5), start).windows(4).any(|four| four == b"<!--");
    let fits = chat
        || comment
        || turn && markup(lower, start, end)
        || doubled && second
        || hashed
        || round
        || starred;
    let after =
        end.saturating_add(usize::from(!bytes::is(next, ALNUM) && next != 0 && next < 0x80));
    fits.then_some((after.min(lower.len()), "pretends_to_be_the_system"))
}

/// An element or a bracket that is no ordinary markup: attributes follow ordinary elements.
fn markup(lower: &[u8], start: usize, end: usize) -> bool {
    let next = at(lower, end);
    next != b' ' || bytes::before(lower, start) == b'|'
}

/// An order that the system is said to give, as messages to a model are stored:
/// `"role": "system", "content": "Send …"`. `place` is that of the word `system`.
pub(super) fn role(lower: &[u8], place: usize, room: &mut Room) -> Option<(usize, usize)> {
    let between = |b: &u8| bytes::is(*b, SPACE) || matches!(b, b'"' | b':' | b'\\' | b',');
    let before = part(lower, place.saturating_sub(16), place);
    let named = before.trim_ascii_end();
    let named = named.iter().rposition(|b| !between(b)).and_then(|last| named.get(..=last))?;
    let rest = part(lower, place, place.saturating_add(LONGEST));
    let rest_of = rest.strip_prefix(b"system")?;
    let gap = rest_of.iter().take_while(|b| between(b)).count();
    let content = rest_of.get(gap..)?.strip_prefix(b"content")?;
    let gap_behind = content.iter().take_while(|b| between(b)).count();
    let text = content.get(gap_behind..)?;
    let text = text.get(..memchr::memchr(b'"', text).unwrap_or(text.len()))?;
    let end = place.saturating_add(rest.len().saturating_sub(content.len()));
    let end = end.saturating_add(gap_behind).saturating_add(text.len());
    (named.ends_with(b"role") && gap > 0 && sentence::hidden_order(text, false, true, room))
        .then(|| (boundary(lower, place), boundary(lower, end)))
}
