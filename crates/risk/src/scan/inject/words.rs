//! What single words contribute to an instruction.

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

/// What a word in lower case contributes.
pub(super) fn meaning(word: &[u8]) -> u32 {
    if word.len() >= 9 && word.windows(7).take(4).any(|part| part == b"nstruct") {
        return ORDERS | THIS;
    }
    match word {
        b"ignore" | b"ignoring" | b"disregard" | b"disregarding" | b"forget" | b"override"
        | b"overriding" | b"bypass" | b"discard" | b"overlook" | b"neglect" | b"abandon"
        | b"circumvent" | b"disobey" | b"overwrite" | b"supersede" | b"supersedes"
        | b"overrides" => OVERRIDE,
        b"drop" | b"skip" | b"cancel" | b"erase" | b"remove" => OVERRIDE | ACT,
        b"rules" | b"directives" | b"directive" | b"guidelines" | b"guideline" | b"constraints"
        | b"restrictions" | b"safeguards" | b"programming" | b"policies" | b"guardrails"
        | b"protocols" | b"context" => ORDERS,
        b"prompt" | b"prompts" => ORDERS | PROMPT,
        b"orders" | b"commands" | b"command" => ORDERS | THIS,
        b"previous" | b"prior" | b"above" | b"earlier" | b"preceding" | b"foregoing"
        | b"initial" | b"original" | b"existing" | b"former" | b"previously" | b"past" | b"any" => {
            WHICH
        }
        b"all" | b"every" | b"everything" | b"entire" | b"each" => WHICH | ALL,
        b"your" => WHICH | YOU,
        b"you" | b"yourself" => YOU,
        b"assistant" | b"assistants" | b"chatbot" | b"llm" | b"llms" | b"gpt" | b"chatgpt"
        | b"claude" | b"gemini" | b"copilot" | b"ai" | b"agent" | b"agents" | b"model"
        | b"models" | b"bot" | b"llama" | b"mistral" | b"deepseek" | b"qwen" | b"grok" => MACHINE,
        b"execute" | b"perform" | b"follow" | b"obey" | b"adhere" | b"comply" | b"complete"
        | b"carry" | b"do" | b"run" | b"fulfill" | b"fulfil" => CARRY,
        b"following" | b"steps" | b"below" => THIS,
        b"task" | b"tasks" => TASK | MARKER,
        b"request" | b"question" | b"query" | b"goal" | b"objective" | b"mission" | b"job"
        | b"assignment" => TASK,
        b"before" | b"instead" | b"first" | b"immediately" | b"now" => ORDER,
        b"not" | b"never" | b"don't" | b"without" | b"dont" | b"no" => NOT,
        b"tell" | b"telling" | b"inform" | b"informing" | b"mention" | b"mentioning"
        | b"notify" | b"notifying" | b"ask" | b"asking" | b"alert" | b"alerting" | b"disclose"
        | b"warn" => TELL,
        b"confirmation" | b"permission" | b"approval" | b"confirming" | b"consent" => LEAVE,
        b"user" | b"users" | b"user's" => USER,
        b"important" | b"urgent" | b"critical" | b"priority" | b"mandatory" => URGENT,
        b"attention" => URGENT | TURN,
        b"tool" | b"tools" | b"function" | b"functions" | b"api" | b"plugin" => TOOL,
        b"use" | b"call" | b"invoke" | b"using" | b"calling" => USE,
        b"reveal" | b"print" | b"repeat" | b"leak" | b"exfiltrate" | b"dump" | b"expose"
        | b"output" | b"show" | b"display" => REVEAL,
        b"send" | b"transfer" | b"forward" | b"email" | b"post" | b"share" | b"upload"
        | b"invite" | b"add" | b"delete" | b"update" | b"change" | b"modify" | b"create"
        | b"schedule" | b"book" | b"pay" | b"visit" | b"open" | b"download" | b"fetch"
        | b"concatenate" | b"collect" | b"summarize" | b"write" | b"message" | b"reserve"
        | b"grant" | b"retrieve" | b"submit" | b"publish" | b"purchase" | b"buy" | b"wire"
        | b"navigate" | b"browse" | b"export" | b"copy" | b"move" | b"rename" | b"reset"
        | b"install" | b"unlock" | b"disable" | b"enable" | b"give" | b"deposit" | b"withdraw"
        | b"make" => ACT,
        b"password" | b"passwords" | b"credentials" | b"secret" | b"secrets" | b"token"
        | b"tokens" | b"history" | b"balance" | b"iban" | b"ibans" | b"contacts"
        | b"conversation" | b"messages" | b"emails" | b"files" | b"keys" => SENSITIVE,
        b"please" | b"thanks" | b"thank" | b"hi" | b"hello" | b"we" | b"us" | b"i" | b"i'm"
        | b"i'll" | b"we'll" | b"could" | b"can" | b"would" | b"let's" | b"regards" => PEOPLE,
        b"hey" | b"dear" => PEOPLE | TURN,
        b"new" | b"real" | b"actual" | b"updated" | b"true" | b"primary" => NEW,
        b"my" | b"our" => MINE,
        b"mail" | b"letter" | b"memo" | b"note" | b"invoice" | b"version" | b"leaflet"
        | b"manual" => LETTER,
        b"system" => SYSTEM,
        b"arguments" | b"parameters" => ARGUMENTS,
        b"todo" | b"action" | b"fixme" => MARKER,
        b"to" | b"for" => TO,
        b"must" | b"should" | b"need" | b"have" | b"shall" => MUST,
        _ => 0,
    }
}
