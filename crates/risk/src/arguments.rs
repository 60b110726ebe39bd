//! The arguments of a call as the detectors walk over them: leaves with their role and place.

use countersign_canon::Value;
use countersign_core::{Canary, Role, Tool};

use crate::text::prefix;

/// Longest part of one string that is scanned, in bytes.
pub(crate) const MAX_STRING: usize = 64 * 1024;
/// Most that is scanned of one call's arguments, in bytes.
pub(crate) const MAX_TOTAL: usize = 1024 * 1024;
/// Most strings, keys and numbers of one call that are looked at.
pub(crate) const MAX_LEAVES: usize = 65_536;

/// Leaves and the like for which there is room at once.
const USUAL: usize = 16;

/// What a leaf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Key,
    Text,
    Number,
}

/// A string, a number or a key in the arguments.
#[derive(Debug)]
pub(crate) struct Leaf<'a> {
    pub(crate) kind: Kind,
    /// The role of the top-level argument it belongs to.
    pub(crate) role: Role,
    /// What is scanned of it.
    pub(crate) text: &'a str,
    place: usize,
}

impl Leaf<'_> {
    /// Whether this is the name of an argument: a key of the outermost object.
    pub(crate) fn is_argument_name(&self) -> bool {
        self.kind == Kind::Key && self.place == 0
    }
}

/// A step on the way from the root to a leaf.
#[derive(Debug)]
struct Place<'a> {
    parent: usize,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

/// The arguments, walked once, in canonical order.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    pub(crate) value: &'a Value,
    pub(crate) leaves: Vec<Leaf<'a>>,
    /// Where something was left out because it is too much.
    pub(crate) cut: Option<String>,
    places: Vec<Place<'a>>,
    left: usize,
    cut_at: Option<usize>,
    canary: &'a dyn Canary,
}

impl<'a> Arguments<'a> {
    pub(crate) fn walk(value: &'a Value, tool: &Tool, canary: &'a dyn Canary) -> Self {
        Self::walk_by(value, &|key| tool.role(key), canary)
    }

    /// The same of arguments of an unknown tool.
    pub(crate) fn unassigned(value: &'a Value) -> Self {
        Self::walk_by(value, &|_| Role::FreeText, &Nothing)
    }

    fn walk_by(value: &'a Value, role_of: &dyn Fn(&str) -> Role, canary: &'a dyn Canary) -> Self {
        // Of most calls nothing is larger.
        let mut places = Vec::with_capacity(USUAL);
        places.push(Place { parent: 0, step: Step::Root });
        let mut walked = Self {
            value,
            leaves: Vec::with_capacity(USUAL),
            cut: None,
            places,
            left: MAX_TOTAL,
            cut_at: None,
            canary,
        };
        // Depth first with a stack of our own, children pushed in reverse to keep their order.
        let mut open = Vec::with_capacity(USUAL);
        open.push((value, 0usize, None::<Role>));
        while let Some((value, place, role)) = open.pop() {
            let inherited = role.unwrap_or(Role::FreeText);
            match value {
                Value::Null | Value::Bool(_) => {}
                Value::Number(n) => walked.leaf(Kind::Number, inherited, n.as_str(), place),
                Value::String(text) => walked.leaf(Kind::Text, inherited, text, place),
                Value::Array(items) => {
                    let start = open.len();
                    for (i, item) in items.iter().enumerate().take(MAX_LEAVES) {
                        let at = walked.place(place, Step::Index(i));
                        open.push((item, at, Some(inherited)));
                    }
                    walked.note_cut(place, items.len());
                    reverse_from(&mut open, start);
                }
                Value::Object(object) => {
                    let start = open.len();
                    for (key, member) in object.iter().take(MAX_LEAVES) {
                        let role = role.unwrap_or_else(|| role_of(key));
                        walked.leaf(Kind::Key, role, key, place);
                        let at = walked.place(place, Step::Key(key));
                        open.push((member, at, Some(role)));
                    }
                    walked.note_cut(place, object.len());
                    reverse_from(&mut open, start);
                }
            }
            if walked.leaves.len() >= MAX_LEAVES && !open.is_empty() {
                walked.cut_at.get_or_insert(place);
                break;
            }
        }
        walked.cut = walked.cut_at.map(|place| walked.pointer(place));
        walked
    }

    fn note_cut(&mut self, place: usize, len: usize) {
        if len > MAX_LEAVES {
            self.cut_at.get_or_insert(place);
        }
    }

    fn place(&mut self, parent: usize, step: Step<'a>) -> usize {
        self.places.push(Place { parent, step });
        self.places.len().saturating_sub(1)
    }

    fn leaf(&mut self, kind: Kind, role: Role, text: &'a str, place: usize) {
        let scanned = prefix(text, MAX_STRING.min(self.left));
        if scanned.len() < text.len() {
            self.cut_at.get_or_insert(place);
        }
        self.left = self.left.saturating_sub(scanned.len());
        self.leaves.push(Leaf { kind, role, text: scanned, place });
    }

    /// The RFC 6901 pointer of a leaf; of a key's object for a key.
    pub(crate) fn path(&self, leaf: &Leaf<'_>) -> String {
        self.pointer(leaf.place)
    }

    /// The RFC 6901 pointer of an argument; empty for one whose name must not be shown.
    pub(crate) fn pointer_of(&self, argument: &str) -> String {
        if self.is_plain(argument) { format!("/{argument}") } else { String::new() }
    }

    /// Which argument a leaf belongs to, as a number of its own; 0 if it is none's.
    pub(crate) fn argument(&self, leaf: &Leaf<'_>) -> usize {
        let mut at = leaf.place;
        while let Some(place) = self.places.get(at).filter(|place| place.parent != 0) {
            at = place.parent;
        }
        at
    }

    /// A pointer goes into logs and prompts, and keys are the agent's to choose: it ends before the
    /// first key that is not a plain short name, or that could itself be what must not be shown.
    fn pointer(&self, place: usize) -> String {
        let mut steps = Vec::new();
        let mut at = place;
        while let Some(Place { parent, step }) = self.places.get(at) {
            if matches!(step, Step::Root) {
                break;
            }
            steps.push(*step);
            at = *parent;
        }
        let mut pointer = String::new();
        for step in steps.iter().rev() {
            pointer.push('/');
            match step {
                Step::Key(key) if self.is_plain(key) => pointer.push_str(key),
                Step::Index(i) => pointer.push_str(&i.to_string()),
                Step::Key(_) | Step::Root => {
                    pointer.pop();
                    break;
                }
            }
        }
        pointer
    }

    fn is_plain(&self, key: &str) -> bool {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        (1..=64).contains(&key.len())
            && key.bytes().all(allowed)
            && key.bytes().filter(u8::is_ascii_digit).count() <= 6
            && !self.canary.recognises(key)
    }

    /// Whether the argument says where something goes, or what is acted on.
    pub(crate) fn is_sink(role: Role) -> bool {
        match role {
            Role::Recipient | Role::Target | Role::Url => true,
            Role::Amount | Role::Currency | Role::FreeText | Role::Plain => false,
        }
    }
}

/// Knows no tokens.
#[derive(Debug)]
struct Nothing;

impl Canary for Nothing {
    fn recognises(&self, _: &str) -> bool {
        false
    }
}

fn reverse_from<T>(stack: &mut [T], start: usize) {
    if let Some(tail) = stack.get_mut(start..) {
        tail.reverse();
    }
}

#[cfg(test)]
mod tests {
    use countersign_canon::parse;
    use countersign_core::ToolSpec;

    use super::*;

    #[derive(Debug)]
    struct Knows(&'static str);
    impl Canary for Knows {
        fn recognises(&self, text: &str) -> bool {
            text.contains(self.0)
        }
    }

    fn tool() -> Tool {
        ToolSpec::new("t").role("to", Role::Recipient).register().unwrap()
    }

    #[test]
    fn leaves_come_in_canonical_order_with_role_and_pointer() {
        let value = parse(br#"{"to":["b",{"mail":"c"}],"a":{"deep":[1,"x"]}}"#).unwrap();
        let tool = tool();
        let canary = Knows("-");
        let walked = Arguments::walk(&value, &tool, &canary);
        let got: Vec<_> =
            walked.leaves.iter().map(|l| (walked.path(l), l.text, l.role, l.kind)).collect();
        let leaf = |path: &str, text: &'static str, role, kind| (path.to_owned(), text, role, kind);
        assert_eq!(
            got,
            [
                leaf("", "a", Role::FreeText, Kind::Key),
                leaf("", "to", Role::Recipient, Kind::Key),
                leaf("/a", "deep", Role::FreeText, Kind::Key),
                leaf("/a/deep/0", "1", Role::FreeText, Kind::Number),
                leaf("/a/deep/1", "x", Role::FreeText, Kind::Text),
                leaf("/to/0", "b", Role::Recipient, Kind::Text),
                leaf("/to/1", "mail", Role::Recipient, Kind::Key),
                leaf("/to/1/mail", "c", Role::Recipient, Kind::Text),
            ]
        );
        assert_eq!(walked.cut, None);
        let of: Vec<_> = walked.leaves.iter().map(|leaf| walked.argument(leaf)).collect();
        assert!(of[..2] == [0, 0] && of[2] != of[5], "{of:?}");
        assert!(of[2..5].iter().all(|n| *n == of[2]) && of[5..].iter().all(|n| *n == of[5]));
    }

    #[test]
    fn a_pointer_stops_before_a_key_that_must_not_be_shown() {
        let tool = tool();
        let canary = Knows("tok");
        for key in ["tok_abc", "a/b", "4111111111111111", "\\u001b[2J", "", "é"] {
            let json = format!(r#"{{"ok":{{"{key}":["x"]}}}}"#);
            let value = parse(json.as_bytes()).unwrap();
            let walked = Arguments::walk(&value, &tool, &canary);
            let leaf = walked.leaves.iter().find(|l| l.text == "x").unwrap();
            assert_eq!(walked.path(leaf), "/ok", "{key}");
        }
    }

    #[test]
    fn too_much_is_scanned_in_part_and_said() {
        let (tool, canary) = (tool(), Knows("-"));
        let long = format!(r#"{{"a":"{}"}}"#, "é".repeat(MAX_STRING / 2 + 1));
        let value = parse(long.as_bytes()).unwrap();
        let walked = Arguments::walk(&value, &tool, &canary);
        assert_eq!(walked.cut.as_deref(), Some("/a"));
        assert_eq!(walked.leaves[1].text.len(), MAX_STRING);

        let items = vec![Value::from("x".repeat(MAX_STRING)); 17];
        let many = Value::Array(items);
        let walked = Arguments::walk(&many, &tool, &canary);
        assert_eq!(walked.cut.as_deref(), Some("/16"));

        let many = Value::Array(vec![Value::from(1u8); MAX_LEAVES + 1]);
        let walked = Arguments::walk(&many, &tool, &canary);
        assert!(walked.cut.is_some() && walked.leaves.len() <= MAX_LEAVES);

        let row = Value::Array(vec![Value::from(1u8); 300]);
        let rows = Value::Array(vec![row; 300]);
        let walked = Arguments::walk(&rows, &tool, &canary);
        assert!(walked.cut.is_some());
    }

    #[test]
    fn arguments_that_are_no_object_are_free_text() {
        let (tool, canary) = (tool(), Knows("-"));
        let value = Value::from("only");
        let walked = Arguments::walk(&value, &tool, &canary);
        assert_eq!(
            (walked.leaves[0].role, walked.path(&walked.leaves[0])),
            (Role::FreeText, String::new())
        );
    }
}
