//! What single words contribute to an instruction.

use std::sync::LazyLock;

use super::super::bytes;
use super::super::words::Words;

/// Sets aside: `ignore`, `disregard`.
pub(super) const OVERRIDE: u32 = 1;
/// What is set aside: `instructions`, `rules`.
pub(super) const ORDERS: u32 = 1 << 1;
/// Which of them: `previous`, `all`, `your`.
pub(super) const WHICH: u32 = 1 << 2;
/// A reader that is a machine: `assistant`, `llm`.
pub(super) const MACHINE: u32 = 1 << 3;
/// Carries out: `execute`, `follow`.
pub(super) const CARRY: u32 = 1 << 4;
/// What is to be carried out: `following`, `instruction`, `steps`.
pub(super) const THIS: u32 = 1 << 5;
/// What the machine was doing: `task`, `request`.
pub(super) const TASK: u32 = 1 << 6;
/// In what order: `before`, `instead`, `first`.
pub(super) const ORDER: u32 = 1 << 7;
/// `not`, `never`, `without`.
pub(super) const NOT: u32 = 1 << 8;
/// Speaks up: `tell`, `ask`, `mention`.
pub(super) const TELL: u32 = 1 << 9;
/// The person it works for: `user`.
pub(super) const USER: u32 = 1 << 10;
/// `important`, `urgent`.
pub(super) const URGENT: u32 = 1 << 11;
/// `tool`, `function`.
pub(super) const TOOL: u32 = 1 << 12;
/// `use`, `call`.
pub(super) const USE: u32 = 1 << 13;
/// Gives away: `reveal`, `print`.
pub(super) const REVEAL: u32 = 1 << 14;
/// What tools do: `send`, `transfer`, `invite`.
pub(super) const ACT: u32 = 1 << 15;
/// What should not get out: `password`, `history`.
pub(super) const SENSITIVE: u32 = 1 << 16;
/// `all`, `every`, `entire`.
pub(super) const ALL: u32 = 1 << 17;
/// People among themselves: `please`, `thanks`, `hey`, `we`.
pub(super) const PEOPLE: u32 = 1 << 18;
/// `you`, `your`.
pub(super) const YOU: u32 = 1 << 19;
/// `new`, `real`, `only`.
pub(super) const NEW: u32 = 1 << 20;
/// `my`, `our`.
pub(super) const MINE: u32 = 1 << 21;
/// `email`, `letter`: what people call instructions in.
pub(super) const LETTER: u32 = 1 << 22;
/// Turns to somebody: `dear`, `attention`, `hey`.
pub(super) const TURN: u32 = 1 << 23;
/// `system`.
pub(super) const SYSTEM: u32 = 1 << 24;
/// `arguments`, `parameters`.
pub(super) const ARGUMENTS: u32 = 1 << 25;
/// `todo`, `task`, `action` before a colon.
pub(super) const MARKER: u32 = 1 << 26;
/// `confirmation`, `permission`.
pub(super) const LEAVE: u32 = 1 << 27;
/// `prompt`.
pub(super) const PROMPT: u32 = 1 << 28;
/// `must`, `should`.
pub(super) const MUST: u32 = 1 << 29;

/// `to`, `for`.
pub(super) const TO: u32 = 1 << 30;

/// The words that contribute something.
const LISTS: &[(u32, &str)] = &[
    (
        OVERRIDE,
        "ignore ignoring disregard disregarding forget override overriding bypass discard \
         overlook neglect abandon circumvent disobey overwrite supersede supersedes \
         overrides",
    ),
    (OVERRIDE | ACT, "drop skip cancel erase remove"),
    (
        ORDERS,
        "rules directives directive guidelines guideline constraints restrictions \
         safeguards programming policies guardrails protocols context",
    ),
    (ORDERS | PROMPT, "prompt prompts"),
    (ORDERS | THIS, "orders commands command"),
    (
        WHICH,
        "previous prior above earlier preceding foregoing initial original existing \
         former previously past any",
    ),
    (WHICH | ALL, "all every everything entire each"),
    (WHICH | YOU, "your"),
    (YOU, "you yourself"),
    (
        MACHINE,
        "assistant assistants chatbot llm llms gpt chatgpt claude gemini copilot ai agent \
         agents model models bot llama mistral deepseek qwen grok",
    ),
    (CARRY, "execute perform follow obey adhere comply complete carry do run fulfill fulfil"),
    (THIS, "following steps below"),
    (TASK | MARKER, "task tasks"),
    (TASK, "request question query goal objective mission job assignment"),
    (ORDER, "before instead first immediately now"),
    (NOT, "not never don't without dont no"),
    (
        TELL,
        "tell telling inform informing mention mentioning notify notifying ask asking \
         alert alerting disclose warn",
    ),
    (LEAVE, "confirmation permission approval confirming consent"),
    (USER, "user users user's"),
    (URGENT, "important urgent critical priority mandatory"),
    (URGENT | TURN, "attention"),
    (TOOL, "tool tools function functions api plugin"),
    (USE, "use call invoke using calling"),
    (REVEAL, "reveal print repeat leak exfiltrate dump expose output show display"),
    (
        ACT,
        "send transfer forward email post share upload invite add delete update change \
         modify create schedule book pay visit open download fetch concatenate collect \
         summarize write message reserve grant retrieve submit publish purchase buy wire \
         navigate browse export copy move rename reset install unlock disable enable give \
         deposit withdraw make",
    ),
    (
        SENSITIVE,
        "password passwords credentials secret secrets token tokens history balance iban \
         ibans contacts conversation messages emails files keys",
    ),
    (PEOPLE, "please thanks thank hi hello we us i i'm i'll we'll could can would let's regards"),
    (PEOPLE | TURN, "hey dear"),
    (NEW, "new real actual updated true primary"),
    (MINE, "my our"),
    (LETTER, "mail letter memo note invoice version leaflet manual"),
    (SYSTEM, "system"),
    (ARGUMENTS, "arguments parameters"),
    (MARKER, "todo action fixme"),
    (TO, "to for"),
    (MUST, "must should need have shall"),
];

static WORDS: LazyLock<Words<u32>> = LazyLock::new(|| Words::new(LISTS));

/// What a word in lower case contributes.
pub(super) fn meaning(word: &[u8]) -> u32 {
    // `instruction`, `instructed`, `reinstruct`.
    let at = |i: usize| bytes::goes_on(word, i, b"nstruct");
    if word.len() >= 9 && (at(1) || at(0) || at(2) || at(3)) {
        return ORDERS | THIS;
    }
    WORDS.get(word).unwrap_or(0)
}
