//! `countersign prepare`

use std::io::{BufRead as _, BufReader, Write as _};

use countersign::ticket::Prepared;
use countersign_canon::Digest;
use serde_json::{Value, json};

use crate::{command, run, run_as};

const ID: &str = "000102030405060708090a0b0c0d0e0f";

fn line(tool: &str, args: &Value) -> String {
    json!({"tool": format!("google_calendar_{tool}"), "args": args, "effect_id": ID}).to_string()
}

fn create() -> String {
    let start = json!({"date_time": "2026-03-10T09:00:00+01:00"});
    let end = json!({"date_time": "2026-03-10T10:00:00+01:00"});
    let args = json!({"summary": "Ünïcode \u{202e}x", "start": start, "end": end,
                      "attendees": ["kim@example.com"], "send_updates": "all"});
    line("create_event", &args)
}

/// The effect digest by its description, from nothing but what was printed.
fn recomputed(printed: &Value, scope: &str, account: Option<&str>) -> String {
    let one = vec![printed.clone()];
    let steps = printed["steps"].as_array().unwrap_or(&one);
    let step = |step: &Value| {
        // serde_json sorts members; the headers of these requests are planned in sorted order.
        let headers: Vec<Value> =
            step["headers"].as_object().unwrap().iter().map(|(n, v)| json!([n, v])).collect();
        json!({
            "body": Digest::of(step["body"].as_str().unwrap_or_default().as_bytes()).to_hex(),
            "credential": step.get("credential").unwrap_or(&json!(true)),
            "headers": headers,
            "holes": step.get("holes").unwrap_or(&json!([])),
            "method": step["method"],
            "pages": step.get("pages").unwrap_or(&json!(1)),
            "url": step["url"],
        })
    };
    let scope = format!("https://www.googleapis.com/auth/{scope}");
    let effect = json!({
        "type": "countersign-effect", "v": 1, "effect_id": printed["effect_id"],
        "binding": "wire",
        "credential": {"account": account, "connection": "google-oauth2", "scopes": [scope]},
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
    });
    countersign_canon::digest(effect.to_string().as_bytes()).unwrap().to_hex()
}

#[test]
fn shows_the_exact_request() {
    let run = run(["prepare"], create());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let printed = run.json();
    assert_eq!(printed["tool"], "google_calendar_create_event");
    assert_eq!(printed["effect_id"], ID);
    assert_eq!(printed["method"], "POST");
    assert_eq!(
        printed["url"],
        "https://www.googleapis.com/calendar/v3/calendars/primary/events?sendUpdates=all"
    );
    let body: Value = serde_json::from_str(printed["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["summary"], "Ünïcode \u{202e}x");
    assert_eq!(body["start"]["dateTime"], "2026-03-10T09:00:00+01:00");
    assert!(!run.text().contains('\u{202e}'), "what reorders text is escaped");
    let keys = ["tool", "effect_id", "method", "url", "headers", "body", "digest"];
    let at = keys.map(|key| run.text().find(&format!("\"{key}\":")).unwrap());
    assert!(at.is_sorted(), "the members stand in the documented order");
    assert_eq!(printed.as_object().unwrap().len(), keys.len());
}

#[test]
fn headers_stand_in_the_order_in_which_they_are_sent() {
    let delete = line("delete_event", &json!({"event_id": "e1", "etag": "\"1\""}));
    let run = run(["prepare", "--sealed"], delete);
    let printed = run.json();
    let sealed = Prepared::from_bytes(printed["sealed"].as_str().unwrap().as_bytes()).unwrap();
    let headers = sealed.steps()[0].headers();
    assert!(headers.iter().any(|(name, value)| name == "if-match" && value == "\"1\""));
    let shown: Vec<usize> =
        headers.iter().map(|(name, _)| run.text().find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(shown.is_sorted());
    assert_eq!(printed["headers"].as_object().unwrap().len(), headers.len());
}

#[test]
fn the_digest_can_be_recomputed_from_what_is_printed() {
    let get = line("get_event", &json!({"event_id": "e1"}));
    let list = line("list_events", &json!({"max_pages": 4, "query": "a b"}));
    let calls = [get, list, create()].join("\n");
    let scopes = ["calendar.events.readonly", "calendar.events.readonly", "calendar.events"];
    for account in [None, Some("kim@example.com")] {
        let mut command = command(["prepare"]);
        command.args(account.into_iter().flat_map(|account| ["--account", account]));
        let run = run_as(&mut command, calls.as_bytes());
        assert_eq!(run.lines().len(), 3);
        for (printed, scope) in run.lines().iter().zip(scopes) {
            assert_eq!(printed["digest"], recomputed(printed, scope, account));
        }
    }
}

#[test]
fn the_sealed_form_is_the_effect_that_the_digest_names() {
    for printed in run(["prepare", "--sealed"], create()).lines() {
        let sealed = Prepared::from_bytes(printed["sealed"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(printed["digest"], sealed.digest().to_hex());
        assert_eq!(printed["url"], sealed.steps()[0].url());
        assert_eq!(printed["body"].as_str().unwrap().as_bytes(), sealed.steps()[0].body_bytes());
    }
}

#[test]
fn a_plan_of_several_requests_shows_each_with_holes_and_pages() {
    let printed = run(["prepare"], line("list_events", &json!({"max_pages": 3}))).json();
    let steps = printed["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    for key in ["method", "url", "headers", "body"] {
        assert_eq!(printed[key], steps[0][key], "the first step stands at the top");
    }
    assert_eq!((&steps[0]["pages"], &steps[1]["pages"]), (&json!(1), &json!(2)));
    assert_eq!(steps[0]["holes"], json!([]));
    assert_eq!(steps[1]["holes"][0]["pointer"], "/nextPageToken");
    assert_eq!(steps[1]["holes"][0]["in"], "url");
    assert_eq!(printed["body"], Value::Null);
}

#[test]
fn the_same_effect_id_gives_the_same_bytes_and_none_draws_another() {
    let call = create();
    assert_eq!(run(["prepare"], &call).stdout, run(["prepare"], &call).stdout);
    let call = r#"{"tool":"google_calendar_get_event","args":{"event_id":"e1"}}"#;
    let printed = run(["prepare"], [call, call].join("\n")).lines();
    assert_ne!(printed[0]["effect_id"], printed[1]["effect_id"]);
    assert_ne!(printed[0]["digest"], printed[1]["digest"]);
    assert_eq!(printed[0]["effect_id"].as_str().unwrap().len(), 32);
}

#[test]
fn a_change_names_the_read_that_comes_first() {
    let run = run(["prepare"], line("patch_event", &json!({"event_id": "e1", "summary": "x"})));
    assert_eq!(run.code, 1);
    let printed = run.json();
    assert_eq!(printed["tool"], "google_calendar_patch_event");
    assert_eq!(printed["error"]["kind"], "needs_read");
    assert!(printed["error"]["message"].as_str().unwrap().contains("google_calendar_get_event"));
    let read = &printed["error"]["reads"][0];
    assert_eq!(read["args"], json!({"calendar_id": "primary", "event_id": "e1"}));
    assert_eq!(crate::run(["prepare"], read.to_string()).code, 0, "the read can be prepared");
}

#[test]
fn errors_stand_in_their_line_and_the_rest_goes_on() {
    let good = line("get_event", &json!({"event_id": "e1"}));
    let cases: Vec<(Vec<u8>, Option<&str>)> = vec![
        (good.clone().into_bytes(), None),
        (b"".to_vec(), Some("malformed_line")),
        (b"{".to_vec(), Some("malformed_line")),
        (b"[]".to_vec(), Some("malformed_line")),
        (b"\xff\xfe".to_vec(), Some("malformed_line")),
        (b"{\"tool\":\"\x00\"}".to_vec(), Some("malformed_line")),
        (br#"{"tool":"x","tool":"y","args":{}}"#.to_vec(), Some("malformed_line")),
        (br#"{"tool":"x","args":{"a":1,"a":2}}"#.to_vec(), Some("malformed_line")),
        (br#"{"tool":"x","args":{"a":9007199254740993}}"#.to_vec(), Some("malformed_line")),
        (br#"{"tool":"x","args":{},"more":1}"#.to_vec(), Some("malformed_line")),
        (br#"{"tool":"x"}"#.to_vec(), Some("malformed_line")),
        (br#"{"args":{}}"#.to_vec(), Some("malformed_line")),
        (br#"{"tool":7,"args":{}}"#.to_vec(), Some("malformed_line")),
        (br#"{"tool":"nope","args":{}}"#.to_vec(), Some("unknown_tool")),
        (br#"{"tool":"No such\u001b","args":{}}"#.to_vec(), Some("unknown_tool")),
        (line("get_event", &json!([])).into_bytes(), Some("arguments_not_an_object")),
        (line("get_event", &json!({"event_id": 7})).into_bytes(), Some("invalid_arguments")),
        (
            line("get_event", &json!({"event_id": "e", "x": 1})).into_bytes(),
            Some("invalid_arguments"),
        ),
        (
            line("delete_event", &json!({"event_id": "e", "etag": 1})).into_bytes(),
            Some("invalid_arguments"),
        ),
        (good.replace(ID, "0").into_bytes(), Some("invalid_effect_id")),
        (good.replace(ID, &ID.to_uppercase()).into_bytes(), Some("invalid_effect_id")),
        ("[".repeat(1_000_000).into_bytes(), Some("malformed_line")),
        ("{\"tool\":\"".repeat(200_000).into_bytes(), Some("malformed_line")),
        (format!("{good}\r").into_bytes(), None),
        (good.into_bytes(), None),
    ];
    let input: Vec<&[u8]> = cases.iter().map(|(line, _)| line.as_slice()).collect();
    let run = run(["prepare"], input.join(&b'\n'));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let lines = run.lines();
    assert_eq!(lines.len(), cases.len(), "one line for each");
    for (number, ((case, kind), printed)) in (1..).zip(cases.iter().zip(&lines)) {
        let case = String::from_utf8_lossy(&case[..case.len().min(60)]);
        assert_eq!(printed["error"]["kind"].as_str(), *kind, "{case}");
        if *kind == Some("malformed_line") {
            assert_eq!((&printed["tool"], &printed["line"]), (&Value::Null, &json!(number)));
            assert!(printed.as_object().unwrap().contains_key("tool"));
        } else {
            assert!(printed["tool"].is_string(), "{case}");
        }
    }
    assert!(!run.text().contains('\u{1b}'));
}

#[test]
fn the_answer_is_yes_only_if_every_line_was_prepared() {
    let good = line("get_event", &json!({"event_id": "e1"}));
    assert_eq!(run(["prepare"], "").code, 0);
    assert_eq!(run(["prepare"], format!("{good}\n{good}\n")).code, 0);
    assert_eq!(run(["prepare"], format!("{good}\n\n")).code, 1);
    assert_eq!(run(["prepare", "/no/such/file"], "").code, 2);
    assert_eq!(run(["prepare", "/"], "").code, 2);
    assert_eq!(run(["prepare", "--connection", "a b"], good).code, 2);
}

#[test]
fn each_answer_comes_before_the_next_call() {
    let mut child = command(["prepare"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for id in ["e1", "e2"] {
        writeln!(stdin, "{}", line("get_event", &json!({"event_id": id}))).unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert!(answer.contains(&format!("/events/{id}")), "{answer}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn many_lines_and_long_lines_stream_through() {
    const LINES: usize = 20_000;
    let mut child = command(["prepare"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let writer = std::thread::spawn(move || {
        let call = line("get_event", &json!({"event_id": "e1"})) + "\n";
        for _ in 0..LINES {
            stdin.write_all(call.as_bytes()).unwrap();
        }
        // One line of 64 MiB, never ended by a newline until the call after it.
        for _ in 0..64 {
            stdin.write_all("[".repeat(1 << 20).as_bytes()).unwrap();
        }
        stdin.write_all(format!("\n{call}").as_bytes()).unwrap();
        stdin
    });
    let pid = child.id();
    let mut lines = stdout.lines().map(Result::unwrap);
    for _ in 0..LINES {
        assert!(lines.next().unwrap().contains("\"digest\":"));
    }
    let long: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert_eq!(long["line"], LINES + 1);
    assert!(lines.next().unwrap().contains("\"digest\":"));
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 32 * 1024, "{kib} KiB at the peak");
    }
    drop(writer.join().unwrap());
    assert_eq!(lines.next(), None);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
