//! Instructions to an agent in what it reads.
//!
//! A first search for rare words says which sentences to read. A sentence is read by the kinds of its
//! words, not by phrases; signs of neighbouring sentences add up.

mod abroad;
mod markers;
mod sentence;
mod target;
mod words;

use super::bytes::{self, SPACE, at, part};
use super::kinds::{Class, Evidence, Injection, Kind, Span};
use super::lanes;
use super::literals::{self, Hits};
use sentence::{Reading, Room, SIGNS};

/// Words without which nothing is an instruction to an agent.
const ANCHORS: [&str; 84] = [
    "nstruct",
    "prompt",
    "directive",
    "guideline",
    "rules",
    "guardrail",
    "safeguard",
    "restriction",
    "constraint",
    "policies",
    "assistant",
    "chatbot",
    " llm",
    "gpt-",
    "chatgpt",
    "claude",
    "gemini",
    "copilot",
    "language model",
    " ai ",
    " ai,",
    " ai:",
    "the user",
    "user's",
    "todo",
    "task:",
    "action:",
    "fixme",
    "of user ",
    "e user ",
    "following",
    "arguments",
    "your task",
    "new task",
    "the task",
    "objective",
    "im_start",
    "[inst",
    "system",
    "agent",
    "concatenate",
    "task is ",
    "task complete",
    "task finished",
    "thought:",
    "before answering",
    "before respond",
    "chat history",
    "conversation history",
    "mode enabled",
    "filters",
    "answer:",
    "everything above",
    "everything before",
    "of the above",
    "the above and",
    "from now on",
    "you are now",
    "anweisung",
    "instrucc",
    "istruzion",
    "consigne",
    "指令",
    "指示",
    "инструкци",
    "지시",
    "указани",
    "instruç",
    "ki-assist",
    "asistente de",
    "disregard",
    "ignore what",
    "forget what",
    "new job",
    "llms ",
    "nstruk",
    "polecenia",
    "talimat",
    "інструкці",
    "تعليمات",
    "निर्देश",
    "hướng dẫn",
    "pokyny",
    "instrucțiun",
];

/// What pretends that the text which was read is over, if it stands between signs.
const CLOSERS: [&str; 6] = [
    "end of document",
    "end of email",
    "end of message",
    "end of context",
    "end of input",
    "end of data",
];

/// What betrays text that is disguised: the same words with letters moved by 13, backwards, or with
/// digits in place of letters.
const DISGUISED: [&str; 16] = [
    "vtaber",
    "vafgehpgvba",
    "cerivbhf",
    "qvfertneq",
    "flfgrz",
    "snoitcurtsni",
    "erongi",
    "metsys",
    "1gn0r",
    "ign0r",
    "1gnor",
    "1nstruc",
    "pr0mpt",
    "pr3v",
    "syst3m",
    "5yst",
];

/// The words of which one must stand in a sentence that is read.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    ANCHORS.into_iter().chain(DISGUISED).chain(CLOSERS).chain(ABROAD).chain(HIDES)
}

/// The words whose sentences are read.
const OWN: usize = ANCHORS.len() + DISGUISED.len() + CLOSERS.len();

/// Longest sentence that is read, in bytes.
const LONGEST: usize = 1000;
/// A sign is counted with those of this many sentences before.
const PASSAGE: usize = 4;
/// Sum of signs that makes a lexical finding, and of those that make a structural one.
const LEXICAL: u32 = 4;
const STRUCTURAL: u32 = 3;

/// Finds instructions. `lower` is the text in lower case; `hits` are those of [`words`] in it, with
/// their numbers from `first` on; `ohs` are the places of letters that stand apart.
pub(super) fn find(
    text: &[u8],
    lower: &[u8],
    (hits, first): (&Hits, usize),
    ohs: &[usize],
    out: &mut Vec<Span>,
) {
    let hits = hits.iter().filter_map(|(start, which)| Some((*start, which.checked_sub(first)?)));
    let mut passage = Passage::default();
    let mut room = Room::default();
    let mut done = [0usize; 3];
    literals::each(hits, |which, place| {
        if let Some((end, rule)) = markers::marker(lower, place) {
            let start = line_start(text, place).max(place.saturating_sub(24));
            out.push(span(rule, Injection::Lexical, boundary(text, start), end));
        }
        if let Some((start, end)) = markers::role(lower, place, &mut room) {
            let rule = "pretends_to_be_the_system";
            out.push(span(rule, Injection::Lexical, start, end));
        }
        if which >= OWN.saturating_add(ABROAD.len()) {
            let strict = bytes::goes_on(lower, place, b"<!--");
            if let Some((start, end)) = hidden(lower, place, strict, &mut room) {
                out.push(span("order_in_hiding", Injection::Structural, start, end));
            }
            // What else stands there is read at its own words.
            return 0;
        }
        if which >= OWN {
            let before = abroad::comes_first(lower, place);
            if before || abroad::speaks_to_a_machine(lower, place) {
                let end = bounds(lower, place).1;
                let rule = if before { "replaces_the_task" } else { "addresses_an_agent" };
                out.push(span(rule, Injection::Lexical, place, end));
            }
            return 0;
        }
        // Each kind of word has its sentence read once, whatever other words stand in it.
        let closer = which >= ANCHORS.len().saturating_add(DISGUISED.len());
        let kind = usize::from(closer).saturating_add(usize::from(which >= ANCHORS.len()));
        let Some(done) = done.get_mut(kind).filter(|done| place >= **done) else { return 0 };
        let (start, end) = bounds(lower, place);
        let sentence = part(lower, start, end);
        // What stands at the end of one that is too long is read with what follows.
        let cut = end.saturating_sub(start) >= LONGEST;
        *done = end.saturating_sub(if cut { LONGEST / 4 } else { 0 });
        if closer {
            let sign =
                matches!(bytes::before(lower, place), b' ' | b'[' | b'<' | b'=' | b'-' | b'#');
            let sign = sign
                && sentence
                    .iter()
                    .filter(|b| matches!(b, b'=' | b'-' | b'#' | b'[' | b'<'))
                    .count()
                    > 1;
            let closes = Reading { signs: if sign { sentence::CLOSES } else { 0 }, order: 0 };
            passage.note(closes, start, end, out);
            return 0;
        }
        if which >= ANCHORS.len() {
            disguised(sentence, start, end, &mut room, out);
            return 0;
        }
        let mut reading = sentence::read(sentence, &mut room);
        let mut start = start;
        if reading.signs & sentence::SETS_ASIDE == 0
            && room.has_orders()
            && let Some(from) = lines_before(lower, start)
            && sentence::sets_aside_over_lines(part(lower, from, end), &mut room)
        {
            reading.signs |= sentence::SETS_ASIDE;
            start = boundary(text, from);
        }
        // `Human: …` before it, as only transcripts of machines have it.
        if reading.signs & sentence::SPEAKS != 0
            && sentence.starts_with(b"assistant:")
            && memchr::memmem::find(part(lower, start.saturating_sub(LONGEST), start), b"human:")
                .is_some()
        {
            reading.signs |= sentence::AS_HUMAN;
        }
        // What speaks to a machine, and does not say what to do: the sentences beside it may.
        if reading.signs & BESIDE != 0
            && (sentence::commands(sentence, &mut room) || beside(lower, start, end, &mut room))
        {
            let speaks = reading.signs & sentence::SPEAKS != 0;
            reading.signs |= if speaks { sentence::SPEAKS_ORDERS } else { sentence::COMMANDS };
        }
        passage.note(reading, start, end, out);
        0
    });
    spaced(lower, ohs, out);
}

/// Words of other languages that begin what says more.
const ABROAD: [&str; 17] = [
    "bevor ",
    "continuer",
    "continuar",
    "poursuivre",
    "続ける前",
    "回答する前",
    "继续之前",
    "アシスタント",
    "助手",
    "ассистент",
    "an die ki:",
    "an das sprachmodell:",
    "muss die ki ",
    "der assistent folgendes",
    "para la ia:",
    "n, asistente:",
    "l'ia doit ",
];

/// Shortest order that is looked for where it is hidden, in bytes.
const SHORTEST: usize = 16;

/// What people who read a page do not see.
const HIDES: [&str; 6] =
    ["<!--", "<user>", "display:none", "font-size:0", "font-size:1px", "visibility:hidden"];

/// An order in a comment, or in an element that is not shown, that begins at a place.
fn hidden(lower: &[u8], place: usize, strict: bool, room: &mut Room) -> Option<(usize, usize)> {
    let rest = part(lower, place, place.saturating_add(LONGEST));
    let from = if strict { 4 } else { memchr::memchr(b'>', rest)?.saturating_add(1) };
    let inner = rest.get(from..)?;
    let close =
        if strict { memchr::memmem::find(inner, b"-->") } else { memchr::memchr(b'<', inner) };
    let inner = inner.get(..close.unwrap_or(inner.len()))?;
    if inner.len() < SHORTEST {
        return None;
    }
    let start = place.saturating_add(from);
    let end = boundary(lower, start.saturating_add(inner.len()));
    let turn = bytes::goes_on(lower, place, b"<user>");
    sentence::hidden_order(inner, strict, turn, room).then(|| (boundary(lower, place), end))
}

/// An order in what was decoded, where nothing else was found: nobody encodes what others may read.
pub(super) fn encoded(decoded: &[u8]) -> bool {
    let first = decoded.iter().position(u8::is_ascii_alphabetic).unwrap_or(0);
    let text = bytes::lower(part(decoded, first, first.saturating_add(300)));
    first < 8 && sentence::hidden_order(&text, false, true, &mut Room::default())
}

/// Signs with which a command in a neighbouring sentence counts.
const BESIDE: u32 = sentence::SPEAKS | sentence::SECRETLY | sentence::TO_AI | sentence::CLOSES;

/// Whether the sentence before or behind is a command with a target.
fn beside(lower: &[u8], start: usize, end: usize, room: &mut Room) -> bool {
    let spaces = |from: usize| {
        let rest = part(lower, from, from.saturating_add(8));
        from.saturating_add(rest.iter().take_while(|b| bytes::is(**b, SPACE)).count())
    };
    let before = part(lower, start.saturating_sub(8), start);
    let space = before.iter().rev().take_while(|b| bytes::is(**b, SPACE)).count();
    let last = start.saturating_sub(space).saturating_sub(2);
    let next = spaces(end);
    let mut commands = |place: usize| {
        let (from, to) = bounds(lower, place);
        sentence::commands(part(lower, from, to), room)
    };
    start > 2 && commands(last) || next < lower.len() && commands(next)
}

/// The last sentences that were read, with their signs: the latest first.
#[derive(Debug, Default)]
struct Passage {
    sentences: [(usize, usize, u32); PASSAGE],
    count: usize,
}

impl Passage {
    /// Adds a sentence and says what it makes of the passage.
    fn note(&mut self, reading: Reading, start: usize, end: usize, out: &mut Vec<Span>) {
        let near = self.list().iter().take_while(|(_, to, _)| start.saturating_sub(*to) < 400);
        self.count = near.count().saturating_add(1).min(PASSAGE);
        self.sentences.rotate_right(1);
        if let Some(first) = self.sentences.first_mut() {
            *first = (start, end, reading.signs);
        }
        if reading.signs == 0 && reading.order < STRUCTURAL {
            return;
        }
        let all = self.list().iter().fold(0, |all, (_, _, signs)| all | signs);
        if reading.signs != 0 && weight(all) >= LEXICAL {
            let first = self.list().iter().rev().find(|(_, _, signs)| *signs != 0);
            let from = first.map_or(start, |(from, _, _)| *from);
            match out.last_mut() {
                Some(last)
                    if last.kind == Kind::Injection(Injection::Lexical) && last.end >= from =>
                {
                    last.end = end;
                }
                _ => out.push(span(rule_of(all), Injection::Lexical, from, end)),
            }
        } else if reading.order >= STRUCTURAL {
            out.push(span("order_with_target", Injection::Structural, start, end));
        }
    }

    fn list(&self) -> &[(usize, usize, u32)] {
        self.sentences.get(..self.count).unwrap_or_default()
    }
}

/// The sum of the weights of signs.
fn weight(signs: u32) -> u32 {
    SIGNS.iter().filter(|(sign, _)| signs & sign != 0).map(|(_, weight)| *weight).sum()
}

fn rule_of(signs: u32) -> &'static str {
    [
        (sentence::SETS_ASIDE, "sets_instructions_aside"),
        (sentence::GIVES_AWAY, "asks_for_the_prompt"),
        (sentence::TURNS_TO, "addresses_an_agent"),
        (sentence::SECRETLY, "behind_the_users_back"),
        (sentence::NEW_TASK, "replaces_the_task"),
        (sentence::WITH_TOOL, "names_a_tool_to_use"),
        (sentence::SPEAKS_ORDERS, "pretends_to_be_the_system"),
        (sentence::NEW_ROLE | sentence::UNBOUND, "gives_another_role"),
    ]
    .iter()
    .find(|(sign, _)| signs & sign != 0)
    .map_or("instructs_an_agent", |(_, rule)| rule)
}

fn span(rule: &'static str, how: Injection, start: usize, end: usize) -> Span {
    let class = match how {
        Injection::Lexical => Class::High,
        Injection::Structural => Class::Medium,
    };
    Span { kind: Kind::Injection(how), rule, start, end, class, evidence: Evidence::Plain }
}

fn line_start(text: &[u8], place: usize) -> usize {
    let from = place.saturating_sub(80);
    let before = part(text, from, place);
    from.saturating_add(before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i.saturating_add(1)))
}

/// Most lines before a sentence that are read with it.
const LINES: usize = 9;

/// Where the lines before a sentence begin, if it may go on from there, none of which ends with a stop.
fn lines_before(text: &[u8], start: usize) -> Option<usize> {
    let mut from = start;
    for _ in 0..LINES {
        let (mut end, mut breaks) = (from, 0u8);
        while from.saturating_sub(end) < 80 {
            let (last, earlier) = (bytes::before(text, end), end.saturating_sub(2));
            // Also the line breaks of a text that stands in quotes.
            let escape = matches!(last, b'n' | b'r') && at(text, earlier) == b'\\';
            if !escape && !bytes::is(last, SPACE) {
                break;
            }
            breaks = breaks.saturating_add(u8::from(last == b'\n' || escape && last == b'n'));
            end = if escape { earlier } else { end.saturating_sub(1) };
        }
        let broken = breaks == 1;
        if !broken || matches!(bytes::before(text, end), b'.' | b'!' | b'?' | b':' | b';') {
            break;
        }
        let line = lanes::run_back(text, end.saturating_sub(120), end, lanes::of_no_stop);
        if line >= end {
            break;
        }
        from = line;
    }
    (from < start).then_some(from)
}

/// The sentence around a place: up to a full stop with space behind it, or the end of a line.
fn bounds(text: &[u8], place: usize) -> (usize, usize) {
    let from = place.saturating_sub(LONGEST / 2);
    let ends = |i: usize| {
        let next = at(text, i.saturating_add(1));
        match at(text, i) {
            b'\n' => true,
            // The line breaks of a text that stands in quotes.
            b'\\' => matches!(next, b'n' | b'r'),
            // The same behind a full stop.
            _ => bytes::is(next, SPACE) || next == b'\\',
        }
    };
    // A full stop directly before the place is followed by no space that is looked at.
    let mut known = place;
    let mut start = from;
    while let Some(stop) = lanes::run_back(text, from, known, lanes::of_no_stop).checked_sub(1)
        && stop >= from
    {
        if at(text, stop) == b'\n' || stop.saturating_add(1) < place && ends(stop) {
            start = stop.saturating_add(if at(text, stop) == b'\\' { 2 } else { 1 });
            break;
        }
        known = stop;
    }
    let most = start.saturating_add(LONGEST).min(text.len());
    let mut end = most;
    let mut known = place;
    while known < most {
        let stop = lanes::run(text, known, most, lanes::of_no_stop);
        known = stop.saturating_add(1);
        if stop < most && ends(stop) {
            end = known;
            break;
        }
    }
    (boundary(text, start), boundary(text, end.max(place)))
}

/// The place, or the start of the character that it is inside of.
fn boundary(text: &[u8], place: usize) -> usize {
    let mut place = place;
    while place > 0 && at(text, place) & 0xc0 == 0x80 {
        place = place.saturating_sub(1);
    }
    place
}

/// Reads a sentence with letters moved by 13, backwards, and with digits as letters.
fn disguised(sentence: &[u8], start: usize, end: usize, room: &mut Room, out: &mut Vec<Span>) {
    let rot13: Vec<u8> = sentence
        .iter()
        .map(|b| match b {
            b'a'..=b'm' => b.wrapping_add(13),
            b'n'..=b'z' => b.wrapping_sub(13),
            _ => *b,
        })
        .collect();
    let backwards: Vec<u8> = sentence.iter().rev().copied().collect();
    let digits: Vec<u8> = sentence
        .iter()
        .map(|b| match b {
            b'0' => b'o',
            b'1' | b'!' => b'i',
            b'3' => b'e',
            b'4' | b'@' => b'a',
            b'5' | b'$' => b's',
            b'7' => b't',
            _ => *b,
        })
        .collect();
    for (form, evidence) in
        [(rot13, Evidence::Rot13), (backwards, Evidence::Disguised), (digits, Evidence::Disguised)]
    {
        let signs = sentence::read(&form, room).signs;
        if weight(signs) >= 2 {
            let span = span(rule_of(signs), Injection::Lexical, start, end);
            out.push(Span { evidence, ..span });
            return;
        }
    }
}

/// Reads letters that stand apart: `i g n o r e   a l l …`. `ohs` are the places of ` o `, which all that
/// is looked for has in it.
fn spaced(lower: &[u8], ohs: &[usize], out: &mut Vec<Span>) {
    let single = |i: usize| {
        bytes::is(at(lower, i), bytes::ALPHA) && !bytes::is(bytes::before(lower, i), bytes::ALNUM)
    };
    let mut i = 0usize;
    for place in ohs.iter().copied() {
        if place < i {
            continue;
        }
        i = place.saturating_add(3);
        // Back and forth over single letters with one separator each.
        let apart = |a: usize, b: usize| {
            single(a) && single(b) && !bytes::is(at(lower, a.saturating_add(1)), bytes::ALNUM)
        };
        let mut start = place.saturating_add(1);
        while start >= 2
            && apart(start.saturating_sub(2), start)
            && place.saturating_sub(start) < LONGEST
        {
            start = start.saturating_sub(2);
        }
        let mut letters = Vec::new();
        let mut end = start;
        while end < lower.len() && single(end) && letters.len() < LONGEST {
            letters.push(at(lower, end));
            let mut next = end.saturating_add(1);
            while bytes::is(at(lower, next), SPACE) && next.saturating_sub(end) < 4 {
                next = next.saturating_add(1);
            }
            if next == end.saturating_add(1) {
                break;
            }
            end = next;
        }
        let find = |word: &[u8]| memchr::memmem::find(&letters, word).is_some();
        let aside = find(b"ignore") || find(b"disregard") || find(b"forget") || find(b"override");
        let orders = find(b"instruct") || find(b"prompt") || find(b"rules") || find(b"guideline");
        if letters.len() >= 12 && (aside && orders || find(b"systemprompt")) {
            let span =
                span("sets_instructions_aside", Injection::Lexical, start, end.min(lower.len()));
            out.push(Span { evidence: Evidence::Disguised, ..span });
        }
        i = i.max(end);
    }
}
