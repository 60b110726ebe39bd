//! [`Connector`]: from a call to the exact request, and back from the answer.
//!
//! The suite needs samples: calls that the connector takes, the answers to the reads that planning
//! asks for, and answers that mean success ([`Sample`]). From these it makes what is garbage.

mod answers;
mod preview;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Answer, Canonical, Connector, Effect, EffectId, Object, Planned, Prepared, Seen, Selector,
    Tool, ToolCall, Value,
};

pub use self::answers::*;
pub use self::preview::*;
use super::{broken, done, holds, is_code, same};
use crate::fixtures::effect;

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
    done(
        "Connector: a planned call is of one of its tools",
        tool.ok_or_else(|| call.tool().clone()),
    )
}

/// Plans to the end, answering the reads from the sample. None if it is refused or reads something
/// that the sample does not answer.
fn drive(
    connector: &dyn Connector,
    sample: &Sample,
    call: &ToolCall,
    effect: EffectId,
) -> Option<Prepared> {
    let clause = "Connector: Needs only reads of its own tools, each once";
    let pinned = "Connector: Pinned is the same call with what was found";
    let (mut call, mut seen) = (call.clone(), Seen::nothing());
    for _ in 0..8 {
        match connector.plan(&call, effect, &seen).ok()? {
            Planned::Ready(prepared) => return Some(prepared),
            Planned::Needs(reads) => {
                holds(clause, !reads.is_empty(), "it needs nothing");
                for read in reads {
                    holds(
                        clause,
                        seen.answer(&read).is_none(),
                        "it asks again for what it was given",
                    );
                    same(clause, tool_of(connector, &read).effect(), Effect::Read);
                    let (_, answer) = sample.reads.iter().find(|(known, _)| *known == read)?;
                    seen.add(read, answer.clone());
                }
            }
            Planned::Pinned(next) => {
                let untouched = next.tool() == call.tool() && next.arguments() == call.arguments();
                holds(
                    pinned,
                    untouched && next.pins().is_some() && call.pins().is_none(),
                    "it is not",
                );
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
        same(clause, used.map(Selector::connection), tool.connection().filter(|_| used.is_some()));
        for scope in used.map(Selector::scopes).unwrap_or_default() {
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

/// Makes one leaf of the arguments another, or not.
type Change<'c> = &'c dyn Fn(&Value) -> Option<Value>;

/// Every leaf of the arguments, each replaced by something else in turn.
fn mutated(arguments: &Canonical, change: Change<'_>) -> Vec<Object> {
    fn walk(value: &Value, change: Change<'_>) -> Vec<Value> {
        match value {
            Value::Object(object) => {
                let each = object.iter().flat_map(|(name, inner)| {
                    walk(inner, change)
                        .into_iter()
                        .map(move |v| Value::from(object.clone().with(name, v)))
                });
                each.collect()
            }
            Value::Array(items) => {
                let each = items.iter().enumerate().flat_map(|(at, inner)| {
                    walk(inner, change).into_iter().map(move |v| {
                        let swapped = items.iter().enumerate();
                        let swapped =
                            swapped.map(|(n, old)| if n == at { v.clone() } else { old.clone() });
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
                let Err(error) = connector.plan(&call, effect(), &Seen::nothing()) else {
                    continue;
                };
                let told = format!("{error} {error:?}");
                holds(clause, !told.contains(canary), told);
                holds("Connector: an error has a stable code", is_code(error.kind), error.kind);
            }
        }
    }
}
