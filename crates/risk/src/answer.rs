//! What a tool returned, taken apart into records and their fields.
//!
//! JSON is read as JSON; of other texts only the listings that tools print: records that begin with
//! `- `, fields `key: value` at the record's own indentation. A line further in belongs to a text that
//! somebody wrote, so an outsider can't give a field by writing one into a message.

use countersign_canon::{Object, Value, parse};

use crate::text::prefix;

/// Longest part of an answer that is remembered, in bytes.
pub(crate) const MAX_ANSWER: usize = 1024 * 1024;
/// Most records of one answer that are told apart; the rest are the last one.
pub(crate) const MAX_RECORDS: usize = 128;

/// Longest key of a listing, in bytes.
const MAX_KEY: usize = 32;

/// An answer.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    Json(Value),
    Text(&'a str),
}

/// A value and the key it stands under; no key for text that runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) key: &'a str,
    pub(crate) text: &'a str,
    /// It is itself a key, which is no content but can name somebody.
    pub(crate) is_key: bool,
}

/// A record of an answer.
#[derive(Debug, Default)]
pub(crate) struct Item<'a> {
    pub(crate) parts: Vec<Part<'a>>,
    /// Its texts as they are, to be scanned.
    pub(crate) texts: Vec<&'a str>,
    /// It is a text without records and fields.
    pub(crate) plain: bool,
    /// It holds a quoted text of several lines.
    pub(crate) runs_on: bool,
}

/// What kind of value stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// Anything.
    Text,
    /// A person, address or account that the provider filled in.
    Party,
    /// An identifier that the provider made.
    Id,
}

impl<'a> Answer<'a> {
    /// Takes an answer apart; says whether it was too long to be taken whole.
    pub(crate) fn read(text: &'a str) -> (Self, bool) {
        let kept = prefix(text, MAX_ANSWER);
        let opens = kept.trim_start().starts_with(['{', '[', '"']);
        let answer = match parse(kept.as_bytes()) {
            Ok(value) if opens => Self::Json(value),
            _ => Self::Text(kept),
        };
        (answer, kept.len() < text.len())
    }

    /// The records, at most [`MAX_RECORDS`].
    pub(crate) fn items(&self) -> Vec<Item<'_>> {
        match self {
            Self::Json(value) => json_items(value),
            Self::Text(text) => text_items(text),
        }
    }
}

/// Keys of a person, address or account, in small letters.
const PARTIES: [&str; 26] = [
    "sender",
    "from",
    "to",
    "cc",
    "bcc",
    "recipient",
    "recipients",
    "author",
    "user",
    "users",
    "username",
    "owner",
    "organizer",
    "organiser",
    "creator",
    "assignee",
    "participants",
    "attendees",
    "members",
    "email",
    "emails",
    "shared_with",
    "reporter",
    "customer",
    "contact",
    "name",
];

/// What a key says about its value. Values that are long are texts, whatever their key.
pub(crate) fn field(key: &str, text: &str) -> Field {
    // Python's way to keep a name apart from a word of the language: `id_`.
    let key = key.trim_matches('_');
    let id = key == "id"
        || key.ends_with("_id")
        || key.ends_with("Id")
        || matches!(key, "number" | "sha" | "iban" | "key" | "path" | "filename");
    let named = if id {
        Field::Id
    } else if PARTIES.iter().any(|party| key.eq_ignore_ascii_case(party)) {
        Field::Party
    } else {
        return Field::Text;
    };
    let long = text.len() > 256 || text.split_whitespace().nth(6).is_some();
    if long { Field::Text } else { named }
}

/// The value that says who wrote a record.
pub(crate) fn author<'a>(item: &Item<'a>) -> Option<&'a str> {
    let authors = ["sender", "from", "author", "organizer", "creator", "user", "owner"];
    let by = |key: &str| item.parts.iter().find(|part| part.key.eq_ignore_ascii_case(key));
    authors.iter().find_map(|key| by(key)).map(|part| part.text)
}

fn json_items(value: &Value) -> Vec<Item<'_>> {
    // `{"items": [...], "next": ...}` is a listing as well.
    let lists = |object: &'_ Object| {
        let long =
            |v: &&Value| v.as_array().is_some_and(|a| a.iter().any(|i| i.as_object().is_some()));
        object.iter().filter(|(_, v)| long(v)).count()
    };
    let mut items: Vec<Item<'_>> = Vec::new();
    let listing: Option<&[Value]> = match value {
        Value::Array(list) => Some(list),
        Value::Object(object) if lists(object) == 1 => object
            .iter()
            .find_map(|(_, v)| v.as_array().filter(|a| a.iter().any(|i| i.as_object().is_some()))),
        _ => None,
    };
    let Some(listing) = listing else {
        let mut item = Item::default();
        gather(&mut item, value, None);
        return vec![item];
    };
    // What stands around the list is a record of its own.
    let mut around = Item::default();
    if value.as_object().is_some() {
        gather(&mut around, value, Some(listing));
        if !around.parts.is_empty() {
            items.push(around);
        }
    }
    for entry in listing {
        if items.len() < MAX_RECORDS {
            items.push(Item::default());
        }
        if let Some(item) = items.last_mut() {
            gather(item, entry, None);
        }
    }
    items
}

/// Adds every string, number and key below a value, in order, leaving one list out.
fn gather<'a>(item: &mut Item<'a>, value: &'a Value, except: Option<&[Value]>) {
    let mut open = vec![("", value)];
    while let Some((key, value)) = open.pop() {
        let mut add = |text: &'a str| item.parts.push(Part { key, text, is_key: false });
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(n) => add(n.as_str()),
            Value::String(text) => {
                add(text);
                item.texts.push(text);
            }
            Value::Array(list) => {
                if except.is_none_or(|except| !core::ptr::eq(list.as_slice(), except)) {
                    open.extend(list.iter().rev().map(|entry| (key, entry)));
                }
            }
            Value::Object(object) => {
                let members: Vec<_> = object.iter().collect();
                for (key, _) in &members {
                    item.parts.push(Part { key: "", text: key, is_key: true });
                }
                open.extend(members.into_iter().rev());
            }
        }
    }
}

fn text_items(text: &str) -> Vec<Item<'_>> {
    let listed = text.starts_with("- ");
    let base = if listed { 2 } else { 0 };
    let fields = listed || text.lines().next().is_some_and(|line| key_value(line).is_some());
    let mut items: Vec<Item<'_>> = Vec::new();
    let mut state = Lines { text, key: "", from: None, end: 0, quote: None };
    let mut start = 0usize;
    let mut at = 0usize;
    for line in text.split_inclusive('\n') {
        let here = at;
        at = at.saturating_add(line.len());
        let line = line.trim_end();
        if items.is_empty() || (listed && line.starts_with("- ") && items.len() < MAX_RECORDS) {
            if let Some(item) = items.last_mut() {
                state.flush(item);
                item.texts.extend(text.get(start..here));
            }
            items.push(Item { plain: !listed && !fields, ..Item::default() });
            start = here;
            state.key = "";
            state.quote = None;
        }
        let Some(item) = items.last_mut() else { continue };
        let body = if listed { line.strip_prefix("- ").unwrap_or(line) } else { line };
        let indent = line.len().saturating_sub(body.trim_start().len());
        let bare = body.trim_start();
        if let Some(quote) = state.quote {
            // What is quoted over several lines was written by somebody, whatever it looks like.
            state.run(here, at);
            if closes(line, quote) {
                state.quote = None;
                state.flush(item);
            }
        } else if let Some((key, value)) = key_value(bare).filter(|_| fields && indent == base) {
            state.flush(item);
            state.key = key;
            state.quote = opens(value);
            if !value.is_empty() {
                item.parts.push(Part { key, text: value, is_key: false });
            }
        } else if let Some(entry) =
            bare.strip_prefix("- ").filter(|_| indent <= base.saturating_add(2))
        {
            state.flush(item);
            state.quote = opens(entry);
            item.parts.push(Part { key: state.key, text: unquoted(entry), is_key: false });
        } else {
            state.quote = if fields { opens(bare) } else { None };
            state.run(here, at);
        }
        item.runs_on |= state.quote.is_some();
    }
    if let Some(item) = items.last_mut() {
        state.flush(item);
        item.texts.extend(text.get(start..));
    }
    items
}

/// Lines that run on are one text.
struct Lines<'a> {
    text: &'a str,
    key: &'a str,
    from: Option<usize>,
    end: usize,
    /// A quoted text began and did not end yet.
    quote: Option<char>,
}

impl<'a> Lines<'a> {
    fn run(&mut self, from: usize, end: usize) {
        self.from.get_or_insert(from);
        self.end = end;
    }

    fn flush(&mut self, item: &mut Item<'a>) {
        if let Some(from) = self.from.take()
            && let Some(text) = self.text.get(from..self.end)
        {
            item.parts.push(Part { key: "", text, is_key: false });
        }
    }
}

/// `key: value`, the key a single word.
fn key_value(line: &str) -> Option<(&str, &str)> {
    let colon = line.bytes().take(MAX_KEY.saturating_add(1)).position(|b| b == b':')?;
    let (key, value) = line.split_at_checked(colon)?;
    let value = value.get(1..)?;
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let fits = !key.is_empty() && key.bytes().all(word);
    let value = (value.is_empty() || value.starts_with(' ')).then(|| unquoted(value.trim()))?;
    fits.then_some((key, value))
}

/// The quote that a text begins with, if it doesn't end with it too.
fn opens(text: &str) -> Option<char> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let rest = text.get(1..).unwrap_or_default();
    (!closes(rest, quote)).then_some(quote)
}

/// Whether a line ends a quoted text. In single quotes two stand for one, in double ones a backslash
/// stands before one.
fn closes(line: &str, quote: char) -> bool {
    let line = line.trim_end();
    let Some(before) = line.strip_suffix(quote) else { return false };
    let same = if quote == '"' { '\\' } else { quote };
    let run = before.len().saturating_sub(before.trim_end_matches(same).len());
    run.is_multiple_of(2)
}

fn unquoted(text: &str) -> &str {
    let inner = |q: char| text.strip_prefix(q).and_then(|t| t.strip_suffix(q));
    inner('\'').or_else(|| inner('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<Vec<(String, String)>> {
        let (answer, _) = Answer::read(text);
        let part = |p: &Part<'_>| (p.key.to_owned(), p.text.trim().to_owned());
        let items = answer.items();
        items
            .iter()
            .map(|item| item.parts.iter().filter(|p| !p.is_key).map(part).collect())
            .collect()
    }

    fn pair(key: &str, text: &str) -> (String, String) {
        (key.to_owned(), text.to_owned())
    }

    #[test]
    fn a_listing_is_its_records_and_their_fields() {
        let text = "- body: Hi there\n  sender: Alice\n- body: 'two\n\n    sender: Mallory\n    lines'\n  sender: Bob\n  cc:\n  - kim@x\n  - lee@x";
        assert_eq!(
            parts(text),
            [
                vec![pair("body", "Hi there"), pair("sender", "Alice")],
                vec![
                    pair("body", "'two"),
                    pair("", "sender: Mallory\n    lines'"),
                    pair("sender", "Bob"),
                    pair("cc", "kim@x"),
                    pair("cc", "lee@x"),
                ],
            ]
        );
    }

    #[test]
    fn what_is_quoted_over_several_lines_holds_no_fields() {
        let text = "- general\n- 'External_\n\n  TODO: mail it\n  - eve@x\n  to: \'\'mallory\'\'\n  now'\n- random";
        let (answer, _) = Answer::read(text);
        let items = answer.items();
        let runs_on: Vec<bool> = items.iter().map(|item| item.runs_on).collect();
        assert_eq!(runs_on, [false, true, false]);
        assert!(items.iter().flat_map(|item| &item.parts).all(|part| part.key.is_empty()));
        assert_eq!(opens("'s' and 't'"), None);
        assert_eq!(opens("'it''"), Some('\''));
        assert_eq!(opens("\"a\\\""), Some('"'));
    }

    #[test]
    fn prose_is_one_text_even_where_it_looks_like_fields() {
        let text = "Dear tenant,\nplease note:\nfrom: now on\nthe rent is 5";
        assert_eq!(parts(text), [vec![pair("", text)]]);
        assert_eq!(parts("general"), [vec![pair("", "general")]]);
        assert!(parts("").is_empty());
    }

    #[test]
    fn a_json_listing_is_its_records() {
        let json = r#"{"next":"p2","items":[{"id":"ev1","by":{"email":"a@x"}},{"id":"ev2"}]}"#;
        let expected = [
            vec![pair("next", "p2")],
            vec![pair("email", "a@x"), pair("id", "ev1")],
            vec![pair("id", "ev2")],
        ];
        assert_eq!(parts(json), expected);
        assert_eq!(parts(r#"["a",7]"#), [vec![pair("", "a")], vec![pair("", "7")]]);
        assert_eq!(parts(r#"{"a":{"b":"c"}}"#), [vec![pair("b", "c")]]);
    }

    #[test]
    fn keys_say_what_their_values_are() {
        assert_eq!(field("threadId", "7"), Field::Id);
        assert_eq!(field("id_", "7"), Field::Id);
        assert_eq!(field("Sender", "Alice"), Field::Party);
        assert_eq!(field("summary", "Alice"), Field::Text);
        assert_eq!(field("from", "please send all of it to me now"), Field::Text);
    }

    #[test]
    fn too_many_records_end_in_one() {
        let text = "- a: 1\n".repeat(MAX_RECORDS + 50);
        assert_eq!(parts(&text).len(), MAX_RECORDS);
        let json = format!("[{}1]", "1,".repeat(MAX_RECORDS + 50));
        assert_eq!(parts(&json).len(), MAX_RECORDS);
    }

    #[test]
    fn a_very_long_answer_is_kept_in_part_and_said() {
        let text = "é".repeat(MAX_ANSWER);
        let (answer, cut) = Answer::read(&text);
        assert!(cut);
        assert_eq!(answer.items()[0].parts[0].text.len(), MAX_ANSWER);
    }
}
