//! What a sentence says, if it speaks to a machine.

use super::super::bytes::{self, ALPHA, DIGIT, part};
use super::words::{
    ACT, ALL, ARGUMENTS, CARRY, LEAVE, LETTER, MACHINE, MARKER, MINE, MUST, NEW, NOT, ORDER,
    ORDERS, OVERRIDE, PEOPLE, PROMPT, REVEAL, SENSITIVE, SYSTEM, TASK, TELL, THIS, TO, TOOL, TURN,
    URGENT, USE, USER, WHICH, YOU,
};

/// Most words of a sentence that are looked at.
const WORDS: usize = 160;

/// Signs of an instruction to an agent, with their weights; each counts once in a passage.
pub(super) const SIGNS: [(u32, u32); 12] = [
    (SETS_ASIDE, 4),
    (GIVES_AWAY, 4),
    (TURNS_TO, 3),
    (NEW_TASK, 2),
    (SECRETLY, 3),
    (WITH_TOOL, 3),
    (CARRIES_OUT, 1),
    (NAMES_TASK, 1),
    (OF_USER, 1),
    (URGES, 1),
    (SETS_ASIDE_MILDLY, 2),
    (NAMES_SYSTEM, 1),
];

pub(super) const SETS_ASIDE: u32 = 1;
pub(super) const GIVES_AWAY: u32 = 1 << 1;
pub(super) const TURNS_TO: u32 = 1 << 2;
pub(super) const NEW_TASK: u32 = 1 << 3;
pub(super) const SECRETLY: u32 = 1 << 4;
pub(super) const WITH_TOOL: u32 = 1 << 5;
pub(super) const CARRIES_OUT: u32 = 1 << 6;
pub(super) const NAMES_TASK: u32 = 1 << 7;
pub(super) const OF_USER: u32 = 1 << 8;
pub(super) const URGES: u32 = 1 << 9;
pub(super) const SETS_ASIDE_MILDLY: u32 = 1 << 10;
pub(super) const NAMES_SYSTEM: u32 = 1 << 11;

/// What was read of a sentence.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// The signs in it.
    pub(super) signs: u32,
    /// How much it is built like an order to use a tool.
    pub(super) order: u32,
}

/// Room for the words of a sentence, used again for the next.
#[derive(Debug, Default)]
pub(super) struct Room {
    meanings: Vec<u32>,
    starts: Vec<usize>,
}

/// Reads a sentence in lower case.
pub(super) fn read(sentence: &[u8], room: &mut Room) -> Reading {
    room.meanings.clear();
    room.starts.clear();
    let mut place = 0usize;
    for raw in sentence.split(|b| !bytes::is(*b, ALPHA | DIGIT) && !matches!(b, b'\'' | b'_')) {
        let word = raw.strip_suffix(b"'").unwrap_or(raw);
        let word = word.strip_prefix(b"'").unwrap_or(word);
        if !word.is_empty() {
            if room.meanings.len() >= WORDS {
                break;
            }
            room.meanings.push(super::words::meaning(word));
            room.starts.push(place);
        }
        place = place.saturating_add(raw.len()).saturating_add(1);
    }
    let words = room.meanings.as_slice();
    let all = words.iter().fold(0, |all, word| all | word);
    Reading { signs: signs(words, all), order: order(sentence, words, &room.starts) }
}

/// Whether a word of one kind is followed within some words by one of another.
fn then(words: &[u32], first: u32, second: u32, within: usize) -> bool {
    words.iter().enumerate().any(|(i, word)| {
        word & first != 0
            && part_of(words, i.saturating_add(1), within).iter().any(|word| word & second != 0)
    })
}

fn part_of(words: &[u32], from: usize, length: usize) -> &[u32] {
    let end = from.saturating_add(length).min(words.len());
    words.get(from..end).unwrap_or_default()
}

/// The signs in a sentence; `all` is what its words mean together.
fn signs(words: &[u32], all: u32) -> u32 {
    let has = |kind: u32| all & kind != 0;
    let then = |first: u32, second: u32, within: usize| {
        has(first) && has(second) && then(words, first, second, within)
    };
    let mut signs = if has(ORDERS) { sets_aside(words) } else { 0 };
    let mut add = |holds: bool, sign: u32| signs |= if holds { sign } else { 0 };
    if has(REVEAL) {
        let prompt = words
            .windows(2)
            .any(|w| matches!(w, [a, b] if a & (SYSTEM | YOU) != 0 && b & PROMPT != 0));
        add(prompt && (has(YOU) || then(REVEAL, SYSTEM, 6)), GIVES_AWAY);
    }
    if has(MACHINE) {
        let to_you =
            words.windows(2).any(|w| matches!(w, [a, b] if a & YOU != 0 && b & MACHINE != 0));
        let are_you = then(YOU, MACHINE, 5) && (has(MUST | ORDER | CARRY | ORDERS));
        let note_to = words.windows(2).enumerate().any(|(i, w)| {
            matches!(w, [a, b] if a & (LETTER | ORDERS) != 0 && b & TO != 0)
                && part_of(words, i.saturating_add(2), 4).iter().any(|word| word & MACHINE != 0)
        });
        add(to_you || note_to || are_you || then(TURN, MACHINE, 4), TURNS_TO);
    }
    if has(TASK) {
        let of_task = then(WHICH | YOU, TASK, 3) || then(TASK, YOU, 5);
        add(of_task && has(ORDER | YOU), NAMES_TASK);
    }
    add(has(YOU) && !has(MINE) && then(NEW, TASK | ORDERS, 2), NEW_TASK);
    add(then(CARRY, THIS, 5), CARRIES_OUT);
    if has(NOT) {
        let tell = then(NOT, TELL, 4) && (then(TELL, USER, 4) || then(TELL, LEAVE, 4));
        let leave = has(USER) && then(NOT, LEAVE, 3);
        let told = has(ACT | MACHINE) && has(USER) && then(NOT, TELL, 1);
        add(tell || leave || told, SECRETLY);
    }
    let tool = has(ARGUMENTS | MUST) && has(YOU | ARGUMENTS) && then(USE, TOOL, 4);
    add(tool, WITH_TOOL);
    add(has(USER) && has(YOU | ACT), OF_USER);
    add(has(URGENT), URGES);
    let names =
        |w: &[u32]| matches!(w, [a, b] if a & SYSTEM != 0 && b & (PROMPT | ORDERS | OVERRIDE) != 0);
    add(has(SYSTEM) && words.windows(2).any(names), NAMES_SYSTEM);
    signs
}

/// `Ignore all previous instructions`, and milder what people say of their own letters.
fn sets_aside(words: &[u32]) -> u32 {
    for (i, word) in words.iter().enumerate() {
        let negated = word & NOT != 0
            && part_of(words, i.saturating_add(1), 2).iter().any(|w| w & CARRY != 0);
        if word & OVERRIDE == 0 && !negated {
            continue;
        }
        let after = part_of(words, i.saturating_add(1), 9);
        let Some(object) = after.iter().position(|word| word & ORDERS != 0) else { continue };
        let between = after.get(..object).unwrap_or_default();
        let behind = part_of(after, object.saturating_add(1), 4);
        if !between.iter().chain(behind.first()).any(|word| word & WHICH != 0) {
            continue;
        }
        let people = between.iter().any(|word| word & MINE != 0)
            || behind.iter().any(|word| word & (MINE | LETTER) != 0)
            || negated && !between.iter().any(|word| word & YOU != 0);
        return if people { SETS_ASIDE_MILDLY } else { SETS_ASIDE };
    }
    0
}

/// How much a sentence is an order: an action at its start, a place where something is to go, and
/// what people among themselves do not say.
fn order(sentence: &[u8], words: &[u32], starts: &[usize]) -> u32 {
    // `todo: send …`, `- send …`, `please send …`.
    let mut first = 0usize;
    let mut marked = false;
    while first < 3 {
        let (word, start) = (words.get(first), starts.get(first));
        let next = starts.get(first.saturating_add(1)).copied().unwrap_or(sentence.len());
        let colon = start.is_some_and(|start| part(sentence, *start, next).contains(&b':'));
        match word {
            Some(word) if word & MARKER != 0 && colon => {
                marked = true;
                first = first.saturating_add(1);
            }
            _ => break,
        }
    }
    let acts = words.get(first).is_some_and(|word| word & ACT != 0);
    if !acts {
        return 0;
    }
    let has = |kind: u32| words.iter().any(|word| word & kind != 0);
    let bulk = then(words, ALL, SENSITIVE, 3);
    let secretly = then(words, NOT, TELL, 1);
    let one = |holds: bool| u32::from(holds);
    let people = one(has(PEOPLE | MINE));
    let sum = 1u32
        .saturating_add(one(sink(sentence)))
        .saturating_add(one(marked))
        .saturating_add(one(has(USER)).saturating_mul(2))
        .saturating_add(one(bulk))
        .saturating_add(one(has(SENSITIVE)))
        .saturating_add(one(secretly).saturating_mul(2));
    sum.saturating_sub(people)
}

/// Something that money, mail or a browser could be sent to: a link, an address, an account.
pub(super) fn sink(sentence: &[u8]) -> bool {
    let find = |literal: &[u8]| memchr::memmem::find(sentence, literal).is_some();
    let mail = memchr::memchr(b'@', sentence).is_some_and(|at| {
        bytes::is(bytes::at(sentence, at.saturating_add(1)), ALPHA | DIGIT)
            && bytes::is(bytes::before(sentence, at), ALPHA | DIGIT)
    });
    mail || find(b"://") || find(b"www.") || account(sentence)
}

/// A word of at least ten letters and digits, most of them digits.
fn account(sentence: &[u8]) -> bool {
    sentence.split(|b| !bytes::is(*b, ALPHA | DIGIT)).any(|word| {
        word.len() >= 12 && bytes::count(word, DIGIT) >= 8 && bytes::count(word, ALPHA) >= 1
    })
}
