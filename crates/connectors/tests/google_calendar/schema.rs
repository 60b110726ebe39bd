//! The JSON Schemas accept what the tools accept, as far as a schema without patterns can say it.

use countersign_connectors::GoogleCalendar;
use countersign_core::{Connector, Seen, Value};

use crate::support::{CREATE, DELETE, GET, LIST, PATCH, call, plan};

/// A validator for the keywords that the schemas use; it refuses to ignore any other.
fn accepts(schema: &Value, value: &Value) -> bool {
    let mut ok = true;
    for (keyword, rule) in schema.as_object().unwrap() {
        let number = || rule.as_i64().unwrap();
        let text = || value.as_str().map(|text| i64::try_from(text.chars().count()).unwrap());
        let list = || value.as_array();
        ok &= match keyword {
            "type" => match rule.as_str().unwrap() {
                "object" => value.as_object().is_some(),
                "array" => value.as_array().is_some(),
                "string" => value.as_str().is_some(),
                "boolean" => value.as_bool().is_some(),
                "integer" => value.as_i64().is_some(),
                other => panic!("unknown type {other}"),
            },
            "required" => rule.as_array().unwrap().iter().all(|name| {
                value.as_object().is_none_or(|object| object.get(name.as_str().unwrap()).is_some())
            }),
            "properties" => {
                rule.as_object().unwrap().iter().all(|(name, schema)| {
                    value.get(name).is_none_or(|member| accepts(schema, member))
                })
            }
            "additionalProperties" => {
                assert_eq!(rule, &Value::Bool(false));
                let known = schema.get("properties").unwrap();
                value.as_object().is_none_or(|o| o.keys().all(|name| known.get(name).is_some()))
            }
            "oneOf" => rule.as_array().unwrap().iter().filter(|s| accepts(s, value)).count() == 1,
            "enum" => rule.as_array().unwrap().contains(value),
            "minLength" => text().is_none_or(|length| length >= number()),
            "maxLength" => text().is_none_or(|length| length <= number()),
            "minimum" => value.as_i64().is_none_or(|n| n >= number()),
            "maximum" => value.as_i64().is_none_or(|n| n <= number()),
            "maxItems" => list().is_none_or(|l| i64::try_from(l.len()).unwrap() <= number()),
            "uniqueItems" => {
                list().is_none_or(|l| l.iter().enumerate().all(|(i, v)| !l[..i].contains(v)))
            }
            "items" => list().is_none_or(|l| l.iter().all(|item| accepts(rule, item))),
            "description" | "default" | "format" => true,
            other => panic!("unknown keyword {other}"),
        };
    }
    ok
}

fn schema(tool: &str) -> Value {
    let tools = GoogleCalendar::new().tools();
    tools.iter().find(|t| t.name().as_str() == tool).unwrap().schema().value()
}

#[test]
fn schema_and_tool_agree_on_examples() {
    let s = r#""start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}"#;
    let c = |more: &str| format!(r#"{{"summary":"x",{s}{more}}}"#);
    let p = |more: &str| format!(r#"{{"event_id":"a","summary":"x"{more}}}"#);
    let start = |start: &str| {
        format!(r#"{{"summary":"x","start":{start},"end":{{"date_time":"2026-03-11T10:00:00Z"}}}}"#)
    };
    let texts = |name: &str, max: usize| {
        [
            format!(r#","{name}":"{}""#, "é".repeat(max)),
            format!(r#","{name}":"{}""#, "é".repeat(max + 1)),
        ]
    };
    let list = |n: usize| {
        let list: Vec<_> = (0..n).map(|i| format!("\"a{i}@b.cc\"")).collect();
        format!(r#","attendees":[{}]"#, list.join(","))
    };
    let mut examples: Vec<(&str, String)> = Vec::new();
    for arguments in [
        "{}",
        r#"{"calendar_id":"a@b.cc"}"#,
        r#"{"calendar_id":""}"#,
        r#"{"calendar_id":null}"#,
        r#"{"calendar_id":7}"#,
        r#"{"time_min":"2026-03-10T00:00:00Z"}"#,
        r#"{"time_min":7}"#,
        r#"{"time_min":null}"#,
        r#"{"query":"x"}"#,
        r#"{"query":""}"#,
        r#"{"max_results":1}"#,
        r#"{"max_results":2500}"#,
        r#"{"max_results":0}"#,
        r#"{"max_results":2501}"#,
        r#"{"max_results":-1}"#,
        r#"{"max_results":70000}"#,
        r#"{"max_results":1.5}"#,
        r#"{"max_results":5e1}"#,
        r#"{"max_results":"5"}"#,
        r#"{"max_results":null}"#,
        r#"{"single_events":true}"#,
        r#"{"single_events":false}"#,
        r#"{"single_events":"true"}"#,
        r#"{"single_events":null}"#,
        r#"{"max_pages":0}"#,
        r#"{"max_pages":1}"#,
        r#"{"max_pages":2}"#,
        r#"{"max_pages":3}"#,
        r#"{"max_pages":10}"#,
        r#"{"max_pages":11}"#,
        r#"{"page_token":"x"}"#,
        r#"{"pinned":{}}"#,
        r#"{"event_id":"x"}"#,
    ] {
        examples.push((LIST, arguments.to_owned()));
    }
    for arguments in [
        "{}",
        r#"{"event_id":"a"}"#,
        r#"{"event_id":""}"#,
        r#"{"event_id":null}"#,
        r#"{"event_id":["a"]}"#,
        r#"{"event_id":"a","calendar_id":"b"}"#,
        r#"{"event_id":"a","etag":"\"1\""}"#,
        r#"{"event_id":"a","send_updates":"all"}"#,
        r#"{"event_id":"a","send_updates":"ALL"}"#,
        r#"{"event_id":"a","etag":null}"#,
        r#"{"event_id":"a","etag":""}"#,
        r#"{"event_id":"a","summary":"x"}"#,
        r#"{"event_id":"a","summary":"x","if_match":"*"}"#,
        r#"{"summary":"x"}"#,
    ] {
        examples.extend([GET, DELETE, PATCH].map(|tool| (tool, arguments.to_owned())));
    }
    // The etag's syntax, like that of addresses and dates, is more than a schema says.
    examples
        .retain(|(tool, a)| !(*tool == PATCH && !a.contains("summary") && a.contains("event_id")));
    let mut fields = vec![
        String::new(),
        r#","summary2":"x""#.into(),
        r#","location":"""#.into(),
        r#","description":"""#.into(),
        r#","description":null"#.into(),
        r#","attendees":[]"#.into(),
        r#","attendees":null"#.into(),
        r#","attendees":"a@b.cc""#.into(),
        r#","attendees":[7]"#.into(),
        r#","attendees":[{"email":"a@b.cc"}]"#.into(),
        r#","attendees":["a@b.cc","a@b.cc"]"#.into(),
        list(1),
        list(200),
        list(201),
        r#","recurrence":[]"#.into(),
        r#","recurrence":[null]"#.into(),
        r#","visibility":"public""#.into(),
        r#","visibility":"hidden""#.into(),
        r#","visibility":null"#.into(),
        r#","transparency":"opaque""#.into(),
        r#","transparency":true"#.into(),
        r#","send_updates":"none""#.into(),
        r#","send_updates":"external_only""#.into(),
        r#","send_updates":"externalOnly""#.into(),
        r#","send_updates":null"#.into(),
        r#","sendNotifications":true"#.into(),
        r#","guests_can_modify":true"#.into(),
        r#","id":"abcde""#.into(),
        r#","pinned":{}"#.into(),
    ];
    fields.extend(texts("location", 1024));
    fields.extend(texts("description", 8192));
    for more in &fields {
        examples.push((CREATE, c(more)));
        examples.push((PATCH, p(more)));
    }
    for arguments in [
        r#"{"summary":"x"}"#.to_owned(),
        format!("{{{s}}}"),
        format!(r#"{{"summary":"",{s}}}"#),
        format!(r#"{{"summary":null,{s}}}"#),
        c(r#","event_id":"a""#),
        c(r#","etag":"\"1\"""#),
        start(r#"{"date_time":"2026-03-10T10:00:00Z"}"#),
        start(r#"{"date_time":"2026-03-10T10:00:00Z","time_zone":"UTC"}"#),
        start(r#"{"date_time":"2026-03-10T10:00:00Z","time_zone":""}"#),
        start(r#"{"date_time":"2026-03-10T10:00:00Z","time_zone":null}"#),
        start(r#"{"date_time":"2026-03-10T10:00:00Z","date":"2026-03-10"}"#),
        start(r#"{"date_time":"2026-03-10T10:00:00Z","date":null}"#),
        start(r#"{"dateTime":"2026-03-10T10:00:00Z"}"#),
        start("{}"),
        start("null"),
        start(r#""2026-03-10T10:00:00Z""#),
        start(r#"{"time_zone":"UTC"}"#),
        start(r#"{"date":"2026-03-10","time_zone":"UTC"}"#),
        start(r#"{"date_time":7}"#),
    ] {
        examples.push((CREATE, arguments));
    }
    for summary in [1024, 1025] {
        let summary = "é".repeat(summary);
        examples.push((CREATE, format!(r#"{{"summary":"{summary}",{s}}}"#)));
        examples.push((PATCH, format!(r#"{{"event_id":"a","summary":"{summary}"}}"#)));
    }
    let (mut good, mut bad) = (0, 0);
    for (tool, arguments) in examples {
        let call = call(tool, &arguments);
        let planned = plan(&call, &Seen::nothing());
        let by_schema = accepts(&schema(tool), &call.arguments().value());
        assert_eq!(by_schema, planned.is_ok(), "{tool} {arguments}: {planned:?}");
        *if by_schema { &mut good } else { &mut bad } += 1;
    }
    assert!(good > 40 && bad > 60, "{good} good and {bad} bad examples");
}
