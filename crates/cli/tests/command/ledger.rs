//! `countersign ledger`

use std::path::Path;

use countersign::core::{AgentId, SessionId, TenantId, UserId};
use countersign::prelude::*;
use serde_json::json;

use crate::{Run, command, run_as};

fn ledger(dir: &Path, args: &[&str]) -> Run {
    run_as(command(["ledger", "--dir"]).arg(dir).args(args), b"")
}

/// A pipeline with two local tools: one works, and one fails without saying what it did.
async fn pipeline(dir: &Path) -> Pipeline {
    let tool = |name: &str| ToolSpec::new(name).severity(1).writes();
    Pipeline::builder()
        .state_dir(dir)
        .tool(tool("works"), |_: serde_json::Value| async { Ok::<_, &str>("done") })
        .tool(tool("fails"), |_: serde_json::Value| async { Err::<(), _>("timed out") })
        .approver(Callback::new(|_| async { Decision::Approve }))
        .grant(Grant::agent("planner").tools(["*"]).up_to(Tier::B))
        .open()
        .await
        .unwrap()
}

async fn run(cs: &Pipeline, tool: &str) -> String {
    let me = Caller::dangerous_assert(
        TenantId::new("default").unwrap(),
        UserId::new("auth0|ada").unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s").unwrap(),
    );
    let call = ToolCall::from_json(tool, "{\"text\":\"hello\\u202e\"}").unwrap();
    cs.run(&me, &call).await.unwrap().effect_id.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_listed_and_shown_while_a_program_has_it_open() {
    let dir = tempfile::tempdir().unwrap();
    let cs = pipeline(dir.path()).await;
    let (works, fails) = (run(&cs, "works").await, run(&cs, "fails").await);
    let list = ledger(dir.path(), &["list", "--json"]);
    assert_eq!((list.code, list.stderr.as_str()), (0, ""));
    let states: Vec<_> = list
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            assert_eq!(entry["call"]["prepared"], "", "the request is not in the list");
            [entry["effect_id"].clone(), entry["state"].clone()]
        })
        .collect();
    let due = [[json!(works), json!("committed")], [json!(fails), json!("unknown")]];
    assert!(due.iter().all(|one| states.contains(one)) && states.len() == 2, "{states:?}");
    for filter in ["--in-doubt", "--open"] {
        let table = ledger(dir.path(), &["list", filter]);
        assert!(table.text().contains(&fails) && !table.text().contains(&works));
    }
    let shown = ledger(dir.path(), &["show", &fails]);
    assert_eq!(shown.code, 0);
    assert!(!shown.text().contains('\u{202e}'), "what deceives is made visible");
    for part in [fails.as_str(), "unknown", "tool_failed", "planner", r#"{"text":"hello\u202e"}"#] {
        assert!(shown.text().contains(part), "{part} in {}", shown.text());
    }
    assert_eq!(ledger(dir.path(), &["show", &fails, "--json"]).json()["effect_id"], json!(fails));
    let unknown = ledger(dir.path(), &["show", &"0".repeat(32)]);
    assert_eq!((unknown.code, unknown.stdout.len()), (1, 0));
    assert_eq!(ledger(dir.path(), &["show", "xyz"]).code, 2);
    // Whoever changes it needs it alone.
    let held = ledger(dir.path(), &["reconcile", "--json"]);
    assert_eq!(held.code, 2);
    assert_eq!(held.error()["kind"], "ledger_unusable");
    drop(cs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_tell_stays_in_doubt_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let cs = pipeline(dir.path()).await;
    let (works, fails) = (run(&cs, "works").await, run(&cs, "fails").await);
    assert!(cs.shutdown(std::time::Duration::from_secs(5)).await.unwrap().finished);
    drop(cs);
    let found = ledger(dir.path(), &["reconcile", "--json"]);
    assert_eq!(found.code, 1, "{}", found.stderr);
    let doubt = json!([{"effect_id": fails, "tool": "fails", "why": "unknown_tool"}]);
    assert_eq!(found.json(), json!({"committed": [], "released": [], "in_doubt": doubt}));
    let one = ledger(dir.path(), &["reconcile", &works]);
    assert_eq!((one.code, one.text()), (0, format!("{works}  took place\n").as_str()));
    let none = ledger(dir.path(), &["reconcile", &"0".repeat(32)]);
    assert_eq!(none.code, 1);
}

#[test]
fn a_directory_without_a_store_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for args in [["list"].as_slice(), &["reconcile"], &["show", "00000000000000000000000000000000"]]
    {
        let run = ledger(dir.path(), args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.stderr.contains("no store"), "{}", run.stderr);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made");
}
