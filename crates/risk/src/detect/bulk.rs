//! Many at once, many in a row, much read before.

use std::collections::BTreeSet;

use countersign_canon::{Object, Value};
use countersign_core::{Effect, Finding, Role, Weight};

use super::{Call, recipients};
use crate::infer::only_reads;
use crate::signal;

fn finding(
    call: &Call<'_>,
    signal: &'static str,
    owasp: &'static str,
    evidence: String,
) -> Finding {
    Finding::new(signal, owasp, evidence, Weight::Halves(call.config.multipliers.bulk.halves()))
}

/// One changing call goes to, or acts on, many: the union over all its addressing arguments.
pub(super) fn targets(call: &Call<'_>) -> Option<Finding> {
    let limits = &call.config.limits;
    let limit = match call.tool.effect() {
        Effect::Read => return None,
        // What is severe is never bulk later than what is not.
        Effect::Destructive | Effect::Credential => limits.targets_severe.min(limits.targets),
        Effect::Write | Effect::Outward | Effect::Financial => limits.targets,
    };
    let Value::Object(arguments) = call.arguments.value else { return None };
    let mut targets = Targets::default();
    // The argument that adds most, and how much.
    let (mut most, mut at) = (0usize, "");
    for (name, value) in arguments.iter() {
        let before = targets.distinct.len();
        targets.gather(value, call.tool.role(name));
        if targets.everything {
            let evidence = "a recipient or target stands for all".to_owned();
            let found = finding(call, signal::BULK_TARGETS, "LLM06", evidence);
            return Some(found.at(call.arguments.pointer_of(name)));
        }
        let added = targets.distinct.len().saturating_sub(before);
        if added > most {
            (most, at) = (added, name);
        }
    }
    if let Some(name) = empty_filter(call, arguments) {
        let evidence = "it destroys, and its targets are left empty, which may stand for all";
        let found = finding(call, signal::BULK_TARGETS, "LLM06", evidence.to_owned());
        return Some(found.at(call.arguments.pointer_of(name)));
    }
    let count = targets.distinct.len();
    let many = u32::try_from(count).unwrap_or(u32::MAX) >= limit;
    many.then(|| {
        let evidence = format!("{count} recipients or targets in one call, the limit is {limit}");
        let found = finding(call, signal::BULK_TARGETS, "LLM06", evidence);
        found.at(call.arguments.pointer_of(at))
    })
}

/// The first target of a destructive call, where it has targets and all of them are empty.
fn empty_filter<'a>(call: &Call<'_>, arguments: &'a Object) -> Option<&'a str> {
    // What nobody described is taken to destroy, and may do no more than list a folder.
    if call.tool.effect() != Effect::Destructive || only_reads(call.tool.name().as_str()) {
        return None;
    }
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    let role = |name: &str| call.tool.role(name);
    let addresses = |name| matches!(role(name), Role::Target | Role::Recipient | Role::Url);
    if arguments.iter().any(|(name, value)| addresses(name) && says(value)) {
        return None;
    }
    let mut empty = arguments.iter().filter(|(_, value)| **value != Value::Null);
    empty.find(|(name, _)| role(name) == Role::Target).map(|(name, _)| name)
}

#[derive(Debug, Default)]
struct Targets {
    distinct: BTreeSet<String>,
    everything: bool,
}

impl Targets {
    /// Every recipient counts. Of objects acted on and URLs, only lists do: a call names one such
    /// object as a matter of course. In a list, an object of several fields is one target; outside
    /// a list, each of its keys may be one.
    fn gather(&mut self, value: &Value, role: Role) {
        if !matches!(role, Role::Recipient | Role::Target | Role::Url) {
            return;
        }
        let mut open = vec![(value, false)];
        while let Some((value, listed)) = open.pop() {
            match value {
                Value::Number(n) if listed || role == Role::Recipient => self.add(n.as_str()),
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
                Value::String(text) => self.text(text, role, listed),
                Value::Array(items) => {
                    for item in items {
                        if let Value::Object(_) = item {
                            self.add(item.to_canonical().as_str());
                        }
                        open.push((item, true));
                    }
                }
                Value::Object(object) => {
                    for (key, member) in object.iter() {
                        let list = matches!(member, Value::Array(_) | Value::Object(_));
                        if !listed {
                            self.add(key);
                            open.push((member, false));
                        } else if list {
                            open.push((member, true));
                        } else if let Some(text) = member.as_str() {
                            self.everything |= is_everything(text);
                        }
                    }
                }
            }
        }
    }

    fn text(&mut self, text: &str, role: Role, listed: bool) {
        if role == Role::Url {
            self.everything |= text.trim() == "*";
            if listed {
                self.add(text);
            }
            return;
        }
        let parts: Vec<&str> = recipients(text).collect();
        let counts = listed || role == Role::Recipient || parts.len() > 1;
        for part in parts {
            self.everything |= is_everything(part);
            if counts {
                self.add(part);
            }
        }
    }

    fn add(&mut self, target: &str) {
        self.distinct.insert(target.trim().to_lowercase());
    }
}

fn is_everything(text: &str) -> bool {
    let word = text.trim();
    let is = |word: &str, one: &&str| word.eq_ignore_ascii_case(one);
    let bare = word.trim_start_matches(['@', '#']);
    word.contains('*')
        || ["all", "everyone", "everybody"].iter().any(|one| is(bare, one))
        || ["@channel", "@here"].iter().any(|one| is(word, one))
}

/// Many different changing calls of one verb in a short time, each of which alone looks fine.
pub(super) fn velocity(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let limit = call.config.limits.velocity;
    let seconds = call.config.limits.velocity_seconds;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let evidence = match call.before([0; 8]).map(|before| before.distinct.saturating_add(1)) {
        None => "more changing calls were attempted than are kept".to_owned(),
        Some(count) if number(count) >= limit => format!(
            "{count} different calls of this kind within {seconds} seconds, the limit is {limit}"
        ),
        Some(count) => {
            let (all, limit) =
                (call.agent_calls.saturating_add(number(count)), call.config.limits.agent_velocity);
            if call.agent_calls == 0 || all < limit {
                return None;
            }
            format!(
                "{all} different calls of this kind by the agent in all its sessions within a short time, the limit is {limit}"
            )
        }
    };
    Some(finding(call, signal::BULK_VELOCITY, "LLM06", evidence))
}

/// The very same changing call again and again: a loop, or a payment in pieces.
pub(super) fn repeats(call: &Call<'_>) -> Option<Finding> {
    if call.reads() {
        return None;
    }
    let limit = call.config.limits.repeats;
    let times = call.before([0; 8])?.same.saturating_add(1);
    (times >= limit).then(|| {
        let evidence = format!("the very same call for the {times}th time, the limit is {limit}");
        finding(call, signal::BULK_REPEATS, "LLM10", evidence)
    })
}

/// Much that is private was read before something leaves. A destructive tool counts as one through
/// which things leave: what an undeclared tool does is taken at its worst.
pub(super) fn reads(call: &Call<'_>) -> Option<Finding> {
    let leaves = match call.tool.effect() {
        Effect::Read | Effect::Write => false,
        Effect::Outward | Effect::Destructive | Effect::Financial | Effect::Credential => true,
    };
    let (count, limit) = (call.memory.private_reads(), call.config.limits.private_reads);
    (leaves && count >= limit).then(|| {
        let evidence = format!("{count} private answers were read before, the limit is {limit}");
        finding(call, signal::BULK_READS, "LLM02", evidence)
    })
}

#[cfg(test)]
mod tests {
    use countersign_canon::parse;

    use super::*;

    fn count(json: &str, role: Role) -> (usize, bool) {
        let mut targets = Targets::default();
        targets.gather(&parse(json.as_bytes()).unwrap(), role);
        (targets.distinct.len(), targets.everything)
    }

    #[test]
    fn recipients_are_counted_in_whatever_shape_they_come() {
        for (json, n) in [
            (r#""a@x""#, 1),
            (r#"["a@x","A@x ","b@x"]"#, 2),
            (r#""a@x, b@x; c@x d@x""#, 4),
            (r#"[{"email":"a@x","optional":true},{"email":"b@x"}]"#, 2),
            (r#"{"a@x":"reader","b@x":"writer"}"#, 4),
            (r#"{"to":["a@x","b@x"],"cc":["c@x"]}"#, 5),
            (r#"[["a@x","b@x"],["c@x"]]"#, 3),
            (r#"[{"group":["a@x","b@x"]}]"#, 3),
            ("[1,2,3,3]", 3),
            ("null", 0),
        ] {
            assert_eq!(count(json, Role::Recipient), (n, false), "{json}");
        }
    }

    #[test]
    fn of_targets_and_urls_only_lists_count() {
        assert_eq!(count(r#""id1""#, Role::Target).0, 0);
        assert_eq!(count("7", Role::Target).0, 0);
        assert_eq!(count(r#"["id1","id2"]"#, Role::Target).0, 2);
        assert_eq!(count(r#""id1,id2,id3""#, Role::Target).0, 3);
        assert_eq!(count(r#""https://x/a,b""#, Role::Url).0, 0);
        assert_eq!(count(r#"["https://x/a,b","https://x/c"]"#, Role::Url).0, 2);
        assert_eq!(count(r#"["a@x","b@x"]"#, Role::FreeText).0, 0);
    }

    #[test]
    fn what_stands_for_all_is_everything() {
        for json in [
            r#""*""#,
            r#"" ALL ""#,
            r#""@everyone""#,
            r##""#all""##,
            r#"["a@x","*@x.org"]"#,
            r#"[{"email":"*"}]"#,
            r#""@channel""#,
            r#"{"to":"everybody"}"#,
            r#""@Everyone""#,
            r#""\u00fcber*""#,
        ] {
            assert!(count(json, Role::Recipient).1, "{json}");
        }
        for json in [r#""overall""#, r#""channel""#, r#""all-hands""#, r#""allison""#] {
            assert!(!count(json, Role::Recipient).1, "{json}");
        }
    }
}
