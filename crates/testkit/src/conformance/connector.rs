//! [`Connector`]: from a call to the exact request, and back from the answer.
//!
//! The suite needs samples: calls that the connector takes, the answers to the reads that planning
//! asks for, and answers that mean success ([`Sample`]). From these it makes what is garbage.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Answer, Canonical, Connector, Effect, EffectId, Ending, Method, Object, Planned,
    Prepared, Preview, Reconciled, Seen, Tool, ToolCall, Value, canon,
};

use super::{broken, done, holds, is_code, same};
use crate::fixtures::{effect, local, note};

type Commits = Box<dyn Fn(&Prepared) -> Vec<Answer> + Send + Sync>;

/// A call that the connector takes, and how the provider answers.
pub struct Sample {
    call: ToolCall,
    reads: Vec<(ToolCall, Answer)>,
    commits: Commits,
    marked: bool,
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Sample {
    /// A call, and the answers to its steps after which it is committed.
    pub fn new(
        call: ToolCall,
        commits: impl Fn(&Prepared) -> Vec<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self { call, reads: Vec::new(), commits: Box::new(commits), marked: false }
    }

    /// What a read that planning asks for finds.
    #[must_use]
    pub fn read(mut self, call: ToolCall, answer: Answer) -> Self {
        self.reads.push((call, answer));
        self
    }

    /// Says that the request carries an id or a marker that derives from the effect id, so that a
    /// repeat is recognised: two effects of this call are two different requests.
    #[must_use]
    pub fn marked(mut self) -> Self {
        self.marked = true;
        self
    }
}

/// Makes the connector under test; each time a new one of the same configuration.
pub type Make<'a> = &'a dyn Fn() -> Arc<dyn Connector>;

/// Runs every clause. There should be a sample of each tool.
pub fn all(make: Make<'_>, samples: &[Sample]) {
    has_a_sample_of_each_tool(make, samples);
    declares_the_same_tools_each_time(make);
    plans_the_same_bytes_each_time(make, samples);
    plans_what_was_asked(make, samples);
    marks_what_it_creates(make, samples);
    refuses_what_it_does_not_know(make, samples);
    repeats_no_value_in_an_error(make, samples);
    shows_every_argument(make, samples);
    shows_every_difference(make, samples);
    previews_the_prepared_bytes(make, samples);
    commits_on_success(make, samples);
    never_commits_on_garbage(make, samples);
    never_reconciles_on_garbage(make, samples);
}

#[track_caller]
fn tool_of(connector: &dyn Connector, call: &ToolCall) -> Tool {
    let tool = connector.tools().into_iter().find(|tool| tool.name() == call.tool());
    done("Connector: a planned call is of one of its tools", tool.ok_or_else(|| call.tool().clone()))
}

/// Plans to the end, answering the reads from the sample. None if it is refused or reads something
/// that the sample does not answer.
fn drive(connector: &dyn Connector, sample: &Sample, call: &ToolCall, effect: EffectId) -> Option<Prepared> {
    let clause = "Connector: Needs only reads of its own tools, each once";
    let pinned = "Connector: Pinned is the same call with what was found";
    let (mut call, mut seen) = (call.clone(), Seen::nothing());
    for _ in 0..8 {
        match connector.plan(&call, effect, &seen).ok()? {
            Planned::Ready(prepared) => return Some(prepared),
            Planned::Needs(reads) => {
                holds(clause, !reads.is_empty(), "it needs nothing");
                for read in reads {
                    holds(clause, seen.answer(&read).is_none(), "it asks again for what it was given");
                    same(clause, tool_of(connector, &read).effect(), Effect::Read);
                    let (_, answer) = sample.reads.iter().find(|(known, _)| *known == read)?;
                    seen.add(read, answer.clone());
                }
            }
            Planned::Pinned(next) => {
                let untouched = next.tool() == call.tool() && next.arguments() == call.arguments();
                holds(pinned, untouched && next.pins().is_some() && call.pins().is_none(), "it is not");
                call = next;
            }
        }
    }
    broken("Connector: planning ends", "not after eight rounds")
}

#[track_caller]
fn planned(connector: &dyn Connector, sample: &Sample, effect: EffectId) -> Prepared {
    let prepared = drive(connector, sample, &sample.call, effect);
    done("Connector: the sample can be planned", prepared.ok_or_else(|| sample.call.clone()))
}

/// There is a sample of each tool, or the suite shows little.
pub fn has_a_sample_of_each_tool(make: Make<'_>, samples: &[Sample]) {
    for tool in make().tools() {
        let sampled = samples.iter().any(|sample| sample.call.tool() == tool.name());
        holds("Connector: the suite has a sample of each tool", sampled, tool.name());
    }
}

/// Names are not repeated, and the definitions are the same each time, for each instance.
pub fn declares_the_same_tools_each_time(make: Make<'_>) {
    let clause = "Connector: the same tools each time";
    let (one, other) = (make(), make());
    let tools = one.tools();
    holds(clause, !tools.is_empty(), "it has none");
    same(clause, &one.tools(), &tools);
    same(clause, &other.tools(), &tools);
    let mut names: Vec<_> = tools.iter().map(|tool| tool.name().clone()).collect();
    names.sort();
    names.dedup();
    same("Connector: no two tools share a name", names.len(), tools.len());
}

/// The same call, effect id and answers give the same bytes: now and later, for each instance, and
/// whatever was planned in between.
pub fn plans_the_same_bytes_each_time(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: the same call, effect id and answers give the same bytes";
    let connector = make();
    for sample in samples {
        let id = effect();
        let first = planned(connector.as_ref(), sample, id).to_bytes();
        for other in samples {
            planned(connector.as_ref(), other, effect());
        }
        std::thread::sleep(Duration::from_millis(2));
        for again in [&connector, &make()] {
            let seen = planned(again.as_ref(), sample, id).to_bytes();
            holds(clause, seen == first, format!("{:?}", sample.call.tool()));
        }
    }
}

/// The effect is the call's: its id, its tool, its arguments with what was pinned, and no credential
/// beyond the tool's.
pub fn plans_what_was_asked(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: the effect is that of the call";
    let connector = make();
    for sample in samples {
        let id = effect();
        let prepared = planned(connector.as_ref(), sample, id);
        same(clause, prepared.effect_id(), id);
        same(clause, prepared.tool(), sample.call.tool());
        let carried = prepared.arguments().value();
        let asked = sample.call.arguments().value();
        for (name, value) in asked.as_object().into_iter().flatten() {
            same(clause, carried.get(name), Some(value));
        }
        let extra = carried.as_object().into_iter().flatten();
        let extra = extra.filter(|(name, _)| *name != "pinned" && asked.get(name).is_none());
        same(clause, extra.count(), 0);
        let tool = tool_of(connector.as_ref(), &sample.call);
        let clause = "Connector: no credential beyond the tool's connection and scopes";
        let used = prepared.credential();
        same(clause, used.map(|c| c.connection()), tool.connection().filter(|_| used.is_some()));
        for scope in used.map(|c| c.scopes()).unwrap_or_default() {
            holds(clause, tool.scopes().contains(scope), scope);
        }
        for step in prepared.steps() {
            let encrypted = step.url().starts_with("https://");
            holds("Connector: every request is encrypted", encrypted, sample.call.tool());
        }
    }
}

/// Two effects of one call never share a digest, and what the provider is to recognise as a repeat
/// derives from the effect id alone.
pub fn marks_what_it_creates(make: Make<'_>, samples: &[Sample]) {
    let connector = make();
    for sample in samples {
        let one = planned(connector.as_ref(), sample, effect());
        let other = planned(connector.as_ref(), sample, effect());
        let clause = "Connector: another effect id is another effect";
        holds(clause, one.digest() != other.digest(), sample.call.tool());
        let clause = "Connector: what it creates carries a mark of the effect id";
        same(clause, one.steps() != other.steps(), sample.marked);
    }
}

fn call(tool: &str, arguments: Object) -> Option<ToolCall> {
    ToolCall::from_json(tool, Value::from(arguments).to_canonical().as_bytes()).ok()
}

/// An unknown tool is refused; so is an argument that the tool does not take, rather than left out.
pub fn refuses_what_it_does_not_know(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: what it does not know is refused";
    let connector = make();
    let stranger = call("conformance_no_such_tool", Object::new());
    let refused = stranger.is_some_and(|c| connector.plan(&c, effect(), &Seen::nothing()).is_err());
    holds(clause, refused, "an unknown tool was planned");
    for sample in samples {
        let Value::Object(arguments) = sample.call.arguments().value() else { continue };
        let more = arguments.with("conformance_unknown", "x");
        let more = call(sample.call.tool().as_str(), more);
        let taken = more.and_then(|more| drive(connector.as_ref(), sample, &more, effect()));
        holds(clause, taken.is_none(), format!("{}: an unknown argument", sample.call.tool()));
    }
}

/// Every leaf of the arguments, each replaced by something else in turn.
fn mutated(arguments: &Canonical, change: &dyn Fn(&Value) -> Option<Value>) -> Vec<Object> {
    fn walk(value: &Value, change: &dyn Fn(&Value) -> Option<Value>) -> Vec<Value> {
        match value {
            Value::Object(object) => {
                let each = object.iter().flat_map(|(name, inner)| {
                    walk(inner, change).into_iter().map(move |v| Value::from(object.clone().with(name, v)))
                });
                each.collect()
            }
            Value::Array(items) => {
                let each = items.iter().enumerate().flat_map(|(at, inner)| {
                    walk(inner, change).into_iter().map(move |v| {
                        let swapped = items.iter().enumerate();
                        let swapped = swapped.map(|(n, old)| if n == at { v.clone() } else { old.clone() });
                        Value::Array(swapped.collect())
                    })
                });
                each.collect()
            }
            leaf => change(leaf).into_iter().collect(),
        }
    }
    let changed = walk(&arguments.value(), change);
    changed.into_iter().filter_map(|value| value.as_object().cloned()).collect()
}

/// An error names the argument and the rule, never the value: the agent sees it.
pub fn repeats_no_value_in_an_error(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: an error does not repeat a value";
    let canary = "canary-8d1f63a7";
    let connector = make();
    let hostile: [Value; 6] = [
        canary.into(),
        format!("\0{canary}").into(),
        format!("{canary}\r\nx: y").into(),
        canary.repeat(2_000).into(),
        Value::Array(vec![canary.into()]),
        Object::new().with(canary, canary).into(),
    ];
    for sample in samples {
        for value in &hostile {
            for arguments in mutated(sample.call.arguments(), &|_| Some(value.clone())) {
                let Some(call) = call(sample.call.tool().as_str(), arguments) else { continue };
                let Err(error) = connector.plan(&call, effect(), &Seen::nothing()) else { continue };
                let told = format!("{error} {error:?}");
                holds(clause, !told.contains(canary), told);
                holds("Connector: an error has a stable code", is_code(error.kind), error.kind);
            }
        }
    }
}

/// Letters and digits alone, in lower case: the same value in another spelling.
fn essence(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn leaves<'v>(value: &'v Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(_, inner): (&str, &'v Value)| leaves(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| leaves(inner, found)),
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.as_str().to_owned()),
        Value::Null | Value::Bool(_) => {}
    }
}

fn text(preview: &Preview) -> String {
    let lines = preview.lines.iter().map(|(label, value)| format!("{label}: {value}\n"));
    lines.fold(format!("{}\n", preview.title), |all, line| all + &line)
}

/// Every text and number among the arguments is on the preview, if in another spelling.
pub fn shows_every_argument(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: the preview shows every argument's value";
    let connector = make();
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        let shown = essence(&text(&connector.preview(&prepared)));
        let mut values = Vec::new();
        leaves(&sample.call.arguments().value(), &mut values);
        for value in values {
            let there = shown.contains(&essence(&value));
            holds(clause, there, format!("{}: {value:?}", sample.call.tool()));
        }
    }
}

/// Whatever argument changes the request changes the preview.
pub fn shows_every_difference(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: requests that differ look different";
    let connector = make();
    let id = effect();
    let next = |number: &canon::Number| {
        let next = number.as_i64().and_then(|n| n.checked_add(1));
        next.and_then(|n| canon::Number::try_from(n).ok()).map(Value::Number)
    };
    let changes: [&dyn Fn(&Value) -> Option<Value>; 3] = [
        &|leaf| match leaf {
            Value::Bool(is) => Some((!is).into()),
            Value::Number(number) => next(number),
            Value::String(text) => Some(format!("{text}x").into()),
            _ => None,
        },
        &|leaf| leaf.as_str().map(|text| format!("x{text}").into()),
        &|leaf| leaf.as_str().map(|text| text.to_uppercase().into()),
    ];
    for sample in samples {
        let first = planned(connector.as_ref(), sample, id);
        let shown = connector.preview(&first);
        let arguments = sample.call.arguments();
        let others = changes.iter().flat_map(|change| mutated(arguments, *change));
        let others = others.filter_map(|changed| call(sample.call.tool().as_str(), changed));
        for other in others {
            let Some(second) = drive(connector.as_ref(), sample, &other, id) else { continue };
            let differs = second.steps() != first.steps();
            let seen = connector.preview(&second) != shown;
            holds(clause, seen || !differs, format!("{other:?}"));
        }
    }
}

/// The preview is made from the prepared bytes alone: the same for the effect that travelled, and for
/// each instance.
pub fn previews_the_prepared_bytes(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: the preview is made from the prepared bytes";
    let connector = make();
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        let shown = connector.preview(&prepared);
        holds(clause, !shown.title.is_empty() && !shown.lines.is_empty(), "it is empty");
        same(clause, &connector.preview(&prepared), &shown);
        let travelled = done(clause, Prepared::from_bytes(&prepared.to_bytes()));
        same(clause, &make().preview(&travelled), &shown);
    }
    // What another made must not be taken for ours, nor break anything.
    for foreign in [crate::fixtures::prepared(note()), local("crm_note", "{}")] {
        holds(clause, !connector.preview(&foreign).title.is_empty(), "an effect of another's");
    }
}

/// An answer that means success is committed.
pub fn commits_on_success(make: Make<'_>, samples: &[Sample]) {
    let connector = make();
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        let good = (sample.commits)(&prepared);
        let meaning = connector.interpret(&prepared, &good);
        let clause = "Connector: an answer that means success is committed";
        same(clause, (sample.call.tool(), meaning.ending), (sample.call.tool(), Ending::Committed));
        let again = connector.interpret(&prepared, &good);
        same("Connector: interpret is pure", &again.result, &meaning.result);
    }
}

const HTML: &[u8] = b"<!DOCTYPE html><html><body>Please log in to the network</body></html>";

/// Answers that mean nothing, or not that it was done: status, body, and whether it is plainly no
/// success of any kind.
fn garbage(good: &Answer) -> Vec<Answer> {
    let body = good.body.as_slice();
    let half = body.get(..body.len() / 2).unwrap_or_default();
    let trailing = [body, b"}"].concat();
    let listed = [b"[", body, b"]"].concat();
    let mut all = Vec::new();
    let mut add = |status: u16, body: &[u8]| {
        let kind = if body == HTML { "text/html" } else { "application/json" };
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        all.push(Answer::new(status, headers, body.to_vec()));
    };
    for status in (500..=511).chain([520, 522, 599, 600, 999]) {
        for body in [body, HTML, b"", b"{}"] {
            add(status, body);
        }
    }
    for status in [100, 101, 103, 300, 301, 302, 303, 304, 307, 308] {
        for body in [body, HTML, b""] {
            add(status, body);
        }
    }
    for status in [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 412, 413, 421, 422, 423, 425, 429, 451, 499] {
        for body in [body, HTML, b"", b"{\"error\":{\"code\":200}}"] {
            add(status, body);
        }
    }
    let nonsense: [&[u8]; 13] = [
        HTML, b"{}", b"[]", b"null", b"true", b"\"ok\"", b"ok", b"\0\xff\xfe", b"{\"error\":{}}",
        b"{\"id\":1}", half, &trailing, &listed,
    ];
    for status in [200, 201, 202, 203, 206, 226] {
        for body in nonsense {
            // A success without a body is one that has none: then its halves have none either.
            if !body.is_empty() && body != good.body {
                add(status, body);
            }
        }
        if !good.body.is_empty() {
            add(status, b"");
        }
    }
    all
}

/// No answer, a refusal, an error of the server's, a redirect, a login page, a cut or an empty answer
/// are never committed; and for a call that changes something, what is neither success nor a clear
/// refusal is unknown.
pub fn never_commits_on_garbage(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: interpret never commits on what it does not understand";
    let doubt = "Connector: what is not clearly a failure that changed nothing is unknown";
    let connector = make();
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        let tool = tool_of(connector.as_ref(), &sample.call);
        let writes = tool.effect() != Effect::Read;
        let good = (sample.commits)(&prepared);
        let Some((last, first)) = good.split_last() else {
            broken("Connector: the sample has an answer that means success", sample.call.tool())
        };
        let said = |answer: &Answer| {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            format!("{}: {} {:.60}", tool.name(), answer.status, body)
        };
        let none = connector.interpret(&prepared, &[]).ending;
        holds(clause, none != Ending::Committed, format!("{}: no answer", tool.name()));
        holds(doubt, !writes || none == Ending::Unknown, format!("{}: no answer", tool.name()));
        if writes && !first.is_empty() {
            let ending = connector.interpret(&prepared, first).ending;
            holds(clause, ending != Ending::Committed, format!("{}: a step is missing", tool.name()));
        }
        for bad in garbage(last) {
            let status = bad.status;
            let mut answers = first.to_vec();
            answers.push(bad.clone());
            let meaning = connector.interpret(&prepared, &answers);
            holds(clause, meaning.ending != Ending::Committed, said(&bad));
            holds(doubt, meaning.code.is_some_and(is_code), said(&bad));
            if writes && (status >= 500 || (200..300).contains(&status)) {
                same(doubt, (said(&bad), meaning.ending), (said(&bad), Ending::Unknown));
            }
        }
        for foreign in [crate::fixtures::prepared(note()), local("crm_note", "{}")] {
            let ending = connector.interpret(&foreign, &good).ending;
            holds(clause, ending != Ending::Committed, "the effect of another connector");
        }
    }
}

/// Asked whether an effect happened, a connector that gets nonsense for an answer says neither that
/// it did nor that it did not, and reads with its own reading tools alone.
pub fn never_reconciles_on_garbage(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: reconcile never decides on what it does not understand";
    let connector = make();
    let reads = |wanted: &[ToolCall]| {
        holds("Connector: Needs only reads of its own tools, each once", !wanted.is_empty(), "none");
        for read in wanted {
            let effect = tool_of(connector.as_ref(), read).effect();
            same("Connector: Needs only reads of its own tools, each once", effect, Effect::Read);
            let plan = connector.plan(read, crate::fixtures::effect(), &Seen::nothing());
            let Ok(Planned::Ready(plan)) = plan else {
                broken("Connector: a read that is needed can be planned", read.tool())
            };
            let gets = plan.steps().iter().all(|step| step.method() == Method::Get);
            holds("Connector: a read that is needed reads", gets, read.tool());
        }
    };
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        if tool_of(connector.as_ref(), &sample.call).effect() == Effect::Read {
            let seen = connector.reconcile(&prepared, &Seen::nothing());
            holds(clause, !matches!(seen, Reconciled::Committed), sample.call.tool());
            continue;
        }
        let bodies: [&[u8]; 8] =
            [HTML, b"", b"{}", b"[]", b"null", b"\0\xff", b"{\"id\":1}", b"{\"error\":{}}"];
        for status in [200, 204, 206, 301, 302, 400, 401, 403, 429, 500, 502, 503, 599] {
            for body in bodies {
                let mut seen = Seen::nothing();
                for round in 0.. {
                    let said = format!("{}: {status} {:?}", sample.call.tool(), String::from_utf8_lossy(body));
                    match connector.reconcile(&prepared, &seen) {
                        Reconciled::InDoubt => break,
                        Reconciled::Needs(wanted) => {
                            holds(clause, round < 8, "it never ends");
                            reads(&wanted);
                            for read in wanted {
                                holds(clause, seen.answer(&read).is_none(), "it asks again");
                                seen.add(read, Answer::new(status, Vec::new(), body.to_vec()));
                            }
                        }
                        Reconciled::Committed | Reconciled::Absent => broken(clause, said),
                    }
                }
            }
        }
    }
}
