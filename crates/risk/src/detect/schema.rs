//! Whether the arguments are what the tool's JSON Schema allows.
//!
//! Of JSON Schema: `type`, `required`, `properties`, `additionalProperties: false`, `items`, `enum`,
//! `const`, `minimum`, `maximum`, `minLength`, `maxLength`, `maxItems`. What a schema says in other
//! words is not checked.

use countersign_canon::{Number, Value};
use countersign_core::{Finding, Tier, Weight};

use super::Call;
use crate::signal;

/// Deepest that is looked at.
const MAX_DEPTH: usize = 32;

/// The arguments violate the schema.
pub(super) fn violated(call: &Call<'_>) -> Option<Finding> {
    let schema = call.tool.schema();
    if schema.as_str() == "{}" {
        return None;
    }
    let schema = schema.value();
    let problem = problem(&schema, call.arguments.value, true, MAX_DEPTH)?;
    let evidence = format!("the arguments are not what the tool's schema allows: {problem}");
    Some(Finding::new(signal::SCHEMA, "ASI02", evidence, Weight::Floor(Tier::A)))
}

/// What is wrong, in words of our own: names and values in it are the agent's.
fn problem(schema: &Value, value: &Value, root: bool, depth: usize) -> Option<&'static str> {
    let depth = depth.checked_sub(1)?;
    let schema = schema.as_object()?;
    let number = |key: &str| schema.get(key).and_then(Value::as_number).map(Number::as_f64);
    if let Some(types) = schema.get("type") {
        let fits = match types {
            Value::String(one) => is_a(value, one),
            Value::Array(any) => any.iter().filter_map(Value::as_str).any(|one| is_a(value, one)),
            _ => true,
        };
        if !fits {
            return Some("a wrong type");
        }
    }
    let listed = schema.get("enum").and_then(Value::as_array);
    if listed.is_some_and(|all| !all.contains(value))
        || schema.get("const").is_some_and(|c| c != value)
    {
        return Some("a value that is not one of those allowed");
    }
    match value {
        Value::Number(n) => {
            let n = n.as_f64();
            let low = number("minimum").is_some_and(|least| n < least);
            (low || number("maximum").is_some_and(|most| n > most))
                .then_some("a number out of range")
        }
        Value::String(text) => {
            let len = f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
            let short = number("minLength").is_some_and(|least| len < least);
            (short || number("maxLength").is_some_and(|most| len > most))
                .then_some("a text of a wrong length")
        }
        Value::Array(list) => {
            let len = f64::from(u32::try_from(list.len()).unwrap_or(u32::MAX));
            if number("maxItems").is_some_and(|most| len > most) {
                return Some("a list that is too long");
            }
            let items = schema.get("items")?;
            list.iter().find_map(|item| problem(items, item, false, depth))
        }
        Value::Object(object) => {
            let required = schema.get("required").and_then(Value::as_array).unwrap_or_default();
            if required.iter().filter_map(Value::as_str).any(|key| object.get(key).is_none()) {
                return Some("a required argument is missing");
            }
            let properties = schema.get("properties").and_then(Value::as_object);
            let closed = schema.get("additionalProperties").and_then(Value::as_bool) == Some(false);
            for (key, member) in object.iter() {
                match properties.and_then(|p| p.get(key)) {
                    Some(schema) => {
                        if let Some(problem) = problem(schema, member, false, depth) {
                            return Some(problem);
                        }
                    }
                    // A connector pins what it read beside what the agent asked.
                    None if closed && !(root && key == "pinned") => {
                        return Some("an argument that it does not have");
                    }
                    None => {}
                }
            }
            None
        }
        Value::Null | Value::Bool(_) => None,
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match (value, name) {
        (Value::Null, "null")
        | (Value::Bool(_), "boolean")
        | (Value::Number(_), "number")
        | (Value::String(_), "string")
        | (Value::Array(_), "array")
        | (Value::Object(_), "object") => true,
        (Value::Number(n), "integer") => n.as_f64().fract() == 0.0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use countersign_canon::parse;

    use super::*;

    #[test]
    fn what_a_schema_forbids_is_a_problem_and_what_it_leaves_open_is_none() {
        let schema = parse(
            br#"{"type":"object","required":["to"],"additionalProperties":false,"properties":{
                "to":{"type":["string","null"],"maxLength":5},"n":{"type":"integer","minimum":1},
                "list":{"items":{"enum":["a","b"]},"maxItems":2},"any":{}}}"#,
        )
        .unwrap();
        let check =
            |json: &str| problem(&schema, &parse(json.as_bytes()).unwrap(), true, MAX_DEPTH);
        for json in [
            r#"{"to":"kim"}"#,
            r#"{"to":null,"n":3,"list":["a"],"any":[{"x":1}]}"#,
            r#"{"to":"kim","pinned":{"etag":"x"}}"#,
        ] {
            assert_eq!(check(json), None, "{json}");
        }
        for json in [
            "{}",
            r#"{"to":5}"#,
            r#"{"to":"too long"}"#,
            r#"{"to":"kim","n":0}"#,
            r#"{"to":"kim","n":1.5}"#,
            r#"{"to":"kim","list":["c"]}"#,
            r#"{"to":"kim","list":["a","a","a"]}"#,
            r#"{"to":"kim","bcc":"eve"}"#,
            "[]",
        ] {
            assert!(check(json).is_some(), "{json}");
        }
    }
}
