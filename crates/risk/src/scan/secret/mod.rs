//! Tokens, passwords and keys.

mod context;
mod rules;
mod shapes;
mod table;

use std::sync::LazyLock;

use super::bytes;
use super::kinds::{Class, Evidence, Kind, Span};
use super::literals::Literals;
pub(super) use rules::random;
use rules::{Rule, drawn};
use table::RULES;

/// What is looked for as it is written: the beginnings of tokens.
static PREFIXES: LazyLock<Prefixes> = LazyLock::new(Prefixes::new);

#[derive(Debug)]
struct Prefixes {
    literals: Literals,
    /// The rules behind every literal.
    rules: Vec<Vec<&'static Rule>>,
}

/// Bytes of a beginning that are searched for.
const ANCHOR: usize = 4;

impl Prefixes {
    fn new() -> Self {
        let mut anchors: Vec<&'static str> = Vec::new();
        let mut rules: Vec<Vec<&'static Rule>> = Vec::new();
        let mut sorted: Vec<&'static Rule> = RULES.iter().collect();
        // A short anchor that is the beginning of a longer one takes over its rules.
        sorted.sort_by_key(|rule| rule.prefix.len().min(ANCHOR));
        for rule in sorted {
            let anchor = rule.prefix.get(..ANCHOR.min(rule.prefix.len())).unwrap_or(rule.prefix);
            let known = anchors.iter().position(|known| anchor.starts_with(known));
            if let Some(list) = known.and_then(|i| rules.get_mut(i)) {
                list.push(rule);
            } else {
                anchors.push(anchor);
                rules.push(vec![rule]);
            }
        }
        Self { literals: Literals::new(anchors.into_iter()), rules }
    }
}

/// Finds all secrets of a text. `lower` is the text in lower case.
pub(super) fn find(text: &[u8], lower: &[u8], out: &mut Vec<Span>) {
    PREFIXES.literals.each(text, |anchor, start| {
        let rules = PREFIXES.rules.get(anchor).map(Vec::as_slice).unwrap_or_default();
        let begins = bytes::begins(text, start);
        let found = rules.iter().find_map(|rule| {
            let fits =
                (begins || rule.is_strong()) && bytes::goes_on(text, start, rule.prefix.as_bytes());
            let end = rule.end(text, start).filter(|_| fits)?;
            let body = bytes::part(text, start.saturating_add(rule.prefix.len()), end);
            let odd = if rule.prefix.len() < 4 { random(body) } else { drawn(body) };
            odd.then(|| span(rule.name, start, end))
        });
        found.map_or(0, |span| {
            out.push(span);
            span.end
        })
    });
    shapes::find(text, out);
    context::find(text, lower, out);
}

fn span(rule: &'static str, start: usize, end: usize) -> Span {
    let (class, evidence) = (Class::High, Evidence::Plain);
    Span { kind: Kind::Secret, rule, start, end, class, evidence }
}
