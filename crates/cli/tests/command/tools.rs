//! `countersign tools`

use countersign::connectors::GoogleCalendar;
use countersign::core::Connector as _;
use countersign::ticket::Connection;
use serde_json::Value;

use crate::run;

#[test]
fn the_list_is_what_the_connectors_declare() {
    let run = run(["--json", "tools"], "");
    assert_eq!(run.code, 0);
    let listed = run.json();
    let tools = GoogleCalendar::new().tools();
    assert_eq!(listed.as_array().unwrap().len(), tools.len());
    for (listed, tool) in listed.as_array().unwrap().iter().zip(&tools) {
        assert_eq!(listed["name"], tool.name().as_str());
        assert_eq!(listed["effect"], tool.effect().as_str());
        assert_eq!(listed["severity"], tool.severity());
        assert_eq!(listed["scopes"][0], tool.scopes()[0].as_str());
        assert_eq!(listed["connection"], "google-oauth2");
        assert_eq!(listed["digest"], tool.digest().to_hex());
        let schema: Value = serde_json::from_str(tool.schema().as_str()).unwrap();
        assert_eq!(listed["schema"], schema);
    }
}

#[test]
fn the_table_has_a_row_for_each() {
    let run = run(["tools"], "");
    let tools = GoogleCalendar::new().tools();
    assert_eq!((run.code, run.text().lines().count()), (0, tools.len() + 1));
    for tool in tools {
        let row =
            run.text().lines().find(|row| row.split(' ').next() == Some(tool.name().as_str()));
        let row = row.unwrap();
        assert!(row.contains(tool.effect().as_str()));
        assert!(row.contains(tool.scopes()[0].as_str().rsplit('/').next().unwrap()));
    }
    assert!(run.text().contains("event_id*"), "required arguments are marked");
}

#[test]
fn one_tool_is_shown_with_its_schema() {
    let name = "google_calendar_delete_event";
    let shown = run(["tools", name], "");
    assert_eq!(shown.code, 0);
    let schema = shown.text().split_once("\nschema\n").unwrap().1;
    let schema: Value = serde_json::from_str(schema).unwrap();
    let listed = run(["--json", "tools", name], "").json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["schema"], schema);
    assert_eq!(schema["required"][0], "event_id");
}

#[test]
fn an_unknown_tool_is_no_answer() {
    let unknown = run(["tools", "nope\u{1b}[31m"], "");
    assert_eq!(unknown.code, 1);
    assert!(!unknown.text().contains('\u{1b}'));
    let unknown = run(["--json", "tools", "nope"], "");
    assert_eq!((unknown.code, unknown.text()), (1, "[]\n"));
}

#[test]
fn another_connection_is_another_tool() {
    let listed = run(["--json", "tools", "--connection", "my-google"], "").json();
    let connection = Connection::new("my-google").unwrap();
    let tools = GoogleCalendar::new().connection(&connection).tools();
    assert_eq!(listed[0]["connection"], "my-google");
    assert_eq!(listed[0]["digest"], tools[0].digest().to_hex());
    assert_eq!(run(["tools", "--connection", "my google"], "").code, 2);
}
