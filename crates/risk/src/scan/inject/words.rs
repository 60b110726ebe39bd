//! What single words contribute to an instruction.

use std::sync::LazyLock;

use super::super::bytes;
use super::super::words::Words;

/// Sets aside: `ignore`, `disregard`.
pub(super) const OVERRIDE: u64 = 1;
/// What is set aside: `instructions`, `rules`.
pub(super) const ORDERS: u64 = 1 << 1;
/// Which of them: `previous`, `all`, `your`.
pub(super) const WHICH: u64 = 1 << 2;
/// A reader that is a machine: `assistant`, `llm`.
pub(super) const MACHINE: u64 = 1 << 3;
/// Carries out: `execute`, `follow`.
pub(super) const CARRY: u64 = 1 << 4;
/// What is to be carried out: `following`, `instruction`, `steps`.
pub(super) const THIS: u64 = 1 << 5;
/// What the machine was doing: `task`, `request`.
pub(super) const TASK: u64 = 1 << 6;
/// In what order: `before`, `instead`, `first`.
pub(super) const ORDER: u64 = 1 << 7;
/// `not`, `never`, `without`.
pub(super) const NOT: u64 = 1 << 8;
/// Speaks up: `tell`, `ask`, `mention`.
pub(super) const TELL: u64 = 1 << 9;
/// The person it works for: `user`.
pub(super) const USER: u64 = 1 << 10;
/// `important`, `urgent`.
pub(super) const URGENT: u64 = 1 << 11;
/// `tool`, `function`.
pub(super) const TOOL: u64 = 1 << 12;
/// `use`, `call`.
pub(super) const USE: u64 = 1 << 13;
/// Gives away: `reveal`, `print`.
pub(super) const REVEAL: u64 = 1 << 14;
/// What tools do: `send`, `transfer`, `invite`.
pub(super) const ACT: u64 = 1 << 15;
/// What should not get out: `password`, `history`.
pub(super) const SENSITIVE: u64 = 1 << 16;
/// `all`, `every`, `entire`.
pub(super) const ALL: u64 = 1 << 17;
/// People among themselves: `please`, `thanks`, `hey`, `we`.
pub(super) const PEOPLE: u64 = 1 << 18;
/// `you`, `your`.
pub(super) const YOU: u64 = 1 << 19;
/// `new`, `real`, `only`.
pub(super) const NEW: u64 = 1 << 20;
/// `my`, `our`.
pub(super) const MINE: u64 = 1 << 21;
/// `email`, `letter`: what people call instructions in.
pub(super) const LETTER: u64 = 1 << 22;
/// Turns to somebody: `dear`, `attention`, `hey`.
pub(super) const TURN: u64 = 1 << 23;
/// `system`.
pub(super) const SYSTEM: u64 = 1 << 24;
/// `arguments`, `parameters`.
pub(super) const ARGUMENTS: u64 = 1 << 25;
/// `todo`, `task`, `action` before a colon.
pub(super) const MARKER: u64 = 1 << 26;
/// `confirmation`, `permission`.
pub(super) const LEAVE: u64 = 1 << 27;
/// `prompt`.
pub(super) const PROMPT: u64 = 1 << 28;
/// `must`, `should`.
pub(super) const MUST: u64 = 1 << 29;

/// `to`, `for`.
pub(super) const TO: u64 = 1 << 30;
/// What a machine is asked to say: `recommend`, `include`, `reply`.
pub(super) const SAY: u64 = 1 << 31;
/// A reader that can be nothing but a machine: `llm`, `chatbot`.
pub(super) const AI: u64 = 1 << 32;
/// Of a task that holds no more: `cancelled`, `obsolete`.
pub(super) const VOID: u64 = 1 << 33;
/// `are`, `act`, `pretend`.
pub(super) const BE: u64 = 1 << 34;
/// What a machine is said to have become: `unrestricted`, `jailbroken`.
pub(super) const FREED: u64 = 1 << 35;
/// The name of a function: a word with a low line inside.
pub(super) const SNAKE: u64 = 1 << 36;
/// `now`.
pub(super) const NOW: u64 = 1 << 37;
/// Who speaks, before a colon: `thought`, `user`.
pub(super) const SPEAKER: u64 = 1 << 38;
/// `completed`, `finished`.
pub(super) const DONE: u64 = 1 << 39;
/// What a machine does with a text: `reading`, `processing`.
pub(super) const READS: u64 = 1 << 40;
/// The text itself: `document`, `page`.
pub(super) const DOC: u64 = 1 << 41;
/// `answering`, `continuing`.
pub(super) const ANSWERING: u64 = 1 << 42;
/// `before`.
pub(super) const BEFORE: u64 = 1 << 43;
/// Of rules that are no longer what they were: `updated`, `lifted`.
pub(super) const CHANGED: u64 = 1 << 44;
/// `mode`.
pub(super) const MODE: u64 = 1 << 45;

/// `told`, `asked`.
pub(super) const TOLD: u64 = 1 << 46;
/// `were`, `been`.
pub(super) const WERE: u64 = 1 << 47;

/// What a machine is said to do with a text, in a word that people use more often: `read`.
pub(super) const READ: u64 = 1 << 48;
/// What tools do, in words that stand at the beginning of much that people write.
pub(super) const DOES: u64 = 1 << 49;
/// `and`, `then`.
pub(super) const AND: u64 = 1 << 50;

/// The words that contribute something.
const LISTS: &[(u64, &str)] = &[
    (
        OVERRIDE,
        "ignore ignoring disregard disregarding forget override overriding bypass discard \
         overlook neglect abandon circumvent disobey overwrite supersede supersedes \
         overrides \
         ignoriere ignorieren vergiss missachte ignorez oublie oubliez ignora ignorad olvida \
         olvide dimentica negeer vergeet ignorera esqueça desconsidere desconsidera ignore oblie \
         ignoruj zignoruj zapomnij abaikan lupakan ignorer ignoreer glem",
    ),
    (OVERRIDE | ACT, "drop skip cancel erase remove"),
    (
        ORDERS,
        "rules directives directive guidelines guideline guidance constraints restrictions \
         safeguards programming policies guardrails protocols context \
         filters anweisungen anweisung instrucciones istruzioni consignes instruktioner \
         instruções instru polecenia poleceń pokyny",
    ),
    (ORDERS | PROMPT, "prompt prompts"),
    (ORDERS | THIS, "orders commands command"),
    (
        WHICH,
        "previous prior above earlier preceding foregoing initial original existing \
         former previously past any \
         vorherigen bisherigen obigen anteriores previas precedenti eerdere vorige tidigare \
         acima arriba sopra dessus oben poprzednie wcześniejsze sebelumnya tidligere předchozí \
         précédentes précédents",
    ),
    (
        WHICH | ALL,
        "all every everything entire each alle alla toutes tous todas todos tutte wszystkie semua všechny",
    ),
    (WHICH | YOU, "your"),
    (YOU, "you yourself you've"),
    (
        MACHINE,
        "assistant assistants claude gemini agent agents model models llama mistral deepseek qwen \
         grok",
    ),
    (MACHINE | AI, "chatbot chatbots llm llms gpt chatgpt copilot ai bot bots ki ia"),
    (MACHINE, "assistenten assistent asistente assistente"),
    (CARRY, "execute perform follow obey adhere comply complete carry do run fulfill fulfil"),
    (THIS, "following steps below"),
    (TASK | MARKER, "task tasks"),
    (TASK, "request question query goal objective mission job assignment duty"),
    (ORDER, "instead first immediately next"),
    (ORDER | BEFORE, "before"),
    (ORDER | NOW, "now"),
    (NOT, "not never don't without dont no"),
    (
        TELL,
        "tell telling inform informing mention mentioning notify notifying ask asking \
         alert alerting disclose warn",
    ),
    (LEAVE, "confirmation permission approval confirming consent"),
    (USER | SPEAKER, "user"),
    (USER, "users user's"),
    (URGENT, "important urgent critical priority mandatory"),
    (URGENT | TURN, "attention"),
    (TOOL, "tool tools function functions api plugin"),
    (USE, "use call invoke using calling"),
    (REVEAL, "reveal print repeat leak exfiltrate dump expose output show display"),
    (
        ACT,
        "send transfer forward email post share upload invite add delete update change \
         modify create append schedule book pay visit open download fetch concatenate collect \
         summarize summarise write message reserve grant retrieve submit publish purchase buy wire \
         navigate browse export copy move rename reset install unlock disable enable give \
         deposit withdraw make",
    ),
    (
        SENSITIVE,
        "password passwords credentials secret secrets token tokens history balance iban \
         ibans contacts conversation messages emails files keys",
    ),
    (
        PEOPLE,
        "please thanks thank we us i i'm i'll we'll could can would let's regards kindly also",
    ),
    (PEOPLE | TURN, "hey dear greetings hi hello"),
    (NEW, "new real actual true primary"),
    (NEW | CHANGED, "updated"),
    (CHANGED, "changed lifted suspended relaxed"),
    (MINE, "my our"),
    (
        LETTER,
        "hinweis nachricht nota mitteilung aviso mail letter memo note invoice version leaflet manual reminder notice",
    ),
    (SYSTEM, "system"),
    (ARGUMENTS, "arguments parameters"),
    (MARKER, "todo action fixme"),
    (TO, "to for an für fuer pour para"),
    (TOLD, "told asked"),
    (WERE, "were been"),
    (MUST, "must should need have shall required"),
    (SAY | SPEAKER, "answer"),
    (SAY, "recommend include say reply respond state claim praise rate"),
    (VOID, "cancelled canceled void obsolete irrelevant superseded revoked"),
    (BE, "are act pretend behave"),
    (SPEAKER, "thought observation human admin administrator developer"),
    (DONE, "completed finished done"),
    (
        READS,
        "reads processes parses reading processing summarizing summarising parsing analyzing analysing",
    ),
    (READ, "read handle handling loading"),
    (DOES, "refund order set assign close wipe revoke issue return"),
    (DOC, "document page website text file article"),
    (ANSWERING, "help assist answering responding replying continuing proceeding"),
    (MODE, "mode"),
    (AND, "and then und et y e ed en och"),
    (FREED, "unrestricted unfiltered uncensored jailbroken dan"),
];

static WORDS: LazyLock<Words<u64>> = LazyLock::new(|| Words::new(LISTS));

/// What the word between two places of a text in lower case contributes.
pub(super) fn meaning(lower: &[u8], start: usize, end: usize) -> u64 {
    let word = bytes::part(lower, start, end);
    // `instruction`, `instructed`, `reinstruct`.
    let at = |i: usize| bytes::goes_on(word, i, b"nstruct") || bytes::goes_on(word, i, b"nstruk");
    if word.len() >= 9 && (at(1) || at(0) || at(2) || at(3)) {
        return ORDERS | THIS;
    }
    if let Some(known) = WORDS.get(lower, start, end) {
        return known;
    }
    let inside = word.get(1..word.len().saturating_sub(1)).unwrap_or_default();
    if inside.contains(&b'_') && word.len() >= 5 { SNAKE } else { 0 }
}
