//! What a tool returned, taken apart: JSON into its strings, anything else as one text.

use countersign_canon::{Value, parse};

use crate::text::{Mark, essence, marks, prefix};

/// Longest part of an answer that is remembered, in bytes.
pub(crate) const MAX_ANSWER: usize = 1024 * 1024;

/// An answer.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    Json(Value),
    Text(&'a str),
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

    /// Calls back with every string, key and number, and the key it stands under.
    fn each<'s>(&'s self, mut found: impl FnMut(Part, &'s str, &'s str)) {
        let mut open = match self {
            Self::Json(value) => vec![("", value)],
            Self::Text(text) => {
                found(Part::Value, "", text);
                return;
            }
        };
        while let Some((key, value)) = open.pop() {
            match value {
                Value::Null | Value::Bool(_) => {}
                Value::Number(n) => found(Part::Value, key, n.as_str()),
                Value::String(text) => found(Part::Value, key, text),
                Value::Array(items) => open.extend(items.iter().rev().map(|item| (key, item))),
                Value::Object(object) => {
                    let members: Vec<_> = object.iter().collect();
                    for (key, _) in &members {
                        found(Part::Key, "", key);
                    }
                    open.extend(members.into_iter().rev());
                }
            }
        }
    }

    /// What content comparison sees: the values one after the other. JSON's escapes are undone and
    /// its keys left out, as they are when a text is quoted from it.
    pub(crate) fn essence(&self) -> Vec<char> {
        let mut all = Vec::new();
        self.each(|part, _, text| {
            if matches!(part, Part::Value) {
                all.extend(essence(text));
            }
        });
        all
    }

    /// The marks of its words, at most some `max`; strings of JSON are texts of their own.
    pub(crate) fn marks(&self, max: usize) -> Vec<Mark> {
        let mut all = Vec::new();
        self.each(|_, _, text| all.extend(marks(text, max.saturating_sub(all.len()))));
        all
    }

    /// The marks of values that stand under a key such as `id`, `thread_id`, `eventId`, `number` or
    /// `sha`, at most some `max`. The provider makes those, whoever wrote the text beside them.
    pub(crate) fn ids(&self, max: usize) -> Vec<Mark> {
        let mut all = Vec::new();
        self.each(|part, key, text| {
            let id = key == "id" || key.ends_with("_id") || key.ends_with("Id");
            let id = id || matches!(key, "number" | "sha");
            if matches!(part, Part::Value) && id && text.len() <= 256 {
                all.extend(marks(text, max.saturating_sub(all.len())));
            }
        });
        all
    }
}

#[derive(Clone, Copy)]
enum Part {
    Key,
    Value,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Said;

    #[test]
    fn json_is_read_as_what_it_says_and_not_as_its_escapes() {
        let (answer, cut) = Answer::read(r#"{"b":"one\ntwo","a":[7,"x\u00e9"]}"#);
        assert_eq!(answer.essence().into_iter().collect::<String>(), "7xéonetwo");
        assert!(!cut);
    }

    #[test]
    fn what_is_not_json_is_one_text() {
        for text in ["{'message': 'done'}", "- id: 7", "12", "{", ""] {
            let (answer, _) = Answer::read(text);
            let whole: String = essence(text).collect();
            assert_eq!(answer.essence().into_iter().collect::<String>(), whole);
        }
    }

    #[test]
    fn ids_are_what_the_provider_made() {
        let json = r#"{"items":[{"id":"ev1","summary":"id ev2","threadId":9,"by":{"id":"ev3"}}]}"#;
        let ids = Answer::read(json).0.ids(100);
        let said = Said::new(&ids);
        for (id, named) in [("ev1", true), ("9", true), ("ev3", true), ("ev2", false)] {
            assert_eq!(said.says(id), named, "{id}");
        }
        assert!(Answer::read("id: ev1").0.ids(100).is_empty());
    }

    #[test]
    fn a_very_long_answer_is_kept_in_part_and_said() {
        let text = "é".repeat(MAX_ANSWER);
        let (answer, cut) = Answer::read(&text);
        assert!(cut);
        assert_eq!(answer.essence().len(), MAX_ANSWER / 2);
    }
}
