use countersign_core::{Prepared, Preview, Value, canon};

use super::super::{done, holds, same};
use super::{Change, Make, Sample, call, drive, mutated, planned};
use crate::fixtures::{effect, local, note};

/// Letters and digits alone, in lower case: the same value in another spelling.
fn essence(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn leaves<'v>(value: &'v Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(_, inner): (&str, &'v Value)| leaves(inner, found));
        }
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
    let changes: [Change<'_>; 3] = [
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
