//! What a sentence says, if it speaks to a machine.

use super::super::bytes::{self, ALPHA, DIGIT, part};
use super::abroad;
use super::target::{order, sink};
use super::words::{
    ACT, AI, ALL, AND, ANSWERING, ARGUMENTS, BE, BEFORE, CARRY, CHANGED, DOC, DOES, DONE, FREED,
    LEAVE, LETTER, MACHINE, MARKER, MINE, MODE, MUST, NEW, NOT, NOW, ORDER, ORDERS, OVERRIDE,
    PEOPLE, PROMPT, READ, READS, REVEAL, SAY, SENSITIVE, SNAKE, SPEAKER, SYSTEM, TASK, TELL, THIS,
    TO, TOLD, TOOL, TURN, URGENT, USE, USER, VOID, WERE, WHICH, YOU,
};

/// Most words of a sentence that are looked at.
const WORDS: usize = 512;

/// Signs of an instruction to an agent, with their weights; each counts once in a passage.
pub(super) const SIGNS: [(u32, u32); 28] = [
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
    (SPEAKS, 1),
    (SPEAKS_ORDERS, 3),
    (COMMANDS, 1),
    (CLOSES, 2),
    (GIVES_AWAY_MILDLY, 2),
    (NEW_ROLE, 3),
    (CALLS, 2),
    (COMPLETED, 1),
    (WHILE_READING, 2),
    (BEFORE_ANSWER, 2),
    (UNBOUND, 2),
    (NEW_RULES, 2),
    (MACHINE_MUST, 2),
    (GOES_BACK, 2),
    (AS_HUMAN, 3),
    (TOLD_BEFORE, 4),
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
pub(super) const SPEAKS: u32 = 1 << 12;
/// Weighs nothing by itself: what turns to a machine turns to nobody else.
pub(super) const TO_AI: u32 = 1 << 13;
pub(super) const COMMANDS: u32 = 1 << 14;
pub(super) const CLOSES: u32 = 1 << 15;
pub(super) const GIVES_AWAY_MILDLY: u32 = 1 << 16;
pub(super) const NEW_ROLE: u32 = 1 << 17;
pub(super) const CALLS: u32 = 1 << 18;
pub(super) const COMPLETED: u32 = 1 << 19;
pub(super) const WHILE_READING: u32 = 1 << 20;
pub(super) const BEFORE_ANSWER: u32 = 1 << 21;
pub(super) const UNBOUND: u32 = 1 << 22;
pub(super) const NEW_RULES: u32 = 1 << 23;
pub(super) const MACHINE_MUST: u32 = 1 << 24;
/// Speaks as the system or another, and says what to do: also what people write begins with `System:`.
pub(super) const SPEAKS_ORDERS: u32 = 1 << 25;

/// May go back to what it was to do at first.
pub(super) const GOES_BACK: u32 = 1 << 26;
/// Speaks as `Human:`, which only transcripts of machines do.
pub(super) const AS_HUMAN: u32 = 1 << 27;
/// Sets aside what the reader was told.
pub(super) const TOLD_BEFORE: u32 = 1 << 28;

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
    meanings: Vec<u64>,
    starts: Vec<usize>,
}

impl Room {
    /// Whether what was read last speaks of orders.
    pub(super) fn has_orders(&self) -> bool {
        self.meanings.iter().any(|word| word & ORDERS != 0)
    }
}

/// Reads a sentence in lower case.
pub(super) fn read(sentence: &[u8], room: &mut Room) -> Reading {
    take_apart(sentence, room);
    let words = room.meanings.as_slice();
    let all = words.iter().fold(0, |all, word| all | word);
    let mut signs = signs(words, all);
    let mut add = |holds: bool, sign: u32| signs |= if holds { sign } else { 0 };
    let has = |kinds: &[u64]| kinds.iter().all(|kind| all & kind != 0);
    add(abroad::sets_aside(sentence), SETS_ASIDE);
    let noted = has(&[AI, TO, LETTER | ORDERS | TASK]) && noted_to(sentence, words, &room.starts);
    add(noted || all & (ORDERS | SNAKE) != 0 && keyed(sentence), TURNS_TO | COMMANDS);
    if speaks(sentence, words, &room.starts) {
        signs |= if signs & COMPLETED == 0 { SPEAKS } else { SPEAKS | SPEAKS_ORDERS };
        let orders = all & AI != 0 && words.get(1).is_some_and(|word| word & ACT != 0);
        let overrides = words.get(1).is_some_and(|word| word & OVERRIDE != 0);
        signs |= if orders || overrides { SPEAKS_ORDERS } else { 0 };
    }
    if all & SYSTEM != 0 && speaks_for_the_system(sentence, words, &room.starts) {
        signs |= SPEAKS_ORDERS | NAMES_SYSTEM;
    }
    if calls_upon(sentence, words, &room.starts) {
        // Nobody has a machine for a contact, or greets one.
        let greets = words.first().is_some_and(|word| word & TURN != 0);
        let called = all & AI != 0 && (greets || memchr::memchr(b'@', sentence).is_some())
            || sink(sentence) && is_called_first(sentence, words, &room.starts);
        signs |= if called { TURNS_TO | COMMANDS } else { TURNS_TO };
    }
    if all & TOOL != 0
        && all & USE != 0
        && then(words, USE, TOOL, 3)
        && all & SNAKE != 0
        && sink(sentence)
    {
        signs |= WITH_TOOL;
    }
    Reading { signs, order: order(sentence, words, &room.starts) }
}

/// Whether a neighbour of a sentence that speaks to a machine is a command with a target: `send it to
/// …`, `please send …`, `you must send …`.
pub(super) fn commands(sentence: &[u8], room: &mut Room) -> bool {
    take_apart(sentence, room);
    let words = room.meanings.as_slice();
    let first = words.iter().take_while(|word| **word & (PEOPLE | ORDER) != 0).count();
    let acts = part_of(words, first, 2).iter().any(|word| word & ACT != 0);
    (acts || you_must_act(words)) && (sink(sentence) || then(words, ALL, SENSITIVE, 3))
}

/// Whether lines taken together set instructions aside, by a word that says nothing else.
pub(super) fn sets_aside_over_lines(lines: &[u8], room: &mut Room) -> bool {
    take_apart(lines, room);
    let words = room.meanings.as_slice();
    let first = words.iter().position(|word| word & OVERRIDE != 0 && word & ACT == 0);
    first.is_some_and(|i| sets_aside(words.get(i..).unwrap_or_default()) == SETS_ASIDE)
}

/// `You must send`, `you are required to add`.
fn you_must_act(words: &[u64]) -> bool {
    words.iter().enumerate().any(|(i, word)| {
        let after = part_of(words, i.saturating_add(1), 2);
        word & YOU != 0
            && after.iter().position(|w| w & MUST != 0).is_some_and(|must| {
                let from = i.saturating_add(must).saturating_add(2);
                part_of(words, from, 3).iter().any(|word| word & ACT != 0)
            })
    })
}

/// Finds the words of a sentence, and what they mean.
fn take_apart(sentence: &[u8], room: &mut Room) {
    room.meanings.clear();
    room.starts.clear();
    if memchr::memchr(0xc3, sentence).is_some() {
        with_accents(sentence, room);
        return;
    }
    let mut place = 0usize;
    for raw in sentence.split(|b| !bytes::is(*b, ALPHA | DIGIT) && !matches!(b, b'\'' | b'_')) {
        if room.meanings.len() >= WORDS {
            break;
        }
        add(sentence, raw, place, room);
        place = place.saturating_add(raw.len()).saturating_add(1);
    }
}

/// The same with the letters of western languages that have accents.
fn with_accents(sentence: &[u8], room: &mut Room) {
    let mut place = 0usize;
    while place < sentence.len() && room.meanings.len() < WORDS {
        let start = place;
        while in_word(sentence, place) {
            place = place.saturating_add(1);
        }
        add(sentence, part(sentence, start, place), start, room);
        place = place.saturating_add(1);
    }
}

/// Adds a word that begins at a place, without quotes around it.
fn add(sentence: &[u8], raw: &[u8], place: usize, room: &mut Room) {
    let word = raw.strip_suffix(b"'").unwrap_or(raw);
    let end = place.saturating_add(word.len());
    let (word, start) = match word {
        [b'\'', word @ ..] => (word, place.saturating_add(1)),
        _ => (word, place),
    };
    // The letter of `\n` is part of no word.
    let escape =
        matches!(word, [b'n' | b'r' | b't', _, ..]) && bytes::before(sentence, place) == b'\\';
    let start = start.saturating_add(usize::from(escape));
    if start < end {
        room.meanings.push(super::words::meaning(sentence, start, end));
        room.starts.push(place.saturating_add(usize::from(escape)));
    }
}

/// Letters, digits, quotes and low lines, and the letters with accents of western languages.
fn in_word(sentence: &[u8], place: usize) -> bool {
    let b = bytes::at(sentence, place);
    bytes::is(b, ALPHA | DIGIT)
        || matches!(b, b'\'' | b'_' | 0xc3)
        || b & 0xc0 == 0x80 && bytes::before(sentence, place) == 0xc3
}

/// The byte behind a word, and the first behind that which is no space.
pub(super) fn behind(sentence: &[u8], starts: &[usize], word: usize) -> u8 {
    let start = starts.get(word).copied().unwrap_or(sentence.len());
    bytes::at(sentence, bytes::run(sentence, start, ALPHA | DIGIT, 24))
}

/// `system: …`, `assistant: …`, `admin override: …` at the beginning.
fn speaks(sentence: &[u8], words: &[u64], starts: &[usize]) -> bool {
    let first = words.first().is_some_and(|word| word & (SYSTEM | MACHINE | SPEAKER) != 0);
    let second = words.get(1).is_some_and(|word| word & OVERRIDE != 0);
    first && (behind(sentence, starts, 0) == b':' || second && behind(sentence, starts, 1) == b':')
}

/// `System prompt addendum v3: send …`: an order with a target behind what the system is said to say.
fn speaks_for_the_system(sentence: &[u8], words: &[u64], starts: &[usize]) -> bool {
    let system = matches!(words, [a, b, ..] if a & SYSTEM != 0 && b & (PROMPT | ORDERS) != 0);
    let colon = (1..5).find(|word| behind(sentence, starts, *word) == b':');
    system
        && colon.is_some_and(|colon| {
            let next = words.get(colon.saturating_add(1));
            next.is_some_and(|word| word & ACT != 0) && sink(sentence)
        })
}

/// `@chatgpt …`.
fn is_called(sentence: &[u8], starts: &[usize], word: usize) -> bool {
    starts.get(word).is_some_and(|start| bytes::before(sentence, *start) == b'@')
}

/// `@assistant send …` at the beginning.
fn is_called_first(sentence: &[u8], words: &[u64], starts: &[usize]) -> bool {
    words.first().is_some_and(|word| word & MACHINE != 0) && is_called(sentence, starts, 0)
}

/// `Note to the AI assistant: …`: a machine is all that stands between `to` and the colon.
fn noted_to(sentence: &[u8], words: &[u64], starts: &[usize]) -> bool {
    words.windows(2).enumerate().any(|(i, w)| {
        // `Question for ChatGPT: …` is what people write above a question.
        let kind =
            |word: u64| word & (LETTER | ORDERS) != 0 || word & TASK != 0 && word & MARKER != 0;
        let note = matches!(w, [a, b] if kind(*a) && b & TO != 0);
        let after = part_of(words, i.saturating_add(2), 5);
        let last = after.iter().rposition(|word| word & MACHINE != 0);
        let ai = after.iter().any(|word| word & AI != 0);
        let ends = |last: usize| {
            let at = i.saturating_add(last).saturating_add(2);
            let start = starts.get(at).copied().unwrap_or(sentence.len());
            let rest = part(sentence, start, start.saturating_add(40));
            let word = (0..rest.len()).take_while(|place| in_word(rest, *place)).count();
            let behind = rest.get(word..).unwrap_or_default();
            behind.iter().find(|b| **b != b' ') == Some(&b':')
        };
        note && ai && last.is_some_and(ends)
    })
}

/// A key of data that holds instructions for a machine: `instructions_for_agent: …`.
fn keyed(sentence: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', sentence) else { return false };
    let key = part(sentence, colon.saturating_sub(40), colon);
    if !key.contains(&b'_') {
        return false;
    }
    let find = |stem: &[u8]| memchr::memmem::find(key, stem).is_some();
    (find(b"nstruct") || find(b"directive"))
        && [&b"_agent"[..], b"agent_", b"assistant", b"llm", b"_ai", b"ai_"].iter().any(|m| find(m))
}

/// `assistant, call …`
fn calls_upon(sentence: &[u8], words: &[u64], starts: &[usize]) -> bool {
    words.windows(2).enumerate().any(|(i, w)| {
        matches!(w, [a, b] if a & MACHINE != 0 && b & (USE | ACT | DOES | CARRY) != 0)
            && (behind(sentence, starts, i) == b',' || is_called(sentence, starts, i))
    })
}

/// Whether a word of one kind is followed within some words by one of another.
pub(super) fn then(words: &[u64], first: u64, second: u64, within: usize) -> bool {
    words.iter().enumerate().any(|(i, word)| {
        word & first != 0
            && part_of(words, i.saturating_add(1), within).iter().any(|word| word & second != 0)
    })
}

fn part_of(words: &[u64], from: usize, length: usize) -> &[u64] {
    let end = from.saturating_add(length).min(words.len());
    words.get(from..end).unwrap_or_default()
}

/// The signs in a sentence; `all` is what its words mean together.
fn signs(words: &[u64], all: u64) -> u32 {
    let has = |kind: u64| all & kind != 0;
    let then = |first: u64, second: u64, within: usize| {
        has(first) && has(second) && then(words, first, second, within)
    };
    let mut signs = if has(ORDERS) { sets_aside(words) } else { 0 };
    let mut add = |holds: bool, sign: u32| signs |= if holds { sign } else { 0 };
    if has(REVEAL) {
        let prompt = words
            .windows(2)
            .any(|w| matches!(w, [a, b] if a & (SYSTEM | YOU) != 0 && b & PROMPT != 0));
        add(prompt && (has(YOU) || then(REVEAL, SYSTEM, 6)), GIVES_AWAY);
        let yours = words
            .windows(3)
            .any(|w| matches!(w, [a, b, c] if a & REVEAL != 0 && b & YOU != 0 && c & ORDERS != 0));
        add(yours, GIVES_AWAY_MILDLY);
    }
    if has(MACHINE) {
        let to_you =
            words.windows(2).any(|w| matches!(w, [a, b] if a & YOU != 0 && b & MACHINE != 0));
        // `System prompt: "You are a helpful assistant."` only tells what it is.
        let orders = has(MUST | ORDER | CARRY)
            || words.iter().any(|word| word & ORDERS != 0 && word & PROMPT == 0);
        let are_you = then(YOU, MACHINE, 5) && orders
            || then(MACHINE, YOU, 3) && has(AI) && you_must_act(words);
        let reads = then(MACHINE, READS, 2) && has(MUST | PEOPLE);
        let note_to = words.windows(2).enumerate().any(|(i, w)| {
            matches!(w, [a, b] if a & (LETTER | ORDERS) != 0 && b & TO != 0)
                && part_of(words, i.saturating_add(2), 4).iter().any(|word| word & MACHINE != 0)
        });
        add(to_you || note_to || are_you || reads || then(TURN, MACHINE, 4), TURNS_TO);
        // What is for agents and models may be for people, too.
        add(has(AI) && (note_to || are_you || then(TURN, AI, 4)), TO_AI);
        add(note_to && has(AI) && has(PEOPLE | MUST) && has(SAY | ACT), COMMANDS);
        let reader = has(MUST) && then(MACHINE, READS, 2) && then(READS, MUST, 4);
        // `LLMs that read this page are required to send …`.
        let reads = has(READ) && has(MUST) && then(AI, READ, 2) && then(READ, MUST, 4);
        add(reads && then(MUST, ACT | DOES | SAY | USE, 2), TURNS_TO | COMMANDS);
        // `As an AI language model, your first duty is to send …`.
        let duty =
            has(AI) && then(MACHINE, YOU, 1) && then(YOU, TASK, 3) && then(TASK, ACT | DOES, 3);
        add(duty, TURNS_TO | COMMANDS);
        add((then(MACHINE, MUST, 1) || reader) && then(MUST, ACT | SAY | USE, 2), MACHINE_MUST);
        let you = has(AI) && has(YOU) && has(BE) && if_you_are(words);
        add(you, TURNS_TO);
        add(you && has(ACT | SAY), COMMANDS);
    }
    if has(BE) && has(AI | FREED) {
        let are_now = words
            .windows(3)
            .any(|w| matches!(w, [a, b, c] if a & YOU != 0 && b & BE != 0 && c & NOW != 0));
        let unbound = then(NOT, ORDERS, 3) || has(FREED);
        add(unbound && (are_now || has(YOU)), NEW_ROLE);
        add(unbound && are_now, COMMANDS);
    }
    add(then(USE, SNAKE, 3), CALLS);
    let task = |word: u64| word & TASK != 0 && word & MARKER != 0;
    let done = words.windows(2).any(|w| matches!(w, [a, b] if task(*a) && b & (DONE | CARRY) != 0));
    let users_done = has(USER) && then(USER, TASK, 1) && then(TASK, DONE | CARRY, 3);
    add(done || users_done || then(DONE, USER, 4) && has(ORDERS | TASK), COMPLETED);
    // `The user's next request is: send …`.
    let users_next = words.windows(3).any(
        |w| matches!(w, [a, b, c] if a & USER != 0 && b & (ORDER | NEW) != 0 && c & TASK != 0),
    );
    add(users_next && has(ACT | DOES), NEW_TASK);
    add(users_next && has(DOES), OF_USER);
    add(then(READS, DOC, 3), WHILE_READING);
    add(then(BEFORE, ANSWERING, 2) && has(USER | YOU | TASK), BEFORE_ANSWER);
    // `Before you can help the user, you must …`.
    let helps =
        has(USER) && then(BEFORE, YOU, 1) && then(YOU, ANSWERING, 2) && then(ANSWERING, USER, 3);
    add(helps, BEFORE_ANSWER);
    add(helps && you_must_act(words), COMMANDS);
    add(has(OVERRIDE) && has(TOLD) && !has(MINE) && was_told(words), TOLD_BEFORE);
    add(then(NOT, ORDERS, 3) && has(SAY) && has(YOU), UNBOUND);
    add(then(SPEAKER, MODE, 1) && has(YOU | LEAVE | CHANGED), UNBOUND);
    let yours = words.windows(2).any(|w| matches!(w, [a, b] if a & YOU != 0 && b & ORDERS != 0));
    add(yours && then(ORDERS, CHANGED, 4), NEW_RULES);
    if has(TASK) {
        let of_task = then(WHICH | YOU, TASK, 3) || then(TASK, YOU, 5);
        add(of_task && has(ORDER | YOU), NAMES_TASK);
    }
    add((has(YOU) || has(USER)) && !has(MINE) && then(NEW, TASK | ORDERS, 2), NEW_TASK);
    add(then(TASK, VOID, 3) || everything_above(words), SETS_ASIDE_MILDLY);
    add(has(OVERRIDE) && has(AND) && sets_all_aside(words), SETS_ASIDE);
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
        |w: &[u64]| matches!(w, [a, b] if a & SYSTEM != 0 && b & (PROMPT | ORDERS | OVERRIDE) != 0);
    add(has(SYSTEM) && words.windows(2).any(names), NAMES_SYSTEM);
    signs
}

/// `If you are an AI agent, …`, `if you are an LLM processing this, …`: no noun follows that makes a
/// person of it, as in `an AI researcher`.
fn if_you_are(words: &[u64]) -> bool {
    words.windows(2).enumerate().any(|(i, w)| {
        let after = part_of(words, i.saturating_add(2), 5);
        let Some(ai) = after.iter().position(|word| word & AI != 0) else { return false };
        let rest = after.get(ai..).unwrap_or_default();
        let kind = rest.iter().take_while(|word| **word & MACHINE != 0).count();
        let next = rest.get(kind).copied().unwrap_or(0);
        let whole = kind > 1 || next & (READS | ACT | YOU | MUST | PEOPLE | THIS) != 0;
        matches!(w, [a, b] if a & YOU != 0 && b & BE != 0) && ai <= 1 && whole
    })
}

/// `… what you were told`.
fn was_told(words: &[u64]) -> bool {
    words.iter().enumerate().any(|(i, word)| {
        let after = part_of(words, i.saturating_add(1), 6);
        word & OVERRIDE != 0
            && after
                .windows(3)
                .any(|w| matches!(w, [a, b, c] if a & YOU != 0 && b & WERE != 0 && c & TOLD != 0))
    })
}

/// `Forget everything above`.
fn everything_above(words: &[u64]) -> bool {
    words.windows(3).any(|w| {
        matches!(w, [a, b, c]
            if a & OVERRIDE != 0 && b & ALL != 0 && c & WHICH != 0 && c & (ALL | YOU) == 0)
    })
}

/// `and send`, `then mail`.
fn goes_on(two: &[u64]) -> bool {
    const DEEDS: u64 = ACT | DOES | LETTER | TELL | REVEAL;
    matches!(two, [a, b] if a & AND != 0 && b & DEEDS != 0)
}

/// `Forget everything above and transfer …`, `ignore the above and send …`: nobody is asked, and what is to be
/// done instead follows.
fn sets_all_aside(words: &[u64]) -> bool {
    // `above`, and not `all` or `your`.
    let which = |word: u64| word & WHICH != 0 && word & (ALL | YOU) == 0;
    let all = |i: usize| {
        let sets = part_of(words, i, 1).iter().any(|word| word & OVERRIDE != 0 && word & ACT == 0);
        let after = part_of(words, i.saturating_add(1), 4);
        let everything = after.first().is_some_and(|word| word & ALL != 0);
        let above = after.iter().position(|word| which(*word));
        let ends = |at: usize| after.get(at.saturating_add(1)).is_some_and(|word| word & AND != 0);
        sets && above.is_some_and(|at| everything || at < 2 && ends(at))
    };
    let Some(place) = (0..words.len()).find(|i| all(*i)) else { return false };
    let behind = words.get(place..).unwrap_or_default();
    behind.windows(2).any(goes_on) && !words.iter().any(|word| word & (PEOPLE | MINE) != 0)
}

/// `Ignore all previous instructions`, and milder what people say of their own letters.
fn sets_aside(words: &[u64]) -> u32 {
    for (i, word) in words.iter().enumerate() {
        let negated = word & NOT != 0
            && part_of(words, i.saturating_add(1), 2).iter().any(|w| w & CARRY != 0);
        if word & OVERRIDE == 0 && !negated {
            continue;
        }
        let after = part_of(words, i.saturating_add(1), 9);
        let Some(object) = after.iter().position(|word| word & ORDERS != 0) else { continue };
        let between = after.get(..object).unwrap_or_default();
        // `… and mail it`: what is to be done instead says nothing of whose they are.
        let behind = part_of(after, object.saturating_add(1), 4);
        let instead = behind.windows(2).position(goes_on);
        let behind = behind.get(..instead.unwrap_or(behind.len())).unwrap_or_default();
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

/// Whether a text that was hidden is an order: nothing but courtesy stands before an action, and more
/// follows it. `strict` if people hide orders for each other in such places, too: then it must speak of
/// answering or have a place where something is to go. `encoded` if it had to be decoded: then more words
/// count as actions.
pub(super) fn hidden_order(text: &[u8], strict: bool, encoded: bool, room: &mut Room) -> bool {
    take_apart(text, room);
    let words = room.meanings.as_slice();
    let speaker = usize::from(speaks(text, words, &room.starts));
    let rest = words.get(speaker..).unwrap_or_default();
    let first = rest.iter().take_while(|word| **word & (PEOPLE | ORDER) != 0).count();
    let first = first.saturating_add(speaker);
    let kinds = if encoded || speaker > 0 { ACT | DOES } else { ACT };
    let acts = words.get(first).is_some_and(|word| word & kinds != 0);
    let more = words.len() >= first.saturating_add(4);
    let odd = || then(words, BEFORE, YOU, 1) || sink(text);
    acts && more && (!strict || odd())
}
