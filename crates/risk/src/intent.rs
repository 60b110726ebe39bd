//! What a request asks for, and whether a tool's name says the same thing in other words.
//!
//! Both are cut into words; a word stands for one or more kinds of doing ([`ACTIONS`]) or of things
//! ([`OBJECTS`]). A call is covered when the request asks for a doing of the tool's kind and, where
//! that doing says little by itself (add, change, delete), speaks of such a thing too. English only: a
//! request in another language covers nothing and counts as silent about it ([`Asked::is_readable`]).

use std::collections::HashMap;
use std::sync::LazyLock;

use countersign_core::Tool;

use crate::foreign;
use crate::text::link_like;
use crate::words::words;

pub(crate) const SEND: u64 = 1;
pub(crate) const PAY: u64 = 1 << 1;
pub(crate) const CREATE: u64 = 1 << 2;
pub(crate) const DELETE: u64 = 1 << 3;
pub(crate) const UPDATE: u64 = 1 << 4;
pub(crate) const RESERVE: u64 = 1 << 5;
pub(crate) const SHARE: u64 = 1 << 6;
pub(crate) const SECURE: u64 = 1 << 7;
pub(crate) const PUBLISH: u64 = 1 << 8;
pub(crate) const RUN: u64 = 1 << 9;
pub(crate) const EXPORT: u64 = 1 << 10;
pub(crate) const APPROVE: u64 = 1 << 32;
pub(crate) const RETURN: u64 = 1 << 33;
/// Closes or opens what somebody may use.
const LOCK: u64 = 1 << 36;
/// Doings that say enough without a thing.
const SPECIFIC: u64 = SEND | PAY | RESERVE | SECURE | APPROVE | RETURN;

pub(crate) const MESSAGE: u64 = 1 << 16;
pub(crate) const EVENT: u64 = 1 << 17;
pub(crate) const FILE: u64 = 1 << 18;
pub(crate) const MONEY: u64 = 1 << 19;
pub(crate) const ACCOUNT: u64 = 1 << 20;
pub(crate) const BOOKING: u64 = 1 << 21;
pub(crate) const GROUP: u64 = 1 << 22;
const CODE: u64 = 1 << 23;
pub(crate) const RECORD: u64 = 1 << 24;
pub(crate) const ISSUE: u64 = 1 << 25;
const BRANCH: u64 = 1 << 26;
pub(crate) const DEVICE: u64 = 1 << 34;
/// The web, which tools are named after seldom: that a request speaks of it lets links be followed.
pub(crate) const WEB: u64 = 1 << 35;
const THINGS: u64 = 0x07ff_0000 | DEVICE;

/// Shapes of values that the request itself gives.
const MAIL: u64 = 1 << 11;
const DOMAIN: u64 = 1 << 12;
const NUMBER: u64 = 1 << 13;
const MIXED: u64 = 1 << 14;

/// The request leaves it to a text to say what is to be done.
const DELEGATES: u64 = 1 << 30;
/// The request holds a word that is known here at all.
const READABLE: u64 = 1 << 31;

/// Words of a request, by the doing they ask for.
const ACTIONS: [(u64, &str); 14] = [
    (
        SEND,
        "send sent mail email e-mail message dm reply respond answer write tell inform notify \
         contact forward ask say post announce ping remind thank congratulate greet share comment \
         reach feedback invite text pass relay",
    ),
    (
        PAY,
        "pay paid transfer wire refund reimburse settle owe bill buy purchase donate tip remit \
         deposit charge order",
    ),
    (
        CREATE,
        "create make add new set schedule plan organize organise arrange put write draft generate \
         open start register record log note save prepare build compose file enter insert book \
         remind block request apply invite",
    ),
    (
        DELETE,
        "delete remove cancel drop erase clear clean discard unsubscribe kick revoke trash purge \
         uninstall close rid wipe shred",
    ),
    (
        UPDATE,
        "update change adjust modify edit set reschedule move correct fix rename append increase \
         decrease raise lower replace switch extend shorten postpone add put mark write resolve \
         complete assign label archive pin star close turn switch dim set",
    ),
    (RESERVE, "book reserve reservation rent hire order buy purchase"),
    (SHARE, "share grant invite add include join access permission allow collaborate"),
    (SECURE, "password passcode passphrase credential pin 2fa security reset token secure"),
    (PUBLISH, "publish post release deploy merge upload push submit announce ship put"),
    (RUN, "run execute launch start trigger invoke test build restart"),
    (EXPORT, "export download extract backup copy dump sync"),
    (APPROVE, "approve accept confirm decline reject authorize authorise sign"),
    (RETURN, "return back"),
    (
        LOCK,
        "disable deactivate suspend lock unlock enable activate reactivate block unblock ban freeze",
    ),
];

/// Words that are a thing as often as a doing: they count as a doing where one is asked for, at the
/// beginning of a sentence or after one of [`BEFORE`], and not in the plural.
const AMBIGUOUS: &str = "mail email e-mail message dm reply answer book order note file log share \
                         comment post plan record schedule bill charge transfer tip deposit refund \
                         purchase rent contact say ask token pin reset access copy block draft label \
                         start open block invite feedback reach star backup text pass lock";

/// Words after which a doing follows.
const BEFORE: &str = "please and then to also or you can could must should would will just now \
                      let's lets kindly afterwards finally but not don't dont i we";

/// Words, by the thing they speak of.
const OBJECTS: [(u64, &str); 13] = [
    (MESSAGE, "mail email e-mail message dm inbox reply newsletter thread draft chat"),
    (
        EVENT,
        "event meeting calendar appointment schedule reschedule lunch dinner breakfast call \
         session visit reminder remind party participant attendee invitation sync standup \
         viewing interview birthday trip leave vacation holiday",
    ),
    (
        FILE,
        "file document doc note list folder sheet spreadsheet report summary drive attachment \
         text page slide presentation pdf",
    ),
    (
        MONEY,
        "money payment pay transaction transfer bill rent subscription invoice order account iban \
         salary fee price cost loan bank standing recurring amount difference refund eur usd gbp chf",
    ),
    (
        ACCOUNT,
        "account profile user info information address name detail setting phone password contact",
    ),
    (
        BOOKING,
        "hotel restaurant car flight room table reservation booking taxi train trip seat ticket \
         rental accommodation stay",
    ),
    (
        GROUP,
        "channel group workspace team slack organization organisation room member colleague server",
    ),
    (CODE, "repository repo code project collaborator workflow release"),
    (ISSUE, "issue bug ticket case task todo"),
    (BRANCH, "branch pull pr commit merge"),
    (RECORD, "record contact lead deal customer client opportunity entry row note"),
    (
        DEVICE,
        "device light lamp heating heater thermostat door lock alarm blind speaker tv camera appliance \
         phone laptop tablet computer monitor",
    ),
    (WEB, "website site web webpage page article link url blog homepage"),
];

/// What a tool's name does, word by word: the doings any of which covers it.
const VERBS: [(u64, &str); 18] = [
    (SEND, "send reply respond forward email mail message notify comment dm"),
    (SEND | PUBLISH, "post announce"),
    (PAY, "pay transfer refund wire donate charge withdraw deposit remit"),
    (PAY | RESERVE, "buy purchase order checkout"),
    (RESERVE, "reserve book rent"),
    (CREATE | PAY | UPDATE, "schedule"),
    (CREATE, "create make new insert write draft save record log register open"),
    (CREATE | SHARE | UPDATE, "add"),
    (
        DELETE,
        "delete remove cancel clear drop revoke kick erase purge destroy trash unsubscribe close \
         wipe shred",
    ),
    (
        UPDATE,
        "update change edit modify set reschedule move append rename patch replace mark label \
         archive assign transition",
    ),
    (SHARE, "invite share grant allow permit"),
    (EXPORT, "export download backup copy dump"),
    (RUN, "run execute launch trigger start restart"),
    (PUBLISH, "merge publish deploy release upload push submit"),
    (APPROVE, "approve accept confirm decline reject authorize"),
    (RETURN, "return"),
    (
        LOCK,
        "disable deactivate suspend lock unlock enable activate reactivate block unblock ban freeze",
    ),
    (CREATE | SEND, "request apply"),
];

/// Words that hand the choice to somebody else's text, and the things they do it with.
const TO_DO: &str = "task todo to-do instruction action step request checklist";
/// Words in tool names that speak of nothing in particular.
const EMPTY: &str = "get read list search find fetch look show most recent all by in to of the for \
                     from and info data item user users api query view current day";
const DO_IT: &str = "do follow complete carry perform execute handle finish accordingly work";

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked(pub(crate) u64);

/// What a request asks for, joined to what was asked before.
pub(crate) fn asked(before: Asked, request: &str) -> Asked {
    let mut bits = before.0;
    let (mut thing, mut doing) = (false, false);
    let mut tokens = request.split_whitespace().take(4_096).peekable();
    // Whether the last token lets a doing follow.
    let mut free = true;
    // How many tokens ago somebody was to be let know something, or to be given something.
    let (mut letting, mut giving) = (0u8, 0u8);
    while let Some(token) = tokens.next() {
        let last = token.ends_with(['.', ',', ':', ';', '!', '?', ')']);
        let to_me = tokens.peek().is_some_and(|next| is_me(next));
        for word in words(token) {
            bits |= shape(&word);
            let stem = stem(&word);
            let mut does = LEXICON.actions.get(stem);
            let plural = word.len() > stem.len() && word.ends_with('s') && !word.ends_with("ss");
            if LEXICON.ambiguous.get(stem) != 0 && (!free || plural) {
                does = 0;
            }
            // What is to be told to the user is sent to nobody.
            if to_me {
                does &= !SEND;
            }
            if stem == "let" && !to_me {
                letting = 6;
            } else if stem == "know" && letting > 0 {
                does |= SEND;
            }
            // `Give Kim access to the files`.
            if stem == "giv" {
                giving = 8;
            } else if giving > 0 && GIVEN.contains(&&*word) {
                does |= SHARE;
            }
            (letting, giving) = (letting.saturating_sub(1), giving.saturating_sub(1));
            let things = LEXICON.objects.get(stem);
            bits |= does | things;
            if LEXICON.actions.get(stem) == 0 && things == 0 {
                let foreign = foreign::kinds(&word);
                bits |= if to_me { foreign & !SEND } else { foreign };
            }
            thing |= LEXICON.delegates.get(stem) & 1 != 0;
            doing |= LEXICON.delegates.get(stem) & 2 != 0;
            free = LEXICON.before.get(&word) != 0;
        }
        free |= last;
    }
    if thing && doing {
        bits |= DELEGATES;
    }
    if bits & !(MAIL | DOMAIN | NUMBER | MIXED) != 0 {
        bits |= READABLE;
    }
    Asked(bits)
}

/// What is shared where it is given.
const GIVEN: [&str; 5] = ["access", "right", "rights", "permission", "permissions"];

fn is_me(token: &str) -> bool {
    let word = token.trim_end_matches(['.', ',', '!', '?']);
    ["me", "us", "myself", "mir", "uns", "moi", "nous", "nos"]
        .iter()
        .any(|me| word.eq_ignore_ascii_case(me))
}

/// The shape of a value: what a request gives one of, it does not leave to a text.
fn shape(word: &str) -> u64 {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if word.contains('@') {
        MAIL
    } else if digits == word.len() {
        NUMBER
    } else if link_like(word) && word.contains('.') {
        DOMAIN
    } else if digits > 0 && word.bytes().any(|b| b.is_ascii_alphabetic()) {
        MIXED
    } else {
        0
    }
}

/// The words of a request as tool names are compared with them.
pub(crate) fn stems(request: &str) -> impl Iterator<Item = String> + '_ {
    words(request).map(|word| stem(&word).to_owned()).filter(|stem| stem.len() >= 3)
}

impl Asked {
    /// Whether the request holds any word that is known here.
    pub(crate) fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Whether the request leaves it to a text what is to be done.
    pub(crate) fn delegates(self) -> bool {
        self.0 & DELEGATES != 0
    }

    /// Whether the request itself gives a value of the same shape: an address, a number. Then another
    /// one out of a text is no value that the request left open.
    pub(crate) fn gives_one_like(self, value: &str) -> bool {
        words(value).any(|word| self.0 & shape(&word) != 0)
    }

    /// Whether the request speaks of pages and links.
    pub(crate) fn speaks_of_the_web(self) -> bool {
        self.0 & WEB != 0
    }

    /// Whether the request asks for what the tool does. `said` looks a stem up in the request; `names`
    /// says whether the request names the very thing that the call acts on, which needs no kind then.
    pub(crate) fn covers(
        self,
        tool: &Tool,
        said: impl Fn(&str) -> bool,
        names: impl Fn() -> bool,
    ) -> bool {
        let (mut doing, mut things, mut known) = (0u64, 0u64, false);
        let (mut verb_said, mut thing_said) = (false, false);
        for token in tool.name().as_str().split('_') {
            let stem = stem(token);
            let does = LEXICON.verbs.get(stem);
            // The first word that does something is what the tool does; the others are things.
            if does != 0 && !known {
                (doing, known) = (does, true);
                verb_said = said(stem);
            } else {
                things |= LEXICON.objects.get(stem);
                thing_said |= stem.len() >= 4 && said(stem);
            }
        }
        if things & MONEY != 0 && doing & SEND != 0 {
            doing = (doing & !SEND) | PAY;
        }
        if tool.name().as_str().contains("password") {
            return self.0 & SECURE != 0;
        }
        if !known {
            return thing_said;
        }
        // Money is sent, too, where the request speaks of money.
        let sends = doing & PAY != 0 && self.0 & SEND != 0 && self.0 & MONEY != 0;
        if sends && things & MONEY != 0 {
            return true;
        }
        // What is written may be published, if it is the same thing.
        let written = doing == PUBLISH && self.0 & CREATE != 0 && thing_said;
        let does = self.0 & doing != 0 || verb_said || written;
        let specific = doing & SPECIFIC != 0 && self.0 & doing & SPECIFIC != 0;
        let about = things & THINGS == 0 || self.0 & things & THINGS != 0 || thing_said;
        does && (specific || about || names())
    }
}

/// The word of a tool's name that says what it does; the whole name if none does.
pub(crate) fn verb(tool: &Tool) -> &str {
    let name = tool.name().as_str();
    name.split('_').find(|token| LEXICON.verbs.get(stem(token)) != 0).unwrap_or(name)
}

/// Whether the things in a tool's name stand in the request: `transactions` in
/// `get_most_recent_transactions`.
pub(crate) fn speaks_of(tool: &Tool, said: impl Fn(&str) -> bool) -> bool {
    tool.name().as_str().split('_').any(|token| {
        let stem = stem(token);
        stem.len() >= 4 && LEXICON.empty.get(stem) == 0 && said(stem)
    })
}

/// The kinds that a stem stands for.
#[derive(Debug)]
struct Kinds(HashMap<&'static str, u64>);

impl Kinds {
    fn of(table: &[(u64, &'static str)]) -> Self {
        let mut kinds: HashMap<&'static str, u64> = HashMap::new();
        for (kind, words) in table {
            for word in words.split_ascii_whitespace() {
                let bits = kinds.entry(stem(word)).or_default();
                *bits |= kind;
            }
        }
        Self(kinds)
    }

    fn get(&self, stem: &str) -> u64 {
        self.0.get(stem).copied().unwrap_or_default()
    }
}

#[derive(Debug)]
struct Lexicon {
    actions: Kinds,
    objects: Kinds,
    verbs: Kinds,
    delegates: Kinds,
    empty: Kinds,
    ambiguous: Kinds,
    before: Kinds,
}

/// The tables by stem, made when first needed.
static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon {
    actions: Kinds::of(&ACTIONS),
    objects: Kinds::of(&OBJECTS),
    verbs: Kinds::of(&VERBS),
    delegates: Kinds::of(&[(1, TO_DO), (2, DO_IT)]),
    empty: Kinds::of(&[(1, EMPTY)]),
    ambiguous: Kinds::of(&[(1, AMBIGUOUS)]),
    before: Kinds(BEFORE.split_ascii_whitespace().map(|word| (word, 1)).collect()),
});

/// A word without the endings that English puts on it. Crude, and the same on both sides.
pub(crate) fn stem(word: &str) -> &str {
    let word = word.strip_suffix("'s").unwrap_or(word);
    for ending in ["ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "e", "y"] {
        if let Some(rest) = word.strip_suffix(ending).filter(|rest| rest.len() >= 3) {
            return rest;
        }
    }
    word
}

#[cfg(test)]
mod tests;
